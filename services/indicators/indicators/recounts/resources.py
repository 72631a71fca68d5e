"""What companies consume: each meter is replayed to what it has shown in the end, and looked at day by day."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Final

from indicators.recounts.counting import Computed, Flow, Held, Recounts, Share, Stream, Weekly, ratio

ONE_DAY: Final = timedelta(days=1)


class Meter:
    """A meter as it has been read in the end."""

    def __init__(self, events: Stream) -> None:
        self.told = {**events[0].data, "resource": events[0].data["kind"]}
        self.installed = events[0].day()
        self.removed: date | None = None
        self.shown: dict[date, tuple[int, int]] = {}
        """The index at the end of a day, and the one that it went on from."""
        self.looked_at = set[date]()
        """The last days of the months, and of periods, that were ever told of."""
        for event in events:
            data, day = event.data, event.day()
            match event.type:
                case "MeterInstalled" | "ReadingRecorded":
                    self.shown[day] = data["index"], data["index"]
                case "MeterReplaced":
                    last, _ = self.shown.get(day, (data["index"], None))
                    self.shown[day] = last, data["restarts_at"]
                case "MeterRemoved":
                    self.removed = day
                    self.shown.setdefault(day, (data["index"], data["index"]))
                case "ReadingCorrected":
                    del self.shown[event.day("read_before")]
                    onwards = data["index"] if data["restarts_at"] is None else data["restarts_at"]
                    self.shown[event.day("read_on")] = data["index"], onwards
                case "ReadingDiscarded":
                    del self.shown[event.day("read_on")]
            for period in (*data.get("periods_before", ()), *data.get("periods", ())):
                first, last = date.fromisoformat(period["first"]), date.fromisoformat(period["last"])
                self.looked_at |= {day for day, _ in _ends(first, last)}

    def counted(self, of: Callable[[int, int], int]) -> Iterator[Share]:
        """What is made of the consumption and the days of each period, parted by days; nothing on a day that was told
        of once and is no more."""
        for day in self.looked_at:
            yield Share(day, self.told, Decimal(0))
        for (before, (_, onwards)), (last, (index, _)) in pairwise(sorted(self.shown.items())):
            first = self.installed if before == self.installed else before + ONE_DAY
            days = (last - first).days + 1
            whole, counted = of(index - onwards, days), 0
            for day, number in _ends(first, last):
                share = whole * number // days - counted
                yield Share(day, self.told, Decimal(share))
                counted += share

    def in_service(self) -> Iterator[Held]:
        """From its installation until the day after its removal."""
        yield Held(self.installed, self.removed and self.removed + ONE_DAY, self.told, Decimal(7))


def _ends(first: date, last: date) -> Iterator[tuple[date, int]]:
    """Of a period the last days in each month, with which of its days they are."""
    for number in range(1, (last - first).days + 2):
        day = first + (number - 1) * ONE_DAY
        if day == last or (day + ONE_DAY).day == 1:
            yield day, number


def _consumed(kind: str) -> Flow:
    def counts(stream: Stream) -> Iterator[Share]:
        if stream[0].data["kind"] == kind:
            yield from Meter(stream).counted(lambda consumption, _: consumption)

    return Flow("meter", counts, unknown=True)


def _per_fte(name: str) -> Computed:
    return Computed((name, "headcount_mean"), lambda consumed, staff: ratio(consumed, staff, "0.01"))


RECOUNTS: Final[Recounts] = {
    "water": _consumed("water"),
    "electricity": _consumed("electricity"),
    "gas": _consumed("gas"),
    "water_per_fte": _per_fte("water"),
    "electricity_per_fte": _per_fte("electricity"),
    "gas_per_fte": _per_fte("gas"),
    "metered_days": Weekly("meter", lambda stream: Meter(stream).in_service()),
    "read_days": Flow("meter", lambda stream: Meter(stream).counted(lambda _, days: days)),
    "reading_coverage": Computed(("metered_days", "read_days"), lambda metered, read: ratio(read, metered, "0.0001")),
}
