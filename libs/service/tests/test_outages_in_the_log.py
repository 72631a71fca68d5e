"""A process says in a few lines that its servers were away, however often it asked for them."""

import asyncio
import re
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from lamps import bearer, running, variables

from devstack.issuer import Issuer
from devstack.prepared import prepare
from devstack.servers import Kafka, Postgres

pytestmark = pytest.mark.long

AWAY = 8.0
"""Seconds; a worker's parts ask about once a second or more often."""
MOST = 20
"""Lines about it."""


def until(holds: Callable[[], bool]) -> None:
    for _ in range(600):
        if holds():
            return
        time.sleep(0.1)
    raise AssertionError("it never came to that")


@pytest.mark.timeout(240)
def test_an_outage_is_a_few_lines(tmp_path: Path, issuer: Issuer) -> None:
    tmp_path.chmod(0o755)
    path = tmp_path / "log"
    with (
        Postgres(tmp_path / "postgres", durable=False) as postgres,
        Kafka(tmp_path / "kafka") as kafka,
        path.open("wb") as log,
    ):
        asyncio.run(prepare(postgres.url))
        environment = variables(postgres.url, issuer, KAFKA_BOOTSTRAP=kafka.bootstrap)
        with running("all", environment, log=log) as (_, address), httpx.Client(timeout=60) as client:
            client.headers.update(bearer(issuer))

            def work() -> str:
                return str(client.get(f"{address}/ready").json()["work"].get("relay"))

            until(lambda: work().startswith("leading"))
            calm = len(path.read_text().splitlines())

            kafka.kill()
            time.sleep(AWAY)
            kafka.start()
            until(lambda: work().startswith("leading"))
            without_kafka = path.read_text().splitlines()[calm:]

            postgres.kill()
            begun = time.monotonic()
            asked = 0
            while time.monotonic() < begun + AWAY:
                assert client.get(f"{address}/v1/lamps").status_code == 503
                asked += 1
            postgres.start()
            until(lambda: work().startswith("leading"))
            for said in ("requests were answered 503", "the database answers what workers ask, after"):
                until(lambda said=said: said in path.read_text())  # type: ignore[misc]
            without_database = path.read_text().splitlines()[calm + len(without_kafka) :]

    assert len(without_kafka) < MOST
    assert any(re.search(r"the relay of .* goes on, after \d+ failures in \d+ s", line) for line in without_kafka)
    assert asked > MOST
    assert len(without_database) < MOST
    assert any(f"lamps: {asked} requests were answered 503 in " in line for line in without_database)
