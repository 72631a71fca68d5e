"""What the tests of enrolments share: a session of AFPA that is open for two, and a trainee who does not exist."""

from datetime import date
from typing import Any, Final

from contracts import Event, sample_siret
from contracts.personal import Personal
from contracts.training.session import (
    SessionBegan,
    SessionCancelled,
    SessionCompleted,
    SessionConfirmed,
    SessionOpened,
    SessionPlanned,
    SessionPostponed,
)
from training.enrolment import Trainee
from training.session import Session, sessions


def record_id(number: int) -> str:
    return f"0190a3c4-5e6f-7a8b-9c0d-{number:012x}"


SESSION, COURSE, NEED, TRAINEE, OTHER, PATH, HIRE, ENROLMENT = (record_id(n) for n in range(1, 9))
BODY: Final = sample_siret(3)
STARTS, ENDS = date(2026, 3, 2), date(2026, 5, 29)
OPENED: Final = date(2026, 1, 12)
SEATS: Final = 2
OF_COURSE: Final[dict[str, Any]] = {
    "course": COURSE,
    "certification": "RNCP35094",
    "romes": ("H2913", "H2914"),
    "level": 3,
    "hours": 420,
    "body": None,
    "need": NEED,
    "commune": "36088",
}
_TOLD: Final[dict[str, Any]] = {
    **OF_COURSE,
    "starts_on": STARTS,
    "ends_on": ENDS,
    "seats": SEATS,
    "minimum": 1,
    "admitted": 0,
}


def _told(status: str, day: date) -> dict[str, Any]:
    offered = SEATS if status in ("open", "confirmed", "running") else 0
    return {**_TOLD, "status": status, "seats_offered": offered, "effective_on": day}


PLANNED: Final = SessionPlanned(
    **_told("planned", OPENED), title="Soudeur", decision_on=date(2026, 2, 16), slots=(), days_off=()
)
IS_OPEN: Final = SessionOpened(**_told("open", OPENED))
CONFIRMED: Final = SessionConfirmed(**_told("confirmed", date(2026, 2, 16)))
BEGAN: Final = SessionBegan(**_told("running", STARTS))
IS_OVER: Final = SessionCompleted(**_told("completed", ENDS), trainee_hours=840)
POSTPONED: Final = SessionPostponed(
    **_told("postponed", date(2026, 2, 16)), status_before="open", reason="too_few_trainees"
)
GIVEN_UP: Final = SessionCancelled(
    **_told("cancelled", date(2026, 2, 16)), status_before="open", reason="below_minimum"
)
SESSIONS: Final[dict[str, tuple[Event, ...]]] = {
    "planned": (PLANNED,),
    "open": (PLANNED, IS_OPEN),
    "confirmed": (PLANNED, IS_OPEN, CONFIRMED),
    "running": (PLANNED, IS_OPEN, CONFIRMED, BEGAN),
    "completed": (PLANNED, IS_OPEN, CONFIRMED, BEGAN, IS_OVER),
    "postponed": (PLANNED, IS_OPEN, POSTPONED),
    "cancelled": (PLANNED, IS_OPEN, GIVEN_UP),
}


def session(status: str, **changes: Any) -> Session:
    """The session in a status."""
    folded = sessions.fold(SESSIONS[status])
    assert folded
    return folded.model_copy(update=changes)


def trainee(born_on: date = date(1990, 5, 13), subject: str = TRAINEE) -> Personal[Trainee]:
    return Personal(Trainee(family_name="Exemple", given_name="Camille", born_on=born_on), subject)
