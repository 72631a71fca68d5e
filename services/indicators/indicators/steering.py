"""The programme's targets, which answers show beside the values of the indicators that they are of."""

import json
from collections.abc import Iterator, Mapping
from typing import Final

from contracts.indicators.target import TargetCorrected, TargetRevised, TargetSet, TargetWithdrawn
from contracts.model import Day
from contracts.values import FigureValue
from indicators.chapters import Chapter
from indicators.dimensions import Name
from indicators.measures import Corrected, Stand, levels

TARGET: Final[tuple[Name, ...]] = ("indicator", "of", "aim", "value", "due", "since", "axis")


@levels(unit="targets", dimensions=TARGET, contributor="indicator", shown=False, version=2)
def targets(
    event: TargetSet | TargetRevised | TargetCorrected | TargetWithdrawn,
) -> Iterator[Stand | Corrected]:
    """Targets of the programme.

    The targets that the committee aims at at the end of the day: with the value and the day that were last set or
    revised by then, until they are withdrawn. Where these were recorded wrongly, the right ones have been aimed at
    since the day of that decision.
    """
    match event:
        case TargetSet() | TargetRevised():
            yield Stand(1, dimensions=_told(event, event.value, event.due, event.effective_on))
        case TargetWithdrawn():
            # Since when it was aimed at is not told: there is none of it any more.
            since = event.effective_on
            yield Stand(0, dimensions=_told(event, event.value_before, event.due_before, since))
        case TargetCorrected():
            yield Corrected(
                since=event.since,
                until=None,
                before=1,
                value=1,
                dimensions=_told(event, event.value, event.due, event.since),
                dimensions_before=_told(event, event.value_before, event.due_before, event.since),
            )


def _told(
    event: TargetSet | TargetRevised | TargetCorrected | TargetWithdrawn, value: FigureValue, due: Day, since: Day
) -> Mapping[Name, str]:
    return {
        "of": json.dumps(event.dimensions, sort_keys=True),
        "value": str(value),
        "due": due.isoformat(),
        "since": since.isoformat(),
    }


CHAPTER: Final = Chapter("steering", targets)
