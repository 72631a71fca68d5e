"""What this service alone tells as metrics: how current each chapter of figures is."""

from collections.abc import Sequence
from typing import Final, cast

import asyncpg

from eventstore.postgres.store import Store
from indicators.chapters import Catalogue
from indicators.projection import generations_of, subscription_of
from indicators.query import serving
from service.metrics.metric import Lags, Metric, Sample, Tells
from service.running.settings import Settings

SERVING_OWN: Final = Metric(
    "indicators_chapter_serving_own",
    "gauge",
    "Whether the chapter is answered from the definitions of this release; if not, from older ones or not at all.",
    ("chapter",),
)
BEHIND: Final = Metric(
    "indicators_chapter_behind_events",
    "gauge",
    "Records of its topics that the chapter does not count yet, of the partitions that this process reads.",
    ("chapter",),
    by="worker",
)


def tells(catalogue: Catalogue) -> Tells:
    """What there is to tell of the chapters of a catalogue."""

    async def tell(store: Store, settings: Settings, lags: Lags) -> Sequence[Sample]:
        generations = generations_of(catalogue, settings)
        async with store.pool.acquire() as lent:
            served = await serving(cast(asyncpg.Connection, lent), catalogue, generations)
        told = []
        for name, chapter in catalogue.chapters.items():
            subscription = subscription_of(chapter, generations[name])
            told.append(SERVING_OWN.at(name in served and served[name].generation == subscription, name))
            behind = [lag.events for lag in lags.get(subscription, {}).values()]
            known = [events for events in behind if events is not None]
            if known and len(known) == len(behind):
                told.append(BEHIND.at(sum(known), name))
        return told

    return Tells((SERVING_OWN, BEHIND), tell)
