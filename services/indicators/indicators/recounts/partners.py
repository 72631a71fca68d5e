"""Partners: the last record that each role could decide, by its kind, its day and the axis that it says."""

import json
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from eventstore.kafka.envelope import Message
from eventstore.kafka.topics import name_of

_PARIS: Final = ZoneInfo("Europe/Paris")

Place = tuple[str, str, str, int, date, bool]
"""Role, topic, type, axis (0 where the event says none), day, and whether it is sample data."""


class Heard:
    """When each was heard of last."""

    def __init__(self) -> None:
        self._last: dict[Place, datetime] = {}

    def add(self, message: Message) -> None:
        """Takes in a record."""
        said = json.loads(message.data)
        day = message.recorded_at.astimezone(_PARIS).date()
        for role in filter(None, (message.roles or "").split(",")):
            place = (role, name_of(message.topic), message.type, int(said.get("axis") or 0), day, message.sample)
            self._last[place] = max([message.recorded_at, *filter(None, [self._last.get(place)])])

    def differences(self, served: Mapping[Place, datetime]) -> Iterator[str]:
        """What is told otherwise than it was counted."""
        for place in sorted({*served, *self._last}):
            told, counted = served.get(place), self._last.get(place)
            if told != counted:
                role, topic, kind, _, day, _ = place
                yield f"{role} was heard of by {kind} of {topic} on {day}: told {told}, counted {counted}"
