"""What happens to a need for skills [besoin en compétences] of a company, the stream `skill-need-<id>`.

`uncovered` is a level: how many persons the need still lacks after the event, 0 unless it is qualified or partly
covered. Who covers it is told by the id of the enrolment, which means nothing to those who may not read that.
"""

from typing import Final, Literal

from contracts.category import Category
from contracts.model import Aside, Day, Event
from contracts.values import (
    Commune,
    Naf,
    NeedHorizon,
    PersonsWanted,
    QualificationLevel,
    RecordId,
    Rome,
    ShortText,
    Siret,
    Tally,
    Zone,
)

CATEGORY: Final = Category("skill-need", service="training", path="/v1/skill-needs")

SkillNeedStatus = Literal["declared", "qualified", "partly_covered", "covered", "expired", "withdrawn", "rejected"]
SkillNeedCause = Literal["growth", "retirement", "turnover"]
"""Why a company needs people of an occupation: it grows, or some will leave it, for good or for another company."""
SkillNeedAdjustment = Literal[
    "typing_error", "overestimated", "underestimated", "other_occupation", "told_twice", "plans_changed", "other"
]
SkillNeedRejection = Literal["told_twice", "not_a_need_for_skills", "not_plausible", "out_of_territory", "other"]
SkillNeedWithdrawal = Literal[
    "recruited", "trained_inside", "not_needed", "postponed", "entered_by_mistake", "member_left", "other"
]


class _SkillNeed(Event):
    company: Siret
    naf: Naf
    """Activity, commune and zone of the company are as when it declared the need."""
    commune: Commune
    zone: Zone | None
    rome: Rome
    level: QualificationLevel | None
    """The level wanted; None where any will do."""
    horizon: NeedHorizon
    cause: SkillNeedCause
    persons: PersonsWanted
    covered: Tally
    """How many were certified for it, by the day it is needed."""
    uncovered: Tally
    status: SkillNeedStatus
    """What it is from now on."""
    declared_on: Day
    needed_by: Day
    """The day by which they are needed: that of the declaration, and the horizon later."""
    qualified_on: Day | None
    """None until the network has qualified it."""
    covered_on: Day | None
    """The day on which as many were certified as it is for; None while some are lacking."""


class SkillNeedDeclared(_SkillNeed, version=1):
    """A company needs people of an occupation."""

    skills: tuple[ShortText, ...]
    """What they should be able to do, beyond the occupation."""


class SkillNeedRevised(_SkillNeed, version=1):
    """The company told otherwise what it needs, before anybody qualified it."""

    rome_before: Rome
    level_before: QualificationLevel | None
    horizon_before: NeedHorizon
    persons_before: PersonsWanted
    skills: tuple[ShortText, ...]


class SkillNeedQualified(_SkillNeed, version=1):
    """The network has looked at it: it is a need, and counts."""

    skills: tuple[ShortText, ...]


class SkillNeedAdjusted(_SkillNeed, version=1):
    """The network found that it is for other people, for more of them or fewer, or for another horizon."""

    rome_before: Rome
    level_before: QualificationLevel | None
    horizon_before: NeedHorizon
    persons_before: PersonsWanted
    uncovered_before: Tally
    covered_on_before: Day | None = None
    reason: SkillNeedAdjustment


class SkillNeedReviewed(_SkillNeed, Aside, version=1):
    """It was looked whether a session is to come for it, as some time has passed or one is cancelled."""


class _Certified(_SkillNeed, Aside):
    enrolment: RecordId
    uncovered_before: Tally | None = None
    """None where it was recorded before events told it."""
    covered_on_before: Day | None = None


class SkillNeedCovered(_Certified, version=1):
    """Somebody was certified for it. It is covered while as many were in time as it is for."""

    certified_on: Day


class SkillNeedUncovered(_Certified, version=1):
    """A certification that counted for it was undone."""


class SkillNeedRejected(_SkillNeed, version=1):
    """The network has looked at it, and does not count it."""

    reason: SkillNeedRejection


class SkillNeedWithdrawn(_SkillNeed, version=1):
    """The company needs nobody any more."""

    status_before: SkillNeedStatus
    uncovered_before: Tally
    reason: SkillNeedWithdrawal


class SkillNeedExpired(_SkillNeed, version=1):
    """Its horizon has passed, and it is not covered."""

    status_before: SkillNeedStatus
    uncovered_before: Tally
    """How many were still lacking, once it was qualified."""
