"""What the tests of decisions begin with: a member company, its offer, a pupil and a school. All of it is made up."""

from datetime import date
from typing import Any, Final

from contracts import Event, sample_siret
from contracts.companies.company import CompanyActivated, CompanyLeft, CompanySuspended
from contracts.personal import Personal
from contracts.youth_events.offer import OfferOpened
from youth_events.members import members
from youth_events.offer import Offer, offers
from youth_events.placement import Guardian, Pupil, Tutor

TODAY: Final = date(2026, 1, 5)  # a Monday
MONDAY: Final = date(2026, 2, 2)
WEEK: Final = "2026-W06"
SCHOOL: Final = "0360024F"
OTHER_SCHOOL: Final = "0360544W"
COMPANY: Final = sample_siret(0)
NEIGHBOUR: Final = sample_siret(1)
PLACE: Final[dict[str, Any]] = {"naf": "24.54Z", "commune": "36088", "zone": "zi-limoise"}

_JOINED: Final = CompanyActivated(
    **PLACE, company=COMPANY, headcount=42, size_band="12", effective_on=date(2024, 1, 15)
)
MEMBER: Final = members.fold((_JOINED,))
SUSPENDED: Final = members.fold(
    (
        _JOINED,
        CompanySuspended(
            **PLACE, company=COMPANY, reason="fee_unpaid", headcount_before=42, headcount=0, effective_on=TODAY
        ),
    )
)
LEFT: Final = CompanyLeft(
    **PLACE, company=COMPANY, reason="moved", headcount_before=42, headcount=0, effective_on=TODAY
)
GONE: Final = members.fold((_JOINED, LEFT))

OFFER: Final[dict[str, Any]] = {
    **PLACE,
    "company": COMPANY,
    "week": WEEK,
    "grade": "3e",
    "schools": (),
    "places": 2,
}
OPENED: Final = OfferOpened(**OFFER, closes_on=MONDAY, effective_on=TODAY)

OFFER_ID: Final = "0190a3c4-5e6f-7a8b-9c0d-00000000000a"
PLACEMENTS: Final = [f"0190a3c4-5e6f-7a8b-9c0d-0000000000b{number}" for number in range(4)]
PUPIL: Final = "0190a3c4-5e6f-7a8b-9c0d-000000000001"
OTHER_PUPIL: Final = "0190a3c4-5e6f-7a8b-9c0d-000000000002"
TUTOR: Final = "0190a3c4-5e6f-7a8b-9c0d-000000000003"
OTHER_TUTOR: Final = "0190a3c4-5e6f-7a8b-9c0d-000000000004"
GUARDIAN: Final = "0190a3c4-5e6f-7a8b-9c0d-000000000005"


def offer(*events: Event, **changes: Any) -> Offer:
    """An offer that is open, changed so, and what happened to it since."""
    state = offers.fold((OPENED.model_copy(update=changes), *events))
    assert state is not None
    return state


def pupil(born_on: date = date(2011, 3, 14), subject: str = PUPIL) -> Personal[Pupil]:
    return Personal(Pupil(family_name="Exemple", given_name="Camille", born_on=born_on), subject)


def tutor(subject: str = TUTOR) -> Personal[Tutor]:
    return Personal(Tutor(family_name="Exemple", given_name="Dominique", email="tuteur@example.org"), subject)


def guardian() -> Personal[Guardian]:
    return Personal(Guardian(family_name="Exemple", given_name="Claude"), GUARDIAN)
