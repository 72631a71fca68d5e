"""What happens to a plot of an economic site [terrain], the stream `plot-<code>`.

Each event says what the plot is and how large from then on. What corrects an area says what the plot was on the days
that are corrected, and how large it had been known as, so that figures of these days can be put right.
"""

from typing import Annotated, Final, Literal

from pydantic import Field

from contracts.category import Category
from contracts.companies.land import LandCorrection, Origin, Spell
from contracts.model import Correction, Day, Event
from contracts.values import (
    Commune,
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

CATEGORY: Final = Category("plot", service="companies", path="/v1/plots")

PlotStatus = Literal["reserve", "servicing", "on_market", "optioned", "promised", "sold", "built"]
OptionEnd = Literal["not_needed", "financing", "other_site", "entered_by_mistake", "other"]
PromiseEnd = Literal["financing", "permit", "buyer_withdrew", "seller_withdrew", "entered_by_mistake", "other"]


class PlotSpell(Spell):
    """A time during which a plot was something, and of an area that was corrected since."""

    status: PlotStatus


class _Plot(Event):
    plot: PlotCode
    commune: Commune
    zone: Zone
    """The business zone it is in."""
    status: PlotStatus
    """What it is from now on."""
    area: SquareMetres
    """How large it is from now on, in m²."""


class PlotRegistered(_Plot, version=1):
    """The community of communes has registered a plot of its land reserve."""

    name: ShortText
    parcels: tuple[Parcel, ...]
    outline: Outline


class PlotServicingBegan(_Plot, version=1):
    """Roads and networks are being brought to it."""


class PlotPutOnMarket(_Plot, version=1):
    """It is serviced and for sale."""

    price_per_m2: EurosPerSquareMetre
    """What is asked for it."""


class PlotPriceChanged(_Plot, version=1):
    """Something else is asked for it from now on."""

    price_per_m2_before: EurosPerSquareMetre
    price_per_m2: EurosPerSquareMetre


class PlotOptioned(_Plot, version=1):
    """A company has an option on it: nobody else may have it until that lapses."""

    company: Siret
    option_until: Day
    """The last day of the option."""
    lapses_on: Day
    """When it lapses by itself: the day after, or after that on which it was entered late."""


class PlotOptionExtended(_Plot, version=1):
    """The company has longer to decide."""

    company: Siret
    option_until_before: Day
    option_until: Day
    lapses_on: Day


class PlotOptionLapsed(_Plot, version=1):
    """The company has not decided in time, and the plot is for sale again."""

    company: Siret


class PlotOptionGivenUp(_Plot, version=1):
    """The company does not want it any more, or shall not have it: the plot is for sale again."""

    company: Siret
    reason: OptionEnd


class PlotPromised(_Plot, version=1):
    """Its sale to the company was promised [promesse de vente]."""

    company: Siret


class PlotPromiseEnded(_Plot, version=1):
    """The promise came to nothing, and the plot is for sale again."""

    company: Siret
    reason: PromiseEnd


class PlotSold(_Plot, version=1):
    """The company has bought it."""

    company: Siret
    origin: Origin
    """Where the company was until then."""
    amount: SomeEuros | None
    """What it paid, before tax, if that is told."""


class PlotBuilt(_Plot, version=1):
    """The company has built on it."""

    company: Siret


class PlotAreaCorrected(_Plot, Correction, version=1):
    """Its area was recorded wrongly, or has been another since a day."""

    area_before: SquareMetres
    """The last that was known."""
    since: Day
    """The day from which on `area` is right."""
    spells: tuple[PlotSpell, ...]
    """What it was since that day, and how large it had been known as until now."""
    reason: LandCorrection


class PlotSaleCorrected(_Plot, Correction, version=1):
    """Its sale was recorded wrongly. Where it was another company's, there are two: one of each company."""

    company: Siret
    origin_before: Origin | None
    """None of a company that was not known as the buyer until now."""
    origin: Annotated[Origin | None, Field(examples=["from_elsewhere"])]
    """None of a company that was not the buyer."""
    amount_before: SomeEuros | None
    amount: SomeEuros | None
    sold_before: Day
    sold_on: Annotated[Day, Field(examples=["2024-05-06"])]
    reason: LandCorrection


class PlotDescriptionCorrected(_Plot, Correction, version=1):
    """Its name, its parcels or its outline were corrected, as where the land register was drawn anew."""

    name_before: ShortText
    name: ShortText
    parcels_before: tuple[Parcel, ...]
    parcels: tuple[Parcel, ...]
    outline_before: Outline
    outline: Outline
    reason: LandCorrection
