"""What a booking does to the store: a stream that holds a slot and hours of a quota, and is due later."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Final

from bench import booked_by_hand
from bench.bookings import MONTHLY_HOURS, Slot, slots
from bench.processes import Clients
from bench.runner import Action, Row, throughput
from bench.sample import METADATA
from bench.servers import Servers
from eventstore.postgres.appending import Append, DueAt, Holding, NewEvent
from eventstore.postgres.ids import new_id
from eventstore.postgres.store import Store

CLIENTS: Final = 64


@asynccontextmanager
async def rows(servers: Servers) -> AsyncIterator[list[Row]]:
    """The row of claims."""
    ours, hand = await servers.store(), await servers.database()
    await booked_by_hand.create(hand)
    yield [
        Row(
            f"append with two claims and one due, {CLIENTS} at once",
            "the same by hand: exclusion constraint, quota, job",
            2,
            partial(_rate, booking, ours, [slots(client) for client in range(CLIENTS)]),
            partial(_rate, booked_by_hand.booking, hand, [slots(client) for client in range(CLIENTS)]),
        )
    ]


async def _rate(opened: Clients, url: str, clients: Sequence[Iterator[Slot]]) -> float:
    async with opened(url, clients) as actions:
        return await throughput(actions)


@asynccontextmanager
async def booking(url: str, clients: Sequence[Iterator[Slot]]) -> AsyncIterator[Sequence[Action]]:
    """Clients that book their slots."""
    async with Store.open(url) as store:
        yield [_booker(store, slots) for slots in clients]


def _booker(store: Store, slots: Iterator[Slot]) -> Action:
    async def book() -> None:
        slot, identity = next(slots), str(new_id())
        quota = f"machine-{slot.machine}/{slot.company}/{slot.month}"
        await store.append(
            Append(
                f"booking-{identity}",
                "booking",
                0,
                [NewEvent("BookingMade", 1, slot.event(identity))],
                slot.state(identity),
                1,
                METADATA,
                holds=[
                    Holding("slot-taken", f"machine-{slot.machine}", slot.since, slot.until, 1, None),
                    Holding("quota-spent", quota, None, None, 1, MONTHLY_HOURS),
                ],
                due=[DueAt("Lapse", "{}", slot.lapses_at)],
            )
        )

    return book
