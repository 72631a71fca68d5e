"""What is booked in every measurement: an hour of a machine, on ever new days, of the hours a company has a month."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from typing import Final, NamedTuple

from bench.sample import sirets

MACHINES: Final = 10
OPENS_AT: Final = 7
MONTHLY_HOURS: Final = 40
"""What a company may book of a machine in a month; a slot a day stays below it."""

_HOUR: Final = timedelta(hours=1)
_FIRST: Final = date(2024, 1, 2)


class Slot(NamedTuple):
    """An hour of a machine, or several, for a company."""

    machine: int
    company: str
    since: datetime
    hours: int = 1

    @property
    def until(self) -> datetime:
        """When it ends."""
        return self.since.astimezone(UTC) + self.hours * _HOUR

    @property
    def month(self) -> str:
        """The month whose hours it takes of."""
        return f"{self.since:%Y-%m}"

    @property
    def lapses_at(self) -> datetime:
        """When it must be looked at again: whether anybody came."""
        return self.until + _HOUR

    def event(self, booking: str) -> str:
        """What is told of it, about 300 bytes."""
        return f'{{"booking":"{booking}",{self._facts()}}}'

    def state(self, booking: str) -> str:
        """The booking afterwards, about 500 bytes."""
        return (
            f'{{"booking":"{booking}",{self._facts()},"status":"booked","booked_on":"{_FIRST}","used_on":null,'
            f'"hours_used":null,"cancelled_on":null,"reason":null,"contact":null,"price_per_hour":45,"remarks":null,'
            f'"training_required":false}}'
        )

    def _facts(self) -> str:
        day = self.since.date()
        return (
            f'"effective_on":"{_FIRST}","machine":"machine-{self.machine}","company":"{self.company}","commune":"36088",'
            f'"zone":"zi-limoise","day":"{day}","since":"{self.since.isoformat()}","until":"{self.until.isoformat()}",'
            f'"hours":{self.hours},"purpose":"prototype"'
        )


def slots(client: int, first: date = _FIRST) -> Iterator[Slot]:
    """A slot on each day from the first on, which no other client takes."""
    row, machine = divmod(client, MACHINES)
    for days in count():
        yield Slot(
            machine, sirets()[client], datetime.combine(first + timedelta(days), time(OPENS_AT + row), tzinfo=UTC)
        )
