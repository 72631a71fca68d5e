"""Imports whose workers are killed and frozen at random: they go on, and every line has its effect once."""

import asyncio
import random
import uuid
from collections import Counter
from collections.abc import Iterator

import pytest
from blows import Workers, working
from lamps import bearer, calling, settings_for
from test_imports import JSONL, install, jsonl

from devstack.issuer import Issuer
from eventstore.postgres.store import Store
from service.running.settings import Settings

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

LAMPS = 1_200
"""More than are worked on between two blows, each with two lines more."""
FROZEN = (0.5, 1.5)
PATIENCE = 90


@pytest.fixture
def settings(migrated_database: str, kafka: str, issuer: Issuer) -> Settings:
    return settings_for(migrated_database, issuer).model_copy(
        update={"kafka_bootstrap": kafka, "territory": f"t{uuid.uuid4().hex[:8]}", "topic_partitions": 3}
    )


@pytest.fixture
def workers(settings: Settings, issuer: Issuer) -> Iterator[Workers]:
    with working("lamps", settings, issuer, 2) as workers:
        yield workers


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(1, 4))])
async def test_an_import_survives_whatever_happens_to_its_workers(
    settings: Settings, workers: Workers, issuer: Issuer, seed: int
) -> None:
    chance = random.Random(seed)
    lines = [
        line
        for n in range(LAMPS)
        for line in (
            install(f"n{n}", label=f"{n}"),
            {"path": f"/v1/lamps/{{n{n}}}/light"},
            {"path": f"/v1/lamps/{{n{n}}}/dim", "body": {"watts": 40}},
        )
    ]
    blows = 0
    async with calling(settings, **bearer(issuer)) as client, Store.open(settings.database_url) as store:
        sent = (await client.post("/v1/imports", content=jsonl(*lines), headers=JSONL)).json()
        async with asyncio.timeout(PATIENCE):
            while True:
                progress = (await client.get(f"/v1/imports/{sent['id']}")).json()
                if progress["status"] == "done":
                    break
                # Later and later, so that it comes to an end at last.
                await asyncio.sleep(chance.uniform(0.1, 0.3 + blows * 0.3))
                workers.strike(chance, FROZEN)
                blows += 1
        await workers.thawed()
        events = await store.pool.fetch("SELECT type, stream_id FROM events ORDER BY position")
        kept = await store.pool.fetchval("SELECT count(*) FROM personal_data")
    assert blows > 1, "there was time for blows"
    assert (progress["done"], progress["refused"], kept) == (3 * LAMPS, 0, 0)
    assert Counter(row["type"] for row in events) == dict.fromkeys(("LampInstalled", "LampLit", "LampDimmed"), LAMPS)
    assert set(Counter(row["stream_id"] for row in events).values()) == {3}
