"""Files of the commands of every service: each can be written as a row, and what is sent of persons is in one table."""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from replays import calling

from contracts.values import sample_siret
from devstack.host import service_of
from devstack.issuer import Issuer
from devstack.prepared import PERSONAL_KEY
from devstack.running import SERVICES
from eventstore.decider import Decision
from eventstore.postgres.store import Store
from service.definition import Service
from service.documents.examples import examples_of
from service.http.body import command_of
from service.http.resource import Resource
from service.importing.lines import Form, Lines
from service.importing.working import Importing

pytestmark = pytest.mark.anyio

ID = "0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d"


def commands() -> Iterator[Any]:
    for name in SERVICES:
        service = service_of(name)
        for resource in service.resources:
            for decision in resource.decider.decisions.values():
                if decision.roles:
                    yield pytest.param(service, resource, decision, id=f"{resource.path}/{decision.name}")


def flattened(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """The cells that say what a body says, by their columns."""
    if isinstance(value, Mapping):
        for inner, part in value.items():
            yield from flattened(part, f"{name}.{inner}" if name else inner)
    elif isinstance(value, list):
        for number, part in enumerate(value):
            yield from flattened(part, f"{name}.{number}")
    elif value is not None:
        yield name, value if isinstance(value, str) else json.dumps(value)


@pytest.mark.parametrize(("service", "resource", "decision"), [*commands()])
def test_every_command_may_be_a_line_or_a_row(service: Service, resource: Resource, decision: Decision) -> None:
    path = resource.path if decision.creates else f"{resource.path}/{{id}}/{decision.name}"
    for body in examples_of(decision.command):
        wanted = command_of(decision.command, json.dumps(body).encode())
        lines = Lines(service, Form(type="application/jsonl"))
        asked = lines.ask(lines.parse(json.dumps({"path": path.replace("{id}", ID), "body": body})), {})
        assert (asked.decision, asked.command) == (decision, wanted)

        cells = dict(flattened(json.loads(json.dumps(body)))) | ({} if decision.creates else {"id": ID})
        rows = Lines(service, Form(type="text/csv", path=path))
        written = io.StringIO()
        csv.writer(written, lineterminator="\n").writerows([cells.keys() or ["id"], cells.values()])
        header, _, row = written.getvalue().partition("\n")
        rows.begin(header)
        asked = rows.ask(rows.parse(row), {})
        assert (asked.decision, asked.command, asked.identity) == (decision, wanted, None if decision.creates else ID)


async def told_of(store: Store, name: str) -> dict[str, int]:
    """How many rows of which tables have a word."""
    tables = await store.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    counted = {
        table: await store.fetch(f'SELECT count(*) FROM "{table}" t WHERE t::text ILIKE $1', f"%{name}%")  # noqa: S608
        for (table,) in tables
    }
    return {table: rows[0]["count"] for table, rows in counted.items() if rows[0]["count"]}


async def test_what_a_file_tells_of_persons_is_in_the_one_table_and_gone_when_it_has_ended(
    migrated_database: str, issuer: Issuer
) -> None:
    service = service_of("companies")
    applied = {"legal_form": "1000", "naf": "25.62B", "commune": "36088", "headcount": 1}
    lines = [
        {"path": "/v1/companies", "body": applied | {"siret": siret, "trader": {"family_name": f"Zyx{name}", **given}}}
        for siret, name, given in (
            (sample_siret(1), "Held", {"given_name": "Camille"}),
            (sample_siret(2), "Refused", {"given_name": 1}),
            (sample_siret(3), "Erased", {}),
            ("1", "Number", {"given_name": "Camille"}),
        )
    ]
    token = issuer.token("companies:read companies:write", ["network"])
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/jsonl"}
    async with (
        calling(service, migrated_database, issuer) as client,
        Store.open(migrated_database, personal_key=PERSONAL_KEY) as store,
    ):
        sent = await client.post(
            "/v1/imports?mode=partial", content="\n".join(map(json.dumps, lines)).encode(), headers=headers
        )
        assert sent.status_code == 202, sent.text
        assert await told_of(store, "zyx") == {"personal_data": 1}, "the file"
        assert await Importing(service, store).next()
        assert await told_of(store, "zyx") == {"personal_data": 1}, "who has a record"
        assert await told_of(store, "ImportedLines") == {}
        told = (await client.get(f"/v1/imports/{sent.json()['id']}/report", headers=headers)).text
    assert json.loads(told)["items"][0]["status"] == "done"
    assert "zyx" not in told.lower()
