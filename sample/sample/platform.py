"""The platform of shared equipment: its machines, who is licensed to operate them, and what is booked in the next week.

Machines and licences are the same each time. Slots are agreed by the hour and lie ahead, so those booked are in the
week after the day on which the sample is told.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from contracts.companies.booking import CATEGORY as BOOKING
from contracts.companies.equipment import CATEGORY as EQUIPMENT
from contracts.companies.licence import CATEGORY as LICENCE
from contracts.model import PARIS
from contracts.values import sample_siret
from sample.companies_data import COMPANIES
from sample.story import Made, Step, Story

WORKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday")


@dataclass(frozen=True)
class Machine:
    """A machine of the platform: when it came, was opened, closed for a while, and was retired."""

    code: str
    name: str
    kind: str
    arrived: date
    opened: date
    quota_hours: int
    closed: tuple[date, date] | None = None
    retired: tuple[date, str] | None = None


MACHINES: Final = (
    Machine("cobot-1", "Exemple Cobot de soudage", "robotics", date(2024, 9, 2), date(2024, 9, 30), 24),
    Machine(
        "imprimante-3d",
        "Exemple Imprimante 3D métal",
        "additive_manufacturing",
        date(2024, 10, 7),
        date(2024, 11, 4),
        20,
        closed=(date(2025, 6, 2), date(2025, 6, 13)),
    ),
    Machine(
        "bras-de-mesure",
        "Exemple Bras de mesure",
        "metrology",
        date(2025, 1, 13),
        date(2025, 2, 3),
        16,
    ),
    Machine(
        "casque-vr",
        "Exemple Casque de réalité virtuelle",
        "virtual_reality",
        date(2024, 9, 2),
        date(2024, 9, 16),
        40,
        retired=(date(2026, 3, 31), "obsolete"),
    ),
)
LICENSED: Final[Mapping[str, int]] = {"cobot-1": 6, "imprimante-3d": 5, "bras-de-mesure": 4}
"""How many companies have a licence for each machine."""
VALID_UNTIL: Final = date(2035, 12, 31)
BOOKED: Final = (
    ("cobot-1", 0, 0, 9, 3, "approve"),
    ("cobot-1", 1, 0, 14, 2, "approve"),
    ("cobot-1", 2, 1, 8, 4, "approve"),
    ("cobot-1", 3, 2, 10, 2, "approve"),
    ("cobot-1", 4, 2, 14, 3, ""),
    ("cobot-1", 5, 3, 9, 2, "cancel"),
    ("imprimante-3d", 0, 1, 8, 8, "approve"),
    ("imprimante-3d", 1, 3, 8, 6, "approve"),
    ("imprimante-3d", 2, 4, 9, 4, ""),
    ("bras-de-mesure", 0, 2, 9, 1, "approve"),
    ("bras-de-mesure", 1, 2, 10, 2, "approve"),
    ("bras-de-mesure", 2, 4, 14, 2, "approve"),
)
"""Machine, which of its licensed companies, day of the week, hour, hours, and what became of the request."""
WAITS: Final = ("imprimante-3d", 3, 1, 9, 2)
"""Who waits for a slot that is taken."""


def stories(today: date) -> list[Story]:
    """What was done with the machines, and the bookings of the week after this day."""
    steps = [step for machine in MACHINES for step in _machine(machine)]
    steps += _licences()
    monday = today + timedelta(days=7 - today.weekday())
    steps += _bookings(monday)
    return [Story("platform", steps, follows=True)]


def _machine(machine: Machine) -> Iterator[Step]:
    described = {
        "code": machine.code,
        "name": machine.name,
        "kind": machine.kind,
        "commune": "36088",
        "weekdays": WORKDAYS,
        "opens": 8,
        "closes": 18,
        "quota_hours": machine.quota_hours,
    }
    yield Step(machine.arrived, EQUIPMENT, machine.code, "commission", described, creates=True)
    yield Step(machine.opened, EQUIPMENT, machine.code, "enter-service", {})
    if machine.closed:
        began, ended = machine.closed
        until = {"maintenance_until": (ended - timedelta(days=1)).isoformat()}
        yield Step(began, EQUIPMENT, machine.code, "begin-maintenance", until)
        yield Step(ended, EQUIPMENT, machine.code, "end-maintenance", {})
    if machine.retired:
        yield Step(machine.retired[0], EQUIPMENT, machine.code, "retire", {"reason": machine.retired[1]})


def _members() -> list[str]:
    """Companies that joined early, and stayed."""
    early = date(2024, 1, 1)
    return [
        sample_siret(number) for number, company in enumerate(COMPANIES) if company.joined < early and not company.turns
    ]


def _licences() -> Iterator[Step]:
    for machine in MACHINES:
        for place, siret in enumerate(_members()[: LICENSED.get(machine.code, 0)]):
            body = {"equipment": machine.code, "company": siret, "valid_until": VALID_UNTIL.isoformat()}
            on = machine.opened + timedelta(days=7 * place)
            yield Step(on, LICENCE, f"licence-{machine.code}-{place}", "issue", body, creates=True)


def _bookings(monday: date) -> Iterator[Step]:
    for number, (code, place, weekday, hour, hours, then) in enumerate(BOOKED):
        record = f"booking-{monday}-{number}"
        yield _request(record, code, place, monday + timedelta(days=weekday), hour, hours)
        if then:
            yield Step(None, BOOKING, record, then, {"reason": "not_needed"} if then == "cancel" else {})
    code, place, weekday, hour, hours = WAITS
    yield _request(f"booking-{monday}-waits", code, place, monday + timedelta(days=weekday), hour, hours, wait=True)


def _request(record: str, code: str, place: int, day: date, hour: int, hours: int, *, wait: bool = False) -> Step:
    body = {
        "company": _members()[place],
        "equipment": code,
        "licence": Made(f"licence-{code}-{place}"),
        "starts": datetime.combine(day, time(hour), PARIS).isoformat(),
        "hours": hours,
        "wait": wait,
    }
    return Step(None, BOOKING, record, "request", body, creates=True)
