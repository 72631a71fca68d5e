"""Immersions [PMSMP, périodes de mise en situation en milieu professionnel]: somebody whom an agency accompanies is in
a company for some days, to discover a trade, confirm a plan or start a recruitment (axis 3).

The agency prepares the agreement. The beneficiary, the company, the agency and, for a minor, a guardian sign it, each
by a link that is good for one signature, until a day; who has not signed is reminded. An edit makes what was signed
void, and everybody signs anew, by a new link. Once all have signed, the agency accepts it: from then on the beneficiary
is in no other immersion in those days. Afterwards it is told how it went, and whether it led to a job.

The Code du travail has it from art. L5135-1 and from art. D5135-1 on. All persons are known by pseudonyms. Of the
beneficiary only an age band is kept.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, Final, get_args

from pydantic import Field, JsonValue

from contracts.companies.equipment import Weekday
from contracts.employment.vacancy import ContractType
from contracts.language import folded_words
from contracts.model import PARIS, Day, EnteredDay, Model
from contracts.personal import Person, Personal
from contracts.values import (
    BreakMinutes,
    Commune,
    DocumentHash,
    EmailAddress,
    EnteredRome,
    Minutes,
    Naf,
    Ordinal,
    PersonName,
    PhoneNumber,
    Rome,
    Siret,
    Subject,
    Tally,
    TimeOfDay,
    Zone,
    school_year_end,
)
from contracts.youth_events.immersion import (
    CATEGORY,
    Agency,
    ImmersionAccepted,
    ImmersionAmended,
    ImmersionAssessed,
    ImmersionCancellation,
    ImmersionCancelled,
    ImmersionCompleted,
    ImmersionLinkRenewed,
    ImmersionLinkRevoked,
    ImmersionObjective,
    ImmersionOutcome,
    ImmersionPrepared,
    ImmersionRejected,
    ImmersionRejection,
    ImmersionReminded,
    ImmersionSigned,
    ImmersionStarted,
    ImmersionStatus,
    Signatory,
    SignatureLink,
)
from contracts.youth_events.placement import AgeBand
from eventstore.decider import PLATFORM, By, Claim, Command, Context, Decider, Due, Keep, Lookup, State, tell
from eventstore.finding import Finding
from eventstore.refusal import Refusal
from youth_events.hours import ADULTS, MINORS, age, age_band, checked
from youth_events.members import HOST_NOT_A_MEMBER, Member, active_member, members
from youth_events.placement import Tutor

WEEKDAYS: Final[tuple[Weekday, ...]] = get_args(Weekday)
AGENCIES: Final = ("mission_locale", "france_travail")
SIGNING: Final = ("ready_to_sign", "partially_signed")
"""The statuses in which somebody's signature is missing."""
UNDECIDED: Final = (*SIGNING, "in_review")
BEFORE_IT_BEGINS: Final = (*UNDECIDED, "accepted")
OVER: Final = ("rejected", "cancelled")
YOUNGEST: Final = 16
"""Years on the first day: nobody below works, but for pupils and apprentices (Code du travail, art. L4153-1)."""
LONGEST: Final = 30
"""Days of the calendar, the first and the last included; so nobody comes on more than 30 days either. The law says a
month from date to date (Code du travail, art. D5135-3)."""
AHEAD: Final = timedelta(days=366)
"""How long before its first day an immersion is prepared, at most."""
LINK_IS_GOOD: Final = timedelta(days=14)
"""How long somebody may sign by a link, but not once the immersion has begun."""
REMINDED_AFTER: Final = (timedelta(days=3), timedelta(days=7))
"""Since a link was made, while nobody has signed by it ..."""
REMINDED_BEFORE: Final = timedelta(days=1)
"""... and once more before its last day."""
MOST_LINKS: Final = 100
"""Of one immersion, over all its edits."""
RESERVED: Final[Mapping[By, tuple[ImmersionCancellation, ...]]] = {
    "company": ("no_tutor", "activity_stopped"),
    PLATFORM: ("member_left", "person_erased"),
}
"""Why one of those who cancel immersions alone may."""


class Beneficiary(Person, recognised_by=("family_name", "given_name", "born_on")):
    """Who comes to the company, as the agency names the person. The link to sign by is sent to the address."""

    family_name: PersonName
    given_name: PersonName
    born_on: EnteredDay
    email: EmailAddress
    phone: PhoneNumber | None = None


class ImmersionGuardian(Person):
    """Who signs for a minor. Two of one name may be two persons, so nobody is recognised."""

    family_name: PersonName
    given_name: PersonName
    email: EmailAddress
    phone: PhoneNumber | None = None


class Representative(Person, recognised_by=("family_name", "given_name", "email")):
    """Who signs for the company."""

    family_name: PersonName
    given_name: PersonName
    email: EmailAddress
    phone: PhoneNumber | None = None


class Adviser(Person, recognised_by=("family_name", "given_name", "email")):
    """Who accompanies the beneficiary, and signs for the agency."""

    family_name: PersonName
    given_name: PersonName
    email: EmailAddress
    phone: PhoneNumber | None = None


class Terms(Model):
    """What an agreement says."""

    beneficiary: Personal[Beneficiary]
    guardian: Personal[ImmersionGuardian] | None = None
    """For a minor, and for nobody else."""
    tutor: Personal[Tutor]
    """Who looks after the beneficiary in the company."""
    representative: Personal[Representative]
    adviser: Personal[Adviser]
    objective: ImmersionObjective
    rome: EnteredRome
    """The occupation that it shows."""
    begins_on: EnteredDay
    ends_on: EnteredDay
    """The last day."""
    weekdays: Annotated[tuple[Weekday, ...], Field(min_length=1, max_length=7)]
    """On which the beneficiary comes, each time for the same hours."""
    arrives: TimeOfDay
    leaves: TimeOfDay
    break_minutes: BreakMinutes


def _named(name: str, address: str, **more: JsonValue) -> dict[str, JsonValue]:
    return {"family_name": "Exemple", "given_name": name, "email": f"{address}@example.org", **more}


_TERMS: Final[dict[str, JsonValue]] = {
    "beneficiary": _named("Camille", "camille", born_on="2001-04-02"),
    "tutor": _named("Dominique", "tuteur"),
    "representative": _named("Claude", "direction"),
    "adviser": _named("Sacha", "conseil"),
    "objective": "confirm_project",
    "rome": "H2902",
    "begins_on": "2024-05-13",
    "ends_on": "2024-05-24",
    "weekdays": ["monday", "tuesday", "wednesday", "thursday", "friday"],
    "arrives": "09:00",
    "leaves": "17:00",
    "break_minutes": 60,
}
_PREPARED: Final[dict[str, JsonValue]] = {
    "on": "2024-05-06",
    "agency": "mission_locale",
    "company": "00000001800010",
    **_TERMS,
}
_OF_A_MINOR: Final[dict[str, JsonValue]] = {
    "beneficiary": _named("Alix", "alix", born_on="2007-04-02"),
    "guardian": _named("Lou", "parent"),
    "begins_on": "2024-05-17",
    "ends_on": "2024-05-31",
}
_DOCUMENT: Final = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


class Prepare(Terms, Command, json_schema_extra={"examples": [_PREPARED, {**_PREPARED, **_OF_A_MINOR}]}):
    """An agency prepares an immersion in a company: all who must sign the agreement have a link."""

    agency: Agency
    """Which of the two prescribes it."""
    company: Siret


class Amend(Terms, Command, json_schema_extra={"examples": [{**_TERMS, "leaves": "16:30"}]}):
    """The terms are told anew, all of them. What was signed is void, and all who must sign have a new link."""


class RenewLink(Command):
    """Somebody who has not signed has a new link. The one before, if it was good, is good for nothing any more."""

    signatory: Annotated[Signatory, Field(examples=["company"])]


class RevokeLink(Command):
    """Somebody's link is good for nothing any more: it went to the wrong address."""

    signatory: Annotated[Signatory, Field(examples=["company"])]


class Remind(Command):
    """Those who have not signed are reminded."""


class Sign(
    Command,
    json_schema_extra={
        "examples": [
            {"signatory": signatory, "link": link, "document": _DOCUMENT}
            for link, signatory in enumerate(("beneficiary", "company", "agency"), 1)
        ]
    },
):
    """Somebody signs, by a link that nobody but its holder knows."""

    signatory: Signatory
    link: Ordinal
    """Its number."""
    document: DocumentHash
    """Of the agreement as it was shown."""


class Accept(Command):
    """The agency accepts what all have signed: the immersion takes place."""


class Reject(Command):
    """The agency, or the company, does not agree."""

    reason: ImmersionRejection


class Start(Command):
    """The beneficiary has come."""


class Complete(Command):
    """The immersion is over."""


class Assess(
    Command,
    json_schema_extra={"examples": [{"outcome": "completed", "job_obtained": True, "contract": "fixed_term"}]},
):
    """The company or the agency tells how it went."""

    outcome: ImmersionOutcome
    job_obtained: bool
    """Whether the company hires the beneficiary."""
    contract: ContractType | None = None
    """Of the job, if there is one."""


class Cancel(Command):
    """The immersion is given up, or broken off."""

    reason: ImmersionCancellation


class Immersion(State):
    """An immersion of somebody in a company, prepared or agreed."""

    company: Siret
    naf: Naf
    """Activity, commune and zone of the company are as when it was prepared."""
    commune: Commune
    zone: Zone | None
    agency: Agency
    beneficiary: Subject
    age_band: AgeBand
    """How old the beneficiary is on the first day."""
    guardian: Subject | None
    tutor: Subject
    representative: Subject
    adviser: Subject
    objective: ImmersionObjective
    rome: Rome
    begins_on: Day
    ends_on: Day
    weekdays: tuple[Weekday, ...]
    arrives: TimeOfDay
    leaves: TimeOfDay
    break_minutes: BreakMinutes
    daily_minutes: Minutes
    """Without the break."""
    weekly_minutes: Minutes
    presence_days: Tally
    """On how many days of the period the beneficiary comes."""
    status: ImmersionStatus
    terms: Ordinal
    """How often the terms were told: 1 at first, one more with each edit."""
    links: tuple[SignatureLink, ...]
    """Of each who must sign the latest one. One that has expired can be renewed by the agency: nothing else ends with
    it."""
    document: DocumentHash | None = None
    """Of the agreement that those have signed who have."""
    prepared_on: Day
    reminded_on: Day | None = None
    """The day on which anybody was reminded last."""
    signed_on: Day | None = None
    """The day on which the last of all signed."""
    accepted_on: Day | None = None
    started_on: Day | None = None
    completed_on: Day | None = None
    assessed_on: Day | None = None
    outcome: ImmersionOutcome | None = None
    job_obtained: bool | None = None
    contract: ContractType | None = None
    ended_on: Day | None = None
    """The day it was rejected or cancelled."""
    reason: ImmersionRejection | ImmersionCancellation | None = None

    def link_of(self, signatory: Signatory) -> SignatureLink | None:
        """The latest link of one who must sign."""
        return next((link for link in self.links if link.signatory == signatory), None)


IMMERSION_HAS_BEGUN = Refusal(
    "immersion-has-begun",
    "it begins on {begins_on}: this is for that day or one before, and not for {on}",
    "elle commence le {begins_on} : ceci se fait ce jour-là ou avant, et non le {on}",
    at="begins_on",
    begins_on=Day,
    on=Day,
)
IMMERSION_TOO_FAR = Refusal(
    "immersion-too-far",
    "an immersion is prepared {days} days ahead at most, and this one begins on {begins_on}",
    "une immersion se prépare {days} jours à l'avance au plus, et celle-ci commence le {begins_on}",
    at="begins_on",
    days=int,
    begins_on=Day,
)
ENDS_BEFORE_IT_BEGINS = Refusal(
    "ends-before-it-begins",
    "its last day, {ends_on}, is before its first, {begins_on}",
    "le dernier jour, le {ends_on}, précède le premier, le {begins_on}",
    at="ends_on",
    begins_on=Day,
    ends_on=Day,
)
IMMERSION_TOO_LONG = Refusal(
    "immersion-too-long",
    "an immersion lasts at most {most} days of the calendar, and this one {days} (Code du travail, art. D5135-3)",
    "une immersion dure au plus {most} jours calendaires, et celle-ci {days} (Code du travail, art. D5135-3)",
    at="ends_on",
    most=int,
    days=int,
)
IMMERSION_UNDER_AGE = Refusal(
    "immersion-under-age",
    "who is in an immersion is at least {youngest} years old on the first day (Code du travail, art. L4153-1)",
    "une immersion est ouverte à partir de {youngest} ans, au premier jour (Code du travail, art. L4153-1)",
    at="beneficiary",
    youngest=int,
)
GUARDIAN_MISSING = Refusal(
    "guardian-missing",
    "the beneficiary is a minor on the first day: a guardian signs, too (Code civil, art. 388-1-1)",
    "le bénéficiaire est mineur au premier jour : un responsable légal signe aussi (Code civil, art. 388-1-1)",
    at="guardian",
)
GUARDIAN_OF_AN_ADULT = Refusal(
    "guardian-of-an-adult",
    "the beneficiary is of age on the first day, and has no guardian who signs (Code civil, art. 414)",
    "le bénéficiaire est majeur au premier jour, aucun responsable légal ne signe pour lui (Code civil, art. 414)",
    at=("guardian", "signatory"),
)
TUTOR_IS_BENEFICIARY = Refusal(
    "tutor-is-beneficiary",
    "the tutor is somebody else than the beneficiary: they have the same name, or the same address",
    "le tuteur n'est pas le bénéficiaire : ils ont le même nom, ou la même adresse",
    at="tutor",
)
ANOTHER_BENEFICIARY = Refusal(
    "another-beneficiary",
    "an edit is of the same beneficiary, by names and day of birth: for somebody else another immersion is prepared",
    "une modification garde le même bénéficiaire, par ses nom, prénom et date de naissance : pour une autre personne, "
    "préparez une autre immersion",
    at="beneficiary",
)
WEEKLY_REST_MISSING = Refusal(
    "weekly-rest-missing",
    "a minor has two days of rest one after the other, one of them the Sunday (Code du travail, art. L3164-2, L3132-3)",
    "un mineur a deux jours de repos consécutifs, dont le dimanche (Code du travail, art. L3164-2, L3132-3)",
    at="weekdays",
)
SEVEN_DAYS_A_WEEK = Refusal(
    "seven-days-a-week",
    "nobody comes on more than six days a week (Code du travail, art. L3132-1)",
    "personne ne vient plus de six jours par semaine (Code du travail, art. L3132-1)",
    at="weekdays",
)
HOURS_BEYOND_THE_LAW = Refusal(
    "immersion-hours-beyond-the-law",
    "at this age a week has at most {most} minutes, and this one has {minutes} ({source})",
    "à cet âge, une semaine compte au plus {most} minutes, et celle-ci en compte {minutes} ({source})",
    most=Minutes,
    minutes=Minutes,
    source=str,
)
NO_DAY_OF_PRESENCE = Refusal(
    "no-day-of-presence",
    "none of these days of the week lies from {begins_on} to {ends_on}",
    "aucun de ces jours de la semaine n'est compris entre le {begins_on} et le {ends_on}",
    at="weekdays",
    begins_on=Day,
    ends_on=Day,
)
TOO_MANY_LINKS = Refusal(
    "too-many-links",
    "an immersion has {most} links at most: prepare another one",
    "une immersion compte au plus {most} liens : préparez-en une autre",
    most=int,
)
ALREADY_SIGNED = Refusal(
    "already-signed",
    "{signatory} has signed already, and needs no link any more",
    "« {signatory} » a déjà signé, et n'a plus besoin de lien",
    at="signatory",
    signatory=Signatory,
)
SIGNATURE_LINK_USED = Refusal(
    "signature-link-used",
    "this link was used: the signature is given",
    "ce lien a déjà servi : la signature est donnée",
)
SIGNATURE_LINK_REVOKED = Refusal(
    "signature-link-revoked",
    "this link is good no longer: it was revoked, or there is a newer one",
    "ce lien n'est plus valable : il a été révoqué ou remplacé par un plus récent",
)
SIGNATURE_LINK_EXPIRED = Refusal(
    "signature-link-expired",
    "this link was good until {valid_until}: the agency can send another one",
    "ce lien était valable jusqu'au {valid_until} : le prescripteur peut en envoyer un autre",
    valid_until=Day,
)
AGREEMENT_CHANGED = Refusal(
    "agreement-changed",
    "this is not the agreement as it is now, or as others have signed it: read it again",
    "ce n'est pas la convention telle qu'elle est, ou telle que d'autres l'ont signée : relisez-la",
)
OUTSIDE_THE_PERIOD = Refusal(
    "outside-the-period",
    "the beneficiary comes from {begins_on} to {ends_on}",
    "le bénéficiaire vient du {begins_on} au {ends_on}",
    at="on",
    begins_on=Day,
    ends_on=Day,
)
CONTRACT_MISSING = Refusal(
    "contract-missing", "a job has a type of contract", "un emploi a un type de contrat", at="contract"
)
CONTRACT_WITHOUT_JOB = Refusal(
    "contract-without-job",
    "without a job there is no contract",
    "sans emploi, il n'y a pas de contrat",
    at="contract",
)
JOB_OF_A_NO_SHOW = Refusal(
    "job-of-a-no-show",
    "who never came has no job by the immersion",
    "qui n'est jamais venu n'a pas obtenu d'emploi par l'immersion",
    at="job_obtained",
)
IN_ANOTHER_IMMERSION = Refusal(
    "in-another-immersion",
    "the beneficiary is in another immersion in these days",
    "le bénéficiaire est déjà en immersion pendant ces jours",
)

immersions = Decider(
    CATEGORY.name,
    Immersion,
    # An agency acts on what it has prescribed itself.
    owned_by=dict.fromkeys(AGENCIES, "agency"),
    final=("assessed", *OVER),
    finding=Finding(
        found_by=("status", "agency", "company", "zone", "rome", "objective", "beneficiary", "outcome", "reason"),
        sorted_by=("begins_on", "ends_on", "prepared_on"),
        searched_by=("company",),
    ),
)


@immersions.creates(by=AGENCIES, to="ready_to_sign", looks_up=Lookup(members, "company"))
def prepare(command: Prepare, member: Member | None, context: Context) -> ImmersionPrepared:
    host = active_member(member, command.company, HOST_NOT_A_MEMBER)
    given = _checked(command, context.today)
    links = _links(_signatories(given["age_band"]), command.begins_on, context.today, after=0)
    return tell(ImmersionPrepared, command, host, **given, prepared_on=command.on, terms=1, links=links)


@immersions.decides(
    by=AGENCIES,
    when=BEFORE_IT_BEGINS,
    to="ready_to_sign",
    takes=(
        *("age_band", "guardian", "tutor", "representative", "adviser", "objective", "rome", "begins_on", "ends_on"),
        *("weekdays", "arrives", "leaves", "break_minutes", "daily_minutes", "weekly_minutes", "presence_days"),
        *("terms", "links"),
    ),
    clears=("document", "reminded_on", "signed_on", "accepted_on"),
)
def amend(immersion: Immersion, command: Amend, context: Context) -> ImmersionAmended:
    if command.beneficiary.subject != immersion.beneficiary:
        raise ANOTHER_BENEFICIARY()
    given = _checked(command, context.today)
    links = _links(_signatories(given["age_band"]), command.begins_on, context.today, after=_last(immersion))
    voided = tuple(link.signatory for link in immersion.links if link.signed_on)
    return tell(ImmersionAmended, command, immersion, **given, terms=immersion.terms + 1, links=links, voided=voided)


@immersions.decides(by=AGENCIES, when=SIGNING)
def renew_link(immersion: Immersion, command: RenewLink, context: Context) -> ImmersionLinkRenewed:
    _check_not_begun(immersion.begins_on, command.on)
    _unsigned(immersion, command.signatory)
    (link,) = _links((command.signatory,), immersion.begins_on, context.today, after=_last(immersion))
    return tell(
        ImmersionLinkRenewed,
        command,
        immersion,
        link=link.number,
        made_on=link.made_on,
        valid_until=link.valid_until,
    )


@immersions.decides(by=AGENCIES, when=SIGNING)
def revoke_link(immersion: Immersion, command: RevokeLink) -> ImmersionLinkRevoked | tuple[()]:
    link = _unsigned(immersion, command.signatory)
    return () if link.revoked else tell(ImmersionLinkRevoked, command, immersion, link=link.number)


@immersions.decides(by=PLATFORM, when=SIGNING, day="reminded_on")
def remind(immersion: Immersion, command: Remind) -> ImmersionReminded | tuple[()]:
    open_links = [link for link in immersion.links if link.valid_until >= command.on]
    missing = tuple(
        link.signatory for link in open_links if any(day <= command.on for day in _reminders(immersion, link))
    )
    return tell(ImmersionReminded, command, immersion, signatories=missing) if missing else ()


@immersions.decides(
    by=PLATFORM,
    when=SIGNING,
    to=("partially_signed", "in_review"),
    # Whoever must sign has.
    refuses=dict.fromkeys(("in_review", "accepted", "started", "completed", "assessed"), SIGNATURE_LINK_USED),
)
def sign(immersion: Immersion, command: Sign) -> ImmersionSigned:
    link = immersion.link_of(command.signatory)
    if link is None or link.number != command.link or link.revoked:
        raise SIGNATURE_LINK_REVOKED()
    if link.signed_on:
        raise SIGNATURE_LINK_USED()
    if command.on > link.valid_until:
        raise SIGNATURE_LINK_EXPIRED(valid_until=link.valid_until)
    if immersion.document not in (None, command.document):
        raise AGREEMENT_CHANGED()
    complete = all(other.signed_on for other in immersion.links if other is not link)
    return tell(ImmersionSigned, command, immersion, complete=complete)


@immersions.decides(
    by=AGENCIES, when="in_review", to="accepted", day="accepted_on", looks_up=Lookup(members, "company")
)
def accept(immersion: Immersion, command: Accept, member: Member | None) -> ImmersionAccepted:
    active_member(member, immersion.company, HOST_NOT_A_MEMBER)
    _check_not_begun(immersion.begins_on, command.on)
    return tell(ImmersionAccepted, command, immersion)


immersions.steps(
    Reject,
    ImmersionRejected,
    by=(*AGENCIES, "company"),
    when=UNDECIDED,
    to="rejected",
    day="ended_on",
    takes=("reason",),
)


@immersions.decides(by=(*AGENCIES, "company"), when="accepted", to="started", day="started_on")
def start(immersion: Immersion, command: Start) -> ImmersionStarted:
    if not immersion.begins_on <= command.on <= immersion.ends_on:
        raise OUTSIDE_THE_PERIOD(begins_on=immersion.begins_on, ends_on=immersion.ends_on)
    return tell(ImmersionStarted, command, immersion)


immersions.steps(
    Complete,
    ImmersionCompleted,
    by=(*AGENCIES, "company"),
    when="started",
    to="completed",
    day="completed_on",
)


@immersions.decides(
    by=(*AGENCIES, "company"),
    when="completed",
    to="assessed",
    day="assessed_on",
    takes=("outcome", "job_obtained", "contract"),
)
def assess(immersion: Immersion, command: Assess) -> ImmersionAssessed:
    if command.job_obtained and command.outcome == "no_show":
        raise JOB_OF_A_NO_SHOW()
    if command.job_obtained and command.contract is None:
        raise CONTRACT_MISSING()
    if command.contract and not command.job_obtained:
        raise CONTRACT_WITHOUT_JOB()
    return tell(ImmersionAssessed, command, immersion)


immersions.steps(
    Cancel,
    ImmersionCancelled,
    by=(*AGENCIES, "company", PLATFORM),
    when=(*BEFORE_IT_BEGINS, "started"),
    to="cancelled",
    day="ended_on",
    takes=("reason",),
    reserves=RESERVED,
)


@immersions.evolves
def _(immersion: Immersion, event: ImmersionLinkRenewed) -> Immersion:
    link = SignatureLink(
        signatory=event.signatory,
        number=event.link,
        made_on=event.made_on,
        valid_until=event.valid_until,
        revoked=False,
        signed_on=None,
    )
    return immersion.after(
        event, links=tuple(link if each.signatory == event.signatory else each for each in immersion.links)
    )


@immersions.evolves
def _(immersion: Immersion, event: ImmersionLinkRevoked) -> Immersion:
    return immersion.after(event, links=_changed(immersion, event.link, revoked=True))


@immersions.evolves
def _(immersion: Immersion, event: ImmersionSigned) -> Immersion:
    return immersion.after(
        event,
        status="in_review" if event.complete else "partially_signed",
        links=_changed(immersion, event.link, signed_on=event.effective_on),
        document=event.document,
        signed_on=event.effective_on if event.complete else None,
    )


@immersions.claims
def _(immersion: Immersion) -> Iterable[Claim]:
    if immersion.accepted_on and immersion.status != "cancelled":
        last = min(immersion.ends_on, immersion.completed_on or immersion.ends_on)
        during = (_midnight(immersion.begins_on), _midnight(last + timedelta(days=1)))
        yield Claim(IN_ANOTHER_IMMERSION, immersion.beneficiary, during=during)


@immersions.due
def _(immersion: Immersion) -> Iterable[Due]:
    if immersion.status in SIGNING:
        # Nobody is reminded of a link that had expired by the latest step.
        open_links = [link for link in immersion.links if link.valid_until >= immersion.effective_on]
        if days := [day for link in open_links for day in _reminders(immersion, link)]:
            yield Due(min(days), Remind())


@immersions.keeps
def _(immersion: Immersion) -> Iterable[Keep]:
    until = school_year_end(immersion.ends_on)
    if immersion.status not in OVER:
        until = until.replace(year=until.year + 1)
    named = (immersion.beneficiary, immersion.guardian, immersion.tutor, immersion.representative, immersion.adviser)
    for subject in dict.fromkeys(named):
        if subject:
            yield Keep(subject, until)


def _checked(terms: Terms, on: Day) -> dict[str, Any]:
    """What follows from the terms: the age, the hours and the days of presence. Raises Rejected where the law does not
    allow them."""
    begins_on, ends_on = terms.begins_on, terms.ends_on
    _check_not_begun(begins_on, on)
    if begins_on > on + AHEAD:
        raise IMMERSION_TOO_FAR(days=AHEAD.days, begins_on=begins_on)
    if ends_on < begins_on:
        raise ENDS_BEFORE_IT_BEGINS(begins_on=begins_on, ends_on=ends_on)
    days = [begins_on + timedelta(days=number) for number in range((ends_on - begins_on).days + 1)]
    if len(days) > LONGEST:
        raise IMMERSION_TOO_LONG(most=LONGEST, days=len(days))
    years = age(terms.beneficiary.told.born_on, begins_on)
    if years < YOUNGEST:
        raise IMMERSION_UNDER_AGE(youngest=YOUNGEST)
    is_minor = age_band(years) != "adult"
    if is_minor and terms.guardian is None:
        raise GUARDIAN_MISSING()
    if terms.guardian and not is_minor:
        raise GUARDIAN_OF_AN_ADULT()
    if _is_same(terms.beneficiary, terms.tutor):
        raise TUTOR_IS_BENEFICIARY()
    weekdays = {*terms.weekdays}
    if is_minor and ("sunday" in weekdays or weekdays >= {"saturday", "monday"}):
        raise WEEKLY_REST_MISSING()
    if len(weekdays) > 6:
        raise SEVEN_DAYS_A_WEEK()
    daily, weekly = checked(terms, MINORS if is_minor else ADULTS, HOURS_BEYOND_THE_LAW)
    presence = sum(WEEKDAYS[day.weekday()] in weekdays for day in days)
    if not presence:
        raise NO_DAY_OF_PRESENCE(begins_on=begins_on, ends_on=ends_on)
    return {
        "age_band": age_band(years),
        "daily_minutes": daily,
        "weekly_minutes": weekly,
        "presence_days": presence,
    }


def _check_not_begun(begins_on: Day, on: Day) -> None:
    if on > begins_on:
        raise IMMERSION_HAS_BEGUN(begins_on=begins_on, on=on)


def _is_same(beneficiary: Personal[Beneficiary], tutor: Personal[Tutor]) -> bool:
    """Whether two who are told are one, by all that is told of both."""
    one, other = beneficiary.told, tutor.told
    names = [folded_words(f"{each.given_name} {each.family_name}") for each in (one, other)]
    return (
        names[0] == names[1] or one.email.casefold() == other.email.casefold() or beneficiary.subject == tutor.subject
    )


def _signatories(band: AgeBand) -> tuple[Signatory, ...]:
    """Who must sign."""
    return ("beneficiary", "company", "agency") if band == "adult" else ("beneficiary", "guardian", "company", "agency")


def _links(signatories: tuple[Signatory, ...], begins_on: Day, today: Day, *, after: int) -> tuple[SignatureLink, ...]:
    """A new link for each, good until the first day at the latest. Raises Rejected."""
    if after + len(signatories) > MOST_LINKS:
        raise TOO_MANY_LINKS(most=MOST_LINKS)
    valid_until = min(today + LINK_IS_GOOD, begins_on)
    return tuple(
        SignatureLink(
            signatory=signatory,
            number=number,
            made_on=today,
            valid_until=valid_until,
            revoked=False,
            signed_on=None,
        )
        for number, signatory in enumerate(signatories, after + 1)
    )


def _last(immersion: Immersion) -> int:
    """The number of the link that was made last."""
    return max(link.number for link in immersion.links)


def _changed(immersion: Immersion, number: int, **changes: object) -> tuple[SignatureLink, ...]:
    """The links, one of which has changed."""
    return tuple(link.model_copy(update=changes) if link.number == number else link for link in immersion.links)


def _unsigned(immersion: Immersion, signatory: Signatory) -> SignatureLink:
    """The link of somebody who has not signed yet. Raises Rejected."""
    link = immersion.link_of(signatory)
    if link is None:
        raise GUARDIAN_OF_AN_ADULT()
    if link.signed_on:
        raise ALREADY_SIGNED(signatory=signatory)
    return link


def _reminders(immersion: Immersion, link: SignatureLink) -> list[date]:
    """The days on which one who has not signed by a link is still to be reminded of it."""
    if link.signed_on or link.revoked:
        return []
    since = max(link.made_on, immersion.reminded_on or link.made_on)
    days = [*(link.made_on + days for days in REMINDED_AFTER), link.valid_until - REMINDED_BEFORE]
    return [day for day in days if since < day <= link.valid_until]


def _midnight(day: Day) -> datetime:
    return datetime.combine(day, time(), PARIS)
