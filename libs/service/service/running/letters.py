"""The command `dead-letters`: what was due, or asked for by a reaction, and refused; tried again or given up."""

from eventstore.issuing import retry_reaction
from eventstore.postgres.parking import discard, parked, unpark_due
from eventstore.postgres.store import Store
from eventstore.refusal import Refused
from service import clock
from service.definition import Service
from service.running.settings import Settings

USAGE = "usage: dead-letters list | show ID | retry ID | discard ID"


async def dead_letters(service: Service, settings: Settings, arguments: list[str]) -> int:
    """Lists what is parked, one a line, or does to one of it what is asked; 1 where that fails, 2 for another usage."""
    async with Store.open(settings.database_url) as store:
        match arguments:
            case [] | ["list"]:
                for letter in await parked(store.pool):
                    when = letter.parked_at.isoformat(timespec="seconds")
                    print(f"{letter.id}\t{when}\t{letter.stream_id}\t{letter.name} {letter.body}\t{letter.reason}")
                return 0
            case ["show", name]:
                shown = [each for each in await parked(store.pool) if each.id == name]
                for letter in shown:
                    print("\n".join(f"{field}: {value}" for field, value in letter._asdict().items()))
                if shown:
                    return 0
                known = False
            case ["retry", name]:
                try:
                    known = await unpark_due(store.pool, name) or await retry_reaction(
                        store, service.deciders, name, clock.now()
                    )
                except Refused as refused:
                    print(f"It is refused again: {refused}.")
                    return 1
            case ["discard", name]:
                known = await discard(store.pool, name)
            case _:
                print(USAGE)
                return 2
    print("Done." if known else f"There is no dead letter {name}: `dead-letters list` tells them.")
    return 0 if known else 1
