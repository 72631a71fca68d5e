"""A canteen, its guests and a survey, as the tests of decisions and of the API tell them."""

from datetime import date, datetime, timedelta
from typing import Any, Final

from contracts.mobility.service_reservation import (
    ReservationBooked,
    ReservationMissed,
    ReservationMovedUp,
    ReservationQueued,
    ReservationServed,
)
from contracts.mobility.shared_service import ServiceSlot, SharedServiceAnnounced, SharedServiceOpened
from contracts.model import PARIS
from contracts.personal import Personal
from contracts.values import sample_siret
from eventstore.decider import Claim
from mobility.service_reservation import (
    GUEST_HAS_ASKED,
    SLOT_FULL,
    SLOT_WAITED_FOR,
    SUBSIDY_EXHAUSTED,
    Book,
    Guest,
)
from mobility.shared_service import SharedService, shared_services

CODE: Final = "cantine-limoise"
COMPANY: Final = sample_siret(1)
TODAY: Final = date(2024, 5, 13)
"""A Monday."""
TUESDAY: Final = date(2024, 5, 14)
DOMINIQUE: Final = "0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d"
GUEST: Final = Guest(family_name="Exemple", given_name="Dominique", email="convive@example.org")
SLOT: Final[dict[str, Any]] = {
    "weekdays": ("monday", "tuesday", "thursday"),
    "starts": "12:00",
    "ends": "12:45",
    "places": 40,
}
TERMS: Final[dict[str, Any]] = {"slots": (ServiceSlot(**SLOT),), "price_cents": 950, "subsidy_cap_cents": 8_000}


def of_service(status: str = "open", **changes: Any) -> dict[str, Any]:
    """What events of the canteen have in common."""
    told = {
        "shared_service": CODE,
        "kind": "canteen",
        "commune": "36088",
        "zone": "zi-limoise",
        "status": status,
        "weekly_places": 120 if status == "open" else 0,
        "effective_on": date(2024, 3, 4),
    }
    return told | changes


ANNOUNCED: Final = SharedServiceAnnounced(
    **of_service("announced"), name="Restaurant de la ZI", place="Hall 3", **TERMS
)
OPENED: Final = SharedServiceOpened(**of_service("open", effective_on=date(2024, 4, 2)))


def canteen(**changes: Any) -> SharedService:
    """The canteen as it is open."""
    service = shared_services.fold([ANNOUNCED, OPENED])
    assert service is not None
    return service.model_copy(update=changes)


def of_reservation(**changes: Any) -> dict[str, Any]:
    """What events of a reservation have in common."""
    told = {
        "shared_service": CODE,
        "kind": "canteen",
        "commune": "36088",
        "zone": "zi-limoise",
        "company": COMPANY,
        "guest": DOMINIQUE,
        "day": TUESDAY,
        "starts": "12:00",
        "ends": "12:45",
        "price_cents": 950,
        "subsidy_cents": 400,
        "effective_on": TODAY,
    }
    return told | changes


AT_THE_SLOT: Final = datetime(2024, 5, 14, 12, 0, tzinfo=PARIS)
RECORD_BY: Final = TUESDAY + timedelta(days=30)
QUEUED_AT: Final = datetime(2024, 5, 13, 12, 0, tzinfo=PARIS)
BOOKED: Final = ReservationBooked(**of_reservation(), places=40, subsidy_cap_cents=8_000, record_by=RECORD_BY)
QUEUED: Final = ReservationQueued(**of_reservation(), places=40, subsidy_cap_cents=8_000, queued_at=QUEUED_AT)
MOVED_UP: Final = ReservationMovedUp(**of_reservation(), places=40, record_by=RECORD_BY)
SERVED: Final = ReservationServed(**of_reservation(effective_on=TUESDAY))
MISSED: Final = ReservationMissed(**of_reservation(effective_on=TUESDAY))


def book(**changes: Any) -> Book:
    """A request for a place on Tuesday."""
    asked: dict[str, Any] = {
        "shared_service": CODE,
        "company": COMPANY,
        "guest": Personal(GUEST, DOMINIQUE),
        "day": TUESDAY,
        "starts": "12:00",
        "subsidy_cents": 400,
        "on": TODAY,
    }
    return Book(**{**asked, **changes})


SLOT_KEY: Final = f"{CODE}/2024-05-14/12:00"
ASKED: Final = Claim(GUEST_HAS_ASKED, f"{SLOT_KEY}/{DOMINIQUE}")
PLACE: Final = Claim(SLOT_FULL, SLOT_KEY, limit=40)
AT_ONCE: Final = Claim(SLOT_WAITED_FOR, SLOT_KEY, limit=40)
BEHIND: Final = Claim(SLOT_WAITED_FOR, SLOT_KEY, limit=90)
SUBSIDY: Final = Claim(SUBSIDY_EXHAUSTED, f"{DOMINIQUE}/2024-05", amount=400, limit=8_000)
