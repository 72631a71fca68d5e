"""Whom a service knows: all that is held of a person, for the person; and who will be erased for nobody's need."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import from_json

from contracts.personal import Ground
from contracts.values import Subject
from eventstore.erasure import NOTICE, notice_from
from eventstore.execution import Outcome, current
from eventstore.persons import Naming, expiring, naming
from eventstore.postgres.store import Store
from service import clock
from service.definition import Service
from service.http.auth import Caller
from service.http.listing import GREATEST_LIMIT
from service.http.problems import Problem
from service.http.reading import Readers
from service.http.representation import Representation
from service.http.resource import Resource
from service.http.routes import AskedDay, CurrentStore, requires
from service.http.sentences import NOBODY, Said


class PersonalRecord(BaseModel):
    """A record that names a person."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    path: str = Field(examples=["/v1/placements/0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d"])
    """Where the service serves it."""
    category: str = Field(examples=["placement"])
    """What it is a record of."""
    ground: Ground = Field(examples=["public_task"])
    """On what ground such records name people: GDPR, art. 6(1)."""
    named_as: list[str] = Field(examples=[["pupil"]])
    """The fields that hold the pseudonym."""
    needed_until: date
    """The last day on which it needs to know who that is."""
    state: dict[str, Any]
    """The record as it is now."""
    events: list[dict[str, Any]]
    """Its whole history."""


class PersonHeld(BaseModel):
    """All that the service holds of a person."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    id: Subject
    kind: str = Field(examples=["Pupil"])
    """As what the person is known."""
    told_at: str = Field(examples=["2024-05-13T08:30:00Z"])
    """When what is known was told last."""
    personal: dict[str, Any]
    """What is known."""
    needed_until: date
    """The last day on which one of `records` needs it. What is known is erased once no record does, so later where the
    caller does not read all of them."""
    notice_from: date
    """30 days before that."""
    records: list[PersonalRecord]
    """The records that name the person, of those that the caller reads."""


class PersonExpiring(BaseModel):
    """A person whom no record needs any more from a day on."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    id: Subject
    needed_until: date
    """The last day on which a record needs to know who that is. The person is erased on the next one."""
    records: list[str] = Field(examples=[["/v1/placements/0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d"]])
    """Where the service serves the records that name the person."""


class PersonsExpiring(BaseModel):
    """Persons whom no record needs any more from a day on, the first first."""

    items: list[PersonExpiring]


def router(service: Service) -> APIRouter:
    """The routes of a service that knows persons."""
    routes = APIRouter(tags=["persons"])
    resources = {resource.decider.category: resource for resource in service.resources}
    readers = {category: Readers(each.decider, each.reads) for category, each in resources.items()}
    personal = f"{service.name}:personal"

    async def readable(store: Store, named: Naming, caller: Caller) -> Outcome[Any] | None:
        """The record that names somebody, where the caller reads it whole."""
        resource = resources.get(named.category)
        if resource is None:
            return None
        found = await current(store, resource.decider, resource.decider.identity(named.stream_id))
        return found if found and readers[named.category].reads_whole(found.state, caller.actor) else None

    async def told(store: Store, subject: str, named: Naming, found: Outcome[Any]) -> PersonalRecord:
        resource = resources[named.category]
        representation = Representation(resource.decider)
        if resource.ground is None:
            raise AssertionError(f"{resource.path} names people on no ground")  # refused when it was put together
        named_as = [
            name for name, value in found.state if value == subject or (isinstance(value, tuple) and subject in value)
        ]
        return PersonalRecord(
            path=_path(resource, named.stream_id),
            category=named.category,
            ground=resource.ground,
            named_as=named_as,
            needed_until=named.until,
            state=from_json(found.state_json),
            events=[from_json(representation.event(event)) for event in await store.history(named.stream_id)],
        )

    @routes.get("/v1/persons/{id}", name="get-person", summary="All that is held of a person")
    async def held(
        id: Annotated[Subject, Path(description="The pseudonym.")],  # noqa: A002  as every record has it
        caller: Annotated[Caller, requires(personal)],
        store: CurrentStore,
        response: Response,
    ) -> PersonHeld:
        """The person's file, for the person: what is known, on what ground and until when, and the records that name
        the person, with their histories.

        It is for who reads one of these records whole; of the others nothing is shown.
        """
        known = (await store.persons([id])).get(id)
        streams = (await naming(store, [id]))[id]
        found = [(named, outcome) for named in streams if (outcome := await readable(store, named, caller))]
        if known is None or not found:
            raise Problem("not-found", Said(NOBODY, person=id))
        response.headers["Cache-Control"] = "no-store"
        told_at = known.recorded_at.isoformat().replace("+00:00", "Z")
        needed_until = max(named.until for named, _ in found)
        return PersonHeld(
            id=id,
            kind=known.kind,
            told_at=told_at,
            personal=from_json(known.data),
            needed_until=needed_until,
            notice_from=notice_from(needed_until),
            records=[await told(store, id, *each) for each in found],
        )

    @routes.get("/v1/persons", name="list-persons-expiring", summary="Persons who will be erased for nobody's need")
    async def expire(
        caller: Annotated[Caller, requires(personal)],
        store: CurrentStore,
        needed_until: Annotated[
            AskedDay | None,
            Query(description="Persons whom no record needs after this day: that in 30 days, unless given."),
        ] = None,
    ) -> PersonsExpiring:
        """The notice of those whose time ends, so that whoever answers for them can act, or let them go: 200 at most.

        It tells of those whom a record names that the caller reads whole, without saying who they are.
        """
        until = needed_until or clock.now().date() + NOTICE
        ending = await expiring(store, until)
        streams = await naming(store, [each.subject for each in ending])
        items: list[PersonExpiring] = []
        for each in ending:
            found = [named for named in streams[each.subject] if await readable(store, named, caller)]
            if found and each.until and len(items) < GREATEST_LIMIT:
                paths = [_path(resources[named.category], named.stream_id) for named in found]
                items.append(PersonExpiring(id=each.subject, needed_until=each.until, records=paths))
        return PersonsExpiring(items=items)

    return routes


def _path(resource: Resource, stream_id: str) -> str:
    return f"{resource.path}/{resource.decider.identity(stream_id)}"
