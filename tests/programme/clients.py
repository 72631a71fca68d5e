"""Clients that do the programme's daily work, and keep a record of their own of what they were answered."""

import asyncio
import contextlib
import json
import random
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any, Final, Literal

import httpx

from contracts.model import PARIS
from contracts.values import sample_siret
from devstack.issuer import ROLES
from devstack.running import SERVICES
from programme.running import PATIENCE, Programme

Outcome = Literal["ok", "failed", "unknown"]
LISTS: Final = {
    "companies": "/v1/companies",
    "youth-events": "/v1/placements",
    "employment": "/v1/vacancies",
    "mobility": "/v1/service-reservations",
    "training": "/v1/enrolments",
    "indicators": "/v1/targets",
}
"""Of each service what daily work makes longer."""
_SCOPES: Final = " ".join(f"{name}:{what}" for name in SERVICES for what in ("read", "write", "personal"))
SCHOOL: Final = "0360024F"


@dataclass(frozen=True)
class Answer:
    """What came of sending a request once."""

    seconds: float
    status: int | None
    """None where there was no answer: the connection broke, or none could be made."""
    problem: dict[str, Any] | None = None
    """What was told where it did not succeed."""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    at: float = field(default_factory=time.monotonic)
    """When it came."""
    error: str = ""
    """Why there was none."""


def _told(answer: Answer) -> str:
    """What was answered, in short."""
    return f"{answer.status or 'nothing'} {(answer.problem or {}).get('type', '')}".rstrip()


@dataclass
class Sent:
    """A command, and what its client knows of it."""

    service: str
    path: str
    body: dict[str, Any]
    key: str
    """Its idempotency key, and its correlation id: by that it is found in stores and topics."""
    port: int
    """Where it is sent to."""
    outcome: Outcome = "unknown"
    """`failed` had no effect for sure. Of what is `unknown` nobody can tell before looking."""
    answered_at: float = 0.0
    answer: dict[str, Any] = field(default_factory=dict)
    answers: list[Answer] = field(default_factory=list)
    """One for each time that it was sent under its key."""

    def __str__(self) -> str:
        told = ", ".join(f"{times} times {status}" for status, times in Counter(map(_told, self.answers)).items())
        return f"{self.service}{self.path} {self.key} ({self.outcome}: {told})"


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
    also: list[str] = field(default_factory=list)
    """Under which subjects it was named again."""


@dataclass
class Queue:
    """Who waits for places, in their order: the first have them."""

    service: str
    path: str
    records: list[str]
    has_it: str
    """The status of whoever has a place."""
    places: int = 1
    in_order: bool = True
    """Whether the first have them: who came first is told by the clocks of processes, which may be off."""


class Refused(Exception):
    """A command that was to succeed had another end; what the client does next rests on it."""


class Clients:
    """Partners that do the programme's daily work; `sent` and `persons` are what they remember."""

    def __init__(self, programme: Programme, http: httpx.AsyncClient, chance: random.Random) -> None:
        self.sent: list[Sent] = []
        self.looked_up: list[Sent] = []
        """Lists that somebody asked for in daily work."""
        self.keys: set[str] = set()
        """Under which something was ever sent."""
        self.persons: list[Person] = []
        self.investments: list[str] = []
        """Those that were completed, and so have posts proposed."""
        self.rivals: list[list[str]] = []
        """Placements of one pupil in one week, the first of which was approved."""
        self.queues: list[Queue] = []
        self.lent: list[str] = []
        """Bikes that were brought back."""
        self.refusals: list[str] = []
        """What was refused of daily work."""
        self.chance = chance
        self.patience = PATIENCE
        """Seconds for which a command without a clear answer is repeated under its key; 0 where none is."""
        self.claims: Mapping[str, Any] = {}
        """What their tokens say otherwise than usual."""
        self.beside: Sequence[Mapping[str, str]] = ({},)
        """Headers that go with a request: one of these, as chance has it."""
        self._programme = programme
        self._http = http
        self._numbers = count(1)

    def _headers(self, company: str) -> dict[str, str]:
        claims = {"company": company, "school": SCHOOL, "training_body": sample_siret(1), **self.claims}
        token = self._programme.issuer.token(_SCOPES, ROLES, **claims)
        return {"Authorization": f"Bearer {token}", **self.chance.choice(self.beside)}

    async def send(
        self,
        service: str,
        path: str,
        body: dict[str, Any],
        *,
        company: str = "",
        key: str | None = None,
        seen: str | None = None,
        under: str | None = None,
        port: int | None = None,
    ) -> Sent:
        """Sends a command, and again under its key while nobody can tell what became of it. It is remembered before it
        goes out. `seen` is the ETag of what it is decided on, if that matters; `under` the idempotency key of another
        command, where it is sent under that; `port` that of another process of the service than usual."""
        sent = Sent(service, path, body, key or str(uuid.uuid4()), port or self._programme.ports[service])
        self.sent.append(sent)
        self.keys.add(sent.key)
        headers = {"Idempotency-Key": under or sent.key, "X-Correlation-ID": sent.key}
        headers |= {"If-Match": seen} if seen else {}
        ends = time.monotonic() + self.patience
        while True:
            # A token is for now: when it is sent again, clocks and keys may be others.
            await self._send_once(sent, headers | self._headers(company or sample_siret(1)))
            if sent.outcome != "unknown" or time.monotonic() >= ends:
                return sent
            await asyncio.sleep(self.chance.uniform(0.1, 0.4))

    async def _send_once(self, sent: Sent, headers: Mapping[str, str]) -> None:
        begun = time.monotonic()
        try:
            answer = await self._http.post(_url(sent.port, sent.service, sent.path), json=sent.body, headers=headers)
        except httpx.TransportError as error:
            sent.answers.append(Answer(time.monotonic() - begun, None, error=repr(error)))
            return
        sent.answered_at = time.monotonic()
        told = answer.json()
        problem = None if answer.is_success else told
        seconds = sent.answered_at - begun
        sent.answers.append(Answer(seconds, answer.status_code, problem, answer.headers, answer.content))
        if answer.is_success:
            sent.outcome, sent.answer = "ok", told
        elif (answer.is_client_error and answer.status_code != httpx.codes.TOO_MANY_REQUESTS) or (
            told["type"].endswith("/store-unconfirmed") and all(each.status for each in sent.answers)
        ):
            sent.outcome, sent.answer = "failed", told

    async def does(self, service: str, path: str, body: dict[str, Any], *, company: str = "") -> dict[str, Any]:
        """Sends a command that succeeds. Raises Refused."""
        sent = await self.send(service, path, body, company=company)
        if sent.outcome != "ok":
            raise Refused(f"{sent} {sent.answer} {body}")
        return sent.answer

    async def does_once_known(
        self, slug: str, service: str, path: str, body: dict[str, Any], *, company: str = ""
    ) -> dict[str, Any]:
        """Sends a command that succeeds once its service was told what another one did. Raises Refused."""
        ends = time.monotonic() + PATIENCE
        while True:
            try:
                return await self.does(service, path, body, company=company)
            except Refused as refused:
                if f"/{slug}" not in str(refused) or time.monotonic() > ends:
                    raise
            await asyncio.sleep(0.2)

    async def reads(self, service: str, path: str) -> httpx.Response:
        """What a service shows. Raises TransportError."""
        url = _url(self._programme.ports[service], service, path)
        return await self._http.get(url, headers=self._headers(sample_siret(1)))

    async def shown(self, service: str, path: str) -> dict[str, Any]:
        """What a service shows that may have begun just now, or be busy. Raises AssertionError where it does not."""
        ends = time.monotonic() + PATIENCE
        while True:
            with contextlib.suppress(httpx.TransportError):
                answer = await self.reads(service, path)
                if answer.is_success:
                    return dict(answer.json())
                assert answer.status_code == httpx.codes.SERVICE_UNAVAILABLE, answer.text
            assert time.monotonic() < ends, f"{service} does not show {path}"
            await asyncio.sleep(0.2)

    async def looks_up(self, service: str) -> None:
        """Somebody looks something up."""
        sent = Sent(service, LISTS[service], {}, "", self._programme.ports[service])
        self.looked_up.append(sent)
        begun = time.monotonic()
        try:
            answer = await self.reads(service, sent.path)
        except httpx.TransportError as error:
            sent.answers.append(Answer(time.monotonic() - begun, None, error=repr(error)))
            return
        problem = None if answer.is_success else answer.json()
        sent.answers.append(Answer(time.monotonic() - begun, answer.status_code, problem, answer.headers))

    async def company_joins(self) -> str:
        """A company becomes a member. Returns its SIRET."""
        company = self.applies(next(self._numbers))
        await self.does("companies", "/v1/companies", company)
        await self.does("companies", f"/v1/companies/{company['siret']}/activate", {})
        return str(company["siret"])

    def applies(self, number: int) -> dict[str, Any]:
        """What a company tells that wants to be a member."""
        return {**_COMPANY, "siret": sample_siret(number), "name": f"Exemple {number}"}

    def companies_to_join(self, number: int) -> dict[str, list[dict[str, Any]]]:
        """Lines of an import by which so many companies become members, by SIRET."""
        joining = (self.applies(next(self._numbers)) for _ in range(number))
        return {each["siret"]: _begun("/v1/companies", each["siret"], each, "activate") for each in joining}

    def stations_to_open(self, number: int) -> dict[str, list[dict[str, Any]]]:
        """Lines of an import by which so many bike stations enter service, by code."""
        codes = [f"borne-{uuid.uuid4().hex[:8]}" for _ in range(number)]
        return {each: _begun("/v1/bike-stations", each, _STATION | {"code": each}, "enter-service") for each in codes}

    async def imports(self, service: str, records: Iterable[Sequence[dict[str, Any]]]) -> str:
        """Sends a file of commands. Returns where it is told how far it is."""
        lines = b"".join(json.dumps(line).encode() + b"\n" for several in records for line in several)
        headers = self._headers(sample_siret(1)) | {"Content-Type": "application/jsonl"}
        answer = await self._http.post(
            _url(self._programme.ports[service], service, "/v1/imports"), content=lines, headers=headers
        )
        assert answer.is_success, answer.text
        identity = answer.json()["id"]
        # Its lines belong to it.
        self.keys.add(identity)
        return f"/v1/imports/{identity}"

    async def trader_joins(self) -> Person:
        """A sole trader applies, whose name the service keeps apart."""
        siret, name = sample_siret(next(self._numbers)), _nobody_else("Camille")
        record = await self.does("companies", "/v1/companies", self._trades(siret, name))
        return self._met(Person("companies", name, f"/v1/companies/{siret}", record["trader"], time.monotonic()))

    async def company_invests(self, company: str, spent: int = 440_000, amount: int = 450_000) -> str:
        """An investment from its announcement to its end, which has posts proposed in another service."""
        announced = {"company": company, "title": "Exemple", "axis": 6, "amount": amount, "jobs_planned": 2}
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
        record = await self.does("employment", "/v1/paths", _seeks(name))
        met = Person("employment", name, f"/v1/paths/{record['id']}", record["seeker"], time.monotonic())
        return self._met(met)

    async def is_erased(self, person: Person) -> None:
        """Somebody asks to be forgotten."""
        person.erased, person.asked_at = None, time.monotonic()
        await self.does(person.service, "/v1/erasures", {"person": person.subject, "reason": "request"})
        person.erased = True

    async def is_named_again(self, person: Person) -> None:
        """Somebody is named in another command, which may be refused, and may be before or behind an erasure."""
        match person.service:
            case "companies":
                told = self._trades(sample_siret(next(self._numbers)), person.name)
                sent = await self.send("companies", "/v1/companies", told)
            case _:
                sent = await self.send("employment", "/v1/paths", _seeks(person.name))
        person.also += [sent.answer[role] for role in ("trader", "seeker") if role in sent.answer]

    async def is_erased_again(self, person: Person) -> None:
        """Whoever was named again may be somebody else to the service, who is to be forgotten, too."""
        for subject in {*person.also} - {person.subject}:
            await self.does(person.service, "/v1/erasures", {"person": subject, "reason": "request"})

    def _trades(self, siret: str, name: str) -> dict[str, Any]:
        return {**_COMPANY, "siret": siret, "legal_form": "1000", "trader": _named(name)}

    async def committee_aims(self) -> str:
        """A target, which is the figures' service's own. Returns where it is shown."""
        due = today() + timedelta(days=next(self._numbers))
        target = {"indicator": "members", "aim": "at_least", "value": 100, "due": due.isoformat()}
        record = await self.does("indicators", "/v1/targets", target)
        return f"/v1/targets/{record['id']}"

    async def pupil_is_placed(self, companies: Sequence[str]) -> None:
        """A pupil asks several companies for a place in one week, and the first agrees: the other requests end."""
        week = (today() + timedelta(weeks=self.chance.randint(6, 30))).strftime("%G-W%V")
        pupil = _named(_nobody_else("Alix")) | {"born_on": (today() - timedelta(days=16 * 366)).isoformat()}
        placements = []
        for company in companies:
            told = {"company": company, "grade": "3e", "places": 1, "week": week}
            offer = await self.does_once_known("host-not-a-member", "youth-events", "/v1/offers", told)
            asked = {"company": company, "offer": offer["id"], "pupil": pupil, "school": SCHOOL}
            placements.append((await self.does("youth-events", "/v1/placements", asked))["id"])
        first = f"/v1/placements/{placements[0]}"
        tutor = _named("Dominique") | {"email": "tuteur@example.org"}
        await self.does("youth-events", f"{first}/validate", {"tutor": tutor}, company=companies[0])
        await self.does("youth-events", f"{first}/approve", {})
        self.rivals.append(placements)

    async def canteen_is_full(self) -> None:
        """More guests than there are places wait for one; the first to have it gives it up, and the next has it."""
        await self.first_gives_up(await self.guests_queue(3))

    async def guests_queue(self, guests: int, places: int = 1) -> "Queue":
        """A canteen has fewer places than there are guests."""
        code = f"cantine-{uuid.uuid4().hex[:8]}"
        slot = {"starts": "12:00", "ends": "12:45", "places": places, "weekdays": ["monday"]}
        told = {"code": code, "commune": "36088", "kind": "canteen", "name": "Exemple", "place": "Hall 3"}
        terms = {"slots": [slot], "price_cents": 950, "subsidy_cap_cents": 8000}
        await self.does("mobility", "/v1/shared-services", told | terms)
        await self.does("mobility", f"/v1/shared-services/{code}/open", {})
        monday = today() + timedelta(days=7 - today().weekday())
        waiting = []
        for _ in range(guests):
            guest = _named(_nobody_else("Maxime")) | {"email": "convive@example.org"}
            asked = {"shared_service": code, "company": sample_siret(1), "guest": guest, "starts": "12:00"}
            wish = asked | {"day": monday.isoformat(), "wait": True}
            waiting.append((await self.does("mobility", "/v1/service-reservations", wish))["id"])
        self.queues.append(Queue("mobility", "/v1/service-reservations", waiting, "booked", places))
        return self.queues[-1]

    async def session_is_full(self) -> None:
        """More trainees than there are seats are queued; the first to have one gives it up, and the next has it."""
        await self.first_gives_up(await self.trainees_queue(3))

    async def trainees_queue(self, trainees: int, seats: int = 1) -> "Queue":
        """A session has fewer seats than there are trainees."""
        session = await self.session_opens(seats)
        waiting = []
        for _ in range(trainees):
            waiting.append(await self.trainee_applies(session))
            await self.does("training", f"/v1/enrolments/{waiting[-1]}/queue", {})
        self.queues.append(Queue("training", "/v1/enrolments", waiting, "admitted", seats))
        return self.queues[-1]

    async def session_opens(self, seats: int) -> str:
        """A training that people may apply for. Returns its id."""
        course = {"certification": "RNCP35094", "hours": 560, "level": 3, "romes": ["H2913"], "title": "Exemple"}
        valid = {"valid_from": "2024-01-01", "valid_until": "2040-12-31"}
        record = await self.does("training", "/v1/courses", course | valid)
        starts, decided, ends = (today() + timedelta(days=days) for days in (90, 60, 240))
        slot = {"starts": "08:30", "ends": "12:00", "weekdays": ["monday", "tuesday"]}
        told = {"course": record["id"], "commune": "36088", "seats": seats, "minimum": 1, "slots": [slot]}
        when = {"starts_on": starts.isoformat(), "decision_on": decided.isoformat(), "ends_on": ends.isoformat()}
        session = await self.does("training", "/v1/sessions", told | when)
        await self.does("training", f"/v1/sessions/{session['id']}/open", {})
        return str(session["id"])

    async def trainee_applies(self, session: str) -> str:
        """Somebody would be trained. Returns the enrolment's id."""
        person = _named(_nobody_else("Camille")) | {"born_on": "1990-05-13"}
        return str((await self.does("training", "/v1/enrolments", {"session": session, "trainee": person}))["id"])

    async def first_gives_up(self, queue: "Queue") -> None:
        """Whoever came first has a place, or waits a moment for one, and gives it up."""
        await self.gives_up(queue, 0)

    async def gives_up(self, queue: "Queue", number: int) -> None:
        """One of those who are in a queue has a place no more, or waits for none."""
        record = queue.records.pop(number)
        reason = {"mobility": "not_needed", "training": "trainee_withdrew"}[queue.service]
        await self.does(queue.service, f"{queue.path}/{record}/cancel", {"reason": reason})

    async def bike_is_lent(self) -> None:
        """A bike is borrowed and brought back: it follows its loan."""
        station, bike = f"gare-{uuid.uuid4().hex[:8]}", f"velo-{uuid.uuid4().hex[:8]}"
        await self.does("mobility", "/v1/bike-stations", _STATION | {"code": station})
        await self.does("mobility", f"/v1/bike-stations/{station}/enter-service", {})
        await self.does("mobility", "/v1/bikes", {"code": bike, "kind": "bike", "station": station})
        borrower = _named(_nobody_else("Noa")) | {"email": "emprunt@example.org"}
        due = (datetime.now(PARIS) + timedelta(days=2)).replace(minute=0, second=0, microsecond=0).isoformat()
        loan = await self.does("mobility", "/v1/loans", {"bike": bike, "borrower": borrower, "due_back": due})
        await self.does("mobility", f"/v1/loans/{loan['id']}/take", {})
        await self.does("mobility", f"/v1/loans/{loan['id']}/return", {"returned_to": station})
        self.lent.append(bike)

    async def daily_work(self) -> None:
        """Something of what partners do, as chance has it, over all services."""
        await self.looks_up(self.chance.choice(SERVICES))
        match self.chance.randrange(6):
            case 0:
                await self.works(1)
            case 1:
                await self.pupil_is_placed([await self.company_joins(), await self.company_joins()])
            case 2:
                await self.canteen_is_full()
            case 3:
                await self.session_is_full()
            case 4:
                await self.bike_is_lent()
            case _:
                await self.committee_aims()

    async def works(self, rounds: int) -> None:
        """Companies join and invest, people are referred; every second person is forgotten soon."""
        for _ in range(rounds):
            company = await self.company_joins()
            await self.company_invests(company)
            for person in (await self.trader_joins(), await self.seeker_is_referred()):
                met = [each for each in self.persons if each.service == person.service]
                if len(met) % 2 == 0 and met[-2].erased is False:
                    await self.is_erased(met[-2])

    @asynccontextmanager
    async def working(self, at_once: int = 3) -> AsyncIterator[None]:
        """Work goes on, whatever comes of it, until the block ends: what is under way then is given up."""
        tasks = [asyncio.create_task(self._goes_on()) for _ in range(at_once)]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    @asynccontextmanager
    async def busy(self, at_once: int = 4) -> AsyncIterator[None]:
        """Daily work goes on until the block ends, and what is under way then is finished. Who is refused is told of:
        nobody asks here for what may not be."""
        ends = asyncio.Event()

        async def work() -> None:
            while not ends.is_set():
                try:
                    await self.daily_work()
                except Refused as refused:
                    self.refusals.append(str(refused))

        tasks = [asyncio.create_task(work()) for _ in range(at_once)]
        try:
            yield
        finally:
            ends.set()
            await asyncio.gather(*tasks)

    async def faults_of_work(self) -> list[str]:
        """What is otherwise than daily work has it, once all that follows from it was done."""
        faults = []
        for investment in self.investments:
            posts = (await self.shown("employment", f"/v1/vacancies?investment={investment}"))["items"]
            if len(posts) != 1:
                faults.append(f"of the investment {investment} {len(posts)} posts are proposed")
        for first, *others in self.rivals:
            said = [await self._status("youth-events", f"/v1/placements/{each}") for each in (first, *others)]
            if said != ["approved", *("cancelled" for _ in others)]:
                faults.append(f"a pupil's placements are {said}")
        for queue in self.queues:
            said = [await self._status(queue.service, f"{queue.path}/{each}") for each in queue.records]
            said = said if queue.in_order else sorted(said)
            if said != [queue.has_it] * queue.places + ["waiting"] * (len(said) - queue.places):
                faults.append(f"those who wait at {queue.service}{queue.path} are {said}")
        for bike in self.lent:
            shown = await self.shown("mobility", f"/v1/bikes/{bike}")
            if (shown["trips"], shown["loan"], shown["station"] is None) != (1, None, False):
                faults.append(f"a bike that was brought back is {shown}")
        return faults

    async def _status(self, service: str, path: str) -> str:
        return str((await self.shown(service, path))["status"])

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


def _url(port: int, service: str, path: str) -> str:
    return f"http://127.0.0.1:{port}/{service}{path}"


_STATION: Final = {"name": "Gare", "position": [1.974, 46.952], "commune": "36088", "docks": 10}


def _begun(path: str, name: str, body: dict[str, Any], then: str) -> list[dict[str, Any]]:
    """Lines that begin a record and go on with it."""
    return [{"path": path, "name": name, "body": body}, {"path": f"{path}/{{{name}}}/{then}", "body": {}}]


def _seeks(name: str) -> dict[str, Any]:
    return {"agency": "mission_locale", "residence": "town", "seeker": _named(name) | {"born_on": "1990-05-13"}}


def _nobody_else(begins: str) -> str:
    """A name that nobody else has, of letters alone."""
    return begins + "".join(chr(ord("a") + int(digit, 16)) for digit in uuid.uuid4().hex[:12])


def _named(given: str) -> dict[str, str]:
    return {"family_name": "Exemple", "given_name": given}


def today() -> date:
    return datetime.now(PARIS).date()


@asynccontextmanager
async def clients_of(programme: Programme, seed: int = 0) -> AsyncIterator[Clients]:
    """Clients, without anything to remember yet; a seed decides what they leave to chance."""
    # Each request has a connection of its own: on one that is kept it may be lost as either side lets go of it.
    async with httpx.AsyncClient(timeout=30, limits=httpx.Limits(max_keepalive_connections=0)) as http:
        yield Clients(programme, http, random.Random(seed))
