"""Metrics as Prometheus reads them."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import httpx
from prometheus_client.parser import text_string_to_metric_families

from service.application import Application
from service.metrics.serving import Connections, Metrics

Told = Mapping[tuple[str, ...], float]
"""Values by the name of the sample, and the values of its labels but `service`, in their alphabetical order."""


class Scraper:
    """Reads the metrics of running services of this process."""

    def __init__(self, *applications: Application) -> None:
        runtimes = [application.state.runtime for application in applications]
        self._metrics = Metrics(runtimes, Connections(runtimes[0].name, 1000, lambda: 7)).application

    async def text(self) -> str:
        """What `/metrics` answers."""
        transport = httpx.ASGITransport(self._metrics)
        async with httpx.AsyncClient(transport=transport, base_url="http://metrics.test") as client:
            return (await client.get("/metrics")).raise_for_status().text

    async def told(self) -> Told:
        """All samples."""
        return read(await self.text())

    async def until(self, condition: Callable[[Told], Any], *, seconds: float = 60) -> Told:
        """The samples once they meet a condition."""
        async with asyncio.timeout(seconds):
            while not condition(told := await self.told()):  # noqa: ASYNC110 -- what it looks at has no event
                await asyncio.sleep(0.1)
        return told


def read(text: str) -> Told:
    """The samples in what was answered."""
    return {
        (sample.name, *(value for name, value in sorted(sample.labels.items()) if name != "service")): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(name: str, *labels: str) -> Callable[[Told], float | None]:
    """Looks a sample up."""
    return lambda told: told.get((name, *labels))
