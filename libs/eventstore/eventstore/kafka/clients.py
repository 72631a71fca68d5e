"""aiokafka's clients, made fit for brokers that are away, or let nobody in.

They connect by what files say of secrets and certificates at the time, and say why brokers refuse them.

aiokafka's `stop` waits for as long as a broker does not answer, and may end as if the task that called it were
cancelled.
`discard` closes them within seconds, whatever the brokers do, and raises nothing; `is_cancelled` tells the truth.
"""

import asyncio
import ssl
from collections import defaultdict
from collections.abc import Awaitable, Coroutine, Iterable
from typing import Any, Final

from aiokafka import AIOKafkaClient, AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.conn import create_conn
from aiokafka.errors import (
    IllegalSaslStateError,
    KafkaConnectionError,
    KafkaError,
    LeaderNotAvailableError,
    SaslAuthenticationFailed,
    UnsupportedSaslMechanismError,
    for_code,
)
from aiokafka.protocol.offset import OffsetRequest

from eventstore.kafka.brokers import Bootstrap, Brokers, brokers_at

REQUEST_TIMEOUT: Final = 10_000
"""Milliseconds after which a request to Kafka is given up."""
_PARTING: Final = 2.0
"""Seconds given to a broker when a client closes, or asks why it is not let in."""
_LATEST: Final = -1
_LOOKS: Final = 50
_UNCOMMITTED: Final = 0


def is_cancelled() -> bool:
    """Whether the running task was really told to end."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


class Refused(KafkaError):  # type: ignore[misc]
    """Brokers are there, and do not let us in, or are none that we believe; the message says why."""


class _Client(AIOKafkaClient):  # type: ignore[misc]
    """What aiokafka's clients connect through: by what files say when they do."""

    brokers: Brokers

    @classmethod
    def take_over(cls, client: AIOKafkaClient, brokers: Brokers) -> None:
        """Makes a client one of these: aiokafka's others make theirs themselves."""
        client.brokers = brokers
        client.__class__ = cls

    @property
    def _ssl_context(self) -> ssl.SSLContext | None:
        return self.brokers.tls()

    @property
    def _sasl_plain_password(self) -> str | None:
        return self.brokers.secret()

    async def bootstrap(self) -> None:
        """Connects for the first time. Raises KafkaConnectionError, and Refused where there is more to say."""
        try:
            await super().bootstrap()
        except KafkaConnectionError as error:
            if why := await self.refused():
                raise Refused(why) from error
            raise

    async def refused(self) -> str | None:
        """Why brokers that are there cannot be used, as one more attempt to connect tells; None where they can."""
        for host, port, _ in self.hosts:
            try:
                connection = await create_conn(
                    host,
                    port,
                    request_timeout_ms=_PARTING * 1000,
                    ssl_context=self._ssl_context,
                    security_protocol=self._security_protocol,
                    sasl_mechanism=self._sasl_mechanism,
                    sasl_plain_username=self._sasl_plain_username,
                    sasl_plain_password=self._sasl_plain_password,
                )
            except (OSError, TimeoutError, KafkaError) as error:
                if why := _refusal(error):
                    return f"Kafka at {host}:{port} cannot be used by {self.brokers.protocol}: {why}"
            else:
                connection.close()
                return None
        return None


def _refusal(error: BaseException) -> str | None:
    """What does not pass by itself, in words; None for what does."""
    cause = error.__cause__ if isinstance(error, KafkaConnectionError) and error.__cause__ else error
    match cause:
        case ssl.SSLCertVerificationError():
            return f"its certificate is not believed ({cause.verify_message})"
        case ssl.SSLError():
            return f"{cause.reason or cause}"
        case SaslAuthenticationFailed() | UnsupportedSaslMechanismError() | IllegalSaslStateError():
            return str(cause)
        case FileNotFoundError() | PermissionError():
            return str(cause)
        case asyncio.IncompleteReadError():
            return "it ends the connection at once, as one does that expects another protocol or a certificate"
    return None


class Producer(AIOKafkaProducer):  # type: ignore[misc]
    """A producer that can also tell where partitions end."""

    def __init__(self, bootstrap: Bootstrap, **settings: object) -> None:
        """Raises OSError where a file of what brokers are met with cannot be used."""
        brokers = brokers_at(bootstrap)
        super().__init__(**brokers.arguments, **settings)
        _Client.take_over(self.client, brokers)

    async def ends(self, places: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """The offset behind the last record of each partition, committed or not. Raises KafkaError."""
        by_leader: dict[int, dict[str, list[tuple[int, int]]]] = defaultdict(lambda: defaultdict(list))
        for place in places:
            by_leader[await self._leader(place)][place.topic].append((place.partition, _LATEST))
        ends: dict[TopicPartition, int] = {}
        for leader, asked in by_leader.items():
            response = await self.client.send(leader, OffsetRequest(-1, _UNCOMMITTED, list(asked.items())))
            for topic, partitions in response.topics:
                for partition, code, _, offset, *_ in partitions:
                    if code:
                        raise for_code(code)(f"{topic}[{partition}]")
                    ends[TopicPartition(topic, partition)] = offset
        return ends

    async def _leader(self, partition: TopicPartition) -> int:
        """Who leads a partition. That of a topic made a moment ago is not known at once, nor looked for by itself."""
        for _ in range(_LOOKS):
            leader: int | None = self.client.cluster.leader_for_partition(partition)
            if leader is not None and leader >= 0:
                return leader
            await self.client.force_metadata_update()
            await asyncio.sleep(0.02)
        raise LeaderNotAvailableError(f"{partition.topic}[{partition.partition}]")

    async def discard(self) -> None:
        """Closes without delivering what was not delivered yet."""
        self._closed = True
        sender = self._sender.sender_task
        # Cancelled once, it waits for the requests that are under way.
        while sender is not None and not sender.done():
            sender.cancel()
            await asyncio.wait([sender], timeout=0.2)
        await _within(_PARTING, self.client.close())


class Consumer(AIOKafkaConsumer):  # type: ignore[misc]
    """A consumer of committed records that commits no offsets by itself."""

    def __init__(self, bootstrap: Bootstrap, **settings: object) -> None:
        """Raises OSError where a file of what brokers are met with cannot be used."""
        brokers = brokers_at(bootstrap)
        super().__init__(isolation_level="read_committed", enable_auto_commit=False, **brokers.arguments, **settings)
        _Client.take_over(self._client, brokers)

    async def start(self) -> None:
        """Connects. Told to end meanwhile, it does when it has: the connection it begins with would stay open."""
        starting = asyncio.ensure_future(super().start())
        try:
            await asyncio.shield(starting)
        except asyncio.CancelledError:
            await _within(_PARTING, starting)
            raise

    async def refused(self) -> str | None:
        """Why the brokers do not let us in, where that is why they do not answer."""
        why: str | None = await self._client.refused()
        return why

    def let_wait(self, milliseconds: int) -> None:
        """Lets fetches that begin from now on wait at the broker for so long, at most, until there is a record."""
        self._fetcher._fetch_max_wait_ms = milliseconds  # noqa: SLF001  # It can be given only once.

    async def discard(self) -> None:
        """Closes, and leaves the group if it is in one."""
        if await _within(_PARTING, self.stop()):
            return
        # What `stop` did not come to.
        if self._group_id is not None and self._coordinator is not None:
            await _within(_PARTING, self._coordinator._stop_heartbeat_task())  # noqa: SLF001
            await _within(_PARTING, self._coordinator._stop_commit_offsets_refresh_task())  # noqa: SLF001
        if self._fetcher is not None:
            await _within(_PARTING, self._fetcher.close())
        await _within(_PARTING, self._client.close())


class Admin(AIOKafkaAdminClient):  # type: ignore[misc]
    """What tells of topics, and makes them."""

    def __init__(self, bootstrap: Bootstrap) -> None:
        """Raises OSError where a file of what brokers are met with cannot be used."""
        brokers = brokers_at(bootstrap)
        super().__init__(request_timeout_ms=REQUEST_TIMEOUT, **brokers.arguments)
        _Client.take_over(self._client, brokers)


async def to_its_end(doing: Coroutine[Any, Any, None]) -> None:
    """Does something that should not be left halfway: told to end meanwhile, it ends when that has, or in seconds."""
    task = asyncio.ensure_future(doing)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await _within(_PARTING, task)
        raise


async def _within(seconds: float, closing: Awaitable[None]) -> bool:
    """Whether it came to its end in time."""
    task = asyncio.ensure_future(closing)
    await asyncio.wait([task], timeout=seconds)
    if not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=seconds)
    return task.done() and not task.cancelled() and task.exception() is None
