"""What a piece of work belongs to: the ids that its log lines carry, and its spans where traces are wanted.

    begin(provider)
    with following(About(traceparent=message.traceparent)), span("lamp light"):
        ...

Before `begin` nothing is traced, and a span costs a comparison. A span holds what the code declares, numbers, and ids
that the platform made: nothing that somebody sent.
"""

import re
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple, TypeVar

from opentelemetry.context import Context, attach, detach
from opentelemetry.trace import (
    INVALID_SPAN,
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    StatusCode,
    TraceFlags,
    Tracer,
    TracerProvider,
    get_current_span,
    set_span_in_context,
)

from eventstore.discretion import described

Attributes = Mapping[str, str | int]
T = TypeVar("T")

HISTORY: Final = timedelta(hours=1)
"""The age from which an event is read as history: its trace was told long ago, and gets no more spans."""
_ID: Final = re.compile(r"[0-9a-f]{8}(-?)(?:[0-9a-f]{4}\1){3}[0-9a-f]{12}", re.IGNORECASE)
_TRACEPARENT: Final = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")


@dataclass(slots=True)
class About:
    """What a piece of work belongs to. Its ids are made by the platform, or have a form that words have not."""

    request_id: str | None = None
    correlation_id: str | None = None
    """The client's name for a larger piece of work."""
    causation_id: str | None = None
    """The id of the event that led to it, where nobody asked for it."""
    traceparent: str | None = None
    """The trace that it goes on with, checked (W3C Trace Context)."""
    client: str | None = None
    """The client that asked, once its token was looked at."""


class Rider(NamedTuple):
    """One of those that are handled in one go, and its trace."""

    name: str
    """Of its span."""
    traceparent: str | None
    since: datetime
    """When it was recorded."""
    attributes: Attributes


_ABOUT: Final[ContextVar[About | None]] = ContextVar("about", default=None)
_OFF: Final = nullcontext()
_tracer: Tracer | None = None


def begin(provider: TracerProvider | None) -> None:
    """Gives spans to a provider from now on; with None to nobody any more."""
    global _tracer
    _tracer = None if provider is None else provider.get_tracer("territory")


def enter(work: About) -> None:
    """Says what the work at hand belongs to, until `leave`: `following`, where nothing is traced."""
    _ABOUT.set(work)


def leave() -> None:
    """Says that the work at hand is done."""
    _ABOUT.set(None)


def about() -> About | None:
    """What the work at hand belongs to."""
    return _ABOUT.get()


def ids() -> dict[str, str]:
    """The ids of the work at hand, by their names in the log; only those that there are."""
    known = _ABOUT.get() or About()
    own = _told(get_current_span())
    trace = _TRACEPARENT.fullmatch(own or known.traceparent or "")
    found = {
        "request_id": known.request_id,
        "trace_id": trace[1] if trace else None,
        "span_id": trace[2] if trace and own else None,
        "correlation_id": known.correlation_id,
        "causation_id": known.causation_id,
    }
    return {name: value for name, value in found.items() if value is not None}


def as_id(given: str | None) -> str | None:
    """What somebody gave for an id, if it has the form of a UUID, with hyphens or without: then it can hold no name."""
    return given if given is not None and _ID.fullmatch(given) else None


def is_on() -> bool:
    """Whether spans are given to anybody."""
    return _tracer is not None


def traceparent() -> str | None:
    """The span at hand, as what it leads to is told of it; None while nothing is traced."""
    return None if _tracer is None else _told(get_current_span())


@contextmanager
def following(work: About) -> Iterator[None]:
    """Says what the work of the block belongs to. Its spans go on with the trace that is told, or begin one."""
    known = _ABOUT.set(work)
    attached = None if _tracer is None else attach(_context(work.traceparent))
    try:
        yield
    finally:
        if attached is not None:
            detach(attached)
        _ABOUT.reset(known)


def span(
    name: str,
    attributes: Attributes | None = None,
    *,
    kind: SpanKind = SpanKind.INTERNAL,
    expects: tuple[type[Exception], ...] = (),
) -> AbstractContextManager[Span | None]:
    """A span of the block, below the one at hand; None while nothing is traced, or that one is left out.

    An error is told by its kind, and is a fault unless it is one of those that are expected.
    """
    return _OFF if _tracer is None or _is_left_out() else _recorded(_tracer, name, attributes, kind, expects)


def spanned(
    work: Coroutine[Any, Any, T],
    name: str,
    attributes: Attributes,
    *,
    kind: SpanKind = SpanKind.INTERNAL,
    expects: tuple[type[Exception], ...] = (),
) -> Coroutine[Any, Any, T]:
    """The same work in a span; while nothing is traced, the work itself."""
    if _tracer is None or _is_left_out():
        return work
    return _spanned(work, _recorded(_tracer, name, attributes, kind, expects))


async def _spanned(work: Coroutine[Any, Any, T], recorded: AbstractContextManager[Span]) -> T:
    with recorded:
        return await work


@contextmanager
def together(kind: SpanKind, riders: Sequence[Rider]) -> Iterator[Sequence[str | None]]:
    """A span for each of those that are handled in one go, in its own trace; what each leads to goes on with.

    What its trace leaves out, and what is history, gets none.
    """
    if _tracer is None:
        yield [rider.traceparent for rider in riders]
        return
    begins = datetime.now(UTC) - HISTORY
    spans = [
        _tracer.start_span(
            rider.name,
            _context(rider.traceparent),
            kind,
            {**rider.attributes, "messaging.batch.message_count": len(riders)},
        )
        if rider.traceparent is not None and rider.since > begins
        else INVALID_SPAN
        for rider in riders
    ]
    try:
        yield [_told(begun) or rider.traceparent for begun, rider in zip(spans, riders, strict=True)]
    except Exception as error:
        for begun in spans:
            fail(begun, error)
        raise
    finally:
        for begun in spans:
            begun.end()


@contextmanager
def untraced() -> Iterator[None]:
    """What is done in the block is left out of traces."""
    attached = attach(set_span_in_context(NonRecordingSpan(SpanContext(1, 1, is_remote=False))))
    try:
        yield
    finally:
        detach(attached)


def fail(failed: Span, error: Exception) -> None:
    """Tells of an error that a span ends with, without the words that could quote what was sent."""
    kind, words = type(error).__name__, described(error)
    failed.set_attribute("error.type", kind)
    failed.set_status(StatusCode.ERROR, words)
    failed.add_event("exception", {"exception.type": kind, "exception.message": words})


def note(error: Exception) -> None:
    """Tells of an error that the work at hand has met, and answers by itself."""
    if _tracer is not None:
        fail(get_current_span(), error)


def _is_left_out() -> bool:
    """Whether the sampler left out the span at hand: what is below it is left out too, and need not be asked about."""
    known = get_current_span().get_span_context()
    return known.is_valid and not known.is_remote and not known.trace_flags.sampled


@contextmanager
def _recorded(
    tracer: Tracer, name: str, attributes: Attributes | None, kind: SpanKind, expects: tuple[type[Exception], ...]
) -> Iterator[Span]:
    with tracer.start_as_current_span(
        name, kind=kind, attributes=attributes, record_exception=False, set_status_on_exception=False
    ) as begun:
        try:
            yield begun
        except expects as error:
            begun.set_attribute("error.type", getattr(error, "slug", type(error).__name__))
            raise
        except Exception as error:
            fail(begun, error)
            raise


def _context(told: str | None) -> Context:
    """Where the spans of a trace belong that came from elsewhere; nowhere, where there is none that can be read."""
    found = _TRACEPARENT.fullmatch(told) if told is not None else None
    if found is None:
        return Context()
    trace_id, span_id, flags = (int(part, 16) for part in found.groups())
    return set_span_in_context(
        NonRecordingSpan(SpanContext(trace_id, span_id, is_remote=True, trace_flags=TraceFlags(flags & 1))), Context()
    )


def _told(current: Span) -> str | None:
    known = current.get_span_context()
    if not known.is_valid:
        return None
    return f"00-{known.trace_id:032x}-{known.span_id:016x}-{known.trace_flags:02x}"
