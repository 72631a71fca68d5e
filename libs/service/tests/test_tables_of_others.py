"""Files in columns and words of others: each row is the command that the service says, and told of in its columns."""

import dataclasses
from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

import httpx
import pytest
from lamps import bearer, calling_other, settings_for
from lamps import service as lamps

from devstack.issuer import Issuer
from eventstore.postgres.store import Store
from service.documents.openapi import document
from service.importing.tables import Column, Table
from service.importing.working import Importing

pytestmark = pytest.mark.anyio

CSV = {"Content-Type": "text/csv"}
TABLE: Final = Table(
    "/v1/lamps",
    "the lamps of the region",
    {
        "id_lamp": Column("label", reads=str.upper),
        "proprio": Column("company", needed=True),
        "puissance": Column("watts", needed=True),
        "hauteur": Column("fixing.height"),
        "source": Column(),
    },
    given={"label": "without a name"},
)
service = dataclasses.replace(lamps, tables={"lampadaires": TABLE})


@pytest.fixture
async def store(migrated_database: str) -> AsyncIterator[Store]:
    async with Store.open(migrated_database) as store:
        yield store


@pytest.fixture
async def client(migrated_database: str, issuer: Issuer) -> AsyncIterator[httpx.AsyncClient]:
    async with calling_other(service, settings_for(migrated_database, issuer), **bearer(issuer)) as client:
        yield client


async def test_each_row_is_the_command_that_its_columns_tell(client: httpx.AsyncClient, store: Store) -> None:
    rows = (
        b"source;puissance;hauteur;proprio;id_lamp\r\n"
        b"a survey;70;2,5;00000001800017;quay\r\n"
        b";100;;00000001800017;\r\n"
        b";much;0;00000001800017;hall\r\n"
        b";;;;hall\r\n"
        b";70\r\n"
    )
    answer = await client.post("/v1/imports?table=lampadaires&mode=partial", content=rows, headers=CSV)
    assert answer.status_code == 202, answer.text
    assert await Importing(service, store).next()
    sent = answer.json()["id"]
    progress = (await client.get(f"/v1/imports/{sent}")).json()
    assert (progress["status"], progress["done"], progress["refused"]) == ("done", 2, 3)
    found = (await client.get("/v1/lamps?sort=watts")).json()["items"]
    assert [(lamp["label"], lamp["watts"]) for lamp in found] == [("QUAY", 70), ("without a name", 100)]
    lines = (await client.get(f"/v1/imports/{sent}/report?status=refused")).json()["items"]
    assert {each["line"]: [fault["pointer"] for fault in each["problem"]["errors"]] for each in lines} == {
        4: ["#/puissance", "#/hauteur"],
        5: ["#/proprio", "#/puissance"],
        6: ["#"],
    }
    assert lines[0]["problem"]["detail"].startswith("#/puissance: ")

    again = await client.post("/v1/imports?table=lampadaires&mode=partial", content=rows, headers=CSV)
    assert (again.status_code, again.json()["id"]) == (200, sent)


@pytest.mark.parametrize(
    ("query", "headers", "content", "where"),
    [
        ("?table=lampadaires", CSV, b"proprio,puissance,watts\n1,70,70\n", ["#/watts"]),
        ("?table=lampadaires", CSV, b"puissance,puissance\n70,70\n", ["#/puissance", "#/proprio"]),
        ("?table=poteaux", CSV, b"proprio,puissance\n1,70\n", ["table"]),
        ("?table=lampadaires&path=/v1/lamps", CSV, b"proprio,puissance\n1,70\n", ["path"]),
        ("?table=lampadaires", {"Content-Type": "application/jsonl"}, b"{}\n", ["table"]),
    ],
)
async def test_a_file_that_is_no_such_table_is_refused_at_once(
    client: httpx.AsyncClient, query: str, headers: dict[str, str], content: bytes, where: Sequence[str]
) -> None:
    answer = await client.post(f"/v1/imports{query}", content=content, headers=headers)
    problem = answer.json()
    assert (answer.status_code, problem["type"]) == (422, "/lamps/problems/invalid"), answer.text
    assert [each.get("pointer") or each["parameter"] for each in problem["errors"]] == where


def test_only_a_service_with_tables_documents_them() -> None:
    with_tables, without = (
        {each["name"]: each for each in document(each)["paths"]["/v1/imports"]["post"]["parameters"] if "name" in each}
        for each in (service, lamps)
    )
    assert with_tables["table"]["schema"]["enum"] == ["lampadaires"]
    assert "`lampadaires`: the lamps of the region" in with_tables["table"]["description"]
    assert with_tables.keys() - without.keys() == {"table"}


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"path": "/v1/lamps/{id}/light"}, "begin nothing at /v1/lamps/{id}/light"),
        ({"given": {"colour": "red"}}, "tells of colour, which /v1/lamps does not take"),
        ({"columns": {"puissance": Column("watts")}}, "does not tell the company, which /v1/lamps needs"),
    ],
)
def test_a_table_whose_rows_would_be_no_commands_is_refused(changes: dict[str, Any], wrong: str) -> None:
    with pytest.raises(TypeError, match=wrong.replace("{", r"\{")):
        dataclasses.replace(lamps, tables={"lampadaires": dataclasses.replace(TABLE, **changes)})
