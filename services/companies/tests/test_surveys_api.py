"""Surveys and needs as companies and the network meet them: over HTTP, with tokens, on a real database."""

import asyncio
from typing import Any, Final

import pytest
from partners import COMPANIES, FOUNDRY, MILL, Partners, done, member, problem, serving

from companies.app import app
from companies.need import MOST_DECLARED
from companies.survey import DIMENSIONS
from devstack.issuer import Issuer
from devstack.prepared import prepare

pytestmark = pytest.mark.anyio

SURVEYS: Final = "/companies/v1/surveys"
NEEDS: Final = "/companies/v1/needs"
SURVEY: Final = f"{SURVEYS}/{FOUNDRY}"
BEGIN: Final = {"company": FOUNDRY, "on": "2024-02-01"}
NEED: Final = {
    "company": FOUNDRY,
    "dimension": "machines_and_data",
    "kind": "equipment",
    "title": "Capteurs de vibration sur les presses",
    "priority": "high",
    "on": "2024-02-05",
}
AS_FOUNDRY: Final[dict[str, Any]] = {"by": "company", "of": FOUNDRY}
AS_MILL: Final[dict[str, Any]] = {"by": "company", "of": MILL}


def answers(**told: Any) -> dict[str, Any]:
    return {"answers": [{"dimension": dimension, "level": level} for dimension, level in told.items()]}


async def surveyed(partners: Partners, siret: str, *levels: int) -> None:
    """A survey that the network has validated."""
    path = f"{SURVEYS}/{siret}"
    done(await partners.post(SURVEYS, {**BEGIN, "company": siret}, by="company", of=siret), 201)
    told = {**answers(**dict(zip(DIMENSIONS, levels, strict=True))), "on": "2024-02-02"}
    done(await partners.post(f"{path}/answer", told, by="company", of=siret))
    done(await partners.post(f"{path}/complete", {"on": "2024-02-03"}, by="company", of=siret))
    done(await partners.post(f"{path}/validate", {"on": "2024-02-10"}))


async def declared(partners: Partners, **changes: Any) -> str:
    """The path of a need of the foundry."""
    created = done(await partners.post(NEEDS, {**NEED, **changes}, **AS_FOUNDRY), 201)
    return f"{NEEDS}/{created['id']}"


async def test_a_survey_is_answered_completed_sent_back_and_validated(partners: Partners) -> None:
    await member(partners)
    begun = done(await partners.post(SURVEYS, BEGIN, **AS_FOUNDRY), 201)
    assert (begun["id"], begun["status"], begun["zone"]) == (FOUNDRY, "begun", "zi-limoise")
    most = answers(**dict.fromkeys(DIMENSIONS[:-1], 2))
    done(await partners.post(f"{SURVEY}/answer", most, **AS_FOUNDRY))
    missing = await partners.post(f"{SURVEY}/complete", **AS_FOUNDRY, Accept_Language="fr")
    said = problem(missing, 409, "dimensions-missing")
    assert said["parameters"] == {"dimensions": ["cybersecurity"]}
    assert "sans réponse à ce jour" in said["detail"]
    done(await partners.post(f"{SURVEY}/answer", answers(cybersecurity=5), **AS_FOUNDRY))
    done(await partners.post(f"{SURVEY}/complete", **AS_FOUNDRY))
    returned = done(await partners.post(f"{SURVEY}/send-back", {"reason": "without_evidence"}))
    assert (returned["status"], returned["reason"], len(returned["answers"])) == ("begun", "without_evidence", 6)
    done(await partners.post(f"{SURVEY}/answer", answers(cybersecurity=1), **AS_FOUNDRY))
    done(await partners.post(f"{SURVEY}/complete", **AS_FOUNDRY))
    validated = done(await partners.post(f"{SURVEY}/validate"))
    assert (validated["status"], validated["points"]) == ("validated", 11)
    assert validated["allowed"] == ["correct-level", "correct-day"]
    right = {"dimension": "people", "level": 3, "reason": "typing_error"}
    assert done(await partners.post(f"{SURVEY}/correct-level", right))["points"] == 12
    early = {"step": "validated", "day": "2024-01-01", "reason": "typing_error"}
    refused = problem(await partners.post(f"{SURVEY}/correct-day", early), 409, "day-before-previous-step")
    assert [fault["pointer"] for fault in refused["errors"]] == ["#/day"]
    assert done(await partners.post(f"{SURVEY}/correct-day", {**early, "step": "begun"}))["begun_on"] == "2024-01-01"
    again = done(await partners.post(SURVEYS, {"company": FOUNDRY}, **AS_FOUNDRY), 201)
    assert (again["status"], again["points"], again["answers"]) == ("begun", 12, [])


async def test_of_fifty_at_once_one_begins_a_survey_and_the_others_are_told_that_there_is_one(
    partners: Partners,
) -> None:
    await member(partners)
    asked = [AS_FOUNDRY, {"by": "network"}]
    answers = await asyncio.gather(*(partners.post(SURVEYS, BEGIN, **asked[n % 2]) for n in range(50)))
    assert [answer.status_code for answer in answers].count(201) == 1
    for answer in answers:
        if answer.status_code != 201:
            said = problem(answer, 409, "survey-exists")
            assert [fault["pointer"] for fault in said["errors"]] == ["#/company"]
            assert said["collides_with"] == FOUNDRY
    history = done(await partners.get(f"{SURVEY}/events"))["items"]
    assert [event["type"] for event in history] == ["SurveyBegun"]


async def test_of_fifty_needs_at_once_a_company_declares_as_many_as_it_may_have(partners: Partners) -> None:
    await member(partners)
    done(await partners.post(SURVEYS, BEGIN, **AS_FOUNDRY), 201)
    answers = await asyncio.gather(*(partners.post(NEEDS, NEED, **AS_FOUNDRY) for _ in range(50)))
    made = [answer.json()["id"] for answer in answers if answer.status_code == 201]
    assert len(made) == MOST_DECLARED
    for answer in answers:
        if answer.status_code != 201:
            assert problem(answer, 409, "too-many-needs")["parameters"] == {"limit": MOST_DECLARED}
    done(await partners.post(f"{NEEDS}/{made[0]}/meet", {"means": "shared_equipment"}, **AS_FOUNDRY))
    await declared(partners)
    problem(await partners.post(f"{NEEDS}/{made[0]}/reopen", {"reason": "not_met"}), 409, "too-many-needs")


async def test_a_need_is_declared_met_corrected_and_reopened(partners: Partners) -> None:
    await member(partners)
    problem(await partners.post(NEEDS, NEED, **AS_FOUNDRY), 409, "not-surveyed")
    done(await partners.post(SURVEYS, BEGIN, **AS_FOUNDRY), 201)
    need = await declared(partners)
    done(await partners.post(f"{need}/change-priority", {"priority": "low", "on": "2024-02-06"}, **AS_FOUNDRY))
    met = done(await partners.post(f"{need}/meet", {"means": "grant", "on": "2024-03-01"}, **AS_FOUNDRY))
    assert (met["status"], met["means"], met["met_on"], met["allowed"]) == ("met", "grant", "2024-03-01", [])
    right = {"met_on": "2024-02-20", "reason": "typing_error"}
    corrected = done(await partners.post(f"{need}/correct-outcome", right))
    assert (corrected["met_on"], corrected["means"]) == ("2024-02-20", "grant")
    early = await partners.post(f"{need}/correct-outcome", {**right, "met_on": "2024-01-01"}, Accept_Language="fr")
    said = problem(early, 409, "day-before-previous-step")
    assert "précède ce qui vient avant, du 06/02/2024" in said["detail"]
    assert [fault["pointer"] for fault in said["errors"]] == ["#/met_on"]
    reopened = done(await partners.post(f"{need}/reopen", {"reason": "not_met", "on": "2024-04-02"}))
    assert (reopened["status"], reopened["met_on"]) == ("declared", None)
    before = await partners.post(f"{need}/drop", {"reason": "too_costly", "on": "2024-04-01"}, **AS_FOUNDRY)
    problem(before, 409, "on-before-previous-step")
    dropped = done(await partners.post(f"{need}/drop", {"reason": "too_costly"}, **AS_FOUNDRY))
    assert (dropped["status"], dropped["allowed"]) == ("dropped", [])


async def test_surveys_and_needs_are_their_companys_and_the_partners_alone(partners: Partners) -> None:
    await member(partners)
    await member(partners, MILL, name="Moulin de Reuilly")
    await surveyed(partners, FOUNDRY, 1, 2, 3, 4, 5, 0)
    need = await declared(partners)
    answer = answers(people=4)
    for path in (SURVEY, need):
        problem(await partners.get(path, **AS_MILL), 404, "not-found")
        problem(await partners.get(path, by="region"), 404, "not-found")
        for role in ("network", "town_hall", "epci"):
            assert done(await partners.get(path, by=role))["company"] == FOUNDRY
        assert done(await partners.get(path, **AS_FOUNDRY))["company"] == FOUNDRY
    problem(await partners.post(f"{SURVEY}/answer", answer, **AS_MILL), 404, "not-found")
    problem(await partners.post(f"{SURVEY}/answer", answer, by="epci"), 403, "role-missing")
    problem(await partners.post(f"{SURVEY}/validate", **AS_FOUNDRY), 403, "role-missing")
    problem(await partners.post(f"{need}/meet", {"means": "grant"}, **AS_MILL), 404, "not-found")
    problem(await partners.post(f"{need}/reopen", {"reason": "not_met"}, **AS_FOUNDRY), 403, "role-missing")
    problem(await partners.post(SURVEYS, BEGIN, **AS_MILL), 403, "not-your-record")
    problem(await partners.post(NEEDS, NEED, **AS_MILL), 403, "not-your-record")
    assert done(await partners.get(NEEDS, **AS_MILL))["items"] == []


async def test_the_network_finds_who_is_to_be_validated_who_is_behind_and_what_is_lacking(partners: Partners) -> None:
    await member(partners)
    await member(partners, MILL, name="Moulin de Reuilly", zone=None)
    await surveyed(partners, FOUNDRY, 1, 2, 3, 4, 5, 0)
    await surveyed(partners, MILL, 1, 1, 1, 1, 1, 1)

    async def found(path: str, **query: str) -> list[str]:
        return [item["id"] for item in done(await partners.get(path, **query))["items"]]

    assert await found(SURVEYS, sort="points") == [MILL, FOUNDRY]
    assert await found(SURVEYS, sort="points", points_from="10") == [FOUNDRY]
    assert await found(SURVEYS, zone="zi-limoise") == [FOUNDRY]
    assert await found(SURVEYS, status="completed") == []
    assert await found(SURVEYS, validated_on_to="2024-02-09") == []
    first, second = [
        (await declared(partners, **changes)).rpartition("/")[2]
        for changes in (
            {"on": "2024-02-06"},
            {"kind": "training", "dimension": "people", "title": "Soudage", "priority": "low"},
        )
    ]
    assert await found(NEEDS, sort="declared_on") == [second, first]
    assert await found(NEEDS, kind="training", company=FOUNDRY) == [second]
    assert await found(NEEDS, dimension="machines_and_data", priority="high") == [first]
    assert await found(NEEDS, q="vibration press") == [first]
    done(await partners.post(f"{NEEDS}/{second}/meet", {"means": "training_session", "on": "2024-04-02"}))
    assert await found(NEEDS, status="met", met_on_from="2024-04-01") == [second]


@pytest.mark.parametrize(
    ("path", "changes", "pointer", "code"),
    [
        (f"{SURVEY}/answer", answers(people=6), "#/answers/0/level", "maturity-level"),
        (f"{SURVEY}/answer", answers(people=2.5), "#/answers/0/level", "maturity-level"),
        (f"{SURVEY}/answer", answers(luck=2), "#/answers/0/dimension", "literal_error"),
        (f"{SURVEY}/answer", {"answers": [{"dimension": "people", "level": 3}] * 7}, "#/answers", "too_long"),
        (NEEDS, {"kind": "luck"}, "#/kind", "literal_error"),
        (NEEDS, {"title": " "}, "#/title", "short-text"),
        (NEEDS, {"priority": None}, "#/priority", "literal_error"),
        (SURVEYS, {"company": "00000001800011"}, "#/company", "siret"),
    ],
)
async def test_what_is_wrong_is_told_by_its_field(
    partners: Partners, path: str, changes: dict[str, Any], pointer: str, code: str
) -> None:
    bodies: dict[str, dict[str, Any]] = {SURVEYS: BEGIN, NEEDS: NEED, f"{SURVEY}/answer": answers(people=3)}
    answer = await partners.post(path, {**bodies[path], **changes}, by="network")
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert (error["pointer"], error["code"]) == (pointer, code)


@pytest.mark.slow
async def test_who_leaves_has_no_maturity_and_lacks_nothing_any_more(database: str, kafka: str, issuer: Issuer) -> None:
    await prepare(database, app.all_migrations)
    async with serving(database, issuer, kafka) as partners:
        await member(partners)
        await surveyed(partners, FOUNDRY, 1, 2, 3, 4, 5, 0)
        need = await declared(partners)
        leaving = {"reason": "moved", "on": "2024-05-02"}
        done(await partners.post(f"{COMPANIES}/{FOUNDRY}/leave", leaving))
        survey = await becomes(partners, SURVEY, "closed")
        assert (survey["closed_on"], survey["levels"]) == ("2024-05-02", [])
        assert (await becomes(partners, need, "dropped"))["reason"] == "member_left"
        problem(await partners.post(SURVEYS, {"company": FOUNDRY}), 409, "not-a-member")


async def becomes(partners: Partners, path: str, status: str) -> dict[str, Any]:
    """The record once it has this status."""
    async with asyncio.timeout(30):
        while True:
            record = done(await partners.get(path))
            if record["status"] == status:
                return record
            await asyncio.sleep(0.05)
