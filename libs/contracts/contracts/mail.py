"""What becomes of a message to somebody, in any service that writes to people: the stream `mail-<id>`.

Of the message there is only what it was written from: no event holds its text, its address or a link. The module of
each service says `EVENTS` and the category that `mail_of` gives.
"""

from typing import Final, Literal

from contracts.category import Category
from contracts.model import Event
from contracts.values import RecordId, ReplyCode, Slug, Subject

MailStatus = Literal["waiting", "sent", "refused", "dropped"]
MailDrop = Literal["person_erased", "no_address", "out_of_date", "by_hand"]


class _Mail(Event):
    template: Slug
    """What is said. It tells of which kind the record is that the message is about."""
    about: RecordId
    role: Slug
    """As what the person is written to: a guardian, an adviser."""
    to: Subject


class MailQueued(_Mail, version=1):
    """Somebody is to be written to."""


class MailSent(_Mail, version=1):
    """A mail server has taken the message. A server may be given the same one twice, under the same Message-ID."""


class MailRefused(_Mail, version=1):
    """A mail server has refused the message, or its address, for good."""

    code: ReplyCode


class MailRequeued(_Mail, version=1):
    """A message that was refused is sent once more."""


class MailDropped(_Mail, version=1):
    """The message is not sent any more."""

    reason: MailDrop


EVENTS: Final = (MailQueued, MailSent, MailRefused, MailRequeued, MailDropped)


def mail_of(service: str) -> Category:
    """The category of the messages of a service."""
    return Category("mail", service=service, path="/v1/mail", persons=True)
