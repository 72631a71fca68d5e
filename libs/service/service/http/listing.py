"""Lists in pages: found by declared fields and words, sorted, with a cursor that stays right while they grow."""

import base64
import binascii
import json
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Annotated, Any, Final, ParamSpec, TypeVar
from urllib.parse import parse_qsl, urlencode

from pydantic import Field, TypeAdapter, ValidationError

from contracts.model import Day
from contracts.values import INSTANT, Moment
from eventstore.decider import Actor, Decider
from eventstore.finding import order_of, words
from eventstore.postgres.listing import Place, Range, Wanted
from service.http.exchange import Exchange
from service.http.faults import Fault, fault_of
from service.http.problems import Problem, invalid, invalid_parameter, parameter_fault
from service.http.reading import Readers
from service.http.sentences import (
    CONTROL_CHARACTERS,
    EMPTY_RANGE,
    GIVEN_TWICE,
    LIMIT_OUT_OF_RANGE,
    MOMENT_MALFORMED,
    NO_PARAMETER,
    NO_PARAMETERS,
    NOT_A_CHOICE,
    NOT_A_CURSOR,
    TOO_MANY_VALUES,
    WORDS_OUT_OF_RANGE,
    Said,
)

P = ParamSpec("P")
T = TypeVar("T")

LIMIT: Final = 50
GREATEST_LIMIT: Final = 200
CURSOR: Final = "^[A-Za-z0-9_-]+={0,2}$"
"""What a cursor looks like: base64 with the alphabet for addresses."""
LONGEST_CURSOR: Final = 1024
MOST_WORDS: Final = 5
"""Of a search."""
LONGEST_SEARCH: Final = 200
"""Characters of what is searched."""
SEARCHED: Final = r"^[^\u0000-\u001F\u007F-\u009F]*$"
"""What is searched: no control characters."""
MOST_VALUES: Final = 50
"""Of one field."""
FROM, TO = "_from", "_to"
"""What follows the name of a field that is asked for in a range."""
MOST_FAULTS: Final = 20
"""Of a query that are told: an unknown parameter may be a letter long, and what is said of it is not."""
PAGING: Final = ("limit", "cursor")
ASKING: Final = ("q", "sort", "updated_since", "count")
"""What a list may be asked beside its declared fields."""

_DAY: Final = TypeAdapter[date](Day)
_NUMBER: Final = TypeAdapter[float](Annotated[float, Field(allow_inf_nan=False)])
_MOMENT: Final = TypeAdapter[datetime](Moment)
_ENDS: Final[Mapping[type, TypeAdapter[Any]]] = {date: _DAY, datetime: _MOMENT, int: _NUMBER, float: _NUMBER}
"""How the ends of ranges are read, by what the field is."""


class QueryFaults:
    """What is wrong with a query, told all at once."""

    def __init__(self) -> None:
        self.found: list[Fault] = []

    def read(self, read: Callable[P, T], *given: P.args, **named: P.kwargs) -> T | None:
        """What is read; None where that raises a Problem, whose faults are kept."""
        try:
            return read(*given, **named)
        except Problem as problem:
            self.found += problem.faults
            return None

    def refuse(self) -> None:
        """Raises Problem if there are any."""
        if self.found:
            raise invalid(self.found[:MOST_FAULTS])


@dataclass(frozen=True)
class Page:
    """Which part of a list is asked for."""

    limit: int
    cursor: str | None
    """The cursor, read: what the last item of the page before was."""
    asked: Sequence[tuple[str, str]] = ()
    """The other parameters, as sent."""

    def after_number(self) -> int:
        """The cursor of a list that is ordered by a number; 0 for its first page. Raises Problem."""
        if self.cursor is None:
            return 0
        if not re.fullmatch(r"[0-9]{1,9}", self.cursor):
            raise not_a_cursor()
        return int(self.cursor)

    def next_link(self, exchange: Exchange, path: str, last: str) -> tuple[bytes, bytes]:
        """The header that leads to the page after this one."""
        parameters = urlencode([*self.asked, ("limit", self.limit), ("cursor", cursor_of(last))])
        return (b"link", f'<{exchange.root_path}{path}?{parameters}>; rel="next"'.encode("latin-1"))


@dataclass(frozen=True)
class Question(Page):
    """What a list of records is asked for."""

    found: Mapping[str, Sequence[object]] = field(default_factory=dict)
    ranges: Sequence[Range] = ()
    words: Sequence[str] = ()
    sort: str | None = None
    """A declared field, behind a hyphen where the greatest come first."""
    since: datetime | None = None
    counted: bool = False

    @property
    def place(self) -> Place | None:
        """The cursor, as a place in this order. Raises Problem where it is of another, or of none."""
        if self.cursor is None:
            return None
        try:
            sort, value, stream_id = json.loads(self.cursor)
        except (ValueError, TypeError):
            raise not_a_cursor() from None
        if sort != self.sort or not isinstance(value, str) or not isinstance(stream_id, str):
            raise not_a_cursor()
        return Place(value, stream_id)

    def told(self, place: Place) -> str:
        """A place in this order, as a cursor tells it."""
        return json.dumps([self.sort, *place], ensure_ascii=False, separators=(",", ":"))


class Questions:
    """Reads what a list of one decider's records is asked for. Values are read as the field's type reads them."""

    def __init__(self, decider: Decider[Any], readers: Readers) -> None:
        self._category = decider.category
        self._labelling = decider.labelling
        self._readers = readers
        finding = decider.finding
        kinds, values = self._labelling.kinds, self._labelling.values
        self._found = finding.found_by
        self._ends = {name + end: name for name in ranged(decider) for end in (FROM, TO)}
        self.types: Mapping[str, TypeAdapter[Any]] = {
            **{name: _DAY if kinds[name] is date else TypeAdapter[Any](values[name]) for name in self._found},
            **{end: _ENDS[kinds[name]] for end, name in self._ends.items()},
        }
        """How each value of a query is read."""
        self._sorts = sorts(decider)
        self._searched = finding.searched_by
        absent = {"q": not self._searched, "sort": not self._sorts}
        asking = [name for name in ASKING if not absent.get(name)]
        self._declared = (*self._found, *self._ends, *asking, *PAGING)

    def read(self, query: bytes) -> Question:
        """What a query asks for. Raises Problem."""
        faults = QueryFaults()
        parameters = declared_of(query, self._declared, self._found, faults)
        asked = {name: value for name, value in parameters if name not in self._found}
        found: dict[str, list[object]] = {}
        for name, value in parameters:
            if name in self._found:
                found.setdefault(name, []).append(faults.read(_read, name, value, self.types[name]))
        for name, values in found.items():
            if len(values) > MOST_VALUES:
                faults.found.append(parameter_fault(name, Said(TOO_MANY_VALUES, most=MOST_VALUES)))
        limit, cursor = _paging(asked, faults)
        ranges = self._ranges(asked, faults)
        words = faults.read(self._words, asked.get("q"))
        sort = faults.read(_one_of, "sort", asked.get("sort"), self._sorts)
        since = faults.read(_since, asked.get("updated_since"))
        counted = faults.read(_one_of, "count", asked.get("count"), ("true", "false"))
        faults.refuse()
        return Question(
            limit=limit,
            cursor=cursor,
            asked=[(name, value) for name, value in parameters if name not in PAGING],
            found=found,
            ranges=ranges,
            words=words or (),
            sort=sort,
            since=since,
            counted=counted == "true",
        )

    def wanted(self, question: Question, actor: Actor) -> Wanted | None:
        """The streams that the caller is shown; None where there are none that he may be. Raises Problem.

        Nobody finds, sorts or counts by what he may not read: where a question speaks of more than what is public, it
        is about what he may read whole.
        """
        queries = [self._labelling.having((name, value) for value in values) for name, values in question.found.items()]
        queries += map(self._labelling.wording, question.words)
        public = self._readers.public
        if not self._readers.reads_all(actor):
            is_public = bool(public) and self._names(question) <= public
            if not is_public or self._readers.public_when:
                when = self._readers.public_when if is_public else ()
                shown = [*self._readers.owned(actor), *(("status", status) for status in when)]
                if not shown:
                    return None
                queries.append(self._labelling.having(shown))
        sort = question.sort
        return Wanted(
            self._category,
            labels=" & ".join(queries),
            ranges=question.ranges,
            since=question.since,
            sort=sort and sort.removeprefix("-"),
            descending=bool(sort and sort.startswith("-")),
            after=question.place,
            limit=question.limit + 1,
            counted=question.counted,
        )

    def _names(self, question: Question) -> AbstractSet[str]:
        """The fields a question speaks of."""
        names = {*question.found, *(each.field for each in question.ranges)}
        if question.words:
            names |= {*self._searched}
        if question.sort:
            names.add(question.sort.removeprefix("-"))
        return names

    def _ranges(self, asked: Mapping[str, str], faults: QueryFaults) -> Sequence[Range]:
        ranges = []
        for name in dict.fromkeys(self._ends[end] for end in asked if end in self._ends):
            ends = [
                faults.read(_read, name + end, asked[name + end], self.types[name + end])
                if name + end in asked
                else None
                for end in (FROM, TO)
            ]
            least, greatest = (None if end is None else order_of(end) for end in ends)
            if least is not None and greatest is not None and least > greatest:
                said = Said(EMPTY_RANGE, least=ends[0], greatest=ends[1])
                faults.found.append(Fault({"parameter": name + TO}, "empty_range", said))
            ranges.append(Range(name, least, greatest))
        return ranges

    def _words(self, text: str | None) -> Sequence[str]:
        if text is None:
            return ()
        found = list(dict.fromkeys(words(text)))
        if len(text) > LONGEST_SEARCH or not text.isprintable() or not 1 <= len(found) <= MOST_WORDS:
            raise invalid_parameter("q", Said(WORDS_OUT_OF_RANGE, most=MOST_WORDS))
        return found


def ranged(decider: Decider[Any]) -> Sequence[str]:
    """The fields that may be asked for in ranges: the days, moments and numbers among those that are sorted by."""
    kinds = decider.labelling.kinds
    return [name for name in decider.finding.sorted_by if kinds[name] in _ENDS]


def sorts(decider: Decider[Any]) -> Sequence[str]:
    """What `sort` may be."""
    return [sign + name for name in decider.finding.sorted_by for sign in ("", "-")]


def problems(decider: Decider[Any]) -> list[str]:
    """What of a decider's declaration of how it is found no query could tell, one sentence each."""
    ends = {name + end for name in ranged(decider) for end in (FROM, TO)}
    taken = {*PAGING, *ASKING, *ends}
    return [
        f"{name} would be told in the query by a parameter that means something else"
        for name in decider.finding.found_by
        if name in taken
    ]


def plain_page(query: bytes) -> Page:
    """The page that a query asks for of a list that has nothing else to ask for. Raises Problem."""
    faults = QueryFaults()
    limit, cursor = _paging(dict(declared_of(query, PAGING, (), faults)), faults)
    faults.refuse()
    return Page(limit, cursor)


def cursor_of(last: str) -> str:
    """The cursor that says what the last item of a page was."""
    return base64.urlsafe_b64encode(last.encode()).rstrip(b"=").decode()


def declared_of(
    query: bytes, declared: Collection[str], repeatable: Collection[str], faults: QueryFaults
) -> Sequence[tuple[str, str]]:
    """The parameters of a query that are declared; of one that may not be repeated the first value.

    What is not, and what is given twice, is a fault, told once.
    """
    read: list[tuple[str, str]] = []
    counts: dict[str, int] = {}
    for name, value in parse_qsl(query.decode("latin-1"), keep_blank_values=True):
        counts[name] = counts.get(name, 0) + 1
        if name in declared and (counts[name] == 1 or name in repeatable):
            read.append((name, value))
        elif name not in declared and counts[name] == 1:
            said = Said(NO_PARAMETER, known=[*declared]) if declared else Said(NO_PARAMETERS)
            faults.found.append(parameter_fault(name, said))
        elif name in declared and counts[name] == 2:
            faults.found.append(parameter_fault(name, Said(GIVEN_TWICE)))
    return read


def refuse_any(query: bytes) -> None:
    """Raises Problem for a query where none is asked."""
    faults = QueryFaults()
    declared_of(query, (), (), faults)
    faults.refuse()


def _read(name: str, value: str, adapter: TypeAdapter[Any]) -> Any:
    if not value.isprintable():
        raise invalid_parameter(name, Said(CONTROL_CHARACTERS))
    if adapter is _MOMENT and not re.fullmatch(INSTANT, value):
        raise invalid_parameter(name, Said(MOMENT_MALFORMED))
    try:
        # A day or a moment is written in JSON as we write it; read from a plain text, any number would be one.
        return (
            adapter.validate_json(json.dumps(value)) if adapter in (_DAY, _MOMENT) else adapter.validate_strings(value)
        )
    except ValidationError as error:
        raise invalid(fault_of({**fault, "loc": ("query", name)}) for fault in error.errors()[:1]) from None


def _since(value: str | None) -> datetime | None:
    since: datetime | None = None if value is None else _read("updated_since", value, _MOMENT)
    return since


def _one_of(name: str, value: str | None, choices: Sequence[str]) -> str | None:
    if value is not None and value not in choices:
        raise invalid_parameter(name, Said(NOT_A_CHOICE, choices=[*choices]))
    return value


def _paging(asked: Mapping[str, str], faults: QueryFaults) -> tuple[int, str | None]:
    limit = faults.read(_limit, asked["limit"]) if "limit" in asked else None
    return limit or LIMIT, faults.read(read_cursor, asked["cursor"]) if "cursor" in asked else None


def _limit(value: str) -> int:
    if not (re.fullmatch(r"[0-9]{1,9}", value) and 1 <= int(value) <= GREATEST_LIMIT):
        raise invalid_parameter("limit", Said(LIMIT_OUT_OF_RANGE, greatest=GREATEST_LIMIT))
    return int(value)


def read_cursor(value: str) -> str:
    """What the last item of the page before was. Raises Problem."""
    if len(value) > LONGEST_CURSOR:
        raise not_a_cursor()
    try:
        last = base64.b64decode(value + "=" * (-len(value) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        last = ""
    if not last or not last.isprintable():
        raise not_a_cursor()
    return last


def not_a_cursor() -> Problem:
    """The cursor is of no list, or of another one."""
    return invalid_parameter("cursor", Said(NOT_A_CURSOR))
