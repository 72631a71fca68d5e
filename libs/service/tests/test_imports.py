"""Files of commands: decided as a whole without storing, then carried out in their order, or refused with a report."""

import asyncio
import csv
import json
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from lamps import bearer, calling, service, settings_for
from lamps import lamps as decider

from devstack.issuer import Issuer
from eventstore.postgres import importing
from eventstore.postgres.store import Store
from service.importing.working import Importing

pytestmark = pytest.mark.anyio

LAMP = {"company": "00000001800017", "watts": 70}
JSONL = {"Content-Type": "application/jsonl"}
CSV = {"Content-Type": "text/csv; charset=utf-8"}
NOBODY = "01a208f7-f16f-7485-b569-57556200edb8"


@pytest.fixture
async def store(migrated_database: str) -> AsyncIterator[Store]:
    async with Store.open(migrated_database) as store:
        yield store


@pytest.fixture
async def client(migrated_database: str, issuer: Issuer) -> AsyncIterator[httpx.AsyncClient]:
    async with calling(settings_for(migrated_database, issuer), **bearer(issuer)) as client:
        yield client


def jsonl(*lines: dict[str, Any] | str) -> bytes:
    return b"".join((line if isinstance(line, str) else json.dumps(line)).encode() + b"\n" for line in lines)


def install(name: str | None = None, **body: object) -> dict[str, Any]:
    return {"path": "/v1/lamps", "body": LAMP | body} | ({"name": name} if name else {})


async def send(client: httpx.AsyncClient, content: bytes, query: str = "", **headers: str) -> dict[str, Any]:
    answer = await client.post(f"/v1/imports{query}", content=content, headers=JSONL | headers)
    assert answer.status_code == 202, answer.text
    sent: dict[str, Any] = answer.json()
    assert answer.headers["location"] == f"/lamps/v1/imports/{sent['id']}"
    return sent


async def work(store: Store, sent: dict[str, Any], client: httpx.AsyncClient) -> dict[str, Any]:
    """Has a worker do all there is to do; returns how far the import is."""
    working = Importing(service, store)
    while await working.next():
        pass
    assert working.told == "waiting"
    kept = await store.pool.fetchval("SELECT count(*) FROM personal_data") + await store.pool.fetchval(
        "SELECT count(*) FROM kept"
    )
    assert kept == 0, "what was sent is not kept any longer"
    progress: dict[str, Any] = (await client.get(f"/v1/imports/{sent['id']}")).json()
    return progress


async def report(client: httpx.AsyncClient, sent: dict[str, Any], query: str = "") -> Sequence[dict[str, Any]]:
    """All pages."""
    items: list[dict[str, Any]] = []
    path = f"/lamps/v1/imports/{sent['id']}/report{query}"
    while path:
        answer = await client.get(path)
        assert answer.status_code == 200, answer.text
        items += answer.json()["items"]
        path = answer.links.get("next", {}).get("url", "")
    return items


async def stored(client: httpx.AsyncClient) -> Sequence[dict[str, Any]]:
    found: Sequence[dict[str, Any]] = (await client.get("/v1/lamps?limit=200&sort=label")).json()["items"]
    return found


async def test_lines_are_decided_each_upon_the_ones_before(client: httpx.AsyncClient, store: Store) -> None:
    sent = await send(
        client,
        jsonl(
            install("hall", label="hall"),
            {"path": "/v1/lamps/{hall}/light"},
            "",
            {"path": "/v1/lamps/{hall}/dim", "body": {"watts": 40}},
            install(label="quay"),
        ),
    )
    assert (sent["status"], sent["lines"], sent["mode"]) == ("checking", 4, "whole")
    progress = await work(store, sent, client)
    assert (progress["status"], progress["checked"], progress["done"], progress["refused"]) == ("done", 4, 4, 0)
    assert progress["received_at"] <= progress["begun_at"] <= progress["ended_at"]
    hall, quay = await stored(client)
    assert (hall["status"], hall["watts"], hall["version"], quay["status"]) == ("lit", 40, 3, "dark")
    assert [(each["line"], each["status"], each["id"]) for each in await report(client, sent)] == [
        (1, "done", hall["id"]),
        (2, "done", hall["id"]),
        (4, "done", hall["id"]),
        (5, "done", quay["id"]),
    ]
    events = (await client.get(f"/v1/lamps/{hall['id']}/events")).json()["items"]
    assert [event["type"] for event in events] == ["LampInstalled", "LampLit", "LampDimmed"]


FAULTY = jsonl(
    install("hall"),
    {"path": "/v1/lamps/{hall}/put-out"},
    {"path": "/v1/lamps/{hall}/light"},
    {"path": "/v1/lamps/{hall}/light"},
    {"path": "/v1/lamps/{hall}/dim", "body": {"watts": 90}},
    {"path": f"/v1/lamps/{NOBODY}/light"},
    install(watts=0, colour="red"),
    {"path": "/v1/lamps/{hall}/explode"},
    {"path": "/v1/lamps/{well}/light"},
    install("hall"),
    {"path": "/v1/lamps/{hall}/dim", "name": "dimmed", "body": {"watts": 40}},
    "{",
    {"body": {}},
    {"path": "/v1/poles", "body": {"number": "042"}},
    {"path": "/v1/poles", "body": {"number": "042"}},
    {"path": "/v1/lamps/{hall}/break", "body": {"into": 0}},
    {"path": "/v1/lamps/{hall}/dim", "body": {"watts": 30}},
)
PROBLEMS = {
    2: ("lamp-not-lit", []),
    4: ("lamp-not-dark", []),
    5: ("not-dimmer", []),
    6: ("not-found", ["#/path"]),
    7: ("invalid", ["#/body/watts", "#/body/colour"]),
    8: ("invalid", ["#/path"]),
    9: ("invalid", ["#/path"]),
    10: ("invalid", ["#/name"]),
    11: ("invalid", ["#/name"]),
    12: ("invalid", ["#"]),
    13: ("invalid", ["#/path"]),
    15: ("pole-exists", ["#/body/number"]),
    16: ("internal", []),
}


async def test_nothing_is_begun_of_a_file_with_a_line_that_cannot_be_carried_out(
    client: httpx.AsyncClient, store: Store
) -> None:
    sent = await send(client, FAULTY)
    progress = await work(store, sent, client)
    assert (progress["status"], progress["done"], progress["refused"]) == ("refused", 0, len(PROBLEMS))
    assert await store.pool.fetchval("SELECT count(*) FROM events") == 0
    lines = await report(client, sent)
    assert [each["line"] for each in lines] == list(range(1, 18))
    assert {each["status"] for each in lines} == {"accepted", "refused"}
    problems = {
        each["line"]: (
            each["problem"]["type"].removeprefix("/lamps/problems/"),
            [fault["pointer"] for fault in each["problem"].get("errors", ())],
        )
        for each in lines
        if each["problem"]
    }
    assert problems == PROBLEMS
    # The line of a JSON text is always its first, and would be read as the file's.
    assert "from column 1 of this line on" in lines[11]["problem"]["errors"][0]["detail"]
    assert [each["line"] for each in await report(client, sent, "?status=refused")] == [*PROBLEMS]
    said = (await client.get(f"/v1/imports/{sent['id']}/report", headers={"Accept-Language": "fr"})).json()["items"][4]
    assert said["problem"]["detail"] == "90 W ne font pas moins que 70 W"


async def test_in_part_what_can_be_is_carried_out(client: httpx.AsyncClient, store: Store) -> None:
    sent = await send(client, FAULTY, "?mode=partial")
    progress = await work(store, sent, client)
    assert (progress["status"], progress["done"], progress["refused"]) == ("done", 4, 13)
    (lamp,) = await stored(client)
    assert (lamp["status"], lamp["watts"]) == ("lit", 30)


async def test_the_report_as_csv(client: httpx.AsyncClient, store: Store) -> None:
    sent = await send(client, FAULTY)
    await work(store, sent, client)
    answer = await client.get(f"/v1/imports/{sent['id']}/report.csv")
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(answer.text.splitlines()))
    assert [row["line"] for row in rows] == [str(line) for line in range(1, 18)]
    assert {row["line"]: row["problem"] for row in rows if row["problem"]} == {
        str(line): slug for line, (slug, _) in PROBLEMS.items()
    }
    assert rows[6]["pointers"] == "#/body/watts #/body/colour"
    assert rows[0]["id"]


async def test_the_report_for_a_french_spreadsheet(client: httpx.AsyncClient, store: Store) -> None:
    sent = await send(client, FAULTY)
    await work(store, sent, client)
    answer = await client.get(f"/v1/imports/{sent['id']}/report.csv", headers={"Accept-Language": "fr"})
    assert answer.headers["content-language"] == "fr"
    assert answer.content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(answer.content.decode("utf-8-sig").splitlines(), delimiter=";"))
    assert [*rows[0]] == ["Ligne", "Résultat", "Identifiant", "Problème", "Champs", "Explication"]
    assert (rows[0]["Résultat"], rows[4]["Résultat"]) == ("acceptée", "refusée")
    assert {row["Ligne"]: row["Problème"] for row in rows if row["Problème"]} == {
        str(line): slug for line, (slug, _) in PROBLEMS.items()
    }
    assert rows[4]["Explication"] == "90 W ne font pas moins que 70 W"


async def test_a_file_of_rows(client: httpx.AsyncClient, store: Store) -> None:
    rows = (
        "\ufeffcompany;watts;label;fixing.height;fixing.arms.1;fixing.arms.0;;\r\n"
        '00000001800017;70;"rue ""du 8 mai"";\r\ncôté nord";2,5;left;right;;\r\n'
        "\r\n"
        "00000001800017;100;;;;;;\r\n"
        "00000001800017;much;;0;;;;\r\n"
        "00000001800017;40\r\n"
        '00000001800017;40;"x" y;;;;;\r\n'
        "00000001800017;40;;;;;x;\r\n"
        "00000001800017;60;un\u2028deux;;;;;\r\n"
    ).encode()
    answer = await client.post("/v1/imports?path=/v1/lamps&mode=partial", content=rows, headers=CSV)
    assert answer.status_code == 202, answer.text
    progress = await work(store, answer.json(), client)
    assert (progress["done"], progress["refused"]) == (3, 4)
    assert [lamp["label"] for lamp in await stored(client)] == ["lamp", 'rue "du 8 mai";\ncôté nord', "un\u2028deux"]
    lines = await report(client, answer.json(), "?status=refused")
    assert {each["line"]: [fault["pointer"] for fault in each["problem"]["errors"]] for each in lines} == {
        6: ["#/watts", "#/fixing/height"],
        7: ["#"],
        8: ["#"],
        9: ["#"],
    }


async def test_rows_of_commands_on_records(client: httpx.AsyncClient, store: Store) -> None:
    ids = [(await client.post("/v1/lamps", json=LAMP)).json()["id"] for _ in range(3)]
    rows = ("lamp,on\n" + "".join(f"{each},2024-05-13\n" for each in ids)).encode()
    wrong = await client.post("/v1/imports?path=/v1/lamps/{lamp}/light", content=rows, headers=CSV)
    assert (await work(store, wrong.json(), client))["status"] == "refused", "they were installed later"
    rows = ("lamp\n" + "".join(f"{each}\n" for each in ids)).encode()
    answer = await client.post("/v1/imports?path=/v1/lamps/{lamp}/light", content=rows, headers=CSV)
    assert (await work(store, answer.json(), client))["done"] == 3
    assert {lamp["status"] for lamp in await stored(client)} == {"lit"}


@pytest.mark.parametrize(
    ("query", "headers", "content", "status", "slug", "where"),
    [
        ("?path=/v1/lamps", CSV, b"company,watts,colour,company\n", 422, "invalid", ["#/company", "#/colour"]),
        ("?path=/v1/lamps", CSV, b"watts\n70\n", 422, "invalid", ["#/company"]),
        ("?path=/v1/lamps", CSV, b"watts,company,fixing,fixing.height\n", 422, "invalid", ["#/fixing"]),
        ("?path=/v1/lamps", CSV, b"watts,company,fixing.depth\n", 422, "invalid", ["#/fixing.depth"]),
        ("?path=/v1/lamps/{id}/light", CSV, b"lamp\nx\n", 422, "invalid", ["#/lamp", "#/id"]),
        ("?path=/v1/lamps/{id}/explode", CSV, b"id\nx\n", 422, "invalid", ["path"]),
        ("?path=/v1/lamps", CSV, b"company,watts\n", 422, "invalid", ["#"]),
        ("?path=/v1/lamps", CSV, b'"company,watts\n', 422, "invalid", ["#"]),
        ("?path=/v1/lamps", CSV, b"", 422, "invalid", ["#"]),
        ("?path=/v1/lamps", CSV, b'company,watts\n"' + b"\n" * 2500, 422, "invalid", ["#"]),
        ("", CSV, b"company,watts\n", 422, "invalid", ["path"]),
        ("?path=/v1/lamps", JSONL, b"{}\n", 422, "invalid", ["path"]),
        ("", JSONL, b"", 422, "invalid", ["#"]),
        ("", JSONL, b"\n \n", 422, "invalid", ["#"]),
        ("", JSONL, b'{"path": "\xff"}\n', 422, "invalid", ["#"]),
        ("", JSONL, b"{}\n" + b" " * 3000 + b"{}", 422, "invalid", ["#"]),
        ("", JSONL, b"{}\n" * 4000, 413, "body-too-large", []),
        ("?mode=some", JSONL, b"{}", 422, "invalid", ["mode"]),
        ("?colour=red", JSONL, b"{}", 422, "invalid", ["colour"]),
        ("", {"Content-Type": "application/json"}, b"{}", 415, "unsupported-media-type", []),
        ("", JSONL | {"Content-Encoding": "gzip"}, b"{}", 415, "unsupported-media-type", []),
        ("", {"Content-Type": "application/jsonl; charset=latin1"}, b"{}", 415, "unsupported-media-type", []),
    ],
)
async def test_a_file_that_cannot_be_read_is_refused_at_once(
    migrated_database: str,
    issuer: Issuer,
    query: str,
    headers: dict[str, str],
    content: bytes,
    status: int,
    slug: str,
    where: Sequence[str],
) -> None:
    settings = settings_for(migrated_database, issuer, max_body_bytes=2000, max_import_bytes=10_000)
    async with calling(settings, **bearer(issuer)) as client, Store.open(migrated_database) as store:
        answer = await client.post(f"/v1/imports{query}", content=content, headers=headers)
        problem = answer.json()
        assert (answer.status_code, problem["type"]) == (status, f"/lamps/problems/{slug}"), answer.text
        assert [each.get("pointer") or each["parameter"] for each in problem.get("errors", ())] == where
        assert (await client.get("/v1/imports")).json()["items"] == []
        assert await store.pool.fetchval("SELECT count(*) FROM imports") == 0
        assert await store.pool.fetchval("SELECT count(*) FROM personal_data") == 0


async def test_what_does_not_arrive_whole_is_forgotten(migrated_database: str, issuer: Issuer, store: Store) -> None:
    async def stalling() -> AsyncIterator[bytes]:
        for _ in range(600):
            yield jsonl(install())
        await asyncio.sleep(3600)

    settings = settings_for(migrated_database, issuer, import_timeout=3)
    async with calling(settings, **bearer(issuer)) as client:
        answer = await client.post("/v1/imports", content=stalling(), headers=JSONL)
    assert (answer.status_code, answer.json()["type"]) == (408, "/lamps/problems/request-timeout")
    for table in ("imports", "import_parts", "personal_data", "kept"):
        assert await store.pool.fetchval(f"SELECT count(*) FROM {table}") == 0  # noqa: S608


async def test_the_same_file_is_the_same_import(client: httpx.AsyncClient, store: Store, issuer: Issuer) -> None:
    content = jsonl(install())
    sent = await send(client, content)
    for _ in range(2):
        again = await client.post("/v1/imports", content=content, headers=JSONL)
        assert (again.status_code, again.headers["idempotency-replayed"], again.json()["id"]) == (
            200,
            "true",
            sent["id"],
        )
        await work(store, sent, client)
    assert len(await stored(client)) == 1
    partly = await send(client, content, "?mode=partial")
    others = await send(client, content, **bearer(issuer, client="another"))
    theirs = await send(client, content, **bearer(issuer, roles=("company",), company="00000001800017"))
    assert len({sent["id"], partly["id"], others["id"], theirs["id"]}) == 4
    assert [each["id"] for each in (await client.get("/v1/imports")).json()["items"]] == [partly["id"], sent["id"]]


async def test_what_was_refused_may_be_sent_again(client: httpx.AsyncClient, store: Store) -> None:
    lamp = (await client.post("/v1/lamps", json=LAMP)).json()["id"]
    content = jsonl({"path": f"/v1/lamps/{lamp}/put-out"})
    refused = await send(client, content)
    assert (await work(store, refused, client))["status"] == "refused"
    await client.post(f"/v1/lamps/{lamp}/light")
    sent = await send(client, content)
    assert sent["id"] != refused["id"]
    assert (await work(store, sent, client))["status"] == "done"


async def test_an_import_is_its_senders(client: httpx.AsyncClient, store: Store, issuer: Issuer) -> None:
    sent = await send(client, jsonl(install()))
    await work(store, sent, client)
    for path in ("", "/report", "/report.csv"):
        for other in ({"client": "another"}, {"roles": ("company",), "company": "00000001800017"}):
            answer = await client.get(f"/v1/imports/{sent['id']}{path}", headers=bearer(issuer, **other))
            assert (answer.status_code, answer.json()["type"]) == (404, "/lamps/problems/not-found")
        answer = await client.get(f"/v1/imports/{sent['id']}{path}", headers=bearer(issuer, "lamps:read"))
        assert answer.status_code == 403
    assert (await client.get(f"/v1/imports/{NOBODY}")).status_code == 404
    assert (await client.get("/v1/imports/nothing")).status_code == 422


async def test_lines_are_decided_as_their_sender(client: httpx.AsyncClient, store: Store, issuer: Issuer) -> None:
    company = bearer(issuer, roles=("company",), company="00000001800017")
    content = jsonl(install("own"), install(company="00000002600013"), {"path": "/v1/lamps/{own}/light"})
    sent = await send(client, content, **company)
    await work(store, sent, client)
    lines = (await client.get(f"/v1/imports/{sent['id']}/report", headers=company)).json()["items"]
    assert [each["problem"] and each["problem"]["type"].rpartition("/")[2] for each in lines] == [
        None,
        "not-your-record",
        "role-missing",
    ]


async def test_a_line_that_others_made_impossible_is_told_and_the_others_stand(
    client: httpx.AsyncClient, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [(await client.post("/v1/lamps", json=LAMP)).json()["id"] for _ in range(3)]
    sent = await send(client, jsonl(*({"path": f"/v1/lamps/{each}/light"} for each in ids)))
    begun = importing.run

    async def meanwhile(*given: Any) -> None:
        await begun(*given)
        assert (await client.post(f"/v1/lamps/{ids[1]}/light")).status_code == 200

    monkeypatch.setattr(importing, "run", meanwhile)
    progress = await work(store, sent, client)
    assert (progress["status"], progress["done"], progress["refused"]) == ("done", 2, 1)
    lines = await report(client, sent)
    assert [(each["status"], each["id"]) for each in lines] == [("done", ids[0]), ("refused", None), ("done", ids[2])]
    assert lines[1]["problem"]["type"] == "/lamps/problems/lamp-not-dark"


async def test_a_large_file_is_worked_on_in_parts(client: httpx.AsyncClient, store: Store) -> None:
    lines = [
        line for n in range(700) for line in (install(f"n{n}", label=f"{n:04}"), {"path": f"/v1/lamps/{{n{n}}}/light"})
    ]
    # What is said of a lamp comes long after it, too.
    lines += [{"path": f"/v1/lamps/{{n{n}}}/dim", "body": {"watts": 40}} for n in range(700)]
    sent = await send(client, jsonl(*lines))
    progress = await work(store, sent, client)
    assert (progress["status"], progress["done"], progress["lines"]) == ("done", 2100, 2100)
    assert await store.pool.fetchval("SELECT count(*) FROM events") == 2100
    assert [each["line"] for each in await report(client, sent)] == list(range(1, 2101))
    states = await store.pool.fetch("SELECT state FROM streams")
    assert {decider.state.model_validate_json(row["state"]).watts for row in states} == {40}


async def test_a_mistake_of_ours_halts_one_import_and_no_other(
    client: httpx.AsyncClient, store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = await send(client, jsonl(install(label="a"))), await send(client, jsonl(install(label="b")))
    ran = importing.ran

    async def mistaken(pool: Any, identity: Any, *given: Any) -> None:
        if str(identity) == first["id"]:
            raise KeyError("a mistake")
        await ran(pool, identity, *given)

    monkeypatch.setattr(importing, "ran", mistaken)
    assert (await work(store, second, client))["status"] == "done"
    halted = (await client.get(f"/v1/imports/{first['id']}")).json()
    assert (halted["status"], halted["done"]) == ("halted", 0)
    assert f"import {first['id']} is halted" in caplog.text
    assert (await send(client, jsonl(install(label="a"))))["id"] != first["id"]


async def test_who_was_taken_for_dead_changes_nothing_any_more(client: httpx.AsyncClient, store: Store) -> None:
    sent = UUID((await send(client, jsonl(install())))["id"])
    dead = await importing.check_anew(store.pool, sent)
    turn = await importing.check_anew(store.pool, sent)
    with pytest.raises(importing.Overtaken):
        await importing.checked(store.pool, sent, dead, 0, [importing.Planned(1, None, ())], [], {})
    with pytest.raises(importing.Overtaken):
        await importing.run(store.pool, sent, dead)
    await importing.checked(store.pool, sent, turn, 0, [importing.Planned(1, NOBODY, ())], [], {})
    await importing.run(store.pool, sent, turn)
    with pytest.raises(importing.Overtaken):
        await importing.check_anew(store.pool, sent)
    await importing.ran(store.pool, sent, 0, 1, [])
    with pytest.raises(importing.Overtaken):
        await importing.ran(store.pool, sent, 0, 1, [])
    await importing.end(store.pool, sent, "done")
    await importing.end(store.pool, sent, "halted")
    rows = await store.fetch("SELECT status, done FROM imports")
    assert [tuple(row) for row in rows] == [("done", 1)]


async def test_events_tell_which_import_they_are_of(client: httpx.AsyncClient, store: Store) -> None:
    sent = await send(client, jsonl(install(label="a")))
    await work(store, sent, client)
    named = await send(client, jsonl(install(label="b")), **{"X-Correlation-Id": "first"})
    await work(store, named, client)
    told = [json.loads(row["metadata"]) for row in await store.fetch("SELECT metadata FROM events ORDER BY position")]
    assert told == [
        {"actor": "developer", "correlation_id": sent["id"], "roles": ["town_hall"]},
        {"actor": "developer", "correlation_id": "first", "roles": ["town_hall"]},
    ]


@pytest.mark.parametrize("name", ["", "a b", "\0", "é", "x" * 65])
async def test_a_name_that_is_none_is_a_fault_of_its_line(client: httpx.AsyncClient, store: Store, name: str) -> None:
    sent = await send(client, jsonl(install() | {"name": name}, {"path": "/v1/lamps/\0/light"}))
    assert (await work(store, sent, client))["status"] == "refused"
    lines = await report(client, sent)
    assert [fault["pointer"] for line in lines for fault in line["problem"]["errors"]] == ["#/name", "#/path"]


async def test_an_import_is_forgotten_in_the_end_and_what_never_arrived_soon(
    client: httpx.AsyncClient, store: Store
) -> None:
    sent, waiting = await send(client, jsonl(install())), UUID(NOBODY)
    await work(store, sent, client)
    about: dict[str, Any] = {"sender": "x", "form": "{}", "partial": False, "metadata": "{}"}
    await importing.begin(store.pool, waiting, **about)
    await importing.add_part(store.pool, waiting, 0, [(1, "Zyx Seeded")])
    long, short = timedelta(days=90), timedelta(hours=1)
    await importing.forget(store.pool, long, short)
    assert await store.pool.fetchval("SELECT count(*) FROM imports") == 2
    await store.pool.execute(
        "UPDATE imports SET received_at = received_at - interval '61 minutes', ended_at = ended_at - interval '91 days'"
    )
    await importing.forget(store.pool, long, short)
    for table in ("imports", "import_parts", "import_names", "import_faults", "personal_data", "kept"):
        assert await store.pool.fetchval(f"SELECT count(*) FROM {table}") == 0, table  # noqa: S608
