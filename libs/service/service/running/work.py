"""The work of a service behind its HTTP API: the relay of its events, and its subscriptions to those of others."""

import asyncio
import logging
from datetime import timedelta
from typing import Final

from eventstore.postgres.connection import StoreUnavailable
from eventstore.postgres.store import Store
from eventstore.publishing.relay import Relay
from eventstore.subscribing.subscription import Subscription
from service.definition import Service, Subscribes
from service.running.settings import Settings
from service.running.supervision import Supervised

REMEMBERED: Final = timedelta(days=7)
"""How long a retry of a command is recognised by its idempotency key."""
HOUR: Final = 3600.0

log = logging.getLogger(__name__)


def work(service: Service, settings: Settings, store: Store) -> list[Supervised]:
    """What a worker of the service keeps running. A service without resources has no events to relay."""
    own = [_relay(service, settings, store), _forgetting(store)] if service.resources else []
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
    return Supervised(
        f"subscription {name}",
        subscription.run,
        lambda: subscription.error or subscription.failing or "running",
    )
