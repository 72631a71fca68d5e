"""Actions: each sheet is replayed as it stands in the end, and every milestone is late between two days of it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from indicators.recounts.counting import Flow, Held, Recounts, Share, Stock, Stream, held


@dataclass
class Milestone:
    """A milestone as it stands."""

    planned: date
    since: date | None
    """The day from which it counts; None before its action is adopted."""
    reached: date | None = None
    dropped: date | None = None


@dataclass
class Sheet:
    """An action as it stands."""

    milestones: dict[int, Milestone] = field(default_factory=dict)
    spent: dict[int, tuple[date, Decimal]] = field(default_factory=dict)
    states: list[Share] = field(default_factory=list)
    budgets: list[Share] = field(default_factory=list)
    adopted: date | None = None
    abandoned: date | None = None
    told: Mapping[str, Any] = field(default_factory=dict)
    """What its latest event says."""

    @classmethod
    def replayed(cls, stream: Stream) -> "Sheet":
        """The action that a stream tells."""
        sheet = cls()
        for event in stream:
            sheet.told = {**event.data, "action": event.stream}
            sheet.replay(event.type, sheet.told, event.day())
        return sheet

    def replay(self, kind: str, told: Mapping[str, Any], on: date) -> None:
        """What an event changes."""
        if kind.startswith("Action"):
            self.states.append(Share(on, told, Decimal(1)))
        match kind:
            case "ActionAdopted":
                self.adopted = on
                for each in self.milestones.values():
                    each.since = on
                self.budgets.append(Share(on, told, Decimal(told["budget"])))
            case "BudgetChanged":
                self.budgets.append(Share(on, told, Decimal(told["budget"])))
            case "ActionAbandoned":
                self.abandoned = on
                self.budgets.append(Share(on, told, Decimal(0)))
            case "SpendingRecorded":
                self.spent[told["spending"]] = on, Decimal(told["amount"])
            case "SpendingCorrected":
                self.spent[told["spending"]] = date.fromisoformat(told["paid_on"]), Decimal(told["amount"])
            case "MilestoneAdded":
                since = on if self.adopted else None
                self.milestones[told["milestone"]] = Milestone(date.fromisoformat(told["planned_on"]), since)
            case "MilestoneReplanned":
                self.milestones[told["milestone"]].planned = date.fromisoformat(told["planned_on"])
            case "MilestoneReached":
                self.milestones[told["milestone"]].reached = on
            case "MilestoneCorrected":
                right = told["reached_on"]
                self.milestones[told["milestone"]].reached = date.fromisoformat(right) if right else None
            case "MilestoneDropped" if told["status"] == "proposed":
                del self.milestones[told["milestone"]]
            case "MilestoneDropped":
                self.milestones[told["milestone"]].dropped = on

    @property
    def milestones_that_count(self) -> Iterator[tuple[Milestone, date, date | None]]:
        """Those of an adopted action, each with the day from which it counts, and that from which nobody waits for it
        any more."""
        for each in self.milestones.values():
            if each.since:
                yield each, each.since, each.reached or each.dropped or self.abandoned


def _states(stream: Stream) -> Iterator[Held]:
    return held(Sheet.replayed(stream).states)


def _budget(stream: Stream) -> Iterator[Held]:
    return held(Sheet.replayed(stream).budgets)


def _spent(stream: Stream) -> Iterator[Share]:
    sheet = Sheet.replayed(stream)
    for on, amount in sheet.spent.values():
        yield Share(on, sheet.told, amount)


def _planned(stream: Stream) -> Iterator[Share]:
    sheet = Sheet.replayed(stream)
    for each, since, over in sheet.milestones_that_count:
        yield Share(since, sheet.told, Decimal(1))
        if over and not each.reached:
            yield Share(over, sheet.told, Decimal(-1))


def _reached(stream: Stream) -> Iterator[Share]:
    sheet = Sheet.replayed(stream)
    for each, _, _ in sheet.milestones_that_count:
        if each.reached:
            yield Share(each.reached, sheet.told, Decimal(1))


def _late(stream: Stream) -> Iterator[Share]:
    sheet = Sheet.replayed(stream)
    for each, _, over in sheet.milestones_that_count:
        assert sheet.adopted  # Or none would count.
        late = max(each.planned + timedelta(days=1), sheet.adopted)
        yield Share(late, sheet.told, Decimal(1))
        if over:
            yield Share(max(late, over), sheet.told, Decimal(-1))


RECOUNTS: Final[Recounts] = {
    "actions": Stock("action", _states, contributor="action"),
    "action_milestones_planned": Flow("action", _planned, contributor="action"),
    "action_milestones_reached": Flow("action", _reached, contributor="action"),
    "action_milestones_late": Flow("action", _late, contributor="action"),
    "action_budget": Stock("action", _budget, contributor="action"),
    "action_spent": Flow("action", _spent, contributor="action"),
}
