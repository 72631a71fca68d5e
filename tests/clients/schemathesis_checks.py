"""A check of schemathesis: what the schemas allow is accepted, but for what no schema can say."""

from typing import Any, Final
from urllib.parse import urlencode

import schemathesis

LONGEST_QUERY: Final = 7_500
"""Of a target of 8,192 bytes, as services take them."""

UNSAYABLE = {
    "siret": "its digits check each other",
    "naf": "the list has 732 codes",
    "legal-form": "the list has 260 codes",
    "full-time-equivalents": "`multipleOf: 0.01` is not true of floats",
    "aid-rate": "`multipleOf: 0.0001` is not true of floats",
    "figure-value": "`multipleOf: 0.0001` is not true of floats",
    "dimension": "generators of clients know no objects whose names have a pattern",
    "dimension-value": "JSON Schema takes 2.0 for an integer",
    "short-text": "what is left of it without the white space around it",
    "axis": "JSON Schema takes 2.0 for an integer",
    "euros": "JSON Schema takes 1.0 for an integer",
    "some-euros": "JSON Schema takes 1.0 for an integer",
    "square-metres": "JSON Schema takes 1.0 for an integer",
    "euros-per-square-metre": "`multipleOf: 0.01` is not true of floats",
    "outline": "a ring goes around something, ends where it begins, and lies in metropolitan France",
    "position": "it lies in metropolitan France",
    "parking-places": "JSON Schema takes 2.0 for an integer",
    "some-places": "JSON Schema takes 2.0 for an integer",
    "calendar-year": "JSON Schema takes 2017.0 for an integer",
    "docks": "JSON Schema takes 10.0 for an integer",
    "bike-range": "JSON Schema takes 35000.0 for an integer",
    "kilometres": "JSON Schema takes 14.0 for an integer",
    "cents": "JSON Schema takes 250.0 for an integer",
    "people": "JSON Schema takes 112.0 for an integer",
    "slot-places": "JSON Schema takes 40.0 for an integer",
    "some-people": "JSON Schema takes 12.0 for an integer",
    "ordinal": "JSON Schema takes 1.0 for an integer",
    "meter-index": "JSON Schema takes 1.0 for an integer",
    "hour-of-day": "JSON Schema takes 8.0 for an integer",
    "slot-hours": "JSON Schema takes 2.0 for an integer",
    "monthly-hours": "JSON Schema takes 20.0 for an integer",
    "working-hours": "`multipleOf` is not true of floats",
    "posts": "JSON Schema takes 1.0 for an integer",
    "maturity-level": "JSON Schema takes 2.0 for an integer",
    "places": "JSON Schema takes 1.0 for an integer",
    "pupils": "JSON Schema takes 1.0 for an integer",
    "tally": "JSON Schema takes 1.0 for an integer",
    "minutes": "JSON Schema takes 420.0 for an integer",
    "break-minutes": "JSON Schema takes 30.0 for an integer",
    "ride-metres": "JSON Schema takes 2000.0 for an integer",
    "ride-minutes": "JSON Schema takes 20.0 for an integer",
    "seats": "JSON Schema takes 2.0 for an integer",
    "need-horizon": "JSON Schema takes 1.0 for an integer",
    "persons-wanted": "JSON Schema takes 3.0 for an integer",
    "persons-employed": "JSON Schema takes 120.0 for an integer",
    "forecast-span": "JSON Schema takes 5.0 for an integer",
    "some-asked": "JSON Schema takes 30.0 for an integer",
    "consumption": "JSON Schema takes 420.0 for an integer",
    "training-seats": "JSON Schema takes 12.0 for an integer",
    "qualification-level": "JSON Schema takes 3.0 for an integer",
    "course-hours": "JSON Schema takes 560.0 for an integer",
    "trainee-hours": "JSON Schema takes 6720.0 for an integer",
    "some-floor-area": "JSON Schema takes 85.0 for an integer",
    "active-residents": "JSON Schema takes 8153.0 for an integer",
    "retirements-per-year": "`multipleOf` is not true of floats",
    "growth-rate": "`multipleOf` is not true of floats",
    "share": "`multipleOf` is not true of floats",
    "told-persons": "`multipleOf` is not true of floats",
    "expected-persons": "`multipleOf` is not true of floats",
    "attended-hours": "`multipleOf` is not true of floats",
    "observed-value": "`multipleOf` is not true of floats",
    "rome": "the list has 532 codes",
    "commune": "the list has 35,014 codes",
    "parcel": "it is in one of these communes",
    "zone": "the list is the territory's",
    "waste-code": "the list has 842 codes",
    "treatment-code": "the list has 27 codes, without D6",
    "tonnes": "`multipleOf` is not true of floats",
    "flow-quantity": "`multipleOf` is not true of floats",
    "exchanged-quantity": "`multipleOf` is not true of floats",
    "uai": "its letter checks its digits",
    "iso-week": "not every year has a week 53",
    "person-name": "there is a letter in it",
    "path": "there is a command at it",
    "column": "the command has such fields",
    "empty": "there is a line in it",
    "csv": "a row has its quotation marks in pairs",
    "unreadable_line": "a line is as long as a body may be",
    "empty_range": "the end of a range is not before its beginning",
    "day": "months have their lengths",
    "moment": "months have their lengths, and hours end with 23",
    "moment-offset": "it depends on the moment",
    "moment-skipped": "an hour of one night in the year",
    "invalid_parameter": "a cursor is one that a list gave",
    "unknown-dimension": "an indicator has some dimensions",
    "not-answered": "what is asked for together, and of which kind of indicator",
    "range-reversed": "`from` is not after `to`",
    "unknown-value": "it depends on what was recorded",
    "before-first-event": "it depends on what was recorded",
}
"""By the code of a fault, why a value that breaks the rule passes the schema."""


def what_the_schemas_allow_is_accepted(_context: Any, response: Any, case: Any) -> None:
    if case.meta is None or not case.meta.generation.mode.is_positive or response.status_code not in (400, 422):
        return
    problem = response.json()
    if problem["type"].endswith("/idempotency-key-reused"):
        return
    codes = {fault["code"] for fault in problem.get("errors", ())}
    assert codes, problem
    if case.media_type == "text/csv":
        # To a schema a file is one text: which columns it must have, it cannot say.
        codes.discard("missing")
    assert not (wrong := codes - UNSAYABLE.keys()), (wrong, problem)


def is_no_longer_than_a_target(_context: Any, query: Any) -> bool:
    """Lists do not document that a target may be too long: it is the same for each, and tested by itself."""
    return not query or len(urlencode(query, doseq=True)) < LONGEST_QUERY


def as_text(_context: Any, value: Any) -> bytes:
    return str(value).encode()


# Files are texts to it.
schemathesis.serializer("text/csv")(as_text)
schemathesis.serializer("application/jsonl")(as_text)
schemathesis.hook("filter_query")(is_no_longer_than_a_target)
schemathesis.check(what_the_schemas_allow_is_accepted)
