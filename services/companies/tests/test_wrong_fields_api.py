"""Bad input is told by its field, each kind as a problem of its own: over HTTP, of what a form alone cannot know."""

from datetime import timedelta
from typing import Any, Final

import pytest
from partners import FOUNDRY, MILL, Partners, done, member, problem

from service.clock import today

pytestmark = pytest.mark.anyio

API: Final = "/companies/v1"
TOMORROW: Final = (today() + timedelta(days=1)).isoformat()
METER: Final = {
    "company": FOUNDRY,
    "kind": "water",
    "reference": "C15FA-204417",
    "commune": "36088",
    "index": 1_000,
    "on": "2024-01-31",
}
SLIP: Final = {
    "company": FOUNDRY,
    "carrier": FOUNDRY,
    "treatment_site": FOUNDRY,
    "waste": "120109*",
    "description": "Émulsions d'usinage",
    "lot": "CUVE-02",
    "slip": "BSD-20240301-A1B2C3",
    "treatment_planned": "R3",
    "tonnes_planned": 12.5,
    "on": "2024-03-01",
}
HEAT: Final = {
    "company": FOUNDRY,
    "direction": "surplus",
    "kind": "heat",
    "unit": "kwh",
    "quantity": 1_000,
    "description": "Chaleur des fours",
    "commune": "36088",
    "first": "2024-03-01",
    "on": "2024-02-01",
}
PLOT: Final[dict[str, Any]] = {
    "code": "limoise-12",
    "name": "Lot 12",
    "zone": "zi-limoise",
    "commune": "36088",
    "parcels": ["36088000AB0012"],
    "outline": [[1.972, 46.951], [1.976, 46.951], [1.976, 46.953], [1.972, 46.951]],
    "area": 8_500,
}
UNIT: Final = {"code": "atelier-3", "name": "Atelier 3", "kind": "workshop", "commune": "36088", "area": 420}


async def refused(
    partners: Partners, path: str, body: dict[str, Any], slug: str, pointer: str | None, *, by: str = "company"
) -> None:
    """The command is refused for this, and points there, if anywhere."""
    answer = await partners.post(f"{API}/{path}", body, by=by, of=FOUNDRY if by == "company" else None)
    said = problem(answer, 409, slug)
    assert [fault["pointer"] for fault in said.get("errors", ())] == ([pointer] if pointer else [])


async def begun(partners: Partners, path: str, body: dict[str, Any], *steps: tuple[str, dict[str, Any]]) -> str:
    """The path of a record of the foundry's, after these steps."""
    made = done(await partners.post(f"{API}/{path}", body, by="company", of=FOUNDRY), 201)
    record = f"{path}/{made['id']}"
    for verb, step in steps:
        done(await partners.post(f"{API}/{record}/{verb}", step, by="company", of=FOUNDRY))
    return record


@pytest.mark.parametrize(
    ("path", "body", "slug", "pointer"),
    [
        ("meters", {**METER, "company": MILL}, "not-a-member", "#/company"),
        ("meters", {**METER, "on": TOMORROW}, "on-in-the-future", "#/on"),
        ("waste-movements", {**SLIP, "slip": None}, "slip-missing", "#/slip"),
        ("waste-movements", {**SLIP, "on": TOMORROW}, "on-in-the-future", "#/on"),
        ("flows", {**HEAT, "unit": "t"}, "unit-of-another-kind", "#/unit"),
        ("flows", {**HEAT, "kind": "waste", "unit": "t"}, "waste-code-missing", "#/waste"),
        ("flows", {**HEAT, "waste": "120109*"}, "waste-code-of-no-waste", "#/waste"),
        (
            "flows",
            {**HEAT, "kind": "water", "unit": "m3", "quantity": 1_000_001},
            "quantity-beyond-reason",
            "#/quantity",
        ),
        ("flows", {**HEAT, "last": "2024-02-29"}, "flow-ends-before-it-begins", "#/last"),
    ],
)
async def test_what_is_wrong_from_the_beginning(
    partners: Partners, path: str, body: dict[str, Any], slug: str, pointer: str
) -> None:
    await member(partners)
    answer = await partners.post(f"{API}/{path}", body, by="company", of=body["company"])
    assert [fault["pointer"] for fault in problem(answer, 409, slug)["errors"]] == [pointer]


READINGS: Final = (
    ("record-reading", {"index": 1_290, "on": "2024-02-29"}),
    ("replace", {"index": 1_600, "restarts_at": 0, "reason": "smart_meter", "on": "2024-03-31"}),
    ("record-reading", {"index": 200, "on": "2024-04-30"}),
)


@pytest.mark.parametrize(
    ("verb", "body", "slug", "pointer"),
    [
        ("record-reading", {"index": 199, "on": "2024-05-31"}, "index-falls", "#/index"),
        ("record-reading", {"index": 1_291, "on": "2024-02-29"}, "reading-exists", "#/on"),
        ("record-reading", {"index": 999, "on": "2024-01-30"}, "before-installation", "#/on"),
        ("record-reading", {"index": 990_000, "on": "2024-05-31"}, "consumption-beyond-reason", "#/index"),
        ("record-reading", {"index": 300, "on": TOMORROW}, "on-in-the-future", "#/on"),
        ("replace", {"index": 1, "restarts_at": 0, "reason": "faulty", "on": "2024-05-31"}, "index-falls", "#/index"),
        ("remove", {"index": 300, "reason": "supply_ended", "on": "2024-04-29"}, "read-later", "#/on"),
    ],
)
async def test_what_is_wrong_with_a_reading(
    partners: Partners, verb: str, body: dict[str, Any], slug: str, pointer: str
) -> None:
    await member(partners)
    meter = await begun(partners, "meters", METER, *READINGS)
    await refused(partners, f"{meter}/{verb}", body, slug, pointer)


@pytest.mark.parametrize(
    ("verb", "body", "slug", "pointer"),
    [
        ("correct-reading", {"reading": "2024-02-29", "index": 999}, "index-falls", "#/index"),
        # The index is not given, and is not at fault.
        ("correct-reading", {"reading": "2024-03-31", "restarts_at": 201}, "index-falls", "#/restarts_at"),
        ("correct-reading", {"reading": "2024-02-29", "restarts_at": 1}, "not-replaced", "#/restarts_at"),
        ("correct-reading", {"reading": "2024-02-29", "read_on": "2024-03-31"}, "reading-out-of-order", "#/read_on"),
        ("correct-reading", {"reading": "2024-03-31", "read_on": "2024-03-30"}, "day-of-a-step", "#/read_on"),
        ("correct-reading", {"reading": "2024-03-01", "index": 1}, "reading-unknown", "#/reading"),
        (
            "correct-reading",
            {"reading": "2024-02-29", "index": 1_280, "on": "2024-02-28"},
            "corrected-before-it-happened",
            "#/on",
        ),
        ("discard-reading", {"reading": "2024-03-31"}, "day-of-a-step", "#/reading"),
    ],
)
async def test_what_is_wrong_with_the_correction_of_a_reading(
    partners: Partners, verb: str, body: dict[str, Any], slug: str, pointer: str
) -> None:
    await member(partners)
    meter = await begun(partners, "meters", METER, *READINGS)
    await refused(partners, f"{meter}/{verb}", {**body, "reason": "misread"}, slug, pointer, by="epci")


async def test_what_is_wrong_with_a_meter_that_was_not_read_for_years(partners: Partners) -> None:
    await member(partners)
    meter = await begun(partners, "meters", {**METER, "on": "2018-01-31"})
    late = {"index": 1_500, "on": "2024-01-31"}
    await refused(partners, f"{meter}/record-reading", late, "period-too-long", "#/on")
    for day in ("2020-12-31", "2023-12-31"):
        done(
            await partners.post(f"{API}/{meter}/record-reading", {"index": 1_200, "on": day}, by="company", of=FOUNDRY)
        )
    discard = {"reading": "2020-12-31", "reason": "wrong_meter"}
    await refused(partners, f"{meter}/discard-reading", discard, "period-too-long", "#/reading", by="epci")


WAY: Final = (
    ("seal", {"on": "2024-03-02"}),
    ("sign", {"on": "2024-03-03"}),
    ("send", {"on": "2024-03-04", "tonnes_sent": 12.4}),
    ("receive", {"on": "2024-03-05", "tonnes_received": 12.1}),
    ("accept", {"on": "2024-03-06"}),
)
RECYCLED: Final = {"treatment": "R3", "mode": "recycling", "tonnes_processed": 12}


@pytest.mark.parametrize(
    ("changes", "slug", "pointer"),
    [
        ({"mode": "disposal"}, "mode-not-allowed", "#/mode"),
        ({"mode": None}, "mode-missing", "#/mode"),
        ({"treatment": "D13"}, "treatment-never-final", "#/mode"),
        ({"tonnes_processed": 12.2}, "processed-above-received", "#/tonnes_processed"),
        ({"on": TOMORROW}, "on-in-the-future", "#/on"),
        ({"on": "2024-03-05"}, "on-before-previous-step", "#/on"),
    ],
)
async def test_what_is_wrong_with_a_treatment(
    partners: Partners, changes: dict[str, Any], slug: str, pointer: str
) -> None:
    await member(partners)
    movement = await begun(partners, "waste-movements", SLIP, *WAY)
    await refused(partners, f"{movement}/process", {**RECYCLED, **changes}, slug, pointer)


async def test_what_is_wrong_with_the_correction_of_tonnes(partners: Partners) -> None:
    await member(partners)
    movement = await begun(partners, "waste-movements", SLIP, *WAY)
    path, correct = f"{movement}/correct-tonnes", {"reason": "weighing_error", "tonnes": 11.9}
    await refused(partners, path, {**correct, "weighing": "processed"}, "not-weighed", "#/weighing", by="epci")
    done(await partners.post(f"{API}/{movement}/process", RECYCLED, by="company", of=FOUNDRY))
    await refused(
        partners, path, {**correct, "weighing": "received"}, "processed-above-received", "#/tonnes", by="epci"
    )


@pytest.mark.parametrize(
    ("path", "body", "slug", "pointer"),
    [
        ("plots", {**PLOT, "parcels": ["36018000AB0012"]}, "parcels-elsewhere", "#/parcels"),
        ("plots", {**PLOT, "parcels": PLOT["parcels"] * 2}, "parcel-twice", "#/parcels"),
        ("units/atelier-3/reserve", {"begins_on": "2024-01-01"}, "lease-before-reservation", "#/begins_on"),
        ("units/atelier-3/reserve", {"held_until": "2024-02-01"}, "reservation-lapses-before-lease", "#/held_until"),
        ("units/atelier-3/reserve", {"held_until": "2030-02-01"}, "too-far-ahead", "#/held_until"),
        ("units/atelier-3/correct-area", {"since": "2023-12-31"}, "area-before-registration", "#/since"),
    ],
)
async def test_what_is_wrong_with_the_land(
    partners: Partners, path: str, body: dict[str, Any], slug: str, pointer: str
) -> None:
    done(await partners.post(f"{API}/units", {**UNIT, "on": "2024-01-08"}, by="epci"), 201)
    told: dict[str, dict[str, Any]] = {
        "plots": {},
        "units/atelier-3/reserve": {
            "company": FOUNDRY,
            "begins_on": "2024-03-01",
            "held_until": "2024-03-15",
            "on": "2024-02-01",
        },
        "units/atelier-3/correct-area": {"area": 410, "reason": "survey"},
    }
    await refused(partners, path, {**told[path], **body}, slug, pointer, by="epci")


async def test_where_no_field_is_at_fault_none_is_pointed_to(partners: Partners) -> None:
    await member(partners)
    movement = await begun(partners, "waste-movements", SLIP)
    await refused(partners, f"{movement}/sign", {}, "waste-movement-not-sealed", None)
