"""Clients of the service, as the tests of its API call it: over HTTP, on a real database, with a member company."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import httpx
from pupils import COMPANY, PLACE, SCHOOL
from replays import calling

from contracts.companies.company import CompanyActivated
from devstack.issuer import Issuer
from devstack.mirrored import show
from devstack.prepared import prepare
from youth_events.app import app
from youth_events.members import members

DAY: Final = date(2024, 1, 15)
JOINED: Final = CompanyActivated(**PLACE, company=COMPANY, headcount=42, size_band="12", effective_on=DAY)
NEXT_MONTH: Final = (datetime.now(UTC).date() + timedelta(days=40)).isocalendar()
WEEK: Final = f"{NEXT_MONTH.year}-W{NEXT_MONTH.week:02}"
PUPIL: Final = {
    "family_name": "Exemple",
    "given_name": "Camille",
    "born_on": str(date.fromisocalendar(*NEXT_MONTH[:2], 1) - timedelta(days=14 * 366)),
}
TUTOR: Final = {"family_name": "Exemple", "given_name": "Dominique", "email": "tuteur@example.org"}


class Frontends:
    """Clients of the service, by the role that their token carries."""

    def __init__(self, client: httpx.AsyncClient, issuer: Issuer) -> None:
        self.client = client
        self._issuer = issuer

    def _bearer(self, by: str, of: str | None, scopes: str) -> dict[str, str]:
        claims: dict[str, Any] = {by: of} if of else {}
        return {"Authorization": f"Bearer {self._issuer.token(scopes, [by], **claims)}"}

    async def post(self, by: str, of: str | None, path: str, **body: Any) -> httpx.Response:
        headers = self._bearer(by, of, "youth-events:read youth-events:write")
        return await self.client.post(f"/v1/{path}", json=body, headers=headers)

    async def get(
        self, by: str, of: str | None, path: str, *, scopes: str = "youth-events:read", **query: Any
    ) -> httpx.Response:
        return await self.client.get(f"/v1/{path}", params=query, headers=self._bearer(by, of, scopes))

    async def offer(self, **changes: Any) -> str:
        """Opens an offer; returns its id."""
        body = {"company": COMPANY, "week": WEEK, "grade": "3e", "places": 1, **changes}
        return str(done(await self.post("company", COMPANY, "offers", **body), 201)["id"])

    async def ask(self, offer: str, *, school: str = SCHOOL, **changes: Any) -> httpx.Response:
        body = {"offer": offer, "company": COMPANY, "school": school, "pupil": {**PUPIL, **changes}}
        return await self.post("school", school, "placements", **body)

    async def agreed(self, offer: str, **changes: Any) -> str:
        """A placement that the company has validated; returns its id."""
        placement = str(done(await self.ask(offer, **changes), 201)["id"])
        done(await self.post("company", COMPANY, f"placements/{placement}/validate", tutor=TUTOR))
        return placement

    async def approve(self, placement: str, school: str = SCHOOL) -> httpx.Response:
        return await self.post("school", school, f"placements/{placement}/approve")


def done(answer: httpx.Response, status: int = 200) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert isinstance(body, dict)
    return body


def refused(answer: httpx.Response, status: int, slug: str) -> dict[str, Any]:
    body = done(answer, status)
    assert body["type"] == f"/youth-events/problems/{slug}", body
    return body


@asynccontextmanager
async def serving(database: str, issuer: Issuer, **where: Any) -> AsyncIterator[Frontends]:
    await prepare(database, app.all_migrations)
    await show(database, members, COMPANY, JOINED)
    async with calling(app, database, issuer, **where) as client:
        yield Frontends(client, issuer)


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Waits for what a worker does."""
    async with asyncio.timeout(30):
        while not await condition():  # noqa: ASYNC110  it is another process's or task's to do
            await asyncio.sleep(0.05)
