"""verify proves the figures: histories made by the real decisions, figures served and counted, and faults found."""

import asyncio
import contextlib
import random
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any, Final, get_args

import asyncpg
import pytest
from aiokafka import AIOKafkaProducer, ConsumerRecord
from proving import faults, fold, show

from companies.booking import bookings
from companies.company import companies
from companies.equipment import WEEKDAYS, equipments
from companies.flow import flows
from companies.investment import EnteredEvidence, investments
from companies.licence import licences
from companies.meter import Meter, meters
from companies.need import needs
from companies.plot import plots
from companies.survey import EnteredLevel, surveys
from companies.synergy import synergies
from companies.unit import units
from companies.waste_movement import waste_movements
from contracts import codes
from contracts.companies.company import CompanyActivated, CompanyApplied, CompanyLeft
from contracts.companies.flow import FlowDeclared, FlowDirection
from contracts.companies.investment import Step
from contracts.companies.land import Origin
from contracts.companies.meter import MeterKind
from contracts.companies.need import NeedKind, NeedMeans
from contracts.companies.survey import MaturityDimension
from contracts.companies.waste_movement import WasteStep
from contracts.employment.labour_series import LabourKind, LabourSeriesDeclared
from contracts.employment.path import PathExit, Residence
from contracts.employment.priority import PriorityGroup
from contracts.indicators.target import Aim
from contracts.mobility.ride import Otherwise
from contracts.mobility.shared_service import ServiceDay
from contracts.mobility.travel_survey import DistanceBand, TravelMode
from contracts.model import Event
from contracts.personal import Personal
from contracts.registry import REGISTRY
from contracts.training.campaign_answer import AgePyramid, Workforce
from contracts.training.campaign_answer import Occupation as TradeInCompany
from contracts.values import days_of_period, sample_siret
from contracts.youth_events.immersion import Agency
from contracts.youth_events.placement import PlacementApproved, PlacementCancelled
from devstack.log import Log
from devstack.prepared import prepare as prepare_database
from employment.hire import hires
from employment.labour_series import labour_series
from employment.members import Member, members
from employment.observation import EnteredSeekersOfCategory, labour_observations
from employment.path import ACTIVE, paths
from employment.priority import EnteredFlag, Seeker
from employment.vacancy import vacancies
from eventstore.decider import PARIS, Context, Decider
from eventstore.kafka.envelope import Message, source_of, to_headers, to_timestamp
from eventstore.kafka.topics import ensure_topic
from eventstore.reactions import Identity, Issue
from eventstore.refusal import Rejected
from eventstore.subscribing.subscription import Subscription
from indicators import (
    aim,
    building,
    employment,
    equipment,
    investment,
    land,
    mobility,
    network,
    recounts,
    resources,
    sheets,
    skills,
    steering,
    training,
    waste,
    youth_events,
)
from indicators import paths as accompanied
from indicators.action import actions
from indicators.app import app
from indicators.asking import BY
from indicators.catalogue import catalogue
from indicators.chapters import Catalogue, Chapter
from indicators.columns import Columns
from indicators.partners import SUBSCRIPTION, served
from indicators.progress import chapters
from indicators.query import CatchingUp, Snapshot, snapshot
from indicators.question import PERIODS, Question
from indicators.recount import Recount
from indicators.recounts import RECOUNTS
from indicators.recounts.counting import Recounts
from indicators.target import targets
from indicators.topics import Topics
from indicators.verify import Asked, ask, compare, prepare, verify
from mobility.bike import Bike, bikes
from mobility.bike_parking import bike_parkings
from mobility.bike_station import bike_stations
from mobility.carpool_area import carpool_areas
from mobility.loan import Borrower, Loan, loans
from mobility.ride import Came as RodeAlong
from mobility.ride import Rider, rides
from mobility.service_reservation import Guest, ServiceReservation, service_reservations
from mobility.shared_service import EnteredSlot, shared_services
from mobility.travel_survey import EnteredAnswers, TravelSurvey, travel_surveys
from service.running.settings import Settings
from training.campaign_figures import Answered
from training.course import courses
from training.enrolment import Enrolment, Trainee, enrolments
from training.members import Member as TrainingMember
from training.members import members as training_members
from training.rehabilitation import rehabilitations
from training.room import Room, rooms
from training.session import OFFERING, Session, sessions
from training.skill_need import SkillNeed, skill_needs
from training.skills_campaign import EnteredCollege, SkillsCampaign, skills_campaigns
from training.timetable import WeeklySlot
from youth_events.class_booking import class_bookings
from youth_events.event import events as meetings
from youth_events.immersion import Adviser, Beneficiary, Immersion, Representative, immersions
from youth_events.members import members as hosts
from youth_events.offer import offers
from youth_events.placement import Guardian, Pupil, Tutor, placements
from youth_events.reactions import Booked, Came, count_bookings, count_places

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(300)]

TODAY: Final = date(2025, 12, 31)
NOW: Final = datetime.combine(TODAY, time(), PARIS)
BEGINNING: Final = date(2018, 1, 2)

MEMBERS: Final[dict[str, Callable[[random.Random], dict[str, Any]]]] = {
    "apply": lambda rng: {
        "name": "Fonderie du Berry",
        "legal_form": "5710",
        "naf": rng.choice(["25.62B", "15.12Z", "30.30Z"]),
        "commune": rng.choice(["36088", "18055"]),
        "zone": rng.choice(["zi-limoise", "za-avenir", None]),
        "headcount": rng.randrange(40_000) / 100,
    },
    "reject": lambda _: {"reason": "other"},
    "suspend": lambda _: {"reason": "fee_unpaid"},
    "leave": lambda _: {"reason": "moved"},
    "report-headcount": lambda rng: {"full_time_equivalents": rng.randrange(40_000) / 100},
}
REGION: Final = "region-centre-val-de-loire"
GRANTS: Final = [("state", "france-relance"), (REGION, "cap-developpement")]
STEPS: Final = get_args(Step)


def _grant(rng: random.Random, most: int = 60_000) -> dict[str, Any]:
    funder, scheme = rng.choice(GRANTS)
    return {"funder": funder, "scheme": scheme, "amount": rng.randint(1, most)}


def _some_day(rng: random.Random) -> date:
    return BEGINNING + timedelta(days=rng.randrange(2_500))


def _evidence(rng: random.Random) -> dict[str, Any]:
    """Each hire on a day of its own, as it says so again when it is taken back."""
    number = rng.randrange(8)
    return {"hire": _id(number), "evidenced_on": BEGINNING + timedelta(days=300 * number)}


def _id(number: int) -> str:
    return f"0191e0c2-7d5b-7c44-9a51-{number:012}"


def _payment(rng: random.Random, *, number: str, day: str) -> dict[str, Any]:
    paid: dict[str, Any] = {**_grant(rng, 20_000), number: rng.randint(1, 2), "reason": "typing_error"}
    return {**paid, day: _some_day(rng)} if rng.random() < 0.5 else paid


INVESTMENTS: Final[dict[str, Callable[[random.Random], dict[str, Any]]]] = {
    "announce": lambda rng: {
        "title": "Ligne de peinture",
        "axis": rng.choice([2, 6]),
        "amount": rng.randint(200_000, 900_000),
        "jobs_planned": 5,
    },
    "complete": lambda rng: {"amount_spent": rng.randint(200_000, 900_000)},
    "audit-jobs": lambda rng: {
        "created": rng.randrange(3_000) / 100,
        "maintained": rng.randrange(9_000) / 100,
        "evidence": EnteredEvidence(kind="dsn", reference="DSN-2019-01", dated=BEGINNING),
    },
    "evidence-job": lambda rng: _evidence(rng),
    "take-back-evidence": lambda rng: _evidence(rng),
    "cancel": lambda _: {"reason": "market"},
    "award-grant": lambda rng: {**_grant(rng), "eligible_base": 200_000, "aid_rate": 0.3},
    "disburse-grant": lambda rng: _grant(rng, 20_000),
    "correct-amount": lambda rng: {"amount": rng.randint(200_000, 900_000), "reason": "typing_error"},
    "correct-amount-spent": lambda rng: {"amount_spent": rng.randint(200_000, 900_000), "reason": "typing_error"},
    "correct-day": lambda rng: {
        "step": rng.choice(STEPS),
        "day": _some_day(rng),
        "reason": "late_document",
    },
    "correct-grant": lambda rng: {
        **_grant(rng),
        "awarded_on": _some_day(rng) if rng.random() < 0.5 else None,
        "reason": "recalculation",
    },
    "record-repayment": lambda rng: _grant(rng, 10_000),
    "correct-payment": lambda rng: _payment(rng, number="payment", day="paid_on"),
    "correct-repayment": lambda rng: _payment(rng, number="repayment", day="repaid_on"),
}


def _opening(rng: random.Random) -> dict[str, Any]:
    return {
        "weekdays": tuple(rng.sample(WEEKDAYS, rng.randint(5, 7))),
        "opens": rng.randint(6, 9),
        "closes": rng.randint(16, 20),
        "quota_hours": 40,
    }


def _slot(rng: random.Random, on: date) -> datetime:
    day = on + timedelta(days=rng.randint(1, 90))
    return datetime.combine(day, time(rng.randint(9, 12), rng.choice([0, 30])), PARIS)


Arguments = Mapping[str, Callable[[random.Random], dict[str, Any]]]


def machines(on: date) -> Arguments:
    """What the network may ask of a machine on a day."""
    return {
        "commission": lambda rng: {
            **_opening(rng),
            "name": "Cobot de soudage",
            "kind": "robotics",
            "commune": "36088",
        },
        "change-opening": _opening,
        "plan-maintenance": lambda rng: {
            "maintenance_from": on + timedelta(days=rng.randint(1, 9)),
            "maintenance_until": on + timedelta(days=rng.randint(10, 20)),
        },
        "begin-maintenance": lambda rng: {"maintenance_until": on + timedelta(days=rng.randint(1, 20))},
        "prolong-maintenance": lambda rng: {"maintenance_until": on + timedelta(days=rng.randint(1, 40))},
        "retire": lambda _: {"reason": "worn_out"},
    }


LICENCES: Final[Arguments] = {
    "issue": lambda _: {"valid_until": TODAY},
    "renew": lambda _: {"valid_until": TODAY + timedelta(days=400)},
    "withdraw": lambda _: {"reason": "other"},
}


def bookings_of(on: date) -> Arguments:
    """What may be asked of a booking on a day."""
    return {
        "request": lambda rng: {"starts": _slot(rng, on), "hours": rng.randint(1, 4), "wait": rng.random() < 0.2},
        "displace": lambda rng: {"starts": rng.choice([_slot(rng, on), None])},
        "correct-outcome": lambda rng: {"outcome": rng.choice(["done", "no_show"]), "reason": "typing_error"},
        "cancel": lambda _: {"reason": "not_needed"},
    }


def _correction(rng: random.Random, on: date) -> dict[str, Any]:
    """Of an area, since a day of the last months."""
    return {"area": rng.randint(1_000, 9_000), "since": on - timedelta(days=rng.randrange(200)), "reason": "survey"}


def _origin(rng: random.Random) -> Origin:
    return rng.choice(get_args(Origin))


def plots_of(on: date) -> Arguments:
    """What may be asked of a plot on a day."""

    def later(rng: random.Random) -> date:
        return on + timedelta(days=rng.randint(1, 300))

    def correction(rng: random.Random) -> dict[str, Any]:
        told = {"company": _company(rng), "origin": _origin(rng), "sold_on": on - timedelta(days=rng.randrange(60))}
        return {**{name: value for name, value in told.items() if rng.random() < 0.6}, "reason": "typing_error"}

    return {
        "register": lambda rng: {
            "name": "Lot 12",
            "zone": rng.choice(["zi-limoise", "za-avenir"]),
            "commune": "36088",
            "parcels": ("36088000AB0012",),
            "outline": ((1.972, 46.951), (1.976, 46.951), (1.976, 46.953), (1.972, 46.951)),
            "area": rng.randint(1_000, 9_000),
        },
        "put-on-market": lambda _: {"price_per_m2": 18.5},
        "change-price": lambda rng: {"price_per_m2": rng.randint(10, 20)},
        "grant-option": lambda rng: {"company": _company(rng), "option_until": later(rng)},
        "extend-option": lambda rng: {"option_until": later(rng)},
        "give-up-option": lambda _: {"reason": "financing"},
        "end-promise": lambda _: {"reason": "permit"},
        "sell": lambda rng: {"origin": _origin(rng), "amount": 150_000},
        "correct-area": lambda rng: _correction(rng, on),
        "correct-sale": correction,
        "correct-description": lambda rng: {"name": rng.choice(["Lot 12", "Lot 13"]), "reason": "other"},
    }


def _parked(of: str) -> Callable[[random.Random], dict[str, Any]]:
    """So many places, some of which are for these."""
    return lambda rng: {"places": rng.randint(2, 40), of: rng.randrange(3)}


def _planned(of: str, **described: object) -> Callable[[random.Random], dict[str, Any]]:
    place = _parked(of)
    return lambda rng: {
        "name": "Gare",
        "position": (1.987, 46.949),
        **described,
        **place(rng),
        "commune": rng.choice(["36088", "36171"]),
        "zone": rng.choice(["zi-limoise", None]),
    }


def _places_corrected(of: str) -> Callable[[random.Random], dict[str, Any]]:
    place = _parked(of)
    return lambda rng: {**place(rng), "reason": "count"}


def _described_anew(**described: object) -> Callable[[random.Random], dict[str, Any]]:
    told = {"position": (1.987, 46.949), **described, "reason": "changed"}
    return lambda rng: {**told, "name": rng.choice(["Gare", "Gare nord"])}


CARPOOL_AREAS: Final[Arguments] = {
    "plan": _planned("accessible_places", kind="car_park"),
    "change-places": _parked("accessible_places"),
    "close": lambda _: {"reason": "works"},
    "correct-places": _places_corrected("accessible_places"),
    "correct-description": _described_anew(kind="car_park"),
}
BIKE_PARKINGS: Final[Arguments] = {
    "plan": _planned("cargo_places", fastening="frame"),
    "change-places": _parked("cargo_places"),
    "remove": lambda _: {"reason": "works"},
    "correct-places": _places_corrected("cargo_places"),
    "correct-description": _described_anew(fastening="frame"),
}


BIKE_STATIONS: Final[Arguments] = {
    "plan": lambda rng: {
        "name": "Gare",
        "position": (1.987, 46.949),
        "commune": rng.choice(["36088", "36171"]),
        "zone": rng.choice(["zi-limoise", None]),
        "docks": 100,
    },
    "change-docks": lambda rng: {"docks": rng.randint(50, 100)},
    "close": lambda _: {"reason": "works"},
    "correct-docks": lambda rng: {"docks": rng.randint(50, 100), "reason": "count"},
    "correct-description": _described_anew(),
}


def bikes_on(on: date) -> Arguments:
    """What may be asked of a bike on a day, by whoever looks after it and by its one loan."""

    def at_station(rng: random.Random) -> dict[str, Any]:
        return {"station": f"{on:%Y}-{rng.randrange(3)}"}

    return {
        "commission": lambda rng: {**at_station(rng), "kind": rng.choice(["bike", "e_bike"])},
        "move": at_station,
        "begin-maintenance": lambda rng: {"reason": "repair", "in_dock": rng.choice([True, False])},
        "end-maintenance": lambda rng: rng.choice([{}, at_station(rng)]),
        "report-range": lambda rng: {"metres_left": rng.randrange(60_000)},
        "correct-kind": lambda rng: {"kind": rng.choice(["bike", "e_bike"]), "reason": "typing_error"},
        "retire": lambda _: {"reason": "worn_out"},
        "leave-dock": lambda _: {"loan": _id(1)},
        "take-back": lambda rng: {**at_station(rng), "loan": _id(1)},
        "give-up": lambda _: {"loan": _id(1)},
    }


def loans_on(on: date) -> Arguments:
    """What may be asked of a loan on a day."""
    borrower = Borrower(family_name="Exemple", given_name="Camille", email="c@example.org")
    return {
        "request": lambda rng: {
            "bike": f"{on:%Y}-{rng.randrange(3)}",
            "borrower": Personal(borrower, _id(3)),
            "due_back": datetime.combine(on, time(18), PARIS),
        },
        "return": lambda rng: {"returned_to": f"{on:%Y}-{rng.randrange(3)}", "kilometres": rng.choice([None, 7])},
        "record-lost": lambda _: {"reason": "stolen"},
        "cancel": lambda _: {"reason": "not_needed"},
        "correct-kilometres": lambda rng: {"kilometres": rng.randrange(9), "reason": "typing_error"},
    }


def units_of(on: date) -> Arguments:
    """What may be asked of a unit on a day."""

    def reservation(rng: random.Random) -> dict[str, Any]:
        begins = on + timedelta(days=rng.randrange(90))
        return {"company": _company(rng), "begins_on": begins, "held_until": begins + timedelta(days=30)}

    def correction(rng: random.Random) -> dict[str, Any]:
        told = {"company": _company(rng), "origin": _origin(rng), "begun_on": on - timedelta(days=rng.randrange(60))}
        return {**{name: value for name, value in told.items() if rng.random() < 0.6}, "reason": "typing_error"}

    return {
        "register": lambda rng: {
            "name": "Atelier 3",
            "kind": rng.choice(["workshop", "office"]),
            "zone": rng.choice(["zi-limoise", None]),
            "commune": "36088",
            "area": rng.randint(20, 900),
        },
        "change-rent": lambda rng: {"rent_per_m2": rng.randint(40, 60)},
        "reserve": reservation,
        "give-up-reservation": lambda _: {"reason": "financing"},
        "let": lambda rng: {"origin": _origin(rng)},
        "give-notice": lambda rng: {
            "free_on": on + timedelta(days=rng.randint(1, 90)),
            "works_follow": rng.random() < 0.4,
            "reason": "growth",
        },
        "correct-notice": lambda rng: {"works_follow": rng.random() < 0.5, "reason": "typing_error"},
        "correct-area": lambda rng: _correction(rng, on),
        "correct-lease": correction,
    }


DIMENSIONS: Final = get_args(MaturityDimension)


def surveys_of(on: date) -> Arguments:
    """What may be told of a survey on a day."""
    return {
        "answer": lambda rng: {
            "answers": tuple(
                EnteredLevel(dimension=each, level=rng.randrange(6)) for each in DIMENSIONS[rng.choice([0, 0, 0, 4]) :]
            )
        },
        "send-back": lambda _: {"reason": "implausible"},
        "abandon": lambda _: {"reason": "postponed"},
        "correct-level": lambda rng: {
            "dimension": rng.choice(DIMENSIONS),
            "level": rng.randrange(6),
            "reason": "reassessment",
        },
        "correct-day": lambda rng: {
            "step": rng.choice(["begun", "completed", "validated", "validated"]),
            "day": on - timedelta(days=rng.randrange(60)),
            "reason": "typing_error",
        },
    }


def needs_of(on: date) -> Arguments:
    """What may be asked of a need on a day."""
    return {
        "declare": lambda rng: {
            "dimension": rng.choice(DIMENSIONS[:2]),
            "kind": rng.choice(get_args(NeedKind)[:3]),
            "title": "Capteurs",
            "priority": "high",
        },
        "change-priority": lambda rng: {"priority": rng.choice(["high", "low"])},
        "meet": lambda rng: {"means": rng.choice(get_args(NeedMeans))},
        "drop": lambda rng: {"reason": rng.choice(["entered_by_mistake", "too_costly"])},
        "correct-outcome": lambda rng: {"met_on": on - timedelta(days=rng.randrange(60)), "reason": "typing_error"},
        "reopen": lambda _: {"reason": "not_met"},
    }


_SERIES: Final[dict[str, Any]] = {
    "unit": "percent",
    "area_kind": "department",
    "area": "36",
    "frequency": "quarter",
    "title": "Taux",
    "source": "Insee",
    "definition": "BIT",
}
SERIES_TOLD: Final[dict[str, Callable[[random.Random], dict[str, Any]]]] = {
    "correct": lambda rng: {"title": rng.choice(["Taux", "Taux de chômage"]), "reason": "unclear"},
    "declare-break": lambda rng: {"from_period": rng.choice(["2020-Q1", "2022-Q3"]), "reason": "definition_changed"},
    "close": lambda _: {"reason": "replaced"},
    "withdraw-break": lambda rng: {"from_period": rng.choice(["2020-Q1", "2022-Q3"]), "reason": "other"},
}


def observed_of(kind: LabourKind, definition: str) -> Arguments:
    """What may be told of an observation of a series."""

    def observed(rng: random.Random) -> dict[str, Any]:
        if kind != "proxy_rate":
            return {"value": rng.randint(60, 80) / 10}
        seekers = EnteredSeekersOfCategory(category="A", seekers=rng.randint(450, 600))
        return {"active_residents": rng.choice([8_000, 8_153]), "by_category": (seekers,)}

    return {
        "record": lambda rng: {**observed(rng), "source": "Insee", "definition": definition, "unit": "percent"},
        "revise": lambda rng: {**observed(rng), "reason": "revised_by_source"},
        "withdraw": lambda _: {"reason": "entered_by_mistake"},
    }


def _work(rng: random.Random) -> dict[str, Any]:
    return {
        "rome": rng.choice(["H2902", "H2913"]),
        "contract": rng.choice(["permanent", "fixed_term"]),
        "weekly_hours": rng.choice([28, 35]),
    }


VACANCIES: Final[Arguments] = {
    "propose": lambda rng: {**_place(rng), "investment": _id(1), "posts": rng.randint(1, 4)},
    "draft": lambda rng: {**_work(rng), "company": _company(rng), "title": "Soudeur", "posts": rng.randint(1, 4)},
    "divide": lambda rng: {"posts": rng.randint(1, 2)},
    "revise": _work,
    "open": lambda rng: {**_work(rng), "title": "Soudeur"},
    "change-posts": lambda rng: {"posts": rng.randint(1, 4)},
    "take": lambda rng: {"application": _id(rng.randrange(5))},
    "free": lambda rng: {"application": _id(rng.randrange(5))},
    "withdraw": lambda _: {"reason": "other"},
}


PUPIL: Final = Personal(Pupil(family_name="Exemple", given_name="Camille", born_on=date(2006, 3, 14)), _id(4))
TUTOR: Final = Personal(Tutor(family_name="Exemple", given_name="Dominique", email="tuteur@example.org"), _id(5))
GUARDIAN: Final = Personal(Guardian(family_name="Exemple", given_name="Claude"), _id(6))


def offers_of(on: date) -> Arguments:
    """What may be asked of an offer of places on a day."""

    def week(rng: random.Random) -> str:
        year, number, _ = (on + timedelta(weeks=rng.randint(1, 9))).isocalendar()
        return f"{year}-W{number:02d}"

    return {
        "open": lambda rng: {
            "week": week(rng),
            "grade": rng.choice(["4e", "3e", "2de"]),
            "places": rng.randint(1, 3),
        },
        "change-places": lambda rng: {"places": rng.randint(1, 4)},
        "close": lambda _: {"reason": "enough_requests"},
        "withdraw": lambda _: {"reason": "no_tutor"},
    }


def meetings_of(on: date) -> Arguments:
    """What may be asked of an event on a day."""

    def company(rng: random.Random) -> str:
        return sample_siret(rng.randrange(4))

    return {
        "draft": lambda rng: {
            "title": "Forum",
            "kind": rng.choice(["forum", "visit"]),
            "rome": ("H2902",),
            "commune": rng.choice(["36088", "36031"]),
            "day": on + timedelta(days=rng.randint(5, 40)),
            "starts": "09:00",
            "ends": "12:00",
            "capacity": rng.randint(20, 60),
        },
        "revise": lambda rng: {"kind": rng.choice(["talk", "visit"]), "commune": rng.choice(["36088", "36031"])},
        "change-capacity": lambda rng: {"capacity": rng.randint(40, 90)},
        "close": lambda _: {"reason": "enough_bookings"},
        "cancel": lambda _: {"reason": "no_companies"},
        "add-company": lambda rng: {"company": company(rng)},
        "withdraw-company": lambda rng: {"company": company(rng), "reason": "other"},
        "correct-company": lambda rng: {
            "company": company(rng),
            "took_part": rng.choice([True, False]),
            "reason": "other",
        },
    }


def _counted(rng: random.Random) -> dict[str, Any]:
    girls, boys = rng.choice([(0, 0), (0, 9), (7, 0), (8, 9), (8, 8)])
    return {"girls": girls, "boys": boys, "untold": rng.choice([0, 0, 2]), "adults": rng.choice([0, 2])}


CLASSES: Final[Arguments] = {
    "request": lambda rng: {
        "school": rng.choice(["0360024F", "0360544W"]),
        "class_label": "3e B",
        "level": rng.choice(["4e", "3e"]),
        "pupils": rng.randint(8, 20),
        "adults": 2,
    },
    "change-numbers": lambda rng: {"pupils": rng.randint(8, 20), "adults": 2},
    "record-attendance": _counted,
    "correct-attendance": lambda rng: {**_counted(rng), "reason": "miscounted"},
    "cancel": lambda _: {"reason": "no_transport"},
}
_NAMED: Final = {"family_name": "Exemple", "given_name": "Noa", "email": "noa@example.org"}
IMMERSED: Final[dict[str, Any]] = {
    "beneficiary": Personal(Beneficiary(**_NAMED, born_on=date(1990, 1, 1)), _id(7)),
    "tutor": TUTOR,
    "representative": Personal(Representative(**_NAMED), _id(8)),
    "adviser": Personal(Adviser(**_NAMED), _id(9)),
}
PLACEMENTS: Final[Arguments] = {
    "submit": lambda rng: {"school": rng.choice(["0360024F", "0360544W"]), "pupil": PUPIL},
    "validate": lambda _: {"tutor": TUTOR},
    "change-tutor": lambda _: {"tutor": TUTOR},
    "draw-up-agreement": lambda _: {
        "weekdays": ("monday",),
        "arrives": "09:00",
        "leaves": "15:00",
        "break_minutes": 60,
    },
    "record-guardian-signature": lambda _: {"guardian": GUARDIAN},
    "assess": lambda _: {"attendance": "full", "hosts_again": True},
    "reject": lambda _: {"reason": "no_capacity"},
    "cancel": lambda rng: {"reason": rng.choice(["pupil_withdrew", "no_tutor"])},
}


def immersions_of(on: date, immersion: Immersion | None) -> Arguments:
    """What may be asked of an immersion on a day."""

    def terms(rng: random.Random) -> dict[str, Any]:
        begins_on = on + timedelta(days=rng.randrange(15))
        return {
            **IMMERSED,
            "objective": "discover_trade",
            "rome": rng.choice(["H2902", "H2903"]),
            "begins_on": begins_on,
            "ends_on": begins_on + timedelta(days=29),
            "weekdays": ("monday",),
            "arrives": "09:00",
            "leaves": "15:00",
            "break_minutes": 60,
        }

    def signature(rng: random.Random) -> dict[str, Any]:
        link = rng.choice([link for link in immersion.links if not link.signed_on]) if immersion else None
        return {"signatory": link and link.signatory, "link": link and link.number, "document": "a" * 64}

    def assessment(rng: random.Random) -> dict[str, Any]:
        contract = rng.choice([None, "permanent", "fixed_term"])
        return {"outcome": "completed", "job_obtained": contract is not None, "contract": contract}

    return {
        "prepare": lambda rng: {**terms(rng), "agency": rng.choice(["mission_locale", "france_travail"])},
        "amend": terms,
        "renew-link": lambda _: {"signatory": "company"},
        "revoke-link": lambda _: {"signatory": "company"},
        "sign": signature,
        "reject": lambda _: {"reason": "other"},
        "assess": assessment,
        "cancel": lambda _: {"reason": "found_work"},
    }


def targets_of(on: date, number: int, of: str | None = None) -> Arguments:
    """What may be asked of a target on a day, of one indicator or of any. No two are due on the same."""
    part = {"zone": "zi-limoise"} if of is None else {"labour_series": "proxy-a"}

    def aimed_at(rng: random.Random) -> dict[str, Any]:
        due = on + timedelta(days=rng.randrange(1500))
        return {"value": rng.choice([1, 2.5, 30]), "due": due.replace(day=1 + number)}

    return {
        "set": lambda rng: {
            **aimed_at(rng),
            "indicator": of or rng.choice(["members", "headcount"]),
            "dimensions": rng.choice([{}, part]),
            "aim": rng.choice(get_args(Aim)),
        },
        "revise": aimed_at,
        "correct": lambda rng: {**aimed_at(rng), "reason": "typing_error"},
        "withdraw": lambda _: {"reason": "replaced"},
    }


def actions_of(on: date) -> Arguments:
    """What may be asked of an action on a day."""

    def sheet(rng: random.Random) -> dict[str, Any]:
        plan = {"planned_from": BEGINNING, "planned_until": TODAY, "budget": rng.choice([100, 5_000])}
        return {"axis": rng.randint(1, 3), "title": "Boucle d'eau", "pilot": rng.choice(["epci", "network"]), **plan}

    def some_day(rng: random.Random) -> date:
        return on + timedelta(days=rng.randint(-60, 200))

    def milestone(rng: random.Random) -> dict[str, Any]:
        return {"milestone": rng.randint(1, 4)}

    return {
        "propose": sheet,
        "revise": sheet,
        "add-milestone": lambda rng: {"title": "Jalon", "planned_on": some_day(rng)},
        "replan-milestone": lambda rng: {**milestone(rng), "planned_on": some_day(rng)},
        "reach-milestone": milestone,
        "drop-milestone": lambda rng: {**milestone(rng), "reason": "replaced"},
        "correct-milestone": lambda rng: {
            **milestone(rng),
            "reached_on": rng.choice([None, some_day(rng)]),
            "reason": "typing_error",
        },
        "record-spending": lambda rng: {"amount": rng.randint(1, 90)},
        "correct-spending": lambda rng: {
            "spending": rng.randint(1, 3),
            "amount": rng.randint(0, 90),
            "paid_on": some_day(rng),
            "reason": "typing_error",
        },
        "change-budget": lambda rng: {"budget": rng.choice([300, 9_000])},
        "change-pilot": lambda rng: {"pilot": rng.choice(["epci", "region"]), "partners": ()},
        "hold": lambda _: {"reason": "staff"},
        "abandon": lambda _: {"reason": "partner"},
    }


def _tonnes(rng: random.Random) -> float:
    return rng.randint(1, 20_000) / 1_000


def _treatment(rng: random.Random) -> dict[str, Any]:
    treatment = rng.choice(["R1", "R4", "R13", "D5", "D10", "R3"])
    return {"treatment": treatment, "mode": rng.choice(codes.treatments()[treatment] or (None,))}


def _slip(rng: random.Random) -> dict[str, Any]:
    return {
        "carrier": sample_siret(7),
        "treatment_site": sample_siret(8),
        "waste": rng.choice(["120109*", "120101"]),
        "description": "Copeaux",
        "lot": "BENNE-07",
        "slip": "BSD-1",
        "treatment_planned": "R4",
        "tonnes_planned": _tonnes(rng),
    }


def movements(on: date) -> Arguments:
    """What is told of a lot of waste on a day."""
    return {
        "draft": _slip,
        "revise": _slip,
        "send": lambda rng: {"tonnes_sent": _tonnes(rng)},
        "receive": lambda rng: {"tonnes_received": _tonnes(rng)},
        "refuse": lambda _: {"reason": "packaging"},
        "process": lambda rng: {**_treatment(rng), "tonnes_processed": _tonnes(rng)},
        "cancel": lambda _: {"reason": "postponed"},
        "correct-tonnes": lambda rng: {
            "weighing": rng.choice(["sent", "received", "processed"]),
            "tonnes": _tonnes(rng),
            "reason": "weighing_error",
        },
        "correct-day": lambda rng: {
            "step": rng.choice(get_args(WasteStep)),
            "day": on - timedelta(days=rng.randrange(60)),
            "reason": "typing_error",
        },
        "correct-treatment": lambda rng: {**_treatment(rng), "reason": "typing_error"},
    }


def _company(rng: random.Random) -> str:
    return sample_siret(rng.randrange(4))


def _place(rng: random.Random) -> dict[str, Any]:
    return {"company": _company(rng), "naf": "25.62B", "commune": "36088", "zone": rng.choice(["zi-limoise", None])}


def _flags(rng: random.Random) -> tuple[EnteredFlag, ...]:
    groups = rng.sample(get_args(PriorityGroup), rng.randrange(3))
    return tuple(EnteredFlag(group=group, established_on=BEGINNING, source="interview") for group in groups)


def hires_on(on: date, seeker: str = _id(3)) -> Arguments:
    """What may be asked of a hire of somebody on a day."""

    def begun(rng: random.Random) -> dict[str, Any]:
        return {"hired_on": on - timedelta(days=rng.randrange(60))}

    def known(rng: random.Random) -> dict[str, Any]:
        return {**_work(rng), "investment": None, "company": _company(rng)}

    def proposed(rng: random.Random) -> dict[str, Any]:
        flags = tuple(flag.recorded() for flag in _flags(rng))
        return {**known(rng), **_place(rng), "application": _id(1), "vacancy": _id(2), "seeker": seeker, "flags": flags}

    def recorded(rng: random.Random) -> dict[str, Any]:
        somebody = Seeker(family_name="Exemple", given_name="Camille", born_on=date(1970, 1, 1))
        return {**known(rng), **begun(rng), "seeker": Personal(somebody, seeker), "flags": ()}

    return {
        "correct-enrolment": lambda rng: {"enrolment": rng.choice([None, _id(1)]), "reason": "other"},
        "propose": proposed,
        "record": recorded,
        "confirm": begun,
        "end": lambda rng: {"ended_on": on - timedelta(days=rng.randrange(30)), "reason": "other"},
        "cancel": lambda _: {"reason": "other"},
        "correct-day": lambda rng: {**begun(rng), "reason": "typing_error"},
        "correct-terms": lambda rng: {**_work(rng), "reason": "late_document"},
        "correct-flags": lambda rng: {"flags": _flags(rng), "reason": "other"},
        "correct-outcome": lambda _: {"reason": "wrong_outcome"},
    }


def paths_on(on: date, seeker: Personal[Seeker], hires: Sequence[str]) -> Arguments:
    """What may be asked of a path of somebody on a day, who may have these hires."""

    def of_a_hire(rng: random.Random) -> dict[str, Any]:
        return {"hire": rng.choice(hires)}

    def diagnosis(rng: random.Random) -> dict[str, Any]:
        return {"needs": ("training",), "romes": ("H2902",), "available_from": on, "weekly_hours": rng.choice([28, 35])}

    def agency(rng: random.Random) -> Agency:
        return rng.choice(get_args(Agency))

    def residence(rng: random.Random) -> Residence:
        return rng.choice(get_args(Residence))

    def reason(rng: random.Random) -> PathExit:
        return rng.choice(["in_job", "moved_away", "entered_by_mistake"])

    return {
        "refer": lambda rng: {
            "agency": agency(rng),
            "seeker": seeker,
            "residence": residence(rng),
            "flags": _flags(rng),
        },
        "correct-referral": lambda rng: {
            "referred_on": on - timedelta(days=rng.randrange(200)) if rng.random() < 0.7 else None,
            "residence": residence(rng) if rng.random() < 0.5 else None,
            "reason": "other",
        },
        "hand-over": lambda rng: {"agency": agency(rng)},
        "give-flags": lambda rng: {"flags": _flags(rng)},
        "correct-flags": lambda rng: {"flags": _flags(rng), "reason": "other"},
        "diagnose": diagnosis,
        "revise-diagnosis": diagnosis,
        "pause": lambda _: {"reason": "away"},
        **dict.fromkeys(("start-job", "sustain-job", "end-job", "reopen-job"), of_a_hire),
        "correct-job-day": lambda rng: {**of_a_hire(rng), "reason": "other"},
        "exit": lambda rng: {"reason": reason(rng)},
        "correct-exit": lambda rng: {"exit_reason": reason(rng), "reason": "other"},
        "record-contact": lambda _: {"channel": "phone"},
        "add-skill": lambda _: {"romes": ("H2902",), "source": "test", "acquired_on": on},
        "withdraw-skill": lambda _: {"skill": 1, "reason": "other"},
        "withdraw-skill-of": lambda _: {"enrolment": _id(1), "reason": "not_certified"},
    }


def meter_of(meter: Meter | None, on: date) -> Arguments:
    """What may be asked of a meter, or of a new one, on a day; late readings and such as no meter shows among it."""
    readings = meter.readings if meter else ()

    def index(rng: random.Random) -> dict[str, Any]:
        reading = max((each for each in readings if each.read_on <= on), key=lambda each: each.read_on, default=None)
        return {"index": max(0, (reading.goes_on_at if reading else 500) + rng.randint(-3, 90))}

    def which(rng: random.Random) -> dict[str, Any]:
        return {"reading": rng.choice(readings).read_on, "reason": "misread"}

    def corrected(rng: random.Random) -> dict[str, Any]:
        reading = rng.choice(readings)
        moved = reading.read_on + timedelta(days=rng.randint(-40, 40)) if rng.random() < 0.4 else None
        begun = rng.randrange(20) if reading.restarts_at is not None else None
        index = max(0, reading.index + rng.randint(-30, 30))
        told = {"index": index, "read_on": moved, "restarts_at": begun}
        return {"reading": reading.read_on, **told, "reason": "misread"}

    return {
        "install": lambda rng: {
            "kind": rng.choice(get_args(MeterKind)),
            "reference": "C15FA-204417",
            "commune": rng.choice(["36088", "18055"]),
            "zone": rng.choice(["zi-limoise", None]),
            "index": rng.randrange(1_000),
        },
        "record-reading": index,
        "replace": lambda rng: {**index(rng), "restarts_at": rng.randrange(20), "reason": "faulty"},
        "remove": lambda rng: {**index(rng), "reason": "supply_ended"},
        "validate-reading": lambda rng: {"reading": which(rng)["reading"]},
        "correct-reading": corrected,
        "discard-reading": which,
    }


WEIGHTS: Final = {
    "cancel": 0.3,
    "leave": 0.2,
    "reject": 0.3,
    "start": 2,
    "complete": 2,
    "award-grant": 2,
    "disburse-grant": 2,
    "record-repayment": 2,
    "correct-day": 2,
    "correct-payment": 3,
    "correct-repayment": 3,
    "correct-amount": 0.5,
    "retire": 0.05,
    "withdraw": 0.1,
    "approve": 6,
    "lapse": 0.2,
    "decline": 0.2,
    "expire": 0.1,
    "sign": 9,
    "accept": 9,
    "amend": 0.5,
    "renew-link": 0.2,
    "revoke-link": 0.2,
    "sustain": 4,
    "take": 3,
    "end": 0.5,
    "validate": 4,
    "close": 0.2,
    "record-reading": 8,
    "remove": 0.1,
    "give-up-option": 0.3,
    "lapse-option": 0.3,
    "end-promise": 0.3,
    "give-up-reservation": 0.3,
    "lapse-reservation": 0.3,
    "record-built": 0.3,
    "abandon": 0.2,
    "correct-level": 3,
    "drop": 0.3,
    "meet": 2,
    "publish": 4,
    "record-held": 4,
    "record-attendance": 3,
    "plan": 4,
    "open": 2,
    "begin": 4,
    "clean": 3,
    "qualify": 4,
    "record-hours": 3,
    "follow-up": 4,
    "propose-cancellation": 0.2,
    "postpone": 0.3,
    "admit": 2,
    "ask-move": 0.1,
    "propose-move": 0.1,
    "accept-move": 0.1,
    "drop-move": 0.1,
    "move": 0.1,
    "match": 4,
    "confirm-passenger": 4,
    "confirm-driver": 4,
    "start-job": 4,
    "correct-referral": 2,
    "exit": 0.3,
    "erase": 0.1,
    "add-skill": 0.2,
    "give-notice": 0.2,
    # These follow from what was decided, see Placing.
    "offer-scheduled": 0,
    "skip-scheduled": 0,
    "count-place": 0,
    "count-place-of-ended": 0,
    "count-booking": 0,
    "count-booking-of-ended": 0,
}
"""How often a command is tried; 1 unless told."""


class Deciding:
    """Random commands, as days go by."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.states: dict[str, Any] = {}
        self.on = BEGINNING

    def go_on(self, *logs: Log) -> None:
        """Some days pass, and some hours until the next event is recorded."""
        self.on = min(TODAY, self.on + timedelta(days=self.rng.choice([0, 0, 1, 5, 23])))
        hours = self.rng.choice([0, 0, 1, 9, 30])
        for log in logs:
            log.now += timedelta(hours=hours)

    def decide(
        self,
        log: Log,
        decider: Decider[Any],
        arguments: Arguments,
        identity: str,
        creating: dict[str, Any],
        now: datetime = NOW,
    ) -> Sequence[Event]:
        """One command that the state allows, and what it led to; nothing where it is refused."""
        stream = decider.stream_id(identity)
        state = self.states.get(stream)
        possible = [
            decision
            for decision in decider.decisions.values()
            if (decision.creates if state is None else not decision.creates or decision.when)
            and (state is None or decision.when is None or state.status in decision.when)
            and WEIGHTS.get(decision.name, 1)
        ]
        if not possible:
            return ()
        decision = self.rng.choices(possible, [WEIGHTS.get(decision.name, 1) for decision in possible])[0]
        asked = arguments[decision.name](self.rng) if decision.name in arguments else {}
        command = decision.command(on=self.on, **asked, **(creating if decision.creates else {}))
        owners = decider.owners(state) if state else {}
        organisations = {role: self.rng.choice(several) for role, several in owners.items()}
        try:
            events = decider.decide(
                state,
                command,
                Context(now, frozenset(decision.by), organisations),
                [
                    self.states.get(
                        each.decider.stream_id(
                            getattr(command if each.key in type(command).model_fields else state, each.key)
                        )
                    )
                    for each in decision.looks_up
                ],
            )
        except Rejected:
            return ()
        log.append(stream, *events)
        self.states[stream] = decider.fold(events, state)
        return events


class History(Deciding):
    """What partners may have done: random commands, decided by the companies service."""

    def __init__(self, seed: int, commands: int, log: Log) -> None:
        super().__init__(seed)
        self.log = log
        for _ in range(commands):
            self.go_on(log)
            if self.rng.random() < 0.25:
                identity = sample_siret(self.rng.randrange(6))
                self.decide(self.log, companies, MEMBERS, identity, {"siret": identity})
            else:
                member = sample_siret(self.rng.randrange(6))
                self.decide(self.log, investments, INVESTMENTS, str(self.rng.randrange(4)), {"company": member})
            self.use_the_platform()

    def use_the_platform(self) -> None:
        """One command on a machine, a licence for it or a booking of it."""
        machine, member = self.rng.randrange(2), self.rng.randrange(3)
        code, licence = f"cobot-{machine}", f"0191e0c2-7d5b-7c44-9a51-0000000000{machine}{member}"
        booked = {"company": sample_siret(member), "equipment": code}
        slot = f"{self.on:%Y-%m}-{self.rng.randrange(2)}"
        now = datetime.combine(self.on, time(7), PARIS)
        match self.rng.choices(["machine", "licence", "booking"], [2, 1, 7])[0]:
            case "machine":
                self.decide(self.log, equipments, machines(self.on), code, {"code": code}, now)
            case "licence":
                self.decide(self.log, licences, LICENCES, licence, booked, now)
            case "booking":
                self.decide(self.log, bookings, bookings_of(self.on), slot, {**booked, "licence": licence}, now)


_METERED: Final = [sample_siret(number) for number in (20, 21, 22)]
"""Companies of which nothing else is told."""


class Metering(Deciding):
    """What companies and the zone's manager may have told of meters: decided by companies, readings late by weeks."""

    def __init__(self, seed: int, commands: int, log: Log) -> None:
        super().__init__(seed)
        for siret in _METERED:
            told: dict[str, Any] = {**_place(self.rng), "company": siret, "effective_on": BEGINNING}
            applied = CompanyApplied(**told, name="Exemple", legal_form="5710", headcount=9, size_band="03")
            active = CompanyActivated(**told, headcount=self.rng.randint(1, 90), size_band="03")
            log.append(companies.stream_id(siret), applied, active)
            self.states[companies.stream_id(siret)] = companies.fold((applied, active))
        for _ in range(commands):
            self.go_on(log)
            number = self.rng.randrange(5)
            today, self.on = self.on, max(BEGINNING, self.on - timedelta(days=self.rng.choice([0, 0, 0, 9, 50])))
            arguments = meter_of(self.states.get(meters.stream_id(str(number))), self.on)
            self.decide(log, meters, arguments, str(number), {"company": _METERED[number % 3]})
            self.on = today


class Settling(Deciding):
    """What the zone's manager and its companies may have done: random commands, decided by the companies service."""

    def __init__(self, seed: int, commands: int, log: Log) -> None:
        super().__init__(seed)
        for _ in range(commands):
            self.go_on(log)
            now, number = datetime.combine(self.on, time(7), PARIS), self.rng.randrange(4)
            plot, unit = f"limoise-{number}", f"atelier-{number}"
            self.decide(log, plots, plots_of(self.on), plot, {"code": plot}, now)
            self.decide(log, units, units_of(self.on), unit, {"code": unit}, now)


def rehabilitations_of(on: date) -> Arguments:
    """What may be asked of a rehabilitation on a day."""

    def earlier(rng: random.Random) -> date:
        return on - timedelta(days=rng.randrange(90))

    def number(of: str) -> Callable[[random.Random], dict[str, Any]]:
        return lambda rng: {of: rng.randint(1, 2)}

    def amount(of: str, most: int = 90) -> Callable[[random.Random], dict[str, Any]]:
        return lambda rng: {of: rng.randint(1, 2), "amount": rng.randint(1, most)}

    def corrected(of: str, day: str) -> Callable[[random.Random], dict[str, Any]]:
        def told(rng: random.Random) -> dict[str, Any]:
            said = {"amount": rng.randint(0, 90), day: earlier(rng)}
            given = {name: value for name, value in said.items() if rng.random() < 0.7}
            return {of: rng.randint(1, 3), **given, "reason": "other"}

        return told

    def budget(rng: random.Random) -> dict[str, Any]:
        return {"line": rng.randint(1, 3), "budget": rng.randint(150, 500), "reason": "other"}

    def year(rng: random.Random) -> dict[str, Any]:
        return {"year": on.year - rng.randint(1, 4)}

    return {
        "register": lambda rng: {
            "title": "Réhabilitation",
            "commune": rng.choice(["36088", "18055"]),
            "zone": rng.choice(["zi-limoise", None]),
            "floor_area": rng.randint(800, 1_200),
            "rehabilitated_area": 600,
            "phase": rng.choice(["tender", "works", "works", "works"]),
        },
        "suspend": lambda _: {"reason": "permit"},
        "abandon": lambda _: {"reason": "financing"},
        "revise-plan": lambda _: {"plan": (), "reason": "permit"},
        "correct-phase": lambda rng: {"phase": "works", "day": earlier(rng), "reason": "other"},
        "correct-area": lambda rng: {"floor_area": rng.randint(800, 1_200), "reason": "other"},
        "add-milestone": lambda rng: {"title": "Jalon", "planned_on": earlier(rng) + timedelta(days=45)},
        "replan-milestone": lambda rng: {
            **number("milestone")(rng),
            "planned_on": earlier(rng) + timedelta(days=45),
            "reason": "permit",
        },
        "reach-milestone": number("milestone"),
        "drop-milestone": lambda rng: {**number("milestone")(rng), "reason": "replaced"},
        "record-late": number("milestone"),
        "correct-milestone": lambda rng: {
            **number("milestone")(rng),
            "reached_on": rng.choice([None, earlier(rng)]),
            "reason": "other",
        },
        "set-line": lambda rng: {
            "purpose": rng.choice(["works", "works", "studies"]),
            "funder": rng.choice(["epci", "state", "afpa"]),
            "budget": rng.randint(150, 400),
        },
        "revise-line": budget,
        "correct-line": budget,
        "estimate-line": lambda rng: {**number("line")(rng), "estimate": 200, "reason": "other"},
        "commit": lambda rng: {
            **amount("line", 200)(rng),
            "reference": f"M-{rng.randrange(99)}",
            "lot": rng.choice(["roofing", "roofing", None]),
        },
        "correct-commitment": corrected("commitment", "committed_on"),
        "release-commitment": lambda rng: {**number("commitment")(rng), "reason": "final_account"},
        "pay": amount("commitment"),
        "correct-payment": corrected("payment", "paid_on"),
        "accept-situation": amount("commitment"),
        "correct-situation": corrected("situation", "accepted_on"),
        "record-energy": lambda rng: {**year(rng), "kwh": rng.randint(100, 900)},
        "correct-energy": lambda rng: {**year(rng), "kwh": rng.choice([None, 500, 600]), "reason": "other"},
        "choose-reference": year,
    }


class Rehabilitating(Deciding):
    """What AFPA and the town hall may have done: random commands, decided by the training service."""

    def __init__(self, seed: int, commands: int, log: Log) -> None:
        super().__init__(seed)
        for _ in range(commands):
            self.go_on(log)
            today, self.on = self.on, max(BEGINNING, self.on - timedelta(days=self.rng.choice([0, 0, 0, 9, 50])))
            number = str(self.rng.randrange(3))
            self.decide(log, rehabilitations, rehabilitations_of(self.on), number, {"building": number})
            self.on = today


MOMENTS: Final = (WeeklySlot(weekdays=("monday", "thursday"), starts="08:30", ends="12:00"),)


def rooms_of(on: date) -> Arguments:
    """What may be asked of a training room on a day."""

    def area(rng: random.Random) -> int:
        return rng.randint(20, 90)

    return {
        "plan": lambda rng: {
            "name": "Salle",
            "commune": rng.choice(["36088", "18055"]),
            "capacity": 12,
            "area": area(rng),
        },
        "plan-works": lambda _: {"closed_from": on + timedelta(days=3), "closed_until": on + timedelta(days=9)},
        "begin-works": lambda _: {"closed_until": on + timedelta(days=9)},
        "prolong-works": lambda _: {"closed_until": on + timedelta(days=40)},
        "correct": lambda rng: {**rng.choice([{"area": area(rng)}, {"capacity": 10}]), "reason": "other"},
        "retire": lambda _: {"reason": "other_use"},
    }


def courses_of(on: date) -> Arguments:
    """What may be asked of a course on a day."""
    return {
        "register": lambda rng: {
            "title": "Soudeur",
            "body": rng.choice([None, sample_siret(50)]),
            "certification": rng.choice(["RNCP35094", "RS1234"]),
            "romes": rng.choice([("H2913",), ("H2913", "H2902"), ("H2902", "H2909", "H2913")]),
            "level": rng.choice([3, 4, None]),
            "hours": 300,
            "valid_from": BEGINNING,
            "valid_until": TODAY,
        },
        "prolong": lambda rng: {"valid_until": on + timedelta(days=rng.randint(4_000, 4_100))},
        "correct": lambda rng: {"hours": rng.randint(200, 400), "reason": "other"},
        "withdraw": lambda _: {"reason": "no_demand"},
    }


def sessions_of(on: date, course: str, body: str | None) -> Arguments:
    """What may be asked of a session on a day, where one that is planned is of a course."""

    def days(rng: random.Random) -> dict[str, Any]:
        starts = on + timedelta(days=rng.randint(0, 20))
        ends = starts + timedelta(days=rng.randint(7, 70))
        return {"starts_on": starts, "ends_on": ends, "decision_on": starts, "slots": MOMENTS}

    def seats(rng: random.Random) -> dict[str, Any]:
        return {"seats": rng.randint(2, 13), "minimum": 1}

    def planned(rng: random.Random) -> dict[str, Any]:
        return {**days(rng), **seats(rng), "course": course, "commune": rng.choice(["36088", "18055"])}

    def enrolment(rng: random.Random) -> dict[str, Any]:
        return {"enrolment": _id(rng.randrange(3))}

    return {
        "propose": lambda _: {"need": _id(1), "romes": ("H2902",), "seats": 4, "commune": "36088"},
        "plan": lambda rng: {**planned(rng), "body": body},
        "plan-proposed": planned,
        "dismiss": lambda _: {"reason": "no_course"},
        "change-seats": seats,
        "change-timetable": lambda rng: {"ends_on": on + timedelta(days=rng.randint(9, 60)), "slots": MOMENTS},
        "correct-completion": lambda rng: {
            **rng.choice([{"seats": rng.randint(1, 13)}, {"ends_on": on}]),
            "reason": "other",
        },
        "postpone": lambda _: {"reason": "no_trainer"},
        "reschedule": days,
        "cancel": lambda _: {"reason": "interrupted"},
        "admit": enrolment,
        "leave": enrolment,
        "ask-move": lambda _: {"moving_from": "salle-1", "moving_since": on},
        "propose-move": lambda _: {"moving_from": "salle-1"},
        "accept-move": lambda _: {"moving_from": "salle-1", "moving_to": "salle-2"},
        "drop-move": lambda _: {"moving_from": "salle-1"},
        "move": lambda _: {"since": on},
    }


def enrolments_of(on: date, enrolment: Enrolment | None) -> Arguments:
    """What may be asked of an enrolment on a day."""
    starts, ends = (enrolment.starts_on, enrolment.last_day) if enrolment else (on, on)

    def some_day(rng: random.Random) -> date:
        return starts + timedelta(days=rng.randint(0, max(0, (min(ends, on) - starts).days)))

    def month(rng: random.Random) -> dict[str, Any]:
        return {"month": f"{some_day(rng):%Y-%m}", "attended": rng.choice([0, 7, 10.5, 9.33])}

    def decided(rng: random.Random) -> date:
        return min(on, ends + timedelta(days=rng.randint(0, 90)))

    return {
        "refuse": lambda _: {"reason": "level"},
        "cancel": lambda rng: {"reason": rng.choice(["found_job", "entered_by_mistake", "session_cancelled"])},
        "reschedule": lambda _: {"starts_on": starts, "ends_on": ends},
        "record-hours": month,
        "correct-hours": lambda rng: {**month(rng), "reason": "checked"},
        "complete": lambda rng: {"ended_on": some_day(rng)},
        "drop": lambda rng: {"ended_on": some_day(rng), "reason": "gave_up"},
        "correct-outcome": lambda _: {"reason": "other"},
        "certify": lambda rng: {"certified_on": decided(rng)},
        "record-not-certified": lambda rng: {"decided_on": decided(rng)},
        "undo-certification": lambda _: {"reason": "appeal"},
        "follow-up": lambda rng: {"situation": rng.choice(["employed", "self_employed", "without_work", "unknown"])},
        "correct-follow-up": lambda _: {"reason": "other"},
        "name-path": lambda _: {"path": _id(1)},
        "tell-hired": lambda _: {"hire": _id(1)},
        "tell-not-hired": lambda _: {"hire": _id(1), "reason": "hire_ended"},
    }


class Training(Deciding):
    """What AFPA, another training body and advisers may have done: random commands, decided by the training service."""

    def __init__(self, seed: int, commands: int, told: Log, of_persons: Log) -> None:
        super().__init__(seed)
        planned: list[str] = []
        enrolled: list[str] = []
        for number in range(commands):
            self.go_on(told, of_persons)
            now = datetime.combine(self.on, time(7), PARIS)
            today, self.on = self.on, max(BEGINNING, self.on - timedelta(days=self.rng.choice([0, 0, 0, 4, 30])))
            room, course = f"salle-{self.rng.randrange(3)}", _id(1_000 + self.on.year * 2 + self.rng.randrange(2))
            self.decide(told, rooms, rooms_of(self.on), room, {"code": room}, now)
            self.decide(told, courses, courses_of(self.on), course, {}, now)
            if not planned or self.rng.random() < 0.2:
                planned.append(_id(10_000 + number))
            for session in planned[-4:]:
                of = self.states.get(courses.stream_id(course))
                arguments = sessions_of(self.on, course, of.body if of else None)
                self.decide(told, sessions, arguments, session, {}, now)
            for _ in range(6):
                enrolment = self.rng.choice([_id(100_000 + len(enrolled)), *enrolled[-6:], *enrolled[-6:], *enrolled])
                trainee = Personal(Trainee(family_name="A", given_name="B", born_on=date(1990, 3, 4)), _id(40))
                creating = {"session": self.rng.choice(planned[-4:]), "trainee": trainee}
                arguments = enrolments_of(self.on, self.states.get(enrolments.stream_id(enrolment)))
                if self.decide(of_persons, enrolments, arguments, enrolment, creating, now):
                    enrolled += [] if enrolment in enrolled else [enrolment]
            self.on = today


def skill_needs_of(on: date, need: SkillNeed | None) -> Arguments:
    """What may be asked of a need for skills on a day."""

    def told(rng: random.Random) -> dict[str, Any]:
        return {
            "rome": rng.choice(["H2902", "H2913"]),
            "level": rng.choice([None, 3, 4]),
            "persons": rng.randint(1, 3),
            "horizon": rng.choice([1, 1, 3, 5]),
        }

    def certified(rng: random.Random) -> dict[str, Any]:
        certified_on = on - timedelta(days=rng.choice([0, 9, 60, 200]))
        return {"enrolment": _id(rng.randrange(9)), "certified_on": max(BEGINNING, certified_on)}

    def there(rng: random.Random) -> dict[str, Any]:
        known = need.certified if need else ()
        return {"enrolment": rng.choice([_id(1), *(each.enrolment for each in known)])}

    return {
        "declare": lambda rng: {**told(rng), "cause": "growth"},
        "revise": lambda rng: {**told(rng), "cause": "turnover"},
        "adjust": lambda rng: {**told(rng), "reason": "other"},
        "cover": certified,
        "cover-expired": certified,
        "uncover": there,
        "uncover-expired": there,
        "reject": lambda _: {"reason": "not_plausible"},
        "withdraw": lambda rng: {"reason": rng.choice(["recruited", "entered_by_mistake"])},
    }


def _workforce(rng: random.Random) -> Workforce:
    persons = rng.choice([0, 4, 9, 30])
    trades = rng.sample(["H2902", "H2913", "H1404"], rng.randint(0, 3))
    occupations = tuple(
        TradeInCompany(
            rome=rome,
            persons=persons,
            in_1_year=persons + rng.randint(0, 2),
            in_3_years=persons + 3,
            in_5_years=persons + 1.5,
            difficulty=rng.choice(["none", "hard"]),
        )
        for rome in trades
    )
    bands = dict.fromkeys(AgePyramid.model_fields, float(persons))
    return Workforce(
        headcount=6 * persons,
        pyramid=AgePyramid(**bands),
        retirements_5y=rng.randint(0, 5),
        occupations=occupations,
        obstacles=(),
        skills=(),
    )


def campaigns_of(on: date, campaign: SkillsCampaign | None) -> Arguments:
    """What may be asked of a skills campaign on a day."""

    def until(rng: random.Random) -> dict[str, Any]:
        return {"closes_on": on + timedelta(days=rng.randint(0, 30))}

    def answers(rng: random.Random) -> tuple[Answered, ...]:
        told: dict[str, Any] = {"college": "companies", "counts": True, "courses": (), "trades": ()}
        return tuple(
            Answered(**told, company=sample_siret(number), workforce=_workforce(rng))
            for number in range(rng.choice([2, 4, 8, 8]))
        )

    asked = EnteredCollege(college="companies", asked=30)
    return {
        "design": lambda rng: {
            "title": "Emplois",
            "reference_on": on - timedelta(days=rng.randrange(300)),
            "colleges": (asked,),
            **until(rng),
        },
        "revise": until,
        "prolong": until,
        "reopen": until,
        "correct-asked": lambda rng: {"college": "companies", "asked": rng.randint(20, 40), "reason": "other"},
        "tabulate": lambda rng: {"cleaning": max(1, campaign.cleaning) if campaign else 1, "answers": answers(rng)},
        "cancel": lambda _: {"reason": "postponed"},
    }


class Needing(Deciding):
    """What companies, the network and campaigns may have told of skills: random commands, decided by training."""

    def __init__(self, seed: int, commands: int, log: Log, in_confidence: Log) -> None:
        super().__init__(seed)
        for number in range(4):
            place: dict[str, Any] = {"naf": "25.62B", "commune": "36088", "zone": None, "headcount": 9}
            member = TrainingMember(company=sample_siret(number), status="active", effective_on=BEGINNING, **place)
            self.states[training_members.stream_id(member.company)] = member
        for _ in range(commands):
            self.go_on(log, in_confidence)
            now = datetime.combine(self.on, time(7), PARIS)
            for _ in range(4):
                code = f"gpect-{number}"
                campaign = self.states.get(skills_campaigns.stream_id(code))
                self.decide(in_confidence, skills_campaigns, campaigns_of(self.on, campaign), code, {"code": code}, now)
                number += bool(campaign and campaign.status in ("published", "cancelled"))
            today, self.on = self.on, max(BEGINNING, self.on - timedelta(days=self.rng.choice([0, 0, 0, 9, 50])))
            for _ in range(2):
                need = _id(1_000 * self.on.year + self.rng.randrange(4))
                arguments = skill_needs_of(self.on, self.states.get(skill_needs.stream_id(need)))
                self.decide(log, skill_needs, arguments, need, {"company": _company(self.rng)}, now)
            self.on = today


def _rider(number: int) -> Personal[Rider]:
    name = ("Camille", "Dominique", "Claude", "Sacha")[number]
    return Personal(Rider(family_name="Exemple", given_name=name, email="a@example.org"), _id(20 + number))


def _came(rng: random.Random, least: int) -> dict[str, Any]:
    ways: tuple[Otherwise, ...] = ("drove_alone", "drove_alone", "bike")
    came = [RodeAlong(number=number, otherwise=rng.choice(ways)) for number in (1, 2) if rng.random() < 0.7]
    return {"came": tuple(came) or (RodeAlong(number=1, otherwise="walk"),) * least}


def _number(rng: random.Random) -> dict[str, Any]:
    return {"number": rng.choice([1, 1, 2])}


RIDES: Final[Arguments] = {
    "offer": lambda rng: {
        "driver": _rider(0),
        "departs": "07:20",
        "commune": rng.choice(["36088", "18055"]),
        "zone": rng.choice(["zi-limoise", None]),
        "origin": (2.0836, 46.9481),
        "destination": (1.974, 46.952),
        "metres": rng.choice([2_000, 14_501, 28_333]),
        "minutes": 20,
        "seats": rng.randint(2, 4),
    },
    "ask": lambda rng: {"passenger": _rider(rng.randint(1, 3))},
    "match": _number,
    "confirm-passenger": _number,
    "release": lambda rng: {**_number(rng), "reason": "withdrew"},
    "record-missed": _number,
    "complete": lambda rng: _came(rng, 1),
    "correct-outcome": lambda rng: {**_came(rng, 0), "reason": "checked"},
    "cancel": lambda _: {"reason": "driver_unavailable"},
}


class Riding(Deciding):
    """What drivers and passengers may have done, each ride on its day, and corrected later: decided by mobility."""

    def __init__(self, seed: int, commands: int, log: Log) -> None:
        super().__init__(seed)
        days: list[date] = []
        for _ in range(commands // 10):
            self.go_on(log)
            days.append(self.on)
            for hour in (*(6,) * 12, *(20,) * 3):
                self.ask(log, days[-1], hour)
            self.ask(log, self.rng.choice(days), 21)

    def ask(self, log: Log, day: date, hour: int) -> None:
        """One command on the ride of a day, at an hour of today."""
        now = datetime.combine(self.on, time(hour), PARIS)
        self.decide(log, rides, RIDES, str(day), {"day": day}, now)


def _terms(rng: random.Random) -> dict[str, Any]:
    weekdays = (*rng.sample(get_args(ServiceDay), 6),)
    slot = EnteredSlot(weekdays=weekdays, starts="12:00", ends="12:45", places=rng.randint(1, 40))
    return {"slots": (slot,), "price_cents": 900, "subsidy_cap_cents": 8_000}


SHARED_SERVICES: Final[Arguments] = {
    "announce": lambda rng: {
        "name": "Cantine",
        "place": "Hall 3",
        "kind": rng.choice(["canteen", "canteen", "room"]),
        "commune": rng.choice(["36088", "18055"]),
        "zone": rng.choice(["zi-limoise", None]),
        **_terms(rng),
    },
    "change-terms": _terms,
    "suspend": lambda _: {"reason": "works"},
    "close": lambda _: {"reason": "replaced"},
    "correct-description": lambda rng: {"name": rng.choice("AB"), "place": "Hall 4", "reason": "moved"},
}
RESERVATIONS: Final[Arguments] = {
    "book": lambda rng: {
        "company": _company(rng),
        "guest": Personal(Guest(family_name="A", given_name="B", email="a@example.org"), _id(30)),
        "starts": "12:00",
        "wait": rng.random() < 0.3,
    },
    "correct-outcome": lambda rng: {"outcome": rng.choice(["served", "no_show"]), "reason": "late_list"},
    "cancel": lambda _: {"reason": "absent"},
}


def _answer(rng: random.Random) -> dict[str, Any]:
    modes: tuple[TravelMode, ...] = ("drove_alone", "carpool", "bike")
    bands: tuple[DistanceBand, ...] = ("2_to_5_km", "untold")
    return {"mode": rng.choice(modes), "distance": rng.choice(bands)}


TRAVEL_SURVEYS: Final[Arguments] = {
    "open": lambda rng: {
        "title": "Enquête",
        "commune": rng.choice(["36088", "18055"]),
        "zone": rng.choice(["zi-limoise", None]),
        "asked": 60,
    },
    "record-answers": lambda rng: {"answers": (EnteredAnswers(**_answer(rng), people=rng.randint(1, 9)),)},
    "correct-answers": lambda rng: {**_answer(rng), "people": rng.randint(0, 9), "reason": "miscounted"},
    "correct-asked": lambda rng: {"asked": rng.randint(40, 90), "reason": "typing_error"},
}


class Sharing(Deciding):
    """What was offered to employees, reserved, asked, and corrected later: random commands, decided by mobility."""

    def __init__(self, seed: int, commands: int, log: Log, of_persons: Log) -> None:
        super().__init__(seed)
        made: list[str] = []
        for _ in range(commands // 8):
            self.go_on(log, of_persons)
            code, survey = f"{self.on:%Y}-{self.rng.randrange(2)}", f"{self.on:%Y}-{self.rng.randrange(3)}"
            for _ in range(2):
                self.decide(log, shared_services, SHARED_SERVICES, code, {"code": code})
                self.decide(log, travel_surveys, TRAVEL_SURVEYS, survey, {"code": survey})
            made.append(f"{self.on}-{len(made)}")
            for hour in (6, 6, 20):
                self.ask(of_persons, made[-1], code, hour)
            self.ask(of_persons, self.rng.choice(made), code, 21)

    def ask(self, log: Log, reservation: str, code: str, hour: int) -> None:
        """One command on a reservation of a day, at an hour of today."""
        now = datetime.combine(self.on, time(hour), PARIS)
        place = {"shared_service": code, "day": self.on}
        self.decide(log, service_reservations, RESERVATIONS, reservation, place, now)


class Commuting(Deciding):
    """What the community of communes may have done for those who ride together or by bike: decided by mobility."""

    def __init__(self, seed: int, commands: int, log: Log) -> None:
        super().__init__(seed)
        for _ in range(commands):
            self.go_on(log)
            area, parking = f"area-{self.rng.randrange(4)}", f"{self.on:%Y}-{self.rng.randrange(3)}"
            today, self.on = self.on, max(BEGINNING, self.on - timedelta(days=self.rng.choice([0, 0, 0, 9, 50])))
            self.decide(log, carpool_areas, CARPOOL_AREAS, area, {"code": area})
            self.decide(log, bike_parkings, BIKE_PARKINGS, parking, {"code": parking})
            self.on = today


class Lending(Deciding):
    """Stations, bikes and loans that the community of communes may have kept: decided by mobility."""

    def __init__(self, seed: int, commands: int, log: Log, of_persons: Log) -> None:
        super().__init__(seed)
        for number in range(commands):
            self.go_on(log)
            station, bike = (f"{self.on:%Y}-{self.rng.randrange(3)}" for _ in range(2))
            if self.rng.randrange(4) == 0 or bike_stations.stream_id(station) not in self.states:
                self.decide(log, bike_stations, BIKE_STATIONS, station, {"code": station})
            self.decide(log, bikes, bikes_on(self.on), bike, {"code": bike})
            loan = _id(self.rng.randrange(1 + number // 4))
            self.decide(of_persons, loans, loans_on(self.on), loan, {})


class Surveying(Deciding):
    """What members and the network may have found and lacked: random commands, decided by companies."""

    def __init__(self, seed: int, commands: int, log: Log) -> None:
        super().__init__(seed)
        for _ in range(commands):
            self.go_on(log)
            company = sample_siret(self.rng.randrange(4))
            if self.rng.random() < 0.2:
                self.decide(log, companies, MEMBERS, company, {"siret": company})
            self.decide(log, surveys, surveys_of(self.on), company, {"company": company})
            need = f"{self.on:%Y}-{self.rng.randrange(3)}"
            self.decide(log, needs, needs_of(self.on), need, {"company": company})


class Hiring(Deciding):
    """What companies and advisers may have done: random commands, decided by the employment service."""

    def __init__(self, seed: int, commands: int, offered: Log, of_persons: Log) -> None:
        super().__init__(seed)
        for number in range(4):
            place: dict[str, Any] = {"naf": "25.62B", "commune": "36088", "zone": ["zi-limoise", None][number % 2]}
            member = Member(company=sample_siret(number), status="active", effective_on=BEGINNING, **place)
            self.states[members.stream_id(member.company)] = member
        for _ in range(commands):
            self.go_on(offered, of_persons)
            self.decide(offered, vacancies, VACANCIES, str(self.rng.randrange(5)), {})
            self.decide(of_persons, hires, hires_on(self.on), str(self.rng.randrange(8)), {})


class Accompanying(Deciding):
    """What advisers may have told of paths and hires of three persons, also late: random commands, decided by the
    employment service. Each has one active path, and what becomes of hires comes to it in any order."""

    def __init__(self, seed: int, commands: int, log: Log) -> None:
        super().__init__(seed)
        for number in range(4):
            place: dict[str, Any] = {"naf": "25.62B", "commune": "36088", "zone": ["zi-limoise", None][number % 2]}
            member = Member(company=sample_siret(number), status="active", effective_on=BEGINNING, **place)
            self.states[members.stream_id(member.company)] = member
        self.paths = [0, 0, 0]
        """Of each person, the number of the latest."""
        for _ in range(commands):
            self.go_on(log)
            person = self.rng.randrange(3)
            somebody = _id(40 + person)
            hired = [_id(50 + 10 * person + number) for number in range(3)]
            today, self.on = self.on, max(BEGINNING, self.on - timedelta(days=self.rng.choice([0, 0, 0, 9, 50])))
            self.decide(log, hires, hires_on(self.on, somebody), self.rng.choice(hired), {})
            seeker = Seeker(family_name="Exemple", given_name="Camille", born_on=date(1970 + 13 * person, 1, 1))
            asked = paths_on(self.on, Personal(seeker, somebody), hired)
            for _ in range(2):
                self.decide(log, paths, asked, self.path(person), {})
            self.on = today

    def path(self, person: int) -> str:
        """The latest path of somebody, or the next one, once that is over."""
        state = self.states.get(paths.stream_id(f"{person}-{self.paths[person]}"))
        if state and state.status not in ACTIVE and self.rng.random() < 0.3:
            self.paths[person] += 1
        return f"{person}-{self.paths[person]}"


class Placing(Deciding):
    """What members, schools and the network may have done: decided by companies and youth-events, places counted."""

    def __init__(self, seed: int, commands: int, network: Log, offered: Log, of_persons: Log) -> None:
        super().__init__(seed)
        for _ in range(commands):
            self.go_on(network, offered, of_persons)
            number = self.rng.randrange(4)
            company, quarter = sample_siret(number), f"{self.on.year}{(self.on.month - 1) // 3:02d}"
            if self.rng.random() < 0.2:
                self.join_or_leave(network, company)
            now = datetime.combine(self.on, time(7), PARIS)
            offer = f"0191e0c2-7d5b-7c45-9a51-{quarter}0000{number:02d}"
            if self.rng.random() < 0.3:
                self.decide(offered, offers, offers_of(self.on), offer, {"company": company}, now)
            for _ in range(3):
                placement = f"0191e0c2-7d5b-7c46-9a51-{quarter}00{self.rng.randrange(2):02d}{number:02d}"
                asked = {"company": company, "offer": offer}
                for event in self.decide(of_persons, placements, PLACEMENTS, placement, asked, now):
                    if isinstance(event, PlacementApproved | PlacementCancelled):
                        for issue in count_places(event, Identity(placement)):
                            self.count(offered, issue, now)
            self.meet(offered, quarter, now)
            for _ in range(4):
                immersion = f"0191e0c2-7d5b-7c49-9a51-{quarter}0000{number:02d}"
                asked_of = immersions_of(self.on, self.states.get(immersions.stream_id(immersion)))
                self.decide(of_persons, immersions, asked_of, immersion, {"company": company}, now)

    def meet(self, told: Log, quarter: str, now: datetime) -> None:
        """One command on the event of a quarter, and some on the bookings of classes."""
        event = f"0191e0c2-7d5b-7c47-9a51-{quarter}000000"
        self.decide(told, meetings, meetings_of(self.on), event, {}, now)
        for _ in range(3):
            booking = f"0191e0c2-7d5b-7c48-9a51-{quarter}0000{self.rng.randrange(4):02d}"
            for each in self.decide(told, class_bookings, CLASSES, booking, {"event": event}, now):
                if isinstance(each, Booked | Came):
                    for issue in count_bookings(each, Identity(booking)):
                        self.count(told, issue, now)

    def join_or_leave(self, network: Log, company: str) -> None:
        """One command on a company, which the mirror of members shows."""
        events = self.decide(network, companies, MEMBERS, company, {"siret": company})
        shown = [event for event in events if type(event) in hosts.events]
        stream = hosts.stream_id(company)
        self.states[stream] = hosts.fold(shown, self.states.get(stream))

    def count(self, log: Log, issue: Issue, now: datetime) -> None:
        """The first command on an offer or an event that is not refused."""
        stream = issue.decider.stream_id(str(issue.identity))
        for command in issue.commands:
            with contextlib.suppress(Rejected):
                told = issue.decider.decide(self.states[stream], command, Context(now))
                log.append(stream, *told)
                self.states[stream] = issue.decider.fold(told, self.states[stream])
                return


class Clearing(Deciding):
    """What producers, carriers and sites may have done with waste: random commands, decided by companies."""

    def __init__(self, seed: int, commands: int, log: Log) -> None:
        super().__init__(seed)
        for number in range(4):
            place = {**_place(self.rng), "company": sample_siret(number), "size_band": "11", "headcount": 10}
            joined = (
                CompanyApplied(**place, name="Fonderie", legal_form="5710", effective_on=BEGINNING),
                CompanyActivated(**place, effective_on=BEGINNING),
            )
            self.states[companies.stream_id(sample_siret(number))] = companies.fold(joined)
        for _ in range(commands):
            self.go_on(log)
            movement = f"{self.on:%Y}-{self.rng.randrange(3)}"
            self.decide(log, waste_movements, movements(self.on), movement, {"company": _company(self.rng)})


FLOWS: Final[Sequence[str]] = [f"0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c{number:02}" for number in range(4)]
"""Two surpluses and two needs, of four companies."""


def _exchange(rng: random.Random) -> dict[str, Any]:
    month = f"{rng.choice([2018, 2019])}-{rng.randint(1, 12):02}"
    return {"flow": rng.choice(FLOWS[:2]), "month": month, "exchanged": rng.randrange(9_000) / 1_000}


SYNERGIES: Final[Arguments] = {
    "add-flow": lambda rng: {"flow": rng.choice(FLOWS)},
    "find-feasible": lambda rng: {"quantity": rng.randint(1, 9)},
    "record-exchange": _exchange,
    "correct-exchange": lambda rng: {**_exchange(rng), "reason": "typing_error"},
    "end": lambda _: {"reason": "other"},
    "abandon": lambda _: {"reason": "other"},
}


class Exchanging(Deciding):
    """What companies may have given to each other: random commands, decided by companies."""

    def __init__(self, seed: int, commands: int, log: Log) -> None:
        super().__init__(seed)
        kinds = {"waste": ("120101", "t"), "water": (None, "m3"), "compressed_air": (None, "m3")}
        kind, (waste, unit) = self.rng.choice([*kinds.items()])
        for number, flow in enumerate(FLOWS):
            told: dict[str, Any] = {"kind": kind, "waste": waste, "unit": unit, "quantity": 9, "description": "Eau"}
            direction: FlowDirection = "need" if number > 1 else "surplus"
            place = {**_place(self.rng), "company": sample_siret(number)}
            days: dict[str, Any] = {"first": BEGINNING, "last": None, "effective_on": BEGINNING}
            declared = FlowDeclared(**place, **told, direction=direction, **days)
            self.states[flows.stream_id(flow)] = flows.fold([declared])
        for _ in range(commands):
            self.go_on(log)
            pair = {"title": "Eau", "surplus": self.rng.choice(FLOWS[:2]), "need": self.rng.choice(FLOWS[2:])}
            self.decide(log, synergies, SYNERGIES, f"{seed}-{self.rng.randrange(2)}", pair)


class Observing(Deciding):
    """What the committee and France Travail may have told of the labour market: random commands, decided by employment.

    Of the proxy there are two, one after the other.
    """

    def __init__(self, seed: int, commands: int, log: Log) -> None:
        super().__init__(seed)
        kinds: dict[str, LabourKind] = {
            "reference": "published_rate",
            "proxy-a": "proxy_rate",
            "proxy-b": "proxy_rate",
            "other": "other",
        }
        for code, kind in kinds.items():
            declared = LabourSeriesDeclared(
                **{**_SERIES, "labour_series": code, "kind": kind, "reference": code == "reference"},
                counted=("A",) if kind == "proxy_rate" else (),
                effective_on=BEGINNING,
            )
            log.append(labour_series.stream_id(code), declared)
            self.states[labour_series.stream_id(code)] = labour_series.fold((declared,))
        for _ in range(commands):
            self.go_on(log)
            # Of the second proxy little is told: many a figure is of one series.
            code = self.rng.choices([*kinds], [6, 6, 1, 1])[0]
            if self.rng.random() < 0.1:
                self.decide(log, labour_series, SERIES_TOLD, code, {})
            year, quarter = self.rng.randint(BEGINNING.year, 2024), self.rng.randint(1, 4)
            period = f"{year}-Q{quarter}"
            if self.on >= days_of_period(period)[1]:
                arguments = observed_of(kinds[code], self.states[labour_series.stream_id(code)].definition_of(period))
                creating = {"labour_series": code, "period": period}
                self.decide(log, labour_observations, arguments, f"{code}/{period}", creating)


class Aiming(Deciding):
    """What the committee may have decided to aim at: random commands, decided by this service."""

    def __init__(self, seed: int, commands: int, log: Log, of: str | None = None) -> None:
        super().__init__(seed)
        for _ in range(commands):
            self.go_on(log)
            number = self.rng.randrange(4)
            self.decide(log, targets, targets_of(self.on, number, of), str(number), {})


class Carrying(Deciding):
    """What the committee and pilots may have done with actions: random commands, told in any order."""

    def __init__(self, seed: int, commands: int, log: Log) -> None:
        super().__init__(seed)
        for _ in range(commands):
            self.go_on(log)
            today, self.on = self.on, max(BEGINNING, self.on - timedelta(days=self.rng.choice([0, 0, 0, 9, 90])))
            self.decide(log, actions, actions_of(self.on), str(self.rng.randrange(3)), {})
            self.on = today


def records(log: Log, source: str) -> list[ConsumerRecord]:
    """The log as its topic holds it."""
    return [
        ConsumerRecord(
            topic=message.topic,
            partition=message.partition,
            offset=message.offset,
            timestamp=to_timestamp(event.recorded_at),
            timestamp_type=0,
            key=event.stream_id.encode(),
            value=event.data.encode(),
            checksum=None,
            serialized_key_size=0,
            serialized_value_size=0,
            headers=to_headers(event, source, message.previous or 0),
        )
        for event, message in zip(log.recorded, log.messages, strict=True)
    ]


@pytest.fixture
async def pool(database: str) -> AsyncIterator[asyncpg.Pool]:
    await prepare_database(database, app.all_migrations)
    async with asyncpg.create_pool(database, min_size=1, max_size=2) as pool:
        yield pool


ALL: Final = catalogue.chapters.values()


def only(*chapters: Chapter) -> tuple[Catalogue, Mapping[str, Recounts]]:
    """These chapters, and what counts them a second time."""
    of = Catalogue(*chapters, targets=steering.targets if steering.CHAPTER in chapters else None)
    return of, {name: RECOUNTS[name] for name in of.chapters}


histories = pytest.mark.parametrize(
    ("seed", "commands"),
    [
        (1, 200),
        (2, 25),
        *(pytest.param(seed, 50 * (seed % 6), marks=pytest.mark.long) for seed in range(3, 9)),
    ],
)
"""Of random commands, so many."""


@histories
async def test_what_is_served_is_what_is_counted_whatever_partners_do(
    pool: asyncpg.Pool, seed: int, commands: int
) -> None:
    log, decided = Log("companies"), Log("indicators")
    History(seed, commands, log)
    Aiming(seed, commands // 10, decided)
    Carrying(seed, commands, decided)
    of, second = only(network.CHAPTER, investment.CHAPTER, equipment.CHAPTER, steering.CHAPTER, sheets.CHAPTER)
    await fold(pool, of.chapters.values(), log, decided)
    assert (await faults(pool, of, log, decided, recounts=second))[1] == []
    async with snapshot(pool, of) as now:
        granted, disbursed = [
            (await now.answer(of[name], Question(by=("funder",)))).cells
            for name in ("grants_granted", "grants_disbursed")
        ]
    assert all((paid.value or 0) <= (granted[funder].value or 0) for funder, paid in disbursed.items())


@histories
async def test_what_is_served_of_meters_is_what_is_counted_whatever_partners_do(
    pool: asyncpg.Pool, seed: int, commands: int
) -> None:
    log = Log("companies")
    told = Metering(seed, commands, log)
    of, second = only(network.CHAPTER, resources.CHAPTER)
    await fold(pool, of.chapters.values(), log)
    assert (await faults(pool, of, log, recounts=second))[1] == []
    async with snapshot(pool, of) as now:
        by_meter = Question(last=TODAY, by=("company", "resource"))
        read = await now.answer(resources.read_days, by_meter)
        in_service = await now.answer(resources.metered_days, by_meter)
        covered = await now.answer(resources.reading_coverage, Question(last=TODAY, by=("month",)))
    assert all((days.value or 0) <= (in_service.cells[meter].value or 0) for meter, days in read.cells.items())
    assert all(0 <= (share.value or 0) <= 1 for share in covered.cells.values())
    assert read.total.value == sum(
        (state.read_on - state.installed_on).days + (len(state.readings) > 1)
        for state in told.states.values()
        if isinstance(state, Meter)
    )


@histories
async def test_what_is_served_of_employment_is_what_is_counted_whatever_partners_do(
    pool: asyncpg.Pool, seed: int, commands: int
) -> None:
    offered, of_persons = Log("employment"), Log("employment.persons")
    Hiring(seed, commands, offered, of_persons)
    of, second = only(employment.CHAPTER)
    await fold(pool, of.chapters.values(), offered, of_persons)
    assert (await faults(pool, of, offered, of_persons, recounts=second))[1] == []
    async with snapshot(pool, of) as now:
        counted = {
            name: (await now.answer(of[name], Question())).total.value or 0 for name in of if name.startswith("hires")
        }
    groups = counted.keys() - {"hires", "hires_priority", "hires_sustained", "hires_over_6m"}
    assert all(counted[group] <= counted["hires_priority"] <= counted["hires"] for group in groups)
    assert counted["hires_sustained"] <= counted["hires"]


@histories
async def test_what_is_served_of_paths_is_what_is_counted_whatever_partners_do(
    pool: asyncpg.Pool, seed: int, commands: int
) -> None:
    log, offered = Log("employment.persons"), Log("employment")
    told = Accompanying(seed, commands, log)
    of, second = only(employment.CHAPTER, accompanied.CHAPTER)
    await fold(pool, of.chapters.values(), log, offered)
    assert (await faults(pool, of, log, offered, recounts=second))[1] == []
    async with snapshot(pool, of) as now:
        counted = {name: (await now.answer(of[name], Question(last=TODAY))).total for name in of}
        by_agency = await now.answer(of["paths_active"], Question(by=("agency", "residence", "month"), last=TODAY))
        led_to_jobs = await now.answer(of["access_to_employment_6m"], Question(by=("quarter",)))
    assert all((cell.value or 0) >= 0 for cell in by_agency.cells.values())
    assert all(0 <= (cell.value or 0) <= 1 for cell in led_to_jobs.cells.values())
    active = [state for stream, state in told.states.items() if stream.startswith("path-") and state.status in ACTIVE]
    assert counted["paths_active"].value == counted["paths_active"].n == len(active)
    for kind in ("paths_active", "persons_hired"):
        groups = {name for name in of if name.startswith(f"{kind}_")}
        assert len(groups) == 6
        any_group, everyone = counted[f"{kind}_priority"].value or 0, counted[kind].value or 0
        assert all((counted[name].value or 0) <= any_group <= everyone for name in groups)
    assert (counted["persons_hired"].value or 0) <= min(3, counted["hires"].value or 0)
    over, reached = counted["referrals_over_6m"].value or 0, counted["referrals_to_jobs_6m"].value or 0
    assert reached <= over <= (counted["referrals"].value or 0)


@histories
async def test_what_is_served_of_the_aim_is_what_is_counted_whatever_partners_do(
    pool: asyncpg.Pool, seed: int, commands: int
) -> None:
    log, decided = Log("employment"), Log("indicators")
    observing = Observing(seed, commands, log)
    Aiming(seed, commands // 10, decided, of="unemployment_proxy")
    of, second = only(aim.CHAPTER, steering.CHAPTER)
    await fold(pool, of.chapters.values(), log, decided)
    assert (await faults(pool, of, log, decided, recounts=second))[1] == []
    stand = [each for each in observing.states.values() if getattr(each, "period", None) and each.status != "withdrawn"]
    async with snapshot(pool, of) as now:
        for code, name in (("reference", "unemployment_reference"), ("proxy-a", "unemployment_proxy")):
            known = {each.ends_on: Decimal(str(each.value)) for each in stand if each.labour_series == code}
            answer = await now.answer(of[name], Question(where={"labour_series": (code,)}))
            assert answer.total.value == (known[max(known)] if known else None)
            assert answer.total.n == bool(known)


@histories
async def test_what_is_served_of_youth_events_is_what_is_counted_whatever_partners_do(
    pool: asyncpg.Pool, seed: int, commands: int
) -> None:
    logs = Log("companies"), Log("youth-events"), Log("youth-events.persons")
    Placing(seed, commands, *logs)
    of, second = only(network.CHAPTER, youth_events.CHAPTER)
    await fold(pool, of.chapters.values(), *logs)
    assert (await faults(pool, of, *logs, recounts=second))[1] == []
    async with snapshot(pool, of) as now:
        placed = await now.answer(of["placements"], Question(by=("company",)))
        hosting = await now.answer(of["host_companies"], Question())
        reached = await now.answer(of["pupils_reached"], Question(by=("school", "gender")))
        part = await now.answer(of["companies_taking_part"], Question(by=("company",)))
        held = await now.answer(of["events_held"], Question())
    assert all((cell.value or 0) > 0 for cell in placed.cells.values())
    assert hosting.total.value == len(placed.cells)
    assert all((cell.value or 0) > 0 for cell in reached.cells.values())
    assert part.total.value == len(part.cells)
    assert (held.total.value or 0) >= bool(reached.cells or part.cells)


@histories
async def test_what_is_served_of_waste_is_what_is_counted_whatever_partners_do(
    pool: asyncpg.Pool, seed: int, commands: int
) -> None:
    log = Log("companies")
    Clearing(seed, commands, log)
    of, second = only(waste.CHAPTER)
    await fold(pool, of.chapters.values(), log)
    assert (await faults(pool, of, log, recounts=second))[1] == []
    async with snapshot(pool, of) as now:
        produced, hazardous, treated, recovered, material = [
            (await now.answer(of[f"waste_{part}"], Question())).total.value
            for part in ("produced", "hazardous", "treated", "recovered", "material_recovered")
        ]
    assert (produced is None) == (hazardous is None) == (not any(event.type == "WasteSent" for event in log.recorded))
    assert (treated is None) == (recovered is None) == (material is None)
    assert 0 <= (hazardous or 0) <= (produced or 0)
    assert 0 <= (material or 0) <= (recovered or 0) <= (treated or 0)


@histories
async def test_what_is_served_of_land_is_what_is_counted_whatever_partners_do(
    pool: asyncpg.Pool, seed: int, commands: int
) -> None:
    log = Log("companies")
    Settling(seed, commands, log)
    of, second = only(land.CHAPTER)
    await fold(pool, of.chapters.values(), log)
    assert (await faults(pool, of, log, recounts=second))[1] == []
    registered = sum(event.type == "PlotRegistered" for event in log.recorded)
    async with snapshot(pool, of) as now:
        there = await now.answer(of["plots"], Question(by=("plot_status",)))
        vacancy = await now.answer(of["vacancy_rate"], Question())
    assert (there.total.value or 0) == sum(cell.value or 0 for cell in there.cells.values()) == registered
    assert 0 <= (vacancy.total.value or 0) <= 1


@histories
async def test_what_is_served_of_rehabilitations_is_what_is_counted_whatever_partners_do(
    pool: asyncpg.Pool, seed: int, commands: int
) -> None:
    log = Log("training")
    rehabilitating = Rehabilitating(seed, 2 * commands, log)
    of, second = only(building.CHAPTER)
    await fold(pool, of.chapters.values(), log)
    assert (await faults(pool, of, log, recounts=second))[1] == []
    there = [*rehabilitating.states.values()]
    async with snapshot(pool, of) as now:
        for name, said in (("budget_committed", "committed"), ("budget_paid", "paid"), ("works_accepted", "accepted")):
            answer = await now.answer(of[name], Question())
            assert (answer.total.value or 0) == sum(getattr(each, said) for each in there)
        budget = (await now.answer(of["rehabilitation_budget"], Question())).total.value or 0
        assert budget == sum(each.budget for each in there if each.status != "abandoned")
        energy = (await now.answer(of["building_energy"], Question())).total.value or 0
        assert energy == sum(each.energy[-1].kwh for each in there if each.energy)


@histories
async def test_what_is_served_of_skills_and_training_is_what_is_counted_whatever_partners_do(
    pool: asyncpg.Pool, seed: int, commands: int
) -> None:
    told, of_persons = Log("training"), Log("training.persons")
    states = [
        *Training(seed, commands, told, of_persons).states.values(),
        *Needing(seed, commands, told, of_persons).states.values(),
    ]
    of, second = only(skills.CHAPTER, training.CHAPTER)
    await fold(pool, of.chapters.values(), told, of_persons)
    assert (await faults(pool, of, told, of_persons, recounts=second))[1] == []
    async with snapshot(pool, of) as now:
        counted = {name: (await now.answer(of[name], Question())).total.value or 0 for name in of}
        by_rome = {name: (await now.answer(of[name], Question(by=("rome",)))).cells for name in _BY_ROME}
    there = [each for each in states if isinstance(each, Session) and each.status in OFFERING]
    assert counted["seats_open"] == sum(each.seats for each in there)
    assert counted["room_area"] == sum(each.area_in_service for each in states if isinstance(each, Room))
    assert counted["placed_6_months"] <= counted["followed_up"] <= counted["certification_decided"]
    assert counted["certified"] <= counted["certification_decided"] <= counted["training_completed"]
    assert counted["training_completed"] <= counted["training_ended"] <= counted["enrolments"]
    assert 0 <= counted["trainee_hours_afpa"] <= counted["trainee_hours"]
    assert counted["skill_needs_open"] == sum(each.uncovered for each in states if isinstance(each, SkillNeed))
    assert 0 <= counted["skill_needs_covered"] <= counted["skill_needs_qualified"]
    for name, cells in by_rome.items():
        assert counted[name] == sum(cell.value or 0 for cell in cells.values())


_BY_ROME: Final = ("seats_open", "skill_needs_open", "skill_needs_qualified", "trade_needs_5y")


@histories
async def test_what_is_served_of_mobility_is_what_is_counted_whatever_partners_do(
    pool: asyncpg.Pool, seed: int, commands: int
) -> None:
    log = Log("mobility")
    commuting = Commuting(seed, commands, log)
    of_persons = Log("mobility.persons")
    riding = Riding(seed, commands, of_persons)
    sharing = Sharing(seed, commands, log, of_persons)
    of, second = only(network.CHAPTER, mobility.CHAPTER)
    await fold(pool, of.chapters.values(), log, of_persons)
    assert (await faults(pool, of, log, of_persons, recounts=second))[1] == []
    there = [state for state in commuting.states.values() if state.status in ("open", "in_service")]
    async with snapshot(pool, of) as now:
        served = {name: (await now.answer(of[name], Question())).total.value or 0 for name in of}
    assert served["carpool_areas"] == sum(state.status == "open" for state in there)
    assert served["carpool_places"] == sum(state.places for state in there if state.status == "open")
    assert served["bike_parking_places"] == sum(state.places for state in there if state.status == "in_service")
    ridden = [state for state in riding.states.values() if state.status == "completed"]
    assert served["rides"] == len(ridden)
    assert served["ride_passengers"] == sum(len(ride.came) for ride in ridden)
    assert served["ride_seats"] == sum(ride.seats for ride in ridden)
    for name in ("passenger_km", "co2_avoided_kg"):
        assert served[name] == sum(Decimal(str(getattr(ride, name))) for ride in ridden)
    assert (served["seat_occupancy"] > 0) == bool(ridden)
    reservations = [state for state in sharing.states.values() if isinstance(state, ServiceReservation)]
    came = [each for each in reservations if each.status == "served" and each.kind == "canteen"]
    assert served["meals_served"] == len(came)
    had = [each for each in reservations if each.status in ("booked", "served", "no_show")]
    assert served["service_places_reserved"] == len(had)
    published = [
        state for state in sharing.states.values() if isinstance(state, TravelSurvey) and state.status == "published"
    ]
    assert served["travel_survey_asked"] == sum(survey.asked for survey in published)
    assert served["travel_survey_answers"] == sum(survey.answered for survey in published)
    alone = [each.people for survey in published for each in survey.answers if each.mode == "drove_alone"]
    assert served["travel_drove_alone"] == sum(alone)


@histories
async def test_what_is_served_of_bikes_is_what_is_counted_whatever_partners_do(
    pool: asyncpg.Pool, seed: int, commands: int
) -> None:
    log, of_persons = Log("mobility"), Log("mobility.persons")
    lending = Lending(seed, commands, log, of_persons)
    of, second = only(network.CHAPTER, mobility.CHAPTER)
    await fold(pool, of.chapters.values(), log, of_persons)
    assert (await faults(pool, of, log, of_persons, recounts=second))[1] == []
    there = [state for state in lending.states.values() if isinstance(state, Bike) and state.status == "in_service"]
    taken = [state for state in lending.states.values() if isinstance(state, Loan) and state.taken_on]
    async with snapshot(pool, of) as now:
        served = {name: (await now.answer(of[name], Question())).total.value or 0 for name in of}
    assert (served["bikes_in_service"], served["bike_loans"]) == (len(there), len(taken))


@histories
async def test_what_is_served_of_synergies_is_what_is_counted_whatever_partners_do(
    pool: asyncpg.Pool, seed: int, commands: int
) -> None:
    log = Log("companies")
    exchanging = Exchanging(seed, commands, log)
    of, second = only(catalogue.chapters["synergies"])
    await fold(pool, of.chapters.values(), log)
    assert (await faults(pool, of, log, recounts=second))[1] == []
    states = Counter(state.status for name, state in exchanging.states.items() if name.startswith("synergy-"))
    async with snapshot(pool, of) as now:
        there = await now.answer(of["synergies"], Question(by=("synergy_status",)))
        tonnes, m3 = [(await now.answer(of[f"diverted_{unit}"], Question())).total.value for unit in ("tonnes", "m3")]
    assert {status: cell.value for (status,), cell in there.cells.items()} == states
    assert there.total.value == there.total.n == states.total()
    assert tonnes is None or m3 is None, "one synergy, one unit"
    assert (tonnes or 0) >= 0
    assert (m3 or 0) >= 0


@histories
async def test_what_is_served_of_industry_is_what_is_counted_whatever_partners_do(
    pool: asyncpg.Pool, seed: int, commands: int
) -> None:
    log = Log("companies")
    surveying = Surveying(seed, commands, log)
    of, second = only(catalogue.chapters["industry"])
    await fold(pool, of.chapters.values(), log)
    assert (await faults(pool, of, log, recounts=second))[1] == []
    known = [survey for name, survey in surveying.states.items() if name.startswith("survey-") and survey.levels]
    met = [need for name, need in surveying.states.items() if name.startswith("need-") and need.status == "met"]
    async with snapshot(pool, of) as now:
        maturity = await now.answer(of["maturity"], Question(by=("maturity_dimension",)))
        for name, count in (("companies_surveyed", len(known)), ("needs_met", len(met))):
            assert ((await now.answer(of[name], Question())).total.value or 0) == count
    for number, dimension in enumerate(DIMENSIONS if known else ()):
        mean = Decimal(sum(survey.levels[number].level for survey in known)) / len(known)
        assert maturity.cells[dimension,].value == mean.quantize(Decimal("0.01"), ROUND_HALF_UP)
    assert known or maturity.total.value is None


def test_random_histories_have_every_event_that_counts() -> None:
    logs = Log("companies"), Log("employment"), Log("employment.persons")
    of_youth, decided = (Log("youth-events"), Log("youth-events.persons")), Log("indicators")
    of_mobility = (Log("mobility"), Log("mobility.persons"))
    of_training = (Log("training"), Log("training.persons"))
    missing = {event.event_type for measure in catalogue.measures for event in measure.events}
    for seed in range(20):
        History(seed, 250, logs[0])
        Metering(seed, 250, logs[0])
        Hiring(seed, 250, *logs[1:])
        Accompanying(seed, 250, logs[2])
        Settling(seed, 250, logs[0])
        Surveying(seed, 250, logs[0])
        Placing(seed, 250, Log("companies"), *of_youth)
        Aiming(seed, 25, decided)
        Carrying(seed, 250, decided)
        Observing(seed, 250, logs[1])
        Carrying(seed, 250, decided)
        Clearing(seed, 250, logs[0])
        Exchanging(seed, 250, logs[0])
        Commuting(seed, 250, of_mobility[0])
        Riding(seed, 250, of_mobility[1])
        Lending(seed, 250, *of_mobility)
        Sharing(seed, 250, *of_mobility)
        Rehabilitating(seed, 250, of_training[0])
        Training(seed, 250, *of_training)
        Needing(seed, 250, *of_training)
        every = (*logs, *of_youth, *of_mobility, *of_training, decided)
        missing -= {event.type for log in every for event in log.recorded}
        if not missing:
            break
    assert not missing


CORRUPTIONS: Final[Mapping[str, str]] = {
    "a fact's value": "UPDATE facts SET value = value + 1 WHERE <members> AND value = -1",
    "what a level stands at": "UPDATE facts SET stands = stands + 1 WHERE <headcount>",
    "a fact's day": "UPDATE facts SET effective_on = effective_on - 400 WHERE <grants_granted>",
    "a fact's slice": "UPDATE facts SET slice = (SELECT min(slice) FROM facts WHERE <members>) WHERE <members>",
    "when facts were recorded": "UPDATE facts SET recorded_at = recorded_at - interval '9 days' WHERE value = 1",
    "lost facts of a level": "DELETE FROM facts WHERE <headcount> AND position % 5 = 0",
    "a lost fact of a sum": """
        DELETE FROM facts WHERE <invested_productive>
        AND position = (SELECT max(position) FROM facts WHERE <invested_productive>)
    """,
    "a machine's hours": "UPDATE facts SET value = value + 1 WHERE <platform_open_hours> AND value > 0",
    "lost facts of a duration": "DELETE FROM facts WHERE <platform_open_hours> AND position % 5 = 0",
    "a made-up fact": """
        INSERT INTO facts SELECT measure, position, partition, ordinal + 9, times, sample, effective_on, slice,
               recorded_at, gen_random_uuid(), topic, type, subject, 0, NULL
        FROM facts WHERE <jobs_created> LIMIT 1
    """,
    "what was consumed": "UPDATE facts SET value = value + 1 WHERE <electricity> AND value > 0",
    "lost facts of days read": "DELETE FROM facts WHERE <read_days> AND position % 5 = 0",
    "a slice's resource": """
        UPDATE slices SET dimensions = jsonb_set(dimensions, '{resource}', '"gas"')
        WHERE <metered_days> AND dimensions ->> 'resource' <> 'gas'
    """,
    "another event behind a fact": "UPDATE facts SET event_id = gen_random_uuid() WHERE <placements>",
    "places of an offer": "UPDATE facts SET value = value + 1 WHERE <places_offered>",
    "a slice's company": "UPDATE slices SET contributor = 'x' WHERE <members>",
    "a slice's machine": """
        UPDATE slices SET dimensions = jsonb_set(dimensions, '{equipment}', '"cobot-9"')
        WHERE <platform_hours_booked> AND dimensions ->> 'equipment' = 'cobot-0'
    """,
    "a slice's week": """
        UPDATE slices SET dimensions = jsonb_set(dimensions, '{week}', '"2018-W01"') WHERE <placements>
    """,
    "a slice's zone": "UPDATE slices SET dimensions = jsonb_set(dimensions, '{zone}', '\"avord\"')",
    "a lost slice": """
        DELETE FROM slices WHERE id = (SELECT max(slice) FROM facts WHERE <headcount> AND value > 0)
    """,
    "how often a value is there": "UPDATE facts SET times = 2 WHERE <days_to_membership> AND position % 3 = 0",
    "whose steps they are": "UPDATE facts SET subject = subject || '#' WHERE <headcount> AND position % 3 = 0",
    "what is aimed at": """
        UPDATE slices SET dimensions = jsonb_set(dimensions, '{value}', '"31"')
        WHERE <targets> AND dimensions ->> 'value' = '30.0'
    """,
    "what a plot is": """
        UPDATE slices SET dimensions = jsonb_set(dimensions, '{plot_status}', '"built"')
        WHERE <plots> AND dimensions ->> 'plot_status' = 'sold'
    """,
    "a unit's area": "UPDATE facts SET value = value + 1 WHERE <let_area> AND value > 0",
    "who has settled": "UPDATE slices SET contributor = 'x' WHERE <companies_settled>",
    "which synergies there are": "UPDATE slices SET contributor = 'x' WHERE <synergies>",
}
"""What somebody does to the tables: `<members>` is what one has of a measure."""
CORRUPTIONS_OF_THE_AIM: Final[Mapping[str, str]] = {
    "what was observed": "UPDATE facts SET value = value + 1 WHERE <unemployment_proxy>",
    "whether it was observed": "UPDATE facts SET times = 0 WHERE <seekers> AND times = 1",
    "which series was observed": """
        UPDATE slices SET dimensions = jsonb_set(dimensions, '{labour_series}', '"x"') WHERE <unemployment_proxy>
    """,
    "when a series broke": """
        UPDATE slices SET dimensions = jsonb_set(dimensions, '{break_on}', '"2017-01-01"') WHERE <reference_breaks>
    """,
}
KEPT: Final = ("facts", "slices")


async def is_wrong(now: Snapshot, asked: Asked, recount: Recount, topics: Topics, where: Collection[str] = ()) -> bool:
    """Whether verify finds a fault in any indicator, where one is likely first: it is looked for no further."""
    for indicator, questions in sorted(asked.items(), key=lambda each: each[0].name not in where):
        _, found = await compare(now, {indicator: questions}, recount, topics)
        if found:
            return True
    return False


async def test_what_was_heard_of_a_topic_that_was_given_up_is_not_looked_for_in_its_next(pool: asyncpg.Pool) -> None:
    await pool.executemany(
        "INSERT INTO marks (subscription, topic, partition, position, caught_up, superseded)"
        " VALUES ($1, $2, $3, $4, true, $5)",
        [
            (SUBSCRIPTION, f"t.companies.v{version}", partition, 7 * version, version == 1)
            for version, partitions in ((1, 3), (2, 2))
            for partition in range(partitions)
        ],
    )
    async with pool.acquire() as connection:
        heard = await served(connection)  # type: ignore[arg-type]
    assert (heard.partitions, heard.positions) == ({"companies": 2}, {"companies": {0: 14, 1: 14}})


@pytest.mark.long
@pytest.mark.timeout(600)
async def test_verify_finds_whatever_is_wrong(pool: asyncpg.Pool) -> None:
    logs = Log("companies"), Log("youth-events"), Log("youth-events.persons"), Log("indicators")
    History(36088, 400, logs[0])
    Settling(36088, 200, logs[0])
    Metering(36088, 60, logs[0])
    Exchanging(36088, 60, logs[0])
    Placing(36088, 200, Log("companies"), *logs[1:3])
    Aiming(36088, 40, logs[3])
    chapters = (
        network.CHAPTER,
        investment.CHAPTER,
        land.CHAPTER,
        catalogue.chapters["synergies"],
        resources.CHAPTER,
        youth_events.CHAPTER,
        equipment.CHAPTER,
        steering.CHAPTER,
    )
    await find_each(pool, CORRUPTIONS, logs, *chapters)


async def test_verify_finds_whatever_is_wrong_with_the_aim(pool: asyncpg.Pool) -> None:
    logs = Log("employment"), Log("indicators")
    Observing(36088, 150, logs[0])
    Aiming(36088, 20, logs[1], of="unemployment_proxy")
    await find_each(pool, CORRUPTIONS_OF_THE_AIM, logs, aim.CHAPTER, steering.CHAPTER)


async def find_each(
    pool: asyncpg.Pool, corruptions: Mapping[str, str], logs: Sequence[Log], *chapters: Chapter
) -> None:
    """Nothing is wrong with figures of chapters but what is corrupted, and each of that is found."""
    of, second = only(*chapters)
    await fold(pool, of.chapters.values(), *logs)
    recount = Recount(second)
    with Topics() as topics:
        async with snapshot(pool, of) as now:
            asked = await ask(now)
            prepare(recount, asked)
            show(topics, recount, now.chapters, *logs)
            assert topics.faults == []
            assert not await is_wrong(now, asked, recount, topics)
        for table in KEPT:
            await pool.execute(f"CREATE TABLE {table}_kept AS TABLE {table}")
        for corruption, statement in corruptions.items():
            corrupting = re.sub(r"<(\w+)>", r"measure = (SELECT id FROM measures WHERE name = '\1')", statement)
            assert await pool.execute(corrupting) not in ("UPDATE 0", "DELETE 0", "INSERT 0 0"), corruption
            async with snapshot(pool, of) as now:
                where = re.findall(r"<(\w+)>", statement)
                assert await is_wrong(now, asked, recount, topics, where), corruption
            for table in KEPT:
                await pool.execute(f"TRUNCATE {table}; INSERT INTO {table} TABLE {table}_kept")
        async with snapshot(pool, of) as now:
            assert not await is_wrong(now, asked, recount, topics)


async def test_a_wrong_latest_value_shows_once_a_step_follows(pool: asyncpg.Pool) -> None:
    log = Log("companies")
    of, second = only(network.CHAPTER)
    stream, told = f"company-{sample_siret(1)}", {**_place(random.Random(1)), "company": sample_siret(1)}
    log.append(stream, CompanyActivated(**told, effective_on=BEGINNING, headcount=10, size_band="11"))
    await fold(pool, of.chapters.values(), log)
    await pool.execute("UPDATE latest SET value = value + 1")
    assert (await faults(pool, of, log, recounts=second))[1] == []
    left = {**told, "effective_on": TODAY, "headcount_before": 10, "headcount": 0}
    log.append(stream, CompanyLeft(**left, reason="moved"))
    await fold(pool, of.chapters.values(), log)
    assert (await faults(pool, of, log, recounts=second))[1] != []


async def test_the_recipe_of_the_documentation(pool: asyncpg.Pool) -> None:
    page = (Path(__file__).parents[3] / "docs" / "indicators.md").read_text(encoding="utf-8")
    declaration, second_count = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    declared, counted = {**vars(investment)}, {**vars(recounts.investment)}
    exec(declaration, declared)  # noqa: S102  # our own page
    added = eval(f"{{{second_count}}}", counted)  # noqa: S307
    chapter = Chapter("investment", *investment.CHAPTER.indicators, declared["investments_completed"])
    extended = Catalogue(chapter)
    log = Log("companies")
    History(36088, 400, log)
    await fold(pool, [chapter], log)
    async with snapshot(pool, extended) as now:
        answer = await now.answer(extended["investments_completed"], Question())
    assert answer.total.value == sum(event.type == "InvestmentCompleted" for event in log.recorded) > 0
    compared, found = await faults(pool, extended, log, recounts={"investment": {**RECOUNTS["investment"], **added}})
    assert compared > 100
    assert found == []


def test_the_documentation_names_every_dimension_and_period() -> None:
    page = (Path(__file__).parents[3] / "docs" / "indicators.md").read_text(encoding="utf-8")
    broken, filtered = [
        re.findall(r"`(\w+)`", line) for line in page.splitlines() if line.startswith(("| `by` |", "| `company`, "))
    ]
    assert broken == ["by", *BY]
    assert filtered == [name for name in BY if name not in PERIODS]


def test_a_topic_with_a_gap_or_out_of_order_is_not_a_proof() -> None:
    log = Log("companies", partitions=1)
    History(1, 60, log)
    whole = log.messages
    lacking, repeating = whole[:5] + whole[6:], whole[:3] + whole[2:]
    for broken in (lacking, repeating, [*whole[:7], whole[8], whole[7], *whole[9:]]):
        assert faults_of(broken)
    assert not faults_of(whole)


def faults_of(messages: Sequence[Message]) -> Sequence[str]:
    """What is wrong with a partition."""
    with Topics() as topics:
        for message in messages:
            topics.add(message, 2**63 - 1)
        for _ in topics.streams():
            pass
        return topics.faults


@asynccontextmanager
async def producing(bootstrap: str) -> AsyncIterator[AIOKafkaProducer]:
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, transactional_id="verify-test")
    async with producer:
        yield producer


async def publish(producer: AIOKafkaProducer, topic: str, log: Log, start: int = 0) -> None:
    """The events from the given one on, as a relay would."""
    for record in records(log, source_of(topic))[start:]:
        await producer.send(topic, record.value, record.key, record.partition, record.timestamp, headers=record.headers)


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_verify_proves_a_running_projection_from_kafka_alone(
    pool: asyncpg.Pool, database: str, kafka: str, capsys: pytest.CaptureFixture[str]
) -> None:
    territory = f"verify-{random.randrange(10**9)}"
    configured = Settings(
        database_url=database,
        kafka_bootstrap=kafka,
        territory=territory,
        oidc_issuer="http://issuer.test",
        oidc_audience="territory",
        oidc_jwks_url="http://issuer.test/jwks",
    )
    topic = configured.topic("companies")
    log = Log("companies", roles=("network", "town_hall"))
    History(36088, 300, log)
    for each in {name for subscribes in app.subscriptions for name in subscribes.to}:
        await ensure_topic(kafka, configured.topic(each), log.partitions)
    folding = [
        asyncio.create_task(
            Subscription(
                name, topics=[configured.topic(of) for of in subscribes.to], bootstrap=kafka, pool=pool, handle=handle
            ).run()
        )
        for subscribes in app.subscriptions
        for name, handle in [subscribes.begin(configured)]
    ]
    async with producing(kafka) as producer:
        lost = Log("companies")
        History(7, 50, lost)
        await producer.begin_transaction()
        await publish(producer, topic, lost)
        await producer.abort_transaction()
        async with producer.transaction():
            await publish(producer, topic, log)
        ends: dict[int, int] = {}
        for message in log.messages:
            ends[message.partition] = message.position
        columns = Columns()
        while True:
            async with snapshot(pool, catalogue, columns=columns) as now:
                of_companies = [served.positions.get("companies") for served in now.chapters.values()]
                if of_companies == [ends if "companies" in REGISTRY.topics(each.events) else None for each in ALL]:
                    break
            await asyncio.sleep(0.05)
        async with pool.acquire() as connection:
            while True:
                with contextlib.suppress(CatchingUp):
                    heard_to = (await served(connection)).positions  # type: ignore[arg-type]  # one of the pool
                    if heard_to == {"companies": ends}:
                        break
                await asyncio.sleep(0.05)
        for task in folding:
            task.cancel()
        await asyncio.gather(*folding, return_exceptions=True)
        before = len(log.recorded)
        History(8, 50, log)
        async with producer.transaction():
            await publish(producer, topic, log, before)
    few, _ = only(network.CHAPTER, investment.CHAPTER, employment.CHAPTER)
    assert await verify(few, configured, []) == 0
    assert "no differences" in capsys.readouterr().out
    assert await chapters(catalogue, configured, []) == 0
    assert capsys.readouterr().out.count(": serves\n") == len(catalogue.chapters)
    await pool.execute("UPDATE marks SET caught_up = false WHERE starts_with(subscription, 'indicators-employment-')")
    async with AIOKafkaProducer(bootstrap_servers=kafka) as stranger:
        await stranger.send_and_wait(topic, b"not ours", partition=0)
    assert await verify(few, configured, []) == 1
    printed = capsys.readouterr().out
    assert "is no event" in printed
    assert "The events of the chapter employment are still being folded" in printed
    assert await chapters(catalogue, configured, []) == 1
    assert re.search(r"employment .*: \d+\.\d% folded.*; nothing serves meanwhile\n", capsys.readouterr().out)
    unreachable = configured.model_copy(update={"kafka_bootstrap": "127.0.0.1:9"})
    assert await verify(few, unreachable, []) == 1
    assert "can't be read" in capsys.readouterr().out
    await pool.execute(
        "UPDATE facts SET value = value + 1 WHERE measure = (SELECT id FROM measures WHERE name = 'jobs_created')"
    )
    assert await verify(few, configured, []) == 1
    printed = capsys.readouterr().out
    assert "jobs_created" in printed
    assert "members" not in printed
    assert "was heard of" not in printed
    await pool.execute("UPDATE heard SET last_at = last_at - interval '1 s' WHERE type = 'CompanyLeft'")
    assert await verify(few, configured, []) == 1
    assert "town_hall was heard of by CompanyLeft of companies on 2026-" in capsys.readouterr().out
    await pool.execute("UPDATE marks SET caught_up = false WHERE subscription = 'partners-of-indicators'")
    assert await verify(few, configured, []) == 1
    printed = capsys.readouterr().out
    assert "The events of the chapter partners are still being folded" in printed
    assert "was heard of" not in printed
