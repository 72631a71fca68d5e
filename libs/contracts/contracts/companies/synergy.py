"""What happens to a synergy [synergie], the stream `synergy-<id>`: what one company gives goes to one that needs it.

All flows of a synergy are of one kind, and in one unit. Each event names them all, with whose they are and where. What
was exchanged is told by flow that gives and by month, and counts for the company whose flow that is.
"""

from typing import Final, Literal

from contracts.category import Category
from contracts.companies.flow import FlowDirection, FlowKind, FlowUnit
from contracts.model import Aside, Correction, Day, Detail, Event
from contracts.values import (
    CalendarMonth,
    Commune,
    ExchangedQuantity,
    FlowQuantity,
    Naf,
    RecordId,
    ShortText,
    Siret,
    WasteCode,
    Zone,
)

CATEGORY: Final = Category("synergy", service="companies", path="/v1/synergies")

SynergyStatus = Literal["detected", "qualified", "feasible", "agreed", "operating", "ended", "abandoned"]
SynergyAbandonment = Literal["not_feasible", "too_costly", "not_permitted", "not_agreed", "flow_ended", "other"]
SynergyEnding = Literal["flow_ended", "contract_ended", "too_costly", "company_left", "other"]
ExchangeCorrection = Literal["typing_error", "weighing_error", "late_document", "audit_finding", "other"]


class Participant(Detail):
    """A flow of a synergy, as it was declared when it came in, and whose it is."""

    flow: RecordId
    direction: FlowDirection
    company: Siret
    naf: Naf
    commune: Commune
    """Where the flow leaves or is needed."""
    zone: Zone | None
    quantity: FlowQuantity
    """Per month."""


class _Synergy(Event):
    kind: FlowKind
    waste: WasteCode | None
    """Of waste alone."""
    unit: FlowUnit
    quantity: FlowQuantity
    """What is to be exchanged per month: by the flows as declared, until it is found feasible by a study."""
    participants: tuple[Participant, ...]


class SynergyDetected(_Synergy, version=1):
    """The network found a company with a surplus, and another that needs it."""

    title: ShortText


class FlowAdded(_Synergy, version=1):
    """A further flow takes part."""

    flow: RecordId
    quantity_before: FlowQuantity


class SynergyQualified(_Synergy, version=1):
    """The companies are interested, and what they have and need fits."""


class SynergyFoundFeasible(_Synergy, version=1):
    """A study found that it can be done, and how much a month."""

    quantity_before: FlowQuantity


class CompanyAgreed(_Synergy, version=1):
    """One of its companies agrees."""

    company: Siret
    agreed: tuple[Siret, ...]
    """All that have agreed by now."""


class SynergyAgreed(_Synergy, version=1):
    """All of its companies have agreed."""


class SynergyStarted(_Synergy, version=1):
    """The exchange began."""


class SynergyEnded(_Synergy, version=1):
    """The exchange ended."""

    started_on: Day
    reason: SynergyEnding


class SynergyAbandoned(_Synergy, version=1):
    """It is given up before any exchange."""

    status_before: SynergyStatus
    reason: SynergyAbandonment


class _Exchange(_Synergy):
    flow: RecordId
    """The flow that gives."""
    company: Siret
    """Whose it is; activity, commune and zone are those of the flow."""
    naf: Naf
    commune: Commune
    zone: Zone | None
    month: CalendarMonth
    exchanged_on: Day
    """The last day of the month on which the synergy was operating."""
    exchanged: ExchangedQuantity
    """In the unit of the flow."""


class FlowExchanged(_Exchange, Aside, version=1):
    """What a flow gave to the others in a month."""

    recorded_by: Siret
    """Which of the companies says so."""


class ExchangeCorrected(_Exchange, Correction, version=1):
    """What a flow gave in a month had been recorded wrongly."""

    exchanged_before: ExchangedQuantity
    reason: ExchangeCorrection
