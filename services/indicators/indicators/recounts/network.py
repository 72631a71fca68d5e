"""The company network: each company is replayed event by event."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Final

from indicators.recounts.counting import Average, Happened, Held, Moving, Quantile, Recounts, Share, Stock, Stream, held


class Membership:
    """A company at one moment."""

    joined = active = False
    headcount = Decimal(0)

    def replay(self, event: Happened) -> None:
        """What the event changes."""
        if event.type in ("CompanyActivated", "CompanyReinstated", "CompanySuspended", "CompanyLeft"):
            self.active = event.type in ("CompanyActivated", "CompanyReinstated")
        self.joined = self.joined or self.active
        if event.type in ("CompanyActivated", "CompanyReinstated", "HeadcountReported"):
            self.headcount = Decimal(event.data["headcount"])


def _stock(size: Callable[[Membership], Decimal]) -> Stock:
    """What a company is after each of its events, from its activation on."""

    def moments(stream: Stream) -> Iterator[Share]:
        company = Membership()
        for event in stream:
            company.replay(event)
            if company.joined:
                yield Share(event.day(), event.data, size(company))

    def count(stream: Stream) -> Iterator[Held]:
        return held(moments(stream))

    return Stock("company", count)


def _waited(stream: Stream) -> Iterator[Share]:
    for event in stream:
        if event.type == "CompanyActivated" and event.data.get("applied_on"):
            yield Share(event.day(), event.data, Decimal((event.day() - event.day("applied_on")).days))


RECOUNTS: Final[Recounts] = {
    "members": _stock(lambda company: Decimal(company.active)),
    "headcount": _stock(lambda company: company.headcount if company.active else Decimal(0)),
    "headcount_mean": Average("headcount"),
    "days_to_membership": Quantile("company", _waited),
    "members_pace": Moving("members"),
}
