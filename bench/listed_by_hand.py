"""The peer of a list: a table with a column for each field that companies are found by, each with an index."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

import asyncpg

from bench.by_hand import POOL
from bench.directory import COMPANIES, FOUND, PAGE, listed, some_commune, some_name
from bench.runner import Action
from eventstore.finding import words

TABLE: Final = """
    CREATE TABLE companies (
        siret      text COLLATE "C" PRIMARY KEY,
        version    integer     NOT NULL,
        name       text        NOT NULL,
        status     text        NOT NULL,
        naf        text        NOT NULL,
        commune    text        NOT NULL,
        zone       text,
        size_band  text        NOT NULL,
        headcount  float       NOT NULL,
        applied_on date        NOT NULL,
        folded     text        NOT NULL,
        words      tsvector    NOT NULL GENERATED ALWAYS AS (to_tsvector('simple', folded)) STORED,
        state      json        NOT NULL,
        updated_at timestamptz NOT NULL DEFAULT now()
    )
"""
INDEXES: Final = """
    CREATE INDEX ON companies (status, siret);
    CREATE INDEX ON companies (naf, siret);
    CREATE INDEX ON companies (commune, siret);
    CREATE INDEX ON companies (zone, siret);
    CREATE INDEX ON companies (size_band, siret);
    CREATE INDEX ON companies USING gin (words);
"""
PAGE_OF_COMMUNE: Final = f"""
    SELECT siret, version, state FROM companies
    WHERE commune = $1 AND status = $2 AND siret > $3 ORDER BY siret LIMIT {PAGE}
"""  # noqa: S608 - made of a number
PAGE_OF_NAME: Final = f"""
    SELECT siret, version, state FROM companies
    WHERE words @@ to_tsquery('simple', $1) AND siret > $2 ORDER BY siret LIMIT {PAGE}
"""  # noqa: S608 - made of a number


async def create(url: str) -> None:
    """Creates the table, with all companies."""
    connection = await asyncpg.connect(url)
    await connection.execute(TABLE)
    columns = ["siret", "version", "name", "status", "naf", "commune", "zone", "size_band", "headcount", "applied_on"]
    rows = (
        (
            company.siret,
            len(events),
            *(getattr(company, column) for column in columns[2:]),
            " ".join(words(f"{company.name} {company.siret}")),
            company.model_dump_json(),
        )
        for company, events in map(listed, range(COMPANIES))
    )
    await connection.copy_records_to_table("companies", records=rows, columns=[*columns, "folded", "state"])
    await connection.execute(INDEXES)
    await connection.execute("VACUUM ANALYZE companies")
    await connection.close()


@asynccontextmanager
async def listing(url: str, clients: int, *, searching: bool) -> AsyncIterator[Sequence[Action]]:
    """Clients that ask for the first page of what they find, over one pool."""
    async with asyncpg.create_pool(url, min_size=min(clients, POOL), max_size=POOL) as pool:
        yield [_searcher(pool) if searching else _lister(pool)] * clients


def _lister(pool: asyncpg.Pool) -> Action:
    async def act() -> None:
        rows = await pool.fetch(PAGE_OF_COMMUNE, some_commune(), "active", "")
        assert len(rows) == FOUND

    return act


def _searcher(pool: asyncpg.Pool) -> Action:
    async def act() -> None:
        query = " & ".join(f"{word}:*" for word in some_name())
        rows = await pool.fetch(PAGE_OF_NAME, query, "")
        assert len(rows) == FOUND

    return act
