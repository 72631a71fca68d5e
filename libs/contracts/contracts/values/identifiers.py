"""Identifiers: of companies and schools, as the State gives them; of records, as the services give them; codes of our
own."""

from functools import lru_cache
from typing import Annotated, Final

from pydantic import AfterValidator, Field

from contracts import codes
from contracts.language import Sentence
from contracts.values.saying import Says
from contracts.values.words import SLUG, slug_rule

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
    Says(
        "siren",
        Sentence(
            "a SIREN is 9 digits, the last of which checks the others",
            "un SIREN compte 9 chiffres, dont le dernier contrôle les autres",
        ),
        "A company's SIREN.",
        ("356000000",),
    ),
]
Siret = Annotated[
    str,
    Field(max_length=14, pattern=r"^[0-9]{14}$"),
    AfterValidator(_siret),
    Says(
        "siret",
        Sentence(
            "a SIRET is 14 digits that check each other: Luhn, also over the first nine; for La Poste a sum divisible "
            "by 5",
            "un SIRET compte 14 chiffres qui se contrôlent : clé de Luhn, y compris sur les neuf premiers ; pour La "
            "Poste, une somme divisible par 5",
        ),
        "An establishment's SIRET. The prefix 000000 marks samples, which need only check as a whole.",
        ("00000001800010", "35600000000048"),
    ),
]
RecordId = Annotated[
    str,
    Field(max_length=36, pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"),
    Says(
        "record-id",
        Sentence(
            "a record's id is the one that the service gave it, such as 0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d",
            "l'identifiant d'un enregistrement est celui que le service lui a donné, comme "
            "0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d",
        ),
        "The id that the service gave a record.",
        ("0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d",),
    ),
]
EquipmentCode = Annotated[
    str,
    Field(max_length=64, pattern=SLUG),
    Says(
        "equipment-code",
        slug_rule("a piece of equipment's code", "le code d'un équipement"),
        "Which piece of equipment of the platform [plateau technique].",
        ("cobot-1",),
    ),
]
PlotCode = Annotated[
    str,
    Field(max_length=64, pattern=SLUG),
    Says("plot-code", slug_rule("a plot's code", "le code d'un terrain"), "Which plot [terrain].", ("limoise-12",)),
]
UnitCode = Annotated[
    str,
    Field(max_length=64, pattern=SLUG),
    Says("unit-code", slug_rule("a unit's code", "le code d'un local"), "Which unit [local].", ("atelier-3",)),
]
CarpoolAreaCode = Annotated[
    str,
    Field(max_length=64, pattern=SLUG),
    Says(
        "carpool-area-code",
        slug_rule("a carpool area's code", "le code d'une aire de covoiturage"),
        "Which carpool area [aire de covoiturage].",
        ("limoise-entree",),
    ),
]
NationalCarpoolId = Annotated[
    str,
    Field(max_length=11, pattern=r"^([013-9][0-9]|2[AB1-9])[0-9]{3}-C-[0-9]{3}$"),
    Says(
        "national-carpool-id",
        Sentence(
            "the national number of a carpool area is the INSEE code of its commune, -C- and 3 digits, as in "
            "36088-C-001",
            "le numéro national d'une aire de covoiturage est le code INSEE de sa commune, -C- et 3 chiffres, comme "
            "36088-C-001",
        ),
        "A carpool area, by the number that the national access point gives it.",
        ("36088-C-001",),
    ),
]
EmissionFactorId = Annotated[
    str,
    Field(max_length=64, pattern=SLUG),
    Says(
        "emission-factor-id",
        slug_rule("an emission factor's id", "l'identifiant d'un facteur d'émission"),
        "Which emission factor, of those in `data/mobility/co2_factors.csv`.",
        ("car-use-2024",),
    ),
]
BikeParkingCode = Annotated[
    str,
    Field(max_length=64, pattern=SLUG),
    Says(
        "bike-parking-code",
        slug_rule("a bike parking's code", "le code d'un stationnement cyclable"),
        "Which bike parking [stationnement cyclable].",
        ("gare-nord",),
    ),
]
BikeStationCode = Annotated[
    str,
    Field(max_length=64, pattern=SLUG),
    Says(
        "bike-station-code",
        slug_rule("a bike station's code", "le code d'une station de vélos"),
        "Which bike station [station de vélos].",
        ("gare-velos",),
    ),
]
BikeCode = Annotated[
    str,
    Field(max_length=64, pattern=SLUG),
    Says(
        "bike-code",
        slug_rule("a bike's code", "le code d'un vélo"),
        "Which bike of the stations [vélo], by the code that is painted on it.",
        ("velo-07",),
    ),
]
DocumentHash = Annotated[
    str,
    Field(max_length=64, pattern=r"^[0-9a-f]{64}$"),
    Says(
        "document-hash",
        Sentence(
            "the hash of a document is that of SHA-256, in 64 digits from 0 to f",
            "l'empreinte d'un document est celle de SHA-256, en 64 chiffres de 0 à f",
        ),
        "What a document is told from others by (SHA-256).",
        ("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",),
    ),
]
SharedServiceCode = Annotated[
    str,
    Field(max_length=64, pattern=SLUG),
    Says(
        "shared-service-code",
        slug_rule("a shared service's code", "le code d'un service partagé"),
        "Which shared service [service partagé].",
        ("cantine-limoise",),
    ),
]
TravelSurveyCode = Annotated[
    str,
    Field(max_length=64, pattern=SLUG),
    Says(
        "travel-survey-code",
        slug_rule("a travel survey's code", "le code d'une enquête déplacements"),
        "Which travel survey [enquête déplacements].",
        ("limoise-2026",),
    ),
]
LabourSeriesCode = Annotated[
    str,
    Field(max_length=64, pattern=SLUG),
    Says(
        "labour-series-code",
        slug_rule("a series' code", "le code d'une série"),
        "Which series of the labour market [série du marché du travail].",
        ("chomage-zone-emploi",),
    ),
]
Certification = Annotated[
    str,
    Field(max_length=10, pattern=r"^(RNCP|RS)[0-9]{1,6}$"),
    Says(
        "certification",
        Sentence(
            "a certification is RNCP or RS and 1 to 6 digits, as in RNCP35094",
            "une certification s'écrit RNCP ou RS et de 1 à 6 chiffres, comme RNCP35094",
        ),
        "A certification, by its number in the national directory [RNCP], or in the specific one [RS].",
        ("RNCP35094", "RS6229"),
    ),
]
SkillsCampaignCode = Annotated[
    str,
    Field(max_length=64, pattern=SLUG),
    Says(
        "skills-campaign-code",
        slug_rule("a skills campaign's code", "le code d'une campagne GPECT"),
        "Which skills campaign [campagne GPECT].",
        ("gpect-2026",),
    ),
]
RespondentCode = Annotated[
    str,
    Field(max_length=64, pattern=SLUG),
    Says(
        "respondent-code",
        slug_rule("a respondent's code", "le code d'un répondant"),
        "A respondent who has no SIRET here, by a code that its keeper alone can read. Never names a person.",
        ("acteur-07",),
    ),
]
RoomCode = Annotated[
    str,
    Field(max_length=64, pattern=SLUG),
    Says(
        "room-code",
        slug_rule("a room's code", "le code d'une salle"),
        "Which training room [salle de formation].",
        ("salle-12", "atelier-soudage"),
    ),
]
OsmId = Annotated[
    str,
    Field(max_length=20, pattern=r"^[nwr][1-9][0-9]{0,18}$"),
    Says(
        "osm-id",
        Sentence(
            "an OpenStreetMap identifier is n, w or r, for a node, a way or a relation, and its number, as in n34172",
            "un identifiant OpenStreetMap s'écrit n, w ou r, pour un nœud, un chemin ou une relation, puis son numéro, "
            "comme n34172",
        ),
        "What OpenStreetMap knows it by.",
        ("n34172",),
    ),
]


def _in_a_commune(parcel: str) -> str:
    if parcel[:5] not in codes.communes():
        raise ValueError
    return parcel


_PARCEL = Says(
    "parcel",
    Sentence(
        "a parcel is the INSEE code that its commune has today, 3 digits, a section of 2 characters and a number of 4 "
        "digits, as in 36088000AB0012",
        "une parcelle est le code INSEE actuel de sa commune, 3 chiffres, une section de 2 caractères et un numéro de "
        "4 chiffres, comme 36088000AB0012",
    ),
    "A parcel of the land register [parcelle cadastrale], by its 14 characters.",
    ("36088000AB0012",),
)
Parcel = Annotated[str, Field(max_length=14, pattern=r"^[0-9]{8}[0-9A-Z]{2}[0-9]{4}$"), _PARCEL]
EnteredParcel = Annotated[
    str,
    Field(max_length=14, pattern=r"^[0-9]{8}[0-9A-Z]{2}[0-9]{4}$"),
    AfterValidator(_in_a_commune),
    _PARCEL,
]
"""A parcel of a commune that there is today: of one that was merged it keeps the number, in the 3 digits."""

_UAI_LETTERS: Final = "ABCDEFGHJKLMNPRSTUVWXYZ"


def _uai(value: str) -> str:
    if value[7] != _UAI_LETTERS[int(value[:7]) % len(_UAI_LETTERS)]:
        raise ValueError
    return value


Uai = Annotated[
    str,
    Field(max_length=8, pattern=r"^[0-9]{7}[A-Z]$"),
    AfterValidator(_uai),
    Says(
        "uai",
        Sentence(
            "a UAI is 7 digits and the letter that checks them, as in 0360024F",
            "un UAI compte 7 chiffres et la lettre qui les contrôle, comme 0360024F",
        ),
        "A school, by the number [UAI] that the Ministry of Education gives it.",
        ("0360024F", "0360544W"),
    ),
]
