"""The servers of a test run: started when first asked for, once however many processes the run has.

`STACK` chooses them: `embedded` (child processes, the default), `containers` (testcontainers, where a Docker engine
answers) or `external` (those at `DATABASE_URL` and `KAFKA_BOOTSTRAP`).
"""

import os
import shutil
import tempfile
import threading
from collections.abc import Callable
from contextlib import ExitStack
from multiprocessing.connection import Client, Listener
from pathlib import Path
from typing import Final, Literal, get_args

from devstack.child import DevstackError
from devstack.containers import kafka_container, postgres_container
from devstack.servers import Kafka, Postgres

Kind = Literal["postgres", "kafka"]
LOCATOR: Final = "DEVSTACK_LOCATOR"
"""The environment variable by which a worker of pytest-xdist finds the process that started it."""


class Servers:
    """Where the servers are. Asking is what starts them."""

    def __init__(self, locate: Callable[[Kind], str]) -> None:
        self._locate = locate

    @property
    def database_url(self) -> str:
        """PostgreSQL's database `postgres`, for a user who may create others."""
        return self._locate("postgres")

    @property
    def kafka_bootstrap(self) -> str:
        """Kafka's address, `host:port`."""
        return self._locate("kafka")


class Stack:
    """Starts what is asked for, and stops all of it."""

    def __init__(self, mode: str) -> None:
        self._mode = mode
        self._stopping = ExitStack()
        self._lock = threading.Lock()
        self._found: dict[Kind, str | DevstackError] = {}

    def locate(self, kind: Kind) -> str:
        """The address of a server, which is started if need be. Raises DevstackError, again for whoever asks again."""
        with self._lock:
            if kind not in self._found:
                try:
                    self._found[kind] = self._start(kind)
                except DevstackError as error:
                    self._found[kind] = error
            found = self._found[kind]
        if isinstance(found, DevstackError):
            raise found
        return found

    def serve(self) -> None:
        """Lets the processes we start find our servers."""
        key = os.urandom(16)
        listener = Listener(("127.0.0.1", 0), authkey=key)
        os.environ[LOCATOR] = f"{listener.address[1]}:{key.hex()}"
        threading.Thread(target=self._answer, args=(listener,), name="locates-servers", daemon=True).start()

    def stop(self) -> None:
        """Stops what was started; its data is gone."""
        self._stopping.close()

    def _start(self, kind: Kind) -> str:
        if self._mode == "external":
            setting = "DATABASE_URL" if kind == "postgres" else "KAFKA_BOOTSTRAP"
            if setting not in os.environ:
                raise DevstackError(f"STACK=external needs {setting} to be set.")
            return os.environ[setting]
        if self._mode == "containers":
            return self._stopping.enter_context(postgres_container() if kind == "postgres" else kafka_container())
        if self._mode != "embedded":
            raise DevstackError(f"STACK is embedded, containers or external, not {self._mode!r}.")
        folder = Path(tempfile.mkdtemp(prefix="territory-tests-"))
        folder.chmod(0o711)
        self._stopping.callback(shutil.rmtree, folder, ignore_errors=True)
        if kind == "postgres":
            return self._stopping.enter_context(Postgres(folder, durable=False)).url
        return self._stopping.enter_context(Kafka(folder)).bootstrap

    def _answer(self, listener: Listener) -> None:
        while True:
            try:
                with listener.accept() as connection:
                    asked = connection.recv()
                    kind = next(kind for kind in get_args(Kind) if kind == asked)
                    try:
                        connection.send((True, self.locate(kind)))
                    except DevstackError as error:
                        connection.send((False, str(error)))
            except (OSError, EOFError):
                continue  # One that asked is gone; others may ask.


def locate_from_worker(kind: Kind) -> str:
    """The address of a server of the process that started this one. Raises DevstackError."""
    port, _, key = os.environ[LOCATOR].partition(":")
    with Client(("127.0.0.1", int(port)), authkey=bytes.fromhex(key)) as connection:
        connection.send(kind)
        found, answer = connection.recv()
    if not found:
        raise DevstackError(answer)
    return str(answer)
