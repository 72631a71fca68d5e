"""What the territory's companies need in skills, and what answers it: campaigns, forecasts, courses, sessions,
enrolments, and the rooms and the building that they are in."""

from typing import Final

from fastapi import APIRouter

from contracts.roles import Role
from contracts.training import (
    campaign_answer,
    course,
    enrolment,
    erasure,
    forecast,
    rehabilitation,
    room,
    session,
    skill_need,
    skills_campaign,
)
from eventstore.erasure import erasing
from service.definition import Service
from service.http.reading import EVERYBODY, Reads
from service.http.resource import Resource
from training.bounds import Plausible
from training.campaign_answer import campaign_answers
from training.completion import completing
from training.course import courses
from training.enrolment import enrolments
from training.forecast import forecasts
from training.gaps import gapping
from training.members import members
from training.published import KINDS, publishing
from training.reactions import reactions
from training.rehabilitation import PUBLIC, rehabilitations
from training.room import rooms
from training.scenarios import scenarios
from training.session import sessions
from training.skill_need import skill_needs
from training.skills_campaign import skills_campaigns

TRAINERS: Final[tuple[Role, ...]] = ("afpa", "mission_locale", "france_travail")
"""Those who look after trainees of every training body."""

OF_A_SESSION: Final = (
    "status",
    "body",
    "course",
    "title",
    "certification",
    "romes",
    "level",
    "hours",
    "commune",
    "starts_on",
    "ends_on",
    "decision_on",
    "seats",
    "minimum",
    "slots",
    "days_off",
    "rooms",
)
"""What everybody reads of a session."""

PLANNERS: Final[tuple[Role, ...]] = (
    "network",
    "town_hall",
    "epci",
    "steering",
    "afpa",
    "mission_locale",
    "france_travail",
    "ops",
)
"""Those who plan what people are trained for: they read every need, and what is forecast."""
# With the figures that only these have: who is asked knows the campaign by its code.
OF_CAMPAIGNS: Final = Reads(all=("epci", "network", "steering"))
# What a company needs tells its plans.
OF_NEEDS: Final = Reads(all=PLANNERS, own=("company",))
# Numbers of an occupation may be those of its only company on the territory.
OF_FORECASTS: Final = Reads(all=PLANNERS)

erasures = erasing(*TRAINERS, "ops")

app = Service(
    "training",
    title="Training",
    description="What the territory's companies need in skills, and what answers it: campaigns, forecasts, courses, "
    "sessions, enrolments, and the rooms and the building that they are in.",
    resources=(
        Resource(skills_campaigns, skills_campaign.CATEGORY.path, reads=OF_CAMPAIGNS),
        # What a company tells of its people and its plans is between it and who runs the campaign.
        Resource(
            campaign_answers,
            campaign_answer.CATEGORY.path,
            reads=Reads(all=("epci", "network"), own=("company", "training_body")),
        ),
        Resource(
            rehabilitations,
            rehabilitation.CATEGORY.path,
            # A public building with public money; what each contract comes to is between those who pay.
            reads=Reads(
                all=("afpa", "town_hall", "epci", "region", "state", "steering", "ops"),
                public=PUBLIC,
            ),
        ),
        Resource(rooms, room.CATEGORY.path, reads=EVERYBODY),
        Resource(courses, course.CATEGORY.path, reads=EVERYBODY),
        Resource(
            sessions,
            session.CATEGORY.path,
            # What one may enrol for; what is only proposed, and who has a seat, is for those who plan and advise.
            reads=Reads(
                all=(*TRAINERS, "network", "epci", "steering", "ops"),
                own=("training_body",),
                public=OF_A_SESSION,
                public_when=("planned", "open", "confirmed", "running", "completed", "postponed", "cancelled"),
            ),
        ),
        # Who is trained, and how it came out, is between the person's advisers and the training body.
        Resource(
            enrolments, enrolment.CATEGORY.path, reads=Reads(all=TRAINERS, own=("training_body",)), ground="public_task"
        ),
        Resource(skill_needs, skill_need.CATEGORY.path, reads=OF_NEEDS),
        Resource(forecasts, forecast.CATEGORY.path, reads=OF_FORECASTS),
        Resource(erasures, erasure.CATEGORY.path, reads=Reads(all=(*TRAINERS, "ops"))),
    ),
    router=APIRouter(
        routes=[
            *publishing(OF_CAMPAIGNS).routes,
            *completing().routes,
            *gapping(OF_NEEDS).routes,
            *scenarios(OF_FORECASTS).routes,
        ]
    ),
    kinds=KINDS,
    mirrors=(members,),
    reactions=reactions,
    bounds=Plausible,
)
