"""What a rehabilitation is made of: phases, milestones, lines of a budget, contracts, years of energy."""

from datetime import timedelta

from contracts.model import Day, Model
from contracts.training.rehabilitation import BuildingFunder, DelayReason, Lot, Phase, Purpose, Spell
from contracts.values import CalendarYear, Consumption, Euros, Ordinal, Reference, ShortText, Siret


class PhaseDays(Model):
    """When a phase is to begin, and when it began. Those before the one it was registered in have no days."""

    phase: Phase
    first_planned_on: Day | None = None
    """As it was planned for the first time."""
    planned_on: Day | None = None
    begun_on: Day | None = None


class Suspension(Model):
    """Days on which it waited, or waits."""

    phase: Phase
    reason: DelayReason
    since: Day
    until: Day | None = None


class Milestone(Model):
    """A day by which something is to be reached."""

    title: ShortText
    first_planned_on: Day
    planned_on: Day
    expected_since: Day
    """The day on which it was planned so: before, nobody could be late for it."""
    late: Spell | None = None
    """When it is late, or was, by its present plan."""
    reached_on: Day | None = None
    dropped_on: Day | None = None

    @property
    def over_on(self) -> Day | None:
        """The day since which it is not to be reached any more."""
        return self.reached_on or self.dropped_on

    @property
    def late_from(self) -> Day:
        """From when on it is late unless it is reached."""
        return max(self.planned_on + timedelta(days=1), self.expected_since)

    def late_until(self, over_on: Day) -> Spell | None:
        """When it was late, if it is over on that day."""
        return Spell(since=self.late_from, until=over_on) if over_on > self.late_from else None


class Line(Model):
    """A line of the budget, known by its place, from 1 on."""

    purpose: Purpose
    funder: BuildingFunder
    budget: Euros
    since: Day
    """The day on which that was decided."""
    estimate: Euros | None = None
    """What it will have cost in the end, where that is not its budget."""
    committed: Euros = 0
    paid: Euros = 0
    accepted: Euros = 0

    @property
    def forecast(self) -> int:
        """What it will have cost in the end: what is committed, and what is still to be, up to its estimate or else its
        budget."""
        return max(self.committed, self.budget if self.estimate is None else self.estimate)


class Commitment(Model):
    """A contract or an order, known by its place, from 1 on. 0 where a correction took it back."""

    line: Ordinal
    reference: Reference
    lot: Lot | None
    supplier: Siret | None
    on: Day
    amount: Euros
    paid: Euros = 0
    accepted: Euros = 0
    released_on: Day | None = None


class Part(Model):
    """What was paid of a commitment at once, or done of it. 0 where a correction took it back."""

    commitment: Ordinal
    on: Day
    amount: Euros


class YearOfEnergy(Model):
    """What the building consumed in a year."""

    year: CalendarYear
    kwh: Consumption
