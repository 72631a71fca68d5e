"""The platform: a booking counts by the slot it has in the end, and a machine by its hours from each event on."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Final

from contracts.model import PARIS
from indicators.recounts.counting import (
    Computed,
    Distinct,
    Flow,
    Happened,
    Held,
    Recounts,
    Share,
    Stream,
    Weekly,
    held,
    ratio,
)


def _booked(stream: Stream) -> Iterator[Share]:
    approved: Happened | None = None
    for event in stream:
        if event.type == "BookingApproved":
            approved = event
        elif event.type in ("BookingCancelled", "BookingDisplaced", "BookingPutBack"):
            approved = None
    if approved:
        starts = datetime.fromisoformat(approved.data["starts"]).astimezone(PARIS)
        yield Share(starts.date(), approved.data, Decimal(approved.data["hours"]))


def _open(stream: Stream) -> Iterator[Held]:
    in_service = False
    moments = []
    for event in stream:
        if event.type in ("EquipmentEnteredService", "MaintenanceEnded"):
            in_service = True
        elif event.type in ("MaintenanceBegan", "EquipmentRetired"):
            in_service = False
        week = len(event.data["weekdays"]) * (event.data["closes"] - event.data["opens"])
        moments.append(Share(event.day(), event.data, Decimal(week * in_service)))
    return held(moments)


RECOUNTS: Final[Recounts] = {
    "platform_hours_booked": Flow("booking", _booked),
    "platform_companies": Distinct("booking", _booked),
    "platform_open_hours": Weekly("equipment", _open, contributor="equipment"),
    "platform_use": Computed(
        ("platform_open_hours", "platform_hours_booked"), lambda opened, booked: ratio(booked, opened, "0.0001")
    ),
}
