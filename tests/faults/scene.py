"""A fault in the middle of the programme's daily work, and what must hold once it is over."""

import asyncio
import random
import threading
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from programme.checking import Verdict, faults_of_persons, faults_of_work_behind, judge, settle, topics_of
from programme.clients import Answer, Clients
from programme.folding import faults_of_all_folds
from programme.running import PATIENCE, Programme

from devstack.ports import free_port
from devstack.running import SERVICES


def _waits_for_others(problem: Mapping[str, Any]) -> bool:
    return str(problem.get("type")).endswith("/mirror-behind")


@dataclass
class Scene:
    """Where a test does its worst. What chance decides depends on the seed alone, as far as it lies with us."""

    programme: Programme
    clients: Clients
    seed: int
    chance: random.Random
    stands: bool = False
    """Whether it was found to be whole."""
    _before: int = field(init=False)
    _began: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self._before = len(self.clients.sent)

    @property
    def answers(self) -> list[Answer]:
        """What clients were answered so far in this scene."""
        answers = [answer for each in self.clients.sent[self._before :] for answer in each.answers]
        return answers + [
            answer for each in self.clients.looked_up for answer in each.answers if answer.at > self._began
        ]

    @property
    def failed(self) -> list[Answer]:
        """Those of them that there were none, or say that something is away. That what another service did a moment ago
        is not known yet is no failure."""
        return [
            each
            for each in self.answers
            if each.status is None
            or (each.status >= httpx.codes.INTERNAL_SERVER_ERROR and not _waits_for_others(each.problem or {}))
        ]

    def failed_since(self, moment: float) -> list[Answer]:
        """Those of them that came after a moment."""
        return [each for each in self.failed if each.at > moment]

    def everyone_was_answered(self) -> None:
        """Whatever was asked for, as no process that answers was stopped. Raises AssertionError."""
        unheard = [f"{each.error} after {each.seconds:.1f} s" for each in self.answers if each.status is None]
        assert unheard == [], f"requests were not answered: {unheard}"

    async def until(self, happened: Callable[[], bool], what: str) -> None:
        """Waits for what a fault leads to."""
        try:
            async with asyncio.timeout(PATIENCE):
                while not happened():  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise AssertionError(f"not within {PATIENCE:.0f} s: {what}") from None

    def some(self, number: int = 3) -> list[str]:
        """Services, as chance has them."""
        return self.chance.sample(SERVICES, number)

    @asynccontextmanager
    async def busy(self, at_once: int = 4) -> AsyncIterator[None]:
        """Daily work of so many at once, which goes on until the block ends and is then finished."""
        async with self.clients.busy(at_once):
            yield

    @asynccontextmanager
    async def beside(self, services: Sequence[str], command: str) -> AsyncIterator[Mapping[str, int]]:
        """Another process of each of these services, an `api` or a `worker`, as long as the block lasts.

        Yields the ports that they answer at.
        """
        ports = {name: free_port() for name in services}
        begun = [self.programme.begin_beside(name, command, PORT=str(port)) for name, port in ports.items()]
        try:
            await self.programme.until(lambda ready: bool(ready["ready"]), services, ports)
            yield ports
        finally:
            for process in begun:
                process.kill()

    async def is_whole(self, *, figures: bool = False) -> Verdict:
        """Waits until all that was begun is done, and then looks at all that must hold.

        L: nothing acknowledged is lost. D: nothing has its effect twice. O: streams are in order, in stores and topics.
        P: states, claims, mirrors and what else stands beside events is what these add up to; what follows from work in
        other services is there, once; figures are compared after several scenes, and where `figures` asks for that.
        E: every answer is clear.
        """
        verdict, faults = await self.looked_at()
        assert faults == [], faults[:10]
        assert (verdict.listed, verdict.forgotten) == ([], [])
        if figures:
            await self.figures_are_those_of_the_topics()
        self.stands = True
        return verdict

    async def figures_are_those_of_the_topics(self) -> None:
        """Nothing counts twice, and nothing is left out."""
        status, lines = await self.programme.command("indicators", "verify", told=1)
        assert (status, lines[-1].endswith("no differences")) == (0, True), lines[-5:]

    async def looked_at(self) -> tuple[Verdict, list[str]]:
        """What became of the commands, and all that is otherwise than it must be."""
        await settle(self.programme)
        verdict = await judge(self.programme, self.clients)
        published = {service: await topics_of(self.programme, service) for service in SERVICES}
        databases = {service: self.programme.database(service) for service in SERVICES}
        faults = [
            *verdict.faults,
            *await faults_of_all_folds(databases, published),
            *await faults_of_persons(self.programme, self.clients),
            *await faults_of_work_behind(self.programme),
            *await self.clients.faults_of_work(),
            *(f"daily work was refused: {each}" for each in self.clients.refusals),
        ]
        return verdict, faults


async def met(what: threading.Event) -> None:
    """Waits until something that a proxy was told to wait for has come to it."""
    assert await asyncio.to_thread(what.wait, PATIENCE), "it never came"
