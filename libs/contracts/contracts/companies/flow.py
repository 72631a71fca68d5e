"""What happens to a flow [flux déclaré], the stream `flow-<id>`: what a company has to give, or needs, each month.

The quantity is a level: each event that changes it carries the one from then on, per month and in the flow's unit. A
flow that has ended has none.
"""

from typing import Final, Literal

from contracts.category import Category
from contracts.model import Day, Event
from contracts.values import Commune, FlowQuantity, Naf, ShortText, Siret, WasteCode, Zone

CATEGORY: Final = Category("flow", service="companies", path="/v1/flows")

FlowDirection = Literal["surplus", "need"]
"""Whether the company has it to give, or needs it."""
FlowKind = Literal["waste", "packaging", "water", "heat", "cold", "compressed_air"]
"""`waste` has a code of the European list, too."""
FlowUnit = Literal["t", "m3", "kwh", "pieces"]
FlowStatus = Literal["declared", "changed", "ended"]
FlowEnding = Literal["not_available", "not_needed", "process_changed", "site_closed", "entered_by_mistake", "other"]


class _Flow(Event):
    company: Siret
    naf: Naf
    """The activity of the company when it declared the flow."""
    commune: Commune
    """Where the flow leaves or is needed."""
    zone: Zone | None
    """The business zone that this is in, if any."""
    direction: FlowDirection
    kind: FlowKind
    waste: WasteCode | None
    """Of waste alone."""
    unit: FlowUnit
    quantity: FlowQuantity
    """Per month."""
    first: Day
    """From when it is there, or needed."""
    last: Day | None
    """The last day of it; None where no end is known."""


class FlowDeclared(_Flow, version=1):
    """A company has a surplus, or a need."""

    description: ShortText


class FlowChanged(_Flow, version=1):
    """Its quantity, its period or its description is another from now on."""

    description: ShortText
    quantity_before: FlowQuantity
    first_before: Day
    last_before: Day | None


class FlowEnded(_Flow, version=1):
    """There is no such surplus or need any more."""

    reason: FlowEnding
