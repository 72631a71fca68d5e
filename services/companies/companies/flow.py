"""Flows [flux déclarés]: what a member company has to give each month, or needs (axis 1).

A company declares a surplus or a need of waste, packaging, water, heat, cold or compressed air, at one of its sites and
for a period, changes it as things change, and ends it. The network, too, may end what is not true any more. Of
surpluses and needs synergies are made (`companies.synergy`).
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Final

from pydantic import Field, JsonValue

from companies.bounds import Plausible
from companies.company import Company, active_member, companies
from contracts.companies.flow import (
    CATEGORY,
    FlowChanged,
    FlowDeclared,
    FlowDirection,
    FlowEnded,
    FlowEnding,
    FlowKind,
    FlowStatus,
    FlowUnit,
)
from contracts.model import Day, EnteredDay
from contracts.values import (
    Commune,
    EnteredCommune,
    EnteredText,
    EnteredWaste,
    EnteredZone,
    FlowQuantity,
    Naf,
    ShortText,
    Siret,
    WasteCode,
    Zone,
)
from eventstore.decider import Command, Context, Decider, Lookup, State, tell
from eventstore.finding import Finding
from eventstore.refusal import Refusal

UNITS: Final[Mapping[FlowKind, tuple[FlowUnit, ...]]] = MappingProxyType(
    {
        "waste": ("t", "m3"),
        "packaging": ("t", "pieces"),
        "water": ("m3",),
        "heat": ("kwh",),
        "cold": ("kwh",),
        "compressed_air": ("m3",),
    }
)
"""What each kind is told in."""
GOING_ON: Final = ("declared", "changed")
"""The statuses in which there is such a surplus or need."""

_HEAT: Final[dict[str, JsonValue]] = {
    "kind": "heat",
    "unit": "kwh",
    "quantity": 120_000,
    "description": "Chaleur des fours, 90 °C",
    "commune": "36088",
    "first": "2024-05-01",
}
_GREENHOUSES: Final[dict[str, JsonValue]] = {**_HEAT, "quantity": 80_000, "description": "Chauffage des serres"}


class Declare(
    Command,
    json_schema_extra={
        "examples": [
            {"company": "00000001800010", "direction": "surplus", **_HEAT},
            {"company": "00000002600013", "direction": "need", **_GREENHOUSES},
            {"company": "00000003400017", "direction": "need", **_GREENHOUSES, "commune": "18055"},
        ]
    },
):
    """A member company has a surplus, or a need."""

    company: Siret
    direction: FlowDirection
    kind: FlowKind
    waste: EnteredWaste | None = None
    """Of waste, and of nothing else."""
    unit: FlowUnit
    """One that this kind is told in."""
    quantity: FlowQuantity
    """Per month."""
    description: EnteredText
    """What it is, and in which state: temperature, purity, how it is packed."""
    commune: EnteredCommune
    """Where it leaves the company, or is needed."""
    zone: EnteredZone | None = None
    """The business zone that this is in, if any."""
    first: EnteredDay
    """From when it is there, or needed."""
    last: EnteredDay | None = None
    """The last day of it, if one is known."""


class Change(Command):
    """The company tells it anew. Another kind of flow, or one of another site, is declared instead."""

    quantity: Annotated[FlowQuantity, Field(examples=[90_000])]
    """Per month."""
    description: Annotated[EnteredText, Field(examples=["Chaleur des fours, 80 °C"])]
    first: EnteredDay
    last: EnteredDay | None = None


class End(Command):
    """There is no such surplus or need any more, or there never was."""

    reason: FlowEnding


class Flow(State):
    """A surplus or a need of a company. Its activity is that of the day it was declared."""

    company: Siret
    naf: Naf
    commune: Commune
    zone: Zone | None
    direction: FlowDirection
    kind: FlowKind
    waste: WasteCode | None
    unit: FlowUnit
    quantity: FlowQuantity
    """Per month."""
    description: ShortText
    first: Day
    last: Day | None
    status: FlowStatus
    declared_on: Day
    changed_on: Day | None = None
    ended_on: Day | None = None
    reason: FlowEnding | None = None


WASTE_CODE_MISSING = Refusal(
    "waste-code-missing",
    "a flow of waste is told by its code in the European list",
    "un flux de déchets se déclare avec son code de la liste européenne",
    at="waste",
)
WASTE_CODE_OF_NO_WASTE = Refusal(
    "waste-code-of-no-waste",
    "{kind} has no waste code: leave it out, or declare waste",
    "« {kind} » n'a pas de code déchet : retirez-le, ou déclarez un déchet",
    at="waste",
    kind=FlowKind,
)
UNIT_OF_ANOTHER_KIND = Refusal(
    "unit-of-another-kind",
    "{kind} is told in one of: {units}; not in {unit}",
    "« {kind} » se déclare en : {units} ; et non en : {unit}",
    at="unit",
    kind=FlowKind,
    unit=FlowUnit,
    units=tuple[FlowUnit, ...],
)
QUANTITY_BEYOND_REASON = Refusal(
    "quantity-beyond-reason",
    "{quantity} {unit} a month is beyond {most}, which no site comes near: check the unit",
    "{quantity} {unit} par mois dépassent {most}, dont aucun site n'approche : vérifiez l'unité",
    at="quantity",
    quantity=FlowQuantity,
    unit=FlowUnit,
    most=float,
)
FLOW_ENDS_BEFORE_IT_BEGINS = Refusal(
    "flow-ends-before-it-begins",
    "{last} is before {first}, the first day",
    "le {last} est avant le {first}, premier jour",
    at="last",
    first=Day,
    last=Day,
)

flows = Decider(
    CATEGORY.name,
    Flow,
    final="ended",
    finding=Finding(
        found_by=("status", "direction", "kind", "waste", "unit", "company", "commune", "zone"),
        sorted_by=("declared_on", "quantity", "first", "last"),
        searched_by=("description",),
    ),
)


@flows.creates(by="company", to="declared", day="declared_on", looks_up=Lookup(companies, "company"))
def declare(command: Declare, company: Company | None, context: Context) -> FlowDeclared:
    if command.kind == "waste" and command.waste is None:
        raise WASTE_CODE_MISSING()
    if command.kind != "waste" and command.waste is not None:
        raise WASTE_CODE_OF_NO_WASTE(kind=command.kind)
    if command.unit not in UNITS[command.kind]:
        raise UNIT_OF_ANOTHER_KIND(kind=command.kind, unit=command.unit, units=UNITS[command.kind])
    _check(command, command.unit, context)
    return tell(FlowDeclared, command, active_member(company, command.company))


@flows.decides(
    by="company",
    when=GOING_ON,
    to="changed",
    day="changed_on",
    takes=("quantity", "description", "first", "last"),
)
def change(flow: Flow, command: Change, context: Context) -> FlowChanged | tuple[()]:
    _check(command, flow.unit, context)
    told = (command.quantity, command.description, command.first, command.last)
    if told == (flow.quantity, flow.description, flow.first, flow.last):
        return ()
    return tell(FlowChanged, command, flow)


flows.steps(End, FlowEnded, by=("company", "network"), when=GOING_ON, to="ended", day="ended_on", takes=("reason",))


def _check(command: Declare | Change, unit: FlowUnit, context: Context) -> None:
    """Raises Rejected."""
    if command.quantity > (most := context.of(Plausible).a_month(unit)):
        raise QUANTITY_BEYOND_REASON(quantity=command.quantity, unit=unit, most=most)
    if command.last is not None and command.last < command.first:
        raise FLOW_ENDS_BEFORE_IT_BEGINS(first=command.first, last=command.last)
