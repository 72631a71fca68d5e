"""A history shows frontends one form of each event: the latest version's, whichever was recorded."""

import json
from datetime import UTC, datetime
from uuid import UUID

from contracts.model import Event
from eventstore.decider import Command, Decider, State
from eventstore.postgres.store import Recorded
from service.http.representation import Representation


class StoveLit1(Event, type="StoveLit", version=1):
    watts: int

    def upcast(self) -> "StoveLit":
        return StoveLit(kilowatts=self.watts / 1000, effective_on=self.effective_on)


class StoveLit(Event, version=2, replaces=StoveLit1):
    kilowatts: float


class Light(Command):
    """Somebody lights a stove."""

    kilowatts: float


class Stove(State):
    """A stove that is lit."""

    kilowatts: float


stoves = Decider("stove", Stove)


@stoves.creates(by="epci")
def light(command: Light) -> StoveLit:
    return StoveLit(kilowatts=command.kilowatts, effective_on=command.on)


def test_an_old_event_is_shown_as_the_latest_version_tells_it() -> None:
    def shown(version: int, data: str) -> tuple[int, object]:
        recorded = Recorded(
            1, "stove-1", 1, UUID(int=1), "StoveLit", version, data, "{}", datetime(2026, 5, 4, tzinfo=UTC)
        )
        told = json.loads(Representation(stoves).event(recorded))
        return told["schema_version"], told["data"]

    today = {"effective_on": "2026-05-04", "kilowatts": 1.5}
    assert shown(1, '{"effective_on": "2026-05-04", "watts": 1500}') == (2, today)
    assert shown(2, json.dumps(today | {"later": 1})) == (2, today | {"later": 1})
