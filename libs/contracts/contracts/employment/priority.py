"""Whom the programme helps first: priority flags, as an adviser gave them, each dated and with its source."""

from typing import Literal

from contracts.model import Day, Detail

PriorityGroup = Literal["long_term", "very_long_term", "senior", "woman", "youth"]
"""`long_term`: without work for 12 months or more, `very_long_term`: for 24; `senior`: 50 or older, `youth`: under 26:
unless the deployment says otherwise. Several hold of one person, so groups overlap and are never added together."""
FlagSource = Literal["registration", "declaration", "interview", "document"]
"""The register of job seekers, what the person declares, an adviser's interview, or a document that was shown."""


class PriorityFlag(Detail):
    """That somebody belongs to a priority group."""

    group: PriorityGroup
    established_on: Day
    """The day on which it was true."""
    source: FlagSource
