"""`make topic`: the events of a service's topics as lines of JSON, for a shell."""

import asyncio
import json
import os
import sys
from collections import deque
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from typing import Final

from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from devstack.child import DevstackError
from eventstore.kafka.brokers import Bootstrap
from eventstore.kafka.clients import Consumer, Refused
from eventstore.kafka.envelope import Message, NotAnEvent
from eventstore.kafka.topics import existing_topics

_NO_ANSWER: Final = 20
"""Seconds without an answer after which Kafka is given up."""


def print_topics(bootstrap: Bootstrap, topics: Sequence[str], *, first: int, follow: bool) -> None:
    """Prints the committed events of a service's topics from a position on; up to their present end, or follows.

    They come in the order of positions up to the end; what follows comes as it is committed, in order by partition.
    A record that is no event is told on standard error. Raises DevstackError.
    """
    try:
        asyncio.run(_print(bootstrap, topics, first, follow=follow))
    except BrokenPipeError:
        # Whoever reads has enough, as `head` has. Python would complain once more when it closes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except Refused as error:
        raise DevstackError(f"{error.args[0]}.") from error
    except (KafkaError, TimeoutError) as error:
        raise DevstackError(f"Kafka at {bootstrap} does not answer.") from error


async def _print(bootstrap: Bootstrap, topics: Sequence[str], first: int, *, follow: bool) -> None:
    async with asyncio.timeout(_NO_ANSWER):
        if absent := set(topics) - (await existing_topics(bootstrap, topics)).keys():
            raise DevstackError(
                f"There is no topic {min(absent)}: it is made when its service has run for the first time."
            )
    consumer = Consumer(bootstrap, auto_offset_reset="earliest")
    try:
        async with asyncio.timeout(_NO_ANSWER):
            # Without a group it gets all partitions.
            consumer.subscribe(topics)
            await consumer.start()
            ends = await consumer.end_offsets(consumer.assignment())
        async for message in _up_to(consumer, ends):
            _say(message, first)
        sys.stdout.flush()
        while follow:
            for records in (await consumer.getmany(timeout_ms=1000)).values():
                for message in _events(records):
                    _say(message, first)
            sys.stdout.flush()
    finally:
        await consumer.discard()


async def _up_to(consumer: Consumer, ends: dict[TopicPartition, int]) -> AsyncIterator[Message]:
    """The events before these offsets, in the order of positions: in each partition these only grow."""
    waiting: dict[TopicPartition, deque[Message]] = {place: deque() for place in ends}
    while waiting:
        empty = [place for place, messages in waiting.items() if not messages]
        if not empty:
            yield waiting[min(waiting, key=lambda place: waiting[place][0].position)].popleft()
            continue
        async with asyncio.timeout(_NO_ANSWER):
            for place, records in (await consumer.getmany(*empty, timeout_ms=100)).items():
                waiting[place].extend(_events(records))
            for place in empty:
                if not waiting[place] and await consumer.position(place) >= ends[place]:
                    del waiting[place]


def _events(records: Iterable[ConsumerRecord]) -> Iterator[Message]:
    for record in records:
        try:
            message = Message.from_record(record)
            json.loads(message.data)
        except (NotAnEvent, ValueError) as error:
            place = f"{record.topic}[{record.partition}] offset {record.offset}"
            print(f"{place} is left out, as it is no event: {error}", file=sys.stderr)
        else:
            yield message


def _say(message: Message, first: int) -> None:
    if message.position < first:
        return
    line = {
        "position": message.position,
        "partition": message.partition,
        "type": message.type,
        "subject": message.stream_id,
        "sequence": message.version,
        "time": message.recorded_at.isoformat(),
        "id": str(message.event_id),
        **({"sample": True} if message.sample else {}),
        **({"roles": message.roles.split(",")} if message.roles else {}),
        **({"correlationid": message.correlation_id} if message.correlation_id else {}),
        **({"causationid": message.causation_id} if message.causation_id else {}),
        "data": json.loads(message.data),
    }
    print(json.dumps(line, ensure_ascii=False))
