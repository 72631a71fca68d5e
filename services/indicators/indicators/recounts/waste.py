"""Waste: a movement counts by what was weighed and how it was treated in the end; a day once told of is known."""

from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from typing import Final

from indicators.recounts.counting import Computed, Flow, Recounts, Share, Stream, ratio


class Movement:
    """A movement as it stands in the end."""

    def __init__(self, events: Stream) -> None:
        self.told = events[0].data
        self.weighed: dict[str, Decimal] = {}
        self.sent_on: date | None = None
        self.processed_on: date | None = None
        self.sent_days, self.treated_days = set[date](), set[date]()
        """The days on which it was ever told to leave, and to have a final treatment."""
        self.refused = self.is_final = False
        self.treatment = ""
        self.mode: str | None = None
        for event in events:
            data = event.data
            match event.type:
                case "MovementRevised":
                    self.told = data
                case "WasteSent":
                    self.sent_on, self.weighed["sent"] = event.day(), Decimal(data["tonnes_sent"])
                case "WasteReceived":
                    self.weighed["received"] = Decimal(data["tonnes_received"])
                case "WasteRefused":
                    self.refused = True
                case "WasteProcessed":
                    self.processed_on, self.weighed["processed"] = event.day(), Decimal(data["tonnes_processed"])
                case "WasteTonnesCorrected":
                    self.weighed[data["weighing"]] = Decimal(data["tonnes"])
                case "WasteDayCorrected":
                    self.sent_on = event.day("sent_on")
                    self.processed_on = event.day("processed_on") if data["processed_on"] else None
            if event.type in ("WasteProcessed", "WasteTreatmentCorrected"):
                self.treatment, self.mode = data["treatment"], data["mode"]
                self.is_final = data["is_final"]
            if self.sent_on:
                self.sent_days.add(self.sent_on)
            if self.processed_on and self.is_final:
                self.treated_days.add(self.processed_on)

    def left(self) -> Iterator[Share]:
        """What left its producer, and did not come back."""
        for day in self.sent_days:
            counts = day == self.sent_on and not self.refused
            yield Share(day, self.told, self.weighed.get("received", self.weighed["sent"]) if counts else Decimal(0))

    def hazardous(self) -> Iterator[Share]:
        """The same of hazardous waste."""
        for share in self.left():
            yield Share(share.on, share.told, share.value if self.told["waste"].endswith("*") else Decimal(0))

    def treated(self, counts: Callable[["Movement"], bool]) -> Iterator[Share]:
        """What had a final treatment of this kind."""
        for day in self.treated_days:
            is_one = day == self.processed_on and self.mode is not None and counts(self)
            yield Share(day, self.told, self.weighed["processed"] if is_one else Decimal(0))


def _flow(counts: Callable[[Movement], Iterator[Share]]) -> Flow:
    return Flow("waste-movement", lambda stream: counts(Movement(stream)), unknown=True)


def _treated(counts: Callable[[Movement], bool]) -> Flow:
    return _flow(lambda movement: movement.treated(counts))


def _share(part: Decimal, whole: Decimal) -> Decimal | None:
    return ratio(part, whole, "0.0001")


RECOUNTS: Final[Recounts] = {
    "waste_produced": _flow(Movement.left),
    "waste_hazardous": _flow(Movement.hazardous),
    "waste_treated": _treated(lambda _: True),
    "waste_recovered": _treated(lambda movement: movement.treatment.startswith("R")),
    "waste_material_recovered": _treated(
        lambda movement: movement.treatment.startswith("R") and movement.treatment != "R1"
    ),
    "recovery_rate": Computed(("waste_recovered", "waste_treated"), _share),
    "material_recovery_rate": Computed(("waste_material_recovered", "waste_treated"), _share),
    "hazardous_share": Computed(("waste_hazardous", "waste_produced"), _share),
}
