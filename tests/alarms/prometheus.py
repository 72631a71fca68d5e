"""A real Prometheus that looks at processes each second, by the repository's alerts."""

import asyncio
import json
import re
import shutil
import signal
from collections.abc import Callable, Mapping
from operator import not_
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import httpx
import yaml
from alarms.hastening import alerts, groups, hastened

from devstack.child import Child, DevstackError
from devstack.ports import free_port

Labels = Mapping[str, str]
LOOK: Final = 0.5
"""Seconds between two looks at what fires."""


class Prometheus:
    """Watches what it is told of; `times` says how many times faster each alert is than deployed."""

    def __init__(self, folder: Path, times: Mapping[str, int]) -> None:
        program = shutil.which("prometheus")
        if program is None:
            raise DevstackError("This test needs Prometheus: install the Debian package prometheus.")
        folder.mkdir()
        self._targets: dict[str, str] = {}
        self._found_in = folder / "targets.json"
        self._tell()
        rules = [
            {**group, "rules": [hastened(rule, times[rule["alert"]]) for rule in group["rules"]]} for group in groups()
        ]
        (folder / "alerts.yaml").write_text(yaml.safe_dump({"groups": rules}))
        configuration = folder / "prometheus.yaml"
        configuration.write_text(
            yaml.safe_dump(
                {
                    "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
                    "rule_files": [str(folder / "alerts.yaml")],
                    "scrape_configs": [
                        {"job_name": "territory", "file_sd_configs": [{"files": [str(self._found_in)]}]}
                    ],
                }
            )
        )
        port = free_port()
        self._client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30)
        self._child = Child(
            "Prometheus",
            [
                program,
                f"--config.file={configuration}",
                f"--storage.tsdb.path={folder / 'data'}",
                f"--web.listen-address=127.0.0.1:{port}",
                "--log.level=warn",
            ],
            log=folder / "prometheus.log",
            marker=str(folder),
        )

    def watch(self, port: int, what: str) -> None:
        """Looks at the metrics that are told at a port, from now on."""
        self._targets[f"127.0.0.1:{port}"] = what
        self._tell()

    def _tell(self) -> None:
        unfinished = self._found_in.with_suffix(".new")
        unfinished.write_text(
            json.dumps([{"targets": [place], "labels": {"what": what}} for place, what in self._targets.items()])
        )
        unfinished.rename(self._found_in)

    async def firing(self) -> list[dict[str, Any]]:
        """The alerts that fire now."""
        answer = (await asyncio.to_thread(self._client.get, "/api/v1/alerts")).raise_for_status().json()
        return [alert for alert in answer["data"]["alerts"] if alert["state"] == "firing"]

    async def fires(self, name: str, labels: Labels, *, seconds: float) -> None:
        """Waits until an alert of these labels fires. Raises AssertionError where none does, or its text has gaps."""
        found = await self._until(bool, name, labels, seconds)
        assert found, f"{name} {dict(labels)} does not fire; {await self._told()}"
        for alert in found:
            for text in alerts()[name]["annotations"].values():
                for used in re.findall(r"\$labels\.(\w+)", text):
                    assert alert["labels"].get(used), f"{name} has no label {used}: {alert['labels']}"
            for text in alert["annotations"].values():
                assert not re.search(r"<no value>|<error|NaN|Inf|\{\{", text), f"{name} says: {text}"

    async def ends(self, name: str, labels: Labels, *, seconds: float) -> None:
        """Waits until no alert of these labels fires. Raises AssertionError where one still does."""
        assert not await self._until(not_, name, labels, seconds), (
            f"{name} {dict(labels)} does not end; {await self._told()}"
        )

    async def _until(
        self, come: Callable[[list[dict[str, Any]]], bool], name: str, labels: Labels, seconds: float
    ) -> list[dict[str, Any]]:
        wanted = {"alertname": name, **labels}.items()
        deadline = asyncio.get_running_loop().time() + seconds
        while True:
            found = [alert for alert in await self.firing() if wanted <= alert["labels"].items()]
            if come(found) or asyncio.get_running_loop().time() > deadline:
                return found
            await asyncio.sleep(LOOK)

    async def _told(self) -> str:
        return f"firing: {[alert['labels'] for alert in await self.firing()]}"

    def __enter__(self) -> Self:
        def is_ready() -> bool:
            try:
                return self._client.get("/-/ready").is_success
            except httpx.TransportError:
                return False

        self._child.await_ready(is_ready, seconds=60)
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._client.close()
        self._child.stop(signal.SIGTERM, seconds=10)
