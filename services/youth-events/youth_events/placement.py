"""Observation placements [stages d'observation]: a pupil spends a week in a company, through the school (axis 3).

A school asks for a place of an offer for one of its pupils; the company validates and names a tutor, and the school
approves: from then on the pupil has the place, and no other in that week. The agreement states hours that the law
allows at the pupil's age; school, company and, for a minor, a guardian sign it. Then the pupil comes, and the company
tells how it went.

Pupil, guardian and tutor are known by pseudonyms. Of the pupil only an age band is kept.
"""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Annotated, Final

from pydantic import Field, JsonValue

from contracts.model import Day, EnteredDay
from contracts.personal import Person, Personal
from contracts.values import (
    MOST_PLACES,
    BreakMinutes,
    Commune,
    EmailAddress,
    IsoWeek,
    Minutes,
    Naf,
    PersonName,
    PhoneNumber,
    RecordId,
    Siret,
    Subject,
    TimeOfDay,
    Uai,
    Zone,
    monday_of,
    school_year_end,
)
from contracts.youth_events.offer import Grade, OfferStatus
from contracts.youth_events.placement import (
    CATEGORY,
    AgeBand,
    Attendance,
    Party,
    PlacementAgreementDrawnUp,
    PlacementAgreementSigned,
    PlacementApproved,
    PlacementAssessed,
    PlacementCancellation,
    PlacementCancelled,
    PlacementCompleted,
    PlacementDay,
    PlacementExpired,
    PlacementRejected,
    PlacementRejection,
    PlacementStarted,
    PlacementStatus,
    PlacementSubmitted,
    PlacementTransferred,
    PlacementTutorChanged,
    PlacementValidated,
)
from eventstore.decider import PLATFORM, By, Claim, Command, Context, Decider, Due, Keep, Lookup, State, tell
from eventstore.finding import Finding
from eventstore.refusal import Refusal
from youth_events.hours import LAW, MINORS, WEEK_TOO_LONG, Hours, Limit, Night, age, age_band, checked
from youth_events.members import HOST_NOT_A_MEMBER, Member, active_member, members
from youth_events.offer import NO_PLACE_LEFT, Offer, check_ahead, offers

TIME_TO_ANSWER: Final = timedelta(days=15)
"""How long a company has to answer; nobody answers after the week has begun."""
TIME_TO_ANSWER_TRANSFERRED: Final = timedelta(days=30)
PENDING: Final = ("submitted", "transferred", "employer_validated")
"""The statuses in which somebody's answer is missing, and nothing is held yet."""
BEFORE_IT_BEGINS: Final = (*PENDING, "approved", "agreement_signed")
OVER: Final = ("rejected", "expired", "cancelled")
AGREED: Final = ("weekdays", "arrives", "leaves", "break_minutes")
"""The hours that an agreement states."""
YOUNGEST: Final[Mapping[Grade, int]] = {"4e": 11, "3e": 12, "2de": 13, "1re": 14, "tle": 15}
"""How old the pupils of a grade are at least on a Monday of it: two years ahead of most. The law asks for the grade and
for no age (Code du travail, art. L4153-1, 2°, since 2019); who is younger still is in another grade."""
RESERVED: Final[Mapping[By, tuple[PlacementCancellation, ...]]] = {
    "school": ("pupil_withdrew", "pupil_unavailable", "left_school"),
    "company": ("no_tutor", "activity_stopped"),
    PLATFORM: ("another_approved", "offer_withdrawn", "person_erased"),
}
"""Why one of those who cancel placements alone may."""


_MINISTRY: Final = "ministère de l'Éducation nationale, convention type"
_BELOW_16: Final = MINORS._replace(
    daily=Limit(7 * 60, _MINISTRY),
    weekly=Limit(35 * 60, _MINISTRY),
    rest=MINORS.rest._replace(minutes=14 * 60),
    night=Night("20:00", "06:00", LAW + "L3163-1, L3163-2"),
)
HOURS: Final[Mapping[AgeBand, Hours]] = {
    "under_15": _BELOW_16._replace(weekly=Limit(30 * 60, _MINISTRY)),
    "15": _BELOW_16,
    "16_or_17": MINORS,
    "adult": MINORS,
}
"""Adults come for the same hours as those of 16."""


class Pupil(Person, recognised_by=("family_name", "given_name", "born_on")):
    """A pupil, as the school names it."""

    family_name: PersonName
    given_name: PersonName
    born_on: EnteredDay


class Tutor(Person, recognised_by=("family_name", "given_name", "email")):
    """Who looks after the pupil in the company."""

    family_name: PersonName
    given_name: PersonName
    email: EmailAddress
    phone: PhoneNumber | None = None


class Guardian(Person):
    """Who signs for a minor. Two of one name may be two persons, so nobody is recognised."""

    family_name: PersonName
    given_name: PersonName
    email: EmailAddress | None = None
    phone: PhoneNumber | None = None


_EXAMPLE: Final[dict[str, JsonValue]] = {
    "on": "2024-04-29",
    "offer": "0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d",
    "company": "00000001800010",
    "school": "0360024F",
    "pupil": {"family_name": "Exemple", "given_name": "Camille", "born_on": "2009-04-02"},
}


class Submit(Command, json_schema_extra={"examples": [_EXAMPLE]}):
    """A school asks a company for a place of an offer, for one of its pupils."""

    offer: RecordId
    company: Siret
    """Whose offer it is."""
    school: Uai
    pupil: Personal[Pupil]


class Transfer(Command):
    """The company passes the request on to another of its services, which has more time to answer."""


class Validate(Command):
    """The company agrees to host the pupil, and names a tutor."""

    tutor: Personal[Tutor]


class Approve(Command):
    """The school agrees: the pupil has the place. What else it has asked for in that week is cancelled."""


class ChangeTutor(Command):
    """Somebody else of the company looks after the pupil."""

    tutor: Personal[Tutor]


class DrawUpAgreement(Command):
    """The school states the hours in the agreement. Signatures that an earlier one has are void."""

    weekdays: Annotated[tuple[PlacementDay, ...], Field(min_length=1, max_length=5, examples=[["monday", "tuesday"]])]
    arrives: Annotated[TimeOfDay, Field(examples=["09:00"])]
    leaves: Annotated[TimeOfDay, Field(examples=["16:00"])]
    break_minutes: BreakMinutes


class SignForSchool(Command):
    """The school has signed the agreement."""


class SignForCompany(Command):
    """The company has signed the agreement."""


class RecordGuardianSignature(Command):
    """A guardian has signed the agreement for a pupil who is a minor."""

    guardian: Personal[Guardian]


class Start(Command):
    """The pupil has come."""


class Complete(Command):
    """The placement is over."""


class Assess(Command):
    """The company tells how it went."""

    attendance: Attendance
    hosts_again: bool
    """Whether it would host a pupil again."""


class Reject(Command):
    """The company, or the school, does not agree."""

    reason: PlacementRejection


class Cancel(Command):
    """The school or the company gives the placement up, or breaks it off."""

    reason: PlacementCancellation


class Expire(Command):
    """Nobody has answered in time."""


class Placement(State):
    """A placement of a pupil, asked for or agreed."""

    offer: RecordId
    company: Siret
    naf: Naf
    """Activity, commune and zone of the company are as when the school asked."""
    commune: Commune
    zone: Zone | None
    school: Uai
    week: IsoWeek
    grade: Grade
    age_band: AgeBand
    """How old the pupil is on the Monday of the week."""
    pupil: Subject
    tutor: Subject | None = None
    guardian: Subject | None = None
    """Who signed for a minor."""
    status: PlacementStatus
    expires_on: Day | None
    """The day on which it expires unless it is answered."""
    weekdays: tuple[PlacementDay, ...] | None = None
    """With what follows: the hours in the agreement, once it is drawn up."""
    arrives: TimeOfDay | None = None
    leaves: TimeOfDay | None = None
    break_minutes: BreakMinutes | None = None
    daily_minutes: Minutes | None = None
    weekly_minutes: Minutes | None = None
    school_signed_on: Day | None = None
    company_signed_on: Day | None = None
    guardian_signed_on: Day | None = None
    submitted_on: Day
    validated_on: Day | None = None
    approved_on: Day | None = None
    started_on: Day | None = None
    completed_on: Day | None = None
    assessed_on: Day | None = None
    attendance: Attendance | None = None
    hosts_again: bool | None = None
    ended_on: Day | None = None
    """The day it was rejected or cancelled, or expired."""
    reason: PlacementRejection | PlacementCancellation | None = None

    @property
    def signed(self) -> Mapping[Party, Day | None]:
        """Who must sign the agreement, and when each did."""
        guardian: Mapping[Party, Day | None] = {"guardian": self.guardian_signed_on}
        return {
            "school": self.school_signed_on,
            "company": self.company_signed_on,
            **({} if self.age_band == "adult" else guardian),
        }


OFFER_UNKNOWN = Refusal(
    "offer-unknown",
    "{company} has no offer {offer}",
    "{company} n'a pas d'offre {offer}",
    company=Siret,
    offer=RecordId,
)
NO_REQUESTS = Refusal(
    "offer-takes-no-requests",
    "no place of {offer} can be asked for: it is {status}",
    "aucune place de {offer} ne peut être demandée : son état est « {status} »",
    offer=RecordId,
    status=OfferStatus,
)
OFFER_OF_OTHER_SCHOOLS = Refusal(
    "offer-of-other-schools",
    "the offer is for other schools than {school}",
    "l'offre s'adresse à d'autres établissements que {school}",
    school=Uai,
)
PUPIL_TOO_YOUNG = Refusal(
    "pupil-too-young",
    "pupils of {grade} are at least {youngest} years old in that week, and this one is younger",
    "les élèves de {grade} ont au moins {youngest} ans cette semaine-là, et celui-ci est plus jeune",
    grade=Grade,
    youngest=int,
)
ALREADY_ASKED = Refusal(
    "already-asked",
    "the pupil has asked for a place of this offer already",
    "l'élève a déjà demandé une place de cette offre",
)
PUPIL_PLACED = Refusal(
    "pupil-placed",
    "the pupil is placed in a company in this week already",
    "l'élève est déjà en stage dans une entreprise cette semaine-là",
)
AGREEMENT_NOT_DRAWN_UP = Refusal(
    "agreement-not-drawn-up",
    "there is nothing to sign: the agreement is not drawn up",
    "il n'y a rien à signer : la convention n'est pas établie",
)
GUARDIAN_NOT_NEEDED = Refusal(
    "guardian-not-needed",
    "the pupil is of age, and needs no guardian's signature",
    "l'élève est majeur, la signature d'un responsable légal n'est pas nécessaire",
)
OUTSIDE_THE_WEEK = Refusal(
    "outside-the-week",
    "the pupil comes in week {week}, from {monday} to {sunday}",
    "l'élève vient la semaine {week}, du {monday} au {sunday}",
    week=IsoWeek,
    monday=Day,
    sunday=Day,
)

placements = Decider(
    CATEGORY.name,
    Placement,
    final=("assessed", *OVER),
    finding=Finding(
        found_by=("status", "week", "school", "company", "offer", "grade", "pupil", "reason", "attendance"),
        sorted_by=("week", "submitted_on", "expires_on"),
        searched_by=("company", "school"),
    ),
)

MAY_HOST: Final = (Lookup(members, "company"), Lookup(offers, "offer"))


@placements.creates(by="school", to="submitted", day="submitted_on", looks_up=MAY_HOST)
def submit(command: Submit, member: Member | None, offer: Offer | None, context: Context) -> PlacementSubmitted:
    if offer is None or offer.company != command.company:
        raise OFFER_UNKNOWN(company=command.company, offer=command.offer)
    host = active_member(member, command.company, HOST_NOT_A_MEMBER)
    if offer.status != "open":
        raise NO_REQUESTS(offer=command.offer, status=offer.status)
    if offer.schools and command.school not in offer.schools:
        raise OFFER_OF_OTHER_SCHOOLS(school=command.school)
    check_ahead(offer.week, command.on)
    years = age(command.pupil.told.born_on, monday_of(offer.week))
    if years < YOUNGEST[offer.grade]:
        raise PUPIL_TOO_YOUNG(grade=offer.grade, youngest=YOUNGEST[offer.grade])
    expires_on = _answered_by(offer.week, command.on, context.today, TIME_TO_ANSWER)
    return tell(PlacementSubmitted, command, host, offer, age_band=age_band(years), expires_on=expires_on)


@placements.decides(by="company", when="submitted", to="transferred", takes=("expires_on",))
def transfer(placement: Placement, command: Transfer, context: Context) -> PlacementTransferred:
    expires_on = _answered_by(placement.week, command.on, context.today, TIME_TO_ANSWER_TRANSFERRED)
    return tell(PlacementTransferred, command, placement, expires_on=expires_on)


@placements.decides(
    by="company",
    when=("submitted", "transferred"),
    to="employer_validated",
    day="validated_on",
    takes=("tutor", "expires_on"),
    looks_up=MAY_HOST,
)
def validate(
    placement: Placement, command: Validate, member: Member | None, offer: Offer | None, context: Context
) -> PlacementValidated:
    _check_host(placement, member, offer)
    expires_on = _answered_by(placement.week, command.on, context.today, None)
    return tell(PlacementValidated, command, placement, expires_on=expires_on)


@placements.decides(
    by="school",
    when="employer_validated",
    to="approved",
    day="approved_on",
    clears=("expires_on",),
    looks_up=MAY_HOST,
)
def approve(placement: Placement, command: Approve, member: Member | None, offer: Offer | None) -> PlacementApproved:
    _check_host(placement, member, offer)
    return tell(PlacementApproved, command, placement)


placements.steps(
    ChangeTutor,
    PlacementTutorChanged,
    by="company",
    when=("employer_validated", "approved", "agreement_signed", "started"),
    takes=("tutor",),
)


@placements.decides(
    by="school",
    when=("approved", "agreement_signed"),
    to="approved",
    takes=(*AGREED, "daily_minutes", "weekly_minutes"),
    clears=("school_signed_on", "company_signed_on", "guardian_signed_on", "guardian"),
)
def draw_up_agreement(placement: Placement, command: DrawUpAgreement) -> PlacementAgreementDrawnUp | tuple[()]:
    if all(getattr(placement, name) == getattr(command, name) for name in AGREED):
        return ()
    daily, weekly = checked(command, HOURS[placement.age_band], WEEK_TOO_LONG)
    return tell(PlacementAgreementDrawnUp, command, placement, daily_minutes=daily, weekly_minutes=weekly)


@placements.decides(by="school", when="approved", to=("approved", "agreement_signed"))
def sign_for_school(placement: Placement, command: SignForSchool) -> PlacementAgreementSigned | tuple[()]:
    return _signed(placement, command, "school", None)


@placements.decides(by="company", when="approved", to=("approved", "agreement_signed"))
def sign_for_company(placement: Placement, command: SignForCompany) -> PlacementAgreementSigned | tuple[()]:
    return _signed(placement, command, "company", None)


@placements.decides(by="school", when="approved", to=("approved", "agreement_signed"))
def record_guardian_signature(
    placement: Placement, command: RecordGuardianSignature
) -> PlacementAgreementSigned | tuple[()]:
    if placement.age_band == "adult":
        raise GUARDIAN_NOT_NEEDED()
    return _signed(placement, command, "guardian", command.guardian.subject)


@placements.decides(by=("school", "company"), when="agreement_signed", to="started", day="started_on")
def start(placement: Placement, command: Start) -> PlacementStarted:
    monday = monday_of(placement.week)
    sunday = monday + timedelta(days=6)
    if not monday <= command.on <= sunday:
        raise OUTSIDE_THE_WEEK(week=placement.week, monday=monday, sunday=sunday)
    return tell(PlacementStarted, command, placement)


placements.steps(
    Complete, PlacementCompleted, by=("school", "company"), when="started", to="completed", day="completed_on"
)
placements.steps(
    Assess,
    PlacementAssessed,
    by="company",
    when="completed",
    to="assessed",
    day="assessed_on",
    takes=("attendance", "hosts_again"),
)
placements.steps(
    Reject,
    PlacementRejected,
    by=("school", "company"),
    when=PENDING,
    to="rejected",
    day="ended_on",
    takes=("reason",),
    clears=("expires_on",),
)


placements.steps(
    Cancel,
    PlacementCancelled,
    by=("school", "company", PLATFORM),
    when=(*PENDING, "approved", "agreement_signed", "started"),
    to="cancelled",
    day="ended_on",
    takes=("reason",),
    clears=("expires_on",),
    reserves=RESERVED,
)
placements.steps(
    Expire, PlacementExpired, by=PLATFORM, when=PENDING, to="expired", day="ended_on", clears=("expires_on",)
)


@placements.evolves
def _(placement: Placement, event: PlacementAgreementSigned) -> Placement:
    return placement.after(
        event,
        status="agreement_signed" if event.complete else "approved",
        guardian=event.guardian or placement.guardian,
        **{f"{event.party}_signed_on": event.effective_on},
    )


@placements.claims
def _(placement: Placement) -> Iterable[Claim]:
    if placement.status not in OVER:
        yield Claim(ALREADY_ASKED, f"{placement.offer}/{placement.pupil}")
    if placement.approved_on and placement.status != "cancelled":
        yield Claim(PUPIL_PLACED, f"{placement.pupil}/{placement.week}")
        yield Claim(NO_PLACE_LEFT, placement.offer, limit=MOST_PLACES)


@placements.due
def _(placement: Placement) -> Iterable[Due]:
    if placement.expires_on:
        yield Due(placement.expires_on, Expire())


@placements.keeps
def _(placement: Placement) -> Iterable[Keep]:
    until = school_year_end(monday_of(placement.week))
    if placement.status not in OVER:
        until = until.replace(year=until.year + 1)
    for subject in dict.fromkeys((placement.pupil, placement.tutor, placement.guardian)):
        if subject:
            yield Keep(subject, until)


def _check_host(placement: Placement, member: Member | None, offer: Offer | None) -> None:
    """Whether the company may still take the pupil in. Raises Rejected."""
    active_member(member, placement.company, HOST_NOT_A_MEMBER)
    if offer is None or offer.status == "withdrawn":
        raise NO_REQUESTS(offer=placement.offer, status="withdrawn")


def _answered_by(week: str, on: Day, today: Day, days: timedelta | None) -> Day:
    """Until when somebody may answer: so many days, but not when the week has begun; without `days`, until then.

    What is entered when the week has begun may be answered for as long as if it had not.
    """
    latest = max(on, today)
    monday = monday_of(week)
    if latest >= monday:
        return latest + (days or TIME_TO_ANSWER)
    return min(latest + days, monday) if days else monday


def _signed(
    placement: Placement, command: Command, party: Party, guardian: str | None
) -> PlacementAgreementSigned | tuple[()]:
    if placement.weekdays is None:
        raise AGREEMENT_NOT_DRAWN_UP()
    if placement.signed[party]:
        return ()
    complete = all(on for other, on in placement.signed.items() if other != party)
    return tell(PlacementAgreementSigned, command, placement, party=party, guardian=guardian, complete=complete)
