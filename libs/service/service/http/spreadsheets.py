"""Tables as CSV that a spreadsheet of either language opens as it is, and computes nothing in.

In English columns have the names that programs know them by, commas part them, and numbers have a point. In French they
have titles, semicolons part them, numbers have a comma, and the table begins with the mark by which Excel knows UTF-8.

What people wrote and a spreadsheet would take for a formula, for it begins with `=`, `+`, `-`, `@`, a tab or a carriage
return, has an apostrophe before it. Numbers stay as they are.
"""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from contracts.language import Language

MEDIA_TYPE: Final = "text/csv"
BOM: Final = "\ufeff"
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula, which could read other cells and send them elsewhere."""


def heading(columns: Mapping[str, str], language: Language) -> str:
    """What a table begins with: the columns by their names, or by the French titles that these have."""
    return BOM + as_csv([[*columns.values()]], language) if language == "fr" else as_csv([[*columns]], language)


def as_csv(rows: Iterable[Sequence[object]], language: Language) -> str:
    """Rows of a table."""
    table = io.StringIO()
    writer = csv.writer(table, delimiter=";" if language == "fr" else ",", lineterminator="\n")
    writer.writerows([_cell(value, language) for value in row] for row in rows)
    return table.getvalue()


def _cell(value: object, language: Language) -> object:
    if isinstance(value, str):
        return f"'{value}" if value.startswith(FORMULA) else value
    return str(value).replace(".", ",") if isinstance(value, float) and language == "fr" else value
