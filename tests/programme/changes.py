"""What processes of a test do otherwise than what is deployed: in a hurry, or without one of the means by which nothing
is lost and nothing is there twice, so that it is seen what would become of it.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import Final

from eventstore import mirroring
from eventstore.postgres import parking
from eventstore.subscribing import membership, subscription
from indicators import chapters
from service.running import work


def hurry() -> None:
    """What was taken is left to whoever took it for a second, and the partitions that it reads for as long: one that
    stands still for longer goes on with what others have taken over from it."""
    vars(subscription).update(LONGEST_PAUSE=0.5, TOLD=0.3, LOOK=0.2)
    vars(membership)["POLL"] = 0.3
    vars(mirroring)["LAG"] = timedelta(seconds=4)
    vars(parking)["LEASE"] = timedelta(seconds=1)
    vars(work)["UNTIL_NEXT"] = 0.1
    vars(work)["Subscription"] = partial(subscription.Subscription, session=1.5)


def fold_anew() -> None:
    """Figures are defined otherwise, all of them: their chapters are folded from the first event on."""
    vars(chapters)["FORMAT"] += 1


CHANGES: Final[Mapping[str, Callable[[], None]]] = {
    "in a hurry": hurry,
    "with other definitions of figures": fold_anew,
}
"""By name."""
