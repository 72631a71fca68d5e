"""The documentation pages as people read them: in a browser, on a phone, by keyboard, and behind any prefix."""

import asyncio
import json
import os
import shutil
import subprocess
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Final

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount

from devstack.host import service_of
from devstack.issuer import Issuer
from devstack.ports import free_port
from devstack.prepared import PERSONAL_KEY, prepare
from service.application import build
from service.documents import openapi
from service.running.settings import Settings

pytestmark = [pytest.mark.long, pytest.mark.timeout(1200)]

REPOSITORY: Final = Path(__file__).parents[1]
TOLERATED: Final[dict[str, str]] = {}
"""Serious findings of axe that are to stay, by the name of their rule, each with its reason."""


def browse(*arguments: str) -> Any:
    """What the browser saw."""
    chromium = shutil.which("chromium")
    assert chromium, "Chromium is needed: apt-get install chromium"
    done = subprocess.run(
        [REPOSITORY / ".venv/long/bin/node", REPOSITORY / "tests/node/documentation.mjs", *arguments],
        env={**os.environ, "CHROMIUM": chromium},
        stdout=subprocess.PIPE,
        check=True,
    )
    return json.loads(done.stdout)


@contextmanager
def serving(name: str, database: str, issuer: Issuer) -> Iterator[str]:
    """The address of a service, which answers there, under its name and under a prefix of another's choice."""
    service = service_of(name)
    asyncio.run(prepare(database, service.all_migrations))
    settings = Settings(
        database_url=database,
        kafka_bootstrap="127.0.0.1:9",
        oidc_issuer=issuer.url,
        oidc_audience=issuer.audience,
        oidc_jwks_url=issuer.jwks_url,
        personal_key=PERSONAL_KEY,
    )
    application = build(service, settings, worker=False)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with application.router.lifespan_context(application):
            yield

    port = free_port()
    host = Starlette(routes=[Mount("/regional/programme", application), Mount("/", application)], lifespan=lifespan)
    server = uvicorn.Server(uvicorn.Config(host, port=port, ws="none", log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


@pytest.mark.parametrize("name", ["companies", "indicators"])
def test_every_section_can_be_read_on_a_phone(name: str, database: str, issuer: Issuer) -> None:
    document = openapi.document(service_of(name))
    with serving(name, database, issuer) as address:
        seen = browse("read", f"{address}/{name}/docs")
    assert seen["faults"] == []
    assert (seen["title"], seen["language"]) == (document["info"]["title"], "en")
    assert seen["operations"]
    assert sorted(seen["operations"]) == sorted(
        f"{operation['tags'][0]}/{operation['operationId']}"
        for path in document["paths"].values()
        for method, operation in path.items()
        if method != "parameters"
    )
    assert seen["schemas"] == list(document["components"]["schemas"])
    assert seen["unlinked"] == [], "opened, these are not what the address names"
    assert seen["wide"] == []
    # A default, as that of Accept, may be filled in; an example would make a second try carry the headers of the first.
    assert set(seen["filled"]) <= {"accept"}
    assert seen["colours"]["light"] != seen["colours"]["dark"]
    unread = [
        "{colorScheme}, {name}: {rule} in {html}: {why}".format(**found)
        for found in seen["axe"]
        if found["impact"] in ("serious", "critical") and found["rule"] not in TOLERATED
    ]
    assert not unread, "\n".join(unread)


def test_operations_are_tried_from_the_page_wherever_it_is(database: str, issuer: Issuer) -> None:
    token = issuer.token("companies:read companies:write", ["network"])
    with serving("companies", database, issuer) as address:
        for prefix in ("", "/companies", "/regional/programme"):
            seen = browse("try", f"{address}{prefix}/docs", token, "companies/list_company")
            assert seen["faults"] == []
            [answer] = seen["answers"]
            assert answer["url"].startswith(f"{address}{prefix}/v1/companies")
            assert answer["status"] == answer["shown"] == 200
        seen = browse("try", f"{address}/companies/docs", token, "companies/apply_company", "companies/apply_company")
    assert seen["faults"] == []
    assert [(answer["status"], answer["shown"]) for answer in seen["answers"]] == [(201, 201), (409, 409)]
