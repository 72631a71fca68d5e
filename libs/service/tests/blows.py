"""Workers of a service, as processes that a test kills and freezes."""

import asyncio
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lamps import variables

from devstack.issuer import Issuer
from eventstore.files import resolve
from service.running.settings import Settings


class Workers:
    """Processes of one service, by process id."""

    def __init__(self, mother: "subprocess.Popen[str]", count: int) -> None:
        self._mother = mother
        self.standing: list[int] = []
        self._thawing: set[asyncio.Task[None]] = set()
        for _ in range(count):
            self.begin()

    def begin(self) -> None:
        """Begins one."""
        assert self._mother.stdin is not None
        assert self._mother.stdout is not None
        self._mother.stdin.write("\n")
        self._mother.stdin.flush()
        self.standing.append(int(self._mother.stdout.readline()))

    def kill(self, worker: int) -> None:
        """Kills one, and begins another in its place."""
        os.kill(worker, signal.SIGKILL)
        self.standing.remove(worker)
        self.begin()

    def freeze(self, worker: int, seconds: float) -> None:
        """Has one stand still for a while."""

        async def thaw() -> None:
            await asyncio.sleep(seconds)
            os.kill(worker, signal.SIGCONT)
            self.standing.append(worker)

        os.kill(worker, signal.SIGSTOP)
        self.standing.remove(worker)
        self._thawing.add(asyncio.create_task(thaw()))

    async def thawed(self) -> None:
        """Waits until none stands still."""
        await asyncio.gather(*self._thawing)

    def strike(self, chance: random.Random, frozen: tuple[float, float]) -> None:
        """Kills one that stands, or all, or freezes them for so many seconds, but for one that takes over."""
        struck = chance.sample(self.standing, chance.choice([1, len(self.standing)]))
        if chance.random() < 0.5:
            for worker in struck:
                self.kill(worker)
        else:
            for worker in struck[: len(self.standing) - 1]:
                self.freeze(worker, chance.uniform(*frozen))


@contextmanager
def working(module: str, settings: Settings, issuer: Issuer, count: int) -> Iterator[Workers]:
    """So many hurried workers of the service of a module. They begin quickly, with all they need loaded."""
    told = variables(
        resolve(settings.database_url),
        issuer,
        KAFKA_BOOTSTRAP=settings.kafka_bootstrap,
        TERRITORY=settings.territory,
        TOPIC_PARTITIONS=str(settings.topic_partitions),
        LOG_LEVEL="ERROR",
        PORT="0",
    )
    command = [sys.executable, str(Path(__file__).with_name("hurried.py")), module]
    with subprocess.Popen(
        command, env={**os.environ, **told}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as mother:
        yield Workers(mother, count)
