"""The sample programme: invented, and the same each time. Files by subject say what is told to the services.

>>> story = stories(date(2026, 9, 1))[0]
>>> story.steps[0].command, story.steps[0].category.public_path
('apply', '/companies/v1/companies')
"""

from datetime import date

from sample import (
    bikes,
    companies,
    employment,
    industry,
    labour,
    land,
    mobility,
    platform,
    resources,
    steering,
    synergies,
    training,
    waste,
    youth_events,
)
from sample.story import LAST_DAY, Made, Step, Story

__all__ = ["LAST_DAY", "Made", "Step", "Story", "stories"]


def stories(today: date) -> list[Story]:
    """What everybody did. Each story's requests go one after the other, those of several stories at once.

    What is booked by the hour lies in the week after `today`, and what pupils are offered in those that follow. What is
    held of land until a day to come is so from `today` on, and a ride goes regularly from then on. Two sessions of
    training are for the months after it.
    """
    return [
        *companies.stories(),
        *steering.stories(),
        *resources.stories(),
        *waste.stories(),
        *synergies.stories(),
        *land.stories(today),
        *mobility.stories(today),
        *bikes.stories(),
        *platform.stories(today),
        *industry.stories(),
        *youth_events.stories(today),
        *employment.stories(),
        *labour.stories(),
        *training.stories(today),
    ]
