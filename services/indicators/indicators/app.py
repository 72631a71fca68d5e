"""The programme's figures, folded from the events of every service."""

from functools import partial
from pathlib import Path

from indicators import equipment, investment, network
from indicators.api import routes
from indicators.measures import Catalogue
from indicators.projection import begin, forget
from indicators.verify import verify
from service.definition import Service, Subscribes

catalogue = Catalogue(
    network.members,
    network.headcount,
    investment.investment_announced,
    investment.investment_committed,
    investment.invested_productive,
    investment.grants_granted,
    investment.grants_disbursed,
    investment.jobs_created,
    investment.jobs_maintained,
    investment.cost_per_job,
    equipment.platform_hours_booked,
    equipment.platform_open_hours,
    equipment.platform_use,
    equipment.platform_companies,
)

app = Service(
    "indicators",
    title="Indicators",
    description="The programme's figures: what they are, what they are made of, and how to prove them.",
    router=routes(catalogue),
    subscriptions=(Subscribes(events=catalogue.events, begin=partial(begin, catalogue)),),
    migrations=Path(__file__).parent / "migrations",
    commands={"verify": partial(verify, catalogue), "forget": partial(forget, catalogue)},
)
