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
from service.running import health, work


def hurry() -> None:
    """What was taken is left to whoever took it for a second, and the partitions that it reads for as long: one that
    stands still for longer goes on with what others have taken over from it. What waits for three seconds is late."""
    vars(subscription).update(LONGEST_PAUSE=0.5, TOLD=0.3, LOOK=0.2)
    vars(membership)["POLL"] = 0.3
    vars(mirroring)["LAG"] = timedelta(seconds=4)
    vars(health)["LATE"] = 3.0
    vars(parking)["LEASE"] = timedelta(seconds=1)
    vars(work)["UNTIL_NEXT"] = 0.1
    vars(work)["Subscription"] = partial(subscription.Subscription, session=1.5)


CHANGES: Final[Mapping[str, Callable[[], None]]] = {"in a hurry": hurry}
"""By name."""
