"""Meters as companies and the manager of their zone meet them: over HTTP, with tokens, on a real database."""

import asyncio
import os
import subprocess
import sys
from datetime import timedelta
from typing import Any, Final

import pytest
from partners import FOUNDRY, MILL, Partners, done, member, problem, serving

from companies.app import app
from devstack.issuer import Issuer
from devstack.prepared import prepare
from service.clock import today

pytestmark = pytest.mark.anyio

METERS: Final = "/companies/v1/meters"
WATER: Final = {
    "company": FOUNDRY,
    "kind": "water",
    "reference": "C15FA-204417",
    "commune": "36088",
    "zone": "zi-limoise",
    "index": 1_000,
    "on": "2024-01-31",
}
AS_FOUNDRY: Final[dict[str, Any]] = {"by": "company", "of": FOUNDRY}
AS_MILL: Final[dict[str, Any]] = {"by": "company", "of": MILL}
AS_MANAGER: Final[dict[str, Any]] = {"by": "epci"}


async def installed(partners: Partners, **changes: Any) -> str:
    """The path of a meter of the foundry."""
    created = done(await partners.post(METERS, {**WATER, **changes}, **AS_FOUNDRY), 201)
    return f"{METERS}/{created['id']}"


@pytest.fixture
async def meter(partners: Partners) -> str:
    await member(partners)
    return await installed(partners)


async def test_a_meter_is_read_validated_corrected_replaced_and_removed(partners: Partners, meter: str) -> None:
    for on, index in (("2024-02-29", 1_290), ("2024-03-31", 1_800)):
        read = done(await partners.post(f"{meter}/record-reading", {"index": index, "on": on}, **AS_FOUNDRY))
    assert (read["index"], read["read_on"], read["allowed"]) == (
        1_800,
        "2024-03-31",
        ["record-reading", "replace", "remove"],
    )
    done(await partners.post(f"{meter}/validate-reading", {"reading": "2024-02-29"}, **AS_MANAGER))
    correction = {"reading": "2024-03-31", "index": 1_600, "reason": "misread"}
    corrected = done(await partners.post(f"{meter}/correct-reading", correction, **AS_MANAGER))
    assert corrected["readings"] == [
        {"read_on": "2024-01-31", "index": 1_000, "restarts_at": None, "consumption": 0, "status": "recorded"},
        {"read_on": "2024-02-29", "index": 1_290, "restarts_at": None, "consumption": 290, "status": "validated"},
        {"read_on": "2024-03-31", "index": 1_600, "restarts_at": None, "consumption": 310, "status": "corrected"},
    ]
    late = {"index": 1_150, "on": "2024-02-15"}
    done(await partners.post(f"{meter}/record-reading", late, **AS_FOUNDRY))
    wrong = {"reading": "2024-02-15", "reason": "wrong_meter"}
    done(await partners.post(f"{meter}/discard-reading", wrong, **AS_MANAGER))
    new = {"index": 1_700, "restarts_at": 0, "reference": "D24FA-1", "reason": "smart_meter", "on": "2024-04-10"}
    done(await partners.post(f"{meter}/replace", new, **AS_FOUNDRY))
    last = {"index": 200, "reason": "supply_ended", "on": "2024-04-30"}
    removed = done(await partners.post(f"{meter}/remove", last, **AS_FOUNDRY))
    assert (removed["status"], removed["reference"], removed["allowed"]) == ("removed", "D24FA-1", ["record-reading"])

    history = done(await partners.get(f"{meter}/events", **AS_MANAGER))["items"]
    told = [(each["type"], each["data"].get("periods_before"), each["data"].get("periods")) for each in history]
    of_february = {"first": "2024-01-31", "last": "2024-02-29", "consumption": 290}
    parts = [
        {"first": "2024-01-31", "last": "2024-02-15", "consumption": 150},
        {"first": "2024-02-16", "last": "2024-02-29", "consumption": 140},
    ]
    of_march = {"first": "2024-03-01", "last": "2024-03-31", "consumption": 510}
    assert told == [
        ("MeterInstalled", None, None),
        ("ReadingRecorded", [], [of_february]),
        ("ReadingRecorded", [], [of_march]),
        ("ReadingValidated", None, None),
        ("ReadingCorrected", [of_march], [{**of_march, "consumption": 310}]),
        ("ReadingRecorded", [of_february], parts),
        ("ReadingDiscarded", parts, [of_february]),
        ("MeterReplaced", [], [{"first": "2024-04-01", "last": "2024-04-10", "consumption": 100}]),
        ("MeterRemoved", [], [{"first": "2024-04-11", "last": "2024-04-30", "consumption": 200}]),
    ]


async def test_of_fifty_at_once_one_installs_a_meter_and_the_others_are_told_which(partners: Partners) -> None:
    await member(partners)
    answers = await asyncio.gather(
        *(
            partners.post(METERS, {**WATER, "reference": "c15fa-204417"} if n % 2 else WATER, **AS_FOUNDRY)
            for n in range(50)
        )
    )
    (made,) = [answer.json() for answer in answers if answer.status_code == 201]
    refused = [answer for answer in answers if answer.status_code != 201]
    assert len(refused) == 49
    for answer in refused:
        assert problem(answer, 409, "meter-twice")["collides_with"] == made["id"]
    await installed(partners, kind="gas")
    await member(partners, MILL, name="Moulin de Reuilly")
    done(await partners.post(METERS, {**WATER, "company": MILL}, **AS_MILL), 201)
    removal = {"index": 1_000, "reason": "entered_by_mistake", "on": WATER["on"]}
    done(await partners.post(f"{METERS}/{made['id']}/remove", removal, **AS_FOUNDRY))
    await installed(partners)


async def test_of_fifty_readings_of_a_day_at_once_one_is_recorded(partners: Partners, meter: str) -> None:
    path = f"{meter}/record-reading"
    answers = await asyncio.gather(
        *(partners.post(path, {"index": 1_100 + n, "on": "2024-02-29"}, **AS_FOUNDRY) for n in range(50))
    )
    (recorded,) = [answer.json() for answer in answers if answer.status_code == 200]
    for answer in answers:
        if answer.status_code != 200:
            said = problem(answer, 409, "reading-exists")["parameters"]
            assert said == {"on": "2024-02-29", "index": recorded["index"]}
    assert len(done(await partners.get(meter, **AS_FOUNDRY))["readings"]) == 2


async def test_fifty_days_read_at_once_add_up_to_what_the_meter_has_counted(partners: Partners) -> None:
    await member(partners)
    first = today() - timedelta(days=51)
    path = await installed(partners, on=first.isoformat())
    days = [(first + timedelta(days=number), 1_000 + 7 * number) for number in range(1, 51)]
    answers = await asyncio.gather(
        *(
            partners.post(f"{path}/record-reading", {"index": index, "on": on.isoformat()}, **AS_FOUNDRY)
            for on, index in days[::2] + days[1::2]
        )
    )
    assert {answer.status_code for answer in answers} == {200}
    read = done(await partners.get(path, **AS_FOUNDRY))
    assert [each["consumption"] for each in read["readings"]] == [0, *[7] * 50]
    assert read["index"] == 1_350


async def test_a_meter_is_its_companys_and_the_managers_alone(partners: Partners, meter: str) -> None:
    await member(partners, MILL, name="Moulin de Reuilly")
    reading = {"index": 1_100, "on": "2024-02-29"}
    problem(await partners.get(meter, **AS_MILL), 404, "not-found")
    problem(await partners.post(f"{meter}/record-reading", reading, **AS_MILL), 404, "not-found")
    problem(await partners.post(METERS, WATER, **AS_MILL), 403, "not-your-record")
    assert done(await partners.get(METERS, **AS_MILL))["items"] == []
    problem(await partners.get(meter, by="region"), 404, "not-found")
    for role in ("epci", "network", "town_hall"):
        assert done(await partners.get(meter, by=role))["index"] == 1_000
        problem(await partners.post(f"{meter}/record-reading", reading, by=role), 403, "role-missing")
    done(await partners.post(f"{meter}/record-reading", reading, **AS_FOUNDRY))
    validation = {"reading": "2024-02-29"}
    problem(await partners.post(f"{meter}/validate-reading", validation, **AS_FOUNDRY), 403, "role-missing")


async def test_the_manager_finds_what_waits_for_him_and_what_was_not_read(partners: Partners, meter: str) -> None:
    other = await installed(partners, kind="electricity", reference="PDL 09111642617347", zone=None)
    done(await partners.post(f"{other}/record-reading", {"index": 9_000, "on": "2024-03-31"}, **AS_FOUNDRY))

    async def found(**query: str) -> list[str]:
        items = done(await partners.get(METERS, **AS_MANAGER, **query))["items"]
        return [f"{METERS}/{item['id']}" for item in items]

    assert await found(sort="-read_on") == [other, meter]
    assert await found(read_on_to="2024-02-29") == [meter]
    assert await found(kind="electricity") == [other]
    assert await found(zone="zi-limoise") == [meter]
    assert await found(q="09111642617347") == [other]
    for path, on in ((meter, "2024-01-31"), (other, "2024-01-31"), (other, "2024-03-31")):
        assert path in await found(to_validate="true", company=FOUNDRY)
        done(await partners.post(f"{path}/validate-reading", {"reading": on}, **AS_MANAGER))
    assert await found(to_validate="true") == []


@pytest.mark.parametrize(
    ("changes", "pointer", "code", "french"),
    [
        (
            {"index": 12.5},
            "#/index",
            "meter-index",
            "un nombre entier (et non un texte) de 0 à 9\u202f999\u202f999\u202f999",
        ),
        ({"index": 10**10}, "#/index", "meter-index", "sans décimale"),
        ({"kind": "steam"}, "#/kind", "literal_error", "water"),
        ({"reference": "n° 7"}, "#/reference", "reference", "lettres sans accent"),
        ({"commune": "Issoudun"}, "#/commune", "commune", "code INSEE"),
        ({"zone": "la-limoise"}, "#/zone", "zone", "pas une zone du territoire : ses zones sont zi-limoise"),
        ({"commune": "99999"}, "#/commune", "commune", "pas une commune de la liste actuelle de l'INSEE"),
    ],
)
async def test_what_is_wrong_of_a_meter_is_told_by_its_field(
    partners: Partners, changes: dict[str, Any], pointer: str, code: str, french: str
) -> None:
    answer = await partners.post(METERS, {**WATER, **changes}, **AS_FOUNDRY, Accept_Language="fr")
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert (error["pointer"], error["code"]) == (pointer, code)
    assert french in error["detail"]


async def test_what_no_meter_shows_is_told_in_french(partners: Partners, meter: str) -> None:
    async def refused(slug: str, **body: Any) -> str:
        answer = await partners.post(f"{meter}/record-reading", body, **AS_FOUNDRY, Accept_Language="fr")
        return str(problem(answer, 409, slug)["detail"])

    falls = "999 le 29/02/2024 est inférieur à 1\u202f000, du 31/01/2024 : un index croît"
    assert falls in await refused("index-falls", index=999, on="2024-02-29")
    assert "dépasse 300\u202f000" in await refused("consumption-beyond-reason", index=400_000, on="2024-02-29")
    tomorrow = (today() + timedelta(days=1)).isoformat()
    assert "est après aujourd'hui" in await refused("on-in-the-future", index=1_001, on=tomorrow)


async def test_what_is_taken_for_right_is_what_the_deployment_says(
    database: str, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOST_WATER_A_DAY", "20")
    monkeypatch.setenv("MOST_CUBIC_METRES_A_MONTH", "")
    await prepare(database, app.all_migrations)
    async with serving(database, issuer) as partners:
        await member(partners)
        meter = await installed(partners)
        reading = f"{meter}/record-reading"
        beyond = {"index": 1_000 + 20 * 30 + 1, "on": "2024-02-29"}
        for language, told in (("fr", "dépasse 600, le maximum vraisemblable"), ("en", "is above 600, the most")):
            refused = await partners.post(reading, beyond, **AS_FOUNDRY, Accept_Language=language)
            assert told in problem(refused, 409, "consumption-beyond-reason")["detail"]
        done(await partners.post(reading, {**beyond, "index": 1_600}, **AS_FOUNDRY))


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("MOST_WATER_A_DAY", "much", "a whole number, 1 or more"),
        ("MOST_DAYS_BETWEEN_READINGS", "0", "a whole number, 1 or more"),
        ("MOST_KWH_A_MONTH", "10000001", "a whole number from 1 to 10000000, the most that a flow may be"),
    ],
)
def test_a_bound_that_is_none_is_one_sentence_at_the_start(name: str, value: str, said: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "companies", "api"],
        env={
            **os.environ,
            "DATABASE_URL": "postgresql://companies@localhost:9/companies",
            "KAFKA_BOOTSTRAP": "localhost:9",
            "OIDC_ISSUER": "https://issuer.test",
            "OIDC_AUDIENCE": "territory",
            "OIDC_JWKS_URL": "https://issuer.test/jwks",
            "PERSONAL_KEY": "k" * 32,
            name: value,
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (1, f"Settings: {name} must be {said}.\n")
