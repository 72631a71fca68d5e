"""What is stored in every measurement: active companies of the network, and a headcount that one of them reports."""

import asyncio
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, time
from functools import cache
from itertools import cycle, islice
from typing import Any, Final

from companies.company import Company, ReportHeadcount, companies
from contracts.companies.company import CompanyActivated, CompanyApplied, HeadcountReported
from contracts.model import Event
from contracts.values import sample_siret
from eventstore.decider import PARIS, Decider, S
from eventstore.execution import due_changes
from eventstore.postgres.appending import Append, NewEvent
from eventstore.postgres.store import Store

STREAMS: Final = 13_000
BEGUN: Final = 2
"""The version of each stream before anything is measured."""
COMMUNE: Final = "36088"
DAY: Final = date(2024, 1, 2)
NOW: Final = datetime.combine(DAY, time(12), PARIS)
METADATA: Final = '{"actor":"bench","correlation_id":"0191e0c2-7d5b-7c44-9a51-3f3f5f6f7a8b"}'

_HEADCOUNTS: Final = cycle(number / 4 for number in range(1, 4000))
_FACTS: Final[Mapping[str, Any]] = {"naf": "28.29B", "zone": "zi-limoise", "effective_on": DAY}
_AT_ONCE: Final = 500


@cache
def sirets() -> Sequence[str]:
    """The companies."""
    return [sample_siret(number) for number in range(STREAMS)]


def company(
    siret: str, *, name: str | None = None, commune: str = COMMUNE, active: bool = True
) -> tuple[Company, list[Event]]:
    """A company, an active one unless told otherwise, and the events that made it one."""
    facts = {**_FACTS, "company": siret, "commune": commune, "headcount": 12.5, "size_band": "11"}
    name = name or f"Mécanique de la Théols {siret[9:]}"
    events: list[Event] = [CompanyApplied(name=name, legal_form="5710", **facts)]
    if active:
        events.append(CompanyActivated(**facts))
    state = companies.fold(events)
    assert state is not None
    return state, events


@cache
def states() -> Mapping[str, str]:
    """The state of each company, about 390 bytes."""
    return {siret: company(siret)[0].model_dump_json() for siret in sirets()}


@cache
def reports() -> Mapping[str, str]:
    """The event that is appended to each company's stream, about 170 bytes."""
    return {
        siret: HeadcountReported(
            company=siret, commune=COMMUNE, headcount_before=12.5, headcount=13.5, size_band="11", **_FACTS
        ).model_dump_json()
        for siret in sirets()
    }


def command() -> ReportHeadcount:
    """A command that changes something: the headcount is never the one before."""
    return ReportHeadcount(on=DAY, full_time_equivalents=next(_HEADCOUNTS))


async def begin_streams(url: str, reported: int = 0, count: int = STREAMS) -> None:
    """Stores so many of the companies, each with so many reports of its headcount."""
    async with Store.open(url) as store:
        await append_all(store, (_begun(siret, reported) for siret in sirets()[:count]))
        await store.pool.execute("VACUUM ANALYZE streams, events")


def _begun(siret: str, reported: int) -> Append:
    _, events = company(siret)
    append = begun(companies, siret, events)
    return append._replace(events=[*append.events, *[NewEvent("HeadcountReported", 1, reports()[siret])] * reported])


def begun(decider: Decider[S], identity: str, events: Sequence[Event]) -> Append:
    """An append that begins a stream, found and listed as one that a command begins."""
    state = decider.fold(events)
    assert state is not None
    labels, order = decider.labelling.changes(None, state)
    return Append(
        decider.stream_id(identity),
        decider.category,
        0,
        [NewEvent(event.event_type, event.schema_version, event.model_dump_json()) for event in events],
        state.model_dump_json(),
        decider.state.revision,
        METADATA,
        labels=labels,
        labelling=decider.labelling.mark,
        order=order,
        due=due_changes(decider, None, state),
    )


async def append_all(store: Store, appends: Iterable[Append], at_once: int = _AT_ONCE) -> None:
    """Stores what many commands leave behind, as many at once as ride in a group."""
    left, flying = iter(appends), list[asyncio.Task[object]]()
    # The next group is made while PostgreSQL works on the last one.
    while some := list(islice(left, at_once)):
        await asyncio.gather(*flying)
        flying = [asyncio.create_task(store.append(append)) for append in some]
        await asyncio.sleep(0.001)
    await asyncio.gather(*flying)


def choose(client: int, clients: int) -> Callable[[], str]:
    """Draws uniformly of a client's share of all companies, so that no two clients want the same one at once."""
    share = sirets()[client::clients]
    return lambda: random.choice(share)
