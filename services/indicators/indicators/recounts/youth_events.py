"""Young people and companies: an event counts once it was held, a class by who came of it as was said last, an offer by
the places it has in the end, a placement if it is still agreed to, an immersion by what it came to, and by signatures
that no edit made void."""

from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from typing import Final

from indicators.recounts.counting import Computed, Distinct, Flow, Happened, Quantile, Recounts, Share, Stream, ratio


def _held(stream: Stream) -> Iterator[Share]:
    for event in stream:
        if event.type == "EventHeld":
            told = {**event.data, "event": event.stream, "event_kind": event.data["kind"]}
            yield Share(event.day("day"), told, Decimal(1))


def _came(stream: Stream) -> Iterator[Share]:
    said = [event for event in stream if event.type in ("ClassAttended", "ClassAttendanceCorrected")]
    if said and (attendance := said[-1].data["attendance"]):
        for gender in ("girls", "boys", "untold"):
            told = {**said[-1].data, "event_kind": said[-1].data["kind"], "gender": gender}
            if pupils := attendance[gender]:
                yield Share(said[-1].day("day"), told, Decimal(pupils))


def _took_part(stream: Stream) -> Iterator[Share]:
    there: dict[str, Happened] = {}
    for event in stream:
        if event.type == "CompanyTookPart" or event.data.get("took_part"):
            there[event.data["company"]] = event
        elif event.type == "CompanyPartCorrected":
            del there[event.data["company"]]
    for event in there.values():
        yield Share(event.day("day"), {**event.data, "event_kind": event.data["kind"]}, Decimal(1))


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


def _each(kind: str, value: str = "") -> Callable[[Stream], Iterator[Share]]:
    """Those that such an event tells of, as far as it says that this is so."""

    def counts(stream: Stream) -> Iterator[Share]:
        for event in stream:
            if event.type == kind and (not value or event.data[value]):
                yield Share(event.day(), event.data, Decimal(1))

    return counts


def _signed(stream: Stream) -> Iterator[Share]:
    edits = [place for place, event in enumerate(stream) if event.type == "ImmersionAmended"]
    for event in stream[edits[-1] if edits else 0 :]:
        if event.type == "ImmersionSigned" and event.data["complete"]:
            yield Share(event.day(), event.data, Decimal((event.day() - event.day("prepared_on")).days))


def _monday(event: Happened) -> date:
    year, week = event.data["week"].split("-W")
    return date.fromisocalendar(int(year), int(week), 1)


RECOUNTS: Final[Recounts] = {
    "events_held": Flow("event", _held, contributor="event"),
    "pupils_reached": Flow("class-booking", _came, contributor="school"),
    "companies_taking_part": Distinct("event", _took_part),
    "places_offered": Flow("offer", _offered),
    "placements": Flow("placement", _placed),
    "placement_fill_rate": Computed(
        ("places_offered", "placements"), lambda offered, placed: ratio(placed, offered, "0.0001")
    ),
    "host_companies": Distinct("placement", _placed),
    "host_rate": Computed(("members", "host_companies"), lambda members, hosts: ratio(hosts, members, "0.0001")),
    "immersions": Flow("immersion", _each("ImmersionStarted")),
    "immersions_assessed": Flow("immersion", _each("ImmersionAssessed")),
    "immersions_to_jobs": Flow("immersion", _each("ImmersionAssessed", "job_obtained")),
    "immersion_to_contract_rate": Computed(
        ("immersions_assessed", "immersions_to_jobs"), lambda assessed, to_jobs: ratio(to_jobs, assessed, "0.0001")
    ),
    "days_to_signature": Quantile("immersion", _signed),
}
