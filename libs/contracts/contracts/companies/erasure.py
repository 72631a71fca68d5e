"""That a sole trader was erased, the stream `erasure-<pseudonym>` of companies."""

from typing import Final

from contracts.erasure import EVENTS as EVENTS
from contracts.erasure import erasures_of

CATEGORY: Final = erasures_of("companies")
