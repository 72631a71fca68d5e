"""Sentences for people, in both languages of the platform.

>>> full = Sentence("{most} seats are taken", "les {most} places sont prises")
>>> full.told("fr", most=4)
'les 4 places sont prises'
"""

import unicodedata
from dataclasses import dataclass
from string import Formatter
from typing import Final, Literal, get_args

Language = Literal["en", "fr"]
LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)


@dataclass(frozen=True)
class Sentence:
    """One sentence in English and in French, with the same named places in both: `{amount} EUR`, `{share:.2%}`.

    Raises TypeError where the places of the two are not the same, or not named.
    """

    en: str
    fr: str

    def __post_init__(self) -> None:
        english, french = _places(self.en), _places(self.fr)
        if english != french or "" in english:
            raise TypeError(f"not the same named places in {self.en!r} and {self.fr!r}")

    @property
    def places(self) -> frozenset[str]:
        """The names of what it speaks of."""
        return _places(self.en)

    def told(self, language: Language, **places: object) -> str:
        """The sentence in one language, with its places filled. Raises KeyError for one that is not."""
        return (self.fr if language == "fr" else self.en).format_map(places)


def _places(template: str) -> frozenset[str]:
    return frozenset(name for _, name, _, _ in Formatter().parse(template) if name is not None)


def folded_words(text: str) -> list[str]:
    """The words of a text, folded: without accents, ligatures and case.

    >>> folded_words("Cœur de l'Étang, 12")
    ['coeur', 'de', 'l', 'etang', '12']
    """
    plain = unicodedata.normalize("NFKD", text).casefold().translate(_LIGATURES)
    letters = (
        letter if letter.isalnum() else " "
        for letter in unicodedata.normalize("NFKD", plain)
        if not unicodedata.combining(letter)
    )
    return "".join(letters).split()


_LIGATURES: Final = str.maketrans({"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"})
