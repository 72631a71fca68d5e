"""The types of a refusal's parameters are what the annotations of the code say."""

import ast
import sys
from collections.abc import Sequence
from datetime import date
from typing import Annotated, Literal

import pytest
from pydantic import Field

from contracts.model import Model
from service.annotations import Annotations

Amount = Annotated[int, Field(ge=1)]


class Payment(Model):
    amount: Amount
    paid_on: date
    state: Literal["due", "paid"]

    @property
    def double(self) -> float:
        return 2.0 * self.amount

    def days(self) -> list[date]:
        return [self.paid_on]


def latest(payments: Sequence[Payment]) -> Payment:
    return payments[-1]


FUNCTION = """
def check(payments: Sequence[Payment], payment: Payment | None, limit: Amount):
    for each in payments:
        amount = each.amount
    days = payment.days()
    following = [payment.paid_on, *days[1:]]
    last = latest(payments)
    total = sum(each.amount for each in payments)
    unknown = json.loads("1")
    told: str = json.loads("1")
    state = payment.state if payment else "unknown"
"""


def kind_of(expression: str) -> object:
    [function] = ast.parse(FUNCTION).body
    assert isinstance(function, ast.FunctionDef)
    return Annotations(sys.modules[__name__], function).of(ast.parse(expression, mode="eval").body)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("limit", Amount),
        ("payment.amount", Amount),
        ("payment.double", float),
        ("amount", Amount),
        ("last.paid_on", date),
        ("days[0]", date),
        ("min(following)", date),
        ("max(limit, payment.amount)", Amount),
        ("total", int),
        ("limit - total", int),
        ("int(payment.double)", int),
        ("len(days)", int),
        ("state", Literal["due", "paid", "unknown"]),
        ("told", str),
        ("'always'", Literal["always"]),
    ],
)
def test_an_expression_has_the_type_that_annotations_tell(expression: str, expected: object) -> None:
    assert kind_of(expression) == expected


@pytest.mark.parametrize("expression", ["unknown", "payment.missing", "nobody", "(lambda: 1)()"])
def test_what_no_annotation_tells_is_refused(expression: str) -> None:
    with pytest.raises(TypeError, match=r"no annotation tells what .* is; assign it to an annotated name first"):
        kind_of(expression)
