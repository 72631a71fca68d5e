"""Every decision on a ride, as a sentence: who may join whom, until when, and what it counts for."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

import pytest
from rides import (
    ANSWERED_BY,
    AREA_CLOSED,
    AREA_OPENED,
    AREA_PLANNED,
    ARRIVES,
    DAY,
    DEPARTS,
    DRIVER,
    DRIVER_CONFIRMED,
    FACTOR,
    OFFERED,
    ON_THE_DAY,
    ONE_CONFIRMED,
    OTHER,
    PASSENGER,
    RECORDED_BY,
    REGULAR,
    ROUTE,
    THIRD,
    TODAY,
    TWO_CONFIRMED,
    after,
    asked,
    confirmed,
    matched,
    paris,
    rider,
)

from contracts import Event, codes
from contracts.codes import EmissionFactor, emission_factor
from contracts.mobility.ride import (
    Otherwise,
    PassengerCame,
    PassengerMissed,
    PassengerRelease,
    PassengerReleased,
    RideCancelled,
    RideCompleted,
    RideMissed,
    RideOffered,
    RideOutcomeCorrected,
    RideSkipped,
)
from eventstore.decider import Claim, Due, Keep
from eventstore.specification import Given, Specification
from mobility.bounds import Plausible
from mobility.carpool_area import carpool_areas
from mobility.ride import (
    BETWEEN,
    IN_ANOTHER_RIDE,
    TOO_MANY_RIDES,
    Ask,
    Came,
    Cancel,
    Complete,
    ConfirmDriver,
    ConfirmPassenger,
    CorrectOutcome,
    Lapse,
    Match,
    Offer,
    OfferScheduled,
    RecordDriverMissed,
    RecordMissed,
    Release,
    Ride,
    SkipScheduled,
    avoided,
    rides,
)

given = Specification(rides, TODAY)
RIDDEN: Final[dict[str, Any]] = {**ON_THE_DAY, "effective_on": DAY}
CAME: Final = (PassengerCame(number=1, otherwise="drove_alone"),)
COMPLETED: Final = RideCompleted(
    **RIDDEN, seats=2, came=CAME, passengers=1, passenger_km=14.5, co2_avoided_kg=2.784, factor=FACTOR
)


def offer(**changes: Any) -> Offer:
    return Offer(**{**ROUTE, "day": DAY, "driver": rider(), **changes})


def departed(*events: Event) -> Given[Ride]:
    """What has happened, on the day of the ride, once it is over."""
    return given(*events).at(paris(DAY, 8))


# Offered


def test_a_driver_takes_others_along() -> None:
    given().when(offer()).then(OFFERED)


def test_a_ride_is_two_kilometres_or_longer() -> None:
    given().when(offer(metres=1_999)).rejected("ride-too-short")
    given().when(offer(metres=2_000)).then_state(metres=2_000)


def test_a_ride_is_offered_before_it_departs() -> None:
    given().when(offer(day=TODAY - timedelta(days=1))).rejected("ride-departed")
    given().when(offer(day=TODAY, departs="12:00")).rejected("ride-departed")
    given().when(offer(day=TODAY, departs="12:01")).then_state(departs_at=paris(TODAY, 12, 1))


def test_a_ride_is_not_offered_too_far_ahead() -> None:
    far = given().under(Plausible(ride_days_ahead=3))
    far.when(offer(day=TODAY + timedelta(days=4))).rejected("ride-too-far-ahead")
    far.when(offer(day=TODAY + timedelta(days=3))).then_state(status="offered")


def test_what_is_entered_after_its_departure_is_open_for_a_day() -> None:
    was = TODAY - timedelta(days=10)
    tomorrow = after(paris(TODAY, 12), days=1)
    late = given().when(offer(on=was, day=was))
    late.then_state(departs_at=paris(was, 7, 20), open_until=tomorrow, record_until=after(tomorrow, days=30))
    ride = given(OFFERED.model_copy(update={"day": was, "departs_at": paris(was, 7, 20), "open_until": tomorrow}))
    ride.when(Ask(passenger=rider(PASSENGER), on=TODAY)).rejected("ride-departed")


def test_an_hour_that_the_clocks_skip_is_the_one_that_they_go_to() -> None:
    spring = date(2026, 3, 29)
    given().when(offer(day=spring, departs="02:30")).then_state(departs_at=paris(spring, 3, 30))
    autumn = given().under(Plausible(ride_days_ahead=400)).when(offer(day=date(2026, 10, 25), departs="01:50"))
    autumn.then_state(arrives_at=after(paris(date(2026, 10, 25), 1, 50), minutes=20))


@pytest.mark.parametrize(
    ("events", "slug"),
    [
        ((), "meeting-point-unknown"),
        ((AREA_PLANNED,), "meeting-point-not-open"),
        ((AREA_PLANNED, AREA_OPENED, AREA_CLOSED), "meeting-point-not-open"),
    ],
)
def test_one_meets_at_a_carpool_area_that_is_open(events: tuple[Event, ...], slug: str) -> None:
    at_the_area = offer(meeting_point="limoise-entree")
    given().knowing(carpool_areas.fold(events)).when(at_the_area).rejected(slug)
    area = carpool_areas.fold((AREA_PLANNED, AREA_OPENED))
    given().knowing(area).when(at_the_area).then(OFFERED.model_copy(update={"meeting_point": "limoise-entree"}))


def scheduled(**changes: Any) -> dict[str, Any]:
    return {**ROUTE, "day": DAY, "driver": DRIVER, "regular_ride": REGULAR, **changes}


def test_a_regular_ride_goes_on_its_day_or_says_why_not() -> None:
    given().when(OfferScheduled(**scheduled())).then(OFFERED.model_copy(update={"regular_ride": REGULAR}))
    given().when(OfferScheduled(**scheduled(day=TODAY))).rejected("ride-departed")
    told = {**OFFERED.__dict__, "regular_ride": REGULAR}
    skipped = RideSkipped(**told, reason="driver_in_another_ride")
    given().when(SkipScheduled(**scheduled())).then(skipped)
    given(skipped).holds()
    given(skipped).is_due()
    closed = SkipScheduled(**scheduled(meeting_point="limoise-entree"))
    given().knowing(carpool_areas.fold((AREA_PLANNED,))).when(closed).then_state(
        status="cancelled", reason="meeting_point_closed"
    )


# Joined


def test_who_asks_has_a_seat_until_the_driver_answers() -> None:
    given(OFFERED).when(Ask(passenger=rider(PASSENGER))).then(asked())
    given(OFFERED, asked()).when(Ask(passenger=rider(OTHER))).then(asked(2, OTHER))
    given(OFFERED).when(Ask(passenger=rider(PASSENGER))).then_state(
        status="offered", seats_taken=1, passengers=(PASSENGER,)
    )


def test_who_asks_late_is_answered_until_departure() -> None:
    late = given(OFFERED).at(ANSWERED_BY).when(Ask(passenger=rider(PASSENGER)))
    late.then(asked(answer_until=DEPARTS, effective_on=ANSWERED_BY.date()))
    sooner = given(OFFERED).under(Plausible(ride_hours_to_answer=48))
    sooner.when(Ask(passenger=rider(PASSENGER))).then(asked(answer_until=after(DEPARTS, hours=-48)))


def test_seats_are_never_oversold() -> None:
    full = given(OFFERED, asked(), asked(2, OTHER), matched())
    full.when(Ask(passenger=rider(THIRD))).rejected("ride-full")


def test_a_driver_is_no_passenger_and_a_passenger_is_one_once() -> None:
    given(OFFERED).when(Ask(passenger=rider(DRIVER))).rejected("driver-is-passenger")
    given(OFFERED, asked()).when(Ask(passenger=rider(PASSENGER))).rejected("passenger-twice")


def test_seats_of_a_ride_are_not_asked_for_without_end() -> None:
    gone = PassengerReleased(**ON_THE_DAY, number=1_000, passenger=PASSENGER, reason="withdrew")
    given(OFFERED, asked(1_000), gone).when(Ask(passenger=rider(PASSENGER))).rejected("too-often-asked")


def test_the_driver_agrees() -> None:
    given(OFFERED, asked()).when(Match(number=1)).then(matched())
    given(OFFERED, asked()).when(Match(number=1)).then_state(status="matched")
    given(OFFERED, asked(), matched()).when(Match(number=1)).then()
    given(OFFERED, asked()).when(Match(number=2)).rejected("passenger-unknown")


@pytest.mark.parametrize("reason", ["withdrew", "declined", "changed_plans", "other"])
def test_either_side_may_change_its_mind_and_the_seat_is_free(reason: PassengerRelease) -> None:
    released = PassengerReleased(**ON_THE_DAY, number=1, passenger=PASSENGER, reason=reason)
    given(OFFERED, asked()).when(Release(number=1, reason=reason)).then(released)
    given(*TWO_CONFIRMED).when(Release(number=2, reason=reason)).then_state(
        status="confirmed", seats_taken=1, passengers=(PASSENGER,)
    )
    given(*ONE_CONFIRMED).when(Release(number=1, reason=reason)).then_state(status="offered", seats_taken=0)
    given(OFFERED, asked(), released).when(Ask(passenger=rider(PASSENGER))).then(asked(2))
    given(OFFERED, asked(), released).when(Release(number=1, reason=reason)).rejected("passenger-unknown")


def test_only_the_platform_says_that_somebody_has_not_answered() -> None:
    given(OFFERED, asked()).by("network").when(Release(number=1, reason="not_answered")).rejected(
        "reason-of-another-role"
    )
    given(OFFERED, asked()).by("network").when(Cancel(reason="nobody_confirmed")).rejected("reason-of-another-role")


def test_both_sides_confirm() -> None:
    agreed = (OFFERED, asked(), matched())
    given(*agreed).when(ConfirmPassenger(number=1)).then(confirmed())
    given(*agreed).when(ConfirmPassenger(number=1)).then_state(status="matched")
    given(*agreed).when(ConfirmDriver()).then(DRIVER_CONFIRMED)
    given(*agreed).when(ConfirmDriver()).then_state(status="matched")
    given(*agreed, confirmed()).when(ConfirmDriver()).then_state(status="confirmed")
    given(*agreed, DRIVER_CONFIRMED).when(ConfirmPassenger(number=1)).then_state(status="confirmed")
    given(*agreed, confirmed()).when(ConfirmPassenger(number=1)).then()
    given(*agreed, DRIVER_CONFIRMED).when(ConfirmDriver()).then()


def test_who_is_agreed_to_after_the_driver_has_confirmed_needs_but_the_passenger() -> None:
    later = given(*ONE_CONFIRMED, asked(2, OTHER), matched(2, OTHER))
    later.when(ConfirmPassenger(number=2)).then(confirmed(2, OTHER))


def test_nobody_confirms_what_is_not_agreed_to() -> None:
    given(OFFERED, asked()).when(ConfirmPassenger(number=1)).rejected("ride-not-matched")
    given(OFFERED, asked()).when(ConfirmDriver()).rejected("ride-not-matched")
    later = given(OFFERED, asked(), matched(), asked(2, OTHER))
    later.when(ConfirmPassenger(number=2)).rejected("passenger-status")


@pytest.mark.parametrize(
    "command",
    [
        Ask(passenger=rider(OTHER)),
        Match(number=1),
        Release(number=1, reason="withdrew"),
        ConfirmPassenger(number=1),
        Cancel(reason="driver_unavailable"),
    ],
)
def test_what_is_for_the_time_before_departure_is_refused_afterwards(command: Any) -> None:
    ride = given(OFFERED, asked(), matched())
    ride.at(DEPARTS).when(command).rejected("ride-departed")
    assert ride.at(after(DEPARTS, minutes=-1)).when(command).refusal is None


def test_a_ride_is_cancelled_and_then_nothing_is_held() -> None:
    cancelled = RideCancelled(**ON_THE_DAY, reason="driver_unavailable")
    for events in ((OFFERED,), (OFFERED, asked(), matched()), ONE_CONFIRMED):
        given(*events).when(Cancel(reason="driver_unavailable")).then(cancelled)
    given(*ONE_CONFIRMED, cancelled).holds()
    given(*ONE_CONFIRMED, cancelled).is_due()
    given(*ONE_CONFIRMED, cancelled).when(Ask(passenger=rider(OTHER))).rejected("ride-not-offered")


# What is due


def test_who_is_not_answered_in_time_falls_away() -> None:
    ride = given(OFFERED, asked(), asked(2, OTHER), matched())
    ride.is_due(Due(ANSWERED_BY, Lapse()))
    released = PassengerReleased(**ON_THE_DAY, number=2, passenger=OTHER, reason="not_answered")
    told = released.model_copy(update={"effective_on": ANSWERED_BY.date()})
    ride.at(ANSWERED_BY).when(Lapse()).then(told)
    given(OFFERED, asked(), matched()).is_due(Due(DEPARTS, Lapse()))


def test_who_has_not_confirmed_by_departure_falls_away_where_others_have() -> None:
    ride = given(*ONE_CONFIRMED, asked(2, OTHER), matched(2, OTHER))
    ride.is_due(Due(DEPARTS, Lapse()))
    ride.at(DEPARTS).when(Lapse()).then(PassengerReleased(**RIDDEN, number=2, passenger=OTHER, reason="not_confirmed"))


@pytest.mark.parametrize("events", [(OFFERED,), (OFFERED, asked(), matched(), confirmed())])
def test_a_ride_that_nobody_has_confirmed_is_cancelled_at_its_departure(events: tuple[Event, ...]) -> None:
    given(*events).is_due(Due(DEPARTS, Lapse()))
    given(*events).at(DEPARTS).when(Lapse()).then(RideCancelled(**RIDDEN, reason="nobody_confirmed"))


def test_a_ride_of_which_nobody_tells_how_it_was_is_cancelled_in_the_end() -> None:
    given(*ONE_CONFIRMED).is_due(Due(RECORDED_BY, Lapse()))
    told = {**RIDDEN, "effective_on": RECORDED_BY.date()}
    given(*ONE_CONFIRMED).at(RECORDED_BY).when(Lapse()).then(RideCancelled(**told, reason="not_recorded"))


# How it was


def complete(*came: tuple[int, Otherwise]) -> Complete:
    return Complete(came=tuple(Came(number=number, otherwise=otherwise) for number, otherwise in came))


def test_a_ride_took_place_and_counts_for_who_would_have_driven_alone() -> None:
    departed(*ONE_CONFIRMED).when(complete((1, "drove_alone"))).then(COMPLETED)


@pytest.mark.parametrize("otherwise", ["carpool", "bus_or_train", "bike", "walk", "not_at_all", "other"])
def test_who_would_not_have_driven_avoids_nothing(otherwise: Otherwise) -> None:
    both = departed(*TWO_CONFIRMED).when(complete((2, "drove_alone"), (1, otherwise)))
    both.then_state(passenger_km=29.0, co2_avoided_kg=2.784, status="completed")
    assert [each.number for each in rides.fold(both.events, both.state).came] == [1, 2]  # type: ignore[union-attr]
    departed(*ONE_CONFIRMED).when(complete((1, otherwise))).then_state(passenger_km=14.5, co2_avoided_kg=0.0)


def test_of_everybody_who_had_confirmed_it_is_told_how_it_was() -> None:
    ride = departed(*TWO_CONFIRMED)
    ride.when(complete((1, "bike"))).rejected("outcome-missing")
    ride.when(complete((1, "bike"), (1, "walk"))).rejected("came-twice")
    ride.when(complete((1, "bike"), (2, "walk"), (3, "walk"))).rejected("had-not-confirmed")
    departed(*ONE_CONFIRMED, asked(2, OTHER)).when(complete((1, "bike"), (2, "walk"))).rejected("had-not-confirmed")


def test_a_passenger_did_not_come_and_the_others_did() -> None:
    missed = PassengerMissed(**RIDDEN, number=1, passenger=PASSENGER)
    departed(*TWO_CONFIRMED).when(RecordMissed(number=1)).then(missed)
    departed(*TWO_CONFIRMED, missed).when(RecordMissed(number=1)).rejected("passenger-status")
    done = departed(*TWO_CONFIRMED, missed).when(complete((2, "drove_alone")))
    done.then_state(status="completed", passenger_km=14.5, seats_taken=2)
    departed(*TWO_CONFIRMED, missed).when(complete((1, "walk"), (2, "walk"))).rejected("had-not-confirmed")


def test_where_nobody_came_the_ride_did_not_take_place() -> None:
    missed = PassengerMissed(**RIDDEN, number=1, passenger=PASSENGER)
    departed(*ONE_CONFIRMED).when(RecordMissed(number=1)).then(
        missed, RideMissed(**RIDDEN, seats=2, missing="passengers")
    )


def test_the_driver_did_not_come() -> None:
    missed = RideMissed(**RIDDEN, seats=2, missing="driver")
    departed(*TWO_CONFIRMED).when(RecordDriverMissed()).then(missed)
    departed(*TWO_CONFIRMED, missed).holds()
    departed(*TWO_CONFIRMED, missed).when(complete((1, "walk"), (2, "walk"))).rejected("ride-not-confirmed")


@pytest.mark.parametrize("command", [complete((1, "walk")), RecordMissed(number=1), RecordDriverMissed()])
def test_how_it_was_is_told_once_it_has_departed(command: Any) -> None:
    given(*ONE_CONFIRMED).at(after(DEPARTS, minutes=-1)).when(command).rejected("ride-not-departed")
    yesterday = command.model_copy(update={"on": DAY - timedelta(days=1)})
    departed(*ONE_CONFIRMED).when(yesterday).rejected("ride-not-departed")
    departed(OFFERED, asked(), matched()).when(command).rejected("ride-not-confirmed")


def test_an_outcome_is_corrected_and_keeps_its_factor() -> None:
    old = FACTOR.model_copy(update={"factor": "car-use-2020", "year": 2020, "kg_per_km": 0.2})
    counted = COMPLETED.model_copy(update={"factor": old, "co2_avoided_kg": 2.9})
    correct = CorrectOutcome(came=(Came(number=1, otherwise="bike"),), reason="checked", on=DAY)
    corrected = RideOutcomeCorrected(
        **RIDDEN,
        seats=2,
        status_before="completed",
        status="completed",
        came_before=CAME,
        came=(PassengerCame(number=1, otherwise="bike"),),
        passengers_before=1,
        passengers=1,
        passenger_km_before=14.5,
        passenger_km=14.5,
        co2_avoided_kg_before=2.9,
        co2_avoided_kg=0.0,
        factor=old,
        reason="checked",
    )
    departed(*ONE_CONFIRMED, counted).when(correct).then(corrected)
    back = correct.model_copy(update={"came": (Came(number=1, otherwise="drove_alone"),)})
    departed(*ONE_CONFIRMED, counted, corrected).when(back).then_state(co2_avoided_kg=2.9, factor=old)
    departed(*ONE_CONFIRMED, counted).when(back).then()


def test_a_ride_that_was_told_of_by_mistake_did_not_take_place_after_all_and_the_other_way_round() -> None:
    nobody = CorrectOutcome(came=(), reason="typing_error", on=DAY)
    ride = departed(*ONE_CONFIRMED, COMPLETED)
    ride.when(nobody).then_state(status="no_show", missing="passengers", passenger_km=0.0, co2_avoided_kg=0.0)
    missed = RideMissed(**RIDDEN, seats=2, missing="driver")
    came = CorrectOutcome(came=(Came(number=1, otherwise="drove_alone"),), reason="late_report", on=DAY)
    departed(*ONE_CONFIRMED, missed).when(came).then_state(
        status="completed", missing=None, co2_avoided_kg=2.784, factor=FACTOR, ended_on=DAY, corrected_on=DAY
    )
    departed(*ONE_CONFIRMED, missed).when(nobody).then()
    stranger = CorrectOutcome(came=(Came(number=2, otherwise="walk"),), reason="other", on=DAY)
    departed(*ONE_CONFIRMED, COMPLETED).when(stranger).rejected("had-not-confirmed")
    early = nobody.model_copy(update={"on": TODAY})
    departed(*ONE_CONFIRMED, COMPLETED).when(early).rejected("corrected-before-the-ride")


# What is held, and for how long who is known


def test_driver_and_passengers_are_in_one_ride_at_a_time_and_in_four_a_day() -> None:
    during = (DEPARTS, after(ARRIVES, minutes=30))
    assert timedelta(minutes=30) == BETWEEN
    given(OFFERED, asked()).holds(
        *(
            claim
            for subject in (DRIVER, PASSENGER)
            for claim in (
                Claim(IN_ANOTHER_RIDE, subject, during=during),
                Claim(TOO_MANY_RIDES, f"{subject}/2026-01-08", limit=4),
            )
        )
    )


def test_who_did_not_come_was_in_no_ride() -> None:
    missed = PassengerMissed(**RIDDEN, number=1, passenger=PASSENGER)
    there = {claim.key for claim in rides.claims_of(departed(*TWO_CONFIRMED, missed).state)}
    assert there == {DRIVER, f"{DRIVER}/2026-01-08", OTHER, f"{OTHER}/2026-01-08"}


def test_who_rides_along_is_known_for_a_year_and_who_does_not_no_longer() -> None:
    until = date(2027, 1, 8)
    given(OFFERED, asked()).keeps(Keep(DRIVER, until), Keep(PASSENGER, until))
    released = PassengerReleased(**ON_THE_DAY, number=1, passenger=PASSENGER, reason="withdrew")
    given(OFFERED, asked(), released).keeps(Keep(DRIVER, until))
    leap = OFFERED.model_copy(update={"day": date(2028, 2, 29)})
    given(leap).keeps(Keep(DRIVER, date(2029, 2, 28)))


# Factors


def test_the_factor_in_force_is_that_of_the_latest_year_and_of_its_last_row() -> None:
    car: dict[str, Any] = {"scope": "use", "mode": "car", "source": "test"}
    factors = [
        EmissionFactor(id="a", year=2024, kg_per_km=Decimal("0.192"), **car),
        EmissionFactor(id="b", year=2026, kg_per_km=Decimal("0.18"), **car),
        EmissionFactor(id="c", year=2024, kg_per_km=Decimal("0.2"), **car),
        EmissionFactor(id="d", year=2027, kg_per_km=Decimal("0.1"), **{**car, "mode": "e_bike"}),
    ]
    in_force = {
        day: emission_factor("car", date.fromisoformat(day), factors).id for day in ("2019-01-01", "2025-12-31")
    }
    assert in_force == {"2019-01-01": "c", "2025-12-31": "c"}
    assert emission_factor("car", date(2026, 1, 1), factors).id == "b"
    assert emission_factor("car", date(2030, 1, 1), factors).id == "b"
    with pytest.raises(LookupError):
        emission_factor("train", date(2026, 1, 1), factors)


def test_a_factor_has_an_id_of_its_own_and_a_car_twice_that_of_two_in_it() -> None:
    factors = codes.emission_factors()
    assert len({each.id for each in factors}) == len(factors)
    assert {each.mode: str(each.kg_per_km) for each in factors} == {
        "car": "0.192",
        "carpool_2": "0.096",
        "e_bike": "0.002",
    }
    assert all("secondary source" in each.source for each in factors)


def test_what_is_avoided_is_told_to_the_gram() -> None:
    assert avoided(14_500, 1, Decimal("0.192")) == Decimal("2.784")
    assert avoided(2_003, 1, Decimal("0.192")) == Decimal("0.385")
    assert avoided(2_500, 1, Decimal("0.1926")) == Decimal("0.482")  # 0.4815: half to the even one
    assert avoided(14_500, 0, Decimal("0.192")) == 0


def test_a_ride_offered_later_is_the_same_ride() -> None:
    assert RideOffered.model_validate_json(OFFERED.model_dump_json()) == OFFERED
