"""The commands of every service, sent to it each in its state: what the rehearsal made, made for real."""

import json
import uuid
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from types import MappingProxyType
from typing import Any

import httpx
import pytest

from contracts.personal import Person, Personal
from contracts.roles import ORGANISATION_ROLES
from devstack.issuer import Issuer
from devstack.mirrored import show
from devstack.prepared import PERSONAL_KEY
from eventstore.decider import TODAY, Command
from eventstore.execution import execute
from eventstore.files import Told
from eventstore.issuing import OURS
from eventstore.postgres.store import Store
from service import clock
from service.application import build
from service.definition import Service
from service.documents.rehearsal import Mirrored, Step
from service.running.settings import Settings


def as_told(person: Person) -> dict[str, Any]:
    """A person as a command tells of it."""
    return person.model_dump(mode="json")


def settings_for(database: Told, issuer: Issuer, **others: Any) -> Settings:
    """Settings of a service on a database, without Kafka unless told."""
    return Settings(
        **{
            "database_url": database,
            "kafka_bootstrap": "127.0.0.1:9",
            "oidc_issuer": issuer.url,
            "oidc_audience": issuer.audience,
            "oidc_jwks_url": issuer.jwks_url,
            "personal_key": PERSONAL_KEY,
            **others,
        }
    )


@asynccontextmanager
async def calling(
    service: Service, database: Told, issuer: Issuer, *, worker: bool = False, **others: Any
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a service, without a worker and Kafka unless told."""
    settings = settings_for(database, issuer, **others)
    application = build(service, settings, worker=worker)
    async with (
        application.router.lifespan_context(application),
        httpx.AsyncClient(transport=httpx.ASGITransport(application), base_url="http://territory.test") as client,
    ):
        yield client


class Replay:
    """Sends the commands of steps to a service, each at its moment; what only the platform issues is issued by it."""

    def __init__(
        self,
        service: Service,
        client: httpx.AsyncClient,
        database: str,
        store: Store,
        issuer: Issuer,
        monkeypatch: pytest.MonkeyPatch,
        tell: Callable[[Person], dict[str, Any]] = as_told,
        variants: Mapping[type[Command], Mapping[str, Any]] = MappingProxyType({}),
    ) -> None:
        self._variants = variants
        self._tell = tell
        self._paths = {id(resource.decider): resource.path for resource in service.resources}
        self._client = client
        self._database = database
        self._store = store
        self._scopes = f"{service.name}:read {service.name}:write"
        self._issuer = issuer
        self._monkeypatch = monkeypatch
        self._ways: dict[tuple[int, str], tuple[Sequence[Step], str]] = {}
        """The steps that each stream has taken, and the id that the service gave it."""
        self._met: dict[tuple[int, str], dict[str, str]] = {}
        """The ids of the streams that each has looked up, by those of the examples."""
        self._subjects: dict[str, str] = {}
        """The pseudonyms of examples, by those that the service gave."""
        self._times = 0
        self.answers: list[str] = []
        """What was answered to its commands, to a caller who may not know any person."""

    def bearer(self, step: Step) -> dict[str, str]:
        """The header of a caller of every role, for whom the step was made, or else whom the record belongs to."""
        owners = step.decider.owners(step.state)
        claims: dict[str, Any] = {
            str(role): step.organisations.get(role) or (owners[role][0] if role in owners else None)
            for role in ORGANISATION_ROLES
        }
        return {"Authorization": f"Bearer {self._issuer.token(self._scopes, **claims)}"}

    async def lead_to(self, last: Step | Mirrored) -> str:
        """Takes the steps of a way that its stream has not taken yet. Returns the id of the stream."""
        if isinstance(last, Mirrored):
            await show(self._database, last.mirror, last.identity, *last.events)
            return last.identity
        key = id(last.decider), last.identity
        taken, identity = self._ways.get(key, ((), ""))
        both = min(len(taken), len(last.path))
        assert taken[:both] == last.path[:both]
        met = self._met.setdefault(key, {})
        for step in last.path[both:]:
            known = {name: met[value] for name, value in step.command if isinstance(value, str) and value in met}
            for lookup, found in zip(step.decision.looks_up, step.looked_up, strict=True):
                if found is not None:
                    known[lookup.key] = await self.lead_to(found)
                    met[found.identity] = known[lookup.key]
            identity = await self._take(step, identity, known)
        self._ways[key] = max(taken, last.path, key=len), identity
        return identity

    async def _take(self, step: Step, identity: str, known: Mapping[str, str]) -> str:
        named = {name: known[name] for name in known.keys() & type(step.command).model_fields.keys()}
        day = {"on": step.now.date()} if step.command.on == TODAY else {}
        own = step.decider.identified_by
        if step.decision.creates and self._times and own:
            named[own] = _another(getattr(step.command, own), self._times)
        command = step.command.model_copy(update={**named, **day})
        await self._know(step)
        self._monkeypatch.setattr(clock, "now", lambda: step.now)
        if not step.decision.roles:
            outcome = await execute(
                self._store, step.decider, command, identity=identity or None, actor=OURS, now=step.now, metadata="{}"
            )
            return outcome.identity
        path = self._paths[id(step.decider)]
        where = path if step.decision.creates else f"{path}/{identity}/{step.decision.name}"
        answer = await self._post(step, where, command)
        self.answers.append(answer.text)
        assert answer.is_success, (step.decision.name, answer.text)
        made: dict[str, Any] = answer.json()
        for field, shown in step.decider.subjects_in(step.state).items():
            several = isinstance(shown, tuple)
            self._subjects |= zip(made[field], shown, strict=True) if several else {made[field]: shown}
        return str(made["id"])

    async def _know(self, step: Step) -> None:
        """Lets there be whom a step erases."""
        if step.decision.erases:
            await self._store.pool.execute(
                "INSERT INTO personal_data (subject, kind, data, recorded_at) VALUES ($1, 'Person', '{}', now())"
                " ON CONFLICT DO NOTHING",
                getattr(step.command, step.decision.erases),
            )

    async def read(self, step: Step, path: str = "") -> Any:
        """What the service says of the stream that a step led to, in the ids of the examples."""
        identity = await self.lead_to(step)
        answer = await self._client.get(f"{self._paths[id(step.decider)]}/{identity}{path}", headers=self.bearer(step))
        text = answer.text
        for (_, shown), (_, real) in self._ways.items():
            text = text.replace(real, shown)
        for real, shown in self._subjects.items():
            text = text.replace(real, shown)
        return json.loads(text)

    def begin_anew(self) -> None:
        """Takes every way again, beside the streams that are there already: what has a name of its own gets another."""
        self._ways.clear()
        self._met.clear()
        self._times += 1

    async def refused(self, step: Step) -> str:
        """What is answered to a step that its stream has no use for any more."""
        identity = await self.lead_to(step)
        where = f"{self._paths[id(step.decider)]}/{identity}/{step.decision.name}"
        return (await self._post(step, where, step.command)).text

    async def malformed(self, step: Step, text: str) -> str:
        """What is answered where persons are told of as nobody can be, with a text that is not to be repeated."""
        path = self._paths[id(step.decider)]
        where = path if step.decision.creates else f"{path}/{uuid.uuid4()}/{step.decision.name}"
        persons = {
            field: {name: [text] for name in kind.model_fields} | {text: text}
            for field, kind in step.decision.persons.items()
        }
        body = {**step.command.model_dump(mode="json"), **persons}
        answer = await self._client.post(where, json=body, headers=self.bearer(step))
        assert answer.status_code == 422, answer.text
        return answer.text

    async def _post(self, step: Step, where: str, command: Command) -> httpx.Response:
        persons = {field: getattr(command, field) for field in step.decision.persons}
        otherwise = {**self._variants.get(type(command), {})}
        for field, kind in step.decision.persons.items():
            if field in otherwise:
                persons[field] = Personal(kind.model_validate(otherwise.pop(field)))
        told = {field: person and self._tell(person.told) for field, person in persons.items()}
        body = {**command.model_dump(mode="json"), **otherwise, **told}
        return await self._client.post(where, json=body, headers=self.bearer(step))

    async def forget(self) -> None:
        """Empties the store."""
        self._ways.clear()
        self._met.clear()
        await self._store.pool.execute(
            "TRUNCATE streams, events, idempotency_keys, ordered, claims, due, reactions, personal_data, kept"
        )


def _another(name: str, number: int) -> str:
    """A name of the domain's that is nobody's yet. Numbers check themselves, and stay."""
    if name.isdigit():
        return name
    try:
        return str(uuid.UUID(int=uuid.UUID(name).int + number))
    except ValueError:
        return f"{name}-{number}"
