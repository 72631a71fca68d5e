"""A metric as it is declared, and a sample of it as it is told."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from eventstore.measuring import Distribution
from eventstore.postgres.store import Store
from eventstore.subscribing.subscription import Lag
from service.running.settings import Settings

Kind = Literal["counter", "gauge", "histogram"]
Teller = Literal["api", "worker", "all"]


@dataclass(frozen=True)
class Metric:
    """What is told under a name. Every sample has the label `service`, too."""

    name: str
    """As Prometheus names it, with its unit where it has one."""
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()
    by: Teller = "all"
    """Which processes tell it: those that serve the API, those that do the work, or both."""

    def at(self, value: float | Distribution, *labels: str) -> "Sample":
        """A sample of it, with the values of its labels. Raises ValueError for more of them, or fewer."""
        if len(labels) != len(self.labels):
            raise ValueError(f"{self.name} has the labels {self.labels}, not {labels}")
        return Sample(self, value, labels)


class Sample(NamedTuple):
    """The value of a metric for some values of its labels."""

    metric: Metric
    value: float | Distribution
    labels: tuple[str, ...]


Lags = Mapping[str, Mapping[str, Lag]]
"""How far the subscriptions of this process are behind, by their names and topics."""


class Tells(NamedTuple):
    """What a service tells of itself beside what all do; its database is asked once in some seconds at most."""

    metrics: tuple[Metric, ...]
    tell: Callable[[Store, Settings, Lags], Awaitable[Sequence[Sample]]]
