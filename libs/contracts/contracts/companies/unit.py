"""What happens to a unit of an economic site [local], the stream `unit-<code>`.

Each event says what the unit is and how large from then on. What corrects an area, or the day on which a lease began,
says what the unit was on the days that are corrected, so that figures of these days can be put right.
"""

from typing import Annotated, Final, Literal

from pydantic import Field

from contracts.category import Category
from contracts.companies.land import LandCorrection, Origin, Spell
from contracts.model import Correction, Day, Event
from contracts.values import Commune, EurosPerSquareMetre, ShortText, Siret, SquareMetres, UnitCode, Zone

CATEGORY: Final = Category("unit", service="companies", path="/v1/units")

UnitStatus = Literal["available", "reserved", "let", "notice", "works"]
UnitKind = Literal["workshop", "warehouse", "office", "laboratory", "shop", "mixed"]
ReservationEnd = Literal["not_needed", "financing", "other_unit", "entered_by_mistake", "other"]
NoticeReason = Literal["end_of_term", "growth", "moving", "closing", "rent_unpaid", "owner_needs_it", "other"]


class UnitSpell(Spell):
    """A time during which a unit was something, and of which something was corrected since."""

    status: UnitStatus


class _Unit(Event):
    unit: UnitCode
    kind: UnitKind
    commune: Commune
    zone: Zone | None
    """The business zone it is in, if any."""
    owner: Siret | None
    """The company whose it is; none where it is the community of communes'."""
    status: UnitStatus
    """What it is from now on."""
    area: SquareMetres
    """How large it is from now on, in m²."""


class UnitRegistered(_Unit, version=1):
    """There is a unit to let."""

    name: ShortText
    rent_per_m2: EurosPerSquareMetre | None
    """What is asked for it a year, if that is told."""


class UnitRentChanged(_Unit, version=1):
    """Another rent is asked for it from now on."""

    rent_per_m2_before: EurosPerSquareMetre | None
    rent_per_m2: EurosPerSquareMetre


class UnitReserved(_Unit, version=1):
    """It is held for a company whose lease is to begin on a day."""

    company: Siret
    begins_on: Day
    """The day on which the lease is expected to begin."""
    held_until: Day
    """The last day on which it is held."""
    lapses_on: Day
    """When the reservation lapses by itself: the day after, or after that on which it was entered late."""


class UnitReservationLapsed(_Unit, version=1):
    """The lease was not begun in time, and the unit is available again."""

    company: Siret


class UnitReservationGivenUp(_Unit, version=1):
    """The company does not take it, or shall not: the unit is available again."""

    company: Siret
    reason: ReservationEnd


class UnitLet(_Unit, version=1):
    """A lease has begun."""

    company: Siret
    origin: Origin
    """Where the company was until then."""


class UnitNoticeGiven(_Unit, version=1):
    """The lease ends on a day."""

    company: Siret
    free_on: Day
    """The first day on which the company has it no more."""
    works_follow: bool
    """Whether works begin on that day; otherwise the unit is available."""
    reason: NoticeReason


class UnitNoticeCorrected(_Unit, Correction, version=1):
    """The lease ends on another day, or is followed by something else."""

    company: Siret
    free_on_before: Day
    free_on: Day
    works_follow: bool
    reason: LandCorrection


class UnitLeaseEnded(_Unit, version=1):
    """The company has it no more."""

    company: Siret


class UnitWorksBegan(_Unit, version=1):
    """Works have begun in it, and nobody can have it."""


class UnitWorksEnded(_Unit, version=1):
    """The works are done, and it is available."""


class UnitAreaCorrected(_Unit, Correction, version=1):
    """Its area was recorded wrongly, or has been another since a day."""

    area_before: SquareMetres
    """The last that was known."""
    since: Day
    """The day from which on `area` is right."""
    spells: tuple[UnitSpell, ...]
    """What it was since that day, and how large it had been known as until now."""
    reason: LandCorrection


class UnitLeaseCorrected(_Unit, Correction, version=1):
    """Its last lease was recorded wrongly. Where it was another company's, there are two: one of each company."""

    company: Siret
    origin_before: Origin | None
    """None of a company that was not known to have the lease until now."""
    origin: Annotated[Origin | None, Field(examples=["from_elsewhere"])]
    """None of a company that has not had the lease."""
    begun_before: Day
    begun_on: Annotated[Day, Field(examples=["2024-05-06"])]
    spells: tuple[UnitSpell, ...]
    """The days between: on which it was let after all, where the lease had begun earlier, else on which it was not."""
    reason: LandCorrection
