"""What is taken for right of what companies tell. Beyond it a figure is mistyped, or in another unit.

Each is a setting of the service: a territory with a larger plant says so.
"""

from typing import Annotated

from pydantic import Field

from contracts.companies.flow import FlowUnit
from contracts.companies.meter import MeterKind
from contracts.values import MOST_OF_A_FLOW
from eventstore.bounds import Bound, Bounds, Is

OfAFlow = Annotated[
    int, Field(gt=0, le=MOST_OF_A_FLOW), Is(f"a whole number from 1 to {MOST_OF_A_FLOW}, the most that a flow may be")
]


class Plausible(Bounds):
    """The most that is taken for right."""

    most_water_a_day: Bound = 10_000
    """m³ through one meter: a town of 60,000."""
    most_electricity_a_day: Bound = 2_400_000
    """kWh through one meter: 100 MW around the clock."""
    most_gas_a_day: Bound = 4_800_000
    """kWh through one meter: 200 MW around the clock."""
    most_days_between_readings: Bound = 1_096
    """Three years. What was consumed over a longer time says nothing of any month."""
    most_tonnes_a_month: OfAFlow = 10_000
    """Of a flow, promised or exchanged. No site of the territory comes near it, as near the next three."""
    most_cubic_metres_a_month: OfAFlow = 1_000_000
    """Of a flow of water, air or waste."""
    most_kwh_a_month: OfAFlow = 10_000_000
    """Of a flow of heat or cold."""
    most_pieces_a_month: OfAFlow = 1_000_000
    """Of a flow of packaging."""

    def a_day(self, kind: MeterKind) -> int:
        """The most that a meter counts in a day, in its unit."""
        return {
            "water": self.most_water_a_day,
            "electricity": self.most_electricity_a_day,
            "gas": self.most_gas_a_day,
        }[kind]

    def a_month(self, unit: FlowUnit) -> int:
        """The most of a flow in a month, in its unit."""
        return {
            "t": self.most_tonnes_a_month,
            "m3": self.most_cubic_metres_a_month,
            "kwh": self.most_kwh_a_month,
            "pieces": self.most_pieces_a_month,
        }[unit]
