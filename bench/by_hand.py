"""The peer of a command: the state of each company in a row, its events in a table, everything written by hand."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

import asyncpg

from bench import inserts
from bench.runner import Action
from bench.sample import BEGUN, METADATA, choose, command, sirets, states
from companies.company import Company, ReportHeadcount
from contracts.companies.company import HeadcountReported
from contracts.values import size_band
from eventstore.decider import TODAY

POOL: Final = 16
PARIS: Final = ZoneInfo("Europe/Paris")
TABLE: Final = """
    CREATE TABLE companies (
        siret      text COLLATE "C" PRIMARY KEY,
        version    integer     NOT NULL,
        state      json        NOT NULL,
        updated_at timestamptz NOT NULL DEFAULT now()
    ) WITH (fillfactor = 80)
"""
LOAD: Final = "SELECT version, state FROM companies WHERE siret = $1"
MOVE: Final = (
    "UPDATE companies SET version = $3, state = $4, updated_at = now() WHERE siret = $1 AND version = $2 RETURNING true"
)


class NotActive(Exception):
    """Only members report their headcount."""


async def create(url: str) -> None:
    """Creates the tables, with all companies."""
    await inserts.create(url)
    connection = await asyncpg.connect(url)
    await connection.execute(TABLE)
    await connection.executemany(
        "INSERT INTO companies (siret, version, state) VALUES ($1, $2, $3)",
        [(siret, BEGUN, states()[siret]) for siret in sirets()],
    )
    await connection.execute("VACUUM ANALYZE")
    await connection.close()


async def report_headcount(pool: asyncpg.Pool, siret: str, asked: ReportHeadcount) -> Company:
    """Loads, decides and appends; again when somebody else was faster."""
    on = datetime.now(PARIS).date() if asked.on == TODAY else asked.on
    async with pool.acquire() as connection:
        while True:
            row = await connection.fetchrow(LOAD, siret)
            if row is None:
                raise KeyError(siret)
            company = Company.model_validate_json(row["state"])
            if company.status != "active":
                raise NotActive(siret)
            event = HeadcountReported(
                company=company.siret,
                naf=company.naf,
                commune=company.commune,
                zone=company.zone,
                effective_on=on,
                headcount_before=company.headcount,
                headcount=asked.full_time_equivalents,
                size_band=size_band(asked.full_time_equivalents),
            )
            after = company.model_copy(
                update={
                    "headcount": event.headcount,
                    "headcount_declared": event.headcount,
                    "headcount_on": event.effective_on,
                    "size_band": event.size_band,
                    "effective_on": event.effective_on,
                }
            )
            version = row["version"] + 1
            async with connection.transaction():
                if await connection.fetchval(MOVE, siret, row["version"], version, after.model_dump_json()):
                    await connection.execute(
                        inserts.INSERT,
                        f"company-{siret}",
                        version,
                        "HeadcountReported",
                        event.model_dump_json(),
                        METADATA,
                    )
                    return after


@asynccontextmanager
async def reporting(url: str, clients: int, pool_size: int = POOL) -> AsyncIterator[Sequence[Action]]:
    """Clients that report headcounts, over one pool."""
    async with asyncpg.create_pool(url, min_size=pool_size, max_size=pool_size) as pool:
        yield [_reporter(pool, client, clients) for client in range(clients)]


def _reporter(pool: asyncpg.Pool, client: int, clients: int) -> Action:
    chosen = choose(client, clients)
    return lambda: report_headcount(pool, chosen(), command())
