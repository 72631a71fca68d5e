"""A program that runs as our child, can be killed and paused, and never outlives us."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO

import psutil

from devstack import dies_with_parent

# Linux ends a child with the thread that began it, so all of them are begun by one that lives as long as we do.
_BEGINNER = ThreadPoolExecutor(max_workers=1, thread_name_prefix="begins-children")


class DevstackError(Exception):
    """Something the reader must do first; the message is one sentence that says what."""


class Child:
    """A running program, whose output goes to a log file; its environment is ours unless another is given.

    `marker` is a part of its command line that no other program has: by it, one that an earlier run left behind (where
    the kernel does not end children with their parent) is recognised and ended before a new one begins.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        log: Path,
        marker: str,
        user: str | None = None,
        environment: dict[str, str] | None = None,
    ) -> None:
        self.name = name
        self.log = log
        self._pid_file = log.with_suffix(".pid")
        self._end_leftover(marker)
        wrapped: list[str | Path] = [sys.executable, "-I", "-S", dies_with_parent.__file__]
        wrapped += [str(os.getpid()), user or "", *command]
        with log.open("ab") as output:
            self._log_begins_at = output.tell()
            self._process = _BEGINNER.submit(self._begin, wrapped, output, environment).result()
        self._pid_file.write_text(str(self.pid))

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def await_ready(self, ready: Callable[[], bool], *, seconds: float) -> None:
        """Waits until it answers. Raises DevstackError when it ends instead, or does not answer in time."""
        deadline = time.monotonic() + seconds
        while not ready():
            if not self.running:
                raise DevstackError(f"{self.name} did not start: see {self.log}, which ends with: {self._last_words()}")
            if time.monotonic() > deadline:
                self.kill()
                raise DevstackError(f"{self.name} did not answer within {seconds:.0f} s: see {self.log}")
            time.sleep(0.02)

    def await_end(self, *, seconds: float) -> None:
        """Waits until it has done its work. Raises DevstackError when it fails."""
        try:
            failed = self._process.wait(seconds) != 0
        except subprocess.TimeoutExpired:
            self.kill()
            failed = True
        self._pid_file.unlink(missing_ok=True)
        if failed:
            raise DevstackError(f"{self.name} failed: see {self.log}, which ends with: {self._last_words()}")

    def stop(self, orderly: signal.Signals, *, seconds: float) -> None:
        """Ends it in its own way, or by force when it takes too long."""
        if self.running:
            self.resume()
            self._process.send_signal(orderly)
            try:
                self._process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.kill()
        self._pid_file.unlink(missing_ok=True)

    def kill(self) -> None:
        """Ends it at once, with its own children, as a power cut would."""
        for process in self._family():
            _signal(process, signal.SIGKILL)
        self._process.wait()

    def pause(self) -> None:
        """Stops it, with its own children, where they are."""
        # A child may be born after they were listed, but none once the parent stands still: hence twice.
        for _ in range(2):
            for process in self._family():
                _signal(process, signal.SIGSTOP)

    def resume(self) -> None:
        """Lets it go on after a pause."""
        for process in self._family():
            _signal(process, signal.SIGCONT)

    def _begin(
        self, command: list[str | Path], output: IO[bytes], environment: dict[str, str] | None
    ) -> subprocess.Popen[bytes]:
        # A session of its own keeps a terminal's Ctrl-C from it: we end our children, in order.
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
            start_new_session=True,
        )

    def _family(self) -> list[psutil.Process]:
        try:
            parent = psutil.Process(self.pid)
            return [parent, *parent.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def _end_leftover(self, marker: str) -> None:
        try:
            leftover = psutil.Process(int(self._pid_file.read_text()))
            if marker in " ".join(leftover.cmdline()):
                leftover.kill()
                leftover.wait(10)
        except (FileNotFoundError, ValueError, psutil.NoSuchProcess, psutil.AccessDenied):
            return

    def _last_words(self) -> str:
        written = self.log.read_bytes()[self._log_begins_at :].decode(errors="replace")
        lines = [line.strip() for line in written.splitlines() if line.strip()]
        telling = [line for line in lines if "ERROR" in line or "FATAL" in line or "Exception" in line]
        return (telling or lines or ["nothing"])[-1]


def _signal(process: psutil.Process, number: signal.Signals) -> None:
    try:
        process.send_signal(number)
    except psutil.NoSuchProcess:
        return
