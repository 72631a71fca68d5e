"""What may happen to a platform, and by which alerts it is noticed."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing, contextmanager
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Final, NamedTuple

import httpx
import psutil
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from alarms.platform import Platform, found
from alarms.prometheus import Labels
from fleets import LAMP
from neighbours import StreetOpened, streets
from test_canary import COMPANY
from test_mailing import asked, queued

from devstack.issuer import Issuer
from devstack.mail_server import MailServer
from devstack.mirrored import show
from devstack.ports import free_port
from devstack.prepared import PERSONAL_KEY, prepare
from eventstore.postgres.migrate import migrate
from eventstore.postgres.store import Store

AFTERWARDS: Final = "all"
"""The lane of what befalls the platform as a whole, after all others."""

SLOWLY: Final = """
    CREATE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.3); RETURN NEW; END';
    CREATE TRIGGER slowly BEFORE INSERT ON events
    FOR EACH ROW WHEN (NEW.type = 'BellEchoed') EXECUTE FUNCTION slowly()
"""
"""What a reaction leads to is stored by itself, and takes long."""

Happens = Callable[[Platform], AbstractAsyncContextManager[None]]
"""A fault that has happened inside the block, and is undone by its end."""


class Fault(NamedTuple):
    """What happens, and what tells of it."""

    happens: Happens
    alerts: Mapping[str, Labels]
    """The alerts that fire, and with which labels."""
    ends: bool
    """Whether they end with the fault."""


FAULTS: Final[dict[str, list[Fault]]] = {}
"""By lane, in their order. Those of one lane befall the platform one after the other, those of several together."""


def fault(lane: str, alerts: Mapping[str, Labels], *, ends: bool = True) -> Callable[[Callable[..., Any]], Happens]:
    """Declares a fault, which is written like a context manager."""

    def declare(happens: Callable[..., Any]) -> Happens:
        managed = asynccontextmanager(happens)
        FAULTS.setdefault(lane, []).append(Fault(managed, alerts, ends))
        return managed

    return declare


async def terminate(platform: Platform, service: str, where: str) -> None:
    """Ends sessions of a service."""
    await platform.tell(
        "postgres",
        f"SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity WHERE datname = '{service}' AND {where}",  # noqa: S608
    )


@asynccontextmanager
async def relay_locked(platform: Platform, service: str) -> AsyncIterator[None]:
    """Somebody else has the lock of whoever leads."""
    async with platform.connected(service) as connection:
        locked = "SELECT pg_try_advisory_lock(hashtextextended('relay of ' || $1, 0))"
        while not await connection.fetchval(locked, platform.topic(service)):
            await terminate(platform, service, "application_name = 'relay'")
        yield


@asynccontextmanager
async def again_and_again(what: Callable[[], Any], *, pause: float) -> AsyncIterator[None]:
    """Something is done over and over while the block runs."""

    async def repeat() -> None:
        while True:
            await what()
            await asyncio.sleep(pause)

    repeating = asyncio.create_task(repeat())
    try:
        yield
    finally:
        repeating.cancel()
        await asyncio.gather(repeating, return_exceptions=True)


@fault("lamps", {"RequestsFailed": {"service": "lamps"}})
async def a_route_has_a_bug(platform: Platform) -> AsyncIterator[None]:
    async with platform.client("lamps") as client:
        assert (await client.get("/v1/broken")).status_code == 500
    yield


@fault("lamps", {"DatabaseAway": {"service": "lamps"}, "RequestsUnavailable": {"service": "lamps"}})
async def the_database_lets_nobody_in(platform: Platform) -> AsyncIterator[None]:
    await platform.tell("postgres", "ALTER DATABASE lamps ALLOW_CONNECTIONS false")
    await terminate(platform, "lamps", "true")
    async with platform.asking("lamps", "GET", "/v1/lamps"):
        yield
    await platform.tell("postgres", "ALTER DATABASE lamps ALLOW_CONNECTIONS true")


@fault("lamps", {"AnswersSlow": {"service": "lamps"}, "AppendsSlow": {"service": "lamps"}})
async def locks_are_held_for_long(platform: Platform) -> AsyncIterator[None]:
    # For longer than an answer may take, and not as long as a statement may.
    async with (
        platform.locked("lamps", "SELECT pg_advisory_xact_lock(7220001)", held=1.2),
        platform.asking("lamps", "POST", "/v1/lamps", body=LAMP, callers=5),
    ):
        yield


@fault("lamps", {"ConnectionsUsedUp": {"service": "lamps"}})
async def more_is_asked_than_there_are_connections(platform: Platform) -> AsyncIterator[None]:
    async with platform.client("lamps") as client:
        lamp = (await client.post("/v1/lamps", json=LAMP)).json()["id"]
    async with (
        platform.locked("lamps", "LOCK TABLE events"),
        platform.asking("lamps", "GET", f"/v1/lamps/{lamp}/events", callers=40, pause=0),
    ):
        yield


@fault(
    "bells",
    {
        "WorkerMissing": {"service": "bells"},
        "DueLate": {"service": "bells"},
        "ImportsWaiting": {"service": "bells"},
    },
)
async def a_worker_ends(platform: Platform) -> AsyncIterator[None]:
    worker = platform.processes["bells worker"]
    await worker.stop()
    async with platform.client("bells") as client:
        (await client.post("/v1/bells", json={"tower": "late"})).raise_for_status()
        sent = await client.post(
            "/v1/imports",
            content=b'{"path": "/v1/bells", "body": {"tower": "imported"}}\n',
            headers={"Content-Type": "application/jsonl"},
        )
        sent.raise_for_status()
    yield
    await worker.start()


@fault("bells", {"DueRefused": {"service": "bells"}})
async def what_is_due_is_refused(platform: Platform) -> AsyncIterator[None]:
    async with platform.client("bells") as client:
        (await client.post("/v1/bells", json={"tower": "cracked"})).raise_for_status()
    yield
    # As `dead-letters discard` does.
    await platform.tell("bells", "DELETE FROM due WHERE parked_at IS NOT NULL")


@fault("bells", {"WorkFailing": {"service": "bells", "work": "settling of labels"}})
async def an_index_is_lacking_that_one_work_needs(platform: Platform) -> AsyncIterator[None]:
    await platform.tell("bells", "ALTER INDEX streams_by_label RENAME TO lacking")
    yield
    await platform.tell("bells", "ALTER INDEX lacking RENAME TO streams_by_label")


@fault(
    "bells",
    {
        "SubscriptionBehind": {"service": "bells", "subscription": "bells-reactions"},
        "SubscriptionFarBehind": {"service": "bells", "subscription": "bells-reactions"},
    },
)
async def each_of_many_messages_takes_long(platform: Platform) -> AsyncIterator[None]:
    many = 40
    async with platform.connected("bells") as connection:
        async with relay_locked(platform, "bells"), platform.client("bells") as client:
            towers = (f"slow {number}" for number in range(many))
            answers = await asyncio.gather(*(client.post("/v1/bells", json={"tower": tower}) for tower in towers))
            assert {answer.status_code for answer in answers} == {httpx.codes.CREATED}
            # Published together, when all have rung.
            rung = "SELECT count(*) FROM streams WHERE state ->> 'tower' LIKE 'slow %' AND state ->> 'status' = 'rung'"
            while await connection.fetchval(rung) < many:  # noqa: ASYNC110  it is a database that knows
                await asyncio.sleep(0.1)
            await connection.execute(SLOWLY)
        yield
        await connection.execute("DROP FUNCTION slowly CASCADE")


@fault("bells", {"StreamsParked": {"service": "bells", "subscription": "bells-reactions"}})
async def a_message_cannot_be_handled(platform: Platform) -> AsyncIterator[None]:
    await platform.add_event("bells", "bell-unreadable", "BellRung")
    yield
    await platform.tell("bells", "DELETE FROM parked_messages")


@fault("youth-events", {"RelayStopped": {"service": "youth-events"}})
async def an_event_has_a_type_that_is_none(platform: Platform) -> AsyncIterator[None]:
    await platform.add_event("youth-events", "immersion-strange", "ImmersionDreamt")
    yield
    await platform.tell("youth-events", "DELETE FROM events WHERE type = 'ImmersionDreamt'")


@fault("mobility", {"ReleasesMixed": {"service": "mobility"}})
async def a_worker_is_of_another_release(platform: Platform) -> AsyncIterator[None]:
    other = platform.process("mobility", "worker", beside=" of another release", RELEASE="another")
    await other.start()
    yield
    await other.stop()


@fault("mobility", {"NoRelayLeads": {"service": "mobility"}})
async def somebody_else_has_the_lock_of_the_relay(platform: Platform) -> AsyncIterator[None]:
    async with relay_locked(platform, "mobility"):
        yield


@fault("mobility", {"RelayFailing": {"service": "mobility"}})
async def the_relay_loses_its_connection_again_and_again(platform: Platform) -> AsyncIterator[None]:
    async def lose() -> None:
        await terminate(platform, "mobility", "application_name = 'relay'")

    async with again_and_again(lose, pause=0.5):
        yield


@fault("training", {"ConnectionsNearTheirLimit": {"service": "training"}})
async def clients_open_many_connections(platform: Platform) -> AsyncIterator[None]:
    async def open_one() -> None:
        while True:
            _, writer = await asyncio.open_connection("127.0.0.1", platform.processes["training api"].port)
            with closing(writer):
                # For less time than it is kept there, as nothing is asked.
                await asyncio.sleep(8)

    opened = [asyncio.create_task(open_one()) for _ in range(45)]
    try:
        yield
    finally:
        for each in opened:
            each.cancel()
        await asyncio.gather(*opened, return_exceptions=True)


@fault("training", {"FilesNearTheirLimit": {"what": "training api"}})
async def few_files_may_be_open(platform: Platform) -> AsyncIterator[None]:
    process = psutil.Process(platform.processes["training api"].running.pid)
    usual = process.rlimit(psutil.RLIMIT_NOFILE)
    process.rlimit(psutil.RLIMIT_NOFILE, (int(process.num_fds() / 0.9), usual[1]))
    yield
    process.rlimit(psutil.RLIMIT_NOFILE, usual)


@fault("training", {"TwoRelaysLead": {"service": "training"}})
async def a_worker_has_another_database(platform: Platform) -> AsyncIterator[None]:
    elsewhere = await platform.made("elsewhere")
    await prepare(elsewhere, found("training").all_migrations)
    other = platform.process("training", "worker", beside=" elsewhere", DATABASE_URL=elsewhere)
    await other.start()
    yield
    await other.stop()


@fault("training", {"StoreUnconfirmed": {"service": "training"}})
async def nobody_has_compared_the_store_with_its_topics(platform: Platform) -> AsyncIterator[None]:
    restored = await platform.made("restored")
    await migrate(restored, found("training").all_migrations)
    api, worker = platform.processes["training api"], platform.processes["training worker"]
    for process in (api, worker):
        await process.stop()
        process.environment["DATABASE_URL"] = restored
    api.begin()
    yield
    await worker.start()


@fault("training", {"IssuerAway": {"service": "training"}})
async def the_issuer_of_tokens_is_away(platform: Platform) -> AsyncIterator[None]:
    port = free_port()
    api = platform.process("training", "api", beside=" beginning", OIDC_JWKS_URL=f"http://127.0.0.1:{port}/jwks")
    api.begin()
    async with platform.asking("training", "GET", "/v1/rooms", command="api beginning"):
        yield
        with publishing(platform.issuer, port):
            async with platform.client("training", "api beginning") as client:
                while (await client.get("/v1/rooms")).status_code != httpx.codes.OK:  # noqa: ASYNC110 -- nobody tells
                    await asyncio.sleep(0.5)
    await api.stop()


@contextmanager
def publishing(issuer: Issuer, port: int) -> Iterator[None]:
    """The keys of an issuer are told at a port."""

    class Publish(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(issuer.jwks).encode())

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", port), Publish) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield
        server.shutdown()


@fault("employment", {"ServiceUnseen": {"service": "employment"}})
async def no_process_of_a_service_runs(platform: Platform) -> AsyncIterator[None]:
    await platform.processes["employment all"].stop()
    yield
    await platform.processes["employment all"].start()


@fault("employment", {"ProcessesRestart": {"service": "employment"}})
async def a_process_ends_again_and_again(platform: Platform) -> AsyncIterator[None]:
    process = platform.processes["employment all"]

    async def restart() -> None:
        process.kill()
        await process.start()

    async with again_and_again(restart, pause=1.5):
        yield
    process.kill()
    await process.start()


@fault("youth-events", {"MailWaiting": {"service": "neighbours"}})
async def there_is_no_mail_server(platform: Platform) -> AsyncIterator[None]:
    database = await platform.made("neighbours")
    await prepare(database, found("neighbours").all_migrations)
    await show(database, streets, "rue-a", StreetOpened(effective_on=date(2020, 1, 1), street="rue-a"))
    process = platform.process("neighbours", "all")
    await process.start()
    async with platform.client("neighbours") as client, Store.open(database, personal_key=PERSONAL_KEY) as store:
        await queued(store, await asked(client))
    yield
    await process.stop()
    with MailServer(platform.folder) as server:
        process.environment |= {
            "SMTP_URL": server.url,
            "MAIL_FROM": "programme@example.org",
            "PUBLIC_URL": "https://api.example.org",
        }
        await process.start()
        while not server.received():  # noqa: ASYNC110 -- nobody tells
            await asyncio.sleep(0.2)
    await process.stop()


@fault("mobility", {"PartitionsUnread": {"service": "mobility", "topic": "t1.companies.v1"}})
async def a_stranger_is_given_partitions(platform: Platform) -> AsyncIterator[None]:
    (mirror,) = found("mobility").mirrors
    stranger = AIOKafkaConsumer(
        platform.topic(mirror.of.topic),
        bootstrap_servers=platform.kafka.bootstrap,
        group_id=platform.group(f"mobility-{mirror.subscription}"),
        enable_auto_commit=False,
    )
    await stranger.start()
    yield
    await stranger.stop()


@fault("figures", {"CanaryFailing": {}, "CanarySlow": {}})
async def publishing_stands_still(platform: Platform) -> AsyncIterator[None]:
    worker = platform.processes["companies worker"].running

    async def stand_still() -> None:
        worker.pause()
        await asyncio.sleep(45)
        worker.resume()

    async with again_and_again(stand_still, pause=8):
        yield
    worker.resume()


@fault("figures", {"PartitionsUnread": {"service": "indicators", "topic": "t1.companies.v1"}})
async def facts_cannot_be_written(platform: Platform) -> AsyncIterator[None]:
    async with platform.locked("indicators", "LOCK TABLE facts"):
        async with platform.client("companies") as client:
            (await client.post("/v1/companies", json=COMPANY)).raise_for_status()
            (await client.post(f"/v1/companies/{COMPANY['siret']}/activate")).raise_for_status()
        yield


@fault(AFTERWARDS, {"BacklogOld": {"service": "lamps"}, "ChapterNotItsOwn": {"chapter": "investment"}})
async def no_broker_answers(platform: Platform) -> AsyncIterator[None]:
    emptied = await platform.made("emptied")
    await prepare(emptied, found("indicators").all_migrations)
    indicators = [platform.processes[f"indicators {command}"] for command in ("api", "worker")]
    for process in indicators:
        await process.stop()
        process.environment["DATABASE_URL"] = emptied
    platform.kafka.pause()
    for process in indicators:
        process.begin()
    async with platform.client("lamps") as client:
        (await client.post("/v1/lamps", json=LAMP)).raise_for_status()
    yield
    platform.kafka.resume()


@fault(AFTERWARDS, {"SubscriptionStopped": {"service": "indicators"}}, ends=False)
async def a_stranger_writes_into_a_topic(platform: Platform) -> AsyncIterator[None]:
    async with AIOKafkaProducer(bootstrap_servers=platform.kafka.bootstrap) as stranger:
        await stranger.send_and_wait(platform.topic("companies"), b"hello", partition=0)
    yield
