"""The Kafka topic of a service: created by its relay, with a number of partitions that never changes."""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from typing import Final

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError, for_code

from eventstore.kafka_clients import REQUEST_TIMEOUT

_BROKERS_DEFAULT: Final = -1


class TopicUnusable(Exception):
    """The topic is not what the service needs; the message says how to put it right."""


async def ensure_topic(bootstrap: str, topic: str, partitions: int) -> None:
    """Creates the topic where it is missing, its records to be kept for ever.

    Raises TopicUnusable where it has another number of partitions: the order within streams hangs on it, and so do the
    marks of subscriptions, even if the topic is filled anew.
    """
    async with _admin(bootstrap) as admin:
        while (found := (await _partitions(admin)).get(topic)) is None:
            await _create(admin, topic, partitions)
            await asyncio.sleep(0.01)
    if found != partitions:
        raise TopicUnusable(
            f"the topic {topic} has {found} partitions, not {partitions}: set TOPIC_PARTITIONS={found}, and never "
            "another number, by which subscriptions would miss events and handle others twice"
        )


async def existing_topics(bootstrap: str, topics: Collection[str]) -> set[str]:
    """Those of the topics that exist."""
    async with _admin(bootstrap) as admin:
        return (await _partitions(admin)).keys() & set(topics)


@asynccontextmanager
async def _admin(bootstrap: str) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=REQUEST_TIMEOUT)
    try:
        await admin.start()
        yield admin
    finally:
        await admin.close()


async def _partitions(admin: AIOKafkaAdminClient) -> dict[str, int]:
    # Asked for all topics: asked for one by name, a broker may create it, in its own way.
    return {
        described["topic"]: len(described["partitions"])
        for described in await admin.describe_topics()
        if described["error_code"] == 0
    }


async def _create(admin: AIOKafkaAdminClient, topic: str, partitions: int) -> None:
    # An empty assignment of replicas is what lets the broker's default replication stand.
    new = NewTopic(topic, partitions, _BROKERS_DEFAULT, replica_assignments={}, topic_configs={"retention.ms": "-1"})
    response = await admin.create_topics([new])
    for _, code, message in response.topic_errors:
        error = for_code(code)
        if code and error is not TopicAlreadyExistsError:
            raise TopicUnusable(f"the topic {topic} cannot be created: {message or error.__name__}")
