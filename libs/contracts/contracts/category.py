"""A kind of stream: what its ids begin with, which service writes it, and where its records are read."""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Category:
    """The streams of one kind of aggregate. Raises TypeError for a name, service or path that is not written as one.

    >>> entry = Category("entry", service="youth-events", path="/v1/entries")
    >>> entry.stream_id("42"), entry.public_path, package_of(entry.service)
    ('entry-42', '/youth-events/v1/entries', 'youth_events')
    """

    name: str
    """What the ids of its streams begin with, before a hyphen."""
    service: str
    """The service whose streams they are, as its topic and its scopes name it."""
    path: str
    """Where the service serves its records."""
    persons: bool = False
    """Whether its streams are each about a person, or tell what a company answered in confidence: their events are in
    a topic of their own, which is for named readers."""

    @property
    def topic(self) -> str:
        """The topic of its events, without the territory and the version: `companies`, `youth-events.persons`."""
        return f"{self.service}.persons" if self.persons else self.service

    def __post_init__(self) -> None:
        for text, pattern in (
            (self.name, r"[a-z][a-z0-9]*(-[a-z0-9]+)*"),
            (self.service, r"[a-z][a-z0-9]*(-[a-z0-9]+)*"),
            (self.path, r"/v[1-9][0-9]*/[a-z][a-z0-9]*(-[a-z0-9]+)*"),
        ):
            if not re.fullmatch(pattern, text):
                raise TypeError(f"{text!r} is not how a category, its service or its path is written: {pattern}")

    def stream_id(self, identity: str) -> str:
        """The id of the stream of one aggregate: `company-00000001800010`."""
        return f"{self.name}-{identity}"

    def identity(self, stream_id: str) -> str:
        """What `stream_id` was made of."""
        return stream_id.removeprefix(f"{self.name}-")

    @property
    def public_path(self) -> str:
        """Where its records are behind the host that the services share: `/companies/v1/investments`."""
        return f"/{self.service}{self.path}"


def package_of(service: str) -> str:
    """The Python package of a service: Python's names have no hyphens."""
    return service.replace("-", "_")
