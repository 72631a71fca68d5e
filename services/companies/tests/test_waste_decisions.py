"""What the three companies on a slip may do with a movement of waste, and when; what is late, and what is corrected."""

from datetime import date, datetime, timedelta
from typing import Any, get_args

import pytest

from companies.company import companies
from companies.waste_movement import (
    LOT_IN_MOVEMENT,
    SLIP_TAKEN,
    Accept,
    Cancel,
    CorrectDay,
    CorrectTonnes,
    CorrectTreatment,
    Draft,
    Process,
    Receive,
    RecordOverdue,
    Refuse,
    Revise,
    Seal,
    Send,
    Sign,
    WasteMovement,
    waste_movements,
)
from contracts import Event, codes, sample_siret
from contracts.companies.company import CompanyActivated, CompanyApplied, CompanySuspended
from contracts.companies.waste_movement import (
    MovementCancelled,
    MovementDrafted,
    MovementRevised,
    MovementSealed,
    MovementSigned,
    MovementStatus,
    TreatmentMode,
    WasteAccepted,
    WasteDayCorrected,
    WasteOverdue,
    WasteProcessed,
    WasteReceived,
    WasteRefused,
    WasteSent,
    WasteStep,
    WasteTonnesCorrected,
    WasteTreatmentCorrected,
    Weighing,
)
from contracts.model import PARIS
from eventstore.decider import PLATFORM, Actor, Claim, Command, Due
from eventstore.refusal import Forbidden
from eventstore.specification import Specification

TODAY = date(2024, 9, 2)
given = Specification(waste_movements, today=TODAY)


def day(month: int, day_of_month: int = 1) -> date:
    return date(2024, month, day_of_month)


PRODUCER, CARRIER, SITE, OTHER = (sample_siret(number) for number in range(4))
PLACE: dict[str, Any] = {"company": PRODUCER, "naf": "24.54Z", "commune": "18055", "zone": "zi-limoise"}
APPLIED = CompanyApplied(**PLACE, name="Moulin", legal_form="5710", headcount=9, size_band="03", effective_on=day(1))
ACTIVATED = CompanyActivated(**PLACE, headcount=9, size_band="03", effective_on=day(1))
MEMBER = companies.fold((APPLIED, ACTIVATED))
SUSPENDED = companies.fold(
    (
        APPLIED,
        ACTIVATED,
        CompanySuspended(**PLACE, reason="fee_unpaid", headcount_before=9, headcount=0, effective_on=day(2)),
    )
)

SLIP: dict[str, Any] = {
    "carrier": CARRIER,
    "treatment_site": SITE,
    "waste": "120109*",
    "description": "Émulsions d'usinage",
    "lot": "CUVE-02",
    "slip": "BSD-1",
    "treatment_planned": "R3",
    "tonnes_planned": 12.5,
}
LOT: dict[str, Any] = {**PLACE, **{name: SLIP[name] for name in ("carrier", "treatment_site", "waste", "lot")}}
FACTS: dict[str, Any] = {**LOT, "hazardous": True}
draft = Draft(company=PRODUCER, **SLIP, on=day(3))
drafted = MovementDrafted(**PLACE, **SLIP, hazardous=True, effective_on=day(3))
sealed = MovementSealed(**FACTS, effective_on=day(3, 2))
signed = MovementSigned(**FACTS, effective_on=day(3, 3))
sent = WasteSent(**FACTS, tonnes_sent=12.4, effective_on=day(3, 4))
received = WasteReceived(
    **FACTS,
    sent_on=day(3, 4),
    tonnes_sent=12.4,
    tonnes_received=12.1,
    tonnes_difference=-0.3,
    effective_on=day(3, 5),
)
accepted = WasteAccepted(**FACTS, tonnes_received=12.1, late_from=day(10, 3), effective_on=day(3, 6))
refused = WasteRefused(
    **FACTS, sent_on=day(3, 4), tonnes_received=12.1, reason="not_as_declared", effective_on=day(3, 6)
)
overdue = WasteOverdue(
    **FACTS, accepted_on=day(3, 6), tonnes_received=12.1, late_from=day(10, 3), effective_on=day(10, 3)
)
processed = WasteProcessed(
    **FACTS,
    treatment="R3",
    mode="recycling",
    is_final=True,
    tonnes_processed=12,
    tonnes_received=12.1,
    effective_on=day(4),
)
cancelled = MovementCancelled(**FACTS, status_before="sealed", reason="postponed", effective_on=day(3, 3))

ON_ITS_WAY: tuple[Event, ...] = (drafted, sealed, signed, sent, received)
PASTS: dict[MovementStatus, tuple[Event, ...]] = {
    "draft": (drafted,),
    "sealed": (drafted, sealed),
    "producer_signed": (drafted, sealed, signed),
    "sent": (drafted, sealed, signed, sent),
    "received": ON_ITS_WAY,
    "accepted": (*ON_ITS_WAY, accepted),
    "refused": (*ON_ITS_WAY, refused),
    "processed": (*ON_ITS_WAY, accepted, processed),
    "cancelled": (drafted, sealed, cancelled),
}


# The steps


def test_a_member_writes_a_slip_for_a_lot() -> None:
    given().knowing(MEMBER).when(draft).then(drafted)
    given().knowing(MEMBER).when(draft).then_state(status="draft", hazardous=True, drafted_on=day(3), late=False)
    given().knowing(None).when(draft).rejected("not-a-member")
    given().knowing(SUSPENDED).when(draft).rejected("not-a-member")


def test_hazardous_waste_moves_with_a_numbered_slip_and_other_waste_may() -> None:
    unnumbered = draft.model_copy(update={"slip": None})
    given().knowing(MEMBER).when(unnumbered).rejected("slip-missing")
    given().knowing(MEMBER).when(unnumbered.model_copy(update={"waste": "120101"})).then_state(
        hazardous=False, slip=None
    )
    given().knowing(MEMBER).when(draft.model_copy(update={"waste": "120101"})).then_state(hazardous=False, slip="BSD-1")
    given(drafted).when(Revise(**{**SLIP, "slip": None})).rejected("slip-missing")


def test_a_draft_is_written_anew_and_nothing_happens_where_it_says_the_same() -> None:
    other: dict[str, Any] = {**SLIP, "waste": "120101", "slip": None, "carrier": OTHER, "tonnes_planned": 3}
    revised = MovementRevised(**PLACE, **other, hazardous=False, effective_on=TODAY)
    given(drafted).when(Revise(**other)).then(revised)
    given(drafted).when(Revise(**other)).then_state(**other, hazardous=False, status="draft")
    given(drafted, revised).when(Revise(**other)).then()


@pytest.mark.parametrize(
    ("status", "command", "event", "field"),
    [
        ("draft", Seal(on=day(3, 2)), sealed, "sealed_on"),
        ("sealed", Sign(on=day(3, 3)), signed, "signed_on"),
        ("producer_signed", Send(tonnes_sent=12.4, on=day(3, 4)), sent, "sent_on"),
        ("sent", Receive(tonnes_received=12.1, on=day(3, 5)), received, "received_on"),
        ("received", Accept(on=day(3, 6)), accepted, "accepted_on"),
        ("received", Refuse(reason="not_as_declared", on=day(3, 6)), refused, "refused_on"),
        (
            "accepted",
            Process(treatment="R3", mode="recycling", tonnes_processed=12, on=day(4)),
            processed,
            "processed_on",
        ),
        ("sealed", Cancel(reason="postponed", on=day(3, 3)), cancelled, "cancelled_on"),
    ],
)
def test_each_step_on_its_day(status: MovementStatus, command: Command, event: Event, field: str) -> None:
    given(*PASTS[status]).when(command).then(event)
    given(*PASTS[status]).when(command).then_state(**{field: event.effective_on})
    given(*PASTS[status]).when(command.model_copy(update={"on": day(2)})).rejected("on-before-previous-step")
    given(*PASTS[status]).when(command.model_copy(update={"on": TODAY + timedelta(days=1)})).rejected(
        "on-in-the-future"
    )


STEPS: dict[type[Command], tuple[Command, set[MovementStatus], str]] = {
    Revise: (Revise(**SLIP), {"draft"}, "not-draft"),
    Seal: (Seal(), {"draft"}, "not-draft"),
    Sign: (Sign(), {"sealed"}, "not-sealed"),
    Send: (Send(tonnes_sent=1), {"producer_signed"}, "not-producer-signed"),
    Receive: (Receive(tonnes_received=1), {"sent"}, "not-sent"),
    Accept: (Accept(), {"received"}, "not-received"),
    Refuse: (Refuse(reason="packaging"), {"received"}, "not-received"),
    Process: (Process(treatment="D5", mode="disposal", tonnes_processed=1), {"accepted"}, "not-accepted"),
    RecordOverdue: (RecordOverdue(), {"accepted"}, "not-accepted"),
    Cancel: (Cancel(reason="other"), {"draft", "sealed", "producer_signed"}, "not-draft"),
    CorrectTonnes: (
        CorrectTonnes(weighing="sent", tonnes=1, reason="other"),
        {"sent", "received", "accepted", "refused", "processed"},
        "{status}",
    ),
    CorrectDay: (
        CorrectDay(step="sent", day=day(3, 3), reason="other"),
        {"sent", "received", "accepted", "refused", "processed"},
        "{status}",
    ),
    CorrectTreatment: (
        CorrectTreatment(treatment="D5", mode="disposal", reason="other"),
        {"processed"},
        "not-processed",
    ),
}


def test_every_decision_on_a_movement_is_walked() -> None:
    assert STEPS.keys() == waste_movements.decisions.keys() - {Draft}


@pytest.mark.parametrize("status", get_args(MovementStatus))
@pytest.mark.parametrize("kind", STEPS)
def test_a_step_is_for_some_statuses_and_refused_in_the_others(kind: type[Command], status: MovementStatus) -> None:
    command, when, slug = STEPS[kind]
    decided = given(*PASTS[status]).when(command)
    if status in when:
        decided.then_state()
    else:
        decided.rejected(f"waste-movement-{slug.format(status=status.replace('_', '-'))}")


def test_what_is_received_may_differ_from_what_was_sent_and_says_so() -> None:
    arrived = given(*PASTS["sent"])
    arrived.when(Receive(tonnes_received=12.1)).then_state(
        tonnes_sent=12.4, tonnes_received=12.1, tonnes_difference=-0.3
    )
    arrived.when(Receive(tonnes_received=12.4)).then_state(tonnes_difference=0)
    arrived.when(Receive(tonnes_received=20)).then_state(tonnes_difference=7.6)


def test_a_site_treats_no_more_than_it_received() -> None:
    treat = Process(treatment="R3", mode="recycling", tonnes_processed=12.1)
    given(*PASTS["accepted"]).when(treat).then_state(tonnes_processed=12.1)
    given(*PASTS["accepted"]).when(treat.model_copy(update={"tonnes_processed": 12.101})).rejected(
        "processed-above-received"
    )


@pytest.mark.parametrize("treatment", codes.treatments())
def test_the_mode_is_one_that_the_treatment_allows_and_what_is_never_final_has_none(treatment: str) -> None:
    allowed = codes.treatments()[treatment]
    for mode in (None, *get_args(TreatmentMode)):
        corrected = given(*PASTS["processed"]).when(
            CorrectTreatment(treatment=treatment, mode=mode, reason="late_document")
        )
        done = given(*PASTS["accepted"]).when(Process(treatment=treatment, mode=mode, tonnes_processed=1))
        for decided in (done, corrected):
            if not allowed and mode is not None:
                decided.rejected("treatment-never-final")
            elif allowed and mode is None:
                decided.rejected("mode-missing")
            elif mode is not None and mode not in allowed:
                decided.rejected("mode-not-allowed")
            else:
                decided.then_state(treatment=treatment, mode=mode, is_final=bool(allowed))


# What is late


def test_what_is_accepted_has_a_month_from_the_day_that_is_told_or_from_today_if_that_is_told_late() -> None:
    given(*PASTS["received"]).when(Accept()).then_state(late_from=day(10, 3))
    given(*PASTS["received"]).when(Accept(on=day(3, 6))).then_state(late_from=day(10, 3))
    in_march = Specification(waste_movements, today=day(3, 8))
    in_march(*PASTS["received"]).when(Accept(on=day(3, 6))).then_state(late_from=day(4, 8))


def test_what_is_not_processed_by_then_is_late_until_it_is() -> None:
    given(*PASTS["accepted"]).is_due(Due(day(10, 3), RecordOverdue()))
    by_then = given(*PASTS["accepted"]).at(datetime(2024, 10, 3, tzinfo=PARIS))
    by_then.when(RecordOverdue(on=day(10, 3))).then(overdue)
    by_then.when(RecordOverdue(on=day(10, 3))).then_state(late=True, status="accepted", effective_on=day(3, 6))
    late = given(*PASTS["accepted"], overdue)
    late.is_due()
    later = late.at(datetime(2024, 10, 9, tzinfo=PARIS))
    treated = Process(treatment="D13", tonnes_processed=12)
    later.when(treated).then_state(status="processed", late=False, late_from=day(10, 3), processed_on=day(10, 9))
    later.when(treated.model_copy(update={"on": day(4)})).then_state(late=False, processed_on=day(4))


@pytest.mark.parametrize("status", sorted({*get_args(MovementStatus)} - {"accepted"}))
def test_nothing_else_is_due(status: MovementStatus) -> None:
    given(*PASTS[status]).is_due()


# What a movement holds


@pytest.mark.parametrize("status", get_args(MovementStatus))
def test_a_lot_is_held_until_the_movement_is_over_and_a_number_unless_it_is_cancelled(status: MovementStatus) -> None:
    lot, slip = Claim(LOT_IN_MOVEMENT, f"{PRODUCER}/CUVE-02"), Claim(SLIP_TAKEN, f"{PRODUCER}/BSD-1")
    held = {"refused": [slip], "processed": [slip], "cancelled": list[Claim]()}.get(status, [lot, slip])
    given(*PASTS[status]).holds(*held)


def test_a_revised_draft_holds_the_other_lot_instead() -> None:
    other: dict[str, Any] = {**SLIP, "waste": "120101", "slip": None, "lot": "BENNE-07"}
    revised = MovementRevised(**PLACE, **other, hazardous=False, effective_on=TODAY)
    given(drafted, revised).holds(Claim(LOT_IN_MOVEMENT, f"{PRODUCER}/BENNE-07"))


# Corrections

UNTIL_THEN: dict[str, Any] = {
    "sent_on": day(3, 4),
    "tonnes_sent": 12.4,
    "tonnes_received": None,
    "tonnes_difference": None,
    "refused_on": None,
    "processed_on": None,
    "tonnes_processed": None,
    "treatment": None,
    "mode": None,
    "is_final": None,
}
TREATED: dict[str, Any] = {
    **UNTIL_THEN,
    "tonnes_received": 12.1,
    "tonnes_difference": -0.3,
    "processed_on": day(4),
    "tonnes_processed": 12,
    "treatment": "R3",
    "mode": "recycling",
    "is_final": True,
}


@pytest.mark.parametrize(
    ("status", "weighing", "before", "tonnes", "changes"),
    [
        ("sent", "sent", 12.4, 11, {**UNTIL_THEN, "tonnes_sent": 11}),
        (
            "refused",
            "received",
            12.1,
            13,
            {**UNTIL_THEN, "tonnes_received": 13, "tonnes_difference": 0.6, "refused_on": day(3, 6)},
        ),
        ("processed", "sent", 12.4, 12, {**TREATED, "tonnes_sent": 12, "tonnes_difference": 0.1}),
        ("processed", "received", 12.1, 12, {**TREATED, "tonnes_received": 12, "tonnes_difference": -0.4}),
        ("processed", "processed", 12, 11.5, {**TREATED, "tonnes_processed": 11.5}),
    ],
)
def test_tonnes_are_corrected_with_what_depends_on_them(
    status: MovementStatus, weighing: Any, before: float, tonnes: float, changes: dict[str, Any]
) -> None:
    correct = CorrectTonnes(weighing=weighing, tonnes=tonnes, reason="weighing_error")
    corrected = WasteTonnesCorrected(
        **FACTS,
        **changes,
        weighing=weighing,
        tonnes_before=before,
        tonnes=tonnes,
        reason="weighing_error",
        effective_on=TODAY,
    )
    last = given(*PASTS[status]).state
    assert last is not None
    given(*PASTS[status]).when(correct).then(corrected)
    given(*PASTS[status]).when(correct).then_state(status=status, effective_on=last.effective_on, **changes)
    given(*PASTS[status], corrected).when(correct).then()


def test_only_what_was_weighed_is_corrected_and_never_beyond_what_was_received() -> None:
    unweighed: list[tuple[MovementStatus, Weighing]] = [
        ("sent", "received"),
        ("sent", "processed"),
        ("accepted", "processed"),
    ]
    for status, weighing in unweighed:
        given(*PASTS[status]).when(CorrectTonnes(weighing=weighing, tonnes=1, reason="other")).rejected("not-weighed")
    above = CorrectTonnes(weighing="processed", tonnes=12.2, reason="other")
    given(*PASTS["processed"]).when(above).rejected("processed-above-received")
    below = CorrectTonnes(weighing="received", tonnes=11.9, reason="other")
    given(*PASTS["processed"]).when(below).rejected("processed-above-received")


@pytest.mark.parametrize(
    ("status", "step", "right", "latest"),
    [
        ("sent", "sent", day(3, 3), day(3, 3)),
        ("received", "sent", day(3, 5), day(3, 5)),
        ("received", "received", TODAY, TODAY),
        ("refused", "refused", day(5), day(5)),
        ("accepted", "accepted", day(3, 5), day(3, 5)),
        ("processed", "sent", day(3, 3), day(4)),
        ("processed", "accepted", day(4), day(4)),
        ("processed", "processed", day(3, 6), day(3, 6)),
    ],
)
def test_the_day_of_a_step_is_corrected_between_those_around_it(
    status: MovementStatus, step: WasteStep, right: date, latest: date
) -> None:
    past = given(*PASTS[status])
    movement = past.state
    assert movement is not None
    correct = CorrectDay(step=step, day=right, reason="late_document")
    told = movement.model_dump(include={*WasteDayCorrected.model_fields} - {"reason", "effective_on"})
    corrected = WasteDayCorrected(
        **{**told, f"{step}_on": right},
        step=step,
        day_before=movement.days()[step],
        day=right,
        reason="late_document",
        effective_on=TODAY,
    )
    past.when(correct).then(corrected)
    past.when(correct).then_state(**{f"{step}_on": right}, status=status, effective_on=latest)
    given(*PASTS[status], corrected).when(correct).then()


@pytest.mark.parametrize(
    ("status", "step", "wrong", "slug"),
    [
        ("sent", "sent", day(3, 2), "day-before-previous-step"),
        ("sent", "sent", day(9, 3), "day-after-next-step"),
        ("processed", "sent", day(3, 6), "day-after-next-step"),
        ("processed", "accepted", day(3, 4), "day-before-previous-step"),
        ("processed", "accepted", day(4, 2), "day-after-next-step"),
        ("processed", "processed", day(3, 5), "day-before-previous-step"),
        ("processed", "refused", day(4), "step-not-taken"),
        ("refused", "accepted", day(3, 6), "step-not-taken"),
        ("sent", "received", day(3, 5), "step-not-taken"),
    ],
)
def test_steps_keep_their_order_when_a_day_is_corrected(
    status: MovementStatus, step: WasteStep, wrong: date, slug: str
) -> None:
    given(*PASTS[status]).when(CorrectDay(step=step, day=wrong, reason="other")).rejected(slug)


@pytest.mark.parametrize(
    ("command", "happened_on"),
    [
        (CorrectTonnes(weighing="sent", tonnes=12.3, reason="other"), day(3, 4)),
        (CorrectTonnes(weighing="processed", tonnes=11.9, reason="other"), day(4)),
        (CorrectDay(step="sent", day=day(3, 3), reason="other"), day(3, 4)),
        (CorrectTreatment(treatment="R13", reason="other"), day(4)),
    ],
)
def test_nothing_is_corrected_before_it_happened(command: Command, happened_on: date) -> None:
    past = given(*PASTS["processed"])
    early = command.model_copy(update={"on": happened_on - timedelta(days=1)})
    past.when(early).rejected("corrected-before-it-happened")
    assert past.when(command.model_copy(update={"on": happened_on})).events


def test_what_follows_on_a_corrected_day_goes_by_it() -> None:
    past = given(*PASTS["received"])
    later = past.when(CorrectDay(step="received", day=day(5), reason="typing_error")).events
    given(*PASTS["received"], *later).when(Accept(on=day(4))).rejected("on-before-previous-step")
    earlier = past.when(CorrectDay(step="sent", day=day(3, 3), reason="typing_error")).events
    refused_then = given(*PASTS["received"], *earlier).when(Refuse(reason="packaging", on=day(4))).events
    assert [event.sent_on for event in refused_then if isinstance(event, WasteRefused)] == [day(3, 3)]


def test_since_when_it_is_late_stays_where_the_day_of_acceptance_is_corrected() -> None:
    past = given(*PASTS["accepted"])
    moved = past.when(CorrectDay(step="accepted", day=day(5), reason="typing_error")).events
    given(*PASTS["accepted"], *moved).is_due(Due(day(10, 3), RecordOverdue()))


def test_a_treatment_is_corrected_and_tells_the_one_before() -> None:
    correct = CorrectTreatment(treatment="R13", reason="audit_finding")
    corrected = WasteTreatmentCorrected(
        **FACTS,
        treatment_before="R3",
        mode_before="recycling",
        is_final_before=True,
        treatment="R13",
        mode=None,
        is_final=False,
        tonnes_processed=12,
        processed_on=day(4),
        reason="audit_finding",
        effective_on=TODAY,
    )
    given(*PASTS["processed"]).when(correct).then(corrected)
    given(*PASTS["processed"]).when(correct).then_state(treatment="R13", mode=None, is_final=False)
    given(*PASTS["processed"], corrected).when(correct).then()


# Who may


def company(siret: str) -> Actor:
    return Actor("firm", frozenset({"company"}), {"company": siret})


PARTS: dict[type[Command], str | None] = {
    Draft: PRODUCER,
    Revise: PRODUCER,
    Seal: PRODUCER,
    Sign: PRODUCER,
    Cancel: PRODUCER,
    Send: CARRIER,
    Receive: SITE,
    Accept: SITE,
    Refuse: SITE,
    Process: SITE,
    RecordOverdue: None,
    CorrectTonnes: None,
    CorrectDay: None,
    CorrectTreatment: None,
}


@pytest.mark.parametrize("kind", PARTS)
def test_each_of_the_three_takes_its_own_steps(kind: type[Command]) -> None:
    decision, record = waste_movements.decision(kind), draft if kind is Draft else given(*PASTS["received"]).state
    assert record is not None
    for siret in (PRODUCER, CARRIER, SITE, OTHER):
        if siret == PARTS[kind]:
            assert waste_movements.authorise(decision, record, company(siret)) == {"company"}
        else:
            with pytest.raises(Forbidden):
                waste_movements.authorise(decision, record, company(siret))
    corrections = dict.fromkeys((CorrectTonnes, CorrectDay, CorrectTreatment), ("epci",))
    roles = {RecordOverdue: (PLATFORM,), **corrections}
    assert decision.by == roles.get(kind, ("company",))


@pytest.mark.parametrize(
    ("status", "allowed"),
    [
        ("draft", {PRODUCER: ["revise", "seal", "cancel"]}),
        ("sealed", {PRODUCER: ["sign", "cancel"]}),
        ("producer_signed", {PRODUCER: ["cancel"], CARRIER: ["send"]}),
        ("sent", {SITE: ["receive"]}),
        ("received", {SITE: ["accept", "refuse"]}),
        ("accepted", {SITE: ["process"]}),
        ("processed", {}),
    ],
)
def test_each_is_offered_its_own_steps(status: MovementStatus, allowed: dict[str, list[str]]) -> None:
    state: WasteMovement | None = given(*PASTS[status]).state
    assert state is not None
    for siret in (PRODUCER, CARRIER, SITE, OTHER):
        assert waste_movements.allowed(state, company(siret)) == allowed.get(siret, [])


def test_a_carrier_that_is_the_producer_too_takes_the_steps_of_both() -> None:
    own = drafted.model_copy(update={"carrier": PRODUCER})
    state = given(own, sealed, signed.model_copy(update={"carrier": PRODUCER})).state
    assert state is not None
    assert waste_movements.allowed(state, company(PRODUCER)) == ["send", "cancel"]
