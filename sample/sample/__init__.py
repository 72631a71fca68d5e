"""The sample programme: invented, and the same each time. A file for each service says what is told to it.

>>> story = stories()[0]
>>> story.steps[0].command, story.steps[0].category.public_path
('apply', '/companies/v1/companies')
"""

from sample import companies
from sample.story import LAST_DAY, Step, Story

__all__ = ["LAST_DAY", "Step", "Story", "stories"]


def stories() -> list[Story]:
    """What everybody did. Each story's requests go one after the other, those of several stories at once."""
    return companies.stories()
