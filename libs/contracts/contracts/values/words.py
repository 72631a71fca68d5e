"""Texts that people write, and words that stand for something."""

import re
from collections.abc import Mapping
from typing import Annotated, Final

from pydantic import AfterValidator, Field, StringConstraints

from contracts.language import Sentence
from contracts.values.saying import Says

_LINE: Final = Says(
    "short-text",
    Sentence(
        "a text has 1 to 200 characters, and each of them is seen: no control, format or zero-width character",
        "un texte compte de 1 à 200 caractères, tous visibles : ni caractère de contrôle ou de mise en forme, ni "
        "caractère de largeur nulle",
    ),
    "A line of text, trimmed. Never names a person.",
    ("Ligne de peinture robotisée",),
)

ShortText = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\u0000-\u001F\u007F-\u009F]*$"),
    _LINE,
]
UNSEEN: Final = (
    r"\u0000-\u001F\u007F-\u009F\u00AD\u034F\u0600-\u0605\u061C\u06DD\u070F\u0890\u0891\u08E2\u115F\u1160\u17B4\u17B5"
    r"\u180B-\u180F\u200B-\u200F\u2028-\u202E\u2060-\u206F\u2800\u3164\uFE00-\uFE0F\uFEFF\uFFA0\uFFF0-\uFFFB"
)
"""Control and format characters, fillers and others that show nothing by themselves, up to U+FFFF."""
_PRINTED_SPACES: Final = str.maketrans(dict.fromkeys("\u00a0\u2007\u2009\u202f", " "))
"""What French typography puts before a colon and between thousands."""


def shown(value: str) -> str:
    """Refuses what is beyond U+FFFF too: the readers of a JSON Schema share no way to write it in a pattern."""
    if not value.translate(_PRINTED_SPACES).isprintable():
        raise ValueError
    return value


EnteredText = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=f"^[^{UNSEEN}]*$"),
    AfterValidator(shown),
    _LINE,
]
"""A line of text as somebody enters it. What was recorded is a `ShortText`, and stays readable."""

SLUG: Final = r"^[a-z0-9]+([-_][a-z0-9]+)*$"
"""How words for programs are written, of at most 64 characters."""


def slug_rule(en: str, fr: str) -> Sentence:
    """What a word for programs says of its form."""
    return Sentence(
        f"{en} is lower-case letters and digits, joined by - or _, at most 64 characters",
        f"{fr} s'écrit en lettres minuscules et chiffres, reliés par - ou _, 64 caractères au plus",
    )


Slug = Annotated[
    str,
    Field(max_length=64, pattern=SLUG),
    Says(
        "slug", slug_rule("a word for programs", "un mot pour les programmes"), "One of a list of words.", ("guardian",)
    ),
]
Funder = Annotated[
    str,
    Field(max_length=64, pattern=SLUG),
    Says(
        "funder",
        slug_rule("a funder", "un financeur"),
        "Who grants an aid.",
        ("state", "region-centre-val-de-loire"),
    ),
]
Scheme = Annotated[
    str,
    Field(max_length=64, pattern=SLUG),
    Says("scheme", slug_rule("a scheme", "un dispositif"), "The scheme an aid comes from.", ("france-relance",)),
]
Reference = Annotated[
    str,
    Field(max_length=64, pattern=r"^[A-Za-z0-9]+([ ./_:#-]+[A-Za-z0-9]+)*$"),
    Says(
        "reference",
        Sentence(
            "a reference is made of letters without accents, digits and . / _ : # -, at most 64 characters",
            "une référence se compose de lettres sans accent, de chiffres et de . / _ : # -, 64 caractères au plus",
        ),
        "The reference of a document, as its keeper finds it. Never names a person.",
        ("DSN-2023-12", "AUDIT 2024/07"),
    ),
]
ClassLabel = Annotated[
    str,
    Field(max_length=20, pattern=r"^[0-9A-Za-z]+([ ./-][0-9A-Za-z]+)*$"),
    Says(
        "class-label",
        Sentence(
            "a class is told by letters without accents, digits and . / -, as in 3e B or 2TRPM-1, at most 20 "
            "characters",
            "une classe se désigne par des lettres sans accent, des chiffres et . / -, comme 3e B ou 2TRPM-1, 20 "
            "caractères au plus",
        ),
        "A class, as its school tells it apart from others. Never names a person.",
        ("3e B", "2TRPM-1"),
    ),
]
WebAddress = Annotated[
    str,
    Field(max_length=200, pattern=r"^https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[!-~]*)?$"),
    Says(
        "web-address",
        Sentence(
            "a web address begins with https:// or http://, and has no spaces and no accents, at most 200 characters",
            "une adresse web commence par https:// ou http://, sans espace ni accent, 200 caractères au plus",
        ),
        "A page of the web.",
        ("https://www.example.org/velos",),
    ),
]
_DAYS: Final = "(Mo|Tu|We|Th|Fr|Sa|Su|PH)"
_TIME: Final = "(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)"
_TIMES: Final = f"{_TIME}-{_TIME}"
_OPEN: Final = f"({_DAYS}([,-]{_DAYS})* )?({_TIMES}(,{_TIMES})*|off)"
OpeningHours = Annotated[
    str,
    Field(max_length=200, pattern=f"^(24/7|{_OPEN}(; {_OPEN})*)$"),
    Says(
        "opening-hours",
        Sentence(
            "opening hours are written as OpenStreetMap does, by days and times: 24/7, or Mo-Fr 08:00-20:00; Sa off",
            "les horaires s'écrivent comme dans OpenStreetMap, par jours et heures : 24/7, ou Mo-Fr 08:00-20:00; "
            "Sa off",
        ),
        "When it is open, as OpenStreetMap writes `opening_hours`, by days of the week and times alone.",
        ("24/7", "Mo-Fr 08:00-20:00"),
    ),
]
EnteredSlip = Annotated[
    str,
    Field(
        min_length=4,
        max_length=64,
        pattern=r"^([A-Za-z]+[ ./_:#-]+)*[A-Za-z]*[0-9][A-Za-z0-9]*([ ./_:#-]+[A-Za-z0-9]+)*$",
    ),
    Says(
        "slip-number",
        Sentence(
            "a slip's number has a digit and at least 4 characters, as BSD-20240513-ABCDE1234 or that of a paper slip",
            "un numéro de bordereau a un chiffre et au moins 4 caractères, comme BSD-20240513-ABCDE1234 ou celui d'un "
            "bordereau papier",
        ),
        "The number of a slip that waste moves with, as it is entered.",
        ("BSD-20240513-A1B2C3",),
    ),
]
"""A `Reference` that may be a slip's number. The national system of tracking slips [Trackdéchets] gives a kind, a day
and nine characters; a slip on paper has whatever number its issuer gives, so no more is asked for than what any has."""
IndicatorName = Annotated[
    str,
    Field(max_length=64, pattern=SLUG),
    Says(
        "indicator",
        slug_rule("an indicator's name", "le nom d'un indicateur"),
        "An indicator, by its name in the catalogue.",
        ("members", "jobs_created"),
    ),
]


def _dimension(name: str) -> str:
    """Its pattern is kept out of the JSON Schema: generators of clients know no objects whose names have one."""
    if not re.fullmatch(SLUG, name):
        raise ValueError
    return name


_DimensionName = Annotated[
    str,
    Field(min_length=1, max_length=64),
    AfterValidator(_dimension),
    Says(
        "dimension",
        slug_rule("a dimension's name", "le nom d'une dimension"),
        "A dimension of an indicator.",
        ("zone",),
    ),
]
_DimensionValue = Annotated[
    Annotated[str, Field(max_length=64, pattern=r"^[A-Za-z0-9]+([._-][A-Za-z0-9]+)*$")]
    | Annotated[int, Field(ge=0, le=1_000_000)],
    Says(
        "dimension-value",
        Sentence(
            "a dimension's value is a code, as indicators are filtered by it: a text, or a number where that is one",
            "la valeur d'une dimension est un code, comme ceux qui filtrent les indicateurs : un texte, ou un nombre "
            "s'il en est un",
        ),
        "A code, as figures are filtered by it.",
        ("zi-limoise",),
    ),
]
Dimensions = Annotated[
    Mapping[_DimensionName, _DimensionValue], Field(max_length=12, examples=[{"zone": "zi-limoise"}])
]
"""Values by the dimensions that they are of: `{"zone": "zi-limoise", "axis": 2}`."""
