"""The command `dead-letters`: what was due and refused, and messages that could not be handled."""

import asyncio
from typing import Final

from eventstore.postgres.parking import ask_for_message, discard, parked, tried, unpark_due
from eventstore.postgres.store import Store
from service.running.settings import Settings

USAGE: Final = "usage: dead-letters list | show ID | retry ID | discard ID"
PATIENCE: Final = 5.0
"""Seconds that a retry waits for what a worker makes of it."""

Outcome = tuple[int, str]
"""The exit status, and what is said."""

_DONE: Final[Outcome] = (0, "Done.")


async def dead_letters(settings: Settings, arguments: list[str]) -> int:
    """Lists what is parked, one a line, or does to one of it what is asked; 1 where that fails, 2 for another usage."""
    outcome: Outcome | None = None
    async with Store.open(settings.database_url) as store:
        match arguments:
            case [] | ["list"]:
                for letter in await parked(store.pool):
                    when = letter.parked_at.isoformat(timespec="seconds")
                    what = f"{letter.name} {letter.body}"
                    print(letter.id, when, letter.stream_id, what, f"{letter.behind} behind", letter.reason, sep="\t")
                return 0
            case ["show", name]:
                for letter in await parked(store.pool):
                    if letter.id == name:
                        print("\n".join(f"{field}: {value}" for field, value in letter._asdict().items()))
                        return 0
            case ["retry", name]:
                outcome = _DONE if await unpark_due(store.pool, name) else await _retry(store, name)
            case ["discard", name]:
                outcome = _DONE if await discard(store.pool, name) else None
            case _:
                print(USAGE)
                return 2
    status, said = outcome or (1, f"There is no dead letter {name}: `dead-letters list` tells them.")
    print(said)
    return status


async def _retry(store: Store, name: str) -> Outcome | None:
    """Asks for a message to be tried again, and waits a while for what comes of it; None where it is not parked."""
    before = await ask_for_message(store.pool, name)
    if before is None:
        return None
    until = asyncio.get_running_loop().time() + PATIENCE
    while asyncio.get_running_loop().time() < until:
        now = await tried(store.pool, name)
        if now is None:
            return _DONE
        if now.attempts > before.attempts:
            return 1, f"It is refused again: {now.reason}."
        await asyncio.sleep(0.1)
    return 0, "It is asked for: a worker will try it."
