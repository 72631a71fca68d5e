"""The commands of every service, `python -m <package> api|worker|all|migrate|…`, and those of its own."""

import asyncio
import json
import logging
import sys
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import Any, Final, NoReturn

import asyncpg
from uvicorn.loops.auto import auto_loop_factory

from eventstore.postgres.connection import DatabaseRefused, StoreUnavailable, is_outage
from eventstore.postgres.migrate import SchemaMismatch, check, migrate
from service.application import build, own_settings
from service.definition import Service
from service.documents import openapi
from service.http.serving import serve
from service.running import acls, settings
from service.running.letters import dead_letters
from service.running.logs import begin_log
from service.running.persons import persons
from service.running.reconciling import put_right, verify
from service.running.refolding import fold_anew
from service.running.settings import DatabaseSettings, Names, Settings, SettingsError
from service.running.status import status
from service.running.traces import traced
from service.running.waiting import once_the_database_answers

MIGRATING_WAITS: Final = 60.0
"""Seconds that `migrate` waits for a database that is away. It is started again by whoever runs it."""

log = logging.getLogger(__name__)


def main(service: Service) -> NoReturn:
    """Runs the command the process was called with, and exits with its status."""
    name, *arguments = sys.argv[1:] or [""]
    commands = _commands(service)
    if name == "openapi" and not arguments:
        print(json.dumps(openapi.document(service), ensure_ascii=False, indent=2))
        sys.exit(0)
    if name == "acls":
        print(_acls(service, arguments))
        sys.exit(0)
    if name not in commands or (
        arguments and name not in {"reconcile", "refold", "dead-letters", "persons", *service.commands}
    ):
        sys.exit(f"usage: python -m {service.name.replace('-', '_')} {'|'.join([*commands, 'openapi', 'acls'])}")
    try:
        configured = settings.load(DatabaseSettings if name == "migrate" else Settings)
        if isinstance(configured, Settings):
            own_settings(service, configured)
    except SettingsError as unset:
        sys.exit(str(unset))
    begin_log(configured.log_level, configured.log_format, service=service.name)
    try:
        with traced(service.name), asyncio.Runner(loop_factory=auto_loop_factory()) as runner:
            if name not in {"api", "worker", "all", "migrate", "status"}:
                runner.run(check(configured.database_url, service.all_migrations))
            ended = runner.run(commands[name](configured, arguments))
    except SettingsError as unspoken:
        sys.exit(str(unspoken))
    except (SchemaMismatch, StoreUnavailable) as said:
        sys.exit(f"{said}.")
    except Exception as error:
        if not (is_outage(error) or isinstance(error, asyncpg.InsufficientPrivilegeError)):
            raise
        sys.exit(f"The database can't be used: {str(error).rstrip('.') or type(error).__name__}.")
    except KeyboardInterrupt:
        ended = 130
    sys.exit(ended)


def _acls(service: Service, arguments: Sequence[str]) -> str:
    try:
        return acls.printed(service, settings.load(Names), arguments) or sys.exit(acls.USAGE)
    except SettingsError as unset:
        sys.exit(str(unset))


Run = Callable[[Any, list[str]], Coroutine[Any, Any, int]]
"""A command: from its settings and arguments to its exit status."""


def _on_own_events(service: Service) -> dict[str, Run]:
    return {
        "verify": partial(verify, service),
        "reconcile": partial(put_right, service),
        "refold": partial(fold_anew, service),
        **({"persons": partial(persons, service)} if service.names_persons else {}),
    }


def _in_turn(*runs: Run) -> Run:
    """Several commands of one name, each whatever comes of the others."""

    async def run(configured: Any, arguments: list[str]) -> int:
        return max([await each(configured, arguments) for each in runs])

    return run


def _commands(service: Service) -> dict[str, Run]:
    async def apply_migrations(configured: DatabaseSettings, _: list[str]) -> int:
        applied = await once_the_database_answers(
            partial(migrate, configured.database_url, service.all_migrations), patience=MIGRATING_WAITS
        )
        print(f"{applied} migrations applied")
        return 0

    def serving(*, api: bool, worker: bool) -> Run:
        async def run(configured: Settings, _: list[str]) -> int:
            fits = partial(check, configured.database_url, service.all_migrations)
            usable = None
            try:
                await fits()
            except DatabaseRefused:
                raise
            except StoreUnavailable:
                usable = asyncio.create_task(once_the_database_answers(fits), name="wait for the database")
            application = build(service, configured, api=api, worker=worker, usable=usable)
            if not api:
                # Nobody is routed to it, and others wait for what it holds.
                configured = configured.model_copy(update={"drain_seconds": 0})
            told = [application.state.runtime]
            return await serve(service.name, application, configured, usable=usable, told=told)

        return run

    every: dict[str, Run] = {
        "api": serving(api=True, worker=False),
        "worker": serving(api=False, worker=True),
        "all": serving(api=True, worker=True),
        "migrate": apply_migrations,
        # Where there are events of its own.
        **(_on_own_events(service) if service.resources else {}),
        "dead-letters": dead_letters,
        "status": status,
    }
    # What a service verifies itself comes on top of its store.
    return every | {name: _in_turn(*filter(None, (every.get(name), own))) for name, own in service.commands.items()}
