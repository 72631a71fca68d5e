"""What an event asks of streams of this service: another room for each session whose room closes, a session for a need
that none answers, forecasts calculated and superseded, answers to a campaign looked at, added up and counted, and needs
withdrawn when their company leaves."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from contracts import codes
from contracts.companies.company import CompanyLeft
from contracts.employment.hire import (
    HireCancelled,
    HireConfirmed,
    HireEnded,
    HireEnrolmentCorrected,
    HireOutcomeCorrected,
    HireRecorded,
)
from contracts.erasure import PersonErased
from contracts.model import Day
from contracts.training.enrolment import (
    EnrolmentAdmitted,
    EnrolmentCancelled,
    EnrolmentCertificationUndone,
    EnrolmentCertified,
    EnrolmentDropped,
    EnrolmentOutcomeCorrected,
    EnrolmentQueued,
    HireUndoing,
)
from contracts.training.forecast import ForecastAdopted, ForecastDrafted, ForecastRevised
from contracts.training.room import (
    RoomCorrected,
    RoomMovesAccepted,
    RoomRetired,
    RoomWorksBegan,
    RoomWorksEnded,
    RoomWorksPlanned,
    RoomWorksProlonged,
    RoomWorksUnplanned,
)
from contracts.training.session import (
    SessionBegan,
    SessionCancelled,
    SessionCompleted,
    SessionCompletionCorrected,
    SessionMoveAsked,
    SessionRescheduled,
    SessionSeatsChanged,
    SessionTimetableChanged,
)
from contracts.training.skill_need import (
    SkillNeedAdjusted,
    SkillNeedQualified,
    SkillNeedReviewed,
    SkillNeedWithdrawn,
)
from contracts.training.skills_campaign import SkillsCampaignCleaned, SkillsCampaignClosed, SkillsCampaignPublished
from contracts.values import MOST_SEATS, months_later
from eventstore.decider import ITSELF, Command
from eventstore.reactions import Found, Identity, Issue, Queue, Reactions
from eventstore.refusal import Refusal
from training.campaign_answer import LOOKED_AT, CampaignAnswer, Count, campaign_answers
from training.campaign_answer import Review as ReviewAnswer
from training.campaign_figures import Answered
from training.enrolment import (
    ENROLMENT_HAS_BEGUN,
    PENDING,
    SEATED,
    SESSION_NOT_OFFERED,
    Begin,
    Cancel,
    Enrolment,
    MoveUp,
    Reschedule,
    TellHired,
    TellNotHired,
    enrolments,
)
from training.forecast import Calculate, Forecast, SeatsOfYear, Supersede, forecasts
from training.forecasting import ENDING, seats_of
from training.room import Room, rooms
from training.session import (
    COMING,
    HOLDING,
    MOVE_NOT_PROPOSED,
    NO_SEAT_LEFT,
    NOT_IN_THE_ROOM,
    ROOM_CLOSED_THEN,
    ROOM_NOT_OPEN,
    ROOM_TAKEN,
    ROOM_TOO_SMALL,
    TIMETABLE_TOO_LONG,
    AcceptMove,
    Admit,
    AskMove,
    Dismiss,
    DropMove,
    Leave,
    Propose,
    ProposeMove,
    Session,
    sessions,
)
from training.skill_need import (
    OPEN,
    Cover,
    CoverExpired,
    Review,
    SkillNeed,
    Uncover,
    UncoverExpired,
    Withdraw,
    skill_needs,
)
from training.skills_campaign import Tabulate, skills_campaigns
from training.timetable import within

MOST_TRIED: Final = 20
"""Rooms that are tried one after the other."""

reactions = Reactions()

_NOT_FREE: Final = (ROOM_TAKEN, ROOM_CLOSED_THEN, ROOM_NOT_OPEN, ROOM_TOO_SMALL)
"""Why a room cannot be held for a session: another has it, or it is closed or smaller by now."""
_NOT_MOVED: Final = (*_NOT_FREE, MOVE_NOT_PROPOSED, NOT_IN_THE_ROOM, TIMETABLE_TOO_LONG)


@reactions.to(finds=sessions, by={"rooms": "room"}, among={"status": HOLDING})
def ask_for_other_rooms(
    event: RoomWorksPlanned | RoomWorksBegan | RoomWorksProlonged | RoomRetired | RoomCorrected,
    there: Sequence[Found[Session]],
) -> Iterable[Issue]:
    """Whatever is in a room that closes, or has become too small, is to be elsewhere then."""
    since, until = _closed(event)
    for found in there:
        session = found.state
        move = session.pending(event.room)
        fits = isinstance(event, RoomCorrected) and session.seats <= event.capacity
        if not fits and within(session.slots, event.room, since, until, session.days_off):
            if move is None or (move.moving_since, move.moving_until) != (since, until):
                ask = AskMove(moving_from=event.room, moving_since=since, moving_until=until)
                yield Issue(sessions, found.identity, ask, expects=(NOT_IN_THE_ROOM, *sessions.not_for(AskMove)))
        elif move and isinstance(event, RoomWorksPlanned):
            yield _drop(found, event.room)


@reactions.to(finds=rooms, by={"commune": "commune"}, among={"status": ("in_service", "works", "retired")})
def propose_another_room(event: SessionMoveAsked, session: Identity, there: Sequence[Found[Room]]) -> Iterable[Issue]:
    """The smallest room that is large enough and has all that the other one has, where one is free; or else none is."""
    needed = {item for found in there if found.identity == event.moving_from for item in found.state.equipment}
    fitting = [
        found.state
        for found in there
        if found.identity != event.moving_from
        and found.state.status == "in_service"
        and found.state.capacity >= event.seats
        and needed <= {*found.state.equipment}
    ]
    fitting.sort(key=lambda room: (room.capacity, room.room))
    offers = [ProposeMove(moving_from=event.moving_from, moving_to=room.room) for room in fitting[:MOST_TRIED]]
    none = ProposeMove(moving_from=event.moving_from)
    yield Issue(sessions, session, *offers, none, expects=(*_NOT_FREE, *sessions.not_for(ProposeMove)))


@reactions.to(finds=sessions, by={"moving_from": "room"}, among={"status": HOLDING})
def accept_what_is_proposed(event: RoomMovesAccepted, leaving: Sequence[Found[Session]]) -> Iterable[Issue]:
    """Each session moves to the room that was proposed when all were accepted; if that cannot be had, another one is
    looked for."""
    for found in leaving:
        move = found.state.pending(event.room)
        if move is None or move.moving_to is None or not move.proposed_at or move.proposed_at > event.accepted_at:
            continue
        accept = AcceptMove(moving_from=event.room, moving_to=move.moving_to)
        anew = AskMove(moving_from=event.room, moving_since=move.moving_since, moving_until=move.moving_until)
        yield Issue(sessions, found.identity, accept, anew, expects=(*_NOT_MOVED, *sessions.not_for(AcceptMove)))


@reactions.to(finds=sessions, by={"moving_from": "room"}, among={"status": HOLDING})
def drop_what_is_proposed(
    event: RoomWorksUnplanned | RoomWorksEnded, leaving: Sequence[Found[Session]]
) -> Iterable[Issue]:
    """Whatever has not moved yet stays."""
    for found in leaving:
        yield _drop(found, event.room)


@reactions.to()
def take_the_seat(event: EnrolmentAdmitted | EnrolmentOutcomeCorrected, enrolment: Identity) -> Iterable[Issue]:
    """The session learns who has a seat: also whoever had given it up, as was said wrongly."""
    if isinstance(event, EnrolmentAdmitted) or event.outcome_before == "dropped":
        take = Admit(enrolment=enrolment)
        yield Issue(sessions, event.session, take, expects=tuple(sessions.not_for(Admit)))


@reactions.to()
def free_the_seat(event: EnrolmentCancelled | EnrolmentDropped, enrolment: Identity) -> Iterable[Issue]:
    """The session learns that a seat is free. One that does not take place, or is over, need not know."""
    if isinstance(event, EnrolmentDropped) or event.status_before in SEATED:
        free = Leave(enrolment=enrolment)
        yield Issue(sessions, event.session, free, expects=tuple(sessions.not_for(Leave)))


@reactions.to(finds=enrolments, by={"session": "session"}, among={"status": "waiting"})
def give_the_seat(
    _event: EnrolmentQueued | EnrolmentCancelled | EnrolmentDropped, waiting: Sequence[Found[Enrolment]]
) -> Iterable[Issue]:
    """A seat that is free is for whoever has waited longest; the others are told that there is none."""
    yield from _in_order(waiting)


@reactions.to(finds=enrolments, by={"session": ITSELF}, among={"status": "waiting"})
def give_more_seats(
    _event: SessionSeatsChanged | SessionRescheduled, waiting: Sequence[Found[Enrolment]]
) -> Iterable[Issue]:
    """Where a session has more seats, or offers them again, those who wait have them."""
    yield from _in_order(waiting)


@reactions.to(finds=enrolments, by={"session": ITSELF}, among={"status": "admitted"})
def begin_with_the_session(_event: SessionBegan, admitted: Sequence[Found[Enrolment]]) -> Iterable[Issue]:
    """Whoever is admitted is in the session once it begins. Who did not come drops out, as the training body says."""
    for found in admitted:
        yield Issue(enrolments, found.identity, Begin(), expects=tuple(enrolments.not_for(Begin)))


@reactions.to(finds=enrolments, by={"session": ITSELF}, among={"status": (*PENDING, "attending")})
def follow_the_session(
    event: SessionTimetableChanged | SessionRescheduled | SessionCompletionCorrected,
    there: Sequence[Found[Enrolment]],
) -> Iterable[Issue]:
    """Whoever is enrolled stays so when the session has other days."""
    for found in there:
        days = Reschedule(starts_on=event.starts_on, ends_on=event.ends_on)
        yield Issue(enrolments, found.identity, days, expects=tuple(enrolments.not_for(Reschedule)))


@reactions.to(finds=enrolments, by={"session": ITSELF}, among={"status": (*PENDING, "attending")})
def cancel_with_the_session(_event: SessionCancelled, there: Sequence[Found[Enrolment]]) -> Iterable[Issue]:
    """There is nothing to come to any more."""
    for found in there:
        yield _cancelled(found, Cancel(reason="session_cancelled"))


@reactions.to(finds=enrolments, by={"session": ITSELF}, among={"status": PENDING})
def cancel_what_the_session_did_not_take(
    _event: SessionCompleted, there: Sequence[Found[Enrolment]]
) -> Iterable[Issue]:
    """Whoever has not begun by its end was not in it."""
    for found in there:
        yield _cancelled(found, Cancel(reason="session_over"))


@reactions.to(finds=enrolments, by={"trainee": "person"}, among={"status": PENDING})
def cancel_whom_nobody_knows(_event: PersonErased, there: Sequence[Found[Enrolment]]) -> Iterable[Issue]:
    """Somebody whom nobody knows any more cannot be expected. Who has begun goes on, under the pseudonym."""
    for found in there:
        yield _cancelled(found, Cancel(reason="person_erased"))


@reactions.to()
def cover_the_need(event: EnrolmentCertified, enrolment: Identity) -> Iterable[Issue]:
    """Whoever is certified in a session that answers a need covers it."""
    if event.need:
        said: dict[str, Any] = {"enrolment": enrolment, "certified_on": event.certified_on}
        cover, late = Cover(**said), CoverExpired(**said)
        yield Issue(skill_needs, event.need, cover, late, expects=_not_counting(Cover, CoverExpired), if_there=True)


@reactions.to()
def uncover_the_need(event: EnrolmentCertificationUndone, enrolment: Identity) -> Iterable[Issue]:
    """Nobody is certified for it after all."""
    if event.need and event.certified_on:
        uncover, late = Uncover(enrolment=enrolment), UncoverExpired(enrolment=enrolment)
        yield Issue(
            skill_needs, event.need, uncover, late, expects=_not_counting(Uncover, UncoverExpired), if_there=True
        )


@reactions.to()
def tell_of_a_hire(event: HireConfirmed | HireRecorded | HireOutcomeCorrected, hire: Identity) -> Iterable[Issue]:
    """A hire came of an enrolment, as an adviser says: also one that had ended, as was said wrongly."""
    if event.enrolment:
        yield _hired(event.enrolment, hire)


@reactions.to(finds=enrolments, by={"hires": ITSELF})
def tell_of_no_hire(
    event: HireCancelled | HireEnded, hire: Identity, told: Sequence[Found[Enrolment]]
) -> Iterable[Issue]:
    """The hire is none any more. What somebody said of six months after the training stays said."""
    reason: HireUndoing = "hire_ended" if isinstance(event, HireEnded) else "hire_cancelled"
    for found in told:
        yield Issue(enrolments, found.identity, TellNotHired(hire=hire, reason=reason))


@reactions.to()
def tell_of_another_enrolment(event: HireEnrolmentCorrected, hire: Identity) -> Iterable[Issue]:
    """An adviser says that a hire came of another enrolment, or of none."""
    if event.enrolment_before:
        undone = TellNotHired(hire=hire, reason="other_enrolment")
        yield Issue(enrolments, event.enrolment_before, undone, if_there=True)
    if event.enrolment and event.ended_on is None:
        yield _hired(event.enrolment, hire)


def _closed(
    event: RoomWorksPlanned | RoomWorksBegan | RoomWorksProlonged | RoomRetired | RoomCorrected,
) -> tuple[Day, Day | None]:
    """From which day on a room is closed, or too small, and until before which, if that is known."""
    if isinstance(event, RoomRetired | RoomCorrected):
        return event.effective_on, None
    return event.closed_from, event.closed_until


def _drop(found: Found[Session], room: str) -> Issue:
    return Issue(sessions, found.identity, DropMove(moving_from=room), expects=tuple(sessions.not_for(DropMove)))


def _not_counting(*commands: type[Command]) -> tuple[Refusal, ...]:
    """How needs refuse commands that count nobody any more, as they are withdrawn or rejected."""
    return tuple(refusal for command in commands for refusal in skill_needs.not_for(command))


def _in_order(waiting: Sequence[Found[Enrolment]]) -> Iterable[Issue]:
    expects = (SESSION_NOT_OFFERED, *enrolments.not_for(MoveUp))
    for found in sorted(waiting, key=_waited):
        queue = Queue(found.state.session, NO_SEAT_LEFT)
        yield Issue(enrolments, found.identity, MoveUp(), expects=expects, queue=queue)


def _waited(found: Found[Enrolment]) -> tuple[float, str]:
    return found.state.queued_at.timestamp() if found.state.queued_at else 0, found.identity


def _cancelled(found: Found[Enrolment], cancel: Cancel) -> Issue:
    return Issue(enrolments, found.identity, cancel, expects=(ENROLMENT_HAS_BEGUN, *enrolments.not_for(Cancel)))


def _hired(enrolment: str, hire: str) -> Issue:
    return Issue(enrolments, enrolment, TellHired(hire=hire), if_there=True)


ANSWERED_WITHIN = 12
"""Months from the day on which it is looked, in which a session for a need is to start."""


@reactions.to(finds=sessions, among={"status": ("proposed", *COMING, "running", "postponed")})
def propose_a_session(
    event: SkillNeedQualified | SkillNeedAdjusted | SkillNeedReviewed, need: Identity, there: Sequence[Found[Session]]
) -> Iterable[Issue]:
    """A need that lacks somebody, and for which no session starts within twelve months, proposes one to AFPA Issoudun.

    What is already proposed for the occupation is one that is to come, whichever need it was proposed for.
    """
    if event.uncovered and not any(_answers(found.state, event, need) for found in there):
        seats = min(event.uncovered, MOST_SEATS)
        yield Issue(sessions, None, Propose(need=need, romes=(event.rome,), seats=seats, commune=event.commune))


def _answers(session: Session, event: SkillNeedQualified | SkillNeedAdjusted | SkillNeedReviewed, need: str) -> bool:
    """Whether a session is the need's own, or is to start within twelve months at its level, for its occupation, its
    older code or one that was part of it. What is only proposed has no level yet."""
    if session.need == need:
        return True
    day = event.effective_on
    soon = session.starts_on is None or day <= session.starts_on <= months_later(day, ANSWERED_WITHIN)
    coming = session.status in ("proposed", *COMING)
    fits = session.status == "proposed" or event.level in (None, session.level)
    return coming and soon and fits and any(codes.rome_kin(event.rome, each) for each in session.romes)


@reactions.to()
def look_again_without_the_session(event: SessionCancelled) -> Iterable[Issue]:
    """A need whose session is cancelled is looked at again. One that is not proposed any more was dismissed, and is not
    proposed again at once."""
    if event.need:
        yield Issue(skill_needs, event.need, Review(), expects=tuple(skill_needs.not_for(Review)))


@reactions.to(finds=sessions, by={"need": ITSELF}, among={"status": "proposed"})
def dismiss_what_nobody_needs(_event: SkillNeedWithdrawn, proposed: Sequence[Found[Session]]) -> Iterable[Issue]:
    """A session that was proposed for a need that is withdrawn is not to be planned."""
    for found in proposed:
        dismiss = Dismiss(reason="need_withdrawn")
        yield Issue(sessions, found.identity, dismiss, expects=tuple(sessions.not_for(Dismiss)))


@reactions.to(finds=skill_needs, by={"company": "company"}, among={"status": OPEN})
def withdraw_needs(_event: CompanyLeft, there: Sequence[Found[SkillNeed]]) -> Iterable[Issue]:
    """The network's sessions are not planned for a company that has left it."""
    for found in there:
        withdraw = Withdraw(reason="member_left")
        yield Issue(skill_needs, found.identity, withdraw, expects=tuple(skill_needs.not_for(Withdraw)))


@reactions.to(finds=sessions, among={"status": ENDING})
def calculate_the_forecast(
    event: ForecastDrafted | ForecastRevised | ForecastAdopted, forecast: Identity, there: Sequence[Found[Session]]
) -> Iterable[Issue]:
    """What follows of a forecast's assumptions is calculated whenever these are told, and when it is adopted."""
    romes = {each.rome for each in event.occupations}
    seats = tuple(
        SeatsOfYear(rome=rome, year=year, seats=found.seats, sessions=found.sessions)
        for (rome, year), found in sorted(seats_of(each.state for each in there).items())
        if rome in romes and event.base_year < year <= event.base_year + event.years
    )
    yield Issue(forecasts, forecast, Calculate(seats=seats), expects=tuple(forecasts.not_for(Calculate)))


@reactions.to(finds=forecasts, among={"status": "adopted"})
def supersede_all_but_the_last(_event: ForecastAdopted, adopted: Sequence[Found[Forecast]]) -> Iterable[Issue]:
    """Of forecasts that are adopted the last one stands, in whichever order their adoptions are told: each looks at all
    that there are, itself included."""
    standing = [(found.state.adopted_at, found.identity) for found in adopted if found.state.adopted_at]
    for moment, identity in standing:
        if (moment, identity) != (last := max(standing)):
            supersede = Supersede(superseded_by=last[1])
            yield Issue(forecasts, identity, supersede, expects=tuple(forecasts.not_for(Supersede)))


@reactions.to(finds=campaign_answers, by={"skills_campaign": ITSELF}, among={"status": "given"})
def look_at_answers(_event: SkillsCampaignClosed, given: Sequence[Found[CampaignAnswer]]) -> Iterable[Issue]:
    """The cleaning rules look at each answer that they have not seen."""
    for found in given:
        yield Issue(
            campaign_answers, found.identity, ReviewAnswer(), expects=tuple(campaign_answers.not_for(ReviewAnswer))
        )


@reactions.to(finds=campaign_answers, by={"skills_campaign": ITSELF}, among={"status": LOOKED_AT})
def add_answers_up(
    event: SkillsCampaignCleaned, campaign: Identity, there: Sequence[Found[CampaignAnswer]]
) -> Iterable[Issue]:
    """What is found is what was found when it was cleaned: until the cleaning is resumed no answer changes, and then
    this comes to nothing."""
    answers = tuple(
        Answered(
            counts=found.state.status == "retained",
            **{name: getattr(found.state, name) for name in Answered.model_fields.keys() - {"counts"}},
        )
        for found in there
    )
    tabulate = Tabulate(cleaning=event.cleaning, answers=answers)
    yield Issue(skills_campaigns, campaign, tabulate, expects=tuple(skills_campaigns.not_for(Tabulate)))


@reactions.to(finds=campaign_answers, by={"skills_campaign": ITSELF}, among={"status": "retained"})
def count_answers(_event: SkillsCampaignPublished, retained: Sequence[Found[CampaignAnswer]]) -> Iterable[Issue]:
    """Each answer tells once what it adds to the figures, for whoever counts by company or trade."""
    for found in retained:
        yield Issue(campaign_answers, found.identity, Count(), expects=tuple(campaign_answers.not_for(Count)))
