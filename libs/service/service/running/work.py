"""The work of a service behind its HTTP API: the relay of its events, and its subscriptions to those of others."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any, Final

import asyncpg

from contracts.model import latest
from eventstore.issuing import issue_due, react
from eventstore.kafka.envelope import Message
from eventstore.mirroring import mirror_messages
from eventstore.mirrors import Mirror
from eventstore.outages import QUIET, Outage
from eventstore.postgres import importing
from eventstore.postgres.confirmation import StoreUnconfirmed
from eventstore.postgres.connection import StoreUnavailable
from eventstore.postgres.derived import Collision
from eventstore.postgres.store import Store
from eventstore.publishing.relay import Relay
from eventstore.reactions import Reactions
from eventstore.refolding import refold
from eventstore.subscribing.subscription import Subscription
from service import clock
from service.definition import Service, Subscribes
from service.importing.working import Importing
from service.mailing import Postman
from service.running.persons import retain
from service.running.settings import Settings
from service.running.supervision import Supervised

REMEMBERED: Final = timedelta(days=7)
"""How long a retry of a command is recognised by its idempotency key."""
KEPT: Final = timedelta(days=90)
"""How long the report of an import is kept after its end."""
ARRIVING: Final = timedelta(hours=1)
"""How long what arrives of a file is kept before it is whole: longer than `import_timeout` may be."""
MINUTE: Final = 60.0
HOUR: Final = 3600.0
SETTLED: Final = 2.0
"""Seconds between two times that the index of labels takes in what was written: a search reads the rest one by one."""
UNTIL_NEXT: Final = 1.0
"""Seconds until a worker looks again for what is due."""

log = logging.getLogger(__name__)


def work(service: Service, settings: Settings, store: Store) -> list[Supervised]:
    """What a worker of the service keeps running. A service without resources has no events to relay."""
    own = []
    refolded = asyncio.Event()
    over = f"{service.name}: the database answers what workers ask, after %(times)d failures in %(seconds).0f s"
    away = Outage(log, over, quiet=QUIET)
    if service.resources:
        own += [_relay(service, settings, store), _forgetting(store, away)]
        own += [_settling(store, away), _refolding(service, store, refolded, away), _importing(service, store, away)]
    if any(decider.has_due for decider in service.deciders.values()):
        own.append(_due(service, store, away))
    if service.names_persons:
        own.append(_retaining(service, store, away))
    if service.mail:
        own.append(_mailing(service, settings, store, away))
    own += [_mirroring(service, mirror, settings, store) for mirror in service.mirrors]
    if service.reactions is not None:
        own.append(_reacting(service, service.reactions, settings, store, refolded))
    return own + [_subscription(each, settings, store) for each in service.subscriptions]


def _relay(service: Service, settings: Settings, store: Store) -> Supervised:
    relay = Relay(
        settings.database_url,
        topic=settings.topic(service.name),
        types=service.topic_by_type(settings),
        bootstrap=settings.brokers,
        partitions=settings.topic_partitions,
        wakers=store.wakers,
    )
    return Supervised(
        "relay",
        relay.run,
        lambda: relay.error or (f"leading, at position {relay.mark}" if relay.leading else "standing by"),
        relay,
    )


def _forgetting(store: Store, away: Outage) -> Supervised:
    async def run() -> None:
        while True:
            try:
                await store.forget_keys(REMEMBERED)
                await store.asked(importing.forget(store.pool, KEPT, ARRIVING))
            except StoreUnavailable:
                away.fail("idempotency keys and imports are forgotten later: the database is away")
            await asyncio.sleep(HOUR)

    return Supervised("forgetting of old idempotency keys and imports", run, lambda: "running")


def _importing(service: Service, store: Store, away: Outage) -> Supervised:
    imports = Importing(service, store)

    async def run() -> None:
        while True:
            try:
                worked = await imports.next()
            except StoreUnavailable:
                away.fail("imports go on later: the database is away")
                worked = False
            if not worked:
                await asyncio.sleep(UNTIL_NEXT)

    return Supervised("imports", run, lambda: imports.told)


def _retaining(service: Service, store: Store, away: Outage) -> Supervised:
    async def run() -> None:
        while True:
            try:
                if erased := await retain(service, store):
                    log.info("%d persons were erased, whom no record needs any more", erased)
            except StoreUnconfirmed:
                # The relay tells of that.
                await asyncio.sleep(MINUTE)
                continue
            except StoreUnavailable:
                away.fail("whom no record needs is erased later: the database is away")
            await asyncio.sleep(HOUR)

    return Supervised("erasing of whom no record needs", run, lambda: "running")


def _mailing(service: Service, settings: Settings, store: Store, away: Outage) -> Supervised:
    postman = Postman(service.name, service.mail, settings, store)

    async def run() -> None:
        while True:
            try:
                await postman.go_round()
            except StoreUnavailable:
                away.fail("mail is sent later: the database is away")
            await asyncio.sleep(UNTIL_NEXT)

    return Supervised("mail", run, lambda: postman.told)


def _mirroring(service: Service, mirror: Mirror[Any], settings: Settings, store: Store) -> Supervised:
    async def handle(connection: asyncpg.Connection, messages: Sequence[Message]) -> None:
        await mirror_messages(connection, mirror, messages)

    subscription = Subscription(
        mirror.subscription,
        topics=[settings.topic(mirror.of.topic)],
        bootstrap=settings.brokers,
        pool=store.pool,
        handle=handle,
        known=service.registry,
        group=settings.group(f"{service.name}-{mirror.subscription}"),
        tells_current=True,
    )
    return _told(f"mirror {mirror.category}", subscription, subscription.run)


def _settling(store: Store, away: Outage) -> Supervised:
    async def run() -> None:
        while True:
            try:
                await store.settle_labels()
            except StoreUnavailable:
                away.fail("labels are settled later: the database is away")
            await asyncio.sleep(SETTLED)

    return Supervised("settling of labels", run, lambda: "running")


def _refolding(service: Service, store: Store, refolded: asyncio.Event, away: Outage) -> Supervised:
    """Every hour, since a release that is on its way out may leave stale streams until it is gone."""
    told = "beginning"
    warned: Sequence[Collision] = ()

    async def run() -> None:
        nonlocal told, warned
        while True:
            try:
                for decider in service.deciders.values():
                    done = 0
                    async for folded in refold(store, decider, stale_only=True):
                        done += folded
                        told = f"{decider.category}: {done} streams folded anew; until the end lists may lack some"
                told, pause = "all streams are as this release writes them", HOUR
                refolded.set()
                colliding = await store.collisions()
                for each in colliding:
                    if each not in warned:
                        # Without the key, which may be what somebody sent.
                        log.warning("%s: %s hold the same; `refold` tells what", each.kind, " and ".join(each.streams))
                warned = colliding
            except StoreUnavailable:
                away.fail("streams are refolded later: the database is away")
                # Reactions wait for the first time.
                pause = MINUTE if refolded.is_set() else UNTIL_NEXT
            await asyncio.sleep(pause)

    return Supervised("refolding", run, lambda: told)


def _due(service: Service, store: Store, away: Outage) -> Supervised:
    async def run() -> None:
        while True:
            try:
                looked_at = await issue_due(store, service.deciders, clock.now())
            except StoreUnconfirmed:
                # The relay tells of that.
                looked_at = 0
            except StoreUnavailable:
                away.fail("what is due is issued later: the database is away")
                looked_at = 0
            if not looked_at:
                await asyncio.sleep(UNTIL_NEXT)

    return Supervised("issuing of what is due", run, lambda: "running")


def _reacting(
    service: Service, reactions: Reactions, settings: Settings, store: Store, refolded: asyncio.Event
) -> Supervised:
    mine = {(each.event_type, each.schema_version): each for event in reactions.events for each in event.versions()}
    known = {(each.event_type, each.schema_version) for event in service.events for each in event.versions()}

    async def handle(_: asyncpg.Connection, messages: Sequence[Message]) -> None:
        await store.refuse_unconfirmed()
        now = clock.now()
        for message in messages:
            if model := mine.get((message.type, message.schema_version)):
                await react(store, reactions, message, latest(model.model_validate_json(message.data)), now)

    name = f"{service.name}-reactions"
    subscription = Subscription(
        name,
        topics=[settings.topic(topic) for topic in service.reacts_to],
        bootstrap=settings.brokers,
        pool=store.pool,
        handle=handle,
        # An event of a later release is parked: passed over, it would never be reacted to.
        known=known | service.registry.keys(),
        group=settings.group(name),
    )

    async def run() -> None:
        # What a reaction finds, it finds by labels: all of them, or it would pass over some for ever.
        await refolded.wait()
        await subscription.run()

    return _told("reactions", subscription, run)


def _told(name: str, subscription: Subscription, run: Callable[[], Awaitable[None]]) -> Supervised:
    def fares() -> str:
        parked = subscription.parked
        streams = f"; {parked} stream{'s' if parked > 1 else ''} parked" if parked else ""
        return (subscription.error or subscription.failing or subscription.catching_up or "running") + streams

    return Supervised(name, run, fares, subscription)


def _subscription(subscribes: Subscribes, settings: Settings, store: Store) -> Supervised:
    name, handle = subscribes.begin(settings)
    subscription = Subscription(
        name,
        topics=[settings.topic(topic) for topic in subscribes.to],
        bootstrap=settings.brokers,
        pool=store.pool,
        handle=handle,
        known=subscribes.registry,
        group=settings.group(name),
        batch=subscribes.batch,
        types={event.event_type for event in subscribes.events},
    )
    return _told(f"subscription {name}", subscription, subscription.run)
