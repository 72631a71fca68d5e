"""How an event travels in a Kafka record: CloudEvents 1.0, binary mode.

The record's key is the stream id, its value the event's JSON and nothing else, its timestamp `recorded_at`; all the
rest is in its headers. What a topic should hold is known (`Origin`), so that a record of anybody else is told apart.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final, NamedTuple, Protocol
from uuid import UUID

from pydantic_core import from_json

from contracts.model import Event
from contracts.registry import decode, schema_id
from eventstore.kafka.partitioning import partition_of
from eventstore.postgres.store import Recorded
from eventstore.tracing import About, as_id

Headers = list[tuple[str, bytes]]

TRACEPARENT: Final = "ce_traceparent"
POSITION: Final = "ce_position"
PREVIOUS: Final = "ce_previous"
ROLES: Final = "ce_roles"
_FROM_METADATA: Final = {
    "traceparent": TRACEPARENT,
    "correlation_id": "ce_correlationid",
    "causation_id": "ce_causationid",
    "reaction": "ce_reaction",
}
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)


class NotAnEvent(Exception):
    """A record that no relay of ours has written."""


class Record(Protocol):
    """What is read of a record that aiokafka consumed."""

    @property
    def topic(self) -> str: ...
    @property
    def partition(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def headers(self) -> Iterable[tuple[str, bytes]]: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...


@lru_cache(maxsize=1024)
def _constant_headers(event_type: str, schema_version: int, source: str) -> tuple[tuple[str, bytes], ...]:
    return (
        ("ce_specversion", b"1.0"),
        ("ce_source", source.encode()),
        ("ce_type", event_type.encode()),
        ("ce_dataschema", schema_id(event_type, schema_version).encode()),
        ("content-type", b"application/json"),
    )


@lru_cache(maxsize=1024)
def _moment(recorded_at: datetime) -> tuple[int, bytes]:
    """A time as a record's timestamp, and as its header. Events of one group have it in common."""
    return (recorded_at - _EPOCH) // _MILLISECOND, recorded_at.isoformat().encode()


def to_headers(event: Recorded, source: str, previous: int) -> Headers:
    """The headers of an event's record: `source` is `/<territory>/<service>`, `previous` the position of the record
    before it in its partition, 0 before the first."""
    headers = [
        *_constant_headers(event.type, event.schema_version, source),
        ("ce_id", str(event.event_id).encode()),
        ("ce_subject", event.stream_id.encode()),
        ("ce_time", _moment(event.recorded_at)[1]),
        ("ce_sequence", str(event.version).encode()),
        (POSITION, str(event.position).encode()),
        (PREVIOUS, str(previous).encode()),
    ]
    metadata = from_json(event.metadata)
    for name, header in _FROM_METADATA.items():
        if name in metadata:
            headers.append((header, metadata[name].encode()))
    if roles := metadata.get("roles"):
        headers.append((ROLES, ",".join(roles).encode()))
    if metadata.get("sample"):
        headers.append(("ce_sample", b"true"))
    return headers


def to_timestamp(recorded_at: datetime) -> int:
    """A record's timestamp: milliseconds since 1970."""
    return _moment(recorded_at)[0]


class Message(NamedTuple):
    """An event as a subscriber receives it."""

    position: int
    """Orders all events of one source; in one partition it only grows."""
    stream_id: str
    version: int
    """In the stream: 1, 2, 3 without a gap."""
    previous: int | None
    """The position of the record before it in its partition; unknown of records of the first release."""
    event_id: UUID
    type: str
    schema_version: int
    recorded_at: datetime
    sample: bool
    """Whether it belongs to sample data."""
    data: bytes
    """The event's JSON."""
    source: str
    topic: str
    partition: int
    offset: int
    correlation_id: str | None = None
    """The client's name for the work it is part of."""
    causation_id: str | None = None
    """The id of the event that led to it, where nobody asked for it."""
    traceparent: str | None = None
    roles: str | None = None
    """In which roles its sender could decide it, comma-separated; None of what the platform did, and of records of
    before they were told."""
    reaction: str | None = None
    """What its store remembers of the reaction that asked for it; None of all else, and of records of before it was
    told."""

    @classmethod
    def from_record(cls, record: Record) -> "Message":
        """Reads a record. Raises NotAnEvent."""
        headers = dict(record.headers)
        try:
            return cls(
                position=int(headers[POSITION]),
                stream_id=headers["ce_subject"].decode(),
                version=int(headers["ce_sequence"]),
                previous=int(headers[PREVIOUS]) if PREVIOUS in headers else None,
                event_id=UUID(headers["ce_id"].decode()),
                type=headers["ce_type"].decode(),
                schema_version=int(headers["ce_dataschema"].rpartition(b":")[2]),
                recorded_at=datetime.fromisoformat(headers["ce_time"].decode()),
                sample=headers.get("ce_sample") == b"true",
                data=record.value or b"",
                source=headers["ce_source"].decode(),
                topic=record.topic,
                partition=record.partition,
                offset=record.offset,
                correlation_id=_said(headers, "ce_correlationid"),
                causation_id=_said(headers, "ce_causationid"),
                traceparent=_said(headers, TRACEPARENT),
                roles=_said(headers, ROLES),
                reaction=_said(headers, "ce_reaction"),
            )
        except (KeyError, ValueError) as error:
            # Not what it holds: whatever somebody wrote would end in a log.
            raise NotAnEvent(f"the record at {_place(record)} is no event: {type(error).__name__}") from None

    def event(self) -> Event:
        """The event itself. Raises UnknownEvent, or pydantic's ValidationError."""
        return decode(self.type, self.schema_version, self.data)

    def metadata(self, actor: str) -> dict[str, object]:
        """What an event that is recorded from it has as metadata. The sender is in no record, so another is named."""
        told: dict[str, object] = {name: getattr(self, name) for name in _FROM_METADATA}
        told |= {"roles": self.roles and self.roles.split(","), "sample": self.sample}
        return {"actor": actor} | {name: value for name, value in told.items() if value}

    def leads_to(self) -> About:
        """What is done because of it belongs to this."""
        return About(
            correlation_id=as_id(self.correlation_id), causation_id=str(self.event_id), traceparent=self.traceparent
        )

    def __str__(self) -> str:
        return f"{self.type} {self.event_id} at {_place(self)}"


@dataclass(frozen=True, slots=True)
class Origin:
    """Who writes a topic, and so what each of its records says alike. Nobody else should write there; some may."""

    topic: str
    partitions: int

    @property
    def source(self) -> str:
        """`/issoudun/youth-events`, of both topics of that service: in one store, they share its positions."""
        return source_of(self.topic)

    def read(self, record: Record) -> Message:
        """The event in a record. Raises NotAnEvent where it cannot be the relay's."""
        message = Message.from_record(record)
        if message.source != self.source:
            raise NotAnEvent(f"the record at {_place(record)} comes from elsewhere, not from {self.source}")
        key = message.stream_id.encode()
        if record.key != key:
            raise NotAnEvent(f"the key of the record at {_place(record)} is not its stream")
        if record.partition != _partition_of(key, self.partitions):
            raise NotAnEvent(f"the record at {_place(record)} belongs to another partition, by its stream")
        return message

    def find(self, record: Record) -> Message | None:
        """The event in a record; None where it cannot be the relay's."""
        try:
            return self.read(record)
        except NotAnEvent:
            return None


_partition_of = lru_cache(maxsize=1 << 16)(partition_of)


@lru_cache(maxsize=1024)
def source_of(topic: str) -> str:
    """How the events of a service name where they come from, in whichever of its topics: `/issoudun/companies`."""
    return "/" + "/".join(topic.split(".")[:2])


def _said(headers: Mapping[str, bytes], name: str) -> str | None:
    return headers[name].decode() if name in headers else None


def _place(record: "Record | Message") -> str:
    return f"{record.topic}[{record.partition}] offset {record.offset}"
