"""What happens to a course [formation], the stream `course-<id>`."""

from typing import Final, Literal

from contracts.category import Category
from contracts.model import Correction, Day, Event
from contracts.values import Certification, CourseHours, QualificationLevel, Rome, ShortText, Siret

CATEGORY: Final = Category("course", service="training", path="/v1/courses")

CourseStatus = Literal["registered", "withdrawn"]
CourseCorrection = Literal["typing_error", "late_document", "programme_revised", "other"]
CourseWithdrawal = Literal["not_renewed", "replaced", "no_demand", "no_trainers", "entered_by_mistake", "other"]


class _Course(Event):
    body: Siret | None
    """The training body whose course it is; None is AFPA Issoudun."""
    certification: Certification
    """What it leads to."""
    romes: tuple[Rome, ...]
    """The occupations that it leads to."""
    level: QualificationLevel | None
    """None where the certification has none, as those of the specific directory."""
    hours: CourseHours
    valid_from: Day
    """The first day on which a session of it may start."""
    valid_until: Day
    """The last day on which a session of it may start, as the certification is registered until then."""


class CourseRegistered(_Course, version=1):
    """A training body has a course that leads to a certification."""

    title: ShortText


class CourseProlonged(_Course, version=1):
    """Its certification was renewed: sessions of it may start until a later day."""

    valid_until_before: Day


class CourseCorrected(_Course, Correction, version=1):
    """What was said of it was put right. Sessions keep what they were planned with."""

    title_before: ShortText
    title: ShortText
    certification_before: Certification
    romes_before: tuple[Rome, ...]
    level_before: QualificationLevel | None
    hours_before: CourseHours
    valid_from_before: Day
    valid_until_before: Day
    reason: CourseCorrection


class CourseWithdrawn(_Course, version=1):
    """No new session of it opens. Those that are open go on."""

    reason: CourseWithdrawal
