"""Servers of HTTP as processes of their own: a service, or a peer, and an issuer of tokens."""

import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from operator import attrgetter
from pathlib import Path

import httpx
import psutil

from devstack.child import Child
from devstack.issuer import Issuer
from devstack.ports import free_port
from devstack.prepared import PERSONAL_KEY

ROOT = Path(__file__).parent.parent


@contextmanager
def issuing() -> Iterator[Issuer]:
    """An issuer whose keys are published."""

    class Keys(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(issuer.jwks).encode())

        def log_message(self, *_: object) -> None:
            """Keeps quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Keys)
    issuer = Issuer(f"http://127.0.0.1:{server.server_port}")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield issuer
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def serving(
    name: str,
    folder: Path,
    command: list[str],
    environment: dict[str, str],
    ready: str,
    is_ready: Callable[[httpx.Response], bool] = attrgetter("is_success"),
) -> Iterator[int]:
    """Runs a Python module that serves at PORT, which is yielded once the path `ready` answers well."""
    port = free_port()
    child = Child(
        name,
        [sys.executable, "-m", *(part.replace("PORT", str(port)) for part in command)],
        log=folder / f"{name.replace(' ', '-')}.log",
        marker=str(port),
        environment={**os.environ, **environment, "PORT": str(port), "PYTHONPATH": str(ROOT)},
    )

    def answers() -> bool:
        try:
            return is_ready(httpx.get(f"http://127.0.0.1:{port}{ready}"))
        except httpx.TransportError:
            return False

    try:
        child.await_ready(answers, seconds=30)
        yield port
    finally:
        child.stop(signal.SIGTERM, seconds=10)


def process_at(port: int) -> psutil.Process:
    """The process of ours that serves at a port."""
    return next(each for each in psutil.Process().children() if each.environ().get("PORT") == str(port))


def settings(database_url: str, bootstrap: str, issuer: Issuer) -> dict[str, str]:
    """The environment of a service."""
    return {
        "DATABASE_URL": database_url,
        "KAFKA_BOOTSTRAP": bootstrap,
        "OIDC_ISSUER": issuer.url,
        "OIDC_AUDIENCE": issuer.audience,
        "OIDC_JWKS_URL": issuer.jwks_url,
        "PERSONAL_KEY": PERSONAL_KEY,
        "LOG_LEVEL": "WARNING",
    }
