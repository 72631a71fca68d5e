"""What plots and units of the economic sites have in common: who settles, and why an area or a day is corrected."""

from typing import Literal

from contracts.model import Day, Detail
from contracts.values import SquareMetres

Origin = Literal["on_territory", "from_elsewhere", "newly_founded"]
"""Where a company was before it bought a plot or took a unit, as who enters it tells. One that was not on the territory
settles there."""

LandCorrection = Literal["typing_error", "survey", "late_document", "other"]
"""`survey` is that of a surveyor [géomètre]."""


class Spell(Detail):
    """A time during which an area was what it was until now."""

    since: Day
    until: Day | None
    """The first day on which it was so no more; none where it is so today."""
    area: SquareMetres
    """As it was known until now."""


def settles(origin: Origin | None) -> bool:
    """Whether a company that comes from there is new on the territory."""
    return origin in ("from_elsewhere", "newly_founded")
