"""That a trainee was erased: the stream `erasure-<pseudonym>`."""

from typing import Final

from contracts.category import Category
from contracts.erasure import EVENTS as EVENTS
from contracts.erasure import erasures_of

CATEGORY: Final[Category] = erasures_of("training")
