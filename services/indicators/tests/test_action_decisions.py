"""What the programme's committee and the pilot of an action may do with it, and when."""

from dataclasses import replace
from datetime import date
from typing import Any, get_args

import pytest

from contracts import Event, Role
from contracts.indicators.action import (
    ActionAbandoned,
    ActionAdopted,
    ActionDone,
    ActionHeld,
    ActionProposed,
    ActionResumed,
    ActionRevised,
    ActionStarted,
    BudgetChanged,
    MilestoneAdded,
    MilestoneCorrected,
    MilestoneDropped,
    MilestoneReached,
    MilestoneReplanned,
    Pilot,
    PilotChanged,
    PlannedMilestone,
    SpendingCorrected,
    SpendingRecorded,
)
from eventstore.decider import Actor, Command
from eventstore.refusal import Forbidden
from eventstore.specification import Specification
from indicators.action import (
    MOST_MILESTONES,
    MOST_SPENDINGS,
    Abandon,
    Action,
    AddMilestone,
    Adopt,
    ChangeBudget,
    ChangePilot,
    CorrectMilestone,
    CorrectSpending,
    DropMilestone,
    Finish,
    Hold,
    Milestone,
    Propose,
    ReachMilestone,
    RecordSpending,
    ReplanMilestone,
    Resume,
    Revise,
    Spending,
    Start,
    actions,
)

TODAY = date(2026, 6, 1)
given = Specification(actions, today=TODAY)


def day(month: int, day_of_month: int = 1, year: int = 2024) -> date:
    return date(year, month, day_of_month)


SHEET: dict[str, Any] = {
    "axis": 1,
    "title": "Boucle d'eau de la ZI Limoise",
    "pilot": "epci",
    "partners": ("network", "company"),
    "planned_from": day(3),
    "planned_until": day(12, 31, 2025),
    "budget": 450_000,
    "indicators": ("members",),
}
OF: dict[str, Any] = {"axis": 1, "pilot": "epci", "budget": 450_000}
REPORT, WORKS = "Diagnostic remis", "Travaux réceptionnés"

proposed = ActionProposed(**SHEET, status="proposed", effective_on=day(1, 15))
report = MilestoneAdded(
    **OF, status="proposed", milestone=1, title=REPORT, planned_on=day(6), late_from=None, effective_on=day(1, 15)
)
works = MilestoneAdded(
    **OF,
    status="proposed",
    milestone=2,
    title=WORKS,
    planned_on=day(6, year=2025),
    late_from=None,
    effective_on=day(1, 16),
)
FIRST: dict[str, Any] = {"milestone": 1, "planned_on": day(6), "late_from": day(6, 2)}
SECOND: dict[str, Any] = {"milestone": 2, "planned_on": day(6, year=2025), "late_from": day(6, 2, 2025)}
adopted = ActionAdopted(
    **OF,
    status="adopted",
    planned_from=day(3),
    planned_until=day(12, 31, 2025),
    milestones=(
        PlannedMilestone(**FIRST, title=REPORT),
        PlannedMilestone(**SECOND, title=WORKS),
    ),
    effective_on=day(2),
)
started = ActionStarted(**OF, status="in_progress", planned_from=day(3), effective_on=day(3))
held = ActionHeld(**OF, status="on_hold", reason="permit", effective_on=day(4))
reached = MilestoneReached(**OF, **FIRST, status="in_progress", effective_on=day(7, 10))
dropped = MilestoneDropped(**OF, **SECOND, status="in_progress", reason="not_needed", effective_on=day(9, year=2025))
spent = SpendingRecorded(**OF, status="in_progress", spending=1, amount=20_000, spent=20_000, effective_on=day(5))
done = ActionDone(**OF, status="done", planned_until=day(12, 31, 2025), spent=20_000, effective_on=day(1, 31, 2026))
abandoned = ActionAbandoned(
    **OF, status="abandoned", reason="financing", status_before="proposed", spent=0, milestones=(), effective_on=day(2)
)

PLANNED: tuple[Event, ...] = (proposed, report, works)
WORKING: tuple[Event, ...] = (*PLANNED, adopted, started, reached, spent)
PASTS: dict[str, tuple[Event, ...]] = {
    "proposed": PLANNED,
    "adopted": (*PLANNED, adopted),
    "in_progress": WORKING,
    "on_hold": (*WORKING, held),
    "done": (*WORKING, dropped, done),
    "abandoned": (*PLANNED, abandoned),
}


# The sheet


def test_an_action_is_proposed_with_its_sheet() -> None:
    given().when(Propose(**SHEET, on=day(1, 15))).then(proposed)
    given().when(Propose(**SHEET, on=day(1, 15))).then_state(
        status="proposed", proposed_on=day(1, 15), spent=0, milestones=(), budget=450_000
    )


def test_a_sheet_names_each_once_and_the_pilot_is_no_partner() -> None:
    listed: dict[str, Any] = {
        "partners": ("company", "epci", "company", "school"),
        "indicators": ("headcount", "members", "headcount"),
    }
    once = {"partners": ("company", "school"), "indicators": ("headcount", "members")}
    given().when(Propose(**{**SHEET, **listed})).then_state(**once)
    given(proposed).when(Revise(**{**SHEET, **listed})).then_state(**once)
    given(*PASTS["adopted"]).when(ChangePilot(pilot="epci", partners=listed["partners"])).then_state(
        partners=("company", "school")
    )


@pytest.mark.parametrize(
    ("changes", "slug"),
    [
        ({"planned_until": day(2, 29)}, "plan-reversed"),
        ({"indicators": ("members", "happiness")}, "indicator-unknown"),
    ],
)
def test_a_sheet_that_makes_no_sense_is_refused(changes: dict[str, Any], slug: str) -> None:
    given().when(Propose(**{**SHEET, **changes})).rejected(slug)
    given(proposed).when(Revise(**{**SHEET, **changes})).rejected(slug)


def test_a_proposed_action_is_written_anew() -> None:
    sheet = {**SHEET, "axis": 2, "pilot": "network", "partners": (), "budget": 300_000}
    revised = ActionRevised(
        **sheet,
        status="proposed",
        axis_before=1,
        pilot_before="epci",
        budget_before=450_000,
        effective_on=day(1, 20),
    )
    given(proposed).when(Revise(**sheet, on=day(1, 20))).then(revised)
    given(*PLANNED).when(Revise(**sheet)).then_state(
        axis=2, pilot="network", partners=(), budget=300_000, status="proposed"
    )
    given(proposed, revised).when(Revise(**sheet)).then()


def test_it_is_adopted_with_the_milestones_that_are_planned() -> None:
    given(*PLANNED).when(Adopt(on=day(2))).then(adopted)
    given(*PLANNED).when(Adopt(on=day(2))).then_state(status="adopted", adopted_on=day(2))
    without = MilestoneDropped(
        **{**OF, **FIRST, "late_from": None}, status="proposed", reason="replaced", effective_on=day(1, 17)
    )
    given(*PLANNED, without).when(Adopt(on=day(2))).then(
        adopted.model_copy(update={"milestones": adopted.milestones[1:]})
    )


def test_a_milestone_of_the_past_is_late_from_the_adoption_on() -> None:
    long_ago = report.model_copy(update={"planned_on": day(1, 2)})
    decided = given(proposed, long_ago).when(Adopt(on=day(2)))
    (event,) = decided.events
    assert isinstance(event, ActionAdopted)
    assert [each.late_from for each in event.milestones] == [day(2)]


# Its course


def test_it_begins_waits_goes_on_and_is_done() -> None:
    given(*PASTS["adopted"]).when(Start(on=day(3))).then(started)
    given(*PASTS["adopted"]).when(Start(on=day(3))).then_state(status="in_progress", started_on=day(3))
    given(*WORKING).when(Hold(reason="permit", on=day(4))).then(held)
    given(*WORKING).when(Hold(reason="permit", on=day(4))).then_state(status="on_hold", reason="permit", held_on=day(4))
    resumed = ActionResumed(**OF, status="in_progress", effective_on=day(5))
    given(*WORKING, held).when(Resume(on=day(5))).then(resumed)
    given(*WORKING, held).when(Resume(on=day(5))).then_state(status="in_progress", reason=None, held_on=None)
    given(*WORKING, held, resumed, dropped).when(Finish(on=day(1, 31, 2026))).then(done)
    given(*WORKING, dropped).when(Finish(on=day(1, 31, 2026))).then_state(status="done", done_on=day(1, 31, 2026))


def test_it_is_not_done_while_a_milestone_is_open() -> None:
    given(*WORKING).when(Finish()).rejected("milestones-open")
    given(*WORKING, dropped).when(Finish()).then_state(status="done")
    given(proposed, adopted.model_copy(update={"milestones": ()}), started).when(Finish()).then_state(status="done")


def test_it_is_abandoned_with_the_milestones_that_nobody_expects_any_more() -> None:
    given(*WORKING, held).when(Abandon(reason="financing", on=day(9))).then(
        ActionAbandoned(
            **OF,
            status="abandoned",
            reason="financing",
            status_before="on_hold",
            spent=20_000,
            milestones=(PlannedMilestone(**SECOND, title=WORKS),),
            effective_on=day(9),
        )
    )
    given(*WORKING, held).when(Abandon(reason="financing", on=day(9))).then_state(
        status="abandoned", reason="financing", abandoned_on=day(9), held_on=None, spent=20_000
    )


def test_it_does_not_end_before_a_milestone_was_reached_or_dropped() -> None:
    for past, before in ((WORKING, day(7, 9)), ((*WORKING, dropped), day(8, 31, 2025))):
        given(*past).when(Abandon(reason="other", on=before)).rejected("after-the-end")
    given(*WORKING, dropped).when(Finish(on=day(8, 31, 2025))).rejected("after-the-end")
    given(*WORKING, dropped).when(Finish(on=day(9, 1, 2025))).then_state(done_on=day(9, 1, 2025))


# Milestones


def test_milestones_are_added_until_it_ends() -> None:
    given(proposed).when(AddMilestone(title=REPORT, planned_on=day(6), on=day(1, 15))).then(report)
    more = AddMilestone(title="Bilan", planned_on=day(6, 30, 2026), on=day(10))
    given(*WORKING).when(more).then(
        MilestoneAdded(
            **OF,
            status="in_progress",
            milestone=3,
            title="Bilan",
            planned_on=day(6, 30, 2026),
            late_from=day(7, 1, 2026),
            effective_on=day(10),
        )
    )
    state = given(*WORKING).state
    assert state
    full = state.model_copy(update={"milestones": state.milestones[:1] * MOST_MILESTONES})
    assert "add-milestone" not in actions.allowed(full, Actor("c", frozenset({"steering"})))
    replace(given(*WORKING), state=full).when(more).rejected("too-many-milestones")


def test_a_milestone_that_is_open_is_replanned() -> None:
    later = ReplanMilestone(milestone=2, planned_on=day(9, year=2025), on=day(5, year=2025))
    given(*WORKING).when(later).then(
        MilestoneReplanned(
            **OF,
            status="in_progress",
            milestone=2,
            planned_before=day(6, year=2025),
            late_before=day(6, 2, 2025),
            planned_on=day(9, year=2025),
            late_from=day(9, 2, 2025),
            effective_on=day(5, year=2025),
        )
    )
    given(*WORKING).when(later).then_state(
        milestones=(
            Milestone(title=REPORT, planned_on=day(6), reached_on=day(7, 10)),
            Milestone(title=WORKS, planned_on=day(9, year=2025)),
        )
    )
    given(*WORKING).when(ReplanMilestone(milestone=2, planned_on=day(6, year=2025))).then()


def test_a_milestone_is_reached_on_its_own_day_whatever_was_told_before() -> None:
    reach = ReachMilestone(milestone=1, on=day(2, 10))
    early = MilestoneReached(**OF, **FIRST, status="on_hold", effective_on=day(2, 10))
    past = (*PLANNED, adopted, started, held)
    given(*past).when(reach).then(early)
    given(*past).when(reach).then_state(status="on_hold", effective_on=day(4))
    given(*past, early).when(Resume(on=day(4, 2))).then_state(status="in_progress")
    given(*past).when(ReachMilestone(milestone=1, on=day(1, 31))).rejected("before-adoption")
    given(*past).when(ReachMilestone(milestone=1, on=date(2026, 6, 2))).rejected("on-in-the-future")


def test_a_milestone_is_dropped_for_a_reason() -> None:
    given(*WORKING).when(DropMilestone(milestone=2, reason="not_needed", on=day(9, year=2025))).then(dropped)
    state = given(*WORKING, dropped).state
    assert state
    assert state.milestones[1].dropped_on == day(9, year=2025)
    assert state.open_milestones(state.adopted_on) == ()


@pytest.mark.parametrize(
    ("milestone", "slug"), [(1, "milestone-not-open"), (2, "milestone-not-open"), (3, "milestone-not-planned")]
)
def test_only_a_milestone_that_is_open_is_replanned_reached_or_dropped(milestone: int, slug: str) -> None:
    commands: tuple[Command, ...] = (
        ReplanMilestone(milestone=milestone, planned_on=day(9)),
        ReachMilestone(milestone=milestone),
        DropMilestone(milestone=milestone, reason="other"),
    )
    for command in commands:
        given(*WORKING, dropped).when(command).rejected(slug)


def test_the_day_of_a_milestone_is_corrected() -> None:
    correct = CorrectMilestone(milestone=1, reached_on=day(5, 30), reason="late_document", on=day(8))
    corrected = MilestoneCorrected(
        **OF,
        **FIRST,
        status="in_progress",
        reached_before=day(7, 10),
        reached_on=day(5, 30),
        reason="late_document",
        effective_on=day(8),
    )
    given(*WORKING).when(correct).then(corrected)
    given(*WORKING, corrected).when(correct).then()
    given(*PASTS["done"]).when(correct).then_state(status="done")
    state = given(*WORKING, corrected).state
    assert state
    assert state.milestones[0].reached_on == day(5, 30)


def test_a_milestone_that_was_not_reached_is_open_again() -> None:
    undone = CorrectMilestone(milestone=1, reason="typing_error")
    still_open = tuple(Milestone(title=each.title, planned_on=each.planned_on) for each in adopted.milestones)
    given(*WORKING).when(undone).then_state(status="in_progress", milestones=still_open)
    given(*PASTS["done"]).when(undone).rejected("milestones-open")


@pytest.mark.parametrize(
    ("past", "changes", "slug"),
    [
        ("in_progress", {"milestone": 2}, "milestone-not-reached"),
        ("in_progress", {"milestone": 3}, "milestone-not-planned"),
        ("in_progress", {"reached_on": day(1, 31)}, "before-adoption"),
        ("in_progress", {"reached_on": day(8, 2), "on": day(8)}, "after-decided"),
        ("done", {"milestone": 2}, "milestone-not-reached"),
        ("done", {"reached_on": day(2, 1, 2026)}, "after-the-end"),
    ],
)
def test_a_milestone_is_corrected_to_what_may_be(past: str, changes: dict[str, Any], slug: str) -> None:
    correct = {"milestone": 1, "reached_on": day(5, 30), "reason": "other", **changes}
    given(*PASTS[past]).when(CorrectMilestone(**correct)).rejected(slug)


# Money


def test_spending_is_recorded_on_its_own_day_and_within_the_budget() -> None:
    given(*PLANNED, adopted, started, reached).when(RecordSpending(amount=20_000, on=day(5))).then(spent)
    late = RecordSpending(amount=430_000, on=day(2))
    given(*PASTS["done"]).when(late).then(
        SpendingRecorded(**OF, status="done", spending=2, amount=430_000, spent=450_000, effective_on=day(2))
    )
    given(*PASTS["done"]).when(late).then_state(
        spent=450_000,
        spendings=(Spending(on=day(5), amount=20_000), Spending(on=day(2), amount=430_000)),
        effective_on=day(1, 31, 2026),
    )
    given(*WORKING).when(RecordSpending(amount=430_001)).rejected("spent-above-budget")
    given(*WORKING).when(RecordSpending(amount=1, on=day(1, 31))).rejected("before-adoption")


def test_an_action_has_so_many_spendings() -> None:
    state = given(*WORKING).state
    assert state
    spendings = (Spending(on=day(5), amount=1),) * MOST_SPENDINGS
    full = state.model_copy(update={"spendings": spendings, "spent": MOST_SPENDINGS})
    assert "record-spending" not in actions.allowed(full, Actor("c", frozenset({"steering"})))
    replace(given(*WORKING), state=full).when(RecordSpending(amount=1)).rejected("too-many-spendings")


def test_spending_is_corrected_by_its_number() -> None:
    correct = CorrectSpending(spending=1, amount=18_000, paid_on=day(5, 2), reason="typing_error", on=day(8))
    corrected = SpendingCorrected(
        **OF,
        status="in_progress",
        spending=1,
        amount_before=20_000,
        amount=18_000,
        paid_before=day(5),
        paid_on=day(5, 2),
        spent=18_000,
        reason="typing_error",
        effective_on=day(8),
    )
    given(*WORKING).when(correct).then(corrected)
    given(*WORKING).when(correct).then_state(spent=18_000, spendings=(Spending(on=day(5, 2), amount=18_000),))
    given(*WORKING, corrected).when(correct).then()
    taken_back = given(*PASTS["done"]).when(CorrectSpending(spending=1, amount=0, reason="other"))
    taken_back.then_state(spent=0, spendings=(Spending(on=day(5), amount=0),))
    ended = given(*WORKING, abandoned.model_copy(update={"effective_on": day(9)}))
    ended.when(correct).then_state(status="abandoned", spent=18_000)


@pytest.mark.parametrize(
    ("changes", "slug"),
    [
        ({"spending": 2}, "spending-not-recorded"),
        ({"amount": 450_001}, "spent-above-budget"),
        ({"paid_on": day(1, 31)}, "before-adoption"),
        ({"paid_on": day(8, 2), "on": day(8)}, "after-decided"),
    ],
)
def test_spending_is_corrected_to_what_may_be(changes: dict[str, Any], slug: str) -> None:
    given(*WORKING).when(CorrectSpending(**{"spending": 1, "reason": "other", **changes})).rejected(slug)


def test_the_budget_covers_what_is_spent() -> None:
    changed = BudgetChanged(
        axis=1,
        pilot="epci",
        status="in_progress",
        budget_before=450_000,
        budget=20_000,
        spent=20_000,
        effective_on=day(9),
    )
    given(*WORKING).when(ChangeBudget(budget=20_000, on=day(9))).then(changed)
    given(*WORKING).when(ChangeBudget(budget=20_000, on=day(9))).then_state(budget=20_000, status="in_progress")
    given(*WORKING).when(ChangeBudget(budget=450_000)).then()
    given(*WORKING).when(ChangeBudget(budget=19_999)).rejected("spent-above-budget")


# Who


def test_another_pilot_is_named_with_the_partners() -> None:
    change = ChangePilot(pilot="network", partners=("epci",), on=day(9))
    changed = PilotChanged(
        axis=1,
        pilot_before="epci",
        pilot="network",
        partners=("epci",),
        status="in_progress",
        budget=450_000,
        effective_on=day(9),
    )
    given(*WORKING).when(change).then(changed)
    given(*WORKING).when(change).then_state(pilot="network", partners=("epci",))
    given(*WORKING, changed).when(change).then()


COMMITTEE = {"revise", "adopt", "change-budget", "change-pilot", "abandon"}
"""What the pilot does not decide."""


@pytest.mark.parametrize("role", get_args(Role))
@pytest.mark.parametrize("status", PASTS)
def test_the_committee_decides_and_so_does_the_pilot_on_what_is_his(role: Role, status: str) -> None:
    state = given(*PASTS[status]).state
    assert state
    everything = actions.allowed(state, Actor("c", frozenset({"steering"})))
    may = {"steering": {*everything}, "epci": {*everything} - COMMITTEE}.get(role, set())
    actor = Actor("c", frozenset({role}), {role: "00000001800010"})
    assert {*actions.allowed(state, actor)} == may
    for decision in actions.decisions.values():
        if decision.name in everything and decision.name not in may:
            with pytest.raises(Forbidden) as refused:
                actions.authorise(decision, state, actor)
            named = role in get_args(Pilot) and decision.name not in COMMITTEE
            assert refused.value.slug == ("not-your-record" if named else "role-missing")


# In which state

OVER = {"done": "action-done", "abandoned": "action-abandoned"}
NOT_ADOPTED = dict.fromkeys(("proposed", "done", "abandoned"), "action-not-adopted")


def only(status: str) -> dict[str, str]:
    """What it is refused for in every other status."""
    return {other: f"action-not-{status}".replace("_", "-") for other in PASTS if other != status}


COMMANDS: list[tuple[Command, dict[str, str]]] = [
    (Revise(**SHEET), only("proposed")),
    (Adopt(), only("proposed")),
    (AddMilestone(title="Bilan", planned_on=day(6)), OVER),
    (ReplanMilestone(milestone=2, planned_on=day(7)), OVER),
    (ReachMilestone(milestone=2), NOT_ADOPTED),
    (DropMilestone(milestone=2, reason="other"), OVER),
    (
        CorrectMilestone(milestone=1, reached_on=day(7), reason="other"),
        {"proposed": "action-proposed", "adopted": "milestone-not-reached", "abandoned": "action-abandoned"},
    ),
    (RecordSpending(amount=5), {"proposed": "action-proposed", "abandoned": "action-abandoned"}),
    (
        CorrectSpending(spending=1, amount=5, reason="other"),
        {
            "proposed": "action-proposed",
            "adopted": "spending-not-recorded",
            "abandoned": "spending-not-recorded",
        },
    ),
    (ChangeBudget(budget=500_000), NOT_ADOPTED),
    (ChangePilot(pilot="network", partners=()), NOT_ADOPTED),
    (Start(), only("adopted")),
    (Hold(reason="staff"), only("in_progress")),
    (Resume(), only("on_hold")),
    (Finish(), {**only("in_progress"), "in_progress": "milestones-open"}),
    (Abandon(reason="partner"), OVER),
]


@pytest.mark.parametrize("status", PASTS)
@pytest.mark.parametrize(("command", "refused"), COMMANDS, ids=lambda value: type(value).__name__)
def test_each_command_is_for_its_states(status: str, command: Command, refused: dict[str, str]) -> None:
    decided = given(*PASTS[status]).when(command)
    if status in refused:
        decided.rejected(refused[status])
    else:
        assert decided.refusal is None


def test_every_status_and_every_command_is_tried() -> None:
    assert [*PASTS] == [*get_args(Action.model_fields["status"].annotation)]
    assert {Propose, *(type(command) for command, _ in COMMANDS)} == actions.decisions.keys()
    actions.check()
