"""The value types of the published language, each with its true rule, its sentence and its JSON Schema.

Each is an ordinary `str`, `int` or `float` that pydantic checks where a model declares it. A value that breaks the rule
is refused with the type's slug as error type.

>>> SENTENCES["axis"].fr
'un axe est un nombre entier de 1 à 7 (et non un texte)'
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final, get_args

from contracts.language import Sentence
from contracts.model import DAY, DAY_OUT_OF_RANGE
from contracts.values import classifications, geography, identifiers, moments, persons, quantities, size, weeks, words
from contracts.values.classifications import (
    Axis,
    Commune,
    EnteredCommune,
    EnteredLegalForm,
    EnteredNaf,
    EnteredRome,
    EnteredTreatment,
    EnteredWaste,
    EnteredZone,
    LegalForm,
    Naf,
    Rome,
    TreatmentCode,
    WasteCode,
    Zone,
)
from contracts.values.geography import MOST_POSITIONS, Outline, Position
from contracts.values.identifiers import (
    LA_POSTE,
    SAMPLE_PREFIX,
    BikeParkingCode,
    CarpoolAreaCode,
    DocumentHash,
    EnteredParcel,
    EquipmentCode,
    NationalCarpoolId,
    OsmId,
    Parcel,
    PlotCode,
    RecordId,
    Siren,
    Siret,
    Uai,
    UnitCode,
    sample_siret,
)
from contracts.values.moments import INSTANT, EnteredQuarter, Moment, TimeOfDay
from contracts.values.persons import EmailAddress, PersonName, PhoneNumber, Subject
from contracts.values.quantities import (
    MOST_OF_A_FLOW,
    MOST_PLACES,
    MOST_POSTS,
    MOST_PUPILS,
    MOST_TONNES,
    AidRate,
    BreakMinutes,
    Consumption,
    Euros,
    EurosPerSquareMetre,
    ExchangedQuantity,
    FigureValue,
    FlowQuantity,
    FullTimeEquivalents,
    HourOfDay,
    MaturityLevel,
    MeterIndex,
    Minutes,
    MonthlyHours,
    Ordinal,
    ParkingPlaces,
    People,
    Places,
    Posts,
    Pupils,
    ReplyCode,
    SlotHours,
    SomeEuros,
    SomePlaces,
    SquareMetres,
    Tally,
    Tonnes,
    TonnesDifference,
    WeeklyHours,
    WorkingHours,
)
from contracts.values.saying import Says
from contracts.values.size import SizeBand, size_band
from contracts.values.weeks import CalendarMonth, IsoWeek, last_of_month, monday_of, school_year_end
from contracts.values.words import (
    ClassLabel,
    Dimensions,
    EnteredSlip,
    EnteredText,
    Funder,
    IndicatorName,
    OpeningHours,
    Reference,
    Scheme,
    ShortText,
    Slug,
    WebAddress,
)

__all__ = [
    "INSTANT",
    "LA_POSTE",
    "MOST_OF_A_FLOW",
    "MOST_PLACES",
    "MOST_POSITIONS",
    "MOST_POSTS",
    "MOST_PUPILS",
    "MOST_TONNES",
    "SAMPLE_PREFIX",
    "SENTENCES",
    "AidRate",
    "Axis",
    "BikeParkingCode",
    "BreakMinutes",
    "CalendarMonth",
    "CarpoolAreaCode",
    "ClassLabel",
    "Commune",
    "Consumption",
    "Dimensions",
    "DocumentHash",
    "EmailAddress",
    "EnteredCommune",
    "EnteredLegalForm",
    "EnteredNaf",
    "EnteredParcel",
    "EnteredQuarter",
    "EnteredRome",
    "EnteredSlip",
    "EnteredText",
    "EnteredTreatment",
    "EnteredWaste",
    "EnteredZone",
    "EquipmentCode",
    "Euros",
    "EurosPerSquareMetre",
    "ExchangedQuantity",
    "FigureValue",
    "FlowQuantity",
    "FullTimeEquivalents",
    "Funder",
    "HourOfDay",
    "IndicatorName",
    "IsoWeek",
    "LegalForm",
    "MaturityLevel",
    "MeterIndex",
    "Minutes",
    "Moment",
    "MonthlyHours",
    "Naf",
    "NationalCarpoolId",
    "OpeningHours",
    "Ordinal",
    "OsmId",
    "Outline",
    "Parcel",
    "ParkingPlaces",
    "People",
    "PersonName",
    "PhoneNumber",
    "Places",
    "PlotCode",
    "Position",
    "Posts",
    "Pupils",
    "RecordId",
    "Reference",
    "ReplyCode",
    "Rome",
    "Scheme",
    "ShortText",
    "Siren",
    "Siret",
    "SizeBand",
    "SlotHours",
    "Slug",
    "SomeEuros",
    "SomePlaces",
    "SquareMetres",
    "Subject",
    "Tally",
    "TimeOfDay",
    "Tonnes",
    "TonnesDifference",
    "TreatmentCode",
    "Uai",
    "UnitCode",
    "WasteCode",
    "WebAddress",
    "WeeklyHours",
    "WorkingHours",
    "Zone",
    "last_of_month",
    "monday_of",
    "sample_siret",
    "school_year_end",
    "size_band",
]


def _said() -> Iterator[Says]:
    for module in (classifications, geography, identifiers, moments, persons, quantities, size, weeks, words):
        for each in vars(module).values():
            yield from (said for said in get_args(each) if isinstance(said, Says))


SENTENCES: Final[Mapping[str, Sentence]] = MappingProxyType(
    {
        "day": DAY,
        "day-out-of-range": DAY_OUT_OF_RANGE,
        "moment-offset": moments.MOMENT_OFFSET,
        "moment-skipped": moments.MOMENT_SKIPPED,
        "quarter-of-an-hour": moments.QUARTER_OF_AN_HOUR,
        **{said.slug: said.sentence for said in _said()},
    }
)
"""By the type of error, what a value type says of whatever breaks its rule."""
