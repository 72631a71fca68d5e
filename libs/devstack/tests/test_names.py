"""A service and its package are told apart: names have hyphens where Python, databases and variables have none."""

import asyncio
import sys
from pathlib import Path

import httpx
import pytest

from contracts import package_of
from devstack.host import FrontDoor, service_of
from devstack.running import SERVICES, Running, database_of, variable_of

APP = """
from service.definition import Service

app = Service("youth-events", title="Youth events")
"""


@pytest.fixture
def youth_events(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A service whose name is no package's."""
    package = tmp_path / "youth_events"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "app.py").write_text(APP)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("STATE", str(tmp_path))
    for module in ("youth_events", "youth_events.app"):
        monkeypatch.delitem(sys.modules, module, raising=False)
    return "youth-events"


def test_each_name_is_made_of_the_service_s(youth_events: str) -> None:
    assert package_of(youth_events) == "youth_events"
    assert database_of("issoudun", youth_events) == "issoudun_youth_events"
    assert variable_of(youth_events) == "YOUTH_EVENTS_DATABASE_URL"
    assert service_of(youth_events).name == youth_events


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_called_what_the_system_calls_it(name: str) -> None:
    assert service_of(name).name == name


def test_it_is_served_under_its_name_and_has_a_topic_of_it(youth_events: str) -> None:
    databases = {name: f"postgresql://postgres@127.0.0.1:9/{name}" for name in ("companies", youth_events)}
    running = Running(1, "http://localhost:8000", "127.0.0.1:9", databases, "issoudun")
    assert running.settings(youth_events).topic(youth_events) == "issoudun.youth-events.v1"

    async def read(path: str) -> httpx.Response:
        transport = httpx.ASGITransport(FrontDoor(running))
        async with httpx.AsyncClient(transport=transport, base_url=running.base_url) as client:
            return await client.get(path)

    document = asyncio.run(read("/youth-events/openapi.json"))
    assert (document.status_code, document.json()["info"]["title"]) == (200, "Youth events")
    assert asyncio.run(read("/youth_events/openapi.json")).status_code == 404
