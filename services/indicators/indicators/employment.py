"""Vacancies of the member companies, whom they hire, and whether that lasts (axis 7).

Hires are counted, not persons: whoever is hired twice counts twice (persons are counted in the chapter of paths). The
priority groups of a person overlap, so each is an indicator of its own, and they are never added together.
"""

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from contracts.employment.hire import (
    HireCancelled,
    HireConfirmed,
    HireDayCorrected,
    HireFlagsCorrected,
    HireOutcomeCorrected,
    HireRecorded,
    HireSustained,
    HireTermsCorrected,
)
from contracts.employment.priority import PriorityFlag, PriorityGroup
from contracts.employment.vacancy import (
    PostFreed,
    PostsChanged,
    PostTaken,
    VacancyOpened,
    VacancyRevised,
    VacancyWithdrawn,
)
from contracts.values import months_later
from indicators.chapters import Chapter
from indicators.dimensions import Name
from indicators.measures import Count, formula, levels, sums

VACANCY: Final[tuple[Name, ...]] = ("company", "naf", "commune", "zone", "rome", "contract")
SIX_MONTHS: Final = 6
Hires = HireConfirmed | HireRecorded | HireCancelled | HireDayCorrected | HireTermsCorrected
"""What a hire counts by, but for whom it is of."""


@levels(unit="posts", dimensions=VACANCY)
def vacancies_open(
    event: VacancyOpened | VacancyRevised | PostsChanged | PostTaken | PostFreed | VacancyWithdrawn,
) -> int:
    """Open vacancies of the member companies, in posts.

    The posts of open vacancies that nobody was accepted for at the end of the day. What is proposed or drafted does not
    count, and neither does what is withdrawn. n counts the companies.
    """
    return event.open_posts


@sums(unit="vacancies", dimensions=VACANCY)
def vacancies_filled(event: PostsChanged | PostTaken | PostFreed) -> Iterator[Count]:
    """Vacancies filled.

    A vacancy counts on the day on which its last post is taken, or those left are given up. Where a post is free again,
    as an acceptance is undone or there are more posts, it is taken out on that day, and counts again once it is filled.
    """
    match event:
        case PostTaken():
            before, after = event.taken > event.posts, event.taken >= event.posts
        case PostFreed():
            before, after = event.taken + 1 >= event.posts, event.taken >= event.posts
        case PostsChanged():
            before, after = event.taken >= event.posts_before, event.taken >= event.posts
    if before != after:
        yield Count(event.effective_on, 1 if after else -1)


@sums(unit="hires", dimensions=VACANCY)
def hires(event: Hires) -> Iterator[Count]:
    """Hires of the member companies.

    Each hire counts on its first day of work, once somebody has said that work has begun, by the occupation and the
    contract of that time. A corrected day or contract moves it to the right one; a hire that was none is taken out on
    the day it stood for. One that ends early stays in.
    """
    match event:
        case HireConfirmed() | HireRecorded():
            yield Count(event.hired_on, 1)
        case HireCancelled(hired_on=on) if on:
            yield Count(on, -1)
        case HireDayCorrected():
            yield Count(event.hired_on_before, -1)
            yield Count(event.hired_on, 1)
        case HireTermsCorrected():
            yield Count(event.hired_on, -1, {"rome": event.rome_before, "contract": event.contract_before})
            yield Count(event.hired_on, 1)


@sums(unit="hires", dimensions=VACANCY)
def hires_priority(event: Hires | HireFlagsCorrected) -> Iterator[Count]:
    """Hires of people in a priority group.

    As hires, of those whom an adviser knows to belong to a priority group, whichever and however many: each hire counts
    once, so this is not the sum of the groups. Corrected groups count on the day of the hire.
    """
    return hires_of(event, None)


@sums(unit="hires", dimensions=VACANCY)
def hires_long_term(event: Hires | HireFlagsCorrected) -> Iterator[Count]:
    """Hires of people without work for 12 months or more.

    As hires_priority, of this group alone. Groups overlap, and are never added together: whoever was without work for
    24 months may be in this one and in the next.
    """
    return hires_of(event, "long_term")


@sums(unit="hires", dimensions=VACANCY)
def hires_very_long_term(event: Hires | HireFlagsCorrected) -> Iterator[Count]:
    """Hires of people without work for 24 months or more.

    As hires_priority, of this group alone, on the day of the hire. Groups overlap, and are never added together.
    """
    return hires_of(event, "very_long_term")


@sums(unit="hires", dimensions=VACANCY)
def hires_senior(event: Hires | HireFlagsCorrected) -> Iterator[Count]:
    """Hires of people of 50 or older.

    As hires_priority, of this group alone, on the day of the hire. Groups overlap, and are never added together.
    """
    return hires_of(event, "senior")


@sums(unit="hires", dimensions=VACANCY)
def hires_women(event: Hires | HireFlagsCorrected) -> Iterator[Count]:
    """Hires of women.

    As hires_priority, of those whom an adviser gave this group, and not of all women. Groups overlap, and are never
    added together.
    """
    return hires_of(event, "woman")


@sums(unit="hires", dimensions=VACANCY)
def hires_youth(event: Hires | HireFlagsCorrected) -> Iterator[Count]:
    """Hires of people under 26.

    As hires_priority, of this group alone, on the day of the hire. Groups overlap, and are never added together.
    """
    return hires_of(event, "youth")


@sums(unit="hires", dimensions=VACANCY)
def hires_sustained(event: HireSustained | HireTermsCorrected | HireOutcomeCorrected) -> Iterator[Count]:
    """Hires that have lasted six months.

    Each counts on the day on which it has lasted six months, once somebody has confirmed that. One that was confirmed
    wrongly is taken out on that day; a corrected contract moves it to the right one.
    """
    match event:
        case HireSustained():
            yield Count(event.sustained_on, 1)
        case HireOutcomeCorrected(sustained_on=on) if on:
            yield Count(on, -1)
        case HireTermsCorrected(sustained_on=on) if on:
            yield Count(on, -1, {"rome": event.rome_before, "contract": event.contract_before})
            yield Count(on, 1)


@sums(unit="hires", dimensions=VACANCY, so_far=True)
def hires_over_6m(event: Hires) -> Iterator[Count]:
    """Hires whose six months are over.

    As hires, on the day six months after the first day of work, however they ended, once that day has come. Of a month
    without that day it is the last one.
    """
    for count in hires.counts(event):
        yield Count(months_later(count.on, SIX_MONTHS), count.value, count.dimensions)


@formula(unit="share", of=(hires_over_6m, hires_sustained))
def sustained_rate_6m(over: Decimal, sustained: Decimal) -> Decimal | None:
    """Hires that lasted six months.

    hires_sustained divided by hires_over_6m, both on the day on which the six months were over, and none that is to
    come: 0.6 is six of ten hires. One of which nobody has said yet that it lasted counts as one that did not, so the
    share of the last months still rises. A contract that was made for less than six months is among them. Rounded to
    four decimals, half up; none while no six months are over.
    """
    return (sustained / over).quantize(Decimal("0.0001"), ROUND_HALF_UP) if over > 0 else None


def hires_of(event: Hires | HireFlagsCorrected, group: PriorityGroup | None) -> Iterator[Count]:
    """What a hire counts for among those of a group, or of any."""
    if isinstance(event, HireFlagsCorrected):
        if change := is_of(event.flags, group) - is_of(event.flags_before, group):
            yield Count(event.hired_on, change)
    elif is_of(event.flags, group):
        yield from hires.counts(event)


def is_of(flags: tuple[PriorityFlag, ...], group: PriorityGroup | None) -> bool:
    """Whether somebody with these flags belongs to a group, or to any."""
    return any(group in (flag.group, None) for flag in flags)


CHAPTER: Final = Chapter(
    "employment",
    vacancies_open,
    vacancies_filled,
    hires,
    hires_priority,
    hires_long_term,
    hires_very_long_term,
    hires_senior,
    hires_women,
    hires_youth,
    hires_sustained,
    hires_over_6m,
    sustained_rate_6m,
    axis=7,
)
