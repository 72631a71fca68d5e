"""Events and bookings as frontends of organisers and schools meet them: over HTTP, on a real database."""

import asyncio
import uuid
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from frontends import Frontends, done, refused, serving, until
from pupils import COMPANY, NEIGHBOUR, OTHER_SCHOOL, SCHOOL

from devstack.issuer import Issuer

pytestmark = pytest.mark.anyio

DAY: Final = str(datetime.now(UTC).date() + timedelta(days=60))
PLAN: Final[dict[str, Any]] = {
    "title": "Forum des métiers de l'industrie",
    "kind": "forum",
    "rome": ["H2902", "H2913"],
    "commune": "36088",
    "day": DAY,
    "starts": "09:00",
    "ends": "12:00",
    "capacity": 60,
}
PAST: Final = {"on": "2024-03-04", "day": "2024-05-16"}


@pytest.fixture
async def frontends(database: str, issuer: Issuer) -> AsyncIterator[Frontends]:
    """The service without a worker; the company is a member."""
    async with serving(database, issuer) as frontends:
        yield frontends


async def planned(frontends: Frontends, *steps: str, **changes: Any) -> str:
    """An event that the network has taken so far; returns its id."""
    body = {**PLAN, **changes}
    event = str(done(await frontends.post("network", None, "events", **body), 201)["id"])
    on = {"on": changes["on"]} if "on" in changes else {}
    for step in steps:
        done(await frontends.post("network", None, f"events/{event}/{step}", **on))
    return event


async def open_event(frontends: Frontends, **changes: Any) -> str:
    return await planned(frontends, "publish", "open", **changes)


async def book(frontends: Frontends, event: str, /, *, school: str = SCHOOL, **changes: Any) -> Any:
    body = {"event": event, "school": school, "class_label": "3e B", "level": "3e", "pupils": 28, "adults": 2}
    return await frontends.post("school", school, "class-bookings", **{**body, **changes})


async def test_of_fifty_schools_that_book_at_once_none_gets_a_place_that_is_not_there(frontends: Frontends) -> None:
    event = await open_event(frontends, capacity=60)
    answers = await asyncio.gather(
        *(book(frontends, event, class_label=f"3e {n}", pupils=7, adults=1) for n in range(50))
    )
    assert Counter(answer.status_code for answer in answers) == {201: 8, 409: 42}
    for answer in answers:
        if answer.is_error:
            problem = refused(answer, 409, "not-enough-places")
            assert problem["errors"][0]["pointer"] == "#/pupils"
            assert problem["parameters"]["limit"] == 60
    # 4 of 60 are left, for a class that is so small.
    last = refused(await book(frontends, event, class_label="ULIS", pupils=5, adults=1), 409, "not-enough-places")
    assert last["parameters"] == {"left": 4, "limit": 60}
    assert last["detail"] == "4 of 60 places are left"
    done(await book(frontends, event, class_label="ULIS", pupils=4, adults=1), 201)


async def test_an_event_keeps_the_places_that_are_booked(frontends: Frontends) -> None:
    event = await open_event(frontends)
    booking = done(await book(frontends, event), 201)["id"]
    other = done(await book(frontends, event, school=OTHER_SCHOOL, pupils=30), 201)["id"]
    change = f"events/{event}/change-capacity"
    fewer = refused(await frontends.post("town_hall", None, change, capacity=57), 409, "capacity-below-booked")
    assert fewer["parameters"] == {"taken": 58}
    done(await frontends.post("town_hall", None, change, capacity=58))
    numbers = {"pupils": 29, "adults": 2}
    answer = refused(
        await frontends.post("school", SCHOOL, f"class-bookings/{booking}/change-numbers", **numbers),
        409,
        "not-enough-places",
    )
    # What it has already is not counted against it: of 58 it may have what the other class has not.
    assert answer["parameters"] == {"left": 28, "limit": 58}
    done(await frontends.post("school", OTHER_SCHOOL, f"class-bookings/{other}/cancel", reason="no_transport"))
    done(await frontends.post("school", SCHOOL, f"class-bookings/{booking}/change-numbers", **numbers))


async def test_a_class_books_once(frontends: Frontends) -> None:
    event = await open_event(frontends)
    booking = done(await book(frontends, event, pupils=10, adults=1), 201)["id"]
    again = refused(await book(frontends, event, class_label="3E B", pupils=10, adults=1), 409, "class-booked")
    assert again["errors"][0]["pointer"] == "#/class_label"
    done(await book(frontends, event, school=OTHER_SCHOOL, pupils=10, adults=1), 201)
    done(await frontends.post("school", SCHOOL, f"class-bookings/{booking}/cancel", reason="no_adults"))
    done(await book(frontends, event, pupils=10, adults=1), 201)


async def test_what_cannot_be_has_a_problem_of_its_own_that_points_to_the_field(frontends: Frontends) -> None:
    event = await open_event(frontends, levels=["4e"])
    for changes, slug, pointer in (
        ({}, "level-not-expected", "#/level"),
        ({"level": "4e", "adults": 1}, "too-few-adults", "#/adults"),
        ({"event": str(uuid.uuid4())}, "event-unknown", "#/event"),
    ):
        problem = refused(await book(frontends, event, **changes), 409, slug)
        assert problem["errors"][0]["pointer"] == pointer
    named = refused(await book(frontends, event, class_label="Mme Exemple, Camille"), 422, "invalid")
    assert named["errors"][0]["pointer"] == "#/class_label"
    assert named["errors"][0]["code"] == "class-label"
    reversed_ = await frontends.post("network", None, "events", **{**PLAN, "ends": "08:00"})
    assert refused(reversed_, 409, "ends-before-it-starts")["errors"][0]["pointer"] == "#/ends"


async def test_a_report_waits_until_it_is_known_of_each_class_whether_it_came(frontends: Frontends) -> None:
    event = await open_event(frontends, **PAST)
    asked = {"on": "2024-03-18"}
    bookings = [
        done(await book(frontends, event, school=school, **asked), 201)["id"] for school in (SCHOOL, OTHER_SCHOOL)
    ]
    for booking in bookings:
        done(await frontends.post("network", None, f"class-bookings/{booking}/confirm", on="2024-03-20"))
    early = frontends.post("network", None, f"events/{event}/record-held", on="2024-05-15")
    refused(await early, 409, "before-its-day")
    came = {"girls": 13, "boys": 14, "adults": 2, "on": "2024-05-17"}
    record = f"class-bookings/{bookings[0]}/record-attendance"
    refused(await frontends.post("school", SCHOOL, record, **came), 409, "event-not-held")
    done(await frontends.post("network", None, f"events/{event}/record-held", on="2024-05-16"))
    done(await frontends.post("school", SCHOOL, record, **came))
    # The claims of bookings tell, whatever is counted yet: nothing is, without a worker.
    waiting = refused(await frontends.post("network", None, f"events/{event}/report"), 409, "attendance-missing")
    assert waiting["parameters"] == {"taken": 1}
    done(await frontends.post("network", None, f"class-bookings/{bookings[1]}/record-no-show", on="2024-05-17"))
    assert done(await frontends.post("network", None, f"events/{event}/report"))["status"] == "reported"


async def test_who_reads_what_of_events_and_bookings(frontends: Frontends) -> None:
    draft = await planned(frontends)
    event = await open_event(frontends, title="Visite de la fonderie", kind="visit")
    done(await frontends.post("network", None, f"events/{event}/add-company", company=COMPANY))
    booking = done(await book(frontends, event), 201)["id"]
    everybody = (("school", SCHOOL), ("company", NEIGHBOUR), ("france_travail", None), ("region", None))
    insiders = (("network", None), ("town_hall", None), ("steering", None), ("ops", None))
    for by, of in everybody:
        shown = done(await frontends.get(by, of, f"events/{event}"))
        assert (shown["title"], shown["companies"]) == ("Visite de la fonderie", [COMPANY])
        assert not {"classes", "participants"} & shown.keys()
        assert (await frontends.get(by, of, f"events/{draft}")).status_code == 404
        assert (await frontends.get(by, of, f"events/{draft}/events")).status_code == 404
        listed = done(await frontends.get(by, of, "events", sort="day", count="true"))
        assert ([item["id"] for item in listed["items"]], listed["count"]) == ([event], 1)
        assert done(await frontends.get(by, of, "events", status="draft"))["items"] == []
        assert done(await frontends.get(by, of, "events", q="forum"))["items"] == []
    for by, of in insiders:
        assert done(await frontends.get(by, of, f"events/{draft}"))["classes"] == []
        assert len(done(await frontends.get(by, of, "events"))["items"]) == 2
    # A draft is not there for who books, either.
    refused(await book(frontends, draft), 409, "event-unknown")
    for by, of in (("school", SCHOOL), *insiders[:3]):
        assert done(await frontends.get(by, of, f"class-bookings/{booking}"))["pupils"] == 28
    for by, of in (("school", OTHER_SCHOOL), ("company", COMPANY), ("ops", None)):
        assert (await frontends.get(by, of, f"class-bookings/{booking}")).status_code == 404
        assert done(await frontends.get(by, of, "class-bookings"))["items"] == []


async def test_the_screens_of_schools_and_organisers_find_what_they_show(frontends: Frontends) -> None:
    later = str(datetime.now(UTC).date() + timedelta(days=90))
    forum = await open_event(frontends)
    visit = await open_event(
        frontends, kind="visit", rome=["H2903"], day=later, title="Visite de l'usine", place="Quai 2"
    )
    done(await frontends.post("town_hall", None, f"events/{visit}/add-company", company=COMPANY))
    booking = done(await book(frontends, forum), 201)["id"]
    other = done(await book(frontends, visit, school=OTHER_SCHOOL, level="4e"), 201)["id"]

    async def found(by: str, of: str | None, path: str, **query: Any) -> list[str]:
        return [item["id"] for item in done(await frontends.get(by, of, path, **query))["items"]]

    for query in ({"kind": "visit"}, {"rome": "H2903"}, {"company": COMPANY}, {"day_from": later}, {"q": "quai"}):
        asked = {"companies": query["company"]} if "company" in query else query
        assert await found("school", SCHOOL, "events", **asked) == [visit], query
    assert await found("school", SCHOOL, "events", commune="36088", status="open", sort="-day") == [visit, forum]
    assert await found("school", SCHOOL, "class-bookings", status="requested") == [booking]
    assert await found("network", None, "class-bookings", school=OTHER_SCHOOL) == [other]
    assert await found("network", None, "class-bookings", event=forum, level="3e", q="3e") == [booking]
    assert await found("network", None, "class-bookings", sort="day") == [booking, other]


@pytest.mark.slow
async def test_an_event_fills_and_empties_by_itself_and_takes_its_bookings_along(
    database: str, kafka: str, issuer: Issuer
) -> None:
    where = {"kafka_bootstrap": kafka, "territory": f"t{uuid.uuid4().hex[:8]}", "topic_partitions": 2}
    async with serving(database, issuer, worker=True, **where) as frontends:
        event = await open_event(frontends, capacity=56)
        bookings = [done(await book(frontends, event, school=school), 201)["id"] for school in (SCHOOL, OTHER_SCHOOL)]

        async def is_so(path: str, **fields: Any) -> bool:
            state = done(await frontends.get("network", None, path))
            return {name: state[name] for name in fields} == fields

        await until(lambda: is_so(f"events/{event}", status="full", booked=56))
        refused(await book(frontends, event, class_label="3e C"), 409, "not-enough-places")
        cancel = f"class-bookings/{bookings[0]}/cancel"
        done(await frontends.post("school", SCHOOL, cancel, reason="class_unavailable"))
        await until(lambda: is_so(f"events/{event}", status="open", booked=28))
        done(await frontends.post("town_hall", None, f"events/{event}/cancel", reason="venue_unavailable"))
        await until(lambda: is_so(f"class-bookings/{bookings[1]}", status="cancelled", reason="event_cancelled"))
        await until(lambda: is_so(f"events/{event}", status="cancelled", booked=0))
