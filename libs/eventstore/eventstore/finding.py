"""By which fields the streams of a category are found, sorted and searched. Nothing here does I/O.

    lamps = Decider(
        "lamp", Lamp, finding=Finding(found_by=("status",), sorted_by=("watts",), searched_by=("label",))
    )

What a state is found by is written beside it as the labels of a `tsvector`: `lamp/status:lit` for a value, `lamp/~rue`
for a word. What it is sorted by is written as texts whose order, byte by byte, is that of the values.
"""

import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from operator import attrgetter
from types import UnionType
from typing import (
    Annotated,
    Any,
    Final,
    Generic,
    Literal,
    NamedTuple,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from pydantic import BaseModel

from contracts.language import folded_words

S = TypeVar("S", bound=BaseModel)

_WRITING: Final = 1
"""Raised when labels or order are written otherwise, so that what was written before is found to be stale."""
_LONGEST_LABEL: Final = 200
"""Characters; of what is longer, or cannot be printed, the hash is written. A lexeme is at most 2,046 bytes."""
_LONGEST_WORD: Final = 64
_LONGEST_ORDER: Final = 100
"""Characters of a text by which streams are sorted; those that begin with the same are in the order of their ids."""
ABSENT: Final = " "
"""How the order of a stream is written that has no value in a field, or no words: before all others."""


@dataclass(frozen=True)
class Finding:
    """The fields of a state by which its streams are found (by value), sorted (and asked for in ranges) and searched.

    A field that holds a tuple is found by each of its values. Texts are searched by words and the beginnings of words.
    """

    found_by: tuple[str, ...] = ()
    sorted_by: tuple[str, ...] = ()
    searched_by: tuple[str, ...] = ()


class Changes(NamedTuple):
    """What an append carries beside the state; what is None or empty stays as it was."""

    labels: str | None = None
    """All labels of the stream, as PostgreSQL reads a `tsvector`."""
    order: Sequence[tuple[str, str]] = ()
    """Fields whose order changed, with how it is written."""


NOTHING: Final = Changes()


class Labelling(Generic[S]):
    """Writes labels and order of the states of one category, and queries for them.

    `owners` are the fields that say whose record it is: it is found by these, too.
    """

    def __init__(self, category: str, state: type[S], finding: Finding, owners: Iterable[str] = ()) -> None:
        """Raises TypeError where the state has no such field, or one that cannot be found, sorted or searched by."""
        self.finding = finding
        self._category = category
        self.found = tuple(dict.fromkeys((*finding.found_by, *owners)))
        """The fields by which streams are found, those of owners included."""
        labelled = tuple(dict.fromkeys((*self.found, *finding.searched_by)))
        hints = get_type_hints(state, include_extras=True)
        named = dict.fromkeys((*labelled, *finding.sorted_by))
        if absent := [name for name in named if name not in state.model_fields]:
            raise TypeError(f"{category}: {state.__name__} has no {', '.join(absent)} to be found by")
        self.values: Mapping[str, Any] = {name: _value(hints[name]) for name in named}
        """The annotation of a single value of each declared field: without None, and of a tuple that of its items."""
        self.kinds: Mapping[str, type] = {
            name: kind for name, annotation in self.values.items() if (kind := _kind(annotation))
        }
        """What such a value is: str, int, float, bool, date or datetime."""
        unfit = [name for name in named if name not in self.kinds]
        unfit += [name for name in finding.searched_by if self.kinds.get(name) is not str]
        unfit += [name for name in finding.sorted_by if _is_tuple(hints[name])]
        if unfit:
            raise TypeError(f"{category}: {state.__name__} cannot be found by {', '.join(dict.fromkeys(unfit))}")
        self._labelled = attrgetter(*labelled) if labelled else None
        self._sorted = attrgetter(*finding.sorted_by) if finding.sorted_by else None
        declared = repr((_WRITING, self.found, finding.sorted_by, finding.searched_by))
        self.mark = int(sha256(declared.encode()).hexdigest()[:7], 16) if named else 0
        """Stands beside labels and order that were written as is declared now; 0 where nothing is."""

    def changes(self, before: S | None, after: S) -> Changes:
        """What an append must carry where it leads from one state to another; all, where there was none before."""
        if before is None:
            return Changes(self._labels(after), self._order(None, after))
        labelled, ordered = self._labelled, self._sorted
        if (labelled is None or labelled(before) == labelled(after)) and (
            ordered is None or ordered(before) == ordered(after)
        ):
            return NOTHING
        labels = self._labels(after) if labelled is not None and labelled(before) != labelled(after) else None
        return Changes(labels, self._order(before, after))

    def _labels(self, state: S) -> str | None:
        if self._labelled is None:
            return None
        labels = []
        for name in self.found:
            labels += [self._label(name, value) for value in _each(getattr(state, name))]
        for name in self.finding.searched_by:
            labels += [self._word(word) for text in _each(getattr(state, name)) for word in words(text)]
        # Something in any case: a text that is empty cannot be told from none on its way.
        return " ".join(map(_quoted, dict.fromkeys(labels))) or " "

    def _order(self, before: S | None, after: S) -> Sequence[tuple[str, str]]:
        return tuple(
            (name, order_of(getattr(after, name)))
            for name in self.finding.sorted_by
            if before is None or getattr(before, name) != getattr(after, name)
        )

    def having(self, values: Iterable[tuple[str, object]]) -> str:
        """A `tsquery` for the streams that have any of these values in these fields."""
        return _any(_quoted(self._label(name, value)) for name, value in values)

    def having_all(self, values: Mapping[str, object]) -> str:
        """A `tsquery` for the streams that have each of these values in its field, or one of several."""
        return " & ".join(self.having((name, one) for one in _each(value)) for name, value in values.items())

    def wording(self, word: str) -> str:
        """A `tsquery` for the streams that have a word that begins so, in the fields that are searched."""
        return f"{_quoted(self._word(word))}:*"

    def _label(self, name: str, value: object) -> str:
        text = str(value).lower() if isinstance(value, bool) else str(value)
        if len(text) > _LONGEST_LABEL or not text.isprintable():
            text = f"#{sha256(text.encode()).hexdigest()}"
        return f"{self._category}/{name}:{text}"

    def _word(self, word: str) -> str:
        return f"{self._category}/~{word}"


def words(text: str) -> list[str]:
    """The words of a text, folded, as searches compare them."""
    return [word[:_LONGEST_WORD] for word in folded_words(text)]


def order_of(value: object) -> str:
    """A value as a text whose order, byte by byte, is that of values of its kind; names are folded.

    Numbers are compared as doubles: integers beyond 2**53 that differ in their last digits come out equal.
    """
    match value:
        case None:
            return ABSENT
        case bool() | int() | float():
            return _number(float(value))
        case datetime():
            return value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")
        case date():
            return value.isoformat()
    return " ".join(words(str(value)))[:_LONGEST_ORDER] or ABSENT


def _number(value: float) -> str:
    # The bits of a double are in the order of the doubles where the sign is turned over, and of a negative one all.
    (bits,) = struct.unpack(">Q", struct.pack(">d", value + 0.0))
    return f"{bits ^ (0xFFFF_FFFF_FFFF_FFFF if bits >> 63 else 1 << 63):016x}"


def _each(value: object) -> Iterable[Any]:
    if value is None:
        return ()
    return value if isinstance(value, tuple) else (value,)


def _quoted(lexeme: str) -> str:
    """A lexeme as `tsvector` and `tsquery` read it."""
    return "'" + lexeme.replace("\\", "\\\\").replace("'", "''") + "'"


def _any(queries: Iterable[str]) -> str:
    return f"({' | '.join(queries)})"


def _value(annotation: Any) -> Any:
    """An annotation without None; of a tuple's, that of its items."""
    if get_origin(annotation) is Annotated:
        inner = get_args(annotation)[0]
        return _value(inner) if _is_tuple(inner) else annotation
    if get_origin(annotation) in (Union, UnionType):
        kept = [member for member in get_args(annotation) if member is not type(None)]
        return _value(kept[0]) if len(kept) == 1 else Union[tuple(kept)]  # noqa: UP007  of as many as there are
    if _is_tuple(annotation):
        return _value(get_args(annotation)[0])
    return annotation


def _is_tuple(annotation: Any) -> bool:
    match get_origin(annotation):
        case origin if origin is tuple:
            return get_args(annotation)[1:] == (Ellipsis,)
        case origin if origin is Annotated or origin in (Union, UnionType):
            return any(map(_is_tuple, get_args(annotation)))
    return False


def _kind(annotation: Any) -> type | None:
    """The plain type of a value; None where it is of none, or of several."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _kind(get_args(annotation)[0])
    if origin is Literal:
        kinds = {type(value) for value in get_args(annotation)}
    elif origin in (Union, UnionType):
        kinds = {kind for member in get_args(annotation) if (kind := _kind(member))}
    else:
        kinds = {kind for kind in (str, bool, int, float, date, datetime) if annotation is kind}
    return kinds.pop() if len(kinds) == 1 else None
