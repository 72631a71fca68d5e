"""What processes of a test do otherwise than what is deployed: in a hurry, without one of the means by which nothing is
lost and nothing is there twice, so that it is seen what would become of it, or as another release does.
"""

import inspect
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial
from types import ModuleType
from typing import Any, Final, NoReturn

from contracts.registry import UnknownEvent
from employment.vacancy import NO_POST_LEFT, Propose, vacancies
from eventstore import execution, mirroring
from eventstore.kafka.brokers import Bootstrap
from eventstore.kafka.clients import Producer
from eventstore.postgres import connection as postgres
from eventstore.postgres import parking
from eventstore.publishing import publisher, relay
from eventstore.subscribing import membership, subscription
from indicators import chapters
from service.running import health, work

SESSION: Final = 1.5
"""Seconds without a sign of life after which partitions are given to others, in a hurry."""


def _put(module: ModuleType, **instead: object) -> None:
    """Has other things under names of a module. Raises LookupError where it has none of these names."""
    if absent := instead.keys() - vars(module).keys():
        raise LookupError(f"{module.__name__} has no {', '.join(absent)}")
    vars(module).update(instead)


def hurry() -> None:
    """What was taken is left to whoever took it for a second, and the partitions that it reads for as long: one that
    stands still for longer goes on with what others have taken over from it. What waits for three seconds is late."""
    _put(subscription, LONGEST_PAUSE=0.5, TOLD=0.3, LOOK=0.2)
    _put(membership, POLL=0.3)
    _put(mirroring, LAG=timedelta(seconds=4))
    _put(health, LATE=3.0)
    _put(parking, LEASE=timedelta(seconds=1))
    _put(work, UNTIL_NEXT=0.1, Subscription=partial(subscription.Subscription, session=SESSION))


def wait_for_answers() -> None:
    """What PostgreSQL answers counts, however late: whoever stands still does not know how late it is."""
    _put(postgres, STATEMENT_TIMEOUT=60.0)


def let_go_soon() -> None:
    """A relay that stands still loses its lock after three seconds."""
    vars(relay)["_CONNECTION"]["idle_session_timeout"] = "3s"


class Unhearing(subscription.Subscription):
    """Of an earlier release: it has heard of no second version of an application, nor that investments start."""

    def _unknown(self, event: Any) -> UnknownEvent | None:
        kind = (event.type, event.schema_version)
        if kind in (("CompanyApplied", 2), ("InvestmentStarted", 1)):
            return UnknownEvent(*kind)
        return super()._unknown(event)


def forget(what: str) -> None:
    """Commands are executed as if this had not been given with them."""
    execute = vars(execution)["_execute"]
    signature = inspect.signature(execute)

    def execute_without(*given: Any) -> Any:
        return execute(**{**signature.bind(*given).arguments, what: None})

    _put(execution, _execute=execute_without)


def hold_nothing() -> None:
    """Streams claim nothing."""
    _put(execution, _holds=lambda *_: None, holdings=lambda *_: ())


class UnfencedProducer(Producer):
    """Shares its transactional id with nobody, so that it ends no other's transaction and none ends its own."""

    def __init__(self, bootstrap: Bootstrap, **settings: Any) -> None:
        super().__init__(bootstrap, **{**settings, "transactional_id": f"{settings['transactional_id']}.{os.getpid()}"})


def fence_off_nobody() -> None:
    """A relay does not fence off the one before it."""
    _put(publisher, Producer=UnfencedProducer)


def confirm_anything() -> None:
    """A relay takes any store for the one that its topics are of."""

    async def unknown(*_: object) -> list[object]:
        return []

    _put(relay, unknown=unknown)


def know_less() -> None:
    """What others publish since a later release is not known."""
    _put(work, Subscription=partial(Unhearing, session=SESSION))


def mistake_a_rule() -> None:
    """No vacancy can be proposed."""

    def refuse(_: object) -> NoReturn:
        raise NO_POST_LEFT()

    proposing = vacancies.decisions[Propose]
    vacancies.decisions[Propose] = replace(proposing, function=refuse)


def fold_anew() -> None:
    """Figures are defined otherwise, all of them: their chapters are folded from the first event on."""
    vars(chapters)["FORMAT"] += 1


CHANGES: Final[Mapping[str, Callable[[], None]]] = {
    "in a hurry": hurry,
    "without detecting what was sent before": partial(forget, "key"),
    "without If-Match": partial(forget, "expected"),
    "without keys of reactions": partial(forget, "reaction"),
    "without claims": hold_nothing,
    "without fencing off": fence_off_nobody,
    "without confirming the store": confirm_anything,
    "waiting for answers": wait_for_answers,
    "letting go of its lock soon": let_go_soon,
    "of a release before": know_less,
    "with a mistaken rule": mistake_a_rule,
    "with other definitions of figures": fold_anew,
}
"""By name."""
