"""What is known of the running system by those beside it: its lock, its addresses, its issuer.

The state folder (`STATE`, `.state` by default) holds this, the servers' data and their logs.
"""

import fcntl
import json
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, TextIO

from contracts import package_of
from devstack import lodging
from devstack.child import DevstackError
from devstack.issuer import Issuer
from service.running.settings import Settings, SettingsError, load

SERVICES: Final = ("companies", "youth-events", "employment", "mobility", "training", "indicators")
"""The services by name, as paths, topics and scopes have it; the package of each has an `app` in its module `app`."""

SCOPES: Final = (
    *(f"{service}:{access}" for service in SERVICES for access in ("read", "write")),
    # All but indicators know persons; asking the services would take a second to import them.
    *(f"{service}:personal" for service in SERVICES if service != "indicators"),
    "indicators:persons",
)
"""Every scope that there is."""

FRONTENDS: Final = ("http://localhost:3000", "http://localhost:5173", "http://localhost:8080")
"""Where the usual tools for frontends serve what is being developed: origins that may call, unless others are set."""


def database_of(territory: str, service: str) -> str:
    """The name of a service's database: `issoudun_youth_events`."""
    return f"{territory}_{package_of(service)}"


def variable_of(service: str) -> str:
    """The environment variable that tells a service's database: `YOUTH_EVENTS_DATABASE_URL`."""
    return f"{package_of(service).upper()}_DATABASE_URL"


def state_folder() -> Path:
    """Where the state is kept."""
    return Path(os.environ.get("STATE") or ".state").resolve()


@dataclass(frozen=True)
class Running:
    """A running system."""

    pid: int
    base_url: str
    kafka_bootstrap: str
    databases: dict[str, str]
    """The address of each service's database."""
    territory: str
    smtp_url: str = ""
    """The mail server that its services give their messages to."""
    metrics_port: int | None = None
    """Where they all tell their metrics."""

    @classmethod
    def find(cls) -> "Running":
        """The system that runs on the state folder. Raises DevstackError when there is none."""
        try:
            with (state_folder() / "lock").open() as lock:
                if not _is_held(lock):
                    raise DevstackError("The system is not running: start it with make up, in another terminal.")
            return cls(**json.loads((state_folder() / "running.json").read_text()))
        except FileNotFoundError:
            raise DevstackError("The system is not running: start it with make up, in another terminal.") from None

    def save(self) -> None:
        """Lets others find it."""
        unfinished = state_folder() / "running.json.new"
        unfinished.write_text(json.dumps(asdict(self)))
        unfinished.rename(state_folder() / "running.json")

    @property
    def metrics_url(self) -> str:
        """Where Prometheus finds the metrics of all services."""
        return f"http://127.0.0.1:{self.metrics_port}/metrics"

    @property
    def issuer(self) -> Issuer:
        """Who signs the tokens that its services accept."""
        return Issuer.load(state_folder(), url=f"{self.base_url}/issuer")

    def environment(self, service: str) -> dict[str, str]:
        """The settings of one of its services, as environment variables."""
        issuer = self.issuer
        return {
            "DATABASE_URL": self.databases[service],
            "KAFKA_BOOTSTRAP": self.kafka_bootstrap,
            "TERRITORY": self.territory,
            "CORS_ORIGINS": os.environ.get("CORS_ORIGINS") or ",".join(FRONTENDS),
            "OIDC_ISSUER": issuer.url,
            "OIDC_AUDIENCE": issuer.audience,
            "OIDC_JWKS_URL": issuer.jwks_url,
            "PERSONAL_KEY": personal_key(),
            "PUBLIC_URL": os.environ.get("PUBLIC_URL") or self.base_url,
            **({"SMTP_URL": self.smtp_url} if self.smtp_url else {}),
            "MAIL_FROM": os.environ.get("MAIL_FROM") or "programme@issoudun.example",
        }

    def settings(self, service: str) -> Settings:
        """The settings of one of its services; what the system does not decide comes from the environment.

        Raises DevstackError.
        """
        try:
            return load(Settings, **{name.lower(): value for name, value in self.environment(service).items()})
        except SettingsError as error:
            raise DevstackError(str(error)) from None


def personal_key() -> str:
    """By which the system's services recognise persons: made once, and kept as long as their data."""
    kept = state_folder() / "personal_key"
    try:
        return kept.read_text()
    except FileNotFoundError:
        kept.touch(mode=0o600)
        kept.write_text(secrets.token_urlsafe(32))
        return kept.read_text()


@contextmanager
def only_one(*, patience: float = 5) -> Iterator[Path]:
    """The state folder, made if need be, while no other system runs on it. Raises DevstackError.

    One that is about to end is waited for, `patience` seconds at most.
    """
    folder = state_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / "lock").open("a")
    except OSError as error:
        raise DevstackError(
            f"Cannot write to {folder}: make it writable or name another folder with STATE ({error.strerror})."
        ) from error
    with lock:
        deadline = time.monotonic() + patience
        while not _take(lock):
            if time.monotonic() > deadline:
                raise DevstackError(f"{_description()} is already running on {folder}: stop that one first.")
            time.sleep(0.1)
        (folder / "running.json").unlink(missing_ok=True)
        yield folder
        (folder / "running.json").unlink(missing_ok=True)


def forget() -> None:
    """Removes the state folder with everything in it. Raises DevstackError while a system runs on it."""
    if not (state_folder() / "lock").exists():
        return  # Nothing of ours, wherever STATE points.
    with only_one(patience=0) as folder:
        lodging.leave(folder / "postgres" / "data")
        shutil.rmtree(folder)


def _take(lock: TextIO) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_held(lock: TextIO) -> bool:
    if _take(lock):
        fcntl.flock(lock, fcntl.LOCK_UN)
        return False
    return True


def _description() -> str:
    try:
        running = json.loads((state_folder() / "running.json").read_text())
    except (FileNotFoundError, ValueError):
        return "A system"
    return f"A system ({running['base_url']}, process {running['pid']})"
