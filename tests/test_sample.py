"""What the sample programme adds up to, by the rules of the companies service alone."""

import doctest
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Any, TypeVar, get_args
from uuid import NAMESPACE_URL, uuid5

import pytest

import sample
from companies.app import app
from companies.booking import Booking, bookings
from companies.company import Company, companies
from companies.equipment import Equipment
from companies.flow import Flow
from companies.investment import Investment, investments
from companies.licence import Licence
from companies.matching import Declared, best
from companies.meter import Meter
from companies.need import Need
from companies.plot import Plot
from companies.synergy import Synergy
from companies.unit import Unit
from companies.waste_movement import WasteMovement, waste_movements
from contracts.companies.company import CompanyActivated
from contracts.companies.investment import JobsAudited
from contracts.companies.land import settles
from contracts.companies.meter import MeterReplaced, ReadingCorrected, ReadingRecorded
from contracts.companies.plot import PlotSold, PlotStatus
from contracts.companies.survey import SurveyValidated
from contracts.companies.unit import UnitLet, UnitStatus
from contracts.companies.waste_movement import MovementStatus
from contracts.mobility.ride import PassengerMissed, RideCompleted
from contracts.mobility.service_reservation import ReservationOutcomeCorrected
from contracts.model import Event
from contracts.training.campaign_answer import CampaignAnswerRestored
from contracts.training.room import RoomWorksEnded
from contracts.values import sample_siret
from contracts.youth_events.class_booking import ClassAttendanceCorrected
from contracts.youth_events.event import CompanyPartCorrected, CompanyTookPart
from contracts.youth_events.immersion import ImmersionAmended
from employment.app import app as employment
from employment.labour_series import LabourSeries
from employment.observation import LabourObservation
from employment.path import Path
from eventstore.decider import ITSELF, PARIS, PLATFORM, Command, Context, Decider, Decision, S, State
from eventstore.reactions import Found, Identity, Issue
from eventstore.refusal import Rejected
from eventstore.specification import Specification
from indicators.action import Action, actions
from indicators.target import Target, targets
from mobility.app import app as mobility
from mobility.bike import Bike
from mobility.bike_parking import BikeParking
from mobility.bike_station import BikeStation
from mobility.carpool_area import CarpoolArea
from mobility.loan import Loan
from mobility.regular_ride import RegularRide
from mobility.ride import Ride
from mobility.service_reservation import ServiceReservation
from mobility.shared_service import SharedService
from mobility.travel_survey import TravelSurvey
from sample import LAST_DAY, Made, Step, Story, stories
from sample.bikes import stories as told_of_bikes
from sample.companies import stories as told_of_companies
from sample.employment import stories as told_of_employment
from sample.industry import stories as told_of_industry
from sample.labour import stories as told_of_the_labour_market
from sample.land import stories as told_of_land
from sample.mobility import stories as told_of_mobility
from sample.platform import stories as told_of_the_platform
from sample.resources import stories as told_of_resources
from sample.steering import stories as told_of_steering
from sample.synergies import stories as told_of_synergies
from sample.training import stories as told_of_training
from sample.waste import stories as told_of_waste
from sample.youth_events import events as told_of_events
from sample.youth_events import immersions as told_of_immersions
from training.app import app as training
from training.course import Course
from training.enrolment import Enrolment
from training.forecast import Forecast
from training.rehabilitation import Rehabilitation
from training.room import Room
from training.session import Session
from training.skill_need import SkillNeed
from training.skills_campaign import SkillsCampaign
from youth_events.app import app as youth_events
from youth_events.class_booking import ClassBooking
from youth_events.event import YouthEvent
from youth_events.immersion import Immersion
from youth_events.members import members

TODAY = date(2026, 12, 31)
COMPANIES = told_of_companies()
SERVICES = (app, employment, mobility, training, youth_events)
DECIDERS = {each.decider.category: each.decider for service in SERVICES for each in service.resources}
FIRST_PROGRAMME = date(2023, 12, 31)
TO_COME = (
    *("platform", "offers", "land-to-come", "event-to-come", "immersions", "regular-ride", "lunches-to-come"),
    *("sessions-to-come", "skills-campaign"),
)
"""The stories that go on after the day on which the sample is told."""
E = TypeVar("E", bound=Event)


class Told:
    """A company and its investments once its story has been told, and the events that it took."""

    def __init__(self, story: Story, upto: date = LAST_DAY) -> None:
        self.company: Company | None = None
        self.investments: dict[str, Investment] = {}
        self.events: list[Event] = []
        for step in story.steps:
            if step.on is None or step.on > upto:
                break
            body = {**step.body, "on": step.on.isoformat()}
            if step.category.name == companies.category:
                self.company = self._decide(companies, self.company, step.command, body)
            else:
                known = self.investments.get(step.record)
                self.investments[step.record] = self._decide(investments, known, step.command, body)

    def _decide(self, decider: Decider[S], state: S | None, name: str, body: dict[str, object]) -> S:
        decision = next(decision for decision in decider.decisions.values() if decision.name == name)
        told = decision.command.model_validate_json(json.dumps(body))
        context = Context(datetime.combine(TODAY, time(), PARIS), frozenset(decision.by))
        events = decider.decide(state, told, context, [self.company for _ in decision.looks_up])
        self.events += events
        state = Specification(decider, TODAY).fold(events, state)
        assert state is not None
        return state


@pytest.fixture(scope="module")
def programme() -> list[Told]:
    return [Told(story) for story in COMPANIES]


def test_the_first_programme_is_22_million_euros_and_55_jobs_in_several_companies() -> None:
    first = [Told(story, FIRST_PROGRAMME) for story in COMPANIES]
    audited = [each for told in first for each in told.investments.values() if each.status == "audited"]

    assert sum(each.amount_spent or 0 for each in audited) == 22_000_000
    assert sum(each.jobs_created or 0 for each in audited) == 55
    assert len({each.company for each in audited}) == 10
    assert {each.status for told in first for each in told.investments.values()} == {"audited", "cancelled"}
    assert all(each.to_repay == 0 for told in first for each in told.investments.values())


def test_thirty_companies_are_active_members_in_the_end(programme: list[Told]) -> None:
    statuses = Counter(told.company.status for told in programme if told.company)

    assert statuses == {"active": 30, "left": 3, "rejected": 2, "suspended": 1}


def test_the_largest_employer_is_about_half_of_the_headcount(programme: list[Told]) -> None:
    headcounts = [told.company.headcount for told in programme if told.company and told.company.status == "active"]

    assert 0.4 < max(headcounts) / sum(headcounts) < 0.6


def test_the_second_programme_has_investments_at_every_stage(programme: list[Told]) -> None:
    second = [each for told in programme for each in told.investments.values() if each.announced_on > FIRST_PROGRAMME]

    assert {each.status for each in second} >= {"announced", "committed", "in_progress", "completed", "audited"}
    assert all(each.axis in (2, 6) for each in second)


def test_the_sample_is_the_same_each_time() -> None:
    assert stories(TODAY) == stories(TODAY)
    told, others = ([story for story in stories(day) if story.name not in TO_COME] for day in (TODAY, LAST_DAY))
    assert told == others


def test_something_is_corrected_and_something_audited_twice(programme: list[Told]) -> None:
    events = [event for told in programme for event in told.events]
    audits = [event for event in events if isinstance(event, JobsAudited)]

    assert any(event.audited_before for event in audits)
    happened = {event.event_type for event in events}
    assert happened >= {"AmountSpentCorrected", "GrantDisbursed", "GrantRepaid", "CompanyReinstated"}
    assert sum(isinstance(event, CompanyActivated) for event in events) == 34
    assert all(event.effective_on <= LAST_DAY for event in events)


def test_every_company_is_a_sample(programme: list[Told]) -> None:
    assert all(told.company and told.company.siret.startswith("000000") for told in programme)
    assert all(told.company and (told.company.name or "").startswith("Exemple ") for told in programme)
    assert len({story.name for story in COMPANIES}) == len(programme) == 36


def test_a_story_names_what_it_creates_before_it_goes_on() -> None:
    created = set[tuple[str, str]]()
    for story in sorted(stories(TODAY), key=lambda each: each.follows):
        for step in story.steps:
            assert step.creates or (story.name, step.record) in created, step
            created.add((story.name, step.record))
            made = (each for each in step.body.values() if isinstance(each, Made))
            assert {(each.story or story.name, each.record) for each in made} <= created


class Records:
    """The records of the companies service as stories are told to it on a day, and the events that it took."""

    def __init__(self, programme: list[Told], told: list[Story], today: date = TODAY) -> None:
        self.states: dict[tuple[str, str], State] = {
            (companies.category, each.company.siret): each.company for each in programme if each.company
        }
        for each in programme:
            shown = members.fold(event for event in each.events if type(event) in members.events)
            if each.company and shown:
                self.states[members.category, each.company.siret] = shown
        self.events: list[Event] = []
        self._ids: dict[tuple[str, str], str] = {}
        self._now = datetime.combine(today, time(23), PARIS)
        for story in told:
            for step in story.steps:
                self._tell(story.name, step)

    def _tell(self, story: str, step: Step) -> None:
        decider = DECIDERS[step.category.name]
        decision = next(each for each in decider.decisions.values() if each.name == step.command)
        if step.creates:
            made = step.record if decider.identified_by else str(uuid5(NAMESPACE_URL, f"{story}/{step.record}"))
            self._ids[story, step.record] = made
        body = {
            name: self._ids[value.story or story, value.record] if isinstance(value, Made) else value
            for name, value in step.body.items()
        }
        on = step.on or self._now.date()
        command = decision.command.model_validate_json(json.dumps({**body, "on": on.isoformat()}))
        named = {name: getattr(command, name) for name in decision.persons}
        command = command.model_copy(
            update={
                name: person.known_as(str(uuid5(NAMESPACE_URL, person.told.recognition() or f"{story}/{step}")))
                for name, person in named.items()
                if person is not None
            }
        )
        key = decider.category, self._ids[story, step.record]
        looked_up = self._looked_up(decision, command, self.states.get(key))
        context = Context(self._now, frozenset(decision.by), {"company": step.acts_for.get("company", "")})
        events = decider.decide(self.states.get(key), command, context, looked_up)
        assert events, f"{step} changes something"
        self.events += events
        state = Specification(decider, self._now.date()).fold(events, self.states.get(key))
        assert state is not None
        self.states[key] = state

    def _looked_up(self, decision: Decision, command: Command, state: State | None) -> list[State | None]:
        keys = [(each.decider.category, each.key) for each in decision.looks_up]
        return [self.states.get((name, str(getattr(command, key, getattr(state, key, None))))) for name, key in keys]

    def identity(self, story: str, record: str) -> str:
        """The id of a record of a story."""
        return self._ids[story, record]

    def of(self, kind: type[S]) -> list[S]:
        """The records of a kind."""
        return [state for state in self.states.values() if isinstance(state, kind)]

    def told(self, kind: type[E]) -> list[E]:
        """The events of a kind."""
        return [event for event in self.events if isinstance(event, kind)]


class OnThePlatform(Records):
    """Records as the platform takes them further: by what is due, and by the reactions of training and employment."""

    def _tell(self, story: str, step: Step) -> None:
        known = len(self.events)
        super()._tell(story, step)
        key = step.category.name, self._ids[story, step.record]
        self._react(self.events[known:], key[1])
        while due := self._due(*key):
            self._issue(Issue(DECIDERS[key[0]], key[1], due))

    def _due(self, category: str, identity: str) -> Command | None:
        state = self.states[category, identity]
        for due in DECIDERS[category].due_of(state):
            day = due.at.date() if isinstance(due.at, datetime) else due.at
            if day <= self._now.date():
                return due.command.model_copy(update={"on": max(day, state.effective_on)})
        return None

    def _react(self, events: Sequence[Event], identity: str) -> None:
        for event in events:
            for service in (training, employment):
                assert service.reactions
                for reaction in service.reactions.of(type(event)):
                    told: list[object] = [event, *([Identity(identity)] if reaction.takes_identity else [])]
                    if reaction.finds:
                        told.append(self._found(reaction.finds, reaction.filters(event, Identity(identity))))
                    for issue in reaction.function(*told):
                        self._issue(issue, event.effective_on)

    def _found(self, decider: Decider[Any], filters: Mapping[str, object]) -> list[Found[Any]]:
        return [
            Found(identity, state)
            for (category, identity), state in self.states.items()
            if category == decider.category
            and all(
                getattr(state, name) in (wanted if isinstance(wanted, tuple) else (wanted,))
                for name, wanted in filters.items()
            )
        ]

    def _issue(self, issue: Issue, on: date | None = None) -> None:
        """The first of its commands that is not refused, as of a day; what nothing expects to be refused is not."""
        identity = issue.identity or str(uuid5(NAMESPACE_URL, f"{issue}/{len(self.events)}"))
        key = issue.decider.category, identity
        state = self.states.get(key)
        if state is None and issue.if_there:
            return
        for command in issue.commands:
            dated = command
            if on:
                dated = command.model_copy(update={"on": max(on, state.effective_on) if state else on})
            looked_up = self._looked_up(issue.decider.decision(type(command)), command, state)
            try:
                events = issue.decider.decide(state, dated, Context(self._now, frozenset({PLATFORM})), looked_up)
            except Rejected as rejected:
                if rejected.slug not in issue.expected:
                    raise
                continue
            if evolved := Specification(issue.decider, self._now.date()).fold(events, state):
                if self._taken(issue.decider, identity, evolved) & issue.expected:
                    continue
                self.states[key] = evolved
            self.events += events
            self._react(events, identity)
            return

    def _taken(self, decider: Decider[Any], identity: str, state: State) -> set[str]:
        """The refusals of what there is none left of, such as seats, for a record in a state."""
        held = {**self.states, (decider.category, identity): state}
        claims = [
            (claim, claim.key.replace(ITSELF, record))
            for (category, record), each in held.items()
            if category in DECIDERS
            for claim in DECIDERS[category].claims_of(each)
            if claim.limit is not None and claim.during is None
        ]
        sums: Counter[tuple[str, str]] = Counter()
        for claim, key in claims:
            sums[claim.refusal.slug, key] += claim.amount
        return {claim.refusal.slug for claim, key in claims if sums[claim.refusal.slug, key] > (claim.limit or 0)}


@pytest.mark.parametrize("today", [TODAY, date(2028, 2, 28), date(2026, 10, 18), date(2027, 1, 3)])
def test_the_platform_is_booked_in_the_week_that_follows(programme: list[Told], today: date) -> None:
    records = Records(programme, told_of_the_platform(today), today)

    booked = records.of(Booking)
    claims = [claim for state in booked for claim in bookings.claims_of(state)]
    assert all(today < each.starts.date() <= today + timedelta(days=12) for each in booked)
    assert Counter(each.status for each in booked) == {"approved": 9, "requested": 2, "waiting": 1, "cancelled": 1}
    slots = sorted((claim.key, claim.during) for claim in claims if claim.during)
    assert all(one[0] != other[0] or one[1][1] <= other[1][0] for one, other in pairwise(slots))
    assert {each.status for each in records.of(Equipment)} == {"in_service", "retired"}


def test_meters_are_read_for_three_years_by_the_month_and_less_is_consumed_each_year(programme: list[Told]) -> None:
    records = Records(programme, told_of_resources())
    meters = records.of(Meter)

    assert {each.kind for each in meters} == {"water", "electricity", "gas"}
    assert {(each.installed_on, each.read_on) for each in meters} == {(date(2023, 6, 30), LAST_DAY)}
    for each in meters:
        ends = [date(year, 6, 30) for year in range(2023, 2027)]
        years = [
            sum(period.consumption for period in each.periods if since < period.last <= until)
            for since, until in pairwise(ends)
        ]
        assert years[0] > years[1] > years[2] > 0, each.reference
    assert Counter(len({reading.read_on.replace(day=1) for reading in each.readings}) for each in meters) == {
        37: len(meters) - 1,
        36: 1,
    }
    late = [event for event in records.told(ReadingRecorded) if event.periods_before]
    assert len(late) == len(records.told(ReadingCorrected)) == len(records.told(MeterReplaced)) == 1
    assert all(each.to_validate for each in meters)


def test_two_series_are_observed_by_quarter_and_one_is_broken(programme: list[Told]) -> None:
    records = Records(programme, told_of_the_labour_market())
    series = {each.labour_series: each for each in records.of(LabourSeries)}
    observed = records.of(LabourObservation)

    assert [len(each.breaks) for each in series.values()] == [0, 1]
    assert all(each.title.startswith("Exemple ") for each in series.values())
    latest = {each.kind: each.value for each in sorted(observed, key=lambda each: each.ends_on)}
    assert latest == {"published_rate": 6.1, "proxy_rate": 6.13}
    baselines = {each.kind: (each.period, each.value) for each in observed if each.baseline}
    assert baselines == {"published_rate": ("2023-Q4", 7.2), "proxy_rate": ("2025-Q1", 6.88)}
    assert Counter(each.status for each in observed) == {"observed": len(observed) - 1, "revised": 1}


@pytest.fixture(scope="module", params=[date(2026, 7, 1), TODAY, date(2028, 2, 28)])
def trained(programme: list[Told], request: pytest.FixtureRequest) -> OnThePlatform:
    today: date = request.param
    paths = [story for story in told_of_employment() if story.name == "paths"]
    return OnThePlatform(programme, [*paths, *told_of_training(today)], today)


def test_rooms_are_in_service_and_one_was_closed_for_works(trained: OnThePlatform) -> None:
    rooms, courses = trained.of(Room), trained.of(Course)

    assert [each.status for each in rooms] == ["in_service"] * 4
    assert [event.room for event in trained.told(RoomWorksEnded)] == ["salle-12"]
    assert Counter(each.body is None for each in courses) == {True: 3, False: 1}
    assert all(each.title.startswith("Exemple ") for each in courses)


def test_sessions_are_over_or_on_or_to_come_and_somebody_waits_for_a_seat(trained: OnThePlatform) -> None:
    ends = {each.ends_on: each for each in trained.of(Session) if each.ends_on}
    over, on_the_last_day, to_come, planned = (ends[day] for day in sorted(ends) if day != min(ends))

    assert {ends[min(ends)].status, over.status} == {"completed"}
    assert on_the_last_day.starts_on
    assert on_the_last_day.ends_on
    assert on_the_last_day.starts_on < LAST_DAY < on_the_last_day.ends_on
    assert (to_come.status, planned.status, planned.body is None) == ("open", "planned", False)
    assert to_come.admitted == to_come.seats == 4
    assert [each.session for each in trained.of(Enrolment) if each.status == "waiting"] == [
        trained.identity("sessions-to-come", "open")
    ]


def test_trainees_are_certified_fail_or_drop_out_and_most_have_work_six_months_later(trained: OnThePlatform) -> None:
    enrolled = trained.of(Enrolment)

    assert Counter(each.status for each in enrolled) == {
        "placed_at_6_months": 8,
        "not_placed_at_6_months": 2,
        "not_certified": 1,
        "dropped": 2,
        "attending": 5,
        "admitted": 4,
        "waiting": 1,
    }
    assert all(each.hours_attended > 100 for each in enrolled if each.certified_on)
    assert sum(len(each.hires) for each in enrolled) == 2


def test_needs_are_covered_by_whom_was_certified_and_a_session_is_proposed_for_what_is_left(
    trained: OnThePlatform,
) -> None:
    needs = trained.of(SkillNeed)

    assert [(each.rome, each.status, each.uncovered) for each in needs if each.qualified_on] == [
        ("H2903", "covered", 0),
        ("H2913", "partly_covered", 3),
        ("I1304", "qualified", 3),
    ]
    assert {each.status for each in needs if each.qualified_on is None} == {"declared", "rejected"}
    proposed = {each.need for each in trained.of(Session) if each.status == "proposed"}
    assert trained.identity("training", "need-2") in proposed


def test_a_campaign_is_published_with_an_answer_restored_and_one_set_aside(trained: OnThePlatform) -> None:
    (campaign,) = trained.of(SkillsCampaign)

    assert campaign.status == "published"
    assert {each.college: (each.n, each.set_aside) for each in campaign.answers} == {
        "companies": (8, 1),
        "training_bodies": (3, 0),
        "economic_actors": (3, 0),
        "unions": (3, 0),
    }
    assert [event.reasons_before for event in trained.told(CampaignAnswerRestored)] == [("retirements_beyond_seniors",)]
    assert campaign.figures
    assert campaign.figures.headcount.value
    assert campaign.figures.senior_share.value


def test_a_forecast_is_adopted_and_another_assumes_less(trained: OnThePlatform) -> None:
    adopted, draft = trained.of(Forecast)

    assert (adopted.status, draft.status) == ("adopted", "draft")
    assert len(adopted.figures) == len(draft.figures) == 20
    assert sum(each.need for each in draft.figures) < sum(each.need for each in adopted.figures)
    assert any(each.pipeline for each in adopted.figures)


def test_the_building_is_in_works_with_a_milestone_late_and_energy_of_three_years(trained: OnThePlatform) -> None:
    (building,) = trained.of(Rehabilitation)

    assert building.status == "works"
    assert 0 < building.paid < building.accepted < building.committed < building.budget
    assert [bool(each.late and not each.late.until) for each in building.milestones] == [False, False, True, False]
    assert [each.year for each in building.energy] == [2023, 2024, 2025]
    assert building.energy_target == 612_000 * 60 // 100


def test_paths_go_on_by_training_and_by_hires(trained: OnThePlatform) -> None:
    paths = trained.of(Path)

    assert len({each.seeker for each in paths}) == len(paths) == 13
    assert {each.status for each in paths} == {
        *("referred", "diagnosed", "engaged", "paused", "in_job", "sustained_6_months", "exited")
    }
    assert sum(each.access is not None for each in paths) == 2
    assert [len(each.skills) for each in paths if each.skills] == [1, 1, 1]
    assert {flag.group for each in paths for flag in each.flags} == {"long_term", "senior", "youth"}


def test_waste_is_at_every_step_and_what_is_hazardous_has_a_slip(programme: list[Told]) -> None:
    records = Records(programme, told_of_waste())
    movements = records.of(WasteMovement)

    assert {each.status for each in movements} == {*get_args(MovementStatus)}
    assert {each.hazardous for each in movements} == {True, False}
    assert all((each.slip is not None) == each.hazardous for each in movements)
    assert len({each.company for each in movements}) >= 5
    (waiting,) = (each for each in movements if each.status == "accepted")
    assert [due.at for due in waste_movements.due_of(waiting)] == [TODAY + timedelta(days=31)]
    treated = [each for each in movements if each.is_final]
    assert len({each.mode for each in treated}) >= 4
    assert any(each.tonnes_difference for each in movements)


def test_one_synergy_gives_tonnes_another_was_studied_and_further_flows_match(programme: list[Told]) -> None:
    records = Records(programme, told_of_synergies())
    operating, studied = sorted(records.of(Synergy), key=lambda each: each.status, reverse=True)

    assert (operating.status, studied.status) == ("operating", "feasible")
    assert len(operating.companies) == 3
    assert {each.month for each in operating.exchanges} == {
        f"{year}-{month:02}" for year in (2025, 2026) for month in range(1, 13 if year == 2025 else 7)
    }
    assert all(each.exchanged <= operating.quantity for each in operating.exchanges)
    taken = {*operating.flows, *studied.flows}
    declared = [Declared(key, state) for (_, key), state in records.states.items() if isinstance(state, Flow)]
    proposed = best(declared, TODAY, limit=10, taken=taken)
    assert {each.surplus.flow.kind for each in proposed} == {"heat", "packaging"}


@pytest.mark.parametrize("today", [TODAY, date(2028, 2, 28), date(2026, 7, 1)])
def test_plots_and_units_are_whatever_they_can_be_on_whichever_day(programme: list[Told], today: date) -> None:
    records = Records(programme, told_of_land(today), today)
    plots, units = records.of(Plot), records.of(Unit)

    assert {each.status for each in plots} == {*get_args(PlotStatus)}
    assert {each.status for each in units} == {*get_args(UnitStatus)}
    assert {each.zone for each in plots} == {each.zone for each in units} == {"zi-limoise"}
    ends = [end for each in units if (end := each.lapses_on or each.free_on)]
    ends += [each.lapses_on for each in plots if each.lapses_on]
    assert len(ends) == 3
    assert all(end > today + timedelta(days=30) for end in ends)
    for each in plots:
        (west, south), _, (east, north), *_ = each.outline
        assert (east - west) * 75_900 * (north - south) * 111_200 == pytest.approx(each.area, rel=0.01)
    assert any(settles(event.origin) for event in records.told(PlotSold))
    assert any(settles(event.origin) for event in records.told(UnitLet))


def test_two_areas_are_open_and_a_shelter_took_the_place_of_racks(programme: list[Told]) -> None:
    records = Records(programme, told_of_mobility(TODAY))
    areas, parkings = records.of(CarpoolArea), records.of(BikeParking)

    assert [each.status for each in areas] == ["open", "open"]
    assert any(each.corrected_on for each in areas)
    assert sorted(each.status for each in parkings) == ["in_service", "in_service", "removed"]
    assert {each.removed_on for each in parkings} & {each.in_service_on for each in parkings}
    assert {each.commune for each in areas} == {"36088", "36171"}
    names = [each.name for each in areas] + [each.name for each in parkings]
    assert all(name.startswith("Exemple") for name in names)
    assert all((each.national_id or "").startswith(f"{each.commune}-C-9") for each in areas)


def test_rides_to_the_zone_took_place_or_did_not_and_one_goes_on(programme: list[Told]) -> None:
    records = Records(programme, told_of_mobility(TODAY))
    rides = records.of(Ride)

    assert Counter(each.status for each in rides) == {"completed": 3, "no_show": 1, "cancelled": 1}
    assert {(each.commune, each.meeting_point) for each in rides} == {("36171", "reuilly-gare")}
    assert len({each.driver for each in rides}) == 1
    completed = records.told(RideCompleted)
    assert [each.passengers for each in completed] == [2, 1, 3]
    assert sum(each.co2_avoided_kg for each in completed) == pytest.approx(4 * 18.4 * 0.192, abs=0.002)
    assert len(records.told(PassengerMissed)) == 1
    (regular,) = records.of(RegularRide)
    assert (regular.status, regular.driver) == ("active", rides[0].driver)
    assert regular.next_day
    assert regular.next_day > TODAY


def test_bikes_stand_at_two_stations_and_one_is_overdue(programme: list[Told]) -> None:
    records = Records(programme, told_of_bikes())
    stations, lent = records.of(BikeStation), records.of(Loan)

    assert [(each.bike_station, each.status) for each in stations] == [
        ("gare-velos", "in_service"),
        ("limoise-velos", "in_service"),
    ]
    assert all(each.name.startswith("Exemple") for each in stations)
    assert Counter(each.status for each in records.of(Bike)) == {"in_service": 4, "maintenance": 1}
    assert Counter(each.status for each in lent) == {"returned": 3, "overdue": 1}
    # What follows from a loan comes a moment later, when the next might be told already.
    assert len({each.bike for each in lent}) == len({each.borrower for each in lent}) == len(lent)
    for station in stations:
        there = sum(each.station == station.bike_station for each in records.of(Bike))
        assert there + sum(each.returned_to == station.bike_station for each in lent) <= station.docks


@pytest.mark.parametrize("today", [TODAY, date(2028, 2, 28)])
def test_a_canteen_has_guests_who_came_or_did_not_and_one_who_waits(programme: list[Told], today: date) -> None:
    records = Records(programme, told_of_mobility(today), today)
    (canteen,) = records.of(SharedService)
    reservations = records.of(ServiceReservation)

    assert (canteen.status, canteen.price_cents, canteen.weekly_places) == ("open", 950, 10)
    assert Counter(each.status for each in reservations) == {"served": 6, "no_show": 1, "booked": 2, "waiting": 1}
    assert all(each.day > today for each in reservations if each.status in ("booked", "waiting"))
    for each in reservations:
        there = [one for one in reservations if one.day == each.day and one.status != "waiting"]
        assert len(there) <= each.places
    (corrected,) = records.told(ReservationOutcomeCorrected)
    assert corrected.outcome == "served"


def test_of_those_who_were_asked_more_than_half_answered_and_most_drive_alone(programme: list[Told]) -> None:
    (survey,) = Records(programme, told_of_mobility(TODAY)).of(TravelSurvey)

    assert (survey.status, survey.asked, survey.answered) == ("published", 420, 238)
    assert sum(each.people for each in survey.answers if each.mode == "drove_alone") == 174


def test_who_is_surveyed_again_has_come_further_with_needs_that_were_met(programme: list[Told]) -> None:
    records = Records(programme, [*told_of_the_platform(TODAY), *told_of_industry()])
    found: dict[str, list[int]] = {}
    for event in records.told(SurveyValidated):
        found.setdefault(event.company, []).append(sum(each.level for each in event.levels))

    again = [points for points in found.values() if len(points) == 2]
    assert len(again) >= 2
    assert all(first < second for first, second in again)
    needs = records.of(Need)
    assert {each.status for each in needs} == {"declared", "met", "dropped"}
    licensed = {each.company for each in records.of(Licence)}
    by_the_platform = [each for each in needs if each.means == "shared_equipment"]
    assert by_the_platform
    assert all(each.company in licensed for each in by_the_platform)
    assert "training_session" in {each.means for each in needs}


@pytest.mark.parametrize("today", [TODAY, date(2028, 2, 28)])
def test_classes_meet_companies_and_what_was_miscounted_is_put_right(programme: list[Told], today: date) -> None:
    records = Records(programme, told_of_events(today), today)
    meetings, booked = records.of(YouthEvent), records.of(ClassBooking)

    assert Counter(each.status for each in meetings) == {"reported": 3, "open": 1, "draft": 1}
    assert {each.kind for each in meetings if each.status == "reported"} == {"forum", "visit"}
    assert all(each.day > today for each in meetings if each.status != "reported")
    assert {each.status for each in booked} == {"requested", "attended", "no_show", "cancelled"}
    for each in meetings:
        places = [one for one in booked if one.day == each.day and one.status != "cancelled"]
        assert sum(one.pupils for one in places) <= each.capacity
    assert len({each.school for each in booked}) == 3
    assert len(records.told(ClassAttendanceCorrected)) == 3
    assert {event.company for event in records.told(CompanyTookPart)} > {sample_siret(14)}
    assert [event.company for event in records.told(CompanyPartCorrected)] == [sample_siret(14)]


@pytest.mark.parametrize("today", [TODAY, date(2028, 2, 28)])
def test_immersions_are_prepared_for_the_weeks_to_come(programme: list[Told], today: date) -> None:
    records = Records(programme, told_of_immersions(today), today)
    prepared = records.of(Immersion)

    assert Counter(each.status for each in prepared) == {"ready_to_sign": 2, "rejected": 1}
    assert Counter(each.age_band for each in prepared) == {"16_or_17": 1, "adult": 2}
    assert {each.agency for each in prepared} == {"mission_locale", "france_travail"}
    assert len({each.objective for each in prepared}) == 3
    assert all(each.begins_on > today for each in prepared)
    assert [event.voided for event in records.told(ImmersionAmended)] == [()]


def test_the_committee_has_targets_and_an_action_along_each_axis() -> None:
    states: dict[tuple[str, str], State] = {}
    for story in told_of_steering():
        for step in story.steps:
            assert step.on
            assert step.on <= LAST_DAY
            decider: Decider[Any] = {each.category: each for each in (targets, actions)}[step.category.name]
            decision = next(each for each in decider.decisions.values() if each.name == step.command)
            assert "steering" in decision.by
            command = decision.command.model_validate_json(json.dumps({**step.body, "on": step.on.isoformat()}))
            key = story.name, step.record
            events = decider.decide(states.get(key), command, Context(datetime.combine(TODAY, time(), PARIS)))
            assert events, "each step changes something"
            state = Specification(decider, TODAY).fold(events, states.get(key))
            assert state is not None
            states[key] = state
    aimed_at = [each for each in states.values() if isinstance(each, Target)]
    done_about = [each for each in states.values() if isinstance(each, Action)]
    assert {(each.indicator, each.value, each.due) for each in aimed_at} >= {("members", 30, date(2027, 12, 31))}
    assert {each.status for each in aimed_at} == {"set", "revised", "withdrawn"}
    held = [claim.key for each in aimed_at for claim in targets.claims_of(each)]
    assert len({*held}) == len(held)
    assert {each.axis for each in done_about if each.status != "abandoned"} == {*range(1, 8)}
    assert {each.status for each in done_about} == {"in_progress", "on_hold", "done", "abandoned"}
    assert all(each.title.startswith("Exemple ") for each in done_about)


def test_the_examples_of_the_documentation_run() -> None:
    assert doctest.testmod(sample) == (0, 2)
