"""Waste of the member companies (axis 1): what leaves them, how much of it is hazardous, and what becomes of it.

All is told by movements of waste, in tonnes. Where none was recorded, nobody knows: that is no figure of 0.
"""

from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Final, get_args

from contracts.companies.waste_movement import (
    TreatmentMode,
    WasteDayCorrected,
    WasteProcessed,
    WasteReceived,
    WasteRefused,
    WasteSent,
    WasteTonnesCorrected,
    WasteTreatmentCorrected,
)
from indicators.chapters import Chapter
from indicators.dimensions import Name
from indicators.measures import Count, formula, sums

WASTE: Final[tuple[Name, ...]] = ("company", "naf", "commune", "zone")
MODES: Final[frozenset[TreatmentMode]] = frozenset(get_args(TreatmentMode))
RECOVERY: Final = MODES - {"disposal"}
"""The modes of the operations R1 to R11."""
MATERIAL_RECOVERY: Final = RECOVERY - {"energy_recovery"}
"""Those that give back a material, and not energy or fuel (directive 2008/98/EC, article 3)."""
Leaving = WasteSent | WasteReceived | WasteRefused | WasteTonnesCorrected | WasteDayCorrected
"""What tells of waste that leaves its producer."""
Treated = WasteProcessed | WasteTonnesCorrected | WasteDayCorrected | WasteTreatmentCorrected
"""What tells of waste that is treated."""


@sums(unit="t", dimensions=WASTE, silence="unknown")
def waste_produced(event: Leaving) -> Iterator[Count]:
    """Waste that leaves the member companies.

    The tonnes of each movement, on the day it is sent: those that were sent until it is received, those that were
    weighed at the treatment site from then on. What the site refuses goes back to its producer, and is taken out again
    on the day it was sent. Corrected tonnes replace the old ones on that day, and a corrected day moves them to the
    right one. Waste that has not left does not count. Activity, commune and zone are those of the producer when the
    movement was drafted.
    """
    match event:
        case WasteSent():
            yield Count(event.effective_on, event.tonnes_sent)
        case WasteReceived():
            yield Count(event.sent_on, -event.tonnes_sent)
            yield Count(event.sent_on, event.tonnes_received)
        case WasteRefused():
            yield Count(event.sent_on, -event.tonnes_received)
        case (
            WasteTonnesCorrected(weighing="sent", tonnes_received=None)
            | WasteTonnesCorrected(weighing="received", refused_on=None)
        ):
            yield Count(event.sent_on, -event.tonnes_before)
            yield Count(event.sent_on, event.tonnes)
        case WasteDayCorrected(step="sent"):
            left = 0 if event.refused_on else event.tonnes_received or event.tonnes_sent
            yield Count(event.day_before, -left)
            yield Count(event.day, left)


@sums(unit="t", dimensions=WASTE, silence="unknown")
def waste_hazardous(event: Leaving) -> Iterator[Count]:
    """Hazardous waste that leaves the member companies.

    The part of waste_produced whose code in the European list has a star. 0 where all that is known to have left is
    not hazardous; unknown where nothing is known to have left.
    """
    for count in waste_produced.counts(event):
        yield count if event.hazardous else replace(count, value=0)


@sums(unit="t", dimensions=WASTE, silence="unknown")
def waste_treated(event: Treated) -> Iterator[Count]:
    """Waste of the member companies that had a final treatment.

    The tonnes processed, on the day they are. Operations that are never final (D9, D13 to D15, R12, R13) do not count:
    what was stored, mixed or exchanged is treated elsewhere later. Corrected tonnes or treatments replace the old ones
    on that day, and a corrected day moves them to the right one.
    """
    return _treated(event, MODES)


@sums(unit="t", dimensions=WASTE, silence="unknown")
def waste_recovered(event: Treated) -> Iterator[Count]:
    """Waste of the member companies that was recovered.

    The part of waste_treated whose treatment is an operation R: reused, recycled, recovered as energy or otherwise.
    0 where all that was treated was disposed of.
    """
    return _treated(event, RECOVERY)


@sums(unit="t", dimensions=WASTE, silence="unknown")
def waste_material_recovered(event: Treated) -> Iterator[Count]:
    """Waste of the member companies that was recovered as material.

    The part of waste_recovered that was not used as a fuel or to generate energy (R1): reused, recycled, or recovered
    otherwise. Corrected tonnes or treatments replace the old ones on the day of the treatment.
    """
    return _treated(event, MATERIAL_RECOVERY)


@formula(unit="share", of=(waste_recovered, waste_treated))
def recovery_rate(recovered: Decimal, treated: Decimal) -> Decimal | None:
    """Share of waste that is recovered.

    waste_recovered divided by waste_treated of the same days: tonnes with an operation R by tonnes with a final
    treatment. Rounded to four decimals, half up; none where nothing is known to have been treated.
    """
    return _share(recovered, treated)


@formula(unit="share", of=(waste_material_recovered, waste_treated))
def material_recovery_rate(recovered: Decimal, treated: Decimal) -> Decimal | None:
    """Share of waste that is recovered as material.

    waste_material_recovered divided by waste_treated of the same days. Rounded to four decimals, half up; none where
    nothing is known to have been treated.
    """
    return _share(recovered, treated)


@formula(unit="share", of=(waste_hazardous, waste_produced))
def hazardous_share(hazardous: Decimal, produced: Decimal) -> Decimal | None:
    """Share of waste that is hazardous.

    waste_hazardous divided by waste_produced of the same days. Rounded to four decimals, half up; none where nothing is
    known to have left.
    """
    return _share(hazardous, produced)


def _treated(event: Treated, modes: Collection[TreatmentMode]) -> Iterator[Count]:
    """The tonnes that became of a mode among these; 0 of another, since that is known as well."""
    match event:
        case WasteProcessed():
            yield from _part(event.effective_on, event.mode, event.tonnes_processed, modes)
        case WasteTonnesCorrected(weighing="processed", processed_on=on) if on:
            yield from _part(on, event.mode, -event.tonnes_before, modes)
            yield from _part(on, event.mode, event.tonnes, modes)
        case WasteDayCorrected(step="processed", tonnes_processed=tonnes) if tonnes is not None:
            yield from _part(event.day_before, event.mode, -tonnes, modes)
            yield from _part(event.day, event.mode, tonnes, modes)
        case WasteTreatmentCorrected():
            yield from _part(event.processed_on, event.mode_before, -event.tonnes_processed, modes)
            yield from _part(event.processed_on, event.mode, event.tonnes_processed, modes)


def _part(on: date, mode: TreatmentMode | None, tonnes: float, modes: Collection[TreatmentMode]) -> Iterator[Count]:
    if mode is not None:
        yield Count(on, tonnes if mode in modes else 0)


def _share(part: Decimal, whole: Decimal) -> Decimal | None:
    return (part / whole).quantize(Decimal("0.0001"), ROUND_HALF_UP) if whole > 0 else None


CHAPTER: Final = Chapter(
    "waste",
    waste_produced,
    waste_hazardous,
    waste_treated,
    waste_recovered,
    waste_material_recovered,
    recovery_rate,
    material_recovery_rate,
    hazardous_share,
    axis=1,
)
