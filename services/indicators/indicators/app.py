"""The programme's figures, folded from the events of every service."""

from functools import partial
from pathlib import Path

from indicators.api import routes
from indicators.catalogue import catalogue
from indicators.projection import begin, forget
from indicators.verify import verify
from service.definition import Service, Subscribes

app = Service(
    "indicators",
    title="Indicators",
    description="The programme's figures: what they are, what they are made of, and how to prove them.",
    router=routes(catalogue),
    subscriptions=tuple(
        Subscribes(events=chapter.events, begin=partial(begin, chapter)) for chapter in catalogue.chapters.values()
    ),
    migrations=Path(__file__).parent / "migrations",
    commands={"verify": partial(verify, catalogue), "forget": partial(forget, catalogue)},
)
