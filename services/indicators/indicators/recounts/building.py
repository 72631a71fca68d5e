"""Rehabilitations: each is replayed to its end, corrections made in place, and says what held from which day on."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from indicators.recounts.counting import Computed, Happened, Held, Recounts, Share, Stock, Stream, held, ratio

_NOTHING: Final = Decimal(0)


@dataclass
class Milestone:
    """One to be reached: by when, and since when that was planned."""

    planned_on: date
    expected_since: date
    spells: list[tuple[date, date]] = field(default_factory=list)
    """When it was late by plans that do not hold any more."""
    over_on: date | None = None
    told: bool = False
    """Whether it is known to be late as long as it is not over."""

    @property
    def late_from(self) -> date:
        """From when on it is late."""
        return max(self.planned_on + timedelta(days=1), self.expected_since)

    def late(self) -> Iterator[tuple[date, date | None]]:
        """From which days until which it is late."""
        yield from self.spells
        if self.over_on is not None:
            if self.over_on > self.late_from:
                yield self.late_from, self.over_on
        elif self.told:
            yield self.late_from, None


class Rehabilitation:
    """A rehabilitation as it stands in the end."""

    def __init__(self, events: Stream) -> None:
        first = events[0]
        self.told: Mapping[str, Any] = {**first.data, "rehabilitation": first.stream}
        self.area = first.data["floor_area"]
        self.lines: list[tuple[Mapping[str, Any], list[tuple[date, int]]]] = []
        self.commitments: list[tuple[Mapping[str, Any], list[tuple[date, int]]]] = []
        self.payments: list[tuple[Mapping[str, Any], date, int]] = []
        self.situations: list[tuple[Mapping[str, Any], date, int]] = []
        self.milestones: list[Milestone] = []
        self.energy: dict[int, int] = {}
        self.looked_at: dict[str, list[Share]] = defaultdict(list)
        """Days that something was told of, by what it was: what is told once stays known, if only for no day."""
        for event in events:
            self.replay(event, event.data)

    def replay(self, event: Happened, data: Mapping[str, Any]) -> None:
        """What the event changes."""
        match event.type:
            case "BudgetLineSet":
                self.lines.append((self._of(data), [(event.day(), data["line_budget"])]))
            case "BudgetLineRevised":
                self.lines[data["line"] - 1][1].append((event.day(), data["line_budget"]))
            case "BudgetLineCorrected":
                self.lines[data["line"] - 1][1][-1] = (event.day("since"), data["line_budget"])
            case "CommitmentMade":
                self.commitments.append((self._of(data), [(event.day(), data["amount"])]))
            case "CommitmentCorrected":
                self.commitments[data["commitment"] - 1][1][0] = (event.day("committed_on"), data["amount"])
                self._look_at("committed", data, event.day("committed_before"))
            case "CommitmentReleased":
                self.commitments[data["commitment"] - 1][1].append((event.day(), data["amount"]))
            case "CommitmentPaid":
                self.payments.append((self._of(data), event.day(), data["amount"]))
            case "CommitmentPaymentCorrected":
                self.payments[data["payment"] - 1] = (self._of(data), event.day("paid_on"), data["amount"])
                self._look_at("paid", data, event.day("paid_before"))
            case "WorksAccepted":
                self.situations.append((self._of(data), event.day(), data["amount"]))
            case "WorksAcceptedCorrected":
                self.situations[data["situation"] - 1] = (self._of(data), event.day("accepted_on"), data["amount"])
                self._look_at("accepted", data, event.day("accepted_before"))
            case "BuildingAreaCorrected":
                self.area = data["floor_area"]
            case "BuildingEnergyRead" | "BuildingEnergyCorrected":
                self._look_at("energy", data, date(data["year"], 12, 31))
                self.energy[data["year"]] = data["kwh"]
                if data["kwh"] is None:
                    del self.energy[data["year"]]
            case "RehabilitationAbandoned":
                for _, budgets in self.lines:
                    budgets.append((event.day(), 0))
                for milestone in self.milestones:
                    milestone.over_on = milestone.over_on or event.day()
        if event.type.startswith("BuildingMilestone"):
            self._replay_milestone(event, data)

    def _replay_milestone(self, event: Happened, data: Mapping[str, Any]) -> None:
        if event.type == "BuildingMilestoneAdded":
            self.milestones.append(Milestone(event.day("planned_on"), event.day()))
            return
        milestone = self.milestones[data["milestone"] - 1]
        match event.type:
            case "BuildingMilestoneReplanned":
                milestone.over_on = event.day()
                milestone.spells = [(since, until) for since, until in milestone.late() if until]
                milestone.planned_on, milestone.over_on, milestone.told = event.day("planned_on"), None, False
                milestone.expected_since = max(milestone.expected_since, event.day())
            case "BuildingMilestoneLate":
                milestone.told = True
            case "BuildingMilestoneReached" | "BuildingMilestoneDropped":
                milestone.over_on = event.day()
            case "BuildingMilestoneCorrected":
                milestone.over_on = event.day("reached_on") if data["reached_on"] else None
                milestone.told = milestone.over_on is None and milestone.late_from <= event.day()
        for spell in (data["late_before"], data["late"]):
            if spell:
                self.looked_at["late"].append(Share(date.fromisoformat(spell["since"]), self.told, _NOTHING))

    def _of(self, data: Mapping[str, Any]) -> Mapping[str, Any]:
        return {**self.told, "funder": data["funder"], "purpose": data["purpose"]}

    def _look_at(self, what: str, data: Mapping[str, Any], on: date) -> None:
        told = self._of(data) if "funder" in data else self.told
        self.looked_at[what].append(Share(on, told, _NOTHING))

    def _looked_at(self, what: str) -> Iterator[Held]:
        return (Held(each.on, None, each.told, each.value) for each in self.looked_at[what])

    def budget(self, *, works_only: bool) -> Iterator[Held]:
        """Each line, as it was decided."""
        for told, budgets in self.lines:
            if told["purpose"] == "works" or not works_only:
                yield from held(Share(on, told, Decimal(budget)) for on, budget in budgets)

    def committed(self) -> Iterator[Held]:
        """Each commitment, until what is left of it is freed."""
        yield from self._looked_at("committed")
        for told, amounts in self.commitments:
            yield from held(Share(on, told, Decimal(amount)) for on, amount in amounts)

    def paid(self) -> Iterator[Held]:
        """Each payment."""
        yield from self._looked_at("paid")
        yield from (Held(on, None, told, Decimal(amount)) for told, on, amount in self.payments)

    def accepted(self) -> Iterator[Held]:
        """Each statement of works."""
        yield from self._looked_at("accepted")
        yield from (Held(on, None, told, Decimal(amount)) for told, on, amount in self.situations)

    def late(self) -> Iterator[Held]:
        """Each milestone, while it is late."""
        yield from self._looked_at("late")
        for milestone in self.milestones:
            yield from (Held(since, until, self.told, Decimal(1)) for since, until in milestone.late())

    def consumed(self) -> Iterator[Held]:
        """What it consumes a year, from the end of each year that is known on."""
        yield from self._looked_at("energy")
        yield from held(Share(date(year, 12, 31), self.told, Decimal(kwh)) for year, kwh in self.energy.items())

    def read(self) -> Iterator[Held]:
        """Its floor area, from the end of the first year that is known on."""
        yield from self._looked_at("energy")
        if self.energy:
            yield Held(date(min(self.energy), 12, 31), None, self.told, Decimal(self.area))


def _stock(counts: Callable[[Rehabilitation], Iterator[Held]], *, unknown: bool = False) -> Stock:
    return Stock(
        "rehabilitation",
        lambda stream: counts(Rehabilitation(stream)),
        contributor="rehabilitation",
        unknown=unknown,
    )


RECOUNTS: Final[Recounts] = {
    "rehabilitation_budget": _stock(lambda one: one.budget(works_only=False)),
    "works_budget": _stock(lambda one: one.budget(works_only=True)),
    "works_accepted": _stock(Rehabilitation.accepted),
    "works_progress": Computed(
        ("works_accepted", "works_budget"), lambda accepted, budget: ratio(accepted, budget, "0.0001")
    ),
    "budget_committed": _stock(Rehabilitation.committed),
    "budget_paid": _stock(Rehabilitation.paid),
    "milestones_late": _stock(Rehabilitation.late),
    "building_energy": _stock(Rehabilitation.consumed, unknown=True),
    "energy_area": _stock(Rehabilitation.read, unknown=True),
    "energy_per_m2": Computed(("building_energy", "energy_area"), lambda energy, area: ratio(energy, area, "0.01")),
}
