"""Clients that do the programme's daily work, and keep a record of their own of what they were answered."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final, Literal

import httpx

from contracts.values import sample_siret
from devstack.issuer import ROLES
from devstack.running import SERVICES
from drills.programme import Programme

Outcome = Literal["ok", "failed", "unknown"]
_SCOPES: Final = " ".join(f"{name}:{what}" for name in SERVICES for what in ("read", "write", "personal"))


@dataclass
class Sent:
    """A command, and what its client knows of it."""

    service: str
    path: str
    body: dict[str, Any]
    key: str
    """Its idempotency key, and its correlation id: by that it is found in stores and topics."""
    outcome: Outcome = "unknown"
    """`failed` had no effect for sure. Of what is `unknown` nobody can tell before looking."""
    answered_at: float = 0.0
    answer: dict[str, Any] = field(default_factory=dict)


@dataclass
class Person:
    """Somebody whom a service was told of."""

    service: str
    name: str
    """A given name that nobody else has."""
    record: str
    """Where the service shows it."""
    subject: str
    named_at: float
    erased: bool | None = False
    """None where nobody can tell: it was asked for, and not answered."""
    asked_at: float = 0.0
    """When it was asked for."""


class Refused(Exception):
    """A command that was to succeed had another end; what the client does next rests on it."""


class Clients:
    """Companies that join, invest and find people, and an agency that accompanies these; `sent` and `persons` are what
    they remember."""

    def __init__(self, programme: Programme, http: httpx.AsyncClient) -> None:
        self.sent: list[Sent] = []
        self.persons: list[Person] = []
        self.investments: list[str] = []
        """Those that were completed, and so have posts proposed."""
        self._programme = programme
        self._http = http
        self._numbers = count(1)

    def _headers(self, company: str) -> dict[str, str]:
        token = self._programme.issuer.token(_SCOPES, ROLES, company=company)
        return {"Authorization": f"Bearer {token}"}

    async def send(
        self, service: str, path: str, body: dict[str, Any], *, company: str = "", key: str | None = None
    ) -> Sent:
        """Sends a command once. It is remembered before it goes out."""
        sent = Sent(service, path, body, key or str(uuid.uuid4()))
        self.sent.append(sent)
        headers = self._headers(company or sample_siret(1))
        headers |= {"Idempotency-Key": sent.key, "X-Correlation-ID": sent.key}
        try:
            answer = await self._http.post(self._url(service, path), json=body, headers=headers)
        except httpx.TransportError:
            return sent
        sent.answered_at = time.monotonic()
        if answer.is_success:
            sent.outcome, sent.answer = "ok", answer.json()
        elif answer.is_client_error or answer.json()["type"].endswith("/store-unconfirmed"):
            sent.outcome, sent.answer = "failed", answer.json()
        return sent

    async def does(self, service: str, path: str, body: dict[str, Any], *, company: str = "") -> dict[str, Any]:
        """Sends a command that succeeds. Raises Refused."""
        sent = await self.send(service, path, body, company=company)
        if sent.outcome != "ok":
            raise Refused(f"{sent.outcome} {sent.answer}: {service}{path} {body}")
        return sent.answer

    async def reads(self, service: str, path: str) -> httpx.Response:
        """What a service shows."""
        return await self._http.get(self._url(service, path), headers=self._headers(sample_siret(1)))

    def _url(self, service: str, path: str) -> str:
        return f"http://127.0.0.1:{self._programme.ports[service]}/{service}{path}"

    async def company_joins(self) -> str:
        """A company becomes a member. Returns its SIRET."""
        company = self.applies(next(self._numbers))
        await self.does("companies", "/v1/companies", company)
        await self.does("companies", f"/v1/companies/{company['siret']}/activate", {})
        return str(company["siret"])

    def applies(self, number: int) -> dict[str, Any]:
        """What a company tells that wants to be a member."""
        return {**_COMPANY, "siret": sample_siret(number), "name": f"Exemple {number}"}

    async def trader_joins(self) -> Person:
        """A sole trader applies, whose name the service keeps apart."""
        siret, name = sample_siret(next(self._numbers)), _nobody_else("Camille")
        told = {**_COMPANY, "siret": siret, "legal_form": "1000", "trader": _named(name)}
        record = await self.does("companies", "/v1/companies", told)
        return self._met(Person("companies", name, f"/v1/companies/{siret}", record["trader"], time.monotonic()))

    async def company_invests(self, company: str, spent: int = 440_000) -> str:
        """An investment from its announcement to its end, which has posts proposed in another service."""
        announced = {"company": company, "title": "Exemple", "axis": 6, "amount": 450_000, "jobs_planned": 2}
        record = await self.does("companies", "/v1/investments", announced, company=company)
        path = f"/v1/investments/{record['id']}"
        for verb in ("approve", "commit", "start"):
            await self.does("companies", f"{path}/{verb}", {})
        await self.does("companies", f"{path}/complete", {"amount_spent": spent}, company=company)
        self.investments.append(record["id"])
        return str(record["id"])

    async def seeker_is_referred(self) -> Person:
        """An agency begins to accompany somebody."""
        name = _nobody_else("Sacha")
        told = {"agency": "mission_locale", "residence": "town", "seeker": _named(name) | {"born_on": "1990-05-13"}}
        record = await self.does("employment", "/v1/paths", told)
        met = Person("employment", name, f"/v1/paths/{record['id']}", record["seeker"], time.monotonic())
        return self._met(met)

    async def is_erased(self, person: Person) -> None:
        """Somebody asks to be forgotten."""
        person.erased, person.asked_at = None, time.monotonic()
        await self.does(person.service, "/v1/erasures", {"person": person.subject, "reason": "request"})
        person.erased = True

    async def committee_aims(self) -> str:
        """A target, which is the figures' service's own. Returns where it is shown."""
        target = {"indicator": "members", "aim": "at_least", "value": 100, "due": "2027-12-31"}
        record = await self.does("indicators", "/v1/targets", target)
        return f"/v1/targets/{record['id']}"

    async def works(self, rounds: int) -> None:
        """Some of each; every second person is forgotten soon."""
        for _ in range(rounds):
            company = await self.company_joins()
            await self.company_invests(company)
            for person in (await self.trader_joins(), await self.seeker_is_referred()):
                met = [each for each in self.persons if each.service == person.service]
                if len(met) % 2 == 0 and met[-2].erased is False:
                    await self.is_erased(met[-2])

    @asynccontextmanager
    async def working(self, at_once: int = 3) -> AsyncIterator[None]:
        """Work goes on, whatever comes of it, until the block ends."""
        tasks = [asyncio.create_task(self._goes_on()) for _ in range(at_once)]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def go_back_to(self, moment: float) -> list[Person]:
        """Forgets what came since, to be entered again. Returns who had been erased since, and is known again."""
        self.sent = [each for each in self.sent if 0 < each.answered_at < moment]
        self.persons = [each for each in self.persons if each.named_at < moment]
        again = [each for each in self.persons if each.asked_at > moment]
        for person in again:
            person.erased = False
        return again

    async def _goes_on(self) -> None:
        while True:
            try:
                await self.works(1)
            except Refused:
                await asyncio.sleep(0.2)

    def _met(self, person: Person) -> Person:
        self.persons.append(person)
        return person


_COMPANY: Final = {"legal_form": "5710", "naf": "25.62B", "commune": "36088", "zone": "zi-limoise", "headcount": 42}


def _nobody_else(begins: str) -> str:
    """A name that nobody else has, of letters alone."""
    return begins + "".join(chr(ord("a") + int(digit, 16)) for digit in uuid.uuid4().hex[:12])


def _named(given: str) -> dict[str, str]:
    return {"family_name": "Exemple", "given_name": given}


@asynccontextmanager
async def clients_of(programme: Programme) -> AsyncIterator[Clients]:
    """Clients, without anything to remember yet."""
    async with httpx.AsyncClient(timeout=30) as http:
        yield Clients(programme, http)
