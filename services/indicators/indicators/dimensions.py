"""What figures may be broken down and filtered by: each dimension once, for declarations, questions and answers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from contracts import codes, labels
from contracts.companies.meter import MeterKind
from contracts.companies.need import NeedKind
from contracts.companies.plot import PlotStatus
from contracts.companies.survey import MaturityDimension
from contracts.companies.synergy import SynergyStatus
from contracts.employment.path import AgeGroup, PathExit, Residence
from contracts.employment.vacancy import ContractType
from contracts.language import Sentence
from contracts.mobility.shared_service import SharedServiceKind
from contracts.mobility.travel_survey import DistanceBand, TravelMode
from contracts.values import (
    Axis,
    Certification,
    Commune,
    EnteredCommune,
    EnteredNaf,
    EnteredRome,
    EnteredZone,
    EquipmentCode,
    Funder,
    IsoWeek,
    LabourSeriesCode,
    Naf,
    NeedHorizon,
    QualificationLevel,
    Rome,
    Siret,
    SkillsCampaignCode,
    Uai,
    Zone,
)
from contracts.youth_events.event import EventKind, Level
from contracts.youth_events.immersion import Agency
from contracts.youth_events.offer import Grade

Name = Literal[
    "company",
    "axis",
    "naf",
    "commune",
    "zone",
    "funder",
    "equipment",
    "rome",
    "contract",
    "grade",
    "week",
    "school",
    "resource",
    "plot_status",
    "synergy_status",
    "maturity_dimension",
    "need_kind",
    "event_kind",
    "level",
    "gender",
    "service_kind",
    "travel_mode",
    "distance",
    "labour_series",
    "skills_campaign",
    "horizon",
    "qualification_level",
    "certification",
    "body",
    # What tells series breaks apart, likewise.
    "break_on",
    "agency",
    "residence",
    "age_group",
    "exit_reason",
    # What tells targets and actions apart. They are read as a whole, and nobody asks by these.
    "status",
    "since",
    "indicator",
    "of",
    "aim",
    "value",
    "due",
]
Labels = Mapping[Any, Sentence]
"""By code."""
Gender = Literal["girls", "boys", "untold"]
GENDERS: Final[Labels] = {
    "girls": Sentence("Girls", "Filles"),
    "boys": Sentence("Boys", "Garçons"),
    "untold": Sentence("Not told", "Non précisé"),
}


@dataclass(frozen=True, kw_only=True)
class Dimension:
    """One way to tell the parts of a figure apart."""

    called: Sentence
    asked: Any
    """The type that a question's filter is read as: a code has to be in today's list, where that only grows."""
    shown: Any
    """The type that an answer's cell has."""
    entered: Any = None
    """The type that a target's value is read as, where a filter takes what was recorded and is not there today."""
    counts: str
    """What a filter by it counts, as the documentation says."""
    absent: str = ""
    """What null means in an answer, where it may be there."""
    labels: Callable[[], Labels] | None = None
    """What its values are called, where a list tells. Values that are not in the list may occur, too."""
    calendar: bool = False
    """Whether there is each of its values, whatever happened."""


def _names(read: Callable[[], Mapping[str, str]]) -> Callable[[], Labels]:
    """Labels that are the same in both languages: names, and lists that are published in French only."""
    return lambda: {code: Sentence(name.strip(), name.strip()) for code, name in read().items()}


DIMENSIONS: Final[Mapping[Name, Dimension]] = {
    "company": Dimension(
        called=Sentence("Company", "Entreprise"), asked=Siret, shown=Siret, counts="Count only this company."
    ),
    "axis": Dimension(
        called=Sentence("Axis", "Axe"),
        asked=Axis,
        shown=Axis,
        counts="Count only this axis.",
        labels=lambda: labels.AXES,
    ),
    "naf": Dimension(
        called=Sentence("Activity (NAF)", "Activité (NAF)"),
        asked=EnteredNaf,
        shown=Naf,
        counts="Count only this NAF sub-class.",
        labels=_names(codes.naf),
    ),
    "commune": Dimension(
        called=Sentence("Commune", "Commune"),
        asked=Commune,
        shown=Commune,
        entered=EnteredCommune,
        counts="Count only this commune.",
        labels=_names(codes.territory),
    ),
    "zone": Dimension(
        called=Sentence("Business zone", "Zone d'activités"),
        asked=Zone,
        shown=Zone,
        entered=EnteredZone,
        counts="Count only this business zone.",
        absent="Null for companies outside any zone.",
        labels=codes.zones,
    ),
    "funder": Dimension(
        called=Sentence("Funder", "Financeur"),
        asked=Funder,
        shown=Funder,
        counts="Count only this funder's money.",
        labels=lambda: labels.VOCABULARIES["building-funders"],
    ),
    "equipment": Dimension(
        called=Sentence("Equipment", "Équipement"),
        asked=EquipmentCode,
        shown=EquipmentCode,
        counts="Count only this equipment of the shared platform.",
    ),
    "rome": Dimension(
        called=Sentence("Occupation (ROME)", "Métier (ROME)"),
        asked=EnteredRome,
        shown=Rome,
        counts="Count only this occupation of ROME 4.0.",
        labels=_names(codes.rome),
    ),
    "contract": Dimension(
        called=Sentence("Contract", "Contrat"),
        asked=ContractType,
        shown=ContractType,
        counts="Count only this type of employment contract.",
        labels=lambda: labels.VOCABULARIES["contract-types"],
    ),
    "grade": Dimension(
        called=Sentence("Grade", "Niveau de classe"),
        asked=Grade,
        shown=Grade,
        counts="Count only this grade of collège or lycée.",
        labels=lambda: labels.VOCABULARIES["grades"],
    ),
    "week": Dimension(
        called=Sentence("Week", "Semaine"),
        asked=IsoWeek,
        shown=IsoWeek,
        counts="Count only this week.",
        calendar=True,
    ),
    "school": Dimension(
        called=Sentence("School", "Établissement"),
        asked=Uai,
        shown=Uai,
        counts="Count only this school.",
        labels=_names(codes.schools),
    ),
    "resource": Dimension(
        called=Sentence("Resource", "Ressource"),
        asked=MeterKind,
        shown=MeterKind,
        counts="Count only meters of this resource.",
        labels=lambda: labels.VOCABULARIES["meter-kinds"],
    ),
    "plot_status": Dimension(
        called=Sentence("What a plot is", "État du terrain"),
        asked=PlotStatus,
        shown=PlotStatus,
        counts="Count only plots that are this.",
        labels=lambda: labels.VOCABULARIES["plot-statuses"],
    ),
    "synergy_status": Dimension(
        called=Sentence("State of a synergy", "État de la synergie"),
        asked=SynergyStatus,
        shown=SynergyStatus,
        counts="Count only synergies in this state.",
        labels=lambda: labels.VOCABULARIES["synergy-statuses"],
    ),
    "maturity_dimension": Dimension(
        called=Sentence("Dimension of maturity", "Dimension de maturité"),
        asked=MaturityDimension,
        shown=MaturityDimension,
        counts="Count only this dimension of industry 4.0.",
        labels=lambda: labels.VOCABULARIES["maturity-dimensions"],
    ),
    "need_kind": Dimension(
        called=Sentence("Kind of need", "Nature du besoin"),
        asked=NeedKind,
        shown=NeedKind,
        counts="Count only needs of this kind.",
        labels=lambda: labels.VOCABULARIES["need-kinds"],
    ),
    "event_kind": Dimension(
        called=Sentence("Kind of event", "Nature de la rencontre"),
        asked=EventKind,
        shown=EventKind,
        counts="Count only events of this kind.",
        labels=lambda: labels.VOCABULARIES["event-kinds"],
    ),
    "level": Dimension(
        called=Sentence("Level of classes", "Niveau des classes"),
        asked=Level,
        shown=Level,
        counts="Count only classes of this level.",
        labels=lambda: labels.VOCABULARIES["levels"],
    ),
    "gender": Dimension(
        called=Sentence("Girls and boys", "Filles et garçons"),
        asked=Gender,
        shown=Gender,
        counts="Count only girls, only boys, or only those of whom it is not told.",
        labels=lambda: GENDERS,
    ),
    "service_kind": Dimension(
        called=Sentence("Kind of shared service", "Nature du service partagé"),
        asked=SharedServiceKind,
        shown=SharedServiceKind,
        counts="Count only shared services of this kind.",
        labels=lambda: labels.VOCABULARIES["shared-service-kinds"],
    ),
    "travel_mode": Dimension(
        called=Sentence("Mode of travel", "Mode de déplacement"),
        asked=TravelMode,
        shown=TravelMode,
        counts="Count only who comes to work in this way.",
        labels=lambda: labels.VOCABULARIES["travel-modes"],
    ),
    "distance": Dimension(
        called=Sentence("Distance to work", "Distance domicile-travail"),
        asked=DistanceBand,
        shown=DistanceBand,
        counts="Count only who comes from this far.",
        labels=lambda: labels.VOCABULARIES["distance-bands"],
    ),
    "labour_series": Dimension(
        called=Sentence("Labour series", "Série du marché du travail"),
        asked=LabourSeriesCode,
        shown=LabourSeriesCode,
        counts="Count only this series of the labour market.",
    ),
    "skills_campaign": Dimension(
        called=Sentence("Skills campaign", "Campagne GPECT"),
        asked=SkillsCampaignCode,
        shown=SkillsCampaignCode,
        counts="Count only what this campaign has found.",
    ),
    "horizon": Dimension(
        called=Sentence("Horizon, in years", "Horizon, en années"),
        asked=NeedHorizon,
        shown=NeedHorizon,
        counts="Count only needs within so many years: 1, 3 or 5.",
    ),
    "qualification_level": Dimension(
        called=Sentence("Level of qualification", "Niveau de qualification"),
        asked=QualificationLevel,
        shown=QualificationLevel,
        counts="Count only needs for this level of qualification, from 3 (CAP) to 8.",
        absent="Null for needs that any level answers.",
    ),
    "certification": Dimension(
        called=Sentence("Certification", "Certification"),
        asked=Certification,
        shown=Certification,
        counts="Count only what leads to this certification.",
    ),
    "body": Dimension(
        called=Sentence("Training body", "Organisme de formation"),
        asked=Siret,
        shown=Siret,
        counts="Count only what is of this training body.",
        absent="Null for AFPA Issoudun.",
    ),
    "agency": Dimension(
        called=Sentence("Agency", "Organisme"),
        asked=Agency,
        shown=Agency,
        counts="Count only the job seekers whom this agency accompanies.",
        labels=lambda: labels.VOCABULARIES["agencies"],
    ),
    "residence": Dimension(
        called=Sentence("Residence", "Lieu de résidence"),
        asked=Residence,
        shown=Residence,
        counts="Count only job seekers who live there.",
        labels=lambda: labels.VOCABULARIES["residences"],
    ),
    "age_group": Dimension(
        called=Sentence("Age at the referral", "Âge à l'orientation"),
        asked=AgeGroup,
        shown=AgeGroup,
        counts="Count only job seekers who were of this age on the day of the referral.",
        labels=lambda: labels.VOCABULARIES["age-groups"],
    ),
    "exit_reason": Dimension(
        called=Sentence("Reason of the exit", "Motif de sortie"),
        asked=PathExit,
        shown=PathExit,
        counts="Count only exits for this reason.",
        labels=lambda: labels.VOCABULARIES["path-exits"],
    ),
}
"""By the name that events, questions and answers know it by."""
