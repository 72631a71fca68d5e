"""Relays and subscriptions as processes of their own, for tests that kill and stop them.

Reads lines from its input, begins a process for each, and answers with the process's id. A line is the address of a
database, that of Kafka, the topics of lamps and of keepers with a comma between, and what to run:

    relay                 a relay of the topics
    relay unfenced        one that does not fence off the relay before it
    relay stalls          one that stops itself before its third commit
    relay unfenced stalls
    relay tens stalls     one whose transactions hold ten events at most
    subscription          notes each event of the topics in the table `effects`
    subscription stalls   one that stops itself before its first transaction
    subscription unsafe   the same, which moves marks without comparing

They all end with it, and it ends with its input.
"""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import asyncpg

from eventstore.kafka.brokers import Bootstrap
from eventstore.kafka.clients import Producer
from eventstore.kafka.envelope import Message
from eventstore.postgres.connection import open_pool
from eventstore.publishing import backlog, publisher
from eventstore.publishing.relay import Relay
from eventstore.subscribing import subscription
from eventstore.subscribing.subscription import Subscription

PARTITIONS = 3
SESSION = 1.0


def stop_here() -> None:
    """Stands still until someone sends SIGCONT."""
    os.kill(os.getpid(), signal.SIGSTOP)


class UnfencedProducer(Producer):
    """Shares its transactional id with nobody."""

    def __init__(self, bootstrap: Bootstrap, **settings: Any) -> None:
        super().__init__(bootstrap, **{**settings, "transactional_id": f"{settings['transactional_id']}.{os.getpid()}"})


class StallingProducer(Producer):
    """Stops before its third commit, all records sent."""

    commits = 0

    async def commit_transaction(self) -> None:
        """Commits, or stands still first."""
        self.commits += 1
        if self.commits == 3:
            stop_here()
        await super().commit_transaction()


class UnfencedStallingProducer(UnfencedProducer, StallingProducer):
    """Both."""


PRODUCERS = {
    "": Producer,
    "unfenced": UnfencedProducer,
    "stalls": StallingProducer,
    "unfenced stalls": UnfencedStallingProducer,
}


async def move_regardless(
    connection: asyncpg.Connection, name: str, _: object, messages: Sequence[Message]
) -> dict[Any, int]:
    """What `move_marks` would be without comparing."""
    for message in messages:
        await connection.execute(
            "UPDATE marks SET position = $4 WHERE subscription = $1 AND topic = $2 AND partition = $3",
            *(name, message.topic, message.partition, message.position),
        )
    return {}


class StallingSubscription(Subscription):
    """Stops with its first messages in hand."""

    stalled = False

    async def _apply(self, member: Any, records: Any, fault: Exception | None = None) -> None:
        if not self.stalled:
            self.stalled = True
            stop_here()
        await super()._apply(member, records, fault)


async def note(connection: asyncpg.Connection, messages: Sequence[Message]) -> None:
    """The effect of a message: a line in a table, however often it has one already."""
    await connection.executemany(
        "INSERT INTO effects (event_id, stream_id, version) VALUES ($1, $2, $3)",
        [(message.event_id, message.stream_id, message.version) for message in messages],
    )


async def relay(url: str, bootstrap: str, types: Mapping[str, str]) -> None:
    """Runs a relay."""
    await Relay(url, topic=types["LampLit"], types=types, bootstrap=bootstrap, partitions=PARTITIONS).run()


async def subscribe(url: str, bootstrap: str, topics: Collection[str], kind: type[Subscription]) -> None:
    """Runs a subscription."""
    name = f"of.{min(topics)}"
    async with open_pool(url, 2) as pool:
        await kind(name, topics=topics, bootstrap=bootstrap, pool=pool, handle=note, session=SESSION).run()


def run(url: str, bootstrap: str, topics: str, kind: str, *how: str) -> None:
    """What the process of a line does, until it is ended."""
    logging.basicConfig(level=logging.WARNING, format=f"{os.getpid()} %(name)s: %(message)s")
    if kind == "relay":
        if "tens" in how:
            vars(backlog)["RUN_EVENTS"] = 10
        vars(publisher)["Producer"] = PRODUCERS[" ".join(word for word in how if word != "tens")]
        types = dict(zip(("LampLit", "KeeperPaid"), topics.split(","), strict=True))
        asyncio.run(relay(url, bootstrap, types))
    else:
        if "unsafe" in how:
            vars(subscription)["move_marks"] = move_regardless
        asyncio.run(subscribe(url, bootstrap, topics.split(","), StallingSubscription if how else Subscription))


def main() -> None:
    """Begins processes until its input ends."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    begun = []
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            os.close(sys.stdin.fileno())
            run(*line.split())
            os._exit(0)
        begun.append(child)
        print(child, flush=True)
    for child in begun:
        try:
            os.kill(child, signal.SIGKILL)
        except ProcessLookupError:
            continue


if __name__ == "__main__":
    main()
