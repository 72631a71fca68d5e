"""The value types of the published language, each with its true rule, its message and its JSON Schema.

Each is an ordinary `str`, `int` or `float` that pydantic checks where a model declares it. A value that breaks the rule
is refused with the type's slug as error type.
"""

from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any, Final, Literal, get_args

from pydantic import AfterValidator, Field, GetCoreSchemaHandler, GetJsonSchemaHandler, StringConstraints
from pydantic_core import CoreSchema, core_schema

from contracts import codes


@dataclass(frozen=True)
class _Says:
    """Speaks for a value type: the error of anything that breaks its rule, and its words in the JSON Schema."""

    slug: str
    sentence: str
    description: str
    examples: tuple[object, ...]

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.custom_error_schema(
            handler(source), custom_error_type=self.slug, custom_error_message=self.sentence
        )

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {**handler(schema), "description": self.description, "examples": list(self.examples)}


def _listed(listed: Callable[[], Mapping[str, object]], *, without: str = "") -> AfterValidator:
    """Accepts the codes of a list, also written without some character, and gives them as the list does."""

    @lru_cache
    def spellings() -> Mapping[str, str]:
        return {spelling: code for code in listed() for spelling in (code, code.replace(without, ""))}

    def official(value: str) -> str:
        try:
            return spellings()[value]
        except KeyError:
            raise ValueError from None

    return AfterValidator(official)


# Identifiers of companies

SAMPLE_PREFIX: Final = "000000"
"""Begins the SIREN and SIRET of samples: no company has it."""

LA_POSTE: Final = "356000000"
_LA_POSTE_HEAD_OFFICE: Final = "35600000000048"

_DOUBLED = str.maketrans("0123456789", "0246813579")


def _luhn(digits: str) -> bool:
    """Whether digits end with their Luhn check digit."""
    plain, doubled = digits[::-2], digits[-2::-2].translate(_DOUBLED)
    return (sum(plain.encode()) + sum(doubled.encode()) - 48 * len(digits)) % 10 == 0


def _siren(value: str) -> str:
    if value == "000000000" or not _luhn(value):
        raise ValueError
    return value


@lru_cache(maxsize=1 << 16)  # the same companies come again and again
def _siret(value: str) -> str:
    if value.startswith(LA_POSTE) and value != _LA_POSTE_HEAD_OFFICE:
        valid = sum(map(int, value)) % 5 == 0
    elif value.startswith(SAMPLE_PREFIX):
        valid = value != "00000000000000" and _luhn(value)
    else:
        valid = _luhn(value) and _luhn(value[:9])
    if not valid:
        raise ValueError
    return value


def sample_siret(number: int) -> str:
    """A valid SIRET of a sample: another for each number from 0 to 900,000, of another company for the first 99.

    >>> sample_siret(0), sample_siret(1)
    ('00000001800010', '00000002600013')
    """
    siren = _with_check_digit(f"{SAMPLE_PREFIX}{1 + number % 99:02d}")
    return _with_check_digit(f"{siren}{1 + number // 99:04d}")


def _with_check_digit(digits: str) -> str:
    return next(digits + check for check in "0123456789" if _luhn(digits + check))


Siren = Annotated[
    str,
    Field(max_length=9, pattern=r"^[0-9]{9}$"),
    AfterValidator(_siren),
    _Says("siren", "a SIREN is 9 digits, the last of which checks the others", "A company's SIREN.", ("356000000",)),
]
Siret = Annotated[
    str,
    Field(max_length=14, pattern=r"^[0-9]{14}$"),
    AfterValidator(_siret),
    _Says(
        "siret",
        "a SIRET is 14 digits that check each other: Luhn, also over the first nine; for La Poste a sum divisible by 5",
        "An establishment's SIRET. The prefix 000000 marks samples, which need only check as a whole.",
        ("00000001800010", "35600000000048"),
    ),
]


# Code lists


Naf = Annotated[
    str,
    Field(max_length=6, pattern=r"^[0-9]{2}\.?[0-9]{2}[A-Z]$"),
    _listed(codes.naf, without="."),
    _Says(
        "naf",
        "not a sub-class of NAF rev. 2, such as 25.62B",
        "A sub-class of NAF rev. 2, `dd.ddL`; `ddddL` is accepted and becomes it.",
        ("25.62B", "30.30Z"),
    ),
]
LegalForm = Annotated[
    str,
    Field(max_length=4, pattern=r"^[0-9]{4}$"),
    _listed(codes.legal_forms),
    _Says("legal-form", "not a legal form of INSEE's list, such as 5710", "INSEE's legal form.", ("5710", "5499")),
]
Commune = Annotated[
    str,
    Field(max_length=5, pattern=r"^([013-9][0-9]|2[AB1-9])[0-9]{3}$"),
    _Says(
        "commune",
        'a commune is its INSEE code as a text of 5 characters, such as "36088"',
        "A commune's INSEE code, which is not its postal code.",
        ("36088", "18055"),
    ),
]

# Quantities


def _at_most(decimals: int) -> AfterValidator:
    def check(value: float) -> float:
        if round(value, decimals) != value:
            raise ValueError
        return value + 0.0  # so that -0.0 becomes 0.0

    return AfterValidator(check)


_MOST_EUROS: Final = 10**12

Axis = Annotated[
    int,
    Field(ge=1, le=7),
    _Says("axis", "an axis is a whole number (not a text) from 1 to 7", "The programme's axis, from 1 to 7.", (2, 6)),
]
Euros = Annotated[
    int,
    Field(ge=0, le=_MOST_EUROS),
    _Says(
        "euros",
        "an amount is a number (not a text) of whole euros, written without decimals or exponent, not negative",
        "Whole euros, 0 or more.",
        (450_000,),
    ),
]
SomeEuros = Annotated[
    int,
    Field(ge=1, le=_MOST_EUROS),
    _Says(
        "some-euros",
        "an amount is a number (not a text) of whole euros, written without decimals or exponent, at least 1",
        "Whole euros, at least 1.",
        (450_000,),
    ),
]
FullTimeEquivalents = Annotated[
    float,
    Field(ge=0, le=1_000_000),
    _at_most(2),
    _Says(
        "full-time-equivalents",
        "full-time equivalents are a number (not a text) from 0 to 1000000, with at most 2 decimals",
        "Full-time equivalents, with at most 2 decimals.",
        (42, 7.5),
    ),
]
Ordinal = Annotated[
    int,
    Field(ge=1, le=1_000),
    _Says("ordinal", "the first is 1, the second 2", "Which one, counted from 1 in the order recorded.", (1, 2)),
]
AidRate = Annotated[
    float,
    Field(gt=0, le=1),
    _at_most(4),
    _Says(
        "aid-rate",
        "an aid rate is above 0, at most 1, with at most 4 decimals",
        "The share of the eligible base that is aided: 0.3 is 30 %.",
        (0.3, 0.125),
    ),
]


# Words

ShortText = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\u0000-\u001F\u007F-\u009F]*$"),
    _Says(
        "short-text",
        "a text has 1 to 200 characters, none of them a control character",
        "A line of text, trimmed. Never names a person.",
        ("Ligne de peinture robotisée",),
    ),
]
_UNSEEN: Final = (
    r"\u0000-\u001F\u007F-\u009F\u00AD\u034F\u0600-\u0605\u061C\u06DD\u070F\u0890\u0891\u08E2\u115F\u1160\u17B4\u17B5"
    r"\u180B-\u180F\u200B-\u200F\u2028-\u202E\u2060-\u206F\u2800\u3164\uFE00-\uFE0F\uFEFF\uFFA0\uFFF0-\uFFFB"
)
"""Control and format characters, fillers and others that show nothing by themselves, up to U+FFFF."""
_PRINTED_SPACES: Final = str.maketrans(dict.fromkeys("\u00a0\u2007\u2009\u202f", " "))
"""What French typography puts before a colon and between thousands."""


def _shown(value: str) -> str:
    """Refuses what is beyond U+FFFF too: the readers of a JSON Schema share no way to write it in a pattern."""
    if not value.translate(_PRINTED_SPACES).isprintable():
        raise ValueError
    return value


EnteredText = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=f"^[^{_UNSEEN}]*$"),
    AfterValidator(_shown),
    _Says(
        "short-text",
        "a text has 1 to 200 characters, and each of them is seen: no control, format or zero-width character",
        "A line of text, trimmed. Never names a person.",
        ("Ligne de peinture robotisée",),
    ),
]
"""A line of text as somebody enters it. What was recorded is a `ShortText`, and stays readable."""

_SLUG = r"^[a-z0-9]+([-_][a-z0-9]+)*$"
_SLUG_RULE = "lower-case letters and digits, joined by - or _, at most 64 characters"
Zone = Annotated[
    str,
    Field(max_length=64, pattern=_SLUG),
    _Says("zone", f"a zone is {_SLUG_RULE}", "A business zone [zone d'activité].", ("zi-limoise",)),
]
Funder = Annotated[
    str,
    Field(max_length=64, pattern=_SLUG),
    _Says("funder", f"a funder is {_SLUG_RULE}", "Who grants an aid.", ("state", "region-centre-val-de-loire")),
]
Scheme = Annotated[
    str,
    Field(max_length=64, pattern=_SLUG),
    _Says("scheme", f"a scheme is {_SLUG_RULE}", "The scheme an aid comes from.", ("france-relance",)),
]
Reference = Annotated[
    str,
    Field(max_length=64, pattern=r"^[A-Za-z0-9]+([ ./_:#-]+[A-Za-z0-9]+)*$"),
    _Says(
        "reference",
        "a reference is made of letters without accents, digits and . / _ : # -, at most 64 characters",
        "The reference of a document, as its keeper finds it. Never names a person.",
        ("DSN-2023-12", "AUDIT 2024/07"),
    ),
]

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
