"""Needs for skills [besoins en compétences] of member companies: how many people of an occupation, by when (axis 4).

A company declares one for itself, and the network qualifies it: from then on it counts. Whoever is certified in a
session that was planned for it covers it, one person after the other, until its horizon has passed. Whether a session
is to come for it is looked at when it is qualified, and again from time to time (`training.reactions`).
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Annotated, Any, Final

from pydantic import Field

from contracts.model import Day, Detail
from contracts.training.skill_need import (
    CATEGORY,
    SkillNeedAdjusted,
    SkillNeedAdjustment,
    SkillNeedCause,
    SkillNeedCovered,
    SkillNeedDeclared,
    SkillNeedExpired,
    SkillNeedQualified,
    SkillNeedRejected,
    SkillNeedRejection,
    SkillNeedReviewed,
    SkillNeedRevised,
    SkillNeedStatus,
    SkillNeedUncovered,
    SkillNeedWithdrawal,
    SkillNeedWithdrawn,
)
from contracts.values import (
    Commune,
    EnteredRome,
    EnteredText,
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
    months_later,
)
from eventstore.decider import PLATFORM, Claim, Command, Decider, Due, Lookup, State, tell
from eventstore.finding import Finding
from eventstore.refusal import Refusal
from training.days import years_after
from training.members import Member, active_member, members

MOST_DECLARED: Final = 50
"""Needs of one company that wait for the network: who declares more has not chosen."""
MOST_SKILLS: Final = 10
REVIEWED_AFTER: Final = 6
"""Months until it is looked again whether a session is to come for a need that is not covered."""

Skills = Annotated[
    tuple[EnteredText, ...], Field(max_length=MOST_SKILLS, examples=[["Soudage TIG", "Lecture de plans"]])
]
PersonsNeeded = Annotated[PersonsWanted, Field(examples=[3])]


class Declare(Command):
    """A member company needs people of an occupation."""

    company: Siret
    rome: EnteredRome
    level: QualificationLevel | None = None
    """The level wanted; any, unless one is given."""
    persons: PersonsNeeded
    horizon: NeedHorizon
    """Within how many years they are needed, from the day `on`."""
    cause: SkillNeedCause
    skills: Skills = ()
    """What they should be able to do beyond the occupation: things, and nobody's name."""


class Revise(Command):
    """The company tells anew what it needs, while the network has not looked at it. The horizon is from the day of the
    declaration on."""

    rome: EnteredRome
    level: QualificationLevel | None = None
    """The level wanted; any, unless one is given."""
    persons: Annotated[PersonsWanted, Field(examples=[4])]
    horizon: NeedHorizon
    cause: SkillNeedCause
    skills: Skills = ()


class Qualify(Command):
    """The network has looked at it: it is a need for skills, and counts from now on."""


class Adjust(Command):
    """The network puts right whom it is for, how many they are, or by when they are needed: all of these, as they are
    from now on. The horizon is from the day of the declaration on."""

    rome: EnteredRome
    level: QualificationLevel | None = None
    """The level wanted; any, unless one is given."""
    persons: Annotated[PersonsWanted, Field(examples=[2])]
    horizon: NeedHorizon
    reason: SkillNeedAdjustment


class Review(Command):
    """It is looked whether a session is to come for it."""


class Cover(Command):
    """Somebody was certified for it."""

    enrolment: RecordId
    certified_on: Day
    """What counts, however late it is told."""


class CoverExpired(Cover):
    """Somebody had been certified for it before its horizon passed, as is told afterwards."""


class Uncover(Command):
    """The certification of an enrolment was undone."""

    enrolment: RecordId


class UncoverExpired(Uncover):
    """The certification of an enrolment was undone, once its horizon has passed."""


class Reject(Command):
    """The network has looked at it, and does not count it."""

    reason: SkillNeedRejection


class Withdraw(Command):
    """The company needs nobody any more, or never did."""

    reason: SkillNeedWithdrawal


class Expire(Command):
    """Its horizon has passed, and it is not covered."""


class Certified(Detail):
    """An enrolment that led to a certification, and when."""

    enrolment: RecordId
    certified_on: Day


class SkillNeed(State):
    """People of an occupation whom a company needs, or needed."""

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
    skills: tuple[ShortText, ...]
    status: SkillNeedStatus
    certified: tuple[Certified, ...] = ()
    """The enrolments that led to a certification for it, also of whoever was certified too late to cover it."""
    covered: Tally
    """How many were certified in time."""
    uncovered: Tally
    """How many it lacks; 0 unless it is qualified or partly covered."""
    declared_on: Day
    needed_by: Day
    """The day by which they are needed: that of the declaration, and the horizon later."""
    qualified_on: Day | None
    reviewed_on: Day | None = None
    """The day on which it was last looked whether a session is to come, since it was qualified."""
    covered_on: Day | None
    """The day on which as many were certified as it is for; None while some are lacking."""
    expired_on: Day | None = None
    rejected_on: Day | None = None
    withdrawn_on: Day | None = None
    reason: SkillNeedRejection | SkillNeedWithdrawal | None = None
    """Why it was rejected or withdrawn."""


TOO_MANY_DECLARED = Refusal(
    "too-many-needs-declared",
    "a company has at most {limit} needs that the network has not looked at",
    "une entreprise a au plus {limit} besoins que le réseau n'a pas encore examinés",
    limit=int,
)

skill_needs = Decider(
    CATEGORY.name,
    SkillNeed,
    final=("rejected", "withdrawn"),
    finding=Finding(
        found_by=("status", "company", "rome", "level", "horizon", "cause", "naf", "commune", "zone"),
        sorted_by=("declared_on", "needed_by", "persons", "uncovered"),
        searched_by=("skills",),
    ),
)

COUNTING: Final = ("qualified", "partly_covered")
"""The statuses in which it lacks somebody."""
OPEN: Final = ("declared", *COUNTING)
"""Those in which it can be withdrawn, and expires."""
QUALIFIED: Final = (*COUNTING, "covered")
_TOLD: Final = ("rome", "level", "horizon", "cause", "persons")
"""What a company says of whom it needs, and the network may put right."""
_STANDING: Final = ("status", "covered", "uncovered", "needed_by", "qualified_on", "covered_on")
"""What follows of what was told and who was certified."""


_Standing = SkillNeedRevised | SkillNeedQualified | SkillNeedAdjusted | SkillNeedCovered | SkillNeedUncovered
"""What may change how it stands."""


@skill_needs.creates(by="company", to="declared", looks_up=Lookup(members, "company"))
def declare(command: Declare, member: Member | None) -> SkillNeedDeclared:
    company = active_member(member, command.company)
    return tell(
        SkillNeedDeclared,
        command,
        company,
        covered=0,
        uncovered=0,
        status="declared",
        declared_on=command.on,
        needed_by=years_after(command.on, command.horizon),
        qualified_on=None,
        covered_on=None,
    )


@skill_needs.decides(by="company", when="declared", to="declared")
def revise(need: SkillNeed, command: Revise) -> SkillNeedRevised | tuple[()]:
    told = {**_said(command), "skills": command.skills, "cause": command.cause}
    if all(getattr(need, name) == said for name, said in told.items()):
        return ()
    return tell(SkillNeedRevised, command, need, **_standing(need, **told))


@skill_needs.decides(by="network", when="declared", to="qualified")
def qualify(need: SkillNeed, command: Qualify) -> SkillNeedQualified:
    return tell(SkillNeedQualified, command, need, **_standing(need, qualified_on=command.on, status="qualified"))


@skill_needs.decides(by="network", when=QUALIFIED, to=QUALIFIED)
def adjust(need: SkillNeed, command: Adjust) -> SkillNeedAdjusted | tuple[()]:
    told = _said(command)
    if all(getattr(need, name) == said for name, said in told.items()):
        return ()
    return tell(SkillNeedAdjusted, command, need, **_standing(need, **told))


@skill_needs.decides(by=PLATFORM, when=COUNTING)
def review(need: SkillNeed, command: Review) -> SkillNeedReviewed:
    return tell(SkillNeedReviewed, command, need)


@skill_needs.decides(by=PLATFORM, when=QUALIFIED, to=QUALIFIED)
def cover(need: SkillNeed, command: Cover) -> SkillNeedCovered | tuple[()]:
    return _cover(need, command)


# Juries tell late: whom they certified before the horizon passed counts after it, too.
@skill_needs.decides(by=PLATFORM, when="expired", to=("expired", "covered"))
def cover_expired(need: SkillNeed, command: CoverExpired) -> SkillNeedCovered | tuple[()]:
    # What expired before the network had qualified it never counted.
    return _cover(need, command) if need.qualified_on else ()


@skill_needs.decides(by=PLATFORM, when=QUALIFIED, to=QUALIFIED)
def uncover(need: SkillNeed, command: Uncover) -> SkillNeedUncovered | tuple[()]:
    return _uncover(need, command)


@skill_needs.decides(by=PLATFORM, when="expired")
def uncover_expired(need: SkillNeed, command: UncoverExpired) -> SkillNeedUncovered | tuple[()]:
    return _uncover(need, command)


skill_needs.steps(
    Reject,
    SkillNeedRejected,
    by="network",
    when="declared",
    to="rejected",
    day="rejected_on",
    takes=("reason",),
    status="rejected",
)
skill_needs.steps(
    Withdraw,
    SkillNeedWithdrawn,
    by=("company", PLATFORM),
    when=OPEN,
    to="withdrawn",
    day="withdrawn_on",
    takes=("reason", "uncovered"),
    reserves={PLATFORM: ("member_left",)},
    status="withdrawn",
    uncovered=0,
)
skill_needs.steps(
    Expire,
    SkillNeedExpired,
    by=PLATFORM,
    when=OPEN,
    to="expired",
    day="expired_on",
    takes=("uncovered",),
    status="expired",
    uncovered=0,
)


@skill_needs.evolves
def _(need: SkillNeed, event: SkillNeedRevised) -> SkillNeed:
    return need.after(event, skills=event.skills, **_taken(event))


@skill_needs.evolves
def _(need: SkillNeed, event: SkillNeedQualified | SkillNeedAdjusted) -> SkillNeed:
    return need.after(event, **_taken(event))


@skill_needs.evolves
def _(need: SkillNeed, event: SkillNeedReviewed) -> SkillNeed:
    return need.after(event, reviewed_on=max(event.effective_on, need.reviewed_on or event.effective_on))


@skill_needs.evolves
def _(need: SkillNeed, event: SkillNeedCovered) -> SkillNeed:
    certified = (*need.certified, Certified(enrolment=event.enrolment, certified_on=event.certified_on))
    return need.after(event, certified=certified, **_taken(event))


@skill_needs.evolves
def _(need: SkillNeed, event: SkillNeedUncovered) -> SkillNeed:
    certified = tuple(each for each in need.certified if each.enrolment != event.enrolment)
    return need.after(event, certified=certified, **_taken(event))


@skill_needs.claims
def _(need: SkillNeed) -> Iterable[Claim]:
    if need.status == "declared":
        yield Claim(TOO_MANY_DECLARED, need.company, limit=MOST_DECLARED)


@skill_needs.due
def _(need: SkillNeed) -> Iterable[Due]:
    if need.status in OPEN:
        yield Due(need.needed_by + timedelta(days=1), Expire())
    if need.status in COUNTING:
        looked = max(filter(None, (need.qualified_on, need.reviewed_on)), default=need.declared_on)
        if (again := months_later(looked, REVIEWED_AFTER)) <= need.needed_by:
            yield Due(again, Review())


def _cover(need: SkillNeed, command: Cover) -> SkillNeedCovered | tuple[()]:
    if any(each.enrolment == command.enrolment for each in need.certified):
        return ()
    certified = Certified(enrolment=command.enrolment, certified_on=command.certified_on)
    return tell(SkillNeedCovered, command, need, **_standing(need, certified=(*need.certified, certified)))


def _uncover(need: SkillNeed, command: Uncover) -> SkillNeedUncovered | tuple[()]:
    certified = tuple(each for each in need.certified if each.enrolment != command.enrolment)
    if certified == need.certified:
        return ()
    return tell(SkillNeedUncovered, command, need, **_standing(need, certified=certified))


def _said(command: Revise | Adjust) -> dict[str, Any]:
    return {name: getattr(command, name) for name in ("rome", "level", "persons", "horizon")}


def _taken(event: _Standing) -> dict[str, Any]:
    return {name: getattr(event, name) for name in (*_TOLD, *_STANDING)}


def _standing(need: SkillNeed, **changes: Any) -> dict[str, Any]:
    """What changes, with all that follows of it."""
    told = {name: getattr(need, name) for name in (*_TOLD, "status", "certified", "qualified_on")} | changes
    certified = told.pop("certified")
    needed_by = years_after(need.declared_on, told["horizon"])
    in_time = sorted(each.certified_on for each in certified if each.certified_on <= needed_by)
    wanted, there = told["persons"], len(in_time)
    status: SkillNeedStatus = told["status"]
    if status != "declared":
        lacking: SkillNeedStatus = "partly_covered" if there else "qualified"
        status = "covered" if there >= wanted else "expired" if status == "expired" else lacking
    return {
        **told,
        "status": status,
        "needed_by": needed_by,
        "covered": there,
        "uncovered": wanted - there if status in COUNTING else 0,
        "covered_on": in_time[wanted - 1] if there >= wanted else None,
    }
