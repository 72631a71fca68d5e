"""Replicas of a service that are restarted one after the other, and clients who call them meanwhile and never twice."""

import asyncio
import os
import shutil
import signal
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final

import httpx
import lamps

from devstack.child import Child, DevstackError
from devstack.ports import free_port, is_free

LAMP: Final = {"company": "00000001800017", "watts": 70}
KEPT: Final = 1
"""Seconds for which callers and the proxy keep a connection that is silent: less than a replica does."""
STARTING: Final = 60.0
"""Seconds that a replica has to be ready."""

NGINX: Final = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/nginx.error.log;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    {upstreams}
    server {{
        listen 127.0.0.1:{port};
        {locations}
    }}
}}
"""

UPSTREAM: Final = "upstream to_{first} {{ {servers} keepalive 64; keepalive_timeout {idle}s; }}\n"
LOCATION: Final = "location {path} {{ proxy_pass http://to_{first}; }}\n"


class Fleet:
    """Replicas of one service, each on a port that it keeps."""

    def __init__(self, script: Path, command: str, environment: Mapping[str, str], folder: Path, *, count: int) -> None:
        self._command = [sys.executable, str(script), command]
        self.environment = {**os.environ, **environment}
        """Of replicas that are started from now on."""
        self._folder = folder
        self.ports = [free_port() for _ in range(count)]
        self._replicas: dict[int, Child] = {}

    def start(self, port: int) -> None:
        """Starts the replica of a port, and returns when it is ready."""
        replica = self._replicas[port] = Child(
            f"The replica at {port}",
            self._command,
            log=self._folder / f"{port}.log",
            marker=str(self._command[1]),
            environment={**self.environment, "PORT": str(port)},
        )
        replica.await_ready(lambda: is_ready(port), seconds=STARTING)

    def stop(self, port: int) -> float:
        """Ends a replica as an orchestrator does, and tells how many seconds it took."""
        begun = time.monotonic()
        self._replicas[port].stop(signal.SIGTERM, seconds=30)
        return time.monotonic() - begun

    def restart(self, port: int) -> float:
        """Ends a replica and starts another in its place; tells how many seconds the end took."""
        took = self.stop(port)
        self.start(port)
        return took

    def said(self) -> str:
        """What all of them logged."""
        return "".join(log.read_text() for log in self._folder.glob("*.log"))


@contextmanager
def fleet(
    folder: Path, command: str, environment: Mapping[str, str], *, count: int = 2, script: str = lamps.__file__
) -> Iterator[Fleet]:
    """So many replicas, all ready."""
    folder.mkdir(exist_ok=True)
    replicas = Fleet(Path(script), command, environment, folder, count=count)
    with ExitStack() as stack:
        for port in replicas.ports:
            stack.callback(replicas.stop, port)
            replicas.start(port)
        yield replicas


@contextmanager
def nginx(folder: Path, replicas: Mapping[str, Sequence[int]]) -> Iterator[str]:
    """nginx in front of the replicas of each path; its address."""
    program = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        raise DevstackError("This test needs nginx: install it (on Debian and Ubuntu: apt-get install nginx-light).")
    folder.mkdir(exist_ok=True)
    port = free_port()
    upstreams = locations = ""
    for path, ports in replicas.items():
        # One that is being restarted refuses connections, which nginx then makes to the other: it is not left out.
        servers = " ".join(f"server 127.0.0.1:{each} max_fails=0;" for each in ports)
        upstreams += UPSTREAM.format(first=ports[0], servers=servers, idle=KEPT)
        locations += LOCATION.format(first=ports[0], path=path)
    configuration = folder / "nginx.conf"
    configuration.write_text(NGINX.format(folder=folder, upstreams=upstreams, locations=locations, port=port))
    proxy = Child(
        "nginx",
        [program, "-p", folder, "-e", folder / "nginx.error.log", "-c", configuration],
        log=folder / "nginx.log",
        marker=str(configuration),
    )
    try:
        proxy.await_ready(lambda: not is_free(port), seconds=10)
        yield f"http://127.0.0.1:{port}"
    finally:
        proxy.stop(signal.SIGQUIT, seconds=5)


def is_ready(port: int) -> bool:
    """Whether what listens at a port says that it is ready."""
    try:
        return httpx.get(f"http://127.0.0.1:{port}/ready", timeout=5).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


class Routes:
    """The replicas that are ready, as who routes by `/ready` knows them: looked at ten times a second."""

    def __init__(self, ports: list[int]) -> None:
        self._ports = ports
        self._ready = list(ports)
        self._turn = 0

    def next(self) -> str:
        """The address of a replica that was ready a moment ago, each in its turn."""
        self._turn += 1
        return f"http://127.0.0.1:{self._ready[self._turn % len(self._ready)]}"

    @asynccontextmanager
    async def watched(self) -> "AsyncIterator[Routes]":
        """Looks on and on while the block runs."""
        watching = asyncio.create_task(self._watch())
        try:
            yield self
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)

    async def _watch(self) -> None:
        async with httpx.AsyncClient() as client:
            while True:
                self._ready = [port for port in self._ports if await self._is_ready(client, port)]
                await asyncio.sleep(0.1)

    async def _is_ready(self, client: httpx.AsyncClient, port: int) -> bool:
        try:
            return (await client.get(f"http://127.0.0.1:{port}/ready")).status_code == httpx.codes.OK
        except httpx.TransportError:
            return False


@asynccontextmanager
async def calls(
    address: Callable[[], str], headers: Mapping[str, str], *, callers: int = 16, pause: float = 0.02
) -> AsyncIterator[Counter[str]]:
    """Callers who keep their connections, and send a command after the other while the block runs, none twice.

    What became of the commands is counted: by status, or by what went wrong on the way.
    """
    outcomes = Counter[str]()
    ended = asyncio.Event()

    async def call() -> None:
        kept = httpx.Limits(keepalive_expiry=KEPT)
        async with httpx.AsyncClient(headers=headers, timeout=20, limits=kept) as client:
            while not ended.is_set():
                try:
                    outcomes[str((await client.post(f"{address()}/v1/lamps", json=LAMP)).status_code)] += 1
                except httpx.TransportError as error:
                    outcomes[type(error).__name__] += 1
                await asyncio.sleep(pause)

    async with asyncio.TaskGroup() as group:
        for _ in range(callers):
            group.create_task(call())
        try:
            yield outcomes
        finally:
            ended.set()
