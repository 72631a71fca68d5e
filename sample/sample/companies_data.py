"""The companies of the sample programme and what they did in the first programme: invented, told as data.

The amounts and jobs of the first programme add up to those of the real one: 22,000,000 EUR and 55 jobs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from contracts.values import sample_siret


@dataclass(frozen=True)
class Company:
    """An invented company: when it joined the network, with how many full-time equivalents, and how it grew since."""

    name: str
    naf: str
    legal_form: str
    commune: str
    zone: str | None
    joined: date
    headcount: float
    growth: float
    """By which share the headcount grows in a year."""
    turns: Sequence[tuple[date, str, Mapping[str, str]]] = ()
    """What else happened to its membership: the day, the command and its content."""


@dataclass(frozen=True)
class Grant:
    """An aid to an investment."""

    funder: str
    scheme: str
    rate: float


@dataclass(frozen=True)
class Investment:
    """An investment, completed and audited unless it was given up; its other days follow from those told here."""

    company: str
    title: str
    axis: int
    amount: int
    spent: int
    jobs_planned: float
    created: float
    maintained: float
    announced: date
    completed: date
    audited: date
    grants: Sequence[Grant] = ()
    spent_at_first: int | None = None
    """What was recorded at the completion, and corrected later."""
    created_at_first: float | None = None
    """What a first audit found, three months before the one that counts."""
    given_up: date | None = None


RELANCE: Final = Grant("state", "france-relance", 0.30)
REGION: Final = Grant("region-centre-val-de-loire", "cap-developpement", 0.20)

_SAS, _SARL, _SA, _SCOP = "5710", "5499", "5599", "5458"
_ISSOUDUN, _REUILLY, _SAINTE_LIZAIGNE, _CHAROST = "36088", "36171", "36199", "18055"
_LIMOISE, _AVENIR = "zi-limoise", "za-avenir"


def _no(reason: str) -> Mapping[str, str]:
    return {"reason": reason}


COMPANIES: Final[Sequence[Company]] = (
    # The largest employer: about half of the network's headcount.
    Company("Exemple Aérosièges", "30.30Z", _SAS, _ISSOUDUN, _LIMOISE, date(2018, 2, 1), 1180, 0.012),
    Company("Exemple Maroquinerie", "15.12Z", _SAS, _ISSOUDUN, _LIMOISE, date(2018, 2, 1), 212, 0.04),
    Company("Exemple Malterie", "11.06Z", _SA, _ISSOUDUN, None, date(2018, 2, 1), 58, 0.005),
    Company("Exemple Films et Sachets", "22.22Z", _SAS, _ISSOUDUN, _LIMOISE, date(2018, 2, 15), 96, 0.01),
    Company("Exemple Cartonnages", "17.21B", _SAS, _ISSOUDUN, _AVENIR, date(2018, 2, 15), 74, 0.01),
    Company("Exemple Usinage", "25.62B", _SAS, _ISSOUDUN, _LIMOISE, date(2018, 3, 1), 63, 0.025),
    Company("Exemple Chaudronnerie", "25.11Z", _SARL, _ISSOUDUN, _AVENIR, date(2018, 3, 1), 41, 0.015),
    Company("Exemple Traitement de Surface", "25.61Z", _SAS, _ISSOUDUN, _LIMOISE, date(2018, 3, 15), 37, 0.01),
    Company("Exemple Textiles Techniques", "13.96Z", _SAS, _REUILLY, None, date(2018, 4, 1), 44, 0.01),
    Company("Exemple Plasturgie", "22.29A", _SAS, _ISSOUDUN, _LIMOISE, date(2018, 4, 1), 82, 0.015),
    Company("Exemple Câblage", "27.32Z", _SAS, _ISSOUDUN, _AVENIR, date(2018, 4, 15), 53, 0.02),
    Company("Exemple Imprimerie", "18.12Z", _SCOP, _ISSOUDUN, None, date(2018, 5, 1), 22, -0.01),
    Company("Exemple Décolletage", "25.62A", _SARL, _SAINTE_LIZAIGNE, None, date(2018, 5, 15), 31, 0.015),
    Company("Exemple Transports", "49.41A", _SAS, _ISSOUDUN, _LIMOISE, date(2018, 6, 1), 66, 0.01),
    Company("Exemple Logistique", "52.10B", _SAS, _ISSOUDUN, _LIMOISE, date(2018, 9, 1), 48, 0.03),
    Company("Exemple Moules et Outillages", "25.73A", _SARL, _CHAROST, None, date(2018, 9, 15), 19, 0.01),
    Company("Exemple Maintenance", "33.12Z", _SARL, _ISSOUDUN, _AVENIR, date(2019, 1, 15), 27, 0.02),
    Company("Exemple Palettes", "16.24Z", _SARL, _SAINTE_LIZAIGNE, None, date(2019, 3, 1), 24, 0.005),
    Company("Exemple Manutention", "28.22Z", _SAS, _ISSOUDUN, _LIMOISE, date(2019, 6, 1), 35, 0.02),
    Company("Exemple Fromagerie", "10.51C", _SAS, _REUILLY, None, date(2019, 9, 1), 40, 0.01),
    Company("Exemple Béton", "23.61Z", _SAS, _ISSOUDUN, _AVENIR, date(2020, 1, 15), 29, 0.0),
    Company("Exemple Ingénierie", "71.12B", _SARL, _ISSOUDUN, _LIMOISE, date(2020, 9, 1), 12, 0.05),
    Company("Exemple Recyclage", "38.32Z", _SAS, _ISSOUDUN, _LIMOISE, date(2021, 2, 1), 18, 0.04),
    Company("Exemple Instruments", "26.51B", _SAS, _ISSOUDUN, _AVENIR, date(2021, 6, 1), 21, 0.03),
    Company("Exemple Machines Spéciales", "28.99B", _SAS, _ISSOUDUN, _LIMOISE, date(2022, 1, 15), 34, 0.03),
    Company("Exemple Mobilier", "31.01Z", _SARL, _REUILLY, None, date(2022, 9, 1), 26, 0.01),
    Company("Exemple Logiciels Industriels", "62.02A", _SARL, _ISSOUDUN, None, date(2024, 3, 1), 9, 0.08),
    Company("Exemple Peintures", "20.30Z", _SAS, _ISSOUDUN, _LIMOISE, date(2025, 1, 15), 33, 0.01),
    # Refused at first for want of documents, a member at its second application.
    Company(
        "Exemple Visserie",
        "25.94Z",
        _SARL,
        _CHAROST,
        None,
        date(2023, 3, 1),
        17,
        0.01,
        turns=((date(2022, 11, 2), "apply", {}), (date(2022, 11, 30), "reject", _no("incomplete_file"))),
    ),
    # Suspended for the time its activity paused.
    Company(
        "Exemple Confection",
        "14.13Z",
        _SCOP,
        _ISSOUDUN,
        None,
        date(2018, 10, 1),
        38,
        -0.015,
        turns=((date(2020, 4, 1), "suspend", _no("activity_paused")), (date(2020, 9, 1), "reinstate", {})),
    ),
    # Those below are not members in the end.
    Company(
        "Exemple Forge",
        "25.50A",
        _SAS,
        _ISSOUDUN,
        _AVENIR,
        date(2018, 3, 15),
        46,
        -0.03,
        turns=((date(2021, 6, 30), "leave", _no("closed")),),
    ),
    Company(
        "Exemple Bateaux",
        "30.12Z",
        _SARL,
        _ISSOUDUN,
        None,
        date(2019, 4, 1),
        14,
        0.0,
        turns=((date(2024, 9, 30), "leave", _no("moved")),),
    ),
    Company(
        "Exemple Boulangerie Industrielle",
        "10.71A",
        _SAS,
        _SAINTE_LIZAIGNE,
        None,
        date(2020, 2, 1),
        28,
        0.0,
        turns=((date(2022, 12, 31), "leave", _no("resigned")),),
    ),
    Company(
        "Exemple Articles Métalliques",
        "25.99B",
        _SARL,
        _ISSOUDUN,
        _AVENIR,
        date(2018, 11, 1),
        16,
        -0.02,
        turns=((date(2025, 11, 3), "suspend", _no("fee_unpaid")),),
    ),
)


def by_name(name: str) -> tuple[str, Company]:
    """The SIRET of a company of the sample, and what is told of it."""
    number = next(number for number, company in enumerate(COMPANIES) if company.name == name)
    return sample_siret(number), COMPANIES[number]


APPLICANTS: Final[Sequence[tuple[Company, str]]] = (
    (
        Company("Exemple Collecte", "38.11Z", _SAS, "36044", None, date(2021, 10, 4), 30, 0.0),
        "outside_territory",
    ),
    (
        Company("Exemple Conseil", "71.12B", _SARL, _ISSOUDUN, None, date(2024, 5, 13), 4, 0.0),
        "outside_industry",
    ),
)
"""Companies that applied and were refused, with the reason."""

FIRST_PROGRAMME: Final[Sequence[Investment]] = (
    Investment(
        "Exemple Aérosièges", "Ligne d'assemblage de sièges cabine", 6, 6_500_000, 6_400_000, 15, 14, 60,
        date(2018, 9, 10), date(2020, 12, 11), date(2021, 3, 15), (REGION,),
    ),
    Investment(
        "Exemple Aérosièges", "Atelier composites", 6, 3_000_000, 3_100_000, 10, 8, 25,
        date(2021, 1, 18), date(2022, 11, 4), date(2023, 2, 6), (RELANCE,),
    ),
    Investment(
        "Exemple Maroquinerie", "Second atelier de maroquinerie", 2, 2_400_000, 2_450_000, 12, 12, 18,
        date(2019, 5, 6), date(2021, 4, 2), date(2021, 10, 18), (REGION,), created_at_first=9,
    ),
    Investment(
        "Exemple Maroquinerie", "Découpe numérique du cuir", 6, 800_000, 780_000, 2, 2, 6,
        date(2022, 2, 14), date(2023, 1, 20), date(2023, 6, 12), (),
    ),
    Investment(
        "Exemple Usinage", "Centre d'usinage à cinq axes", 6, 1_250_000, 1_250_000, 4, 4, 9,
        date(2020, 10, 5), date(2021, 12, 17), date(2022, 3, 21), (RELANCE, REGION),
    ),
    Investment(
        "Exemple Chaudronnerie", "Cellule de soudage robotisée", 6, 650_000, 640_000, 3, 2, 7,
        date(2021, 2, 8), date(2022, 1, 28), date(2022, 5, 9), (RELANCE,),
    ),
    Investment(
        "Exemple Films et Sachets", "Ligne d'extrusion de films recyclables", 6, 2_000_000, 1_900_000, 3, 3, 20,
        date(2020, 11, 16), date(2022, 6, 24), date(2022, 10, 3), (RELANCE,), spent_at_first=1_910_000,
    ),
    Investment(
        "Exemple Cartonnages", "Presse à plat et découpe", 6, 1_400_000, 1_380_000, 4, 3, 14,
        date(2019, 2, 11), date(2020, 7, 10), date(2020, 11, 23), (REGION,),
    ),
    Investment(
        "Exemple Malterie", "Récupération de chaleur du touraillage", 6, 2_100_000, 2_050_000, 1, 1, 11,
        date(2021, 3, 22), date(2023, 3, 31), date(2023, 9, 18), (RELANCE,),
    ),
    Investment(
        "Exemple Traitement de Surface", "Ligne de traitement sans chrome", 6, 900_000, 890_000, 2, 2, 8,
        date(2018, 11, 19), date(2019, 12, 13), date(2020, 3, 2), (),
    ),
    Investment(
        "Exemple Textiles Techniques", "Métiers à tisser larges", 6, 550_000, 560_000, 2, 2, 5,
        date(2020, 12, 7), date(2021, 9, 24), date(2022, 1, 17), (RELANCE,),
    ),
    Investment(
        "Exemple Plasturgie", "Presses à injecter électriques", 6, 600_000, 600_000, 2, 2, 10,
        date(2019, 9, 16), date(2020, 9, 18), date(2020, 12, 14), (REGION,),
    ),
    # Never completed: it counts among what was announced and granted until then, and its grant was paid back.
    Investment(
        "Exemple Forge", "Presse à forger de 1 000 tonnes", 6, 1_700_000, 1_700_000, 5, 5, 12,
        date(2019, 11, 4), date(2022, 3, 4), date(2022, 6, 6), (REGION,), given_up=date(2021, 3, 12),
    ),
)  # fmt: skip
