"""What is recorded to see how long it takes until figures know of it, the stream `pulse-<name>`.

It is of no company and no axis, no figure counts it, and no partner can send it.
"""

from typing import Final, Literal

from contracts.category import Category
from contracts.model import Event
from contracts.values import Slug

CATEGORY: Final = Category("pulse", service="companies", path="/v1/pulses")

PulseStatus = Literal["sent"]


class PulseSent(Event, version=1):
    """Whoever runs the platform measures how long this takes until figures know of it. It counts for nothing."""

    pulse: Slug
