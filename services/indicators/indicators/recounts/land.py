"""Plots and units: each is replayed as what it was, and how large, from which day on; corrections rewrite that."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Final

from indicators.recounts.counting import (
    Computed,
    Distinct,
    Happened,
    Held,
    Recounts,
    Share,
    Stock,
    Stream,
    held,
    ratio,
)

BECOMES: Final = {
    "PlotRegistered": "reserve",
    "PlotServicingBegan": "servicing",
    "PlotPutOnMarket": "on_market",
    "PlotOptioned": "optioned",
    "PlotOptionLapsed": "on_market",
    "PlotOptionGivenUp": "on_market",
    "PlotPromised": "promised",
    "PlotPromiseEnded": "on_market",
    "PlotSold": "sold",
    "PlotBuilt": "built",
    "UnitRegistered": "available",
    "UnitReserved": "reserved",
    "UnitReservationLapsed": "available",
    "UnitReservationGivenUp": "available",
    "UnitLet": "let",
    "UnitNoticeGiven": "notice",
    "UnitWorksBegan": "works",
    "UnitWorksEnded": "available",
}
"""What each event makes of a plot or a unit. The end of a lease makes of it what the notice said."""


@dataclass
class Deal:
    """A sale, or a lease."""

    on: date
    company: str
    origin: str


@dataclass
class Land:
    """A plot or a unit, as it stands in the end."""

    told: Mapping[str, Any]
    statuses: list[tuple[date, str]] = field(default_factory=list)
    areas: list[tuple[date, Decimal]] = field(default_factory=list)
    deals: list[Deal] = field(default_factory=list)
    works_follow: bool = False

    def replay(self, event: Happened) -> None:
        """What the event changes."""
        match event.type:
            case "PlotAreaCorrected" | "UnitAreaCorrected":
                since = event.day("since")
                self.areas = [each for each in self.areas if each[0] < since]
                self.areas.append((since, Decimal(event.data["area"])))
            case "PlotSaleCorrected":
                self._put_right(event, "sold", "sold_on")
            case "UnitLeaseCorrected":
                self._put_right(event, "let", "begun_on")
            case "PlotSold" | "UnitLet":
                self.deals.append(Deal(event.day(), event.data["company"], event.data["origin"]))
            case "PlotRegistered" | "UnitRegistered":
                self.areas.append((event.day(), Decimal(event.data["area"])))
            case "UnitNoticeGiven" | "UnitNoticeCorrected":
                self.works_follow = event.data["works_follow"]
        if event.type == "UnitLeaseEnded":
            self.statuses.append((event.day(), "works" if self.works_follow else "available"))
        elif event.type in BECOMES:
            self.statuses.append((event.day(), BECOMES[event.type]))

    def _put_right(self, event: Happened, status: str, day: str) -> None:
        """Of two events of a correction, the one of whom it was says all."""
        if event.data["origin"] is None:
            return
        self.deals[-1] = Deal(event.day(day), event.data["company"], event.data["origin"])
        place = max(n for n, each in enumerate(self.statuses) if each[1] == status)
        self.statuses[place] = (event.day(day), status)

    def days(self) -> Iterator[tuple[date, str, Decimal]]:
        """From which days on it was what, and how large."""
        for day in sorted({day for day, *_ in (*self.statuses, *self.areas)}):
            (status,) = [each for since, each in self.statuses if since <= day][-1:]
            (area,) = [each for since, each in self.areas if since <= day][-1:]
            yield day, status, area


def _replayed(stream: Stream) -> Land:
    land = Land(stream[0].data)
    for event in stream:
        land.replay(event)
    return land


def _stock(category: str, size: Callable[[str, Decimal], Decimal]) -> Stock:
    """What a plot or a unit comes to on each day, by what it is and how large."""

    def count(stream: Stream) -> Iterator[Held]:
        land = _replayed(stream)
        return held(
            Share(day, {**land.told, "plot_status": status}, size(status, area)) for day, status, area in land.days()
        )

    return Stock(category, count, contributor=category)


def _where(*statuses: str) -> Callable[[str, Decimal], Decimal]:
    return lambda status, area: area if status in statuses else Decimal(0)


def _settled(stream: Stream) -> Iterator[Share]:
    land = _replayed(stream)
    for deal in land.deals:
        if deal.origin != "on_territory":
            yield Share(deal.on, {**land.told, "company": deal.company}, Decimal(1))


RECOUNTS: Final[Recounts] = {
    "available_land": _stock("plot", _where("on_market")),
    "plots": _stock("plot", lambda _status, _area: Decimal(1)),
    "lettable_area": _stock("unit", _where("available", "reserved", "let", "notice")),
    "let_area": _stock("unit", _where("let", "notice")),
    "vacancy_rate": Computed(
        ("lettable_area", "let_area"), lambda lettable, let: ratio(lettable - let, lettable, "0.0001")
    ),
    "companies_settled": Distinct(("plot", "unit"), _settled),
}
