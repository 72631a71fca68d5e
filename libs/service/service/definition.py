"""What a service is made of: the table of contents that its `app.py` is.

app = Service(
    "lamps",
    title="Street lamps",
    resources=(Resource(lamps, "/v1/lamps", reads=EVERYBODY),),
)
"""

import re
from collections.abc import Callable, Collection, Coroutine, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from fastapi import APIRouter

from contracts.model import Event
from contracts.registry import REGISTRY, Registry
from eventstore.bounds import Bounds
from eventstore.decider import Decider
from eventstore.erasure import Erasure
from eventstore.mail import mails
from eventstore.mirrors import Mirror
from eventstore.postgres.migrate import EVENTSTORE, Migrations
from eventstore.reactions import Reactions
from eventstore.subscribing.subscription import BATCH, Handle
from service.documents.refusals import refusals
from service.http.kinds import KINDS, Kind
from service.http.resource import Resource
from service.importing.tables import Table
from service.mailing import Template
from service.running.settings import Names, OwnSettings, Settings

Command = Callable[[Settings, list[str]], Coroutine[Any, Any, int]]
"""A command of a service's own: from the settings and its arguments to its exit status."""


@dataclass(frozen=True)
class Subscribes:
    """What a service does with the events of others.

    `events` are those that its handler is given, whose topics it reads; `begin` gives the subscription's
    name and its handler. An event that the registry does not know is parked until a release does: the one that emits it
    comes after one that knows it everywhere. `batch` events are handled in one transaction, at most.
    """

    events: Collection[type[Event]]
    begin: Callable[[Names], tuple[str, Handle]]
    registry: Registry = field(default_factory=lambda: REGISTRY)
    batch: int = BATCH

    @property
    def to(self) -> tuple[str, ...]:
        """The topics that it reads, as categories name them."""
        return self.registry.topics(self.events)


@dataclass(frozen=True)
class Service:
    """One service. `migrations` is the folder of its own tables', if it has any."""

    name: str
    title: str
    description: str = ""
    resources: tuple[Resource, ...] = ()
    router: APIRouter | None = None
    subscriptions: tuple[Subscribes, ...] = ()
    mirrors: tuple[Mirror[Any], ...] = ()
    reactions: Reactions | None = None
    registry: Registry = field(default_factory=lambda: REGISTRY)
    """Tells which topic an event is in. Where it has none of the service's own, they are in the only one it has."""
    migrations: Path | None = None
    commands: Mapping[str, Command] = field(default_factory=dict)
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    """Kinds of problems that its router knows beside those of every service. Those of 422 are documented with every
    parameter, the others by the routes that answer with them."""
    mail: Mapping[str, Template[Any]] = field(default_factory=dict)
    """What it writes to people, by the names that its reactions queue it under; it then has the resource `mails`."""
    tables: Mapping[str, Table] = field(default_factory=dict)
    """Tables of others that its imports take, by name: files in the columns of a national schema, say."""
    bounds: type[Bounds] = Bounds
    """What its decisions take for right: settings of its own, which they ask their context for."""
    settings: type[OwnSettings] = OwnSettings
    """Others of its own, which its router asks for."""

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z][a-z0-9-]*", self.name):
            raise TypeError(f"a service's name is made of lower-case letters, digits and hyphens, not {self.name!r}")
        paths = [resource.path for resource in self.resources]
        if len(set(paths)) < len(paths):
            raise TypeError(f"{self.name}: two resources share a path")
        categories = [resource.decider.category for resource in self.resources]
        if len(set(categories)) < len(categories):
            raise TypeError(f"{self.name}: two resources have one category")
        for resource in self.resources:
            resource.decider.check()
        for mirror in self.mirrors:
            mirror.check()
        self._check_lookups()
        self._check_tables()
        if bool(self.mail) != (mails.category in categories):
            raise TypeError(f"{self.name} has messages to write, or a queue of messages, and not the other")
        if self.names_persons and not any(self._erases(decider) for decider in self.deciders.values()):
            raise TypeError(f"{self.name} names persons, and has no erasures")
        _ = self.reacts_to

    @cached_property
    def routes(self) -> frozenset[str]:
        """The paths of its router, with `{}` for what differs: they are found before the records of a resource above
        them, and before what its records have."""
        paths = {getattr(route, "path", "") for route in self.router.routes} if self.router else set[str]()
        return frozenset(re.sub(r"{[^{}]*}", "{}", path) for path in paths)

    def _check_lookups(self) -> None:
        """Raises TypeError where a decision looks up what the service does not have."""
        there: Collection[Decider[Any]] = {*self.deciders.values(), *self.mirrors}
        for decider in self.deciders.values():
            for decision in decider.decisions.values():
                for lookup in decision.looks_up:
                    if lookup.decider not in there:
                        raise TypeError(
                            f"{self.name}: {decision.name} looks up a {lookup.decider.category}, which is not there"
                        )

    def _check_tables(self) -> None:
        """Raises TypeError where a row of a table would be no command."""
        begun = {resource.path: resource.creation for resource in self.resources if resource.begun_by_callers}
        for name, table in self.tables.items():
            if table.path not in begun:
                raise TypeError(f"{self.name}: the rows of {name} begin nothing at {table.path}")
            fields = begun[table.path].command.model_fields
            told = {each.split(".")[0] for column in table.columns.values() for each in column.fields} | {*table.given}
            if strange := sorted(told - fields.keys()):
                raise TypeError(f"{self.name}: {name} tells of {', '.join(strange)}, which {table.path} does not take")
            if lacking := sorted({each for each, about in fields.items() if about.is_required()} - told):
                raise TypeError(f"{self.name}: {name} does not tell the {', '.join(lacking)}, which {table.path} needs")

    @staticmethod
    def _erases(decider: Decider[Any]) -> bool:
        return any(decision.erases for decision in decider.decisions.values())

    @property
    def names_persons(self) -> bool:
        """Whether any of its commands names somebody."""
        return any(decider.persons for decider in self.deciders.values())

    @property
    def erasures(self) -> Decider[Erasure]:
        """Its erasures. Raises LookupError where it knows nobody."""
        for decider in self.deciders.values():
            if self._erases(decider):
                return decider
        raise LookupError(f"{self.name} knows nobody")

    @property
    def deciders(self) -> Mapping[str, Decider[Any]]:
        """The deciders of its resources, by category."""
        return {resource.decider.category: resource.decider for resource in self.resources}

    @cached_property
    def events(self) -> frozenset[type[Event]]:
        """Every event that its decisions can lead to."""
        return frozenset().union(*(decider.events for decider in self.deciders.values()))

    def topic_by_type(self, settings: Names) -> Mapping[str, str] | None:
        """The topic that each type of its events goes into; None where all go into the only one it has."""
        types = self.registry.topic_by_type(self.name)
        return {name: settings.topic(topic) for name, topic in types.items()} or None

    @cached_property
    def reacts_to(self) -> tuple[str, ...]:
        """The topics of the events that its reactions are to, as categories name them. Raises UnknownEvent."""
        events = self.reactions.events if self.reactions else frozenset[type[Event]]()
        types = self.registry.topic_by_type(self.name)
        own = {types.get(event.event_type, self.name) for event in events & self.events}
        return tuple(sorted(own.union(self.registry.topics(events - self.events))))

    @property
    def all_migrations(self) -> list[Migrations]:
        """The event store's, then its own."""
        own = [Migrations(self.name, self.migrations)] if self.migrations else []
        return [EVENTSTORE, *own]

    @property
    def problems(self) -> Mapping[str, Kind]:
        """Every problem it may answer with, by slug."""
        found = {**KINDS, **self.kinds}
        for resource in self.resources:
            found.update(refusals(resource.decider))
        return found
