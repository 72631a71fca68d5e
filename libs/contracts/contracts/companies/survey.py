"""What happens to the needs survey [diagnostic 4.0] of a company, the stream `survey-<siret>`: how mature it is.

A company is surveyed again and again in the same stream. What an earlier survey found stands until the next is
validated. Each event that changes what stands says it for every dimension, as it was and as it is now.
"""

from typing import Final, Literal

from contracts.category import Category
from contracts.model import Correction, Day, Detail, Event
from contracts.values import Commune, MaturityLevel, Naf, Siret, Zone

CATEGORY: Final = Category("survey", service="companies", path="/v1/surveys")

MaturityDimension = Literal["strategy", "processes", "machines_and_data", "products", "people", "cybersecurity"]
"""What a company's way to industry 4.0 is looked at by.

The programme's own choice. That there are six, each from 0 to 5, is also so in VDMA's IMPULS readiness model of 2015;
these are not its dimensions, and levels do not compare with those of any published model.
"""
SurveyStatus = Literal["begun", "completed", "validated", "abandoned", "closed"]
ReturnReason = Literal["implausible", "without_evidence", "misunderstood", "other"]
AbandonReason = Literal["company_unavailable", "postponed", "entered_by_mistake", "other"]
SurveyStep = Literal["begun", "completed", "validated"]
SurveyDayCorrection = Literal["typing_error", "late_document", "other"]
LevelCorrection = Literal["typing_error", "late_document", "reassessment", "other"]


class DimensionLevel(Detail):
    """How mature a company is in one dimension."""

    dimension: MaturityDimension
    level: MaturityLevel


class _Survey(Event):
    company: Siret
    naf: Naf
    """Activity, commune and zone of the company are as when the survey began."""
    commune: Commune
    zone: Zone | None


class SurveyBegun(_Survey, version=1):
    """A member company is surveyed, for the first time or anew."""


class SurveyAnswered(_Survey, version=1):
    """The company has said, or the network has found with it, how mature it is in some dimensions."""

    answers_before: tuple[DimensionLevel, ...]
    """What this survey said of these dimensions until now, as far as it did."""
    answers: tuple[DimensionLevel, ...]


class SurveyCompleted(_Survey, version=1):
    """Every dimension is answered, and the network may look at it."""

    answers: tuple[DimensionLevel, ...]
    """Of every dimension."""


class SurveyReturned(_Survey, version=1):
    """The network asks for other answers."""

    reason: ReturnReason


class SurveyValidated(_Survey, version=1):
    """The network agrees with the answers: from this day on they are what the company's maturity is."""

    levels_before: tuple[DimensionLevel, ...]
    """What stood until now: of the survey before, if there was one."""
    levels: tuple[DimensionLevel, ...]


class SurveyAbandoned(_Survey, version=1):
    """It comes to nothing. What an earlier survey found stands."""

    reason: AbandonReason


class MaturityCorrected(_Survey, Correction, version=1):
    """A level that was validated had been wrong from that day on."""

    dimension: MaturityDimension
    level_before: MaturityLevel
    level: MaturityLevel
    validated_on: Day
    reason: LevelCorrection


class SurveyDayCorrected(_Survey, Correction, version=1):
    """The day of a step of the survey had been recorded wrongly.

    Where that is the validation, `levels` stand from the right day on, and what stood before until then.
    """

    step: SurveyStep
    day_before: Day
    day: Day
    levels: tuple[DimensionLevel, ...]
    """What stands; of another step than the validation none are told, nor are those before."""
    levels_before: tuple[DimensionLevel, ...]
    """What the survey before had found, if there was one."""
    naf_before: Naf | None
    """With these levels, activity, commune and zone as when that survey began."""
    commune_before: Commune | None
    zone_before: Zone | None
    reason: SurveyDayCorrection


class SurveyClosed(_Survey, version=1):
    """The company has left the network: its maturity counts no more."""

    levels_before: tuple[DimensionLevel, ...]
    """What stood until now, if any survey was validated."""
