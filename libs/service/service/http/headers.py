"""The request headers that a command may carry, checked."""

import re
from typing import Final

from service.http.exchange import Exchange
from service.http.problems import Problem
from service.http.sentences import (
    CORRELATION_MALFORMED,
    ENCODED,
    IF_MATCH_MALFORMED,
    JSON_UNTOLD,
    KEY_MALFORMED,
    NOT_JSON,
    Said,
)

ANY_VERSION: Final = "*"
NO_VERSION: Final = -1
"""Stands for an If-Match that no version of a record can match."""

_KEY = re.compile(r"[\x21-\x7e]([\x20-\x7e]{0,253}[\x21-\x7e])?")
_CORRELATION = re.compile(r"[\x21-\x7e]{1,128}")
_ENTITY_TAG = re.compile(r'(W/)?"[\x21\x23-\x7e\x80-\xff]*"')
_VERSION = re.compile(r'"([1-9]\d{0,8})"')


def idempotency_key(exchange: Exchange) -> str | None:
    """The client's name for this request, by which a retry is recognised. Raises Problem."""
    key = exchange.header(b"idempotency-key")
    if key is not None and not _KEY.fullmatch(key):
        raise Problem("malformed-header", Said(KEY_MALFORMED))
    return key


def if_match(exchange: Exchange) -> int | None:
    """The version the record must be at; None where any will do. Raises Problem."""
    value = exchange.header(b"if-match")
    if value is None or value == ANY_VERSION:
        return None
    version = _VERSION.fullmatch(value)
    if version:
        return int(version[1])
    if _ENTITY_TAG.fullmatch(value):
        return NO_VERSION
    raise Problem("malformed-header", Said(IF_MATCH_MALFORMED))


def none_match(exchange: Exchange, version: int) -> bool:
    """Whether If-None-Match lets the answer through: the client does not have this version yet."""
    return not matches(exchange.header(b"if-none-match"), etag(version))


def matches(value: str | None, tag: str) -> bool:
    """Whether the value of an If-None-Match names a tag."""
    if value is None:
        return False
    return not {each.strip().removeprefix("W/") for each in value.split(",")}.isdisjoint((ANY_VERSION, tag))


def etag(version: int) -> str:
    """The entity tag of a version."""
    return f'"{version}"'


def correlation_id(exchange: Exchange) -> str | None:
    """What the client calls the work that this command is part of. Raises Problem."""
    value = exchange.header(b"x-correlation-id")
    if value is not None and not _CORRELATION.fullmatch(value):
        raise Problem("malformed-header", Said(CORRELATION_MALFORMED))
    return value


def require_json(exchange: Exchange) -> None:
    """The body must be JSON in UTF-8, as it is. Raises Problem."""
    if media_type_of(exchange) != "application/json":
        value = exchange.header(b"content-type")
        said = Said(NOT_JSON, media_type=value) if value else Said(JSON_UNTOLD)
        raise Problem("unsupported-media-type", said)


def media_type_of(exchange: Exchange) -> str | None:
    """What the body is told to be; None where nothing says so, or where it is not in UTF-8. Raises Problem where it is
    not sent as it is."""
    encoding = exchange.header(b"content-encoding")
    if encoding not in (None, "identity"):
        raise Problem("unsupported-media-type", Said(ENCODED, encoding=encoding))
    value = exchange.header(b"content-type")
    if value == "application/json":
        return value
    media_type, *parameters = [part.strip().lower() for part in (value or "").split(";")]
    if any(
        name == "charset" and charset.strip('"') != "utf-8"
        for name, _, charset in (parameter.partition("=") for parameter in parameters)
    ):
        return None
    return media_type or None
