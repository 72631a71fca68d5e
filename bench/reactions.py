"""From an event of one service to what a reaction to it led to in another: recorded to recorded, at a moderate pace."""

import asyncio
import statistics
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final, NamedTuple
from uuid import UUID

import asyncpg

from bench import consumed_by_hand
from bench.runner import Row, paced
from bench.sample import COMMUNE, DAY, begun, sirets
from bench.servers import Servers
from bench.services import issuing, serving, settings
from companies.investment import investments
from contracts.companies.investment import InvestmentAnnounced, InvestmentCompleted
from eventstore.kafka.topics import ensure_topic
from eventstore.postgres.ids import new_id
from eventstore.postgres.store import Store

PACE: Final = 50
"""Events a second."""
EVENTS: Final = 100
_FACTS: Final[dict[str, Any]] = {"company": sirets()[0], "naf": "28.29B", "commune": COMMUNE, "zone": None, "axis": 6}
_FACTS.update(amount=450_000, jobs_planned=4, effective_on=DAY)
_LED: Final = """
    SELECT (metadata ->> 'causation_id')::uuid, recorded_at FROM events
    WHERE (metadata ->> 'causation_id')::uuid = ANY ($1::uuid[])
"""


class Way(NamedTuple):
    """From the investments that one service completes to what these lead to."""

    begins: Store
    ends: asyncpg.Pool
    led: str
    """Tells by which of some events, and when, something was recorded."""

    async def take(self, percentile: int) -> float:
        """The percentile of milliseconds from an event's being recorded to what it led to being recorded."""
        streams: list[str] = []

        async def complete() -> None:
            events = [InvestmentAnnounced(title="Presse", **_FACTS), InvestmentCompleted(amount_spent=1, **_FACTS)]
            appended = await self.begins.append(begun(investments, str(new_id()), events))
            streams.append(appended.stream_id)

        await paced(complete, EVENTS, PACE)
        told = {last.event_id: last.recorded_at for *_, last in [await self.begins.history(each) for each in streams]}
        led: dict[UUID, datetime] = {}
        while len(led) < EVENTS:
            await asyncio.sleep(0.1)
            led = {row[0]: row[1] for row in await self.ends.fetch(self.led, list(told))}
        taken = [(led[event_id] - recorded_at) / timedelta(milliseconds=1) for event_id, recorded_at in told.items()]
        return statistics.quantiles(taken, n=100, method="inclusive")[percentile - 1]


@asynccontextmanager
async def rows(servers: Servers) -> AsyncIterator[list[Row]]:
    """The rows of the whole way, at its median and near its longest."""
    async with AsyncExitStack() as stack:
        issuer = stack.enter_context(issuing())

        async def worker(service: str, territory: str) -> str:
            """The database of a service of a territory, whose worker runs."""
            url = await servers.store()
            told = {**settings(url, servers.kafka, issuer), "TERRITORY": territory}
            name = f"{territory} {service}"
            stack.enter_context(serving(name, servers.folder, [service, "worker"], told, "/live"))
            return url

        async def way(territory: str, ends: str, led: str) -> Way:
            begins = await stack.enter_async_context(Store.open(await worker("companies", territory)))
            return Way(begins, await stack.enter_async_context(asyncpg.create_pool(ends, min_size=1, max_size=1)), led)

        ours = await way("ours", await worker("employment", "ours"), _LED)
        consumed = await servers.database()
        peer = await way("peers", consumed, consumed_by_hand.LED)
        topic = "peers.companies.v1"
        await ensure_topic(servers.kafka, topic, partitions=12)
        await stack.enter_async_context(consumed_by_hand.consuming(consumed, servers.kafka, topic))
        # Java compiles what it runs often: before that, neither is what a broker in service gives.
        for each in (ours, peer):
            await each.take(50)
        yield [
            Row(
                f"event → event of another service that it leads to, {name}, at {PACE} events/s",
                "a consumer by hand of the same topic, one insert per event",
                goal,
                partial(ours.take, percentile),
                partial(peer.take, percentile),
                unit=" ms",
                at_most=True,
            )
            for name, percentile, goal in (("p50", 50, 2), ("p95", 95, 2))
        ]
