"""What companies, equipment and series are called: as their events said last, for labels beside the codes.

A sole trader's company has no name, since that would be a person's, and so it has none here.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

import asyncpg

from contracts.companies.company import CompanyApplied
from contracts.companies.equipment import EquipmentCommissioned
from contracts.employment.labour_series import LabourSeriesCorrected, LabourSeriesDeclared
from eventstore.kafka.envelope import Message
from indicators.dimensions import Name
from service.definition import Subscribes

SUBSCRIPTION: Final = "names-of-indicators"

_FORGET: Final = """
DELETE FROM names USING unnest($1::text[], $2::text[]) AS gone (dimension, code)
WHERE (names.dimension, names.code) = (gone.dimension, gone.code)
"""
_KEEP: Final = """
INSERT INTO names (dimension, code, name) SELECT * FROM unnest($1::text[], $2::text[], $3::text[])
ON CONFLICT (dimension, code) DO UPDATE SET name = excluded.name
"""


async def keep(connection: asyncpg.Connection, messages: Sequence[Message]) -> None:
    """Handles a batch, in which the last word counts: a company that had left may apply again under another name."""
    said: dict[tuple[Name, str], str | None] = {}
    for message in messages:
        match message.event():
            case CompanyApplied(company=siret, name=name):
                said["company", siret] = name
            case EquipmentCommissioned(equipment=code, name=name):
                said["equipment", code] = name
            case (
                LabourSeriesDeclared(labour_series=code, title=name)
                | LabourSeriesCorrected(labour_series=code, title=name)
            ):
                said["labour_series", code] = name
    if gone := [place for place, name in said.items() if name is None]:
        await connection.execute(_FORGET, *zip(*gone, strict=True))
    if kept := [(*place, name) for place, name in said.items() if name is not None]:
        await connection.execute(_KEEP, *zip(*kept, strict=True))


NAMES: Final = Subscribes(
    events=(CompanyApplied, EquipmentCommissioned, LabourSeriesDeclared, LabourSeriesCorrected),
    begin=lambda _: (SUBSCRIPTION, keep),
)


async def names_of(connection: asyncpg.Connection, dimension: Name, codes: Collection[str]) -> Mapping[str, str]:
    """What those of these codes are called that have a name."""
    rows = await connection.fetch(
        "SELECT code, name FROM names WHERE dimension = $1 AND code = ANY ($2::text[])", dimension, [*codes]
    )
    return {row["code"]: row["name"] for row in rows}


async def known_to(connection: asyncpg.Connection) -> list[tuple[str, int, int]]:
    """How far the names are known, for telling whether they may have changed: topic, partition and position."""
    rows = await connection.fetch(
        "SELECT topic, partition, position FROM marks WHERE subscription = $1 ORDER BY 1, 2", SUBSCRIPTION
    )
    return [(row["topic"], row["partition"], row["position"]) for row in rows]
