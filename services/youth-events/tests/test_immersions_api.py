"""Immersions as frontends of agencies and companies meet them, on a real database; links are used by the platform."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from datetime import datetime, time, timedelta
from typing import Any, Final

import pytest
from beneficiaries import DOCUMENT, OTHER_DOCUMENT
from frontends import DAY, Frontends, done, refused, serving, until
from pupils import COMPANY, NEIGHBOUR, PLACE, SCHOOL

from contracts.companies.company import CompanySuspended
from contracts.model import PARIS
from contracts.youth_events.immersion import Signatory
from devstack.issuer import Issuer
from devstack.mirrored import show
from devstack.prepared import PERSONAL_KEY
from eventstore.execution import Outcome, execute
from eventstore.issuing import OURS, issue_due
from eventstore.postgres.store import Store
from eventstore.refusal import Rejected
from youth_events.immersion import Immersion, Sign, immersions
from youth_events.members import members

pytestmark = pytest.mark.anyio

TODAY: Final = datetime.now(PARIS).date()
BEGINS: Final = TODAY + timedelta(days=28 - TODAY.weekday())  # a Monday
SUSPENDED: Final = CompanySuspended(
    **PLACE, company=COMPANY, reason="fee_unpaid", headcount_before=42, headcount=0, effective_on=DAY
)


def person(name: str, **more: str) -> dict[str, str]:
    return {"family_name": "Exemple", "given_name": name, "email": f"{name.lower()}@example.org", **more}


BENEFICIARY: Final = person("Camille", born_on="1999-04-02")
TERMS: Final[dict[str, Any]] = {
    "beneficiary": BENEFICIARY,
    "tutor": person("Dominique"),
    "representative": person("Claude"),
    "adviser": person("Sacha"),
    "objective": "confirm_project",
    "rome": "H2902",
    "begins_on": str(BEGINS),
    "ends_on": str(BEGINS + timedelta(days=11)),
    "weekdays": ["monday", "tuesday", "wednesday", "thursday", "friday"],
    "arrives": "09:00",
    "leaves": "17:00",
    "break_minutes": 60,
}


class Agencies:
    """Two agencies and a company, and who holds a link."""

    def __init__(self, frontends: Frontends, store: Store) -> None:
        self.frontends = frontends
        self.store = store

    async def prepare(self, agency: str = "mission_locale", by: str | None = None, **changes: Any) -> Any:
        body = {**TERMS, "agency": agency, "company": COMPANY, **changes}
        return await self.frontends.post(by or agency, None, "immersions", **body)

    async def prepared(self, **changes: Any) -> str:
        return str(done(await self.prepare(**changes), 201)["id"])

    async def sign(
        self, immersion: str, signatory: Signatory, link: int, document: str = DOCUMENT
    ) -> Outcome[Immersion]:
        command = Sign(signatory=signatory, link=link, document=document)
        now = datetime.now(PARIS)
        return await execute(self.store, immersions, command, identity=immersion, actor=OURS, now=now, metadata="{}")

    async def signed(self, **changes: Any) -> str:
        """An immersion that all have signed."""
        immersion = await self.prepared(**changes)
        shown = done(await self.frontends.get("ops", None, f"immersions/{immersion}"))
        for link in shown["links"]:
            await self.sign(immersion, link["signatory"], link["number"])
        return immersion

    async def decide(self, immersion: str, decision: str, by: str = "mission_locale", **body: Any) -> Any:
        of = COMPANY if by == "company" else None
        return await self.frontends.post(by, of, f"immersions/{immersion}/{decision}", **body)


@pytest.fixture
async def agencies(database: str, issuer: Issuer) -> AsyncIterator[Agencies]:
    """The service without a worker; the company is a member."""
    async with (
        serving(database, issuer) as frontends,
        Store.open(database, personal_key=PERSONAL_KEY) as store,
    ):
        yield Agencies(frontends, store)


async def test_a_minor_s_immersion_from_the_first_link_over_four_signatures_and_an_edit_to_the_first_day(
    agencies: Agencies,
) -> None:
    minor = person("Alix", born_on=str(BEGINS.replace(year=BEGINS.year - 17, day=1)))
    told: dict[str, Any] = {"beneficiary": minor, "guardian": person("Lou")}
    immersion = await agencies.prepared(**told)
    shown = done(await agencies.frontends.get("mission_locale", None, f"immersions/{immersion}"))
    assert (shown["age_band"], shown["presence_days"], shown["weekly_minutes"]) == ("16_or_17", 10, 2100)
    assert [link["signatory"] for link in shown["links"]] == ["beneficiary", "guardian", "company", "agency"]
    await agencies.sign(immersion, "guardian", 2)
    await agencies.sign(immersion, "company", 3)
    edit: dict[str, Any] = {**TERMS, **told, "leaves": "16:30"}
    edited = done(await agencies.decide(immersion, "amend", **edit))
    assert (edited["status"], edited["terms"], edited["document"]) == ("ready_to_sign", 2, None)
    (last,) = done(await agencies.frontends.get("ops", None, f"immersions/{immersion}/events"))["items"][-1:]
    assert (last["type"], last["data"]["voided"]) == ("ImmersionAmended", ["guardian", "company"])
    with pytest.raises(Rejected, match="this link is good no longer"):
        await agencies.sign(immersion, "beneficiary", 1)
    for number, link in enumerate(edited["links"], 1):
        signed = await agencies.sign(immersion, link["signatory"], link["number"], OTHER_DOCUMENT)
        assert signed.state.status == ("in_review" if number == 4 else "partially_signed")
    accepted = done(await agencies.decide(immersion, "accept"))
    assert (accepted["status"], accepted["document"]) == ("accepted", OTHER_DOCUMENT)
    early = refused(await agencies.decide(immersion, "start", by="company"), 409, "outside-the-period")
    assert early["parameters"] == {"begins_on": str(BEGINS), "ends_on": TERMS["ends_on"]}


async def test_nobody_signs_over_the_api(agencies: Agencies) -> None:
    immersion = await agencies.prepared()
    body: dict[str, Any] = {"signatory": "agency", "link": 3, "document": DOCUMENT}
    for decision in ("sign", "remind"):
        answer = await agencies.decide(immersion, decision, **body)
        assert answer.status_code == 404, answer.text


async def test_a_link_that_fifty_use_at_once_is_used_once(agencies: Agencies) -> None:
    immersion = await agencies.prepared()
    tried = await asyncio.gather(
        *(agencies.sign(immersion, "company", 2, (DOCUMENT, OTHER_DOCUMENT)[n % 2]) for n in range(50)),
        return_exceptions=True,
    )
    refusals = [each for each in tried if isinstance(each, BaseException)]
    assert len(refusals) == 49
    assert {each.slug for each in refusals if isinstance(each, Rejected)} == {"signature-link-used"}
    assert all(isinstance(each, Rejected) for each in refusals)
    shown = done(await agencies.frontends.get("ops", None, f"immersions/{immersion}"))
    assert [bool(link["signed_on"]) for link in shown["links"]] == [False, True, False]


async def test_of_many_immersions_of_one_person_that_are_accepted_at_once_one_is(agencies: Agencies) -> None:
    prepared = [
        await agencies.signed(
            agency=("mission_locale", "france_travail")[n % 2], beneficiary={**BENEFICIARY, "phone": None}
        )
        for n in range(8)
    ]
    later = {"begins_on": str(BEGINS + timedelta(days=12)), "ends_on": str(BEGINS + timedelta(days=20))}
    next_one = await agencies.signed(**later)
    accepting = [
        agencies.decide(each, "accept", by=("mission_locale", "france_travail")[n % 2])
        for n, each in enumerate(prepared)
    ]
    answers = await asyncio.gather(*accepting)
    (won,) = [answer.json() for answer in answers if answer.is_success]
    for answer in answers:
        if answer.is_error:
            assert refused(answer, 409, "in-another-immersion")["collides_with"] == won["id"]
    done(await agencies.decide(next_one, "accept"))
    # Once that one is given up, another takes its place.
    done(await agencies.decide(won["id"], "cancel", by=won["agency"], reason="found_work"))
    other = next(each for each in prepared if each != won["id"])
    agency = done(await agencies.frontends.get("ops", None, f"immersions/{other}"))["agency"]
    done(await agencies.decide(other, "accept", by=agency))


async def test_what_the_law_does_not_allow_has_a_problem_of_its_own(agencies: Agencies) -> None:
    young = {**BENEFICIARY, "born_on": str(BEGINS.replace(year=BEGINS.year - 15, day=1))}
    cases: list[tuple[dict[str, Any], str, list[str]]] = [
        ({"beneficiary": young}, "immersion-under-age", ["#/beneficiary"]),
        ({"ends_on": str(BEGINS + timedelta(days=30))}, "immersion-too-long", ["#/ends_on"]),
        ({"weekdays": [*TERMS["weekdays"], "saturday"], "leaves": "19:00"}, "immersion-hours-beyond-the-law", []),
        ({"tutor": person("Camille")}, "tutor-is-beneficiary", ["#/tutor"]),
        ({"guardian": person("Lou")}, "guardian-of-an-adult", ["#/guardian"]),
        ({"begins_on": str(TODAY - timedelta(days=1))}, "immersion-has-begun", ["#/begins_on"]),
    ]
    for changes, slug, pointers in cases:
        said = refused(await agencies.prepare(**changes), 409, slug)
        assert [fault["pointer"] for fault in said.get("errors", [])] == pointers
        assert "Exemple" not in str(said)
    refused(await agencies.prepare(rome="Z9999"), 422, "invalid")


async def test_an_agency_prepares_its_own_and_both_read_all(agencies: Agencies) -> None:
    said = refused(await agencies.prepare("france_travail", by="mission_locale"), 403, "not-your-record")
    assert [fault["pointer"] for fault in said["errors"]] == ["#/agency"]
    immersion = await agencies.prepared()
    refused(
        await agencies.decide(immersion, "revoke-link", by="france_travail", signatory="agency"), 403, "not-your-record"
    )
    refused(await agencies.decide(immersion, "amend", by="company", **TERMS), 403, "role-missing")
    frontends = agencies.frontends
    for by, of in (("mission_locale", None), ("france_travail", None), ("ops", None), ("company", COMPANY)):
        seen = await frontends.get(by, of, f"immersions/{immersion}")
        assert done(seen)["status"] == "ready_to_sign"
        assert "Camille" not in seen.text
        query = {"company": COMPANY, "status": "ready_to_sign", "agency": "mission_locale", "sort": "begins_on"}
        assert [item["id"] for item in done(await frontends.get(by, of, "immersions", **query))["items"]] == [immersion]
    for by, of in (("company", NEIGHBOUR), ("school", SCHOOL), ("network", None), ("steering", None)):
        assert (await frontends.get(by, of, f"immersions/{immersion}")).status_code == 404
        assert done(await frontends.get(by, of, "immersions"))["items"] == []
    scopes = "youth-events:read youth-events:personal"
    known = done(await frontends.get("mission_locale", None, f"immersions/{immersion}", scopes=scopes))["personal"]
    assert known["beneficiary"] == {**BENEFICIARY, "phone": None}
    assert known.keys() == {"beneficiary", "tutor", "representative", "adviser"}


async def test_a_company_that_was_suspended_a_moment_ago_takes_nobody_in(agencies: Agencies, database: str) -> None:
    signed = await agencies.signed()
    await show(database, members, COMPANY, SUSPENDED)
    refused(await agencies.prepare(), 409, "host-not-a-member")
    refused(await agencies.decide(signed, "accept"), 409, "host-not-a-member")


async def test_who_has_not_signed_is_reminded_when_it_is_due(agencies: Agencies) -> None:
    immersion = await agencies.prepared()
    await agencies.sign(immersion, "company", 2)
    told = []
    for days in (2, 3, 7, 13, 14, 20):
        at = datetime.combine(TODAY + timedelta(days=days), time(6), PARIS)
        while await issue_due(agencies.store, {"immersion": immersions}, at):
            pass
        events = done(await agencies.frontends.get("ops", None, f"immersions/{immersion}/events"))["items"]
        told.append([event["data"]["signatories"] for event in events if event["type"] == "ImmersionReminded"])
    both = ["beneficiary", "agency"]
    assert told == [[], [both], [both, both], [both] * 3, [both] * 3, [both] * 3]
    shown = done(await agencies.frontends.get("ops", None, f"immersions/{immersion}"))
    assert shown["reminded_on"] == str(TODAY + timedelta(days=13))


@pytest.mark.slow
async def test_nobody_waits_for_who_was_erased(database: str, kafka: str, issuer: Issuer) -> None:
    where = {"kafka_bootstrap": kafka, "territory": f"t{uuid.uuid4().hex[:8]}", "topic_partitions": 2}
    async with (
        serving(database, issuer, worker=True, **where) as frontends,
        Store.open(database, personal_key=PERSONAL_KEY) as store,
    ):
        agencies = Agencies(frontends, store)
        immersion, other = (
            await agencies.prepared(),
            await agencies.prepared(beneficiary=person("Noa", born_on="1990-01-01")),
        )
        person_id = done(await frontends.get("ops", None, f"immersions/{immersion}"))["beneficiary"]
        done(await frontends.post("ops", None, "erasures", person=person_id, reason="request"), 201)

        async def given_up() -> bool:
            return bool(done(await frontends.get("ops", None, f"immersions/{immersion}"))["reason"] == "person_erased")

        await until(given_up)
        assert done(await frontends.get("ops", None, f"immersions/{other}"))["status"] == "ready_to_sign"
