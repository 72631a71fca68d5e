"""Money, work, places, shares, and which one of several."""

from typing import Annotated, Final

from pydantic import AfterValidator, Field

from contracts.language import Sentence, written
from contracts.values.saying import Says


def _at_most(decimals: int) -> AfterValidator:
    def check(value: float) -> float:
        if round(value, decimals) != value:
            raise ValueError
        return value + 0.0  # so that -0.0 becomes 0.0

    return AfterValidator(check)


_MOST_EUROS: Final = 10**12
MOST_POSTS: Final = 200
"""Of one vacancy: so the record of who was accepted stays small. What a company needs beyond is another vacancy."""

Euros = Annotated[
    int,
    Field(ge=0, le=_MOST_EUROS),
    Says(
        "euros",
        Sentence(
            "an amount is a number (not a text) of whole euros, written without decimals or exponent, not negative",
            "un montant est un nombre (et non un texte) d'euros entiers, sans décimale ni exposant, positif ou nul",
        ),
        "Whole euros, 0 or more.",
        (450_000,),
    ),
]
SomeEuros = Annotated[
    int,
    Field(ge=1, le=_MOST_EUROS),
    Says(
        "some-euros",
        Sentence(
            "an amount is a number (not a text) of whole euros, written without decimals or exponent, at least 1",
            "un montant est un nombre (et non un texte) d'euros entiers, sans décimale ni exposant, d'au moins 1",
        ),
        "Whole euros, at least 1.",
        (450_000,),
    ),
]
FullTimeEquivalents = Annotated[
    float,
    Field(ge=0, le=1_000_000),
    _at_most(2),
    Says(
        "full-time-equivalents",
        Sentence(
            "full-time equivalents are a number (not a text) from 0 to 1000000, with at most 2 decimals",
            "des équivalents temps plein sont un nombre (et non un texte) de 0 à 1000000, avec au plus 2 décimales",
        ),
        "Full-time equivalents, with at most 2 decimals.",
        (42, 7.5),
    ),
]
SquareMetres = Annotated[
    int,
    Field(ge=1, le=10_000_000),
    Says(
        "square-metres",
        Sentence(
            "an area is a number (not a text) of whole square metres from 1 to 10000000",
            "une surface est un nombre (et non un texte) de mètres carrés entiers de 1 à 10000000",
        ),
        "An area in whole square metres: 10,000 are a hectare.",
        (8_500,),
    ),
]
EurosPerSquareMetre = Annotated[
    float,
    Field(gt=0, le=10_000),
    _at_most(2),
    Says(
        "euros-per-square-metre",
        Sentence(
            "a price per square metre is a number (not a text) of euros above 0, at most 10000, with at most 2 "
            "decimals",
            "un prix au mètre carré est un nombre (et non un texte) d'euros supérieur à 0, d'au plus 10000, avec au "
            "plus 2 décimales",
        ),
        "Euros per square metre, before tax.",
        (18.5,),
    ),
]
Ordinal = Annotated[
    int,
    Field(ge=1, le=1_000),
    Says(
        "ordinal",
        Sentence("the first is 1, the second 2", "le premier porte le numéro 1, le deuxième le numéro 2"),
        "Which one, counted from 1 in the order recorded.",
        (1, 2),
    ),
]
DayCount = Annotated[
    int,
    Field(ge=0, le=36_525),
    Says(
        "day-count",
        Sentence(
            "a count of days is a whole number (not a text) from 0 to 36525, a hundred years",
            "un nombre de jours est un nombre entier (et non un texte) de 0 à 36525, soit cent ans",
        ),
        "Days from one day to another.",
        (42,),
    ),
]
SlotHours = Annotated[
    int,
    Field(ge=1, le=24),
    Says(
        "slot-hours",
        Sentence(
            "a slot lasts a number (not a text) of whole hours from 1 to 24",
            "un créneau dure un nombre (et non un texte) d'heures entières de 1 à 24",
        ),
        "How long a slot lasts, in whole hours.",
        (2,),
    ),
]
HourOfDay = Annotated[
    int,
    Field(ge=0, le=24),
    Says(
        "hour-of-day",
        Sentence(
            "an hour of the day is a whole number (not a text) from 0 to 24",
            "une heure de la journée est un nombre entier (et non un texte) de 0 à 24",
        ),
        "A full hour of the day in Paris: 8 is 08:00, 24 the end of the day.",
        (8, 18),
    ),
]
MonthlyHours = Annotated[
    int,
    Field(ge=1, le=744),
    Says(
        "monthly-hours",
        Sentence(
            "hours of a month are a whole number (not a text) from 1 to 744",
            "un nombre d'heures par mois est un entier (et non un texte) de 1 à 744",
        ),
        "Hours in a calendar month.",
        (20,),
    ),
]
WeeklyHours = Annotated[
    int,
    Field(ge=0, le=168),
    Says(
        "weekly-hours",
        Sentence(
            "hours of a week are a whole number (not a text) from 0 to 168",
            "un nombre d'heures par semaine est un entier (et non un texte) de 0 à 168",
        ),
        "Hours in a week.",
        (50,),
    ),
]
WorkingHours = Annotated[
    float,
    Field(ge=1, le=48),
    _at_most(2),
    Says(
        "working-hours",
        Sentence(
            "hours of work a week are a number (not a text) from 1 to 48, with at most 2 decimals",
            "une durée hebdomadaire de travail est un nombre (et non un texte) de 1 à 48, avec au plus 2 décimales",
        ),
        "Hours of work a week under a contract; 48 is the most that the law allows in one (Code du travail, L3121-20).",
        (35, 24.5),
    ),
]
Posts = Annotated[
    int,
    Field(ge=1, le=MOST_POSTS),
    Says(
        "posts",
        Sentence(
            f"posts are a whole number (not a text) from 1 to {MOST_POSTS}",
            f"un nombre de postes est un entier (et non un texte) de 1 à {MOST_POSTS}",
        ),
        "How many people a vacancy is for.",
        (2,),
    ),
]
Tally = Annotated[
    int,
    Field(ge=0, le=1_000),
    Says(
        "tally",
        Sentence(
            "a tally is a whole number (not a text) from 0 to 1000",
            "un décompte est un nombre entier (et non un texte) de 0 à 1000",
        ),
        "How many there are.",
        (1,),
    ),
]
MaturityLevel = Annotated[
    int,
    Field(ge=0, le=5),
    Says(
        "maturity-level",
        Sentence(
            "a level of maturity is a whole number (not a text) from 0 to 5",
            "un niveau de maturité est un nombre entier (et non un texte) de 0 à 5",
        ),
        "How mature a company is in a dimension: 0 is not at all, 5 as well as it gets.",
        (2, 3),
    ),
]
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
    _at_most(1),
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
    _at_most(4),
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
    _at_most(4),
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
    _at_most(2),
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
AidRate = Annotated[
    float,
    Field(gt=0, le=1),
    _at_most(4),
    Says(
        "aid-rate",
        Sentence(
            "an aid rate is above 0, at most 1, with at most 4 decimals",
            "un taux d'aide est supérieur à 0, d'au plus 1, avec au plus 4 décimales",
        ),
        "The share of the eligible base that is aided: 0.3 is 30 %.",
        (0.3, 0.125),
    ),
]
MOST_TONNES: Final = 1_000
"""Of one movement of waste: some forty lorries. What is more is entered as several."""
_TONNES_FR: Final = written(MOST_TONNES, "fr")

Tonnes = Annotated[
    float,
    Field(ge=0.001, le=MOST_TONNES),
    _at_most(3),
    Says(
        "tonnes",
        Sentence(
            f"tonnes of a movement are a number (not a text) from 0.001 to {MOST_TONNES:,}, with at most 3 decimals",
            f"les tonnes d'un mouvement sont un nombre (et non un texte) de 0,001 à {_TONNES_FR}, avec au plus 3 "
            "décimales",
        ),
        "Tonnes, to the kilogram.",
        (12.5, 0.84),
    ),
]
TonnesDifference = Annotated[
    float,
    Field(ge=-MOST_TONNES, le=MOST_TONNES),
    _at_most(3),
    Says(
        "tonnes-difference",
        Sentence(
            f"a difference of tonnes is a number (not a text) from -{MOST_TONNES:,} to {MOST_TONNES:,}, with at most 3 "
            "decimals",
            f"un écart en tonnes est un nombre (et non un texte) de -{_TONNES_FR} à {_TONNES_FR}, avec au plus 3 "
            "décimales",
        ),
        "By how many tonnes two weighings differ, to the kilogram; negative where there is less.",
        (-0.16, 0.0),
    ),
]
MOST_OF_A_FLOW: Final = 10_000_000
"""In a month, in its unit."""
_OF_A_FLOW_FR: Final = written(MOST_OF_A_FLOW, "fr")

FlowQuantity = Annotated[
    float,
    Field(ge=0.001, le=MOST_OF_A_FLOW),
    _at_most(3),
    Says(
        "flow-quantity",
        Sentence(
            f"a flow's quantity is a number (not a text) from 0.001 to {MOST_OF_A_FLOW:,}, with at most 3 decimals",
            f"la quantité d'un flux est un nombre (et non un texte) de 0,001 à {_OF_A_FLOW_FR}, avec au plus 3 "
            "décimales",
        ),
        "How much of something there is in a month, in its unit.",
        (18.5, 120_000),
    ),
]
ExchangedQuantity = Annotated[
    float,
    Field(ge=0, le=MOST_OF_A_FLOW),
    _at_most(3),
    Says(
        "exchanged-quantity",
        Sentence(
            f"what was exchanged is a number (not a text) from 0 to {MOST_OF_A_FLOW:,}, with at most 3 decimals",
            f"la quantité échangée est un nombre (et non un texte) de 0 à {_OF_A_FLOW_FR}, avec au plus 3 décimales",
        ),
        "How much of something was exchanged in a month, in its unit; 0 where that is known to be nothing.",
        (17.2, 0.0),
    ),
]
MOST_PLACES: Final = 50
"""How many places an offer may have."""
_MOST_METERED: Final = 10**10 - 1
"""The highest index of a meter: ten digits, as many as there are on any."""
_METERED_FR: Final = written(_MOST_METERED, "fr")

Places = Annotated[
    int,
    Field(ge=1, le=MOST_PLACES),
    Says(
        "places",
        Sentence(
            f"an offer has a number (not a text) of places from 1 to {MOST_PLACES}",
            f"une offre compte un nombre (et non un texte) de places de 1 à {MOST_PLACES}",
        ),
        "How many places there are.",
        (2,),
    ),
]
MOST_PUPILS: Final = 500
"""At one event: so the record of who booked stays small. What is larger is several events, as of half a day each."""

Pupils = Annotated[
    int,
    Field(ge=1, le=MOST_PUPILS),
    Says(
        "pupils",
        Sentence(
            f"pupils at an event are a whole number (not a text) from 1 to {MOST_PUPILS}",
            f"un nombre d'élèves à une rencontre est un entier (et non un texte) de 1 à {MOST_PUPILS}",
        ),
        "How many pupils an event has places for, or a class has places at it.",
        (28, 120),
    ),
]
People = Annotated[
    int,
    Field(ge=0, le=1_000_000),
    Says(
        "people",
        Sentence(
            "a number of people is a whole number (not a text) from 0 to 1,000,000",
            "un nombre de personnes est un entier (et non un texte) de 0 à 1\u202f000\u202f000",
        ),
        "How many people of several groups there are in all.",
        (112,),
    ),
]
_MOST_TOLD: Final = 100_000
"""Of one company."""
_TOLD_FR: Final = written(_MOST_TOLD, "fr")

ToldPersons = Annotated[
    float,
    Field(ge=0, le=_MOST_TOLD),
    _at_most(2),
    Says(
        "told-persons",
        Sentence(
            f"persons are a number (not a text) from 0 to {_MOST_TOLD:,}, with at most 2 decimals",
            f"un nombre de personnes (et non un texte) va de 0 à {_TOLD_FR}, avec au plus 2 décimales",
        ),
        "Persons, as a company tells it. Decimals are taken, so that an answer which has them can be looked at.",
        (42,),
    ),
]
ExpectedPersons = Annotated[
    float,
    Field(ge=-_MOST_TOLD, le=_MOST_TOLD),
    _at_most(2),
    Says(
        "expected-persons",
        Sentence(
            f"persons expected are a number (not a text) from -{_MOST_TOLD:,} to {_MOST_TOLD:,}, with at most 2 "
            "decimals",
            f"un effectif prévu est un nombre (et non un texte) de -{_TOLD_FR} à {_TOLD_FR}, avec au plus 2 décimales",
        ),
        "Persons expected, as a company tells it: how many there will be in all. Fewer than none are taken, so that an "
        "answer which has them can be looked at.",
        (45,),
    ),
]
MOST_ASKED: Final = 1_000
"""Of one college: so that the answers to a campaign are added up at once."""
SomeAsked = Annotated[
    int,
    Field(ge=1, le=MOST_ASKED),
    Says(
        "some-asked",
        Sentence(
            f"respondents who are asked are a whole number (not a text) from 1 to {MOST_ASKED:,}",
            f"un nombre de répondants sollicités est un entier (et non un texte) de 1 à {written(MOST_ASKED, 'fr')}",
        ),
        "How many respondents of a college are asked.",
        (30,),
    ),
]
_MOST_PARKED: Final = 5_000
"""Places to park a car or a bike, at one spot."""
_PARKED_FR: Final = written(_MOST_PARKED, "fr")

ParkingPlaces = Annotated[
    int,
    Field(ge=0, le=_MOST_PARKED),
    Says(
        "parking-places",
        Sentence(
            f"parking places are a whole number (not a text) from 0 to {_MOST_PARKED:,}",
            f"un nombre de places de stationnement est un entier (et non un texte) de 0 à {_PARKED_FR}",
        ),
        "How many places there are to park.",
        (2,),
    ),
]
SomePlaces = Annotated[
    int,
    Field(ge=1, le=_MOST_PARKED),
    Says(
        "some-places",
        Sentence(
            f"a parking has a whole number (not a text) of places from 1 to {_MOST_PARKED:,}",
            f"un stationnement compte un nombre entier (et non un texte) de places de 1 à {_PARKED_FR}",
        ),
        "How many places there are to park, at least 1.",
        (12,),
    ),
]
CalendarYear = Annotated[
    int,
    Field(ge=1900, le=2100),
    Says(
        "calendar-year",
        Sentence(
            "a year is a whole number (not a text) from 1900 to 2100",
            "une année est un nombre entier (et non un texte) de 1900 à 2100",
        ),
        "A year of the calendar.",
        (2017,),
    ),
]
MOST_DOCKS: Final = 100
"""Of one bike station."""

Docks = Annotated[
    int,
    Field(ge=1, le=MOST_DOCKS),
    Says(
        "docks",
        Sentence(
            f"a bike station has a whole number (not a text) of docks from 1 to {MOST_DOCKS}",
            f"une station de vélos compte un nombre entier (et non un texte) de bornettes de 1 à {MOST_DOCKS}",
        ),
        "How many docks a bike station has: one bike each.",
        (10,),
    ),
]
_MOST_METRES_OF_A_CHARGE: Final = 200_000
_METRES_OF_A_CHARGE_FR: Final = written(_MOST_METRES_OF_A_CHARGE, "fr")

BikeRange = Annotated[
    int,
    Field(ge=0, le=_MOST_METRES_OF_A_CHARGE),
    Says(
        "bike-range",
        Sentence(
            f"the range of a bike is a whole number (not a text) of metres from 0 to {_MOST_METRES_OF_A_CHARGE:,}",
            f"l'autonomie d'un vélo est un nombre entier (et non un texte) de mètres de 0 à {_METRES_OF_A_CHARGE_FR}",
        ),
        "How far the battery of a bike still assists it, in metres.",
        (35_000,),
    ),
]
_MOST_TRIPS: Final = 1_000_000
_TRIPS_FR: Final = written(_MOST_TRIPS, "fr")

Trips = Annotated[
    int,
    Field(ge=0, le=_MOST_TRIPS),
    Says(
        "trips",
        Sentence(
            f"a number of trips is a whole number (not a text) from 0 to {_MOST_TRIPS:,}",
            f"un nombre de trajets est un entier (et non un texte) de 0 à {_TRIPS_FR}",
        ),
        "How many times a bike has been lent.",
        (12,),
    ),
]
_MOST_KILOMETRES: Final = 2_000
_KILOMETRES_FR: Final = written(_MOST_KILOMETRES, "fr")

Kilometres = Annotated[
    int,
    Field(ge=0, le=_MOST_KILOMETRES),
    Says(
        "kilometres",
        Sentence(
            f"a distance ridden is a whole number (not a text) of kilometres from 0 to {_MOST_KILOMETRES:,}",
            f"une distance parcourue est un nombre entier (et non un texte) de kilomètres de 0 à {_KILOMETRES_FR}",
        ),
        "How far somebody rode on one loan, in whole kilometres.",
        (14,),
    ),
]
Cents = Annotated[
    int,
    Field(ge=0, le=100_000),
    Says(
        "cents",
        Sentence(
            "a small amount is a number (not a text) of whole euro cents from 0 to 100,000",
            "un petit montant est un nombre (et non un texte) de centimes d'euro entiers de 0 à 100\u202f000",
        ),
        "An amount in euro cents: 250 is 2.50 EUR.",
        (250,),
    ),
]
SlotPlaces = Annotated[
    int,
    Field(ge=1, le=500),
    Says(
        "slot-places",
        Sentence(
            "a slot has a whole number (not a text) of places from 1 to 500",
            "un créneau compte un nombre entier (et non un texte) de places de 1 à 500",
        ),
        "How many places a slot has.",
        (40,),
    ),
]
SomePeople = Annotated[
    int,
    Field(ge=1, le=100_000),
    Says(
        "some-people",
        Sentence(
            "a number of people is a whole number (not a text) from 1 to 100,000",
            "un nombre de personnes est un entier (et non un texte) de 1 à 100\u202f000",
        ),
        "How many people, at least 1.",
        (12,),
    ),
]
BreakMinutes = Annotated[
    int,
    Field(ge=0, le=240),
    Says(
        "break-minutes",
        Sentence(
            "a break lasts a number (not a text) of whole minutes from 0 to 240",
            "une pause dure un nombre (et non un texte) de minutes entières de 0 à 240",
        ),
        "How long the break of a day lasts, in minutes.",
        (60,),
    ),
]
Minutes = Annotated[
    int,
    Field(ge=0, le=10_080),
    Says(
        "minutes",
        Sentence(
            "minutes of a day or a week are a whole number (not a text) from 0 to 10,080",
            "les minutes d'une journée ou d'une semaine sont un nombre entier (et non un texte) de 0 à 10\u202f080",
        ),
        "Minutes of a day or a week.",
        (420,),
    ),
]
MeterIndex = Annotated[
    int,
    Field(ge=0, le=_MOST_METERED),
    Says(
        "meter-index",
        Sentence(
            f"an index is a whole number (not a text) from 0 to {_MOST_METERED:,}, without decimals",
            f"un index est un nombre entier (et non un texte) de 0 à {_METERED_FR}, sans décimale",
        ),
        "What a meter shows: m³ of water, kWh of electricity or gas.",
        (18_250,),
    ),
]
Consumption = Annotated[
    int,
    Field(ge=0, le=_MOST_METERED),
    Says(
        "consumption",
        Sentence(
            f"a consumption is a whole number (not a text) from 0 to {_MOST_METERED:,}",
            f"une consommation est un nombre entier (et non un texte) de 0 à {_METERED_FR}",
        ),
        "What was consumed: m³ of water, kWh of electricity or gas.",
        (420,),
    ),
]
RideMetres = Annotated[
    int,
    Field(ge=1, le=500_000),
    Says(
        "ride-metres",
        Sentence(
            "the length of a ride is a number (not a text) of whole metres from 1 to 500000",
            "la longueur d'un trajet est un nombre (et non un texte) de mètres entiers de 1 à 500000",
        ),
        "How long a ride is by road, in metres.",
        (14_500,),
    ),
]
RideMinutes = Annotated[
    int,
    Field(ge=1, le=600),
    Says(
        "ride-minutes",
        Sentence(
            "a ride takes a number (not a text) of whole minutes from 1 to 600",
            "un trajet dure un nombre (et non un texte) de minutes entières de 1 à 600",
        ),
        "How long a ride takes, in minutes.",
        (20,),
    ),
]
Seats = Annotated[
    int,
    Field(ge=1, le=8),
    Says(
        "seats",
        Sentence(
            "seats are a whole number (not a text) from 1 to 8",
            "un nombre de places est un entier (et non un texte) de 1 à 8",
        ),
        "How many passengers a car takes beside its driver; with more than 8 it is no car (Code de la route, R311-1).",
        (3,),
    ),
]
PassengerKilometres = Annotated[
    float,
    Field(ge=0, le=4_000),
    _at_most(3),
    Says(
        "passenger-kilometres",
        Sentence(
            "passenger-kilometres of a ride are a number (not a text) from 0 to 4000, with at most 3 decimals",
            "les voyageurs-kilomètres d'un trajet sont un nombre (et non un texte) de 0 à 4000, avec au plus 3 "
            "décimales",
        ),
        "Kilometres of a ride, once for each passenger who came; to the metre.",
        (29.0, 14.5),
    ),
]
CarbonDioxide = Annotated[
    float,
    Field(ge=0, le=40_000),
    _at_most(3),
    Says(
        "carbon-dioxide",
        Sentence(
            "CO2 is a number (not a text) of kilograms from 0 to 40000, with at most 3 decimals",
            "le CO2 est un nombre (et non un texte) de kilogrammes de 0 à 40000, avec au plus 3 décimales",
        ),
        "Kilograms of CO2, to the gram.",
        (2.784,),
    ),
]
EmissionFactor = Annotated[
    float,
    Field(ge=0, le=10),
    _at_most(6),
    Says(
        "emission-factor",
        Sentence(
            "an emission factor is a number (not a text) of kilograms a kilometre from 0 to 10, with at most 6 "
            "decimals",
            "un facteur d'émission est un nombre (et non un texte) de kilogrammes par kilomètre de 0 à 10, avec au "
            "plus 6 décimales",
        ),
        "Kilograms of CO2 a kilometre.",
        (0.192,),
    ),
]
MOST_SEATS: Final = 200
"""Of one training session, or of a room: so the record of who was admitted stays small."""

TrainingSeats = Annotated[
    int,
    Field(ge=1, le=MOST_SEATS),
    Says(
        "training-seats",
        Sentence(
            f"seats for trainees are a whole number (not a text) from 1 to {MOST_SEATS}",
            f"un nombre de places pour des stagiaires est un entier (et non un texte) de 1 à {MOST_SEATS}",
        ),
        "How many trainees a session or a room has seats for.",
        (12,),
    ),
]
QualificationLevel = Annotated[
    int,
    Field(ge=3, le=8),
    Says(
        "qualification-level",
        Sentence(
            "a level of qualification is a whole number (not a text) from 3, as for a CAP, to 8",
            "un niveau de qualification est un nombre entier (et non un texte) de 3, celui d'un CAP, à 8",
        ),
        "The level of a qualification in the national frame [cadre national des certifications professionnelles], "
        "whose numbers are those of the European one.",
        (3, 5),
    ),
]
CourseHours = Annotated[
    int,
    Field(ge=1, le=3_000),
    Says(
        "course-hours",
        Sentence(
            "a course lasts a whole number (not a text) of hours from 1 to 3,000",
            "une formation dure un nombre entier (et non un texte) d'heures de 1 à 3\u202f000",
        ),
        "How many hours of training a course has for each trainee.",
        (560,),
    ),
]
AttendedHours = Annotated[
    float,
    Field(ge=0, le=3_000),
    _at_most(2),
    Says(
        "attended-hours",
        Sentence(
            "hours that somebody attended are a number (not a text) from 0 to 3,000, with at most 2 decimals",
            "un nombre d'heures suivies est un nombre (et non un texte) de 0 à 3\u202f000, avec au plus 2 décimales",
        ),
        "How many hours of training somebody attended.",
        (112.5,),
    ),
]
TraineeHours = Annotated[
    int,
    Field(ge=0, le=1_000_000),
    Says(
        "trainee-hours",
        Sentence(
            "trainee hours are a whole number (not a text) from 0 to 1,000,000",
            "un nombre d'heures-stagiaires est un entier (et non un texte) de 0 à 1\u202f000\u202f000",
        ),
        "Hours of training, once for each trainee.",
        (6_720,),
    ),
]
FloorArea = Annotated[
    int,
    Field(ge=0, le=100_000),
    Says(
        "floor-area",
        Sentence(
            "a floor area is a number (not a text) of whole square metres from 0 to 100,000",
            "une surface de plancher est un nombre (et non un texte) de mètres carrés entiers de 0 à 100\u202f000",
        ),
        "The area of rooms in whole square metres; 0 where there is none to use.",
        (85,),
    ),
]
SomeFloorArea = Annotated[
    int,
    Field(ge=1, le=100_000),
    Says(
        "some-floor-area",
        Sentence(
            "the area of a room is a number (not a text) of whole square metres from 1 to 100,000",
            "la surface d'une salle est un nombre (et non un texte) de mètres carrés entiers de 1 à 100\u202f000",
        ),
        "The area of a room in whole square metres.",
        (85,),
    ),
]
FigureValue = Annotated[
    float,
    Field(ge=-_MOST_EUROS, le=_MOST_EUROS),
    _at_most(4),
    Says(
        "figure-value",
        Sentence(
            "a figure's value is a number (not a text) with at most 4 decimals",
            "la valeur d'un indicateur est un nombre (et non un texte) avec au plus 4 décimales",
        ),
        "A value of an indicator, in its unit, with at most 4 decimals.",
        (30, 0.75),
    ),
]
ObservedValue = Annotated[
    float,
    Field(ge=0, le=10_000_000),
    _at_most(2),
    Says(
        "observed-value",
        Sentence(
            "what is observed is a number (not a text) from 0 to 10,000,000, with at most 2 decimals",
            "une valeur observée est un nombre (et non un texte) de 0 à 10\u202f000\u202f000, avec au plus 2 décimales",
        ),
        "A value that was observed, in the unit of its series.",
        (7.2, 3_480),
    ),
]
ActiveResidents = Annotated[
    int,
    Field(ge=1, le=1_000_000),
    Says(
        "active-residents",
        Sentence(
            "active residents are a whole number (not a text) from 1 to 1,000,000",
            "un nombre d'actifs est un entier (et non un texte) de 1 à 1\u202f000\u202f000",
        ),
        "How many residents are active: those who have work, and those who look for it.",
        (8_153,),
    ),
]
ReplyCode = Annotated[
    int,
    Field(ge=400, le=599),
    Says(
        "reply-code",
        Sentence(
            "a reply code that refuses is a whole number (not a text) from 400 to 599",
            "un code de réponse de refus est un entier (et non un texte) de 400 à 599",
        ),
        "What a mail server answers that refuses a message (RFC 5321, 4.2).",
        (550,),
    ),
]
