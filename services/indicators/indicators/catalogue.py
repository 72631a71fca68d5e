"""The indicators of the programme, chapter by chapter."""

from typing import Final

from indicators import (
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
from indicators.chapters import Catalogue

catalogue: Final = Catalogue(
    network.CHAPTER,
    investment.CHAPTER,
    waste.CHAPTER,
    resources.CHAPTER,
    land.CHAPTER,
    mobility.CHAPTER,
    synergies.CHAPTER,
    youth_events.CHAPTER,
    skills.CHAPTER,
    building.CHAPTER,
    training.CHAPTER,
    equipment.CHAPTER,
    industry.CHAPTER,
    employment.CHAPTER,
    aim.CHAPTER,
    paths.CHAPTER,
    steering.CHAPTER,
    sheets.CHAPTER,
    targets=steering.targets,
)
