"""What the tests of immersions begin with: who takes part in one, and what its agreement says. All of it is made up."""

from datetime import date, timedelta
from typing import Any, Final

from pupils import COMPANY, PLACE, TODAY

from contracts import Event
from contracts.personal import Personal
from contracts.youth_events.immersion import (
    ImmersionAccepted,
    ImmersionAssessed,
    ImmersionCancelled,
    ImmersionCompleted,
    ImmersionPrepared,
    ImmersionRejected,
    ImmersionSigned,
    ImmersionStarted,
    Signatory,
    SignatureLink,
)
from youth_events.immersion import Adviser, Beneficiary, ImmersionGuardian, Prepare, Representative
from youth_events.placement import Tutor

BEGINS: Final = date(2026, 2, 2)  # a Monday, four weeks after today
ENDS: Final = date(2026, 2, 13)
EXPIRES: Final = date(2026, 1, 19)
_ID: Final = "0190a3c4-5e6f-7a8b-9c0d-00000000001"
BENEFICIARY, GUARDIAN, TUTOR, REPRESENTATIVE, ADVISER, SOMEBODY = (f"{_ID}{number}" for number in range(6))
DOCUMENT: Final = "a" * 64
OTHER_DOCUMENT: Final = "b" * 64


def beneficiary(born_on: date = date(2001, 4, 2), subject: str = BENEFICIARY, **told: str) -> Personal[Beneficiary]:
    said = {"family_name": "Exemple", "given_name": "Camille", "email": "camille@example.org", **told}
    return Personal(Beneficiary(**said, born_on=born_on), subject)


def guardian(subject: str = GUARDIAN) -> Personal[ImmersionGuardian]:
    return Personal(ImmersionGuardian(family_name="Exemple", given_name="Lou", email="parent@example.org"), subject)


def tutor(subject: str = TUTOR, **told: str) -> Personal[Tutor]:
    said = {"family_name": "Exemple", "given_name": "Dominique", "email": "tuteur@example.org", **told}
    return Personal(Tutor(**said), subject)


def representative() -> Personal[Representative]:
    said = {"family_name": "Exemple", "given_name": "Claude", "email": "direction@example.org"}
    return Personal(Representative(**said), REPRESENTATIVE)


def adviser() -> Personal[Adviser]:
    return Personal(Adviser(family_name="Exemple", given_name="Sacha", email="conseil@example.org"), ADVISER)


HOURS: Final[dict[str, Any]] = {
    "weekdays": ("monday", "tuesday", "wednesday", "thursday", "friday"),
    "arrives": "09:00",
    "leaves": "17:00",
    "break_minutes": 60,
}
TERMS: Final[dict[str, Any]] = {
    "beneficiary": beneficiary(),
    "tutor": tutor(),
    "representative": representative(),
    "adviser": adviser(),
    "objective": "confirm_project",
    "rome": "H2902",
    "begins_on": BEGINS,
    "ends_on": ENDS,
    **HOURS,
}
MINOR: Final[dict[str, Any]] = {"beneficiary": beneficiary(date(2009, 2, 2)), "guardian": guardian()}
"""Seventeen on the first day."""
PREPARE: Final = Prepare(agency="mission_locale", company=COMPANY, **TERMS)
PREPARE_MINOR: Final = Prepare(agency="mission_locale", company=COMPANY, **{**TERMS, **MINOR})

FACTS: Final[dict[str, Any]] = {
    **PLACE,
    "company": COMPANY,
    "agency": "mission_locale",
    "beneficiary": BENEFICIARY,
    "age_band": "adult",
    "guardian": None,
    "tutor": TUTOR,
    "representative": REPRESENTATIVE,
    "adviser": ADVISER,
    "objective": "confirm_project",
    "rome": "H2902",
    "begins_on": BEGINS,
    "ends_on": ENDS,
    "prepared_on": TODAY,
    "terms": 1,
}
MINOR_FACTS: Final[dict[str, Any]] = {**FACTS, "age_band": "16_or_17", "guardian": GUARDIAN}
WHO: Final[tuple[Signatory, ...]] = ("beneficiary", "company", "agency")
WHO_OF_A_MINOR: Final[tuple[Signatory, ...]] = ("beneficiary", "guardian", "company", "agency")
COUNTED: Final[dict[str, Any]] = {"daily_minutes": 420, "weekly_minutes": 2100, "presence_days": 10}


def links(who: tuple[Signatory, ...] = WHO, first: int = 1, **changes: Any) -> tuple[SignatureLink, ...]:
    """Links made today, with the numbers from this one on."""
    about: dict[str, Any] = {
        "made_on": TODAY,
        "valid_until": EXPIRES,
        "revoked": False,
        "signed_on": None,
        **changes,
    }
    return tuple(SignatureLink(signatory=each, number=number, **about) for number, each in enumerate(who, first))


PREPARED: Final = ImmersionPrepared(**FACTS, **HOURS, **COUNTED, links=links(), effective_on=TODAY)
PREPARED_MINOR: Final = ImmersionPrepared(
    **MINOR_FACTS, **HOURS, **COUNTED, links=links(WHO_OF_A_MINOR), effective_on=TODAY
)


def signed(signatory: Signatory, *, complete: bool = False, minor: bool = False, on: date = TODAY) -> ImmersionSigned:
    who = WHO_OF_A_MINOR if minor else WHO
    return ImmersionSigned(
        **(MINOR_FACTS if minor else FACTS),
        signatory=signatory,
        link=1 + who.index(signatory),
        document=DOCUMENT,
        complete=complete,
        effective_on=on,
    )


SIGNED: Final[tuple[Event, ...]] = (
    PREPARED,
    signed("company"),
    signed("beneficiary"),
    signed("agency", complete=True),
)
ACCEPTED: Final = ImmersionAccepted(**FACTS, document=DOCUMENT, effective_on=TODAY)
STARTED: Final = ImmersionStarted(**FACTS, presence_days=10, effective_on=BEGINS)
COMPLETED: Final = ImmersionCompleted(**FACTS, effective_on=ENDS)
ASSESSED: Final = ImmersionAssessed(
    **FACTS, outcome="completed", job_obtained=True, contract="fixed_term", effective_on=ENDS
)
REJECTED: Final = ImmersionRejected(**FACTS, reason="no_capacity", effective_on=TODAY)
CANCELLED: Final = ImmersionCancelled(
    **FACTS, reason="beneficiary_withdrew", status_before="ready_to_sign", effective_on=TODAY
)
PASTS: Final[dict[str, tuple[Event, ...]]] = {
    "ready_to_sign": (PREPARED,),
    "partially_signed": (PREPARED, signed("company")),
    "in_review": SIGNED,
    "accepted": (*SIGNED, ACCEPTED),
    "started": (*SIGNED, ACCEPTED, STARTED),
    "completed": (*SIGNED, ACCEPTED, STARTED, COMPLETED),
    "assessed": (*SIGNED, ACCEPTED, STARTED, COMPLETED, ASSESSED),
    "rejected": (PREPARED, REJECTED),
    "cancelled": (PREPARED, CANCELLED),
}
AFTER: Final = ENDS + timedelta(days=3)
