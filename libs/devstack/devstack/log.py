"""Events as a service's relay would publish them, for tests of what receives them.

log = Log("companies")
log.append("company-00000001800017", CompanyActivated(...))
await projection(connection, log.messages)
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import uuid4
from zlib import crc32

from contracts.model import Event
from eventstore.envelope import Message
from eventstore.store import Recorded

STEP = timedelta(seconds=1)


@dataclass
class Log:
    """A service's events in commit order: positions have gaps, streams keep to their partition, time goes on."""

    service: str
    partitions: int = 4
    now: datetime = datetime(2026, 1, 5, 8, tzinfo=UTC)
    """When the next event is recorded; a second passes with each."""
    recorded: list[Recorded] = field(default_factory=list)
    _versions: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def append(self, stream_id: str, *events: Event) -> None:
        """Events of one stream, after those it has."""
        for event in events:
            self._versions[stream_id] += 1
            self.now += STEP
            self.recorded.append(
                Recorded(
                    position=2 * len(self.recorded) + 1,
                    stream_id=stream_id,
                    version=self._versions[stream_id],
                    event_id=uuid4(),
                    type=type(event).__name__,
                    schema_version=event.schema_version,
                    data=event.model_dump_json(),
                    metadata="{}",
                    recorded_at=self.now,
                )
            )

    @property
    def messages(self) -> list[Message]:
        """All of them, as a subscription receives them."""
        return [
            Message(
                position=event.position,
                stream_id=event.stream_id,
                version=event.version,
                event_id=event.event_id,
                type=event.type,
                schema_version=event.schema_version,
                recorded_at=event.recorded_at,
                sample=False,
                data=event.data.encode(),
                source=f"/test/{self.service}",
                topic=f"test.{self.service}.v1",
                partition=crc32(event.stream_id.encode()) % self.partitions,
                offset=event.position,
            )
            for event in self.recorded
        ]
