"""What the territory's companies need in skills, and what answers it: campaigns, forecasts, courses, sessions,
enrolments, and the rooms and the building that they are in."""

from typing import Final

from contracts.roles import Role
from contracts.training import erasure, rehabilitation
from eventstore.erasure import erasing
from service.definition import Service
from service.http.reading import Reads
from service.http.resource import Resource
from training.forecasting import forecasting
from training.members import members
from training.rehabilitation import PUBLIC, rehabilitations

TRAINERS: Final[tuple[Role, ...]] = ("afpa", "mission_locale", "france_travail")
"""Those who look after trainees of every training body."""

erasures = erasing(*TRAINERS, "ops")

app = Service(
    "training",
    title="Training",
    description="What the territory's companies need in skills, and what answers it: campaigns, forecasts, courses, "
    "sessions, enrolments, and the rooms and the building that they are in.",
    resources=(
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
    router=forecasting(),
    mirrors=(members,),
)
