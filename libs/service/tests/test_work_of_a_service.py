"""The work behind the HTTP API: the relay, subscriptions, and what keeps them running."""

import asyncio
import sys
import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from types import ModuleType

import asyncpg
import httpx
import pytest
from lamps import Lamp, LampLit, bearer, calling, lamps, service, settings_for, variables
from poles import PoleErected

from contracts.category import Category
from contracts.model import Event
from contracts.registry import Registry
from devstack.issuer import Issuer
from devstack.topics import read_topic
from eventstore.decider import Claim
from eventstore.kafka.envelope import Message
from eventstore.postgres.migrate import migrate
from eventstore.postgres.store import Store
from eventstore.reactions import Reactions
from eventstore.refolding import refold
from eventstore.refusal import Refusal
from service.application import build
from service.definition import Service, Subscribes
from service.http.deadlines import Deadlines, Late
from service.running import supervision
from service.running.cli import main
from service.running.reconciling import put_right, verify
from service.running.settings import Settings
from service.running.supervision import Supervised, supervised

pytestmark = pytest.mark.anyio


async def until(condition: Callable[[], bool]) -> None:
    """Waits until a function is true."""
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 -- what it looks at has no event
            await asyncio.sleep(0.02)


async def note(connection: asyncpg.Connection, _: Sequence[Message]) -> None:
    """Has an effect, if a small one."""
    await connection.execute("SELECT 1")


@pytest.mark.slow
async def test_a_command_reaches_the_subscription_of_another_service(
    migrated_database: str, kafka: str, issuer: Issuer
) -> None:
    received: list[Message] = []

    async def receive(connection: asyncpg.Connection, messages: Sequence[Message]) -> None:
        await note(connection, messages)
        received.extend(messages)

    settings = settings_for(migrated_database, issuer).model_copy(
        update={"kafka_bootstrap": kafka, "territory": f"t{uuid.uuid4().hex[:8]}", "topic_partitions": 2}
    )
    lighting = build(service, settings)
    registry = Registry([sys.modules[LampLit.__module__]])
    subscribes = Subscribes(events=[LampLit], begin=lambda _: ("note", receive), registry=registry)
    shades = build(Service("shades", title="Shades", subscriptions=(subscribes,)), settings)
    transport = httpx.ASGITransport(lighting)
    async with (
        shades.router.lifespan_context(shades),
        lighting.router.lifespan_context(lighting),
        httpx.AsyncClient(transport=transport, base_url="http://lamps.test", headers=bearer(issuer)) as client,
    ):
        lamp = (await client.post("/v1/lamps", json={"company": "00000001800017", "watts": 70})).headers["location"]
        await client.post(f"{lamp}/light")
        await until(lambda: len(received) == 1)
        assert [(message.type, message.version) for message in received] == [("LampLit", 2)], "what it subscribes to"
        assert {message.source for message in received} == {f"/{settings.territory}/lamps"}
        work = (await client.get("/ready")).json()["work"]
        assert work.pop("relay") == "leading, at position 2"
        assert work == {
            "forgetting of old idempotency keys and imports": "running",
            "imports": "waiting",
            "settling of labels": "running",
            "refolding": "all streams are as this release writes them",
        }
    assert {task.state for task in lighting.state.runtime.tasks} == {"stopped"}


def declaring(of: type[Event], category: Category) -> ModuleType:
    """The module that an event is of, as if its streams were of a category."""
    module = ModuleType(of.__module__)
    vars(module).update(vars(sys.modules[of.__module__]), CATEGORY=category)
    return module


@pytest.mark.slow
async def test_events_about_persons_are_published_to_a_topic_of_their_own(
    migrated_database: str, kafka: str, issuer: Issuer, capsys: pytest.CaptureFixture[str]
) -> None:
    about_persons = Category("lamp", service="lamps", path="/v1/lamps", persons=True)
    registry = Registry(
        [
            declaring(LampLit, about_persons),
            declaring(PoleErected, Category("pole", service="lamps", path="/v1/poles")),
        ]
    )
    reactions = Reactions()

    @reactions.to()
    def darken(_: LampLit) -> tuple[()]:
        return ()

    lighting = replace(service, registry=registry, reactions=reactions)
    assert lighting.reacts_to == Subscribes([LampLit], lambda _: ("", note), registry).to == ("lamps.persons",)
    settings = settings_for(migrated_database, issuer).model_copy(
        update={"kafka_bootstrap": kafka, "territory": f"t{uuid.uuid4().hex[:8]}", "topic_partitions": 2}
    )
    worker = build(lighting, settings)
    transport = httpx.ASGITransport(worker)
    async with (
        worker.router.lifespan_context(worker),
        httpx.AsyncClient(transport=transport, base_url="http://lamps.test", headers=bearer(issuer)) as client,
    ):
        lamp = (await client.post("/v1/lamps", json={"company": "00000001800017", "watts": 70})).headers["location"]
        await client.post("/v1/poles", json={"number": "042"})
        await client.post(f"{lamp}/light")
        relay = worker.state.runtime.tasks[0]
        await until(lambda: relay.state == "leading, at position 3")
    published = {
        name: sorted(message.type for message in await read_topic(kafka, f"{settings.territory}.{name}.v1"))
        for name in ("lamps", "lamps.persons")
    }
    assert published == {"lamps": ["PoleErected"], "lamps.persons": ["LampInstalled", "LampLit"]}
    assert await verify(lighting, settings, []) == 0
    assert capsys.readouterr().out == "3 events are in the store and in its topics: no differences\n"
    assert await put_right(lighting, settings, []) == 0
    assert "New events come after position 3" in capsys.readouterr().out
    assert await verify(service, settings, []) == 1
    assert "position 1 is not in the topic" in capsys.readouterr().out


@pytest.mark.slow
async def test_commands_are_accepted_while_kafka_is_away(migrated_database: str, issuer: Issuer) -> None:
    application = build(service, settings_for(migrated_database, issuer))
    transport = httpx.ASGITransport(application)
    async with (
        application.router.lifespan_context(application),
        httpx.AsyncClient(transport=transport, base_url="http://lamps.test", headers=bearer(issuer)) as client,
    ):
        made = await client.post("/v1/lamps", json={"company": "00000001800017", "watts": 70})
        assert made.status_code == 201
        relay = application.state.runtime.tasks[0]
        await until(lambda: "Kafka" in relay.state)
        ready = await client.get("/ready")
        assert (ready.status_code, ready.json()["work"]["relay"]) == (200, relay.state)


async def test_old_idempotency_keys_are_forgotten(migrated_database: str, issuer: Issuer) -> None:
    connection = await asyncpg.connect(migrated_database)
    await connection.execute(
        """
        INSERT INTO idempotency_keys (key, body_hash, stream_id, version, recorded_at)
        SELECT days::text, '', 'lamp-1', 1, now() - days * interval '1 day' FROM generate_series(5, 9) AS days
        """
    )
    application = build(service, settings_for(migrated_database, issuer))
    async with application.router.lifespan_context(application), asyncio.timeout(60):
        while await connection.fetchval("SELECT count(*) FROM idempotency_keys") > 2:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    left = await connection.fetch("SELECT key FROM idempotency_keys ORDER BY key")
    await connection.close()
    assert [row["key"] for row in left] == ["5", "6"]


async def test_work_that_fails_or_ends_is_begun_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(supervision, "FIRST_PAUSE", 0.01)
    begun = 0

    async def run() -> None:
        nonlocal begun
        begun += 1
        if begun == 1:
            raise ZeroDivisionError
        if begun == 3:
            await asyncio.sleep(3600)

    task = Supervised("counter", run, lambda: f"begun {begun} times")
    assert task.state == "stopped"
    async with supervised([task]):
        await until(lambda: begun == 3)
        assert task.state == "begun 3 times"
    assert task.state == "stopped"
    assert "counter failed" in caplog.text
    assert "counter ended by itself" in caplog.text


async def test_what_takes_too_long_is_ended_and_nothing_else() -> None:
    deadlines = Deadlines(0.3)

    async def take(seconds: float) -> str:
        try:
            with deadlines.limit():
                await asyncio.sleep(seconds)
        except Late:
            return "late"
        return "in time"

    assert list(await asyncio.gather(take(0), take(3600), take(0.05))) == ["in time", "late", "in time"]
    assert await take(3600) == "late"
    cancelled = asyncio.create_task(take(3600))
    await asyncio.sleep(0)
    cancelled.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cancelled


async def test_streams_that_are_stale_are_folded_anew_and_ready_tells(migrated_database: str, issuer: Issuer) -> None:
    settings = settings_for(migrated_database, issuer)
    async with calling(settings, **bearer(issuer)) as client:
        await client.post("/v1/lamps", json={"company": "00000001800017", "watts": 70})
    connection = await asyncpg.connect(migrated_database)
    await connection.execute("UPDATE streams SET labels = '', labelling = 0")
    await connection.execute("DELETE FROM ordered")
    worker = build(service, settings)
    transport = httpx.ASGITransport(worker)
    async with (
        worker.router.lifespan_context(worker),
        httpx.AsyncClient(transport=transport, base_url="http://lamps.test", headers=bearer(issuer)) as client,
        asyncio.timeout(20),
    ):
        while not (await client.get("/v1/lamps?watts=70&sort=watts")).json()["items"]:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        while "all streams" not in (await client.get("/ready")).json()["work"]["refolding"]:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    await connection.close()


TAKEN = Refusal("company-lit", "the company has a lamp", "l'entreprise a une lampe")


@pytest.fixture
def one_to_a_company(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lamps as a later release has them, of which a company has one."""
    monkeypatch.setattr(Lamp, "revision", Lamp.revision + 1)
    monkeypatch.setattr(lamps, "_claims", lambda lamp: [Claim(TAKEN, lamp.company)])


async def install(settings: Settings, issuer: Issuer, *watts: int) -> list[str]:
    """The stream ids of new lamps of one company."""
    async with calling(settings, **bearer(issuer)) as client:
        posted = [await client.post("/v1/lamps", json={"company": "00000001800017", "watts": each}) for each in watts]
    return [f"lamp-{each.headers['location'].rpartition('/')[2]}" for each in posted]


@pytest.fixture
def two_lamps(migrated_database: str, issuer: Issuer) -> list[str]:
    """The stream ids of two lamps of one company, of before."""
    return asyncio.run(install(settings_for(migrated_database, issuer), issuer, 40, 70))


@pytest.mark.usefixtures("two_lamps", "one_to_a_company")
async def test_a_worker_warns_of_what_collides(
    two_lamps: list[str],
    migrated_database: str,
    issuer: Issuer,
    caplog: pytest.LogCaptureFixture,
) -> None:
    worker = build(service, settings_for(migrated_database, issuer))
    async with worker.router.lifespan_context(worker):
        await until(lambda: "company-lit" in caplog.text)
    (warning,) = [each for each in caplog.records if "company-lit" in each.getMessage()]
    assert warning.levelname == "WARNING"
    assert warning.getMessage() == f"company-lit: {' and '.join(sorted(two_lamps))} hold the same; `refold` tells what"


def ended(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[object, str]:
    """How a command of the service ended, and what it printed."""
    monkeypatch.setattr(sys, "argv", ["lamps", *arguments])
    with pytest.raises(SystemExit) as end:
        main(service)
    return end.value.code, capsys.readouterr().out


@pytest.mark.usefixtures("two_lamps")
def test_refold_folds_every_stream_of_a_category(
    migrated_database: str, issuer: Issuer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def plant() -> None:
        async with calling(settings_for(migrated_database, issuer), **bearer(issuer)) as client:
            await client.post("/v1/poles", json={"number": "042"})

    def refold(*categories: str) -> tuple[object, str]:
        return ended(monkeypatch, capsys, "refold", *categories)

    asyncio.run(plant())
    for name, value in variables(migrated_database, issuer).items():
        monkeypatch.setenv(name, value)
    assert refold() == (0, "streams of lamp folded anew: 2\nstreams of pole folded anew: 1\n")
    assert refold("pole") == (0, "streams of pole folded anew: 1\n")
    assert refold("tree") == (2, "usage: refold [lamp|pole]\n")


@pytest.mark.usefixtures("two_lamps", "one_to_a_company")
def test_refold_tells_of_what_collides(
    two_lamps: list[str],
    migrated_database: str,
    issuer: Issuer,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in variables(migrated_database, issuer).items():
        monkeypatch.setenv(name, value)
    collision = f"company-lit: 00000001800017 is held by {' and '.join(sorted(two_lamps))}\n"
    assert ended(monkeypatch, capsys, "refold", "lamp") == (1, f"streams of lamp folded anew: 2\n{collision}")
    assert ended(monkeypatch, capsys, "refold", "pole") == (1, f"streams of pole folded anew: 0\n{collision}")


@pytest.mark.slow
def test_reconcile_tells_of_what_collides_and_leaves_nothing_to_refold(
    two_lamps: list[str],
    migrated_database: str,
    other_database: str,
    kafka: str,
    issuer: Issuer,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    request: pytest.FixtureRequest,
) -> None:
    territory = f"t{uuid.uuid4().hex[:8]}"
    settings = settings_for(migrated_database, issuer).model_copy(
        update={"kafka_bootstrap": kafka, "territory": territory, "topic_partitions": 2}
    )

    async def publish() -> None:
        worker = build(service, settings)
        async with worker.router.lifespan_context(worker):
            await until(lambda: worker.state.runtime.tasks[0].state == "leading, at position 2")

    asyncio.run(publish())
    request.getfixturevalue("one_to_a_company")
    # A store that has lost everything.
    asyncio.run(migrate(other_database))
    others = {"KAFKA_BOOTSTRAP": kafka, "TERRITORY": territory, "TOPIC_PARTITIONS": "2"}
    for name, value in variables(other_database, issuer, **others).items():
        monkeypatch.setenv(name, value)
    status, printed = ended(monkeypatch, capsys, "reconcile")
    collision, summary = printed.splitlines()
    assert (status, summary.partition(",")[0]) == (0, "2 events taken back from the topic")
    assert collision == f"company-lit: 00000001800017 is held by {' and '.join(sorted(two_lamps))}"

    async def stale() -> int:
        async with Store.open(other_database) as store:
            return sum([each async for each in refold(store, lamps, stale_only=True)])

    assert asyncio.run(stale()) == 0
