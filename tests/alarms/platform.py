"""Every service in processes of its own, on servers of its own, as a deployment has them; and what may happen to it."""

import asyncio
import importlib
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Final

import asyncpg
import bells
import httpx
from alarms.prometheus import Prometheus
from fleets import is_ready, nginx

from canary.tokens import SCOPES
from contracts import package_of
from devstack.child import Child
from devstack.host import service_of
from devstack.issuer import ROLES, Issuer
from devstack.ports import free_port
from devstack.prepared import PERSONAL_KEY, prepare
from devstack.running import SERVICES
from devstack.servers import Kafka, Postgres
from service.definition import Service

TOYS: Final = {"bells": "bells:service", "lamps": "lamps:service", "neighbours": "test_mailing:writing_service"}
"""Services whose commands are short, and where they are: faults that are the same in all befall these."""
_TOY: Final = "from {0} import {1}; from service.running.cli import main; main({1})"
_FOUND_IN: Final = os.pathsep.join((str(Path(__file__).parents[1]), str(Path(bells.__file__).parent)))
"""Where a process finds these."""
APART: Final = ("companies", "indicators", "mobility", "training", "bells", "lamps")
"""Services that have an API and a worker; of the others one process is both."""
PARTITIONS: Final = 3
ASKING: Final = 0.1
"""Seconds between two requests of somebody who asks on and on."""


def found(name: str) -> Service:
    """A service, be it a toy."""
    if name not in TOYS:
        return service_of(name)
    module, _, attribute = TOYS[name].partition(":")
    toy: Service = getattr(importlib.import_module(module), attribute)
    return toy


class Process:
    """A process that keeps its ports and is started again at them."""

    def __init__(self, what: str, command: list[str], environment: Mapping[str, str], folder: Path) -> None:
        self.port, self.metrics_port = free_port(), free_port()
        self.environment = {**environment, "PORT": str(self.port), "METRICS_PORT": str(self.metrics_port)}
        """Of the next one that is started here."""
        self._what = what
        self._command = command
        self.log = folder / f"{what.replace(' ', '-')}.log"
        self.child: Child | None = None

    @property
    def address(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def running(self) -> Child:
        """The process. Raises AssertionError where there is none."""
        assert self.child is not None
        return self.child

    def begin(self) -> None:
        """Starts it without waiting until it is ready."""
        environment = {**os.environ, **self.environment}
        self.child = Child(
            self._what, self._command, log=self.log, marker=str(self.metrics_port), environment=environment
        )

    def await_ready(self) -> None:
        """Waits until it says that it is."""
        self.running.await_ready(partial(is_ready, self.port), seconds=120)

    async def start(self) -> None:
        """Starts it, and returns when it is ready."""
        self.begin()
        await asyncio.to_thread(self.await_ready)

    def kill(self) -> None:
        """Ends it as a power cut would."""
        if self.child is not None:
            self.child.kill()
            self.child = None

    async def stop(self) -> None:
        """Ends it in order."""
        await asyncio.to_thread(self.running.stop, signal.SIGTERM, seconds=20)
        self.child = None


class Platform:
    """Services that run, each process by the service and what it does: `lamps api`."""

    def __init__(
        self, postgres: Postgres, kafka: Kafka, issuer: Issuer, folder: Path, prometheus: Prometheus, stack: ExitStack
    ) -> None:
        self.postgres = postgres
        self.kafka = kafka
        self.prometheus = prometheus
        self.issuer = issuer
        self.territory = "t1"
        self.processes: dict[str, Process] = {}
        self.folder = folder
        self._stack = stack

    def database(self, service: str) -> str:
        """Where a service stores."""
        return self.postgres.database_url(service)

    def group(self, subscription: str) -> str:
        """The consumer group of a subscription."""
        return f"{self.territory}.{subscription}"

    def topic(self, service: str) -> str:
        """The topic of a service."""
        return f"{self.territory}.{service}.v1"

    async def made(self, name: str) -> str:
        """The address of a new database of this name."""
        await self.tell("postgres", f'CREATE DATABASE "{name}" TEMPLATE template0')
        return self.database(name)

    def process(self, service: str, command: str, *, beside: str = "", **settings: str) -> Process:
        """A process of a service that is not started; `beside` names it where there is such a one already."""
        environment = {
            "DATABASE_URL": self.database(service),
            "KAFKA_BOOTSTRAP": self.kafka.bootstrap,
            "TERRITORY": self.territory,
            "TOPIC_PARTITIONS": str(PARTITIONS),
            "OIDC_ISSUER": self.issuer.url,
            "OIDC_AUDIENCE": self.issuer.audience,
            "OIDC_JWKS_URL": self.issuer.jwks_url,
            "PERSONAL_KEY": PERSONAL_KEY,
            "RELEASE": "one",
            "PYTHONPATH": _FOUND_IN,
            **settings,
        }
        what = f"{service} {command}{beside}"
        run = ["-c", _TOY.format(*TOYS[service].split(":"))] if service in TOYS else ["-m", package_of(service)]
        made = Process(what, [sys.executable, *run, command], environment, self.folder)
        self._keep(what, made)
        return made

    def _keep(self, what: str, process: Process) -> None:
        self.processes[what] = process
        self.prometheus.watch(process.metrics_port, what)
        self._stack.callback(process.kill)

    async def start(self) -> None:
        """Starts everything, and returns when all is ready and the canary has measured."""
        for name in (*SERVICES, "bells", "lamps"):
            await prepare(await self.made(name), found(name).all_migrations)
            for command in ("api", "worker") if name in APART else ("all",):
                self.process(name, command, MAX_CONNECTIONS="50").begin()
        for process in self.processes.values():
            await asyncio.to_thread(process.await_ready)
        token = self.folder / "token"
        token.write_text(self.issuer.token(SCOPES, ["ops"], client="canary"))
        paths = {
            "/companies/": [self.processes["companies api"].port],
            "/indicators/": [self.processes["indicators api"].port],
        }
        told = {
            "PUBLIC_URL": self._stack.enter_context(nginx(self.folder / "nginx", paths)),
            "TOKEN_FILE": str(token),
            "TOPIC_PARTITIONS": str(PARTITIONS),
            "PERIOD": "20",
        }
        canary = Process("canary", [sys.executable, "-m", "canary"], told, self.folder)
        self._keep("canary", canary)
        canary.begin()
        deadline = time.monotonic() + 90
        while "measured" not in canary.log.read_text():
            assert time.monotonic() < deadline, canary.log.read_text()
            await asyncio.sleep(0.2)

    def client(self, service: str, command: str = "") -> httpx.AsyncClient:
        """A client of a service that may do all there."""
        process = self.processes[f"{service} {command or ('api' if service in APART else 'all')}"]
        roles = ("town_hall", "ops") if service in TOYS else ROLES
        scopes = f"{service}:read {service}:write {service}:personal"
        headers = {"Authorization": f"Bearer {self.issuer.token(scopes, roles)}"}
        return httpx.AsyncClient(base_url=process.address, headers=headers, timeout=30)

    @asynccontextmanager
    async def asking(
        self,
        service: str,
        method: str,
        path: str,
        *,
        callers: int = 1,
        body: object = None,
        command: str = "",
        pause: float = ASKING,
    ) -> AsyncIterator[None]:
        """Callers who ask the same on and on while the block runs, whatever is answered."""

        async def ask(client: httpx.AsyncClient) -> None:
            while True:
                # What a fault does is no reason to end.
                with suppress(httpx.TransportError):
                    await client.request(method, path, json=body)
                await asyncio.sleep(pause)

        async with self.client(service, command) as client:
            tasks = [asyncio.create_task(ask(client)) for _ in range(callers)]
            try:
                yield
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    @asynccontextmanager
    async def connected(self, database: str) -> AsyncIterator[asyncpg.Connection]:
        """A session of somebody else in a database."""
        connection = await asyncpg.connect(self.database(database))
        try:
            yield connection
        finally:
            await connection.close()

    async def tell(self, database: str, *statements: str) -> None:
        """Executes statements in a database."""
        async with self.connected(database) as connection:
            for statement in statements:
                await connection.execute(statement)

    async def add_event(self, service: str, stream: str, type_: str) -> None:
        """Writes past all of our code into a store what none of it would."""
        async with self.connected(service) as connection:
            await connection.execute(
                "INSERT INTO events (stream_id, version, event_id, type, schema_version, data, metadata, recorded_at)"
                " VALUES ($1, 1, gen_random_uuid(), $2, 1, '{}', $3, clock_timestamp())",
                stream,
                type_,
                json.dumps({"actor": "nobody"}),
            )

    @asynccontextmanager
    async def locked(self, database: str, *locks: str, held: float | None = None) -> AsyncIterator[None]:
        """Somebody holds locks while the block runs: all the time, or for `held` seconds again and again."""

        async def hold(lock: str) -> None:
            async with self.connected(database) as connection:
                while True:
                    async with connection.transaction():
                        await connection.execute(lock)
                        await asyncio.sleep(3600 if held is None else held)
                    await asyncio.sleep(0.05)

        tasks = [asyncio.create_task(hold(lock)) for lock in locks]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


@contextmanager
def servers(folder: Path) -> Iterator[tuple[Postgres, Kafka]]:
    """A database server and a broker that nobody else needs."""
    with Postgres(folder / "postgres", durable=False) as postgres, Kafka(folder / "kafka") as kafka:
        yield postgres, kafka
