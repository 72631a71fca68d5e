"""Units of the economic sites [locaux]: reserved, let, given notice of, and in works (axis 2).

The community of communes, or the company that owns it, registers a unit. It is held for a company until a day, and the
reservation lapses by itself; the lease begins, and a notice ends it on its day. A unit is one thing at a time, and its
steps keep their order: so it has one lease on a day. Areas and leases are corrected, and past figures with them.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Annotated, ClassVar, Final, Self

from pydantic import Field

from companies.areas import Measured, check_room, check_since, measured, spells
from companies.days import check_corrected, check_day
from contracts.companies.land import LandCorrection, Origin
from contracts.companies.unit import (
    CATEGORY,
    NoticeReason,
    ReservationEnd,
    UnitAreaCorrected,
    UnitKind,
    UnitLeaseCorrected,
    UnitLeaseEnded,
    UnitLet,
    UnitNoticeCorrected,
    UnitNoticeGiven,
    UnitRegistered,
    UnitRentChanged,
    UnitReservationGivenUp,
    UnitReservationLapsed,
    UnitReserved,
    UnitSpell,
    UnitStatus,
    UnitWorksBegan,
    UnitWorksEnded,
)
from contracts.model import Day, EnteredDay, Event, Model
from contracts.values import (
    Commune,
    EnteredCommune,
    EnteredText,
    EnteredZone,
    EurosPerSquareMetre,
    ShortText,
    Siret,
    SquareMetres,
    UnitCode,
    Zone,
)
from eventstore.decider import PLATFORM, Command, Context, Decider, Due, State, tell
from eventstore.finding import Finding
from eventstore.refusal import Refusal

AHEAD: Final = timedelta(days=731)
"""How far ahead a unit is held, and a notice ends a lease, at most: two years."""
MANAGERS: Final = ("epci", "company")
"""The zone's manager for all units, and a company for its own."""


class Register(Command):
    """There is a unit to let, of the community of communes or of a company."""

    code: UnitCode
    """What the unit is known by; it stays."""
    name: Annotated[EnteredText, Field(examples=["Atelier 3, pépinière de la Limoise"])]
    kind: UnitKind
    owner: Siret | None = None
    """The company whose it is; none where it is the community of communes'."""
    zone: EnteredZone | None = None
    """The business zone it is in, if any."""
    commune: EnteredCommune
    area: Annotated[SquareMetres, Field(examples=[420])]
    rent_per_m2: Annotated[EurosPerSquareMetre, Field(examples=[52])] | None = None
    """What is asked for it a year, if that is to be told."""


class ChangeRent(Command):
    """Another rent is asked for it from now on."""

    rent_per_m2: Annotated[EurosPerSquareMetre, Field(examples=[55])]


class Reserve(Command):
    """It is held for a company whose lease is to begin on a day."""

    company: Siret
    begins_on: Annotated[EnteredDay, Field(examples=["2024-07-01"])]
    """The day on which the lease is expected to begin, which may be to come."""
    held_until: Annotated[EnteredDay, Field(examples=["2024-07-15"])]
    """The last day on which it is held, two years ahead at most."""


class LapseReservation(Command):
    """The lease was not begun in time: the unit is available again."""


class GiveUpReservation(Command):
    """The company does not take it, or shall not: the unit is available again."""

    reason: ReservationEnd


class Let(Command):
    """The lease of the company that it is held for begins on the day `on`, the first on which the company has it."""

    origin: Annotated[Origin, Field(examples=["newly_founded"])]
    """Where the company was until now: one that was not on the territory settles there."""


class GiveNotice(Command):
    """The company or the owner gives notice: the lease ends by itself on a day."""

    free_on: Annotated[EnteredDay, Field(examples=["2024-08-31"])]
    """The first day on which the company has it no more, two years ahead at most."""
    works_follow: bool = False
    """Whether works begin on that day; otherwise the unit is available."""
    reason: NoticeReason


class CorrectNotice(Command):
    """The lease ends on another day, or is followed by something else. What is not given stays as it is."""

    free_on: Annotated[EnteredDay, Field(examples=["2024-09-30"])] | None = None
    works_follow: bool | None = None
    reason: LandCorrection


class EndLease(Command):
    """The day has come on which the company has it no more."""


class BeginWorks(Command):
    """Works begin in it, and nobody can have it."""


class EndWorks(Command):
    """The works are done: it is available."""


class CorrectArea(Command):
    """Its area was recorded wrongly, or has been another since a day. What it was before that day stays."""

    area: Annotated[SquareMetres, Field(examples=[405])]
    since: EnteredDay
    """The day from which on this area is right."""
    reason: LandCorrection


class CorrectLease(Command):
    """Its last lease was recorded wrongly. What is not given stays as it is."""

    company: Siret | None = None
    origin: Origin | None = None
    begun_on: EnteredDay | None = None
    """Not before the reservation, and not after what came next."""
    reason: LandCorrection


class UnitStanding(Model):
    """What a unit was from a day on."""

    since: Day
    status: UnitStatus


class Lease(Model):
    """The last lease of a unit, also where it has ended: it may still be corrected."""

    company: Siret
    origin: Origin
    begun_on: Day
    ended_on: Day | None = None
    """The first day on which the company had it no more; none while it has it."""


class Unit(State):
    """A unit of an economic site, and who has it."""

    revision: ClassVar[int] = 2

    unit: UnitCode
    name: ShortText
    kind: UnitKind
    owner: Siret | None
    """The company whose it is; none where it is the community of communes'."""
    zone: Zone | None
    commune: Commune
    area: SquareMetres
    """As it is known now."""
    rent_per_m2: EurosPerSquareMetre | None
    """What is asked for it a year."""
    status: UnitStatus
    company: Siret | None = None
    """Whom it is held for, or who has it."""
    begins_on: Day | None = None
    """While it is reserved: when the lease is expected to begin."""
    held_until: Day | None = None
    lapses_on: Day | None = None
    """When the reservation lapses by itself."""
    free_on: Day | None = None
    """The first day on which it is free again, once notice is given."""
    works_follow: bool | None = None
    """Whether works begin on that day."""
    last_lease: Lease | None = None
    """Who has it now is told by `company`."""
    registered_on: Day
    standings: tuple[UnitStanding, ...]
    """What it has been since when."""
    areas: tuple[Measured, ...]
    """How large it has been since when."""

    @property
    def let_since(self) -> Day | None:
        """When its last lease began."""
        return self.last_lease.begun_on if self.last_lease else None

    def after(self, event: Event, **changes: object) -> Self:
        """This unit, changed by an event; what it has become since then is kept."""
        changed = super().after(event, **changes)
        if changed.status == self.status:
            return changed
        standing = UnitStanding(since=changed.effective_on, status=changed.status)
        return changed.model_copy(update={"standings": (*changed.standings, standing)})


LEASE_BEFORE_RESERVATION = Refusal(
    "lease-before-reservation",
    "the lease would begin on {begins_on}, before the reservation, of {on}",
    "le bail commencerait le {begins_on}, avant la réservation, du {on}",
    at="begins_on",
    begins_on=Day,
    on=Day,
)
LAPSES_BEFORE_LEASE = Refusal(
    "reservation-lapses-before-lease",
    "it would be held until {held_until}, and the lease begin only on {begins_on}",
    "il serait réservé jusqu'au {held_until}, et le bail ne commencerait que le {begins_on}",
    at="held_until",
    held_until=Day,
    begins_on=Day,
)
NOTICE_WITHOUT_TIME = Refusal(
    "lease-ends-before-notice",
    "the lease would end on {free_on}, which is not after the notice, of {on}",
    "le bail prendrait fin le {free_on}, ce qui n'est pas après le congé, du {on}",
    at="free_on",
    free_on=Day,
    on=Day,
)
UNIT_RESERVED = Refusal(
    "unit-reserved",
    "it is held for {company} until {held_until}",
    "il est réservé à {company} jusqu'au {held_until}",
    company=Siret,
    held_until=Day,
)
UNIT_LET = Refusal(
    "unit-let",
    "it has been let to {company} since {let_since}",
    "il est loué à {company} depuis le {let_since}",
    company=Siret,
    let_since=Day,
)
UNIT_ON_NOTICE = Refusal(
    "unit-on-notice",
    "it is let to {company}, which leaves it on {free_on}",
    "il est loué à {company}, qui le libère le {free_on}",
    company=Siret,
    free_on=Day,
)
NEVER_LET = Refusal("unit-never-let", "it has not been let yet", "il n'a pas encore été loué")
TOO_FAR_AHEAD = Refusal(
    "too-far-ahead",
    "{day} is more than {days} days ahead",
    "le {day} est à plus de {days} jours",
    at=("held_until", "free_on"),
    day=Day,
    days=int,
)
TENANTS: Final[Mapping[str, Refusal]] = {"let": UNIT_LET, "notice": UNIT_ON_NOTICE}
"""Whoever comes second is told who has it. Those who decide on a unit read all of it."""
TAKERS: Final[Mapping[str, Refusal]] = {"reserved": UNIT_RESERVED, **TENANTS}

units = Decider(
    CATEGORY.name,
    Unit,
    identified_by="code",
    owned_by={"company": "owner"},
    finding=Finding(
        found_by=("status", "kind", "zone", "commune", "company"),
        sorted_by=("name", "area", "rent_per_m2", "free_on", "held_until"),
        searched_by=("name", "unit"),
    ),
)


@units.creates(by=MANAGERS, to="available")
def register(command: Register) -> UnitRegistered:
    return tell(UnitRegistered, command, unit=command.code, status="available")


@units.decides(by=MANAGERS, takes=("rent_per_m2",))
def change_rent(unit: Unit, command: ChangeRent) -> UnitRentChanged | tuple[()]:
    if command.rent_per_m2 == unit.rent_per_m2:
        return ()
    return tell(UnitRentChanged, command, unit)


@units.decides(
    by=MANAGERS,
    when="available",
    to="reserved",
    takes=("company", "begins_on", "held_until", "lapses_on"),
    refuses=TAKERS,
)
def reserve(unit: Unit, command: Reserve, context: Context) -> UnitReserved:
    check_room(unit.standings)
    if command.begins_on < command.on:
        raise LEASE_BEFORE_RESERVATION(begins_on=command.begins_on, on=command.on)
    if command.held_until < command.begins_on:
        raise LAPSES_BEFORE_LEASE(held_until=command.held_until, begins_on=command.begins_on)
    _check_ahead(command.held_until, command.on)
    # Not on the day it was entered, so that a lease of the past can be entered after it.
    lapses_on = max(command.held_until, context.today) + timedelta(days=1)
    return tell(UnitReserved, command, unit, status="reserved", lapses_on=lapses_on)


units.steps(
    LapseReservation,
    UnitReservationLapsed,
    by=PLATFORM,
    when="reserved",
    to="available",
    clears=("company", "begins_on", "held_until", "lapses_on"),
    status="available",
)
units.steps(
    GiveUpReservation,
    UnitReservationGivenUp,
    by=MANAGERS,
    when="reserved",
    to="available",
    clears=("company", "begins_on", "held_until", "lapses_on"),
    status="available",
)
units.steps(Let, UnitLet, by=MANAGERS, when="reserved", to="let", refuses=TENANTS, status="let")


@units.decides(by=MANAGERS, when="let", to="notice", takes=("free_on", "works_follow"))
def give_notice(unit: Unit, command: GiveNotice) -> UnitNoticeGiven:
    _check_notice(command.free_on, command.on)
    return tell(UnitNoticeGiven, command, unit, status="notice")


@units.decides(by=MANAGERS, when="notice", takes=("free_on", "works_follow"))
def correct_notice(unit: Unit, command: CorrectNotice) -> UnitNoticeCorrected | tuple[()]:
    told = {"free_on": unit.free_on, "works_follow": unit.works_follow}
    given = command.model_dump(include={*told}, exclude_none=True)
    if given.items() <= told.items():
        return ()
    check_corrected(command.on, unit.standings[-1].since)
    if command.free_on:
        _check_notice(command.free_on, unit.standings[-1].since)
    return tell(UnitNoticeCorrected, command, unit, **{**told, **given})


@units.decides(by=PLATFORM, when="notice", to=("available", "works"))
def end_lease(unit: Unit, command: EndLease) -> UnitLeaseEnded:
    return tell(UnitLeaseEnded, command, unit, status="works" if unit.works_follow else "available")


@units.decides(by=MANAGERS, when="available", to="works", refuses=TAKERS)
def begin_works(unit: Unit, command: BeginWorks) -> UnitWorksBegan:
    check_room(unit.standings)
    return tell(UnitWorksBegan, command, unit, status="works")


units.steps(EndWorks, UnitWorksEnded, by=MANAGERS, when="works", to="available", status="available")


@units.decides(by=MANAGERS)
def correct_area(unit: Unit, command: CorrectArea) -> UnitAreaCorrected | tuple[()]:
    check_since(unit.areas, command.since, command.on)
    corrected = spells(UnitSpell, unit.standings, unit.areas, command.since)
    if all(spell.area == command.area for spell in corrected):
        return ()
    return tell(UnitAreaCorrected, command, unit, spells=corrected)


def _was_let(unit: Unit) -> bool:
    return unit.last_lease is not None


@units.decides(by=MANAGERS, offered=_was_let)
def correct_lease(unit: Unit, command: CorrectLease) -> Sequence[UnitLeaseCorrected]:
    if unit.last_lease is None:
        raise NEVER_LET()
    lease = unit.last_lease.model_dump(exclude={"ended_on"})
    given = command.model_dump(include={*lease}, exclude_none=True)
    if given.items() <= lease.items():
        return ()
    check_corrected(command.on, unit.last_lease.begun_on)
    begun_on = command.begun_on or unit.last_lease.begun_on
    if begun_on != unit.last_lease.begun_on:
        place = _last_let(unit.standings)
        following = [each.since for each in unit.standings[place + 1 :]]
        check_day(begun_on, after=unit.standings[place - 1].since, before=min([command.on, *following]))
    since, until = sorted((begun_on, unit.last_lease.begun_on))
    known = {"begun_before": unit.last_lease.begun_on, "origin_before": unit.last_lease.origin}
    corrected = spells(UnitSpell, unit.standings, unit.areas, since, until)
    if command.company in (None, unit.last_lease.company):
        return (tell(UnitLeaseCorrected, command, unit, **{**lease, **given}, **known, spells=corrected),)
    unknown = {**known, "origin_before": None}
    return (
        tell(UnitLeaseCorrected, command, unit, **{**lease, "origin": None}, **known, spells=()),
        tell(UnitLeaseCorrected, command, unit, **{**lease, **given}, **unknown, spells=corrected),
    )


@units.due
def _(unit: Unit) -> Iterable[Due]:
    if unit.lapses_on:
        yield Due(unit.lapses_on, LapseReservation())
    if unit.free_on:
        yield Due(unit.free_on, EndLease())


@units.evolves
def _(_unit: Unit | None, event: UnitRegistered) -> Unit:
    return Unit(
        unit=event.unit,
        name=event.name,
        kind=event.kind,
        owner=event.owner,
        zone=event.zone,
        commune=event.commune,
        area=event.area,
        rent_per_m2=event.rent_per_m2,
        status="available",
        registered_on=event.effective_on,
        standings=(UnitStanding(since=event.effective_on, status="available"),),
        areas=(Measured(since=event.effective_on, area=event.area),),
        effective_on=event.effective_on,
    )


@units.evolves
def _(unit: Unit, event: UnitLet) -> Unit:
    lease = Lease(company=event.company, origin=event.origin, begun_on=event.effective_on)
    return unit.after(event, status="let", last_lease=lease, begins_on=None, held_until=None, lapses_on=None)


@units.evolves
def _(unit: Unit, event: UnitLeaseEnded) -> Unit:
    ended = unit.last_lease and unit.last_lease.model_copy(update={"ended_on": event.effective_on})
    return unit.after(event, status=event.status, company=None, free_on=None, works_follow=None, last_lease=ended)


@units.evolves
def _(unit: Unit, event: UnitAreaCorrected) -> Unit:
    areas = measured(unit.areas, event.since, event.area)
    return unit.after(event, area=event.area, areas=areas, effective_on=max(unit.effective_on, event.since))


@units.evolves
def _(unit: Unit, event: UnitLeaseCorrected) -> Unit:
    if event.origin is None:
        return unit.after(event)
    place = _last_let(unit.standings)
    let = UnitStanding(since=event.begun_on, status="let")
    ended_on = unit.last_lease.ended_on if unit.last_lease else None
    lease = Lease(company=event.company, origin=event.origin, begun_on=event.begun_on, ended_on=ended_on)
    return unit.after(
        event,
        company=event.company if unit.status in ("let", "notice") else unit.company,
        last_lease=lease,
        standings=(*unit.standings[:place], let, *unit.standings[place + 1 :]),
        effective_on=max(unit.effective_on, event.begun_on),
    )


def _last_let(standings: Sequence[UnitStanding]) -> int:
    """The place of the last lease among them."""
    return max(place for place, each in enumerate(standings) if each.status == "let")


def _check_notice(free_on: Day, on: Day) -> None:
    """Raises Rejected."""
    if free_on <= on:
        raise NOTICE_WITHOUT_TIME(free_on=free_on, on=on)
    _check_ahead(free_on, on)


def _check_ahead(day: Day, on: Day) -> None:
    """Raises Rejected."""
    if day > on + AHEAD:
        raise TOO_FAR_AHEAD(day=day, days=AHEAD.days)
