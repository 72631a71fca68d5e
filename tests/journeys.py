"""All services on real servers, as partners of the programme meet them: by their APIs, over days that pass."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

import httpx
import pytest
from replays import calling

from contracts.model import PARIS
from contracts.values import sample_siret
from devstack.host import service_of
from devstack.issuer import Issuer
from devstack.mail_server import MailServer
from devstack.prepared import prepare
from devstack.running import SERVICES
from devstack.topics import read_topics
from eventstore.kafka.envelope import Message
from service import clock

COMPANY: Final = sample_siret(1)
ADDRESS: Final = "http://territory.test"
PATIENCE: Final = 60
"""Seconds within which what one service did shows at another."""


class Calendar:
    """The day it is for the partners: it passes as it does for anybody, and is moved on."""

    def __init__(self, begins: date, monkeypatch: pytest.MonkeyPatch) -> None:
        self._ahead = timedelta()
        self.today = begins
        self.come(begins)
        monkeypatch.setattr(clock, "now", self.now)

    def now(self) -> datetime:
        return datetime.now(PARIS) + self._ahead

    def come(self, day: date) -> None:
        """It is the morning of a day."""
        assert day >= self.today, "days do not come back"
        self.today = day
        self._ahead = datetime(day.year, day.month, day.day, 9, tzinfo=PARIS) - datetime.now(PARIS)

    def pass_by(self, **passing: int) -> date:
        """So many `days` or `weeks` go by. Returns the day it is then."""
        self.come(self.today + timedelta(**passing))
        return self.today


@dataclass(frozen=True)
class Partner:
    """Whoever acts, with the token of its client."""

    programme: "Programme"
    headers: Mapping[str, str]

    async def post(self, path: str, /, **body: Any) -> httpx.Response:
        """`training/v1/rooms`, as behind the host that the services share."""
        return await self.programme.ask("POST", path, self.headers, body)

    async def does(self, path: str, /, **body: Any) -> dict[str, Any]:
        """Decides, and returns the record after it."""
        answer = await self.post(path, **body)
        assert answer.is_success, (path, answer.text)
        return dict(answer.json())

    async def does_once_known(self, slug: str, path: str, /, **body: Any) -> dict[str, Any]:
        """Decides once that is not refused for what another service told: it is on its way."""

        async def ask() -> httpx.Response:
            return await self.post(path, **body)

        def known(answer: httpx.Response) -> bool:
            return answer.is_success or not answer.json()["type"].endswith((f"/{slug}", "/mirror-behind"))

        answer = await _once(known, ask, f"{path} without {slug}")
        assert answer.is_success, (path, answer.text)
        return dict(answer.json())

    async def is_refused(self, slug: str, path: str, /, **body: Any) -> None:
        answer = await self.post(path, **body)
        assert answer.json()["type"].endswith(f"/problems/{slug}"), answer.text

    async def reads(self, path: str) -> dict[str, Any]:
        answer = await self.programme.ask("GET", path, self.headers)
        assert answer.is_success, (path, answer.text)
        return dict(answer.json())

    async def sees(self, path: str, /, **shown: Any) -> dict[str, Any]:
        """A record, once it shows this: what others did comes to it."""
        return dict(
            await _once(
                lambda record: {name: record[name] for name in shown} == shown,
                lambda: self.reads(path),
                f"{path} {shown}",
            )
        )

    async def sees_that(self, path: str, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """A record, once something holds of it."""
        return dict(await _once(holds, lambda: self.reads(path), path))

    async def finds(self, path: str, number: int = 1) -> list[dict[str, Any]]:
        """The records of a list, once there are so many."""
        found = await _once(lambda page: len(page["items"]) == number, lambda: self.reads(path), f"{path}: {number}")
        return list(found["items"])


class Programme:
    """The services, each behind its API, with its workers and its topics."""

    def __init__(
        self, clients: Mapping[str, httpx.AsyncClient], kafka: str, territory: str, issuer: Issuer, mail: MailServer
    ) -> None:
        self._clients = clients
        self._kafka = kafka
        self.territory = territory
        self._issuer = issuer
        self.mail = mail

    def partner(self, *roles: str, **organisations: Any) -> Partner:
        """Somebody with these roles, who may read and write, but does not know persons."""
        scopes = " ".join(f"{service}:{what}" for service in SERVICES for what in ("read", "write"))
        token = self._issuer.token(scopes, roles, client="-".join(roles), **organisations)
        return Partner(self, {"Authorization": f"Bearer {token}"})

    async def ask(
        self, method: str, path: str, headers: Mapping[str, str], body: Mapping[str, Any] | None = None
    ) -> httpx.Response:
        service, _, path = path.partition("/")
        return await self._clients[service].request(method, f"/{path}", json=body, headers=dict(headers))

    async def follow(self, link: str) -> dict[str, Any]:
        """What a link shows to whoever has it, without any token."""
        answer = await self.ask("GET", link, {})
        assert answer.is_success, answer.text
        return dict(answer.json())

    async def written_to(self, address: str) -> str:
        """What was written to somebody last, once something was."""

        async def read() -> list[Any]:
            return [each for each in self.mail.received() if each["To"] == address]

        *_, letter = await _once(bool, read, f"a message to {address}")
        return str(letter.get_content())

    async def told(self, topic: str, stream_id: str, *types: str) -> list[dict[str, Any]]:
        """What a topic tells of a stream, once these are its events, in this order."""
        found: list[Message] = []

        async def read() -> list[str]:
            everything = await read_topics(self._kafka, [f"{self.territory}.{topic}.v1"])
            found[:] = [each for each in everything if each.stream_id == stream_id]
            return [each.type for each in found]

        await _once(lambda seen: seen == [*types], read, f"{topic} {stream_id} {types}")
        return [json.loads(each.data) for each in found]

    async def figure(self, name: str, value: float | None, **asked: Any) -> dict[str, Any]:
        """An indicator, once it has this value; where topics are new, its chapter is folded a moment longer."""
        analyst = self.partner("steering")
        query = "&".join(f"{name}={said}" for name, said in asked.items())
        path = f"indicators/v1/indicators/{name}?{query}"

        async def look() -> Any:
            answer = await self.ask("GET", path, analyst.headers)
            return None if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE else answer.json()

        seen = await _once(lambda figure: figure is not None and figure.get("value") == value, look, f"{path} {value}")
        return dict(seen)


async def joins(network: Partner, company: str = COMPANY) -> None:
    """A company is a member."""
    told = {"legal_form": "5710", "naf": "25.62B", "commune": "36088", "zone": "zi-limoise", "headcount": 42.5}
    path = "companies/v1/companies"
    await network.does(path, siret=company, name="Exemple Usinage de la Théols", **told)
    await network.does(f"{path}/{company}/activate")


async def _once(holds: Callable[[Any], bool], look: Callable[[], Awaitable[Any]], what: str) -> Any:
    """What is seen once it holds."""
    seen: Any = None
    try:
        async with asyncio.timeout(PATIENCE):
            while not holds(seen := await look()):  # noqa: ASYNC110  others do it, in processes of their own
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise AssertionError(f"{what}, and not {seen}") from None
    else:
        return seen


@asynccontextmanager
async def running(
    databases: Callable[[], str], kafka: str, issuer: Issuer, mail: MailServer
) -> AsyncIterator[Programme]:
    """Every service of the programme, each with a database of its own."""
    territory = f"t{uuid.uuid4().hex[:8]}"
    where = {
        "kafka_bootstrap": kafka,
        "territory": territory,
        "topic_partitions": 2,
        "smtp_url": mail.url,
        "mail_from": "programme@example.org",
        "public_url": ADDRESS,
    }
    async with AsyncExitStack() as stack:
        clients = {}
        for name in SERVICES:
            service, database = service_of(name), await asyncio.to_thread(databases)
            await prepare(database, service.all_migrations)
            calls = calling(service, database, issuer, worker=True, **where)
            clients[name] = await stack.enter_async_context(calls)
        yield Programme(clients, kafka, territory, issuer, mail)
