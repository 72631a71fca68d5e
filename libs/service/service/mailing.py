"""Mail: what waits in the queue is written and given to a mail server, at least once.

    Service(..., resources=(..., Resource(mails, "/v1/mail", reads=Reads(all=("ops",)))), mail={
        "signature_requested": Template(immersions, ask_for_signature),
    })

One worker of a service sends at a time. Its Message-ID is the same whenever a message is sent again: a server took it,
say, and the worker died before that was recorded. Without a server what waits goes on waiting.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any, Final, Generic, NamedTuple, TypeVar
from urllib.parse import unquote, urlsplit

from aiosmtplib import (
    SMTP,
    SMTPDataError,
    SMTPException,
    SMTPNotSupported,
    SMTPRecipientsRefused,
    SMTPResponseException,
)
from pydantic_core import from_json

from eventstore.decider import PLATFORM, Actor, Command, Decider, State
from eventstore.execution import Outcome, StreamNotFound, current, execute, pages
from eventstore.files import resolve
from eventstore.mail import Drop, Mail, RecordRefused, RecordSent, mails
from eventstore.postgres.listing import Wanted
from eventstore.postgres.store import Store
from eventstore.refusal import Rejected
from service import clock
from service.links import Links
from service.running.settings import Settings

S = TypeVar("S", bound=State)

LOCK: Final = 7220004
AT_ONCE: Final = 100
"""How many messages are read at a time."""
PATIENCE: Final = 30.0
"""Seconds that a mail server has for each of its answers."""
PAUSES: Final = (60.0, 300.0, 1800.0, 7200.0)
"""Seconds until a message is sent again that a server has put off; the last again and again."""
AWAY: Final = 30.0
"""Seconds until a server that does not answer, or lets nobody in, is asked again; until then nothing is looked at."""
PERMANENT: Final = 500
"""From here on a reply code refuses for good."""
NOT_ALLOWED: Final = 553
"""Stands for an address in letters that the server has no way to take."""

log = logging.getLogger(__name__)


class Letter(NamedTuple):
    """What somebody reads."""

    subject: str
    text: str


@dataclass(frozen=True)
class Writing(Generic[S]):
    """What a message is written from, when it is sent."""

    about: Outcome[S]
    """The record that it is about, as it is now."""
    role: str
    to: Mapping[str, Any]
    """What is known of the person."""
    address: Callable[..., str]
    """The address of what the service serves under a path: `address("/v1/lamps/1")`."""
    links: Callable[[str], Links]
    """The links for a purpose."""


@dataclass(frozen=True)
class Template(Generic[S]):
    """A kind of message: the records that it is about, and how it is written; None where it is out of date."""

    about: Decider[S]
    write: Callable[[Writing[S]], Letter | None]


class Postman:
    """Sends the messages of one service."""

    def __init__(self, name: str, templates: Mapping[str, Template[Any]], settings: Settings, store: Store) -> None:
        self._name = name
        self._templates = templates
        self._settings = settings
        self._store = store
        self._later: dict[str, tuple[float, int]] = {}
        """Until when a message is let be, and how often the server did not take it."""
        self._rests_until = 0.0
        self._trouble: str | None = None
        self._told = "beginning"

    @property
    def told(self) -> str:
        """How it fares."""
        return self._told

    def _lacks(self) -> list[str]:
        needed = {"SMTP_URL": self._settings.smtp_url, "MAIL_FROM": self._settings.mail_from}
        return [name for name, value in {**needed, "PUBLIC_URL": self._settings.public_url}.items() if not value]

    async def go_round(self) -> None:
        """Looks at all that waits, once: sends what can be sent, drops what nobody is to read any more.

        Raises StoreUnavailable: what was sent may be sent once more.
        """
        await self._store.asked(self._go_round())

    async def _go_round(self) -> None:
        now = asyncio.get_running_loop().time()
        if now < self._rests_until:
            return
        async with self._alone() as alone, AsyncExitStack() as stack:
            if not alone:
                self._told = "another worker sends"
                return
            waiting = 0
            server = _Server(self._settings, stack)
            wanted = Wanted(mails.category, mails.labelling.having([("status", "waiting")]), limit=AT_ONCE)
            async for page in pages(self._store, mails, wanted):
                for mail in page:
                    waiting += not await self._settled(mail, server)
            if lacks := self._lacks():
                self._rests_until = now + AWAY
            trouble = f"{' and '.join(lacks)} not set" if lacks else self._trouble
            self._told = f"{waiting} wait" + (f": {trouble}" if trouble and waiting else "")
            if not waiting:
                self._later.clear()

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[bool]:
        """Whether nobody else sends, for as long as the block lasts."""
        async with self._store.pool.acquire() as connection:
            alone: bool = await connection.fetchval("SELECT pg_try_advisory_lock($1)", LOCK)
            try:
                yield alone
            finally:
                if alone and not connection.is_closed():
                    await connection.execute("SELECT pg_advisory_unlock($1)", LOCK)

    async def _settled(self, mail: Outcome[Mail], server: "_Server") -> bool:
        """Whether a message waits no more."""
        template = self._templates.get(mail.state.template)
        if template is None:
            # Of a later release, which knows it.
            return False
        now = asyncio.get_running_loop().time()
        later, tries = self._later.get(mail.identity, (0.0, 0))
        if now < later:
            return False
        letter = await self._written(mail, template)
        if isinstance(letter, Drop):
            return await self._record(mail, letter)
        if self._lacks() or now < self._rests_until:
            return False
        try:
            await server.send(letter)
        except (SMTPRecipientsRefused, SMTPDataError, SMTPNotSupported) as refused:
            code = _code(refused)
            if code >= PERMANENT:
                log.warning("%s: the mail server refuses %s for good, with %d", self._name, mail.stream_id, code)
                return await self._record(mail, RecordRefused(code=code))
            self._later[mail.identity] = (now + PAUSES[min(tries, len(PAUSES) - 1)], tries + 1)
            return False
        except (SMTPException, OSError) as error:
            self._is_away(error)
            return False
        self._trouble = None
        return await self._record(mail, RecordSent())

    def _is_away(self, error: Exception) -> None:
        """Said once for each trouble, and without the server's own words, which may hold an address."""
        code = error.code if isinstance(error, SMTPResponseException) else None
        trouble = f"the mail server answers {code}" if code else f"the mail server is away ({type(error).__name__})"
        if trouble != self._trouble:
            log.error("%s: mail waits, as %s", self._name, trouble)
        self._trouble = trouble
        self._rests_until = asyncio.get_running_loop().time() + AWAY

    async def _written(self, mail: Outcome[Mail], template: Template[Any]) -> EmailMessage | Drop:
        about = await current(self._store, template.about, mail.state.about)
        known = (await self._store.persons([mail.state.to])).get(mail.state.to)
        if about is None or known is None:
            return Drop(reason="person_erased" if about else "out_of_date")
        to = from_json(known.data)
        if not to.get("email"):
            return Drop(reason="no_address")
        writing = Writing(about, mail.state.role, to, self._address, lambda what: Links(what, self._store.keyed))
        letter = template.write(writing)
        if letter is None:
            return Drop(reason="out_of_date")
        # In two parts, so that no sign in the first makes it another address, or two.
        name, _, domain = to["email"].rpartition("@")
        message = EmailMessage()
        message["Subject"] = letter.subject
        message["From"] = self._settings.mail_from or ""
        message["To"] = Address(username=name, domain=domain)
        message["Date"] = format_datetime(clock.now())
        message["Message-ID"] = f"<{mail.identity}@{_domain(self._settings.mail_from or '')}>"
        message["Auto-Submitted"] = "auto-generated"
        # As it is written: an address that is broken into lines is no link to who reads the source.
        message.set_content(letter.text, cte="8bit")
        return message

    def _address(self, path: str) -> str:
        return f"{self._settings.public_url or ''}/{self._name}{path}"

    async def _record(self, mail: Outcome[Mail], command: Command) -> bool:
        """Records what became of a message; whether it was still there to be told of."""
        now = clock.now()
        try:
            await execute(
                self._store,
                mails,
                command.model_copy(update={"on": max(now.date(), mail.state.effective_on)}),
                identity=mail.identity,
                actor=Actor(PLATFORM, frozenset({PLATFORM})),
                now=now,
                metadata=f'{{"actor":"{PLATFORM}"}}',
            )
        except (Rejected, StreamNotFound) as refused:
            log.info("%s: %s was decided on meanwhile: %s", self._name, mail.stream_id, refused)
        self._later.pop(mail.identity, None)
        return True


class _Server:
    """A mail server, which is connected to with the first message."""

    def __init__(self, settings: Settings, stack: AsyncExitStack) -> None:
        self._settings = settings
        self._stack = stack
        self._client: SMTP | None = None

    async def send(self, message: EmailMessage) -> None:
        """Gives it a message. Raises SMTPException and OSError; SMTPNotSupported for an address in letters that the
        server has no way to take."""
        if self._client is None or not self._client.is_connected:
            self._client = await self._connected()
        await self._client.send_message(message)

    async def _connected(self) -> SMTP:
        parts = urlsplit(resolve(self._settings.smtp_url or ""))
        within_tls = parts.scheme == "smtps"
        client = SMTP(
            hostname=parts.hostname,
            port=parts.port or (465 if within_tls else 587),
            username=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
            use_tls=within_tls,
            # Where the server has it; and where a password is sent, without fail.
            start_tls=False if within_tls else (True if parts.username else None),
            timeout=PATIENCE,
        )
        return await self._stack.enter_async_context(client)


def _code(refused: Exception) -> int:
    match refused:
        case SMTPRecipientsRefused(recipients=[first, *_]):
            return int(first.code)
        case SMTPDataError(code=code):
            return int(code)
        case _:
            return NOT_ALLOWED


def _domain(address: str) -> str:
    return address.rpartition("@")[2].rstrip("> ") or "localhost"
