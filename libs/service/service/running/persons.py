"""The command `persons`, for ops: who is no longer needed, who will not be, what is held of somebody, and erasing."""

import json
from collections.abc import Sequence
from datetime import timedelta

from contracts.erasure import ErasureReason
from eventstore.decider import PLATFORM, Actor
from eventstore.erasure import NOTICE, Erase
from eventstore.execution import execute
from eventstore.persons import Expiring, expiring, naming
from eventstore.postgres.store import Store
from eventstore.refusal import Rejected
from service import clock
from service.definition import Service
from service.running.settings import Settings

USAGE = "usage: persons expiring [DAYS, at most 9999] | retain [--dry-run] | show ID | erase ID"


async def persons(service: Service, settings: Settings, arguments: list[str]) -> int:
    """Does to the persons of a service what is asked; 1 where there is nobody of that name, 2 for another usage."""
    today = clock.now().date()
    async with Store.open(settings.database_url, personal_key=settings.personal_key or "") as store:
        match arguments:
            case ["expiring"]:
                _print(await expiring(store, today + NOTICE))
            case ["expiring", days] if days.isdigit() and len(days) <= _MOST_DIGITS:
                _print(await expiring(store, today + timedelta(days=int(days))))
            case ["retain", "--dry-run"]:
                _print(await expiring(store, today))
            case ["retain"]:
                print(f"{await retain(service, store)} persons were erased, whom no record needs any more.")
            case ["show", subject]:
                known = (await store.persons([subject])).get(subject)
                if known is None:
                    print(f"There is nobody known as {subject}.")
                    return 1
                streams = [
                    {"stream_id": named.stream_id, "needed_until": named.until.isoformat()}
                    for named in (await naming(store, [subject]))[subject]
                ]
                held = {"id": subject, "kind": known.kind, "personal": json.loads(known.data), "streams": streams}
                print(json.dumps(held, ensure_ascii=False, indent=2))
            case ["erase", subject]:
                try:
                    await erase(service, store, subject, "request")
                except (Rejected, ValueError):
                    print(f"There is nobody known as {subject}.")
                    return 1
                print(f"{subject} is erased.")
            case _:
                print(USAGE)
                return 2
    return 0


_MOST_DIGITS = 4


def _print(ending: Sequence[Expiring]) -> None:
    for each in ending:
        print(f"{each.subject}\t{each.until or 'named by no record'}")


async def retain(service: Service, store: Store) -> int:
    """Erases whom no record needs any more; returns how many. Raises StoreUnavailable."""
    # What a restored store lacks may need them longer.
    await store.refuse_unconfirmed()
    ending = await expiring(store, clock.now().date())
    for each in ending:
        await erase(service, store, each.subject, "retention")
    return len(ending)


async def erase(service: Service, store: Store, subject: str, reason: ErasureReason) -> None:
    """Erases a person. Raises Rejected where there is nobody, ValueError for what is no pseudonym."""
    await execute(
        store,
        service.erasures,
        Erase(person=subject, reason=reason),
        identity=None,
        actor=Actor(PLATFORM, frozenset({PLATFORM})),
        now=clock.now(),
        metadata=f'{{"actor":"{PLATFORM}"}}',
    )
