"""Courses [formations] and the certifications that they lead to (axis 5).

AFPA or another training body registers a course with the number of its certification, and until when that is valid:
sessions start within these days. The number is checked by its form alone, for there is no open list of certifications.
"""

from typing import Annotated, Final

from pydantic import Field, JsonValue

from contracts.model import Day, EnteredDay
from contracts.training.course import (
    CATEGORY,
    CourseCorrected,
    CourseCorrection,
    CourseProlonged,
    CourseRegistered,
    CourseStatus,
    CourseWithdrawal,
    CourseWithdrawn,
)
from contracts.values import (
    Certification,
    CourseHours,
    EnteredRome,
    EnteredText,
    QualificationLevel,
    Rome,
    ShortText,
    Siret,
)
from eventstore.decider import Command, Decider, State, tell
from eventstore.finding import Finding
from eventstore.refusal import Refusal

BODIES: Final = ("afpa", "training_body")
"""Each decides on its own: AFPA on what names no other training body."""

Title = Annotated[EnteredText, Field(examples=["Soudeur assembleur industriel"])]
Romes = Annotated[tuple[EnteredRome, ...], Field(min_length=1, max_length=10)]
Until = Annotated[EnteredDay, Field(examples=["2030-12-31"])]
_EXAMPLE: Final[dict[str, JsonValue]] = {
    "on": "2024-03-04",
    "title": "Soudeur assembleur industriel",
    "certification": "RNCP35094",
    "romes": ["H2913", "H2914"],
    "level": 3,
    "hours": 560,
    "valid_from": "2024-01-01",
    "valid_until": "2030-12-31",
}


class Register(Command, json_schema_extra={"examples": [_EXAMPLE]}):
    """A training body has a course that leads to a certification."""

    body: Annotated[Siret, Field(examples=["00000001800010"])] | None = None
    """The training body; none is given for AFPA Issoudun."""
    title: Title
    certification: Certification
    romes: Romes
    """The occupations that it leads to."""
    level: QualificationLevel | None = None
    """None where the certification has none."""
    hours: CourseHours
    valid_from: EnteredDay
    """The first day on which a session of it may start."""
    valid_until: Until
    """The last one: until then the certification is registered."""


class Prolong(Command):
    """Its certification was renewed."""

    valid_until: Annotated[EnteredDay, Field(examples=["2033-12-31"])]


class Correct(Command, json_schema_extra={"examples": [{"on": "2024-03-05", "hours": 595, "reason": "typing_error"}]}):
    """What was said of it is put right. What is not given stays as it is; sessions keep what they were planned with."""

    title: Title | None = None
    certification: Certification | None = None
    romes: Romes | None = None
    level: QualificationLevel | None = None
    hours: CourseHours | None = None
    valid_from: EnteredDay | None = None
    valid_until: Until | None = None
    reason: CourseCorrection


class Withdraw(Command):
    """No new session of it opens. Those that are open go on."""

    reason: CourseWithdrawal


class Course(State):
    """A course of a training body."""

    body: Siret | None
    title: ShortText
    certification: Certification
    romes: tuple[Rome, ...]
    level: QualificationLevel | None
    hours: CourseHours
    valid_from: Day
    valid_until: Day
    status: CourseStatus
    registered_on: Day
    corrected_on: Day | None = None
    withdrawn_on: Day | None = None
    reason: CourseWithdrawal | None = None


COURSE_ENDS_BEFORE_IT_BEGINS = Refusal(
    "course-ends-before-it-begins",
    "it would be valid until {valid_until}, which is before {valid_from}",
    "elle serait valable jusqu'au {valid_until}, avant le {valid_from}",
    at=("valid_until", "valid_from"),
    valid_from=Day,
    valid_until=Day,
)
COURSE_NOT_PROLONGED = Refusal(
    "course-not-prolonged",
    "it is valid until {valid_until} already",
    "elle est déjà valable jusqu'au {valid_until}",
    at="valid_until",
    valid_until=Day,
)
OCCUPATION_TWICE = Refusal(
    "occupation-twice", "an occupation is named twice", "un métier est nommé deux fois", at="romes"
)
COURSE_CORRECTED_BEFORE_IT_WAS_REGISTERED = Refusal(
    "course-corrected-before-it-was-registered",
    "{on} is before the course was registered, on {registered_on}",
    "le {on} est avant l'enregistrement de la formation, le {registered_on}",
    at="on",
    on=Day,
    registered_on=Day,
)

courses = Decider(
    CATEGORY.name,
    Course,
    owned_by={"training_body": "body", "afpa": "body"},
    unnamed="afpa",
    final="withdrawn",
    finding=Finding(
        found_by=("status", "body", "certification", "romes", "level"),
        sorted_by=("title", "valid_until", "hours"),
        searched_by=("title",),
    ),
)

DESCRIPTION: Final = ("title", "certification", "romes", "level", "hours", "valid_from", "valid_until")


@courses.creates(by=BODIES, to="registered", day="registered_on")
def register(command: Register) -> CourseRegistered:
    _check(command)
    return tell(CourseRegistered, command)


@courses.decides(by=BODIES, when="registered", takes=("valid_until",))
def prolong(course: Course, command: Prolong) -> CourseProlonged:
    if command.valid_until <= course.valid_until:
        raise COURSE_NOT_PROLONGED(valid_until=course.valid_until)
    return tell(CourseProlonged, command, course)


@courses.decides(by=BODIES, takes=DESCRIPTION, day="corrected_on")
def correct(course: Course, command: Correct) -> CourseCorrected | tuple[()]:
    said = command.model_dump(include={*DESCRIPTION}, exclude_none=True)
    if all(getattr(course, name) == value for name, value in said.items()):
        return ()
    if command.on < course.registered_on:
        raise COURSE_CORRECTED_BEFORE_IT_WAS_REGISTERED(on=command.on, registered_on=course.registered_on)
    corrected = course.model_copy(update=said)
    _check(corrected)
    return tell(CourseCorrected, command, course, **{name: getattr(corrected, name) for name in DESCRIPTION})


courses.steps(
    Withdraw,
    CourseWithdrawn,
    by=BODIES,
    when="registered",
    to="withdrawn",
    day="withdrawn_on",
    takes=("reason",),
)


def _check(said: Register | Course) -> None:
    if said.valid_until < said.valid_from:
        raise COURSE_ENDS_BEFORE_IT_BEGINS(valid_from=said.valid_from, valid_until=said.valid_until)
    if len(set(said.romes)) < len(said.romes):
        raise OCCUPATION_TWICE()
