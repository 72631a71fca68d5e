"""The Kafka topics of a service: created by its relay, with a number of partitions that never changes.

They are named `<territory>.<service>.v<version>`, and `<territory>.<service>.persons.v<version>` where a service has
events about persons. Where they can no longer be used, those of the next version take their place.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

from aiokafka.admin import NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from eventstore.kafka.brokers import Bootstrap
from eventstore.kafka.clients import Admin

_BROKERS_DEFAULT: Final = -1
_SET_ON_TOPIC: Final = 1
"""Where the protocol says that a topic's own setting comes from."""

SETTINGS: Final[Mapping[str, str]] = {
    "retention.ms": "-1",
    # A record carries the time at which its event was recorded. A broker that compares it with its own clock would,
    # once that time was wrong by an hour, refuse every later event, too.
    "message.timestamp.after.max.ms": str(2**63 - 1),
    "message.timestamp.before.max.ms": str(2**63 - 1),
}
"""What a topic must be set to: its records are kept for ever, whatever the clocks said when they were written."""

log = logging.getLogger(__name__)


class TopicUnusable(Exception):
    """The topic is not what the service needs; the message says how to put it right."""


async def ensure_topic(bootstrap: Bootstrap, topic: str, partitions: int) -> None:
    """Creates the topic where it is missing, and sets what it must be set to. Raises TopicUnusable."""
    async with _admin(bootstrap) as admin:
        while (found := (await _partitions(admin)).get(topic)) is None:
            await _create(admin, topic, partitions)
            await asyncio.sleep(0.01)
        _check(topic, found, partitions)
        await _mend(admin, topic)


async def check_topic(bootstrap: Bootstrap, topic: str, partitions: int) -> None:
    """Raises TopicUnusable where the topic exists with another number of partitions."""
    _check(topic, (await existing_topics(bootstrap, [topic])).get(topic, partitions), partitions)


async def existing_topics(bootstrap: Bootstrap, topics: Collection[str]) -> dict[str, int]:
    """Those of the topics that exist, with their numbers of partitions."""
    async with _admin(bootstrap) as admin:
        return {topic: partitions for topic, partitions in (await _partitions(admin)).items() if topic in topics}


def name_of(topic: str) -> str:
    """A topic without territory and version: `youth-events.persons` is that of `issoudun.youth-events.persons.v1`."""
    return topic.partition(".")[2].rpartition(".v")[0]


def next_version(topic: str) -> str:
    """What a topic is followed by: `issoudun.companies.v2` comes after `issoudun.companies.v1`."""
    name, _, version = topic.rpartition(".v")
    return f"{name}.v{int(version) + 1}"


def _check(topic: str, found: int, wanted: int) -> None:
    if found != wanted:
        service, version = topic.split(".")[1], next_version(topic).rpartition(".v")[2]
        raise TopicUnusable(
            f"the topic {topic} has {found} partitions, and TOPIC_PARTITIONS is {wanted}. If it always had {found}, "
            f"set TOPIC_PARTITIONS={found}. If somebody changed it from {wanted}, give it up: with "
            f"TOPIC_VERSIONS={service}={version} for every service, {next_version(topic)} takes its place, filled from "
            "the store. Never make a topic of the same name with another number of partitions"
        )


@asynccontextmanager
async def _admin(bootstrap: Bootstrap) -> AsyncIterator[Admin]:
    admin = Admin(bootstrap)
    try:
        await admin.start()
        yield admin
    finally:
        await admin.close()


async def _partitions(admin: Admin) -> dict[str, int]:
    # Asked for all topics: asked for one by name, a broker may create it, in its own way.
    return {
        described["topic"]: len(described["partitions"])
        for described in await admin.describe_topics()
        if described["error_code"] == 0
    }


async def _create(admin: Admin, topic: str, partitions: int) -> None:
    # An empty assignment of replicas is what lets the broker's default replication stand.
    new = NewTopic(topic, partitions, _BROKERS_DEFAULT, replica_assignments={}, topic_configs=SETTINGS)
    response = await admin.create_topics([new])
    for _, code, message in response.topic_errors:
        error = for_code(code)
        if code and error is not TopicAlreadyExistsError:
            raise TopicUnusable(f"the topic {topic} cannot be created: {message or error.__name__}")


async def _mend(admin: Admin, topic: str) -> None:
    """Sets what an older release, or somebody, set otherwise."""
    try:
        own = await _own_settings(admin, topic)
    except KafkaError as error:
        # Not changed unread: what it has of its own would be lost.
        log.error("the settings of the topic %s cannot be told: %s", topic, type(error).__name__)  # noqa: TRY400
        return
    if own.items() >= SETTINGS.items():
        return
    # All of them: what is left out here is reset to the brokers' default.
    changed = ConfigResource(ConfigResourceType.TOPIC, topic, configs={**own, **SETTINGS})
    (response,) = await admin.alter_configs([changed])
    for code, message, *_ in response.resources:
        if code:
            # It still serves; what is at stake comes later, so it is not refused for this.
            log.error("the topic %s cannot be set to %s: %s", topic, SETTINGS, message or for_code(code).__name__)
        else:
            log.info("the topic %s is now set to %s", topic, SETTINGS)


async def _own_settings(admin: Admin, topic: str) -> dict[str, str]:
    """What is set on a topic itself. Raises KafkaError."""
    (response,) = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
    for code, *_ in response.resources:
        if code:
            raise for_code(code)(topic)
    entries: list[Any] = [entry for resource in response.resources for entry in resource[4]]
    return {name: value for name, value, _, source, *_ in entries if source == _SET_ON_TOPIC}
