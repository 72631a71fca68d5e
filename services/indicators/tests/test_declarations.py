"""What each event counts for in each indicator: from an event to its facts, without a database."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import pytest

from contracts.companies.booking import BookingApproved, BookingCancelled, BookingDisplaced, BookingPutBack
from contracts.companies.company import (
    CompanyActivated,
    CompanyLeft,
    CompanyReinstated,
    CompanySuspended,
    HeadcountReported,
)
from contracts.companies.equipment import (
    EquipmentEnteredService,
    EquipmentRetired,
    MaintenanceBegan,
    MaintenanceEnded,
    OpeningChanged,
)
from contracts.companies.investment import (
    AmountCorrected,
    AmountSpentCorrected,
    CancelledGrant,
    DayCorrected,
    Evidence,
    GrantAwarded,
    GrantCorrected,
    GrantDisbursed,
    GrantRepaid,
    InvestmentAnnounced,
    InvestmentCancelled,
    InvestmentCommitted,
    InvestmentCompleted,
    JobEvidenceCorrected,
    JobEvidenced,
    JobsAudited,
    PaymentCorrected,
    RepaymentCorrected,
    Step,
)
from contracts.companies.land import Origin
from contracts.companies.meter import (
    ConsumptionPeriod,
    MeterInstalled,
    MeterKind,
    MeterRemoved,
    MeterReplaced,
    ReadingCorrected,
    ReadingDiscarded,
    ReadingRecorded,
)
from contracts.companies.need import NeedDeclared, NeedDropped, NeedMet, NeedOutcomeCorrected, NeedReopened
from contracts.companies.plot import (
    PlotAreaCorrected,
    PlotOptioned,
    PlotPutOnMarket,
    PlotRegistered,
    PlotSaleCorrected,
    PlotSold,
    PlotSpell,
    PlotStatus,
)
from contracts.companies.survey import (
    DimensionLevel,
    MaturityCorrected,
    SurveyClosed,
    SurveyDayCorrected,
    SurveyValidated,
)
from contracts.companies.synergy import (
    CompanyAgreed,
    ExchangeCorrected,
    FlowAdded,
    FlowExchanged,
    SynergyAbandoned,
    SynergyAgreed,
    SynergyDetected,
    SynergyEnded,
    SynergyFoundFeasible,
    SynergyQualified,
    SynergyStarted,
    SynergyStatus,
)
from contracts.companies.unit import (
    UnitAreaCorrected,
    UnitLeaseCorrected,
    UnitLeaseEnded,
    UnitLet,
    UnitNoticeGiven,
    UnitReserved,
    UnitSpell,
    UnitStatus,
    UnitWorksBegan,
)
from contracts.companies.waste_movement import (
    WasteDayCorrected,
    WasteProcessed,
    WasteReceived,
    WasteRefused,
    WasteSent,
    WasteStep,
    WasteTonnesCorrected,
    WasteTreatmentCorrected,
)
from contracts.employment.hire import (
    HireCancelled,
    HireConfirmed,
    HireDayCorrected,
    HireFlagsCorrected,
    HireOutcomeCorrected,
    HireRecorded,
    HireSustained,
    HireTermsCorrected,
)
from contracts.employment.priority import PriorityFlag, PriorityGroup
from contracts.employment.vacancy import (
    PostFreed,
    PostsChanged,
    PostTaken,
    VacancyOpened,
    VacancyRevised,
    VacancyWithdrawn,
)
from contracts.indicators.target import TargetCorrected, TargetRevised, TargetSet, TargetWithdrawn
from contracts.mobility.bike import (
    BikeBroughtBack,
    BikeCommissioned,
    BikeLost,
    BikeMaintenanceBegan,
    BikeMaintenanceEnded,
    BikeMoved,
    BikeRetired,
    BikeStatus,
)
from contracts.mobility.bike_parking import (
    BikeParkingEnteredService,
    BikeParkingRemoved,
    BikeParkingStatus,
    BikePlacesChanged,
    BikePlacesCorrected,
)
from contracts.mobility.carpool_area import (
    CarpoolAreaClosed,
    CarpoolAreaOpened,
    CarpoolAreaReopened,
    CarpoolAreaStatus,
    CarpoolPlacesChanged,
    CarpoolPlacesCorrected,
)
from contracts.mobility.loan import LoanTaken
from contracts.mobility.ride import PassengerCame, RideCompleted, RideFactor, RideOutcomeCorrected
from contracts.mobility.service_reservation import (
    ReservationBooked,
    ReservationCancelled,
    ReservationMovedUp,
    ReservationOutcome,
    ReservationOutcomeCorrected,
    ReservationServed,
)
from contracts.mobility.shared_service import SharedServiceKind, SharedServiceOpened, SharedServiceSuspended
from contracts.mobility.travel_survey import TravelAnswers, TravelSurveyPublished
from contracts.model import PARIS, Event
from contracts.training.enrolment import (
    CertificationOutcome,
    EmploymentSituation,
    EnrolmentBegan,
    EnrolmentCancelled,
    EnrolmentCertificationUndone,
    EnrolmentCertified,
    EnrolmentCompleted,
    EnrolmentDropped,
    EnrolmentFollowedUp,
    EnrolmentFollowUpCorrected,
    EnrolmentHoursCorrected,
    EnrolmentHoursRecorded,
    EnrolmentNotCertified,
    EnrolmentOutcome,
    EnrolmentOutcomeCorrected,
    EnrolmentStatus,
)
from contracts.training.rehabilitation import (
    AbandonedLine,
    BudgetLineCorrected,
    BudgetLineRevised,
    BudgetLineSet,
    BuildingAreaCorrected,
    BuildingEnergyCorrected,
    BuildingEnergyRead,
    BuildingMilestoneAdded,
    BuildingMilestoneCorrected,
    BuildingMilestoneLate,
    BuildingMilestoneReached,
    CommitmentCorrected,
    CommitmentMade,
    CommitmentPaid,
    CommitmentPaymentCorrected,
    CommitmentReleased,
    RehabilitationAbandoned,
    Spell,
    StoppedMilestone,
    WorksAccepted,
    WorksAcceptedCorrected,
)
from contracts.training.room import RoomCorrected, RoomEnteredService, RoomRetired, RoomWorksBegan, RoomWorksEnded
from contracts.training.session import (
    SessionBegan,
    SessionCancelled,
    SessionCompleted,
    SessionCompletionCorrected,
    SessionSeatsChanged,
)
from contracts.training.skill_need import (
    SkillNeedAdjusted,
    SkillNeedCovered,
    SkillNeedExpired,
    SkillNeedQualified,
    SkillNeedUncovered,
    SkillNeedWithdrawal,
    SkillNeedWithdrawn,
)
from contracts.training.skills_campaign import (
    AskedCollege,
    CampaignFigure,
    CompanyFigures,
    SkillsCampaignPublished,
    TradeNeeds,
)
from contracts.values import sample_siret
from contracts.youth_events.class_booking import ClassAttendanceCorrected, ClassAttended
from contracts.youth_events.event import ClassAttendance, CompanyPartCorrected, CompanyTookPart, EventHeld
from contracts.youth_events.immersion import ImmersionAmended, ImmersionAssessed, ImmersionSigned, ImmersionStarted
from contracts.youth_events.offer import OfferOpened, OfferPlacesChanged, OfferPlacesCounted, OfferWithdrawn
from contracts.youth_events.placement import PlacementApproved, PlacementCancelled
from indicators import (
    building,
    employment,
    equipment,
    industry,
    investment,
    land,
    mobility,
    network,
    resources,
    skills,
    steering,
    synergies,
    training,
    waste,
    youth_events,
)
from indicators.catalogue import catalogue
from indicators.chapters import Catalogue, Chapter
from indicators.dimensions import DIMENSIONS
from indicators.measures import Distinct, Measure, inputs, levels

ON: Final = date(2022, 6, 15)
MARCH: Final = date(2021, 3, 2)
MAY: Final = date(2021, 5, 20)
COMPANY: Final[dict[str, Any]] = {
    "company": sample_siret(1),
    "naf": "25.62B",
    "commune": "36088",
    "zone": "zi-limoise",
    "effective_on": ON,
}
INVESTMENT: Final = {**COMPANY, "axis": 2}
REGION: Final[dict[str, Any]] = {"funder": "region-centre-val-de-loire", "scheme": "cap-developpement"}
EVIDENCE: Final = Evidence(kind="dsn", reference="DSN-2022-05", dated=ON)


def facts(measure: Measure, event: Event) -> list[tuple[date, int | float]]:
    """What the event counts for, and when."""
    return [(fact.effective_on, float(fact.value)) for fact in measure.facts(event)]


@pytest.mark.parametrize(
    ("event", "members", "headcount"),
    [
        (CompanyActivated(**COMPANY, headcount=12.5, size_band="11"), 1, 12.5),
        (CompanyReinstated(**COMPANY, headcount=12.5, size_band="11"), 1, 12.5),
        (CompanySuspended(**COMPANY, reason="fee_unpaid", headcount_before=12.5, headcount=0), 0, 0),
        (CompanyLeft(**COMPANY, reason="moved", headcount_before=12.5, headcount=0), 0, 0),
    ],
)
def test_the_state_of_a_company_sets_members_and_headcount(event: Event, members: int, headcount: float) -> None:
    assert facts(network.members, event) == [(ON, members)]
    assert facts(network.headcount, event) == [(ON, headcount)]


def test_a_reported_headcount_changes_the_headcount_alone() -> None:
    event = HeadcountReported(**COMPANY, headcount_before=12.5, headcount=14.75, size_band="11")
    [fact] = network.headcount.facts(event)
    assert fact.value == Decimal("14.75")
    assert HeadcountReported not in network.members.events


ANNOUNCED: Final = InvestmentAnnounced(**INVESTMENT, title="Ligne de peinture", amount=450_000, jobs_planned=8)
COMMITTED: Final = InvestmentCommitted(**INVESTMENT, amount=450_000)
COMPLETED: Final = InvestmentCompleted(**INVESTMENT, amount=450_000, amount_spent=432_100)
AWARDED: Final = GrantAwarded(**INVESTMENT, **REGION, eligible_base=400_000, aid_rate=0.25, amount=100_000)
DISBURSED: Final = GrantDisbursed(**INVESTMENT, **REGION, amount=40_000, disbursed=40_000)
CORRECTED: Final = AmountCorrected(
    **INVESTMENT, reason="typing_error", amount_before=450_000, amount=405_000, announced_on=MARCH, committed_on=None
)
CANCELLED: Final = InvestmentCancelled(
    **INVESTMENT,
    reason="market",
    status_before="approved",
    amount=405_000,
    announced_on=MARCH,
    committed_on=None,
    grants_awarded=130_000,
    grants_disbursed=40_000,
    grants=(
        CancelledGrant(**REGION, amount=100_000, disbursed=40_000),
        CancelledGrant(funder="state", scheme="france-relance", amount=30_000, disbursed=0),
    ),
)
AUDITED: Final = JobsAudited(
    **INVESTMENT,
    created_before=0,
    created=7.5,
    maintained_before=0,
    maintained=40,
    audited_before=None,
    evidence=EVIDENCE,
)


OF_HIRE: Final[dict[str, Any]] = {"hire": "0190a3c4-5e6f-7a8b-9c0d-000000000001", "evidenced_on": MARCH}
EVIDENCED: Final = JobEvidenced(**INVESTMENT, **OF_HIRE, jobs_evidenced_before=1, jobs_evidenced=2)
NOT_EVIDENCED: Final = JobEvidenceCorrected(**INVESTMENT, **OF_HIRE, jobs_evidenced_before=2, jobs_evidenced=1)


def moved(step: Step) -> DayCorrected:
    """A corrected day."""
    return DayCorrected(
        **INVESTMENT,
        reason="late_document",
        step=step,
        day_before=MARCH,
        day=MAY,
        amount=450_000,
        amount_spent=432_100 if step == "completed" else None,
        created=7.5 if step == "audited" else None,
        maintained=40 if step == "audited" else None,
    )


REPAID: Final = GrantRepaid(**INVESTMENT, **REGION, amount=15_000, repaid=15_000, cancelled_on=None)
APRIL: Final = date(2021, 4, 1)


def corrected_payment(cancelled_on: date | None) -> PaymentCorrected:
    """A payment of 100,000 typed for 10,000, and two months too early."""
    return PaymentCorrected(
        **INVESTMENT,
        **REGION,
        reason="typing_error",
        payment=1,
        amount_before=100_000,
        amount=10_000,
        paid_before=MARCH,
        paid_on=MAY,
        disbursed=10_000,
        cancelled_on=cancelled_on,
    )


def corrected_repayment(cancelled_on: date | None) -> RepaymentCorrected:
    """The same of a repayment."""
    return RepaymentCorrected(
        **INVESTMENT,
        **REGION,
        reason="typing_error",
        repayment=1,
        amount_before=20_000,
        amount=2_000,
        repaid_before=MARCH,
        repaid_on=MAY,
        repaid=2_000,
        cancelled_on=cancelled_on,
    )


@pytest.mark.parametrize(
    ("measure", "event", "expected"),
    [
        (investment.investment_announced, ANNOUNCED, [(ON, 450_000)]),
        (investment.investment_announced, CORRECTED, [(MARCH, -450_000), (MARCH, 405_000)]),
        (investment.investment_announced, moved("announced"), [(MARCH, -450_000), (MAY, 450_000)]),
        (investment.investment_announced, moved("committed"), []),
        (investment.investment_announced, CANCELLED, [(ON, -405_000)]),
        (investment.investment_committed, COMMITTED, [(ON, 450_000)]),
        (investment.investment_committed, CORRECTED, []),
        (
            investment.investment_committed,
            CORRECTED.model_copy(update={"committed_on": MAY}),
            [(MAY, -450_000), (MAY, 405_000)],
        ),
        (investment.investment_committed, moved("committed"), [(MARCH, -450_000), (MAY, 450_000)]),
        (investment.investment_committed, moved("started"), []),
        (investment.investment_committed, CANCELLED, []),
        (investment.investment_committed, CANCELLED.model_copy(update={"committed_on": MAY}), [(ON, -405_000)]),
        (investment.invested_productive, COMPLETED, [(ON, 432_100)]),
        (
            investment.invested_productive,
            AmountSpentCorrected(
                **INVESTMENT,
                reason="audit_finding",
                amount_spent_before=432_100,
                amount_spent=430_000,
                completed_on=MAY,
            ),
            [(MAY, -432_100), (MAY, 430_000)],
        ),
        (investment.invested_productive, moved("completed"), [(MARCH, -432_100), (MAY, 432_100)]),
        (investment.grants_granted, AWARDED, [(ON, 100_000)]),
        (
            investment.grants_granted,
            GrantCorrected(
                **INVESTMENT,
                **REGION,
                reason="recalculation",
                amount_before=100_000,
                amount=90_000,
                awarded_on=MAY,
            ),
            [(MAY, -100_000), (MAY, 90_000)],
        ),
        (investment.grants_granted, CANCELLED, [(ON, -60_000), (ON, -30_000)]),
        (
            investment.grants_granted,
            GrantCorrected(
                **INVESTMENT,
                **REGION,
                reason="typing_error",
                amount_before=100_000,
                amount=90_000,
                awarded_on=MAY,
                awarded_before=MARCH,
            ),
            [(MARCH, -100_000), (MAY, 90_000)],
        ),
        (investment.grants_granted, REPAID, []),
        (investment.grants_granted, REPAID.model_copy(update={"cancelled_on": MAY}), [(ON, -15_000)]),
        (investment.grants_granted, corrected_payment(None), []),
        (investment.grants_granted, corrected_payment(ON), [(ON, -100_000), (ON, 10_000)]),
        (investment.grants_granted, corrected_repayment(None), []),
        (investment.grants_granted, corrected_repayment(APRIL), [(APRIL, 20_000), (MAY, -2_000)]),
        (investment.grants_granted, corrected_repayment(ON), [(ON, 20_000), (ON, -2_000)]),
        (investment.grants_disbursed, DISBURSED, [(ON, 40_000)]),
        (investment.grants_disbursed, REPAID, [(ON, -15_000)]),
        (investment.grants_disbursed, corrected_payment(ON), [(MARCH, -100_000), (MAY, 10_000)]),
        (investment.grants_disbursed, corrected_repayment(ON), [(MARCH, 20_000), (MAY, -2_000)]),
        (investment.jobs_created, moved("audited"), [(MARCH, -7.5), (MAY, 7.5)]),
        (investment.jobs_created, moved("completed"), []),
        (investment.jobs_maintained, moved("audited"), [(MARCH, -40), (MAY, 40)]),
        (investment.jobs_created, AUDITED, [(ON, 7.5)]),
        (investment.jobs_evidenced, EVIDENCED, [(MARCH, 1)]),
        (investment.jobs_evidenced, NOT_EVIDENCED, [(MARCH, -1)]),
        (investment.jobs_maintained, AUDITED, [(ON, 40)]),
        (
            investment.jobs_created,
            AUDITED.model_copy(update={"created_before": 9, "audited_before": MAY}),
            [(MAY, -9), (ON, 7.5)],
        ),
        (
            investment.jobs_maintained,
            AUDITED.model_copy(update={"maintained_before": 38.25, "audited_before": MAY}),
            [(MAY, -38.25), (ON, 40)],
        ),
    ],
)
def test_what_an_event_counts_for(measure: Measure, event: Event, expected: list[tuple[date, float]]) -> None:
    assert type(event) in measure.events
    assert facts(measure, event) == expected


METERED: Final[dict[str, Any]] = {**COMPANY, "kind": "water"}


def period(first: date, last: date, consumption: int) -> ConsumptionPeriod:
    return ConsumptionPeriod(first=first, last=last, consumption=consumption)


# From 12 April to 15 June 2022 there are 65 days: 19 of April, 31 of May, 15 of June.
SPRING: Final = period(date(2022, 4, 12), ON, 100)
END_OF_APRIL: Final = date(2022, 4, 30)
END_OF_MAY: Final = date(2022, 5, 31)
PARTED: Final = (period(SPRING.first, END_OF_MAY, 70), period(date(2022, 6, 1), ON, 30))
READ: Final = ReadingRecorded(**METERED, index=1_100, periods_before=(), periods=(SPRING,))
LATE: Final = ReadingRecorded(**METERED, index=1_070, periods_before=(SPRING,), periods=PARTED)
REREAD: Final = ReadingCorrected(
    **METERED,
    read_before=ON,
    read_on=ON,
    index_before=1_100,
    index=1_165,
    restarts_before=None,
    restarts_at=None,
    periods_before=(SPRING,),
    periods=(SPRING.model_copy(update={"consumption": 165}),),
    reason="misread",
)
NONE_OF_IT: Final = ReadingDiscarded(
    **METERED, read_on=ON, index=1_100, periods_before=(SPRING,), periods=(), reason="wrong_meter"
)
RENEWED: Final = MeterReplaced(
    **METERED,
    reference_before="A1",
    reference="A2",
    index=1_100,
    restarts_at=0,
    periods_before=(),
    periods=(SPRING,),
    reason="worn_out",
)
TAKEN_OUT: Final = MeterRemoved(**METERED, index=1_100, periods_before=(), periods=(SPRING,), reason="other")


@pytest.mark.parametrize(
    ("event", "consumed", "days"),
    [
        # 100 × 19/65 is 29.2, 100 × 50/65 is 76.9: whole ones up to the end of each month.
        (READ, [29, 47, 24], [19, 31, 15]),
        (LATE, [-29, -47, -24, 26, 44, 30], [-19, -31, -15, 19, 31, 15]),
        (REREAD, [-29, -47, -24, 48, 78, 39], [-19, -31, -15, 19, 31, 15]),
        (NONE_OF_IT, [-29, -47, -24], [-19, -31, -15]),
        (RENEWED, [29, 47, 24], [19, 31, 15]),
        (TAKEN_OUT, [29, 47, 24], [19, 31, 15]),
    ],
)
def test_a_period_is_parted_over_the_months_by_their_days(event: Any, consumed: list[int], days: list[int]) -> None:
    ends = [END_OF_APRIL, END_OF_MAY, ON] * (len(days) // 3)
    assert facts(resources.water, event) == [*zip(ends, consumed, strict=True)]
    assert facts(resources.read_days, event) == [*zip(ends, days, strict=True)]
    assert facts(resources.electricity, event) == facts(resources.gas, event) == []


def test_a_period_within_a_month_and_a_month_of_nothing_count_once() -> None:
    within = READ.model_copy(update={"periods": (period(date(2022, 6, 2), ON, 7),)})
    assert facts(resources.water, within) == [(ON, 7)]
    idle = READ.model_copy(update={"periods": (period(date(2022, 6, 1), date(2022, 6, 30), 0),)})
    assert facts(resources.water, idle) == [(date(2022, 6, 30), 0)]


@pytest.mark.parametrize(
    ("kind", "measure"),
    [("water", resources.water), ("electricity", resources.electricity), ("gas", resources.gas)],
)
def test_each_resource_has_an_indicator_since_their_units_do_not_add_up(kind: MeterKind, measure: Measure) -> None:
    event = READ.model_copy(update={"kind": kind})
    counted = [each for each in (resources.water, resources.electricity, resources.gas) if facts(each, event)]
    assert counted == [measure]
    assert measure.silence == "unknown"
    [*days] = resources.read_days.facts(event)
    assert {each.dimensions["resource"] for each in days} == {kind}


def test_a_meter_is_in_service_from_its_installation_to_the_day_of_its_removal() -> None:
    installed = MeterInstalled(**METERED, reference="A1", index=1_000)
    assert facts(resources.metered_days, installed) == [(ON, 7)]
    after = date(2022, 6, 16)
    assert facts(resources.metered_days, TAKEN_OUT) == [(ON, 7), (after, -7), (ON, 0)]
    assert {fact.dimensions["resource"] for fact in resources.metered_days.facts(TAKEN_OUT)} == {"water"}


def test_what_is_consumed_per_full_time_equivalent_and_how_much_is_read() -> None:
    assert resources.water_per_fte.compute(Decimal(1_000), Decimal("42.5")) == Decimal("23.53")
    assert resources.electricity_per_fte.compute(Decimal(1), Decimal(8)) == Decimal("0.13")
    assert resources.gas_per_fte.compute(Decimal(1_000), Decimal(0)) is None
    assert resources.water_per_fte.dimensions == ("company", "naf", "commune", "zone")
    assert inputs(resources.water_per_fte) == (resources.water, network.headcount)
    assert resources.reading_coverage.compute(Decimal(31), Decimal(20)) == Decimal("0.6452")
    assert resources.reading_coverage.compute(Decimal(0), Decimal(0)) is None


# Slots of four hours: one that begins while it is still the day before in UTC, and one in another month.
NIGHT: Final[dict[str, Any]] = {
    "starts": datetime(2022, 7, 1, 0, 30, tzinfo=PARIS),
    "ends": datetime(2022, 7, 1, 4, 30, tzinfo=PARIS),
}
AUTUMN: Final[dict[str, Any]] = {
    "starts": datetime(2022, 9, 5, 9, tzinfo=PARIS),
    "ends": datetime(2022, 9, 5, 13, tzinfo=PARIS),
}
BOOKING: Final[dict[str, Any]] = {**COMPANY, "equipment": "cobot-1", "hours": 4}
APPROVED: Final = BookingApproved(**BOOKING, **NIGHT)
GIVEN_UP: Final = BookingCancelled(**BOOKING, **NIGHT, approved_on=ON, reason="not_needed")
DISPLACED: Final = BookingDisplaced(
    **BOOKING,
    **AUTUMN,
    starts_before=NIGHT["starts"],
    ends_before=NIGHT["ends"],
    approved_on=ON,
    offered_until=datetime(2022, 6, 16, 9, tzinfo=PARIS),
)
PUT_BACK: Final = BookingPutBack(**BOOKING, **NIGHT, approved_on=ON, queued_at=datetime(2022, 6, 1, tzinfo=PARIS))
NIGHTS_DAY: Final = date(2022, 7, 1)


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (APPROVED, [(NIGHTS_DAY, 4)]),
        (GIVEN_UP, [(NIGHTS_DAY, -4)]),
        (GIVEN_UP.model_copy(update={"approved_on": None}), []),
        (DISPLACED, [(NIGHTS_DAY, -4)]),
        (DISPLACED.model_copy(update={"approved_on": None}), []),
        (PUT_BACK, [(NIGHTS_DAY, -4)]),
        (PUT_BACK.model_copy(update={"approved_on": None}), []),
    ],
)
def test_a_slot_counts_on_its_day_in_paris_while_it_is_approved(event: Event, expected: list[Any]) -> None:
    assert type(event) in equipment.platform_hours_booked.events
    assert facts(equipment.platform_hours_booked, event) == expected


def test_hours_booked_are_by_company_and_machine() -> None:
    [fact] = equipment.platform_hours_booked.facts(APPROVED)
    assert fact.contributor == sample_siret(1)
    assert fact.dimensions == {
        "company": sample_siret(1),
        "naf": "25.62B",
        "commune": "36088",
        "zone": "zi-limoise",
        "equipment": "cobot-1",
    }


MACHINE: Final[dict[str, Any]] = {
    "equipment": "cobot-1",
    "kind": "robotics",
    "commune": "36088",
    "weekdays": ("monday", "tuesday", "friday"),
    "opens": 8,
    "closes": 18,
    "effective_on": ON,
}
CLOSED: Final[dict[str, Any]] = {
    "maintenance_until": date(2022, 7, 1),
    "reviewed_at": datetime(2022, 7, 1, 8, tzinfo=PARIS),
}


@pytest.mark.parametrize(
    "event",
    [
        EquipmentEnteredService(**MACHINE, weekly_hours=30),
        MaintenanceBegan(**MACHINE, **CLOSED, weekly_hours=0),
        MaintenanceEnded(**MACHINE, weekly_hours=30),
        OpeningChanged(**MACHINE, weekly_hours=30, quota_hours=20),
        OpeningChanged(**MACHINE, weekly_hours=0, quota_hours=20),
        EquipmentRetired(**MACHINE, weekly_hours=0, reason="sold"),
    ],
)
def test_a_machine_is_open_for_its_weekly_hours_from_each_event_on(event: Any) -> None:
    assert type(event) in equipment.platform_open_hours.events
    [fact] = equipment.platform_open_hours.facts(event)
    assert (fact.effective_on, fact.value) == (ON, event.weekly_hours)
    assert (fact.contributor, fact.dimensions) == ("cobot-1", {"equipment": "cobot-1"})


def test_platform_use_is_rounded_to_four_decimals_and_absent_while_nothing_is_open() -> None:
    assert equipment.platform_use.dimensions == ("equipment",)
    assert equipment.platform_use.compute(Decimal(30), Decimal(10)) == Decimal("0.3333")
    assert equipment.platform_use.compute(Decimal(20_000), Decimal(9)) == Decimal("0.0005")
    assert equipment.platform_use.compute(Decimal(30), Decimal(0)) == 0
    assert equipment.platform_use.compute(Decimal(0), Decimal(10)) is None


VACANCY: Final[dict[str, Any]] = {
    **COMPANY,
    "investment": None,
    "rome": "H2902",
    "contract": "permanent",
    "posts": 2,
    "open_posts": 1,
}
POST: Final[dict[str, Any]] = {"application": "0190a3c4-5e6f-7a8b-9c0d-000000000002", "opened_on": MARCH}


@pytest.mark.parametrize(
    "event",
    [
        VacancyOpened(**VACANCY, title="Chaudronnier", weekly_hours=35),
        VacancyRevised(**VACANCY, title="Chaudronnier", weekly_hours=35),
        PostsChanged(**VACANCY, posts_before=3, taken=1),
        PostTaken(**VACANCY, **POST, taken=1),
        PostFreed(**VACANCY, **POST, taken=1),
        VacancyWithdrawn(**{**VACANCY, "open_posts": 0}, status_before="open", reason="other"),
    ],
)
def test_a_vacancy_is_open_for_the_posts_that_each_event_leaves(event: Any) -> None:
    [fact] = employment.vacancies_open.facts(event)
    assert (fact.effective_on, fact.value, fact.contributor) == (ON, event.open_posts, sample_siret(1))
    assert (fact.dimensions["rome"], fact.dimensions["contract"]) == ("H2902", "permanent")


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (PostTaken(**VACANCY, **POST, taken=1), []),
        (PostTaken(**VACANCY, **POST, taken=2), [(ON, 1)]),
        (PostTaken(**VACANCY, **POST, taken=3), []),
        (PostFreed(**VACANCY, **POST, taken=2), []),
        (PostFreed(**VACANCY, **POST, taken=1), [(ON, -1)]),
        (PostFreed(**VACANCY, **POST, taken=0), []),
        (PostsChanged(**VACANCY, posts_before=3, taken=2), [(ON, 1)]),
        (PostsChanged(**VACANCY, posts_before=1, taken=1), [(ON, -1)]),
        (PostsChanged(**VACANCY, posts_before=3, taken=1), []),
    ],
)
def test_a_vacancy_counts_as_filled_while_no_post_is_left(event: Event, expected: list[Any]) -> None:
    assert facts(employment.vacancies_filled, event) == expected


def flag(group: PriorityGroup) -> PriorityFlag:
    return PriorityFlag(group=group, established_on=MARCH, source="interview")


HIRED: Final[dict[str, Any]] = {
    **COMPANY,
    "seeker": "0190a3c4-5e6f-7a8b-9c0d-000000000003",
    "application": None,
    "vacancy": None,
    "investment": None,
    "rome": "H2902",
    "contract": "permanent",
    "weekly_hours": 35,
    "flags": (flag("woman"), flag("youth")),
    "hired_on": MARCH,
}
AUTUMN_DAY: Final = date(2021, 9, 2)
OTHER_CONTRACT: Final = HireTermsCorrected(
    **HIRED,
    rome_before="H2913",
    contract_before="fixed_term",
    weekly_hours_before=35,
    sustained_on=AUTUMN_DAY,
    reason="typing_error",
)
NO_HIRE: Final = HireCancelled(**HIRED, reason="entered_by_mistake")


@pytest.mark.parametrize(
    ("measure", "event", "expected"),
    [
        (employment.hires, HireConfirmed(**HIRED), [(MARCH, 1)]),
        (employment.hires, HireRecorded(**HIRED), [(MARCH, 1)]),
        (employment.hires, NO_HIRE, [(MARCH, -1)]),
        (employment.hires, NO_HIRE.model_copy(update={"hired_on": None}), []),
        (
            employment.hires,
            HireDayCorrected(**{**HIRED, "hired_on": MAY}, hired_on_before=MARCH, reason="typing_error"),
            [(MARCH, -1), (MAY, 1)],
        ),
        (employment.hires, OTHER_CONTRACT, [(MARCH, -1), (MARCH, 1)]),
        (employment.hires_women, HireRecorded(**HIRED), [(MARCH, 1)]),
        (employment.hires_youth, HireRecorded(**HIRED), [(MARCH, 1)]),
        (employment.hires_senior, HireRecorded(**HIRED), []),
        (employment.hires_priority, HireRecorded(**HIRED), [(MARCH, 1)]),
        (employment.hires_priority, HireRecorded(**{**HIRED, "flags": ()}), []),
        (employment.hires_youth, NO_HIRE, [(MARCH, -1)]),
        (employment.hires_long_term, NO_HIRE, []),
        (
            employment.hires_sustained,
            HireSustained(**HIRED, sustained_on=AUTUMN_DAY),
            [(AUTUMN_DAY, 1)],
        ),
        (
            employment.hires_sustained,
            HireOutcomeCorrected(**HIRED, outcome_before="sustained", sustained_on=AUTUMN_DAY, reason="wrong_outcome"),
            [(AUTUMN_DAY, -1)],
        ),
        (
            employment.hires_sustained,
            HireOutcomeCorrected(**HIRED, outcome_before="ended", sustained_on=None, reason="wrong_outcome"),
            [],
        ),
        (employment.hires_over_6m, HireRecorded(**HIRED), [(AUTUMN_DAY, 1)]),
        (employment.hires_over_6m, NO_HIRE, [(AUTUMN_DAY, -1)]),
        (employment.hires_over_6m, OTHER_CONTRACT, [(AUTUMN_DAY, -1), (AUTUMN_DAY, 1)]),
        (employment.hires_sustained, OTHER_CONTRACT, [(AUTUMN_DAY, -1), (AUTUMN_DAY, 1)]),
        (employment.hires_sustained, OTHER_CONTRACT.model_copy(update={"sustained_on": None}), []),
    ],
)
def test_a_hire_counts_on_its_day_and_lasts_on_another(measure: Measure, event: Event, expected: list[Any]) -> None:
    assert type(event) in measure.events
    assert facts(measure, event) == expected


def test_a_hire_with_another_contract_leaves_the_cell_of_the_old_one() -> None:
    old, new = employment.hires.facts(OTHER_CONTRACT)
    assert (old.dimensions["rome"], old.dimensions["contract"]) == ("H2913", "fixed_term")
    assert (new.dimensions["rome"], new.dimensions["contract"]) == ("H2902", "permanent")


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        ((), ("senior",), {"hires_senior": 1, "hires_priority": 1}),
        (("senior",), (), {"hires_senior": -1, "hires_priority": -1}),
        (("senior",), ("senior", "long_term"), {"hires_long_term": 1}),
        (("woman",), ("youth",), {"hires_women": -1, "hires_youth": 1}),
        ((), (), {}),
    ],
)
def test_corrected_groups_change_those_groups_alone(
    before: tuple[PriorityGroup, ...], after: tuple[PriorityGroup, ...], changes: dict[str, int]
) -> None:
    event = HireFlagsCorrected(
        **{**HIRED, "flags": tuple(map(flag, after))},
        flags_before=tuple(map(flag, before)),
        sustained_on=None,
        reason="other",
    )
    counted = {
        measure.name: facts(measure, event) for measure in catalogue.measures if HireFlagsCorrected in measure.events
    }
    assert len(counted) == 12
    assert {name: told for name, told in counted.items() if told} == {
        name: [(MARCH, change)]
        for hires, change in changes.items()
        for name in (hires, hires.replace("hires", "persons_hired"))
    }


def test_nothing_of_a_figure_names_a_person() -> None:
    for measure in catalogue.measures:
        assert measure.contributor in (
            *("company", "school", "equipment", "plot", "unit", "synergy", "event"),
            *(
                "carpool_area",
                "bike_parking",
                "bike",
                "ride",
                "shared_service",
                "travel_survey",
                "rehabilitation",
                "indicator",
                "action",
                "seeker",
            ),
            *("labour_series", "skills_campaign", "course", "session", "room", "trainee"),
        )
    for measure in catalogue.measures:
        if HireRecorded in measure.events:
            assert HIRED["seeker"] not in str([*measure.facts(HireRecorded(**HIRED))]), measure.name
        if EnrolmentBegan in measure.events:
            assert ENROLLED["trainee"] not in str([*measure.facts(EnrolmentBegan(**ENROLLED))]), measure.name


def test_facts_have_the_dimensions_of_their_event() -> None:
    [fact] = investment.grants_disbursed.facts(DISBURSED)
    assert fact.contributor == sample_siret(1)
    assert fact.dimensions == {
        "company": sample_siret(1),
        "axis": 2,
        "naf": "25.62B",
        "commune": "36088",
        "zone": "zi-limoise",
        "funder": "region-centre-val-de-loire",
    }


def test_what_a_cancelled_investments_grants_have_not_paid_is_taken_out_funder_by_funder() -> None:
    funders = [fact.dimensions["funder"] for fact in investment.grants_granted.facts(CANCELLED)]
    assert funders == ["region-centre-val-de-loire", "state"]


def test_cost_per_job_of_the_first_programme_is_400000_euros() -> None:
    assert investment.cost_per_job.compute(Decimal(22_000_000), Decimal(55)) == 400_000


def test_cost_per_job_is_rounded_to_the_cent_and_absent_without_jobs() -> None:
    assert investment.cost_per_job.compute(Decimal(100), Decimal(3)) == Decimal("33.33")
    assert investment.cost_per_job.compute(Decimal(1001), Decimal(8)) == Decimal("125.13")
    assert investment.cost_per_job.compute(Decimal(1003), Decimal(8)) == Decimal("125.38")
    assert investment.cost_per_job.compute(Decimal(100), Decimal(0)) is None


FORUM: Final[dict[str, Any]] = {"kind": "forum", "rome": ("H2902", "H2903"), "day": MARCH, "effective_on": ON}
MET: Final[dict[str, Any]] = {
    **FORUM,
    "commune": "36088",
    "event": "0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d",
    "school": "0360024F",
    "class_label": "3e B",
    "level": "3e",
    "pupils": 28,
    "adults": 2,
}
CAME: Final = ClassAttendance(girls=13, boys=14, untold=0, adults=2)
RECOUNTED: Final = ClassAttendance(girls=12, boys=14, untold=2, adults=2)


def test_an_event_counts_on_its_day_once_it_was_held() -> None:
    held = EventHeld(**FORUM, commune="36088", capacity=120, booked=112, companies=(COMPANY["company"],))
    (fact,) = youth_events.events_held.facts(held)
    assert (fact.effective_on, int(fact.value), fact.contributor) == (MARCH, 1, None)
    assert fact.dimensions == {"event_kind": "forum", "commune": "36088"}


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (ClassAttended(**MET, attended=27, attendance=CAME), [("girls", 13), ("boys", 14)]),
        (
            ClassAttendanceCorrected(
                **MET, attended_before=27, attended=28, attendance_before=CAME, attendance=RECOUNTED, reason="other"
            ),
            [("girls", -13), ("boys", -14), ("girls", 12), ("boys", 14), ("untold", 2)],
        ),
        (
            ClassAttendanceCorrected(
                **MET, attended_before=27, attended=0, attendance_before=CAME, attendance=None, reason="other"
            ),
            [("girls", -13), ("boys", -14)],
        ),
        (
            ClassAttendanceCorrected(
                **MET, attended_before=0, attended=27, attendance_before=None, attendance=CAME, reason="other"
            ),
            [("girls", 13), ("boys", 14)],
        ),
    ],
)
def test_girls_and_boys_of_a_class_count_on_the_day_of_the_event(event: Event, expected: list[tuple[str, int]]) -> None:
    told = list(youth_events.pupils_reached.facts(event))
    assert [(fact.dimensions["gender"], int(fact.value)) for fact in told] == expected
    for fact in told:
        assert (fact.effective_on, fact.contributor) == (MARCH, "0360024F")
        assert {name: fact.dimensions[name] for name in ("event_kind", "commune", "school", "level")} == {
            "event_kind": "forum",
            "commune": "36088",
            "school": "0360024F",
            "level": "3e",
        }


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (CompanyTookPart(**{**COMPANY, **FORUM}), 1),
        (
            CompanyPartCorrected(**{**COMPANY, **FORUM}, took_part_before=True, took_part=False, reason="did_not_come"),
            -1,
        ),
        (
            CompanyPartCorrected(
                **{**COMPANY, **FORUM}, took_part_before=False, took_part=True, reason="came_unannounced"
            ),
            1,
        ),
    ],
)
def test_a_company_takes_part_on_the_day_of_the_event(event: Event, expected: int) -> None:
    assert facts(youth_events.companies_taking_part, event) == [(MARCH, expected)]
    (fact,) = youth_events.companies_taking_part.facts(event)
    assert (fact.contributor, fact.dimensions["event_kind"]) == (COMPANY["company"], "forum")


OFFER: Final[dict[str, Any]] = {**COMPANY, "week": "2022-W26", "grade": "3e", "schools": (), "places": 4}
PLACEMENT: Final[dict[str, Any]] = {
    **COMPANY,
    "offer": "0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d",
    "school": "0360024F",
    "week": "2022-W26",
    "grade": "3e",
    "age_band": "under_15",
    "pupil": "0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6e",
}
COUNTED: Final[dict[str, Any]] = {**OFFER, "placement": "0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6f", "is_taken": True}
MONDAY: Final = date(2022, 6, 27)


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (OfferOpened(**OFFER, closes_on=MONDAY), [(MONDAY, 4)]),
        (OfferPlacesChanged(**OFFER, places_before=6, status="open"), [(MONDAY, -2)]),
        (OfferPlacesCounted(**COUNTED, taken_before=0, taken=1, status="open"), []),
        (OfferWithdrawn(**OFFER, reason="no_tutor", taken=1), [(MONDAY, -3)]),
        # A placement that was approved before the withdrawal, and is counted after it; one that is given up.
        (OfferPlacesCounted(**COUNTED, taken_before=1, taken=2, status="withdrawn"), [(MONDAY, 1)]),
        (
            OfferPlacesCounted(**COUNTED | {"is_taken": False}, taken_before=2, taken=1, status="withdrawn"),
            [(MONDAY, -1)],
        ),
    ],
)
def test_places_count_in_their_week_and_of_a_withdrawn_offer_those_that_are_taken(
    event: Event, expected: list[tuple[date, int]]
) -> None:
    assert facts(youth_events.places_offered, event) == expected


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (PlacementApproved(**PLACEMENT), [(MONDAY, 1)]),
        (PlacementCancelled(**PLACEMENT, reason="pupil_withdrew", approved_on=ON), [(MONDAY, -1)]),
        (PlacementCancelled(**PLACEMENT, reason="another_approved", approved_on=None), []),
    ],
)
def test_a_placement_counts_in_its_week_while_it_is_agreed_to(event: Event, expected: list[tuple[date, int]]) -> None:
    assert facts(youth_events.placements, event) == expected


def test_a_placement_counts_for_a_company_a_school_and_a_grade_and_for_no_pupil() -> None:
    (fact,) = youth_events.placements.facts(PlacementApproved(**PLACEMENT))
    assert fact.contributor == COMPANY["company"]
    assert (fact.dimensions["school"], fact.dimensions["grade"], fact.dimensions["week"]) == (
        "0360024F",
        "3e",
        "2022-W26",
    )
    assert PLACEMENT["pupil"] not in repr(fact)


def test_what_is_filled_and_who_hosts_are_shares_and_none_where_there_is_nothing() -> None:
    assert youth_events.placement_fill_rate.compute(Decimal(3), Decimal(2)) == Decimal("0.6667")
    assert youth_events.placement_fill_rate.compute(Decimal(0), Decimal(0)) is None
    assert youth_events.host_rate.compute(Decimal(30), Decimal(11)) == Decimal("0.3667")
    assert youth_events.host_rate.compute(Decimal(0), Decimal(1)) is None
    assert youth_events.host_rate.dimensions == ("company", "naf", "commune", "zone")
    assert inputs(youth_events.host_rate) == (network.members, youth_events.host_companies)


_PERSON: Final = "0190a3c4-5e6f-7a8b-9c0d-00000000000"
IMMERSION: Final[dict[str, Any]] = {
    **COMPANY,
    "agency": "mission_locale",
    "age_band": "adult",
    "beneficiary": f"{_PERSON}1",
    "guardian": None,
    "tutor": f"{_PERSON}2",
    "representative": f"{_PERSON}3",
    "adviser": f"{_PERSON}4",
    "objective": "discover_trade",
    "rome": "H2902",
    "begins_on": ON,
    "ends_on": ON,
    "prepared_on": MAY,
    "terms": 1,
}
_AGREED: Final[dict[str, Any]] = {
    "weekdays": ("wednesday",),
    "arrives": "09:00",
    "leaves": "12:00",
    "break_minutes": 0,
    "daily_minutes": 180,
    "weekly_minutes": 180,
    "presence_days": 1,
    "links": (),
}


@pytest.mark.parametrize(("job", "contract"), [(True, "fixed_term"), (False, None)])
def test_an_immersion_counts_as_it_begins_and_what_it_led_to_as_it_is_assessed(job: bool, contract: Any) -> None:
    started = ImmersionStarted(**IMMERSION, presence_days=1)
    assessed = ImmersionAssessed(**IMMERSION, outcome="completed", job_obtained=job, contract=contract)
    assert facts(youth_events.immersions, started) == [(ON, 1)]
    assert facts(youth_events.immersions_assessed, assessed) == [(ON, 1)]
    told = [*youth_events.immersions_to_jobs.facts(assessed)]
    assert [(fact.effective_on, float(fact.value)) for fact in told] == [(ON, 1)] * job
    assert [fact.dimensions["contract"] for fact in told] == [contract] * job
    for fact in (*told, *youth_events.immersions.facts(started)):
        assert (fact.contributor, fact.dimensions["rome"]) == (COMPANY["company"], "H2902")
        assert _PERSON not in repr(fact)


def test_the_share_that_led_to_a_job_is_of_those_that_were_assessed() -> None:
    assert youth_events.immersion_to_contract_rate.compute(Decimal(3), Decimal(1)) == Decimal("0.3333")
    assert youth_events.immersion_to_contract_rate.compute(Decimal(0), Decimal(0)) is None
    assert youth_events.immersion_to_contract_rate.dimensions == ("company", "naf", "commune", "zone", "rome")


def test_days_to_signature_are_of_the_last_signature_and_taken_back_by_an_edit() -> None:
    signed: dict[str, Any] = {**IMMERSION, "signatory": "agency", "link": 3, "document": "a" * 64}
    amended: dict[str, Any] = {**IMMERSION, **_AGREED, "effective_on": ON + timedelta(days=3), "voided": ("agency",)}
    days = (ON - MAY).days

    def told(event: Event) -> list[tuple[date, int, int]]:
        return [
            (fact.effective_on, int(fact.value), fact.times) for fact in youth_events.days_to_signature.facts(event)
        ]

    assert told(ImmersionSigned(**signed, complete=False)) == []
    assert told(ImmersionSigned(**signed, complete=True)) == [(ON, days, 1)]
    assert told(ImmersionAmended(**amended, signed_on_before=None)) == []
    assert told(ImmersionAmended(**amended, signed_on_before=ON)) == [(ON, days, -1)]


LOT: Final[dict[str, Any]] = {
    **COMPANY,
    "carrier": sample_siret(2),
    "treatment_site": sample_siret(3),
    "waste": "120109*",
    "hazardous": True,
    "lot": "CUVE-02",
}
SENT: Final = WasteSent(**LOT, tonnes_sent=12.5)
RECEIVED: Final = WasteReceived(**LOT, sent_on=MARCH, tonnes_sent=12.5, tonnes_received=12.25, tonnes_difference=-0.25)
WEIGHED: Final[dict[str, Any]] = {
    **LOT,
    "sent_on": MARCH,
    "tonnes_sent": 12.5,
    "tonnes_received": None,
    "tonnes_difference": None,
    "refused_on": None,
    "processed_on": None,
    "tonnes_processed": None,
    "treatment": None,
    "mode": None,
    "is_final": None,
    "tonnes_before": 10,
    "reason": "weighing_error",
}
THERE: Final[dict[str, Any]] = {**WEIGHED, "tonnes_received": 12.25, "tonnes_difference": -0.25}
DONE: Final[dict[str, Any]] = {
    **THERE,
    "processed_on": MAY,
    "tonnes_processed": 12,
    "treatment": "R3",
    "mode": "recycling",
    "is_final": True,
}


def moved_waste(step: WasteStep, **told: Any) -> WasteDayCorrected:
    """A step that was recorded in March, and was in May."""
    said = {name: value for name, value in {**WEIGHED, **told}.items() if name in WasteDayCorrected.model_fields}
    days = {"received_on": None, "accepted_on": None, **said, f"{step}_on": MAY}
    return WasteDayCorrected(**days, step=step, day_before=MARCH, day=MAY)


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (SENT, [(ON, 12.5)]),
        (RECEIVED, [(MARCH, -12.5), (MARCH, 12.25)]),
        (WasteRefused(**LOT, sent_on=MARCH, tonnes_received=12.25, reason="packaging"), [(MARCH, -12.25)]),
        (WasteTonnesCorrected(**WEIGHED, weighing="sent", tonnes=12.5), [(MARCH, -10), (MARCH, 12.5)]),
        # What was weighed at the site counts instead, and what came back does not count at all.
        (WasteTonnesCorrected(**THERE, weighing="sent", tonnes=12.5), []),
        (WasteTonnesCorrected(**THERE, weighing="received", tonnes=12.25), [(MARCH, -10), (MARCH, 12.25)]),
        (WasteTonnesCorrected(**THERE | {"refused_on": MAY}, weighing="received", tonnes=12.25), []),
        (WasteTonnesCorrected(**DONE, weighing="processed", tonnes=12), []),
        (moved_waste("sent"), [(MARCH, -12.5), (MAY, 12.5)]),
        (moved_waste("sent", **THERE), [(MARCH, -12.25), (MAY, 12.25)]),
        (moved_waste("sent", **THERE | {"refused_on": MAY}), [(MARCH, 0), (MAY, 0)]),
        (moved_waste("received", **THERE), []),
        (moved_waste("processed", **DONE), []),
    ],
)
def test_waste_counts_on_the_day_it_leaves_by_what_the_site_weighed_once_it_has(
    event: Event, expected: list[tuple[date, float]]
) -> None:
    assert facts(waste.waste_produced, event) == expected
    assert facts(waste.waste_hazardous, event) == expected
    harmless = event.model_copy(update={"waste": "120101", "hazardous": False})
    assert facts(waste.waste_produced, harmless) == expected
    assert facts(waste.waste_hazardous, harmless) == [(day, 0) for day, _ in expected]


TREATMENTS: Final[dict[str, tuple[str | None, bool, bool, bool]]] = {
    "D5": ("disposal", True, False, False),
    "R1": ("energy_recovery", True, True, False),
    "R4": ("recycling", True, True, True),
    "R9": ("reuse", True, True, True),
    "R5": ("other_recovery", True, True, True),
    "R13": (None, False, False, False),
}
"""The mode of a treatment, and whether it is final, recovery, and recovery of material."""


@pytest.mark.parametrize("treatment", TREATMENTS)
def test_waste_is_recovered_by_an_operation_r_and_as_material_unless_it_gives_energy(treatment: str) -> None:
    mode, *counts = TREATMENTS[treatment]
    of: dict[str, Any] = {"treatment": treatment, "mode": mode, "is_final": counts[0]}
    processed = WasteProcessed(**LOT, **of, tonnes_processed=12, tonnes_received=12.25)
    corrected = WasteTonnesCorrected(**DONE | of, weighing="processed", tonnes=12)
    before: dict[str, Any] = {f"{name}_before": value for name, value in of.items()}
    after: dict[str, Any] = {"treatment": "D10", "mode": "disposal", "is_final": True}
    treated = WasteTreatmentCorrected(
        **LOT, **before, **after, tonnes_processed=12, processed_on=MAY, reason="late_document"
    )
    measures = (waste.waste_treated, waste.waste_recovered, waste.waste_material_recovered)
    for measure, counted in zip(measures, counts, strict=True):
        known = [(ON, 12.0 * counted)] if mode else []
        assert facts(measure, processed) == known
        assert facts(measure, corrected) == ([(MAY, -10.0 * counted), (MAY, 12.0 * counted)] if mode else [])
        moved = moved_waste("processed", **DONE | of)
        assert facts(measure, moved) == ([(MARCH, -12.0 * counted), (MAY, 12.0 * counted)] if mode else [])
        assert facts(measure, moved_waste("sent", **DONE | of)) == []
        instead = 12 if measure is waste.waste_treated else 0
        assert facts(measure, treated) == [*([(MAY, -12.0 * counted)] if mode else []), (MAY, instead)]


@pytest.mark.parametrize(
    ("kind", "unit", "measure"),
    [
        ("waste", "t", synergies.diverted_tonnes),
        ("packaging", "t", synergies.diverted_tonnes),
        ("waste", "m3", synergies.diverted_m3),
        ("water", "m3", synergies.diverted_m3),
        ("compressed_air", "m3", None),
        ("heat", "kwh", None),
        ("packaging", "pieces", None),
    ],
)
def test_what_synergies_divert_counts_by_its_unit_on_the_last_day_of_the_month(
    kind: str, unit: str, measure: Measure | None
) -> None:
    given: dict[str, Any] = {
        **COMPANY,
        "kind": kind,
        "waste": "120101" if kind == "waste" else None,
        "unit": unit,
        "quantity": 20,
        "participants": (),
        "flow": "0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d",
        "month": "2021-05",
        "exchanged_on": MAY,
        "exchanged": 12.5,
    }
    told = FlowExchanged(**given, recorded_by=sample_siret(2))
    corrected = ExchangeCorrected(**given, exchanged_before=125, reason="typing_error")
    for each in (synergies.diverted_tonnes, synergies.diverted_m3):
        assert facts(each, told) == ([(MAY, 12.5)] if each is measure else [])
        assert facts(each, corrected) == ([(MAY, -125), (MAY, 12.5)] if each is measure else [])


SYNERGY: Final[dict[str, Any]] = {
    "kind": "packaging", "waste": None, "unit": "t", "quantity": 20, "participants": (), "effective_on": ON
}  # fmt: skip


@pytest.mark.parametrize(
    ("event", "status"),
    [
        (SynergyDetected(**SYNERGY, title="Palettes"), "detected"),
        (SynergyQualified(**SYNERGY), "qualified"),
        (SynergyFoundFeasible(**SYNERGY, quantity_before=25), "feasible"),
        (SynergyAgreed(**SYNERGY), "agreed"),
        (SynergyStarted(**SYNERGY), "operating"),
        (SynergyEnded(**SYNERGY, started_on=MAY, reason="flow_ended"), "ended"),
        (SynergyAbandoned(**SYNERGY, status_before="agreed", reason="not_agreed"), "abandoned"),
    ],
)
def test_a_synergy_counts_once_for_itself_in_the_state_that_each_step_leads_to(
    event: Event, status: SynergyStatus
) -> None:
    [fact] = synergies.synergies.facts(event)
    assert (fact.effective_on, fact.value, fact.is_step) == (ON, Decimal(1), True)
    assert fact.dimensions == {"synergy_status": status}
    assert fact.contributor is None, "it is the stream"


def test_what_leaves_a_synergy_in_its_state_does_not_count_among_synergies() -> None:
    assert synergies.synergies.events.isdisjoint({FlowAdded, CompanyAgreed, FlowExchanged, ExchangeCorrected})


def test_the_shares_of_waste_are_rounded_to_four_decimals_and_absent_where_nothing_is_known() -> None:
    for share in (waste.recovery_rate, waste.material_recovery_rate, waste.hazardous_share):
        assert share.dimensions == ("company", "naf", "commune", "zone")
        assert share.compute(Decimal("8.1"), Decimal("12.3")) == Decimal("0.6585")
        assert share.compute(Decimal(0), Decimal("12.3")) == 0
        assert share.compute(Decimal(0), Decimal(0)) is None
    assert inputs(waste.recovery_rate) == (waste.waste_recovered, waste.waste_treated)
    assert inputs(waste.hazardous_share) == (waste.waste_hazardous, waste.waste_produced)


def of_plot(status: PlotStatus, area: int = 8_500) -> dict[str, Any]:
    place = {"commune": "36088", "zone": "zi-limoise"}
    return {"plot": "limoise-12", **place, "status": status, "area": area, "effective_on": ON}


def of_unit(status: UnitStatus, area: int = 420) -> dict[str, Any]:
    place = {"commune": "36088", "zone": None}
    return {"unit": "atelier-3", "kind": "workshop", **place, "owner": None, "status": status, "area": area,
            "effective_on": ON}  # fmt: skip


OPTION: Final[dict[str, Any]] = {"company": sample_siret(1), "option_until": ON, "lapses_on": ON}
RESERVATION: Final[dict[str, Any]] = {
    "company": sample_siret(1), "begins_on": ON, "held_until": ON, "lapses_on": ON
}  # fmt: skip


def plot_sold(origin: Origin) -> PlotSold:
    return PlotSold(**of_plot("sold"), company=sample_siret(1), origin=origin, amount=None)


def sale_corrected(before: Origin | None, origin: Origin | None, sold_on: date = MARCH) -> PlotSaleCorrected:
    told: dict[str, Any] = {"amount_before": None, "amount": None, "sold_before": MARCH, "reason": "typing_error"}
    company = sample_siret(1)
    return PlotSaleCorrected(
        **of_plot("sold"), **told, company=company, origin_before=before, origin=origin, sold_on=sold_on
    )


def lease_corrected(begun_on: date, *spells: UnitSpell) -> UnitLeaseCorrected:
    origin: Origin = "newly_founded"
    told: dict[str, Any] = {"origin_before": origin, "origin": origin, "begun_before": MARCH, "begun_on": begun_on}
    return UnitLeaseCorrected(**of_unit("let"), **told, company=sample_siret(1), spells=spells, reason="typing_error")


PLOT_CORRECTED: Final = PlotAreaCorrected(
    **of_plot("on_market", 8_350),
    area_before=8_500,
    since=APRIL,
    spells=(
        PlotSpell(since=APRIL, until=MAY, area=8_500, status="servicing"),
        PlotSpell(since=MAY, until=ON, area=8_400, status="on_market"),
        PlotSpell(since=ON, until=None, area=8_500, status="on_market"),
    ),
    reason="survey",
)
UNIT_CORRECTED: Final = UnitAreaCorrected(
    **of_unit("let", 405),
    area_before=420,
    since=MARCH,
    spells=(
        UnitSpell(since=MARCH, until=APRIL, area=420, status="works"),
        UnitSpell(since=APRIL, until=MAY, area=420, status="available"),
        UnitSpell(since=MAY, until=None, area=420, status="let"),
    ),
    reason="survey",
)


@pytest.mark.parametrize(
    ("measure", "event", "expected"),
    [
        (
            land.available_land,
            PlotRegistered(
                **of_plot("reserve"),
                name="Lot",
                parcels=("36088000AB0012",),
                outline=((1.972, 46.951), (1.976, 46.951), (1.976, 46.953), (1.972, 46.951)),
            ),
            [(ON, 0)],
        ),
        (land.available_land, PlotPutOnMarket(**of_plot("on_market"), price_per_m2=18.5), [(ON, 8_500)]),
        (land.available_land, PlotOptioned(**of_plot("optioned"), **OPTION), [(ON, 0)]),
        (land.available_land, PLOT_CORRECTED, [(MAY, -50), (ON, 50), (ON, -150)]),
        (land.plots, plot_sold("on_territory"), [(ON, 1)]),
        (land.plots, sale_corrected("from_elsewhere", "on_territory"), []),
        (
            land.plots,
            sale_corrected("on_territory", "on_territory", MAY),
            [(MARCH, -1), (MARCH, 1), (MAY, 1), (MAY, -1)],
        ),
        (land.lettable_area, UnitReserved(**of_unit("reserved"), **RESERVATION), [(ON, 420)]),
        (land.lettable_area, UnitWorksBegan(**of_unit("works")), [(ON, 0)]),
        (land.lettable_area, UNIT_CORRECTED, [(APRIL, -15), (MAY, 15), (MAY, -15)]),
        (land.let_area, UnitReserved(**of_unit("reserved"), **RESERVATION), [(ON, 0)]),
        (land.let_area, UnitLet(**of_unit("let"), company=sample_siret(1), origin="on_territory"), [(ON, 420)]),
        (
            land.let_area,
            UnitNoticeGiven(
                **of_unit("notice"), company=sample_siret(1), free_on=ON, works_follow=False, reason="growth"
            ),
            [(ON, 420)],
        ),
        (land.let_area, UnitLeaseEnded(**of_unit("available"), company=sample_siret(1)), [(ON, 0)]),
        (land.let_area, UNIT_CORRECTED, [(MAY, -15)]),
        (
            land.let_area,
            lease_corrected(APRIL, UnitSpell(since=MARCH, until=APRIL, area=420, status="let")),
            [(MARCH, -420), (APRIL, 420)],
        ),
        (
            land.let_area,
            lease_corrected(MARCH, UnitSpell(since=MARCH, until=APRIL, area=420, status="reserved")),
            [(MARCH, 420), (APRIL, -420)],
        ),
        (land.companies_settled, plot_sold("from_elsewhere"), [(ON, 1)]),
        (land.companies_settled, plot_sold("newly_founded"), [(ON, 1)]),
        (land.companies_settled, plot_sold("on_territory"), []),
        (land.companies_settled, sale_corrected("from_elsewhere", None), [(MARCH, -1)]),
        (land.companies_settled, sale_corrected(None, "from_elsewhere", MAY), [(MAY, 1)]),
        (land.companies_settled, sale_corrected("from_elsewhere", "on_territory"), [(MARCH, -1)]),
        (land.companies_settled, sale_corrected("on_territory", "on_territory", MAY), []),
        (land.companies_settled, lease_corrected(MAY), [(MARCH, -1), (MAY, 1)]),
    ],
)
def test_plots_and_units_count_for_what_they_are_on_each_day(
    measure: Measure, event: Event, expected: list[tuple[date, float]]
) -> None:
    assert facts(measure, event) == expected


def test_plots_are_told_by_what_they_are_and_who_settles_by_company() -> None:
    [fact] = land.plots.facts(plot_sold("newly_founded"))
    assert fact.dimensions == {"commune": "36088", "zone": "zi-limoise", "plot_status": "sold"}
    assert fact.contributor == "limoise-12"
    moved = [*land.plots.facts(sale_corrected("on_territory", "on_territory", MAY))]
    assert [each.dimensions["plot_status"] for each in moved] == ["sold", "promised", "sold", "promised"]
    [settled] = land.companies_settled.facts(plot_sold("newly_founded"))
    assert (settled.contributor, settled.dimensions["company"]) == (sample_siret(1), sample_siret(1))


def of_area(status: CarpoolAreaStatus, places: int = 24) -> dict[str, Any]:
    place = {"commune": "36088", "zone": "zi-limoise"}
    return {
        "carpool_area": "limoise-entree",
        **place,
        "status": status,
        "places": places,
        "accessible_places": 2,
        "effective_on": ON,
    }


def of_bikes(status: BikeParkingStatus, places: int = 12) -> dict[str, Any]:
    place = {"commune": "36088", "zone": None}
    return {
        "bike_parking": "gare-nord",
        **place,
        "status": status,
        "places": places,
        "cargo_places": 2,
        "effective_on": ON,
    }


def carpool_corrected(status: CarpoolAreaStatus, since: date | None, until: date | None) -> CarpoolPlacesCorrected:
    told = of_area(status) | {"open_from": since, "open_until": until, "reason": "count"}
    return CarpoolPlacesCorrected(**told, places_before=20, accessible_places_before=2)


def bikes_corrected(status: BikeParkingStatus, since: date | None, until: date | None) -> BikePlacesCorrected:
    told: dict[str, Any] = {
        "places_before": 10,
        "cargo_places_before": 2,
        "in_service_from": since,
        "in_service_until": until,
    }
    return BikePlacesCorrected(**of_bikes(status), **told, reason="count")


@pytest.mark.parametrize(
    ("measure", "event", "expected"),
    [
        (mobility.carpool_areas, CarpoolAreaOpened(**of_area("open")), [(ON, 1)]),
        (mobility.carpool_areas, CarpoolAreaClosed(**of_area("closed"), reason="works"), [(ON, 0)]),
        (mobility.carpool_areas, CarpoolAreaReopened(**of_area("open")), [(ON, 1)]),
        (mobility.carpool_places, CarpoolAreaOpened(**of_area("open")), [(ON, 24)]),
        (mobility.carpool_places, CarpoolAreaReopened(**of_area("open", 30)), [(ON, 30)]),
        (mobility.carpool_places, CarpoolAreaClosed(**of_area("closed"), reason="works"), [(ON, 0)]),
        (
            mobility.carpool_places,
            CarpoolPlacesChanged(**of_area("open", 32), places_before=24, accessible_places_before=2),
            [(ON, 32)],
        ),
        (
            mobility.carpool_places,
            CarpoolPlacesChanged(**of_area("closed", 32), places_before=24, accessible_places_before=2),
            [(ON, 0)],
        ),
        (mobility.carpool_places, carpool_corrected("open", MARCH, None), [(MARCH, 4)]),
        (mobility.carpool_places, carpool_corrected("closed", MARCH, MAY), [(MARCH, 4), (MAY, -4)]),
        (mobility.carpool_places, carpool_corrected("planned", None, None), []),
        (mobility.bike_parking_places, BikeParkingEnteredService(**of_bikes("in_service")), [(ON, 12)]),
        (mobility.bike_parking_places, BikeParkingRemoved(**of_bikes("removed"), reason="works"), [(ON, 0)]),
        (
            mobility.bike_parking_places,
            BikePlacesChanged(**of_bikes("in_service", 20), places_before=12, cargo_places_before=2),
            [(ON, 20)],
        ),
        (
            mobility.bike_parking_places,
            BikePlacesChanged(**of_bikes("planned", 20), places_before=12, cargo_places_before=2),
            [(ON, 0)],
        ),
        (mobility.bike_parking_places, bikes_corrected("in_service", MARCH, None), [(MARCH, 2)]),
        (mobility.bike_parking_places, bikes_corrected("removed", MARCH, MAY), [(MARCH, 2), (MAY, -2)]),
        (mobility.bike_parking_places, bikes_corrected("planned", None, None), []),
    ],
)
def test_places_to_park_count_while_somebody_may_park_there(
    measure: Measure, event: Event, expected: list[tuple[date, float]]
) -> None:
    assert facts(measure, event) == expected


RIDE: Final[dict[str, Any]] = {
    "commune": "18055",
    "zone": None,
    "company": None,
    "day": MARCH,
    "seats": 3,
    "factor": RideFactor(factor="car-use-2024", year=2024, scope="use", kg_per_km=0.192),
    "effective_on": ON,
}
_CAME: Final = (PassengerCame(number=1, otherwise="drove_alone"), PassengerCame(number=2, otherwise="bike"))
RIDDEN: Final = RideCompleted(**RIDE, came=_CAME, passengers=2, passenger_km=29.0, co2_avoided_kg=2.784)
NOBODY_RODE: Final = RideOutcomeCorrected(
    **RIDE,
    status_before="completed",
    status="no_show",
    came_before=_CAME,
    came=(),
    passengers_before=2,
    passengers=0,
    passenger_km_before=29.0,
    passenger_km=0.0,
    co2_avoided_kg_before=2.784,
    co2_avoided_kg=0.0,
    reason="checked",
)
SOMEBODY_RODE: Final = NOBODY_RODE.model_copy(
    update={
        "status_before": "no_show",
        "status": "completed",
        "came_before": (),
        "came": _CAME[:1],
        "passengers_before": 0,
        "passengers": 1,
        "passenger_km_before": 0.0,
        "passenger_km": 14.5,
        "co2_avoided_kg_before": 0.0,
        "co2_avoided_kg": 2.784,
    }
)
BY_BIKE: Final = NOBODY_RODE.model_copy(
    update={
        "status": "completed",
        "came": (PassengerCame(number=1, otherwise="bike"),),
        "passengers": 1,
        "passenger_km": 14.5,
    }
)


@pytest.mark.parametrize(
    ("measure", "expected"),
    [
        (mobility.rides, ([1], [-1], [1], [-1, 1])),
        (mobility.ride_passengers, ([2], [-2], [1], [-2, 1])),
        (mobility.ride_seats, ([3], [-3], [3], [-3, 3])),
        (mobility.passenger_km, ([29.0], [-29.0], [14.5], [-29.0, 14.5])),
        (mobility.co2_avoided_kg, ([2.784], [-2.784], [2.784], [-2.784])),
    ],
)
def test_a_ride_counts_on_its_day_and_what_is_corrected_is_put_right_there(
    measure: Measure, expected: tuple[list[float], ...]
) -> None:
    for event, values in zip((RIDDEN, NOBODY_RODE, SOMEBODY_RODE, BY_BIKE), expected, strict=True):
        assert facts(measure, event) == [(MARCH, value) for value in values]
        for fact in measure.facts(event):
            assert (fact.contributor, fact.dimensions) == (None, {"commune": "18055", "zone": None})


def test_places_to_park_a_bike_are_told_by_the_hundred_who_work_there() -> None:
    assert mobility.bike_parking_per_100_staff.compute(Decimal("42.5"), Decimal(10)) == Decimal("23.5")
    assert mobility.bike_parking_per_100_staff.compute(Decimal(0), Decimal(10)) is None
    assert mobility.bike_parking_per_100_staff.dimensions == ("commune", "zone")


@pytest.mark.parametrize(("seats", "passengers", "share"), [(4, 2, "0.5"), (3, 1, "0.3333"), (0, 0, None)])
def test_seats_are_occupied_by_those_who_came(seats: int, passengers: int, share: str | None) -> None:
    told = mobility.seat_occupancy.compute(Decimal(seats), Decimal(passengers))
    assert told == (None if share is None else Decimal(share))


def of_bike(status: BikeStatus, station: str | None = "gare-velos") -> dict[str, Any]:
    return {
        "bike": "velo-07",
        "kind": "e_bike",
        "status": status,
        "station": station,
        "commune": "36088",
        "zone": None,
        "trips": 1,
        "effective_on": ON,
    }


def of_meal(kind: SharedServiceKind = "canteen") -> dict[str, Any]:
    return {
        "shared_service": "cantine-limoise",
        "kind": kind,
        "commune": "36088",
        "zone": "zi-limoise",
        "company": sample_siret(1),
        "guest": "0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d",
        "day": MARCH,
        "starts": "12:00",
        "ends": "12:45",
        "price_cents": 950,
        "subsidy_cents": 400,
        "effective_on": ON,
    }


LOAN = "0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d"


@pytest.mark.parametrize(
    ("event", "bikes"),
    [
        (BikeCommissioned(**of_bike("in_service"), metres_left=60_000), 1),
        (BikeMoved(**of_bike("in_service"), station_before=None), 1),
        (BikeMoved(**of_bike("maintenance"), station_before=None), 0),
        (BikeMaintenanceBegan(**of_bike("maintenance"), station_before="gare-velos", reason="repair"), 0),
        (BikeMaintenanceEnded(**of_bike("in_service")), 1),
        (BikeBroughtBack(**of_bike("in_service"), loan=LOAN), 1),
        (BikeLost(**of_bike("maintenance", None), loan=LOAN), 0),
        (BikeRetired(**of_bike("retired", None), station_before="gare-velos", reason="sold"), 0),
    ],
    ids=lambda each: type(each).__name__,
)
def test_a_bike_counts_while_it_is_in_service_once_a_day(event: Event, bikes: int) -> None:
    assert facts(mobility.bikes_in_service, event) == [(ON, bikes)]
    assert facts(mobility.bike_days, event) == [(ON, 7 * bikes)]


def test_a_loan_counts_when_the_bike_is_taken_for_the_bike_and_not_for_the_borrower() -> None:
    taken = LoanTaken(
        bike="velo-07",
        kind="e_bike",
        station="gare-velos",
        commune="36088",
        zone=None,
        borrower=LOAN,
        due_back=datetime(2024, 5, 13, 18, tzinfo=PARIS),
        overdue_from=datetime(2024, 5, 13, 18, tzinfo=PARIS),
        effective_on=ON,
    )
    (fact,) = mobility.bike_loans.facts(taken)
    assert (fact.effective_on, fact.value, fact.contributor) == (ON, Decimal(1), "velo-07")
    assert fact.dimensions == {"commune": "36088", "zone": None}


def test_loans_per_bike_and_day_are_loans_by_the_days_of_bikes_and_none_without_bikes() -> None:
    assert mobility.loans_per_bike_and_day.compute(Decimal(60), Decimal(90)) == Decimal("1.5000")
    assert mobility.loans_per_bike_and_day.compute(Decimal(31), Decimal(0)) == 0
    assert mobility.loans_per_bike_and_day.compute(Decimal(0), Decimal(0)) is None
    assert mobility.loans_per_bike_and_day.dimensions == ("commune", "zone")


def corrected_meal(outcome: ReservationOutcome, kind: SharedServiceKind = "canteen") -> ReservationOutcomeCorrected:
    before: ReservationOutcome = "no_show" if outcome == "served" else "served"
    return ReservationOutcomeCorrected(**of_meal(kind), outcome_before=before, outcome=outcome, reason="late_list")


BOOKED_MEAL: Final = ReservationBooked(**of_meal(), places=40, subsidy_cap_cents=8_000, record_by=MAY)
GIVEN_UP_MEAL: Final = ReservationCancelled(**of_meal(), status_before="booked", reason="absent")


@pytest.mark.parametrize(
    ("measure", "event", "expected"),
    [
        (mobility.meals_served, ReservationServed(**of_meal()), [(MARCH, 1)]),
        (mobility.meals_served, ReservationServed(**of_meal("food_truck")), [(MARCH, 1)]),
        (mobility.meals_served, ReservationServed(**of_meal("room")), []),
        (mobility.meals_served, corrected_meal("served"), [(MARCH, 1)]),
        (mobility.meals_served, corrected_meal("no_show"), [(MARCH, -1)]),
        (mobility.meals_served, corrected_meal("no_show", "room"), []),
        (mobility.service_places_reserved, BOOKED_MEAL, [(MARCH, 1)]),
        (mobility.service_places_reserved, ReservationMovedUp(**of_meal(), places=40, record_by=MAY), [(MARCH, 1)]),
        (mobility.service_places_reserved, GIVEN_UP_MEAL, [(MARCH, -1)]),
        (mobility.service_places_reserved, GIVEN_UP_MEAL.model_copy(update={"status_before": "waiting"}), []),
    ],
)
def test_reservations_count_on_the_day_that_they_are_for(
    measure: Measure, event: Event, expected: list[tuple[date, float]]
) -> None:
    assert facts(measure, event) == expected
    assert "0190a3c4" not in str([*measure.facts(event)])


def test_surveys_count_once_they_are_published_on_the_day_they_were_closed() -> None:
    answers = (
        TravelAnswers(mode="drove_alone", distance="10_to_20_km", people=14),
        TravelAnswers(mode="bike", distance="10_to_20_km", people=2),
        TravelAnswers(mode="walk", distance="under_2_km", people=4),
    )
    place: dict[str, Any] = {"travel_survey": "limoise-2024", "commune": "36088", "zone": None}
    event = TravelSurveyPublished(**place, asked=40, answered=20, answers=answers, closed_on=MARCH, effective_on=ON)
    assert facts(mobility.travel_survey_asked, event) == [(MARCH, 40)]
    assert facts(mobility.travel_survey_answers, event) == [(MARCH, 14), (MARCH, 2), (MARCH, 4)]
    # Of those who come from near it is known that nobody drives alone.
    assert facts(mobility.travel_drove_alone, event) == [(MARCH, 14), (MARCH, 0)]
    assert mobility.modal_share.compute(Decimal(20), Decimal(14)) == Decimal("0.7")
    assert mobility.modal_share.compute(Decimal(0), Decimal(0)) is None
    assert mobility.modal_share.dimensions == ("commune", "zone", "distance")
    assert mobility.travel_response_rate.compute(Decimal(40), Decimal(20)) == Decimal("0.5")
    assert {measure.silence for measure in inputs(mobility.modal_share)} == {"unknown"}


def test_a_service_offers_a_weeks_places_while_it_is_open() -> None:
    told: dict[str, Any] = {"shared_service": "cantine-limoise", "kind": "canteen", "commune": "36088", "zone": None}
    opened = SharedServiceOpened(**told, status="open", weekly_places=120, effective_on=ON)
    suspended = SharedServiceSuspended(**told, status="suspended", weekly_places=0, reason="works", effective_on=ON)
    assert facts(mobility.service_places_offered, opened) == [(ON, 120)]
    assert facts(mobility.service_places_offered, suspended) == [(ON, 0)]
    assert mobility.service_occupancy.compute(Decimal(120), Decimal(30)) == Decimal("0.25")
    assert mobility.service_occupancy.compute(Decimal(0), Decimal(3)) is None


def test_vacancy_is_the_share_that_is_not_let_and_none_where_there_is_nothing_to_let() -> None:
    assert land.vacancy_rate.compute(Decimal(1_260), Decimal(840)) == Decimal("0.3333")
    assert land.vacancy_rate.compute(Decimal(420), Decimal(420)) == 0
    assert land.vacancy_rate.compute(Decimal(0), Decimal(0)) is None
    assert land.vacancy_rate.dimensions == ("commune", "zone")


LEVELS: Final = (DimensionLevel(dimension="processes", level=0), DimensionLevel(dimension="people", level=4))
VALIDATED: Final = SurveyValidated(**COMPANY, levels_before=(), levels=LEVELS)
SURVEY_CLOSED: Final = SurveyClosed(**COMPANY, levels_before=LEVELS)


def test_a_validated_survey_says_each_level_from_its_day_on_and_a_closed_one_takes_all_back() -> None:
    steps = [
        [(fact.part, fact.dimensions["maturity_dimension"], int(fact.value)) for fact in measure.facts(event)]
        for measure in (industry.maturity_points, industry.maturity_levels)
        for event in (VALIDATED, SURVEY_CLOSED)
    ]
    assert steps == [
        [("processes", "processes", points[0]), ("people", "people", points[1])]
        for points in ((0, 4), (0, 0), (1, 1), (0, 0))
    ]
    assert all(fact.is_step for fact in industry.maturity_points.facts(VALIDATED))
    assert [facts(industry.companies_surveyed, event) for event in (VALIDATED, SURVEY_CLOSED)] == [[(ON, 1)], [(ON, 0)]]
    never = SURVEY_CLOSED.model_copy(update={"levels_before": ()})
    assert facts(industry.maturity_points, never) == facts(industry.maturity_levels, never) == []


def test_a_corrected_level_counts_from_the_validation_on_until_the_next() -> None:
    event = MaturityCorrected(
        **COMPANY, dimension="people", level_before=4, level=1, validated_on=MARCH, reason="typing_error"
    )
    [fact] = industry.maturity_points.facts(event)
    assert (fact.effective_on, fact.value, fact.part, fact.reaches_now) == (MARCH, Decimal(-3), "people", True)
    assert fact.dimensions["maturity_dimension"] == "people"
    assert type(event) not in industry.maturity_levels.events


@pytest.mark.parametrize(
    ("wrong", "right", "stood", "points", "known"),
    [
        (MAY, MARCH, None, [(MARCH, "zi-limoise", 4), (MAY, "zi-limoise", -4)], [1, -1]),
        (MARCH, MAY, None, [(MARCH, "zi-limoise", -4), (MAY, "zi-limoise", 4)], [-1, 1]),
        (
            MAY,
            MARCH,
            1,
            [(MARCH, None, -1), (MARCH, "zi-limoise", 4), (MAY, None, 1), (MAY, "zi-limoise", -4)],
            [-1, 1, 1, -1],
        ),
        (
            MARCH,
            MAY,
            1,
            [(MARCH, "zi-limoise", -4), (MARCH, None, 1), (MAY, "zi-limoise", 4), (MAY, None, -1)],
            [-1, 1, 1, -1],
        ),
    ],
)
def test_a_corrected_day_of_a_validation_moves_what_was_found_and_what_stood_before(
    wrong: date, right: date, stood: int | None, points: list[tuple[date, str | None, int]], known: list[int]
) -> None:
    before = () if stood is None else (DimensionLevel(dimension="people", level=stood),)
    event = SurveyDayCorrected(
        **COMPANY,
        naf_before=COMPANY["naf"] if before else None,
        commune_before=COMPANY["commune"] if before else None,
        zone_before=None,
        step="validated",
        day_before=wrong,
        day=right,
        levels=LEVELS[1:],
        levels_before=before,
        reason="typing_error",
    )
    told = [*industry.maturity_points.facts(event)]
    assert [(fact.effective_on, fact.dimensions["zone"], int(fact.value)) for fact in told] == points
    assert {(fact.part, fact.is_step, fact.reaches_now) for fact in told} == {("people", False, False)}
    for measure in (industry.companies_surveyed, industry.maturity_levels):
        counted = [*measure.facts(event)]
        assert [fact.value for fact in counted] == known
        assert [fact.dimensions["zone"] for fact in counted] == [zone for _, zone, _ in points]
        begun = event.model_copy(update={"step": "begun", "levels": (), "levels_before": ()})
        assert [*measure.facts(begun)] == []


LACKED: Final[dict[str, Any]] = {**COMPANY, "kind": "training", "dimension": "people"}
WANTED: Final[dict[str, Any]] = {**LACKED, "priority": "high", "declared_on": MARCH}


@pytest.mark.parametrize(
    ("event", "declared", "met"),
    [
        (NeedDeclared(**LACKED, title="Soudage", priority="high"), [(ON, 1)], []),
        (NeedMet(**WANTED, means="grant"), [], [(ON, 1)]),
        (NeedDropped(**WANTED, reason="too_costly"), [], []),
        (NeedDropped(**WANTED, reason="member_left"), [], []),
        (NeedDropped(**WANTED, reason="entered_by_mistake"), [(MARCH, -1)], []),
        (
            NeedOutcomeCorrected(
                **LACKED, means_before="grant", means="expert", met_before=MAY, met_on=MARCH, reason="other"
            ),
            [],
            [(MAY, -1), (MARCH, 1)],
        ),
        (NeedReopened(**LACKED, means="grant", met_on=MAY, reason="not_met"), [], [(MAY, -1)]),
    ],
)
def test_a_need_counts_on_the_day_it_is_declared_and_on_the_day_it_is_met(
    event: Event, declared: list[tuple[date, int]], met: list[tuple[date, int]]
) -> None:
    for measure, expected in ((industry.needs_declared, declared), (industry.needs_met, met)):
        assert (type(event) in measure.events) >= bool(expected)
        if type(event) in measure.events:
            assert facts(measure, event) == expected
            for fact in measure.facts(event):
                assert fact.dimensions == {
                    **{name: COMPANY[name] for name in ("company", "naf", "commune", "zone")},
                    "maturity_dimension": "people",
                    "need_kind": "training",
                }


def test_maturity_and_needs_met_are_rounded_and_absent_where_nobody_is_asked() -> None:
    assert industry.maturity.dimensions == ("company", "naf", "commune", "zone", "maturity_dimension")
    assert industry.maturity.compute(Decimal(6), Decimal(13)) == Decimal("2.17")
    assert industry.maturity.compute(Decimal(8), Decimal(1)) == Decimal("0.13")
    assert industry.maturity.compute(Decimal(6), Decimal(0)) == 0
    assert industry.maturity.compute(Decimal(0), Decimal(0)) is None
    assert industry.needs_met_rate.compute(Decimal(3), Decimal(2)) == Decimal("0.6667")
    assert industry.needs_met_rate.compute(Decimal(0), Decimal(1)) is None
    assert inputs(industry.needs_met_rate) == (industry.needs_declared, industry.needs_met)


@pytest.mark.parametrize("indicator", catalogue.values(), ids=list(catalogue))
def test_an_indicator_explains_itself(indicator: Any) -> None:
    assert indicator.title
    assert len(indicator.definition) > 100
    assert indicator.unit
    assert indicator.dimensions
    assert {*indicator.dimensions} <= {*DIMENSIONS}, "each may be asked by"


def test_the_indicators_are_there_in_the_order_of_their_axes() -> None:
    assert list(catalogue) == [
        "members",
        "headcount",
        "headcount_mean",
        "days_to_membership",
        "members_pace",
        "investment_announced",
        "investment_committed",
        "invested_productive",
        "companies_investing",
        "grants_granted",
        "grants_disbursed",
        "jobs_created",
        "jobs_maintained",
        "jobs_evidenced",
        "cost_per_job",
        "waste_produced",
        "waste_hazardous",
        "waste_treated",
        "waste_recovered",
        "waste_material_recovered",
        "recovery_rate",
        "material_recovery_rate",
        "hazardous_share",
        "water",
        "electricity",
        "gas",
        "water_per_fte",
        "electricity_per_fte",
        "gas_per_fte",
        "metered_days",
        "read_days",
        "reading_coverage",
        "available_land",
        "plots",
        "lettable_area",
        "let_area",
        "vacancy_rate",
        "companies_settled",
        "carpool_areas",
        "carpool_places",
        "bike_parking_places",
        "bike_parking_per_100_staff",
        "rides",
        "ride_passengers",
        "ride_seats",
        "seat_occupancy",
        "passenger_km",
        "co2_avoided_kg",
        "bikes_in_service",
        "bike_days",
        "bike_loans",
        "loans_per_bike_and_day",
        "meals_served",
        "service_places_reserved",
        "service_places_offered",
        "service_occupancy",
        "travel_survey_asked",
        "travel_survey_answers",
        "travel_drove_alone",
        "modal_share",
        "travel_response_rate",
        "synergies",
        "diverted_tonnes",
        "diverted_m3",
        "events_held",
        "pupils_reached",
        "companies_taking_part",
        "places_offered",
        "placements",
        "placement_fill_rate",
        "host_companies",
        "host_rate",
        "immersions",
        "immersions_assessed",
        "immersions_to_jobs",
        "immersion_to_contract_rate",
        "days_to_signature",
        "campaign_companies",
        "campaign_headcount",
        "retirements_5y",
        "senior_share",
        "tension_share",
        "trade_needs_1y",
        "trade_needs_3y",
        "trade_needs_5y",
        "skill_needs_open",
        "skill_gap",
        "skill_needs_qualified",
        "skill_needs_covered",
        "skill_needs_covered_rate",
        "rehabilitation_budget",
        "works_budget",
        "works_accepted",
        "works_progress",
        "budget_committed",
        "budget_paid",
        "milestones_late",
        "building_energy",
        "energy_area",
        "energy_per_m2",
        "courses",
        "seats_open",
        "sessions",
        "seats_offered",
        "enrolments",
        "seat_fill_rate",
        "training_ended",
        "training_completed",
        "completion_rate",
        "certification_decided",
        "certified",
        "certification_rate",
        "followed_up",
        "placed_6_months",
        "placement_rate_6_months",
        "trainee_hours",
        "trainee_hours_afpa",
        "room_area",
        "room_area_days",
        "training_density",
        "platform_hours_booked",
        "platform_companies",
        "platform_open_hours",
        "platform_use",
        "companies_surveyed",
        "maturity",
        "needs_declared",
        "needs_met",
        "needs_met_rate",
        "vacancies_open",
        "vacancies_filled",
        "hires",
        "hires_priority",
        "hires_long_term",
        "hires_very_long_term",
        "hires_senior",
        "hires_women",
        "hires_youth",
        "hires_sustained",
        "hires_over_6m",
        "sustained_rate_6m",
        "unemployment_proxy",
        "unemployment_reference",
        "seekers",
        "active_residents",
        "proxy_baseline",
        "reference_baseline",
        "full_employment_gap",
        "reference_gap",
        "progress_2027",
        "reference_progress_2027",
        "exits_needed_per_quarter",
        "unemployment_pace",
        "reference_pace",
        "paths_active",
        "paths_active_priority",
        "paths_active_long_term",
        "paths_active_very_long_term",
        "paths_active_senior",
        "paths_active_women",
        "paths_active_youth",
        "referrals",
        "referrals_over_6m",
        "referrals_to_jobs_6m",
        "access_to_employment_6m",
        "days_to_hire",
        "path_exits",
        "persons_hired",
        "persons_hired_priority",
        "persons_hired_long_term",
        "persons_hired_very_long_term",
        "persons_hired_senior",
        "persons_hired_women",
        "persons_hired_youth",
    ]


def test_two_indicators_or_chapters_of_one_name_are_refused() -> None:
    with pytest.raises(TypeError, match="indicators have the same name"):
        Catalogue(Chapter("one", network.members), Chapter("other", network.members))
    with pytest.raises(TypeError, match="chapters have the same name"):
        Catalogue(Chapter("one", network.members), Chapter("one", network.headcount))


def test_a_formula_of_what_is_not_there_is_refused() -> None:
    with pytest.raises(TypeError, match="cost_per_job"):
        Catalogue(Chapter("investment", investment.cost_per_job, investment.jobs_created))
    with pytest.raises(TypeError, match="targets"):
        Catalogue(network.CHAPTER, targets=steering.targets)


def test_a_changed_definition_begins_a_new_generation_of_its_chapter_alone() -> None:
    def declared(version: int) -> Chapter:
        @levels(unit="companies", dimensions=("company",), version=version)
        def members(event: CompanyActivated) -> int:
            """Members."""
            return 1 if event.headcount else 0

        return Chapter("network", members)

    assert declared(1).generation == declared(1).generation != declared(2).generation


OF_TARGET: Final[dict[str, Any]] = {
    "indicator": "headcount",
    "title": "Headcount of the active member companies",
    "unit": "FTE",
    "dimensions": {"zone": "zi-limoise"},
    "axis": None,
    "aim": "at_least",
    "effective_on": ON,
}


def test_a_target_is_there_until_it_is_withdrawn_and_where_it_was_corrected_what_is_right_since_its_decision() -> None:
    def told(value: float, due: date, since: date = ON) -> dict[str, str | None]:
        aimed = {"of": '{"zone": "zi-limoise"}', "aim": "at_least", "value": str(value), "due": due.isoformat()}
        return {"indicator": "headcount", **aimed, "since": since.isoformat(), "axis": None}

    end, later = date(2027, 12, 31), date(2028, 6, 30)
    before: dict[str, Any] = {"value_before": 900, "due_before": end}
    for event, there in [
        (TargetSet(**OF_TARGET, value=900, due=end), 1),
        (TargetRevised(**OF_TARGET, value_before=850, due_before=later, value=900, due=end), 1),
        (TargetWithdrawn(**OF_TARGET, **before, reason="given_up"), 0),
    ]:
        [fact] = steering.targets.facts(event)
        assert facts(steering.targets, event) == [(ON, there)]
        assert fact.dimensions == told(900.0, end)
        assert fact.is_step
    corrected = TargetCorrected(**OF_TARGET, **before, value=950, due=later, since=MAY, reason="typing_error")
    assert facts(steering.targets, corrected) == [(MAY, -1), (MAY, 1)]
    wrong, right = steering.targets.facts(corrected)
    assert (wrong.dimensions, right.dimensions) == (told(900.0, end, MAY), told(950.0, later, MAY))
    assert all(fact.reaches_now and not fact.is_step for fact in (wrong, right))


def test_a_company_waited_from_its_application_to_its_activation() -> None:
    event = CompanyActivated(**COMPANY, headcount=12.5, size_band="11", applied_on=MARCH)
    assert facts(network.days_to_membership, event) == [(ON, (ON - MARCH).days)]
    assert facts(network.days_to_membership, event.model_copy(update={"applied_on": None})) == []


def test_an_investment_makes_a_company_one_that_has_invested_on_the_day_it_is_completed() -> None:
    assert isinstance(investment.companies_investing, Distinct)
    assert facts(investment.companies_investing, COMPLETED) == [(ON, 1)]
    assert facts(investment.companies_investing, moved("completed")) == [(MARCH, -1), (MAY, 1)]
    assert facts(investment.companies_investing, moved("announced")) == []


OF_REHABILITATION: Final[dict[str, Any]] = {
    "commune": "36088",
    "zone": None,
    "floor_area": 4_200,
    "status": "works",
    "effective_on": ON,
}
FIRST_LINE: Final[dict[str, Any]] = {
    **OF_REHABILITATION,
    "line": 1,
    "purpose": "works",
    "funder": "epci",
    "line_budget": 1_000,
    "line_committed": 600,
    "line_paid": 200,
    "line_accepted": 250,
}
STUDIES: Final[dict[str, Any]] = {**FIRST_LINE, "purpose": "studies"}
CONTRACT: Final[dict[str, Any]] = {**FIRST_LINE, "commitment": 1, "lot": "structure", "supplier": None}
MILESTONE: Final[dict[str, Any]] = {**OF_REHABILITATION, "milestone": 1, "planned_on": MARCH}
LATE_ON, LATE_TILL_MAY = Spell(since=APRIL, until=None), Spell(since=APRIL, until=MAY)
REHABILITATION_GIVEN_UP: Final = RehabilitationAbandoned(
    **{**OF_REHABILITATION, "status": "abandoned"},
    phase="tender",
    status_before="tender",
    reason="financing",
    lines=(
        AbandonedLine(line=1, purpose="works", funder="epci", budget=1_000),
        AbandonedLine(line=2, purpose="studies", funder="state", budget=50),
    ),
    milestones=(
        StoppedMilestone(milestone=1, late_before=LATE_ON, late=LATE_TILL_MAY),
        StoppedMilestone(milestone=2, late_before=None, late=None),
    ),
)
YEAR_OF_ENERGY: Final[dict[str, Any]] = {**OF_REHABILITATION, "year": 2023, "since": MARCH, "target": None}


@pytest.mark.parametrize(
    ("measure", "event", "expected"),
    [
        (building.rehabilitation_budget, BudgetLineSet(**FIRST_LINE), [(ON, 1_000)]),
        (building.rehabilitation_budget, BudgetLineSet(**STUDIES), [(ON, 1_000)]),
        (building.works_budget, BudgetLineSet(**FIRST_LINE), [(ON, 1_000)]),
        (building.works_budget, BudgetLineSet(**STUDIES), []),
        (
            building.works_budget,
            BudgetLineRevised(**FIRST_LINE, line_budget_before=800, reason="other"),
            [(ON, 200)],
        ),
        (
            building.works_budget,
            BudgetLineCorrected(**FIRST_LINE, since=MARCH, line_budget_before=1_100, reason="typing_error"),
            [(MARCH, -100)],
        ),
        (building.rehabilitation_budget, REHABILITATION_GIVEN_UP, [(ON, -1_000), (ON, -50)]),
        (building.works_budget, REHABILITATION_GIVEN_UP, [(ON, -1_000)]),
        (building.budget_committed, CommitmentMade(**CONTRACT, reference="M-1", amount=600), [(ON, 600)]),
        (
            building.budget_committed,
            CommitmentReleased(**CONTRACT, amount_before=600, amount=250, reason="final_account"),
            [(ON, -350)],
        ),
        (
            building.budget_committed,
            CommitmentCorrected(
                **CONTRACT,
                amount_before=600,
                amount=650,
                committed_before=MAY,
                committed_on=MARCH,
                reason="typing_error",
            ),
            [(MAY, -600), (MARCH, 650)],
        ),
        (building.budget_paid, CommitmentPaid(**CONTRACT, payment=1, amount=200), [(ON, 200)]),
        (
            building.budget_paid,
            CommitmentPaymentCorrected(
                **CONTRACT, payment=1, amount_before=200, amount=0, paid_before=MAY, paid_on=MAY, reason="other"
            ),
            [(MAY, -200), (MAY, 0)],
        ),
        (building.works_accepted, WorksAccepted(**CONTRACT, situation=1, amount=250), [(ON, 250)]),
        (
            building.works_accepted,
            WorksAcceptedCorrected(
                **CONTRACT,
                situation=1,
                amount_before=250,
                amount=260,
                accepted_before=MAY,
                accepted_on=APRIL,
                reason="other",
            ),
            [(MAY, -250), (APRIL, 260)],
        ),
        (
            building.milestones_late,
            BuildingMilestoneAdded(**MILESTONE, title="Permis", late_before=None, late=None),
            [],
        ),
        (building.milestones_late, BuildingMilestoneLate(**MILESTONE, late_before=None, late=LATE_ON), [(APRIL, 1)]),
        (
            building.milestones_late,
            BuildingMilestoneReached(**MILESTONE, late_before=LATE_ON, late=LATE_TILL_MAY),
            [(APRIL, -1), (APRIL, 1), (MAY, -1)],
        ),
        (
            building.milestones_late,
            BuildingMilestoneCorrected(
                **MILESTONE, late_before=LATE_TILL_MAY, late=None, reached_before=MAY, reached_on=MARCH, reason="other"
            ),
            [(APRIL, -1), (MAY, 1)],
        ),
        (building.milestones_late, REHABILITATION_GIVEN_UP, [(APRIL, -1), (APRIL, 1), (MAY, -1)]),
        (
            building.building_energy,
            BuildingEnergyRead(**YEAR_OF_ENERGY, kwh=400, kwh_earlier=600, until=None),
            [(MARCH, -200)],
        ),
        (
            building.building_energy,
            BuildingEnergyRead(**YEAR_OF_ENERGY, kwh=400, kwh_earlier=None, until=MAY),
            [(MARCH, 400), (MAY, -400)],
        ),
        (
            building.building_energy,
            BuildingEnergyCorrected(
                **YEAR_OF_ENERGY, kwh_before=400, kwh=None, kwh_earlier=600, until=None, reason="other"
            ),
            [(MARCH, 200)],
        ),
        (
            building.energy_area,
            BuildingEnergyRead(**YEAR_OF_ENERGY, kwh=400, kwh_earlier=None, until=MAY),
            [(MARCH, 4_200), (MAY, -4_200)],
        ),
        (building.energy_area, BuildingEnergyRead(**YEAR_OF_ENERGY, kwh=400, kwh_earlier=600, until=MAY), []),
        (
            building.energy_area,
            BuildingEnergyCorrected(
                **YEAR_OF_ENERGY, kwh_before=400, kwh=None, kwh_earlier=None, until=None, reason="other"
            ),
            [(MARCH, -4_200)],
        ),
        (
            building.energy_area,
            BuildingEnergyCorrected(
                **YEAR_OF_ENERGY, kwh_before=400, kwh=401, kwh_earlier=None, until=None, reason="other"
            ),
            [],
        ),
        (
            building.energy_area,
            BuildingAreaCorrected(
                **OF_REHABILITATION,
                floor_area_before=4_000,
                rehabilitated_area_before=3_000,
                rehabilitated_area=3_000,
                read_since=MARCH,
                reason="other",
            ),
            [(MARCH, 200)],
        ),
        (
            building.energy_area,
            BuildingAreaCorrected(
                **OF_REHABILITATION,
                floor_area_before=4_000,
                rehabilitated_area_before=3_000,
                rehabilitated_area=3_000,
                read_since=None,
                reason="other",
            ),
            [],
        ),
    ],
)
def test_rehabilitations_count_on_the_days_that_their_events_tell(
    measure: Measure, event: Event, expected: list[tuple[date, float]]
) -> None:
    assert facts(measure, event) == expected


def test_a_rehabilitation_counts_once_whatever_its_lines_and_each_line_for_its_funder() -> None:
    whole = [*building.rehabilitation_budget.facts(REHABILITATION_GIVEN_UP)]
    assert [(each.contributor, each.dimensions["funder"]) for each in whole] == [(None, "epci"), (None, "state")]


def test_progress_and_energy_are_shares_and_kwh_per_square_metre() -> None:
    assert building.works_progress.compute(Decimal(250), Decimal(1_200)) == Decimal("0.2083")
    assert building.works_progress.compute(Decimal(0), Decimal(0)) is None
    assert building.energy_per_m2.compute(Decimal(610_000), Decimal(4_200)) == Decimal("145.24")
    assert building.energy_per_m2.compute(Decimal(0), Decimal(0)) is None


CAMPAIGN: Final[dict[str, Any]] = {
    "skills_campaign": "gpect-2024",
    "reference_on": MARCH,
    "colleges": (AskedCollege(college="companies", asked=30),),
    "effective_on": ON,
}
TOO_FEW: Final = CampaignFigure(value=None, n=2, suppressed="too_few")
FOUND: Final = CompanyFigures(
    headcount=CampaignFigure(value=132, n=3, suppressed=None),
    senior_share=CampaignFigure(value=0.1905, n=3, suppressed=None, part=24, whole=126),
    retirements_5y=CampaignFigure(value=13, n=3, suppressed=None),
    tension_share=CampaignFigure(value=0.6061, n=3, suppressed=None, part=20, whole=33),
    needs=(
        TradeNeeds(rome="H1404", in_1_year=None, in_3_years=None, in_5_years=None, n=1, suppressed="too_few"),
        TradeNeeds(rome="H2902", in_1_year=2, in_3_years=6.5, in_5_years=-1, n=3, suppressed=None),
    ),
)
NOT_GIVEN: Final = CompanyFigures(
    headcount=TOO_FEW, senior_share=TOO_FEW, retirements_5y=TOO_FEW, tension_share=TOO_FEW, needs=()
)


def published(figures: CompanyFigures) -> SkillsCampaignPublished:
    return SkillsCampaignPublished(
        **CAMPAIGN, answers=(), figures=figures, without_largest=NOT_GIVEN, largest=sample_siret(3), trades=()
    )


@pytest.mark.parametrize(
    ("measure", "expected"),
    [
        (skills.campaign_companies, 3),
        (skills.campaign_headcount, 132),
        (skills.retirements_5y, 13),
        (skills.aged_persons, 126),
        (skills.aged_seniors, 24),
        (skills.trade_persons, 33),
        (skills.tension_persons, 20),
        (skills.trade_needs_1y, 2),
        (skills.trade_needs_3y, 6.5),
        (skills.trade_needs_5y, -1),
    ],
)
def test_a_campaign_counts_for_what_it_published_on_the_day_that_it_asks_about(
    measure: Measure, expected: float
) -> None:
    assert facts(measure, published(FOUND)) == [(MARCH, expected)]
    assert facts(measure, published(NOT_GIVEN)) == ([(MARCH, 2)] if measure is skills.campaign_companies else [])
    assert measure.silence == "unknown"


def test_a_campaign_tells_trades_and_no_company() -> None:
    (needs,) = skills.trade_needs_1y.facts(published(FOUND))
    assert (needs.contributor, needs.dimensions) == (
        "gpect-2024",
        {"skills_campaign": "gpect-2024", "rome": "H2902"},
    )
    assert all("company" not in each.dimensions for each in skills.CHAPTER.measures)
    assert skills.senior_share.compute(Decimal(126), Decimal(24)) == Decimal("0.1905")
    assert skills.tension_share.compute(Decimal(0), Decimal(0)) is None


LACKING: Final[dict[str, Any]] = {
    **COMPANY,
    "rome": "H2902",
    "level": 4,
    "horizon": 1,
    "cause": "growth",
    "persons": 2,
    "covered": 0,
    "uncovered": 2,
    "status": "qualified",
    "declared_on": MARCH,
    "needed_by": MARCH.replace(year=MARCH.year + 1),
    "qualified_on": APRIL,
    "covered_on": None,
    "effective_on": MAY,
}
NEED_QUALIFIED: Final = SkillNeedQualified(**{**LACKING, "effective_on": APRIL}, skills=())
CERTIFIED: Final[dict[str, Any]] = {"enrolment": "0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c0c", "certified_on": MAY}
HALF: Final[dict[str, Any]] = {**LACKING, "covered": 1, "uncovered": 1, "status": "partly_covered"}
WHOLE: Final[dict[str, Any]] = {**LACKING, "covered": 2, "uncovered": 0, "status": "covered", "covered_on": MAY}
NEED_HALF_COVERED: Final = SkillNeedCovered(**HALF, **CERTIFIED, uncovered_before=2)
NEED_COVERED: Final = SkillNeedCovered(**WHOLE, **CERTIFIED, uncovered_before=1)
NEED_UNCOVERED: Final = SkillNeedUncovered(
    **HALF, enrolment=CERTIFIED["enrolment"], uncovered_before=0, covered_on_before=MAY
)
COVERED_LATE: Final = NEED_COVERED.model_copy(
    update={"covered_on": APRIL.replace(year=APRIL.year + 1) + timedelta(days=1)}
)
COVERED_JUST_IN_TIME: Final = NEED_COVERED.model_copy(update={"covered_on": APRIL.replace(year=APRIL.year + 1)})


def adjusted(told: dict[str, Any], **before: Any) -> SkillNeedAdjusted:
    return SkillNeedAdjusted(
        **{**told, "rome": "H2913"},
        **{"rome_before": "H2902", "level_before": 4, "horizon_before": 1, "persons_before": 2, **before},
        reason="other_occupation",
    )


def need_withdrawn(reason: SkillNeedWithdrawal) -> SkillNeedWithdrawn:
    told = {**LACKING, "status": "withdrawn", "uncovered": 0}
    return SkillNeedWithdrawn(**told, status_before="qualified", uncovered_before=2, reason=reason)


@pytest.mark.parametrize(
    ("measure", "event", "expected"),
    [
        (skills.skill_needs_open, NEED_QUALIFIED, [(APRIL, 2)]),
        (skills.skill_needs_open, NEED_HALF_COVERED, [(MAY, -1)]),
        (skills.skill_needs_open, NEED_COVERED, [(MAY, -1)]),
        (skills.skill_needs_open, NEED_COVERED.model_copy(update={"uncovered_before": None}), [(MAY, 0)]),
        (skills.skill_needs_open, NEED_UNCOVERED, [(MAY, 1)]),
        (skills.skill_needs_open, adjusted(HALF, uncovered_before=2), [(MAY, -2), (MAY, 1)]),
        (skills.skill_needs_open, adjusted(WHOLE, uncovered_before=0), []),
        (skills.skill_needs_open, need_withdrawn("recruited"), [(MAY, -2)]),
        (
            skills.skill_needs_open,
            SkillNeedExpired(
                **{**LACKING, "status": "expired", "uncovered": 0}, status_before="qualified", uncovered_before=2
            ),
            [(MAY, -2)],
        ),
        (skills.skill_needs_qualified, NEED_QUALIFIED, [(APRIL, 1)]),
        (skills.skill_needs_qualified, adjusted(HALF, uncovered_before=2), [(APRIL, -1), (APRIL, 1)]),
        (skills.skill_needs_qualified, adjusted(HALF, uncovered_before=2, rome_before="H2913"), []),
        (skills.skill_needs_qualified, need_withdrawn("recruited"), []),
        (skills.skill_needs_qualified, need_withdrawn("entered_by_mistake"), [(APRIL, -1)]),
        (
            skills.skill_needs_qualified,
            need_withdrawn("entered_by_mistake").model_copy(update={"qualified_on": None}),
            [],
        ),
        (skills.skill_needs_covered, NEED_HALF_COVERED, []),
        (skills.skill_needs_covered, NEED_COVERED, [(APRIL, 1)]),
        (skills.skill_needs_covered, COVERED_JUST_IN_TIME, [(APRIL, 1)]),
        (skills.skill_needs_covered, COVERED_LATE, []),
        (skills.skill_needs_covered, NEED_UNCOVERED, [(APRIL, -1)]),
        (
            skills.skill_needs_covered,
            adjusted(WHOLE, uncovered_before=0, covered_on_before=MAY),
            [(APRIL, -1), (APRIL, 1)],
        ),
    ],
)
def test_a_need_for_skills_counts_for_whom_it_lacks_and_once_it_is_covered_in_time(
    measure: Measure, event: Event, expected: list[tuple[date, float]]
) -> None:
    assert facts(measure, event) == expected


def test_a_need_that_is_put_right_leaves_the_occupation_it_was_for() -> None:
    before, after = skills.skill_needs_open.facts(adjusted(HALF, uncovered_before=2))
    assert before.dimensions == {"rome": "H2902", "horizon": 1, "qualification_level": 4}
    assert after.dimensions == {"rome": "H2913", "horizon": 1, "qualification_level": 4}


def test_a_gap_is_whom_companies_lack_less_the_seats_and_may_be_negative() -> None:
    assert skills.skill_gap.dimensions == ("rome",)
    assert skills.skill_gap.compute(Decimal(3), Decimal(8)) == -5
    assert skills.skill_needs_covered_rate.compute(Decimal(3), Decimal(1)) == Decimal("0.3333")
    assert skills.skill_needs_covered_rate.compute(Decimal(0), Decimal(0)) is None


OF_SESSION: Final[dict[str, Any]] = {
    "course": "0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c02",
    "certification": "RNCP35094",
    "romes": ("H2913", "H2902", "H2909"),
    "level": 3,
    "hours": 420,
    "body": None,
    "need": None,
    "commune": "36088",
    "starts_on": MARCH,
    "ends_on": MAY,
}
RUNNING: Final[dict[str, Any]] = {
    **OF_SESSION,
    "status": "running",
    "seats": 8,
    "minimum": 1,
    "admitted": 2,
    "seats_offered": 8,
    "effective_on": APRIL,
}
OVER: Final[dict[str, Any]] = {**RUNNING, "status": "completed", "seats_offered": 0}
BROKEN_OFF: Final = SessionCancelled(**{**OVER, "status": "cancelled"}, status_before="running", reason="interrupted")
ENROLLED: Final[dict[str, Any]] = {
    **OF_SESSION,
    "trainee": "0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c03",
    "session": "0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c04",
    "path": None,
    "effective_on": ON,
}
ENDED: Final[dict[str, Any]] = {**ENROLLED, "ended_on": MAY}
ATTENDED: Final[dict[str, Any]] = {**ENROLLED, "month": "2024-03", "attended_on": APRIL, "hours_attended": 10.1}


def followed_up(situation: EmploymentSituation) -> EnrolmentFollowedUp:
    placed = situation in ("employed", "self_employed")
    return EnrolmentFollowedUp(**ENDED, six_months_on=ON, situation=situation, placed=placed)


def follow_up_corrected(situation: EmploymentSituation) -> EnrolmentFollowUpCorrected:
    placed = situation in ("employed", "self_employed")
    return EnrolmentFollowUpCorrected(
        **ENDED, six_months_on=ON, situation_before=situation, placed_before=placed, reason="other"
    )


def undone(outcome: CertificationOutcome) -> EnrolmentCertificationUndone:
    return EnrolmentCertificationUndone(**ENDED, outcome_before=outcome, certified_on=None, reason="appeal")


def outcome_corrected(outcome: EnrolmentOutcome) -> EnrolmentOutcomeCorrected:
    return EnrolmentOutcomeCorrected(**ENDED, outcome_before=outcome, reason="other")


def enrolment_cancelled(status: EnrolmentStatus) -> EnrolmentCancelled:
    return EnrolmentCancelled(**ENROLLED, status_before=status, reason="entered_by_mistake")


@pytest.mark.parametrize(
    ("measure", "event", "expected"),
    [
        (training.sessions, SessionBegan(**RUNNING), [(MARCH, 1)]),
        (training.sessions, BROKEN_OFF, [(MARCH, -1)]),
        (training.sessions, BROKEN_OFF.model_copy(update={"status_before": "open"}), []),
        (training.seats_offered, SessionBegan(**RUNNING), [(MARCH, 8)]),
        (training.seats_offered, BROKEN_OFF, [(MARCH, -8)]),
        (training.seats_offered, SessionSeatsChanged(**RUNNING, seats_before=10, minimum_before=1), [(MARCH, -2)]),
        (
            training.seats_offered,
            SessionSeatsChanged(**{**RUNNING, "status": "open"}, seats_before=10, minimum_before=1),
            [],
        ),
        (
            training.seats_offered,
            SessionCompletionCorrected(
                **OVER, ends_on_before=MAY, seats_before=6, trainee_hours_before=1, trainee_hours=1, reason="other"
            ),
            [(MARCH, 2)],
        ),
        (training.enrolments, EnrolmentBegan(**ENROLLED), [(MARCH, 1)]),
        (training.enrolments, enrolment_cancelled("attending"), [(MARCH, -1)]),
        (training.enrolments, enrolment_cancelled("admitted"), []),
        (training.training_ended, EnrolmentCompleted(**ENDED), [(MAY, 1)]),
        (training.training_ended, EnrolmentDropped(**ENDED, reason="gave_up"), [(MAY, 1)]),
        (training.training_ended, outcome_corrected("dropped"), [(MAY, -1)]),
        (training.training_completed, EnrolmentCompleted(**ENDED), [(MAY, 1)]),
        (training.training_completed, outcome_corrected("completed"), [(MAY, -1)]),
        (training.training_completed, outcome_corrected("dropped"), []),
        (training.certification_decided, EnrolmentCertified(**ENDED, certified_on=ON), [(MAY, 1)]),
        (training.certification_decided, EnrolmentNotCertified(**ENDED, decided_on=ON), [(MAY, 1)]),
        (training.certification_decided, undone("not_certified"), [(MAY, -1)]),
        (training.certified, EnrolmentCertified(**ENDED, certified_on=ON), [(MAY, 1)]),
        (training.certified, undone("certified"), [(MAY, -1)]),
        (training.certified, undone("not_certified"), []),
        (training.followed_up, followed_up("without_work"), [(MAY, 1)]),
        (training.followed_up, followed_up("unknown"), []),
        (training.followed_up, follow_up_corrected("in_training"), [(MAY, -1)]),
        (training.followed_up, follow_up_corrected("unknown"), []),
        (training.placed_6_months, followed_up("self_employed"), [(MAY, 1)]),
        (training.placed_6_months, followed_up("in_training"), []),
        (training.placed_6_months, follow_up_corrected("employed"), [(MAY, -1)]),
        (training.trainee_hours, EnrolmentHoursRecorded(**ATTENDED, attended=10.1), [(APRIL, 10.1)]),
        (
            training.trainee_hours,
            EnrolmentHoursCorrected(**ATTENDED, attended_before=7.2, attended=10.1, reason="checked"),
            [(APRIL, -7.2), (APRIL, 10.1)],
        ),
        (training.trainee_hours_afpa, EnrolmentHoursRecorded(**ATTENDED, attended=10.1), [(APRIL, 10.1)]),
        (
            training.trainee_hours_afpa,
            EnrolmentHoursRecorded(**{**ATTENDED, "body": sample_siret(3)}, attended=10.1),
            [],
        ),
    ],
)
def test_sessions_count_on_their_first_day_and_outcomes_on_each_persons_last(
    measure: Measure, event: Event, expected: list[tuple[date, float]]
) -> None:
    assert facts(measure, event) == expected


def test_seats_are_parted_among_occupations_and_add_up() -> None:
    parted = [*training.seats_open.facts(SessionBegan(**RUNNING))]
    assert [(each.part, int(each.value)) for each in parted] == [("H2913", 3), ("H2902", 3), ("H2909", 2)]
    assert {each.contributor for each in parted} == {None}
    assert {each.value for each in training.seats_open.facts(SessionCompleted(**OVER, trainee_hours=1))} == {0}
    assert [each.dimensions["rome"] for each in parted] == ["H2913", "H2902", "H2909"]


OF_ROOM: Final[dict[str, Any]] = {
    "room": "salle-12",
    "commune": "36088",
    "status": "in_service",
    "capacity": 12,
    "area": 85,
    "area_in_service": 85,
    "effective_on": MARCH,
}
WORKS: Final[dict[str, Any]] = {**OF_ROOM, "status": "works", "area_in_service": 0}
RENAMED: Final[dict[str, Any]] = {
    "name_before": "A",
    "name": "B",
    "capacity_before": 12,
    "area_before": 80,
    "equipment_before": (),
    "equipment": (),
    "reason": "other",
}


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (RoomEnteredService(**OF_ROOM), [(MARCH, 85)]),
        (RoomWorksBegan(**WORKS, closed_from=MARCH, closed_until=MAY, reviewed_on=MAY), [(MARCH, -85)]),
        (RoomWorksEnded(**OF_ROOM), [(MARCH, 85)]),
        (RoomRetired(**WORKS, status_before="in_service", reason="other"), [(MARCH, -85)]),
        (RoomRetired(**WORKS, status_before="works", reason="other"), []),
        (RoomCorrected(**OF_ROOM, **RENAMED, since=APRIL), [(APRIL, 5)]),
        (RoomCorrected(**WORKS, **RENAMED), []),
    ],
)
def test_a_room_counts_for_its_area_while_it_is_in_service(event: Event, expected: list[tuple[date, float]]) -> None:
    assert facts(training.room_area, event) == expected
    assert facts(training.room_area_days, event) == [(on, 7 * area) for on, area in expected]


def test_rates_of_training_are_shares_and_its_density_is_by_the_year() -> None:
    for rate in (
        training.seat_fill_rate,
        training.completion_rate,
        training.certification_rate,
        training.placement_rate_6_months,
    ):
        assert rate.compute(Decimal(3), Decimal(2)) == Decimal("0.6667")
        assert rate.compute(Decimal(0), Decimal(0)) is None
    # 100 m² for the 30 days of a month, and 1,200 hours in it.
    assert training.training_density.compute(Decimal(3_000), Decimal(1_200)) == 146
    assert training.training_density.compute(Decimal(0), Decimal(8)) is None
