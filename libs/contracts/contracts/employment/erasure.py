"""That employment knows nothing any more of a job seeker but the pseudonym, the stream `erasure-<pseudonym>`."""

from typing import Final

from contracts import erasure

CATEGORY: Final = erasure.erasures_of("employment")
EVENTS: Final = erasure.EVENTS
