"""What becomes of a message to somebody who takes part in an immersion: the stream `mail-<id>`."""

from typing import Final

from contracts.category import Category
from contracts.mail import EVENTS as EVENTS
from contracts.mail import mail_of

CATEGORY: Final[Category] = mail_of("youth-events")
