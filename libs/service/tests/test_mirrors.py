"""A mirror kept by a running worker, from the topic of another service's store."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from typing import Any, Final

import httpx
import pytest
from lamps import bearer, settings_for
from neighbours import PATH, StreetClosed, StreetOpened, service

from contracts.model import Event
from devstack.issuer import Issuer
from devstack.prepared import PERSONAL_KEY, prepare
from devstack.topics import read_topic
from eventstore.postgres.appending import Append, NewEvent
from eventstore.postgres.store import Store
from eventstore.publishing.relay import Relay
from service.application import build
from service.running.settings import Settings

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

SCOPES: Final = "neighbours:read neighbours:write neighbours:personal"
NEIGHBOUR: Final = {"name": "Camille Exemple", "born_on": "2000-01-02"}
DAY: Final = date(2020, 1, 1)


@pytest.fixture
def settings(migrated_database: str, kafka: str, issuer: Issuer) -> Settings:
    territory = f"t{uuid.uuid4().hex[:8]}"
    return settings_for(migrated_database, issuer, personal_key=PERSONAL_KEY).model_copy(
        update={"kafka_bootstrap": kafka, "territory": territory, "topic_partitions": 2}
    )


@asynccontextmanager
async def publishing(url: str, settings: Settings) -> AsyncIterator[Store]:
    """The store of streets, and its relay."""
    async with Store.open(url) as store:
        relay = Relay(
            url,
            topic=settings.topic("streets"),
            bootstrap=settings.kafka_bootstrap,
            partitions=2,
            wakers=store.wakers,
        )
        relaying = asyncio.create_task(relay.run())
        yield store
        relaying.cancel()
        await asyncio.gather(relaying, return_exceptions=True)


async def happen(store: Store, street: str, version: int, event: Event) -> None:
    """Something happens to a street."""
    new = NewEvent(event.event_type, event.schema_version, event.model_dump_json())
    await store.append(Append(f"street-{street}", "street", version - 1, [new], "{}", 1, "{}"))


@asynccontextmanager
async def serving(settings: Settings, issuer: Issuer, **work: Any) -> AsyncIterator[httpx.AsyncClient]:
    """The service of neighbours, and a client of the town hall."""
    application = build(service, settings, **work)
    async with (
        application.router.lifespan_context(application),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(application),
            base_url="http://neighbours.test",
            headers=bearer(issuer, SCOPES, roles=["town_hall", "ops"]),
        ) as client,
    ):
        yield client


async def asked(client: httpx.AsyncClient, street: str, *expected: str) -> httpx.Response:
    """Asks for a lamp until the answer is one of those expected: a problem's slug, or nothing."""
    async with asyncio.timeout(40):
        while True:
            answer = await client.post(PATH, json={"street": street, "neighbour": NEIGHBOUR})
            slug = answer.json()["type"].rpartition("/")[2] if answer.is_error else ""
            if slug in expected:
                return answer
            # Until the mirror is there, nobody is told anything else.
            assert slug in ("mirror-behind", "street-unknown", "store-unconfirmed", ""), answer.text
            await asyncio.sleep(0.05)


async def test_what_happens_elsewhere_is_known_here_and_nothing_is_refused_before(
    settings: Settings, other_database: str, issuer: Issuer
) -> None:
    await prepare(other_database)
    async with publishing(other_database, settings) as streets, serving(settings, issuer) as client:
        # There is no topic yet, so nothing is known of any street.
        early = await client.post(PATH, json={"street": "rue-a", "neighbour": NEIGHBOUR})
        assert early.status_code == 503
        await happen(streets, "rue-a", 1, StreetOpened(effective_on=DAY, street="rue-a"))
        made = await asked(client, "rue-a", "")
        await asked(client, "rue-b", "street-unknown")
        await happen(streets, "rue-a", 2, StreetClosed(effective_on=DAY, street="rue-a"))
        await asked(client, "rue-a", "street-is-closed")
        assert (await client.get("/ready")).json()["work"]["mirror known-street"] == "running"
        # What is about persons is in a topic of its own, under their pseudonyms.
        async with asyncio.timeout(20):
            while not (told := await read_topic(settings.kafka_bootstrap, settings.topic("neighbours.persons"))):  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        assert made.json()["neighbour"].encode() in told[0].data
        assert not [message for message in told if b"Exemple" in message.data]
    # Without a worker a mirror falls behind, and says so rather than refuse.
    async with serving(settings, issuer, worker=False) as client:
        assert (await asked(client, "rue-b", "mirror-behind")).headers["retry-after"] == "5"
