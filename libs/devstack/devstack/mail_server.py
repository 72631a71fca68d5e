"""A mail server for development and tests: it keeps what it is given as files, and delivers nothing.

    python -m devstack.mail_server PORT FOLDER

Port 0 is a free one; `mail_server.port`, beside the folder, tells which. An address that begins with a reply code, such
as `550@example.org`, is refused with that code.
"""

import asyncio
import re
import signal
import sys
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from aiosmtpd.smtp import SMTP, Envelope, Session

from devstack.child import Child

OK: Final = "250 OK"


class _Keeping:
    """What the server does with what it is told."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def handle_RCPT(  # noqa: N802  as the library asks
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if refusing := re.match(r"([45][0-9]{2})@", address):
            return f"{refusing[1]} {address} is refused"
        envelope.rcpt_tos.append(address)
        return OK

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.content
        assert isinstance(content, bytes)
        number = sum(1 for _ in self._folder.iterdir()) + 1
        unfinished = self._folder.with_suffix(".new")
        unfinished.write_bytes(content)
        unfinished.rename(self._folder / f"{number:05}.eml")
        return OK


class MailServer:
    """A mail server as a child process."""

    def __init__(self, folder: Path) -> None:
        self.folder: Final = folder / "mail"
        self.folder.mkdir(parents=True, exist_ok=True)
        self._told = folder / "mail_server.port"
        self._port = 0
        self.start()

    @property
    def url(self) -> str:
        """Its address, as SMTP_URL has it."""
        return f"smtp://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Starts it, where it was before if it was stopped."""
        self._told.unlink(missing_ok=True)
        command = [sys.executable, "-m", "devstack.mail_server", str(self._port), str(self.folder)]
        log = self.folder.parent / "mail_server.log"
        self.child = Child("The mail server", command, log=log, marker=str(self.folder))
        self.child.await_ready(self._told.exists, seconds=30)
        self._port = int(self._told.read_text())

    def stop(self) -> None:
        """Stops it."""
        self.child.stop(signal.SIGTERM, seconds=5)

    def received(self) -> list[EmailMessage]:
        """What it was given, in order."""
        return [message_from_bytes(each.read_bytes(), policy=policy.default) for each in sorted(self.folder.iterdir())]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.stop()


async def _serve(port: int, folder: Path) -> None:
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    keeping = _Keeping(folder)
    server = await loop.create_server(lambda: SMTP(keeping, enable_SMTPUTF8=True, loop=loop), "127.0.0.1", port)
    async with server:
        unfinished = folder.parent / "mail_server.port.new"
        unfinished.write_text(str(server.sockets[0].getsockname()[1]))
        unfinished.rename(folder.parent / "mail_server.port")
        await ended.wait()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), Path(sys.argv[2])))
