"""A skills campaign over HTTP, on a real database: who answers and who reads, many at once, files of answers, and what
the platform does by itself."""

import asyncio
import csv
import io
import json
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, Final

import httpx
import pytest
from campaigns import BODY, COMPANY, GIVEN, GIVEN_BY_BODY, GIVEN_BY_UNION, NEIGHBOUR, as_body, joined, occupation
from campaigns import workforce as told_workforce
from replays import calling

from contracts import sample_siret
from contracts.training.campaign_answer import Workforce
from devstack.issuer import Issuer
from devstack.mirrored import show
from devstack.prepared import PERSONAL_KEY, prepare
from eventstore.issuing import issue_due
from eventstore.postgres.store import Store
from service import clock
from service.clock import today
from service.importing.working import Importing
from training.app import app
from training.members import members

pytestmark = pytest.mark.anyio

CAMPAIGN: Final = "skills-campaigns/gpect-2024"
LARGEST: Final = sample_siret(2)


class Partners:
    """Clients of the service, by the role that their token carries."""

    def __init__(self, client: httpx.AsyncClient, issuer: Issuer) -> None:
        self.client = client
        self._issuer = issuer

    def bearer(self, by: str, of: str | None = None, scopes: str = "training:read training:write") -> dict[str, str]:
        claims: dict[str, Any] = {by: of} if of else {}
        return {"Authorization": f"Bearer {self._issuer.token(scopes, [by], **claims)}"}

    async def post(self, path: str, by: str = "network", of: str | None = None, **body: Any) -> httpx.Response:
        return await self.client.post(f"/v1/{path}", json=body, headers=self.bearer(by, of))

    async def get(self, path: str, by: str = "network", of: str | None = None, **query: Any) -> httpx.Response:
        return await self.client.get(f"/v1/{path}", params=query, headers=self.bearer(by, of))

    async def opened(self, **asked: int) -> None:
        """The campaign takes answers until in a week."""
        colleges = [{"college": name, "asked": n} for name, n in ({"companies": 30} | asked).items()]
        body = {"code": "gpect-2024", "title": "Emplois et compétences, 2024", "reference_on": "2023-12-31"}
        last = str(today() + timedelta(days=7))
        done(await self.post("skills-campaigns", "epci", **body, closes_on=last, colleges=colleges), 201)
        done(await self.post(f"{CAMPAIGN}/open", "epci"))

    async def answer(self, company: str, told: Workforce | None = None, by: str = "network") -> httpx.Response:
        body = {**as_body(GIVEN), "company": company}
        if told:
            body["workforce"] = told.model_dump()
        return await self.post("campaign-answers", by, company if by == "company" else None, **body)

    async def statuses(self, **query: Any) -> Counter[str]:
        items = done(await self.get("campaign-answers", limit=100, **query))["items"]
        return Counter(each["status"] for each in items)


def done(answer: httpx.Response, status: int = 200) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert isinstance(body, dict)
    return body


def refused(answer: httpx.Response, status: int, slug: str, pointer: str | None = None) -> dict[str, Any]:
    body = done(answer, status)
    assert body["type"] == f"/training/problems/{slug}", body
    if pointer:
        assert body["errors"][0]["pointer"] == pointer
    return body


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Waits for what a worker does."""
    async with asyncio.timeout(30):
        while not await condition():  # noqa: ASYNC110  it is another task's to do
            await asyncio.sleep(0.05)


@asynccontextmanager
async def serving(database: str, issuer: Issuer, **where: Any) -> AsyncIterator[Partners]:
    await prepare(database, app.all_migrations)
    await show_members(database)
    async with calling(app, database, issuer, **where) as client:
        yield Partners(client, issuer)


async def show_members(database: str) -> None:
    """Eight companies of the network."""
    for number in range(8):
        await show(database, members, sample_siret(number), joined(sample_siret(number)))


@pytest.fixture
async def partners(database: str, issuer: Issuer) -> AsyncIterator[Partners]:
    async with serving(database, issuer) as partners:
        yield partners


async def test_an_answer_is_read_by_its_respondent_and_by_who_runs_the_campaign(partners: Partners) -> None:
    await partners.opened(training_bodies=6, unions=5)
    company = done(await partners.answer(COMPANY, by="company"), 201)["id"]
    body = done(await partners.post("campaign-answers", "training_body", BODY, **as_body(GIVEN_BY_BODY)), 201)["id"]
    union = done(await partners.post("campaign-answers", "epci", **as_body(GIVEN_BY_UNION)), 201)["id"]
    reading = {
        ("epci", None): {company, body, union},
        ("network", None): {company, body, union},
        ("company", COMPANY): {company},
        ("company", NEIGHBOUR): set[str](),
        ("training_body", BODY): {body},
        ("steering", None): set[str](),
        ("ops", None): set[str](),
    }
    for (role, of), ids in reading.items():
        listed = done(await partners.get("campaign-answers", role, of))["items"]
        assert {each["id"] for each in listed} == ids, role
        for each in (company, body, union):
            status = 200 if each in ids else 404
            assert (await partners.get(f"campaign-answers/{each}", role, of)).status_code == status
    by_college = await partners.get("campaign-answers", college="unions", skills_campaign="gpect-2024")
    assert [each["id"] for each in done(by_college)["items"]] == [union]


async def test_nobody_answers_for_somebody_else(partners: Partners) -> None:
    await partners.opened(training_bodies=6, unions=5)
    other = await partners.post("campaign-answers", "company", NEIGHBOUR, **as_body(GIVEN))
    refused(other, 403, "not-your-record", "#/company")
    refused(
        await partners.post("campaign-answers", "company", COMPANY, **as_body(GIVEN_BY_UNION)), 403, "not-your-record"
    )
    refused(await partners.post("campaign-answers", "steering", **as_body(GIVEN)), 403, "role-missing")
    company = done(await partners.answer(COMPANY, by="company"), 201)["id"]
    for role, of in (("company", NEIGHBOUR), ("training_body", BODY)):
        told = {"workforce": as_body(GIVEN)["workforce"]}
        assert (await partners.post(f"campaign-answers/{company}/revise", role, of, **told)).status_code == 404
    again = done(await partners.post(f"campaign-answers/{company}/withdraw", "company", COMPANY, reason="other"))
    assert again["status"] == "withdrawn"
    done(await partners.answer(COMPANY, by="company"), 201)


async def test_bad_answers_have_problems_of_their_own(partners: Partners) -> None:
    await partners.opened()
    body = as_body(GIVEN)
    wrong = {**body["workforce"], "pyramid": {**body["workforce"]["pyramid"], "total": 43}}
    answer = await partners.post("campaign-answers", "company", COMPANY, **{**body, "workforce": wrong})
    problem = refused(answer, 409, "age-pyramid-does-not-add-up", "#/workforce")
    assert problem["parameters"] == {"persons": 42.0, "total": 43.0}
    assert problem["detail"] == "the bands of the age pyramid add up to 42, and its total is given as 43"
    negative = {**body["workforce"], "pyramid": {**body["workforce"]["pyramid"], "from_60": -1}}
    answer = await partners.post("campaign-answers", "company", COMPANY, **{**body, "workforce": negative})
    assert refused(answer, 422, "invalid", "#/workforce/pyramid/from_60")["errors"][0]["code"] == "told-persons"
    trade = {**body["workforce"]["occupations"][0], "rome": "H9999"}
    answer = await partners.post(
        "campaign-answers", "company", COMPANY, **{**body, "workforce": {**body["workforce"], "occupations": [trade]}}
    )
    assert refused(answer, 422, "invalid", "#/workforce/occupations/0/rome")["errors"][0]["code"] == "rome"


async def test_of_all_who_answer_at_once_each_does_once_and_no_more_than_were_asked(partners: Partners) -> None:
    await partners.opened(companies=3)
    same = await asyncio.gather(*(partners.answer(COMPANY) for _ in range(8)))
    assert Counter(answer.status_code for answer in same) == {201: 1, 409: 7}
    assert {refused(each, 409, "answered-already", "#/company")["status"] for each in same if each.is_error} == {409}
    others = await asyncio.gather(*(partners.answer(sample_siret(number)) for number in range(1, 8)))
    assert Counter(answer.status_code for answer in others) == {201: 2, 409: 5}
    for each in others:
        if each.is_error:
            refused(each, 409, "more-answers-than-asked", "#/college")
    fewer = await partners.post(f"{CAMPAIGN}/correct-asked", college="companies", asked=2, reason="typing_error")
    refused(fewer, 409, "more-answers-than-asked", "#/asked")


async def test_nobody_answers_a_campaign_that_closes_meanwhile(partners: Partners) -> None:
    await partners.opened()
    answers = await asyncio.gather(
        *(partners.answer(sample_siret(number)) for number in range(4)),
        partners.post(f"{CAMPAIGN}/close"),
        *(partners.answer(sample_siret(number)) for number in range(4, 8)),
    )
    (closing,) = [each for each in answers if str(each.request.url).endswith("/close")]
    closed = done(closing)
    given = [done(each, 201) for each in answers if each.status_code == 201]
    late = [each for each in answers if each.is_error]
    assert len(given) + len(late) == 8
    for each in late:
        refused(each, 409, "campaign-takes-no-answers", "#/skills_campaign")
    assert closed["status"] == "closed"
    # Nobody has looked at them yet, as no worker runs.
    if given:
        refused(await partners.post(f"{CAMPAIGN}/clean"), 409, "answers-not-looked-at")


async def test_it_closes_by_itself(partners: Partners, database: str) -> None:
    await partners.opened()
    async with Store.open(database, personal_key=PERSONAL_KEY) as store:
        assert await issue_due(store, app.deciders, clock.now()) == 0
        assert await issue_due(store, app.deciders, clock.now() + timedelta(days=8)) == 1
    closed = done(await partners.get(CAMPAIGN))
    assert (closed["status"], closed["closed_on"]) == ("closed", str(today() + timedelta(days=8)))


async def test_a_campaign_is_there_for_who_runs_it_and_the_committee_alone(partners: Partners) -> None:
    await partners.opened()
    for role, of, status in (
        ("epci", None, 200), ("network", None, 200), ("steering", None, 200),
        ("company", COMPANY, 404), ("ops", None, 404), ("region", None, 404),
    ):  # fmt: skip
        assert (await partners.get(CAMPAIGN, role, of)).status_code == status, role
        listed = done(await partners.get("skills-campaigns", role, of))["items"]
        assert len(listed) == (status == 200)
        # Nothing is published, which is told to those who know that there is a campaign.
        figures = await partners.get(f"{CAMPAIGN}/figures", role, of)
        refused(figures, *((409, "campaign-not-published") if status == 200 else (404, "not-found")))
    meaning = done(await partners.client.get("/problems/campaign-not-published"))
    assert (meaning["status"], meaning["title"]) == (409, "The campaign is not published")
    refused(await partners.get("skills-campaigns/gpect-1999/figures", "epci"), 404, "not-found")


# Files of answers


def written(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """Rows as a CSV file, with every column that any of them has."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def flat(value: Any, place: str = "") -> dict[str, Any]:
    """A body as the columns of a file have it."""
    if isinstance(value, dict | list | tuple):
        inner = value.items() if isinstance(value, dict) else enumerate(value)
        return {column: cell for name, each in inner for column, cell in flat(each, f"{place}{name}.").items()}
    return {} if value is None else {place.removesuffix("."): value}


@asynccontextmanager
async def importing(partners: Partners, database: str) -> AsyncIterator[Callable[..., Awaitable[dict[str, Any]]]]:
    """Sends a file as the community of communes and has it imported: how it ends, and what became of its lines."""
    headers = partners.bearer("epci")
    async with Store.open(database, personal_key=PERSONAL_KEY) as store:

        async def take(query: str, content: bytes, kind: str) -> dict[str, Any]:
            answer = await partners.client.post(
                f"/v1/imports{query}", content=content, headers={**headers, "Content-Type": kind}
            )
            assert answer.status_code == 202, answer.text
            assert await Importing(app, store).next()
            path = f"/v1/imports/{answer.json()['id']}"
            ended = done(await partners.client.get(path, headers=headers))
            report = done(await partners.client.get(f"{path}/report", headers=headers))
            return {**ended, "lines": report["items"]}

        yield take


async def test_answers_of_companies_are_imported_from_a_file_of_rows(partners: Partners, database: str) -> None:
    await partners.opened()
    body = as_body(GIVEN)
    two_trades = told_workforce(42, occupation("H2902"), occupation("H1404", 3)).model_dump()
    off_by_one = {**body["workforce"], "pyramid": {**body["workforce"]["pyramid"], "total": 41}}
    rows = [
        flat({**body, "company": sample_siret(0)}),
        flat({**body, "company": sample_siret(1), "workforce": two_trades}),
        flat({**body, "company": sample_siret(2), "workforce": off_by_one}),
        flat({**body, "company": sample_siret(30)}),
        flat({**body, "company": sample_siret(0)}),
        flat({**body, "company": sample_siret(3), "workforce": {**body["workforce"], "headcount": -1}}),
    ]
    async with importing(partners, database) as take:
        ended = await take("?path=/v1/campaign-answers", written(rows), "text/csv")
        assert ended["status"] == "refused"
        assert not await partners.statuses(), "one bad line, and none is begun"
        ended = await take("?path=/v1/campaign-answers&mode=partial", written(rows), "text/csv")
        assert (ended["done"], ended["refused"]) == (2, 4)
        problems = {line["line"]: line["problem"]["type"] for line in ended["lines"] if line["problem"]}
        assert {line: slug.rpartition("/")[2] for line, slug in problems.items()} == {
            4: "age-pyramid-does-not-add-up",
            5: "not-a-member",
            6: "answered-already",
            7: "invalid",
        }
    listed = done(await partners.get("campaign-answers", "epci"))["items"]
    trades = {each["company"]: [trade["rome"] for trade in each["workforce"]["occupations"]] for each in listed}
    assert trades == {sample_siret(0): ["H2902"], sample_siret(1): ["H2902", "H1404"]}


async def test_answers_of_other_colleges_are_imported_too(partners: Partners, database: str) -> None:
    await partners.opened(training_bodies=6, unions=5)
    unions = [flat({**as_body(GIVEN_BY_UNION), "respondent": f"acteur-{number}"}) for number in range(1, 4)]
    strange = flat({**as_body(GIVEN_BY_UNION), "respondent": "acteur-9", "company": COMPANY})
    async with importing(partners, database) as take:
        ended = await take("?path=/v1/campaign-answers", written(unions), "text/csv")
        assert (ended["done"], ended["refused"]) == (3, 0)
        ended = await take("?path=/v1/campaign-answers&mode=partial", written([strange, unions[0]]), "text/csv")
        slugs = [line["problem"]["type"].rpartition("/")[2] for line in ended["lines"]]
        assert slugs == ["respondent-of-another-college", "answered-already"]
        lines = [
            {"path": "/v1/campaign-answers", "body": as_body(event), "name": name}
            for name, event in (("company", GIVEN), ("body", GIVEN_BY_BODY))
        ] + [{"path": "/v1/campaign-answers/{body}/withdraw", "body": {"reason": "entered_by_mistake"}}]
        content = "\n".join(map(json.dumps, lines)).encode()
        assert (await take("", content, "application/jsonl"))["done"] == 3
    assert await partners.statuses() == {"given": 4, "withdrawn": 1}


# What the platform does


@pytest.mark.slow
async def test_a_campaign_is_cleaned_added_up_published_and_counted(database: str, kafka: str, issuer: Issuer) -> None:
    where = {"kafka_bootstrap": kafka, "territory": f"t{uuid.uuid4().hex[:8]}", "topic_partitions": 2}
    async with serving(database, issuer, worker=True, **where) as partners:
        await show_members(database)
        await partners.opened(companies=10, unions=4)
        sizes = {0: 42.0, 1: 40.0, 2: 60.0, 3: 10.0, 4: 42.5}
        for number, headcount in sizes.items():
            done(await partners.answer(sample_siret(number), told_workforce(headcount)), 201)
        for code in ("a", "b"):
            done(await partners.post("campaign-answers", **{**as_body(GIVEN_BY_UNION), "respondent": code}), 201)
        done(await partners.post(f"{CAMPAIGN}/close"))

        async def cleaned() -> bool:
            answer = await partners.post(f"{CAMPAIGN}/clean")
            if answer.is_error:
                refused(answer, 409, "answers-not-looked-at")
            return answer.is_success

        await until(cleaned)
        assert await partners.statuses() == {"retained": 5, "set_aside": 2}
        aside = done(await partners.get("campaign-answers", status="set_aside"))["items"]
        reasons = {each["company"]: each["reasons"] for each in aside}
        assert reasons == {
            sample_siret(3): ["pyramid_unlike_headcount"],
            sample_siret(4): ["fractions_of_persons"],
        }
        # Somebody has asked the company of 42.5, and takes the cleaning up again.
        done(await partners.post(f"{CAMPAIGN}/resume-cleaning"))
        (wrong,) = [each["id"] for each in aside if each["company"] == sample_siret(4)]
        done(await partners.post(f"campaign-answers/{wrong}/restore", reason="confirmed_by_respondent"))
        done(await partners.post(f"{CAMPAIGN}/clean"))
        refused(
            await partners.post(f"campaign-answers/{wrong}/set-aside", reason="other"),
            409,
            "campaign-not-being-cleaned",
        )

        async def published() -> bool:
            answer = await partners.post(f"{CAMPAIGN}/publish")
            if answer.is_error:
                refused(answer, 409, "figures-not-ready")
            return answer.is_success

        await until(published)

        async def counted() -> bool:
            return await partners.statuses() == {"counted": 6, "set_aside": 1}

        await until(counted)

        told = done(await partners.get(f"{CAMPAIGN}/figures", "company", NEIGHBOUR))
        assert (told["without"], told["excluded"], told["title"]) == (None, None, "Emplois et compétences, 2024")
        companies, unions = told["colleges"]
        assert companies == {
            "college": "companies", "asked": 10, "answered": 5, "set_aside": 1, "n": 4, "non_response": 5,
            "non_response_rate": 0.5,
        }  # fmt: skip
        assert (unions["n"], unions["non_response"]) == (2, 2)
        by_name = {each["figure"]: each for each in told["figures"]}
        assert (by_name["headcount"]["value"], by_name["headcount"]["n"]) == (184.5, 4)
        assert by_name["senior_share"]["value"] == round(8 / 42, 4)
        assert by_name["retirements_5y"]["value"] == 20
        assert (by_name["needs_in_5_years"]["rome"], by_name["needs_in_5_years"]["value"]) == ("H2902", 16)
        assert by_name["high_priority"] == {
            "figure": "high_priority", "college": "unions", "rome": "H2902", "value": None, "n": 2,
            "suppressed": "too_few",
        }  # fmt: skip
        # All whom they tell of have trades that it is hard to recruit for.
        assert (by_name["tension_share"]["value"], by_name["tension_share"]["suppressed"]) == (None, "all_alike")
        assert told["suppressed"] == 2
        for role, of in (("company", COMPANY), ("ops", None), ("region", None), ("afpa", None), ("town_hall", None)):
            told = refused(await partners.get(f"{CAMPAIGN}/figures", role, of, without="largest"), 403, "role-missing")
            assert told["detail"].startswith("without=largest asks for one of the roles")
        for role in ("epci", "network", "steering"):
            told = done(await partners.get(f"{CAMPAIGN}/figures", role, without="largest"))
            headcount = told["figures"][0]
            assert (told["excluded"], headcount["value"], headcount["n"]) == (LARGEST, 124.5, 3)
        answer = await partners.client.get(f"/v1/{CAMPAIGN}/figures")
        refused(answer, 401, "unauthenticated")
        answer = await partners.client.get(
            f"/v1/{CAMPAIGN}/figures", headers=partners.bearer("epci", scopes="companies:read")
        )
        refused(answer, 403, "scope-missing")
        refused(await partners.get(f"{CAMPAIGN}/figures", without="all"), 422, "invalid")
