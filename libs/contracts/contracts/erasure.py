"""That a person was erased, in any service that knew one: the stream `erasure-<pseudonym>`.

Readers of its topic delete whatever they keep under the pseudonym. The module of each service says `EVENTS` and the
category that `erasures_of` gives.
"""

from typing import Final, Literal

from contracts.category import Category
from contracts.model import Event
from contracts.values import Subject

ErasureReason = Literal["request", "retention", "mistake"]
ErasureStatus = Literal["erased"]


class PersonErased(Event, version=1):
    """Nothing is known any more of a person but the pseudonym, which was given once and is never given again."""

    person: Subject
    reason: ErasureReason


EVENTS: Final = (PersonErased,)


def erasures_of(service: str) -> Category:
    """The category of a service's erasures."""
    return Category("erasure", service=service, path="/v1/erasures", persons=True)
