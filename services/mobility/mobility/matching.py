"""Which rides somebody could ride along in, and why. Nothing here does I/O or reads a clock.

What is offered has a seat left, departs in the time that is asked for, and begins and ends as near as one would walk.
Offers come in the order of their points: sixty for how little one walks at both ends, forty for how little one waits.
Distances are as the crow flies: paths are longer, and a ride that passes by is not found.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from math import asin, cos, floor, radians, sin, sqrt
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

from contracts.language import Language, Sentence
from mobility.ride import OPEN, Ride

OF_WALKING: Final = 60
"""Points of a ride that begins and ends where one wants to."""
OF_WAITING: Final = 40
"""Points of one that departs as soon as one could."""
_EARTH_METRES: Final = 6_371_000
"""The mean radius."""

ReasonCode = Literal["seats_left", "walk_to_origin", "walk_from_destination", "wait"]
SENTENCES: Final = MappingProxyType[ReasonCode, Sentence](
    {
        "seats_left": Sentence("seats left: {value}", "places libres : {value}"),
        "walk_to_origin": Sentence(
            "{value} m on foot to where it begins, as the crow flies",
            "{value} m à pied jusqu'au point de départ, à vol d'oiseau",
        ),
        "walk_from_destination": Sentence(
            "{value} m on foot from where it ends, as the crow flies",
            "{value} m à pied depuis le point d'arrivée, à vol d'oiseau",
        ),
        "wait": Sentence(
            "it departs {value} min after the earliest time", "départ {value} min après l'heure au plus tôt"
        ),
    }
)


class Reason(NamedTuple):
    """Why somebody could take a ride, and how well that fits."""

    code: ReasonCode
    points: int
    value: int
    """Seats, metres or minutes."""

    def told(self, language: Language) -> str:
        """As people say it."""
        return SENTENCES[self.code].told(language, value=self.value)


class Wish(NamedTuple):
    """Who looks for a ride: from where to where, when, and how many metres they walk at either end."""

    origin: tuple[float, ...]
    destination: tuple[float, ...]
    earliest: datetime
    latest: datetime
    walking: int


class Offered(NamedTuple):
    """A ride, and its id."""

    id: str
    ride: Ride


class Found(NamedTuple):
    """A ride that somebody could take."""

    offered: Offered
    walk_to_origin: int
    """Metres, as the crow flies."""
    walk_from_destination: int
    """Likewise."""
    wait: int
    """Minutes from the earliest time to its departure."""
    reasons: tuple[Reason, ...]

    @property
    def seats_left(self) -> int:
        """Seats that nobody has, or has asked for."""
        return self.offered.ride.seats - self.offered.ride.seats_taken

    @property
    def points(self) -> int:
        """Out of 100."""
        return sum(reason.points for reason in self.reasons)


def best(offers: Iterable[Offered], wish: Wish, now: datetime) -> list[Found]:
    """The rides that fit, those with the most points first; of several with as many, the one with the shorter walk,
    then the shorter wait."""
    return sorted(_fitting(offers, wish, now), key=_place)


def metres_between(one: tuple[float, ...], other: tuple[float, ...]) -> int:
    """How far two positions are apart, as the crow flies (haversine).

    >>> metres_between((1.974, 46.952), (2.0836, 46.9481))
    8331
    """
    (east, north), (east_too, north_too) = (map(radians, position) for position in (one, other))
    across = sin((north_too - north) / 2) ** 2 + cos(north) * cos(north_too) * sin((east_too - east) / 2) ** 2
    return round(2 * _EARTH_METRES * asin(sqrt(across)))


def _fitting(offers: Iterable[Offered], wish: Wish, now: datetime) -> Iterator[Found]:
    for offered in offers:
        ride = offered.ride
        left = ride.seats - ride.seats_taken
        if ride.status not in OPEN or left <= 0 or ride.departs_at <= now:
            continue
        if not wish.earliest <= ride.departs_at <= wish.latest:
            continue
        to, back = metres_between(wish.origin, ride.origin), metres_between(ride.destination, wish.destination)
        if max(to, back) > wish.walking:
            continue
        wait = floor((ride.departs_at - wish.earliest).total_seconds() / 60)
        yield Found(
            offered,
            to,
            back,
            wait,
            (
                Reason("seats_left", 0, left),
                Reason("walk_to_origin", _of(OF_WALKING // 2, to, wish.walking), to),
                Reason("walk_from_destination", _of(OF_WALKING // 2, back, wish.walking), back),
                Reason("wait", _of(OF_WAITING, wait, (wish.latest - wish.earliest).total_seconds() / 60), wait),
            ),
        )


def _of(points: int, spent: float, most: float) -> int:
    """What is left of the points where so much is spent of the most that one would."""
    return round(points * (1 - spent / most)) if most > 0 else points


def _place(found: Found) -> tuple[int, int, int, str]:
    walk = found.walk_to_origin + found.walk_from_destination
    return -found.points, walk, found.wait, found.offered.id
