"""What an append is made of, and how a group of them travels to the function `append_group` and back."""

from collections.abc import Iterable, Sequence
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


class NewEvent(NamedTuple):
    """An event to store; `data` is its JSON."""

    type: str
    schema_version: int
    data: str


class Key(NamedTuple):
    """An idempotency key, unique in the service, and the hash of what was asked under it."""

    key: str
    body_hash: bytes


class Append(NamedTuple):
    """What one command leaves behind, all or nothing."""

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


class Appended(NamedTuple):
    """Where a command led; `replayed` where its key had led there before."""

    stream_id: str
    version: int
    replayed: bool


def touches(append: Append) -> Iterable[object]:
    """What an append must have for itself within a group: one statement could not tell two of them apart."""
    yield append.stream_id
    if append.key:
        yield append.key.key
    for stream_id, _ in append.guards:
        yield stream_id


def written(group: Sequence[Append]) -> tuple[object, ...]:
    """The arguments of APPEND_GROUP. Raises ValueError for a text that cannot travel."""
    numbered = list(enumerate(group, 1))
    events = [
        (n, version, event)
        for n, append in numbered
        for version, event in enumerate(append.events, append.expected + 1)
    ]
    keys = [(n, append.key) for n, append in numbered if append.key]
    guards = [(n, stream_id, version) for n, append in numbered for stream_id, version in append.guards]
    first_id = new_id().int
    return (
        _texts([append.stream_id for append in group]),
        _texts([append.category for append in group]),
        _numbers([append.expected for append in group]),
        _numbers([len(append.events) for append in group]),
        _texts([append.state for append in group]),
        _numbers([append.state_revision for append in group]),
        _texts([append.metadata for append in group]),
        _numbers([n for n, _, _ in events]),
        _numbers([version for _, version, _ in events]),
        # Ids of one group count up from the first, as RFC 9562 (6.2) has it.
        _texts([f"{number:032x}" for number in range(first_id, first_id + len(events))]),
        _texts([event.type for _, _, event in events]),
        _numbers([event.schema_version for _, _, event in events]),
        _texts([event.data for _, _, event in events]),
        _numbers([n for n, _ in keys]),
        _texts([key.key for _, key in keys]),
        [key.body_hash for _, key in keys],
        _numbers([n for n, _, _ in guards]),
        _texts([stream_id for _, stream_id, _ in guards]),
        _numbers([version for _, _, version in guards]),
    )


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
            case _:
                outcomes[n] = VersionConflict(row["in_stream"], group[n].expected)
    return outcomes


_SEPARATOR = "\x1f"
"""Unit separator: JSON holds it only escaped, and no id has it."""


def _texts(values: Sequence[str]) -> str:
    # asyncpg asks each element of an array whether it is an array itself, which costs more than sending it: so columns
    # travel as one text each.
    joined = _SEPARATOR.join(values)
    if values and joined.count(_SEPARATOR) != len(values) - 1:
        raise ValueError("a text holds a unit separator (U+001F)")
    return joined


def _numbers(values: Sequence[int]) -> str:
    return "{" + ",".join(map(str, values)) + "}"


def _append_group_call() -> str:
    texts, numbers = "string_to_array(${}, E'\\x1f')", "${}::text::integer[]"
    columns = [
        *(texts, texts, numbers, numbers, texts, numbers, texts),
        *(numbers, numbers, f"{texts}::uuid[]", texts, f"{numbers}::smallint[]", texts),
        *(numbers, texts, "${}::bytea[]"),
        *(numbers, texts, numbers),
    ]
    arguments = ", ".join(column.format(n) for n, column in enumerate(columns, 1))
    return f"SELECT * FROM append_group({arguments})"  # noqa: S608 - made of numbered parameters alone


APPEND_GROUP = _append_group_call()
