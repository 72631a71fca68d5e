from aiokafka.partitioner import DefaultPartitioner
from hypothesis import example, given
from hypothesis import strategies as st

from eventstore.kafka.partitioning import partition_of


@given(key=st.binary(max_size=100), partitions=st.integers(1, 100))
@example(key=b"company-00000001800010", partitions=12)
@example(key=b"investment-0192f0c1-7c3e-7d2a-8b1a-0d6a1e2f3a4b", partitions=12)
def test_a_key_is_in_the_partition_where_every_client_of_kafka_looks_for_it(key: bytes, partitions: int) -> None:
    assert partition_of(key, partitions) == DefaultPartitioner()(key, list(range(partitions)), [])
