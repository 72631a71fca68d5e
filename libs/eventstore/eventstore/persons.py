"""Persons on the way of a command: recognised before it is decided, and kept with its events, until they are erased.

Whom a command names is looked for among the persons that the service knows, by a keyed hash of what identifies them,
and is a subject from then on. An erasure is a stream of its own, and what names somebody is stored only while there is
none of that person: so whoever was erased is not named again on old streams, and who returns is a new subject.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Generic, NamedTuple, TypeVar

from pydantic_core import to_json

from contracts.personal import Person, Personal
from eventstore.decider import Command, Decision
from eventstore.erasure import of_person
from eventstore.postgres.appending import Named
from eventstore.postgres.ids import new_id
from eventstore.postgres.store import Store
from eventstore.refusal import PERSON_ERASED
from eventstore.streams import Streams

C = TypeVar("C", bound=Command)


@dataclass(frozen=True)
class Introduced(Generic[C]):
    """A command with whom it names known to the service, and what goes with its events."""

    command: C
    persons: Sequence[Named] = ()
    guards: Sequence[tuple[str, int]] = ()
    """That none of them was erased meanwhile, nor anybody whom the stream named before."""


async def introduce(store: Streams, decision: Decision, command: C, named_before: Iterable[str]) -> Introduced[C]:
    """Recognises whom a command names; who is not known gets a pseudonym. Raises Rejected where the stream named
    somebody before who was erased, and StoreUnavailable."""
    told: dict[str, Person] = {
        field: personal.told for field in decision.persons if isinstance(personal := getattr(command, field), Personal)
    }
    if not told:
        return Introduced(command)
    before = [] if decision.creates else [*map(of_person, named_before)]
    if any(erasure is not None for erasure in await store.load_all(before)):
        raise PERSON_ERASED()
    hashes = {
        field: store.keyed(recognition.encode())
        for field, person in told.items()
        if (recognition := person.recognition()) is not None
    }
    found = await store.recognised([*hashes.values()]) if hashes else {}
    known = {by: subject for by, (subject, _) in found.items()}
    guards = {*before, *map(of_person, known.values())}
    introduced: dict[str, Personal[Person]] = {}
    persons: dict[str, Named] = {}
    for field, person in told.items():
        by = hashes.get(field)
        subject = known.get(by) if by else None
        if subject is None:
            subject = str(new_id())
            if by:
                known[by] = subject
        introduced[field] = Personal(person, subject)
        data = _with(person, found[by][1]) if by and by in found else person.model_dump_json()
        persons[subject] = Named(subject, type(person).__name__, by, data)
    return Introduced(
        command.model_copy(update=introduced), [*persons.values()], [(stream_id, 0) for stream_id in guards]
    )


def _with(person: Person, before: str) -> str:
    """What is known of a person who is named again: what is told now, and of what is left out what was told before."""
    known, told = json.loads(before), person.model_dump(mode="json")
    kept = {name: known[name] for name in told.keys() & known.keys() if name not in person.model_fields_set}
    return to_json({**told, **kept}).decode()


class Expiring(NamedTuple):
    """A person whom no stream needs to know any more after a day."""

    subject: str
    until: date | None
    """None where none does already, and none ever said so."""


async def expiring(store: Store, before: date) -> Sequence[Expiring]:
    """The persons whom no stream needs on this day any more, and who are known still; the first first."""
    rows = await store.fetch(
        """
        SELECT d.subject, k.until
        FROM personal_data d
        LEFT JOIN LATERAL (SELECT max(until) AS until FROM kept WHERE kept.subject = d.subject) k ON true
        WHERE coalesce(k.until < $1, true)
        ORDER BY k.until NULLS FIRST, d.subject
        """,
        before,
    )
    return [Expiring._make(row) for row in rows]


class Naming(NamedTuple):
    """A stream that names a person."""

    stream_id: str
    category: str
    until: date


async def naming(store: Store, subjects: Sequence[str]) -> Mapping[str, Sequence[Naming]]:
    """The streams that name these persons, each with the last day on which it needs to know who that is."""
    rows = await store.fetch(
        """
        SELECT k.subject, k.stream_id, s.category, k.until
        FROM kept k JOIN streams s ON s.stream_id = k.stream_id
        WHERE k.subject = ANY ($1::text[])
        ORDER BY k.stream_id
        """,
        subjects,
    )
    found: dict[str, list[Naming]] = {subject: [] for subject in subjects}
    for subject, *stream in rows:
        found[subject].append(Naming._make(stream))
    return found
