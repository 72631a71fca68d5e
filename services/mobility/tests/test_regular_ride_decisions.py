"""Every decision on a regular ride, as a sentence, and what follows from it."""

from datetime import date, timedelta
from typing import Any, Final

import pytest
from rides import (
    COMPANY,
    DAY,
    DRIVER,
    OFFERED,
    OTHER,
    PASSENGER,
    REGULAR,
    REGULAR_OFFERED,
    ROUTE,
    TODAY,
    asked,
    paris,
    rider,
)

from contracts.erasure import PersonErased
from contracts.mobility.regular_ride import (
    RegularRideEnded,
    RegularRideResumed,
    RegularRideScheduled,
    RegularRideSuspended,
)
from eventstore.decider import Due, Keep
from eventstore.reactions import Found, Identity, Issue
from eventstore.specification import Specification
from mobility.bounds import Plausible
from mobility.carpool_area import carpool_areas
from mobility.reactions import cancel_what_nobody_drives, end_what_nobody_drives, offer_the_day, release_who_is_nobody
from mobility.regular_ride import End, Finish, Offer, Resume, Schedule, Suspend, regular_rides
from mobility.ride import PASSENGER_UNKNOWN, RIDE_DEPARTED, Cancel, OfferScheduled, Release, SkipScheduled, rides

given = Specification(regular_rides, TODAY)
UNTIL: Final = date(2026, 1, 20)
PLACE: Final[dict[str, Any]] = {"company": COMPANY, "commune": "18055", "zone": None}
MONDAY: Final = date(2026, 1, 12)
SCHEDULED: Final = RegularRideScheduled(
    **ROUTE, driver=DRIVER, day=DAY, next_day=MONDAY, schedules_on=TODAY, effective_on=TODAY
)
SUSPENDED: Final = RegularRideSuspended(**PLACE, effective_on=TODAY)
ENDED: Final = RegularRideEnded(**PLACE, reason="driver_stops", effective_on=TODAY)


def offer(**changes: Any) -> Offer:
    told = {"driver": rider(), "weekdays": ("monday", "thursday"), "first": DAY, "until": UNTIL}
    return Offer(**{**ROUTE, **told, **changes})


def test_a_driver_takes_others_along_on_days_of_the_week() -> None:
    given().when(offer()).then(REGULAR_OFFERED)
    given().when(offer(first=MONDAY)).then_state(next_day=MONDAY, schedules_on=TODAY)
    given().when(offer(first=date(2026, 1, 13))).then_state(next_day=date(2026, 1, 15), schedules_on=date(2026, 1, 8))


def test_what_has_passed_when_it_is_entered_is_not_offered() -> None:
    given().when(offer(first=date(2025, 11, 3), on=date(2025, 11, 1))).then_state(next_day=DAY, schedules_on=TODAY)


@pytest.mark.parametrize(
    ("changes", "slug"),
    [
        ({"metres": 1_999}, "ride-too-short"),
        ({"weekdays": ("monday", "monday")}, "weekday-twice"),
        ({"until": DAY - timedelta(days=1)}, "regular-ride-reversed"),
        ({"until": TODAY + timedelta(days=366)}, "regular-ride-too-long"),
        ({"first": date(2025, 1, 1)}, "regular-ride-too-long"),
        ({"weekdays": ("sunday",), "until": date(2026, 1, 10)}, "regular-ride-never-goes"),
        ({"meeting_point": "limoise-entree"}, "meeting-point-unknown"),
    ],
)
def test_what_is_no_regular_ride_is_refused(changes: dict[str, Any], slug: str) -> None:
    given().when(offer(**changes)).rejected(slug)


def test_it_goes_for_a_school_year_at_most_unless_a_deployment_says_so() -> None:
    given().when(offer(until=TODAY + timedelta(days=365))).then_state(status="active")
    short = given().under(Plausible(regular_ride_longest_days=10))
    short.when(offer(until=TODAY + timedelta(days=10))).rejected("regular-ride-too-long")
    short.when(offer(until=TODAY + timedelta(days=9))).then_state(status="active")


def scheduled(day: date, next_day: date | None, schedules_on: date | None, on: date = TODAY) -> RegularRideScheduled:
    told: dict[str, Any] = {"day": day, "next_day": next_day, "schedules_on": schedules_on, "effective_on": on}
    return RegularRideScheduled(**ROUTE, driver=DRIVER, **told)


def test_each_day_is_scheduled_some_days_ahead_and_those_that_are_near_at_once() -> None:
    thursday = date(2026, 1, 15)
    given(REGULAR_OFFERED).is_due(Due(TODAY, Schedule()))
    at_once = (scheduled(DAY, MONDAY, TODAY), scheduled(MONDAY, thursday, DAY))
    given(REGULAR_OFFERED).when(Schedule()).then(*at_once)
    given(REGULAR_OFFERED, *at_once).is_due(Due(DAY, Schedule()))
    later = given(REGULAR_OFFERED, *at_once).at(paris(DAY, 0)).when(Schedule())
    later.then(scheduled(thursday, date(2026, 1, 19), MONDAY, on=DAY))
    near = given(REGULAR_OFFERED).under(Plausible(regular_ride_days_ahead=3)).when(Schedule())
    near.then(scheduled(DAY, MONDAY, date(2026, 1, 9)))


def test_what_became_too_late_while_the_platform_stood_still_is_passed_over() -> None:
    later = given(REGULAR_OFFERED).at(paris(DAY, 1)).when(Schedule())
    assert [event.day for event in later.events if isinstance(event, RegularRideScheduled)] == [
        MONDAY,
        date(2026, 1, 15),
    ]
    weekly = given(REGULAR_OFFERED.model_copy(update={"weekdays": ("thursday",)}))
    rarely = weekly.under(Plausible(regular_ride_days_ahead=1)).at(paris(DAY, 1)).when(Schedule())
    assert [event.day for event in rarely.events if isinstance(event, RegularRideScheduled)] == [date(2026, 1, 15)]
    over = given(REGULAR_OFFERED).at(paris(UNTIL, 1)).when(Schedule())
    over.then(RegularRideEnded(**PLACE, reason="over", effective_on=UNTIL))


def test_after_its_last_day_it_ends() -> None:
    last = SCHEDULED.model_copy(update={"day": date(2026, 1, 19), "next_day": None, "schedules_on": None})
    given(REGULAR_OFFERED, last).is_due(Due(date(2026, 1, 21), Finish()))
    ended = RegularRideEnded(**PLACE, reason="over", effective_on=date(2026, 1, 21))
    given(REGULAR_OFFERED, last).at(paris(date(2026, 1, 21), 0)).when(Finish()).then(ended)
    given(REGULAR_OFFERED, last, ended).is_due()


def test_it_is_suspended_and_goes_again() -> None:
    given(REGULAR_OFFERED).when(Suspend()).then(SUSPENDED)
    given(REGULAR_OFFERED, SUSPENDED).is_due(Due(date(2026, 1, 21), Finish()))
    given(REGULAR_OFFERED, SUSPENDED).when(Schedule()).rejected("regular-ride-not-active")
    resumed = RegularRideResumed(**PLACE, next_day=DAY, schedules_on=TODAY, effective_on=TODAY)
    given(REGULAR_OFFERED, SUSPENDED).when(Resume()).then(resumed)
    given(REGULAR_OFFERED, SUSPENDED, resumed).is_due(Due(TODAY, Schedule()))
    given(REGULAR_OFFERED, SUSPENDED).at(paris(UNTIL, 12)).when(Resume()).rejected("regular-ride-never-goes")


def test_it_ends_and_nothing_more_is_offered() -> None:
    given(REGULAR_OFFERED).when(End(reason="driver_stops")).then(ENDED)
    given(REGULAR_OFFERED, SUSPENDED).when(End(reason="driver_stops")).then(ENDED)
    given(REGULAR_OFFERED, ENDED).is_due()
    for command in (Schedule(), Suspend(), Resume(), End(reason="other")):
        assert given(REGULAR_OFFERED, ENDED).when(command).refusal
    given(REGULAR_OFFERED).by("network").when(End(reason="over")).rejected("reason-of-another-role")


def test_the_driver_is_known_for_a_year_after_it() -> None:
    given(REGULAR_OFFERED).keeps(Keep(DRIVER, date(2027, 1, 20)))
    given(REGULAR_OFFERED, ENDED).keeps(Keep(DRIVER, date(2027, 1, 5)))


# What follows


def test_a_day_becomes_a_ride_or_one_that_says_why_it_does_not_go() -> None:
    (issue,) = offer_the_day(SCHEDULED, Identity(REGULAR))
    told = {**ROUTE, "day": DAY, "driver": DRIVER, "regular_ride": REGULAR}
    assert issue == Issue(rides, None, OfferScheduled(**told), SkipScheduled(**told))


def test_who_is_erased_drives_nobody_and_rides_nowhere() -> None:
    erased = PersonErased(person=DRIVER, reason="request", effective_on=TODAY)
    ride = rides.fold((OFFERED, asked(), asked(2, OTHER)))
    regular = regular_rides.fold((REGULAR_OFFERED,))
    assert ride
    assert regular
    (cancel,) = cancel_what_nobody_drives(erased, [Found("r", ride)])
    assert cancel.commands == (Cancel(reason="person_erased"),)
    (end,) = end_what_nobody_drives(erased, [Found(REGULAR, regular)])
    assert end.commands == (End(reason="person_erased"),)
    (release,) = release_who_is_nobody(erased.model_copy(update={"person": OTHER}), [Found("r", ride)])
    assert release.commands == (Release(number=2, reason="person_erased"),)
    assert {RIDE_DEPARTED.slug, PASSENGER_UNKNOWN.slug} <= release.expected
    assert PASSENGER in ride.passengers


def test_a_meeting_point_that_is_closed_by_then_is_told() -> None:
    told = {**ROUTE, "day": DAY, "driver": DRIVER, "regular_ride": REGULAR, "meeting_point": "limoise-entree"}
    nowhere = Specification(rides, TODAY)().knowing(carpool_areas.fold(()))
    nowhere.when(OfferScheduled(**told)).rejected("meeting-point-unknown")
    nowhere.when(SkipScheduled(**told)).then_state(reason="meeting_point_closed", regular_ride=REGULAR)
