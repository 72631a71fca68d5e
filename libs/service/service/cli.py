"""The commands of every service, `python -m <package> api|worker|all|migrate|…`, and those of its own."""

import asyncio
import json
import logging
import sys
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, Final, NoReturn

import asyncpg
from uvicorn.loops.auto import auto_loop_factory

from eventstore.connection import is_outage
from eventstore.migrate import SchemaMismatch, check, migrate
from service import openapi, settings
from service.application import build
from service.definition import Service
from service.reconciling import put_right, verify
from service.serving import serve
from service.settings import DatabaseSettings, Settings, SettingsError

GRACE: Final = 20
"""Seconds that requests under way may take to end once the process is asked to stop."""
_MISCONFIGURED: Final = (
    asyncpg.InvalidCatalogNameError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InsufficientPrivilegeError,
    asyncpg.ClientConfigurationError,
)
"""No such database, a wrong password, no permission, an address that cannot be read: for who deploys it to mend."""

log = logging.getLogger(__name__)


def main(service: Service) -> NoReturn:
    """Runs the command the process was called with, and exits with its status."""
    name, *arguments = sys.argv[1:] or [""]
    commands = _commands(service)
    if name == "openapi" and not arguments:
        print(json.dumps(openapi.document(service), ensure_ascii=False, indent=2))
        sys.exit(0)
    if name not in commands or (arguments and name not in {"reconcile", *service.commands}):
        sys.exit(f"usage: python -m {service.name.replace('-', '_')} {'|'.join([*commands, 'openapi'])}")
    try:
        configured = settings.load(DatabaseSettings if name == "migrate" else Settings)
    except SettingsError as unset:
        sys.exit(str(unset))
    logging.basicConfig(level=configured.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        with asyncio.Runner(loop_factory=auto_loop_factory()) as runner:
            status = runner.run(commands[name](configured, arguments))
    except SchemaMismatch as mismatch:
        sys.exit(f"{mismatch}.")
    except Exception as error:
        if not (is_outage(error) or isinstance(error, _MISCONFIGURED)):
            raise
        sys.exit(f"The database can't be used: {str(error).rstrip('.') or type(error).__name__}.")
    except KeyboardInterrupt:
        status = 130
    sys.exit(status)


def _commands(service: Service) -> dict[str, Callable[[Any, list[str]], Coroutine[Any, Any, int]]]:
    async def apply_migrations(configured: DatabaseSettings, _: list[str]) -> int:
        applied = await migrate(configured.database_url, service.all_migrations)
        print(f"{applied} migrations applied")
        return 0

    def serving(*, api: bool, worker: bool) -> Callable[[Settings, list[str]], Coroutine[Any, Any, int]]:
        async def run(configured: Settings, _: list[str]) -> int:
            await check(configured.database_url, service.all_migrations)
            application = build(service, configured, api=api, worker=worker)
            return await serve(service.name, application, configured, grace=GRACE)

        return run

    return {
        "api": serving(api=True, worker=False),
        "worker": serving(api=False, worker=True),
        "all": serving(api=True, worker=True),
        "migrate": apply_migrations,
        # Where there are events of its own.
        **({"verify": partial(verify, service), "reconcile": partial(put_right, service)} if service.resources else {}),
        **service.commands,
    }
