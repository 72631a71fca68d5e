"""What happens to a movement of waste [bordereau de suivi de déchets], the stream `waste-movement-<id>`.

`company` is the producer, in whose figures the waste is. Activity, commune and zone are those of the producer when the
movement was drafted. Tonnes are told at each step, and again with each step that they count for.
"""

from typing import Final, Literal

from contracts.category import Category
from contracts.model import Aside, Correction, Day, Event
from contracts.values import (
    Commune,
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

CATEGORY: Final = Category("waste-movement", service="companies", path="/v1/waste-movements")

MovementStatus = Literal[
    "draft", "sealed", "producer_signed", "sent", "received", "accepted", "refused", "processed", "cancelled"
]
TreatmentMode = Literal["disposal", "reuse", "recycling", "energy_recovery", "other_recovery"]
"""What becomes of waste in the end, in the terms of the waste hierarchy."""
MovementCancellation = Literal["entered_by_mistake", "postponed", "carrier_unavailable", "site_unavailable", "other"]
WasteRefusal = Literal["not_as_declared", "not_permitted", "packaging", "no_capacity", "slip_incomplete", "other"]
Weighing = Literal["sent", "received", "processed"]
"""At which step waste was weighed."""
WasteStep = Literal["sent", "received", "accepted", "refused", "processed"]
"""What is done with waste that leaves its producer, each on a day that may be corrected."""
WasteCorrection = Literal["typing_error", "weighing_error", "late_document", "audit_finding", "other"]


class _Movement(Event):
    company: Siret
    """The producer."""
    naf: Naf
    commune: Commune
    zone: Zone | None
    carrier: Siret
    treatment_site: Siret
    waste: WasteCode
    hazardous: bool
    lot: Reference
    """What the producer calls this lot of waste."""


class _Slip(_Movement):
    description: ShortText
    """The usual name of the waste."""
    slip: Reference | None
    """The number of the tracking slip [bordereau]; there is one of hazardous waste."""
    treatment_planned: TreatmentCode
    tonnes_planned: Tonnes


class MovementDrafted(_Slip, version=1):
    """A producer wrote a slip for a lot of waste."""


class MovementRevised(_Slip, version=1):
    """The producer wrote it anew."""


class MovementSealed(_Movement, version=1):
    """The slip is complete, and changes no more."""


class MovementSigned(_Movement, version=1):
    """The producer signed it."""


class WasteSent(_Movement, version=1):
    """The carrier took the waste over: it left the producer."""

    tonnes_sent: Tonnes


class WasteReceived(_Movement, version=1):
    """It arrived at the treatment site, and was weighed there."""

    sent_on: Day
    tonnes_sent: Tonnes
    tonnes_received: Tonnes
    tonnes_difference: TonnesDifference
    """Received less sent."""


class WasteAccepted(_Movement, version=1):
    """The site will treat it."""

    tonnes_received: Tonnes
    late_from: Day
    """From when on it is late, unless it is processed."""


class WasteRefused(_Movement, version=1):
    """The site does not take it: it goes back to the producer."""

    sent_on: Day
    tonnes_received: Tonnes
    reason: WasteRefusal


class WasteOverdue(_Movement, Aside, version=1):
    """It was accepted, and its time to be processed has passed."""

    accepted_on: Day
    tonnes_received: Tonnes
    late_from: Day


class _Processed(_Movement):
    treatment: TreatmentCode
    mode: TreatmentMode | None
    """None of an operation that is never final."""
    is_final: bool
    """Whether nothing follows on it: the tonnes of other operations, such as storage, are treated elsewhere later."""
    tonnes_processed: Tonnes


class WasteProcessed(_Processed, version=1):
    """The site treated it."""

    tonnes_received: Tonnes


class MovementCancelled(_Movement, version=1):
    """It does not take place."""

    status_before: MovementStatus
    reason: MovementCancellation


class WasteTonnesCorrected(_Movement, Correction, version=1):
    """What was weighed at a step had been recorded wrongly. Whatever else is told is as it is from now on."""

    weighing: Weighing
    tonnes_before: Tonnes
    tonnes: Tonnes
    sent_on: Day
    tonnes_sent: Tonnes
    tonnes_received: Tonnes | None
    """None until it is received, like the difference."""
    tonnes_difference: TonnesDifference | None
    refused_on: Day | None
    processed_on: Day | None
    tonnes_processed: Tonnes | None
    treatment: TreatmentCode | None
    mode: TreatmentMode | None
    is_final: bool | None
    reason: WasteCorrection


class WasteDayCorrected(_Movement, Correction, version=1):
    """The day of a step had been recorded wrongly. Whatever else is told is as it is from now on."""

    step: WasteStep
    day_before: Day
    day: Day
    sent_on: Day
    tonnes_sent: Tonnes
    received_on: Day | None
    """None until it is received, like the tonnes: so with each step."""
    tonnes_received: Tonnes | None
    accepted_on: Day | None
    refused_on: Day | None
    processed_on: Day | None
    tonnes_processed: Tonnes | None
    treatment: TreatmentCode | None
    mode: TreatmentMode | None
    is_final: bool | None
    reason: WasteCorrection


class WasteTreatmentCorrected(_Processed, Correction, version=1):
    """How it was treated had been recorded wrongly."""

    treatment_before: TreatmentCode
    mode_before: TreatmentMode | None
    is_final_before: bool
    processed_on: Day
    reason: WasteCorrection
