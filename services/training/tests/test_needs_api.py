"""Needs for skills, gaps and forecasts as frontends meet them: over HTTP, on a real database and broker."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any, Final

import httpx
import pytest
from replays import calling

from contracts.companies.company import CompanyActivated
from contracts.model import PARIS
from contracts.values import sample_siret
from devstack.issuer import Issuer
from devstack.mirrored import show
from devstack.prepared import PERSONAL_KEY, prepare
from eventstore.decider import Command, Decider
from eventstore.execution import execute
from eventstore.issuing import OURS
from eventstore.postgres.store import Store
from service.clock import today
from training.app import app
from training.forecast import Calculate, forecasts
from training.members import members
from training.skill_need import MOST_DECLARED, Cover, Review, skill_needs

pytestmark = pytest.mark.anyio

COMPANY: Final = sample_siret(0)
NEIGHBOUR: Final = sample_siret(1)
NEED: Final[dict[str, Any]] = {
    "company": COMPANY,
    "rome": "H2902",
    "level": 3,
    "persons": 14,
    "horizon": 1,
    "cause": "retirement",
    "skills": ["Soudage TIG"],
}
ASSUMED: Final[dict[str, Any]] = {
    "rome": "H2902",
    "employed": 120,
    "growth": 0.02,
    "retirements": 4.5,
    "turnover": 0.05,
    "completion": 0.85,
    "placement": 0.7,
}
FORECAST: Final[dict[str, Any]] = {
    "title": "Reprise lente",
    "base_year": today().year,
    "years": 2,
    "occupations": [
        {**ASSUMED, "sources": [{"assumed": name, "source": "insee"} for name in ASSUMED if name != "rome"]}
    ],
}


class Planners:
    """Clients of the service, the network's coordinator unless told."""

    def __init__(self, client: httpx.AsyncClient, issuer: Issuer) -> None:
        self._client = client
        self._issuer = issuer

    def _bearer(self, by: str, of: str | None) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._issuer.token('training:read training:write', [by], company=of)}"}

    async def post(self, path: str, by: str = "network", of: str | None = None, **body: Any) -> httpx.Response:
        return await self._client.post(path, json=body, headers=self._bearer(by, of))

    async def get(self, path: str, by: str = "network", of: str | None = None) -> httpx.Response:
        return await self._client.get(path, headers=self._bearer(by, of))

    async def declared(self, **changes: Any) -> str:
        """A need; its path."""
        made = await self.post("/v1/skill-needs", "company", COMPANY, **{**NEED, **changes})
        return f"/v1/skill-needs/{done(made, 201)['id']}"

    async def qualified(self, **changes: Any) -> str:
        """A need that counts; its path."""
        path = await self.declared(**changes)
        done(await self.post(f"{path}/qualify"))
        return path

    async def planned(self, starts_in: int, lasts: int = 60, **changes: Any) -> str:
        """A session of AFPA's that leads to one occupation, planned to start in some days; its path."""
        course = {
            "title": "Chaudronnerie",
            "certification": "RNCP35094",
            "romes": ["H2902"],
            "level": 3,
            "hours": 400,
            "valid_from": "2020-01-01",
            "valid_until": "2099-12-31",
        }
        romes = changes.pop("romes", course["romes"])
        made = done(await self.post("/v1/courses", "afpa", **{**course, "romes": romes}), 201)
        starts = today() + timedelta(days=starts_in)
        plan = {
            "course": made["id"],
            "commune": "36088",
            "seats": 12,
            "minimum": 6,
            "starts_on": f"{starts}",
            "ends_on": f"{starts + timedelta(days=lasts)}",
            "decision_on": f"{starts}",
            "slots": [{"weekdays": ["monday", "tuesday"], "starts": "09:00", "ends": "12:00"}],
        }
        return f"/v1/sessions/{done(await self.post('/v1/sessions', 'afpa', **{**plan, **changes}), 201)['id']}"

    async def drafted(self, **changes: Any) -> str:
        """A forecast; its path."""
        return f"/v1/forecasts/{done(await self.post('/v1/forecasts', 'epci', **{**FORECAST, **changes}), 201)['id']}"

    async def becomes(self, path: str, **said: Any) -> dict[str, Any]:
        """Waits until a record says this."""
        while True:
            record = done(await self.get(path))
            if all(record[name] == value for name, value in said.items()):
                return record
            await asyncio.sleep(0.05)

    async def calculated(self, path: str) -> dict[str, Any]:
        """Waits until a forecast has figures."""
        while True:
            record = done(await self.get(path))
            if record["calculated_at"]:
                return record
            await asyncio.sleep(0.05)

    async def proposed_for(self, need: str, number: int = 1) -> list[dict[str, Any]]:
        """Waits until so many sessions were proposed for a need; the last one first."""
        while True:
            items = done(await self.get(f"/v1/sessions?need={need.rpartition('/')[2]}"))["items"]
            if len(items) >= number:
                return sorted(items, key=lambda each: str(each["id"]), reverse=True)
            await asyncio.sleep(0.05)


def done(answer: httpx.Response, status: int = 200) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert isinstance(body, dict)
    return body


def slug(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["type"].rpartition("/")[2]


async def join(database: str) -> None:
    """Lets the company be a member."""
    await prepare(database, app.all_migrations)
    joined = CompanyActivated(
        company=COMPANY,
        naf="25.62B",
        commune="36088",
        zone="zi-limoise",
        headcount=42,
        size_band="12",
        effective_on=today() - timedelta(days=900),
    )
    await show(database, members, COMPANY, joined)


@pytest.fixture
async def planners(database: str, issuer: Issuer) -> AsyncIterator[Planners]:
    await join(database)
    async with calling(app, database, issuer) as client:
        yield Planners(client, issuer)


@pytest.fixture
async def working(database: str, kafka: str, issuer: Issuer) -> AsyncIterator[Planners]:
    """With a worker, so that events are reacted to: in one partition, where what follows from one stream comes before
    what follows from a later event of another."""
    await join(database)
    place = {"kafka_bootstrap": kafka, "territory": f"t{uuid.uuid4().hex[:8]}", "topic_partitions": 1}
    async with calling(app, database, issuer, worker=True, **place) as client, asyncio.timeout(90):
        yield Planners(client, issuer)


@pytest.fixture
async def store(database: str) -> AsyncIterator[Store]:
    async with Store.open(database, personal_key=PERSONAL_KEY) as store:
        yield store


async def issued(store: Store, path: str, command: Command) -> None:
    """What a reaction asks of a need or a forecast."""
    decider: Decider[Any] = skill_needs if "skill-needs" in path else forecasts
    now = datetime.now(PARIS)
    identity = path.rpartition("/")[2]
    await execute(store, decider, command, identity=identity, actor=OURS, now=now, metadata="{}")


# Needs


async def test_a_company_declares_for_itself_and_the_network_qualifies(planners: Planners) -> None:
    path = await planners.declared()
    assert (await planners.post("/v1/skill-needs", "company", NEIGHBOUR, **NEED)).status_code == 403
    assert (await planners.post("/v1/skill-needs", "network", **NEED)).status_code == 403
    assert (await planners.post(f"{path}/qualify", "company", COMPANY)).status_code == 403
    assert (await planners.post(f"{path}/withdraw", "company", NEIGHBOUR, reason="other")).status_code == 404
    qualified = done(await planners.post(f"{path}/qualify"))
    assert (qualified["status"], qualified["uncovered"], qualified["allowed"]) == ("qualified", 14, ["adjust"])
    own = done(await planners.get(path, "company", COMPANY))
    assert own["allowed"] == ["withdraw"]


@pytest.mark.parametrize(
    ("fault", "kind"),
    [({"rome": "H9999"}, "rome"), ({"horizon": 2}, "need-horizon"), ({"level": 9}, "qualification-level")],
)
async def test_an_unknown_occupation_horizon_or_level_is_a_fault_of_its_own(
    planners: Planners, fault: dict[str, Any], kind: str
) -> None:
    answer = await planners.post("/v1/skill-needs", "company", COMPANY, **{**NEED, **fault})
    assert slug(answer) == (422, "invalid")
    (error,) = answer.json()["errors"]
    assert (error["pointer"], error["code"]) == (f"#/{next(iter(fault))}", kind)


async def test_what_a_company_needs_is_for_those_who_plan_and_for_itself(planners: Planners) -> None:
    path = await planners.qualified()
    for by, of in (("epci", None), ("afpa", None), ("france_travail", None), ("company", COMPANY)):
        assert done(await planners.get(path, by, of))["persons"] == 14
        assert len(done(await planners.get("/v1/skill-needs?rome=H2902&status=qualified", by, of))["items"]) == 1
    for by, of in (("company", NEIGHBOUR), ("training_body", None), ("school", None), ("region", None)):
        assert (await planners.get(path, by, of)).status_code == 404
        assert done(await planners.get("/v1/skill-needs", by, of))["items"] == []


async def test_of_many_declared_at_once_no_more_wait_than_may(planners: Planners) -> None:
    answers = await asyncio.gather(
        *(planners.post("/v1/skill-needs", "company", COMPANY, **NEED) for _ in range(MOST_DECLARED + 10))
    )
    refused = [slug(each) for each in answers if not each.is_success]
    assert refused == [(409, "too-many-needs-declared")] * 10


# A session for each need


async def test_a_need_without_a_session_proposes_one_for_afpa_to_plan(working: Planners) -> None:
    need = await working.qualified()
    (proposed,) = await working.proposed_for(need)
    assert (proposed["status"], proposed["body"], proposed["romes"], proposed["seats"]) == (
        "proposed",
        None,
        ["H2902"],
        14,
    )
    path = f"/v1/sessions/{proposed['id']}"
    assert {"plan-proposed", "dismiss"} <= {*done(await working.get(path, "afpa"))["allowed"]}
    assert (await working.get(path, "company", COMPANY)).status_code == 404
    # What is proposed answers the next need of the occupation, too: its withdrawal leaves the draft as it is.
    second = await working.qualified(cause="growth")
    done(await working.post(f"{second}/withdraw", "company", COMPANY, reason="recruited"))
    done(await working.post(f"{need}/withdraw", "company", COMPANY, reason="recruited"))
    dismissed = await working.becomes(path, status="dismissed")
    assert dismissed["reason"] == "need_withdrawn"
    assert done(await working.get("/v1/sessions"))["items"] == [done(await working.get(path))]


async def test_a_need_that_a_session_answers_proposes_one_once_that_is_cancelled(
    working: Planners, store: Store
) -> None:
    need = await working.qualified(rome="H1101")
    (draft,) = await working.proposed_for(need)
    of_the_need = await working.planned(40, romes=["H2902"], need=need.rpartition("/")[2])
    done(await working.post(f"/v1/sessions/{draft['id']}/dismiss", "afpa", reason="no_course"))
    await issued(store, need, Review())
    done(await working.post(f"{of_the_need}/cancel", "afpa", reason="no_trainer"))
    anew, *_ = await working.proposed_for(need, 3)
    assert {anew["status"], *anew["romes"]} == {"proposed", "H1101"}


# Gaps


async def test_gaps_tell_what_lacks_most_first_with_family_and_domain(planners: Planners) -> None:
    await planners.qualified()
    await planners.qualified(rome="H2913", level=None, persons=3, horizon=3)
    await planners.declared(rome="H2903")
    await planners.planned(30)
    gaps = done(await planners.get("/v1/gaps"))
    assert gaps["complete"] is True
    assert [(each["rome"], each["horizon"], each["level"], each["uncovered"]) for each in gaps["items"]] == [
        ("H2913", 3, None, 3),
        ("H2902", 1, 3, 2),
    ]
    boilermakers = gaps["items"][1]
    assert (boilermakers["persons"], boilermakers["seats"], boilermakers["free"]) == (14, 12, 12)
    assert boilermakers["label"] == {"fr": "Chaudronnier / Chaudronnière", "en": None}
    family, domain = boilermakers["groups"]
    assert (family["kind"], family["code"], family["label"]["fr"]) == ("family", "H2902", "Chaudronnerie - tôlerie")
    assert (domain["kind"], domain["code"], domain["label"]) == ("domain", "H29", None)
    for asked, romes in (
        ("rome=H2913", ["H2913"]),
        ("level=3", ["H2902"]),
        ("horizon=3", ["H2913"]),
        ("domain=H29&limit=1", ["H2913"]),
        ("domain=A11", []),
    ):
        assert [each["rome"] for each in done(await planners.get(f"/v1/gaps?{asked}"))["items"]] == romes
    assert done(await planners.get("/v1/gaps?limit=1"))["complete"] is False


async def test_gaps_are_for_those_who_read_every_need(planners: Planners) -> None:
    for by in ("network", "town_hall", "epci", "steering", "afpa", "mission_locale", "france_travail", "ops"):
        done(await planners.get("/v1/gaps", by))
    for by in ("company", "training_body", "school", "region", "state"):
        assert slug(await planners.get("/v1/gaps", by, COMPANY)) == (403, "role-missing")
    for asked in ("horizon=2", "level=2", "limit=0", "limit=501", "rome=soudeur", "domain=H", "zone=zi-limoise"):
        assert slug(await planners.get(f"/v1/gaps?{asked}")) == (422, "invalid")


# Forecasts


async def test_a_draft_is_explained_with_the_seats_of_now(planners: Planners) -> None:
    path = await planners.drafted()
    next_year = today().year + 1
    starts = (datetime(next_year, 3, 1, tzinfo=PARIS).date() - today()).days
    before = done(await planners.get(f"{path}/figures"))
    assert (before["live"], before["status"], len(before["items"])) == (True, "draft", 2)
    assert before["items"][0]["need"] == 12.9
    await planners.planned(starts)
    first = done(await planners.get(f"{path}/figures"))["items"][0]
    assert (first["rome"], first["year"], first["staff"], first["need"]) == ("H2902", next_year, 120, 5.76)
    parts = {each["name"]: each for each in first["parts"]}
    assert {name: each["value"] for name, each in parts.items()} == {
        "growth": 2.4,
        "retirements": 4.5,
        "turnover": 6,
        "pipeline": 7.14,
        "need": 5.76,
    }
    assert {each["name"]: each["value"] for each in parts["pipeline"]["inputs"]} == {
        "seats": 12,
        "sessions": 1,
        "completion": 0.85,
        "placement": 0.7,
    }
    assert parts["need"]["sentence"]["fr"] == "2,4 + 4,5 + 6 − 7,14 = 5,76"


async def test_two_forecasts_are_compared_each_as_it_stands(planners: Planners, store: Store) -> None:
    slow, fast = await planners.drafted(), await planners.drafted(title="Reprise rapide", years=1)
    done(await planners.post(f"{slow}/adopt", "steering"))
    await issued(store, slow, Calculate())
    starts = (datetime(today().year + 1, 3, 1, tzinfo=PARIS).date() - today()).days
    await planners.planned(starts)
    comparison = done(await planners.get(f"{slow}/comparison?with={fast.rpartition('/')[2]}"))
    first, second = comparison["items"]
    assert first["pipeline"] == {"ours": 0, "theirs": 7.14, "difference": -7.14}
    assert first["need"] == {"ours": 12.9, "theirs": 5.76, "difference": 7.14}
    assert second["need"] == {"ours": 13.07, "theirs": None, "difference": None}
    adopted = done(await planners.get(slow))
    assert (adopted["figures"][0]["need"], adopted["figures"][0]["pipeline"]) == (12.9, 0)
    assert done(await planners.get(f"{slow}/figures"))["live"] is False


async def test_forecasts_are_for_those_who_plan(planners: Planners) -> None:
    path, other = await planners.drafted(), uuid.uuid4()
    assert (await planners.post("/v1/forecasts", "network", **FORECAST)).status_code == 403
    for by in ("company", "training_body", "region"):
        for asked in (path, f"{path}/figures", f"{path}/comparison?with={path.rpartition('/')[2]}"):
            assert slug(await planners.get(asked, by, COMPANY)) == (404, "not-found")
    assert slug(await planners.get(f"{path}/comparison?with={other}")) == (404, "not-found")
    assert slug(await planners.get(f"/v1/forecasts/{other}/figures")) == (404, "not-found")
    assert slug(await planners.get(f"{path}/comparison")) == (422, "invalid")
    assert slug(await planners.get(f"{path}/figures?year=2025")) == (422, "invalid")
    assert slug(await planners.post(f"{path}/comparison")) == (405, "method-not-allowed")


async def test_of_forecasts_that_are_adopted_at_once_one_stands_and_says_what_was_then(working: Planners) -> None:
    drafted = [await working.drafted(title=f"Reprise {number}") for number in range(5)]
    for path in drafted:
        assert (await working.calculated(path))["figures"][0]["need"] == 12.9
    await asyncio.gather(*(working.post(f"{path}/adopt", "steering") for path in drafted))
    while True:
        records = [done(await working.get(path)) for path in drafted]
        if [each["status"] for each in records].count("superseded") == 4:
            break
        await asyncio.sleep(0.05)
    (standing,) = [each for each in records if each["status"] == "adopted"]
    assert standing["adopted_at"] == max(each["adopted_at"] for each in records)
    assert {each["superseded_by"] for each in records if each["status"] == "superseded"} <= {
        each["id"] for each in records
    }
    await working.calculated(f"/v1/forecasts/{standing['id']}")
    await working.planned(30)
    assert done(await working.get(f"/v1/forecasts/{standing['id']}/figures"))["items"][0]["need"] == 12.9


async def test_a_certification_that_is_told_twice_covers_once(planners: Planners, store: Store) -> None:
    need = await planners.qualified(persons=2)
    enrolment = str(uuid.uuid4())
    for _ in range(2):
        await issued(store, need, Cover(enrolment=enrolment, certified_on=today()))
    covered = done(await planners.get(need))
    assert (covered["status"], covered["covered"], covered["uncovered"]) == ("partly_covered", 1, 1)
