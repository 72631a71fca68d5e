"""How figures are written as CSV: what their JSON says of values, a row for each cell."""

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from contracts.language import Language
from indicators.labels import Labels
from indicators.question import PERIODS
from indicators.representation import CellValue, Changes, Figure, Part, plain

_VALUE: Final = ("value", "n", "as_of", "sample")
_TREND: Final = (
    "points",
    "since",
    "pace",
    "pace_low",
    "pace_high",
    "arrives_on",
    "arrives_first",
    "arrives_last",
)


def table(figures: Sequence[Figure], by: Sequence[str], language: Language, *, series: bool) -> str:
    """Figures that answer one question: a row for each cell, or one for each total where `by` asks for none."""
    header = ["indicator", *_places(by, figures[0].labels), *_VALUE, "unit", "definition_version"]
    rows: list[list[Any]] = [header + [*_TREND] * series]
    for each in figures:
        parts: Sequence[Any] = each.cells if by else [each]
        rows += [
            [
                each.name,
                *(_place(part, by, each.labels, language) if by else ()),
                *(getattr(part, name) for name in _VALUE),
                each.unit,
                each.definition_version,
                *(_trend(each) if series else ()),
            ]
            for part in parts
        ]
    return written(rows)


def changes_table(changes: Changes, by: Sequence[str], language: Language) -> str:
    """What changed: a row for each cell, or one for the total where `by` asks for none."""
    times = [f"{name}_{when}" for when in ("before", "after") for name in _VALUE]
    header = ["indicator", *_places(by, changes.labels), *times, "difference", "unit", "definition_version"]
    parts: Sequence[Any] = changes.cells if by else [changes]
    rows = [
        [
            changes.name,
            *(_place(part, by, changes.labels, language) if by else ()),
            *_values(part.before),
            *_values(part.after),
            part.difference,
            changes.unit,
            changes.definition_version,
        ]
        for part in parts
    ]
    return written([header, *rows])


def _places(by: Sequence[str], labels: Labels | None) -> Iterator[str]:
    """The columns that tell a cell: each dimension, beside it what its value is called, and a period's days."""
    for name in by:
        yield name
        if name in PERIODS:
            yield from ("begins", "ends")
        elif labels is not None:
            yield f"{name}_label"


def _place(part: Part, by: Sequence[str], labels: Labels | None, language: Language) -> Iterator[Any]:
    for name in by:
        code = getattr(part, name)
        yield code
        if name in PERIODS:
            yield from (part.begins, part.ends)
        elif labels is not None:
            label = labels[name].get(str(code))
            yield label and (label.fr if language == "fr" else label.en or label.fr)


def _values(value: CellValue) -> Iterator[Any]:
    return (getattr(value, name) for name in _VALUE)


def _trend(figure: Figure) -> Sequence[Any]:
    if figure.trend is None:
        return [None] * len(_TREND)
    found = figure.trend
    between, arrives = found.pace_between, found.arrives_between
    return [
        found.points,
        found.since,
        found.pace,
        *((between.low, between.high) if between else (None, None)),
        found.arrives_on,
        *((arrives.first, arrives.last) if arrives else (None, None)),
    ]


def written(rows: Sequence[Sequence[Any]]) -> str:
    """Rows as CSV."""
    text = io.StringIO()
    csv.writer(text).writerows([[_plain(value) for value in row] for row in rows])
    return text.getvalue()


def _plain(value: Any) -> Any:
    """As JSON writes it, without quotation marks; null is empty."""
    match value:
        case bool():
            return str(value).lower()
        case Decimal():
            return plain(value)
        case datetime():
            return value.isoformat().replace("+00:00", "Z")
        case date():
            return value.isoformat()
    return value
