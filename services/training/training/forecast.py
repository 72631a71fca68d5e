"""Forecasts [scénarios]: which occupations will need people in the years ahead, of what the programme assumes (axis 4).

The community of communes or the committee drafts one, revises and adopts it. Growth, retirements, turnover and the
pipeline of sessions are calculated by the platform (`training.forecasting`), for a draft whenever it is told anew; of
what is adopted they are kept as they were then. Whichever was adopted last is the one that the programme goes by.
"""

from typing import Annotated, Final, get_args

from pydantic import Field, JsonValue

from contracts.model import Day, Model
from contracts.training.forecast import (
    CATEGORY,
    AssumedNumber,
    AssumedOccupation,
    ForecastAdopted,
    ForecastCalculated,
    ForecastDiscard,
    ForecastDiscarded,
    ForecastDrafted,
    ForecastRevised,
    ForecastStatus,
    ForecastSuperseded,
    NumberSource,
    OccupationYear,
)
from contracts.values import (
    CalendarYear,
    EnteredRome,
    EnteredText,
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
from eventstore.decider import PLATFORM, Command, Context, Decider, State, tell
from eventstore.finding import Finding
from eventstore.refusal import Refusal
from training.forecasting import Seats, figures

MOST_OCCUPATIONS: Final = 50
"""Of one forecast: what is calculated of more years of more occupations would be too large to be told at once."""
FORECASTERS: Final = ("epci", "steering")
_EITHER: Final[tuple[AssumedNumber, ...]] = ("retirements", "senior_share")

_EXAMPLE: Final[JsonValue] = [
    {
        "rome": "H2902",
        "employed": 120,
        "growth": 0.02,
        "retirements": 4.5,
        "turnover": 0.05,
        "completion": 0.85,
        "placement": 0.7,
        "sources": [
            {"assumed": "employed", "source": "insee", "reference": "Recensement 2022"},
            {"assumed": "growth", "source": "expert"},
            {"assumed": "retirements", "source": "campaign", "reference": "Campagne GPECT 2024"},
            {"assumed": "turnover", "source": "companies"},
            {"assumed": "completion", "source": "training_bodies"},
            {"assumed": "placement", "source": "france_travail"},
        ],
    }
]


class EnteredSource(NumberSource, extra="forbid"):
    """Where a number is from, as it is entered."""

    reference: EnteredText | None = None
    """Which campaign, publication or series it is."""

    def recorded(self) -> NumberSource:
        """As events tell it."""
        return NumberSource(assumed=self.assumed, source=self.source, reference=self.reference)


class ToldOccupation(Model):
    """What is assumed of an occupation, as it is entered. Retirements are told by one number of two."""

    rome: EnteredRome
    employed: PersonsEmployed
    """At the end of the base year."""
    growth: GrowthRate
    """Of employment, each year."""
    retirements: RetirementsPerYear | None = None
    """Each year; left out where they are to follow of the share of seniors."""
    senior_share: Share | None = None
    """The share of those employed who are 55 or older: as many of them retire in each of ten years."""
    turnover: Share
    """The share of those employed who leave for another reason each year, and are to be replaced."""
    completion: Share
    """The share of trainees who complete a session and are certified."""
    placement: Share
    """The share of these who come to work in the occupation on the territory."""
    sources: Annotated[tuple[EnteredSource, ...], Field(max_length=len(get_args(AssumedNumber)))]
    """One for each number."""

    @property
    def told(self) -> tuple[AssumedNumber, ...]:
        """The numbers that it gives."""
        return tuple(name for name in get_args(AssumedNumber) if getattr(self, name) is not None)

    def recorded(self) -> AssumedOccupation:
        """As events tell it."""
        said = {name: getattr(self, name) for name in AssumedOccupation.model_fields if name != "sources"}
        return AssumedOccupation.model_validate({**said, "sources": tuple(each.recorded() for each in self.sources)})


Occupations = Annotated[
    tuple[ToldOccupation, ...], Field(min_length=1, max_length=MOST_OCCUPATIONS, examples=[_EXAMPLE])
]


class Draft(Command):
    """Somebody tells what may become of some occupations."""

    title: Annotated[EnteredText, Field(examples=["Reprise lente"])]
    base_year: Annotated[CalendarYear, Field(examples=[2023])]
    """The last year that is known. The first of the forecast is the next one."""
    years: ForecastSpan
    occupations: Occupations


class Revise(Command):
    """The draft is told anew, whole."""

    title: Annotated[EnteredText, Field(examples=["Reprise rapide"])]
    base_year: Annotated[CalendarYear, Field(examples=[2023])]
    years: ForecastSpan
    occupations: Occupations


class SeatsOfYear(Model):
    """Seats of sessions that end in a year and lead to an occupation."""

    rome: Rome
    year: CalendarYear
    seats: PersonsExpected
    sessions: Tally


class Calculate(Command):
    """What follows of the assumptions is calculated, with the seats that sessions have."""

    seats: tuple[SeatsOfYear, ...] = ()


class Adopt(Command):
    """The programme goes by it from now on, and by none before it."""


class Supersede(Command):
    """Another one was adopted since."""

    superseded_by: RecordId


class Discard(Command):
    """It will not be adopted."""

    reason: ForecastDiscard


class Forecast(State):
    """What the programme assumes of some occupations, and what follows of it."""

    title: ShortText
    base_year: CalendarYear
    """The last year that is known. The first of the forecast is the next one."""
    years: ForecastSpan
    occupations: tuple[AssumedOccupation, ...]
    status: ForecastStatus
    figures: tuple[OccupationYear, ...] = ()
    """By occupation and year; none until the platform has calculated them, a moment after it was drafted, revised or
    adopted."""
    calculated_at: Moment | None = None
    """When that was, with the seats that sessions had. Of what is adopted the figures stay as they are."""
    drafted_on: Day | None = None
    adopted_on: Day | None = None
    adopted_at: Moment | None = None
    superseded_on: Day | None = None
    superseded_by: RecordId | None = None
    discarded_on: Day | None = None
    reason: ForecastDiscard | None = None
    """Why it was discarded."""


OCCUPATION_TWICE = Refusal(
    "occupation-twice",
    "the occupation {rome} is told twice",
    "le métier {rome} figure deux fois",
    at="occupations",
    rome=Rome,
)
RETIREMENTS_UNCLEAR = Refusal(
    "retirements-unclear",
    "of {rome}, either the retirements a year or the share of seniors are told, and not both",
    "pour {rome}, indiquez soit les départs à la retraite par an, soit la part des seniors, et non les deux",
    at="occupations",
    rome=Rome,
)
SOURCE_MISSING = Refusal(
    "source-missing",
    "of {rome}, no source is told of {missing}",
    "pour {rome}, il manque la source de : {missing}",
    at="occupations",
    rome=Rome,
    missing=tuple[AssumedNumber, ...],
)
SOURCE_TWICE = Refusal(
    "source-twice",
    "of {rome}, more than one source is told of {doubled}",
    "pour {rome}, plus d'une source est indiquée pour : {doubled}",
    at="occupations",
    rome=Rome,
    doubled=tuple[AssumedNumber, ...],
)
SOURCE_OF_NO_NUMBER = Refusal(
    "source-of-no-number",
    "of {rome}, a source is told of {untold}, and no number",
    "pour {rome}, une source est indiquée sans le nombre correspondant : {untold}",
    at="occupations",
    rome=Rome,
    untold=tuple[AssumedNumber, ...],
)
BASE_YEAR_TO_COME = Refusal(
    "base-year-to-come",
    "{base_year} has not begun on {on}: the base year is the last one that is known",
    "{base_year} n'a pas commencé le {on} : l'année de base est la dernière que l'on connaît",
    at="base_year",
    base_year=CalendarYear,
    on=Day,
)

forecasts = Decider(
    CATEGORY.name,
    Forecast,
    final=("superseded", "discarded"),
    finding=Finding(
        found_by=("status", "base_year"), sorted_by=("drafted_on", "adopted_on", "title"), searched_by=("title",)
    ),
)


@forecasts.creates(by=FORECASTERS, to="draft", day="drafted_on")
def draft(command: Draft) -> ForecastDrafted:
    return tell(ForecastDrafted, command, occupations=_checked(command))


@forecasts.decides(by=FORECASTERS, when="draft", to="draft")
def revise(forecast: Forecast, command: Revise) -> ForecastRevised | tuple[()]:
    occupations = _checked(command)
    told = command.title, command.base_year, command.years, occupations
    if told == (forecast.title, forecast.base_year, forecast.years, forecast.occupations):
        return ()
    return tell(ForecastRevised, command, occupations=occupations)


@forecasts.decides(by=PLATFORM, when=("draft", "adopted"), takes=("figures", "calculated_at"))
def calculate(forecast: Forecast, command: Calculate, context: Context) -> ForecastCalculated | tuple[()]:
    if forecast.status == "adopted" and forecast.calculated_at:
        return ()
    seats = {(each.rome, each.year): Seats(each.seats, each.sessions) for each in command.seats}
    found = figures(forecast.base_year, forecast.years, forecast.occupations, seats)
    return tell(ForecastCalculated, command, forecast, figures=found, calculated_at=context.now)


@forecasts.decides(by=FORECASTERS, when="draft", to="adopted")
def adopt(forecast: Forecast, command: Adopt, context: Context) -> ForecastAdopted:
    return tell(ForecastAdopted, command, forecast, adopted_at=context.now)


forecasts.steps(
    Supersede,
    ForecastSuperseded,
    by=PLATFORM,
    when="adopted",
    to="superseded",
    day="superseded_on",
    takes=("superseded_by",),
)
forecasts.steps(
    Discard, ForecastDiscarded, by=FORECASTERS, when="draft", to="discarded", day="discarded_on", takes=("reason",)
)


@forecasts.evolves
def _(forecast: Forecast, event: ForecastRevised) -> Forecast:
    told = {name: getattr(event, name) for name in ("title", "base_year", "years", "occupations")}
    return forecast.after(event, figures=(), calculated_at=None, **told)


@forecasts.evolves
def _(forecast: Forecast, event: ForecastAdopted) -> Forecast:
    return forecast.after(
        event,
        status="adopted",
        adopted_on=event.effective_on,
        adopted_at=event.adopted_at,
        # What was calculated of the draft never stood.
        figures=(),
        calculated_at=None,
    )


def _checked(command: Draft | Revise) -> tuple[AssumedOccupation, ...]:
    """The occupations as events tell them. Raises Rejected."""
    if command.base_year > command.on.year:
        raise BASE_YEAR_TO_COME(base_year=command.base_year, on=command.on)
    there: set[str] = set()
    for each in command.occupations:
        if each.rome in there:
            raise OCCUPATION_TWICE(rome=each.rome)
        there.add(each.rome)
        if len([name for name in _EITHER if name in each.told]) != 1:
            raise RETIREMENTS_UNCLEAR(rome=each.rome)
        _check_sources(each)
    return tuple(each.recorded() for each in command.occupations)


def _check_sources(occupation: ToldOccupation) -> None:
    told, sources = occupation.told, [each.assumed for each in occupation.sources]
    if missing := tuple(name for name in told if name not in sources):
        raise SOURCE_MISSING(rome=occupation.rome, missing=missing)
    if doubled := tuple(name for name in told if sources.count(name) > 1):
        raise SOURCE_TWICE(rome=occupation.rome, doubled=doubled)
    if untold := tuple(dict.fromkeys(name for name in sources if name not in told)):
        raise SOURCE_OF_NO_NUMBER(rome=occupation.rome, untold=untold)
