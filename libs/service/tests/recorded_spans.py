"""The spans that a test leads to, kept in memory as OpenTelemetry would send them."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from eventstore import tracing


class Spans:
    """Those that have ended."""

    def __init__(self, exporter: InMemorySpanExporter) -> None:
        self._exporter = exporter

    @property
    def all(self) -> Sequence[ReadableSpan]:
        return self._exporter.get_finished_spans()

    def named(self, name: str) -> list[ReadableSpan]:
        return [span for span in self.all if span.name == name]

    def ways(self) -> set[tuple[str, ...]]:
        """The names from the root of each trace down to each of its spans."""
        by_id = {span.context.span_id: span for span in self.all}

        def way(span: ReadableSpan) -> tuple[str, ...]:
            above = by_id.get(span.parent.span_id) if span.parent else None
            return (*(way(above) if above else ()), span.name)

        return {way(span) for span in self.all}

    def written(self) -> str:
        """All that would be sent of them."""
        return "\n".join(json.dumps(json.loads(span.to_json()), ensure_ascii=False) for span in self.all)


@contextmanager
def recorded() -> Iterator[Spans]:
    """Records the spans of the block."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracing.begin(provider)
    try:
        yield Spans(exporter)
    finally:
        tracing.begin(None)
        provider.shutdown()
