"""The platform that is booked over HTTP: machines that are always open, and a licence for each client's company."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final, get_args
from uuid import UUID

from bench.bookings import MACHINES, MONTHLY_HOURS, Slot, slots
from bench.load import request
from bench.sample import COMMUNE, DAY, append_all, begun, sirets
from companies.equipment import equipments
from companies.licence import licences
from contracts.companies.equipment import EquipmentCommissioned, EquipmentEnteredService, Weekday
from contracts.companies.licence import LicenceIssued
from contracts.model import LAST_DAY, Event
from eventstore.postgres.appending import Append
from eventstore.postgres.store import Store

_DAYS_AHEAD: Final = timedelta(30)


def code(machine: int) -> str:
    """What a machine is known by."""
    return f"cobot-{machine}"


def licence(client: int) -> str:
    """The number of a client's licence, for the machine that it books."""
    return str(UUID(int=client))


@cache
def begun_streams(clients: int) -> Sequence[Append]:
    """What the platform begins with."""
    return [
        *(begun(equipments, code(machine), _machine(code(machine))) for machine in range(MACHINES)),
        *(begun(licences, licence(client), [_issued(client)]) for client in range(clients)),
    ]


async def begin(url: str, clients: int) -> None:
    """Stores it."""
    async with Store.open(url) as store:
        await append_all(store, begun_streams(clients))


def _machine(machine: str) -> Sequence[Event]:
    facts: dict[str, Any] = {
        "effective_on": DAY,
        "equipment": machine,
        "kind": "robotics",
        "commune": COMMUNE,
        "weekdays": get_args(Weekday),
        "opens": 0,
        "closes": 24,
    }
    return [
        EquipmentCommissioned(name="Cobot de soudage", quota_hours=MONTHLY_HOURS, weekly_hours=0, **facts),
        EquipmentEnteredService(weekly_hours=7 * 24, **facts),
    ]


def _issued(client: int) -> Event:
    return LicenceIssued(
        effective_on=DAY,
        equipment=code(next(slots(client)).machine),
        company=sirets()[client],
        naf="28.29B",
        commune=COMMUNE,
        zone="zi-limoise",
        valid_until=LAST_DAY,
        expires_on=LAST_DAY + timedelta(1),
    )


def requests(client: int, token: Callable[[str], str]) -> Callable[[], bytes]:
    """Asks for one slot after the other, by the token of the client's company."""
    headers = {"authorization": f"Bearer {token(sirets()[client])}"}
    asked = slots(client, (datetime.now(UTC) + _DAYS_AHEAD).date())
    return lambda: request("/v1/bookings", _body(next(asked), client), headers)


def _body(slot: Slot, client: int) -> bytes:
    return (
        f'{{"company":"{slot.company}","equipment":"{code(slot.machine)}","licence":"{licence(client)}",'
        f'"starts":"{slot.since:%Y-%m-%dT%H:%M:%SZ}","hours":{slot.hours}}}'
    ).encode()
