"""The programme's figures, folded from the events of every service, its targets, and the actions that serve them."""

from functools import partial
from pathlib import Path

from contracts.indicators import action, target
from indicators.action import actions
from indicators.api import routes
from indicators.catalogue import catalogue
from indicators.metrics import tells
from indicators.names import NAMES
from indicators.partners import SUBSCRIBES as PARTNERS
from indicators.programme_api import tell_programme
from indicators.progress import chapters
from indicators.projection import BATCH, begin, forget
from indicators.sentences import KINDS
from indicators.target import targets
from indicators.verify import verify
from service.definition import Service, Subscribes
from service.http.reading import EVERYBODY
from service.http.resource import Resource

app = Service(
    "indicators",
    title="Indicators",
    description="The programme's figures: what they are, what they are made of, and how to prove them; its targets, "
    "and the actions that serve them.",
    resources=(
        # What the programme aims at, and how far it is, is every partner's business.
        Resource(targets, target.CATEGORY.path, reads=EVERYBODY),
        Resource(actions, action.CATEGORY.path, reads=EVERYBODY),
    ),
    router=tell_programme(routes(catalogue), catalogue),
    subscriptions=(
        *(
            Subscribes(events=chapter.events, begin=partial(begin, chapter), batch=BATCH)
            for chapter in catalogue.chapters.values()
        ),
        NAMES,
        PARTNERS,
    ),
    migrations=Path(__file__).parent / "migrations",
    kinds=KINDS,
    tells=tells(catalogue),
    commands={
        "verify": partial(verify, catalogue),
        "chapters": partial(chapters, catalogue),
        "forget": partial(forget, catalogue),
    },
)
