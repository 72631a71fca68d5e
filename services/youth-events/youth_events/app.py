"""Events at which young people meet companies, offers of observation placements, the placements on them, and
immersions."""

from typing import Final

from contracts.roles import Role
from contracts.youth_events import class_booking, erasure, event, immersion, mail, offer, placement
from eventstore.erasure import erasing
from eventstore.mail import mails
from service.definition import Service
from service.http.reading import Reads
from service.http.resource import Resource
from youth_events.bounds import Plausible
from youth_events.class_booking import class_bookings
from youth_events.event import events
from youth_events.immersion import AGENCIES, immersions
from youth_events.letters import TEMPLATES
from youth_events.members import members
from youth_events.offer import offers
from youth_events.placement import placements
from youth_events.reactions import reactions
from youth_events.signatures import router

COORDINATORS: Final[tuple[Role, ...]] = ("network", "town_hall", "ops")
"""Those who bring schools and companies together, and who runs the platform."""
IMMERSIONS: Final = Reads(all=(*AGENCIES, "ops"), own=("company",))
"""Both agencies read all immersions, so that neither prepares what the other has."""

app = Service(
    "youth-events",
    title="Youth and industry",
    description="Events at which young people meet companies, and schools' bookings for their classes; offers of "
    "observation placements in the member companies, and the placements of pupils on them; immersions of people whom "
    "an agency accompanies, and their agreements.",
    resources=(
        Resource(
            events,
            event.CATEGORY.path,
            # What schools choose from, once it is published; not which classes have booked, and how many of them came.
            reads=Reads(
                all=(*COORDINATORS, "steering"),
                public=(
                    "title",
                    "kind",
                    "rome",
                    "commune",
                    "place",
                    "day",
                    "starts",
                    "ends",
                    "levels",
                    "capacity",
                    "booked",
                    "companies",
                    "status",
                    "closes_on",
                    "published_on",
                    "opened_on",
                ),
                public_when=("published", "open", "full", "closed", "held", "reported", "cancelled"),
            ),
        ),
        # Of a booking nothing is public: how a class of a school is made up is that school's business.
        Resource(
            class_bookings,
            class_booking.CATEGORY.path,
            reads=Reads(all=("network", "town_hall", "steering"), own=("school",)),
        ),
        Resource(
            offers,
            offer.CATEGORY.path,
            # What schools may ask for; not which placements have the places.
            reads=Reads(
                all=COORDINATORS,
                own=("company",),
                public=(
                    "company",
                    "naf",
                    "commune",
                    "zone",
                    "week",
                    "grade",
                    "schools",
                    "places",
                    "taken",
                    "status",
                    "closes_on",
                    "opened_on",
                ),
            ),
        ),
        # Of a placement nothing is public: in a small town a week, a school and a company tell who it is.
        Resource(
            placements,
            placement.CATEGORY.path,
            reads=Reads(all=COORDINATORS, own=("school", "company")),
            ground="public_task",
        ),
        # Nor of an immersion.
        Resource(immersions, immersion.CATEGORY.path, reads=IMMERSIONS, ground="public_task"),
        Resource(mails, mail.CATEGORY.path, reads=Reads(all=("ops",)), ground="public_task"),
        Resource(erasing("ops"), erasure.CATEGORY.path, reads=Reads(all=COORDINATORS)),
    ),
    router=router(IMMERSIONS),
    mirrors=(members,),
    reactions=reactions,
    mail=TEMPLATES,
    bounds=Plausible,
)
