"""What the territory's companies need in skills, and what answers it: campaigns, forecasts, courses, sessions,
enrolments, and the rooms and the building that they are in."""

from typing import Final

from contracts.roles import Role
from contracts.training import erasure
from eventstore.erasure import erasing
from service.definition import Service
from service.http.reading import Reads
from service.http.resource import Resource
from training.members import members

TRAINERS: Final[tuple[Role, ...]] = ("afpa", "mission_locale", "france_travail")
"""Those who look after trainees of every training body."""

erasures = erasing(*TRAINERS, "ops")

app = Service(
    "training",
    title="Training",
    description="What the territory's companies need in skills, and what answers it: campaigns, forecasts, courses, "
    "sessions, enrolments, and the rooms and the building that they are in.",
    resources=(Resource(erasures, erasure.CATEGORY.path, reads=Reads(all=(*TRAINERS, "ops"))),),
    mirrors=(members,),
)
