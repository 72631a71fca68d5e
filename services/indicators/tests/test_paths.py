"""Paths as figures: who is accompanied on which day, what six months led to, and persons counted once."""

from collections.abc import AsyncIterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

import asyncpg
import pytest
from proving import fold as fold_logs

from contracts import Event
from contracts.employment.hire import HireCancelled, HireRecorded, HireSustained
from contracts.employment.path import (
    Access,
    PathErased,
    PathExit,
    PathExitCorrected,
    PathExited,
    PathFlagsCorrected,
    PathFlagsGiven,
    PathHandedOver,
    PathJobDayCorrected,
    PathJobStarted,
    PathJobUndone,
    PathReferralCorrected,
    PathReferred,
    PathSpell,
)
from contracts.employment.priority import PriorityFlag, PriorityGroup
from contracts.values import months_later, sample_siret
from devstack.log import Log
from devstack.prepared import prepare
from indicators import employment, paths
from indicators.app import app
from indicators.chapters import Catalogue
from indicators.measures import Measure
from indicators.query import Answer, snapshot
from indicators.question import Period, Question
from service.clock import today

pytestmark = pytest.mark.anyio

CATALOGUE: Final = Catalogue(employment.CHAPTER, paths.CHAPTER)
CAMILLE, SACHA, CLAUDE = (f"0190a3c4-5e6f-7a8b-9c0d-00000000000{number}" for number in (1, 2, 3))
HIRE: Final = "0190a3c4-5e6f-7a8b-9c0d-000000000009"
REFERRED, GIVEN, HANDED, LEFT = date(2024, 1, 8), date(2024, 2, 5), date(2024, 3, 4), date(2024, 4, 2)
EARLIER: Final = date(2023, 12, 11)
HIRED: Final = date(2024, 2, 12)
ACCESS: Final = Access(hired_on=HIRED, days=35, days_engaged=None, within_6_months=True)
LATE: Final = Access(hired_on=date(2024, 7, 9), days=183, days_engaged=None, within_6_months=False)


def flags(*groups: PriorityGroup) -> tuple[PriorityFlag, ...]:
    return tuple(PriorityFlag(group=group, established_on=REFERRED, source="interview") for group in groups)


def told(on: date = REFERRED, **more: Any) -> dict[str, Any]:
    usual: dict[str, Any] = {
        "seeker": CAMILLE,
        "agency": "mission_locale",
        "residence": "town",
        "age_group": "adult",
        "flags": flags("woman"),
        "referred_on": REFERRED,
        "status": "referred",
        "access": None,
        "effective_on": on,
    }
    return usual | more


def exited(reason: str = "moved_away", on: date = LEFT, **more: Any) -> PathExited:
    return PathExited(**told(on, status="exited", reason=reason, status_before="engaged", **more))


def erased(before: str, on: date = LEFT, **more: Any) -> PathErased:
    return PathErased(**told(on, status="erased", status_before=before, **more))


def exit_corrected(before: PathExit, after: PathExit) -> PathExitCorrected:
    return PathExitCorrected(
        **told(LEFT + timedelta(days=1), status="exited"),
        exited_on=LEFT,
        exit_reason_before=before,
        exit_reason=after,
        reason="other",
    )


referred = PathReferred(**told(), registered_since=None)
given = PathFlagsGiven(**told(GIVEN, flags=flags("woman", "senior")), flags_before=flags("woman"))
handed = PathHandedOver(
    **told(HANDED, flags=flags("woman", "senior"), agency="france_travail"), agency_before="mission_locale"
)
SPELLS: Final = (
    PathSpell(since=REFERRED, until=GIVEN, agency="mission_locale", flags=flags("woman")),
    PathSpell(since=GIVEN, until=HANDED, agency="mission_locale", flags=flags("woman", "senior")),
    PathSpell(since=HANDED, until=None, agency="france_travail", flags=flags("woman", "senior")),
)
no_senior = PathFlagsCorrected(
    **told(LEFT, agency="france_travail"),
    flags_before=flags("woman", "senior"),
    spells=SPELLS[1:],
    reason="other",
)
moved = PathReferralCorrected(
    **told(
        LEFT,
        agency="france_travail",
        flags=flags("woman", "senior"),
        residence="community",
        referred_on=EARLIER,
    ),
    referred_on_before=REFERRED,
    residence_before="town",
    registered_since=None,
    registered_since_before=None,
    access_before=None,
    spells=SPELLS,
    reason="other",
)
started = PathJobStarted(**told(HIRED, status="in_job", access=ACCESS), hire=HIRE, hired_on=HIRED, access_before=None)
undone = PathJobUndone(**told(GIVEN), hire=HIRE, hired_on=HIRED, access_before=ACCESS)
later = PathJobDayCorrected(
    **told(LEFT, access=LATE, status="in_job"),
    hire=HIRE,
    hired_on=LATE.hired_on,
    hired_on_before=HIRED,
    access_before=ACCESS,
    reason="other",
)


def counted(measure: Measure, event: Event) -> list[tuple[Any, ...]]:
    """Day, value, how often, agency and residence."""
    return [
        (fact.effective_on, int(fact.value), fact.times, fact.dimensions["agency"], fact.dimensions["residence"])
        for fact in measure.facts(event)
    ]


def of(day: date, value: int, agency: str = "mission_locale", residence: str = "town", times: int = 1) -> Any:
    return day, value, times, agency, residence


HALF_A_YEAR, EARLIER_HALF = date(2024, 7, 8), date(2024, 6, 11)


@pytest.mark.parametrize(
    ("measure", "event", "expected"),
    [
        (paths.paths_active, referred, [of(REFERRED, 1)]),
        (paths.paths_active_women, referred, [of(REFERRED, 1)]),
        (paths.paths_active_priority, referred, [of(REFERRED, 1)]),
        (paths.paths_active_senior, referred, []),
        (paths.paths_active_senior, given, [of(GIVEN, 1)]),
        (paths.paths_active_women, given, []),
        (paths.paths_active_priority, given, []),
        (paths.paths_active_senior, handed, [of(HANDED, -1), of(HANDED, 1, "france_travail")]),
        (paths.paths_active_youth, handed, []),
        (
            paths.paths_active_senior,
            no_senior,
            [of(GIVEN, -1), of(HANDED, 1), of(HANDED, -1, "france_travail")],
        ),
        (paths.paths_active_women, no_senior, []),
        (
            paths.paths_active_senior,
            moved,
            [
                *(of(GIVEN, -1), of(HANDED, 1)),
                *(of(GIVEN, 1, residence="community"), of(HANDED, -1, residence="community")),
                *(of(HANDED, -1, "france_travail"), of(HANDED, 1, "france_travail", "community")),
            ],
        ),
        (paths.paths_active, exited(), [of(LEFT, -1)]),
        (paths.paths_active_senior, exited(), []),
        (paths.paths_active, erased("in_job"), [of(LEFT, -1)]),
        (paths.paths_active, erased("exited"), []),
        (paths.referrals, referred, [of(REFERRED, 1)]),
        (paths.referrals, handed, [of(REFERRED, -1), of(REFERRED, 1, "france_travail")]),
        (
            paths.referrals,
            moved,
            [of(REFERRED, -1, "france_travail"), of(EARLIER, 1, "france_travail", "community")],
        ),
        (paths.referrals, exited(), []),
        (paths.referrals, exited("entered_by_mistake"), [of(REFERRED, -1)]),
        (paths.referrals, exit_corrected("entered_by_mistake", "in_job"), [of(REFERRED, 1)]),
        (paths.referrals, exit_corrected("in_job", "entered_by_mistake"), [of(REFERRED, -1)]),
        (paths.referrals, started, []),
        (paths.referrals_over_6m, referred, [of(HALF_A_YEAR, 1)]),
        (
            paths.referrals_over_6m,
            moved,
            [of(HALF_A_YEAR, -1, "france_travail"), of(EARLIER_HALF, 1, "france_travail", "community")],
        ),
        (paths.referrals_to_jobs_6m, referred, []),
        (paths.referrals_to_jobs_6m, started, [of(HALF_A_YEAR, 1)]),
        (paths.referrals_to_jobs_6m, undone, [of(HALF_A_YEAR, -1)]),
        (paths.referrals_to_jobs_6m, later, [of(HALF_A_YEAR, -1)]),
        (paths.days_to_hire, started, [of(HIRED, 35)]),
        (paths.days_to_hire, undone, [of(HIRED, 35, times=-1)]),
        (paths.days_to_hire, later, [of(HIRED, 35, times=-1), of(LATE.hired_on, 183)]),
        (paths.path_exits, exited(), [of(LEFT, 1)]),
        (paths.path_exits, exited("entered_by_mistake"), []),
        (paths.path_exits, exit_corrected("moved_away", "in_job"), [of(LEFT, -1), of(LEFT, 1)]),
        (paths.path_exits, exit_corrected("entered_by_mistake", "in_job"), [of(LEFT, 1)]),
    ],
)
def test_a_path_counts_where_it_is_right(measure: Measure, event: Event, expected: list[Any]) -> None:
    assert type(event) in measure.events
    assert counted(measure, event) == expected


def test_a_referral_that_is_moved_after_its_spells_were_not_told_changes_no_level() -> None:
    assert counted(paths.paths_active, moved.model_copy(update={"spells": ()})) == []


def test_shares_are_rounded_to_four_decimals_and_absent_while_no_six_months_are_over() -> None:
    for share in (paths.access_to_employment_6m, employment.sustained_rate_6m):
        assert share.compute(Decimal(3), Decimal(2)) == Decimal("0.6667")
        assert share.compute(Decimal(3), Decimal(0)) == 0
        assert share.compute(Decimal(0), Decimal(0)) is None


def test_a_person_counts_under_what_does_not_lead_back_to_the_pseudonym() -> None:
    [one], [other] = (paths.persons_hired.facts(hired(1, who)) for who in (CAMILLE, SACHA))
    [again] = paths.persons_hired.facts(hired(2, CAMILLE))
    assert one.contributor == again.contributor != other.contributor
    assert CAMILLE not in str(one)


# Served


@pytest.fixture
async def pool(database: str) -> AsyncIterator[asyncpg.Pool]:
    await prepare(database, app.all_migrations)
    async with asyncpg.create_pool(database, min_size=1, max_size=2) as pool:
        yield pool


async def ask(pool: asyncpg.Pool, name: str, **question: Any) -> Answer:
    async with snapshot(pool, CATALOGUE) as now:
        return await now.answer(CATALOGUE[name], Question(**question))


async def value(pool: asyncpg.Pool, name: str, **question: Any) -> Any:
    return (await ask(pool, name, **question)).total.value


async def cells(pool: asyncpg.Pool, name: str, *by: str, **question: Any) -> dict[Any, Any]:
    answer = await ask(pool, name, by=by, **question)
    written = {
        tuple(str(part) if isinstance(part, Period) else part for part in key): cell.value
        for key, cell in answer.cells.items()
    }
    return {key if len(by) > 1 else key[0]: cell for key, cell in written.items()}


async def fold(pool: asyncpg.Pool, log: Log) -> None:
    await fold_logs(pool, CATALOGUE.chapters.values(), log, Log("employment"))


def hired(company: int, who: str, on: date = HIRED, **more: Any) -> HireRecorded:
    return HireRecorded(**hire(company, who, on), **more)


def hire(company: int, who: str, on: date = HIRED) -> dict[str, Any]:
    return {
        "seeker": who,
        "application": None,
        "vacancy": None,
        "investment": None,
        "company": sample_siret(company),
        "naf": "25.62B",
        "commune": "36088",
        "zone": None,
        "rome": "H2902",
        "contract": "permanent",
        "weekly_hours": 35,
        "flags": flags("woman", "senior") if who == CAMILLE else (),
        "hired_on": on,
        "effective_on": on,
    }


async def test_whoever_is_hired_twice_is_one_person_and_groups_overlap(pool: asyncpg.Pool) -> None:
    log, autumn = Log("employment.persons"), date(2024, 10, 7)
    log.append("hire-1", hired(1, CAMILLE))
    log.append("hire-2", hired(2, CAMILLE, autumn))
    log.append("hire-3", hired(1, SACHA, autumn))
    log.append("hire-4", hired(2, CLAUDE), HireCancelled(**hire(2, CLAUDE), reason="did_not_start"))
    await fold(pool, log)
    assert (await value(pool, "hires"), await value(pool, "persons_hired")) == (3, 2)
    assert await cells(pool, "persons_hired", "quarter") == {"2024-Q1": 1, "2024-Q4": 2}
    assert await cells(pool, "persons_hired", "company") == {sample_siret(1): 2, sample_siret(2): 1}
    assert [await value(pool, f"persons_hired_{group}") for group in ("women", "senior", "priority", "youth")] == [
        *(1, 1, 1, 0)
    ]
    assert (await ask(pool, "persons_hired")).total.n == 2


async def test_who_is_accompanied_is_put_right_on_the_days_that_have_passed(pool: asyncpg.Pool) -> None:
    log = Log("employment.persons")
    log.append("path-1", referred, given, handed)
    await fold(pool, log)
    by_month: dict[str, Any] = {"by": ("agency", "month"), "last": date(2024, 4, 30)}
    before = (await ask(pool, "paths_active_senior", **by_month)).cells
    assert {(agency, str(month)): cell.value for (agency, month), cell in before.items()} == {
        ("mission_locale", "2024-02"): 1,
        ("france_travail", "2024-03"): 1,
        ("france_travail", "2024-04"): 1,
    }
    log.append("path-1", no_senior)
    await fold(pool, log)
    assert (await ask(pool, "paths_active_senior", **by_month)).cells == {}
    assert await value(pool, "paths_active", last=REFERRED - timedelta(days=1)) == 0
    log.append("path-1", moved.model_copy(update={"flags": flags("woman")}))
    await fold(pool, log)
    assert await value(pool, "paths_active", last=EARLIER - timedelta(days=1)) == 0
    assert await cells(pool, "paths_active", "residence", last=EARLIER) == {"community": 1}
    # A step that is told late, of a day before the one that had been recorded for the referral.
    early = PathExited(**told(EARLIER + timedelta(days=7), referred_on=EARLIER, status="exited", **LEAVING))
    of_one = moved.model_copy(update={"agency": "mission_locale", "spells": SPELLS_OF_ONE})
    log.append("path-2", referred, of_one, early)
    await fold(pool, log)
    assert await value(pool, "paths_active", last=EARLIER + timedelta(days=6)) == 2
    assert await value(pool, "paths_active", last=EARLIER + timedelta(days=7)) == 1


LEAVING: Final[dict[str, Any]] = {"reason": "in_job", "status_before": "referred", "residence": "community"}
SPELLS_OF_ONE: Final = (PathSpell(since=REFERRED, until=None, agency="mission_locale", flags=flags("woman")),)


async def test_nothing_counts_whose_six_months_are_not_over(pool: asyncpg.Pool) -> None:
    log, now = Log("employment.persons"), today()
    over, running = months_later(now, -6), months_later(now, -6) + timedelta(days=40)
    log.append("path-1", PathReferred(**told(over, referred_on=over), registered_since=None))
    job = Access(hired_on=over + timedelta(days=9), days=9, days_engaged=None, within_6_months=True)
    for number, (who, on) in enumerate([(SACHA, over), (CLAUDE, running)], 2):
        begun: dict[str, Any] = told(on, referred_on=on, seeker=who)
        log.append(f"path-{number}", PathReferred(**begun, registered_since=None))
        found = PathJobStarted(
            **{**begun, "access": job, "status": "in_job"}, hire=HIRE, hired_on=job.hired_on, access_before=None
        )
        log.append(f"path-{number}", found)
    log.append("hire-1", hired(1, SACHA, over), HireSustained(**hire(1, SACHA, over), sustained_on=now))
    log.append("hire-2", hired(1, CLAUDE, running))
    await fold(pool, log)
    ahead = now + timedelta(days=400)
    for last in (None, now, ahead):
        assert await value(pool, "referrals", last=last) == 3
        assert await value(pool, "referrals_over_6m", last=last) == 2
        assert await value(pool, "access_to_employment_6m", last=last) == Decimal("0.5")
        assert await value(pool, "sustained_rate_6m", last=last) == 1
    assert await value(pool, "access_to_employment_6m", last=now - timedelta(days=1)) is None
    filled = await ask(pool, "referrals_over_6m", by=("month",), first=now, last=ahead, filled=True)
    assert [cell.value for cell in filled.cells.values()] == [2]
    async with snapshot(pool, CATALOGUE) as read:
        current = await read.current([CATALOGUE["referrals_over_6m"], CATALOGUE["sustained_rate_6m"]])
    assert {name: answer.total.value for name, answer in current.items()} == {
        "referrals_over_6m": 2,
        "sustained_rate_6m": 1,
    }


async def test_the_days_to_a_job_are_those_of_paths_that_led_to_one(pool: asyncpg.Pool) -> None:
    log = Log("employment.persons")
    log.append("path-1", referred, started)
    log.append("path-2", PathReferred(**told(seeker=SACHA), registered_since=None))
    await fold(pool, log)
    assert await value(pool, "days_to_hire") == 35
    assert await cells(pool, "days_to_hire", "month") == {"2024-02": 35}
    log.append("path-1", later)
    await fold(pool, log)
    assert await cells(pool, "days_to_hire", "month") == {"2024-07": 183}
