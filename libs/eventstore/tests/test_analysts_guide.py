"""The example of the guide for analysts, run as it stands there."""

import asyncio
import re
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from contracts.companies.investment import AmountSpentCorrected, InvestmentCompleted
from contracts.model import Event
from eventstore.postgres.appending import Append, NewEvent
from eventstore.postgres.store import Store
from eventstore.publishing.relay import Relay

pytestmark = pytest.mark.anyio

GUIDE = Path(__file__).parents[3] / "docs" / "analysts.md"
ISSOUDUN, REUILLY = "36088", "36171"
WHERE: dict[str, Any] = {
    "company": "00000001800010",
    "naf": "25.62B",
    "zone": None,
    "axis": 2,
    "effective_on": date(2024, 5, 13),
}


def completed(commune: str, euros: int) -> InvestmentCompleted:
    """An investment carried out."""
    return InvestmentCompleted(**WHERE, commune=commune, amount=euros, amount_spent=euros)


def corrected(commune: str, before: int, euros: int) -> AmountSpentCorrected:
    """Another amount, later."""
    return AmountSpentCorrected(
        **WHERE,
        commune=commune,
        reason="typing_error",
        amount_spent_before=before,
        amount_spent=euros,
        completed_on=date(2024, 5, 13),
    )


async def append(store: Store, streams: dict[str, Sequence[Event]]) -> None:
    """Begins a stream with these events, each."""
    for stream_id, events in streams.items():
        new = [NewEvent(event.event_type, 1, event.model_dump_json()) for event in events]
        await store.append(Append(stream_id, "investment", 0, new, "{}", 1, "{}"))


@asynccontextmanager
async def example(*arguments: str) -> AsyncIterator[None]:
    """Runs the guide's example, and kills it at the end of the block."""
    (program,) = re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    process = subprocess.Popen([sys.executable, "-c", program, *arguments])  # noqa: ASYNC220
    try:
        yield
        assert process.poll() is None
    finally:
        process.kill()
        process.wait()


async def until_invested(file: Path, expected: dict[str, int]) -> None:
    """Waits until the example has come to these sums."""
    async with asyncio.timeout(60):
        while True:
            await asyncio.sleep(0.1)
            with sqlite3.connect(file) as database:
                if not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'invested'").fetchone():
                    continue
                if dict(database.execute("SELECT commune, euros FROM invested")) == expected:
                    return


async def test_the_example_counts_each_investment_once_though_it_is_killed(
    migrated_database: str, kafka: str, topic: str, tmp_path: Path
) -> None:
    file = tmp_path / "invested.sqlite"
    async with Store.open(migrated_database) as store:
        relay = Relay(
            migrated_database,
            topic=topic,
            bootstrap=kafka,
            partitions=3,
            wakers=store.wakers,
        )
        relaying = asyncio.create_task(relay.run())
        try:
            await append(
                store, {"investment-1": [completed(ISSOUDUN, 1_000)], "investment-2": [completed(REUILLY, 70)]}
            )
            while relay.mark < 2:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            async with example(kafka, topic, str(file)):
                await until_invested(file, {ISSOUDUN: 1_000, REUILLY: 70})
            await append(store, {"investment-3": [completed(ISSOUDUN, 500), corrected(ISSOUDUN, 500, 450)]})
            async with example(kafka, topic, str(file)):
                await until_invested(file, {ISSOUDUN: 1_450, REUILLY: 70})
        finally:
            relaying.cancel()
            await asyncio.gather(relaying, return_exceptions=True)
