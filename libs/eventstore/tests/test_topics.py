import asyncio

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from eventstore.topics import TopicUnusable, ensure_topic, existing_topics

pytestmark = pytest.mark.anyio


async def retention(bootstrap: str, topic: str) -> str:
    """How long the topic keeps its records, in milliseconds."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        (answer,) = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
        return str(next(entry[1] for entry in answer.resources[0][4] if entry[0] == "retention.ms"))
    finally:
        await admin.close()


async def test_a_missing_topic_is_created_to_keep_its_records_for_ever(kafka: str, topic: str) -> None:
    await ensure_topic(kafka, topic, 4)

    assert await existing_topics(kafka, [topic]) == {topic: 4}
    assert await retention(kafka, topic) == "-1"


async def test_a_topic_that_is_there_is_left_as_it_is(kafka: str, topic: str) -> None:
    await ensure_topic(kafka, topic, 4)

    await ensure_topic(kafka, topic, 4)


async def test_those_who_create_it_at_once_all_succeed(kafka: str, topic: str) -> None:
    await asyncio.gather(*[ensure_topic(kafka, topic, 4) for _ in range(4)])


async def test_another_number_of_partitions_is_refused_with_what_to_do(kafka: str, topic: str) -> None:
    await ensure_topic(kafka, topic, 4)

    with pytest.raises(
        TopicUnusable, match=f"{topic} has 4 partitions.*set TOPIC_PARTITIONS=4.*{topic[:-1]}2 takes its place"
    ) as said:
        await ensure_topic(kafka, topic, 12)
    assert "delete" not in str(said.value)


async def test_a_name_that_kafka_refuses_is_reported(kafka: str) -> None:
    with pytest.raises(TopicUnusable, match="cannot be created"):
        await ensure_topic(kafka, "no spaces please", 1)


async def test_looking_for_a_topic_does_not_create_it(kafka: str, topic: str) -> None:
    assert await existing_topics(kafka, [topic]) == {}
    assert await existing_topics(kafka, [topic]) == {}
