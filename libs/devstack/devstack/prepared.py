"""Databases ready to append to, for tests and measurements of what has no relay beside it."""

from collections.abc import Sequence
from typing import Final

import asyncpg

from eventstore.postgres.confirmation import confirm
from eventstore.postgres.migrate import EVENTSTORE, Migrations, migrate

PERSONAL_KEY: Final = "by which tests and measurements recognise persons"
"""The services' setting of this name."""


async def prepare(url: str, sets: Sequence[Migrations] = (EVENTSTORE,)) -> None:
    """Brings a new database to the schema, and confirms its store as a relay would beside an empty topic."""
    await migrate(url, sets)
    connection = await asyncpg.connect(url)
    try:
        await confirm(connection)
    finally:
        await connection.close()
