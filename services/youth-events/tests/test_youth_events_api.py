"""The service as frontends of schools and companies meet it: over HTTP, on a real database."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from typing import Any, Final

import pytest
from frontends import DAY, PUPIL, TUTOR, WEEK, Frontends, done, refused, serving, until
from pupils import COMPANY, NEIGHBOUR, OTHER_SCHOOL, PLACE, SCHOOL

from contracts.companies.company import CompanySuspended
from devstack.issuer import Issuer
from devstack.mirrored import show
from youth_events.members import members

pytestmark = pytest.mark.anyio

SUSPENDED: Final = CompanySuspended(
    **PLACE, company=COMPANY, reason="fee_unpaid", headcount_before=42, headcount=0, effective_on=DAY
)


@pytest.fixture
async def frontends(database: str, issuer: Issuer) -> AsyncIterator[Frontends]:
    """The service without a worker; the company is a member."""
    async with serving(database, issuer) as frontends:
        yield frontends


async def test_a_company_that_was_suspended_a_moment_ago_hosts_nobody_new(frontends: Frontends, database: str) -> None:
    offer = await frontends.offer(places=3)
    asked = done(await frontends.ask(offer), 201)["id"]
    agreed = await frontends.agreed(offer, given_name="Alix")
    placed = await frontends.agreed(offer, given_name="Sacha")
    done(await frontends.approve(placed))
    await show(database, members, COMPANY, SUSPENDED)
    answer = refused(await frontends.ask(offer, given_name="Lou"), 409, "host-not-a-member")
    assert answer["parameters"] == {"company": COMPANY, "status": "suspended"}
    validate = frontends.post("company", COMPANY, f"placements/{asked}/validate", tutor=TUTOR)
    refused(await validate, 409, "host-not-a-member")
    refused(await frontends.approve(agreed), 409, "host-not-a-member")
    # What is approved goes on.
    hours = {"weekdays": ["monday"], "arrives": "09:00", "leaves": "16:00", "break_minutes": 60}
    done(await frontends.post("school", SCHOOL, f"placements/{placed}/draw-up-agreement", **hours))
    # Where the mirror lags, nobody is refused for what may have changed.
    await show(database, members, COMPANY, SUSPENDED, current=False)
    refused(await frontends.ask(offer, given_name="Lou"), 503, "mirror-behind")


async def test_what_cannot_be_has_a_problem_of_its_own(frontends: Frontends) -> None:
    body = {"company": COMPANY, "grade": "3e", "places": 1}
    answer = refused(await frontends.post("company", COMPANY, "offers", **body, week="2027-W53"), 422, "invalid")
    (fault,) = answer["errors"]
    assert fault["pointer"] == "#/week"
    assert fault["detail"].startswith("a week is written as in 2027-W05, and the year must have it")
    offer = await frontends.offer()
    young = refused(await frontends.ask(offer, born_on="2020-01-02"), 409, "pupil-too-young")
    assert young["parameters"] == {"grade": "3e", "youngest": 12}
    refused(await frontends.ask(str(uuid.uuid4())), 409, "offer-unknown")
    unchecked = await frontends.post("school", SCHOOL, "placements", offer=offer, company=COMPANY, school="0360024G")
    refused(unchecked, 422, "invalid")


async def test_two_schools_that_approve_at_once_share_no_place(frontends: Frontends) -> None:
    offer = await frontends.offer(places=1)
    ours = await frontends.agreed(offer)
    theirs = await frontends.agreed(offer, school=OTHER_SCHOOL, given_name="Alix")
    answers = await asyncio.gather(frontends.approve(ours), frontends.approve(theirs, OTHER_SCHOOL))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    refused(next(answer for answer in answers if answer.is_error), 409, "no-place-left")


async def test_an_offer_keeps_the_places_that_are_taken(frontends: Frontends) -> None:
    offer = await frontends.offer(places=3)
    for name in ("Alix", "Sacha"):
        done(await frontends.approve(await frontends.agreed(offer, given_name=name)))
    change = frontends.post("company", COMPANY, f"offers/{offer}/change-places", places=1)
    refused(await change, 409, "no-place-left")
    done(await frontends.post("company", COMPANY, f"offers/{offer}/change-places", places=2))
    third = await frontends.agreed(offer, given_name="Lou")
    refused(await frontends.approve(third), 409, "no-place-left")


async def test_a_pupil_is_in_one_company_a_week(frontends: Frontends) -> None:
    one, other = await frontends.offer(), await frontends.offer()
    first, second = await frontends.agreed(one), await frontends.agreed(other)
    refused(await frontends.ask(one, family_name="  EXEMPLE"), 409, "already-asked")
    done(await frontends.approve(first))
    refused(await frontends.approve(second), 409, "pupil-placed")
    done(await frontends.post("school", SCHOOL, f"placements/{first}/cancel", reason="pupil_withdrew"))
    done(await frontends.approve(second))


async def test_who_reads_what_of_offers_and_placements(frontends: Frontends) -> None:
    offer = await frontends.offer(places=2)
    placement = await frontends.agreed(offer)
    shown = done(await frontends.get("school", OTHER_SCHOOL, f"offers/{offer}"))
    assert (shown["places"], shown["taken"]) == (2, 0)
    assert "taken_by" not in shown
    assert done(await frontends.get("company", COMPANY, f"offers/{offer}"))["taken_by"] == []
    for by, of in (("school", SCHOOL), ("company", COMPANY), ("network", None), ("town_hall", None), ("ops", None)):
        seen = await frontends.get(by, of, f"placements/{placement}")
        assert done(seen)["status"] == "employer_validated"
        assert "personal" not in seen.json()
        assert "Camille" not in seen.text
    for by, of in (("school", OTHER_SCHOOL), ("company", NEIGHBOUR), ("steering", None), ("france_travail", None)):
        assert (await frontends.get(by, of, f"placements/{placement}")).status_code == 404
        assert done(await frontends.get(by, of, "placements"))["items"] == []
    scopes = "youth-events:read youth-events:personal"
    known = done(await frontends.get("school", SCHOOL, f"placements/{placement}", scopes=scopes))["personal"]
    assert known == {"pupil": PUPIL, "tutor": {**TUTOR, "phone": None}}


async def test_the_screens_of_a_school_and_a_company_find_what_they_show(frontends: Frontends) -> None:
    offer, other = await frontends.offer(places=2), await frontends.offer(grade="4e")
    agreed = await frontends.agreed(offer)
    asked = done(await frontends.ask(offer, school=OTHER_SCHOOL, given_name="Alix"), 201)["id"]

    async def found(by: str, of: str, path: str, **query: Any) -> list[str]:
        return [item["id"] for item in done(await frontends.get(by, of, path, **query))["items"]]

    assert await found("school", SCHOOL, "placements", status="employer_validated", week=WEEK) == [agreed]
    assert await found("school", SCHOOL, "placements", status="submitted") == []
    assert sorted(await found("company", COMPANY, "placements", offer=offer, grade="3e")) == sorted([agreed, asked])
    assert await found("company", COMPANY, "placements", school=OTHER_SCHOOL) == [asked]
    assert await found("school", SCHOOL, "offers", grade="4e", status="open") == [other]
    assert set(await found("school", SCHOOL, "offers", week=WEEK, sort="-places")) == {offer, other}
    assert await found("school", SCHOOL, "offers", q=COMPANY[:9], limit=1, sort="-places") == [offer]


@pytest.mark.slow
async def test_what_follows_from_an_approval_and_a_withdrawal_follows_by_itself(
    database: str, kafka: str, issuer: Issuer
) -> None:
    where = {"kafka_bootstrap": kafka, "territory": f"t{uuid.uuid4().hex[:8]}", "topic_partitions": 2}
    async with serving(database, issuer, worker=True, **where) as frontends:

        async def state(path: str) -> dict[str, Any]:
            return done(await frontends.get("network", None, path))

        one, other = await frontends.offer(), await frontends.offer(places=2)
        mine, rival = await frontends.agreed(one), await frontends.agreed(other)
        waiting = await frontends.agreed(other, given_name="Alix")
        done(await frontends.approve(mine))

        async def follows() -> bool:
            offer, placement = await state(f"offers/{one}"), await state(f"placements/{rival}")
            return bool(offer["status"] == "full" and placement["status"] == "cancelled")

        await until(follows)
        assert (await state(f"placements/{rival}"))["reason"] == "another_approved"
        done(await frontends.post("company", COMPANY, f"placements/{mine}/cancel", reason="no_tutor"))

        async def freed() -> bool:
            return bool((await state(f"offers/{one}"))["status"] == "open")

        await until(freed)
        done(await frontends.post("company", COMPANY, f"offers/{other}/withdraw", reason="no_tutor"))

        async def given_up() -> bool:
            return bool((await state(f"placements/{waiting}"))["reason"] == "offer_withdrawn")

        await until(given_up)
