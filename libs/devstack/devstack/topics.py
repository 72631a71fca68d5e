"""What Kafka topics hold, and whether it is what they should: the events of a store, each once and in order."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Literal

from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import for_code

from eventstore.kafka.brokers import Bootstrap, brokers_at
from eventstore.kafka.envelope import Message
from eventstore.postgres.store import Recorded

Isolation = Literal["read_committed", "read_uncommitted"]


async def read_topic(bootstrap: Bootstrap, topic: str, isolation: Isolation = "read_committed") -> list[Message]:
    """All that the topic holds now, in order within each partition."""
    return await read_topics(bootstrap, [topic], isolation)


async def read_topics(
    bootstrap: Bootstrap, topics: Collection[str], isolation: Isolation = "read_committed"
) -> list[Message]:
    """All that several topics hold now."""
    consumer = AIOKafkaConsumer(
        *topics, isolation_level=isolation, auto_offset_reset="earliest", **brokers_at(bootstrap).arguments
    )
    try:
        await consumer.start()
        ends = await consumer.end_offsets(consumer.assignment())
        messages: list[Message] = []
        while any([await consumer.position(partition) < end for partition, end in ends.items()]):
            for partition, records in (await consumer.getmany(timeout_ms=50)).items():
                messages += [Message.from_record(record) for record in records if record.offset < ends[partition]]
        return messages
    finally:
        await consumer.stop()


def topic_faults(
    messages: Sequence[Message], events: Sequence[Recorded], types: Mapping[str, str] | None = None
) -> list[str]:
    """Each way in which what topics hold is not just these events, once, in order within their streams.

    `types` says which topic events of each type belong in, where there are several.
    """
    faults = []
    times = Counter(message.position for message in messages)
    stored = {event.position: event for event in events}
    missing = stored.keys() - times.keys()
    if missing:
        faults.append(f"{len(missing)} events are missing, the first at position {min(missing)}")
    faults += [f"position {position} is there {count} times" for position, count in times.items() if count > 1]
    last: dict[tuple[str, int], int] = defaultdict(int)
    versions: dict[str, int] = defaultdict(int)
    for message in messages:
        event = stored.get(message.position)
        if event is None or (event.event_id, event.data) != (message.event_id, message.data.decode()):
            faults.append(f"{message} is not what the store has at position {message.position}")
        if types is not None and types[message.type] != message.topic:
            faults.append(f"{message} belongs in {types[message.type]}")
        place = (message.topic, message.partition)
        if message.position < last[place]:
            faults.append(f"{message}: position {message.position} comes after {last[place]}")
        last[place] = max(last[place], message.position)
        if message.version != versions[message.stream_id] + 1:
            faults.append(f"{message}: version {message.version} comes after {versions[message.stream_id]}")
        versions[message.stream_id] = message.version
    return faults


async def delete_topic(bootstrap: str, topic: str) -> None:
    """Deletes a topic, as an accident would. Raises KafkaError where that is refused."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        answer = await admin.delete_topics([topic])
        for _, code, *_ in answer.topic_error_codes:
            if code:
                raise for_code(code)
    finally:
        await admin.close()
