"""What a company says of its meters, and the manager of the zone of their readings: what it changes, and what not."""

from datetime import date, timedelta
from typing import Any, get_args

import pytest

from companies.bounds import Plausible
from companies.company import companies
from companies.meter import (
    METER_TWICE,
    MOST_KEPT,
    CorrectReading,
    DiscardReading,
    Install,
    Meter,
    Reading,
    RecordReading,
    Remove,
    Replace,
    ValidateReading,
    meters,
)
from contracts import Event, sample_siret
from contracts.companies.company import CompanyActivated, CompanyApplied
from contracts.companies.meter import (
    ConsumptionPeriod,
    MeterInstalled,
    MeterRemoved,
    MeterReplaced,
    ReadingCorrected,
    ReadingDiscarded,
    ReadingRecorded,
    ReadingValidated,
)
from eventstore.decider import Actor, Claim, Command
from eventstore.specification import Specification

TODAY = date(2024, 9, 2)
given = Specification(meters, today=TODAY)


def day(month: int, day_of_month: int = 1) -> date:
    return date(2024, month, day_of_month)


COMPANY = sample_siret(0)
MEMBERSHIP: dict[str, Any] = {"company": COMPANY, "naf": "24.54Z", "commune": "36088", "zone": None}
applied = CompanyApplied(
    **MEMBERSHIP, name="Fonderie", legal_form="5710", headcount=42, size_band="12", effective_on=day(1)
)
APPLICANT = companies.fold((applied,))
MEMBER = companies.fold((applied, CompanyActivated(**MEMBERSHIP, headcount=42, size_band="12", effective_on=day(1))))

METER: dict[str, Any] = {
    "company": COMPANY,
    "naf": "24.54Z",
    "commune": "36171",
    "zone": "zi-limoise",
    "kind": "water",
}
JANUARY, FEBRUARY, MARCH, APRIL = day(1, 31), day(2, 29), day(3, 31), day(4, 30)


def period(first: date, last: date, consumption: int) -> ConsumptionPeriod:
    return ConsumptionPeriod(first=first, last=last, consumption=consumption)


def read(
    on: date, index: int, *periods: ConsumptionPeriod, before: tuple[ConsumptionPeriod, ...] = ()
) -> ReadingRecorded:
    return ReadingRecorded(**METER, index=index, periods_before=before, periods=periods, effective_on=on)


install = Install(
    company=COMPANY, kind="water", reference="C15FA-204417", commune="36171", zone="zi-limoise", index=1_000, on=day(1)
)
installed = MeterInstalled(**METER, reference="C15FA-204417", index=1_000, effective_on=day(1))
OF_JANUARY = period(day(1), JANUARY, 310)
OF_FEBRUARY_AND_MARCH = period(day(2), MARCH, 190)
january = read(JANUARY, 1_310, OF_JANUARY)
march = read(MARCH, 1_500, OF_FEBRUARY_AND_MARCH)
replaced = MeterReplaced(
    **METER,
    reference_before="C15FA-204417",
    reference="D24FA-118203",
    index=1_600,
    restarts_at=5,
    reason="smart_meter",
    periods_before=(),
    periods=(period(day(4), APRIL, 100),),
    effective_on=APRIL,
)
removed = MeterRemoved(
    **METER, index=1_600, reason="supply_ended", periods_before=(), periods=replaced.periods, effective_on=APRIL
)
PAST = (installed, january, march)
PASTS: dict[str, tuple[Event, ...]] = {"in_service": PAST, "removed": (*PAST, removed)}


def state(*events: Event) -> Meter:
    meter = given(*events).state
    assert meter is not None
    return meter


# Installed


def test_a_member_has_a_meter_where_it_says_and_its_first_index_is_to_be_looked_at() -> None:
    given().knowing(MEMBER).when(install).then(installed)
    given().knowing(MEMBER).when(install).then_state(
        status="in_service",
        index=1_000,
        read_on=day(1),
        to_validate=True,
        installed_on=day(1),
        readings=(Reading(read_on=day(1), index=1_000),),
    )
    given(installed).when(install).rejected("meter-exists")


@pytest.mark.parametrize("company", [None, APPLICANT])
def test_only_an_active_member_installs_a_meter(company: Any) -> None:
    given().knowing(company).when(install).rejected("not-a-member")


def test_a_company_has_one_meter_of_a_kind_and_reference_until_it_is_removed() -> None:
    given(installed).holds(Claim(METER_TWICE, f"{COMPANY}/water/C15FA-204417"))
    small = installed.model_copy(update={"reference": "c15fa-204417"})
    given(small).holds(Claim(METER_TWICE, f"{COMPANY}/water/C15FA-204417"))
    given(*PAST, replaced).holds(Claim(METER_TWICE, f"{COMPANY}/water/D24FA-118203"))
    given(*PASTS["removed"]).holds()


# Read


def test_a_reading_ends_a_period_that_begins_where_the_one_before_ended() -> None:
    given(installed).when(RecordReading(index=1_310, on=JANUARY)).then(january)
    given(installed, january).when(RecordReading(index=1_500, on=MARCH)).then(march)
    given(installed, january).when(RecordReading(index=1_500, on=MARCH)).then_state(
        index=1_500,
        read_on=MARCH,
        effective_on=day(1),
        readings=(
            Reading(read_on=day(1), index=1_000),
            Reading(read_on=JANUARY, index=1_310, consumption=310),
            Reading(read_on=MARCH, index=1_500, consumption=190),
        ),
    )


def test_nothing_may_have_been_consumed() -> None:
    idle = read(JANUARY, 1_000, period(day(1), JANUARY, 0))
    given(installed).when(RecordReading(index=1_000, on=JANUARY)).then(idle)


def test_a_late_reading_parts_the_period_that_it_falls_into() -> None:
    given(*PAST).when(RecordReading(index=1_400, on=FEBRUARY)).then(
        read(
            FEBRUARY,
            1_400,
            period(day(2), FEBRUARY, 90),
            period(day(3), MARCH, 100),
            before=(OF_FEBRUARY_AND_MARCH,),
        )
    )
    late = given(*PAST).when(RecordReading(index=1_400, on=FEBRUARY))
    late.then_state(index=1_500, read_on=MARCH, effective_on=day(1))
    after = given(*PAST, *late.events).state
    assert after is not None
    assert [each.consumption for each in after.readings] == [0, 310, 90, 100]


def test_what_is_read_twice_is_recorded_once_and_not_otherwise() -> None:
    given(*PAST).when(RecordReading(index=1_310, on=JANUARY)).then()
    given(*PAST).when(RecordReading(index=1_311, on=JANUARY)).rejected("reading-exists")
    given(installed).when(RecordReading(index=1_001, on=day(1))).rejected("reading-exists")


@pytest.mark.parametrize(
    ("index", "on", "slug"),
    [
        (1_499, APRIL, "index-falls"),
        (1_309, FEBRUARY, "index-falls"),
        (1_501, FEBRUARY, "index-falls"),
        (900, date(2023, 12, 31), "before-installation"),
        (1_600, TODAY + timedelta(days=1), "on-in-the-future"),
        (310_001 + 1_500, APRIL, "consumption-beyond-reason"),
    ],
)
def test_what_no_meter_shows_is_refused(index: int, on: date, slug: str) -> None:
    given(*PAST).when(RecordReading(index=index, on=on)).rejected(slug)


@pytest.mark.parametrize(("kind", "most"), [("water", 10_000), ("electricity", 2_400_000), ("gas", 4_800_000)])
def test_what_is_beyond_reason_depends_on_what_is_measured(kind: str, most: int) -> None:
    other = given(installed.model_copy(update={"kind": kind}))
    other.when(RecordReading(index=1_000 + 31 * most, on=JANUARY)).then_state(index=1_000 + 31 * most)
    other.when(RecordReading(index=1_001 + 31 * most, on=JANUARY)).rejected("consumption-beyond-reason")


def test_what_is_beyond_reason_is_what_the_deployment_says() -> None:
    ours = given(installed).under(Plausible(most_water_a_day=20, most_days_between_readings=40))
    ours.when(RecordReading(index=1_000 + 31 * 20, on=JANUARY)).then_state(index=1_000 + 31 * 20)
    ours.when(RecordReading(index=1_001 + 31 * 20, on=JANUARY)).rejected("consumption-beyond-reason")
    ours.when(RecordReading(index=1_001, on=day(2, 10))).rejected("period-too-long")
    ours.when(Replace(index=1_001 + 31 * 20, restarts_at=0, reason="faulty", on=JANUARY)).rejected(
        "consumption-beyond-reason"
    )
    ours.when(Remove(index=1_001 + 31 * 20, reason="other", on=JANUARY)).rejected("consumption-beyond-reason")
    judged = given(installed, read(JANUARY, 1_100)).under(Plausible(most_water_a_day=20))
    judged.when(CorrectReading(reading=JANUARY, index=1_001 + 31 * 20, reason="other")).rejected(
        "consumption-beyond-reason"
    )


def test_a_meter_that_was_not_read_for_three_years_is_installed_anew() -> None:
    longest = timedelta(days=Plausible().most_days_between_readings)
    long_ago = installed.model_copy(update={"effective_on": day(6) - longest + timedelta(days=1)})
    given(long_ago).when(RecordReading(index=1_001, on=day(6))).then_state(index=1_001)
    given(long_ago).when(RecordReading(index=1_001, on=day(6, 2))).rejected("period-too-long")
    remove = Remove(index=1_000, reason="other", on=long_ago.effective_on)
    given(long_ago).when(remove).then_state(status="removed", removed_on=long_ago.effective_on)


def many(readings: int) -> tuple[Event, ...]:
    """A meter that was installed on the last day of 2017 and is read every week from then on."""
    first = date(2017, 12, 31)
    days = [first + timedelta(weeks=number) for number in range(1, readings + 1)]
    begun = installed.model_copy(update={"effective_on": first})
    weeks = [period(on - timedelta(days=6 + (number == 1)), on, 7 + (number == 1)) for number, on in enumerate(days, 1)]
    return begun, *(read(week.last, 1_001 + 7 * number, week) for number, week in enumerate(weeks, 1))


def test_a_meter_keeps_its_latest_readings_and_those_before_are_settled() -> None:
    past = many(MOST_KEPT + 3)
    meter = state(*past)
    assert len(meter.readings) == MOST_KEPT
    assert meter.readings[-1].index == meter.index == 1_001 + 7 * (MOST_KEPT + 3)
    oldest = meter.readings[0]
    assert (oldest.read_on, oldest.consumption) == (date(2018, 1, 28), 7)
    for command in (
        RecordReading(index=1_002, on=date(2018, 1, 16)),
        CorrectReading(reading=oldest.read_on, index=1_028, reason="other"),
        DiscardReading(reading=oldest.read_on, reason="other"),
    ):
        given(*past).when(command).rejected("readings-settled")
    given(*past).when(ValidateReading(reading=oldest.read_on)).then_state(to_validate=True)
    gone = oldest.read_on - timedelta(weeks=1)
    given(*past).when(CorrectReading(reading=gone, index=1_028, reason="other")).rejected("reading-unknown")
    late = RecordReading(index=oldest.index + 1, on=oldest.read_on + timedelta(days=1))
    given(*past).when(late).then_state(index=meter.index, read_on=meter.read_on)


# Replaced and removed


def test_a_replaced_meter_has_a_last_index_and_another_begins_with_its_own() -> None:
    replace = Replace(index=1_600, restarts_at=5, reference="D24FA-118203", reason="smart_meter", on=APRIL)
    given(*PAST).when(replace).then(replaced)
    given(*PAST).when(replace).then_state(
        status="in_service", reference="D24FA-118203", index=5, read_on=APRIL, replaced_on=APRIL, effective_on=APRIL
    )
    may = read(day(5, 31), 65, period(day(5), day(5, 31), 60))
    given(*PAST, replaced).when(RecordReading(index=65, on=day(5, 31))).then(may)
    given(*PAST, replaced).when(RecordReading(index=4, on=day(5, 31))).rejected("index-falls")
    given(*PAST, replaced).when(RecordReading(index=1_550, on=day(4, 15))).then_state(index=5)


def test_a_meter_that_begins_anew_keeps_its_reference() -> None:
    full = installed.model_copy(update={"index": 99_990})
    rolled = Replace(index=99_999, restarts_at=0, reason="rolled_over", on=day(1, 4))
    given(full).when(rolled).then_state(reference="C15FA-204417", index=0, reason="rolled_over")
    anew = given(full).when(rolled).events
    given(full, *anew).when(RecordReading(index=12, on=day(1, 8))).then(
        read(day(1, 8), 12, period(day(1, 5), day(1, 8), 12))
    )


def test_what_was_read_on_the_day_of_a_replacement_or_a_removal_is_its_last_index() -> None:
    nothing: dict[str, Any] = {"periods_before": (), "periods": ()}
    replace = Replace(index=1_500, restarts_at=5, reason="faulty", on=MARCH)
    told = {**nothing, "reference_before": "C15FA-204417", "reference": "C15FA-204417"}
    given(*PAST).when(replace).then(
        MeterReplaced(**METER, **told, index=1_500, restarts_at=5, reason="faulty", effective_on=MARCH)
    )
    remove = Remove(index=1_500, reason="site_closed", on=MARCH)
    given(*PAST).when(remove).then(
        MeterRemoved(**METER, **nothing, index=1_500, reason="site_closed", effective_on=MARCH)
    )
    for command in (replace, remove):
        given(*PAST).when(command.model_copy(update={"index": 1_501})).rejected("reading-exists")
        given(*PAST).when(command.model_copy(update={"on": FEBRUARY})).rejected("read-later")
        given(*PAST).when(command.model_copy(update={"on": APRIL, "index": 1_499})).rejected("index-falls")


def test_a_meter_may_be_replaced_twice_and_removed_on_the_day_it_was_installed() -> None:
    first = Replace(index=1_000, restarts_at=7, reason="faulty", on=day(1))
    once = (installed, *given(installed).when(first).events)
    given(*once).when(Replace(index=1_000, restarts_at=0, reason="faulty", on=day(1))).rejected("reading-exists")
    again = Replace(index=7, restarts_at=3, reason="faulty", on=day(1))
    given(*once).when(again).then_state(readings=(Reading(read_on=day(1), index=1_000, restarts_at=3),), index=3)
    given(installed).when(Remove(index=1_000, reason="entered_by_mistake", on=day(1))).then_state(
        status="removed", removed_on=day(1), installed_on=day(1), reason="entered_by_mistake"
    )


def test_what_was_read_before_a_removal_is_recorded_after_it() -> None:
    past = PASTS["removed"]
    late = read(
        FEBRUARY,
        1_400,
        period(day(2), FEBRUARY, 90),
        period(day(3), MARCH, 100),
        before=(OF_FEBRUARY_AND_MARCH,),
    )
    given(*past).when(RecordReading(index=1_400, on=FEBRUARY)).then(late)
    given(*past).when(RecordReading(index=1_400, on=FEBRUARY)).then_state(
        status="removed", index=1_600, read_on=APRIL, removed_on=APRIL, effective_on=APRIL
    )
    given(*past, late).holds()
    given(*past).when(RecordReading(index=1_601, on=day(4, 15))).rejected("index-falls")
    given(*past).when(RecordReading(index=1_600, on=APRIL)).then()
    given(*past).when(RecordReading(index=1_599, on=APRIL)).rejected("reading-exists")
    given(*past).when(RecordReading(index=1_600, on=APRIL + timedelta(days=1))).rejected("after-removal")


def test_a_removed_meter_counts_no_more() -> None:
    given(*PAST).when(Remove(index=1_600, reason="supply_ended", on=APRIL)).then(removed)
    given(*PAST).when(Remove(index=1_600, reason="supply_ended", on=APRIL)).then_state(
        status="removed", removed_on=APRIL, index=1_600, read_on=APRIL
    )


# Validated, corrected, discarded


def test_the_manager_of_the_zone_validates_readings_one_by_one() -> None:
    validated = ReadingValidated(**METER, read_on=JANUARY, index=1_310, effective_on=TODAY)
    given(*PAST).when(ValidateReading(reading=JANUARY)).then(validated)
    given(*PAST, validated).when(ValidateReading(reading=JANUARY)).then()
    given(*PAST).when(ValidateReading(reading=FEBRUARY)).rejected("reading-unknown")
    rest = [
        ReadingValidated(**METER, read_on=on, index=index, effective_on=TODAY)
        for on, index in ((day(1), 1_000), (MARCH, 1_500))
    ]
    given(*PAST, validated, rest[0]).when(ValidateReading(reading=MARCH)).then_state(to_validate=False)
    assert state(*PAST).to_validate
    manager = Actor("manager", frozenset({"epci"}))
    assert "validate-reading" in meters.allowed(state(*PAST), manager)
    assert "validate-reading" not in meters.allowed(state(*PAST, validated, *rest), manager)


def test_what_is_validated_today_forbids_no_reading_of_last_month() -> None:
    validated = ReadingValidated(**METER, read_on=MARCH, index=1_500, effective_on=TODAY)
    given(*PAST, validated).when(RecordReading(index=1_600, on=APRIL)).then_state(read_on=APRIL, to_validate=True)
    given(*PAST, validated).when(Replace(index=1_600, restarts_at=0, reason="other", on=APRIL)).then_state(index=0)


def corrected(**changes: Any) -> ReadingCorrected:
    told: dict[str, Any] = {
        **METER,
        "read_before": JANUARY,
        "read_on": JANUARY,
        "index_before": 1_310,
        "index": 1_310,
        "restarts_before": None,
        "restarts_at": None,
        "periods_before": (),
        "periods": (),
        "reason": "typing_error",
        "effective_on": TODAY,
    }
    return ReadingCorrected(**told | changes)


def test_a_corrected_index_changes_the_periods_on_both_sides() -> None:
    right = corrected(
        index=1_301,
        periods_before=(OF_JANUARY, OF_FEBRUARY_AND_MARCH),
        periods=(period(day(1), JANUARY, 301), period(day(2), MARCH, 199)),
    )
    command = CorrectReading(reading=JANUARY, index=1_301, reason="typing_error")
    given(*PAST).when(command).then(right)
    given(*PAST, right).when(command).then()
    meter = state(*PAST, right)
    assert meter.readings[1] == Reading(read_on=JANUARY, index=1_301, consumption=301, status="corrected")
    assert (meter.readings[2].consumption, meter.readings[2].status) == (199, "recorded")
    given(*PAST, right).when(ValidateReading(reading=JANUARY)).then()


def test_a_corrected_day_moves_days_from_one_period_to_the_other() -> None:
    moved = corrected(
        read_on=day(2, 10),
        periods_before=(OF_JANUARY, OF_FEBRUARY_AND_MARCH),
        periods=(period(day(1), day(2, 10), 310), period(day(2, 11), MARCH, 190)),
        reason="wrong_day",
    )
    given(*PAST).when(CorrectReading(reading=JANUARY, read_on=day(2, 10), reason="wrong_day")).then(moved)
    assert [each.read_on for each in state(*PAST, moved).readings] == [day(1), day(2, 10), MARCH]


def test_the_last_and_the_first_reading_have_one_period() -> None:
    last = CorrectReading(reading=MARCH, index=1_510, read_on=day(3, 30), reason="misread")
    given(*PAST).when(last).then(
        corrected(
            read_before=MARCH,
            read_on=day(3, 30),
            index_before=1_500,
            index=1_510,
            periods_before=(OF_FEBRUARY_AND_MARCH,),
            periods=(period(day(2), day(3, 30), 200),),
            reason="misread",
        )
    )
    given(*PAST).when(last).then_state(index=1_510, read_on=day(3, 30), effective_on=day(1))
    first = CorrectReading(reading=day(1), index=990, reason="misread")
    given(*PAST).when(first).then(
        corrected(
            read_before=day(1),
            read_on=day(1),
            index_before=1_000,
            index=990,
            periods_before=(OF_JANUARY,),
            periods=(period(day(1), JANUARY, 320),),
            reason="misread",
        )
    )


def test_what_a_new_meter_began_with_is_corrected_and_changes_what_follows() -> None:
    past = (*PAST, replaced, read(day(5, 31), 65, period(day(5), day(5, 31), 60)))
    given(*past).when(CorrectReading(reading=APRIL, restarts_at=15, reason="misread")).then(
        corrected(
            read_before=APRIL,
            read_on=APRIL,
            index_before=1_600,
            index=1_600,
            restarts_before=5,
            restarts_at=15,
            periods_before=(period(day(5), day(5, 31), 60),),
            periods=(period(day(5), day(5, 31), 50),),
            reason="misread",
        )
    )
    given(*past).when(CorrectReading(reading=APRIL, restarts_at=66, reason="misread")).rejected("index-falls")
    given(*past).when(CorrectReading(reading=JANUARY, restarts_at=0, reason="misread")).rejected("not-replaced")


@pytest.mark.parametrize(
    ("changes", "slug"),
    [
        ({"index": 999}, "index-falls"),
        ({"index": 1_501}, "index-falls"),
        ({"read_on": day(1)}, "reading-out-of-order"),
        ({"read_on": MARCH}, "reading-out-of-order"),
        ({"reading": MARCH, "read_on": TODAY + timedelta(days=1)}, "reading-out-of-order"),
        ({"reading": MARCH, "index": 1_000_000}, "consumption-beyond-reason"),
        ({"reading": FEBRUARY, "index": 1_400}, "reading-unknown"),
        ({"reading": day(1), "read_on": day(1, 2)}, "day-of-a-step"),
    ],
)
def test_a_correction_keeps_what_holds_of_readings(changes: dict[str, Any], slug: str) -> None:
    command: dict[str, Any] = {"reading": JANUARY, "reason": "other", **changes}
    given(*PAST).when(CorrectReading(**command)).rejected(slug)


def test_a_correction_is_of_no_day_before_its_reading() -> None:
    too_early = CorrectReading(reading=MARCH, read_on=day(3, 30), reason="other", on=day(3, 29))
    given(*PAST).when(too_early).rejected("corrected-before-it-happened")
    later = CorrectReading(reading=MARCH, read_on=day(4, 2), reason="other", on=day(4, 1))
    given(*PAST).when(later).rejected("reading-out-of-order")


def test_a_reading_is_neither_validated_nor_discarded_before_its_day() -> None:
    validate = ValidateReading(reading=MARCH, on=MARCH)
    assert given(*PAST).when(validate).events
    early = {"on": day(3, 30)}
    given(*PAST).when(validate.model_copy(update=early)).rejected("validated-before-reading")
    discard = DiscardReading(reading=MARCH, reason="wrong_meter", on=day(3, 30))
    given(*PAST).when(discard).rejected("corrected-before-it-happened")


def test_a_discarded_reading_makes_its_periods_one() -> None:
    discarded: dict[str, Any] = {**METER, "reason": "wrong_meter", "effective_on": TODAY}
    given(*PAST).when(DiscardReading(reading=JANUARY, reason="wrong_meter")).then(
        ReadingDiscarded(
            **discarded,
            read_on=JANUARY,
            index=1_310,
            periods_before=(OF_JANUARY, OF_FEBRUARY_AND_MARCH),
            periods=(period(day(1), MARCH, 500),),
        )
    )
    given(*PAST).when(DiscardReading(reading=MARCH, reason="wrong_meter")).then(
        ReadingDiscarded(**discarded, read_on=MARCH, index=1_500, periods_before=(OF_FEBRUARY_AND_MARCH,), periods=())
    )
    given(*PAST).when(DiscardReading(reading=MARCH, reason="wrong_meter")).then_state(index=1_310, read_on=JANUARY)
    given(*PAST).when(DiscardReading(reading=FEBRUARY, reason="other")).rejected("reading-unknown")


def test_the_periods_of_a_discarded_reading_are_not_made_one_that_is_too_long() -> None:
    years = [date(2022, 1, 1) + timedelta(days=800 * number) for number in range(2)]
    past = (
        installed.model_copy(update={"effective_on": date(2021, 1, 1)}),
        read(years[0], 1_001, period(date(2021, 1, 1), years[0], 1)),
        read(years[1], 1_002, period(years[0] + timedelta(days=1), years[1], 1)),
    )
    given(*past).when(DiscardReading(reading=years[0], reason="other")).rejected("period-too-long")


@pytest.mark.parametrize(("past", "reading"), [(PAST, day(1)), ((*PAST, replaced), APRIL), (PASTS["removed"], APRIL)])
def test_the_reading_of_a_step_keeps_its_day_and_is_not_discarded(past: tuple[Event, ...], reading: date) -> None:
    given(*past).when(DiscardReading(reading=reading, reason="other")).rejected("day-of-a-step")
    moved = CorrectReading(reading=reading, read_on=reading + timedelta(days=1), reason="other")
    given(*past).when(moved).rejected("day-of-a-step")


ALLOWED: dict[type[Command], set[str]] = {
    RecordReading: {"in_service", "removed"},
    Replace: {"in_service"},
    Remove: {"in_service"},
    ValidateReading: {"in_service", "removed"},
    CorrectReading: {"in_service", "removed"},
    DiscardReading: {"in_service", "removed"},
}
COMMANDS: list[Command] = [
    RecordReading(index=1_400, on=FEBRUARY),
    Replace(index=1_700, restarts_at=0, reason="other"),
    Remove(index=1_700, reason="other"),
    ValidateReading(reading=JANUARY),
    CorrectReading(reading=JANUARY, index=1_301, reason="other"),
    DiscardReading(reading=JANUARY, reason="other"),
]


@pytest.mark.parametrize("status", get_args(Meter.model_fields["status"].annotation))
@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: type(command).__name__)
def test_anything_not_listed_is_refused(status: str, command: Command) -> None:
    decided = given(*PASTS[status]).when(command)
    if status in ALLOWED[type(command)]:
        assert decided.refusal is None
        assert decided.events
    else:
        decided.rejected("meter-not-in-service")


def test_who_decides() -> None:
    assert {decision.name: decision.by for decision in meters.decisions.values()} == {
        "install": ("company",),
        "record-reading": ("company",),
        "replace": ("company",),
        "remove": ("company",),
        "validate-reading": ("epci",),
        "correct-reading": ("epci",),
        "discard-reading": ("epci",),
    }
    meters.check()
