"""Processes of the services that a test kills, freezes and begins again."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Final

from programme.mother import Told

FOUND_IN: Final = Path(__file__).parents[1]


class Process:
    """One process of a service."""

    def __init__(self, pid: int, told: Told) -> None:
        self.pid = pid
        self.told = told

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        return True

    def kill(self) -> None:
        """Ends it as a power cut would."""
        self._signal(signal.SIGKILL)
        self._await_end(5)

    def freeze(self) -> None:
        """It stands still."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """It goes on."""
        self._signal(signal.SIGCONT)

    def stop(self, seconds: float = 30) -> None:
        """Ends it in order, or by force when that takes too long."""
        self.thaw()
        self._signal(signal.SIGTERM)
        if not self._await_end(seconds):
            self.kill()

    async def status(self, seconds: float = 300) -> int:
        """Its exit status, once it has ended by itself."""
        async with asyncio.timeout(seconds):
            while self.running:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        return int(self._left(self.told.ended))

    @property
    def said(self) -> str:
        """What it printed so far."""
        return self._left(self.told.output)

    @staticmethod
    def _left(file: str) -> str:
        return Path(file).read_text()

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def _await_end(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while self.running and time.monotonic() < deadline:
            time.sleep(0.005)
        return not self.running


class Mother:
    """Begins them; `folder` is for what they write."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = count(1)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "programme.mother"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(FOUND_IN)},
        )

    def begin(
        self, service: str, *arguments: str, environment: Mapping[str, str], changes: Sequence[str] = ()
    ) -> Process:
        """A process that has just begun. What it says is kept beside that of the others of its service."""
        log = self._folder / f"{service}.log"
        number = next(self._numbers)
        told = Told(
            service=service,
            arguments=arguments,
            environment=environment,
            output=str(self._folder / f"{number}.out"),
            log=str(log),
            ended=str(self._folder / f"{number}.ended"),
            changes=changes,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(told.model_dump_json() + "\n")
        self._process.stdin.flush()
        return Process(int(self._process.stdout.readline()), told)

    def end(self) -> None:
        """Ends all that are left."""
        self._process.communicate()


@contextmanager
def mother(folder: Path) -> Iterator[Mother]:
    """Begins processes as long as the block lasts."""
    begun = Mother(folder)
    try:
        yield begun
    finally:
        begun.end()
