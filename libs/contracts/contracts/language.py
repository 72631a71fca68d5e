"""Sentences for people, in both languages of the platform.

>>> full = Sentence("{most} {most:seat is|seats are} taken", "{most} {most:place est prise|places sont prises}")
>>> full.told("fr", most=4)
'4 places sont prises'
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from string import Formatter
from typing import Any, Final, Literal, get_args

Language = Literal["en", "fr"]
LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)


@dataclass(frozen=True)
class Sentence:
    """One sentence in English and in French, with the same named places in both: `{amount} EUR`, `{share:.2%}`.

    `{days:day|days}` is a word for one and a word for several, as the number of days, or the count of a list, asks for.
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
        return _WRITERS[language].vformat(self.fr if language == "fr" else self.en, (), places)


def written(value: object, language: Language, form: str = "") -> str:
    """A value as it is written in a sentence; several are joined.

    >>> written(1_234_567.5, "en"), written(1_234_567.5, "fr")
    ('1,234,567.5', '1\u202f234\u202f567,5')
    >>> written(date(2024, 5, 31), "en"), written(date(2024, 5, 31), "fr")
    ('2024-05-31', '31/05/2024')
    """
    if isinstance(value, list | tuple):
        return ", ".join(written(each, language, form) for each in value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        number = format(value, form) if form else f"{value:,}".removesuffix(".0")
        return number.translate(_FRENCH_NUMBERS) if language == "fr" else number
    if language == "fr" and isinstance(value, date) and not isinstance(value, datetime):
        form = form or "%d/%m/%Y"
    return format(value, form)


class _Writer(Formatter):
    """Fills the places of sentences in one language."""

    def __init__(self, language: Language) -> None:
        self._language = language

    def format_field(self, value: Any, format_spec: str) -> str:
        """What stands in a place."""
        if "|" not in format_spec:
            return written(value, self._language, format_spec)
        one, several = format_spec.split("|")
        count = len(value) if isinstance(value, list | tuple) else abs(value)
        # French has one of what is less than two.
        return one if count == 1 or (self._language == "fr" and count < 2) else several


_FRENCH_NUMBERS: Final = str.maketrans({",": "\u202f", ".": ",", "%": "\u00a0%"})
_WRITERS: Final[Mapping[Language, _Writer]] = {language: _Writer(language) for language in LANGUAGES}


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
