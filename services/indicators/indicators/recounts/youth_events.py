"""Young people in companies: an offer counts by the places it has in the end, a placement if it is still agreed to."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Final

from indicators.recounts.counting import Computed, Distinct, Flow, Happened, Recounts, Share, Stream, ratio


def _offered(stream: Stream) -> Iterator[Share]:
    places = taken = 0
    for event in stream:
        places, taken = event.data["places"], event.data.get("taken", taken)
    withdrawn = any(event.type == "OfferWithdrawn" for event in stream)
    yield Share(_monday(stream[0]), stream[0].data, Decimal(taken if withdrawn else places))


def _placed(stream: Stream) -> Iterator[Share]:
    told = {event.type for event in stream}
    if "PlacementApproved" in told and "PlacementCancelled" not in told:
        yield Share(_monday(stream[0]), stream[0].data, Decimal(1))


def _monday(event: Happened) -> date:
    year, week = event.data["week"].split("-W")
    return date.fromisocalendar(int(year), int(week), 1)


RECOUNTS: Final[Recounts] = {
    "places_offered": Flow("offer", _offered),
    "placements": Flow("placement", _placed),
    "placement_fill_rate": Computed(
        ("places_offered", "placements"), lambda offered, placed: ratio(placed, offered, "0.0001")
    ),
    "host_companies": Distinct("placement", _placed),
    "host_rate": Computed(("members", "host_companies"), lambda members, hosts: ratio(hosts, members, "0.0001")),
}
