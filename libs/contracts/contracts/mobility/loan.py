"""What happens to a loan of a bike [prêt], the stream `loan-<id>`.

Who borrows is a pseudonym. Station, commune and zone are those where the bike stood when it was lent, and as long as it
is only asked for, those where it stood then.
"""

from typing import Final, Literal

from contracts.category import Category
from contracts.mobility.bike import BikeKind
from contracts.model import Aside, Correction, Day, Event
from contracts.values import BikeCode, BikeStationCode, Commune, Kilometres, Moment, Subject, Zone

CATEGORY: Final = Category("loan", service="mobility", path="/v1/loans", persons=True)

LoanStatus = Literal["requested", "active", "overdue", "returned", "lost", "lapsed", "cancelled"]
LoanLoss = Literal["not_brought_back", "stolen", "destroyed", "other"]
LoanCancellation = Literal["not_needed", "bike_unfit", "entered_by_mistake", "person_erased", "other"]
LoanCorrection = Literal["typing_error", "late_document", "other"]


class _Loan(Event):
    bike: BikeCode
    kind: BikeKind
    station: BikeStationCode
    commune: Commune
    zone: Zone | None
    borrower: Subject
    due_back: Moment
    """Until when the bike is lent."""


class LoanRequested(_Loan, version=1):
    """Somebody asks for a bike, which is kept for them."""

    lapses_at: Moment
    """When it lapses unless the bike is taken."""


class LoanTaken(_Loan, version=1):
    """The borrower has taken the bike."""

    overdue_from: Moment
    """When it counts as overdue unless the bike is brought back: when it is due, or a day after it was entered, where
    it was due already."""


class LoanOverdue(_Loan, version=1):
    """The bike was not brought back in time."""


class LoanReturned(_Loan, version=1):
    """The borrower has brought the bike back."""

    returned_to: BikeStationCode
    kilometres: Kilometres | None
    """How far the bike was ridden, where that is known."""
    taken_on: Day


class LoanLost(_Loan, version=1):
    """The bike was not brought back, and is given up."""

    reason: LoanLoss
    taken_on: Day


class LoanLapsed(_Loan, version=1):
    """The bike was not taken in time."""


class LoanCancelled(_Loan, version=1):
    """The bike is not lent after all."""

    reason: LoanCancellation


class LoanSettled(_Loan, Aside, version=1):
    """The bike has told that it is back, or lost: what the loan held of it and of its dock is free, or the bike's."""


class LoanKilometresCorrected(_Loan, Correction, version=1):
    """The bike was ridden further, or less far, than was recorded."""

    kilometres_before: Kilometres | None
    kilometres: Kilometres
    reason: LoanCorrection
