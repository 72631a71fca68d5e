"""Where things lie: positions, and outlines of surfaces, as GeoJSON writes them (RFC 7946)."""

from typing import Annotated, Final

from pydantic import AfterValidator, Field

from contracts.language import Sentence
from contracts.values.saying import Says

_WEST, _EAST, _SOUTH, _NORTH = -5.5, 10.0, 41.0, 51.5
"""Metropolitan France, in degrees. Whoever puts the latitude first, or writes metres, is outside of it."""
_CORNERS: Final = 3
MOST_POSITIONS: Final = 200
"""Of an outline: its record stays small."""


def _inside(position: tuple[float, ...]) -> bool:
    east, north = position
    return _WEST <= east <= _EAST and _SOUTH <= north <= _NORTH


def _position(position: tuple[float, ...]) -> tuple[float, ...]:
    """Raises ValueError unless it is in metropolitan France."""
    if not _inside(position):
        raise ValueError
    return position


def _ring(positions: tuple[tuple[float, ...], ...]) -> tuple[tuple[float, ...], ...]:
    """Raises ValueError unless it ends where it begins, in metropolitan France, and goes around something."""
    if not all(map(_inside, positions)) or positions[0] != positions[-1] or len(set(positions)) < _CORNERS:
        raise ValueError
    return positions


Position = Annotated[
    tuple[float, ...],
    Field(min_length=2, max_length=2),
    AfterValidator(_position),
    Says(
        "position",
        Sentence(
            "a position is a longitude and a latitude in degrees, in metropolitan France",
            "une position est une longitude et une latitude en degrés, en France métropolitaine",
        ),
        "A position [longitude, latitude] in degrees (WGS 84).",
        ((1.974, 46.952),),
    ),
]
Outline = Annotated[
    tuple[Annotated[tuple[float, ...], Field(min_length=2, max_length=2)], ...],
    Field(min_length=_CORNERS + 1, max_length=MOST_POSITIONS),
    AfterValidator(_ring),
    Says(
        "outline",
        Sentence(
            f"an outline is a ring of 4 to {MOST_POSITIONS} positions in metropolitan France, each a longitude and a "
            "latitude in degrees, the last of which is the first again",
            f"un contour est un anneau de 4 à {MOST_POSITIONS} positions en France métropolitaine, chacune une "
            "longitude et une latitude en degrés, dont la dernière est à nouveau la première",
        ),
        "The outline of a surface, as the ring of a GeoJSON polygon: positions [longitude, latitude] in degrees "
        "(WGS 84), the last of which is the first again.",
        (((1.972, 46.951), (1.976, 46.951), (1.976, 46.953), (1.972, 46.951)),),
    ),
]
