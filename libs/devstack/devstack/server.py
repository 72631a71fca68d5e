"""What the servers of the development stack have in common: a data folder, a port, a child process."""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Self

from devstack.child import Child, DevstackError
from devstack.ports import free_port, is_free


class Server(ABC):
    """A server with its data in a folder and a port of the loopback address, which it keeps when started again."""

    name: str

    def __init__(self, folder: Path, *, port: int | None = None) -> None:
        self.folder = folder.resolve()
        self.port = port or free_port()
        self._child: Child | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def child(self) -> Child:
        """The running process. Raises DevstackError when it was never started."""
        if self._child is None:
            raise DevstackError(f"{self.name} is not running: start it first.")
        return self._child

    @property
    def running(self) -> bool:
        """Whether the process is there, be it paused."""
        return self._child is not None and self._child.running

    def start(self) -> None:
        """Starts it and returns when it answers. Raises DevstackError."""
        self.begin()
        self.child.await_ready(self._answers, seconds=60)

    def begin(self) -> None:
        """Starts it without waiting until it answers. Raises DevstackError."""
        if self.running:
            return
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if not is_free(self.port):
                raise DevstackError(f"Port {self.port}, for {self.name}, is taken: stop what listens there.")
            self._child = self._launch()
        except OSError as error:
            raise DevstackError(f"Cannot write to {self.folder}: make it writable or set STATE ({error}).") from error

    @abstractmethod
    def stop(self) -> None:
        """Ends it in an orderly way; its data stays."""

    def kill(self) -> None:
        """Ends it at once (SIGKILL), as a power cut would."""
        self.child.kill()

    def pause(self) -> None:
        """Freezes it (SIGSTOP): its port stays open and nothing answers."""
        self.child.pause()

    def resume(self) -> None:
        """Lets it go on after a pause (SIGCONT)."""
        self.child.resume()

    def restart(self) -> None:
        """Stops it and starts it again on the same port and data."""
        self.stop()
        self.start()

    @abstractmethod
    def _launch(self) -> Child: ...

    @abstractmethod
    def _answers(self) -> bool: ...
