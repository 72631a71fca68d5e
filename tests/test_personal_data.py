"""Nobody is named anywhere but in the one table: every command of every service is sent, and everything is searched."""

import asyncio
import logging
import re
import uuid
from collections.abc import Sequence
from typing import Any, Final

import asyncpg
import pytest
from replays import Replay, as_told, calling, settings_for
from test_restore import restored_from, run

from companies.company import Apply
from contracts.personal import Person
from devstack.host import service_of
from devstack.issuer import Issuer
from devstack.mail_server import MailServer
from devstack.postgres import INSTALLED
from devstack.prepared import prepare
from devstack.running import SERVICES
from devstack.topics import read_topic
from eventstore.decider import Command
from eventstore.postgres.migrate import migrate
from eventstore.postgres.store import Store
from service.definition import Service
from service.documents.examples import DAY
from service.documents.rehearsal import rehearse
from service.running.reconciling import put_right

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

OF_PERSONS: Final = [service for name in SERVICES if (service := service_of(name)).names_persons]
VARIANTS: Final[dict[type[Command], dict[str, Any]]] = {
    Apply: {"legal_form": "1000", "name": None, "trader": {"family_name": "Exemple", "given_name": "Camille"}}
}
"""Where the example of a command leaves out whom it may name."""
every_service = pytest.mark.parametrize("service", OF_PERSONS, ids=lambda each: each.name)


class Seeds:
    """Names, addresses and days that are nowhere else, in the place of what examples tell of persons."""

    def __init__(self) -> None:
        self.told: set[str] = set()
        self.latest: set[str] = set()
        """Of those who were told of last."""
        self._persons = 0

    def begin_anew(self) -> None:
        """Tells of others from now on."""
        self._persons += 1
        self.latest = set()

    def tell(self, person: Person) -> dict[str, Any]:
        """A person as a command tells of it; of each kind somebody else, for one is not another."""
        kind = type(person).__name__.lower()
        return {name: self._seed(f"{kind}{name}", value) for name, value in as_told(person).items()}

    def _seed(self, name: str, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
            # The age must do, so the day of the example stays; that of all examples tells nobody.
            seed = value
            if value == DAY.isoformat():
                return value
        elif "@" in value:
            seed = f"zyx{self._letters(name, value)}@seeded.example"
        elif value.startswith("+"):
            seed = f"+339991{self._persons:05}"
        elif re.fullmatch(r"[a-z_0-9]+", value):
            return value  # A code.
        else:
            seed = f"Zyx{self._letters(name, value)} Seeded"
        self.told.add(seed)
        self.latest.add(seed)
        return seed

    def _letters(self, name: str, value: str) -> str:
        """A name as letters alone, another for each person: also for two of one kind in one record."""
        number = "".join(chr(ord("a") + int(digit)) for digit in str(self._persons))
        return re.sub("[^a-z]", "", name) + number + re.sub("[^a-z]", "", value.lower())


async def dumped(url: str) -> str:
    status, written = await run([str(INSTALLED / "bin" / "pg_dump"), url])
    assert status == 0
    return written.decode()


def parted(dump: str) -> tuple[str, str]:
    """What a dump says of the table of persons, and everything else."""
    table = re.search(r"COPY public\.personal_data .*?\n\\\.\n", dump, re.DOTALL)
    assert table, "there is such a table"
    return table[0], dump.replace(table[0], "")


@pytest.mark.timeout(300)
@every_service
async def test_nobody_is_named_anywhere_but_in_the_one_table(
    service: Service,
    database: str,
    kafka: str,
    issuer: Issuer,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
    mail_server: MailServer,
) -> None:
    caplog.set_level(logging.DEBUG)
    await prepare(database, service.all_migrations)
    seeds = Seeds()
    mail = {"smtp_url": mail_server.url, "mail_from": "programme@example.org", "public_url": "http://territory.test"}
    where = {"kafka_bootstrap": kafka, "territory": f"t{uuid.uuid4().hex[:8]}", "topic_partitions": 2, **mail}
    settings = settings_for(database, issuer, **where)
    topics = [settings.topic(topic) for topic in service.registry.topics_of(service.name)]
    async with (
        calling(service, database, issuer, worker=True, **where) as client,
        Store.open(database, personal_key=settings.personal_key or "") as store,
    ):
        replay = Replay(service, client, database, store, issuer, monkeypatch, seeds.tell, VARIANTS)
        steps = [
            step
            for resource in service.resources
            if resource.decider.persons
            for step in rehearse(resource.decider).steps.values()
        ]
        for step in steps:
            # A record that has an id of its own begins but once.
            if step.decider.identified_by is None or step.decision.creates:
                replay.begin_anew()
                seeds.begin_anew()
                await replay.lead_to(step)
        assert seeds.told
        # Refused ones, too: those of a stream that has moved on, and those that are no persons.
        for step in [step for step in steps if step.decision.persons and not step.decision.creates]:
            replay.begin_anew()
            seeds.begin_anew()
            replay.answers.append(await replay.refused(step))
        for step in [step for step in steps if step.decision.persons]:
            replay.answers += [await replay.malformed(step, seed) for seed in sorted(seeds.latest)]

        dump = await dumped(database)
        persons, others = parted(dump)
        published = await until_published(store, kafka, topics)
        ready = (await client.get("/ready")).text
        printed = "".join(capsys.readouterr())
        everything = {
            "the table of persons": persons,
            "other tables": others,
            "topics": published,
            "logs": caplog.text + printed,
            "answers": "".join(replay.answers),
            "/ready": ready,
        }
        for seed in seeds.told:
            found = {name for name, text in everything.items() if seed in text}
            assert found == {"the table of persons"}, seed

        (erasing,) = [each for each in service.erasures.decisions.values() if each.erases]
        knows = issuer.token(f"{service.name}:write {service.name}:read", erasing.roles[:1])
        subjects = [row["subject"] for row in await store.fetch("SELECT subject FROM personal_data")]
        for subject in subjects:
            erased = await client.post(
                "/v1/erasures",
                json={"person": subject, "reason": "request"},
                headers={"Authorization": f"Bearer {knows}"},
            )
            assert erased.status_code == 201, erased.text
        assert not [seed for seed in seeds.told if seed in await dumped(database)]
        published = await until_published(store, kafka, topics)
        assert all(subject in published for subject in subjects)
        events = await store.pool.fetchval("SELECT count(*) FROM events")

    # Replayed from the topics alone.
    replayed = await restored_from(database)
    await migrate(replayed, service.all_migrations)
    assert await put_right(service, settings.model_copy(update={"database_url": replayed}), []) == 0
    connection = await asyncpg.connect(replayed)
    assert await connection.fetchval("SELECT count(*) FROM events") == events
    await connection.close()
    assert not [seed for seed in seeds.told if seed in await dumped(replayed)]


async def until_published(store: Store, kafka: str, topics: Sequence[str]) -> str:
    """All that the topics hold, once they hold all events of the store."""
    events = await store.pool.fetchval("SELECT count(*) FROM events")
    async with asyncio.timeout(60):
        while True:
            messages = [message for topic in topics for message in await read_topic(kafka, topic)]
            if len(messages) >= events:
                return "\n".join(map(repr, messages))
            await asyncio.sleep(0.2)
