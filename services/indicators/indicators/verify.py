"""`python -m indicators verify`: proves every figure by counting it again from the Kafka topics alone.

The figures are read in one snapshot together with the positions that each chapter is complete up to; the topics are
counted up to exactly those, by `recount`. On the way each stream is checked to be without a gap, and every event behind
a figure to be where it says. The topics are read to their end, and whatever is in them that their relays cannot have
written, or that nobody knows, is told.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import cycle, pairwise
from math import isclose
from typing import Final

import asyncpg
from aiokafka.errors import KafkaError

from eventstore.kafka.logs import quiet_kafka_logs
from eventstore.postgres.connection import connect
from indicators import partners
from indicators.chapters import Catalogue
from indicators.dimensions import Name
from indicators.lineage import FactBehind, Place, facts_behind
from indicators.measures import Distinct, Indicator, Level, Series, Sum, measures_of
from indicators.partners import PARTNERS
from indicators.projection import generations_of, subscription_of
from indicators.query import UNKNOWN, ZERO, Answer, CatchingUp, Snapshot, Value, snapshot
from indicators.question import PERIODS, Question
from indicators.recount import Recount
from indicators.recounts import RECOUNTS, counting
from indicators.representation import link
from indicators.topics import NO_ANSWER, NoAnswer, Topics, consuming, read
from indicators.trend import Trend
from service.clock import today
from service.running.settings import Settings

FIRST_PROGRAMME: Final = date(2023, 12, 31)
"""The last day of the first programme, whose figures are published."""
PAGE: Final = 10_000
"""Of the events behind a figure."""
HALF: Final = Decimal("0.005000001")
"""What a figure that is rounded to the hundredth may differ by from what is behind it, and a bit."""

Asked = Mapping[Indicator, Sequence[Question]]


async def verify(catalogue: Catalogue, settings: Settings, _: list[str]) -> int:
    """Prints each difference; 1 if there is any or no telling, else 0."""
    pool = await asyncpg.create_pool(
        settings.database_url,
        connect=connect,  # type: ignore[call-overload]  # the stub names each option
        min_size=1,
        max_size=1,
    )
    generations = generations_of(catalogue, settings)
    try:
        with quiet_kafka_logs(), Topics() as topics:
            # Kafka first: what is asked takes a minute.
            async with pool, consuming(settings) as consumer, snapshot(pool, catalogue, generations) as found:
                now = _of_own(found, generations)
                asked, recount = await ask(now), Recount(RECOUNTS)
                prepare(recount, asked)
                try:
                    heard = {PARTNERS: await partners.served(now.connection)}
                except CatchingUp:
                    heard = {}
                await read(topics, recount, {**now.chapters, **heard}, consumer, settings)
                compared, faults = await compare(now, asked, recount, topics)
                if heard:
                    faults += topics.heard.differences(await partners.kept(now.connection))
    except NoAnswer:
        print(f"Kafka at {settings.kafka_bootstrap} does not answer: nothing for {NO_ANSWER} s.")
        return 1
    except KafkaError as error:
        print(f"The topics can't be read: {error}.")
        return 1
    folding = [name for name in (*catalogue.chapters, PARTNERS) if name not in {*now.chapters, *heard}]
    for name in folding:
        print(f"The events of the chapter {name} are still being folded: try again later.")
    for fault in [*topics.faults, *faults]:
        print(fault)
    ends: dict[str, int] = defaultdict(int)
    for served in now.chapters.values():
        for topic, marks in served.positions.items():
            ends[topic] = max(ends[topic], *marks.values())
    upto = ", ".join(f"{topic} {end}" for topic, end in sorted(ends.items())) or "nothing yet"
    differences = len(topics.faults) + len(faults)
    print(f"{compared} answers compared with {topics.events} events (up to {upto}): {differences or 'no'} differences")
    return 1 if folding or differences else 0


def _of_own(found: Snapshot, generations: Mapping[str, str]) -> Snapshot:
    """The chapters that are answered by their own definitions."""
    own = {name: subscription_of(chapter, generations[name]) for name, chapter in found.catalogue.chapters.items()}
    return replace(
        found, chapters={name: served for name, served in found.chapters.items() if served.generation == own[name]}
    )


async def ask(now: Snapshot) -> Asked:
    """What is compared of each indicator that can be asked."""
    asked: dict[Indicator, Sequence[Question]] = {}
    for indicator in dict.fromkeys([*now.catalogue.values(), *now.catalogue.measures]):
        try:
            now.behind(indicator)
        except CatchingUp:
            continue
        numbers = [now.number(measure) for measure in measures_of(indicator)]
        happened, recorded = (await now.connection.fetch(_DAYS, numbers, [0, 0.5, 1]))[0]
        if not happened:
            # However it is asked for, what has no facts is answered alike.
            asked[indicator] = [Question(by=by) for by in ((), tuple(indicator.dimensions)[:1])]
            continue
        codes = {
            name: tuple(json.loads(row["code"]) for row in await now.connection.fetch(_CODES, numbers, name))
            for name in indicator.dimensions
        }
        asked[indicator] = list(questions(indicator, happened, recorded, codes))
    return asked


def prepare(recount: Recount, asked: Asked) -> None:
    """Has the same questions counted."""
    for indicator, questions in asked.items():
        for question in questions:
            recount.ask(indicator.name, question)


async def compare(now: Snapshot, asked: Asked, recount: Recount, topics: Topics) -> tuple[int, list[str]]:
    """How many answers were compared, and each difference."""
    compared = 0
    faults: list[str] = []
    for indicator, questions in asked.items():
        for question in questions:
            served = await now.answer(indicator, question)
            counted = recount.answer(indicator.name, question)
            absent = UNKNOWN if recount.is_unknown(indicator.name) else ZERO
            faults += differences(indicator, question, served, counted, absent)
            compared += 1
            if not question.by:
                faults += await _untraceable(now, indicator, question, recount, topics)
    return compared, faults


def questions(
    indicator: Indicator,
    happened: Sequence[date],
    recorded: Sequence[date],
    codes: Mapping[Name, tuple[str | int, ...]],
) -> Iterator[Question]:
    """What is compared: the total as of several days, and each way to break it down as of now and of one of them; of
    days to come, as known on several days, and of some values of each dimension."""
    days = sorted({FIRST_PROGRAMME, *happened})
    first, last = days[0], days[-1]
    filters: list[dict[str, tuple[str | int, ...]]] = [{name: some} for name, some in codes.items() if some]
    if any(isinstance(each, Series) for each in (indicator, *getattr(indicator, "of", ()))):
        yield from (Question(last=day) for day in (None, *days))
        yield from (Question(known_on=day) for day in recorded)
        yield from (Question(where=where) for where in filters)
        return
    whose, *_ = indicator.dimensions
    with_period = [name for name in ("zone", "equipment", "grade") if name in indicator.dimensions]
    yield from (Question(last=day) for day in (None, *days))
    ways = [*((name,) for name in (*indicator.dimensions, *PERIODS)), *((name, "month") for name in with_period)]
    for by, also in zip(ways, cycle(days), strict=False):
        yield from (Question(by=by, last=day) for day in (None, also))
    yield Question(by=(whose, "month"))
    yield Question(by=("year", whose))
    for begins, ends in [*pairwise(days), (today(), today() + timedelta(days=45))]:
        yield from (Question(first=begins, last=ends, by=by) for by in ((), *((name,) for name in PERIODS)))
    for known_on in recorded:
        yield from (Question(known_on=known_on, last=day, by=(whose,)) for day in (None, first))
        yield from (Question(known_on=known_on, by=by) for by in ((), ("quarter",)))
    for where in filters:
        yield from (Question(where=where, by=by) for by in ((), tuple(where), ("quarter",)))
    for by in (("month",), (whose, "year")):
        yield Question(first=first, last=last, by=by, filled=True)
        if isinstance(indicator, Sum | Distinct):
            yield Question(last=last, by=by, cumulative=True)
            yield Question(first=days[1 % len(days)], last=last, by=by, cumulative=True, filled=True)
    if isinstance(indicator, Level) and indicator.without_largest:
        for day in (None, *days):
            yield from (Question(last=day, by=by, without_largest=True) for by in ((), ("zone",), ("month",)))


def differences(
    indicator: Indicator, question: Question, served: Answer, counted: Answer, absent: Value
) -> Iterator[str]:
    """What is served otherwise than it was counted."""
    asked = link(indicator, question)
    if served.excluded != counted.excluded:
        yield f"{asked}: without {served.excluded}, counted without {counted.excluded}"
    if not _moves_alike(served.trend, counted.trend):
        yield f"{asked}: served {served.trend}, counted {counted.trend}"
    keys = dict.fromkeys([*served.cells, *counted.cells])
    for what, one, other in [
        ("", served.total, counted.total),
        *((f" {key}", served.cells.get(key, absent), counted.cells.get(key, absent)) for key in keys),
    ]:
        # Of a trend, all has just been compared.
        same = served.trend is not None or one.value == other.value
        if not same or one.n != other.n:
            yield f"{asked}{what}: served {one.value} (n={one.n}), counted {other.value} (n={other.n})"


def _moves_alike(one: Trend | None, other: Trend | None) -> bool:
    """Whether trends are the same, but for the last digit of what is computed in another order."""
    if one is None or other is None:
        return one is other
    told, counted = (
        replace(each, pace=None, pace_between=None, arrives_on=None, arrives_between=None) for each in (one, other)
    )
    paces = zip(_paces(one), _paces(other), strict=True)
    days = zip(_arrivals(one), _arrivals(other), strict=True)
    return (
        told == counted
        and all(
            isclose(a, b, rel_tol=1e-6, abs_tol=0.01) if a is not None and b is not None else a is b for a, b in paces
        )
        and all(abs((a - b).days) <= 1 if a and b else a is b for a, b in days)
    )


def _paces(trend: Trend) -> tuple[Decimal | None, ...]:
    return (trend.pace, *(trend.pace_between or (None, None)))


def _arrivals(trend: Trend) -> tuple[date | None, ...]:
    return (trend.arrives_on, *(trend.arrives_between or (None, None)))


async def _untraceable(
    now: Snapshot, indicator: Indicator, question: Question, recount: Recount, topics: Topics
) -> list[str]:
    """Whether the events shown behind a figure are in the topics and add up to it, or to its inputs."""
    where = link(indicator, question, events=True)
    faults: list[str] = []
    counted = recount.behind(indicator.name, question)
    behind = {name: _Behind(recount[name]) for name in counted}
    place: Place | None = Place()
    while place is not None:
        facts, place = await facts_behind(now, indicator, question, now.positions(indicator), place, PAGE)
        for fact in facts:
            if not topics.holds(fact.topic, fact.position, fact.event_id):
                faults.append(f"{where}: event {fact.event_id} is not at position {fact.position} of {fact.topic}")
            if fact.indicator in behind:
                behind[fact.indicator].add(fact)
            else:
                faults.append(f"{where}: event {fact.event_id} is of {fact.indicator}, which it is not made of")
    for name, value in counted.items():
        if not behind[name].comes_to(value):
            faults.append(f"{where}: the events of {name} do not add up to {value.value}")
    return faults


class _Behind:
    """What events add up to."""

    def __init__(self, recounted: counting.Recounted) -> None:
        self._recounted = recounted
        self._total = Decimal(0)
        self._shares: dict[object, Decimal] = defaultdict(Decimal)
        self._values: Counter[Decimal] = Counter()

    def add(self, fact: FactBehind) -> None:
        """One more."""
        match self._recounted:
            case counting.Distinct():
                self._shares[fact.contributor] += fact.value
            case counting.Quantile() | counting.Observed():
                self._values[fact.value] += fact.times
            case _:
                self._total += fact.value

    def comes_to(self, value: Value) -> bool:
        """Whether that is a figure."""
        match self._recounted:
            case counting.Distinct():
                return sum(1 for share in self._shares.values() if share) == value.value
            case counting.Quantile(at=at):
                return counting.quantile(self._values, at) == value.value
            case counting.Observed():
                # Of several there is no value, and the last of each is behind that.
                there = [each for each, times in self._values.items() for _ in range(times)]
                return len(there) == value.n and (value.value is None or there == [value.value])
            case counting.Weekly() | counting.Average():
                return abs(self._total - (value.value or 0)) <= HALF
            case _:
                return self._total == (value.value or 0)


_DAYS: Final = """
SELECT percentile_disc($2::float8[]) WITHIN GROUP (ORDER BY effective_on),
       percentile_disc($2::float8[]) WITHIN GROUP (ORDER BY (recorded_at AT TIME ZONE 'Europe/Paris')::date)
FROM facts
WHERE measure = ANY ($1)
"""
_CODES: Final = """
SELECT DISTINCT dimensions -> $2 AS code
FROM slices
WHERE measure = ANY ($1) AND jsonb_typeof(dimensions -> $2) <> 'null'
ORDER BY 1
LIMIT 2
"""
