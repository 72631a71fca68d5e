"""Skills: a campaign counts for what it published, and a need is replayed as what it is for and who was certified for
it, from which follows whom it lacks and when it was covered."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Final

from indicators.recounts.counting import Computed, Flow, Happened, Held, Recounts, Share, Stock, Stream, ratio

Figures = Mapping[str, Any]


def _published(numbers: Callable[[Figures], Iterable[tuple[str | None, float | None]]]) -> Flow:
    """Numbers that a campaign published, each of a trade or of none."""

    def counts(stream: Stream) -> Iterator[Share]:
        for event in stream:
            if event.type == "SkillsCampaignPublished":
                for rome, number in numbers(event.data["figures"]):
                    if number is not None:
                        yield Share(event.day("reference_on"), {**event.data, "rome": rome}, Decimal(str(number)))

    return Flow("skills-campaign", counts, contributor="skills_campaign", unknown=True)


def _campaign(figure: str, number: str) -> Flow:
    return _published(lambda figures: [(None, figures[figure][number])])


def _by_trade(years: str) -> Flow:
    return _published(lambda figures: [(each["rome"], each[years]) for each in figures["needs"]])


@dataclass
class Need:
    """A need at one moment."""

    told: Mapping[str, Any]
    certified: dict[str, date] = field(default_factory=dict)
    qualified_on: date | None = None
    status: str = "open"

    def replay(self, event: Happened) -> None:
        """What the event changes."""
        self.told = {**event.data, "qualification_level": event.data["level"]}
        match event.type:
            case "SkillNeedQualified":
                self.qualified_on = event.day()
            case "SkillNeedCovered":
                self.certified[event.data["enrolment"]] = event.day("certified_on")
                # Told late that it was covered in time, it is as any that is covered.
                self.status = "open" if self.covered_on else self.status
            case "SkillNeedUncovered":
                del self.certified[event.data["enrolment"]]
            case "SkillNeedWithdrawn" if event.data["reason"] == "entered_by_mistake":
                self.status = "mistaken"
            case "SkillNeedWithdrawn":
                self.status = "withdrawn"
            case "SkillNeedExpired":
                self.status = "expired"

    @property
    def in_time(self) -> list[date]:
        """When whom was certified before the people were needed."""
        needed_by = date.fromisoformat(self.told["needed_by"])
        return sorted(day for day in self.certified.values() if day <= needed_by)

    @property
    def lacks(self) -> Decimal:
        """How many persons."""
        if self.qualified_on is None or self.status != "open":
            return Decimal(0)
        return Decimal(max(0, self.told["persons"] - len(self.in_time)))

    @property
    def covered_on(self) -> date | None:
        """When the last of as many persons as it is for was certified."""
        persons: int = self.told["persons"]
        return self.in_time[persons - 1] if len(self.in_time) >= persons else None


def _lacking(stream: Stream) -> Iterator[Held]:
    """What each event changes, from its day on: what others tell of a need comes in any order."""
    need = Need(stream[0].data)
    for event in stream:
        before, lacked, was_qualified = need.told, need.lacks, need.qualified_on is not None
        need.replay(event)
        if was_qualified:
            yield Held(event.day(), None, before, -lacked)
        if need.qualified_on is not None:
            yield Held(event.day(), None, need.told, need.lacks)


def _replayed(stream: Stream) -> Need:
    need = Need(stream[0].data)
    for event in stream:
        need.replay(event)
    return need


def _qualified(stream: Stream) -> Iterator[Share]:
    need = _replayed(stream)
    if need.qualified_on and need.status != "mistaken":
        yield Share(need.qualified_on, need.told, Decimal(1))


def _covered(stream: Stream) -> Iterator[Share]:
    need = _replayed(stream)
    on, began = need.covered_on, need.qualified_on
    if on and began and (on.year - 1, on.month, on.day) <= (began.year, began.month, began.day):
        yield Share(began, need.told, Decimal(1))


RECOUNTS: Final[Recounts] = {
    "campaign_companies": _campaign("headcount", "n"),
    "campaign_headcount": _campaign("headcount", "value"),
    "retirements_5y": _campaign("retirements_5y", "value"),
    "aged_persons": _campaign("senior_share", "whole"),
    "aged_seniors": _campaign("senior_share", "part"),
    "senior_share": Computed(("aged_persons", "aged_seniors"), lambda told, seniors: ratio(seniors, told, "0.0001")),
    "trade_persons": _campaign("tension_share", "whole"),
    "tension_persons": _campaign("tension_share", "part"),
    "tension_share": Computed(
        ("trade_persons", "tension_persons"), lambda told, in_tension: ratio(in_tension, told, "0.0001")
    ),
    "trade_needs_1y": _by_trade("in_1_year"),
    "trade_needs_3y": _by_trade("in_3_years"),
    "trade_needs_5y": _by_trade("in_5_years"),
    "skill_needs_open": Stock("skill-need", _lacking),
    "skill_gap": Computed(("skill_needs_open", "seats_open"), lambda lacking, seats: lacking - seats),
    "skill_needs_qualified": Flow("skill-need", _qualified),
    "skill_needs_covered": Flow("skill-need", _covered),
    "skill_needs_covered_rate": Computed(
        ("skill_needs_qualified", "skill_needs_covered"), lambda qualified, covered: ratio(covered, qualified, "0.0001")
    ),
}
