"""Figures of every kind, of whatever is said and put right: plots and leases, counted by the engine and a second time.

No service corrects a level of a day that has passed in as many ways as the declarations allow, so these events are made
up: a site's plots are surveyed, and its leases begin, each with any number of corrections.
"""

import random
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from types import ModuleType
from typing import Any, Final, Literal

import asyncpg
import pytest
from proving import faults, fold

from contracts.category import Category
from contracts.model import Day, Event
from contracts.registry import Registry
from contracts.values import sample_siret
from devstack.log import Log
from devstack.prepared import prepare
from eventstore.kafka.envelope import Message
from indicators import verify
from indicators.app import app
from indicators.chapters import Catalogue, Chapter
from indicators.columns import Columns
from indicators.dimensions import Name
from indicators.measures import (
    Corrected,
    Count,
    Distinct,
    Formula,
    Indicator,
    Level,
    Series,
    Stand,
    Sum,
    distinct,
    durations,
    formula,
    levels,
    mean,
    quantiles,
    series,
    sums,
)
from indicators.query import snapshot
from indicators.question import PERIODS, Question
from indicators.recounts.counting import (
    Average,
    Computed,
    Flow,
    Held,
    Moving,
    Quantile,
    Recounts,
    Share,
    Stock,
    Stream,
    Weekly,
    ratio,
)
from indicators.recounts.counting import Distinct as Contributors

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(300)]

Zone = Literal["north", "south"] | None
ZONES: Final[tuple[Zone, ...]] = ("north", "south", None)
FIRST: Final = date(2021, 1, 1)
DAYS: Final = 1_500
BREAK: Final = date(2023, 5, 15)


class _Told(Event):
    """Says of which site it is, and where."""

    company: str
    zone: Zone


class PlotSurveyed(_Told, version=1):
    """From that day on a plot has so many hectares; since another already, where it had been told otherwise."""

    plot: str
    hectares: int
    since: Day | None
    hectares_before: int
    zone_before: Zone


class SurveyCorrected(_Told, version=1):
    """A plot had other hectares, from a day on until another or the next survey. It may have been elsewhere."""

    plot: str
    hectares_before: int
    hectares: int
    zone_before: Zone
    since: Day
    until: Day | None


class LeaseBegun(_Told, version=1):
    """A lease begins, at a rent."""

    rent: int


class LeaseCorrected(_Told, version=1):
    """A lease began otherwise; without a rent, never."""

    began_before: Day
    began: Day
    zone_before: Zone
    rent_before: int
    rent: int | None


def _module(name: str, *events: type[Event]) -> ModuleType:
    module = ModuleType(name)
    vars(module).update(CATEGORY=Category(name, service="towns", path=f"/v1/{name}s"), EVENTS=events)
    return module


REGISTRY: Final = Registry(
    [_module("site", PlotSurveyed, SurveyCorrected), _module("lease", LeaseBegun, LeaseCorrected)]
)


class _Message(Message):
    """One whose event is ours."""

    def event(self) -> Event:
        return REGISTRY.decode(self.type, self.schema_version, self.data)


class _Log(Log):
    @property
    def messages(self) -> list[Message]:
        return [_Message(*message) for message in super().messages]


# As they are declared.


def _surveyed(event: PlotSurveyed | SurveyCorrected) -> Iterator[Stand | Corrected]:
    match event:
        case PlotSurveyed():
            yield Stand(event.hectares, event.plot)
            if event.since:
                yield _corrected(event, event.since, event.effective_on)
        case SurveyCorrected():
            yield _corrected(event, event.since, event.until)


def _corrected(event: PlotSurveyed | SurveyCorrected, since: date, until: date | None) -> Corrected:
    before: dict[Name, str | None] | None = {"zone": event.zone_before} if event.zone_before != event.zone else None
    return Corrected(since, until, event.hectares_before, event.hectares, event.plot, dimensions_before=before)


def _let(event: LeaseBegun | LeaseCorrected) -> Iterator[Count]:
    match event:
        case LeaseBegun():
            yield Count(event.effective_on, event.rent)
        case LeaseCorrected():
            yield Count(event.began_before, event.rent_before, {"zone": event.zone_before}, times=-1)
            if event.rent is not None:
                yield Count(event.began, event.rent)


def _rented(event: LeaseBegun | LeaseCorrected) -> Iterator[Count]:
    return (replace(count, value=count.value * count.times, times=1) for count in _let(event))


@levels(unit="ha", dimensions=("company", "zone"), without_largest=True)
def hectares(event: PlotSurveyed | SurveyCorrected) -> Iterator[Stand | Corrected]:
    """Hectares."""
    return _surveyed(event)


@levels(unit="ha", dimensions=("zone", "company"), silence="unknown", breaks=(BREAK,))
def hectares_known(event: PlotSurveyed | SurveyCorrected) -> Iterator[Stand | Corrected]:
    """Hectares, as far as anybody knows."""
    return _surveyed(event)


@durations(unit="ha", dimensions=("company", "zone"))
def hectares_worked(event: PlotSurveyed | SurveyCorrected) -> Iterator[Stand | Corrected]:
    """Hectares that are worked once a week."""
    return _surveyed(event)


@mean(unit="ha", of=hectares)
def hectares_a_day() -> None:
    """Hectares on an average day."""


@mean(unit="ha", of=hectares_known)
def hectares_known_a_day() -> None:
    """Hectares on an average day, as far as anybody knows."""


@series(unit="ha", of=hectares)
def hectares_gained() -> None:
    """How hectares move."""


@series(unit="ha", of=hectares_known, quarters=6)
def hectares_known_gained() -> None:
    """How hectares that are known of move."""


@sums(unit="EUR", dimensions=("company", "zone"))
def rents(event: LeaseBegun | LeaseCorrected) -> Iterator[Count]:
    """Rents."""
    return _rented(event)


@sums(unit="EUR", dimensions=("company", "zone"), silence="unknown")
def rents_known(event: LeaseBegun | LeaseCorrected) -> Iterator[Count]:
    """Rents, as far as anybody knows."""
    return _rented(event)


@distinct(unit="sites", dimensions=("zone", "company"))
def sites_let(event: LeaseBegun | LeaseCorrected) -> Iterator[Count]:
    """Sites that take rents."""
    return _rented(event)


@quantiles(unit="EUR", at="0.5", dimensions=("company", "zone"))
def median_rent(event: LeaseBegun | LeaseCorrected) -> Iterator[Count]:
    """The median rent."""
    return _let(event)


@quantiles(unit="EUR", at="0.9", dimensions=("zone",))
def high_rent(event: LeaseBegun | LeaseCorrected) -> Iterator[Count]:
    """The rent that one in ten exceeds."""
    return _let(event)


@formula(unit="EUR", of=(rents, hectares))
def rent_a_hectare(rent: Decimal, area: Decimal) -> Decimal | None:
    """Rents divided by hectares."""
    return ratio(rent, area, "0.01")


@formula(unit="EUR", of=(hectares_known_a_day, rent_a_hectare))
def rent_expected(area: Decimal, rent: Decimal) -> Decimal:
    """Of a formula, and a mean of what may be unknown."""
    return area * rent


@formula(unit="EUR", of=(sites_let, hectares_worked, rents_known))
def work_to_rent(sites: Decimal, work: Decimal, rent: Decimal) -> Decimal | None:
    """Of a number, a duration, and what may be unknown."""
    return sites + work - rent if rent else None


@formula(unit="EUR", of=(median_rent, high_rent))
def rent_spread(median: Decimal, high: Decimal) -> Decimal:
    """Of two quantiles."""
    return high - median


CATALOGUE: Final = Catalogue(
    Chapter(
        "land",
        hectares,
        hectares_known,
        hectares_worked,
        hectares_a_day,
        hectares_known_a_day,
        hectares_gained,
        hectares_known_gained,
    ),
    Chapter("leases", rents, rents_known, sites_let, median_rent, high_rent, rent_a_hectare, rent_expected),
    Chapter("both", work_to_rent, rent_spread),
)


# As they are counted a second time.


def put_right(
    pieces: Sequence[Held], since: date, until: date | None, told: Mapping[str, Any], value: int
) -> list[Held]:
    """What holds when something else does from one day until another. What began stays known, if only for no day."""
    stops = until or date.max
    left = []
    for piece in pieces:
        ends = piece.until or date.max
        if ends <= since or piece.since >= stops:
            left.append(piece)
            continue
        left.append(replace(piece, until=max(piece.since, min(ends, since))))
        if ends > stops:
            left.append(replace(piece, since=stops))
    return [*left, Held(since, until, told, Decimal(value))]


def surveyed(stream: Stream) -> Iterator[Held]:
    plots: dict[str, list[Held]] = defaultdict(list)
    for event in stream:
        data = event.data
        since, until = event.day("since" if data["since"] else "effective_on"), data.get("until")
        plots[data["plot"]] = put_right(
            plots[data["plot"]], since, date.fromisoformat(until) if until else None, data, data["hectares"]
        )
        if data["since"]:
            yield Held(since, since, {**data, "zone": data["zone_before"]}, Decimal(0))
    for pieces in plots.values():
        yield from pieces


def let(stream: Stream) -> Iterator[Share]:
    """The lease as it began in the end."""
    *_, last = stream
    if last.data["rent"] is not None:
        on = last.day("began" if "began" in last.data else "effective_on")
        yield Share(on, last.data, Decimal(last.data["rent"]))


def rented(stream: Stream) -> Iterator[Share]:
    """The same, and nothing on each day on which it was said to begin: that is known."""
    yield from let(stream)
    for event in stream:
        if "began" in event.data:
            told = {**event.data, "zone": event.data["zone_before"]}
            yield Share(event.day("began_before"), told, Decimal(0))


RECOUNTS: Final[Mapping[str, Recounts]] = {
    "land": {
        "hectares": Stock("site", surveyed),
        "hectares_known": Stock("site", surveyed, unknown=True),
        "hectares_worked": Weekly("site", surveyed),
        "hectares_a_day": Average("hectares"),
        "hectares_known_a_day": Average("hectares_known"),
        "hectares_gained": Moving("hectares"),
        "hectares_known_gained": Moving("hectares_known", quarters=6, breaks=(BREAK,)),
    },
    "leases": {
        "rents": Flow("lease", rented),
        "rents_known": Flow("lease", rented, unknown=True),
        "sites_let": Contributors("lease", rented),
        "median_rent": Quantile("lease", let),
        "high_rent": Quantile("lease", let, at=Decimal("0.9")),
        "rent_a_hectare": Computed(("rents", "hectares"), lambda rent, area: ratio(rent, area, "0.01")),
        "rent_expected": Computed(("hectares_known_a_day", "rent_a_hectare"), lambda area, rent: area * rent),
    },
    "both": {
        "work_to_rent": Computed(
            ("sites_let", "hectares_worked", "rents_known"), lambda n, work, rent: n + work - rent if rent else None
        ),
        "rent_spread": Computed(("median_rent", "high_rent"), lambda median, high: high - median),
    },
}


# Whatever is said.


def adds_up(indicator: Indicator) -> bool:
    """Whether all that counts up to a day is something to ask for."""
    if isinstance(indicator, Formula):
        return all(adds_up(each) for each in indicator.of)
    return isinstance(indicator, Sum | Distinct | Level)


class Saying:
    """Says something of sites and leases, and puts it right, at random."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.log = _Log("towns", partitions=3)
        self._plots: dict[tuple[int, str], list[Held]] = defaultdict(list)
        """What holds, as known now."""
        self._from: dict[tuple[int, str], date] = {}
        """The day that the next survey may be of, at the earliest."""
        self._leases: list[dict[str, Any]] = []

    def say(self) -> None:
        """One more event."""
        self.log.now += timedelta(hours=self.rng.randrange(100))
        self.rng.choice((self._survey, self._survey, self._correct, self._correct, self._let, self._put_right))()

    def day(self, since: date = FIRST, within: int = DAYS) -> date:
        """Any."""
        return since + timedelta(days=self.rng.choice((0, self.rng.randrange(within + 1))))

    def _place(self, number: int) -> dict[str, Any]:
        return {"company": sample_siret(1 + number % 3), "zone": self.rng.choice(ZONES)}

    def _survey(self) -> None:
        plot = self.rng.randrange(4), self.rng.choice(("", "a", "b"))
        begins = self._from.get(plot)
        on = self.day(begins, 300) if begins else self.day()
        told, value = self._place(plot[0]), self.rng.randrange(-1, 9)
        nothing = Held(on - timedelta(days=100), on, told, Decimal(0))
        before = next((piece for piece in self._plots[plot] if piece.until is None), nothing)
        since = self.day(before.since, (on - before.since).days)
        surveyed_since = since if since < on and self.rng.random() < 0.3 else None
        self._plots[plot] = put_right(self._plots[plot], surveyed_since or on, None, told, value)
        self._from[plot] = on
        surveyed = PlotSurveyed(
            effective_on=on,
            **told,
            plot=plot[1],
            hectares=value,
            since=surveyed_since,
            hectares_before=int(before.value),
            zone_before=before.told["zone"],
        )
        self.log.append(f"site-{plot[0]}", surveyed)

    def _correct(self) -> None:
        if not self._plots:
            return
        plot = self.rng.choice([*self._plots])
        began = min(piece.since for piece in self._plots[plot])
        nothing = Held(began - timedelta(days=200), began, self._place(plot[0]), Decimal(0))
        pieces = [piece for piece in (nothing, *self._plots[plot]) if piece.until is None or piece.since < piece.until]
        piece = self.rng.choice(pieces)
        since = self.day(piece.since, ((piece.until or piece.since + timedelta(days=300)) - piece.since).days - 1)
        until = piece.until
        if until is not None or self.rng.random() < 0.3:
            until = since + timedelta(
                days=self.rng.randrange(1, ((until or since + timedelta(days=99)) - since).days + 1)
            )
        zone = self.rng.choice((piece.told["zone"], self.rng.choice(ZONES)))
        told, value = {**piece.told, "zone": zone}, self.rng.randrange(-1, 9)
        self._plots[plot] = put_right(self._plots[plot], since, until, told, value)
        self._from[plot] = max(self._from[plot], until or since)
        self.log.append(
            f"site-{plot[0]}",
            SurveyCorrected(
                effective_on=self.day(),
                company=told["company"],
                zone=zone,
                zone_before=piece.told["zone"],
                plot=plot[1],
                hectares_before=int(piece.value),
                hectares=value,
                since=since,
                until=until,
            ),
        )

    def _let(self) -> None:
        number, on = len(self._leases), self.day()
        lease = {**self._place(number), "rent": self.rng.randrange(-2, 5), "began": on}
        self._leases.append(lease)
        began = LeaseBegun(effective_on=on, company=lease["company"], zone=lease["zone"], rent=lease["rent"])
        self.log.append(f"lease-{number}", began)

    def _put_right(self) -> None:
        numbers = [number for number, lease in enumerate(self._leases) if lease["rent"] is not None]
        if not numbers:
            return
        number = self.rng.choice(numbers)
        lease = self._leases[number]
        corrected = {
            **lease,
            "zone": self.rng.choice((lease["zone"], self.rng.choice(ZONES))),
            "rent": self.rng.choice((None, self.rng.randrange(-2, 5), lease["rent"])),
            "began": self.rng.choice((lease["began"], self.day())),
        }
        self._leases[number] = corrected
        before = {f"{name}_before": lease[name] for name in ("began", "zone", "rent")}
        self.log.append(f"lease-{number}", LeaseCorrected(effective_on=self.day(), **corrected, **before))

    def question(self, indicator: Indicator) -> Question:
        """Any that it can be asked."""
        rng = self.rng
        first, last = (rng.choice((None, self.day(), self.day())) for _ in range(2))
        if last and rng.random() < 0.1:
            last += timedelta(days=2_000)
        if first and last and last < first:
            first, last = last, first
        known_on = rng.choice(
            (None, None, self.log.now.date() - timedelta(days=rng.randrange(1 + (self.log.now.date() - BEGAN).days)))
        )
        where: dict[str, tuple[str | int, ...]] = {
            name: tuple(rng.sample(codes, rng.randrange(1, 3)))
            for name, codes in (("zone", ("north", "south")), ("company", [sample_siret(n) for n in (1, 2, 3)]))
            if name in indicator.dimensions and rng.random() < 0.25
        }
        if any(isinstance(each, Series) for each in (indicator, *getattr(indicator, "of", ()))):
            return Question(last=last, known_on=known_on, where=where)
        broken_down = rng.random() < 0.7
        period = [rng.choice(PERIODS)] if broken_down and rng.random() < 0.7 else []
        by = [*(name for name in indicator.dimensions if broken_down and rng.random() < 0.5), *period]
        rng.shuffle(by)
        return Question(
            first=first,
            last=last,
            by=tuple(by),
            known_on=known_on,
            without_largest=isinstance(indicator, Level) and indicator.without_largest and rng.random() < 0.3,
            where=where,
            cumulative=bool(period) and adds_up(indicator) and rng.random() < 0.3,
            filled=bool(period) and rng.random() < 0.5,
        )


@pytest.fixture
async def pool(database: str) -> AsyncIterator[asyncpg.Pool]:
    await prepare(database, app.all_migrations)
    async with asyncpg.create_pool(database, min_size=1, max_size=2) as pool:
        yield pool


BEGAN: Final = Log("towns").now.date()
"""When the first is said."""


@pytest.mark.parametrize("seed", [*range(8), *(pytest.param(seed, marks=pytest.mark.long) for seed in range(8, 30))])
async def test_whatever_is_said_and_put_right_is_answered_as_it_is_counted(
    pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr(verify, "PAGE", 5)
    saying, columns = Saying(random.Random(seed)), Columns()
    for _ in range(saying.rng.randint(0, 60)):
        saying.say()
        if saying.rng.random() < 0.1:
            await fold(pool, CATALOGUE.chapters.values(), saying.log, registry=REGISTRY)
            async with snapshot(pool, CATALOGUE, columns=columns):
                """What has come is copied, and never again."""
    await fold(pool, CATALOGUE.chapters.values(), saying.log, registry=REGISTRY)
    asked = {
        indicator: [saying.question(indicator) for _ in range(8)]
        for indicator in dict.fromkeys([*CATALOGUE.values(), *CATALOGUE.measures])
    }
    compared, found = await faults(
        pool, CATALOGUE, saying.log, recounts=RECOUNTS, asked=asked, registry=REGISTRY, columns=columns
    )
    assert found == []
    assert compared == 8 * len(asked)
    async with snapshot(pool, CATALOGUE) as now:
        current = await now.current(CATALOGUE.values())
        assert current == {name: await now.answer(each, Question()) for name, each in CATALOGUE.items()}
