"""The traces of a process, given to a collector over OTLP where one is named."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from types import FrameType
from typing import Final, NoReturn

from eventstore import tracing
from eventstore.kafka.logs import throttle
from service.running.settings import SettingsError

_ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_PROTOCOLS: Final = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_SPOKEN: Final = "http/protobuf"
_PARTING: Final = 5.0
"""Seconds in which the collector may take the last spans when the process ends."""


@contextmanager
def traced(service: str) -> Iterator[None]:
    """Traces the block for the collector that the standard variables of OpenTelemetry name, if they name one.

    Raises SettingsError where it is to be spoken to otherwise than we do.
    """
    if not any(map(os.environ.get, _ENDPOINTS)) or _is_switched_off():
        yield
        return
    protocol = next(filter(None, map(os.environ.get, _PROTOCOLS)), _SPOKEN)
    if protocol != _SPOKEN:
        raise SettingsError(f"Settings: OTEL_EXPORTER_OTLP_PROTOCOL must be {_SPOKEN}, the only one spoken here.")
    # Only here: a process that traces nothing has nothing of this in memory.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import SERVICE_NAME, OTELResourceDetector, Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    # What the environment says of itself comes after our name for it.
    resource = Resource.create({SERVICE_NAME: service}).merge(OTELResourceDetector().detect())
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    throttle("opentelemetry")
    tracing.begin(provider)
    # What serves ends by the signal that it was told to end by: as an exception, so that the last spans are given away.
    before = signal.signal(signal.SIGTERM, _leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
        tracing.begin(None)
        # It would wait for a collector that is away for longer than a process has to end.
        parting = Thread(target=provider.shutdown, daemon=True)
        parting.start()
        parting.join(_PARTING)


def _leave(number: int, _: FrameType | None) -> NoReturn:
    sys.exit(128 + number)


def _is_switched_off() -> bool:
    return os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true" or os.environ.get("OTEL_TRACES_EXPORTER") == "none"
