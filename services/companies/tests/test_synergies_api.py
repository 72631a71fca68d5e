"""Flows, synergies and matches as frontends meet them: over HTTP, on a real database."""

import asyncio
from typing import Any, Final

import pytest
from partners import FOUNDRY, MILL, Partners, done, member, problem

from companies import matches
from contracts import sample_siret

pytestmark = pytest.mark.anyio

FLOWS: Final = "/companies/v1/flows"
SYNERGIES: Final = "/companies/v1/synergies"
LAUNDRY: Final = sample_siret(2)


def told(company: str = FOUNDRY, direction: str = "surplus", **changes: Any) -> dict[str, Any]:
    return {
        "company": company,
        "direction": direction,
        "kind": "heat",
        "unit": "kwh",
        "quantity": 1000,
        "description": "Chaleur des fours",
        "commune": "36088",
        "zone": "zi-limoise",
        "first": "2024-03-01",
        "on": "2024-02-01",
        **changes,
    }


async def declare(partners: Partners, company: str = FOUNDRY, direction: str = "surplus", **changes: Any) -> str:
    """The id of a new flow."""
    body = told(company, direction, **changes)
    return str(done(await partners.post(FLOWS, body, by="company", of=company), 201)["id"])


async def two(partners: Partners) -> tuple[str, str]:
    """A surplus of the foundry, and a need of the mill."""
    await member(partners)
    await member(partners, MILL, name="Moulin")
    return await declare(partners), await declare(partners, MILL, "need", quantity=600)


async def detect(partners: Partners, surplus: str, need: str) -> str:
    """The path of a new synergy."""
    body = {"title": "Chaleur", "surplus": surplus, "need": need, "on": "2024-03-01"}
    return f"{SYNERGIES}/{done(await partners.post(SYNERGIES, body), 201)['id']}"


async def lead(partners: Partners, path: str, *steps: tuple[str, dict[str, Any]]) -> None:
    for step, body in steps:
        done(await partners.post(f"{path}/{step}", {"on": "2024-03-02", **body}))


TO_FEASIBLE: Final = (("qualify", dict[str, Any]()), ("find-feasible", {"quantity": 500}))


async def test_a_synergy_is_made_agreed_by_each_and_lived(partners: Partners) -> None:
    surplus, need = await two(partners)
    path = await detect(partners, surplus, need)
    problem(await partners.post(f"{path}/agree", {}, by="company", of=MILL), 409, "synergy-not-feasible")
    await lead(partners, path, *TO_FEASIBLE)
    problem(await partners.post(f"{path}/agree", {}, by="network"), 403, "role-missing")
    problem(await partners.post(f"{path}/agree", {}, by="company", of=LAUNDRY), 404, "not-found")
    for _ in range(2):
        said = done(await partners.post(f"{path}/agree", {"on": "2024-03-03"}, by="company", of=MILL))
        assert (said["status"], said["agreed"]) == ("feasible", [MILL]), "one company does not agree for the other"
    said = done(await partners.post(f"{path}/agree", {"on": "2024-03-04"}, by="company", of=FOUNDRY))
    assert (said["status"], said["agreed"], said["quantity"]) == ("agreed", [MILL, FOUNDRY], 500)
    events = done(await partners.get(f"{path}/events"))["items"]
    assert [event["type"] for event in events[-3:]] == ["CompanyAgreed", "CompanyAgreed", "SynergyAgreed"]
    done(await partners.post(f"{path}/start", {"on": "2024-04-10"}))
    exchange = {"flow": surplus, "month": "2024-05", "exchanged": 41}
    said = done(await partners.post(f"{path}/record-exchange", exchange, by="company", of=MILL))
    assert said["exchanges"] == [{**exchange, "exchanged_on": "2024-05-31", "recorded_by": MILL}]
    problem(await partners.post(f"{path}/record-exchange", exchange, by="network"), 403, "role-missing")
    twice = problem(
        await partners.post(f"{path}/record-exchange", exchange, by="company", of=FOUNDRY), 409, "exchange-recorded"
    )
    assert [error["pointer"] for error in twice["errors"]] == ["#/month"]
    correction = {**exchange, "exchanged": 410, "reason": "typing_error"}
    said = done(await partners.post(f"{path}/correct-exchange", correction, by="network"))
    assert [each["exchanged"] for each in said["exchanges"]] == [410]
    told_last = done(await partners.get(f"{path}/events"))["items"][-1]["data"]
    assert (told_last["exchanged_before"], told_last["exchanged"], told_last["company"]) == (41, 410, FOUNDRY)


async def test_of_fifty_at_once_one_has_the_flows_and_the_others_are_told_which(partners: Partners) -> None:
    surplus, need = await two(partners)
    body = {"title": "Chaleur", "surplus": surplus, "need": need}
    answers = await asyncio.gather(*(partners.post(SYNERGIES, body) for _ in range(50)))
    (made,) = [answer.json() for answer in answers if answer.status_code == 201]
    refused = [answer for answer in answers if answer.status_code != 201]
    assert len(refused) == 49
    for answer in refused:
        assert problem(answer, 409, "flow-in-synergy")["collides_with"] == made["id"]
    done(await partners.post(f"{SYNERGIES}/{made['id']}/abandon", {"reason": "too_costly"}))
    done(await partners.post(SYNERGIES, body), 201)


async def test_all_agree_at_once_and_it_is_agreed_once(partners: Partners) -> None:
    surplus, need = await two(partners)
    path = await detect(partners, surplus, need)
    await lead(partners, path, *TO_FEASIBLE)
    await asyncio.gather(
        *(partners.post(f"{path}/agree", {}, by="company", of=(FOUNDRY, MILL)[n % 2]) for n in range(20))
    )
    events = [event["type"] for event in done(await partners.get(f"{path}/events"))["items"]]
    assert (events.count("CompanyAgreed"), events.count("SynergyAgreed")) == (2, 1)


async def test_a_flow_that_takes_part_elsewhere_is_not_added(partners: Partners) -> None:
    surplus, need = await two(partners)
    path = await detect(partners, surplus, need)
    other = await detect(
        partners, await declare(partners), await declare(partners, MILL, "need", description="Séchoir")
    )
    taken = problem(await partners.post(f"{other}/add-flow", {"flow": need}), 409, "flow-in-synergy")
    assert taken["collides_with"] == path.rpartition("/")[2]
    free = await declare(partners, MILL, "need")
    assert len(done(await partners.post(f"{other}/add-flow", {"flow": free}))["flows"]) == 3


async def test_a_company_sees_its_own_flows_and_the_synergies_that_it_takes_part_in(partners: Partners) -> None:
    surplus, need = await two(partners)
    path = await detect(partners, surplus, need)
    for role in ("network", "town_hall", "epci"):
        assert done(await partners.get(path, by=role))["title"] == "Chaleur"
        assert len(done(await partners.get(FLOWS, by=role))["items"]) == 2
    for company, own, other in ((FOUNDRY, surplus, need), (MILL, need, surplus)):
        assert done(await partners.get(path, by="company", of=company))["title"] == "Chaleur"
        assert [item["id"] for item in done(await partners.get(FLOWS, by="company", of=company))["items"]] == [own]
        problem(await partners.get(f"{FLOWS}/{other}", by="company", of=company), 404, "not-found")
        refused = await partners.post(f"{FLOWS}/{other}/end", {"reason": "other"}, by="company", of=company)
        problem(refused, 404, "not-found")
    for reader in ({"by": "company", "of": LAUNDRY}, {"by": "company"}, {"by": "region"}, {"by": "school"}):
        problem(await partners.get(path, **reader), 404, "not-found")
        assert done(await partners.get(SYNERGIES, **reader))["items"] == []
        assert done(await partners.get(FLOWS, **reader))["items"] == []
    problem(await partners.post(FLOWS, told(MILL), by="company", of=FOUNDRY), 403, "not-your-record")
    problem(await partners.post(FLOWS, told(), by="network"), 403, "role-missing")


@pytest.mark.parametrize(
    ("changes", "status", "slug", "at"),
    [
        ({"kind": "waste", "unit": "t", "waste": "999999"}, 422, "waste-code", "waste"),
        ({"kind": "waste", "unit": "t"}, 409, "waste-code-missing", "waste"),
        ({"waste": "120101"}, 409, "waste-code-of-no-waste", "waste"),
        ({"unit": "t"}, 409, "unit-of-another-kind", "unit"),
        ({"quantity": 0}, 422, "flow-quantity", "quantity"),
        ({"kind": "packaging", "unit": "t", "quantity": 10_001}, 409, "quantity-beyond-reason", "quantity"),
        ({"last": "2024-02-29"}, 409, "flow-ends-before-it-begins", "last"),
        ({"on": "2099-01-01"}, 409, "on-in-the-future", "on"),
        ({"first": "20240301"}, 422, "day", "first"),
    ],
)
async def test_what_is_wrong_with_a_flow_is_told_by_its_field(
    partners: Partners, changes: dict[str, Any], status: int, slug: str, at: str
) -> None:
    await member(partners)
    answer = await partners.post(FLOWS, told(**changes), by="company", of=FOUNDRY, Accept_Language="fr")
    said = problem(answer, status, "invalid" if status == 422 else slug)
    assert [(error["pointer"], error["code"]) for error in said["errors"]] == [(f"#/{at}", slug)]


async def test_flows_and_synergies_are_found_by_what_a_screen_asks(partners: Partners) -> None:
    surplus, need = await two(partners)
    scrap: dict[str, Any] = {
        "kind": "waste",
        "waste": "12 01 01",
        "unit": "t",
        "quantity": 3,
        "description": "Copeaux d'acier",
    }
    waste = await declare(partners, commune="18055", zone=None, **scrap)
    path = await detect(partners, surplus, need)
    done(await partners.post(f"{FLOWS}/{waste}/end", {"reason": "process_changed"}, by="company", of=FOUNDRY))

    async def found(of: str, **asked: Any) -> list[str]:
        return [item["id"] for item in done(await partners.get(of, by="epci", **asked))["items"]]

    assert await found(FLOWS, direction="need") == await found(FLOWS, company=MILL) == [need]
    assert await found(FLOWS, waste="120101") == await found(FLOWS, commune="18055") == [waste]
    assert await found(FLOWS, q="copeaux") == await found(FLOWS, status="ended") == [waste]
    assert await found(FLOWS, kind="heat", sort="quantity") == [need, surplus]
    assert await found(FLOWS, quantity_from=700) == [surplus]
    made = [path.rpartition("/")[2]]
    assert await found(SYNERGIES, companies=MILL, status="detected") == await found(SYNERGIES, flows=need) == made
    assert await found(SYNERGIES, zones="zi-limoise", kind="heat", q="chaleur") == made
    assert await found(SYNERGIES, kind="cold") == []


# Matches


async def matched(partners: Partners, **asked: Any) -> list[tuple[str, str]]:
    answer = done(await partners.get(f"{SYNERGIES}/matches", **asked))
    return [(item["surplus"]["id"], item["need"]["id"]) for item in answer["items"]]


async def test_a_match_says_why(partners: Partners) -> None:
    await member(partners)
    await member(partners, MILL, name="Moulin")
    surplus = await declare(partners, last="2099-12-31")
    need = await declare(partners, MILL, "need", quantity=4000, commune="18055", zone=None, last="2100-12-31")
    answer = await partners.get(f"{SYNERGIES}/matches", by="epci")
    assert answer.headers["cache-control"] == "private, no-cache"
    said = done(answer)
    assert (said["surpluses"], said["needs"], said["complete"]) == (1, 1, True)
    (item,) = said["items"]
    assert (item["kind"], item["waste"], item["unit"], item["points"]) == ("heat", None, "kwh", 12 + 20 + 23)
    assert item["surplus"] == {
        "id": surplus,
        "company": FOUNDRY,
        "name": "Fonderie de la Théols",
        "commune": "36088",
        "zone": "zi-limoise",
        "description": "Chaleur des fours",
        "quantity": 1000,
        "first": "2024-03-01",
        "last": "2099-12-31",
    }
    assert (item["need"]["id"], item["need"]["name"], item["need"]["commune"]) == (need, "Moulin", "18055")
    codes = [reason["code"] for reason in item["reasons"]]
    assert codes == ["same_flow", "quantity", "period", "distance"]
    assert [reason["points"] for reason in item["reasons"]] == [0, 12, 20, 23]
    assert item["reasons"][1]["value"] == 25
    assert item["reasons"][3]["sentence"] == {
        "en": "10.5 km between the two communes",
        "fr": "10,5 km entre les deux communes",
    }


async def test_what_is_worked_on_ended_or_of_no_member_is_not_proposed(partners: Partners) -> None:
    surplus, need = await two(partners)
    assert await matched(partners) == [(surplus, need)]
    path = await detect(partners, surplus, need)
    assert await matched(partners) == []
    done(await partners.post(f"{path}/abandon", {"reason": "not_agreed"}))
    assert await matched(partners) == [(surplus, need)]
    suspended = done(await partners.post(f"/companies/v1/companies/{MILL}/suspend", {"reason": "fee_unpaid"}))
    assert suspended["status"] == "suspended"
    assert await matched(partners) == []
    done(await partners.post(f"/companies/v1/companies/{MILL}/reinstate"))
    done(await partners.post(f"{FLOWS}/{surplus}/end", {"reason": "not_available"}, by="company", of=FOUNDRY))
    assert await matched(partners) == []


async def test_a_company_is_shown_the_matches_that_it_has_a_part_in(partners: Partners) -> None:
    surplus, need = await two(partners)
    await member(partners, LAUNDRY, name="Blanchisserie")
    other = await declare(partners, LAUNDRY, "need", quantity=500)
    both = [(surplus, other), (surplus, need)]
    for role in ("network", "epci", "town_hall"):
        assert sorted(await matched(partners, by=role)) == sorted(both)
    assert sorted(await matched(partners, by="company", of=FOUNDRY)) == sorted(both)
    assert await matched(partners, by="company", of=LAUNDRY) == [(surplus, other)]
    assert await matched(partners, by="company", of=FOUNDRY, company=LAUNDRY) == [(surplus, other)]
    assert await matched(partners, by="company", of=MILL, company=LAUNDRY) == []
    for reader in ({"by": "company", "of": sample_siret(3)}, {"by": "company"}, {"by": "region"}, {"by": "ops"}):
        assert await matched(partners, **reader) == []


async def test_matches_are_found_by_kind_and_waste_and_come_in_pages(
    partners: Partners, monkeypatch: pytest.MonkeyPatch
) -> None:
    surplus, need = await two(partners)
    scrap: dict[str, Any] = {"kind": "waste", "waste": "120101", "unit": "t", "quantity": 3}
    gives, takes = await declare(partners, **scrap), await declare(partners, MILL, "need", **scrap)
    further = await declare(partners, MILL, "need", quantity=2000)
    assert await matched(partners, waste="120101") == await matched(partners, kind="waste") == [(gives, takes)]
    assert await matched(partners, kind="cold") == []
    every = await matched(partners)
    assert {*every} == {(surplus, need), (surplus, further), (gives, takes)}
    assert every[-1] == (surplus, further), "it covers half of it"
    paged, path, query = [], f"{SYNERGIES}/matches", {"limit": "2"}
    while path:
        answer = await partners.get(path, **query)
        paged += [(item["surplus"]["id"], item["need"]["id"]) for item in done(answer)["items"]]
        path, query = answer.links["next"]["url"] if "next" in answer.links else "", {}
    assert paged == every
    monkeypatch.setattr(matches, "MOST_FLOWS", 2)
    said = done(await partners.get(f"{SYNERGIES}/matches"))
    assert (said["surpluses"], said["needs"], said["complete"]) == (2, 2, False)
    assert {(item["surplus"]["id"], item["need"]["id"]) for item in said["items"]} == {
        (gives, takes),
        (surplus, further),
    }, "the last that were declared"


@pytest.mark.parametrize(
    ("asked", "parameter"),
    [({"limit": 0}, "limit"), ({"cursor": "eA=="}, "cursor"), ({"kind": "steam"}, "kind"), ({"sort": "km"}, "sort")],
)
async def test_matches_that_cannot_be_asked_for_are_told_by_the_parameter(
    partners: Partners, asked: dict[str, Any], parameter: str
) -> None:
    said = problem(await partners.get(f"{SYNERGIES}/matches", **asked), 422, "invalid")
    assert [error["parameter"] for error in said["errors"]] == [parameter]
