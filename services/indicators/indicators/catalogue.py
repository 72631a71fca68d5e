"""The indicators of the programme, in the order they are shown."""

from typing import Final

from indicators import employment, equipment, investment, network, youth_events
from indicators.measures import Catalogue

catalogue: Final = Catalogue(
    network.members,
    network.headcount,
    investment.investment_announced,
    investment.investment_committed,
    investment.invested_productive,
    investment.grants_granted,
    investment.grants_disbursed,
    investment.jobs_created,
    investment.jobs_maintained,
    investment.jobs_evidenced,
    investment.cost_per_job,
    youth_events.places_offered,
    youth_events.placements,
    youth_events.placement_fill_rate,
    youth_events.host_companies,
    youth_events.host_rate,
    equipment.platform_hours_booked,
    equipment.platform_open_hours,
    equipment.platform_use,
    equipment.platform_companies,
    employment.vacancies_open,
    employment.vacancies_filled,
    employment.hires,
    employment.hires_priority,
    employment.hires_long_term,
    employment.hires_very_long_term,
    employment.hires_senior,
    employment.hires_women,
    employment.hires_youth,
    employment.hires_sustained,
)
