"""Synergies [synergies d'écologie industrielle]: what one company has to give goes to another that needs it (axis 1).

The network detects a surplus and a need of two companies that are of the same kind and in the same unit, adds further
flows, qualifies it and says whether a study found it feasible. Then each company agrees for itself. While it operates
the companies record what each surplus gave in a month. A flow is in one synergy at a time.
"""

from collections.abc import Iterable
from datetime import date
from typing import Annotated, Final

from pydantic import Field

from companies.bounds import Plausible
from companies.days import check_corrected
from companies.flow import GOING_ON, Flow, flows
from contracts.companies.flow import FlowKind, FlowUnit
from contracts.companies.synergy import (
    CATEGORY,
    CompanyAgreed,
    ExchangeCorrected,
    ExchangeCorrection,
    FlowAdded,
    FlowExchanged,
    Participant,
    SynergyAbandoned,
    SynergyAbandonment,
    SynergyAgreed,
    SynergyDetected,
    SynergyEnded,
    SynergyEnding,
    SynergyFoundFeasible,
    SynergyQualified,
    SynergyStarted,
    SynergyStatus,
)
from contracts.model import Day, Model
from contracts.values import (
    CalendarMonth,
    EnteredText,
    ExchangedQuantity,
    FlowQuantity,
    RecordId,
    ShortText,
    Siret,
    WasteCode,
    Zone,
    last_of_month,
)
from eventstore.decider import Claim, Command, Context, Decider, Lookup, State, tell
from eventstore.finding import Finding
from eventstore.refusal import Refusal

MOST_FLOWS: Final = 10
"""Of one synergy: what links more is several."""
MOST_EXCHANGES: Final = 600
"""Of one synergy: fifty years of one surplus, or five of ten. What goes on beyond that is a synergy of its own."""
OPEN: Final = ("detected", "qualified", "feasible", "agreed", "operating")
"""The statuses in which a synergy holds its flows."""


class Detect(Command):
    """The network has found a surplus that answers a need of another company."""

    title: Annotated[EnteredText, Field(examples=["La chaleur de la fonderie pour les serres"])]
    surplus: RecordId
    need: Annotated[RecordId, Field(examples=["0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6e"])]


class AddFlow(Command):
    """A further surplus or need takes part, until a study has been made of it."""

    flow: Annotated[RecordId, Field(examples=["0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6f"])]


class Qualify(Command):
    """The companies are interested, and what they have and need fits."""


class FindFeasible(Command):
    """A study found that it can be done."""

    quantity: Annotated[FlowQuantity, Field(examples=[75_000])]
    """What can be exchanged per month, as the study found."""


class Agree(Command):
    """One of its companies agrees, for itself. It is agreed once all have."""


class Start(Command):
    """The exchange begins."""


class RecordExchange(Command):
    """One of its companies says what a surplus gave in a month, once this is over."""

    flow: RecordId
    """The surplus."""
    month: CalendarMonth
    exchanged: Annotated[ExchangedQuantity, Field(examples=[68_500])]
    """In the unit of the flow."""


class CorrectExchange(Command):
    """What a surplus gave in a month had been recorded wrongly."""

    flow: RecordId
    month: CalendarMonth
    exchanged: Annotated[ExchangedQuantity, Field(examples=[69_500])]
    reason: ExchangeCorrection


class End(Command):
    """The exchange has ended. What it was until then may still be recorded."""

    reason: SynergyEnding


class Abandon(Command):
    """The network gives it up, before any exchange."""

    reason: SynergyAbandonment


class Exchange(Model):
    """What a surplus gave in a month."""

    flow: RecordId
    month: CalendarMonth
    exchanged_on: Day
    """The last day of the month on which the synergy operated, as far as was known then."""
    exchanged: ExchangedQuantity
    recorded_by: Siret


class Synergy(State):
    """A synergy, its flows and their companies, and what was exchanged."""

    title: ShortText
    status: SynergyStatus
    kind: FlowKind
    waste: WasteCode | None
    unit: FlowUnit
    quantity: FlowQuantity
    """What is to be exchanged per month: by the flows as declared, then by the study."""
    participants: tuple[Participant, ...]
    flows: tuple[RecordId, ...]
    companies: tuple[Siret, ...]
    """Whose the flows are, each once."""
    zones: tuple[Zone, ...]
    """The business zones that the flows are in, each once."""
    agreed: tuple[Siret, ...] = ()
    """Which of the companies have agreed."""
    exchanges: tuple[Exchange, ...] = ()
    detected_on: Day
    qualified_on: Day | None = None
    feasible_on: Day | None = None
    agreed_on: Day | None = None
    started_on: Day | None = None
    ended_on: Day | None = None
    abandoned_on: Day | None = None
    reason: SynergyAbandonment | SynergyEnding | None = None

    def surplus(self, flow: str) -> Participant:
        """The surplus of this id. Raises Rejected."""
        for each in self.participants:
            if each.flow == flow and each.direction == "surplus":
                return each
        raise FLOW_GIVES_NOTHING(flow=flow)

    def exchange(self, flow: str, month: str) -> Exchange | None:
        """What is recorded of a surplus and a month."""
        return next((each for each in self.exchanges if (each.flow, each.month) == (flow, month)), None)


SURPLUS_NOT_OPEN = Refusal(
    "surplus-not-open",
    "{surplus} is no surplus that a company has declared and not ended",
    "{surplus} n'est pas un excédent déclaré par une entreprise et non terminé",
    at="surplus",
    surplus=RecordId,
)
NEED_NOT_OPEN = Refusal(
    "need-not-open",
    "{need} is no need that a company has declared and not ended",
    "{need} n'est pas un besoin déclaré par une entreprise et non terminé",
    at="need",
    need=RecordId,
)
FLOW_NOT_OPEN = Refusal(
    "flow-not-open",
    "{flow} is no flow that a company has declared and not ended",
    "{flow} n'est pas un flux déclaré par une entreprise et non terminé",
    at="flow",
    flow=RecordId,
)
FLOWS_DIFFER = Refusal(
    "flows-differ",
    "the flows of a synergy are of one kind or code and in one unit, and these are not",
    "les flux d'une synergie sont d'une même nature ou d'un même code, dans une même unité, et ceux-ci ne le sont pas",
    at=("flow", "need"),
)
ONE_COMPANY_ALONE = Refusal(
    "one-company-alone",
    "both flows are those of {company}, and a synergy takes two companies",
    "les deux flux sont ceux de {company}, et il faut deux entreprises pour une synergie",
    at="need",
    company=Siret,
)
FLOW_TAKES_PART = Refusal(
    "flow-takes-part", "{flow} takes part already", "{flow} y participe déjà", at="flow", flow=RecordId
)
FLOWS_FULL = Refusal(
    "synergy-full",
    "a synergy has at most {most} flows: what links more is several",
    "une synergie compte au plus {most} flux : au-delà, il y en a plusieurs",
    most=int,
)
FLOW_IN_SYNERGY = Refusal(
    "flow-in-synergy",
    "one of the flows is in another synergy, which is not over",
    "l'un des flux est dans une autre synergie, qui n'est pas terminée",
)
QUANTITY_ABOVE_FLOWS = Refusal(
    "quantity-above-flows",
    "{quantity} a month is more than the {most} that the flows were declared with",
    "{quantity} par mois {quantity:dépasse|dépassent} les {most} que permettent les flux déclarés",
    at="quantity",
    quantity=FlowQuantity,
    most=FlowQuantity,
)
FLOW_GIVES_NOTHING = Refusal(
    "flow-gives-nothing",
    "{flow} is none of the surpluses of this synergy",
    "{flow} n'est pas l'un des excédents de cette synergie",
    at="flow",
    flow=RecordId,
)
EXCHANGE_BEYOND_REASON = Refusal(
    "exchange-beyond-reason",
    "{exchanged} {unit} in a month is beyond {most}, which no site comes near: check the unit",
    "{exchanged} {unit} en un mois dépassent {most}, dont aucun site n'approche : vérifiez l'unité",
    at="exchanged",
    exchanged=ExchangedQuantity,
    unit=FlowUnit,
    most=float,
)
MONTH_NOT_OVER = Refusal(
    "month-not-over",
    "{month} is not over: what was exchanged is recorded afterwards",
    "le mois {month} n'est pas terminé : la quantité échangée s'enregistre ensuite",
    at="month",
    month=CalendarMonth,
)
RECORDED_BEFORE_MONTH_OVER = Refusal(
    "recorded-before-month-over",
    "{on} is before {exchanged_on}, until when that of {month} was exchanged: it is recorded afterwards",
    "le {on} précède le {exchanged_on}, fin de l'échange pour le mois {month} : il s'enregistre ensuite",
    at="on",
    on=Day,
    month=CalendarMonth,
    exchanged_on=Day,
)
MONTH_OUTSIDE_OPERATION = Refusal(
    "month-outside-operation",
    "the synergy did not operate in {month}",
    "la synergie n'était pas en service au cours du mois {month}",
    at="month",
    month=CalendarMonth,
)
EXCHANGE_RECORDED = Refusal(
    "exchange-recorded",
    "{exchanged} is recorded for {month}: what is wrong is corrected",
    "{exchanged} est déjà enregistré pour le mois {month} : une erreur se corrige",
    at="month",
    month=CalendarMonth,
    exchanged=ExchangedQuantity,
)
EXCHANGE_NOT_RECORDED = Refusal(
    "exchange-not-recorded",
    "nothing is recorded for this flow and {month}",
    "rien n'est enregistré pour ce flux et le mois {month}",
    at="month",
    month=CalendarMonth,
)
EXCHANGES_FULL = Refusal(
    "exchanges-full",
    "a synergy holds at most {most} quantities: what goes on is a synergy of its own",
    "une synergie compte au plus {most} quantités : la suite est une nouvelle synergie",
    most=int,
)
EXCHANGED_AFTERWARDS = Refusal(
    "exchanged-afterwards",
    "an exchange is recorded for {month}, which is after {on}",
    "un échange est enregistré pour le mois {month}, qui est après le {on}",
    at="on",
    month=CalendarMonth,
    on=Day,
)

synergies = Decider(
    CATEGORY.name,
    Synergy,
    owned_by={"company": "companies"},
    final=("ended", "abandoned"),
    finding=Finding(
        found_by=("status", "kind", "waste", "unit", "companies", "flows", "zones"),
        sorted_by=("detected_on", "started_on", "quantity", "title"),
        searched_by=("title",),
    ),
)


@synergies.creates(by="network", to="detected", looks_up=(Lookup(flows, "surplus"), Lookup(flows, "need")))
def detect(command: Detect, surplus: Flow | None, need: Flow | None, context: Context) -> SynergyDetected:
    if surplus is None or surplus.direction != "surplus" or surplus.status not in GOING_ON:
        raise SURPLUS_NOT_OPEN(surplus=command.surplus)
    if need is None or need.direction != "need" or need.status not in GOING_ON:
        raise NEED_NOT_OPEN(need=command.need)
    _check_same(surplus, need)
    if surplus.company == need.company:
        raise ONE_COMPANY_ALONE(company=need.company)
    both = (_participant(command.surplus, surplus), _participant(command.need, need))
    return tell(SynergyDetected, command, surplus, quantity=_possible(both, surplus.unit, context), participants=both)


@synergies.decides(by="network", when=("detected", "qualified"), looks_up=Lookup(flows, "flow"))
def add_flow(synergy: Synergy, command: AddFlow, flow: Flow | None, context: Context) -> FlowAdded:
    if command.flow in synergy.flows:
        raise FLOW_TAKES_PART(flow=command.flow)
    if flow is None or flow.status not in GOING_ON:
        raise FLOW_NOT_OPEN(flow=command.flow)
    _check_same(synergy, flow)
    if len(synergy.participants) == MOST_FLOWS:
        raise FLOWS_FULL(most=MOST_FLOWS)
    participants = (*synergy.participants, _participant(command.flow, flow))
    quantity = _possible(participants, synergy.unit, context)
    return tell(FlowAdded, command, synergy, quantity=quantity, participants=participants)


synergies.steps(Qualify, SynergyQualified, by="network", when="detected", to="qualified", day="qualified_on")


@synergies.decides(by="network", when="qualified", to="feasible", day="feasible_on", takes=("quantity",))
def find_feasible(synergy: Synergy, command: FindFeasible) -> SynergyFoundFeasible:
    if command.quantity > synergy.quantity:
        raise QUANTITY_ABOVE_FLOWS(quantity=command.quantity, most=synergy.quantity)
    return tell(SynergyFoundFeasible, command, synergy)


@synergies.decides(by="company", when="feasible", to=("feasible", "agreed"))
def agree(
    synergy: Synergy, command: Agree, context: Context
) -> tuple[CompanyAgreed] | tuple[CompanyAgreed, SynergyAgreed] | tuple[()]:
    company = context.organisations["company"]
    if company in synergy.agreed:
        return ()
    agreed = (*synergy.agreed, company)
    said = tell(CompanyAgreed, command, synergy, company=company, agreed=agreed)
    return (said, tell(SynergyAgreed, command, synergy)) if len(agreed) == len(synergy.companies) else (said,)


synergies.steps(Start, SynergyStarted, by="network", when="agreed", to="operating", day="started_on")


@synergies.decides(by="company", when=("operating", "ended"))
def record_exchange(synergy: Synergy, command: RecordExchange, context: Context) -> FlowExchanged:
    surplus = synergy.surplus(command.flow)
    exchanged_on = _exchanged_on(synergy, command.month)
    if exchanged_on >= context.today and synergy.ended_on is None:
        raise MONTH_NOT_OVER(month=command.month)
    if command.on < exchanged_on:
        raise RECORDED_BEFORE_MONTH_OVER(on=command.on, month=command.month, exchanged_on=exchanged_on)
    if recorded := synergy.exchange(command.flow, command.month):
        raise EXCHANGE_RECORDED(month=command.month, exchanged=recorded.exchanged)
    if len(synergy.exchanges) == MOST_EXCHANGES:
        raise EXCHANGES_FULL(most=MOST_EXCHANGES)
    _check_exchanged(command.exchanged, synergy.unit, context)
    by = context.organisations["company"]
    return tell(FlowExchanged, command, synergy, **_whose(surplus), exchanged_on=exchanged_on, recorded_by=by)


@synergies.decides(by=("company", "network"), when=("operating", "ended"))
def correct_exchange(synergy: Synergy, command: CorrectExchange, context: Context) -> ExchangeCorrected | tuple[()]:
    surplus = synergy.surplus(command.flow)
    recorded = synergy.exchange(command.flow, command.month)
    if recorded is None:
        raise EXCHANGE_NOT_RECORDED(month=command.month)
    if command.exchanged == recorded.exchanged:
        return ()
    check_corrected(command.on, recorded.exchanged_on)
    _check_exchanged(command.exchanged, synergy.unit, context)
    return tell(
        ExchangeCorrected,
        command,
        synergy,
        **_whose(surplus),
        exchanged_before=recorded.exchanged,
        exchanged_on=recorded.exchanged_on,
    )


@synergies.decides(by="network", when="operating", to="ended", day="ended_on", takes=("reason",))
def end(synergy: Synergy, command: End) -> SynergyEnded:
    latest = max((each.month for each in synergy.exchanges), default="")
    if latest > f"{command.on:%Y-%m}":
        raise EXCHANGED_AFTERWARDS(month=latest, on=command.on)
    return tell(SynergyEnded, command, synergy)


synergies.steps(
    Abandon,
    SynergyAbandoned,
    by="network",
    when=("detected", "qualified", "feasible", "agreed"),
    to="abandoned",
    day="abandoned_on",
    takes=("reason",),
)


@synergies.evolves
def _(_synergy: Synergy | None, event: SynergyDetected) -> Synergy:
    told = {name: value for name, value in event if name in Synergy.model_fields}
    return Synergy.model_validate(
        {**told, **_of(event.participants), "status": "detected", "detected_on": event.effective_on}
    )


@synergies.evolves
def _(synergy: Synergy, event: FlowAdded) -> Synergy:
    return synergy.after(event, quantity=event.quantity, **_of(event.participants))


@synergies.evolves
def _(synergy: Synergy, event: CompanyAgreed) -> Synergy:
    return synergy.after(event, agreed=event.agreed)


@synergies.evolves
def _(synergy: Synergy, event: SynergyAgreed) -> Synergy:
    return synergy.after(event, status="agreed", agreed_on=event.effective_on)


@synergies.evolves
def _(synergy: Synergy, event: FlowExchanged) -> Synergy:
    recorded = Exchange.model_validate(event.model_dump(include={*Exchange.model_fields}))
    return synergy.after(event, exchanges=(*synergy.exchanges, recorded))


@synergies.evolves
def _(synergy: Synergy, event: ExchangeCorrected) -> Synergy:
    exchanges = (
        each.model_copy(update={"exchanged": event.exchanged})
        if (each.flow, each.month) == (event.flow, event.month)
        else each
        for each in synergy.exchanges
    )
    return synergy.after(event, exchanges=tuple(exchanges))


@synergies.claims
def _(synergy: Synergy) -> Iterable[Claim]:
    if synergy.status in OPEN:
        yield from (Claim(FLOW_IN_SYNERGY, flow) for flow in synergy.flows)


def _participant(flow_id: str, flow: Flow) -> Participant:
    told = {name: getattr(flow, name) for name in Participant.model_fields if name != "flow"}
    return Participant(flow=flow_id, **told)


def _of(participants: tuple[Participant, ...]) -> dict[str, tuple[object, ...]]:
    """What a synergy is found by of its flows."""
    return {
        "participants": participants,
        "flows": tuple(each.flow for each in participants),
        "companies": tuple(dict.fromkeys(each.company for each in participants)),
        "zones": tuple(dict.fromkeys(each.zone for each in participants if each.zone)),
    }


def _whose(surplus: Participant) -> dict[str, object]:
    return surplus.model_dump(include={"company", "naf", "commune", "zone"})


def _check_same(one: Flow | Synergy, other: Flow) -> None:
    if (one.kind, one.waste, one.unit) != (other.kind, other.waste, other.unit):
        raise FLOWS_DIFFER()


def _possible(participants: tuple[Participant, ...], unit: FlowUnit, context: Context) -> float:
    """What these flows can exchange per month: what there is, or what is needed of it."""
    given, needed = (
        sum(each.quantity for each in participants if each.direction == direction) for direction in ("surplus", "need")
    )
    return round(min(given, needed, context.of(Plausible).a_month(unit)), 3)


def _exchanged_on(synergy: Synergy, month: str) -> date:
    """The last day of a month on which the synergy operated. Raises Rejected."""
    last = last_of_month(month)
    if synergy.ended_on and synergy.ended_on < last:
        last = synergy.ended_on
    if synergy.started_on is None or last < synergy.started_on or f"{last:%Y-%m}" != month:
        raise MONTH_OUTSIDE_OPERATION(month=month)
    return last


def _check_exchanged(exchanged: float, unit: FlowUnit, context: Context) -> None:
    if exchanged > (most := context.of(Plausible).a_month(unit)):
        raise EXCHANGE_BEYOND_REASON(exchanged=exchanged, unit=unit, most=most)
