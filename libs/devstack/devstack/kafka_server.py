"""Apache Kafka 4 as a child process, from its published jars."""

import signal
import socket
import struct
import uuid
from collections.abc import Mapping
from pathlib import Path

from devstack.child import Child
from devstack.kafka_jars import jars, java
from devstack.ports import free_port
from devstack.server import Server


class Kafka(Server):
    """One Kafka broker, a KRaft node by itself.

    Clients are told to come to `advertised_port`, the port itself unless a proxy stands before it. With `peak`, Java
    compiles for the highest throughput, as in production, and takes nearly twice the time to start.
    """

    name = "Kafka"

    def __init__(
        self, folder: Path, *, port: int | None = None, advertised_port: int | None = None, peak: bool = False
    ) -> None:
        super().__init__(folder, port=port)
        self._advertised_port = advertised_port or self.port
        self.own_bootstrap = ""
        """Where the broker comes to itself, by no proxy, from one start to the next."""
        self._compilation = [] if peak else ["-XX:TieredStopAtLevel=1"]

    @property
    def bootstrap(self) -> str:
        """Where clients begin."""
        return f"127.0.0.1:{self._advertised_port}"

    def stop(self) -> None:
        """An orderly shutdown: logs are closed, so that the next start need not check them."""
        if self._child is not None:
            self._child.stop(signal.SIGTERM, seconds=30)

    def _launch(self) -> Child:
        properties = self.folder / "server.properties"
        write_properties(properties, self._properties())
        command = [java(), "-Xmx512m", *self._compilation, *classes()]
        if not (self.folder / "data" / "meta.properties").exists():
            cluster = uuid.uuid5(uuid.NAMESPACE_URL, "territory").hex[:22]
            storage = [*command, "kafka.tools.StorageTool", "format", "-t", cluster, "-c", str(properties)]
            storage += self._format_options()
            self._run("format", storage).await_end(seconds=60)
        return self._run("Kafka", [*command, "kafka.Kafka", str(properties)])

    def _format_options(self) -> list[str]:
        """What is settled when the storage is made."""
        return []

    def _run(self, name: str, command: list[str]) -> Child:
        return Child(name, command, log=self.folder / f"{name.lower()}.log", marker=str(self.folder))

    def _properties(self) -> dict[str, object]:
        inside, controller = free_port(), free_port()
        self.own_bootstrap = f"127.0.0.1:{inside}"
        return {
            "process.roles": "broker,controller",
            "node.id": 1,
            "controller.quorum.voters": f"1@127.0.0.1:{controller}",
            "controller.listener.names": "CONTROLLER",
            # The broker's own requests, which end transactions, take a way that no proxy of a test cuts.
            "inter.broker.listener.name": "INSIDE",
            "listeners": f"CLIENTS://127.0.0.1:{self.port},INSIDE://{self.own_bootstrap},"
            f"CONTROLLER://127.0.0.1:{controller}",
            "advertised.listeners": f"CLIENTS://{self.bootstrap},INSIDE://{self.own_bootstrap}",
            "listener.security.protocol.map": "CLIENTS:PLAINTEXT,INSIDE:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "log.dirs": self.folder / "data",
            "auto.create.topics.enable": "false",
            "log.retention.ms": -1,
            "offsets.topic.replication.factor": 1,
            "offsets.topic.num.partitions": 4,
            "transaction.state.log.replication.factor": 1,
            "transaction.state.log.min.isr": 1,
            "transaction.state.log.num.partitions": 4,
            "share.coordinator.state.topic.replication.factor": 1,
            "share.coordinator.state.topic.min.isr": 1,
            # After a kill, the broker waits until its former self is given up.
            "broker.session.timeout.ms": 2000,
            "broker.heartbeat.interval.ms": 500,
            "group.initial.rebalance.delay.ms": 0,
            "group.min.session.timeout.ms": 1000,
            # What 512 MB of heap can spare.
            "log.cleaner.dedupe.buffer.size": 16_777_216,
            "log.index.size.max.bytes": 1_048_576,
        }

    def _answers(self) -> bool:
        return answers(self.port)


def write_properties(file: Path, properties: Mapping[str, object]) -> None:
    """Writes settings as Java reads them."""
    file.write_text("".join(f"{name}={value}\n" for name, value in properties.items()))


def classes() -> list[str]:
    """The options by which Java finds what Kafka is made of. Raises DevstackError."""
    return ["-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp", f"{jars()}/*"]


def answers(port: int) -> bool:
    """Whether a broker on a port of the loopback address tells the versions of its protocol (ApiVersions v0)."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
            connection.sendall(struct.pack(">ihhih", 10, 18, 0, 1, -1))
            return len(connection.recv(4)) == 4
    except OSError:
        return False
