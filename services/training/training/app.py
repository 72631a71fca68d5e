"""What the territory's companies need in skills, and what answers it: campaigns, forecasts, courses, sessions,
enrolments, and the rooms and the building that they are in."""

from typing import Final

from fastapi import APIRouter

from contracts.roles import Role
from contracts.training import campaign_answer, erasure, rehabilitation, skills_campaign
from eventstore.erasure import erasing
from service.definition import Service
from service.http.reading import Reads
from service.http.resource import Resource
from training.bounds import Plausible
from training.campaign_answer import campaign_answers
from training.completion import completing
from training.members import members
from training.published import publishing
from training.reactions import reactions
from training.rehabilitation import PUBLIC, rehabilitations
from training.skills_campaign import skills_campaigns

TRAINERS: Final[tuple[Role, ...]] = ("afpa", "mission_locale", "france_travail")
"""Those who look after trainees of every training body."""

erasures = erasing(*TRAINERS, "ops")

app = Service(
    "training",
    title="Training",
    description="What the territory's companies need in skills, and what answers it: campaigns, forecasts, courses, "
    "sessions, enrolments, and the rooms and the building that they are in.",
    resources=(
        # With the figures that only these have: who is asked knows the campaign by its code.
        Resource(skills_campaigns, skills_campaign.CATEGORY.path, reads=Reads(all=("epci", "network", "steering"))),
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
        Resource(erasures, erasure.CATEGORY.path, reads=Reads(all=(*TRAINERS, "ops"))),
    ),
    router=APIRouter(routes=[*publishing().routes, *completing().routes]),
    mirrors=(members,),
    reactions=reactions,
    bounds=Plausible,
)
