"""Plots of the economic sites [terrains]: from the land reserve to what a company has built (axis 2).

The community of communes registers a plot, services it and puts it on the market. A company has an option on it, which
lapses by itself, then a promise of sale, and buys it; where either comes to nothing the plot is for sale again. An area
is corrected from a day on, and figures of the days since then with it.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Final, Self

from pydantic import Field

from companies.areas import Measured, check_room, check_since, measured, spells
from companies.days import check_corrected, check_day
from contracts.companies.land import LandCorrection, Origin
from contracts.companies.plot import (
    CATEGORY,
    OptionEnd,
    PlotAreaCorrected,
    PlotBuilt,
    PlotDescriptionCorrected,
    PlotOptioned,
    PlotOptionExtended,
    PlotOptionGivenUp,
    PlotOptionLapsed,
    PlotPriceChanged,
    PlotPromised,
    PlotPromiseEnded,
    PlotPutOnMarket,
    PlotRegistered,
    PlotSaleCorrected,
    PlotServicingBegan,
    PlotSold,
    PlotSpell,
    PlotStatus,
    PromiseEnd,
)
from contracts.model import Day, EnteredDay, Event, Model
from contracts.values import (
    Commune,
    EnteredCommune,
    EnteredParcel,
    EnteredText,
    EnteredZone,
    EurosPerSquareMetre,
    Outline,
    Parcel,
    PlotCode,
    ShortText,
    Siret,
    SomeEuros,
    SquareMetres,
    Zone,
)
from eventstore.decider import PLATFORM, Command, Context, Decider, Due, State, tell
from eventstore.finding import Finding
from eventstore.refusal import Refusal

LONGEST_OPTION: Final = timedelta(days=731)
"""From the day on which it is granted, or extended: two years."""

Parcels = Annotated[tuple[EnteredParcel, ...], Field(min_length=1, max_length=50, examples=[["36088000AB0012"]])]


class Register(Command):
    """The community of communes registers a plot of its land reserve [réserve foncière]."""

    code: PlotCode
    """What the plot is known by; it stays."""
    name: Annotated[EnteredText, Field(examples=["Lot 12, rue de la Limoise"])]
    zone: EnteredZone
    commune: EnteredCommune
    parcels: Parcels
    """The parcels of the land register [parcelles cadastrales] that it is made of, or a part of."""
    outline: Outline
    area: SquareMetres


class BeginServicing(Command):
    """Roads and networks are being brought to it [viabilisation]."""


class PutOnMarket(Command):
    """It is serviced, and for sale."""

    price_per_m2: EurosPerSquareMetre
    """What is asked for it."""


class ChangePrice(Command):
    """Something else is asked for it from now on."""

    price_per_m2: Annotated[EurosPerSquareMetre, Field(examples=[16])]


class GrantOption(Command):
    """A company has an option on it: nobody else may have it until that lapses."""

    company: Siret
    option_until: Annotated[EnteredDay, Field(examples=["2024-08-30"])]
    """The last day of the option, two years ahead at most."""


class ExtendOption(Command):
    """The company has longer to decide."""

    option_until: Annotated[EnteredDay, Field(examples=["2024-11-29"])]


class LapseOption(Command):
    """The company has not decided in time: the plot is for sale again."""


class GiveUpOption(Command):
    """The company does not want it any more, or shall not have it: the plot is for sale again."""

    reason: OptionEnd


class Promise(Command):
    """Its sale to the company is promised [promesse de vente]."""


class EndPromise(Command):
    """The promise has come to nothing: the plot is for sale again."""

    reason: PromiseEnd


class Sell(Command):
    """The company has bought it: the deed is signed."""

    origin: Annotated[Origin, Field(examples=["from_elsewhere"])]
    """Where the company was until now: one that was not on the territory settles there."""
    amount: Annotated[SomeEuros, Field(examples=[157_000])] | None = None
    """What it paid, before tax, if that is to be told."""


class RecordBuilt(Command):
    """The company has built on it."""


class CorrectArea(Command):
    """Its area was recorded wrongly, or has been another since a day. What it was before that day stays."""

    area: Annotated[SquareMetres, Field(examples=[8_350])]
    since: EnteredDay
    """The day from which on this area is right."""
    reason: LandCorrection


class CorrectSale(Command):
    """Its sale was recorded wrongly. What is not given stays as it is."""

    company: Siret | None = None
    origin: Origin | None = None
    amount: SomeEuros | None = None
    sold_on: EnteredDay | None = None
    """Not before the promise, and not after it was built."""
    reason: LandCorrection


class CorrectDescription(Command):
    """Its name, its parcels or its outline are corrected. What is not given stays as it is."""

    name: EnteredText | None = None
    parcels: Parcels | None = None
    outline: Outline | None = None
    reason: LandCorrection


class PlotStanding(Model):
    """What a plot was from a day on."""

    since: Day
    status: PlotStatus


class Plot(State):
    """A plot of an economic site."""

    plot: PlotCode
    name: ShortText
    zone: Zone
    commune: Commune
    parcels: tuple[Parcel, ...]
    outline: Outline
    area: SquareMetres
    """As it is known now."""
    status: PlotStatus
    price_per_m2: EurosPerSquareMetre | None = None
    """What is asked for it."""
    company: Siret | None = None
    """Who has an option on it, a promise, or has bought it."""
    option_until: Day | None = None
    lapses_on: Day | None = None
    """When the option lapses by itself."""
    origin: Origin | None = None
    amount: SomeEuros | None = None
    """What was paid for it, if that was told."""
    registered_on: Day
    promised_on: Day | None = None
    sold_on: Day | None = None
    built_on: Day | None = None
    standings: tuple[PlotStanding, ...]
    """What it has been since when."""
    areas: tuple[Measured, ...]
    """How large it has been since when."""

    def after(self, event: Event, **changes: object) -> Self:
        """This plot, changed by an event; what it has become since then is kept."""
        changed = super().after(event, **changes)
        if changed.status == self.status:
            return changed
        standing = PlotStanding(since=changed.effective_on, status=changed.status)
        return changed.model_copy(update={"standings": (*changed.standings, standing)})


PARCEL_TWICE = Refusal("parcel-twice", "a parcel is given twice", "une parcelle est donnée deux fois", at="parcels")
PARCELS_ELSEWHERE = Refusal(
    "parcels-elsewhere",
    "none of the parcels is in the plot's commune, {commune}",
    "aucune des parcelles n'est dans la commune du terrain, {commune}",
    at="parcels",
    commune=Commune,
)
OPTION_ENDS_BEFORE_IT_BEGINS = Refusal(
    "option-ends-before-it-begins",
    "{option_until} is not after {on}, the day of the option",
    "le {option_until} n'est pas après le {on}, jour de l'option",
    at="option_until",
    option_until=Day,
    on=Day,
)
OPTION_TOO_LONG = Refusal(
    "option-too-long",
    "an option lasts {days} days at most, and this one until {option_until}",
    "une option dure {days} jours au plus, et celle-ci jusqu'au {option_until}",
    at="option_until",
    days=int,
    option_until=Day,
)
OPTION_NOT_PROLONGED = Refusal(
    "option-not-prolonged",
    "the company has an option until {until} already",
    "l'entreprise a déjà une option jusqu'au {until}",
    at="option_until",
    until=Day,
)
PLOT_OPTIONED = Refusal(
    "plot-optioned",
    "{company} has an option on it until {option_until}",
    "il est sous option de {company} jusqu'au {option_until}",
    company=Siret,
    option_until=Day,
)
PLOT_PROMISED = Refusal(
    "plot-promised",
    "it has been promised to {company} since {promised_on}",
    "il est promis à {company} depuis le {promised_on}",
    company=Siret,
    promised_on=Day,
)
PLOT_SOLD = Refusal(
    "plot-sold",
    "it was sold to {company} on {sold_on}",
    "il a été vendu à {company} le {sold_on}",
    company=Siret,
    sold_on=Day,
)
BUYERS: Final[Mapping[str, Refusal]] = {"sold": PLOT_SOLD, "built": PLOT_SOLD}
"""Whoever comes second is told who has it. Those who decide on a plot read all of it."""
PROMISED: Final[Mapping[str, Refusal]] = {"promised": PLOT_PROMISED, **BUYERS}
TAKERS: Final[Mapping[str, Refusal]] = {"optioned": PLOT_OPTIONED, **PROMISED}

plots = Decider(
    CATEGORY.name,
    Plot,
    identified_by="code",
    final="built",
    finding=Finding(
        found_by=("status", "zone", "commune", "company"),
        sorted_by=("name", "area", "price_per_m2", "option_until", "sold_on"),
        searched_by=("name", "plot", "parcels"),
    ),
)


@plots.creates(by="epci", to="reserve")
def register(command: Register) -> PlotRegistered:
    _check_parcels(command.parcels, command.commune)
    return tell(PlotRegistered, command, plot=command.code, status="reserve")


plots.steps(BeginServicing, PlotServicingBegan, by="epci", when="reserve", to="servicing", status="servicing")
plots.steps(
    PutOnMarket,
    PlotPutOnMarket,
    by="epci",
    when="servicing",
    to="on_market",
    takes=("price_per_m2",),
    status="on_market",
)


@plots.decides(by="epci", when=("on_market", "optioned"), takes=("price_per_m2",))
def change_price(plot: Plot, command: ChangePrice) -> PlotPriceChanged | tuple[()]:
    if command.price_per_m2 == plot.price_per_m2:
        return ()
    return tell(PlotPriceChanged, command, plot)


@plots.decides(
    by="epci", when="on_market", to="optioned", takes=("company", "option_until", "lapses_on"), refuses=TAKERS
)
def grant_option(plot: Plot, command: GrantOption, context: Context) -> PlotOptioned:
    check_room(plot.standings)
    lapses_on = _lapses(command, context.today)
    return tell(PlotOptioned, command, plot, status="optioned", lapses_on=lapses_on)


@plots.decides(by="epci", when="optioned", takes=("option_until", "lapses_on"))
def extend_option(plot: Plot, command: ExtendOption, context: Context) -> PlotOptionExtended:
    if plot.option_until and command.option_until <= plot.option_until:
        raise OPTION_NOT_PROLONGED(until=plot.option_until)
    return tell(PlotOptionExtended, command, plot, lapses_on=_lapses(command, context.today))


plots.steps(
    LapseOption,
    PlotOptionLapsed,
    by=PLATFORM,
    when="optioned",
    to="on_market",
    clears=("company", "option_until", "lapses_on"),
    status="on_market",
)
plots.steps(
    GiveUpOption,
    PlotOptionGivenUp,
    by="epci",
    when="optioned",
    to="on_market",
    clears=("company", "option_until", "lapses_on"),
    status="on_market",
)
plots.steps(
    Promise,
    PlotPromised,
    by="epci",
    when="optioned",
    to="promised",
    day="promised_on",
    clears=("option_until", "lapses_on"),
    refuses=PROMISED,
    status="promised",
)
plots.steps(
    EndPromise,
    PlotPromiseEnded,
    by="epci",
    when="promised",
    to="on_market",
    clears=("company", "promised_on"),
    status="on_market",
)
plots.steps(
    Sell,
    PlotSold,
    by="epci",
    when="promised",
    to="sold",
    day="sold_on",
    takes=("origin", "amount"),
    refuses=BUYERS,
    status="sold",
)
plots.steps(RecordBuilt, PlotBuilt, by="epci", when="sold", to="built", day="built_on", status="built")


@plots.decides(by="epci")
def correct_area(plot: Plot, command: CorrectArea) -> PlotAreaCorrected | tuple[()]:
    check_since(plot.areas, command.since, command.on)
    corrected = spells(PlotSpell, plot.standings, plot.areas, command.since)
    if all(spell.area == command.area for spell in corrected):
        return ()
    return tell(PlotAreaCorrected, command, plot, spells=corrected)


@plots.decides(by="epci", when=("sold", "built"))
def correct_sale(plot: Plot, command: CorrectSale) -> Sequence[PlotSaleCorrected]:
    sold = {"company": plot.company, "origin": plot.origin, "amount": plot.amount, "sold_on": plot.sold_on}
    given = command.model_dump(include={*sold}, exclude_none=True)
    if given.items() <= sold.items():
        return ()
    check_corrected(command.on, plot.sold_on)
    if command.sold_on and command.sold_on != plot.sold_on:
        after = max(each.since for each in plot.standings if each.status == "promised")
        check_day(command.sold_on, after=after, before=min(command.on, plot.built_on or command.on))
    days = {"sold_before": plot.sold_on}
    known = {**days, "origin_before": plot.origin, "amount_before": plot.amount}
    unknown = {**days, "origin_before": None, "amount_before": None}
    if command.company in (None, plot.company):
        return (tell(PlotSaleCorrected, command, plot, **{**sold, **given}, **known),)
    return (
        tell(PlotSaleCorrected, command, plot, **{**sold, "origin": None, "amount": None}, **known),
        tell(PlotSaleCorrected, command, plot, **{**sold, **given}, **unknown),
    )


@plots.decides(by="epci", takes=("name", "parcels", "outline"))
def correct_description(plot: Plot, command: CorrectDescription) -> PlotDescriptionCorrected | tuple[()]:
    told = {"name": plot.name, "parcels": plot.parcels, "outline": plot.outline}
    given = command.model_dump(include={*told}, exclude_none=True)
    if given.items() <= told.items():
        return ()
    _check_parcels(command.parcels or plot.parcels, plot.commune)
    return tell(PlotDescriptionCorrected, command, plot, **{**told, **given})


@plots.due
def _(plot: Plot) -> Iterable[Due]:
    if plot.lapses_on:
        yield Due(plot.lapses_on, LapseOption())


@plots.evolves
def _(_plot: Plot | None, event: PlotRegistered) -> Plot:
    return Plot(
        plot=event.plot,
        name=event.name,
        zone=event.zone,
        commune=event.commune,
        parcels=event.parcels,
        outline=event.outline,
        area=event.area,
        status="reserve",
        registered_on=event.effective_on,
        standings=(PlotStanding(since=event.effective_on, status="reserve"),),
        areas=(Measured(since=event.effective_on, area=event.area),),
        effective_on=event.effective_on,
    )


@plots.evolves
def _(plot: Plot, event: PlotAreaCorrected) -> Plot:
    areas = measured(plot.areas, event.since, event.area)
    return plot.after(event, area=event.area, areas=areas, effective_on=max(plot.effective_on, event.since))


@plots.evolves
def _(plot: Plot, event: PlotSaleCorrected) -> Plot:
    if event.origin is None:
        return plot.after(event)
    sold = PlotStanding(since=event.sold_on, status="sold")
    return plot.after(
        event,
        company=event.company,
        origin=event.origin,
        amount=event.amount,
        sold_on=event.sold_on,
        standings=tuple(sold if each.status == "sold" else each for each in plot.standings),
        effective_on=max(plot.effective_on, event.sold_on),
    )


def _check_parcels(parcels: Sequence[str], commune: str) -> None:
    """Raises Rejected."""
    if len(set(parcels)) < len(parcels):
        raise PARCEL_TWICE()
    if not any(parcel.startswith(commune) for parcel in parcels):
        raise PARCELS_ELSEWHERE(commune=commune)


def _lapses(command: GrantOption | ExtendOption, today: Day) -> Day:
    """When an option lapses: the day after its last, but not on the day it was entered. Raises Rejected."""
    until = command.option_until
    if until <= command.on:
        raise OPTION_ENDS_BEFORE_IT_BEGINS(option_until=until, on=command.on)
    if until > command.on + LONGEST_OPTION:
        raise OPTION_TOO_LONG(days=LONGEST_OPTION.days, option_until=until)
    return max(until, today) + timedelta(days=1)
