"""The programme's line of each axis: how it stands against what was planned, how its headline moves, whom it hears of.

What was planned is the actions that the committee has adopted, and its targets. An axis is

- `late`, where a milestone is late, or a target was not reached by its day;
- else `at_risk`, where a target is behind, an action is on hold, or nine tenths of the budget are spent while
  milestones are still to be reached;
- else `not_started`, where no adopted action has begun, or there is none and no target can be measured;
- `no_plan`, where there is neither an adopted action nor a target; else `on_track`.

A target is `reached` as soon as the value is, `missed` after its day, and else judged by the pace, where the catalogue
has a series of the indicator that tells one, or by the straight line from the value on the day on which the target was
set or last revised to the target on the day it is due.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final, Literal

from contracts.indicators.action import ActionStatus, Partner
from contracts.indicators.target import Aim as Side
from contracts.language import Sentence
from contracts.values import Axis
from indicators import sheets
from indicators.measures import Indicator, Series, Sum
from indicators.partners import AXES, Heard, last_heard
from indicators.query import UNKNOWN, Snapshot, Value
from indicators.question import Period, Question
from indicators.steering import TARGET
from indicators.trend import QUARTER, Aim

PlanStatus = Literal["on_track", "at_risk", "late", "not_started", "no_plan"]
TargetStatus = Literal["reached", "on_track", "behind", "missed", "unknown"]
Direction = Literal["rising", "falling", "steady"]

QUARTERS: Final = 4
"""Whole quarters that a headline shows."""
NEARLY: Final = Decimal("0.9")
"""The share of a budget from which on it is nearly spent."""
BEGUN: Final[tuple[ActionStatus, ...]] = ("in_progress", "on_hold", "done")
ADOPTED: Final[tuple[ActionStatus, ...]] = ("adopted", *BEGUN)


@dataclass(frozen=True)
class Headline:
    """The indicator that stands for an axis, and which way it is to go."""

    indicator: str
    aim: Side = "at_least"


HEADLINES: Final[Mapping[Axis, Headline]] = {
    1: Headline("recovery_rate"),
    2: Headline("companies_settled"),
    3: Headline("placements"),
    4: Headline("skill_gap", "at_most"),
    5: Headline("training_density"),
    6: Headline("platform_use"),
    7: Headline("progress_2027"),
}
"""By axis."""

REASONS: Final[Mapping[str, Sentence]] = {
    "nothing-adopted": Sentence(
        "no action is adopted and there is no target; {proposed} {proposed:action is|actions are} proposed",
        "aucune action n'est adoptée et il n'y a pas d'objectif ; {proposed} {proposed:action proposée|actions "
        "proposées}",
    ),
    "milestones-late": Sentence(
        "{milestones} {milestones:milestone is|milestones are} late",
        "{milestones} {milestones:jalon est|jalons sont} en retard",
    ),
    "targets-missed": Sentence(
        "not reached by {targets:its|their} day: {targets}",
        "{targets:objectif non atteint à son échéance|objectifs non atteints à leur échéance} : {targets}",
    ),
    "targets-behind": Sentence(
        "behind {targets:its target|their targets}: {targets}",
        "en retrait sur {targets:l'objectif|les objectifs} : {targets}",
    ),
    "actions-on-hold": Sentence(
        "{actions} {actions:action is|actions are} on hold",
        "{actions} {actions:action est suspendue|actions sont suspendues}",
    ),
    "budget-nearly-spent": Sentence(
        "{share:.0%} of the budget is spent, and {milestones} {milestones:milestone is|milestones are} to be reached",
        "{share:.0%} du budget est dépensé et {milestones} {milestones:jalon reste|jalons restent} à atteindre",
    ),
    "nothing-begun": Sentence("no adopted action has begun", "aucune action adoptée n'a commencé"),
    "nothing-measured": Sentence(
        "no action is adopted, and no target can be measured", "aucune action n'est adoptée, aucun objectif mesurable"
    ),
    "as-planned": Sentence("nothing is late, behind or on hold", "rien n'est en retard, en retrait ou suspendu"),
}
"""Why a line has its status."""


@dataclass(frozen=True)
class Target:
    """What is aimed at of an indicator, and how far it is."""

    indicator: str
    aim: Aim
    since: date
    """The day on which it was set, or last revised."""
    unit: str = ""
    value: Value = UNKNOWN
    before: Decimal | None = None
    """The value on the day `since`."""
    pace: Decimal | None = None
    """A quarter, where a series tells it."""
    goes_on_from: date | None = None
    """The day from which on the pace is taken: that of the last observation, say."""
    asked: Question | None = None
    """What the value is an answer to."""

    def at_due(self) -> Decimal | None:
        """What the value comes to on the day it is due, at its pace."""
        if self.pace is None or self.goes_on_from is None or self.value.value is None:
            return None
        return _rounded(self.value.value + self.pace * _share((self.aim.due - self.goes_on_from).days, QUARTER))

    def line(self, today: date) -> Decimal | None:
        """Where the value would be, had it gone straight from where it was to where it is to be."""
        if self.before is None:
            return None
        gone = _share((today - self.since).days, (self.aim.due - self.since).days)
        return _rounded(self.before + (self.aim.value - self.before) * min(gone, Decimal(1)))

    def status(self, today: date) -> TargetStatus:
        """How it stands."""
        if self.value.value is None:
            return "unknown"
        if self.aim.is_reached_by(self.value.value):
            return "reached"
        if today > self.aim.due:
            return "missed"
        if (at_due := self.at_due()) is not None:
            return "on_track" if self.aim.is_reached_by(at_due) else "behind"
        if (line := self.line(today)) is not None:
            return "on_track" if replace(self.aim, value=line).is_reached_by(self.value.value) else "behind"
        return "unknown"


@dataclass(frozen=True)
class Plan:
    """What is planned along an axis, and what has become of it."""

    actions: Mapping[ActionStatus, int]
    planned: int
    """Milestones that count, reached or not."""
    reached: int
    late: int
    budget: Decimal
    spent: Decimal
    targets: Sequence[Target] = ()

    @property
    def share(self) -> Decimal | None:
        """How much of the budget is spent; None where there is none."""
        return (self.spent / self.budget).quantize(Decimal("0.0001")) if self.budget else None

    def judged(self, today: date) -> tuple[PlanStatus, Mapping[str, Mapping[str, Any]]]:
        """The status of the line, and why: by the name of each reason, what its sentence speaks of."""
        adopted = sum(self.actions.get(status, 0) for status in ADOPTED)
        if not adopted and not self.targets:
            return "no_plan", {"nothing-adopted": {"proposed": self.actions.get("proposed", 0)}}
        late, risks = dict(self._late(today)), dict(self._risks(today))
        if late or risks:
            return "late" if late else "at_risk", late | risks
        if not adopted and all(each.status(today) == "unknown" for each in self.targets):
            return "not_started", {"nothing-measured": {}}
        begun = self.reached or any(self.actions.get(status) for status in BEGUN)
        if adopted and not begun:
            return "not_started", {"nothing-begun": {}}
        return "on_track", {"as-planned": {}}

    def _late(self, today: date) -> Iterator[tuple[str, Mapping[str, Any]]]:
        if self.late:
            yield "milestones-late", {"milestones": self.late}
        if missed := self._named("missed", today):
            yield "targets-missed", {"targets": missed}

    def _risks(self, today: date) -> Iterator[tuple[str, Mapping[str, Any]]]:
        if behind := self._named("behind", today):
            yield "targets-behind", {"targets": behind}
        if held := self.actions.get("on_hold"):
            yield "actions-on-hold", {"actions": held}
        if self.share is not None and self.spent >= NEARLY * self.budget and self.planned > self.reached:
            yield "budget-nearly-spent", {"share": float(self.share), "milestones": self.planned - self.reached}

    def _named(self, status: TargetStatus, today: date) -> Sequence[str]:
        return list(dict.fromkeys(each.indicator for each in self.targets if each.status(today) == status))


@dataclass(frozen=True)
class Trend:
    """What a headline was in each of the last whole quarters."""

    headline: Headline
    asked: Question
    points: Sequence[tuple[Period, Value]]

    @property
    def direction(self) -> Direction | None:
        """Which way it went from the first to the last that is known; None where fewer than two are."""
        known = [value.value for _, value in self.points if value.value is not None]
        if len(known) < 2:
            return None
        return "rising" if known[-1] > known[0] else "falling" if known[-1] < known[0] else "steady"

    @property
    def favourable(self) -> bool | None:
        """Whether that is the way it is to go; None where it goes none."""
        if self.direction in (None, "steady"):
            return None
        return (self.direction == "rising") == (self.headline.aim == "at_least")


@dataclass(frozen=True)
class Line:
    """What is told of an axis."""

    axis: Axis
    plan: Plan
    trend: Trend | None
    """None where the axis has no headline, or its events are still being folded."""
    heard: Mapping[Partner, Heard]
    sample: bool
    """Whether any of it is made up."""


@dataclass(frozen=True)
class Programme:
    """What is told of it as of a day."""

    today: date
    lines: Sequence[Line]
    targets: Sequence[Target]
    """Those of the programme as a whole."""


async def read(now: Snapshot, today: date, known_on: date | None, only: Axis | None = None) -> Programme:
    """The line of every axis, or of only one, as of a day. Raises CatchingUp."""
    upto = Question(last=today, known_on=known_on)
    actions: dict[Axis, dict[ActionStatus, int]] = defaultdict(dict)
    samples: set[Axis] = set()
    for (axis, status), cell in (await now.answer(sheets.actions, replace(upto, by=("axis", "status")))).cells.items():
        actions[axis][status] = int(cell.value or 0)  # type: ignore[index]  # As its dimensions say.
        if cell.sample:
            samples.add(axis)  # type: ignore[arg-type]
    totals: dict[str, Mapping[Any, Value]] = {
        each.name: {axis: cell for (axis,), cell in (await now.answer(each, replace(upto, by=("axis",)))).cells.items()}
        for each in sheets.CHAPTER.measures
        if each is not sheets.actions
    }

    def total(name: str, axis: Axis) -> Decimal:
        return (totals[name].get(axis, UNKNOWN)).value or Decimal(0)

    targets = await _targets(now, upto, only)
    heard = await last_heard(now.connection, known_on)
    told = []
    for axis in AXES if only is None else (only,):
        plan = Plan(
            actions=actions[axis],
            planned=int(total("action_milestones_planned", axis)),
            reached=int(total("action_milestones_reached", axis)),
            late=int(total("action_milestones_late", axis)),
            budget=total("action_budget", axis),
            spent=total("action_spent", axis),
            targets=targets[axis],
        )
        trend = await _trend(now, axis, today, known_on)
        values = [*(each.value for each in plan.targets), *(value for _, value in (trend.points if trend else ()))]
        sample = axis in samples or any(each.sample for each in values)
        sample = sample or any(each.sample for each in heard[axis].values())
        told.append(Line(axis, plan, trend, heard[axis], sample))
    return Programme(today, told, targets[None])


async def _targets(now: Snapshot, upto: Question, only: Axis | None) -> Mapping[Axis | None, Sequence[Target]]:
    """What is aimed at along each axis, the next due first: the axis that it was set for, or else that of what it is
    of."""
    found: dict[Axis | None, list[Target]] = defaultdict(list)
    assert now.catalogue.targets  # Or there would be no programme.
    answer = await now.answer(now.catalogue.targets, replace(upto, by=TARGET))
    for key in answer.cells:
        told: dict[str, Any] = dict(zip(TARGET, key, strict=True))
        aim = Aim.told(told)
        axis: Any = told["axis"] or aim.of.get("axis") or now.catalogue.axis_of(told["indicator"])
        target = Target(told["indicator"], aim, date.fromisoformat(told["since"]))
        if only in (None, axis):
            found[axis].append(await _measured(now, target, upto))
    for targets in found.values():
        targets.sort(key=lambda each: (each.aim.due, each.indicator, sorted(each.aim.of.items())))
    return found


async def _measured(now: Snapshot, target: Target, upto: Question) -> Target:
    """A target with what is known of its indicator."""
    indicator = now.catalogue.get(target.indicator)
    if indicator is None or not {*target.aim.of} <= {*indicator.dimensions}:
        return target  # It was of an indicator as an earlier release had it.
    target = replace(target, unit=indicator.unit)
    if not now.can_answer(indicator):
        return target
    asked = _asked(indicator, target.aim, upto)
    before = await now.answer(indicator, _asked(indicator, target.aim, replace(upto, last=target.since)))
    trend = None
    for each in now.catalogue.values():
        if isinstance(each, Series) and each.of == (indicator,):
            trend = (await now.answer(each, asked)).trend
    value = (await now.answer(indicator, asked)).total
    # What is added up was nothing before the first of it was known.
    begins = Decimal(0) if isinstance(indicator, Sum) and target.aim.at_least else None
    known = begins if before.total.value is None else before.total.value
    target = replace(target, value=value, before=known, asked=asked)
    return replace(target, pace=trend.pace, goes_on_from=trend.goes_on_from) if trend else target


def _asked(indicator: Indicator, aim: Aim, upto: Question) -> Question:
    """What a target is measured by: the figure up to a day; of a sum that is to stay below, that of its last whole
    month, as what was used since the beginning does not tell how much is used."""
    assert upto.last
    asked = replace(upto, where={name: (value,) for name, value in aim.of.items()})
    if isinstance(indicator, Sum) and not aim.at_least:
        last = Period.of("month", upto.last).first - timedelta(days=1)
        return replace(asked, first=last.replace(day=1), last=last)
    return asked


async def _trend(now: Snapshot, axis: Axis, today: date, known_on: date | None) -> Trend | None:
    headline = HEADLINES.get(axis)
    indicator = now.catalogue.get(headline.indicator) if headline else None
    if headline is None or indicator is None or not now.can_answer(indicator):
        return None
    last = Period.of("quarter", today).first - timedelta(days=1)
    first = Period.of("quarter", last)
    for _ in range(QUARTERS - 1):
        first = Period.of("quarter", first.first - timedelta(days=1))
    asked = Question(first=first.first, last=last, by=("quarter",), known_on=known_on, filled=True)
    cells = (await now.answer(indicator, asked)).cells
    points = [(each, cells.get((each,), UNKNOWN)) for each in Period.between("quarter", first.first, last)]
    return Trend(headline, asked, points)


def _share(of: float, whole: float) -> Decimal:
    return Decimal(of) / Decimal(whole) if whole > 0 else Decimal(1)


def _rounded(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.0001"))
