"""How each chapter is counted a second time, as its file says."""

from collections.abc import Mapping
from typing import Final

from indicators.recounts import (
    aim,
    building,
    employment,
    equipment,
    industry,
    investment,
    land,
    mobility,
    network,
    paths,
    resources,
    sheets,
    skills,
    steering,
    synergies,
    training,
    waste,
    youth_events,
)
from indicators.recounts.counting import Recounts

RECOUNTS: Final[Mapping[str, Recounts]] = {
    "network": network.RECOUNTS,
    "investment": investment.RECOUNTS,
    "waste": waste.RECOUNTS,
    "resources": resources.RECOUNTS,
    "land": land.RECOUNTS,
    "mobility": mobility.RECOUNTS,
    "synergies": synergies.RECOUNTS,
    "youth-events": youth_events.RECOUNTS,
    "skills": skills.RECOUNTS,
    "building": building.RECOUNTS,
    "training": training.RECOUNTS,
    "equipment": equipment.RECOUNTS,
    "industry": industry.RECOUNTS,
    "employment": employment.RECOUNTS,
    "aim": aim.RECOUNTS,
    "paths": paths.RECOUNTS,
    "steering": steering.RECOUNTS,
    "actions": sheets.RECOUNTS,
}
"""By the name of the chapter."""
