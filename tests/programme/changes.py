"""What processes of a test do otherwise than what is deployed: in a hurry, without one of the means by which nothing is
lost and nothing is there twice, so that it is seen what would become of it, or as another release does.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any, Final, NoReturn

from contracts.registry import UnknownEvent
from employment.vacancy import NO_POST_LEFT, Propose, vacancies
from eventstore import mirroring
from eventstore.postgres import connection, parking
from eventstore.subscribing import membership, subscription
from service.running import work

SESSION: Final = 1.5
"""Seconds without a sign of life after which partitions are given to others, in a hurry."""


def hurry() -> None:
    """What was taken is left to whoever took it for a second, and the partitions that it reads for as long: one that
    stands still for longer goes on with what others have taken over from it."""
    vars(subscription).update(LONGEST_PAUSE=0.5, TOLD=0.3, LOOK=0.2)
    vars(membership)["POLL"] = 0.3
    vars(mirroring)["LAG"] = timedelta(seconds=4)
    vars(parking)["LEASE"] = timedelta(seconds=1)
    vars(work)["UNTIL_NEXT"] = 0.1
    vars(work)["Subscription"] = partial(subscription.Subscription, session=SESSION)


def wait_for_answers() -> None:
    """What PostgreSQL answers counts, however late: whoever stands still does not know how late it is."""
    vars(connection)["STATEMENT_TIMEOUT"] = 60.0


class Unhearing(subscription.Subscription):
    """Of a release before: it has heard of no second version of an application, nor that investments start."""

    def _unknown(self, event: Any) -> UnknownEvent | None:
        kind = (event.type, event.schema_version)
        if kind in (("CompanyApplied", 2), ("InvestmentStarted", 1)):
            return UnknownEvent(*kind)
        return super()._unknown(event)


def know_less() -> None:
    """What others publish since a later release is not known."""
    vars(work)["Subscription"] = partial(Unhearing, session=SESSION)


def mistake_a_rule() -> None:
    """No vacancy can be proposed."""

    def refuse(_: object) -> NoReturn:
        raise NO_POST_LEFT()

    proposing = vacancies.decisions[Propose]
    vacancies.decisions[Propose] = replace(proposing, function=refuse)


CHANGES: Final[Mapping[str, Callable[[], None]]] = {
    "in a hurry": hurry,
    "waiting for answers": wait_for_answers,
    "of a release before": know_less,
    "with a mistaken rule": mistake_a_rule,
}
"""By name."""
