"""What an event asks of bikes and loans: bikes follow their loans, and loans let go of what their bikes have."""

from collections.abc import Iterable, Sequence

from contracts.erasure import PersonErased
from contracts.mobility.bike import BikeBroughtBack, BikeLost
from contracts.mobility.loan import LoanLost, LoanReturned, LoanTaken
from eventstore.reactions import Found, Identity, Issue, Reactions
from mobility.bike import GiveUp, LeaveDock, TakeBack, bikes
from mobility.loan import Cancel, Loan, Settle, loans

reactions = Reactions()


@reactions.to()
def bikes_follow_their_loans(event: LoanTaken | LoanReturned | LoanLost, loan: Identity) -> Iterable[Issue]:
    """A bike leaves its dock with the borrower, stands in another one, or is lost: in the order of its loan's events,
    and of no other loan before that one is settled."""
    match event:
        case LoanTaken():
            yield Issue(bikes, event.bike, LeaveDock(loan=loan))
        case LoanReturned():
            yield Issue(bikes, event.bike, TakeBack(loan=loan, station=event.returned_to))
        case LoanLost():
            yield Issue(bikes, event.bike, GiveUp(loan=loan))


@reactions.to()
def settle_loans(event: BikeBroughtBack | BikeLost) -> Iterable[Issue]:
    """What a loan holds is its bike's from now on: the dock, and itself."""
    yield Issue(loans, event.loan, Settle())


@reactions.to(finds=loans, by={"borrower": "person"}, among={"status": "requested"})
def cancel_what_nobody_comes_for(_event: PersonErased, asked: Sequence[Found[Loan]]) -> Iterable[Issue]:
    """Who is known no more does not get the bike. A loan that has begun goes on, under the pseudonym."""
    for found in asked:
        cancel = Cancel(reason="person_erased")
        yield Issue(loans, found.identity, cancel, expects=tuple(loans.not_for(Cancel)))
