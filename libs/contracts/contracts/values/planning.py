"""How many people, of which occupation, by when: needs for skills, and what is assumed of the years ahead."""

from typing import Annotated, Final

from pydantic import AfterValidator, Field

from contracts.language import Sentence
from contracts.values.saying import Says

HORIZONS: Final = (1, 3, 5)
"""In years: what a company knows it needs, what it plans, and what it expects."""
MOST_WANTED: Final = 200
"""Persons of one need: so the record of who was certified for it stays small. What is needed beyond is another."""
MOST_YEARS: Final = 10
"""Of a forecast: what is assumed says nothing of later ones."""


def _horizon(years: int) -> int:
    if years not in HORIZONS:
        raise ValueError
    return years


def _to(decimals: int) -> AfterValidator:
    def check(value: float) -> float:
        if round(value, decimals) != value:
            raise ValueError
        return value + 0.0  # so that -0.0 becomes 0.0

    return AfterValidator(check)


NeedHorizon = Annotated[
    int,
    Field(ge=1, le=5, json_schema_extra={"enum": list(HORIZONS)}),
    AfterValidator(_horizon),
    Says(
        "need-horizon",
        Sentence("a horizon is 1, 3 or 5 years (a number, not a text)", "un horizon est de 1, 3 ou 5 ans (un nombre)"),
        "Within how many years: 1, 3 or 5.",
        (1, 3),
    ),
]
PersonsWanted = Annotated[
    int,
    Field(ge=1, le=MOST_WANTED),
    Says(
        "persons-wanted",
        Sentence(
            f"persons wanted are a whole number (not a text) from 1 to {MOST_WANTED}",
            f"un nombre de personnes recherchées est un entier (et non un texte) de 1 à {MOST_WANTED}",
        ),
        "How many people of an occupation a company needs.",
        (3,),
    ),
]
PersonsEmployed = Annotated[
    int,
    Field(ge=0, le=100_000),
    Says(
        "persons-employed",
        Sentence(
            "persons employed are a whole number (not a text) from 0 to 100,000",
            "un effectif est un nombre entier (et non un texte) de personnes, de 0 à 100\u202f000",
        ),
        "How many people work in an occupation.",
        (120,),
    ),
]
RetirementsPerYear = Annotated[
    float,
    Field(ge=0, le=10_000),
    _to(1),
    Says(
        "retirements-per-year",
        Sentence(
            "retirements a year are a number (not a text) from 0 to 10,000, with at most 1 decimal",
            "un nombre de départs à la retraite par an va de 0 à 10\u202f000, avec au plus une décimale",
        ),
        "How many people retire in a year, on average: with at most 1 decimal.",
        (4.5,),
    ),
]
GrowthRate = Annotated[
    float,
    Field(ge=-0.5, le=0.5),
    _to(4),
    Says(
        "growth-rate",
        Sentence(
            "growth a year is a number (not a text) from -0.5 to 0.5, with at most 4 decimals: 0.02 is 2 %",
            "une croissance annuelle est un nombre (et non un texte) de -0,5 à 0,5, avec au plus 4 décimales : 0.02 "
            "vaut 2\u202f%",
        ),
        "By which share employment grows each year: 0.02 is 2 %; negative where it shrinks.",
        (0.02, -0.01),
    ),
]
Share = Annotated[
    float,
    Field(ge=0, le=1),
    _to(4),
    Says(
        "share",
        Sentence(
            "a share is a number (not a text) from 0 to 1, with at most 4 decimals: 0.85 is 85 %",
            "une part est un nombre (et non un texte) de 0 à 1, avec au plus 4 décimales : 0.85 vaut 85\u202f%",
        ),
        "A share of all: 0.85 is 85 %.",
        (0.85, 0.1),
    ),
]
ForecastSpan = Annotated[
    int,
    Field(ge=1, le=MOST_YEARS),
    Says(
        "forecast-span",
        Sentence(
            f"a forecast is for a whole number (not a text) of years from 1 to {MOST_YEARS}",
            f"un scénario porte sur un nombre entier (et non un texte) d'années, de 1 à {MOST_YEARS}",
        ),
        "How many years a forecast is for, those after its base year.",
        (5,),
    ),
]
PersonsExpected = Annotated[
    float,
    Field(ge=-1_000_000, le=1_000_000),
    _to(2),
    Says(
        "persons-expected",
        Sentence(
            "persons expected are a number (not a text) with at most 2 decimals",
            "un nombre de personnes attendu compte au plus 2 décimales",
        ),
        "People, as a sum of what is assumed: with at most 2 decimals, and negative where there are fewer.",
        (14.53, -2.5),
    ),
]
