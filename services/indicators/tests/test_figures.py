"""From events to figures, on PostgreSQL: what is asked, and what it is made of."""

import asyncio
import random
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any, Final

import asyncpg
import pytest

from contracts.companies.booking import BookingApproved, BookingCancelled, BookingDisplaced, BookingMissed
from contracts.companies.company import CompanyActivated, CompanyLeft, CompanySuspended, HeadcountReported
from contracts.companies.equipment import (
    EquipmentEnteredService,
    EquipmentRetired,
    MaintenanceBegan,
    MaintenanceEnded,
    OpeningChanged,
)
from contracts.companies.investment import (
    AmountCorrected,
    DayCorrected,
    Evidence,
    GrantAwarded,
    InvestmentAnnounced,
    InvestmentCompleted,
    JobsAudited,
)
from contracts.companies.meter import (
    ConsumptionPeriod,
    MeterInstalled,
    ReadingCorrected,
    ReadingDiscarded,
    ReadingRecorded,
)
from contracts.indicators.target import TargetCorrected, TargetRevised, TargetSet, TargetWithdrawn
from contracts.model import PARIS
from contracts.values import sample_siret
from contracts.youth_events.class_booking import ClassAttendanceCorrected, ClassAttended
from contracts.youth_events.event import ClassAttendance, CompanyPartCorrected, CompanyTookPart, EventHeld
from contracts.youth_events.immersion import ImmersionAmended, ImmersionAssessed, ImmersionSigned, ImmersionStarted
from contracts.youth_events.offer import OfferOpened
from contracts.youth_events.placement import PlacementApproved, PlacementCancelled
from devstack.log import Log, deliver
from devstack.prepared import prepare
from eventstore.kafka.envelope import Message
from eventstore.subscribing.parked import Parked, park
from indicators import investment, network
from indicators.app import app
from indicators.catalogue import catalogue
from indicators.chapters import Catalogue, Chapter
from indicators.columns import Columns
from indicators.lineage import FactBehind, Place, facts_behind
from indicators.measures import (
    Corrected,
    Derived,
    Distinct,
    Duration,
    Indicator,
    Mean,
    Quantile,
    Silence,
    Stand,
    formula,
    levels,
    mean,
    series,
)
from indicators.projection import Projection, StepGoesBack, forget
from indicators.query import Answer, CatchingUp, Value, between, snapshot
from indicators.question import Period, Question
from service.clock import today
from service.running.settings import Settings

pytestmark = pytest.mark.anyio

FONDERIE: Final = sample_siret(1)
MAROQUINERIE: Final = sample_siret(2)
USINAGE: Final = sample_siret(3)
chapters: Final = [Projection(chapter) for chapter in catalogue.chapters.values()]
END_OF_PROGRAMME: Final = date(2023, 12, 31)


@pytest.fixture
async def pool(database: str) -> AsyncIterator[asyncpg.Pool]:
    await prepare(database, app.all_migrations)
    async with asyncpg.create_pool(database, min_size=1, max_size=4) as pool:
        yield pool


async def fold(pool: asyncpg.Pool, messages: list[Message], *to: Projection, caught_up: bool = True) -> None:
    async with pool.acquire() as connection:
        for chapter in to or chapters:
            await deliver(connection, chapter.subscription, chapter, messages, caught_up=caught_up)


@lru_cache(maxsize=1)
def columns_of(_pool: asyncpg.Pool) -> Columns:
    """Those of a test's database, brought up to now by each question, as those of a service are."""
    return Columns()


async def ask(pool: asyncpg.Pool, of: str | Indicator, **question: Any) -> Any:
    where = {dimension: (code,) for dimension, code in question.pop("where", {}).items()}
    async with snapshot(pool, catalogue, columns=columns_of(pool)) as now:
        return await now.answer(catalogue[of] if isinstance(of, str) else of, Question(**question, where=where))


async def value(pool: asyncpg.Pool, of: str | Indicator, **question: Any) -> Any:
    return (await ask(pool, of, **question)).total.value


async def cells(pool: asyncpg.Pool, name: str, *by: str, **question: Any) -> dict[Any, Any]:
    answer = await ask(pool, name, by=by, **question)
    return {key if len(by) > 1 else key[0]: cell.value for key, cell in written(answer).items()}


def written(answer: Answer) -> dict[Any, Value]:
    """The cells of an answer, with periods as they are written."""
    return {
        tuple(str(part) if isinstance(part, Period) else part for part in key): cell
        for key, cell in answer.cells.items()
    }


def values(answer: Answer) -> dict[Any, Any]:
    """Of each cell its value, and how many contribute to it."""
    return {key: (cell.value, cell.n) for key, cell in written(answer).items()}


def company(siret: str, zone: str | None = "zi-limoise", *, on: date, **more: Any) -> dict[str, Any]:
    return {"company": siret, "naf": "25.62B", "commune": "36088", "zone": zone, "effective_on": on, **more}


def activated(siret: str, headcount: float, on: date, zone: str | None = "zi-limoise") -> CompanyActivated:
    return CompanyActivated(
        **company(siret, zone, on=on),
        headcount=headcount,
        size_band="12",
        applied_on=max(on - timedelta(days=20), date(1000, 1, 1)),
    )


def left(siret: str, on: date) -> CompanyLeft:
    return CompanyLeft(**company(siret, on=on), reason="moved", headcount_before=10, headcount=0)


def completed(siret: str, spent: int, on: date, axis: int = 2) -> InvestmentCompleted:
    return InvestmentCompleted(**company(siret, on=on, axis=axis), amount=spent, amount_spent=spent)


def audited(siret: str, created: float, on: date, before: JobsAudited | None = None) -> JobsAudited:
    return JobsAudited(
        **company(siret, on=on, axis=2),
        created_before=before.created if before else 0,
        created=created,
        maintained_before=before.maintained if before else 0,
        maintained=10,
        audited_before=before.effective_on if before else None,
        evidence=Evidence(kind="dsn", reference="DSN-2023-11", dated=on),
    )


def first_programme(log: Log | None = None) -> Log:
    """22 M EUR and 55 jobs, and what came after."""
    log = log or Log("companies")
    carried_out = [(FONDERIE, 14_500_000, 30), (MAROQUINERIE, 6_250_000, 20.5), (USINAGE, 1_250_000, 4.5)]
    for number, (siret, spent, jobs) in enumerate(carried_out, 1):
        log.append(f"investment-{number}", completed(siret, spent, date(2018 + number, 6, 30)))
        log.append(f"investment-{number}", audited(siret, jobs, date(2019 + number, 1, 15)))
    log.append("investment-4", completed(FONDERIE, 900_000, date(2024, 3, 1), axis=6))
    return log


async def test_an_ancient_day_recorded_before_days_were_bounded_makes_no_longer_series(pool: asyncpg.Pool) -> None:
    log = Log("companies")
    log.append(f"company-{FONDERIE}", activated(FONDERIE, 10, date(1000, 1, 1)))
    await fold(pool, log.messages)
    shown = await cells(pool, "members", "month", last=date(1900, 3, 15))
    assert shown == {"1900-01": 1, "1900-02": 1, "1900-03": 1}


async def test_the_first_programme_is_22_million_euros_and_55_jobs_at_400000_euros_each(pool: asyncpg.Pool) -> None:
    await fold(pool, first_programme().messages)
    assert await value(pool, "invested_productive", last=END_OF_PROGRAMME) == 22_000_000
    assert await value(pool, "jobs_created", last=END_OF_PROGRAMME) == 55
    assert await value(pool, "cost_per_job", last=END_OF_PROGRAMME) == 400_000
    assert await value(pool, "invested_productive") == 22_900_000


async def test_a_figure_of_nothing_is_zero(pool: asyncpg.Pool) -> None:
    with pytest.raises(CatchingUp):
        await value(pool, "members")
    await fold(pool, [])
    answer = await ask(pool, "invested_productive", by=("company",))
    assert (answer.total.value, answer.total.n, answer.total.as_of, answer.cells) == (0, 0, None, {})
    assert await value(pool, "members") == 0
    assert await value(pool, "cost_per_job") is None


async def test_a_period_need_not_be_made_of_whole_months(pool: asyncpg.Pool) -> None:
    log = Log("companies")
    days = [date(2024, 1, 31), date(2024, 2, 1), date(2024, 2, 29), date(2024, 3, 1), date(2024, 3, 15)]
    for number, day in enumerate(days):
        log.append(f"investment-{number}", completed(FONDERIE, 10**number, day))
    await fold(pool, log.messages)
    for first in days:
        for last in days:
            expected = sum(10**n for n, day in enumerate(days) if first <= day <= last)
            assert await value(pool, "invested_productive", first=first, last=last) == expected
    assert await value(pool, "invested_productive", first=date(2024, 2, 5), last=date(2024, 2, 10)) == 0
    assert await value(pool, "invested_productive", first=date(2024, 2, 2)) == 11_100


async def test_a_figure_by_several_dimensions(pool: asyncpg.Pool) -> None:
    await fold(pool, first_programme().messages)
    assert await cells(pool, "invested_productive", "axis", "month") == {
        (2, "2019-06"): 14_500_000,
        (2, "2020-06"): 6_250_000,
        (2, "2021-06"): 1_250_000,
        (6, "2024-03"): 900_000,
    }
    assert await cells(pool, "cost_per_job", "company", last=END_OF_PROGRAMME) == {
        FONDERIE: Decimal("483333.33"),
        MAROQUINERIE: Decimal("304878.05"),
        USINAGE: Decimal("277777.78"),
    }
    assert await cells(pool, "invested_productive", "company", where={"axis": 6}) == {FONDERIE: 900_000}


async def test_n_counts_the_firms_whose_shares_do_not_cancel_out(pool: asyncpg.Pool) -> None:
    log = Log("companies")
    announced = company(FONDERIE, on=date(2024, 5, 2), axis=2)
    log.append("investment-1", InvestmentAnnounced(**announced, title="Four", amount=500, jobs_planned=1))
    log.append("investment-2", InvestmentAnnounced(**announced, title="Quai", amount=400, jobs_planned=1))
    other = company(USINAGE, None, on=date(2024, 6, 2), axis=2)
    log.append("investment-3", InvestmentAnnounced(**other, title="Tour", amount=300, jobs_planned=1))
    await fold(pool, log.messages)
    answer = await ask(pool, "investment_announced", by=("zone",))
    assert (answer.total.value, answer.total.n) == (1200, 2)
    assert values(answer) == {
        ("zi-limoise",): (900, 1),
        (None,): (300, 1),
    }
    correction: dict[str, Any] = {"reason": "typing_error", "announced_on": date(2024, 5, 2), "committed_on": None}
    for stream, amount in (("investment-1", 500), ("investment-2", 400)):
        log.append(stream, AmountCorrected(**announced, **correction, amount_before=amount, amount=amount + 1))
    await fold(pool, log.messages)
    answer = await ask(pool, "investment_announced", by=("month",))
    assert values(answer) == {
        ("2024-05",): (902, 1),
        ("2024-06",): (300, 1),
    }


async def test_an_audit_that_replaces_another_moves_its_jobs_to_its_own_day(pool: asyncpg.Pool) -> None:
    log = Log("companies")
    first = audited(FONDERIE, 12, date(2024, 1, 10))
    log.append("investment-1", first, audited(FONDERIE, 9.25, date(2024, 9, 10), before=first))
    await fold(pool, log.messages)
    assert await cells(pool, "jobs_created", "month") == {"2024-09": Decimal("9.25")}
    assert await value(pool, "jobs_created", last=date(2024, 8, 31)) == 0


def a_year_of_members(log: Log | None = None) -> Log:
    """Three members, one of which is suspended and one of which leaves."""
    log = log or Log("companies")
    log.append(f"company-{FONDERIE}", activated(FONDERIE, 120, date(2024, 1, 10)))
    log.append(f"company-{MAROQUINERIE}", activated(MAROQUINERIE, 410.5, date(2024, 2, 20)))
    log.append(f"company-{USINAGE}", activated(USINAGE, 20, date(2024, 3, 31), zone=None))
    log.append(
        f"company-{FONDERIE}",
        HeadcountReported(
            **company(FONDERIE, on=date(2024, 3, 15)), headcount_before=120, headcount=130, size_band="22"
        ),
        CompanySuspended(**company(FONDERIE, on=date(2024, 5, 31)), reason="other", headcount_before=130, headcount=0),
    )
    left = company(USINAGE, None, on=date(2024, 6, 1))
    log.append(f"company-{USINAGE}", CompanyLeft(**left, reason="moved", headcount_before=20, headcount=0))
    return log


async def test_a_level_is_the_state_of_a_day(pool: asyncpg.Pool) -> None:
    await fold(pool, a_year_of_members().messages)
    for day, members, headcount in [
        (date(2024, 1, 9), 0, 0),
        (date(2024, 1, 10), 1, 120),
        (date(2024, 3, 15), 2, 540.5),
        (date(2024, 3, 31), 3, 560.5),
        (date(2024, 5, 31), 2, 430.5),
        (date(2024, 6, 1), 1, 410.5),
    ]:
        assert await value(pool, "members", last=day) == members
        assert await value(pool, "headcount", last=day) == Decimal(str(headcount))
    assert await value(pool, "members") == 1


async def test_a_level_by_month_shows_the_end_of_each(pool: asyncpg.Pool) -> None:
    await fold(pool, a_year_of_members().messages)
    assert await cells(pool, "members", "month", last=date(2024, 6, 15)) == {
        "2024-01": 1,
        "2024-02": 2,
        "2024-03": 3,
        "2024-04": 3,
        "2024-05": 2,
        "2024-06": 1,
    }
    in_spring = {"first": date(2024, 4, 12), "last": date(2024, 5, 30)}
    assert await cells(pool, "headcount", "zone", "month", **in_spring) == {
        ("zi-limoise", "2024-04"): Decimal("540.5"),
        ("zi-limoise", "2024-05"): Decimal("540.5"),
        (None, "2024-04"): 20,
        (None, "2024-05"): 20,
    }
    assert await value(pool, "headcount", **in_spring) == Decimal("560.5")


async def test_the_headcount_without_the_largest_employer(pool: asyncpg.Pool) -> None:
    await fold(pool, a_year_of_members().messages)
    answer = await ask(pool, "headcount", last=date(2024, 4, 1), by=("company",), without_largest=True)
    assert (answer.total.value, answer.total.n, answer.excluded) == (150, 2, MAROQUINERIE)
    assert {key[0] for key in answer.cells} == {FONDERIE, USINAGE}
    alone = await ask(pool, "headcount", last=date(2024, 1, 31), without_largest=True)
    assert (alone.total.value, alone.excluded) == (0, FONDERIE)
    nobody = await ask(pool, "headcount", last=date(2023, 1, 31), without_largest=True)
    assert (nobody.total.value, nobody.excluded) == (0, None)


async def test_of_equal_employers_the_one_with_the_smallest_siret_is_left_out(pool: asyncpg.Pool) -> None:
    log = Log("companies")
    for siret in (USINAGE, MAROQUINERIE):
        log.append(f"company-{siret}", activated(siret, 50, date(2024, 1, 10)))
    await fold(pool, log.messages)
    answer = await ask(pool, "headcount", without_largest=True)
    assert answer.excluded == min(USINAGE, MAROQUINERIE)


async def test_known_on_a_day_counts_what_was_recorded_by_its_end_in_paris(pool: asyncpg.Pool) -> None:
    log = Log("companies", now=datetime(2026, 1, 5, 22, 59, 57, tzinfo=UTC))  # in Paris, three seconds before midnight
    log.append("investment-1", completed(FONDERIE, 100, date(2024, 1, 10)))
    log.append("investment-2", completed(USINAGE, 20, date(2024, 1, 10)))
    log.append("investment-3", completed(USINAGE, 3, date(2024, 1, 10)))
    await fold(pool, log.messages)
    assert await value(pool, "invested_productive", known_on=date(2026, 1, 4)) == 0
    assert await value(pool, "invested_productive", known_on=date(2026, 1, 5)) == 120
    assert await value(pool, "invested_productive", known_on=date(2026, 1, 6)) == 123
    log.now = datetime(2026, 1, 7, 22, 59, 58, tzinfo=UTC)
    log.append(f"company-{FONDERIE}", activated(FONDERIE, 10, date(2024, 1, 10)))
    log.append(f"company-{FONDERIE}", activated(FONDERIE, 11, date(2024, 1, 10)))
    await fold(pool, log.messages)
    assert await value(pool, "headcount", known_on=date(2026, 1, 7)) == 10
    assert await value(pool, "headcount", known_on=date(2026, 1, 8)) == 11


async def test_quarters_as_they_were_known(pool: asyncpg.Pool) -> None:
    log = Log("companies", now=datetime(2026, 1, 5, 12, tzinfo=UTC))
    log.append("investment-1", completed(FONDERIE, 100, date(2024, 2, 10)))
    log.append("investment-2", completed(USINAGE, 20, date(2024, 5, 10)))
    log.now = datetime(2026, 1, 7, 12, tzinfo=UTC)
    log.append("investment-3", completed(USINAGE, 3, date(2024, 6, 10)))
    await fold(pool, log.messages)
    for known_on, second in ((date(2026, 1, 6), 20), (date(2026, 1, 7), 23)):
        quarters = await cells(pool, "invested_productive", "quarter", known_on=known_on)
        assert quarters == {"2024-Q1": 100, "2024-Q2": second}


async def test_as_of_is_when_the_latest_event_in_the_figure_was_recorded(pool: asyncpg.Pool) -> None:
    log = first_programme()
    await fold(pool, log.messages)
    recorded = {
        message.stream_id: message.recorded_at for message in log.messages if message.type == "InvestmentCompleted"
    }
    assert (await ask(pool, "invested_productive")).total.as_of == recorded["investment-4"]
    assert (await ask(pool, "invested_productive", last=END_OF_PROGRAMME)).total.as_of == recorded["investment-3"]


# Durations: the platform's machines, and who books them


def machine(number: int, on: date, weekly_hours: int) -> dict[str, Any]:
    return {
        "equipment": f"cobot-{number}",
        "kind": "robotics",
        "commune": "36088",
        "weekdays": ("monday", "tuesday", "wednesday", "thursday", "friday"),
        "opens": 8,
        "closes": 18,
        "effective_on": on,
        "weekly_hours": weekly_hours,
    }


def slot(siret: str, starts: datetime, hours: int, *, on: date, number: int = 1) -> dict[str, Any]:
    ends = starts + timedelta(hours=hours)
    return company(siret, on=on, equipment=f"cobot-{number}", starts=starts, ends=ends, hours=hours)


def paris(month: int, day: int, hour: int) -> datetime:
    return datetime(2024, month, day, hour, tzinfo=PARIS)


def a_platform(log: Log | None = None) -> Log:
    """A machine that is closed for two weeks of February and has fewer hours from April on; another one for a week."""
    log = log or Log("companies")
    closed: dict[str, Any] = {"maintenance_until": date(2024, 2, 15), "reviewed_at": paris(2, 15, 8)}
    log.append(
        "equipment-cobot-1",
        EquipmentEnteredService(**machine(1, date(2024, 1, 10), 50)),
        MaintenanceBegan(**machine(1, date(2024, 2, 1), 0), **closed),
        MaintenanceEnded(**machine(1, date(2024, 2, 15), 50)),
        OpeningChanged(**machine(1, date(2024, 4, 1), 20), quota_hours=20),
    )
    log.append(
        "equipment-cobot-2",
        EquipmentEnteredService(**machine(2, date(2024, 3, 4), 30)),
        EquipmentRetired(**machine(2, date(2024, 3, 11), 0), reason="sold"),
    )
    on = date(2024, 1, 12)
    log.append("booking-1", BookingApproved(**slot(FONDERIE, paris(1, 15, 9), 4, on=on)))
    log.append("booking-2", BookingApproved(**slot(FONDERIE, paris(1, 31, 9), 3, on=on)))
    missed = slot(USINAGE, paris(3, 5, 9), 2, on=on, number=2)
    log.append("booking-3", BookingApproved(**missed), BookingMissed(**missed | {"effective_on": date(2024, 3, 6)}))
    cancelled = slot(MAROQUINERIE, paris(3, 7, 9), 8, on=on)
    log.append(
        "booking-4",
        BookingApproved(**cancelled),
        BookingCancelled(**cancelled, approved_on=on, reason="not_needed"),
    )
    return log


async def test_a_duration_adds_up_a_seventh_of_its_level_for_each_day(pool: asyncpg.Pool) -> None:
    await fold(pool, a_platform().messages)
    for first, last, weeks_hours in [
        (None, date(2024, 1, 9), 0),
        (None, date(2024, 1, 10), 50),
        (date(2024, 1, 5), date(2024, 1, 16), 7 * 50),
        (date(2024, 1, 31), date(2024, 2, 1), 50),
        (date(2024, 2, 1), date(2024, 2, 14), 0),
        (date(2024, 2, 14), date(2024, 2, 15), 50),
        (date(2024, 3, 3), date(2024, 3, 11), 9 * 50 + 7 * 30),
        (date(2024, 3, 31), date(2024, 4, 2), 50 + 2 * 20),
        (None, date(2024, 3, 31), (22 + 15 + 31) * 50 + 7 * 30),
    ]:
        expected = (Decimal(weeks_hours) / 7).quantize(Decimal("0.01"), ROUND_HALF_UP)
        assert await value(pool, "platform_open_hours", first=first, last=last) == expected, (first, last)


async def test_a_duration_by_month_has_the_days_of_each(pool: asyncpg.Pool) -> None:
    await fold(pool, a_platform().messages)
    shown = await cells(pool, "platform_open_hours", "month", first=date(2024, 1, 12), last=date(2024, 4, 7))
    assert shown == {
        "2024-01": Decimal("142.86"),
        "2024-02": Decimal("107.14"),
        "2024-03": Decimal("251.43"),
        "2024-04": 20,
    }
    assert await cells(pool, "platform_open_hours", "equipment", "month", last=date(2024, 3, 31)) == {
        ("cobot-1", "2024-01"): Decimal("157.14"),
        ("cobot-1", "2024-02"): Decimal("107.14"),
        ("cobot-1", "2024-03"): Decimal("221.43"),
        ("cobot-2", "2024-03"): 30,
    }
    assert await cells(pool, "platform_open_hours", "month", first=date(2024, 2, 2), last=date(2024, 2, 9)) == {}
    answer = await ask(pool, "platform_open_hours", last=date(2024, 3, 31))
    assert answer.total.n == 2
    only = await value(pool, "platform_open_hours", last=date(2024, 3, 31), where={"equipment": "cobot-2"})
    assert only == 30


async def test_a_duration_ends_today_unless_a_later_day_is_asked_for(pool: asyncpg.Pool) -> None:
    log = Log("companies")
    log.append("equipment-cobot-1", EquipmentEnteredService(**machine(1, today() - timedelta(days=6), 50)))
    ahead = datetime.combine(today() + timedelta(days=7), datetime.min.time(), PARIS)
    log.append("booking-1", BookingApproved(**slot(FONDERIE, ahead, 10, on=today())))
    await fold(pool, log.messages)
    assert await value(pool, "platform_open_hours") == 50
    assert await value(pool, "platform_open_hours", last=ahead.date()) == 100
    assert await value(pool, "platform_hours_booked") == 10
    assert await value(pool, "platform_use") == 0
    assert await value(pool, "platform_use", last=ahead.date()) == Decimal("0.1")
    shown = await cells(pool, "platform_open_hours", "month", first=date(2100, 11, 30), last=date(2100, 12, 7))
    assert shown == {"2100-11": Decimal("7.14"), "2100-12": 50}
    assert sum(fact.value for fact in await events_behind(pool, "platform_open_hours")) == 50


def a_forum_and_a_visit() -> Log:
    """Two classes come to a forum with two companies, and one to a visit; what was told wrongly is put right."""
    log, schools = Log("youth-events"), ("0360024F", "0360544W")
    for name, kind, day, sirets in (
        ("forum", "forum", date(2024, 3, 12), (FONDERIE, USINAGE)),
        ("visit", "visit", date(2024, 5, 16), (FONDERIE,)),
    ):
        event: dict[str, Any] = {"kind": kind, "rome": ("H2902", "H2903"), "day": day, "effective_on": day}
        parts = [CompanyTookPart(**{**company(siret, on=day), **event}) for siret in sirets]
        held = EventHeld(**event, commune="36088", capacity=60, booked=56, companies=sirets)
        log.append(f"event-{name}", held, *parts)
        for number, school in enumerate(schools[: len(sirets)]):
            booked = {**event, "commune": "36088", "event": f"0190a3c4-5e6f-7a8b-9c0d-00000000000{number}"}
            booked |= {
                "school": school,
                "class_label": "3e B",
                "level": ("3e", "4e")[number],
                "pupils": 28,
                "adults": 2,
            }
            came = ClassAttendance(girls=12, boys=14, untold=number, adults=2)
            log.append(f"class-booking-{name}{number}", ClassAttended(**booked, attended=26 + number, attendance=came))
    fewer = ClassAttendance(girls=10, boys=14, untold=1, adults=2)
    told = {**booked, "attended_before": 26, "attendance_before": came, "reason": "miscounted"}
    log.append("class-booking-visit0", ClassAttendanceCorrected(**told, attended=25, attendance=fewer))
    absent = {**company(FONDERIE, on=day), **event, "took_part_before": True, "took_part": False}
    log.append("event-visit", CompanyPartCorrected(**absent, reason="did_not_come"))
    return log


async def test_pupils_who_met_companies_are_counted_on_the_day_of_the_event(pool: asyncpg.Pool) -> None:
    await fold(pool, a_forum_and_a_visit().messages)
    assert await value(pool, "events_held") == 2
    assert await cells(pool, "events_held", "event_kind", "month") == {("forum", "2024-03"): 1, ("visit", "2024-05"): 1}
    assert await value(pool, "pupils_reached") == 26 + 27 + 25
    assert await cells(pool, "pupils_reached", "gender") == {"girls": 34, "boys": 42, "untold": 2}
    assert await cells(pool, "pupils_reached", "level", "school", first=date(2024, 5, 1)) == {("3e", "0360024F"): 25}
    assert await value(pool, "companies_taking_part") == 2
    assert await value(pool, "companies_taking_part", first=date(2024, 5, 1)) == 0
    assert await cells(pool, "companies_taking_part", "event_kind") == {"forum": 2}


def a_school_year() -> tuple[Log, Log, Log]:
    """Two members offer places in two weeks; four pupils come, and one of them gives up."""
    network, offered, of_persons = a_year_of_members(), Log("youth-events"), Log("youth-events.persons")
    pupil = "0190a3c4-5e6f-7a8b-9c0d-00000000000"
    for number, (siret, week, places) in enumerate(
        [(MAROQUINERIE, "2024-W06", 3), (MAROQUINERIE, "2024-W24", 2), (USINAGE, "2024-W24", 1)]
    ):
        told = company(siret, on=date(2024, 1, 20), week=week, grade="3e", schools=(), places=places)
        offered.append(f"offer-{number}", OfferOpened(**told, closes_on=date(2024, 2, 5)))
        for nth in range(places - (number == 0)):
            asked = company(siret, on=date(2024, 1, 25), week=week, grade="3e", age_band="15", school="0360024F")
            asked |= {"pupil": f"{pupil}{nth}", "offer": f"{pupil}{number}"}
            approved = PlacementApproved(**asked)
            of_persons.append(f"placement-{number}{nth}", approved)
            if (number, nth) == (1, 1):
                day = {"effective_on": date(2024, 3, 1), "approved_on": approved.effective_on}
                of_persons.append(
                    f"placement-{number}{nth}", PlacementCancelled(**{**asked, **day}, reason="pupil_withdrew")
                )
    return network, offered, of_persons


async def test_placements_of_a_school_year_are_counted_in_their_weeks(pool: asyncpg.Pool) -> None:
    for log in a_school_year():
        await fold(pool, log.messages)
    assert await value(pool, "placements") == 4
    assert await cells(pool, "placements", "grade", "week") == {("3e", "2024-W06"): 2, ("3e", "2024-W24"): 2}
    assert await value(pool, "placements", last=date(2024, 6, 9)) == 2
    assert await value(pool, "places_offered", first=date(2024, 6, 10)) == 3
    assert await value(pool, "placement_fill_rate") == Decimal("0.6667")
    assert await cells(pool, "placement_fill_rate", "month") == {
        "2024-02": Decimal("0.6667"),
        "2024-06": Decimal("0.6667"),
    }
    assert await cells(pool, "placement_fill_rate", "company") == {MAROQUINERIE: Decimal("0.6"), USINAGE: 1}
    assert await value(pool, "placement_fill_rate", last=date(2024, 2, 4)) is None


async def test_immersions_that_led_to_a_job_are_a_share_and_an_edit_takes_a_signature_back(pool: asyncpg.Pool) -> None:
    log, person = Log("youth-events.persons"), "0190a3c4-5e6f-7a8b-9c0d-00000000000"
    for number, siret in enumerate([MAROQUINERIE, MAROQUINERIE, USINAGE]):
        named = {"beneficiary": f"{person}1", "guardian": None, "tutor": f"{person}2"}
        named |= {"representative": f"{person}3", "adviser": f"{person}4"}
        terms: dict[str, Any] = {
            "agency": "mission_locale",
            "age_band": "adult",
            "objective": "discover_trade",
            **named,
        }
        days = {"prepared_on": date(2024, 3, 1), "begins_on": date(2024, 4, 2), "ends_on": date(2024, 4, 12)}
        stream, told = f"immersion-{number}", {**terms, **days, "rome": "H2902", "terms": 1}
        sign: dict[str, Any] = {"signatory": "agency", "link": 3, "document": "a" * 64, "complete": True}
        signed_on = date(2024, 3, 5 + number)
        log.append(stream, ImmersionSigned(**company(siret, on=signed_on, **told), **sign))
        if number == 1:
            hours: dict[str, Any] = {"weekdays": ("monday",), "arrives": "09:00", "leaves": "12:00", "break_minutes": 0}
            counted: dict[str, Any] = {"daily_minutes": 180, "weekly_minutes": 180, "presence_days": 1, "links": ()}
            edited = company(siret, on=date(2024, 3, 8), **told)
            void: dict[str, Any] = {"voided": ("agency",), "signed_on_before": signed_on}
            log.append(stream, ImmersionAmended(**edited, **hours, **counted, **void))
            log.append(stream, ImmersionSigned(**company(siret, on=date(2024, 3, 11), **told), **sign))
        log.append(stream, ImmersionStarted(**company(siret, on=date(2024, 4, 2), **told), presence_days=9))
        job: dict[str, Any] = {"job_obtained": number > 0, "contract": ("permanent", "fixed_term")[number - 1]}
        if number == 0:
            job["contract"] = None
        assessed = company(siret, on=date(2024, 4, 15), **told)
        log.append(stream, ImmersionAssessed(**assessed, outcome="completed", **job))
    await fold(pool, log.messages)
    assert await cells(pool, "immersions", "company", "month") == {
        (MAROQUINERIE, "2024-04"): 2,
        (USINAGE, "2024-04"): 1,
    }
    assert await value(pool, "immersion_to_contract_rate") == Decimal("0.6667")
    assert await cells(pool, "immersion_to_contract_rate", "company") == {MAROQUINERIE: Decimal("0.5"), USINAGE: 1}
    assert await value(pool, "immersion_to_contract_rate", last=date(2024, 4, 14)) is None
    assert await cells(pool, "immersions_to_jobs", "contract") == {"permanent": 1, "fixed_term": 1}
    # 4, 10 and 6 days: the 5 of the second do not count, since what was signed then was void.
    assert await value(pool, "days_to_signature") == 6
    assert await value(pool, "days_to_signature", last=date(2024, 3, 6)) == 4
    assert await value(pool, "days_to_signature", first=date(2024, 3, 8)) == 10


async def test_the_share_of_members_that_host_is_of_those_at_the_end_of_the_period(pool: asyncpg.Pool) -> None:
    logs = a_school_year()
    for log in logs:
        await fold(pool, log.messages)
    assert await value(pool, "host_companies") == 2
    # Of three members one hosts in winter; in summer there is one member left, and two have hosted.
    assert await value(pool, "host_rate", last=date(2024, 4, 30)) == Decimal("0.3333")
    assert await value(pool, "host_rate", last=date(2024, 6, 30)) == 2
    assert await value(pool, "host_rate", first=date(2024, 3, 1), last=date(2024, 4, 30)) == 0
    assert await value(pool, "host_rate", last=date(2023, 12, 31)) is None
    april = await cells(pool, "host_rate", "company", last=date(2024, 4, 30))
    assert april == {MAROQUINERIE: 1, FONDERIE: 0, USINAGE: 0}
    behind = await events_behind(pool, "host_rate", last=date(2024, 4, 30))
    assert {fact.indicator for fact in behind} == {"members", "host_companies"}


METER: Final[dict[str, Any]] = {"naf": "25.62B", "commune": "36088", "zone": "zi-limoise", "kind": "water"}
_NONE: Final[dict[str, Any]] = {"periods_before": ()}


def consumed(first: date, last: date, consumption: int) -> ConsumptionPeriod:
    return ConsumptionPeriod(first=first, last=last, consumption=consumption)


def two_years_of_water() -> Log:
    """The foundry reads its meter at the end of each month of 2023, and in 2024 on the 15th of January and of March.

    The workshop has a meter since 2024, and has not read it yet; both have had their staff since 2023.
    """
    log = Log("companies")
    for siret, staff in ((FONDERIE, 40), (USINAGE, 10)):
        log.append(f"company-{siret}", activated(siret, staff, date(2023, 1, 1)))
    foundry: dict[str, Any] = {**METER, "company": FONDERIE}
    log.append("meter-1", MeterInstalled(**foundry, reference="A1", index=0, effective_on=date(2023, 1, 1)))
    first, index = date(2023, 1, 1), 0
    for month in range(1, 13):
        last = (date(2023, month, 1) + timedelta(days=31)).replace(day=1) - timedelta(days=1)
        index += 300
        period = consumed(first, last, 300)
        log.append("meter-1", ReadingRecorded(**foundry, **_NONE, index=index, periods=(period,), effective_on=last))
        first = last + timedelta(days=1)
    for last, used in ((date(2024, 1, 15), 150), (date(2024, 3, 15), 600)):
        index += used
        period = consumed(first, last, used)
        log.append("meter-1", ReadingRecorded(**foundry, **_NONE, index=index, periods=(period,), effective_on=last))
        first = last + timedelta(days=1)
    workshop = {**METER, "company": USINAGE, "zone": None}
    log.append("meter-2", MeterInstalled(**workshop, reference="A2", index=0, effective_on=date(2024, 1, 1)))
    return log


async def test_a_zone_s_water_by_month_compares_with_the_year_before_whenever_it_is_read(pool: asyncpg.Pool) -> None:
    await fold(pool, two_years_of_water().messages)
    zone: dict[str, Any] = {"where": {"zone": "zi-limoise"}}
    of_2023 = {"first": date(2023, 1, 1), "last": date(2023, 12, 31)}
    assert set((await cells(pool, "water", "month", **zone, **of_2023)).values()) == {300}
    # Of 600 m³ in 60 days 16 days are of January, 29 of February and 15 of March.
    of_2024 = {"first": date(2024, 1, 1), "last": date(2024, 4, 30), "filled": True}
    assert await cells(pool, "water", "month", **zone, **of_2024) == {
        "2024-01": 150 + 160,
        "2024-02": 290,
        "2024-03": 150,
        "2024-04": None,
    }
    assert await cells(pool, "water", "zone", "year") == {("zi-limoise", "2023"): 3_600, ("zi-limoise", "2024"): 750}
    assert await value(pool, "water", first=date(2024, 4, 1)) is None
    assert await value(pool, "electricity") is None


async def test_what_was_not_read_is_told_beside_what_was_consumed(pool: asyncpg.Pool) -> None:
    await fold(pool, two_years_of_water().messages)
    quarter = {"first": date(2024, 1, 1), "last": date(2024, 3, 31)}
    assert await cells(pool, "metered_days", "company", **quarter) == {FONDERIE: 91, USINAGE: 91}
    assert await cells(pool, "read_days", "company", **quarter) == {FONDERIE: 75}
    assert await cells(pool, "reading_coverage", "company", **quarter) == {FONDERIE: Decimal("0.8242"), USINAGE: 0}
    assert await cells(pool, "reading_coverage", "resource", "month", **quarter) == {
        ("water", "2024-01"): Decimal("0.5"),
        ("water", "2024-02"): Decimal("0.5"),
        ("water", "2024-03"): Decimal("0.2419"),
    }
    assert await value(pool, "reading_coverage", first=date(2023, 1, 1), last=date(2023, 12, 31)) == 1


async def test_water_per_full_time_equivalent_is_of_the_staff_on_an_average_day(pool: asyncpg.Pool) -> None:
    log = two_years_of_water()
    log.append(f"company-{USINAGE}", left(USINAGE, date(2023, 7, 2)))
    await fold(pool, log.messages)
    of_2023 = {"first": date(2023, 1, 1), "last": date(2023, 12, 31)}
    # The workshop had its 10 on 182 of 365 days.
    assert await value(pool, "headcount_mean", **of_2023) == Decimal("44.99")
    assert await value(pool, "water_per_fte", **of_2023) == Decimal("80.02")
    assert await cells(pool, "water_per_fte", "company", **of_2023) == {FONDERIE: 90}
    assert await value(pool, "gas_per_fte", **of_2023) is None


async def test_a_reading_that_is_put_right_counts_rightly_and_was_known_otherwise(pool: asyncpg.Pool) -> None:
    log = Log("companies", now=datetime(2024, 3, 1, 12, tzinfo=UTC))
    of_meter: dict[str, Any] = {**METER, "company": FONDERIE}
    february = consumed(date(2024, 2, 1), date(2024, 2, 29), 900)
    log.append("meter-1", MeterInstalled(**of_meter, reference="A1", index=0, effective_on=date(2024, 2, 1)))
    read: dict[str, Any] = {"index": 900, "periods": (february,), "effective_on": february.last}
    log.append("meter-1", ReadingRecorded(**of_meter, **_NONE, **read))
    log.now = datetime(2024, 4, 2, 12, tzinfo=UTC)
    right: dict[str, Any] = {
        "read_before": february.last,
        "read_on": february.last,
        "index_before": 900,
        "index": 90,
        "restarts_before": None,
        "restarts_at": None,
        "periods_before": (february,),
        "periods": (february.model_copy(update={"consumption": 90}),),
    }
    on = date(2024, 4, 2)
    log.append("meter-1", ReadingCorrected(**of_meter, **right, reason="typing_error", effective_on=on))
    await fold(pool, log.messages)
    assert await cells(pool, "water", "month") == {"2024-02": 90}
    assert await value(pool, "water", known_on=date(2024, 4, 1)) == 900
    discarded: dict[str, Any] = {**right, "periods_before": right["periods"], "periods": ()}
    told = {name: discarded[name] for name in ("read_on", "index", "periods_before", "periods")}
    log.append("meter-1", ReadingDiscarded(**of_meter, **told, reason="wrong_meter", effective_on=on))
    await fold(pool, log.messages)
    # Nothing is known of February any more, and that is what its coverage says.
    february_alone = {"first": date(2024, 2, 1), "last": date(2024, 2, 29)}
    assert await value(pool, "water", **february_alone) == 0
    assert await value(pool, "reading_coverage", **february_alone) == 0


async def test_a_duration_as_it_was_known(pool: asyncpg.Pool) -> None:
    log = Log("companies", now=datetime(2024, 1, 31, 12, tzinfo=UTC))
    log.append("equipment-cobot-1", EquipmentEnteredService(**machine(1, date(2024, 1, 1), 7)))
    log.now = datetime(2024, 2, 29, 12, tzinfo=UTC)
    log.append("equipment-cobot-1", OpeningChanged(**machine(1, date(2024, 1, 11), 14), quota_hours=20))
    await fold(pool, log.messages)
    january = {"first": date(2024, 1, 1), "last": date(2024, 1, 31)}
    assert await value(pool, "platform_open_hours", **january) == 10 + 2 * 21
    assert await value(pool, "platform_open_hours", **january, known_on=date(2024, 2, 28)) == 31
    assert await value(pool, "platform_open_hours", **january, known_on=date(2024, 1, 30)) == 0
    assert await value(pool, "platform_use", **january, known_on=date(2024, 1, 30)) is None


async def test_the_use_of_the_platform_shows_months_without_bookings(pool: asyncpg.Pool) -> None:
    await fold(pool, a_platform().messages)
    answer = await ask(pool, "platform_use", by=("month",), last=date(2024, 3, 31))
    assert {key[0]: (cell.value, cell.n) for key, cell in written(answer).items()} == {
        "2024-01": (Decimal("0.0445"), 1),
        "2024-02": (0, 0),
        "2024-03": (Decimal("0.0080"), 1),
    }
    assert answer.total.value == Decimal("0.0175")
    closed = {"first": date(2024, 2, 2), "last": date(2024, 2, 9)}
    assert await value(pool, "platform_use", **closed) is None
    assert await cells(pool, "platform_use", "equipment", **closed) == {}


async def test_a_company_that_uses_the_platform_counts_once_in_a_period_and_in_each_cell(pool: asyncpg.Pool) -> None:
    log = a_platform()
    await fold(pool, log.messages)
    assert await value(pool, "platform_companies") == 2
    assert await value(pool, "platform_companies", last=date(2024, 1, 31)) == 1
    assert await value(pool, "platform_companies", first=date(2024, 3, 6)) == 0
    assert await cells(pool, "platform_companies", "month") == {"2024-01": 1, "2024-03": 1}
    log.append("booking-5", BookingApproved(**slot(USINAGE, paris(3, 12, 9), 1, on=date(2024, 3, 8))))
    await fold(pool, log.messages)
    assert await value(pool, "platform_companies") == 2
    assert await cells(pool, "platform_companies", "equipment") == {"cobot-1": 2, "cobot-2": 1}


async def test_a_displaced_booking_counts_on_its_new_day_once_it_is_approved_again(pool: asyncpg.Pool) -> None:
    log = Log("companies")
    before, after = paris(2, 5, 9), slot(FONDERIE, paris(3, 4, 9), 2, on=date(2024, 2, 2))
    log.append("booking-1", BookingApproved(**slot(FONDERIE, before, 2, on=date(2024, 1, 12))))
    displaced: dict[str, Any] = {
        "starts_before": before,
        "ends_before": paris(2, 5, 11),
        "approved_on": date(2024, 1, 12),
    }
    log.append("booking-1", BookingDisplaced(**after, **displaced, offered_until=paris(2, 3, 9)))
    await fold(pool, log.messages)
    assert await cells(pool, "platform_hours_booked", "month") == {}
    log.append("booking-1", BookingApproved(**after))
    await fold(pool, log.messages)
    assert await cells(pool, "platform_hours_booked", "month") == {"2024-03": 2}


# What a figure is made of


async def events_behind(pool: asyncpg.Pool, name: str, page: int = 2, **question: Any) -> list[FactBehind]:
    facts: list[FactBehind] = []
    place: Place | None = Place()
    while place is not None:
        async with snapshot(pool, catalogue, columns=columns_of(pool)) as now:
            where = {dimension: (code,) for dimension, code in question.get("where", {}).items()}
            asked, indicator = Question(**question | {"where": where}), catalogue[name]
            some, place = await facts_behind(now, indicator, asked, now.positions(indicator), place, page)
        assert len(some) == page or place is None
        facts += some
    return facts


def made_of(indicator: Indicator) -> Sequence[Indicator]:
    """What the events behind a figure add up to, each under its name."""
    if isinstance(indicator, Derived) and not isinstance(indicator, Mean):
        return list(dict.fromkeys(each for part in indicator.of for each in made_of(part)))
    return [indicator]


@pytest.mark.parametrize(
    "question", [{}, {"last": date(2024, 3, 20)}, {"first": date(2020, 1, 1), "where": {"company": FONDERIE}}]
)
async def test_the_events_behind_a_figure_add_up_to_it(pool: asyncpg.Pool, question: dict[str, Any]) -> None:
    await fold(pool, a_platform(a_year_of_members(first_programme())).messages)
    for name, indicator in catalogue.items():
        measures = made_of(indicator)
        facts = await events_behind(pool, name, **question)
        for measure in measures:
            total = sum((fact.value for fact in facts if fact.indicator == measure.name), Decimal(0))
            if isinstance(measure, Duration | Mean):
                total = total.quantize(Decimal("0.01"), ROUND_HALF_UP)
            if isinstance(measure, Distinct):
                counted = {fact.dimensions["company"] for fact in facts if fact.indicator == measure.name}
                assert len(counted) >= await value(pool, measure, **question)
            elif isinstance(measure, Quantile):
                told = [fact.value for fact in facts for _ in range(fact.times)]
                assert between(sorted(told), measure.at) == await value(pool, measure, **question)
            else:
                assert total == (await value(pool, measure, **question) or 0)
        order = [measure.name for measure in measures]
        places = [(order.index(fact.indicator), fact.topic, fact.position, fact.ordinal) for fact in facts]
        assert places == sorted(set(places))


async def test_the_events_behind_a_duration_are_those_that_hold_on_a_day_of_the_period(pool: asyncpg.Pool) -> None:
    await fold(pool, a_platform().messages)
    facts = await events_behind(pool, "platform_open_hours", page=1, first=date(2024, 2, 10), last=date(2024, 3, 10))
    assert [(fact.type, fact.effective_on, round(fact.value, 2)) for fact in facts] == [
        ("MaintenanceBegan", date(2024, 2, 1), 0),
        ("MaintenanceEnded", date(2024, 2, 15), Decimal("178.57")),
        ("EquipmentEnteredService", date(2024, 3, 4), 30),
    ]


async def test_the_headcount_without_the_largest_has_no_event_of_it(pool: asyncpg.Pool) -> None:
    await fold(pool, a_year_of_members().messages)
    facts = await events_behind(pool, "headcount", last=date(2024, 4, 1), without_largest=True)
    assert {fact.subject for fact in facts} == {f"company-{FONDERIE}", f"company-{USINAGE}"}


async def test_pages_are_read_at_the_positions_of_the_first_one(pool: asyncpg.Pool) -> None:
    log = first_programme()
    await fold(pool, log.messages)
    asked, measure = Question(), catalogue["invested_productive"]
    async with snapshot(pool, catalogue) as now:
        at = now.positions(measure)
        first, place = await facts_behind(now, measure, asked, at, Place(), 2)
    assert place is not None
    log.append("investment-5", completed(USINAGE, 77, date(2024, 4, 1)))
    await fold(pool, log.messages)
    async with snapshot(pool, catalogue) as now:
        assert now.positions(measure) != at
        second, end = await facts_behind(now, measure, asked, at, place, 2)
    assert end is None
    assert sum(fact.value for fact in [*first, *second]) == 22_900_000


async def test_positions_tell_each_partition_that_is_in_the_answer(pool: asyncpg.Pool) -> None:
    messages = first_programme().messages
    one = messages[0].partition
    await fold(pool, [message for message in messages if message.partition == one])
    last = max(message.position for message in messages if message.partition == one)
    async with snapshot(pool, catalogue) as now:
        told = {"companies": {one: last}}
        assert now.positions(catalogue["cost_per_job"]) == {"investment": told, "steering": told}
        assert now.positions(catalogue["host_rate"]).keys() == {"network", "youth-events", "steering"}


# Facts commute


TABLES: Final = {
    "facts": "measure, topic, position, ordinal",
    "latest": "measure, subject",
    "slices": "id",
}


async def contents(pool: asyncpg.Pool) -> dict[str, list[Any]]:
    return {
        table: await pool.fetch(f"SELECT * FROM {table} ORDER BY {key}")  # noqa: S608  ours
        for table, key in TABLES.items()
    }


async def test_any_order_of_partitions_batches_and_repetitions_gives_the_same(pool: asyncpg.Pool) -> None:
    log = a_platform(a_year_of_members(first_programme()))
    grant = company(FONDERIE, on=date(2024, 2, 2), axis=2, funder="state", scheme="france-relance")
    log.append("investment-4", GrantAwarded(**grant, eligible_base=10, aid_rate=0.5, amount=5))
    messages = log.messages
    await fold(pool, messages)
    expected = await contents(pool)
    assert len(expected["facts"]) > 20
    rng = random.Random(36088)
    for _ in range(20):
        await pool.execute("TRUNCATE facts, slices, latest, measures, generations; DELETE FROM marks")
        waiting = [[each for each in messages if each.partition == number] for number in range(log.partitions)]
        while any(waiting):
            batch: list[Message] = []
            for partition in rng.sample(waiting, 2):
                size = rng.randint(0, 4)
                batch += partition[:size]
                # Some of it is delivered again with the next batch.
                del partition[: rng.randint(0, size)]
            await fold(pool, batch)
        assert await contents(pool) == expected


async def test_replicas_that_fold_the_same_slices_wait_and_do_not_deadlock(pool: asyncpg.Pool) -> None:
    log = Log("companies")
    rng = random.Random(36100)
    for number in range(2_000):
        siret = rng.choice([FONDERIE, MAROQUINERIE, USINAGE])
        log.append(f"investment-{number}", completed(siret, 1, date(2024, rng.randint(1, 12), 1)))
    partitions = [[each for each in log.messages if each.partition == n] for n in range(log.partitions)]

    async def replica(messages: list[Message]) -> None:
        for start in range(0, len(messages), 50):
            await fold(pool, messages[start : start + 50])

    await asyncio.gather(*(replica(partition) for partition in partitions for _ in range(2)))
    assert await value(pool, "invested_productive") == 2_000
    assert sum((await cells(pool, "invested_productive", "month")).values()) == 2_000


# Days that a level is known to have, or not


def of_members(silence: Silence = "zero") -> Catalogue:
    """Members counted otherwise: a company is one from half a year before its activation on, as was found later."""

    @levels(unit="companies", dimensions=("company",), silence=silence)
    def members_corrected(event: CompanyActivated | CompanyLeft) -> Iterator[Stand | Corrected]:
        """Members, from half a year before their activation on."""
        yield Stand(int(isinstance(event, CompanyActivated)))
        if isinstance(event, CompanyActivated):
            yield Corrected(event.effective_on - timedelta(days=182), event.effective_on, 0, 1)

    @mean(unit="companies", of=members_corrected)
    def members_a_day() -> None:
        """Members on an average day."""

    @series(unit="companies", of=members_corrected)
    def members_gained() -> None:
        """Members gained."""

    @formula(unit="companies", of=(members_a_day, members_corrected))
    def members_above(a_day: Decimal, at_the_end: Decimal) -> Decimal:
        """Members at the end of a period above those of an average day."""
        return at_the_end - a_day

    return Catalogue(Chapter("members", members_corrected, members_a_day, members_gained, members_above))


async def of_whom(
    pool: asyncpg.Pool, of: Catalogue, name: str, page: int = 1, **question: Any
) -> tuple[Answer, list[FactBehind]]:
    """An answer, and the events behind it."""
    asked, facts, place = Question(**question), list[FactBehind](), Place()
    async with snapshot(pool, of) as now:
        while place is not None:
            some, following = await facts_behind(now, of[name], asked, now.positions(of[name]), place, page)
            facts += some
            place = following  # type: ignore[assignment]
        return await now.answer(of[name], asked), facts


async def test_a_level_corrected_before_its_first_step_is_made_of_the_correction(pool: asyncpg.Pool) -> None:
    of, log = of_members(), Log("companies")
    log.append(f"company-{FONDERIE}", activated(FONDERIE, 10, date(2024, 7, 1)))
    await fold(pool, log.messages, Projection(of.chapters["members"]))
    for last, members in ((date(2023, 12, 31), 0), (date(2024, 1, 1), 1), (date(2024, 6, 30), 1), (None, 1)):
        answer, facts = await of_whom(pool, of, "members_corrected", last=last)
        assert answer.total.value == sum(fact.value for fact in facts) == members


async def test_a_mean_begins_with_what_was_known_of_its_level(pool: asyncpg.Pool) -> None:
    of, log = of_members(), Log("companies", now=datetime(2026, 1, 5, 12, tzinfo=UTC))
    log.append(f"company-{FONDERIE}", activated(FONDERIE, 10, date(2024, 7, 1)))
    log.now = datetime(2026, 1, 7, 12, tzinfo=UTC)
    log.append(f"company-{USINAGE}", activated(USINAGE, 10, date(2023, 7, 1)))
    await fold(pool, log.messages, Projection(of.chapters["members"]))
    answer, facts = await of_whom(pool, of, "members_a_day", last=date(2024, 12, 31), known_on=date(2026, 1, 6))
    assert answer.total.value == sum(fact.value for fact in facts) == 1
    answer, _ = await of_whom(pool, of, "members_a_day", last=date(2024, 12, 31))
    assert answer.total.value == Decimal("1.50"), "366 days of one and 732 of the other, of 732"


async def test_what_is_known_to_be_nothing_is_not_unknown_on_an_average_day(pool: asyncpg.Pool) -> None:
    of, log = of_members("unknown"), Log("companies")
    log.append(f"company-{FONDERIE}", activated(FONDERIE, 10, date(2024, 7, 1)))
    log.append(f"company-{FONDERIE}", left(FONDERIE, date(2024, 7, 1)))
    await fold(pool, log.messages, Projection(of.chapters["members"]))
    asked: dict[str, Any] = {"by": ("year",), "first": date(2022, 1, 1), "last": date(2025, 12, 31), "filled": True}
    answer, _ = await of_whom(pool, of, "members_a_day", **asked)
    assert [cell.value for cell in written(answer).values()] == [None, None, Decimal("0.50"), 0]


async def test_events_of_one_level_behind_several_inputs_are_told_apart(pool: asyncpg.Pool) -> None:
    of, log = of_members(), Log("companies")
    for number in range(3):
        siret = sample_siret(number)
        log.append(f"company-{siret}", activated(siret, 10, date(2024, 7, 1)))
    await fold(pool, log.messages, Projection(of.chapters["members"]))
    year = {"first": date(2024, 1, 1), "last": date(2024, 12, 31)}
    for page in (1, 2, 100):
        answer, facts = await of_whom(pool, of, "members_above", page, **year)
        a_day, at_the_end = (
            sum((fact.value for fact in facts if fact.indicator == name), Decimal(0))
            for name in ("members_a_day", "members_corrected")
        )
        assert round(a_day, 2) == at_the_end == 3
        assert answer.total.value == 0


async def test_the_pace_of_a_level_ends_today_whatever_is_known_to_come(pool: asyncpg.Pool) -> None:
    of, log = of_members(), Log("companies")
    for number, on in enumerate((date(2024, 7, 1), date(2024, 12, 1), today() + timedelta(days=400))):
        log.append(f"company-{sample_siret(number)}", activated(sample_siret(number), 10, on))
    await fold(pool, log.messages, Projection(of.chapters["members"]))
    answer, facts = await of_whom(pool, of, "members_gained")
    assert answer.total.n == sum(fact.value for fact in facts) == 2
    later, _ = await of_whom(pool, of, "members_gained", last=today() + timedelta(days=200))
    assert later.trend is not None
    assert answer.trend is not None
    assert (later.trend.points, later.trend.since) == (answer.trend.points, answer.trend.since)


async def test_no_step_is_of_a_day_before_one_from_which_the_level_is_known_already(pool: asyncpg.Pool) -> None:
    @levels(unit="companies", dimensions=("company",))
    def members_left(event: CompanyActivated | CompanyLeft) -> Iterator[Stand | Corrected]:
        """Members of which it is found that they have left."""
        if isinstance(event, CompanyActivated):
            yield Stand(1)
        else:
            yield Corrected(event.effective_on, None, 1, 0)

    chapter, log = Chapter("members", members_left), Log("companies")
    stream = f"company-{FONDERIE}"
    log.append(stream, activated(FONDERIE, 10, date(2024, 1, 1)), left(FONDERIE, date(2024, 6, 1)))
    await fold(pool, log.messages, Projection(chapter))
    log.append(stream, activated(FONDERIE, 10, date(2024, 3, 1)))
    with pytest.raises(StepGoesBack):
        await fold(pool, log.messages, Projection(chapter))
    answer, facts = await of_whom(pool, Catalogue(chapter), "members_left", last=date(2024, 6, 1))
    assert answer.total.value == sum(fact.value for fact in facts) == 0


# Changed definitions


def with_version(version: int) -> Catalogue:
    """Another definition of what a member is, and an indicator that there was not."""

    @levels(unit="companies", dimensions=network.COMPANY, version=version)
    def members(event: CompanyActivated | CompanyLeft) -> int:
        """Members, suspended ones included."""
        return 1 if isinstance(event, CompanyActivated) else 0

    @levels(unit="companies", dimensions=network.COMPANY)
    def leavers(event: CompanyLeft) -> int:  # noqa: ARG001  its annotation tells
        """Companies that have left."""
        return 1

    return Catalogue(Chapter("network", members, leavers), investment.CHAPTER)


async def test_a_changed_chapter_is_answered_as_before_until_it_has_caught_up(pool: asyncpg.Pool) -> None:
    messages = a_year_of_members(first_programme()).messages
    await fold(pool, messages)
    changed = with_version(2)
    new = Projection(changed.chapters["network"])

    async def answers() -> tuple[Any, int]:
        async with snapshot(pool, changed) as now:
            members = await now.answer(changed["members"], Question())
            assert (await now.answer(changed["cost_per_job"], Question())).total.value == Decimal("416363.64")
            return members.total.value, now.version(changed["members"])

    assert await answers() == (1, 1)
    await fold(pool, messages[:3], new, caught_up=False)
    assert await answers() == (1, 1)
    async with snapshot(pool, changed) as now:
        with pytest.raises(CatchingUp, match="network"):
            await now.answer(changed["leavers"], Question())
    await fold(pool, messages, new)
    assert await answers() == (2, 2)
    async with snapshot(pool, changed) as now:
        assert (await now.answer(changed["leavers"], Question())).total.value == 1
    assert await value(pool, "members") == 1


async def test_a_changed_chapter_takes_over_once_it_has_come_as_far_as_the_one_that_answered(
    pool: asyncpg.Pool,
) -> None:
    log, columns, changed = a_year_of_members(first_programme()), Columns(), with_version(2)
    new = Projection(changed.chapters["network"])

    async def version() -> int:
        async with snapshot(pool, changed, columns=columns) as now:
            await now.answer(changed["members"], Question())
            return now.version(changed["members"])

    await fold(pool, log.messages)
    assert await version() == 1
    read = log.messages
    log.append(f"company-{sample_siret(4)}", activated(sample_siret(4), 5, date(2024, 7, 1)))
    await fold(pool, log.messages)
    await fold(pool, read, new)
    assert await version() == 1, "it was at the end that there was when it began"
    await fold(pool, log.messages, new)
    assert await version() == 2
    log.append(f"company-{sample_siret(5)}", activated(sample_siret(5), 5, date(2024, 7, 2)))
    await fold(pool, log.messages)
    assert await version() == 2, "it does not go back and forth"


async def test_the_old_definition_goes_on_beside_the_new_one_until_it_is_forgotten(
    pool: asyncpg.Pool, database: str
) -> None:
    log = a_year_of_members(first_programme())
    await fold(pool, log.messages)
    changed = with_version(2)
    new = Projection(changed.chapters["network"])
    await fold(pool, log.messages, new)
    log.append(f"company-{sample_siret(4)}", activated(sample_siret(4), 5, date(2024, 7, 1)))
    await fold(pool, log.messages)
    assert await value(pool, "members") == 2
    async with snapshot(pool, changed) as now:
        assert (await now.answer(changed["members"], Question())).total.value == 2
    configured = Settings(
        database_url=database,
        kafka_bootstrap="localhost:9092",
        oidc_issuer="http://issuer.test",
        oidc_audience="territory",
        oidc_jwks_url="http://issuer.test/jwks",
    )
    async with pool.acquire() as connection:
        for subscription in ("indicators-of-old", new.subscription):
            await park(connection, subscription, [Parked(log.messages[0], ValueError("no such fact"))])  # type: ignore[arg-type]
    assert await forget(changed, configured, []) == 0
    letters = await pool.fetch("SELECT subscription FROM parked_messages")
    assert [row["subscription"] for row in letters] == [new.subscription]
    kept = {new.subscription, Projection(investment.CHAPTER).subscription}
    for table in ("facts", "slices", "latest"):
        left = await pool.fetch(
            f"SELECT DISTINCT generation FROM {table} LEFT JOIN measures ON measures.id = measure"  # noqa: S608  ours
        )
        assert {row["generation"] for row in left} <= kept
    assert {row["subscription"] for row in await pool.fetch("SELECT subscription FROM marks")} == kept
    async with snapshot(pool, changed) as now:
        assert (await now.answer(changed["members"], Question())).total.value == 2


def applied(siret: str, applied_on: date | None, on: date) -> CompanyActivated:
    return activated(siret, 10, on).model_copy(update={"applied_on": applied_on})


async def test_the_median_of_days_to_membership_is_between_the_two_in_the_middle(pool: asyncpg.Pool) -> None:
    log = Log("companies")
    waits = {1: 10, 2: 40, 3: 20, 4: 31}
    for number, days in waits.items():
        on = date(2024, 1, 15) + timedelta(days=days)
        log.append(f"company-{sample_siret(number)}", applied(sample_siret(number), date(2024, 1, 15), on))
    log.append(f"company-{sample_siret(5)}", applied(sample_siret(5), None, date(2024, 1, 20)))
    await fold(pool, log.messages)
    answer = await ask(pool, "days_to_membership")
    assert (answer.total.value, answer.total.n) == (Decimal("25.5"), 4)
    assert await value(pool, "days_to_membership", last=date(2024, 2, 14)) == 15
    assert await cells(pool, "days_to_membership", "month") == {"2024-01": 10, "2024-02": 31}
    assert await value(pool, "days_to_membership", first=date(2025, 1, 1)) is None


async def test_a_company_that_has_invested_counts_once_in_a_year_and_where_a_day_was_corrected_in_the_right_one(
    pool: asyncpg.Pool,
) -> None:
    log = Log("companies")
    log.append("investment-1", completed(FONDERIE, 100, date(2023, 3, 1)))
    log.append("investment-2", completed(FONDERIE, 50, date(2023, 9, 1), axis=1))
    log.append("investment-3", completed(USINAGE, 20, date(2023, 12, 30)))
    log.append(
        "investment-3",
        DayCorrected(
            **company(USINAGE, on=date(2024, 2, 1), axis=2),
            reason="typing_error",
            status_before="completed",
            step="completed",
            day_before=date(2023, 12, 30),
            day=date(2024, 1, 2),
            amount=20,
            amount_spent=20,
        ),
    )
    await fold(pool, log.messages)
    assert await cells(pool, "companies_investing", "year") == {"2023": 1, "2024": 1}
    assert await cells(pool, "companies_investing", "axis", "year") == {(1, "2023"): 1, (2, "2023"): 1, (2, "2024"): 1}
    assert await value(pool, "companies_investing") == 2
    early = log.recorded[2].recorded_at.date() - timedelta(days=1)
    assert await value(pool, "companies_investing", known_on=early) == 0


OF_MEMBERS: Final[dict[str, Any]] = {
    "indicator": "members",
    "title": "Active member companies",
    "unit": "companies",
    "dimensions": {},
    "axis": None,
    "aim": "at_least",
}
END: Final = date(2027, 12, 31)


def aimed(number: int, value: float, on: date, due: date = END, **of: Any) -> tuple[str, TargetSet]:
    return f"target-{number}", TargetSet(**(OF_MEMBERS | of), value=value, due=due, effective_on=on)


async def aims(pool: asyncpg.Pool, name: str = "members", **question: Any) -> list[Any]:
    where = {dimension: (code,) for dimension, code in question.pop("where", {}).items()}
    async with snapshot(pool, catalogue) as now:
        found = await now.aims(catalogue[name], Question(**question, where=where))
    return [(float(aim.value), aim.due, *sorted(aim.of.items())) for aim in found]


async def test_targets_are_those_in_force_on_the_day_asked_for_as_they_were_known(pool: asyncpg.Pool) -> None:
    log = Log("indicators", now=datetime(2026, 1, 5, 8, tzinfo=UTC))
    log.append(*aimed(1, 30, date(2024, 1, 15)))
    log.append(*aimed(2, 0, date(2024, 1, 15), dimensions={"zone": "zi-limoise"}, aim="at_most"))
    log.append(*aimed(3, 900, date(2024, 1, 15), indicator="headcount"))
    log.now = datetime(2026, 2, 5, 8, tzinfo=UTC)
    later = date(2028, 6, 30)
    log.append(
        "target-1",
        TargetRevised(**OF_MEMBERS, value_before=30, value=35, due_before=END, due=END, effective_on=date(2024, 6, 1)),
        TargetCorrected(
            **OF_MEMBERS,
            value_before=35,
            value=36,
            due_before=END,
            due=later,
            since=date(2024, 6, 1),
            reason="typing_error",
            effective_on=date(2024, 7, 1),
        ),
    )
    log.now = datetime(2026, 3, 5, 8, tzinfo=UTC)
    gone = TargetWithdrawn(
        **OF_MEMBERS, value_before=36, due_before=later, reason="given_up", effective_on=date(2025, 3, 1)
    )
    log.append("target-1", gone)
    await fold(pool, log.messages)
    assert await aims(pool, last=date(2024, 1, 14)) == []
    assert await aims(pool, last=date(2024, 5, 31)) == [(30, END)]
    assert await aims(pool, last=date(2024, 6, 1)) == [(36, later)]
    assert await aims(pool) == []
    assert await aims(pool, known_on=date(2026, 2, 28)) == [(36, later)]
    assert await aims(pool, known_on=date(2026, 1, 31)) == [(30, END)]
    in_zone = (0, END, ("zone", "zi-limoise"))
    assert await aims(pool, where={"zone": "zi-limoise"}) == [in_zone]
    assert await aims(pool, by=("zone", "month"), last=date(2024, 5, 31)) == [(30, END), in_zone]
    assert await aims(pool, "headcount") == [(900, END)]
    assert await aims(pool, "jobs_created") == []


async def test_the_pace_of_members_leads_to_the_day_on_which_they_are_as_many_as_aimed_at(pool: asyncpg.Pool) -> None:
    companies, steering = Log("companies"), Log("indicators")
    quarters = [period.first for period in Period.between("quarter", date(2023, 1, 1), date(2024, 12, 31))]
    for number, on in enumerate(quarters, start=1):
        companies.append(f"company-{sample_siret(number)}", activated(sample_siret(number), 5, on))
    steering.append(*aimed(1, 12, date(2024, 1, 15)))
    await fold(pool, [*companies.messages, *steering.messages])
    answer = await ask(pool, "members_pace", last=quarters[-1])
    found = answer.trend
    assert (answer.total.value, answer.total.n, found.points, found.since) == (
        Decimal("1.00"),
        8,
        7,
        date(2023, 3, 31),
    ), "the quarter that the last day is in is not over"
    assert (found.target.value, found.target.due, found.reached) == (12, END, False)
    assert date(2025, 9, 25) <= found.arrives_on <= date(2025, 10, 5)
    assert found.arrives_between[0] <= found.arrives_on <= found.arrives_between[1]
    past = (await ask(pool, "members_pace", last=date(2023, 12, 31))).trend
    assert (past.target, past.points, past.arrives_on) == (None, 4, None)
    async with snapshot(pool, catalogue) as now:
        assert {*now.positions(catalogue["members_pace"])} == {"network", "steering"}


async def test_what_is_made_of_targets_waits_for_them_and_all_else_is_answered(pool: asyncpg.Pool) -> None:
    log = Log("companies")
    log.append(f"company-{FONDERIE}", activated(FONDERIE, 5, date(2024, 1, 1)))
    await fold(pool, log.messages, Projection(network.CHAPTER))
    assert await value(pool, "members") == 1
    with pytest.raises(CatchingUp, match="steering"):
        await ask(pool, "members_pace")
