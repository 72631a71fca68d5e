"""What a running service tells of itself: read from whoever counted it, or asked of the database a moment ago."""

import asyncio
from collections.abc import Iterator
from typing import Final, NamedTuple

from eventstore.mail import mails
from eventstore.postgres.connection import StoreUnavailable
from eventstore.postgres.listing import Wanted
from eventstore.postgres.standing import Standing
from eventstore.postgres.store import Store
from eventstore.publishing.relay import Relay
from service.metrics import declared
from service.metrics.metric import Lags, Sample
from service.running.runtime import Runtime

PATIENCE: Final = 1.0
"""Seconds the database has to answer."""
KEPT: Final = 3.0
"""Seconds for which its answer stands, however many ask."""
_WAITING: Final = Wanted(mails.category, mails.labelling.having([("status", "waiting")]), limit=1, counted=True)


class _Asked(NamedTuple):
    """What the database answered."""

    behind: int | None
    """The position that the relay of this process had come to, if it knows."""
    standing: Standing
    mail: int | None
    own: list[Sample]
    """What the service alone tells."""


class Telling:
    """Tells of one service of this process."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._asking = asyncio.Lock()
        self._asked_at = float("-inf")
        self._asked: _Asked | None = None

    @property
    def service(self) -> str:
        """The service's name."""
        return self._runtime.name

    async def samples(self) -> list[Sample]:
        """All there is to tell now."""
        lags = {each.name: await each.lags() for each in self._runtime.subscriptions}
        asked = await self._ask(lags)
        told = [declared.INFO.at(1, self._runtime.settings.release)]
        told += _requests(self._runtime)
        told += _issuer(self._runtime)
        told += _work(self._runtime)
        told.append(declared.DATABASE_ANSWERS.at(asked is not None))
        if self._runtime.opened is not None:
            told += _store(self._runtime.opened)
        if self._runtime.relay is not None:
            told += _relay(self._runtime.relay)
        told += _subscriptions(self._runtime, lags)
        if asked is not None:
            told += _of_the_database(self._runtime, asked)
        return told

    async def _ask(self, lags: Lags) -> _Asked | None:
        """What the database answers, or did a moment ago; None where it does not."""
        async with self._asking:
            now = asyncio.get_running_loop().time()
            if now - self._asked_at >= KEPT:
                self._asked = None
                try:
                    async with asyncio.timeout(PATIENCE):
                        self._asked = await _ask(self._runtime, lags)
                except (StoreUnavailable, TimeoutError):
                    self._asked = None
                self._asked_at = now
            return self._asked


async def _ask(runtime: Runtime, lags: Lags) -> _Asked:
    store = runtime.store
    behind = runtime.relay.reached if runtime.relay else None
    standing = await store.standing(behind)
    mail = (await store.list_streams(_WAITING)).in_all if runtime.writes_mail else None
    own = await store.asked(runtime.tells.tell(store, runtime.settings, lags)) if runtime.tells else []
    return _Asked(behind, standing, mail, list(own))


def _requests(runtime: Runtime) -> Iterator[Sample]:
    for (method, route, status), seconds in runtime.requests.answered.items():
        yield declared.REQUESTS.at(seconds, method, route, str(status))
    yield declared.ACTIVE_REQUESTS.at(runtime.requests.active)


def _issuer(runtime: Runtime) -> Iterator[Sample]:
    if not runtime.serves:
        return
    if runtime.tokens.keys_age is not None:
        yield declared.KEYS_AGE.at(runtime.tokens.keys_age)
    yield declared.ISSUER_AWAY.at(runtime.tokens.issuer_away)


def _work(runtime: Runtime) -> Iterator[Sample]:
    for task in runtime.tasks:
        yield declared.WORK_RUNNING.at(task.running, task.name)
        yield declared.WORK_FAILURES.at(task.failures, task.name)


def _store(store: Store) -> Iterator[Sample]:
    measured = store.measured
    yield declared.APPEND_SIZES.at(measured.appends.sizes)
    yield declared.APPEND_SECONDS.at(measured.appends.seconds)
    yield declared.LOAD_SIZES.at(measured.loads.sizes)
    yield declared.LOAD_SECONDS.at(measured.loads.seconds)
    for command, count in measured.commands.items():
        yield declared.COMMANDS.at(count, *command)
    for reaction, count in measured.reactions.items():
        yield declared.REACTIONS.at(count, *reaction)
    used = store.pool.get_size() - store.pool.get_idle_size()
    yield declared.POOL.at(used, "used")
    yield declared.POOL.at(store.pool.get_max_size() - used, "idle")


def _relay(relay: Relay) -> Iterator[Sample]:
    yield declared.RELAY_LEADING.at(relay.leading)
    yield declared.RELAY_PUBLISHED.at(relay.published)
    yield declared.RELAY_FAILURES.at(relay.failures)
    yield declared.RELAY_STOPPED.at(relay.stopped)
    if relay.reached is not None:
        yield declared.RELAY_POSITION.at(relay.reached)


def _subscriptions(runtime: Runtime, lags: Lags) -> Iterator[Sample]:
    for subscription in runtime.subscriptions:
        name = subscription.name
        yield declared.HANDLED.at(subscription.handled, name)
        yield declared.SUBSCRIPTION_STOPPED.at(subscription.stopped, name)
        for topic, lag in lags[name].items():
            yield declared.PARTITIONS_READ.at(lag.read, name, topic)
            yield declared.PARTITIONS.at(lag.partitions, name, topic)
            if lag.events is not None:
                yield declared.LAG_EVENTS.at(lag.events, name, topic)
            if lag.seconds is not None:
                yield declared.LAG_SECONDS.at(lag.seconds, name, topic)


def _of_the_database(runtime: Runtime, asked: _Asked) -> Iterator[Sample]:
    standing = asked.standing
    yield declared.CONFIRMED.at(standing.confirmed)
    yield declared.LAST_POSITION.at(standing.last_position)
    if asked.behind is not None:
        yield declared.RELAY_BACKLOG.at(max(standing.last_position - asked.behind, 0))
        yield declared.RELAY_BACKLOG_AGE.at(standing.unpublished_seconds)
    yield declared.DEAD_LETTERS.at(standing.due_refused, "due")
    yield declared.DEAD_LETTERS.at(sum(standing.parked.values()), "message")
    for subscription in runtime.subscriptions:
        yield declared.PARKED_STREAMS.at(standing.parked.get(subscription.name, 0), subscription.name)
    yield declared.DUE_BACKLOG.at(standing.due)
    yield declared.DUE_BACKLOG_AGE.at(standing.due_seconds)
    yield declared.IMPORTS_WAITING.at(standing.imports_waiting)
    if asked.mail is not None:
        yield declared.MAIL_WAITING.at(asked.mail)
    yield from asked.own
