"""What the network may do with the machines of the platform and the licences to operate them, and when."""

from datetime import date, datetime
from typing import Any, get_args

import pytest

from companies.company import companies
from companies.equipment import (
    BeginMaintenance,
    BeginPlanned,
    ChangeOpening,
    Commission,
    EndMaintenance,
    EnterService,
    Equipment,
    KeepClosed,
    PlanMaintenance,
    ProlongMaintenance,
    Retire,
    UnplanMaintenance,
    equipments,
    open_on,
)
from companies.licence import Expire, Issue, Licence, Renew, Withdraw, licences
from contracts import Event, sample_siret
from contracts.companies.company import CompanyActivated, CompanyApplied
from contracts.companies.equipment import (
    EquipmentCommissioned,
    EquipmentEnteredService,
    EquipmentRetired,
    MaintenanceBegan,
    MaintenanceEnded,
    MaintenancePlanned,
    MaintenanceProlonged,
    MaintenanceUnplanned,
    OpeningChanged,
)
from contracts.companies.licence import LicenceExpired, LicenceIssued, LicenceRenewed, LicenceWithdrawn
from contracts.model import PARIS
from eventstore.decider import PLATFORM, Actor, Command, Due
from eventstore.specification import Specification

TODAY = date(2024, 9, 2)
given = Specification(equipments, today=TODAY)


def day(month: int, day_of_month: int = 1) -> date:
    return date(2024, month, day_of_month)


def at(day: date, hour: int) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=PARIS)


WEEK: dict[str, Any] = {"weekdays": ("monday", "tuesday"), "opens": 8, "closes": 18}
FACTS: dict[str, Any] = {"equipment": "cobot-1", "kind": "robotics", "commune": "36088", **WEEK}
commission = Commission(
    code="cobot-1",
    name="Cobot de soudage",
    kind="robotics",
    commune="36088",
    weekdays=("tuesday", "monday"),
    opens=8,
    closes=18,
    quota_hours=20,
    on=day(1, 8),
)
commissioned = EquipmentCommissioned(
    **FACTS, name="Cobot de soudage", quota_hours=20, weekly_hours=0, effective_on=day(1, 8)
)
in_service = EquipmentEnteredService(**FACTS, weekly_hours=20, effective_on=day(2))
closed = MaintenanceBegan(
    **FACTS, maintenance_until=day(9, 9), reviewed_at=at(day(9, 9), 8), weekly_hours=0, effective_on=TODAY
)
retired = EquipmentRetired(**FACTS, weekly_hours=0, reason="worn_out", effective_on=day(8))

PASTS: dict[str, tuple[Event, ...]] = {
    "commissioned": (commissioned,),
    "in_service": (commissioned, in_service),
    "maintenance": (commissioned, in_service, closed),
    "retired": (commissioned, in_service, retired),
}


def test_a_machine_is_commissioned_with_the_week_in_its_order_and_is_not_open_yet() -> None:
    given().when(commission).then(commissioned)
    given().when(commission).then_state(status="commissioned", weekly_hours=0, hours=20, commissioned_on=day(1, 8))
    given(commissioned).when(commission).rejected("equipment-exists")


@pytest.mark.parametrize(
    ("changes", "slug"),
    [
        ({"opens": 18, "closes": 18}, "opening-hours-reversed"),
        ({"opens": 24, "closes": 24}, "opening-hours-reversed"),
        ({"weekdays": ("monday", "monday")}, "weekday-twice"),
    ],
)
def test_a_week_that_is_none_is_refused(changes: dict[str, Any], slug: str) -> None:
    given().when(commission.model_copy(update=changes)).rejected(slug)
    change = ChangeOpening(**{**WEEK, "quota_hours": 20, **changes})
    given(*PASTS["in_service"]).when(change).rejected(slug)


def test_it_is_open_once_it_is_in_service() -> None:
    given(commissioned).when(EnterService(on=day(2))).then(in_service)
    given(commissioned).when(EnterService(on=day(2))).then_state(status="in_service", weekly_hours=20)


def test_its_opening_changes_and_what_it_says_counts_only_while_it_is_in_service() -> None:
    change = ChangeOpening(weekdays=("friday",), opens=9, closes=12, quota_hours=2)
    changed = OpeningChanged(
        **{**FACTS, "weekdays": ("friday",), "opens": 9, "closes": 12},
        quota_hours=2,
        weekly_hours=3,
        effective_on=TODAY,
    )
    given(*PASTS["in_service"]).when(change).then(changed)
    given(*PASTS["in_service"], changed).when(change).then()
    given(*PASTS["maintenance"]).when(change).then_state(weekly_hours=0, hours=3, quota_hours=2)
    given(*PASTS["maintenance"], changed.model_copy(update={"weekly_hours": 0})).when(EndMaintenance()).then_state(
        weekly_hours=3
    )


planned = MaintenancePlanned(
    **FACTS, maintenance_from=day(9, 16), maintenance_until=day(9, 20), weekly_hours=20, effective_on=TODAY
)


def test_maintenance_is_planned_for_days_to_come_and_begins_by_itself() -> None:
    plan = PlanMaintenance(maintenance_from=day(9, 16), maintenance_until=day(9, 20))
    given(*PASTS["in_service"]).when(plan).then(planned)
    given(*PASTS["in_service"]).when(plan).then_state(status="in_service", planned_from=day(9, 16), weekly_hours=20)
    given(*PASTS["in_service"], planned).is_due(Due(day(9, 16), BeginPlanned()))
    begun = given(*PASTS["in_service"], planned).at(at(day(9, 16), 0)).when(BeginPlanned(on=day(9, 16)))
    begun.then_state(
        status="maintenance", maintenance_until=day(9, 20), reviewed_at=at(day(9, 20), 8), planned_from=None
    )
    assert equipments.decision(BeginPlanned).by == (PLATFORM,)


def test_a_plan_lies_ahead_and_has_an_end() -> None:
    now = PlanMaintenance(maintenance_from=TODAY, maintenance_until=day(9, 20))
    given(*PASTS["in_service"]).when(now).rejected("maintenance-not-ahead")
    reversed_ = PlanMaintenance(maintenance_from=day(9, 16), maintenance_until=day(9, 16))
    given(*PASTS["in_service"]).when(reversed_).rejected("maintenance-ends-before-it-begins")


def test_a_plan_is_given_up_by_the_network_or_by_what_comes_before_it() -> None:
    past = given(*PASTS["in_service"], planned)
    past.when(UnplanMaintenance()).then(MaintenanceUnplanned(**FACTS, weekly_hours=20, effective_on=TODAY))
    past.when(UnplanMaintenance()).then_state(planned_from=None, planned_until=None)
    given(*PASTS["in_service"]).when(UnplanMaintenance()).then()
    past.when(BeginMaintenance(maintenance_until=day(9, 9))).then_state(status="maintenance", planned_from=None)
    past.when(Retire(reason="sold")).then_state(planned_from=None)
    assert "unplan-maintenance" in equipments.allowed(_state(planned), THE_NETWORK)
    assert "unplan-maintenance" not in equipments.allowed(_state(), THE_NETWORK)


def _state(*more: Event) -> Equipment:
    state = given(*PASTS["in_service"], *more).state
    assert state is not None
    return state


THE_NETWORK = Actor("network", frozenset({"network"}))


def test_maintenance_closes_it_until_a_day() -> None:
    given(*PASTS["in_service"]).when(BeginMaintenance(maintenance_until=day(9, 9))).then(closed)
    given(*PASTS["in_service"]).when(BeginMaintenance(maintenance_until=day(9, 9))).then_state(
        status="maintenance", weekly_hours=0, maintenance_until=day(9, 9), maintenance_on=TODAY
    )
    given(*PASTS["in_service"]).when(BeginMaintenance(maintenance_until=TODAY)).rejected(
        "maintenance-ends-before-it-begins"
    )
    given(*PASTS["maintenance"]).is_due(Due(at(day(9, 9), 8), KeepClosed()))


def test_maintenance_that_is_entered_late_does_not_go_on_before_its_end_is_entered() -> None:
    late = given(*PASTS["in_service"]).when(BeginMaintenance(maintenance_until=day(3, 9), on=day(3)))
    late.then_state(maintenance_until=day(3, 9), reviewed_at=at(day(9, 3), 8))


def test_maintenance_that_nobody_ended_goes_on_for_a_day() -> None:
    prolonged = MaintenanceProlonged(
        **FACTS, maintenance_until=day(9, 10), reviewed_at=at(day(9, 10), 8), weekly_hours=0, effective_on=day(9, 9)
    )
    given(*PASTS["maintenance"]).at(at(day(9, 9), 9)).when(KeepClosed(on=day(9, 9))).then(prolonged)
    forgotten = given(*PASTS["maintenance"]).at(at(day(9, 20), 9)).when(KeepClosed(on=day(9, 9)))
    forgotten.then_state(maintenance_until=day(9, 21), reviewed_at=at(day(9, 21), 8))
    assert equipments.decision(KeepClosed).by == (PLATFORM,)


def test_maintenance_is_prolonged_and_never_shortened_but_by_its_end() -> None:
    prolong = ProlongMaintenance(maintenance_until=day(9, 16))
    given(*PASTS["maintenance"]).when(prolong).then_state(
        maintenance_until=day(9, 16), reviewed_at=at(day(9, 16), 8), weekly_hours=0
    )
    given(*PASTS["maintenance"]).when(ProlongMaintenance(maintenance_until=day(9, 9))).rejected(
        "maintenance-not-prolonged"
    )
    given(*PASTS["maintenance"]).when(EndMaintenance()).then(
        MaintenanceEnded(**FACTS, weekly_hours=20, effective_on=TODAY)
    )
    ended = given(*PASTS["maintenance"]).when(EndMaintenance())
    ended.then_state(status="in_service", maintenance_until=None, reviewed_at=None, in_service_on=day(2))


def test_a_retired_machine_is_closed_for_good() -> None:
    given(*PASTS["in_service"]).when(Retire(reason="worn_out", on=day(8))).then(retired)
    given(*PASTS["maintenance"]).when(Retire(reason="sold")).then_state(status="retired", reviewed_at=None)
    given(*PASTS["retired"]).is_due()


ALLOWED: dict[type[Command], set[str]] = {
    EnterService: {"commissioned"},
    ChangeOpening: {"commissioned", "in_service", "maintenance"},
    PlanMaintenance: {"in_service"},
    UnplanMaintenance: {"in_service"},
    BeginPlanned: {"in_service"},
    BeginMaintenance: {"in_service"},
    ProlongMaintenance: {"maintenance"},
    KeepClosed: {"maintenance"},
    EndMaintenance: {"maintenance"},
    Retire: {"commissioned", "in_service", "maintenance"},
}
COMMANDS: list[tuple[Command, str]] = [
    (EnterService(), "equipment-not-commissioned"),
    (ChangeOpening(**WEEK, quota_hours=30), "equipment-retired"),
    (PlanMaintenance(maintenance_from=day(9, 16), maintenance_until=day(9, 20)), "equipment-not-in-service"),
    (UnplanMaintenance(), "equipment-not-in-service"),
    (BeginPlanned(), "equipment-not-in-service"),
    (BeginMaintenance(maintenance_until=day(9, 20)), "equipment-not-in-service"),
    (ProlongMaintenance(maintenance_until=day(9, 20)), "equipment-not-maintenance"),
    (KeepClosed(), "equipment-not-maintenance"),
    (EndMaintenance(), "equipment-not-maintenance"),
    (Retire(reason="sold"), "equipment-retired"),
]


@pytest.mark.parametrize("status", get_args(Equipment.model_fields["status"].annotation))
@pytest.mark.parametrize(("command", "slug"), COMMANDS, ids=lambda value: type(value).__name__)
def test_anything_not_listed_is_refused(status: str, command: Command, slug: str) -> None:
    decided = given(*PASTS[status]).when(command)
    if status in ALLOWED[type(command)]:
        assert decided.refusal is None
    else:
        decided.rejected(slug)


def test_a_day_has_its_opening_also_where_the_clocks_change() -> None:
    state = given(*PASTS["in_service"]).state
    assert state is not None
    assert open_on(state, day(9, 2)) == (at(day(9, 2), 8), at(day(9, 2), 18))
    assert open_on(state, day(9, 4)) is None
    always = state.model_copy(update={"weekdays": ("sunday",), "opens": 0, "closes": 24})
    opening = open_on(always, date(2024, 3, 31))
    assert opening is not None
    assert opening[1].timestamp() - opening[0].timestamp() == 23 * 3600


# Licences

allow = Specification(licences, today=TODAY)
COMPANY = sample_siret(0)
PLACE: dict[str, Any] = {"company": COMPANY, "naf": "24.54Z", "commune": "18055", "zone": None}
applied = CompanyApplied(
    **PLACE, name="Moulin du Cher", legal_form="5710", headcount=9, size_band="03", effective_on=day(1)
)
APPLICANT = companies.fold((applied,))
MEMBER = companies.fold((applied, CompanyActivated(**PLACE, headcount=9, size_band="03", effective_on=day(1))))
OPEN, GONE = equipments.fold(PASTS["in_service"]), equipments.fold(PASTS["retired"])

HOLDER: dict[str, Any] = {"equipment": "cobot-1", **PLACE}
issue = Issue(equipment="cobot-1", company=COMPANY, valid_until=day(12, 31), on=day(3))
issued = LicenceIssued(**HOLDER, valid_until=day(12, 31), expires_on=date(2025, 1, 1), effective_on=day(3))
expired = LicenceExpired(**HOLDER, valid_until=day(12, 31), effective_on=day(3))
withdrawn = LicenceWithdrawn(**HOLDER, reason="left_company", effective_on=day(4))


def test_the_network_issues_a_licence_with_an_end_that_names_nobody() -> None:
    allow().knowing(OPEN, MEMBER).when(issue).then(issued)
    allow(issued).is_due(Due(date(2025, 1, 1), Expire()))


@pytest.mark.parametrize(
    ("known", "changes", "slug"),
    [
        ((None, MEMBER), {}, "equipment-unknown"),
        ((GONE, MEMBER), {}, "equipment-is-retired"),
        ((OPEN, None), {}, "not-a-member"),
        ((OPEN, APPLICANT), {}, "not-a-member"),
        ((OPEN, MEMBER), {"valid_until": day(2)}, "licence-ends-before-it-begins"),
    ],
)
def test_a_licence_is_for_a_member_and_a_machine_that_is_there(
    known: tuple[Any, Any], changes: dict[str, Any], slug: str
) -> None:
    allow().knowing(*known).when(issue.model_copy(update=changes)).rejected(slug)


def test_a_licence_that_is_entered_late_can_be_renewed_before_it_expires() -> None:
    late = allow().knowing(OPEN, MEMBER).when(issue.model_copy(update={"valid_until": day(6)}))
    late.then_state(valid_until=day(6), expires_on=day(9, 3))


def test_a_licence_is_renewed_while_it_is_valid_and_afterwards() -> None:
    longer = date(2025, 12, 31)
    for past in ((issued,), (issued, expired)):
        allow(*past).when(Renew(valid_until=longer)).then(
            LicenceRenewed(
                **HOLDER,
                valid_until_before=day(12, 31),
                valid_until=longer,
                expires_on=date(2026, 1, 1),
                effective_on=TODAY,
            )
        )
        allow(*past).when(Renew(valid_until=longer)).then_state(status="valid", valid_until=longer, expired_on=None)
    allow(issued).when(Renew(valid_until=day(12, 31))).rejected("licence-not-prolonged")
    short = issued.model_copy(update={"valid_until": day(4), "expires_on": day(5)})
    allow(short).when(Renew(valid_until=day(5))).rejected("licence-ends-before-it-begins")


def test_a_licence_expires_and_is_withdrawn() -> None:
    allow(issued).when(Expire(on=day(3))).then(expired)
    allow(issued, expired).is_due()
    allow(issued).when(Withdraw(reason="left_company", on=day(4))).then(withdrawn)
    allow(issued, expired).when(Withdraw(reason="other")).then_state(status="withdrawn", reason="other")


@pytest.mark.parametrize("past", [(issued, expired), (issued, withdrawn)], ids=["expired", "withdrawn"])
def test_only_a_valid_licence_expires(past: tuple[Event, ...]) -> None:
    allow(*past).when(Expire()).rejected("licence-not-valid")


def test_a_withdrawn_licence_is_over() -> None:
    for command in (Renew(valid_until=date(2026, 1, 1)), Withdraw(reason="other")):
        allow(issued, withdrawn).when(command).rejected("licence-withdrawn")


def test_every_command_and_event_is_handled() -> None:
    equipments.check()
    licences.check()
    assert isinstance(licences.fold((issued,)), Licence)
