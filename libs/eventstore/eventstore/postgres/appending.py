"""What an append is made of, and how a group of them travels to the function `append_group` and back."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Final, NamedTuple

import asyncpg

from eventstore.postgres.ids import new_id

MAX_EVENT_BYTES: Final = 256_000


class VersionConflict(Exception):
    """The stream, or one that was looked up, is no longer at the version the decision was made on."""

    def __init__(self, stream_id: str, expected: int) -> None:
        super().__init__(f"{stream_id} is no longer at version {expected}")
        self.stream_id = stream_id
        self.expected = expected


class KeyReused(Exception):
    """The idempotency key was used before, for another body."""


class EventTooLarge(Exception):
    """An event is above MAX_EVENT_BYTES."""


class ClaimTaken(Exception):
    """What the stream would hold is held by another, or up to its limit."""

    def __init__(self, kind: str, *, by: str | None, taken: int) -> None:
        super().__init__(f"{kind} is taken" + (f" by {by}" if by else ""))
        self.kind = kind
        self.by = by
        """The stream that holds it; None where many do, up to the limit."""
        self.taken = taken
        """How much of a limit is taken by others."""


class NewEvent(NamedTuple):
    """An event to store; `data` is its JSON."""

    type: str
    schema_version: int
    data: str


class Key(NamedTuple):
    """An idempotency key, unique in the service, and the hash of what was asked under it."""

    key: str
    body_hash: bytes


class Holding(NamedTuple):
    """What a stream holds, over all streams of the service: from `since` until before `until`, both aware."""

    kind: str
    key: str
    since: datetime | None
    """None: since ever."""
    until: datetime | None
    """None: for ever."""
    amount: int
    limit: int | None
    """How much all streams may hold of the key together; None where only one may hold it."""


class PersonUnknown(Exception):
    """Nobody of this pseudonym is known, or ever was."""


class Named(NamedTuple):
    """A person whom a command names, as the one table of persons keeps it."""

    subject: str
    kind: str
    """Of what is told: the name of its model."""
    recognition: bytes | None
    """The keyed hash by which the person is recognised; None where that is never done."""
    data: str
    """What was told, as JSON."""


class KeptUntil(NamedTuple):
    """A person whom a stream names, and the last day on which it needs to know who that is."""

    subject: str
    until: date


class DueAt(NamedTuple):
    """A command, by its name and its JSON, and when it is due; None where it is no longer."""

    name: str
    body: str
    at: datetime | None


class Append(NamedTuple):
    """What one command leaves behind, all or nothing. What is None or empty stays as it was."""

    stream_id: str
    category: str
    expected: int
    """The version the decision was made on; 0 begins a stream."""
    events: Sequence[NewEvent]
    state: str
    state_revision: int
    metadata: str
    key: Key | None = None
    guards: Sequence[tuple[str, int]] = ()
    """Other streams the decision looked at, with the versions it saw."""
    reaction: str | None = None
    """The key under which a reaction's command is remembered for ever."""
    labels: str | None = None
    """What the stream may be found by, written as a tsvector."""
    labelling: int = 0
    """Tells how labels and order are declared, so that streams are known where they are of another declaration."""
    order: Sequence[tuple[str, str]] = ()
    """Fields by which lists are sorted, whose values changed, as `eventstore.finding` writes them."""
    holds: Sequence[Holding] | None = None
    """All that the stream holds from now on."""
    due: Sequence[DueAt] = ()
    due_anew: bool = False
    """Whether that is all that is due, and whatever else was is no longer."""
    persons: Sequence[Named] = ()
    keeps: Sequence[KeptUntil] | None = None
    """All whom the stream names from now on."""
    erases: str | None = None
    """The subject of whom nothing is kept from now on."""


class Appended(NamedTuple):
    """Where a command led; `replayed` where its key had led there before."""

    stream_id: str
    version: int
    replayed: bool


def refuse_large(events: Iterable[NewEvent]) -> None:
    """Raises EventTooLarge."""
    if any(len(event.data) > MAX_EVENT_BYTES // 4 and len(event.data.encode()) > MAX_EVENT_BYTES for event in events):
        raise EventTooLarge(f"an event is at most {MAX_EVENT_BYTES} bytes of JSON")


def touches(append: Append) -> Iterable[object]:
    """What an append must have for itself within a group: one statement could not tell two of them apart."""
    yield append.stream_id
    if append.key:
        yield append.key.key
    if append.reaction:
        yield append.reaction
    for person in append.persons:
        yield person.subject
        if person.recognition:
            yield person.recognition
    for holding in append.holds or ():
        hours = _hours(holding)
        if hours:
            for hour in hours:
                yield *holding[:2], hour
        else:
            yield holding[:2]


def looks_at(append: Append) -> Iterable[object]:
    """What an append may share with others of its group, unless one of them has it for itself."""
    for stream_id, _ in append.guards:
        yield stream_id
    for holding in append.holds or ():
        if _hours(holding):
            yield holding[:2]


def _hours(holding: Holding) -> Sequence[int]:
    """The hours that a short period touches, so that others of its key need not wait; none where it is long."""
    if holding.since is None or holding.until is None:
        return ()
    first, last = int(holding.since.timestamp() // _HOUR), int(-(-holding.until.timestamp() // _HOUR))
    return range(first, last) if last - first <= _SHORT else ()


_HOUR: Final = 3600
_SHORT: Final = 24
"""Hours of a period that are told one by one."""


COLUMNS: Final[Mapping[str, Mapping[str, str]]] = {
    "command": {
        "stream_id": "text",
        "category": "text",
        "expected": "integer",
        "events": "integer",
        "state": "text",
        "revision": "integer",
        "metadata": "text",
        "labels": "text",
        "labelling": "integer",
    },
    "event": {
        "command": "integer",
        "version": "integer",
        "id": "uuid",
        "type": "text",
        "schema_version": "smallint",
        "data": "text",
    },
    "key": {"command": "integer", "key": "text", "hash": "bytea"},
    "reaction": {"command": "integer", "key": "text"},
    "guard": {"command": "integer", "stream_id": "text", "version": "integer"},
    "order": {"command": "integer", "field": "text", "value": "text"},
    "holder": {"command": "integer"},
    "claim": {
        "command": "integer",
        "kind": "text",
        "key": "text",
        "since": "timestamptz",
        "until": "timestamptz",
        "amount": "integer",
        "limit": "integer",
    },
    "due": {"command": "integer", "name": "text", "body": "text", "at": "timestamptz"},
    "person": {"command": "integer", "subject": "text", "kind": "text", "recognition": "bytea", "data": "text"},
    "keeper": {"command": "integer"},
    "keep": {"command": "integer", "subject": "text", "until": "date"},
    "erasure": {"command": "integer", "subject": "text"},
}
"""The columns of `append_group` by what they tell of, with the types of their elements: `event_id uuid[]`."""


def written(group: Sequence[Append]) -> Sequence[object]:
    """The arguments of APPEND_GROUP. Raises ValueError for a text that cannot travel."""
    rows: dict[str, list[tuple[object, ...]]] = {part: [] for part in COLUMNS}
    commands, events = rows["command"], rows["event"]
    # Ids of one group count up from the first, as RFC 9562 (6.2) has it.
    next_id = new_id().int
    for n, append in enumerate(group, 1):
        commands.append(
            (
                append.stream_id,
                append.category,
                append.expected,
                len(append.events),
                append.state,
                append.state_revision,
                append.metadata,
                _NULL if append.labels is None else append.labels,
                append.labelling,
            )
        )
        for version, (kind, schema_version, data) in enumerate(append.events, append.expected + 1):
            events.append((n, version, f"{next_id:032x}", kind, schema_version, data))
            next_id += 1
        if append.key:
            rows["key"].append((n, *append.key))
        if append.reaction:
            rows["reaction"].append((n, append.reaction))
        if append.guards:
            rows["guard"] += [(n, *guard) for guard in append.guards]
        if append.order:
            rows["order"] += [(n, *ordered) for ordered in append.order]
        if append.holds is not None:
            rows["holder"].append((n,))
            rows["claim"] += [(n, *_spelled(holding)) for holding in append.holds]
        if append.due_anew:
            # Without a name: all that is not told.
            rows["due"].append((n, _NULL, _NULL, _NULL))
        if append.due:
            rows["due"] += [(n, due.name, due.body, due.at.isoformat() if due.at else _NULL) for due in append.due]
        if append.persons:
            rows["person"] += [(n, *person) for person in append.persons]
        if append.keeps is not None:
            rows["keeper"].append((n,))
            rows["keep"] += [(n, keep.subject, keep.until.isoformat()) for keep in append.keeps]
        if append.erases is not None:
            rows["erasure"].append((n, append.erases))
    arguments: list[object] = []
    for part, of_part in rows.items():
        if of_part:
            arguments += map(_column, COLUMNS[part].values(), zip(*of_part, strict=True))
        else:
            arguments += _NOTHING[part]
    return arguments


def answers(group: Sequence[Append], refused: Iterable[asyncpg.Record]) -> list[Appended | Exception]:
    """What became of each append, from the rows that APPEND_GROUP returned."""
    outcomes: list[Appended | Exception] = [
        Appended(append.stream_id, append.expected + len(append.events), replayed=False) for append in group
    ]
    # A replay may also show as a conflict, when what it looked up has moved on: the key speaks first.
    for row in sorted(refused, key=lambda row: row["outcome"] != "conflict"):
        n = row["command"] - 1
        match row["outcome"]:
            case "replayed":
                outcomes[n] = Appended(row["in_stream"], row["at_version"], replayed=True)
            case "reused":
                outcomes[n] = KeyReused(group[n].key)
            case "claimed":
                outcomes[n] = ClaimTaken(row["claim"], by=row["in_stream"], taken=row["taken"])
            case "unknown":
                outcomes[n] = PersonUnknown(group[n].erases)
            case _:
                outcomes[n] = VersionConflict(row["in_stream"], group[n].expected)
    return outcomes


def _spelled(holding: Holding) -> Iterable[object]:
    kind, key, since, until, amount, limit = holding
    return (
        kind,
        key,
        since.isoformat() if since else "-infinity",
        until.isoformat() if until else "infinity",
        amount,
        "NULL" if limit is None else limit,
    )


_SEPARATOR = "\x1f"
"""Unit separator: JSON holds it only escaped, and no id has it."""
_NULL = "\x1e"
"""Record separator: stands for NULL, and no text is it."""


def _column(kind: str, values: Sequence[object]) -> object:
    # asyncpg asks each element of an array whether it is an array itself, which costs more than sending it: so columns
    # travel as one text each.
    if kind == "bytea":
        return values
    if kind in _NUMBERS:
        return "{" + ",".join(map(str, values)) + "}"
    joined = _SEPARATOR.join(values)  # type: ignore[arg-type]  # rows hold texts where their columns do
    if joined.count(_SEPARATOR) != len(values) - 1:
        raise ValueError("a text holds a unit separator (U+001F)")
    return joined


_NUMBERS: Final = frozenset({"integer", "smallint"})
_NOTHING: Final[Mapping[str, Sequence[object]]] = {
    part: [[] if kind == "bytea" else "{}" if kind in _NUMBERS else "" for kind in columns.values()]
    for part, columns in COLUMNS.items()
}


def _append_group_call() -> str:
    kinds = [kind for columns in COLUMNS.values() for kind in columns.values()]
    return f"SELECT * FROM append_group({', '.join(map(_placed, range(1, len(kinds) + 1), kinds))})"  # noqa: S608 - made of COLUMNS alone


def _placed(n: int, kind: str) -> str:
    if kind == "bytea":
        return f"${n}::bytea[]"
    if kind in _NUMBERS:
        return f"${n}::text::{kind}[]"
    return f"string_to_array(${n}, E'\\x1f', E'\\x1e')::{kind}[]"


APPEND_GROUP = _append_group_call()
