"""Job seekers whom agencies accompany, how soon they have a job, and how many persons are hired (axis 7).

A person has one active path, so paths count persons; of hires each person counts once in a period, whoever hired them
and however often. An adviser gives priority groups, which overlap: each is an indicator of its own, and they are never
added together. What a path is corrected in counts where it should have from the beginning. An erased person stays
counted: only that an agency accompanies them ends on that day.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final, Literal

from contracts.employment.hire import HireFlagsCorrected
from contracts.employment.path import (
    Access,
    PathErased,
    PathExit,
    PathExitCorrected,
    PathExited,
    PathFlagsCorrected,
    PathFlagsGiven,
    PathHandedOver,
    PathJobDayCorrected,
    PathJobStarted,
    PathJobUndone,
    PathReferralCorrected,
    PathReferred,
    Residence,
)
from contracts.employment.priority import PriorityFlag
from contracts.values import months_later
from contracts.youth_events.immersion import Agency
from indicators.chapters import Chapter
from indicators.dimensions import Name
from indicators.employment import SIX_MONTHS, VACANCY, Hires, hires, hires_of, is_of
from indicators.measures import Corrected, Count, distinct, formula, levels, quantiles, sums

PATH: Final[tuple[Name, ...]] = ("agency", "residence", "age_group")
Accompanying = PathReferred | PathReferralCorrected | PathHandedOver | PathExited | PathErased
Grouped = Accompanying | PathFlagsGiven | PathFlagsCorrected
Leading = (
    PathReferred
    | PathReferralCorrected
    | PathHandedOver
    | PathJobStarted
    | PathJobUndone
    | PathJobDayCorrected
    | PathExited
    | PathExitCorrected
)
"""What changes when a path began, what job it led to, or whom it counts for."""


@levels(unit="persons", dimensions=PATH, contributor="seeker")
def paths_active(event: Accompanying) -> Iterator[Corrected]:
    """Job seekers whom an agency accompanies.

    Persons with an active path at the end of the day: from the referral until the day before the exit, paused or in a
    job, too. by=agency tells which agency had them on that day. A corrected referral counts from the right day and
    residence on. Whoever is erased is not accompanied from that day on, and stays in on the days before.
    """
    return _accompanied(event, lambda _: True)


@levels(unit="persons", dimensions=PATH, contributor="seeker")
def paths_active_priority(event: Grouped) -> Iterator[Corrected]:
    """Job seekers in a priority group whom an agency accompanies.

    As paths_active, of those whom an adviser knows to belong to a priority group, whichever and however many: each
    person counts once, so this is not the sum of the groups. A group counts from the day on which it was given until
    the day before it was said to have ended; corrected ones count on the days for which the wrong ones had.
    """
    return _accompanied(event, lambda flags: is_of(flags, None))


@levels(unit="persons", dimensions=PATH, contributor="seeker")
def paths_active_long_term(event: Grouped) -> Iterator[Corrected]:
    """Job seekers without work for 12 months or more whom an agency accompanies.

    As paths_active_priority, of this group alone. Groups overlap, and are never added together: whoever was without
    work for 24 months may be in this one and in the next.
    """
    return _accompanied(event, lambda flags: is_of(flags, "long_term"))


@levels(unit="persons", dimensions=PATH, contributor="seeker")
def paths_active_very_long_term(event: Grouped) -> Iterator[Corrected]:
    """Job seekers without work for 24 months or more whom an agency accompanies.

    As paths_active_priority, of this group alone, on each day. Groups overlap, and are never added together.
    """
    return _accompanied(event, lambda flags: is_of(flags, "very_long_term"))


@levels(unit="persons", dimensions=PATH, contributor="seeker")
def paths_active_senior(event: Grouped) -> Iterator[Corrected]:
    """Job seekers of 50 or older whom an agency accompanies.

    As paths_active_priority, of this group alone, on each day. Groups overlap, and are never added together.
    """
    return _accompanied(event, lambda flags: is_of(flags, "senior"))


@levels(unit="persons", dimensions=PATH, contributor="seeker")
def paths_active_women(event: Grouped) -> Iterator[Corrected]:
    """Women whom an agency accompanies.

    As paths_active_priority, of those whom an adviser gave this group, and not of all women. Groups overlap, and are
    never added together.
    """
    return _accompanied(event, lambda flags: is_of(flags, "woman"))


@levels(unit="persons", dimensions=PATH, contributor="seeker")
def paths_active_youth(event: Grouped) -> Iterator[Corrected]:
    """Job seekers under 26 whom an agency accompanies.

    As paths_active_priority, of this group alone, on each day. Groups overlap, and are never added together.
    """
    return _accompanied(event, lambda flags: is_of(flags, "youth"))


@sums(unit="referrals", dimensions=PATH, contributor="seeker")
def referrals(event: Leading) -> Iterator[Count]:
    """Referrals to an agency.

    Each path counts on the day of the referral, as corrected, and for the agency that it was handed over to last. One
    that ended as entered by mistake is taken out on that day. Whoever is referred again after an exit counts again; n
    counts persons.
    """
    for on, _, sign, dimensions in _put_right(event, lambda path: (path.referred_on, 1)):
        yield Count(on, sign, dimensions)


@sums(unit="referrals", dimensions=PATH, contributor="seeker", so_far=True)
def referrals_over_6m(event: Leading) -> Iterator[Count]:
    """Referrals whose six months are over.

    As referrals, on the day six months after the referral, once that day has come. Of a month without that day it is
    the last one.
    """
    for on, _, sign, dimensions in _put_right(event, lambda path: (path.six_months_on, 1)):
        yield Count(on, sign, dimensions)


@sums(unit="referrals", dimensions=PATH, contributor="seeker", so_far=True)
def referrals_to_jobs_6m(event: Leading) -> Iterator[Count]:
    """Referrals that led to a job within six months.

    Those of referrals_over_6m whose first job since the referral began until that day, and on that day. A hire that was
    none after all, or whose first day is corrected, is put right there; an erased person's stays as it was known.
    """

    def reached(path: _Path) -> tuple[date, int] | None:
        return (path.six_months_on, 1) if path.access and path.access.within_6_months else None

    for on, _, sign, dimensions in _put_right(event, reached):
        yield Count(on, sign, dimensions)


@formula(unit="share", of=(referrals_over_6m, referrals_to_jobs_6m))
def access_to_employment_6m(over: Decimal, reached: Decimal) -> Decimal | None:
    """Access to employment within six months.

    referrals_to_jobs_6m divided by referrals_over_6m: of those who were referred, and whose six months were over in the
    period, the share who began a job in these six months, whether it lasted or not. Whose six months are not over yet
    are in neither. 0.4 is two of five. Rounded to four decimals, half up; none while no six months are over.
    """
    return (reached / over).quantize(Decimal("0.0001"), ROUND_HALF_UP) if over > 0 else None


@quantiles(unit="days", at="0.5", dimensions=PATH, contributor="seeker")
def days_to_hire(event: Leading) -> Iterator[Count]:
    """Days from the referral to the first job, median.

    For each path that led to a job the days from the referral to the first day of work, on that day: half of them took
    as long or less. Jobs that began before the referral are not counted, nor are paths that have led to none, so where
    many still wait it is less than what they will have waited. Corrected days replace the old ones.
    """
    told = _put_right(event, lambda path: (path.access.hired_on, path.access.days) if path.access else None)
    for on, days, sign, dimensions in told:
        yield Count(on, days, dimensions, times=sign)


@sums(unit="exits", dimensions=(*PATH, "exit_reason"), contributor="seeker")
def path_exits(event: PathExited | PathExitCorrected) -> Iterator[Count]:
    """Exits from the agencies' paths.

    Each on its day; by=exit_reason tells why. A corrected reason counts on the day of the exit. What was entered by
    mistake was no path, and an erasure is no exit.
    """
    match event:
        case PathExited():
            told: tuple[tuple[PathExit, Literal[1, -1]], ...] = ((event.reason, 1),)
            on = event.effective_on
        case PathExitCorrected():
            told, on = ((event.exit_reason_before, -1), (event.exit_reason, 1)), event.exited_on
    for reason, sign in told:
        if reason != MISTAKE:
            yield Count(on, sign, {"exit_reason": reason})


@distinct(unit="persons", dimensions=VACANCY, contributor="seeker")
def persons_hired(event: Hires) -> Iterator[Count]:
    """Persons hired by the member companies.

    How many persons have a hire in the period, on its first day of work: each counts once in it, and once in every
    cell, so that cells do not add up to the total, nor months to their year. A hire that was none does not count. Who
    was erased stays counted; who is named anew afterwards is somebody else.
    """
    yield from hires.counts(event)


@distinct(unit="persons", dimensions=VACANCY, contributor="seeker")
def persons_hired_priority(event: Hires | HireFlagsCorrected) -> Iterator[Count]:
    """Persons in a priority group who were hired.

    As persons_hired, of those whom an adviser knew to belong to a priority group when they were hired, whichever and
    however many: each person counts once, so this is not the sum of the groups.
    """
    return hires_of(event, None)


@distinct(unit="persons", dimensions=VACANCY, contributor="seeker")
def persons_hired_long_term(event: Hires | HireFlagsCorrected) -> Iterator[Count]:
    """Persons without work for 12 months or more who were hired.

    As persons_hired_priority, of this group alone. Groups overlap, and are never added together: whoever was without
    work for 24 months may be in this one and in the next.
    """
    return hires_of(event, "long_term")


@distinct(unit="persons", dimensions=VACANCY, contributor="seeker")
def persons_hired_very_long_term(event: Hires | HireFlagsCorrected) -> Iterator[Count]:
    """Persons without work for 24 months or more who were hired.

    As persons_hired_priority, of this group alone, on the day of the hire. Groups overlap, and are never added
    together.
    """
    return hires_of(event, "very_long_term")


@distinct(unit="persons", dimensions=VACANCY, contributor="seeker")
def persons_hired_senior(event: Hires | HireFlagsCorrected) -> Iterator[Count]:
    """Persons of 50 or older who were hired.

    As persons_hired_priority, of this group alone, on the day of the hire. Groups overlap, and are never added
    together.
    """
    return hires_of(event, "senior")


@distinct(unit="persons", dimensions=VACANCY, contributor="seeker")
def persons_hired_women(event: Hires | HireFlagsCorrected) -> Iterator[Count]:
    """Women who were hired.

    As persons_hired_priority, of those whom an adviser gave this group, and not of all women. Groups overlap, and are
    never added together.
    """
    return hires_of(event, "woman")


@distinct(unit="persons", dimensions=VACANCY, contributor="seeker")
def persons_hired_youth(event: Hires | HireFlagsCorrected) -> Iterator[Count]:
    """Persons under 26 who were hired.

    As persons_hired_priority, of this group alone, on the day of the hire. Groups overlap, and are never added
    together.
    """
    return hires_of(event, "youth")


MISTAKE: Final[PathExit] = "entered_by_mistake"
"""The one reason for which a path was none."""


def _accompanied(event: Grouped, counts: Callable[[tuple[PriorityFlag, ...]], bool]) -> Iterator[Corrected]:
    """What changes of who is accompanied, among those whose groups count.

    As differences, not as steps: once a referral is moved to an earlier day, steps may be of days before the old one.
    """
    on, is_ = event.effective_on, counts(event.flags)
    match event:
        case PathReferred() if is_:
            yield Corrected(event.referred_on, None, 0, 1)
        case PathHandedOver() if is_:
            yield Corrected(on, None, 1, 1, dimensions_before={"agency": event.agency_before})
        case PathFlagsGiven() if is_ != counts(event.flags_before):
            yield Corrected(on, None, not is_, is_)
        case PathExited() | PathErased() if is_ and event.status_before != "exited":
            yield Corrected(on, None, 1, 0)
        case PathFlagsCorrected():
            for spell in event.spells:
                if is_ != counts(spell.flags):
                    yield Corrected(spell.since, spell.until, not is_, is_, dimensions={"agency": spell.agency})
        case PathReferralCorrected():
            since = event.referred_on
            for spell in event.spells:
                if counts(spell.flags):
                    was: dict[Name, Any] = {"agency": spell.agency, "residence": event.residence_before}
                    yield Corrected(spell.since, spell.until, 1, 0, dimensions=was)
                    yield Corrected(since, spell.until, 0, 1, dimensions={"agency": spell.agency})
                since = spell.until or since


@dataclass(frozen=True)
class _Path:
    """What a path counts by, and for whom."""

    agency: Agency
    residence: Residence
    referred_on: date
    access: Access | None
    reason: PathExit | None

    @property
    def six_months_on(self) -> date:
        return months_later(self.referred_on, SIX_MONTHS)


Told = Callable[[_Path], tuple[date, int] | None]
"""The day on which a path counts, and for how much, if it does."""


def _put_right(event: Leading, told: Told) -> Iterator[tuple[date, int, Literal[1, -1], dict[Name, Any]]]:
    """What is taken back of a path as it was before the event, and what counts of it since."""
    before, after = _counted(_before(event), told), _counted(_after(event), told)
    if before == after:
        return
    if before:
        yield *before[0], -1, before[1]
    if after:
        yield *after[0], 1, after[1]


def _counted(path: _Path | None, told: Told) -> tuple[tuple[date, int], dict[Name, Any]] | None:
    """What a path counts for, and where, if it does."""
    if path is None or path.reason == MISTAKE or (counted := told(path)) is None:
        return None
    return counted, {"agency": path.agency, "residence": path.residence}


def _after(event: Leading) -> _Path:
    reason: PathExit | None = None
    if isinstance(event, PathExited):
        reason = event.reason
    elif isinstance(event, PathExitCorrected):
        reason = event.exit_reason
    return _Path(event.agency, event.residence, event.referred_on, event.access, reason)


def _before(event: Leading) -> _Path | None:
    """Of what an event does not say otherwise, it was as it is."""
    if isinstance(event, PathReferred):
        return None
    names = ("agency", "residence", "referred_on", "access")
    was = {name: getattr(event, f"{name}_before", getattr(event, name)) for name in names}
    return _Path(**was, reason=event.exit_reason_before if isinstance(event, PathExitCorrected) else None)


CHAPTER: Final = Chapter(
    "paths",
    paths_active,
    paths_active_priority,
    paths_active_long_term,
    paths_active_very_long_term,
    paths_active_senior,
    paths_active_women,
    paths_active_youth,
    referrals,
    referrals_over_6m,
    referrals_to_jobs_6m,
    access_to_employment_6m,
    days_to_hire,
    path_exits,
    persons_hired,
    persons_hired_priority,
    persons_hired_long_term,
    persons_hired_very_long_term,
    persons_hired_senior,
    persons_hired_women,
    persons_hired_youth,
    axis=7,
)
