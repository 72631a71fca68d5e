"""Actions of the programme [fiches-actions]: what is done along an axis, by whom, with which milestones and budget.

The programme's committee (role `steering`) proposes an action and writes its sheet anew until it adopts it. From then
on it decides on the budget, on who pilots it, and whether it is abandoned. The pilot, the organisation of that role,
plans and reaches milestones, records what is spent, and says when work begins, waits, goes on and is done; so may the
committee. Milestones and spending are told in any order, each on its own day.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Final, Self, get_args

from pydantic import Field, JsonValue

from contracts.indicators.action import (
    CATEGORY,
    AbandonmentReason,
    ActionAbandoned,
    ActionAdopted,
    ActionCorrection,
    ActionDone,
    ActionHeld,
    ActionProposed,
    ActionResumed,
    ActionRevised,
    ActionStarted,
    ActionStatus,
    BudgetChanged,
    DropReason,
    HoldReason,
    MilestoneAdded,
    MilestoneCorrected,
    MilestoneDropped,
    MilestoneReached,
    MilestoneReplanned,
    Partner,
    Pilot,
    PilotChanged,
    PlannedMilestone,
    SpendingCorrected,
    SpendingRecorded,
)
from contracts.model import Day, EnteredDay, Model
from contracts.roles import Role
from contracts.values import Axis, EnteredText, Euros, IndicatorName, Ordinal, ShortText, SomeEuros
from eventstore.decider import Command, Decider, State, tell
from eventstore.finding import Finding
from eventstore.refusal import Refusal
from indicators.target import of_catalogue

MOST_MILESTONES: Final = 40
"""Of one action: several times what a sheet says, so that its state and its events stay small."""
MOST_SPENDINGS: Final = 200
"""Of one action: one a week over four years."""

Partners = Annotated[tuple[Partner, ...], Field(max_length=len(get_args(Partner)))]
Indicators = Annotated[tuple[IndicatorName, ...], Field(max_length=20)]


_SHEET: Final[dict[str, JsonValue]] = {
    "axis": 1,
    "title": "Boucle d'eau de la ZI Limoise",
    "pilot": "epci",
    "partners": ["network", "company"],
    "planned_from": "2024-06-03",
    "planned_until": "2026-06-30",
    "budget": 450_000,
    "indicators": ["invested_productive"],
}


class Sheet(Model):
    """What the sheet of an action says, beside its milestones."""

    axis: Axis
    title: EnteredText
    pilot: Pilot
    partners: Partners = ()
    """Who else takes part."""
    planned_from: EnteredDay
    """The first day that it is planned for."""
    planned_until: EnteredDay
    """The last one."""
    budget: Euros
    indicators: Indicators = ()
    """The indicators of the catalogue that it is to move."""


class Propose(Sheet, Command, json_schema_extra={"examples": [_SHEET]}):
    """An action is proposed to the committee."""


class Revise(Sheet, Command, json_schema_extra={"examples": [_SHEET | {"budget": 480_000}]}):
    """The sheet of a proposed action is written anew."""


class Adopt(Command):
    """The committee adopts it as it is planned."""


class AddMilestone(Command):
    """A milestone more is planned."""

    title: Annotated[EnteredText, Field(examples=["Diagnostic des consommations remis"])]
    planned_on: EnteredDay


class ReplanMilestone(Command):
    """A milestone that is not reached yet is planned for another day."""

    milestone: Ordinal
    """Which of the action's milestones."""
    planned_on: Annotated[EnteredDay, Field(examples=["2024-09-30"])]


class ReachMilestone(Command):
    """A milestone was reached, on the day `on`."""

    milestone: Ordinal


class DropMilestone(Command):
    """A milestone that is not reached is given up."""

    milestone: Ordinal
    reason: DropReason


class CorrectMilestone(Command):
    """The day on which a milestone was reached was recorded wrongly, or it was not reached at all."""

    milestone: Ordinal
    reached_on: EnteredDay | None = None
    """The right day; unless it is given, the milestone was not reached."""
    reason: ActionCorrection


class RecordSpending(Command):
    """Money of the budget was spent, on the day `on`."""

    amount: Annotated[SomeEuros, Field(examples=[20_000])]


class CorrectSpending(
    Command, json_schema_extra={"examples": [{"spending": 1, "amount": 18_000, "reason": "typing_error"}]}
):
    """A spending was recorded wrongly. What is not given stays as it is."""

    spending: Ordinal
    """Which of the action's spendings."""
    amount: Euros | None = None
    """0 takes the spending back."""
    paid_on: EnteredDay | None = None
    reason: ActionCorrection


class ChangeBudget(Command):
    """The committee gives it more money, or less, but not less than is spent."""

    budget: Annotated[Euros, Field(examples=[500_000])]


class ChangePilot(Command):
    """Another organisation pilots it, or others take part."""

    pilot: Annotated[Pilot, Field(examples=["network"])]
    partners: Annotated[Partners, Field(examples=[["epci", "company"]])]


class Start(Command):
    """Work on it begins."""


class Hold(Command):
    """It waits for something."""

    reason: HoldReason


class Resume(Command):
    """It goes on."""


class Finish(Command):
    """It is done: each of its milestones is reached, or was dropped for a reason."""


class Abandon(Command):
    """The committee gives it up."""

    reason: AbandonmentReason


class Milestone(Model):
    """A day by which something is to be reached."""

    title: ShortText
    planned_on: Day
    reached_on: Day | None = None
    dropped_on: Day | None = None

    @property
    def over_on(self) -> Day | None:
        """The day since which it is not to be reached any more."""
        return self.reached_on or self.dropped_on


def late_from(planned_on: Day, adopted_on: Day | None) -> Day | None:
    """From when on a milestone is late unless it is reached: none of an action that is not adopted."""
    return None if adopted_on is None else max(planned_on + timedelta(days=1), adopted_on)


class Spending(Model):
    """What was spent at once. 0 where a correction took it back."""

    on: Day
    amount: Euros


class Action(State):
    """What is done along an axis of the programme. Milestones and spendings are known by their place, from 1 on."""

    axis: Axis
    title: ShortText
    pilot: Pilot
    partners: tuple[Partner, ...]
    planned_from: Day
    planned_until: Day
    status: ActionStatus
    reason: HoldReason | AbandonmentReason | None = None
    """Why it is on hold, or abandoned."""
    budget: Euros
    spent: Euros = 0
    """The total of its spendings."""
    spendings: tuple[Spending, ...] = ()
    milestones: tuple[Milestone, ...] = ()
    indicators: tuple[IndicatorName, ...]
    proposed_on: Day
    adopted_on: Day | None = None
    started_on: Day | None = None
    held_on: Day | None = None
    """The day since which it is on hold."""
    done_on: Day | None = None
    abandoned_on: Day | None = None

    def open_milestones(self, adopted_on: Day | None) -> tuple[PlannedMilestone, ...]:
        """Those that are still to be reached."""
        return tuple(
            PlannedMilestone(
                milestone=number,
                title=each.title,
                planned_on=each.planned_on,
                late_from=late_from(each.planned_on, adopted_on),
            )
            for number, each in enumerate(self.milestones, 1)
            if each.over_on is None
        )

    def with_milestone(self, number: int, **changes: object) -> tuple[Milestone, ...]:
        """Its milestones, once one is changed."""
        changed = self.milestones[number - 1].model_copy(update=changes)
        return *self.milestones[: number - 1], changed, *self.milestones[number:]

    def with_spending(self, number: int, spending: Spending) -> Self:
        """This action with one spending more, or with another one of that number."""
        spendings = (*self.spendings[: number - 1], spending, *self.spendings[number:])
        return self.model_copy(update={"spendings": spendings, "spent": sum(each.amount for each in spendings)})


GOES_ON = ("adopted", "in_progress", "on_hold")
PILOTS: Final[tuple[Role, ...]] = get_args(Pilot)
IN_CHARGE: Final[tuple[Role, ...]] = ("steering", *PILOTS)

PLAN_REVERSED = Refusal(
    "plan-reversed",
    "an action does not end, on {planned_until}, before it begins, on {planned_from}",
    "une action ne finit pas, le {planned_until}, avant de commencer, le {planned_from}",
    planned_from=Day,
    planned_until=Day,
)
TOO_MANY_MILESTONES = Refusal(
    "too-many-milestones",
    "an action has at most {most} milestones",
    "une action compte au plus {most} jalons",
    most=int,
)
MILESTONE_NOT_PLANNED = Refusal(
    "milestone-not-planned",
    "there is no milestone {milestone}: the action has {planned} of them",
    "il n'y a pas de jalon {milestone} : l'action en compte {planned}",
    milestone=Ordinal,
    planned=int,
)
MILESTONE_NOT_OPEN = Refusal(
    "milestone-not-open",
    "milestone {milestone} was reached or dropped",
    "le jalon {milestone} a été atteint ou abandonné",
    milestone=Ordinal,
)
MILESTONE_NOT_REACHED = Refusal(
    "milestone-not-reached",
    "milestone {milestone} is not reached",
    "le jalon {milestone} n'est pas atteint",
    milestone=Ordinal,
)
MILESTONES_OPEN = Refusal(
    "milestones-open",
    "an action is done once each of its milestones is reached or dropped, and {milestones} would not be",
    "une action est achevée quand chacun de ses jalons est atteint ou abandonné, ce qui ne serait pas le cas de "
    "{milestones}",
    milestones=tuple[Ordinal, ...],
)
BEFORE_ADOPTION = Refusal(
    "before-adoption",
    "{day} is before the action was adopted, on {adopted}",
    "le {day} précède l'adoption de l'action, du {adopted}",
    day=Day,
    adopted=Day,
)
AFTER_THE_END = Refusal(
    "after-the-end",
    "no milestone is reached or dropped on {day}, after the action ended, on {ended}",
    "aucun jalon n'est atteint ou abandonné le {day}, après la fin de l'action, le {ended}",
    day=Day,
    ended=Day,
)
AFTER_DECIDED = Refusal(
    "after-decided",
    "{day} is after the correction was decided, on {decided}",
    "le {day} suit la décision de rectifier, du {decided}",
    day=Day,
    decided=Day,
)
TOO_MANY_SPENDINGS = Refusal(
    "too-many-spendings",
    "an action has at most {most} spendings",
    "une action compte au plus {most} dépenses",
    most=int,
)
SPENDING_NOT_RECORDED = Refusal(
    "spending-not-recorded",
    "there is no spending {spending}: the action has {recorded} of them",
    "il n'y a pas de dépense {spending} : l'action en compte {recorded}",
    spending=Ordinal,
    recorded=int,
)
SPENT_ABOVE_BUDGET = Refusal(
    "spent-above-budget",
    "{spent} EUR spent would be above the budget, {budget} EUR",
    "{spent} EUR dépensés dépasseraient le budget, {budget} EUR",
    spent=Euros,
    budget=Euros,
)


def _may_plan(action: Action) -> bool:
    return len(action.milestones) < MOST_MILESTONES


def _is_expected(action: Action) -> bool:
    return any(each.over_on is None for each in action.milestones)


def _has_reached(action: Action) -> bool:
    return any(each.reached_on for each in action.milestones)


def _may_spend(action: Action) -> bool:
    return action.spent < action.budget and len(action.spendings) < MOST_SPENDINGS


def _has_spent(action: Action) -> bool:
    return bool(action.spendings)


actions = Decider(
    CATEGORY.name,
    Action,
    owned_by=dict.fromkeys(PILOTS, "pilot"),
    final=("done", "abandoned"),
    finding=Finding(
        found_by=("status", "axis", "pilot", "partners", "indicators"),
        sorted_by=("title", "budget", "planned_from", "planned_until"),
        searched_by=("title",),
    ),
)


@actions.creates(by="steering", to="proposed", day="proposed_on")
def propose(command: Propose) -> ActionProposed:
    _check_sheet(command)
    return tell(ActionProposed, command, **_once(command), status="proposed")


@actions.decides(
    by="steering",
    when="proposed",
    takes=("axis", "title", "pilot", "partners", "planned_from", "planned_until", "budget", "indicators"),
)
def revise(action: Action, command: Revise) -> ActionRevised | tuple[()]:
    _check_sheet(command)
    sheet = {**{name: getattr(command, name) for name in Sheet.model_fields}, **_once(command)}
    if all(getattr(action, name) == value for name, value in sheet.items()):
        return ()
    return tell(ActionRevised, command, action, **_once(command))


@actions.decides(by="steering", when="proposed", to="adopted", day="adopted_on")
def adopt(action: Action, command: Adopt) -> ActionAdopted:
    return tell(ActionAdopted, command, action, milestones=action.open_milestones(command.on), status="adopted")


@actions.decides(by=IN_CHARGE, when=("proposed", *GOES_ON), offered=_may_plan)
def add_milestone(action: Action, command: AddMilestone) -> MilestoneAdded:
    if len(action.milestones) >= MOST_MILESTONES:
        raise TOO_MANY_MILESTONES(most=MOST_MILESTONES)
    late = late_from(command.planned_on, action.adopted_on)
    return tell(MilestoneAdded, command, action, milestone=len(action.milestones) + 1, late_from=late)


@actions.decides(by=IN_CHARGE, when=("proposed", *GOES_ON), offered=_is_expected)
def replan_milestone(action: Action, command: ReplanMilestone) -> MilestoneReplanned | tuple[()]:
    milestone = _still_open(action, command.milestone)
    if command.planned_on == milestone.planned_on:
        return ()
    return tell(
        MilestoneReplanned,
        command,
        action,
        late_from=late_from(command.planned_on, action.adopted_on),
        planned_before=milestone.planned_on,
        late_before=late_from(milestone.planned_on, action.adopted_on),
    )


@actions.decides(by=IN_CHARGE, when=GOES_ON, offered=_is_expected)
def reach_milestone(action: Action, command: ReachMilestone) -> MilestoneReached:
    milestone = _still_open(action, command.milestone)
    _check_adopted(action, command.on)
    return tell(MilestoneReached, command, action, **_planning(action, milestone))


@actions.decides(by=IN_CHARGE, when=("proposed", *GOES_ON), offered=_is_expected)
def drop_milestone(action: Action, command: DropMilestone) -> MilestoneDropped:
    milestone = _still_open(action, command.milestone)
    return tell(MilestoneDropped, command, action, **_planning(action, milestone))


@actions.decides(by=IN_CHARGE, when=(*GOES_ON, "done"), offered=_has_reached)
def correct_milestone(action: Action, command: CorrectMilestone) -> MilestoneCorrected | tuple[()]:
    milestone = _planned(action, command.milestone)
    if milestone.reached_on is None:
        raise MILESTONE_NOT_REACHED(milestone=command.milestone)
    if command.reached_on == milestone.reached_on:
        return ()
    if command.reached_on is not None:
        _check_corrected(action, command.reached_on, command.on)
        if action.done_on is not None and command.reached_on > action.done_on:
            raise AFTER_THE_END(day=command.reached_on, ended=action.done_on)
    elif action.status == "done":
        raise MILESTONES_OPEN(milestones=(command.milestone,))
    before = milestone.reached_on
    return tell(MilestoneCorrected, command, action, reached_before=before, **_planning(action, milestone))


@actions.decides(by=IN_CHARGE, when=(*GOES_ON, "done"), offered=_may_spend)
def record_spending(action: Action, command: RecordSpending) -> SpendingRecorded:
    if len(action.spendings) >= MOST_SPENDINGS:
        raise TOO_MANY_SPENDINGS(most=MOST_SPENDINGS)
    _check_adopted(action, command.on)
    number = len(action.spendings) + 1
    spent = action.spent + command.amount
    _check_budget(spent, action.budget)
    return tell(SpendingRecorded, command, action, spending=number, spent=spent)


@actions.decides(by=IN_CHARGE, when=(*GOES_ON, "done", "abandoned"), offered=_has_spent)
def correct_spending(action: Action, command: CorrectSpending) -> SpendingCorrected | tuple[()]:
    if command.spending > len(action.spendings):
        raise SPENDING_NOT_RECORDED(spending=command.spending, recorded=len(action.spendings))
    before = action.spendings[command.spending - 1]
    right = Spending(
        on=command.paid_on or before.on, amount=before.amount if command.amount is None else command.amount
    )
    if right == before:
        return ()
    if right.on != before.on:
        _check_corrected(action, right.on, command.on)
    spent = action.with_spending(command.spending, right).spent
    _check_budget(spent, action.budget)
    return tell(
        SpendingCorrected,
        command,
        action,
        amount=right.amount,
        paid_on=right.on,
        amount_before=before.amount,
        paid_before=before.on,
        spent=spent,
    )


@actions.decides(by="steering", when=GOES_ON, takes=("budget",))
def change_budget(action: Action, command: ChangeBudget) -> BudgetChanged | tuple[()]:
    if command.budget == action.budget:
        return ()
    _check_budget(action.spent, command.budget)
    return tell(BudgetChanged, command, action)


@actions.decides(by="steering", when=GOES_ON, takes=("pilot", "partners"))
def change_pilot(action: Action, command: ChangePilot) -> PilotChanged | tuple[()]:
    partners = _partners(command.pilot, command.partners)
    if (command.pilot, partners) == (action.pilot, action.partners):
        return ()
    return tell(PilotChanged, command, action, partners=partners)


actions.steps(
    Start,
    ActionStarted,
    by=IN_CHARGE,
    when="adopted",
    to="in_progress",
    day="started_on",
    status="in_progress",
)
actions.steps(
    Hold,
    ActionHeld,
    by=IN_CHARGE,
    when="in_progress",
    to="on_hold",
    day="held_on",
    takes=("reason",),
    status="on_hold",
)
actions.steps(
    Resume,
    ActionResumed,
    by=IN_CHARGE,
    when="on_hold",
    to="in_progress",
    clears=("held_on", "reason"),
    status="in_progress",
)


@actions.decides(by=IN_CHARGE, when="in_progress", to="done", day="done_on")
def finish(action: Action, command: Finish) -> ActionDone:
    if still_open := action.open_milestones(action.adopted_on):
        raise MILESTONES_OPEN(milestones=tuple(each.milestone for each in still_open))
    _check_end(action, command.on)
    return tell(ActionDone, command, action, status="done")


@actions.decides(
    by="steering",
    when=("proposed", *GOES_ON),
    to="abandoned",
    day="abandoned_on",
    takes=("reason",),
    clears=("held_on",),
)
def abandon(action: Action, command: Abandon) -> ActionAbandoned:
    _check_end(action, command.on)
    milestones = action.open_milestones(action.adopted_on)
    return tell(ActionAbandoned, command, action, milestones=milestones, status="abandoned")


def _check_sheet(sheet: Sheet) -> None:
    if sheet.planned_until < sheet.planned_from:
        raise PLAN_REVERSED(planned_from=sheet.planned_from, planned_until=sheet.planned_until)
    for name in sheet.indicators:
        of_catalogue(name)


def _once(sheet: Sheet) -> dict[str, tuple[str, ...]]:
    """What a sheet lists, with each named once."""
    return {
        "partners": _partners(sheet.pilot, sheet.partners),
        "indicators": tuple(dict.fromkeys(sheet.indicators)),
    }


def _partners(pilot: str, partners: Sequence[str]) -> tuple[str, ...]:
    """Each once, and without the pilot."""
    return tuple(each for each in dict.fromkeys(partners) if each != pilot)


def _planned(action: Action, number: int) -> Milestone:
    if number > len(action.milestones):
        raise MILESTONE_NOT_PLANNED(milestone=number, planned=len(action.milestones))
    return action.milestones[number - 1]


def _still_open(action: Action, number: int) -> Milestone:
    milestone = _planned(action, number)
    if milestone.over_on:
        raise MILESTONE_NOT_OPEN(milestone=number)
    return milestone


def _planning(action: Action, milestone: Milestone) -> dict[str, Day | None]:
    """What the events of a milestone say of its plan."""
    planned_on = milestone.planned_on
    return {"planned_on": planned_on, "late_from": late_from(planned_on, action.adopted_on)}


def _check_adopted(action: Action, day: Day) -> None:
    """Nothing is reached or spent before the committee has adopted the action. Raises Rejected."""
    if action.adopted_on is not None and day < action.adopted_on:
        raise BEFORE_ADOPTION(day=day, adopted=action.adopted_on)


def _check_corrected(action: Action, day: Day, decided: Day) -> None:
    _check_adopted(action, day)
    if day > decided:
        raise AFTER_DECIDED(day=day, decided=decided)


def _check_budget(spent: int, budget: int) -> None:
    if spent > budget:
        raise SPENT_ABOVE_BUDGET(spent=spent, budget=budget)


def _check_end(action: Action, day: Day) -> None:
    """No milestone was reached or dropped after an action ends. Raises Rejected."""
    latest = max((each.over_on for each in action.milestones if each.over_on), default=day)
    if latest > day:
        raise AFTER_THE_END(day=latest, ended=day)


@actions.evolves
def _(action: Action, event: MilestoneAdded) -> Action:
    milestone = Milestone(title=event.title, planned_on=event.planned_on)
    return action.after(event, milestones=(*action.milestones, milestone))


@actions.evolves
def _(action: Action, event: MilestoneReplanned) -> Action:
    return action.after(event, milestones=action.with_milestone(event.milestone, planned_on=event.planned_on))


@actions.evolves
def _(action: Action, event: MilestoneReached) -> Action:
    return action.after(event, milestones=action.with_milestone(event.milestone, reached_on=event.effective_on))


@actions.evolves
def _(action: Action, event: MilestoneDropped) -> Action:
    return action.after(event, milestones=action.with_milestone(event.milestone, dropped_on=event.effective_on))


@actions.evolves
def _(action: Action, event: MilestoneCorrected) -> Action:
    return action.after(event, milestones=action.with_milestone(event.milestone, reached_on=event.reached_on))


@actions.evolves
def _(action: Action, event: SpendingRecorded) -> Action:
    spending = Spending(on=event.effective_on, amount=event.amount)
    return action.after(event, spendings=(*action.spendings, spending), spent=event.spent)


@actions.evolves
def _(action: Action, event: SpendingCorrected) -> Action:
    corrected = action.with_spending(event.spending, Spending(on=event.paid_on, amount=event.amount))
    return action.after(event, spendings=corrected.spendings, spent=corrected.spent)
