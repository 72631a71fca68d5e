"""Persons through a service's API: who sees them, what is answered once they are erased, and that nobody else does."""

import json
import logging
from collections.abc import AsyncIterator
from datetime import date, timedelta
from typing import Any, Final
from uuid import uuid4

import asyncpg
import httpx
import pytest
from lamps import bearer, calling_other, settings_for
from neighbours import PATH, StreetClosed, StreetOpened, requests, service, streets

from contracts.model import Event
from devstack.issuer import Issuer
from devstack.mirrored import show
from eventstore.files import resolve
from service.documents import openapi
from service.running.persons import persons
from service.running.settings import Settings

pytestmark = pytest.mark.anyio

PERSONAL_KEY: Final = "what only this test knows, and long"
SCOPES: Final = "neighbours:read neighbours:write neighbours:personal"
NEIGHBOUR: Final = {"name": "Camille Exemple", "born_on": "2000-01-02", "email": "camille@example.org"}


@pytest.fixture
def settings(migrated_database: str, issuer: Issuer) -> Settings:
    return settings_for(migrated_database, issuer, personal_key=PERSONAL_KEY)


@pytest.fixture
async def client(settings: Settings, issuer: Issuer) -> AsyncIterator[httpx.AsyncClient]:
    """A caller of the town hall who may know everybody, and of ops; there is a street."""
    await happens(settings, StreetOpened(effective_on=date(2020, 1, 1), street="rue-a"))
    headers = bearer(issuer, SCOPES, roles=["town_hall", "ops"])
    async with calling_other(service, settings, **headers) as client:
        yield client


async def happens(settings: Settings, *events: Event, current: bool = True) -> None:
    """Lets the mirror of streets show what happened to rue-a, and be at the end of its topic or not."""
    await show(resolve(settings.database_url), streets, "rue-a", *events, current=current)


async def ask(client: httpx.AsyncClient, **more: Any) -> httpx.Response:
    return await client.post(PATH, json={"street": "rue-a", "neighbour": NEIGHBOUR, **more})


async def test_who_may_know_sees_who_it_is_and_nobody_keeps_the_answer(client: httpx.AsyncClient) -> None:
    made = await ask(client)
    assert made.status_code == 201
    assert made.json()["personal"] == {"neighbour": {**NEIGHBOUR, "speaks": "fr"}}
    got = await client.get(made.headers["location"])
    listed = await client.get(PATH)
    for answer, record in ((made, made.json()), (got, got.json()), (listed, listed.json()["items"][0])):
        assert record["personal"]["neighbour"]["name"] == "Camille Exemple"
        assert answer.headers["cache-control"] == "no-store"
    # Not even under the same ETag: what is known of a person changes without the record.
    again = await client.get(made.headers["location"], headers={"If-None-Match": got.headers["etag"]})
    assert again.status_code == 200


async def test_without_the_scope_there_is_a_pseudonym_and_nothing_else(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    made = (await ask(client)).json()
    for scopes, claims in (
        ("neighbours:read", {"roles": ["town_hall"]}),
        # The scope alone does not do: the record must be one that the caller reads whole.
        ("neighbours:read neighbours:personal", {"roles": ["company"], "company": "B"}),
    ):
        stranger = bearer(issuer, scopes, **claims)
        for path in (f"{PATH}/{made['id']}", PATH):
            answer = await client.get(path, headers=stranger)
            assert answer.status_code == 200
            assert "personal" not in (answer.json()["items"][0] if path == PATH else answer.json())
            assert "Camille" not in answer.text
    history = await client.get(f"{PATH}/{made['id']}/events")
    assert made["neighbour"] in history.text
    assert "Camille" not in history.text


async def test_an_erased_person_is_nobody_and_is_not_named_again(client: httpx.AsyncClient) -> None:
    made = (await ask(client)).json()
    person = made["neighbour"]
    erased = await client.post("/v1/erasures", json={"person": person, "reason": "request"})
    assert (erased.status_code, erased.json()["erased_on"]) == (201, erased.json()["effective_on"])
    again = await client.post("/v1/erasures", json={"person": person, "reason": "request"})
    assert again.json() == erased.json()
    assert (await client.get(f"{PATH}/{made['id']}")).json()["personal"] == {}
    assert (await client.get(f"/v1/persons/{person}")).status_code == 404
    late = await client.post(f"{PATH}/{made['id']}/name", json={"neighbour": NEIGHBOUR})
    assert (late.status_code, late.json()["type"]) == (409, "/neighbours/problems/person-erased")
    assert (await client.post(f"{PATH}/{made['id']}/close")).status_code == 200
    returned = (await ask(client)).json()
    assert returned["neighbour"] != person
    nobody = await client.post("/v1/erasures", json={"person": str(uuid4()), "reason": "request"})
    assert nobody.json()["type"] == "/neighbours/problems/person-unknown"


async def test_a_person_is_given_all_that_is_held(client: httpx.AsyncClient, issuer: Issuer) -> None:
    made = (await ask(client)).json()
    before = str(date.today() - timedelta(days=10))  # noqa: DTZ011  a day is a day
    other = (await ask(client, company="B", on=before)).json()
    assert other["neighbour"] == made["neighbour"]
    path = f"/v1/persons/{made['neighbour']}"
    held = await client.get(path)
    assert held.headers["cache-control"] == "no-store"
    told = held.json()
    assert told["personal"]["email"] == "camille@example.org"
    assert sorted(record["path"] for record in told["records"]) == sorted(
        f"{PATH}/{each['id']}" for each in (made, other)
    )
    for record in told["records"]:
        assert [event["type"] for event in record["events"]] == ["LampAsked"]
        assert (record["category"], record["ground"], record["named_as"]) == ("request", "public_task", ["neighbour"])
    assert max(record["needed_until"] for record in told["records"]) == told["needed_until"]
    last_day = date.fromisoformat(told["needed_until"])
    assert date.fromisoformat(told["notice_from"]) == last_day + timedelta(days=1) - timedelta(days=30)
    # A company is told what its own records hold.
    own = await client.get(path, headers=bearer(issuer, SCOPES, roles=["company"], company="B"))
    assert [record["path"] for record in own.json()["records"]] == [f"{PATH}/{other['id']}"]
    # Nor until when others need the person, which would tell when they were last in touch.
    closed = await client.post(f"{PATH}/{other['id']}/close", json={"on": before})
    assert closed.is_success, closed.text
    own = await client.get(path, headers=bearer(issuer, SCOPES, roles=["company"], company="B"))
    (record,) = own.json()["records"]
    assert own.json()["needed_until"] == record["needed_until"] < told["needed_until"]
    stranger = await client.get(path, headers=bearer(issuer, SCOPES, roles=["company"], company="C"))
    assert stranger.status_code == 404
    assert (await client.get(path, headers=bearer(issuer, "neighbours:read"))).status_code == 403


async def test_whose_time_ends_is_told_thirty_days_before_and_erased_by_retention(
    client: httpx.AsyncClient, settings: Settings, issuer: Issuer, capsys: pytest.CaptureFixture[str]
) -> None:
    closed_on = date.today() - timedelta(days=365 - 10)  # noqa: DTZ011  a day is a day
    made = (await ask(client, on=str(closed_on - timedelta(days=1)))).json()
    (await client.post(f"{PATH}/{made['id']}/close", json={"on": str(closed_on)})).raise_for_status()
    last_day = str(closed_on + timedelta(days=365))
    held = (await client.get(f"/v1/persons/{made['neighbour']}")).json()
    assert held["needed_until"] == last_day
    assert date.fromisoformat(held["notice_from"]) <= date.today()  # noqa: DTZ011
    listed = (await client.get("/v1/persons")).json()
    told = {"id": made["neighbour"], "needed_until": last_day, "records": [f"{PATH}/{made['id']}"]}
    assert listed == {"items": [told]}
    sooner = await client.get("/v1/persons", params={"needed_until": str(date.today())})  # noqa: DTZ011
    assert sooner.json() == {"items": []}
    hidden = await client.get("/v1/persons", headers=bearer(issuer, SCOPES, roles=["company"], company="C"))
    assert hidden.json() == {"items": []}
    assert await persons(service, settings, ["expiring"]) == 0
    assert capsys.readouterr().out == f"{made['neighbour']}\t{last_day}\n"
    assert await persons(service, settings, ["retain", "--dry-run"]) == 0
    assert await persons(service, settings, ["retain"]) == 0
    assert capsys.readouterr().out == "0 persons were erased, whom no record needs any more.\n"
    # Eleven days later, as far as the table tells.
    connection = await asyncpg.connect(resolve(settings.database_url))
    await connection.execute("UPDATE kept SET until = until - 11")
    await connection.close()
    assert await persons(service, settings, ["retain", "--dry-run"]) == 0
    assert made["neighbour"] in capsys.readouterr().out
    assert (await client.get(f"/v1/persons/{made['neighbour']}")).status_code == 200
    assert await persons(service, settings, ["retain"]) == 0
    erasure = (await client.get(f"/v1/erasures/{made['neighbour']}")).json()
    assert erasure["reason"] == "retention"
    assert await persons(service, settings, ["show", made["neighbour"]]) == 1


async def test_ops_show_and_erase_by_command(
    client: httpx.AsyncClient, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    person = (await ask(client)).json()["neighbour"]
    assert await persons(service, settings, ["show", person]) == 0
    assert json.loads(capsys.readouterr().out)["personal"]["name"] == "Camille Exemple"
    assert await persons(service, settings, ["erase", person]) == 0
    assert await persons(service, settings, ["show", person]) == 1
    assert await persons(service, settings, ["erase", "somebody"]) == 1
    assert await persons(service, settings, ["erase", str(uuid4())]) == 1
    assert await persons(service, settings, ["forget"]) == 2


@pytest.mark.parametrize(
    ("neighbour", "pointers"),
    [
        ({**NEIGHBOUR, "name": "Camille 3"}, ["#/neighbour/name"]),
        ({**NEIGHBOUR, "born_on": "1899-12-31"}, ["#/neighbour/born_on"]),
        ({**NEIGHBOUR, "email": "camille"}, ["#/neighbour/email"]),
        ({**NEIGHBOUR, "speaks": "Camille"}, ["#/neighbour/speaks"]),
        ({**NEIGHBOUR, "Camille Exemple": 1}, ["#/neighbour"]),
        ({**NEIGHBOUR, "name": "Cam\0ille"}, ["#/neighbour/name"]),
        ("Camille Exemple", ["#/neighbour"]),
    ],
)
async def test_a_fault_does_not_repeat_what_was_sent_of_a_person(
    client: httpx.AsyncClient, neighbour: Any, pointers: list[str]
) -> None:
    refused = await client.post(PATH, json={"street": "rue-a", "neighbour": neighbour})
    assert refused.status_code == 422
    assert [fault["pointer"] for fault in refused.json()["errors"]] == pointers
    for told in ("Camille", "1899", "camille"):
        assert told not in refused.text


async def test_a_retry_is_recognised_by_a_hash_that_only_the_key_makes(
    client: httpx.AsyncClient, settings: Settings
) -> None:
    body = json.dumps({"street": "rue-a", "neighbour": NEIGHBOUR})
    headers = {"Idempotency-Key": "k", "Content-Type": "application/json"}
    first = await client.post(PATH, content=body, headers=headers)
    again = await client.post(PATH, content=body, headers=headers)
    assert (again.headers["idempotency-replayed"], again.json()) == ("true", first.json())
    other = {**settings.model_dump(), "personal_key": "another key, as long as the first one"}
    token = {"Authorization": client.headers["authorization"]}
    async with calling_other(service, Settings(**other), **token) as stranger:
        reused = await stranger.post(PATH, content=body, headers=headers)
    assert reused.json()["type"] == "/neighbours/problems/idempotency-key-reused"


async def test_what_a_mirror_shows_is_decided_on_and_what_lags_is_answered_503(
    client: httpx.AsyncClient, settings: Settings
) -> None:
    unknown = await ask(client, street="rue-b")
    assert (unknown.status_code, unknown.json()["type"]) == (409, "/neighbours/problems/street-unknown")
    await happens(settings, StreetOpened(effective_on=date(2020, 1, 1), street="rue-a"), current=False)
    lagging = await ask(client, street="rue-b")
    assert (lagging.status_code, lagging.json()["type"]) == (503, "/neighbours/problems/mirror-behind")
    assert lagging.headers["retry-after"] == "5"
    # What it shows is enough to say yes.
    assert (await ask(client)).status_code == 201
    closed = StreetClosed(effective_on=date(2020, 1, 2), street="rue-a")
    await happens(settings, StreetOpened(effective_on=date(2020, 1, 1), street="rue-a"), closed)
    assert (await ask(client)).json()["type"] == "/neighbours/problems/street-is-closed"
    connection = await asyncpg.connect(resolve(settings.database_url))
    await connection.execute("UPDATE streams SET state_revision = 0 WHERE category = 'known-street'")
    await connection.close()
    assert (await ask(client)).json()["type"] == "/neighbours/problems/mirror-behind"


async def test_a_service_that_was_restored_names_nobody_until_its_erasures_are_known(
    client: httpx.AsyncClient, settings: Settings, issuer: Issuer
) -> None:
    made = (await ask(client)).json()
    connection = await asyncpg.connect(resolve(settings.database_url))
    await connection.execute("DELETE FROM confirmation")
    await connection.close()
    for path in (f"{PATH}/{made['id']}", PATH, f"/v1/persons/{made['neighbour']}"):
        assert (await client.get(path)).json()["type"] == "/neighbours/problems/store-unconfirmed"
    assert (await client.get(PATH, headers=bearer(issuer, "neighbours:read"))).status_code == 200


async def test_nothing_of_a_person_is_anywhere_but_in_the_one_table(
    client: httpx.AsyncClient, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    made = (await ask(client)).json()
    await client.post(f"{PATH}/{made['id']}/name", json={"neighbour": {**NEIGHBOUR, "name": "Dominique Exemple"}})
    await client.post(f"{PATH}/{made['id']}/close")
    await client.post(f"{PATH}/{made['id']}/name", json={"neighbour": NEIGHBOUR})
    for seed in ("Exemple", "2000-01-02", "camille@example.org"):
        assert seed not in caplog.text
        assert await tables_with(resolve(settings.database_url), seed) == {"personal_data"}
    for person in {made["neighbour"], (await client.get(f"{PATH}/{made['id']}")).json()["neighbour"]}:
        (await client.post("/v1/erasures", json={"person": person, "reason": "request"})).raise_for_status()
    for seed in ("Exemple", "2000-01-02", "camille@example.org"):
        assert not await tables_with(resolve(settings.database_url), seed)


async def tables_with(url: str, text: str) -> set[str]:
    """The tables in which a text stands somewhere, as a dump would show it."""
    connection = await asyncpg.connect(url)
    try:
        names = [
            row[0]
            for row in await connection.fetch(
                "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
            )
        ]
        return {
            name
            for name in names
            if await connection.fetchval(f"SELECT count(*) FROM {name} t WHERE strpos(t::text, $1) > 0", text)  # noqa: S608
        }
    finally:
        await connection.close()


def test_the_document_says_who_sees_persons_and_what_may_be_asked() -> None:
    document = openapi.document(service)
    shown = document["components"]["schemas"]["Request"]
    assert "personal" not in shown["required"]
    neighbour = shown["properties"]["personal"]["properties"]["neighbour"]
    assert set(neighbour["properties"]) == {"name", "born_on", "email", "speaks"}
    assert document["paths"]["/v1/persons/{id}"]["get"]["security"] == [{"token": ["neighbours:personal"]}]
    refused = document["paths"]["/v1/requests/{id}/name"]["post"]["responses"]["409"]
    assert "person-erased" in json.dumps(refused)
    assert requests.persons.keys() == {"neighbour"}
