"""What a training body may do with its courses."""

from typing import Any

import pytest
from training_facts import BODY, TODAY, WELDING, on, registered, withdrawn

from contracts import Event
from contracts.roles import Role
from contracts.training.course import CourseCorrected, CourseProlonged, CourseWithdrawn
from eventstore.decider import Actor, Command
from eventstore.refusal import Forbidden
from eventstore.specification import Specification
from training.course import Correct, Prolong, Register, Withdraw, courses

given = Specification(courses, today=TODAY)
register = Register(
    **WELDING, title="Soudeur assembleur", valid_from=on(1, 1), valid_until=on(12, 31, 2027), on=on(1, 12)
)
VALID: dict[str, Any] = {"valid_from": on(1, 1), "valid_until": on(12, 31, 2027)}


def test_a_course_is_registered_with_what_it_leads_to() -> None:
    given().when(register).then(registered)
    given().when(register).then_state(status="registered", body=None, registered_on=on(1, 12))


@pytest.mark.parametrize(
    ("changes", "slug"),
    [
        ({"valid_until": on(12, 31, 2025)}, "course-ends-before-it-begins"),
        ({"romes": ("H2913", "H2913")}, "occupation-twice"),
    ],
)
def test_what_a_course_says_holds_together(changes: dict[str, object], slug: str) -> None:
    given().when(register.model_copy(update=changes)).rejected(slug)
    given(registered).when(Correct.model_validate({**changes, "reason": "typing_error"})).rejected(slug)


def test_a_renewed_certification_prolongs_it() -> None:
    until = on(12, 31, 2030)
    given(registered).when(Prolong(valid_until=until)).then(
        CourseProlonged(
            **WELDING,
            body=None,
            valid_from=on(1, 1),
            valid_until_before=on(12, 31, 2027),
            valid_until=until,
            effective_on=TODAY,
        )
    )
    given(registered).when(Prolong(valid_until=on(12, 31, 2027))).rejected("course-not-prolonged")


@pytest.mark.parametrize("past", [(registered,), (registered, withdrawn)], ids=["registered", "withdrawn"])
def test_what_was_said_of_a_course_is_put_right(past: tuple[Event, ...]) -> None:
    corrected = CourseCorrected(
        **WELDING | {"hours": 595},
        **VALID,
        body=None,
        title="Soudeur assembleur",
        title_before="Soudeur assembleur",
        certification_before="RNCP35094",
        romes_before=("H2913", "H2914"),
        level_before=3,
        hours_before=560,
        valid_from_before=on(1, 1),
        valid_until_before=on(12, 31, 2027),
        reason="typing_error",
        effective_on=TODAY,
    )
    given(*past).when(Correct(hours=595, reason="typing_error")).then(corrected)
    given(*past).when(Correct(hours=560, reason="typing_error")).then()
    early = Correct(hours=595, reason="typing_error", on=on(1, 11))
    given(*past).when(early).rejected("course-corrected-before-it-was-registered")


def test_a_course_is_withdrawn_for_good() -> None:
    given(registered).when(Withdraw(reason="not_renewed", on=on(5, 4))).then(withdrawn)
    assert isinstance(withdrawn, CourseWithdrawn)
    for command in (Withdraw(reason="other"), Prolong(valid_until=on(12, 31, 2030))):
        given(registered, withdrawn).when(command).rejected("course-not-registered")


@pytest.mark.parametrize(("body", "role"), [(None, "afpa"), (BODY, "training_body")])
@pytest.mark.parametrize("command", [register, Withdraw(reason="other")], ids=lambda command: type(command).__name__)
def test_each_body_decides_on_its_own_and_afpa_on_what_names_none(
    body: str | None, role: Role, command: Command
) -> None:
    record = register.model_copy(update={"body": body})
    decision = courses.decision(type(command))
    for actor in (
        Actor("c", frozenset({"afpa"})),
        Actor("c", frozenset({"training_body"}), {"training_body": BODY}),
    ):
        if role in actor.roles:
            assert courses.authorise(decision, record, actor) == {role}
        else:
            with pytest.raises(Forbidden):
                courses.authorise(decision, record, actor)
