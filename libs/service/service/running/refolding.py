"""`python -m <package> refold`: what stands beside the events of streams, written anew from them."""

from eventstore.postgres.store import Store
from eventstore.refolding import refold
from service.definition import Service
from service.running.settings import Settings


async def fold_anew(service: Service, settings: Settings, arguments: list[str]) -> int:
    """Folds every stream of a category, or of all, and prints how many, and the claims that collide: 1 if any do."""
    deciders = {resource.decider.category: resource.decider for resource in service.resources}
    if len(arguments) > 1 or not deciders.keys() >= set(arguments):
        print(f"usage: refold [{'|'.join(deciders)}]")
        return 2
    async with Store.open(settings.database_url) as store:
        for category in arguments or deciders:
            done = 0
            async for folded in refold(store, deciders[category], stale_only=False):
                done += folded
            print(f"streams of {category} folded anew: {done}")
        collisions = await store.collisions()
    for collision in collisions:
        print(collision)
    return 1 if collisions else 0
