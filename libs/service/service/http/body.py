"""Request bodies: JSON, read straight into a command."""

import json
from collections.abc import Iterator
from typing import Any, Final, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from contracts.personal import persons_of
from eventstore.decider import Command
from service.http import headers
from service.http.exchange import Exchange
from service.http.faults import fault_of
from service.http.problems import invalid

C = TypeVar("C", bound=Command)

_ESCAPED_NUL: Final = b"\\u0000"


def read_command(model: type[C], exchange: Exchange, body: bytes) -> C:
    """The command a body holds; nothing at all stands for a command without fields. Raises Problem."""
    if body:
        headers.require_json(exchange)
    return command_of(model, body or b"{}")


def command_of(model: type[C], body: bytes) -> C:
    """The command that a JSON document holds. Raises Problem."""
    try:
        command = model.model_validate_json(body)
    except ValidationError as error:
        faults = [fault_of({**fault, "loc": _unnamed(model, fault["loc"])}) for fault in _errors_of(error)]
        raise invalid(faults) from None
    if _ESCAPED_NUL in body:
        refuse_nul(json.loads(body))
    return command


def _errors_of(error: ValidationError) -> Iterator[ErrorDetails]:
    """What is wrong. Of a tuple pydantic counts the items that are right: that these are too few is no second fault."""
    found = error.errors(include_url=False, include_input=False)
    around = {each["loc"][:depth] for each in found for depth in range(len(each["loc"]))}
    return (each for each in found if each["type"] != "too_short" or each["loc"] not in around)


def _unnamed(model: type[Command], location: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """Where a fault is, without what somebody sent as the name of a field of a person."""
    person = persons_of(model).get(str(location[0])) if location else None
    return location[:1] if person and location[1:] and location[1] not in person.model_fields else location


def refuse_nul(document: Any) -> None:
    """PostgreSQL's text holds no NUL, and nobody means one. Raises Problem."""
    faults = [fault_of({"loc": location, "type": "nul"}) for location in _nul(document, ())]
    if faults:
        raise invalid(faults)


def _nul(value: Any, location: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    if isinstance(value, str) and "\0" in value:
        yield location
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _nul(inner, (*location, name))
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            yield from _nul(inner, (*location, position))
