"""The platform as in production: encrypted, each service a user of its own, and nobody else in the record.

Each refusal is told from others by the error that the server answers with.
"""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import asyncpg
import httpx
import pytest
from aiokafka import TopicPartition
from aiokafka.admin import NewTopic
from aiokafka.conn import create_conn
from aiokafka.errors import (
    GroupAuthorizationFailedError,
    KafkaConnectionError,
    KafkaError,
    SaslAuthenticationFailed,
    TopicAuthorizationFailedError,
    TransactionalIdAuthorizationFailed,
    for_code,
)
from aiokafka.protocol.fetch import FetchRequest
from replays import calling

from contracts.registry import REGISTRY
from contracts.values import sample_siret
from devstack.certificates import Authority
from devstack.host import service_of
from devstack.issuer import Issuer
from devstack.kafka_secured import ADMIN, SecuredKafka, password_of
from devstack.postgres_secured import SecuredPostgres
from devstack.prepared import prepare
from devstack.running import SERVICES
from devstack.topics import read_topics, topic_faults
from eventstore.files import File
from eventstore.kafka.brokers import Brokers
from eventstore.kafka.clients import Admin, Consumer, Producer
from eventstore.kafka.topics import ensure_topic, existing_topics
from eventstore.postgres.connection import connect
from eventstore.postgres.store import Store
from eventstore.publishing.relay import Relay
from eventstore.subscribing.subscription import Subscription
from service.running.acls import OWNING, READING, Access, of_analyst, of_service
from service.running.settings import Names

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(300)]

ANALYST: Final = "analyst-observatory"
TERRITORY: Final = "secured"
NAMES: Final = Names(territory=TERRITORY)
COMPANIES, PERSONS = NAMES.topic("companies"), NAMES.topic("youth-events.persons")
PATIENCE: Final = 60.0


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
async def kafka(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> AsyncIterator[SecuredKafka]:
    folder = tmp_path_factory.mktemp("kafka")
    with SecuredKafka(folder, authority, users=(*SERVICES, ANALYST, "newcomer")) as kafka:
        for name in SERVICES:
            await kafka.allow(name, of_service(service_of(name), NAMES))
        await kafka.allow(ANALYST, of_analyst(ANALYST, service_of("companies"), NAMES))
        yield kafka


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Any:
    with SecuredPostgres(tmp_path_factory.mktemp("postgres"), authority) as postgres:
        yield postgres


@pytest.fixture
async def topics(kafka: SecuredKafka) -> None:
    """The topics that tests of refusals need, made by those whose they are."""
    await ensure_topic(kafka.brokers("companies"), COMPANIES, 2)
    await ensure_topic(kafka.brokers("youth-events"), PERSONS, 2)
    await ensure_topic(kafka.brokers("mobility"), NAMES.topic("mobility"), 2)


async def until(holds: Callable[[], Awaitable[object]], what: str) -> None:
    """Waits for what others do."""
    deadline = time.monotonic() + PATIENCE
    while not await holds():
        assert time.monotonic() < deadline, what
        await asyncio.sleep(0.1)


# Who comes in


async def attempt(brokers: Brokers) -> None:
    """Connects, and says who it is, as any client would. Raises what the server answers with."""
    host, port = brokers.addresses.split(":")
    arguments = {name: value for name, value in brokers.arguments.items() if name != "bootstrap_servers"}
    connection = await create_conn(host, int(port), request_timeout_ms=5_000, **arguments)
    await connection.close()


@pytest.mark.parametrize(
    ("protocol", "mechanism"),
    [
        ("SASL_SSL", "SCRAM-SHA-512"),
        ("SASL_SSL", "SCRAM-SHA-256"),
        ("SASL_SSL", "PLAIN"),
        ("SASL_PLAINTEXT", "SCRAM-SHA-512"),
        ("SSL", "SCRAM-SHA-512"),
    ],
)
async def test_a_service_comes_in_by_each_way_there_is(
    kafka: SecuredKafka, topics: None, protocol: Any, mechanism: Any
) -> None:
    del topics
    brokers = kafka.brokers("companies", protocol, mechanism)
    assert await existing_topics(brokers, [COMPANIES, PERSONS]) == {COMPANIES: 2}
    assert await read_topics(brokers, [COMPANIES]) == []


async def test_a_stranger_does_not_come_in(kafka: SecuredKafka, tmp_path: Path) -> None:
    own = kafka.brokers("companies")
    with pytest.raises(SaslAuthenticationFailed):
        await attempt(kafka.brokers("nobody"))
    with pytest.raises(SaslAuthenticationFailed):
        await attempt(kafka.brokers("companies", password=password_of("nobody")))
    # Without saying who, and without TLS.
    for protocol in ("PLAINTEXT", "SASL_PLAINTEXT"):
        with pytest.raises((KafkaConnectionError, OSError)):
            await attempt(replace(own, protocol=protocol, authorities=None))
    # By no certificate, and by one of an authority that the brokers do not believe.
    certified = kafka.brokers("companies", "SSL")
    strange = Authority(tmp_path, "stranger").issue("companies")
    for refused in (
        replace(certified, certificate=None, key=None),
        replace(certified, certificate=strange.certificate, key=strange.key),
    ):
        with pytest.raises((KafkaConnectionError, OSError)) as said:
            await attempt(refused)
        assert "ALERT" in str(said.value.__cause__ or said.value)
    await attempt(own)
    await attempt(kafka.brokers("companies", "SSL"))


async def test_nor_by_the_listeners_of_the_brokers_themselves(kafka: SecuredKafka) -> None:
    for name, port in kafka.own_listeners.items():
        brokers = replace(kafka.brokers("companies", "SSL"), addresses=f"localhost:{port}", certificate=None, key=None)
        with pytest.raises((KafkaConnectionError, OSError)):
            await attempt(brokers)
        with pytest.raises((KafkaConnectionError, OSError)):
            await attempt(Brokers(f"localhost:{port}"))
        assert name in ("INSIDE", "CONTROLLER")


# What they may do


async def produce(brokers: Brokers, topic: str, transactional_id: str | None = None) -> None:
    producer = Producer(brokers, transactional_id=transactional_id)
    try:
        async with asyncio.timeout(20):
            await producer.start()
            if transactional_id is None:
                await producer.send_and_wait(topic, b"{}", key=b"company-1", partition=0)
    finally:
        await producer.discard()


async def create(brokers: Brokers, topic: str) -> None:
    admin = Admin(brokers)
    try:
        await admin.start()
        response = await admin.create_topics([NewTopic(topic, 1, 1)])
        ((_, code, _),) = response.topic_errors
        if code:
            raise for_code(code)(topic)
    finally:
        await admin.close()


async def consume(brokers: Brokers, topic: str, group: str) -> None:
    consumer = Consumer(brokers, group_id=group, auto_offset_reset="earliest")
    try:
        async with asyncio.timeout(20):
            await consumer.start()
            consumer.subscribe([topic])
            await consumer.getmany(timeout_ms=3_000)
    finally:
        await consumer.discard()


async def fetch(brokers: Brokers, topic: str) -> None:
    """Asks for records though no topic of the name was told of, as whoever knows the name can."""
    admin = Admin(brokers)
    try:
        await admin.start()
        request = FetchRequest(100, 1, 1_000_000, 0, [(topic, [(0, 0, 1_000_000)])])
        response = await admin._send_request(request)  # noqa: SLF001  # It has no method for it.
        ((_, ((_, code, *_),)),) = response.topics
        if code:
            raise for_code(code)(topic)
    finally:
        await admin.close()


@pytest.mark.parametrize(
    ("does", "error"),
    [
        (lambda who: produce(who, COMPANIES), TopicAuthorizationFailedError),
        (lambda who: create(who, f"{TERRITORY}.own.v1"), TopicAuthorizationFailedError),
        (lambda who: create(who, NAMES.topic("training")), TopicAuthorizationFailedError),
        (lambda who: produce(who, COMPANIES, f"{COMPANIES}.relay"), TransactionalIdAuthorizationFailed),
        (lambda who: fetch(who, PERSONS), TopicAuthorizationFailedError),
        (lambda who: consume(who, COMPANIES, f"{TERRITORY}.companies-reactions"), GroupAuthorizationFailedError),
        (lambda who: consume(who, COMPANIES, "analyst-another-1"), GroupAuthorizationFailedError),
    ],
    ids=["write", "create", "create-a-service's", "fence-the-relay", "persons", "a-service's-group", "another's-group"],
)
async def test_an_analyst_reads_named_topics_in_groups_of_its_own_and_does_nothing_else(
    kafka: SecuredKafka, topics: None, does: Callable[[Brokers], Awaitable[None]], error: type[KafkaError]
) -> None:
    del topics
    analyst = kafka.brokers(ANALYST)
    await consume(analyst, COMPANIES, f"{ANALYST}-1")
    await fetch(analyst, COMPANIES)
    with pytest.raises(error):
        await does(analyst)


@pytest.mark.parametrize(
    ("does", "error"),
    [
        (lambda who: produce(who, COMPANIES), TopicAuthorizationFailedError),
        (lambda who: produce(who, COMPANIES, f"{COMPANIES}.relay"), TransactionalIdAuthorizationFailed),
        (lambda who: fetch(who, PERSONS), TopicAuthorizationFailedError),
        (lambda who: consume(who, COMPANIES, f"{TERRITORY}.companies-reactions"), GroupAuthorizationFailedError),
    ],
    ids=["write", "fence-the-relay", "persons-that-it-does-not-declare", "another's-group"],
)
async def test_a_service_writes_its_own_topics_and_reads_those_it_declares(
    kafka: SecuredKafka, topics: None, does: Callable[[Brokers], Awaitable[None]], error: type[KafkaError]
) -> None:
    del topics
    mobility = kafka.brokers("mobility")
    await produce(mobility, NAMES.topic("mobility"), f"{NAMES.topic('mobility')}.relay")
    with pytest.raises(error):
        await does(mobility)


# What is said of it, and waited out


@asynccontextmanager
async def runs(work: Relay | Subscription) -> AsyncIterator[None]:
    task = asyncio.create_task(work.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_relay_says_why_it_is_refused_and_publishes_once_it_is_not(
    kafka: SecuredKafka, migrated_database: str, tmp_path: Path
) -> None:
    topic = f"{TERRITORY}.newcomer.v1"
    password = File(tmp_path / "password")
    password.path.write_text("guessed")
    relay = Relay(migrated_database, topic=topic, bootstrap=kafka.brokers("newcomer", password=password), partitions=1)

    async def says(words: str) -> bool:
        return words in (relay.error or "")

    async with runs(relay):
        await until(lambda: says("invalid credentials with SASL mechanism SCRAM-SHA-512"), "the password is refused")
        password.path.write_text(password_of("newcomer"))
        await until(lambda: says(f"the topic {topic} cannot be created: Authorization failed"), "an ACL lacks")
        owning = [Access("topic", topic, OWNING)]
        await kafka.allow("newcomer", owning)
        await until(lambda: says(f"TransactionalIdAuthorizationFailed: {topic}.relay"), "another ACL lacks")
        await kafka.allow("newcomer", [Access("transactionalId", f"{topic}.relay", ("Describe", "Write"))])

        async def leads() -> bool:
            return relay.leading

        await until(leads, "it leads")
    stranger = replace(kafka.brokers("newcomer"), authorities=Authority(tmp_path, "stranger").certificate)
    relay = Relay(migrated_database, topic=topic, bootstrap=stranger, partitions=1)
    async with runs(relay):
        await until(lambda: says("its certificate is not believed"), "the authority is another")


async def test_a_subscription_says_why_it_is_refused_and_reads_once_it_is_not(
    kafka: SecuredKafka, topics: None, migrated_database: str
) -> None:
    del topics

    async def note(*_: object) -> None:
        """Nothing is to be done."""

    topic = NAMES.topic("mobility")
    async with asyncpg.create_pool(migrated_database, min_size=0) as pool:
        name = f"note-{uuid.uuid4().hex[:8]}"
        subscription = Subscription(
            name, topics=[topic], bootstrap=kafka.brokers("newcomer"), pool=pool, handle=note, group=name
        )

        async def says(words: str) -> bool:
            return words in (subscription.error or "")

        async with runs(subscription):
            await until(lambda: says(f"none of its topics exists yet, or may be read: {topic}"), "an ACL lacks")
            await kafka.allow("newcomer", [Access("topic", topic, READING)])
            await until(lambda: says(f"GroupAuthorizationFailedError: {name}"), "another ACL lacks")
            await kafka.allow("newcomer", [Access("group", name, READING)])

            async def goes_on() -> bool:
                return subscription.error is None and not subscription.parked

            await until(goes_on, "it reads")
            assert subscription.failing is None


async def test_every_service_works_by_what_its_own_declaration_allows(
    kafka: SecuredKafka, databases: Callable[[], str], issuer: Issuer
) -> None:
    names = Names(territory="every")
    async with AsyncExitStack() as stack:
        clients = {}
        for name in SERVICES:
            await kafka.allow(name, of_service(service_of(name), names))
            database = await asyncio.to_thread(databases)
            await prepare(database, service_of(name).all_migrations)
            brokers = settings_of(kafka.brokers(name), names)
            calls = calling(service_of(name), database, issuer, worker=True, **brokers)
            clients[name] = await stack.enter_async_context(calls)

        async def troubled() -> dict[str, str]:
            """What does not fare as it should."""
            states = {name: (await client.get("/ready")).json()["work"] for name, client in clients.items()}
            return {
                f"{name}: {work}": state
                for name, works in states.items()
                for work, state in works.items()
                if not (state.startswith("leading") if work == "relay" else state == "running")
                and work.startswith(("relay", "mirror", "reactions", "subscription"))
            }

        await until(lambda: _none(troubled()), "all of them work")


async def _none(troubled: Awaitable[dict[str, str]]) -> bool:
    return not await troubled


# The whole way, while everything that can be renewed is


@dataclass
class Service:
    """A service of a user of its own, in PostgreSQL as in Kafka."""

    name: str
    kafka: SecuredKafka
    postgres: SecuredPostgres
    folder: Path
    address: File = field(init=False)
    password: File = field(init=False)

    def __post_init__(self) -> None:
        self.address, self.password = File(self.folder / f"{self.name}.url"), File(self.folder / f"{self.name}.secret")
        self.password.path.write_text(f"{password_of(self.name)}\n")

    async def prepare(self) -> None:
        admin = await connect(self.postgres.url)
        await admin.execute(f"CREATE ROLE {self.name} LOGIN PASSWORD 'before'")
        await admin.execute(f"CREATE DATABASE {self.name} OWNER {self.name}")
        await admin.close()
        self.say("before")
        await prepare(self.address.read(), service_of(self.name).all_migrations)

    def say(self, password: str) -> None:
        """What the file has from now on."""
        fresh = self.address.path.with_suffix(".new")
        fresh.write_text(self.postgres.url_of(self.name, self.name, password))
        fresh.replace(self.address.path)


def settings_of(brokers: Brokers, names: Names) -> dict[str, Any]:
    """The settings by which a service meets them."""
    return {
        "kafka_bootstrap": brokers.addresses,
        "kafka_security_protocol": brokers.protocol,
        "kafka_sasl_username": brokers.username,
        "kafka_sasl_password": brokers.password,
        "kafka_ssl_ca": brokers.authorities,
        "kafka_ssl_certificate": brokers.certificate,
        "kafka_ssl_key": brokers.key,
        "territory": names.territory,
        "topic_partitions": 2,
    }


@pytest.mark.long
async def test_passwords_and_certificates_are_renewed_while_commands_flow_into_figures(
    kafka: SecuredKafka, postgres: SecuredPostgres, authority: Authority, issuer: Issuer, tmp_path: Path
) -> None:
    companies, indicators = (Service(name, kafka, postgres, tmp_path) for name in ("companies", "indicators"))
    names = Names(territory="renewed")
    for each in (companies, indicators):
        await each.prepare()
        await kafka.allow(each.name, of_service(service_of(each.name), names))
    by_password = settings_of(kafka.brokers("companies", password=companies.password), names)
    by_certificate = settings_of(kafka.brokers("indicators", "SSL"), names)
    async with (
        calling(service_of("companies"), companies.address, issuer, worker=True, **by_password) as writing,
        calling(service_of("indicators"), indicators.address, issuer, worker=True, **by_certificate) as reading,
    ):
        await until(lambda: _accepts(writing), "the store is confirmed")
        flow = Flow(writing, issuer)
        async with flow.running():
            await flow.more()
            # PostgreSQL: the role's password, then the file's, and the server's certificate.
            admin = await connect(postgres.url)
            await admin.execute("ALTER ROLE companies PASSWORD 'after'")
            await flow.more()
            companies.say("after")
            postgres.renew_certificate()
            await admin.fetchval("SELECT pg_reload_conf()")
            renewed = await admin.fetchval("SELECT clock_timestamp()")
            await until(lambda: _is_connected_since(admin, "companies", renewed, writing, flow), "a new connection")
            # Kafka: a user's password, a user's certificate, the brokers'; all connections begin anew.
            await asyncio.to_thread(kafka.change_password, "companies", "renewed")
            companies.password.path.write_text("renewed")
            authority.issue("indicators")
            await asyncio.to_thread(kafka.restart)
            await flow.more()
            encrypted = await admin.fetch(
                "SELECT usename, bool_and(ssl) AS all FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)"
                " WHERE usename IN ('companies', 'indicators') GROUP BY usename"
            )
            assert {row["usename"]: row["all"] for row in encrypted} == {"companies": True, "indicators": True}
            await admin.close()
        assert flow.failed == []
        await until(lambda: _shows(reading, issuer, flow.done), f"{flow.done} members")
        assert "parked" not in (await reading.get("/ready")).text
    async with Store.open(companies.address) as store:
        events = await store.read(0, 100_000)
    topics = [names.topic(name) for name in REGISTRY.topics_of("companies")]
    existing = await existing_topics(kafka.brokers(ADMIN), topics)
    published = await read_topics(kafka.brokers(ADMIN), existing)
    assert topic_faults(published, events) == []
    assert len(events) == 2 * flow.done
    await asyncio.to_thread(kafka.change_password, "companies", password_of("companies"))


class Flow:
    """Companies that join the network, one after the other: what was answered to them."""

    def __init__(self, client: httpx.AsyncClient, issuer: Issuer) -> None:
        self._client = client
        token = issuer.token("companies:read companies:write", ["network"], client="network")
        self.headers = {"Authorization": f"Bearer {token}"}
        self.done = 0
        self.failed: list[str] = []

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """As long as the block, and until the company that is about to join has."""
        ending = asyncio.Event()

        async def flow() -> None:
            while not ending.is_set():
                await self._join(sample_siret(self.done))
                await asyncio.sleep(0.05)

        task = asyncio.create_task(flow())
        try:
            yield
        finally:
            ending.set()
            await task

    async def more(self) -> None:
        """Once some more have joined."""
        until_done = self.done + 10

        async def joined() -> bool:
            return self.done >= until_done

        await until(joined, f"companies join; refused: {self.failed[:3]}")

    async def _join(self, siret: str) -> None:
        told = {"legal_form": "5710", "naf": "25.62B", "commune": "36088", "zone": "zi-limoise", "headcount": 42.5}
        body = {"siret": siret, "name": "Exemple Usinage de la Théols", "on": "2024-01-08", **told}
        for path, sent in (("/v1/companies", body), (f"/v1/companies/{siret}/activate", {"on": "2024-02-05"})):
            answer = await self._client.post(path, json=sent, headers=self.headers)
            if not answer.is_success:
                self.failed.append(answer.text)
        self.done += 1


async def _accepts(client: httpx.AsyncClient) -> bool:
    return bool((await client.get("/ready")).json()["commands"] == "accepted")


async def _is_connected_since(
    admin: asyncpg.Connection, role: str, moment: Any, client: httpx.AsyncClient, flow: Flow
) -> bool:
    """Whether a connection was made since, as more are when many ask at once."""
    await asyncio.gather(*[client.get("/v1/companies", headers=flow.headers) for _ in range(8)])
    since = "SELECT count(*) FROM pg_stat_activity WHERE usename = $1 AND backend_start > $2"
    return bool(await admin.fetchval(since, role, moment))


async def _shows(client: httpx.AsyncClient, issuer: Issuer, value: int) -> bool:
    token = issuer.token("indicators:read", ["steering"], client="steering")
    answer = await client.get("/v1/indicators/members", headers={"Authorization": f"Bearer {token}"})
    return bool(answer.is_success and answer.json()["value"] == value)


@pytest.mark.long
async def test_a_greedy_analyst_is_slowed_down_while_services_go_on(kafka: SecuredKafka) -> None:
    names = Names(territory="greedy")
    topic = names.topic("mobility")
    await kafka.allow("mobility", of_service(service_of("mobility"), names))
    await kafka.allow(ANALYST, of_analyst(ANALYST, service_of("mobility"), names))
    await asyncio.to_thread(kafka.limit, ANALYST, consumer_byte_rate=100_000, request_percentage=5)
    writer = kafka.brokers("mobility")
    await ensure_topic(writer, topic, 2)
    producer = Producer(writer)
    await producer.start()
    try:
        for _ in range(40):
            await producer.send_and_wait(topic, bytes(100_000), partition=0)
        greedy = asyncio.create_task(read_bytes(kafka.brokers(ANALYST), topic, 4_000_000))
        slowest = 0.0
        for _ in range(50):
            begun = time.monotonic()
            await producer.send_and_wait(topic, b"{}", partition=1)
            slowest = max(slowest, time.monotonic() - begun)
            await asyncio.sleep(0.1)
        assert slowest < 2
    finally:
        await producer.discard()
    begun = time.monotonic()
    await read_bytes(writer, topic, 4_000_000)
    unlimited = time.monotonic() - begun
    assert await greedy > max(10.0, 3 * unlimited)


async def read_bytes(brokers: Brokers, topic: str, count: int) -> float:
    """The seconds that it takes to read so many bytes."""
    consumer = Consumer(brokers, auto_offset_reset="earliest", max_partition_fetch_bytes=200_000)
    try:
        await consumer.start()
        consumer.assign([TopicPartition(topic, 0)])
        begun, read = time.monotonic(), 0
        while read < count:
            for records in (await consumer.getmany(timeout_ms=1_000)).values():
                read += sum(len(record.value) for record in records)
        return time.monotonic() - begun
    finally:
        await consumer.discard()
