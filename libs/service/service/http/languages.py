"""The language a client wants to be answered in."""

import re
from collections.abc import Iterable
from typing import Final

from contracts.language import LANGUAGES, Language

VARIES: Final = "Accept-Language"
"""What an answer in one of the languages depends on, for its `Vary`."""

_RANGE: Final = re.compile(
    r"([A-Za-z]{1,8}|\*)(?:-[A-Za-z0-9]{1,8})*(?:[ \t]*;[ \t]*[qQ]=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?"
)


def language_of(headers: Iterable[tuple[bytes, bytes]]) -> Language:
    """The language that a request's headers prefer; English where they name none of ours.

    A range of a region asks for its language: `fr-FR` for French. What is no range of RFC 9110 is passed over.
    """
    wanted = ",".join(value.decode("latin-1") for name, value in headers if name == b"accept-language")
    weights: dict[str, float] = {}
    for part in wanted.split(","):
        if found := _RANGE.fullmatch(part.strip()):
            name = found[1].lower()
            weights[name] = max(weights.get(name, 0.0), float(found[2] or 1))
    # Of two that are wanted alike, the one that is named first, and one that is named before one that `*` stands for.
    named = [language for name in weights for language in LANGUAGES if language == name]
    best = max((*named, *LANGUAGES), key=lambda language: weights.get(language, weights.get("*", 0.0)))
    return best if weights.get(best, weights.get("*", 0.0)) else LANGUAGES[0]
