"""What happens to a forecast [scénario] of the programme, the stream `forecast-<id>`: who will be needed, and when.

What is assumed of each occupation is told by whoever drafts it, with a source for each number; how many people follow
of it, and of the seats of sessions, is calculated by the platform. At most one forecast is adopted, and its `figures`
are a level: those of the forecast that supersedes it stand instead.
"""

from typing import Final, Literal

from contracts.category import Category
from contracts.model import Aside, Detail, Event
from contracts.values import (
    CalendarYear,
    ForecastSpan,
    GrowthRate,
    Moment,
    PersonsEmployed,
    PersonsExpected,
    RecordId,
    RetirementsPerYear,
    Rome,
    Share,
    ShortText,
    Tally,
)

CATEGORY: Final = Category("forecast", service="training", path="/v1/forecasts")

ForecastStatus = Literal["draft", "adopted", "superseded", "discarded"]
ForecastDiscard = Literal["replaced", "out_of_date", "not_agreed", "entered_by_mistake", "other"]
AssumedNumber = Literal["employed", "growth", "retirements", "senior_share", "turnover", "completion", "placement"]
"""What is assumed of an occupation, as its fields are called."""
AssumptionSource = Literal["campaign", "insee", "france_travail", "companies", "training_bodies", "expert", "other"]
"""Where a number is from: a skills campaign, published statistics, those who know the occupation."""


class NumberSource(Detail):
    """Where one of the numbers that are assumed of an occupation is from."""

    assumed: AssumedNumber
    source: AssumptionSource
    reference: ShortText | None
    """Which campaign, publication or series it is."""


class Occupation(Detail):
    """What is assumed of an occupation."""

    rome: Rome
    employed: PersonsEmployed
    """At the end of the base year."""
    growth: GrowthRate
    """Of employment, each year."""
    retirements: RetirementsPerYear | None
    """Each year; None where they follow of the share of seniors."""
    senior_share: Share | None
    """The share of those employed who are 55 or older; None where retirements are told themselves."""
    turnover: Share
    """The share of those employed who leave for another reason each year, and are to be replaced."""
    completion: Share
    """The share of trainees who complete a session and are certified."""
    placement: Share
    """The share of these who come to work in the occupation on the territory."""
    sources: tuple[NumberSource, ...]
    """One for each number."""


class OccupationYear(Detail):
    """How many people an occupation will need in a year, and what of."""

    rome: Rome
    year: CalendarYear
    staff: PersonsExpected
    """Employed when the year begins."""
    growth: PersonsExpected
    retirements: PersonsExpected
    turnover: PersonsExpected
    seats: PersonsExpected
    """Of sessions that end in the year. Those that lead to several occupations count for each with an equal part."""
    sessions: Tally
    """How many sessions these are of."""
    pipeline: PersonsExpected
    """Whom these seats will bring to work in the occupation."""
    need: PersonsExpected
    """Growth, retirements and turnover, less the pipeline; negative where more people come than are needed."""


class _Forecast(Event):
    title: ShortText
    base_year: CalendarYear
    """The last year that is known. The first of the forecast is the next one."""
    years: ForecastSpan


class ForecastDrafted(_Forecast, version=1):
    """Somebody tells what may become of some occupations."""

    occupations: tuple[Occupation, ...]


class ForecastRevised(_Forecast, version=1):
    """Other things are assumed."""

    occupations: tuple[Occupation, ...]


class ForecastCalculated(_Forecast, Aside, version=1):
    """The platform calculated what follows of the assumptions, with the seats of sessions as they were."""

    status: ForecastStatus
    """Of an adopted forecast it is calculated once, and stands."""
    figures: tuple[OccupationYear, ...]
    calculated_at: Moment


class ForecastAdopted(_Forecast, version=1):
    """The programme goes by it from now on."""

    occupations: tuple[Occupation, ...]
    adopted_at: Moment
    """When that was recorded. Of several, the last one stands."""


class ForecastSuperseded(_Forecast, version=1):
    """Another one was adopted."""

    superseded_by: RecordId
    figures: tuple[OccupationYear, ...]
    """Those that stood until now."""


class ForecastDiscarded(_Forecast, version=1):
    """It will not be adopted."""

    reason: ForecastDiscard
