"""Lists in pages: declared filters, a limit, and a cursor that stays right while streams are added."""

import base64
import binascii
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, get_type_hints
from urllib.parse import parse_qsl, urlencode

from pydantic import TypeAdapter, ValidationError

from eventstore.decider import State
from service.http.exchange import Exchange
from service.http.faults import fault_of
from service.http.problems import Problem, invalid, invalid_parameter
from service.http.sentences import (
    CONTROL_CHARACTERS,
    GIVEN_TWICE,
    LIMIT_OUT_OF_RANGE,
    NO_PARAMETER,
    NO_PARAMETERS,
    NOT_A_CURSOR,
    Said,
)

LIMIT: Final = 50
GREATEST_LIMIT: Final = 200
CURSOR: Final = "^[A-Za-z0-9_-]+={0,2}$"
"""What a cursor looks like: base64 with the alphabet for addresses."""
LONGEST_CURSOR: Final = 512


@dataclass(frozen=True)
class Page:
    """Which part of a list is asked for."""

    limit: int
    after: str | None
    """The cursor, read: what the last item of the page before was."""
    filters: Mapping[str, str]

    def after_number(self) -> int:
        """The cursor of a list that is ordered by a number; 0 for its first page. Raises Problem."""
        if self.after is None:
            return 0
        if not re.fullmatch(r"[0-9]{1,9}", self.after):
            raise _not_a_cursor()
        return int(self.after)

    def next_link(self, exchange: Exchange, path: str, last: str) -> tuple[bytes, bytes]:
        """The header that leads to the page after this one."""
        cursor = base64.urlsafe_b64encode(last.encode()).rstrip(b"=").decode()
        parameters = urlencode({**self.filters, "limit": self.limit, "cursor": cursor})
        return (b"link", f'<{exchange.root_path}{path}?{parameters}>; rel="next"'.encode("latin-1"))


class Filters:
    """The fields of a state by which its streams may be listed. Values are read as the field's type reads them."""

    def __init__(self, state: type[State], names: Sequence[str]) -> None:
        self.types: Mapping[str, TypeAdapter[Any]] = {
            name: TypeAdapter(hint)
            for name, hint in get_type_hints(state, include_extras=True).items()
            if name in names
        }

    def page(self, exchange: Exchange) -> Page:
        """The page a query asks for. Raises Problem."""
        limit, after = LIMIT, None
        filters: dict[str, str] = {}
        raw: bytes = exchange.scope.get("query_string", b"")
        for name, value in refuse_undeclared(raw, ("limit", "cursor", *self.types)):
            if name == "limit":
                limit = _limit(value)
            elif name == "cursor":
                after = _read_cursor(value)
            else:
                filters[name] = self._value(name, value)
        return Page(limit, after, filters)

    def _value(self, name: str, value: str) -> str:
        if not value.isprintable():
            raise invalid_parameter(name, Said(CONTROL_CHARACTERS))
        adapter = self.types[name]
        try:
            read = adapter.dump_python(adapter.validate_strings(value), mode="json")
        except ValidationError as error:
            raise invalid(fault_of({**fault, "loc": ("query", name)}) for fault in error.errors()[:1]) from None
        return str(read)


def refuse_undeclared(
    query: bytes, declared: Collection[str], repeatable: Collection[str] = ()
) -> Sequence[tuple[str, str]]:
    """The parameters of a query, each one declared, and given once unless it may be repeated. Raises Problem."""
    parameters = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
    seen: set[str] = set()
    for name, _ in parameters:
        if name not in declared:
            raise invalid_parameter(name, Said(NO_PARAMETER, known=[*declared]) if declared else Said(NO_PARAMETERS))
        if name in seen and name not in repeatable:
            raise invalid_parameter(name, Said(GIVEN_TWICE))
        seen.add(name)
    return parameters


def _limit(value: str) -> int:
    if not (re.fullmatch(r"[0-9]{1,9}", value) and 1 <= int(value) <= GREATEST_LIMIT):
        raise invalid_parameter("limit", Said(LIMIT_OUT_OF_RANGE, greatest=GREATEST_LIMIT))
    return int(value)


def _read_cursor(value: str) -> str:
    if len(value) > LONGEST_CURSOR:
        raise _not_a_cursor()
    try:
        last = base64.b64decode(value + "=" * (-len(value) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        last = ""
    if not last or not last.isprintable():
        raise _not_a_cursor()
    return last


def _not_a_cursor() -> Problem:
    return invalid_parameter("cursor", Said(NOT_A_CURSOR))


UNFILTERED: Final = Filters(State, ())
