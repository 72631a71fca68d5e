"""A store of so many events, ten a stream, found and listed as others are, and a topic that holds the same."""

from functools import partial
from typing import Final, NamedTuple

from bench.directory import IN_A_COMMUNE, listed
from bench.lists import SETTLED
from bench.relay import COMPRESSION, leading, reached
from bench.sample import DAY, append_all, begun
from bench.servers import Servers
from companies.company import companies
from contracts.companies.company import HeadcountReported
from contracts.values import size_band
from eventstore.kafka.topics import ensure_topic
from eventstore.postgres.appending import Append
from eventstore.postgres.store import Store
from eventstore.publishing.relay import Relay

A_STREAM: Final = 10
"""Events of a stream, on average."""
_REPORTS: Final = 10
"""Headcounts that each active company has reported; those that have only applied, a fifth, report none."""
AT_ONCE: Final = 50
"""Appended; they have more events than others have."""
_FILLING: Final = 600.0
"""Seconds that PostgreSQL may take to look through what was stored."""


class Stored(NamedTuple):
    """A store, and the topic of the companies service of a territory of its own."""

    events: int
    """About as many."""
    communes: int
    """As many companies in each, however many events there are."""
    url: str
    territory: str

    @property
    def topic(self) -> str:
        """Holds what the store does."""
        return f"{self.territory}.companies.v1"

    def relay(self, bootstrap: str, store: Store | None = None) -> Relay:
        """A relay from one to the other, in the process of a store or in none."""
        wakers = store.wakers if store else None
        return Relay(self.url, topic=self.topic, bootstrap=bootstrap, compression=COMPRESSION, wakers=wakers)


async def stored(servers: Servers, events: int) -> Stored:
    """A new store and its topic."""
    communes = events // A_STREAM // IN_A_COMMUNE
    made = Stored(events, communes, await servers.store(), f"of-{events}")
    await ensure_topic(servers.kafka, made.topic, partitions=12)
    async with Store.open(made.url) as store:
        streams = range(communes * IN_A_COMMUNE)
        for begin in streams[::SETTLED]:
            appends = map(partial(_append, communes=communes), streams[begin : begin + SETTLED])
            await append_all(store, appends, at_once=AT_ONCE)
            await store.settle_labels()
        await store.pool.execute("VACUUM ANALYZE streams, events, ordered", timeout=_FILLING)
        last = await last_position(store)
    async with leading(made.relay(servers.kafka)) as relay:
        await reached(relay, last)
    return made


async def last_position(store: Store) -> int:
    """The position of the last event."""
    last: int = await store.pool.fetchval("SELECT max(position) FROM events")
    return last


def _append(number: int, communes: int) -> Append:
    state, events = listed(number, communes)
    headcount = state.headcount
    for _ in range(_REPORTS if state.status == "active" else 0):
        before, headcount = headcount, headcount + 1
        events.append(
            HeadcountReported(
                company=state.siret,
                naf=state.naf,
                commune=state.commune,
                zone=state.zone,
                effective_on=DAY,
                headcount_before=before,
                headcount=headcount,
                size_band=size_band(headcount),
            )
        )
    return begun(companies, state.siret, events)
