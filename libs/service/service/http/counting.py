"""Requests to a service: how many are under way, and how long each took, by method, route and status."""

from typing import Final

from eventstore.measuring import Distribution

SECONDS: Final = (0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15)
"""Up to the time that a request may take, unless that was set to more."""
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"})
OTHER: Final = "_OTHER"
"""Stands for whatever other method a client makes up, as OpenTelemetry has it."""


class Requests:
    """The requests to a service, of this process."""

    def __init__(self) -> None:
        self.active = 0
        self.answered: Final[dict[tuple[str, str, int], Distribution]] = {}
        """By method, route and status: seconds until the answer was given."""

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        """Counts a request that was answered; its route is empty where it has none."""
        of = method if method in _METHODS else OTHER, route, status
        found = self.answered.get(of)
        if found is None:
            found = self.answered[of] = Distribution(SECONDS)
        found.add(seconds)
