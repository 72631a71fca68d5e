"""The work of a service behind its HTTP API: the relay of its events, and its subscriptions to those of others."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import asyncpg

from contracts.model import latest
from eventstore.issuing import issue_due, react
from eventstore.kafka.envelope import Message
from eventstore.postgres.connection import StoreUnavailable
from eventstore.postgres.store import Store
from eventstore.publishing.relay import Relay
from eventstore.reactions import Reactions
from eventstore.subscribing.subscription import Subscription
from service import clock
from service.definition import Service, Subscribes
from service.running.settings import Settings
from service.running.supervision import Supervised

REMEMBERED: Final = timedelta(days=7)
"""How long a retry of a command is recognised by its idempotency key."""
HOUR: Final = 3600.0
UNTIL_NEXT: Final = 1.0
"""Seconds until a worker looks again for what is due."""

log = logging.getLogger(__name__)


def work(service: Service, settings: Settings, store: Store) -> list[Supervised]:
    """What a worker of the service keeps running. A service without resources has no events to relay."""
    own = [_relay(service, settings, store), _forgetting(store)] if service.resources else []
    if any(decider.has_due for decider in service.deciders.values()):
        own.append(_due(service, store))
    if service.reactions is not None:
        own.append(_reacting(service, service.reactions, settings, store))
    return own + [_subscription(each, settings, store) for each in service.subscriptions]


def _relay(service: Service, settings: Settings, store: Store) -> Supervised:
    relay = Relay(
        settings.database_url,
        topic=settings.topic(service.name),
        bootstrap=settings.kafka_bootstrap,
        partitions=settings.topic_partitions,
        wakers=store.wakers,
    )
    return Supervised(
        "relay",
        relay.run,
        lambda: relay.error or (f"leading, at position {relay.mark}" if relay.leading else "standing by"),
    )


def _forgetting(store: Store) -> Supervised:
    async def run() -> None:
        while True:
            try:
                await store.forget_keys(REMEMBERED)
            except StoreUnavailable:
                log.info("idempotency keys are forgotten later: the database is away")
            await asyncio.sleep(HOUR)

    return Supervised("forgetting of old idempotency keys", run, lambda: "running")


def _due(service: Service, store: Store) -> Supervised:
    async def run() -> None:
        while True:
            try:
                looked_at = await issue_due(store, service.deciders, clock.now())
            except StoreUnavailable:
                log.info("what is due is issued later: the database is away")
                looked_at = 0
            if not looked_at:
                await asyncio.sleep(UNTIL_NEXT)

    return Supervised("issuing of what is due", run, lambda: "running")


def _reacting(service: Service, reactions: Reactions, settings: Settings, store: Store) -> Supervised:
    mine = {(each.event_type, each.schema_version): each for event in reactions.events for each in event.versions()}

    async def handle(_: asyncpg.Connection, messages: Sequence[Message]) -> None:
        for message in messages:
            if model := mine.get((message.type, message.schema_version)):
                await react(store, reactions, message, latest(model.model_validate_json(message.data)), clock.now())

    name = f"{service.name}-reactions"
    subscription = Subscription(
        name,
        topics=[settings.topic(service.name)],
        bootstrap=settings.kafka_bootstrap,
        pool=store.pool,
        handle=handle,
        group=settings.group(name),
    )
    return _told("reactions", subscription)


def _told(name: str, subscription: Subscription) -> Supervised:
    return Supervised(name, subscription.run, lambda: subscription.error or subscription.failing or "running")


def _subscription(subscribes: Subscribes, settings: Settings, store: Store) -> Supervised:
    name, handle = subscribes.begin(settings)
    subscription = Subscription(
        name,
        topics=[settings.topic(service) for service in subscribes.to],
        bootstrap=settings.kafka_bootstrap,
        pool=store.pool,
        handle=handle,
        known=subscribes.registry,
        group=settings.group(name),
    )
    return _told(f"subscription {name}", subscription)
