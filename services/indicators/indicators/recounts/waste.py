"""Waste: a movement counts by what was weighed and how it was treated in the end; what was told once is known."""

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
        self.refused = self.was_final = False
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
            if event.type in ("WasteProcessed", "WasteTreatmentCorrected"):
                self.treatment, self.mode = data["treatment"], data["mode"]
                self.was_final = self.was_final or data["is_final"]

    def left(self) -> Iterator[Share]:
        """What left its producer, and did not come back."""
        if self.sent_on:
            tonnes = self.weighed.get("received", self.weighed["sent"])
            yield Share(self.sent_on, self.told, Decimal(0) if self.refused else tonnes)

    def hazardous(self) -> Iterator[Share]:
        """The same of hazardous waste."""
        for share in self.left():
            yield Share(share.on, share.told, share.value if self.told["waste"].endswith("*") else Decimal(0))

    def treated(self, counts: Callable[["Movement"], bool]) -> Iterator[Share]:
        """What had a final treatment of this kind."""
        if self.processed_on and self.was_final:
            is_one = self.mode is not None and counts(self)
            yield Share(self.processed_on, self.told, self.weighed["processed"] if is_one else Decimal(0))


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
