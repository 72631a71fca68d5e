import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, get_args
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.companies.investment import InvestmentCommitted
from contracts.roles import Role
from eventstore.kafka.envelope import Message, NotAnEvent, Origin, to_headers, to_timestamp
from eventstore.kafka.partitioning import partition_of
from eventstore.postgres.store import Recorded

SOURCE = "/issoudun/companies"
COMMITTED = {
    "effective_on": "2024-05-13",
    "company": "00000001800010",
    "naf": "25.62B",
    "commune": "36088",
    "zone": "zi-limoise",
    "axis": 6,
    "amount": 450_000,
}


@dataclass
class Record:
    """A record as aiokafka gives it."""

    headers: Iterable[tuple[str, bytes]]
    key: bytes | None = b"investment-0192f0c1"
    value: bytes | None = b"{}"
    topic: str = "issoudun.companies.v1"
    partition: int = 7
    offset: int = 41


def recorded(metadata: dict[str, Any] | None = None, **changes: Any) -> Recorded:
    """An event as the store has it."""
    fields = {
        "position": 1234,
        "stream_id": "investment-0192f0c1",
        "version": 3,
        "event_id": UUID("0192f0c1-7c3e-7d2a-8b1a-0d6a1e2f3a4b"),
        "type": "InvestmentCommitted",
        "schema_version": 1,
        "data": json.dumps(COMMITTED),
        "metadata": json.dumps(metadata or {"actor": "chateauroux-metropole"}),
        "recorded_at": datetime(2024, 5, 14, 9, 30, 0, 123_456, tzinfo=UTC),
    }
    return Recorded(**{**fields, **changes})


def test_a_record_is_a_cloud_event_in_binary_mode() -> None:
    metadata = {
        "actor": "companies-frontend",
        "roles": ["network", "town_hall"],
        "sample": True,
        "correlation_id": "c-1",
        "causation_id": "e-1",
        "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "reaction": "e-1/offer-to-the-next/seat-1",
    }

    assert dict(to_headers(recorded(metadata), SOURCE, 1201)) == {
        "ce_specversion": b"1.0",
        "ce_id": b"0192f0c1-7c3e-7d2a-8b1a-0d6a1e2f3a4b",
        "ce_source": b"/issoudun/companies",
        "ce_type": b"InvestmentCommitted",
        "ce_subject": b"investment-0192f0c1",
        "ce_time": b"2024-05-14T09:30:00.123456+00:00",
        "ce_dataschema": b"urn:territoires-industrie:InvestmentCommitted:1",
        "ce_sequence": b"3",
        "ce_position": b"1234",
        "ce_previous": b"1201",
        "ce_traceparent": b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "ce_correlationid": b"c-1",
        "ce_causationid": b"e-1",
        "ce_reaction": b"e-1/offer-to-the-next/seat-1",
        "ce_roles": b"network,town_hall",
        "ce_sample": b"true",
        "content-type": b"application/json",
    }


def test_what_an_event_does_not_have_has_no_header() -> None:
    headers = dict(to_headers(recorded(), SOURCE, 1201))

    told = ("roles", "sample", "traceparent", "correlationid", "causationid", "reaction")
    assert headers.keys().isdisjoint(f"ce_{name}" for name in told)


def test_the_actor_stays_inside() -> None:
    assert not any(b"metropole" in value for _, value in to_headers(recorded(), SOURCE, 1201))


@given(
    position=st.integers(1, 2**63 - 1),
    version=st.integers(1, 2**31 - 1),
    stream_id=st.text(min_size=1).filter(lambda text: text.isprintable()),
    event_id=st.uuids(),
    schema_version=st.integers(1, 999),
    recorded_at=st.datetimes(min_value=datetime(2000, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    sample=st.booleans(),
    roles=st.lists(st.sampled_from(get_args(Role)), unique=True),
)
def test_a_subscriber_gets_back_what_was_recorded(sample: bool, roles: list[str], **fields: Any) -> None:
    event = recorded({"actor": "a"} | ({"sample": True} if sample else {}) | {"roles": roles}, **fields)

    message = Message.from_record(Record(to_headers(event, SOURCE, 1201), value=event.data.encode()))

    for name, value in fields.items():
        assert getattr(message, name) == value
    assert (message.sample, message.source, message.type) == (sample, SOURCE, event.type)
    assert (message.topic, message.partition, message.offset) == ("issoudun.companies.v1", 7, 41)
    assert message.data.decode() == event.data
    assert message.roles == (",".join(roles) or None)


def test_a_message_knows_what_it_is_part_of_and_what_led_to_it() -> None:
    said = {
        "correlation_id": "c-1",
        "causation_id": "e-1",
        "traceparent": "00-4bf92f35-00f067aa-01",
        "reaction": "e-1/offer/0",
    }
    event = recorded(said)

    message = Message.from_record(Record(to_headers(event, SOURCE, 1201), value=event.data.encode()))

    assert {name: getattr(message, name) for name in said} == said
    assert message.metadata("reconcile") == {"actor": "reconcile", **said}


def test_an_event_that_is_recorded_from_its_record_has_all_that_is_told_of_it_but_its_sender() -> None:
    told = {"roles": ["network", "town_hall"], "sample": True}
    event = recorded({"actor": "companies-frontend", **told})

    message = Message.from_record(Record(to_headers(event, SOURCE, 1201), value=event.data.encode()))

    assert message.metadata("reconcile") == {"actor": "reconcile", **told}


def test_a_message_knows_its_event() -> None:
    event = recorded()

    message = Message.from_record(Record(to_headers(event, SOURCE, 1201), value=event.data.encode()))

    assert message.event() == InvestmentCommitted.model_validate_json(event.data)
    assert str(message) == (
        "InvestmentCommitted 0192f0c1-7c3e-7d2a-8b1a-0d6a1e2f3a4b at issoudun.companies.v1[7] offset 41"
    )


@given(st.datetimes(min_value=datetime(2000, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_a_timestamp_is_never_later_than_the_recording_and_less_than_a_millisecond_earlier(moment: datetime) -> None:
    back = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=to_timestamp(moment))

    assert timedelta(0) <= moment - back < timedelta(milliseconds=1)


@pytest.mark.parametrize("missing", ["ce_id", "ce_subject", "ce_sequence", "ce_position", "ce_time", "ce_dataschema"])
def test_a_record_of_someone_else_is_named_by_its_place(missing: str) -> None:
    headers = [(name, value) for name, value in to_headers(recorded(), SOURCE, 1201) if name != missing]

    with pytest.raises(NotAnEvent, match=r"issoudun\.companies\.v1\[7\] offset 41.*"):
        Message.from_record(Record(headers))


def test_a_topic_knows_the_records_of_its_relay() -> None:
    origin = Origin("issoudun.companies.v2", partitions=12)
    partition = partition_of(b"investment-0192f0c1", 12)
    headers = to_headers(recorded(), SOURCE, 1201)
    assert origin.source == SOURCE
    assert origin.read(Record(headers, partition=partition)).previous == 1201
    for foreign, why in (
        (Record(to_headers(recorded(), "/vierzon/companies", 0), partition=partition), "comes from elsewhere"),
        (Record(headers, key=b"investment-1", partition=partition), "key"),
        (Record(headers, key=None, partition=partition), "key"),
        (Record(headers, partition=partition + 1), "another partition"),
        (Record([], partition=partition), "no event"),
    ):
        assert origin.find(foreign) is None
        with pytest.raises(NotAnEvent, match=why):
            origin.read(foreign)


def test_what_somebody_wrote_is_not_repeated() -> None:
    headers = dict(to_headers(recorded(), SOURCE, 0)) | {"ce_time": b"Jeanne Moreau"}
    with pytest.raises(NotAnEvent) as said:
        Message.from_record(Record(headers.items()))
    assert "Jeanne" not in str(said.value)


@pytest.mark.parametrize(
    ("header", "value"), [("ce_position", b"x"), ("ce_id", b"x"), ("ce_time", b"x"), ("ce_subject", b"\xff")]
)
def test_a_damaged_header_is_no_event(header: str, value: bytes) -> None:
    headers = dict(to_headers(recorded(), SOURCE, 1201)) | {header: value}

    with pytest.raises(NotAnEvent):
        Message.from_record(Record(headers.items()))
