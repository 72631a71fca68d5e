"""All services as processes, on a PostgreSQL and a Kafka of their own."""

import asyncio
import os
import subprocess
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import httpx

from contracts import REGISTRY, package_of
from devstack import lodging
from devstack.host import service_of
from devstack.issuer import Issuer
from devstack.ports import free_port
from devstack.postgres import INSTALLED
from devstack.prepared import PERSONAL_KEY
from devstack.running import SERVICES, database_of
from devstack.servers import Kafka, Postgres
from eventstore.postgres.migrate import migrate
from programme.processes import Mother, Process, mother
from programme.proxies import Proxy
from programme.telling import say

TERRITORY: Final = "issoudun"
PARTITIONS: Final = 2
PATIENCE: Final = 200.0
"""Seconds within which services answer, refuse or catch up: the machine may be at other work."""


class Programme:
    """The services by their addresses, and what ops do to them. `folder` is one that everybody may enter.

    Services come to their servers by proxies; who looks from outside does not.
    """

    def __init__(self, folder: Path, issuer: Issuer, begin: Mother, changes: Sequence[str]) -> None:
        self.folder = folder
        self.archive = folder / "archive"
        self.archive.mkdir()
        hand_over(self.archive)
        self.postgres = Postgres(
            folder / "postgres",
            settings={
                "archive_mode": "on",
                # A file is there whole or not at all, and none is overwritten by another.
                "archive_command": f"cmp -s %p {self.archive}/%f || {{ test ! -f {self.archive}/%f "
                f"&& cp %p {self.archive}/%f.new && mv {self.archive}/%f.new {self.archive}/%f; }}",
                "archive_timeout": "5s",
            },
        )
        self.kafka_port = free_port()
        self.to_postgres = Proxy(lambda: self.postgres.port)
        self.to_kafka = Proxy(lambda: self.kafka_port)
        self.kafka = Kafka(folder / "kafka", port=self.kafka_port, advertised_port=self.to_kafka.port)
        self.issuer = issuer
        self.ports = {name: free_port() for name in SERVICES}
        self.metrics_ports = {name: free_port() for name in SERVICES}
        self.processes: dict[str, Process] = {}
        """The one of each service that answers at its address."""
        self.settings: dict[str, str] = {}
        """Those of every process that are not as they are by themselves."""
        self.versions: dict[str, int] = {}
        """Of services' topics, where they are not 1."""
        self._begin = begin
        self._changes = tuple(changes)

    def database(self, service: str) -> str:
        """The address of a service's database."""
        return self.postgres.database_url(database_of(TERRITORY, service))

    def database_by(self, way: Proxy, service: str) -> str:
        """The same, for whoever comes to it by this way."""
        return urlunsplit(urlsplit(self.database(service))._replace(netloc=f"postgres@127.0.0.1:{way.port}"))

    def topics(self, service: str) -> list[str]:
        """The names of a service's topics, its own first."""
        return [f"{TERRITORY}.{name}.v{self.versions.get(service, 1)}" for name in REGISTRY.topics_of(service)]

    def environment(self, service: str) -> dict[str, str]:
        """The settings of a service."""
        return {
            "DATABASE_URL": self.database_by(self.to_postgres, service),
            "KAFKA_BOOTSTRAP": self.kafka.bootstrap,
            "TERRITORY": TERRITORY,
            "TOPIC_PARTITIONS": str(PARTITIONS),
            "TOPIC_VERSIONS": ",".join(f"{name}={version}" for name, version in self.versions.items()),
            "OIDC_ISSUER": self.issuer.url,
            "OIDC_AUDIENCE": self.issuer.audience,
            "OIDC_JWKS_URL": self.issuer.jwks_url,
            "PERSONAL_KEY": PERSONAL_KEY,
            "PORT": str(self.ports[service]),
            "LOG_LEVEL": "WARNING",
            **self.settings,
        }

    async def prepare(self) -> None:
        """Makes the databases."""
        connection = await asyncpg.connect(self.postgres.url)
        for name in SERVICES:
            await connection.execute(f'CREATE DATABASE "{database_of(TERRITORY, name)}" TEMPLATE template0')
        await connection.close()
        for name in SERVICES:
            await migrate(self.database(name), service_of(name).all_migrations)

    def begin(self, services: Sequence[str] = SERVICES, *, changes: Sequence[str] = ()) -> None:
        """Starts services, API and worker of each in one process, which answers at the service's address."""
        for name in services:
            ports = {"PORT": str(self.ports[name]), "METRICS_PORT": str(self.metrics_ports[name])}
            self.processes[name] = self.begin_beside(name, "all", changes=changes, **ports)

    def begin_beside(self, service: str, command: str, *, changes: Sequence[str] = (), **settings: str) -> Process:
        """Another process of a service: `api`, `worker` or `all`."""
        environment = self.environment(service) | {"PORT": "0"} | settings
        return self._begin.begin(service, command, environment=environment, changes=[*self._changes, *changes])

    def end(self, services: Sequence[str] = SERVICES) -> None:
        """Stops them."""
        for name in services:
            self.processes[name].stop()

    async def command(
        self, service: str, *arguments: str, changes: Sequence[str] = (), told: int = 6
    ) -> tuple[int, list[str]]:
        """The exit status of a command of a service, and the lines it printed; the last of them are told."""
        process = self._begin.begin(service, *arguments, environment=self.environment(service), changes=changes)
        status = await process.status()
        lines = process.said.splitlines()
        say(f"$ python -m {package_of(service)} {' '.join(arguments)}    # status {status}")
        for line in [*(["…"] if len(lines) > told else []), *lines[-told:]]:
            say(f"    {line if len(line) <= 200 else line[:200] + '…'}")
        return status, lines

    async def ready(self, service: str, port: int | None = None) -> dict[str, Any]:
        """What a service says of itself, by the process at its address unless `port` is another's. Raises
        TransportError."""
        async with httpx.AsyncClient(timeout=10) as client:
            answer = await client.get(f"http://127.0.0.1:{port or self.ports[service]}/{service}/ready")
        return dict(answer.json())

    async def until(
        self,
        holds: Callable[[dict[str, Any]], bool],
        services: Sequence[str] = SERVICES,
        ports: Mapping[str, int] | None = None,
    ) -> None:
        """Waits until something holds of what each service says of itself, by the processes at their addresses unless
        `ports` names others."""
        seen: dict[str, object] = {}
        try:
            async with asyncio.timeout(PATIENCE):
                for name in services:
                    while True:
                        try:
                            seen[name] = told = await self.ready(name, (ports or self.ports)[name])
                            if holds(told):
                                break
                        except httpx.TransportError as error:
                            seen[name] = type(error).__name__
                        await asyncio.sleep(0.1)
        except TimeoutError:
            raise AssertionError(f"not within {PATIENCE:.0f} s: {seen}") from None

    async def fetch(self, service: str, query: str, *arguments: object) -> list[asyncpg.Record]:
        """What a service's database answers."""
        connection = await asyncpg.connect(self.database(service))
        try:
            return list(await connection.fetch(query, *arguments))
        finally:
            await connection.close()


def accepts(ready: dict[str, Any]) -> bool:
    """Whether a service takes commands and its relay leads."""
    return ready["commands"] == "accepted" and str(ready["work"].get("relay")).startswith("leading")


def refuses(ready: dict[str, Any]) -> bool:
    """Whether a service takes none, as its store was restored."""
    return ready["commands"] == "refused" and "reconcile" in ready["work"].get("relay", "")


@asynccontextmanager
async def running(folder: Path, issuer: Issuer, *, changes: Sequence[str] = ()) -> AsyncIterator[Programme]:
    """The whole programme, empty, for as long as the block lasts; `changes` are made to every process of a service."""
    with ExitStack() as stack:
        programme = Programme(folder, issuer, stack.enter_context(mother(folder)), changes)
        stack.enter_context(programme.to_postgres.open())
        stack.enter_context(programme.to_kafka.open())
        programme.kafka.begin()
        stack.callback(programme.kafka.stop)
        stack.callback(lodging.leave, programme.postgres.folder / "data")
        # Whichever server has taken its place by then.
        stack.callback(lambda: programme.postgres.stop())
        programme.postgres.start()
        programme.kafka.start()
        await programme.prepare()
        stack.callback(programme.end)
        programme.begin()
        await programme.until(accepts)
        yield programme


def new_folder(prefix: str) -> Path:
    """One that PostgreSQL may enter whoever runs the test."""
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    folder.chmod(0o711)
    return folder


def hand_over(folder: Path) -> None:
    """Makes a folder the server's, which does not run as root."""
    if os.geteuid() == 0:
        lodging.give(folder, "nobody")


def tool(name: str, *arguments: str) -> str:
    """What one of PostgreSQL's programs prints."""
    say(f"$ {name} {' '.join(arguments)}")
    done = subprocess.run([INSTALLED / "bin" / name, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, (done.returncode, done.stderr)
    return done.stdout
