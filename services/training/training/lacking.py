"""Which occupations lack people in training: needs that count, against the seats of sessions. Nothing here does I/O or
reads a clock.

A row is of one occupation, one level and one horizon. It counts whom needs of that level lack by then, those needed
sooner included, and the seats of sessions that lead to the occupation and end by then. Seats count whether somebody has
them or not: whoever sits there covers a need once certified, and until then the need lacks as many as before.

Needs for any level are met by sessions of any; those for a level by sessions of that level. A seat counts for each row
that it could answer, so rows are not to be added up: what several occupations lack together is told beside them, for
the older code that they were part of and for their domain, with each need and each session once.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from functools import lru_cache
from typing import Final, Literal, NamedTuple

from contracts import codes
from contracts.values import HORIZONS
from training.days import years_after
from training.session import HOLDING, Session
from training.skill_need import COUNTING, SkillNeed

UNDER_WAY: Final = HOLDING
"""The statuses of sessions whose trainees are still to be certified: their days are known, and not over."""

GroupKind = Literal["family", "domain"]


class Sum(NamedTuple):
    """What needs lack, and which seats there are."""

    needs: int
    persons: int
    """Whom they lack."""
    seats: int
    free: int
    """Seats that nobody has."""

    @property
    def uncovered(self) -> int:
        """How many persons there is no seat for."""
        return max(0, self.persons - self.seats)


class Group(NamedTuple):
    """What several occupations lack together."""

    kind: GroupKind
    code: str
    total: Sum


class Gap(NamedTuple):
    """What an occupation lacks at a level, by a horizon."""

    rome: str
    level: int | None
    """None of needs for any level."""
    horizon: int
    """In years from today."""
    total: Sum
    groups: Sequence[Group]
    """Its family and its domain, at the same level and by the same horizon."""


def gaps(needs: Iterable[SkillNeed], sessions: Iterable[Session], today: date) -> list[Gap]:
    """What each occupation lacks that somebody needs, those that lack most first."""
    there = [need for need in needs if need.status in COUNTING]
    held = [session for session in sessions if session.status in UNDER_WAY]
    until = {horizon: years_after(today, horizon) for horizon in HORIZONS}
    wanted: defaultdict[tuple[int | None, int], set[str]] = defaultdict(set)
    for need in there:
        # Declared today at the latest, it is within the last horizon at least.
        wanted[need.level, next(each for each in HORIZONS if need.needed_by <= until[each])].add(need.rome)
    found = []
    for (level, horizon), romes in wanted.items():
        by_then = [need for need in there if need.level == level and need.needed_by <= until[horizon]]
        seats = [
            session
            for session in held
            if session.ends_on and session.ends_on <= until[horizon] and level in (None, session.level)
        ]
        for rome in romes:
            groups = [Group(kind, code, _sum(by_then, seats, within)) for kind, code, within in _groups(rome)]
            found.append(Gap(rome, level, horizon, _sum(by_then, seats, frozenset({rome})), groups))
    return sorted(found, key=_place)


def _place(gap: Gap) -> tuple[int, int, str, int, int]:
    return -gap.total.uncovered, -gap.total.persons, gap.rome, gap.level or 0, gap.horizon


def _sum(needs: Iterable[SkillNeed], sessions: Iterable[Session], romes: frozenset[str]) -> Sum:
    ours = [need for need in needs if need.rome in romes]
    leading = [session for session in sessions if not romes.isdisjoint(session.romes)]
    seats = sum(session.seats for session in leading)
    taken = sum(min(session.admitted, session.seats) for session in leading)
    return Sum(len(ours), sum(need.uncovered for need in ours), seats, seats - taken)


@lru_cache(maxsize=1 << 11)
def _groups(rome: str) -> Sequence[tuple[GroupKind, str, frozenset[str]]]:
    """The family and the domain of an occupation, each with its code and the occupations of it."""
    parents = codes.rome_parents()
    family = parents.get(rome, rome)
    domain = rome[:3]
    return (
        ("family", family, frozenset(code for code, parent in parents.items() if family in (code, parent))),
        ("domain", domain, frozenset(code for code in parents if code.startswith(domain))),
    )
