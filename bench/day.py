"""What partners do all day, over all services: they record, and look at what is recorded."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import count
from random import Random
from typing import Any, Final
from uuid import uuid4

from bench.load import UnexpectedAnswer, reading, request
from contracts.model import PARIS
from contracts.values import sample_siret
from devstack.issuer import ROLES, Issuer
from devstack.running import SERVICES

HOSTS: Final = 20
"""Companies that all services know before the day begins; others join in the course of it."""
BIKES: Final = 50
_SCOPES: Final = [f"{service}:{access}" for service in SERVICES for access in ("read", "write")]
_COMPANY: Final = {"legal_form": "5710", "naf": "25.62B", "commune": "36088", "zone": "zi-limoise", "headcount": 42}

Sending = Callable[[str, bytes], Awaitable[bytes]]
"""Sends a request to a service, and gives the body of its answer. Raises UnexpectedAnswer."""


class Partners:
    """Who they are, and what they do."""

    def __init__(self, issuer: Issuer, *, commands: Sending, readings: Sending) -> None:
        self._issuer = issuer
        self._command = commands
        self._read = readings
        self._random = Random(1)
        self._numbers = count(1)
        self._hosts: list[str] = []
        self._bikes: list[str] = []
        """Those that stand at the station."""
        self._authorization = lru_cache(maxsize=1000)(self._sign)
        self._works: Sequence[Callable[[], Awaitable[None]]] = (
            self._company_joins,
            self._company_invests,
            self._company_reports,
            self._seeker_is_referred,
            self._company_offers_places,
            self._bike_is_lent,
            self._training_is_planned,
            self._action_is_proposed,
            self._committee_looks,
        )

    async def begin(self) -> None:
        """What is there before the day begins."""
        self._hosts += [await self._joined() for _ in range(HOSTS)]
        station = {"name": "Gare", "position": [1.974, 46.952], "code": "gare", "commune": "36088", "docks": 2 * BIKES}
        await self._does("mobility", "/v1/bike-stations", station)
        await self._does("mobility", "/v1/bike-stations/gare/enter-service", {})
        for number in range(BIKES):
            bike = f"velo-{number}"
            await self._does("mobility", "/v1/bikes", {"code": bike, "kind": "bike", "station": "gare"})
            self._bikes.append(bike)

    async def are_known(self) -> bool:
        """Whether those services that ask others for companies know them."""
        try:
            for host in self._hosts:
                await self._offers(host)
        except UnexpectedAnswer as refused:
            if "host-not-a-member" in str(refused):
                return False
            raise
        return True

    async def work(self) -> None:
        """Something of all that, as chance has it."""
        await self._random.choice(self._works)()

    async def report(self, headcount: float) -> str:
        """The first of the companies reports its headcount; the stream that tells."""
        await self._does(
            "companies", f"/v1/companies/{self._hosts[0]}/report-headcount", {"full_time_equivalents": headcount}
        )
        return f"company-{self._hosts[0]}"

    async def _company_joins(self) -> None:
        await self._reads("companies", f"/v1/companies/{await self._joined()}")

    async def _company_reports(self) -> None:
        siret = self._random.choice(self._hosts[1:])
        headcount = self._random.randrange(1, 400) / 4
        await self._does("companies", f"/v1/companies/{siret}/report-headcount", {"full_time_equivalents": headcount})
        await self._reads("companies", "/v1/companies?status=active&limit=20")

    async def _company_invests(self) -> None:
        company = self._random.choice(self._hosts)
        announced = {"company": company, "title": "Presse", "axis": 6, "amount": 450_000, "jobs_planned": 2}
        made = await self._does("companies", "/v1/investments", announced, company)
        path = f"/v1/investments/{made['id']}"
        for verb in ("approve", "commit", "start"):
            await self._does("companies", f"{path}/{verb}", {})
        await self._does("companies", f"{path}/complete", {"amount_spent": 440_000}, company)
        await self._reads("companies", path)

    async def _seeker_is_referred(self) -> None:
        seeker = _person("Sacha") | {"born_on": "1990-05-13"}
        told = {"agency": "mission_locale", "residence": "town", "seeker": seeker}
        made = await self._does("employment", "/v1/paths", told)
        await self._reads("employment", f"/v1/paths/{made['id']}")
        await self._reads("employment", "/v1/vacancies?limit=20")

    async def _company_offers_places(self) -> None:
        await self._offers(self._random.choice(self._hosts))
        await self._reads("youth-events", "/v1/offers?limit=20")

    async def _bike_is_lent(self) -> None:
        if not self._bikes:
            return
        bike = self._bikes.pop()
        borrower = _person("Noa") | {"email": "emprunt@example.org"}
        due = (datetime.now(PARIS) + timedelta(days=3)).replace(minute=0, second=0, microsecond=0).isoformat()
        loan = await self._does("mobility", "/v1/loans", {"bike": bike, "borrower": borrower, "due_back": due})
        await self._does("mobility", f"/v1/loans/{loan['id']}/take", {})
        await self._does("mobility", f"/v1/loans/{loan['id']}/return", {"returned_to": "gare"})
        self._bikes.append(bike)
        await self._reads("mobility", f"/v1/bikes/{bike}")

    async def _training_is_planned(self) -> None:
        course = {"certification": "RNCP35094", "hours": 560, "level": 3, "romes": ["H2913"], "title": "Usinage"}
        valid = {"valid_from": "2024-01-01", "valid_until": "2040-12-31"}
        made = await self._does("training", "/v1/courses", course | valid)
        starts, decided, ends = ((_today() + timedelta(days)).isoformat() for days in (90, 60, 240))
        slot = {"starts": "08:30", "ends": "12:00", "weekdays": ["monday", "tuesday"]}
        told = {"course": made["id"], "commune": "36088", "seats": 10, "minimum": 1, "slots": [slot]}
        when = {"starts_on": starts, "decision_on": decided, "ends_on": ends}
        session = await self._does("training", "/v1/sessions", told | when)
        await self._does("training", f"/v1/sessions/{session['id']}/open", {})
        await self._reads("training", f"/v1/sessions/{session['id']}")

    async def _action_is_proposed(self) -> None:
        until = (_today() + timedelta(365)).isoformat()
        sheet = {"axis": 1, "title": "Boucle d'eau", "pilot": "epci", "budget": 450_000, "indicators": ["members"]}
        planned = {"planned_from": _today().isoformat(), "planned_until": until}
        made = await self._does("indicators", "/v1/actions", sheet | planned)
        await self._reads("indicators", f"/v1/actions/{made['id']}")

    async def _committee_looks(self) -> None:
        await self._reads("indicators", "/v1/indicators/headcount?by=zone")
        await self._reads("indicators", "/v1/indicators/invested_productive")

    async def _joined(self) -> str:
        number = next(self._numbers)
        siret = sample_siret(number)
        await self._does("companies", "/v1/companies", {**_COMPANY, "siret": siret, "name": f"Exemple {number}"})
        await self._does("companies", f"/v1/companies/{siret}/activate", {})
        return siret

    async def _offers(self, company: str) -> None:
        week = (_today() + timedelta(weeks=self._random.randint(6, 30))).strftime("%G-W%V")
        told = {"company": company, "grade": "3e", "places": 1, "week": week}
        await self._does("youth-events", "/v1/offers", told)

    async def _does(
        self, service: str, path: str, body: Mapping[str, object], company: str = sample_siret(1)
    ) -> dict[str, Any]:
        headers = {"authorization": self._authorization(company), "idempotency-key": str(uuid4())}
        made: dict[str, Any] = json.loads(
            await self._command(service, request(path, json.dumps(body).encode(), headers))
        )
        return made

    async def _reads(self, service: str, path: str) -> None:
        await self._read(service, reading(path, {"authorization": self._authorization(sample_siret(1))}))

    def _sign(self, company: str) -> str:
        return f"Bearer {self._issuer.token(_SCOPES, ROLES, company=company, training_body=sample_siret(1))}"


def _person(begins: str) -> dict[str, str]:
    """Somebody whom nobody knows yet."""
    given = begins + "".join(chr(ord("a") + int(digit, 16)) for digit in uuid4().hex[:12])
    return {"family_name": "Exemple", "given_name": given}


def _today() -> date:
    return datetime.now(PARIS).date()
