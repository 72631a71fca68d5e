"""What happens to a need of a surveyed company [besoin], the stream `need-<id>`: declared, then met or dropped.

What a company lacks on its way to industry 4.0. Persons to hire and skills are declared elsewhere, as skill needs.
"""

from typing import Final, Literal

from contracts.category import Category
from contracts.companies.survey import MaturityDimension
from contracts.model import Aside, Correction, Day, Event
from contracts.values import Commune, Naf, ShortText, Siret, Zone

CATEGORY: Final = Category("need", service="companies", path="/v1/needs")

NeedKind = Literal["equipment", "software", "training", "funding", "advice", "partner", "other"]
NeedPriority = Literal["high", "medium", "low"]
NeedStatus = Literal["declared", "met", "dropped"]
NeedMeans = Literal[
    "shared_equipment", "purchase", "training_session", "grant", "expert", "partnership", "own_means", "other"
]
"""What a need is met by; `shared_equipment` is that of the programme's platform."""
NeedDrop = Literal["not_needed", "too_costly", "no_offer", "entered_by_mistake", "member_left", "other"]
NeedCorrection = Literal["typing_error", "late_document", "not_met", "other"]


class _Need(Event):
    company: Siret
    naf: Naf
    """Activity, commune and zone of the company are as when it declared the need."""
    commune: Commune
    zone: Zone | None
    kind: NeedKind
    dimension: MaturityDimension
    """What it would make the company more mature in."""


class NeedDeclared(_Need, version=1):
    """A surveyed company lacks something."""

    title: ShortText
    priority: NeedPriority


class NeedPriorityChanged(_Need, version=1):
    """It matters more, or less."""

    priority_before: NeedPriority
    priority: NeedPriority


class NeedMet(_Need, version=1):
    """The company has what it lacked."""

    priority: NeedPriority
    declared_on: Day
    means: NeedMeans


class NeedDropped(_Need, version=1):
    """It will not be met, or never was one."""

    priority: NeedPriority
    declared_on: Day
    reason: NeedDrop


class NeedOutcomeCorrected(_Need, Correction, version=1):
    """It was met on another day, or by something else."""

    means_before: NeedMeans
    means: NeedMeans
    met_before: Day
    met_on: Day
    reason: NeedCorrection


class NeedReopened(_Need, Aside, version=1):
    """It had not been met: it is declared still."""

    means: NeedMeans
    """What was told to have met it."""
    met_on: Day
    """The day it was told to be met on."""
    reason: NeedCorrection
