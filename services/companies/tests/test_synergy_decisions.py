"""What companies may say of their flows, and how the network makes synergies of them, step by step."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any, get_args

import pytest

from companies.bounds import Plausible
from companies.company import companies
from companies.flow import UNITS, Change, Declare, Flow, flows
from companies.flow import End as EndFlow
from companies.synergy import (
    FLOW_IN_SYNERGY,
    MOST_EXCHANGES,
    MOST_FLOWS,
    OPEN,
    Abandon,
    AddFlow,
    Agree,
    CorrectExchange,
    Detect,
    End,
    FindFeasible,
    Qualify,
    RecordExchange,
    Start,
    Synergy,
    synergies,
)
from contracts import Event, sample_siret
from contracts.companies.company import CompanyActivated, CompanyApplied, CompanySuspended
from contracts.companies.flow import FlowChanged, FlowDeclared, FlowEnded, FlowKind, FlowStatus, FlowUnit
from contracts.companies.synergy import (
    CompanyAgreed,
    ExchangeCorrected,
    FlowAdded,
    FlowExchanged,
    Participant,
    SynergyAbandoned,
    SynergyAgreed,
    SynergyDetected,
    SynergyEnded,
    SynergyFoundFeasible,
    SynergyQualified,
    SynergyStarted,
    SynergyStatus,
)
from eventstore.decider import Actor, Claim, Command
from eventstore.refusal import Forbidden
from eventstore.specification import Specification

TODAY = date(2024, 9, 2)
given_flow = Specification(flows, today=TODAY)
given = Specification(synergies, today=TODAY)


def day(month: int, day_of_month: int = 1) -> date:
    return date(2024, month, day_of_month)


FOUNDRY, GREENHOUSE, LAUNDRY, OTHER = (sample_siret(number) for number in range(4))
PLACE: dict[str, Any] = {"company": FOUNDRY, "naf": "24.54Z", "commune": "36088", "zone": "zi-limoise"}
APPLIED = CompanyApplied(**PLACE, name="Fonderie", legal_form="5710", headcount=9, size_band="03", effective_on=day(1))
ACTIVATED = CompanyActivated(**PLACE, headcount=9, size_band="03", effective_on=day(1))
MEMBER = companies.fold((APPLIED, ACTIVATED))
SUSPENDED = companies.fold(
    (
        APPLIED,
        ACTIVATED,
        CompanySuspended(**PLACE, reason="fee_unpaid", headcount_before=9, headcount=0, effective_on=day(2)),
    )
)

HEAT: dict[str, Any] = {"kind": "heat", "waste": None, "unit": "kwh"}
TERMS: dict[str, Any] = {"quantity": 1_000.0, "description": "Chaleur des fours", "first": day(3), "last": None}
SITE: dict[str, Any] = {"commune": "36088", "zone": "zi-limoise"}
declare = Declare(company=FOUNDRY, direction="surplus", **HEAT, **TERMS, **SITE, on=day(2))
declared = FlowDeclared(**PLACE, direction="surplus", **HEAT, **TERMS, effective_on=day(2))
changed = FlowChanged(
    **PLACE,
    direction="surplus",
    **HEAT,
    **{**TERMS, "quantity": 800.0},
    quantity_before=1_000,
    first_before=day(3),
    last_before=None,
    effective_on=day(3),
)
FLOW_FACTS = {name: value for name, value in TERMS.items() if name != "description"}
flow_ended = FlowEnded(
    **PLACE, direction="surplus", **HEAT, **FLOW_FACTS, reason="process_changed", effective_on=day(4)
)
FLOW_PASTS: dict[FlowStatus, tuple[Event, ...]] = {
    "declared": (declared,),
    "changed": (declared, changed),
    "ended": (declared, flow_ended),
}


# Flows


def test_a_member_declares_what_it_has_or_needs() -> None:
    given_flow().knowing(MEMBER).when(declare).then(declared)
    given_flow().knowing(MEMBER).when(declare).then_state(status="declared", declared_on=day(2), quantity=1_000)
    given_flow().knowing(MEMBER).when(declare.model_copy(update={"direction": "need"})).then_state(direction="need")
    given_flow().knowing(None).when(declare).rejected("not-a-member")
    given_flow().knowing(SUSPENDED).when(declare).rejected("not-a-member")
    given_flow().knowing(MEMBER).when(declare.model_copy(update={"on": TODAY + timedelta(days=1)})).rejected(
        "on-in-the-future"
    )


def test_a_flow_is_where_its_site_is() -> None:
    elsewhere = declare.model_copy(update={"commune": "18055", "zone": None})
    given_flow().knowing(MEMBER).when(elsewhere).then_state(commune="18055", zone=None, naf="24.54Z")


def test_waste_has_a_code_and_nothing_else_has() -> None:
    waste = declare.model_copy(update={"kind": "waste", "unit": "t", "quantity": 12})
    given_flow().knowing(MEMBER).when(waste).rejected("waste-code-missing")
    given_flow().knowing(MEMBER).when(waste.model_copy(update={"waste": "120101"})).then_state(waste="120101")
    given_flow().knowing(MEMBER).when(declare.model_copy(update={"waste": "120101"})).rejected("waste-code-of-no-waste")


@pytest.mark.parametrize("kind", get_args(FlowKind))
@pytest.mark.parametrize("unit", get_args(FlowUnit))
def test_each_kind_is_told_in_its_units(kind: FlowKind, unit: FlowUnit) -> None:
    waste = "120101" if kind == "waste" else None
    asked = declare.model_copy(update={"kind": kind, "waste": waste, "unit": unit})
    when = given_flow().knowing(MEMBER).when(asked)
    if unit in UNITS[kind]:
        when.then_state(kind=kind, unit=unit)
    else:
        when.rejected("unit-of-another-kind")


@pytest.mark.parametrize(
    ("kind", "unit"), [("packaging", "t"), ("packaging", "pieces"), ("water", "m3"), ("heat", "kwh")]
)
def test_a_quantity_beyond_reason_is_refused_by_its_unit(kind: FlowKind, unit: FlowUnit) -> None:
    most = declare.model_copy(update={"kind": kind, "unit": unit, "quantity": Plausible().a_month(unit)})
    given_flow().knowing(MEMBER).when(most).then_state(quantity=Plausible().a_month(unit))
    beyond = most.model_copy(update={"quantity": Plausible().a_month(unit) + 0.001})
    given_flow().knowing(MEMBER).when(beyond).rejected("quantity-beyond-reason")


def test_a_territory_with_larger_plants_says_so() -> None:
    larger = Plausible(most_tonnes_a_month=20_000)
    packaging = declare.model_copy(update={"kind": "packaging", "unit": "t", "quantity": 20_000})
    given_flow().knowing(MEMBER).when(packaging).rejected("quantity-beyond-reason")
    given_flow().under(larger).knowing(MEMBER).when(packaging).then_state(quantity=20_000)
    beyond = packaging.model_copy(update={"quantity": 20_000.001})
    given_flow().under(larger).knowing(MEMBER).when(beyond).rejected("quantity-beyond-reason")


def test_a_flow_ends_on_its_first_day_or_later() -> None:
    given_flow().knowing(MEMBER).when(declare.model_copy(update={"last": day(3)})).then_state(last=day(3))
    before = declare.model_copy(update={"last": day(2, 28)})
    given_flow().knowing(MEMBER).when(before).rejected("flow-ends-before-it-begins")


CHANGE = Change(**{**TERMS, "quantity": 800.0}, on=day(3))


def test_a_flow_is_changed_and_nothing_happens_where_it_says_the_same() -> None:
    given_flow(declared).when(CHANGE).then(changed)
    given_flow(declared).when(CHANGE).then_state(status="changed", quantity=800, changed_on=day(3))
    given_flow(declared, changed).when(CHANGE).then()
    given_flow(declared, changed).when(Change(**TERMS)).then_state(quantity=1_000, status="changed", changed_on=TODAY)
    in_tonnes = declared.model_copy(update={"kind": "packaging", "unit": "t"})
    given_flow(in_tonnes).when(Change(**{**TERMS, "quantity": 10_001})).rejected("quantity-beyond-reason")
    given_flow(declared).when(Change(**{**TERMS, "last": day(1)})).rejected("flow-ends-before-it-begins")
    given_flow(declared, changed).when(Change(**TERMS, on=day(2, 20))).rejected("on-before-previous-step")


def test_a_flow_ends_once() -> None:
    given_flow(declared).when(EndFlow(reason="process_changed", on=day(4))).then(flow_ended)
    given_flow(declared, changed).when(EndFlow(reason="not_available")).then_state(status="ended", ended_on=TODAY)
    for command in (CHANGE, EndFlow(reason="other")):
        given_flow(declared, flow_ended).when(command).rejected("flow-ended")


# Synergies

GIVES, NEEDS, NEEDS_TOO = (f"0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c{end}" for end in ("01", "02", "03"))


def flow(direction: str, company: str, quantity: float, **changes: Any) -> Flow:
    told = {**PLACE, **HEAT, **TERMS, "direction": direction, "company": company, "quantity": quantity, **changes}
    state = flows.fold([FlowDeclared(**told, effective_on=day(2))])
    assert state
    return state


SURPLUS = flow("surplus", FOUNDRY, 1_000)
NEED = flow("need", GREENHOUSE, 600, naf="01.13Z", zone=None)
NEED_TOO = flow("need", LAUNDRY, 300, naf="96.01A", commune="18055", zone="za-avenir")
OVER = flows.fold((declared, flow_ended))


def participant(flow_id: str, state: Flow) -> Participant:
    told = state.model_dump(include={"direction", "company", "naf", "commune", "zone", "quantity"})
    return Participant(flow=flow_id, **told)


BOTH = (participant(GIVES, SURPLUS), participant(NEEDS, NEED))
FACTS: dict[str, Any] = {**HEAT, "quantity": 600.0, "participants": BOTH}
STUDIED: dict[str, Any] = {**FACTS, "quantity": 500.0}
detect = Detect(title="Chaleur", surplus=GIVES, need=NEEDS, on=day(3))
detected = SynergyDetected(**FACTS, title="Chaleur", effective_on=day(3))
qualified = SynergyQualified(**FACTS, effective_on=day(3, 2))
feasible = SynergyFoundFeasible(**STUDIED, quantity_before=600, effective_on=day(3, 3))
foundry_agreed = CompanyAgreed(**STUDIED, company=FOUNDRY, agreed=(FOUNDRY,), effective_on=day(3, 4))
greenhouse_agreed = CompanyAgreed(**STUDIED, company=GREENHOUSE, agreed=(FOUNDRY, GREENHOUSE), effective_on=day(3, 5))
agreed = SynergyAgreed(**STUDIED, effective_on=day(3, 5))
started = SynergyStarted(**STUDIED, effective_on=day(4, 10))
ended = SynergyEnded(**STUDIED, started_on=day(4, 10), reason="contract_ended", effective_on=day(7, 15))
abandoned = SynergyAbandoned(**FACTS, status_before="qualified", reason="not_feasible", effective_on=day(3, 3))
THE_FOUNDRY_S: dict[str, Any] = {**STUDIED, **PLACE, "flow": GIVES}
exchanged = FlowExchanged(
    **THE_FOUNDRY_S,
    month="2024-05",
    exchanged_on=day(5, 31),
    exchanged=410,
    recorded_by=GREENHOUSE,
    effective_on=TODAY,
)

TO_FEASIBLE: tuple[Event, ...] = (detected, qualified, feasible)
TO_AGREED: tuple[Event, ...] = (*TO_FEASIBLE, foundry_agreed, greenhouse_agreed, agreed)
PASTS: dict[SynergyStatus, tuple[Event, ...]] = {
    "detected": (detected,),
    "qualified": (detected, qualified),
    "feasible": TO_FEASIBLE,
    "agreed": TO_AGREED,
    "operating": (*TO_AGREED, started),
    "ended": (*TO_AGREED, started, ended),
    "abandoned": (detected, qualified, abandoned),
}


def test_the_network_detects_a_surplus_and_a_need_of_two_companies() -> None:
    given().knowing(SURPLUS, NEED).when(detect).then(detected)
    given().knowing(SURPLUS, NEED).when(detect).then_state(
        status="detected",
        companies=(FOUNDRY, GREENHOUSE),
        flows=(GIVES, NEEDS),
        zones=("zi-limoise",),
        quantity=600,
        detected_on=day(3),
    )
    given().knowing(flow("surplus", FOUNDRY, 0.4), NEED).when(detect).then_state(quantity=0.4)


@pytest.mark.parametrize(
    ("surplus", "need", "slug"),
    [
        (None, NEED, "surplus-not-open"),
        (NEED, NEED, "surplus-not-open"),
        (OVER, NEED, "surplus-not-open"),
        (SURPLUS, None, "need-not-open"),
        (SURPLUS, SURPLUS, "need-not-open"),
        (SURPLUS, NEED.model_copy(update={"status": "ended"}), "need-not-open"),
        (SURPLUS, flow("need", FOUNDRY, 600), "one-company-alone"),
        (SURPLUS, flow("need", GREENHOUSE, 600, kind="cold"), "flows-differ"),
        (
            flow("surplus", FOUNDRY, 9, kind="waste", waste="120101", unit="t"),
            flow("need", GREENHOUSE, 9, kind="waste", waste="120101", unit="m3"),
            "flows-differ",
        ),
        (
            flow("surplus", FOUNDRY, 9, kind="waste", waste="120101", unit="t"),
            flow("need", GREENHOUSE, 9, kind="waste", waste="120103", unit="t"),
            "flows-differ",
        ),
    ],
)
def test_what_makes_no_synergy(surplus: Flow | None, need: Flow | None, slug: str) -> None:
    given().knowing(surplus, need).when(detect).rejected(slug)


def test_a_changed_flow_makes_a_synergy_as_it_is_now() -> None:
    now = flows.fold((declared, changed))
    given().knowing(now, flow("need", GREENHOUSE, 900)).when(detect).then_state(quantity=800)


def test_further_flows_take_part_until_a_study_is_made() -> None:
    three = (*BOTH, participant(NEEDS_TOO, NEED_TOO))
    added = FlowAdded(
        **{**HEAT, "quantity": 900.0, "participants": three},
        flow=NEEDS_TOO,
        quantity_before=600,
        effective_on=day(3, 2),
    )
    add = AddFlow(flow=NEEDS_TOO, on=day(3, 2))
    given(detected).knowing(NEED_TOO).when(add).then(added)
    given(detected).knowing(NEED_TOO).when(add).then_state(
        companies=(FOUNDRY, GREENHOUSE, LAUNDRY), zones=("zi-limoise", "za-avenir"), quantity=900, status="detected"
    )
    given(detected).knowing(flow("need", LAUNDRY, 900)).when(add).then_state(quantity=1_000)
    given(detected).knowing(flow("surplus", LAUNDRY, 900)).when(add).then_state(quantity=600)
    given(detected, qualified).knowing(NEED_TOO).when(add).then_state(status="qualified")
    given(detected, added).knowing(NEED_TOO).when(add).rejected("flow-takes-part")
    given(detected).knowing(None).when(add).rejected("flow-not-open")
    given(detected).knowing(OVER).when(add).rejected("flow-not-open")
    given(detected).knowing(flow("need", LAUNDRY, 9, kind="cold")).when(add).rejected("flows-differ")


def test_what_can_be_exchanged_stays_within_reason_and_a_synergy_within_bounds() -> None:
    most = Plausible().most_kwh_a_month
    state = given().knowing(flow("surplus", FOUNDRY, most), flow("need", GREENHOUSE, most)).when(detect)
    lower = Plausible(most_kwh_a_month=90_000)
    given().under(lower).knowing(flow("surplus", FOUNDRY, most), flow("need", GREENHOUSE, most)).when(
        detect
    ).then_state(quantity=90_000)
    past: tuple[Event, ...] = state.events
    for number in range(MOST_FLOWS - 2):
        direction = ("surplus", "need")[number % 2]
        add = AddFlow(flow=f"{GIVES[:-2]}{number + 10}")
        past += given(*past).knowing(flow(direction, LAUNDRY, most)).when(add).events
    given(*past).knowing(NEED_TOO).when(AddFlow(flow=NEEDS_TOO)).rejected("synergy-full")
    full = synergies.fold(past)
    assert full
    assert (full.quantity, len(full.flows), len(full.companies)) == (most, MOST_FLOWS, 3)


def test_what_a_study_found_is_no_more_than_the_flows_are() -> None:
    found = FindFeasible(quantity=500, on=day(3, 3))
    given(detected, qualified).when(found).then(feasible)
    given(detected, qualified).when(found).then_state(status="feasible", quantity=500, feasible_on=day(3, 3))
    given(detected, qualified).when(found.model_copy(update={"quantity": 600})).then_state(quantity=600)
    given(detected, qualified).when(found.model_copy(update={"quantity": 600.001})).rejected("quantity-above-flows")


def test_it_is_agreed_once_each_company_has_agreed_for_itself() -> None:
    given(*TO_FEASIBLE).by(company=FOUNDRY).when(Agree(on=day(3, 4))).then(foundry_agreed)
    given(*TO_FEASIBLE).by(company=FOUNDRY).when(Agree(on=day(3, 4))).then_state(status="feasible", agreed=(FOUNDRY,))
    given(*TO_FEASIBLE, foundry_agreed).by(company=FOUNDRY).when(Agree()).then()
    given(*TO_FEASIBLE, foundry_agreed).by(company=GREENHOUSE).when(Agree(on=day(3, 5))).then(greenhouse_agreed, agreed)
    given(*TO_FEASIBLE, foundry_agreed).by(company=GREENHOUSE).when(Agree(on=day(3, 5))).then_state(
        status="agreed", agreed=(FOUNDRY, GREENHOUSE), agreed_on=day(3, 5)
    )


def test_a_company_with_two_flows_agrees_once() -> None:
    three = (*BOTH, participant(NEEDS_TOO, flow("need", GREENHOUSE, 100)))
    facts = {**FACTS, "participants": three}
    past = (
        SynergyDetected(**facts, title="Chaleur", effective_on=day(3)),
        SynergyQualified(**facts, effective_on=day(3)),
        SynergyFoundFeasible(**facts, quantity_before=600, effective_on=day(3)),
        CompanyAgreed(**facts, company=FOUNDRY, agreed=(FOUNDRY,), effective_on=day(3)),
    )
    given(*past).by(company=GREENHOUSE).when(Agree()).then_state(status="agreed", companies=(FOUNDRY, GREENHOUSE))


def test_of_three_companies_all_must_agree() -> None:
    facts = {**FACTS, "participants": (*BOTH, participant(NEEDS_TOO, NEED_TOO))}
    past: tuple[Event, ...] = (
        SynergyDetected(**facts, title="Chaleur", effective_on=day(3)),
        SynergyQualified(**facts, effective_on=day(3)),
        SynergyFoundFeasible(**facts, quantity_before=900, effective_on=day(3)),
    )
    for company, status in ((LAUNDRY, "feasible"), (FOUNDRY, "feasible"), (GREENHOUSE, "agreed")):
        when = given(*past).by(company=company).when(Agree())
        when.then_state(status=status)
        past += when.events


@pytest.mark.parametrize(
    ("status", "command", "event", "field"),
    [
        ("detected", Qualify(on=day(3, 2)), qualified, "qualified_on"),
        ("agreed", Start(on=day(4, 10)), started, "started_on"),
        ("operating", End(reason="contract_ended", on=day(7, 15)), ended, "ended_on"),
        ("qualified", Abandon(reason="not_feasible", on=day(3, 3)), abandoned, "abandoned_on"),
    ],
)
def test_each_step_on_its_day(status: SynergyStatus, command: Command, event: Event, field: str) -> None:
    given(*PASTS[status]).when(command).then(event)
    given(*PASTS[status]).when(command).then_state(**{field: event.effective_on})
    given(*PASTS[status]).when(command.model_copy(update={"on": day(2)})).rejected("on-before-previous-step")
    given(*PASTS[status]).when(command.model_copy(update={"on": TODAY + timedelta(days=1)})).rejected(
        "on-in-the-future"
    )


BEFORE_OPERATING = {"detected", "qualified", "feasible", "agreed"}
STEPS: dict[type[Command], tuple[Command, set[str], str]] = {
    AddFlow: (AddFlow(flow=NEEDS_TOO), {"detected", "qualified"}, "not-detected"),
    Qualify: (Qualify(), {"detected"}, "not-detected"),
    FindFeasible: (FindFeasible(quantity=1), {"qualified"}, "not-qualified"),
    Agree: (Agree(), {"feasible"}, "not-feasible"),
    Start: (Start(), {"agreed"}, "not-agreed"),
    RecordExchange: (RecordExchange(flow=GIVES, month="2024-05", exchanged=1), {"operating", "ended"}, "not-operating"),
    CorrectExchange: (
        CorrectExchange(flow=GIVES, month="2024-05", exchanged=1, reason="other"),
        {"operating", "ended"},
        "not-operating",
    ),
    End: (End(reason="other"), {"operating"}, "not-operating"),
    Abandon: (Abandon(reason="other"), BEFORE_OPERATING, "{status}"),
}


@pytest.mark.parametrize("status", PASTS)
@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.__name__)
def test_every_step_in_every_status(step: type[Command], status: SynergyStatus) -> None:
    command, statuses, slug = STEPS[step]
    past = PASTS[status]
    if status in ("operating", "ended") and step is CorrectExchange:
        past = (*past, exchanged)
    when = given(*past).by("network", company=FOUNDRY)
    if step is AddFlow:
        when = when.knowing(NEED_TOO)
    if status in statuses:
        assert when.when(command).refusal is None
    else:
        when.when(command).rejected(f"synergy-{slug.format(status=status)}")
    assert {*STEPS, Detect} == {*synergies.decisions}


# What was exchanged

OPERATING = PASTS["operating"]
record = RecordExchange(flow=GIVES, month="2024-05", exchanged=410)


def test_a_company_records_what_a_surplus_gave_in_a_month() -> None:
    given(*OPERATING).by(company=GREENHOUSE).when(record).then(exchanged)
    state = synergies.fold((*OPERATING, exchanged))
    assert state
    assert [(each.month, each.exchanged) for each in state.exchanges] == [("2024-05", 410)]
    assert state.effective_on == day(4, 10), "it is no step"
    given(*OPERATING).by(company=FOUNDRY).when(record.model_copy(update={"exchanged": 0})).then_state(
        status="operating"
    )


@pytest.mark.parametrize(
    ("past", "month", "slug"),
    [
        (OPERATING, "2024-03", "month-outside-operation"),
        (OPERATING, "2024-04", None),
        (OPERATING, "2024-08", None),
        (OPERATING, "2024-09", "month-not-over"),
        (OPERATING, "2024-10", "month-not-over"),
        (PASTS["ended"], "2024-07", None),
        (PASTS["ended"], "2024-08", "month-outside-operation"),
        ((*OPERATING, exchanged), "2024-05", "exchange-recorded"),
    ],
)
def test_a_month_is_recorded_once_it_is_over_and_only_of_the_operation(
    past: tuple[Event, ...], month: str, slug: str | None
) -> None:
    when = given(*past).by(company=FOUNDRY).when(record.model_copy(update={"month": month}))
    if slug:
        when.rejected(slug)
    else:
        assert when.refusal is None


def test_a_month_is_over_on_the_day_after_its_last() -> None:
    august = record.model_copy(update={"month": "2024-08"})
    for today, over in ((day(8, 31), False), (day(9), True)):
        when = Specification(synergies, today=today)(*OPERATING).by(company=FOUNDRY).when(august)
        assert (when.refusal is None) == over


def test_a_month_is_not_recorded_on_a_day_before_it_was_over() -> None:
    for past, last, month in ((OPERATING, day(5, 31), "2024-05"), (PASTS["ended"], day(7, 15), "2024-07")):
        command = record.model_copy(update={"month": month, "on": last})
        operated = given(*past).by(company=FOUNDRY)
        assert operated.when(command).refusal is None
        early = command.model_copy(update={"on": last - timedelta(days=1)})
        operated.when(early).rejected("recorded-before-month-over")


def test_a_month_counts_on_its_last_day_of_operation() -> None:
    july = record.model_copy(update={"month": "2024-07"})
    told = given(*PASTS["ended"]).by(company=FOUNDRY).when(july).events[0]
    assert isinstance(told, FlowExchanged)
    assert told.exchanged_on == day(7, 15)
    went_on = given(*OPERATING).by(company=FOUNDRY).when(july).events[0]
    assert isinstance(went_on, FlowExchanged)
    assert went_on.exchanged_on == day(7, 31)


def test_only_surpluses_give_and_within_reason() -> None:
    for other in (NEEDS, NEEDS_TOO):
        given(*OPERATING).by(company=FOUNDRY).when(record.model_copy(update={"flow": other})).rejected(
            "flow-gives-nothing"
        )
    most = Plausible().most_kwh_a_month
    given(*OPERATING).by(company=FOUNDRY).when(record.model_copy(update={"exchanged": most})).then_state()
    in_tonnes = {"kind": "packaging", "unit": "t"}
    past = tuple(event.model_copy(update=in_tonnes) for event in OPERATING)
    beyond = record.model_copy(update={"exchanged": Plausible().most_tonnes_a_month + 1})
    given(*past).by(company=FOUNDRY).when(beyond).rejected("exchange-beyond-reason")
    recorded = exchanged.model_copy(update=in_tonnes)
    correct = CorrectExchange(flow=GIVES, month="2024-05", exchanged=beyond.exchanged, reason="other")
    given(*past, recorded).when(correct).rejected("exchange-beyond-reason")
    larger = Plausible(most_tonnes_a_month=20_000)
    given(*past).under(larger).by(company=FOUNDRY).when(beyond).then_state()
    given(*past, recorded).under(larger).when(correct).then_state()


def test_what_was_recorded_wrongly_is_corrected_with_the_old_and_the_new() -> None:
    correct = CorrectExchange(flow=GIVES, month="2024-05", exchanged=0, reason="typing_error", on=day(6))
    corrected = ExchangeCorrected(
        **THE_FOUNDRY_S,
        month="2024-05",
        exchanged_on=day(5, 31),
        exchanged_before=410,
        exchanged=0,
        reason="typing_error",
        effective_on=day(6),
    )
    given(*OPERATING, exchanged).when(correct).then(corrected)
    given(*OPERATING, exchanged, corrected).when(correct).then()
    early = correct.model_copy(update={"on": day(5, 30)})
    given(*OPERATING, exchanged).when(early).rejected("corrected-before-it-happened")
    state = synergies.fold((*OPERATING, exchanged, corrected))
    assert state
    assert [each.exchanged for each in state.exchanges] == [0]
    given(*OPERATING).when(correct).rejected("exchange-not-recorded")
    given(*OPERATING, exchanged).when(correct.model_copy(update={"month": "2024-06"})).rejected("exchange-not-recorded")
    given(*OPERATING, exchanged).when(correct.model_copy(update={"flow": NEEDS})).rejected("flow-gives-nothing")


def test_it_does_not_end_before_what_was_exchanged() -> None:
    given(*OPERATING, exchanged).when(End(reason="other", on=day(4, 30))).rejected("exchanged-afterwards")
    given(*OPERATING, exchanged).when(End(reason="other", on=day(5, 20))).then_state(status="ended")


def test_a_synergy_holds_so_many_quantities() -> None:
    long_ago = started.model_copy(update={"effective_on": date(1960, 1, 1)})
    months = [f"{1960 + number // 12}-{number % 12 + 1:02}" for number in range(MOST_EXCHANGES + 1)]
    past = [exchanged.model_copy(update={"month": month, "effective_on": date(1960, 1, 1)}) for month in months[:-1]]
    state = synergies.fold((*TO_AGREED, long_ago))
    for event in past:
        state = synergies.evolve(state, event)
    full = replace(given(), state=state).by(company=FOUNDRY)
    full.when(record.model_copy(update={"month": months[-1]})).rejected("exchanges-full")


# What it holds, and who decides


@pytest.mark.parametrize("status", PASTS)
def test_a_flow_is_held_until_the_synergy_is_over(status: SynergyStatus) -> None:
    held = (Claim(FLOW_IN_SYNERGY, GIVES), Claim(FLOW_IN_SYNERGY, NEEDS)) if status in OPEN else ()
    given(*PASTS[status]).holds(*held)


def acting(role: Any, company: str | None = None) -> Actor:
    return Actor("client", frozenset({role}), {"company": company} if company else {})


@pytest.mark.parametrize("company", [FOUNDRY, GREENHOUSE])
def test_companies_agree_and_record_and_the_network_does_the_rest(company: str) -> None:
    state = synergies.fold(TO_FEASIBLE)
    assert isinstance(state, Synergy)
    assert synergies.allowed(state, acting("company", company)) == ["agree"]
    assert synergies.allowed(state, acting("network")) == ["abandon"]
    operating = synergies.fold(OPERATING)
    assert operating
    assert synergies.allowed(operating, acting("company", company)) == ["record-exchange", "correct-exchange"]
    assert synergies.allowed(operating, acting("network")) == ["correct-exchange", "end"]
    for actor in (acting("company", OTHER), acting("company"), acting("network"), acting("epci")):
        with pytest.raises(Forbidden):
            synergies.authorise(synergies.decisions[Agree], state, actor)


def test_a_company_speaks_of_its_own_flows_and_the_network_may_end_them() -> None:
    state = flows.fold((declared,))
    assert state
    assert flows.allowed(state, acting("company", FOUNDRY)) == ["change", "end"]
    assert flows.allowed(state, acting("network")) == ["end"]
    assert flows.allowed(state, acting("company", OTHER)) == flows.allowed(state, acting("epci")) == []
