"""The work of a service behind its HTTP API: the relay of its events, and its subscriptions to those of others."""

import asyncio
import logging
from datetime import timedelta
from typing import Final

from eventstore.postgres.connection import StoreUnavailable
from eventstore.postgres.store import Store
from eventstore.publishing.relay import Relay
from eventstore.refolding import refold
from eventstore.subscribing.subscription import Subscription
from service.definition import Service, Subscribes
from service.running.settings import Settings
from service.running.supervision import Supervised

REMEMBERED: Final = timedelta(days=7)
"""How long a retry of a command is recognised by its idempotency key."""
MINUTE: Final = 60.0
HOUR: Final = 3600.0
SETTLED: Final = 2.0
"""Seconds between two times that the index of labels takes in what was written: a search reads the rest one by one."""

log = logging.getLogger(__name__)


def work(service: Service, settings: Settings, store: Store) -> list[Supervised]:
    """What a worker of the service keeps running. A service without resources has no events to relay."""
    own = []
    if service.resources:
        own = [_relay(service, settings, store), _forgetting(store), _settling(store), _refolding(service, store)]
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


def _settling(store: Store) -> Supervised:
    async def run() -> None:
        while True:
            try:
                await store.settle_labels()
            except StoreUnavailable:
                log.info("labels are settled later: the database is away")
            await asyncio.sleep(SETTLED)

    return Supervised("settling of labels", run, lambda: "running")


def _refolding(service: Service, store: Store) -> Supervised:
    """Every hour, since a release that is on its way out may leave stale streams until it is gone."""
    told = "beginning"

    async def run() -> None:
        nonlocal told
        while True:
            try:
                for resource in service.resources:
                    done = 0
                    async for folded in refold(store, resource.decider, stale_only=True):
                        done += folded
                        told = f"{done} of {resource.path} refolded; until its end lists may lack some"
                told, pause = "all streams are as this release writes them", HOUR
            except StoreUnavailable:
                log.info("streams are refolded later: the database is away")
                pause = MINUTE
            await asyncio.sleep(pause)

    return Supervised("refolding", run, lambda: told)


def _subscription(subscribes: Subscribes, settings: Settings, store: Store) -> Supervised:
    name, handle = subscribes.begin(settings)
    subscription = Subscription(
        name,
        topics=[settings.topic(service) for service in subscribes.to],
        bootstrap=settings.kafka_bootstrap,
        pool=store.pool,
        handle=handle,
        known=subscribes.known,
        group=settings.group(name),
    )
    return Supervised(
        f"subscription {name}",
        subscription.run,
        lambda: subscription.error or subscription.failing or "running",
    )
