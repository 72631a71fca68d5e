"""A worker of the indicators, for one measure: `python -m bench.worker DATABASE BOOTSTRAP TOPIC MEASURE VERSION`."""

import asyncio
import sys

import uvloop

from bench.chapter import MEASURES, version
from contracts.registry import REGISTRY
from eventstore.postgres.store import Store
from eventstore.subscribing.subscription import Subscription
from indicators.projection import BATCH, Projection
from service.running.garbage import look_seldom


async def work(url: str, bootstrap: str, topic: str, measure: str, number: str) -> None:
    """Folds until it is ended."""
    projection = Projection(version(MEASURES[measure], int(number)))
    look_seldom()
    async with Store.open(url) as store:
        await Subscription(
            projection.subscription,
            topics=[topic],
            bootstrap=bootstrap,
            pool=store.pool,
            handle=projection,
            known=REGISTRY,
            group=f"{topic}.{projection.subscription}",
            batch=BATCH,
        ).run()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(work(*sys.argv[1:]))
