"""What the values of dimensions are called: as their lists say, or the events that named them."""

import json
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import Final

import asyncpg

from indicators.columns import PATIENCE
from indicators.dimensions import DIMENSIONS, Name
from indicators.names import names_of
from indicators.query import Snapshot
from service.reference import ReferenceLabel

Code = str | int
Labels = Mapping[str, Mapping[str, ReferenceLabel | None]]
"""By dimension and code. None where a value is in no list."""

_OCCURRING: Final = """
SELECT DISTINCT dimensions -> $2::text AS code FROM slices
WHERE measure = ANY ($1::bigint[]) AND jsonb_typeof(dimensions -> $2::text) <> 'null'
"""


@cache
def listed(dimension: Name) -> Mapping[Code, ReferenceLabel]:
    """The values of a dimension's list, in its order, if it has one."""
    labels = DIMENSIONS[dimension].labels
    return {code: ReferenceLabel(fr=said.fr, en=said.en) for code, said in labels().items()} if labels else {}


async def labels_of(connection: asyncpg.Connection, occurring: Mapping[Name, Collection[Code]]) -> Labels:
    """What the values that occur in an answer are called."""
    told: dict[str, dict[str, ReferenceLabel | None]] = {}
    for dimension, codes in occurring.items():
        known = await _known(connection, dimension, codes)
        told[dimension] = {str(code): known.get(code) for code in _in_order(codes)}
    return told


async def values_of(now: Snapshot, dimension: Name) -> Mapping[Code, tuple[ReferenceLabel | None, bool]]:
    """The values of a dimension, each with its label and whether it occurs in facts: its list, then any other."""
    numbers = [
        now.number(measure)
        for measure in now.catalogue.measures
        if dimension in measure.dimensions and now.can_answer(measure)
    ]
    rows = await now.connection.fetch(_OCCURRING, numbers, dimension, timeout=PATIENCE)
    occurring: set[Code] = {json.loads(row["code"]) for row in rows}
    known = await _known(now.connection, dimension, occurring)
    codes = [*listed(dimension), *(code for code in _in_order(occurring) if code not in listed(dimension))]
    return {code: (known.get(code), code in occurring) for code in codes}


async def unknown_of(now: Snapshot, dimension: Name, codes: Collection[Code]) -> Sequence[Code]:
    """Those of some values of a dimension that are in no list, have no name, and occur in no fact."""
    if DIMENSIONS[dimension].calendar:
        return ()
    occurs = now.columns.numbers.occurs
    absent = [code for code in codes if code not in listed(dimension) and not occurs(dimension, code)]
    known = await names_of(now.connection, dimension, [str(code) for code in absent]) if absent else {}
    return [code for code in absent if str(code) not in known]


async def _known(
    connection: asyncpg.Connection, dimension: Name, codes: Collection[Code]
) -> Mapping[Code, ReferenceLabel]:
    if DIMENSIONS[dimension].labels:
        return listed(dimension)
    names = await names_of(connection, dimension, [str(code) for code in codes])
    return {code: ReferenceLabel(fr=name, en=name) for code, name in names.items()}


def _in_order(codes: Collection[Code]) -> list[Code]:
    return sorted(codes, key=lambda code: (code if isinstance(code, int) else 0, str(code)))
