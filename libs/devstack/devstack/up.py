"""`make up`: the servers, a database per service, the services behind one port, the sample programme, the summary."""

import asyncio
import hashlib
import os
import re
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any, Final

import httpx
from aiokafka.errors import KafkaError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from devstack import summary
from devstack.child import Child, DevstackError
from devstack.host import service_of
from devstack.issuer import Issuer
from devstack.mail_server import MailServer
from devstack.ports import free_port, require_free
from devstack.running import SERVICES, Running, database_of, only_one
from devstack.servers import Kafka, Postgres
from eventstore.kafka.clients import Refused
from eventstore.kafka.topics import existing_topics
from eventstore.postgres.connection import StoreUnavailable, connect, place_of
from sample import sending, stories
from service.running.settings import KafkaSettings, SettingsError, load

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


_PATIENCE: Final = 10
"""Seconds that a server given by its address has to answer."""


class _Stopped(BaseException):
    """Someone asked us to stop; the message says who."""


def up(console: Console) -> int:
    """Runs the system in the foreground until a signal asks it to stop. Raises DevstackError."""
    with ExitStack() as opened:
        try:
            with _signals_stop():
                _run(console, opened)
        except _Stopped as stopped:
            console.print(f"Stopping ({stopped}) ...")
    return 0


def _run(console: Console, opened: ExitStack) -> None:
    port, territory = _port(), _territory()
    folder = opened.enter_context(only_one())
    require_free(port, setting="PORT")
    database_url, marker, bootstrap, children = _servers(console, opened, folder, port, territory)
    databases = asyncio.run(_databases(database_url, territory))
    smtp_url = os.environ.get("SMTP_URL") or _mail_server(opened, folder, children)
    base_url, metrics_port = f"http://localhost:{port}", _metrics_port(port)
    running = Running(os.getpid(), base_url, bootstrap, databases, territory, smtp_url, metrics_port)
    for name in SERVICES:
        running.settings(name)
    running.save()
    console.print("Starting the services ...")
    host = Child("The services", [sys.executable, "-m", "devstack.host"], log=folder / "host.log", marker=str(folder))
    opened.callback(host.stop, signal.SIGTERM, seconds=15)
    host.await_ready(lambda: _all_ready(running), seconds=60)
    if not marker.exists():
        _send_sample(console, running)
        marker.touch()
    summary.show(console, running, *asyncio.run(summary.figures(running)))
    _watch(console, [*children, host])


def _port(setting: str = "PORT", default: str = "8000") -> int:
    port = os.environ.get(setting) or default
    if not port.isdigit() or not 0 < int(port) < 65536:
        raise DevstackError(f"{setting} is {port}, which is not a port: choose a number from 1 to 65535.")
    return int(port)


def _metrics_port(port: int) -> int:
    """The port that is set, or the one behind those of the servers where it is free."""
    if not os.environ.get("METRICS_PORT"):
        return free_port(port + 3)
    chosen = _port("METRICS_PORT")
    require_free(chosen, setting="METRICS_PORT")
    return chosen


def _territory() -> str:
    """The first part of the names of topics and databases, short enough for those."""
    territory = os.environ.get("TERRITORY") or "issoudun"
    if not re.fullmatch("[a-z][a-z0-9-]{0,49}", territory):
        raise DevstackError(
            f"TERRITORY is {territory}: choose a name of small letters, digits and hyphens, 50 at most, a letter first."
        )
    return territory


def _servers(
    console: Console, opened: ExitStack, folder: Path, port: int, territory: str
) -> tuple[str, Path, str, list[Child]]:
    """PostgreSQL's address, the file that says it holds the sample, Kafka's address, and what we started for it."""
    given_database, given_kafka = os.environ.get("DATABASE_URL"), os.environ.get("KAFKA_BOOTSTRAP")
    asyncio.run(_require_given(given_database, given_kafka))
    started = [name for name, given in (("PostgreSQL", given_database), ("Kafka", given_kafka)) if not given]
    if started:
        console.print(f"Starting {' and '.join(started)}, with data in {folder} ...", soft_wrap=True)
    children = []
    postgres, kafka = (
        Postgres(folder / "postgres", port=free_port(port + 1)),
        Kafka(folder / "kafka", port=free_port(port + 2)),
    )
    # Kafka takes longest, so PostgreSQL starts meanwhile.
    if not given_kafka:
        opened.callback(kafka.stop)
        kafka.begin()
    if not given_database:
        opened.callback(postgres.stop)
        postgres.start()
        children.append(postgres.child)
    if not given_kafka:
        kafka.start()
        children.append(kafka.child)
    if given_database:
        marker = folder / f"sample-sent-{territory}-{hashlib.sha256(given_database.encode()).hexdigest()[:16]}"
    else:
        marker = postgres.folder / f"sample-sent-{territory}"
    return given_database or postgres.url, marker, given_kafka or kafka.bootstrap, children


def _mail_server(opened: ExitStack, folder: Path, children: list[Child]) -> str:
    """The address of a mail server that keeps what it is given in the state folder."""
    server = opened.enter_context(MailServer(folder))
    children.append(server.child)
    return server.url


async def _require_given(database_url: str | None, bootstrap: str | None) -> None:
    """Raises DevstackError where a server given by its address does not answer."""
    if database_url:
        try:
            place_of(database_url)
        except ValueError as error:
            raise DevstackError(f"DATABASE_URL {error}.") from None
        try:
            await (await connect(database_url, timeout=_PATIENCE)).close()
        except StoreUnavailable as error:
            raise DevstackError(f"PostgreSQL at DATABASE_URL cannot be used, so check it: {error}.") from error
    if bootstrap:
        try:
            async with asyncio.timeout(_PATIENCE):
                await existing_topics(load(KafkaSettings).brokers, [])
        except (SettingsError, Refused) as error:
            raise DevstackError(f"Kafka at KAFKA_BOOTSTRAP cannot be used, so check it: {error.args[0]}") from error
        except (OSError, KafkaError, ValueError) as error:
            raise DevstackError(
                f"Kafka at KAFKA_BOOTSTRAP cannot be used, so check it: {bootstrap} does not answer."
            ) from error


async def _databases(url: str, territory: str) -> dict[str, str]:
    """The address of each service's database, which is made if need be; several territories may share a server."""
    names = {service: database_of(territory, service) for service in SERVICES}
    connection = await connect(url, timeout=_PATIENCE)
    try:
        for name in names.values():
            if not await connection.fetchval("SELECT true FROM pg_database WHERE datname = $1", name):
                await connection.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
    finally:
        await connection.close()
    address, asks, query = url.partition("?")
    server = "/".join(address.split("/", 3)[:3])
    return {service: f"{server}/{name}{asks}{query}" for service, name in names.items()}


def _all_ready(running: Running) -> bool:
    try:
        answers = [httpx.get(f"{running.base_url}/{name}/ready") for name in SERVICES]
    except httpx.TransportError:
        return False
    return all(answer.is_success and answer.json()["commands"] != "refused" for answer in answers)


def _send_sample(console: Console, running: Running) -> None:
    today = datetime.now(UTC).date()
    told = stories(today)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("Sending the sample programme", total=sum(len(story.steps) for story in told))
        try:
            sending.send(
                running.base_url,
                _sample_tokens(running.issuer, sending.scopes(told)),
                told,
                today,
                lambda: progress.advance(task),
                lambda: asyncio.run(_mirrored(running)),
            )
        except sending.NotSent as error:
            raise DevstackError(str(error)) from error


def _sample_tokens(issuer: Issuer, scopes: Sequence[str]) -> sending.Tokens:
    @cache
    def token(acts_for: tuple[tuple[str, str], ...]) -> str:
        claims: dict[str, Any] = dict(acts_for)
        return issuer.token(scopes, sending.ROLES, client="sample-programme", sample=True, **claims)

    return lambda acts_for: token(tuple(sorted(acts_for.items())))


async def _mirrored(running: Running) -> None:
    """Waits until every mirror of a service shows all that the other has recorded so far."""
    for name in SERVICES:
        for mirror in service_of(name).mirrors:
            theirs = await connect(running.databases[mirror.of.service], timeout=_PATIENCE)
            shown = [event.event_type for event in mirror.events]
            last = await theirs.fetchval("SELECT coalesce(max(position), 0) FROM events WHERE type = ANY ($1)", shown)
            await theirs.close()
            ours = await connect(running.databases[name], timeout=_PATIENCE)
            reached = "SELECT coalesce(max(position), 0) FROM marks WHERE subscription = $1"
            deadline = time.monotonic() + 60
            while await ours.fetchval(reached, mirror.subscription) < last and time.monotonic() < deadline:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
            await ours.close()


def _watch(console: Console, children: list[Child]) -> None:
    """Returns never: it ends by a signal, by the end of a child, or by that of the make that began us."""
    parent = os.getppid()
    while True:
        for child in children:
            if not child.running:
                console.print(f"Stopping ({child.name} ended) ...")
                raise DevstackError(f"{child.name} ended unexpectedly: see {child.log}.")
        if "MAKELEVEL" in os.environ and os.getppid() != parent:
            raise _Stopped("make ended")
        time.sleep(0.25)


@contextmanager
def _signals_stop() -> Iterator[None]:
    """Raises _Stopped in the block at the first signal; what follows the block is not disturbed by any."""

    def stop(received: int, _: FrameType | None) -> None:
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        raise _Stopped("Ctrl-C" if received == signal.SIGINT else signal.Signals(received).name)

    for number in _SIGNALS:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_IGN)
