"""Movements of waste [bordereaux de suivi de déchets]: from its producer, by a carrier, to a treatment site (axis 1).

The producer, a member company, writes a slip for a lot of waste, seals and signs it. The carrier says when it took the
waste over, the site when it received, accepted or refused, and processed it: each of the three companies named on the
slip takes its own steps, and reads it. A lot is in one movement at a time. What is accepted and not processed within a
month is late. The community of communes corrects tonnes, days and treatments, and says why.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Annotated, Final, get_args

from pydantic import Field, JsonValue

from companies.company import Company, active_member, companies
from companies.days import check_corrected, check_day
from contracts import codes
from contracts.companies.waste_movement import (
    CATEGORY,
    MovementCancellation,
    MovementCancelled,
    MovementDrafted,
    MovementRevised,
    MovementSealed,
    MovementSigned,
    MovementStatus,
    TreatmentMode,
    WasteAccepted,
    WasteCorrection,
    WasteDayCorrected,
    WasteOverdue,
    WasteProcessed,
    WasteReceived,
    WasteRefusal,
    WasteRefused,
    WasteSent,
    WasteStep,
    WasteTonnesCorrected,
    WasteTreatmentCorrected,
    Weighing,
)
from contracts.model import FIRST_DAY, Day, EnteredDay, Model
from contracts.values import (
    Commune,
    EnteredSlip,
    EnteredText,
    EnteredTreatment,
    EnteredWaste,
    Naf,
    Reference,
    ShortText,
    Siret,
    Tonnes,
    TonnesDifference,
    TreatmentCode,
    WasteCode,
    Zone,
)
from eventstore.decider import PLATFORM, Claim, Command, Context, Decider, Due, Lookup, State, tell
from eventstore.finding import Finding
from eventstore.refusal import Refusal

TIME_TO_PROCESS: Final = timedelta(days=31)
"""How long a site has to process what it accepted. Within a month it owes the producer a copy of the slip that says how
it was treated (Code de l'environnement, R541-45)."""


class Slip(Model):
    """What a slip says of a lot of waste, and where it is to go."""

    carrier: Siret
    """Who takes it over."""
    treatment_site: Siret
    """Where it is to be treated."""
    waste: EnteredWaste
    description: EnteredText
    """What people call this waste."""
    lot: Reference
    """What the producer calls this lot: a skip, a tank, a pallet. It is in one movement at a time."""
    slip: EnteredSlip | None = None
    """The slip's number, as the national system of tracking slips or the issuer of a paper slip gives it; hazardous
    waste needs one."""
    treatment_planned: EnteredTreatment
    tonnes_planned: Tonnes
    """As the producer estimates."""


_SLIP: Final[dict[str, JsonValue]] = {
    "carrier": "00000001800010",
    "treatment_site": "00000001800010",
    "waste": "120109*",
    "description": "Émulsions d'usinage",
    "lot": "CUVE-02",
    "slip": "BSD-20240513-A1B2C3",
    "treatment_planned": "R3",
    "tonnes_planned": 12.5,
}


class Draft(Slip, Command, json_schema_extra={"examples": [{"company": "00000001800010", **_SLIP}]}):
    """A producer writes a slip for a lot of waste."""

    company: Siret
    """The producer."""


class Revise(Slip, Command, json_schema_extra={"examples": [{**_SLIP, "tonnes_planned": 13.0}]}):
    """The producer writes it anew."""


class Seal(Command):
    """It is complete, and changes no more."""


class Sign(Command):
    """The producer signs it."""


class Send(Command):
    """The carrier has taken the waste over."""

    tonnes_sent: Tonnes


class Receive(Command):
    """It has arrived at the treatment site, and was weighed there."""

    tonnes_received: Annotated[Tonnes, Field(examples=[12.34])]
    """It may differ from what was sent; the record says by how much."""


class Accept(Command):
    """The site will treat it, within a month."""


class Refuse(Command):
    """The site does not take it, and it goes back to the producer."""

    reason: WasteRefusal


_TREATED: Final[dict[str, JsonValue]] = {"treatment": "R3", "mode": "recycling"}


class Process(Command, json_schema_extra={"examples": [{**_TREATED, "tonnes_processed": 12.34}]}):
    """The site has treated it."""

    treatment: EnteredTreatment
    mode: TreatmentMode | None = None
    """What became of it, of those that the operation allows; nothing of an operation that is never final."""
    tonnes_processed: Tonnes


class RecordOverdue(Command):
    """A month has passed since it was accepted."""


class Cancel(Command):
    """The producer gives it up. What was sent is received or refused instead."""

    reason: MovementCancellation


class CorrectTonnes(Command):
    """The community of communes corrects what was weighed at a step."""

    weighing: Weighing
    tonnes: Annotated[Tonnes, Field(examples=[12.42])]
    reason: WasteCorrection


class CorrectDay(Command):
    """The community of communes corrects the day of a step. The steps stay in their order."""

    step: WasteStep
    day: Annotated[EnteredDay, Field(examples=["2024-05-13"])]
    reason: WasteCorrection


class CorrectTreatment(
    Command, json_schema_extra={"examples": [{**_TREATED, "mode": "other_recovery", "reason": "late_document"}]}
):
    """The community of communes corrects how it was treated."""

    treatment: EnteredTreatment
    mode: TreatmentMode | None = None
    reason: WasteCorrection


class WasteMovement(State):
    """A lot of waste on its way. Activity, commune and zone are those of the producer when it was drafted."""

    company: Siret
    """The producer."""
    naf: Naf
    commune: Commune
    zone: Zone | None
    carrier: Siret
    treatment_site: Siret
    waste: WasteCode
    hazardous: bool
    description: ShortText
    lot: Reference
    slip: Reference | None
    status: MovementStatus
    treatment_planned: TreatmentCode
    tonnes_planned: Tonnes
    tonnes_sent: Tonnes | None = None
    tonnes_received: Tonnes | None = None
    tonnes_difference: TonnesDifference | None = None
    """Received less sent."""
    treatment: TreatmentCode | None = None
    mode: TreatmentMode | None = None
    """None until it is processed, and of an operation that is never final."""
    is_final: bool | None = None
    """Whether nothing follows on its treatment."""
    tonnes_processed: Tonnes | None = None
    late_from: Day | None = None
    """From when on it is late, unless it is processed by then."""
    late: bool = False
    """Whether its time to be processed has passed, and it is not."""
    drafted_on: Day
    sealed_on: Day | None = None
    signed_on: Day | None = None
    sent_on: Day | None = None
    received_on: Day | None = None
    accepted_on: Day | None = None
    refused_on: Day | None = None
    processed_on: Day | None = None
    cancelled_on: Day | None = None
    reason: MovementCancellation | WasteRefusal | None = None

    def weighed(self) -> dict[Weighing, float]:
        """The tonnes of the steps at which it was weighed."""
        told: dict[Weighing, float | None] = {
            "sent": self.tonnes_sent,
            "received": self.tonnes_received,
            "processed": self.tonnes_processed,
        }
        return {weighing: tonnes for weighing, tonnes in told.items() if tonnes is not None}

    def days(self) -> dict[WasteStep, Day]:
        """The days of the steps that were taken since it left the producer, in their order."""
        told: dict[WasteStep, Day | None] = {
            "sent": self.sent_on,
            "received": self.received_on,
            "accepted": self.accepted_on,
            "refused": self.refused_on,
            "processed": self.processed_on,
        }
        return {step: day for step, day in told.items() if day is not None}


OPEN: Final = ("draft", "sealed", "producer_signed", "sent", "received", "accepted")
"""The statuses in which a movement holds its lot."""

LOT_IN_MOVEMENT = Refusal(
    "lot-in-movement",
    "this lot is in another movement, which is not over",
    "ce lot est dans un autre mouvement, qui n'est pas terminé",
    at="lot",
)
SLIP_TAKEN = Refusal(
    "slip-taken",
    "another movement of the producer has this slip number",
    "un autre mouvement du producteur porte ce numéro de bordereau",
    at="slip",
)
SLIP_MISSING = Refusal(
    "slip-missing",
    "{waste} is hazardous waste, which moves with a numbered slip",
    "{waste} est un déchet dangereux, qui circule avec un bordereau numéroté",
    at="slip",
    waste=WasteCode,
)
MODE_NOT_ALLOWED = Refusal(
    "mode-not-allowed",
    "{treatment} leads to one of: {modes}; not to {mode}",
    "{treatment} relève de : {modes} ; et non de : {mode}",
    at="mode",
    treatment=TreatmentCode,
    mode=TreatmentMode,
    modes=tuple[TreatmentMode, ...],
)
MODE_MISSING = Refusal(
    "mode-missing",
    "{treatment} is a final treatment: say which it was of: {modes}",
    "{treatment} est un traitement final : précisez lequel, parmi : {modes}",
    at="mode",
    treatment=TreatmentCode,
    modes=tuple[TreatmentMode, ...],
)
TREATMENT_NEVER_FINAL = Refusal(
    "treatment-never-final",
    "{treatment} is never final: what becomes of the waste is told where it is treated next",
    "{treatment} n'est jamais un traitement final : le mode se déclare lors du traitement suivant",
    at="mode",
    treatment=TreatmentCode,
)
PROCESSED_ABOVE_RECEIVED = Refusal(
    "processed-above-received",
    "{processed} t processed would be more than the {received} t received",
    "{processed} t {processed:traitée dépasserait|traitées dépasseraient} ce qui a été reçu, {received} t",
    at=("tonnes_processed", "tonnes"),
    processed=Tonnes,
    received=Tonnes,
)
NOT_WEIGHED = Refusal(
    "not-weighed",
    "the waste was not weighed when {weighing}, as it is not yet",
    "le déchet n'a pas encore été pesé à l'étape « {weighing} »",
    at="weighing",
    weighing=Weighing,
)
STEP_NOT_TAKEN = Refusal(
    "step-not-taken",
    "the waste was not {step}, or is not yet",
    "l'étape « {step} » n'a pas eu lieu, ou pas encore",
    at="step",
    step=WasteStep,
)

waste_movements = Decider(
    CATEGORY.name,
    WasteMovement,
    owned_by={"company": ("company", "carrier", "treatment_site")},
    final=("refused", "processed", "cancelled"),
    finding=Finding(
        found_by=("status", "company", "carrier", "treatment_site", "zone", "waste", "hazardous", "treatment", "late"),
        sorted_by=("drafted_on", "sent_on", "late_from", "tonnes_received"),
        searched_by=("description", "lot", "slip"),
    ),
)


@waste_movements.creates(
    by="company", owner="company", to="draft", day="drafted_on", looks_up=Lookup(companies, "company")
)
def draft(command: Draft, company: Company | None) -> MovementDrafted:
    hazardous = _checked(command)
    return tell(MovementDrafted, command, active_member(company, command.company), hazardous=hazardous)


@waste_movements.decides(by="company", owner="company", when="draft", takes=(*Slip.model_fields, "hazardous"))
def revise(movement: WasteMovement, command: Revise) -> MovementRevised | tuple[()]:
    hazardous = _checked(command)
    if all(getattr(movement, name) == getattr(command, name) for name in Slip.model_fields):
        return ()
    return tell(MovementRevised, command, movement, hazardous=hazardous)


waste_movements.steps(Seal, MovementSealed, by="company", owner="company", when="draft", to="sealed", day="sealed_on")
waste_movements.steps(
    Sign, MovementSigned, by="company", owner="company", when="sealed", to="producer_signed", day="signed_on"
)
waste_movements.steps(
    Send,
    WasteSent,
    by="company",
    owner="carrier",
    when="producer_signed",
    to="sent",
    day="sent_on",
    takes=("tonnes_sent",),
)


@waste_movements.decides(
    by="company",
    owner="treatment_site",
    when="sent",
    to="received",
    day="received_on",
    takes=("tonnes_received", "tonnes_difference"),
)
def receive(movement: WasteMovement, command: Receive) -> WasteReceived:
    difference = _difference(command.tonnes_received, movement.tonnes_sent)
    return tell(WasteReceived, command, movement, tonnes_difference=difference)


@waste_movements.decides(
    by="company", owner="treatment_site", when="received", to="accepted", day="accepted_on", takes=("late_from",)
)
def accept(movement: WasteMovement, command: Accept, context: Context) -> WasteAccepted:
    late_from = max(command.on, context.today) + TIME_TO_PROCESS
    return tell(WasteAccepted, command, movement, late_from=late_from)


waste_movements.steps(
    Refuse,
    WasteRefused,
    by="company",
    owner="treatment_site",
    when="received",
    to="refused",
    day="refused_on",
    takes=("reason",),
)


@waste_movements.decides(by="company", owner="treatment_site", when="accepted", to="processed")
def process(movement: WasteMovement, command: Process) -> WasteProcessed:
    is_final = _final(command.treatment, command.mode)
    _check_processed(command.tonnes_processed, movement.tonnes_received)
    return tell(WasteProcessed, command, movement, is_final=is_final)


# No step: what was done in time may still be told.
waste_movements.steps(RecordOverdue, WasteOverdue, by=PLATFORM, when="accepted")
waste_movements.steps(
    Cancel,
    MovementCancelled,
    by="company",
    owner="company",
    when=("draft", "sealed", "producer_signed"),
    to="cancelled",
    day="cancelled_on",
    takes=("reason",),
)


@waste_movements.decides(
    by="epci",
    when=("sent", "received", "accepted", "refused", "processed"),
    takes=("tonnes_sent", "tonnes_received", "tonnes_difference", "tonnes_processed"),
)
def correct_tonnes(movement: WasteMovement, command: CorrectTonnes) -> WasteTonnesCorrected | tuple[()]:
    weighed = movement.weighed()
    if command.weighing not in weighed:
        raise NOT_WEIGHED(weighing=command.weighing)
    before = weighed[command.weighing]
    if command.tonnes == before:
        return ()
    check_corrected(command.on, movement.days()[command.weighing])
    weighed[command.weighing] = command.tonnes
    sent, received, processed = (weighed.get(each) for each in get_args(Weighing))
    _check_processed(processed, received)
    return tell(
        WasteTonnesCorrected,
        command,
        movement,
        tonnes_before=before,
        tonnes_sent=sent,
        tonnes_received=received,
        tonnes_processed=processed,
        tonnes_difference=_difference(received, sent),
    )


@waste_movements.decides(by="epci", when=("sent", "received", "accepted", "refused", "processed"))
def correct_day(movement: WasteMovement, command: CorrectDay) -> WasteDayCorrected | tuple[()]:
    days = movement.days()
    if command.step not in days:
        raise STEP_NOT_TAKEN(step=command.step)
    if command.day == (day_before := days[command.step]):
        return ()
    check_corrected(command.on, day_before)
    place = [*days].index(command.step)
    # What is sent was signed.
    in_order = [movement.signed_on or FIRST_DAY, *days.values(), command.on]
    check_day(command.day, after=in_order[place], before=min(in_order[place + 2 :]))
    moved = {f"{command.step}_on": command.day}
    return tell(WasteDayCorrected, command, movement, day_before=day_before, **moved)


@waste_movements.decides(by="epci", when="processed", takes=("treatment", "mode", "is_final"))
def correct_treatment(movement: WasteMovement, command: CorrectTreatment) -> WasteTreatmentCorrected | tuple[()]:
    is_final = _final(command.treatment, command.mode)
    if (command.treatment, command.mode) == (movement.treatment, movement.mode):
        return ()
    check_corrected(command.on, movement.processed_on)
    return tell(WasteTreatmentCorrected, command, movement, is_final=is_final)


@waste_movements.evolves
def _(movement: WasteMovement, event: WasteProcessed) -> WasteMovement:
    told = event.model_dump(include={"treatment", "mode", "is_final", "tonnes_processed"})
    return movement.after(event, status="processed", processed_on=event.effective_on, late=False, **told)


@waste_movements.evolves
def _(movement: WasteMovement, event: WasteDayCorrected) -> WasteMovement:
    *_, last = {**movement.days(), event.step: event.day}.values()
    return movement.after(event, effective_on=last, **{f"{event.step}_on": event.day})


@waste_movements.evolves
def _(movement: WasteMovement, event: WasteOverdue) -> WasteMovement:
    return movement.after(event, late=True)


@waste_movements.claims
def _(movement: WasteMovement) -> Iterable[Claim]:
    if movement.status in OPEN:
        yield Claim(LOT_IN_MOVEMENT, f"{movement.company}/{movement.lot}")
    if movement.slip and movement.status != "cancelled":
        yield Claim(SLIP_TAKEN, f"{movement.company}/{movement.slip}")


@waste_movements.due
def _(movement: WasteMovement) -> Iterable[Due]:
    if movement.status == "accepted" and movement.late_from and not movement.late:
        yield Due(movement.late_from, RecordOverdue())


def _checked(slip: Slip) -> bool:
    """Whether it is of hazardous waste, which has a number then. Raises Rejected."""
    hazardous = slip.waste.endswith("*")
    if hazardous and slip.slip is None:
        raise SLIP_MISSING(waste=slip.waste)
    return hazardous


def _final(treatment: str, mode: TreatmentMode | None) -> bool:
    """Whether a treatment is final, of which this is the mode. Raises Rejected."""
    modes = codes.treatments()[treatment]
    if not modes and mode is not None:
        raise TREATMENT_NEVER_FINAL(treatment=treatment)
    if modes and mode is None:
        raise MODE_MISSING(treatment=treatment, modes=modes)
    if mode is not None and mode not in modes:
        raise MODE_NOT_ALLOWED(treatment=treatment, mode=mode, modes=modes)
    return bool(modes)


def _difference(received: float | None, sent: float | None) -> float | None:
    """By how much they differ, to the kilogram, once both are known."""
    return None if received is None or sent is None else round(received - sent, 3)


def _check_processed(processed: float | None, received: float | None) -> None:
    if processed is not None and received is not None and processed > received:
        raise PROCESSED_ABOVE_RECEIVED(processed=processed, received=received)
