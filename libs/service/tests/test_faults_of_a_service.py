"""What a service does while its database is away, and when it is killed in the middle of commands."""

import asyncio
import random
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from lamps import bearer, calling, running, settings_for, variables

from devstack.issuer import Issuer
from devstack.prepared import prepare
from devstack.servers import Postgres

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.usefixtures("impatient")]

LAMP = {"company": "00000001800017", "watts": 70}
HERE = Path(__file__).parent
SOON = 10.0
"""Seconds: less than a caller waits, more than a crowded machine takes."""
PATIENCE = 60.0


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[Postgres]:
    """A server that only this test uses. It outlives what is done to it."""
    tmp_path.chmod(0o755)
    with Postgres(tmp_path / "postgres", durable=False) as postgres:
        yield postgres
        if postgres.running:
            postgres.resume()


async def unavailable(client: httpx.AsyncClient, method: str, path: str) -> None:
    """A request that gets a clear answer soon: 503, and when to try again."""
    begun = time.monotonic()
    answer = await client.request(method, path, json=LAMP if path == "/v1/lamps" and method == "POST" else None)
    assert answer.status_code == 503, answer.text
    assert answer.headers["retry-after"] == "1"
    assert answer.json()["type"] == "/lamps/problems/unavailable"
    assert time.monotonic() - begun < SOON


async def recovered(client: httpx.AsyncClient) -> None:
    """Commands are stored again, without anybody's doing."""
    deadline = time.monotonic() + PATIENCE
    while (await client.post("/v1/lamps", json=LAMP)).status_code != 201:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.1)


async def test_a_database_that_is_killed_is_told_at_once_and_found_again(postgres: Postgres, issuer: Issuer) -> None:
    await prepare(postgres.url)
    async with calling(settings_for(postgres.url, issuer), **bearer(issuer)) as client:
        lamp = (await client.post("/v1/lamps", json=LAMP)).headers["location"]
        for _ in range(2):
            postgres.kill()
            await asyncio.gather(
                unavailable(client, "POST", "/v1/lamps"),
                unavailable(client, "POST", f"{lamp}/light"),
                unavailable(client, "GET", lamp),
                unavailable(client, "GET", "/v1/lamps"),
                unavailable(client, "GET", f"{lamp}/events"),
                unavailable(client, "GET", "/v1/report"),
            )
            assert (await client.get("/live")).status_code == 200
            ready = await client.get("/ready")
            assert (ready.status_code, ready.json()["database"]) == (503, "away")
            assert ready.json()["attention"][0].startswith("the database is away: ")
            assert "Connection refused" in ready.json()["attention"][0]
            postgres.start()
            await recovered(client)
            assert (await client.get(lamp)).json()["version"] == 1
            assert (await client.get("/ready")).json()["ready"]


async def test_a_database_that_stands_still_is_not_waited_for_long(postgres: Postgres, issuer: Issuer) -> None:
    await prepare(postgres.url)
    async with calling(settings_for(postgres.url, issuer), **bearer(issuer)) as client:
        lamp = (await client.post("/v1/lamps", json=LAMP)).headers["location"]
        postgres.pause()
        await asyncio.gather(
            unavailable(client, "POST", "/v1/lamps"),
            unavailable(client, "GET", lamp),
            unavailable(client, "GET", "/v1/lamps"),
        )
        begun = time.monotonic()
        assert (await client.get("/live")).status_code == 200
        ready = await client.get("/ready")
        assert (ready.status_code, ready.json()["attention"]) == (
            503,
            ["the database is away: PostgreSQL has not answered within 1 s"],
        )
        assert time.monotonic() - begun < SOON
        postgres.resume()
        await recovered(client)


async def test_a_service_ends_in_order_while_its_database_stands_still(postgres: Postgres, issuer: Issuer) -> None:
    await prepare(postgres.url)
    async with asyncio.timeout(PATIENCE), calling(settings_for(postgres.url, issuer), **bearer(issuer)) as client:
        lamp = (await client.post("/v1/lamps", json=LAMP)).headers["location"]
        await asyncio.gather(client.get(lamp), client.get("/v1/lamps"))
        postgres.pause()


async def test_a_service_may_start_before_its_database(postgres: Postgres, issuer: Issuer) -> None:
    await prepare(postgres.url)
    postgres.stop()
    async with calling(settings_for(postgres.url, issuer), **bearer(issuer)) as client:
        await unavailable(client, "POST", "/v1/lamps")
        postgres.start()
        await recovered(client)


def test_a_retry_after_a_kill_between_commit_and_answer_gets_the_stored_answer(
    migrated_database: str, issuer: Issuer
) -> None:
    environment = variables(migrated_database, issuer)
    headers = bearer(issuer) | {"Idempotency-Key": "install", "X-Correlation-Id": "fatal"}
    dying = str(HERE / "dying_lamps.py")
    with running("api", environment, script=dying) as (process, address):
        with pytest.raises(httpx.TransportError):
            httpx.post(f"{address}/v1/lamps", json=LAMP, headers=headers)
        assert process.wait(60) == -9
    with running("api", environment) as (_, address):
        again = httpx.post(f"{address}/v1/lamps", json=LAMP, headers=headers)
        assert (again.status_code, again.headers["idempotency-replayed"]) == (201, "true")
        assert again.json()["version"] == 1
        listed = httpx.get(f"{address}/v1/lamps", headers=bearer(issuer)).json()["items"]
        assert listed == [again.json()]


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(2, 5))])
async def test_whatever_is_killed_under_load_each_command_has_one_effect(
    migrated_database: str, issuer: Issuer, seed: int
) -> None:
    environment = variables(migrated_database, issuer)
    chance = random.Random(seed)
    answers: dict[int, httpx.Response] = {}

    async def send(client: httpx.AsyncClient, address: str, number: int) -> None:
        try:
            answer = await client.post(
                f"{address}/v1/lamps",
                json=LAMP | {"label": f"lamp {number}"},
                headers=bearer(issuer) | {"Idempotency-Key": f"{number}"},
            )
        except httpx.TransportError:
            return
        assert answer.status_code == 201
        if number in answers:
            assert answer.content == answers[number].content
        answers[number] = answer

    for _ in range(3):
        with running("api", environment) as (process, address):
            async with httpx.AsyncClient(timeout=60) as client:
                load = asyncio.gather(*(send(client, address, number) for number in range(100)))
                await asyncio.sleep(chance.uniform(0.05, 0.4))
                process.kill()
                await load
    with running("api", environment) as (_, address):
        async with httpx.AsyncClient(timeout=60) as client:
            await asyncio.gather(*(send(client, address, number) for number in range(100)))
            listed = (await client.get(f"{address}/v1/lamps?limit=200", headers=bearer(issuer))).json()["items"]
    assert sorted(item["label"] for item in listed) == sorted(f"lamp {number}" for number in range(100))
    assert {item["id"] for item in listed} == {answer.json()["id"] for answer in answers.values()}
