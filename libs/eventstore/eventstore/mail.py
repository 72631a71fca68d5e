"""Messages to people, each a stream: queued by a reaction, sent by a worker, told of without a name or an address.

A message is written from a template when it is sent, out of what is true and known then. So nothing personal is kept
for it, and who was erased meanwhile gets none.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Annotated, Final

from pydantic import Field

from contracts.mail import MailDrop, MailDropped, MailQueued, MailRefused, MailRequeued, MailSent, MailStatus
from contracts.model import Day
from contracts.values import RecordId, ReplyCode, Slug, Subject
from eventstore.decider import PLATFORM, Command, Decider, Keep, State, tell
from eventstore.finding import Finding

CATEGORY: Final = "mail"
WORTH_SENDING: Final = timedelta(days=30)
"""How long a message that waits needs its person to be known."""


class Queue(Command):
    """Somebody is to be written to."""

    template: Slug
    about: RecordId
    role: Slug
    to: Subject


class RecordSent(Command):
    """A mail server has taken the message."""


class RecordRefused(Command):
    """A mail server has refused the message for good."""

    code: ReplyCode


class Retry(Command):
    """What was refused is sent once more: the address is told anew, or the server's fault is mended."""


class Drop(Command):
    """The message is not sent any more."""

    reason: Annotated[MailDrop, Field(examples=["by_hand"])]


class Mail(State):
    """A message to somebody."""

    template: Slug
    about: RecordId
    """The record that it is about."""
    role: Slug
    """As what the person is written to."""
    to: RecordId
    """The person's pseudonym."""
    status: MailStatus
    queued_on: Day
    sent_on: Day | None = None
    ended_on: Day | None = None
    """When it was refused or dropped."""
    code: ReplyCode | None = None
    """What the mail server answered that refused it."""
    reason: MailDrop | None = None


mails: Final = Decider(
    CATEGORY,
    Mail,
    final="sent",
    finding=Finding(found_by=("status", "template", "about", "to"), sorted_by=("queued_on",)),
)


@mails.creates(by=PLATFORM, to="waiting", day="queued_on")
def queue(command: Queue) -> MailQueued:
    return tell(MailQueued, command)


# What a server has taken was sent, whatever was decided of it meanwhile.
mails.steps(
    RecordSent,
    MailSent,
    by=PLATFORM,
    when=("waiting", "refused", "dropped"),
    to="sent",
    day="sent_on",
    clears=("ended_on", "code", "reason"),
)
mails.steps(RecordRefused, MailRefused, by=PLATFORM, when="waiting", to="refused", day="ended_on", takes=("code",))
mails.steps(Retry, MailRequeued, by="ops", when="refused", to="waiting", clears=("ended_on", "code"))
mails.steps(
    Drop,
    MailDropped,
    by=("ops", PLATFORM),
    when=("waiting", "refused"),
    to="dropped",
    day="ended_on",
    takes=("reason",),
    reserves={PLATFORM: ("person_erased", "no_address", "out_of_date"), "ops": ("by_hand",)},
)


@mails.keeps
def _(mail: Mail) -> Iterable[Keep]:
    waits = mail.status in ("waiting", "refused")
    yield Keep(mail.to, mail.queued_on + WORTH_SENDING if waits else mail.queued_on)
