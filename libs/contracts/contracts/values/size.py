"""The size of a company by its headcount."""

from bisect import bisect_right
from typing import Literal, get_args

SizeBand = Literal["00", "01", "02", "03", "11", "12", "21", "22", "31", "32", "41", "42", "51", "52", "53"]
"""INSEE's band of the number of employees; `contracts.codes.size_bands()` labels it."""

_BANDS: tuple[SizeBand, ...] = get_args(SizeBand)
_STARTS = (1, 3, 6, 10, 20, 50, 100, 200, 250, 500, 1000, 2000, 5000, 10000)


def size_band(headcount: float) -> SizeBand:
    """The band of a headcount in full-time equivalents: whole persons count, and any work at all is at least one.

    >>> size_band(0), size_band(0.5), size_band(19.9), size_band(20)
    ('00', '01', '11', '12')
    """
    return _BANDS[bisect_right(_STARTS, max(headcount, 1) if headcount else 0)]
