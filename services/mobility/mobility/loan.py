"""Loans of bikes [prêts]: an employee borrows a bike of a station by the hour, and brings it back to any (axis 2).

The community of communes keeps a bike for whoever asks, until it is taken; then it is due back at a quarter of an hour
that was agreed. Nobody else has the bike meanwhile, and nobody has two. What is not taken lapses, what is not brought
back is overdue, and after a month it may be given up. It is brought back to a station that has a dock for it.

What a loan holds it holds until its bike has told that it is back: why, is told where the bike's decisions are.

Who borrows is known by a pseudonym. Loans are agreed by the hour, so decisions look at the clock.
"""

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from typing import Annotated, Final

from pydantic import Field, JsonValue

from contracts.mobility.bike import BikeKind, BikeStatus
from contracts.mobility.loan import (
    CATEGORY,
    LoanCancellation,
    LoanCancelled,
    LoanCorrection,
    LoanKilometresCorrected,
    LoanLapsed,
    LoanLoss,
    LoanLost,
    LoanOverdue,
    LoanRequested,
    LoanReturned,
    LoanSettled,
    LoanStatus,
    LoanTaken,
)
from contracts.model import PARIS, Day
from contracts.personal import Person, Personal
from contracts.values import (
    BikeCode,
    BikeStationCode,
    Commune,
    EmailAddress,
    EnteredQuarter,
    Kilometres,
    Moment,
    PersonName,
    PhoneNumber,
    Subject,
    Zone,
)
from eventstore.decider import PLATFORM, Claim, Command, Context, Decider, Due, Keep, Lookup, State, tell
from eventstore.finding import Finding
from eventstore.refusal import Refusal
from mobility.bike import BIKE_TAKEN, Bike, bikes
from mobility.bike_station import BikeStation, bike_stations, docked, open_station
from mobility.bounds import Plausible

OUT: Final = ("active", "overdue")
"""The statuses in which the borrower has the bike."""
ENTERED_LATE: Final = timedelta(days=1)
"""How long a loan that was over when it was entered waits for its return to be entered, too."""
KNOWN_FOR: Final = timedelta(days=365)
"""How long after the end of a loan it is known who had the bike."""

_EXAMPLE: Final[dict[str, JsonValue]] = {
    "on": "2024-04-02",
    "bike": "velo-07",
    "borrower": {"family_name": "Exemple", "given_name": "Dominique", "email": "emprunt@example.org"},
    "due_back": "2024-04-02T18:00:00+02:00",
}


class Borrower(Person, recognised_by=("family_name", "given_name", "email")):
    """Who borrows bikes."""

    family_name: PersonName
    given_name: PersonName
    email: EmailAddress
    phone: PhoneNumber | None = None


class Request(Command, json_schema_extra={"examples": [_EXAMPLE]}):
    """Somebody asks for a bike, which is kept for them."""

    bike: BikeCode
    borrower: Personal[Borrower]
    due_back: EnteredQuarter
    """Until when it is to be lent."""


class Take(Command, json_schema_extra={"examples": [{"on": "2024-04-02"}]}):
    """The borrower takes the bike."""


class MarkOverdue(Command):
    """The bike was not brought back in time."""


class Return(Command):
    """The borrower has put the bike into a dock."""

    returned_to: BikeStationCode
    kilometres: Kilometres | None = None
    """How far it was ridden, where that is known."""


class RecordLost(Command):
    """The bike is given up."""

    reason: LoanLoss


class Cancel(Command):
    """The bike is not lent after all."""

    reason: LoanCancellation


class CorrectKilometres(Command):
    """The bike was ridden further, or less far, than was recorded."""

    kilometres: Annotated[Kilometres, Field(examples=[16])]
    reason: LoanCorrection


class Lapse(Command):
    """The bike was not taken in time."""


class Settle(Command):
    """The bike has told that it is back, or lost."""


class Loan(State):
    """A loan of a bike."""

    bike: BikeCode
    kind: BikeKind
    station: BikeStationCode
    """With commune and zone, where the bike stood when it was taken; until then, where it stood when it was asked
    for."""
    commune: Commune
    zone: Zone | None
    borrower: Subject
    status: LoanStatus
    due_back: Moment
    lapses_at: Moment | None
    """When it lapses unless the bike is taken."""
    overdue_from: Moment | None = None
    """When it counts as overdue."""
    returned_to: BikeStationCode | None = None
    kilometres: Kilometres | None = None
    settled: bool = False
    """Whether the bike has told that it is back, or lost."""
    requested_on: Day
    taken_on: Day | None = None
    overdue_on: Day | None = None
    ended_on: Day | None = None
    """The day on which the bike was brought back or given up, or it was not lent."""
    corrected_on: Day | None = None
    """When something was corrected last."""
    reason: LoanLoss | LoanCancellation | None = None


BIKE_NOT_YET_THERE = Refusal(
    "bike-not-yet-there",
    "{bike} is there since {commissioned_on}, and is not lent before",
    "{bike} est là depuis le {commissioned_on}, et ne se prête pas avant",
    at="on",
    bike=BikeCode,
    commissioned_on=Day,
)
BIKE_UNKNOWN = Refusal(
    "bike-unknown", "there is no bike {bike}", "il n'y a pas de vélo {bike}", at="bike", bike=BikeCode
)
BIKE_OUT_OF_SERVICE = Refusal(
    "bike-out-of-service",
    "the bike is not lent: it is {status}",
    "le vélo n'est pas prêté : son état est « {status} »",
    at="bike",
    status=BikeStatus,
)
HAS_A_LOAN = Refusal(
    "borrower-has-a-loan",
    "the borrower has another bike, or has asked for one",
    "l'emprunteur a déjà un vélo, ou en a demandé un",
    at="borrower",
)
DUE_BEFORE_IT_BEGINS = Refusal(
    "due-before-it-begins",
    "the bike is due back at {due_back:%Y-%m-%d %H:%M}, which is not after it is lent",
    "le vélo est à rendre le {due_back:%d/%m/%Y à %H:%M}, ce qui n'est pas après le début du prêt",
    at="due_back",
    due_back=Moment,
)
LOAN_TOO_LONG = Refusal(
    "loan-too-long",
    "a bike is lent for {most} hours at most, and so until {latest:%Y-%m-%d %H:%M}",
    "un vélo se prête pour {most} heures au plus, donc jusqu'au {latest:%d/%m/%Y à %H:%M}",
    at="due_back",
    most=int,
    latest=Moment,
)
NOT_DUE_YET = Refusal(
    "not-due-yet",
    "the bike is due back only at {due_back:%Y-%m-%d %H:%M}",
    "le vélo n'est à rendre que le {due_back:%d/%m/%Y à %H:%M}",
    due_back=Moment,
)
NOT_LOST_YET = Refusal(
    "not-lost-yet",
    "a bike is given up {days} days after it was due, from {since:%Y-%m-%d %H:%M} on",
    "un vélo est considéré comme perdu {days} jours après l'échéance, à partir du {since:%d/%m/%Y à %H:%M}",
    days=int,
    since=Moment,
)

loans = Decider(
    CATEGORY.name,
    Loan,
    final=("returned", "lost", "lapsed", "cancelled"),
    finding=Finding(
        found_by=(
            *("status", "bike", "kind", "station", "returned_to", "commune", "zone", "borrower", "reason", "settled"),
        ),
        sorted_by=("due_back", "requested_on", "taken_on", "ended_on", "kilometres"),
        searched_by=("bike", "station"),
    ),
)


@loans.creates(by="epci", to="requested", day="requested_on", looks_up=Lookup(bikes, "bike"))
def request(command: Request, bike: Bike | None, context: Context) -> LoanRequested:
    if bike is None:
        raise BIKE_UNKNOWN(bike=command.bike)
    if command.on < bike.commissioned_on:
        raise BIKE_NOT_YET_THERE(bike=command.bike, commissioned_on=bike.commissioned_on)
    if bike.status != "in_service":
        raise BIKE_OUT_OF_SERVICE(status=bike.status)
    if bike.station is None:
        raise BIKE_TAKEN()
    begins = _check_begun(command, command.due_back, context)
    taken_for_right = context.of(Plausible)
    latest = begins + timedelta(hours=taken_for_right.longest_loan_hours)
    if command.due_back > latest:
        raise LOAN_TOO_LONG(most=taken_for_right.longest_loan_hours, latest=latest)
    lapses_at = context.now.replace(microsecond=0) + timedelta(hours=taken_for_right.hours_to_take_a_bike)
    return tell(LoanRequested, command, bike, lapses_at=lapses_at)


@loans.decides(
    by="epci",
    when="requested",
    to="active",
    day="taken_on",
    takes=("station", "commune", "zone", "overdue_from"),
    clears=("lapses_at",),
    looks_up=Lookup(bikes, "bike"),
)
def take(loan: Loan, command: Take, bike: Bike | None, context: Context) -> LoanTaken:
    _check_begun(command, loan.due_back, context)
    overdue_from = loan.due_back
    if overdue_from <= context.now:
        overdue_from = context.now.replace(microsecond=0) + ENTERED_LATE
    if bike is None or bike.station is None:
        return tell(LoanTaken, command, loan, overdue_from=overdue_from)
    place = {"station": bike.station, "commune": bike.commune, "zone": bike.zone}
    return tell(LoanTaken, command, loan, overdue_from=overdue_from, **place)


@loans.decides(by=("epci", PLATFORM), when="active", to="overdue", day="overdue_on", clears=("overdue_from",))
def mark_overdue(loan: Loan, command: MarkOverdue, context: Context) -> LoanOverdue:
    if context.now < loan.due_back:
        raise NOT_DUE_YET(due_back=loan.due_back)
    return tell(LoanOverdue, command, loan)


@loans.decides(
    by="epci",
    when=OUT,
    to="returned",
    day="ended_on",
    takes=("returned_to", "kilometres"),
    clears=("overdue_from",),
    looks_up=Lookup(bike_stations, "returned_to"),
)
def return_bike(loan: Loan, command: Return, station: BikeStation | None) -> LoanReturned:
    open_station(station, command.returned_to)
    return tell(LoanReturned, command, loan)


@loans.decides(by="epci", when="overdue", to="lost", day="ended_on", takes=("reason",))
def record_lost(loan: Loan, command: RecordLost, context: Context) -> LoanLost:
    days = context.of(Plausible).days_until_lost
    since = loan.due_back + timedelta(days=days)
    if context.now < since:
        raise NOT_LOST_YET(days=days, since=since)
    return tell(LoanLost, command, loan)


loans.steps(
    Cancel,
    LoanCancelled,
    by=("epci", PLATFORM),
    when="requested",
    to="cancelled",
    day="ended_on",
    takes=("reason",),
    clears=("lapses_at",),
    reserves={PLATFORM: ("person_erased",)},
)
loans.steps(Lapse, LoanLapsed, by=PLATFORM, when="requested", to="lapsed", day="ended_on", clears=("lapses_at",))


@loans.decides(by=PLATFORM, when=("returned", "lost"))
def settle(loan: Loan, command: Settle) -> LoanSettled | tuple[()]:
    return () if loan.settled else tell(LoanSettled, command, loan)


@loans.decides(by="epci", when="returned", takes=("kilometres",), day="corrected_on")
def correct_kilometres(loan: Loan, command: CorrectKilometres) -> LoanKilometresCorrected | tuple[()]:
    return () if command.kilometres == loan.kilometres else tell(LoanKilometresCorrected, command, loan)


@loans.evolves
def _(loan: Loan, event: LoanSettled) -> Loan:
    return loan.after(event, settled=True)


@loans.claims
def _(loan: Loan) -> Iterable[Claim]:
    if loan.status in ("requested", *OUT):
        yield Claim(HAS_A_LOAN, loan.borrower)
    if loan.status in ("requested", *OUT) or (loan.status in ("returned", "lost") and not loan.settled):
        yield Claim(BIKE_TAKEN, loan.bike)
    if loan.returned_to and not loan.settled:
        yield from docked(loan.returned_to)


@loans.due
def _(loan: Loan) -> Iterable[Due]:
    if loan.lapses_at:
        yield Due(loan.lapses_at, Lapse())
    if loan.overdue_from:
        yield Due(loan.overdue_from, MarkOverdue())


@loans.keeps
def _(loan: Loan) -> Iterable[Keep]:
    # Of what nobody ends it is known for as long again: who has a bike for a year is still asked for it.
    open_for = timedelta() if loan.ended_on else KNOWN_FOR
    ended = loan.ended_on or loan.due_back.date()
    yield Keep(loan.borrower, ended + open_for + KNOWN_FOR)


def _check_begun(command: Command, due_back: datetime, context: Context) -> datetime:
    """When a loan begins: now, or on an earlier day with that day. Raises Rejected where it is due by then."""
    begins = context.now if command.on == context.today else datetime.combine(command.on, time(), PARIS)
    if due_back <= begins:
        raise DUE_BEFORE_IT_BEGINS(due_back=due_back)
    return begins
