"""Applications for vacancies [candidatures]: an adviser presents a job seeker, and the company answers (axis 7).

Advisers are those of the Mission locale and of France Travail; they may record what the company answers. Accepting an
application takes a post of the vacancy, and what else the person has applied for becomes obsolete.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Final

from contracts.employment.application import (
    CATEGORY,
    AcceptanceUndone,
    ApplicationAccepted,
    ApplicationCancelled,
    ApplicationObsolete,
    ApplicationPooled,
    ApplicationPostponed,
    ApplicationProcessed,
    ApplicationRefused,
    ApplicationStatus,
    ApplicationSubmitted,
    CancellationReason,
    HirePrepared,
    Obsolescence,
    RefusalReason,
    UndoingReason,
)
from contracts.employment.priority import PriorityFlag
from contracts.employment.vacancy import ContractType, VacancyStatus
from contracts.model import Day, EnteredDay
from contracts.personal import Personal
from contracts.values import Commune, Naf, RecordId, Rome, Siret, Subject, WorkingHours, Zone, months_later
from employment.bounds import Plausible
from employment.priority import EnteredFlags, Seeker, check_age, checked
from employment.vacancy import NO_POST_LEFT, Vacancy, post, vacancies
from eventstore.decider import ITSELF, PLATFORM, Claim, Command, Context, Decider, Keep, Lookup, State, tell
from eventstore.finding import Finding
from eventstore.refusal import Refusal

STARTS_WITHIN: Final = timedelta(days=366)
"""How long after the acceptance work begins, at most."""
KEPT_YEARS: Final = 2
"""How long a person is known after the last contact."""


class Submit(Command):
    """An adviser presents a job seeker for a vacancy."""

    vacancy: RecordId
    seeker: Personal[Seeker]
    flags: EnteredFlags = ()
    """The priority groups that the person belongs to."""


class Process(Command):
    """The company looks at the application."""


class Postpone(Command):
    """The company will look at it later."""


class Pool(Command):
    """The company keeps it for another time [vivier]."""


class PrepareHire(Command):
    """The company wants to try the person, or to have them trained, before it hires."""


class Accept(Command, json_schema_extra={"examples": [{"on": "2024-05-13", "starts_on": "2024-06-03"}]}):
    """The company takes the person. The hire is proposed, to be confirmed once work has begun."""

    starts_on: EnteredDay | None = None
    """The day on which work is to begin. It has to be said."""


class Refuse(Command):
    """The company does not take the person."""

    reason: RefusalReason


class Cancel(Command):
    """The person, or the adviser, gives it up before the company has answered."""

    reason: CancellationReason


class UndoAcceptance(Command):
    """The person is not hired after all. Where a hire is recorded already, that is cancelled first."""

    reason: UndoingReason


class MakeObsolete(Command):
    """The person was accepted elsewhere, or the vacancy is withdrawn."""

    reason: Obsolescence


class Application(State):
    """An application of a person for a vacancy."""

    seeker: Subject
    vacancy: RecordId
    company: Siret
    naf: Naf
    """Activity, commune and zone of the company are those that the vacancy says."""
    commune: Commune
    zone: Zone | None
    investment: RecordId | None
    rome: Rome
    contract: ContractType
    weekly_hours: WorkingHours | None = None
    """As the vacancy said when it was accepted, as the occupation and the contract from then on."""
    flags: tuple[PriorityFlag, ...]
    status: ApplicationStatus
    submitted_on: Day
    processed_on: Day | None = None
    postponed_on: Day | None = None
    pooled_on: Day | None = None
    prepared_on: Day | None = None
    accepted_on: Day | None = None
    starts_on: Day | None = None
    """The day on which work is to begin, of an application that was accepted."""
    refused_on: Day | None = None
    cancelled_on: Day | None = None
    obsolete_on: Day | None = None
    reason: RefusalReason | CancellationReason | UndoingReason | Obsolescence | None = None

    @property
    def last_contact(self) -> Day:
        """The day of the latest step that somebody took."""
        steps = (
            self.submitted_on,
            self.processed_on,
            self.postponed_on,
            self.pooled_on,
            self.prepared_on,
            self.accepted_on,
            self.refused_on,
            self.cancelled_on,
        )
        return max(day for day in steps if day)


VACANCY_UNKNOWN = Refusal(
    "vacancy-unknown",
    "there is no vacancy {vacancy}",
    "il n'y a pas d'offre {vacancy}",
    at="vacancy",
    vacancy=RecordId,
)
VACANCY_NOT_OPEN = Refusal(
    "vacancy-not-open",
    "nobody can apply or be accepted: the vacancy is {status}",
    "l'offre ne reçoit pas de candidature et personne ne peut être accepté : son état est « {status} »",
    status=VacancyStatus,
)
APPLIED_ALREADY = Refusal(
    "applied-already",
    "this person has applied for this vacancy already",
    "cette personne a déjà une candidature pour cette offre",
    at="seeker",
)
NO_START_DAY = Refusal(
    "acceptance-without-start-day",
    "whoever is accepted is told on which day work begins: give `starts_on`",
    "la personne acceptée doit savoir quel jour le travail commence : indiquez `starts_on`",
    at="starts_on",
)
START_NOT_NEAR = Refusal(
    "start-day-not-near",
    "work begins between {earliest}, when the person applied, and {latest}: {starts_on} is not",
    "le travail commence entre le {earliest}, jour de la candidature, et le {latest} : le {starts_on} est hors délai",
    at="starts_on",
    starts_on=Day,
    earliest=Day,
    latest=Day,
)
HIRE_STANDS = Refusal(
    "hire-stands",
    "a hire is recorded of this application or lead, or it was undone",
    "une embauche est enregistrée pour cette candidature ou cette piste, ou celle-ci a été annulée",
)

applications = Decider(
    CATEGORY.name,
    Application,
    final=("refused", "cancelled", "obsolete"),
    finding=Finding(
        found_by=("status", "vacancy", "company", "seeker", "rome", "investment"),
        sorted_by=("submitted_on", "accepted_on"),
    ),
)

ADVISERS: Final = ("mission_locale", "france_travail")
ANSWERING: Final = ("company", *ADVISERS)
PENDING: Final = ("new", "processing", "postponed", "pool", "prior_to_hire")
"""The statuses in which the company has not answered."""


@applications.creates(by=ADVISERS, to="new", day="submitted_on", looks_up=Lookup(vacancies, "vacancy"))
def submit(command: Submit, vacancy: Vacancy | None, context: Context) -> ApplicationSubmitted:
    if vacancy is None:
        raise VACANCY_UNKNOWN(vacancy=command.vacancy)
    if vacancy.status != "open":
        raise VACANCY_NOT_OPEN(status=vacancy.status)
    born_on = command.seeker.told.born_on
    check_age(born_on, command.on)
    flags = checked(command.flags, command.on, context.of(Plausible), born_on=born_on)
    return tell(ApplicationSubmitted, command, vacancy, flags=flags)


applications.steps(
    Process,
    ApplicationProcessed,
    by=ANSWERING,
    when=("new", "postponed", "pool"),
    to="processing",
    day="processed_on",
)
applications.steps(
    Postpone,
    ApplicationPostponed,
    by=ANSWERING,
    when=("new", "processing", "prior_to_hire"),
    to="postponed",
    day="postponed_on",
)
applications.steps(
    Pool, ApplicationPooled, by=ANSWERING, when=("new", "processing", "postponed"), to="pool", day="pooled_on"
)
applications.steps(
    PrepareHire,
    HirePrepared,
    by=ANSWERING,
    when=("new", "processing", "postponed", "pool"),
    to="prior_to_hire",
    day="prepared_on",
)


@applications.decides(
    by=ANSWERING,
    when=PENDING,
    to="accepted",
    day="accepted_on",
    takes=("rome", "contract", "weekly_hours", "starts_on"),
    looks_up=Lookup(vacancies, "vacancy"),
)
def accept(application: Application, command: Accept, vacancy: Vacancy | None) -> ApplicationAccepted:
    if vacancy is None:
        raise VACANCY_UNKNOWN(vacancy=application.vacancy)
    if vacancy.status == "filled":
        raise NO_POST_LEFT()
    if vacancy.status != "open":
        raise VACANCY_NOT_OPEN(status=vacancy.status)
    if command.starts_on is None:
        raise NO_START_DAY()
    latest = command.on + STARTS_WITHIN
    if not application.submitted_on <= command.starts_on <= latest:
        raise START_NOT_NEAR(starts_on=command.starts_on, earliest=application.submitted_on, latest=latest)
    terms = {name: getattr(vacancy, name) for name in ("rome", "contract", "weekly_hours")}
    return tell(ApplicationAccepted, command, application, **terms)


applications.steps(
    Refuse, ApplicationRefused, by=ANSWERING, when=PENDING, to="refused", day="refused_on", takes=("reason",)
)
applications.steps(
    Cancel, ApplicationCancelled, by=ADVISERS, when=PENDING, to="cancelled", day="cancelled_on", takes=("reason",)
)
applications.steps(
    UndoAcceptance,
    AcceptanceUndone,
    by=ANSWERING,
    when="accepted",
    to="cancelled",
    day="cancelled_on",
    takes=("reason",),
)
applications.steps(
    MakeObsolete,
    ApplicationObsolete,
    by=PLATFORM,
    when=PENDING,
    to="obsolete",
    day="obsolete_on",
    takes=("reason",),
)


@applications.claims
def _(application: Application) -> Iterable[Claim]:
    if application.status not in ("cancelled", "obsolete"):
        yield Claim(APPLIED_ALREADY, f"{application.vacancy}/{application.seeker}")
    if application.status == "accepted":
        yield post(application.vacancy)
    if application.status == "cancelled" and application.accepted_on:
        yield Claim(HIRE_STANDS, ITSELF)


@applications.keeps
def _(application: Application) -> Iterable[Keep]:
    yield Keep(application.seeker, kept_until(application.last_contact))


def kept_until(last_contact: Day) -> date:
    """The last day on which a person is known whom nobody has heard of since."""
    return months_later(last_contact, 12 * KEPT_YEARS)
