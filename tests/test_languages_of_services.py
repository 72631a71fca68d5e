"""Whatever a client may get wrong of a form is told in both languages."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, get_origin

import pytest
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from contracts import values
from contracts.language import LANGUAGES
from devstack.host import service_of
from devstack.running import SERVICES
from service.definition import Service
from service.documents.examples import example_of
from service.http.faults import SENTENCES, fault_of
from service.http.listing import Questions
from service.http.reading import Readers

BAD: tuple[Any, ...] = (
    *(
        None,
        True,
        "",
        " ",
        "x",
        "\u200b",
        "é" * 20_000,
        "2024-02-30",
        "2024-05-13T09:30:00",
        "1000-01-01",
        "9999-01-01",
    ),
    *(0, -1, 0.123456, 1.5, 10**15, 10**4_200, float("nan"), float("inf"), [], ["x"] * 500, [[]], {}, {"x": 1}),
)

every_service = pytest.mark.parametrize("service", [service_of(name) for name in SERVICES], ids=lambda each: each.name)


def spoilt(value: Any) -> Iterator[Any]:
    """The value with each of its parts, at any depth, made bad, left out, or joined by another."""
    yield from BAD
    if isinstance(value, dict):
        yield {**value, "colour": "red"}
        for name, inner in value.items():
            yield {other: value[other] for other in value if other != name}
            for bad in spoilt(inner):
                yield {**value, name: bad}
    elif isinstance(value, list):
        yield value * 200
        for bad in spoilt(value[0]) if value else ():
            yield [bad, *value[1:]]


def errors(service: Service) -> Iterator[ErrorDetails]:
    """What pydantic says of everything that a client sends to a service, made bad in every way we know."""

    def raised(validate: Any, value: Any) -> list[ErrorDetails]:
        try:
            validate(value)
        except ValidationError as error:
            return error.errors()
        return []

    for resource in service.resources:
        for command in resource.decider.decisions:
            complete = dict.fromkeys(command.model_fields, "x") | example_of(command)
            for bad in (b"{", b"\xff", b'"\\ud800"', *(json.dumps(each).encode() for each in spoilt(complete))):
                yield from raised(command.model_validate_json, bad)
        for adapter in Questions(resource.decider, Readers(resource.decider, resource.reads)).types.values():
            for value in BAD:
                yield from raised(adapter.validate_strings, str(value))
    for route in service.router.routes if service.router else ():
        assert isinstance(route, APIRoute)
        for parameter in route.dependant.query_params:
            model = parameter.field_info.annotation
            assert isinstance(model, type)
            assert issubclass(model, BaseModel)
            yield from raised(model.model_validate, {"colour": "red"})
            for name, field in model.model_fields.items():
                for value in BAD:
                    sent = [str(value)] * 20 if get_origin(field.annotation) is list else str(value)
                    yield from raised(model.model_validate, {field.alias or name: sent})


@every_service
def test_every_fault_has_a_sentence_in_both_languages(service: Service) -> None:
    found: Mapping[str, ErrorDetails] = {error["type"]: error for error in errors(service)}
    assert len(found) > 5
    assert found.keys() <= SENTENCES.keys() | values.SENTENCES.keys()
    for kind, error in found.items():
        english, french = (fault_of(error).written(language)["detail"] for language in LANGUAGES)
        assert english != french, kind
