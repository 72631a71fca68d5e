"""PostgreSQL and Kafka in containers, for `STACK=containers`."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from devstack import kafka_server, postgres
from devstack.child import DevstackError
from devstack.ports import free_port

if TYPE_CHECKING:
    from testcontainers.core.container import DockerContainer

POSTGRES_IMAGE: Final = "postgres:18"
KAFKA_IMAGE: Final = "apache/kafka:4.1.1"


@contextmanager
def postgres_container() -> Iterator[str]:
    """The address of a PostgreSQL that lasts as long as the block."""
    port = free_port()
    container = _container(POSTGRES_IMAGE).with_bind_ports(5432, port)
    container.with_env("POSTGRES_HOST_AUTH_METHOD", "trust")
    container.with_command("postgres -c fsync=off -c max_connections=300")
    with _running(container, lambda: postgres.answers(port)):
        yield f"postgresql://postgres@127.0.0.1:{port}/postgres"


@contextmanager
def kafka_container() -> Iterator[str]:
    """The address of a Kafka that lasts as long as the block."""
    port = free_port()
    # The port is the same inside and outside, as the broker tells it to its clients.
    container = _container(KAFKA_IMAGE).with_bind_ports(port, port)
    for name, value in {
        "PROCESS_ROLES": "broker,controller",
        "NODE_ID": "1",
        "CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
        "CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "INTER_BROKER_LISTENER_NAME": "INSIDE",
        "LISTENERS": f"CLIENTS://0.0.0.0:{port},INSIDE://localhost:9092,CONTROLLER://localhost:9093",
        "ADVERTISED_LISTENERS": f"CLIENTS://127.0.0.1:{port},INSIDE://localhost:9092",
        "LISTENER_SECURITY_PROTOCOL_MAP": "CLIENTS:PLAINTEXT,INSIDE:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "AUTO_CREATE_TOPICS_ENABLE": "false",
        "OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
        "TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
        "TRANSACTION_STATE_LOG_MIN_ISR": "1",
        "GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
        "GROUP_MIN_SESSION_TIMEOUT_MS": "1000",
    }.items():
        container.with_env(f"KAFKA_{name}", value)
    with _running(container, lambda: kafka_server.answers(port)):
        yield f"127.0.0.1:{port}"


def _container(image: str) -> "DockerContainer":
    # Imported where it is used: it reads Docker's configuration, and most runs have no Docker.
    from docker.errors import DockerException
    from testcontainers.core.container import DockerContainer

    try:
        return DockerContainer(image)
    except DockerException as error:
        raise DevstackError(f"STACK=containers needs a Docker engine that answers: start one ({error}).") from error


@contextmanager
def _running(container: "DockerContainer", answers: Callable[[], bool], *, seconds: float = 120) -> Iterator[None]:
    from docker.errors import DockerException

    try:
        try:
            container.start()
        except (DockerException, RuntimeError) as error:
            raise DevstackError(f"The container {container.image} did not start: {error}.") from error
        # Asked rather than read from its log: that a port is open says nothing, since Docker opens it at once.
        deadline = time.monotonic() + seconds
        while not answers():
            if time.monotonic() > deadline:
                raise DevstackError(f"The container {container.image} did not answer within {seconds:.0f} s.")
            time.sleep(0.1)
        yield
    finally:
        container.stop()
