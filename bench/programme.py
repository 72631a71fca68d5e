"""What figures are asked of: 100 months of what 5,000 companies report and complete, in the order of a topic."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from heapq import merge
from random import Random
from typing import Any, Final, NamedTuple

from contracts.companies.company import CompanyActivated, CompanyReinstated, CompanySuspended, HeadcountReported
from contracts.companies.investment import DayCorrected, InvestmentCompleted
from contracts.model import Event
from contracts.values import sample_siret, size_band
from eventstore.kafka.envelope import Message, source_of
from eventstore.kafka.partitioning import partition_of
from eventstore.postgres.ids import new_id
from eventstore.postgres.store import Recorded

COMPANIES: Final = 5_000
MONTHS: Final = 100
FIRST: Final = date(2018, 1, 1)
LAST: Final = date(2026, 4, 30)
PARTITIONS: Final = 12

_SIRETS: Final = [sample_siret(number) for number in range(COMPANIES)]
_ZONES: Final = [*(f"zone-{number}" for number in range(1, 12)), None]
_COMMUNES: Final = [f"{36_000 + number}" for number in range(40)]
_SUSPENDED: Final = 0.05
"""Of what companies report: counted as 0 until they are reinstated, by what they tell next."""
_LATE: Final = 9
"""Days from what happens to its being recorded, at most. It is recorded in the order in which it happens."""
_CORRECTED: Final = 0.02
"""Of the investments: completed on another day than was told first."""


class Fact(NamedTuple):
    """What a peer counts, said without the declarations that the figures are made by."""

    subject: str
    position: int
    ordinal: int
    company: str
    zone: str | None
    effective_on: date
    recorded_at: datetime
    value: float


class Happened(NamedTuple):
    """An event as it was recorded, and what it counts for in a measure."""

    measure: str
    event: Recorded
    facts: Sequence[Fact]


class _History:
    """Records what counts for a measure: `count` facts evenly over the months, at every other position."""

    def __init__(self, measure: str, count: int, position: int) -> None:
        self._measure = measure
        self.count = count
        self.done = 0
        self._position = position
        self._begins = datetime.combine(FIRST, time(8), UTC)
        self._step = (datetime.combine(LAST, time(20), UTC) - self._begins) / count
        self._versions: dict[str, int] = defaultdict(int)

    @property
    def recorded_at(self) -> datetime:
        """When the next event is recorded."""
        return self._begins + self.done * self._step

    def record(self, stream_id: str, event: Event, *counts: tuple[date, float]) -> Happened:
        """Records what an event counts for, and on which days."""
        recorded_at, position = self.recorded_at, self._position + 2 * self.done
        self._versions[stream_id] += 1
        self.done += len(counts)
        company, zone = event.company, event.zone  # type: ignore[attr-defined]  # each of these events has them
        recorded = Recorded(
            position=position,
            stream_id=stream_id,
            version=self._versions[stream_id],
            event_id=new_id(),
            type=event.event_type,
            schema_version=event.schema_version,
            data=event.model_dump_json(),
            metadata="{}",
            recorded_at=recorded_at,
        )
        facts = [
            Fact(stream_id, position, ordinal, company, zone, day, recorded_at, value)
            for ordinal, (day, value) in enumerate(counts)
        ]
        return Happened(self._measure, recorded, facts)


def headcounts(count: int) -> Iterator[Happened]:
    """So many values of headcounts: each company is activated, then tells its headcount again and again."""
    random, history = Random(1), _History("employed", count, 1)
    known: dict[int, tuple[type[Event], float, date]] = {}
    while True:
        for number in random.sample(range(COMPANIES), COMPANIES):
            if history.done == count:
                return
            told, before, last = known.get(number, (None, 0.0, FIRST))
            day = max(last, history.recorded_at.date() - timedelta(random.randrange(_LATE + 1)))
            facts = {**_company(number), "effective_on": day}
            headcount = random.randrange(1, 400) / 4
            event: Event
            if told is None or told is CompanySuspended:
                kind = CompanyActivated if told is None else CompanyReinstated
                event = kind(headcount=headcount, size_band=size_band(headcount), **facts)
            elif random.random() < _SUSPENDED:
                headcount = 0.0
                event = CompanySuspended(reason="other", headcount_before=before, headcount=headcount, **facts)
            else:
                event = HeadcountReported(
                    headcount_before=before, headcount=headcount, size_band=size_band(headcount), **facts
                )
            known[number] = (type(event), headcount, day)
            yield history.record(f"company-{facts['company']}", event, (day, headcount))


def investments(count: int) -> Iterator[Happened]:
    """So many values of what is spent: that of an investment when it is completed, two when the day is corrected."""
    random, history = Random(2), _History("spent", count, 2)
    last: tuple[str, InvestmentCompleted] | None = None
    while history.done < count:
        day = max(FIRST, history.recorded_at.date() - timedelta(random.randrange(_LATE + 1)))
        if last and history.done + 1 < count and random.random() < _CORRECTED:
            stream_id, completed = last
            event = DayCorrected(
                reason="typing_error",
                step="completed",
                day_before=completed.effective_on,
                day=max(FIRST, completed.effective_on - timedelta(30)),
                **{**completed.model_dump(exclude={"jobs_planned"}), "effective_on": day},
            )
            spent = completed.amount_spent
            yield history.record(stream_id, event, (event.day_before, -spent), (event.day, spent))
            last = None
            continue
        facts = {**_company(random.randrange(COMPANIES)), "effective_on": day, "axis": random.randrange(1, 8)}
        amount = random.randrange(1_000, 5_000_000)
        completed = InvestmentCompleted(amount=amount, amount_spent=amount, **facts)
        last = (f"investment-{new_id()}", completed)
        yield history.record(last[0], completed, (day, amount))


def both(count: int) -> Iterator[Happened]:
    """So many values of headcounts, and as many of what is spent, as they were recorded."""
    return merge(headcounts(count), investments(count), key=lambda happened: happened.event.position)


def in_partitions(events: Iterable[Recorded]) -> Iterator[tuple[Recorded, int, int]]:
    """Each event with its partition, and the position of the one before it there."""
    previous = [0] * PARTITIONS
    for event in events:
        partition = partition_of(event.stream_id.encode(), PARTITIONS)
        yield event, partition, previous[partition]
        previous[partition] = event.position


def messages(events: Iterable[Recorded], topic: str) -> Iterator[Message]:
    """Events as a subscription receives them."""
    source = source_of(topic)
    for event, partition, previous in in_partitions(events):
        yield Message(
            position=event.position,
            stream_id=event.stream_id,
            version=event.version,
            previous=previous,
            event_id=event.event_id,
            type=event.type,
            schema_version=event.schema_version,
            recorded_at=event.recorded_at,
            sample=False,
            data=event.data.encode(),
            source=source,
            topic=topic,
            partition=partition,
            offset=event.position,
        )


def _company(number: int) -> dict[str, Any]:
    return {
        "company": _SIRETS[number],
        "naf": "28.29B",
        "commune": _COMMUNES[number % len(_COMMUNES)],
        "zone": _ZONES[number % len(_ZONES)],
    }
