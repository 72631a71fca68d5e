"""`/metrics`, on a port of its own, in Prometheus' format: the services of this process, and the process itself."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import inf
from typing import Final

import uvicorn
from prometheus_client import CollectorRegistry, GCCollector, ProcessCollector
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
)
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from eventstore.measuring import Distribution
from service.metrics import declared
from service.metrics.metric import Metric, Sample
from service.metrics.telling import Telling
from service.running.runtime import Runtime

PATH: Final = "/metrics"
SERVICE: Final = "service"
"""The label that every sample of ours has, since a process may hold several services."""
PARTING: Final = 1
"""Seconds that whoever is being told has when the process ends."""


@dataclass(frozen=True)
class Connections:
    """The connections of clients, by the name of who serves them."""

    name: str
    limit: int
    opened: Callable[[], int]

    def samples(self) -> list[Sample]:
        """What there is to tell of it."""
        return [declared.OPEN_CONNECTIONS.at(self.opened()), declared.CONNECTIONS_LIMIT.at(self.limit)]


class Metrics:
    """What the port answers."""

    def __init__(self, runtimes: Sequence[Runtime], connections: Connections) -> None:
        self._connections = connections
        self._services = [Telling(runtime) for runtime in runtimes]
        self._process = CollectorRegistry()
        ProcessCollector(registry=self._process)
        GCCollector(registry=self._process)

    @property
    def application(self) -> Starlette:
        """Serves them."""
        return Starlette(routes=[Route(PATH, self._answer)])

    async def _answer(self, request: Request) -> Response:
        told = await asyncio.gather(*(service.samples() for service in self._services))
        samples = {self._connections.name: self._connections.samples()}
        for service, of_service in zip(self._services, told, strict=True):
            samples[service.service] = [*samples.get(service.service, ()), *of_service]
        encode, content_type = choose_encoder(request.headers.get("accept", ""))
        gathered = CollectorRegistry()
        gathered.register(_Gathered([*families(samples), *self._process.collect()]))
        return Response(encode(gathered), media_type=content_type)


class _Gathered(Collector):
    """What was gathered before it is written: asking takes waiting, which the client library does not."""

    def __init__(self, gathered: Sequence[Family]) -> None:
        self._gathered = gathered

    def collect(self) -> Iterable[Family]:
        """All of it."""
        return self._gathered


def families(samples: Mapping[str, Iterable[Sample]]) -> Iterator[Family]:
    """The samples of services, those of each metric together."""
    found: dict[Metric, Family] = {}
    for service, told in samples.items():
        for metric, value, labels in told:
            if metric not in found:
                found[metric] = _FAMILIES[metric.kind](metric.name, metric.help, labels=(SERVICE, *metric.labels))
            _add(found[metric], (service, *labels), value)
    yield from found.values()


_FAMILIES: Final = {"counter": CounterMetricFamily, "gauge": GaugeMetricFamily, "histogram": HistogramMetricFamily}


def _add(family: Family, labels: Sequence[str], value: float | Distribution) -> None:
    match family, value:
        case HistogramMetricFamily(), Distribution():
            bounds = map(floatToGoString, (*value.bounds, inf))
            family.add_metric(labels, [*zip(bounds, accumulate(value.counts), strict=True)], value.total)
        case CounterMetricFamily() | GaugeMetricFamily(), float() | int():
            family.add_metric(labels, value)
        case _:
            raise TypeError(f"{family.name} is no {family.type} of {type(value).__name__}")


@contextlib.asynccontextmanager
async def served(metrics: Metrics, listener: socket.socket) -> AsyncIterator[None]:
    """Answers on a port for as long as the block lasts."""
    config = uvicorn.Config(
        metrics.application,
        lifespan="off",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=PARTING,
    )
    server = _Beside(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]), name="metrics")
    try:
        yield
    finally:
        server.should_exit = True
        await asyncio.gather(serving, return_exceptions=True)


class _Beside(uvicorn.Server):
    """A server beside the one that signals are for."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leaves them alone."""
        yield
