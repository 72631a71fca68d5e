"""For how many employees a zone's services are sized, as its members tell it, and what there is for them."""

from collections.abc import AsyncIterator
from datetime import date
from typing import Any, Final

import httpx
import pytest
from replays import calling

from contracts.companies.company import CompanyActivated, CompanyLeft, HeadcountReported
from contracts.values import sample_siret
from devstack.issuer import Issuer
from devstack.mirrored import show
from devstack.prepared import prepare
from mobility.app import app
from mobility.members import members

pytestmark = pytest.mark.anyio

DAY: Final = date(2024, 1, 15)
COMPANY: Final = sample_siret(1)


def told(**more: Any) -> dict[str, Any]:
    return {"company": COMPANY, "naf": "25.62B", "commune": "36088", "zone": "zi-limoise", "effective_on": DAY, **more}


ACTIVATED: Final = CompanyActivated(**told(), headcount=42, size_band="12")
REPORTED: Final = HeadcountReported(**told(), headcount_before=42, headcount=40.5, size_band="12")
LEFT: Final = CompanyLeft(**told(), reason="moved", headcount_before=40.5, headcount=0)


@pytest.fixture
async def client(database: str, issuer: Issuer) -> AsyncIterator[httpx.AsyncClient]:
    await prepare(database, app.all_migrations)
    async with calling(app, database, issuer) as client:
        yield client


async def test_a_zone_is_sized_for_what_its_members_told_last(
    client: httpx.AsyncClient, database: str, issuer: Issuer
) -> None:
    headers = {"Authorization": f"Bearer {issuer.token('mobility:read mobility:write', ['epci'])}"}
    parking = {
        "code": "limoise-velos", "name": "Limoise", "commune": "36088", "zone": "zi-limoise", "position": [1.97, 46.95],
        "fastening": "frame", "places": 10, "cargo_places": 0,
    }  # fmt: skip
    (await client.post("/v1/bike-parkings", json=parking, headers=headers)).raise_for_status()
    (await client.post("/v1/bike-parkings/limoise-velos/enter-service", headers=headers)).raise_for_status()
    for events, staff, companies, share in (
        ((), 0, 0, None),
        ((ACTIVATED,), 42, 1, 23.8),
        ((ACTIVATED, REPORTED), 40.5, 1, 24.7),
        ((ACTIVATED, REPORTED, LEFT), 0, 0, None),
    ):
        await show(database, members, COMPANY, *events)
        answer = await client.get("/v1/zones", headers=headers)
        zone = next(each for each in answer.json()["items"] if each["zone"] == "zi-limoise")
        assert (zone["staff"], zone["companies"], zone["bike_parking_places"]) == (staff, companies, 10)
        assert zone["bike_parking_places_per_100_staff"] == share
        assert zone["name"]["fr"] == "ZI la Limoise"


async def test_what_a_single_company_has_for_a_headcount_is_for_who_plans(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    for role, status in (("network", 200), ("town_hall", 200), ("company", 403), ("school", 403)):
        headers = {"Authorization": f"Bearer {issuer.token('mobility:read', [role])}"}
        assert (await client.get("/v1/zones", headers=headers)).status_code == status
