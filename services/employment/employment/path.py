"""Paths of job seekers to work [parcours]: an agency refers somebody, finds out what is needed, and stays with them
until they have a job that lasts (axis 7).

The advisers of the agency decide; the other one reads along, so that a person has one active path. Priority groups are
theirs to give, each with a day and a source. A hire of the person moves the path by itself, as does what becomes of it;
how long it took since the referral is told with it. Of whom nobody has heard for two years nothing is known any more:
30 days before, the path says so, and a contact prolongs it.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import takewhile
from types import MappingProxyType
from typing import Annotated, Any, Final

from pydantic import Field

from contracts.employment.hire import HireCorrection, HireStatus
from contracts.employment.path import (
    CATEGORY,
    Access,
    AgeGroup,
    ContactChannel,
    PathContactRecorded,
    PathCorrection,
    PathDiagnosed,
    PathDiagnosisRevised,
    PathEngaged,
    PathErased,
    PathExit,
    PathExitCorrected,
    PathExited,
    PathFlagsCorrected,
    PathFlagsGiven,
    PathHandedOver,
    PathJobDayCorrected,
    PathJobEnded,
    PathJobReopened,
    PathJobStarted,
    PathJobStatus,
    PathJobSustained,
    PathJobUndone,
    PathNeed,
    PathObstacle,
    PathPause,
    PathPaused,
    PathReferralCorrected,
    PathReferred,
    PathResumed,
    PathRetentionNoticeGiven,
    PathSkillAdded,
    PathSkillWithdrawn,
    PathSpell,
    PathStage,
    PathStatus,
    Residence,
    Skill,
    SkillSource,
    SkillWithdrawal,
)
from contracts.employment.priority import PriorityFlag
from contracts.model import Day, Detail, EnteredDay, Event
from contracts.personal import Personal
from contracts.values import (
    Certification,
    EnteredRome,
    Ordinal,
    RecordId,
    Rome,
    Subject,
    Tally,
    WorkingHours,
    months_later,
)
from contracts.youth_events.immersion import Agency
from employment.application import ADVISERS, kept_until
from employment.bounds import Plausible
from employment.hire import MONTHS, STANDING, Hire, hires
from employment.priority import (
    EnteredFlags,
    Seeker,
    age_group,
    check_age,
    check_age_group,
    check_registration,
    check_registration_told,
    checked,
)
from eventstore.decider import PLATFORM, Claim, Command, Context, Decider, Due, Keep, Lookup, State, tell
from eventstore.erasure import notice_from
from eventstore.finding import Finding
from eventstore.refusal import Refusal

ACCESS_MONTHS: Final = 6
"""Within how many months of the referral a job counts as quick access to employment."""
MOST_SKILLS: Final = 100
"""Ever added to a path: so the record stays small."""
MOST_CHANGES: Final = 100
"""Of a path's agency and priority groups, likewise."""


_DIAGNOSIS: Final[dict[str, Any]] = {
    "needs": ["training", "mobility_help"],
    "romes": ["H2902", "H2913"],
    "available_from": "2024-06-03",
    "weekly_hours": 35,
    "obstacles": ["driving_licence"],
}
# Shown by an enrolment, as the example of what takes a skill back says.
_SKILL: Final[dict[str, Any]] = {
    "romes": ["H2902"],
    "source": "certification",
    "certification": "RNCP35094",
    "acquired_on": "2024-05-13",
    "enrolment": "0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d",
}


class Refer(Command):
    """An agency takes somebody on who looks for work."""

    agency: Agency
    """Yours."""
    seeker: Personal[Seeker]
    residence: Residence
    registered_since: EnteredDay | None = None
    """Since when the person is registered as a job seeker, if that is known."""
    flags: EnteredFlags = ()
    """The priority groups that the person belongs to."""


class CorrectReferral(
    Command, json_schema_extra={"examples": [{"referred_on": "2024-05-06", "reason": "late_document"}]}
):
    """What was entered with the referral is corrected. What is not given stays as it is."""

    referred_on: EnteredDay | None = None
    residence: Residence | None = None
    registered_since: EnteredDay | None = None
    reason: PathCorrection


class HandOver(Command):
    """The other agency accompanies the person from now on: it decides, and this one reads along."""

    agency: Annotated[Agency, Field(examples=["france_travail"])]
    """Which one."""


class GiveFlags(Command):
    """The person belongs to these priority groups now. Groups that are not given end."""

    flags: EnteredFlags


class CorrectFlags(Command):
    """The priority groups had been recorded wrongly: these are right."""

    flags: EnteredFlags
    reason: PathCorrection


class Diagnose(Command, json_schema_extra={"examples": [_DIAGNOSIS]}):
    """Adviser and person have found out what is needed."""

    needs: Annotated[tuple[PathNeed, ...], Field(min_length=1, max_length=7)]
    romes: Annotated[tuple[EnteredRome, ...], Field(min_length=1, max_length=5)]
    """The occupations that the person looks for work in, the first one first."""
    available_from: EnteredDay
    weekly_hours: WorkingHours
    """How many hours a week the person wants to work."""
    obstacles: Annotated[tuple[PathObstacle, ...], Field(max_length=8)] = ()
    """What is in the way of a job. Nothing of health is recorded."""


class ReviseDiagnosis(Diagnose, json_schema_extra={"examples": [{**_DIAGNOSIS, "weekly_hours": 28}]}):
    """What is needed has changed: all of it is told anew."""


class Engage(Command):
    """Adviser and person have agreed what each of them does."""


class Pause(Command):
    """For some time the person looks for no work."""

    reason: PathPause


class Resume(Command):
    """The person looks for work again: the path goes on where it was."""


class StartJob(Command):
    """The person has a job: by a hire that is recorded. The platform does this by itself for what is recorded while
    there is a path; of what was recorded before, an adviser names it."""

    hire: RecordId


class SustainJob(Command):
    """The hire has lasted six months, and somebody has said so. The platform does this by itself, as it starts jobs."""

    hire: RecordId


class EndJob(Command):
    """The hire has ended, or there was none after all."""

    hire: RecordId


class ReopenJob(Command):
    """How the hire came out had been recorded wrongly."""

    hire: RecordId


class CorrectJobDay(Command):
    """The first day of work was corrected."""

    hire: RecordId
    reason: HireCorrection


class Exit(Command):
    """The agency does not accompany the person any more. The details of the path go from its record; what it is counted
    by stays."""

    reason: PathExit


class CorrectExit(Command):
    """The reason of the exit is corrected. Who is accompanied still is referred anew."""

    exit_reason: Annotated[PathExit, Field(examples=["in_training"])]
    reason: PathCorrection


class Erase(Command):
    """Nobody knows any more who it is."""


class RecordContact(Command):
    """The agency was in contact with the person, who is known for two years from that day."""

    channel: ContactChannel


class GiveNotice(Command):
    """In 30 days the path needs the person no more."""


class AddSkill(Command, json_schema_extra={"examples": [_SKILL]}):
    """The person has shown a skill. One that is there already is not added again."""

    romes: Annotated[tuple[EnteredRome, ...], Field(min_length=1, max_length=10)]
    """The occupations that it is for."""
    source: SkillSource
    certification: Certification | None = None
    """Which one, where a certification shows it."""
    acquired_on: EnteredDay
    """The day on which it was shown."""
    enrolment: RecordId | None = None
    """The enrolment in training that was certified, if any."""


class WithdrawSkill(Command):
    """A skill had been recorded wrongly, or was not gained after all."""

    skill: Ordinal
    reason: SkillWithdrawal


class WithdrawSkillOf(Command):
    """The certification that showed a skill was undone, or was not of this person."""

    enrolment: RecordId
    reason: SkillWithdrawal


class Job(Detail):
    """A job of somebody who has a path."""

    hire: RecordId
    hired_on: Day
    status: PathJobStatus


class Path(State):
    """The path of a job seeker to work."""

    revision = 2

    seeker: Subject
    agency: Agency
    """Whose advisers decide."""
    residence: Residence
    age_group: AgeGroup
    """On the day of the referral."""
    registered_since: Day | None
    flags: tuple[PriorityFlag, ...]
    spells: tuple[PathSpell, ...]
    """Which agency the path was with, and which priority groups its person was in, from the referral on."""
    status: PathStatus
    stage: PathStage = "referred"
    """How far the agency has come: where the path goes on after a pause or a job."""
    referred_on: Day
    diagnosed_on: Day | None = None
    engaged_on: Day | None = None
    paused_on: Day | None = None
    exited_on: Day | None = None
    needs: tuple[PathNeed, ...] = ()
    romes: tuple[Rome, ...] = ()
    """The occupations that the person looks for work in, the first one first."""
    available_from: Day | None = None
    weekly_hours: WorkingHours | None = None
    obstacles: tuple[PathObstacle, ...] = ()
    skills: tuple[Skill, ...] = ()
    skills_added: Tally = 0
    """How many ever were."""
    jobs: tuple[Job, ...] = ()
    access: Access | None = None
    """The first job since the referral, of those that began on that day or later."""
    pause_reason: PathPause | None = None
    exit_reason: PathExit | None = None
    last_contact: Day
    """When somebody last heard of the person: the latest step that somebody took, or contact."""
    notice: bool = False
    """Whether the person will be forgotten in 30 days or less, unless there is a contact."""

    @property
    def kept_until(self) -> Day:
        """The last day on which the path needs to know who it is."""
        return kept_until(self.last_contact)

    def job(self, hire: str) -> Job | None:
        """The job of a hire."""
        return next((job for job in self.jobs if job.hire == hire), None)


PATH_ACTIVE = Refusal(
    "path-active",
    "this person has an active path already: its agency hands it over, or ends it first",
    "cette personne a déjà un parcours actif : son organisme le transmet, ou y met fin d'abord",
    at="seeker",
)
REGISTERED_LATER = Refusal(
    "registered-later",
    "the day of registration, {registered_since}, is after {on}",
    "la date d'inscription, le {registered_since}, est postérieure au {on}",
    at="registered_since",
    registered_since=Day,
    on=Day,
)
REFERRED_AFTER_A_STEP = Refusal(
    "referred-after-a-step",
    "the referral, on {referred_on}, would be after what followed it on {step_on}",
    "l'orientation, le {referred_on}, serait postérieure à la suite du parcours, le {step_on}",
    at="referred_on",
    referred_on=Day,
    step_on=Day,
)
SAME_AGENCY = Refusal(
    "same-agency",
    "the path is with {agency} already",
    "le parcours est déjà suivi par « {agency} »",
    at="agency",
    agency=Agency,
)
CHANGED_TOO_OFTEN = Refusal(
    "path-changed-too-often",
    "agency and priority groups of this path have changed {most} times, and its record holds no more",
    "l'organisme et les publics prioritaires de ce parcours ont changé {most} fois : il n'en retient pas davantage",
    most=int,
)
HIRE_OF_NOBODY_HERE = Refusal(
    "hire-of-nobody-here",
    "there is no such hire of this person",
    "il n'y a pas de telle embauche de cette personne",
    at="hire",
)
HIRE_DOES_NOT_STAND = Refusal(
    "hire-does-not-stand",
    "a path goes on by a hire that is recorded and has not ended; this one is {status}",
    "un parcours avance par une embauche enregistrée et non rompue ; l'état de celle-ci est « {status} »",
    at="hire",
    status=HireStatus,
)
HIRE_NOT_SUSTAINED = Refusal(
    "hire-not-sustained",
    "nobody has said that the hire has lasted six months; it is {status}",
    "personne n'a indiqué que l'embauche a duré six mois ; son état est « {status} »",
    at="hire",
    status=HireStatus,
)
JOB_UNKNOWN = Refusal(
    "job-unknown",
    "the path does not know of this hire: start the job first",
    "le parcours ne connaît pas cette embauche : indiquez d'abord le début de l'emploi",
    at="hire",
)
NO_DIAGNOSIS = Refusal(
    "no-diagnosis",
    "there is no diagnosis to be revised",
    "il n'y a pas de diagnostic à réviser",
)
SHOWN_LATER = Refusal(
    "shown-later",
    "the skill is shown on {acquired_on}, after {on}",
    "la compétence est attestée le {acquired_on}, après le {on}",
    at="acquired_on",
    acquired_on=Day,
    on=Day,
)
CERTIFICATION_NOT_TOLD = Refusal(
    "certification-not-told",
    "a certification is named where one shows the skill, and only there",
    "la certification s'indique quand c'est elle qui atteste la compétence, et seulement alors",
    at="certification",
)
TOO_MANY_SKILLS = Refusal(
    "too-many-skills",
    "{most} skills were added to this path: no more can be",
    "{most} compétences ont été ajoutées à ce parcours : il n'en reçoit pas davantage",
    most=int,
)
SKILL_UNKNOWN = Refusal(
    "skill-unknown",
    "the path has no skill number {skill}",
    "le parcours n'a pas de compétence numéro {skill}",
    at="skill",
    skill=int,
)

BEFORE_A_JOB: Final = ("referred", "diagnosed", "engaged")
ACTIVE: Final = (*BEFORE_A_JOB, "paused", "in_job", "sustained_6_months")
"""The statuses in which an agency accompanies the person."""
KNOWN: Final = (*ACTIVE, "exited")
"""The statuses in which it may be known who it is."""

paths = Decider(
    CATEGORY.name,
    Path,
    # Each agency answers for whom it accompanies.
    owned_by=dict.fromkeys(ADVISERS, "agency"),
    final="erased",
    finding=Finding(
        found_by=("status", "agency", "seeker", "residence", "romes", "notice"),
        sorted_by=("referred_on", "available_from", "last_contact"),
    ),
)


@paths.creates(by=ADVISERS, to="referred")
def refer(command: Refer, context: Context) -> PathReferred:
    born_on = command.seeker.told.born_on
    check_age(born_on, command.on)
    _check_registered(command.registered_since, command.on)
    plausible = context.of(Plausible)
    flags = checked(command.flags, command.on, plausible, born_on=born_on, registered_since=command.registered_since)
    check_registration_told(flags, command.registered_since)
    return tell(
        PathReferred,
        command,
        age_group=age_group(born_on, command.on, plausible),
        flags=flags,
        referred_on=command.on,
        status="referred",
        access=None,
    )


@paths.decides(by=ADVISERS, when=ACTIVE)
def correct_referral(path: Path, command: CorrectReferral, context: Context) -> PathReferralCorrected | tuple[()]:
    said = {
        name: getattr(command, name) or getattr(path, name) for name in ("referred_on", "residence", "registered_since")
    }
    if all(getattr(path, name) == value for name, value in said.items()):
        return ()
    referred_on = said["referred_on"]
    changed = (spell.since for spell in path.spells[1:])
    followed = (path.diagnosed_on, path.engaged_on, path.paused_on, *changed, command.on)
    step_on = min(day for day in followed if day)
    if referred_on > step_on:
        raise REFERRED_AFTER_A_STEP(referred_on=referred_on, step_on=step_on)
    _check_registered(said["registered_since"], command.on)
    check_registration(path.flags, said["registered_since"], context.of(Plausible))
    access = _access(path.model_copy(update={"referred_on": referred_on}), path.jobs)
    return tell(PathReferralCorrected, command, path, **said, access=access)


@paths.decides(by=ADVISERS, when=ACTIVE)
def hand_over(path: Path, command: HandOver) -> PathHandedOver:
    if command.agency == path.agency:
        raise SAME_AGENCY(agency=command.agency)
    _check_room(path)
    return tell(PathHandedOver, command, path)


@paths.decides(by=ADVISERS, when=ACTIVE)
def give_flags(path: Path, command: GiveFlags, context: Context) -> PathFlagsGiven | tuple[()]:
    flags = _flags(path, command, context)
    if flags == path.flags:
        return ()
    _check_room(path)
    return tell(PathFlagsGiven, command, path, flags=flags)


@paths.decides(by=ADVISERS, when=KNOWN)
def correct_flags(path: Path, command: CorrectFlags, context: Context) -> PathFlagsCorrected | tuple[()]:
    flags = _flags(path, command, context)
    spells = path.spells[_same_groups(path) :]
    return tell(PathFlagsCorrected, command, path, flags=flags, spells=spells) if flags != path.flags else ()


@paths.decides(by=ADVISERS, when="referred", to="diagnosed")
def diagnose(path: Path, command: Diagnose) -> PathDiagnosed:
    return tell(PathDiagnosed, command, path, **_once(command), status="diagnosed")


@paths.decides(
    by=ADVISERS, when=("diagnosed", "engaged", "paused", "in_job"), offered=lambda path: path.diagnosed_on is not None
)
def revise_diagnosis(path: Path, command: ReviseDiagnosis) -> PathDiagnosisRevised | tuple[()]:
    if path.diagnosed_on is None:
        raise NO_DIAGNOSIS()
    told = {**{name: getattr(command, name) for name in ("available_from", "weekly_hours")}, **_once(command)}
    if all(getattr(path, name) == value for name, value in told.items()):
        return ()
    return tell(PathDiagnosisRevised, command, path, **told)


paths.steps(Engage, PathEngaged, by=ADVISERS, when="diagnosed", to="engaged", status="engaged")
paths.steps(Pause, PathPaused, by=ADVISERS, when=BEFORE_A_JOB, to="paused", status="paused")


@paths.decides(by=ADVISERS, when="paused", to=BEFORE_A_JOB)
def resume(path: Path, command: Resume) -> PathResumed:
    return tell(PathResumed, command, path, status=path.stage)


@paths.decides(
    by=(*ADVISERS, PLATFORM), when=(*BEFORE_A_JOB, "paused", "in_job"), to="in_job", looks_up=Lookup(hires, "hire")
)
def start_job(path: Path, command: StartJob, hire: Hire | None, context: Context) -> PathJobStarted | tuple[()]:
    hire = _of_this_person(path, hire)
    # One that has ended meanwhile has begun all the same: the platform tells that next.
    stands = hire.status in STANDING and (hire.status != "ended" or PLATFORM in context.roles)
    if not stands or hire.hired_on is None:
        raise HIRE_DOES_NOT_STAND(status=hire.status)
    if path.job(command.hire):
        return ()
    jobs = (*path.jobs, Job(hire=command.hire, hired_on=hire.hired_on, status="running"))
    return tell(PathJobStarted, command, path, hired_on=hire.hired_on, status="in_job", access=_access(path, jobs))


@paths.decides(by=(*ADVISERS, PLATFORM), when="in_job", to="sustained_6_months", looks_up=Lookup(hires, "hire"))
def sustain_job(path: Path, command: SustainJob, hire: Hire | None) -> PathJobSustained:
    hire = _of_this_person(path, hire)
    job = _known(path, command.hire)
    if hire.status != "sustained":
        raise HIRE_NOT_SUSTAINED(status=hire.status)
    return tell(
        PathJobSustained,
        command,
        path,
        hired_on=job.hired_on,
        sustained_on=hire.sustained_on,
        status="sustained_6_months",
    )


@paths.decides(by=PLATFORM, when="in_job", to=(*BEFORE_A_JOB, "in_job"), looks_up=Lookup(hires, "hire"))
def end_job(path: Path, command: EndJob, hire: Hire | None) -> PathJobEnded | PathJobUndone | tuple[()]:
    hire = _of_this_person(path, hire)
    job = _known(path, command.hire)
    if hire.status == "ended" and job.status == "running":
        status = _status(path.stage, _with(path.jobs, command.hire, status="ended"))
        return tell(PathJobEnded, command, path, hired_on=job.hired_on, ended_on=hire.ended_on, status=status)
    if hire.status == "cancelled":
        jobs = _without(path.jobs, command.hire)
        status = _status(path.stage, jobs)
        return tell(PathJobUndone, command, path, hired_on=job.hired_on, status=status, access=_access(path, jobs))
    return ()


@paths.decides(by=PLATFORM, when=ACTIVE, to="in_job", looks_up=Lookup(hires, "hire"))
def reopen_job(path: Path, command: ReopenJob, hire: Hire | None) -> PathJobReopened | tuple[()]:
    hire = _of_this_person(path, hire)
    job = _known(path, command.hire)
    lasted_by_another = path.status == "sustained_6_months" and job.status != "sustained"
    if lasted_by_another or job.status in ("running", hire.status):
        return ()
    return tell(
        PathJobReopened,
        command,
        path,
        hired_on=job.hired_on,
        outcome_before=job.status,
        sustained_on=months_later(job.hired_on, MONTHS) if job.status == "sustained" else None,
        status="in_job",
    )


@paths.decides(by=PLATFORM, when=("in_job", "sustained_6_months"), looks_up=Lookup(hires, "hire"))
def correct_job_day(path: Path, command: CorrectJobDay, hire: Hire | None) -> PathJobDayCorrected | tuple[()]:
    hire = _of_this_person(path, hire)
    job = _known(path, command.hire)
    if hire.hired_on in (None, job.hired_on):
        return ()
    access = _access(path, _with(path.jobs, command.hire, hired_on=hire.hired_on))
    return tell(
        PathJobDayCorrected,
        command,
        path,
        hired_on_before=job.hired_on,
        hired_on=hire.hired_on,
        access=access,
    )


paths.steps(Exit, PathExited, by=ADVISERS, when=ACTIVE, to="exited", status="exited")


@paths.decides(by=ADVISERS, when="exited")
def correct_exit(path: Path, command: CorrectExit) -> PathExitCorrected | tuple[()]:
    return tell(PathExitCorrected, command, path) if command.exit_reason != path.exit_reason else ()


paths.steps(Erase, PathErased, by=PLATFORM, when=KNOWN, to="erased", status="erased")


@paths.decides(by=ADVISERS, when=KNOWN)
def record_contact(path: Path, command: RecordContact) -> PathContactRecorded | tuple[()]:
    return tell(PathContactRecorded, command, path) if command.on > path.last_contact else ()


paths.steps(GiveNotice, PathRetentionNoticeGiven, by=PLATFORM, when=KNOWN)


@paths.decides(by=(*ADVISERS, PLATFORM), when=ACTIVE)
def add_skill(path: Path, command: AddSkill) -> PathSkillAdded | tuple[()]:
    if (command.source == "certification") != (command.certification is not None):
        raise CERTIFICATION_NOT_TOLD()
    if command.acquired_on > command.on:
        raise SHOWN_LATER(acquired_on=command.acquired_on, on=command.on)
    told = {name: getattr(command, name) for name in ("source", "certification", "acquired_on", "enrolment")}
    added = Skill(skill=path.skills_added + 1, romes=tuple(dict.fromkeys(command.romes)), **told)
    if any(_same(each, added) for each in path.skills):
        return ()
    if path.skills_added == MOST_SKILLS:
        raise TOO_MANY_SKILLS(most=MOST_SKILLS)
    return tell(PathSkillAdded, command, path, added=added)


@paths.decides(by=ADVISERS, when=ACTIVE, offered=lambda path: bool(path.skills))
def withdraw_skill(path: Path, command: WithdrawSkill) -> PathSkillWithdrawn:
    for each in path.skills:
        if each.skill == command.skill:
            return tell(PathSkillWithdrawn, command, path, withdrawn=each)
    raise SKILL_UNKNOWN(skill=command.skill)


@paths.decides(by=PLATFORM, when=ACTIVE)
def withdraw_skill_of(path: Path, command: WithdrawSkillOf) -> PathSkillWithdrawn | tuple[()]:
    shown = next((each for each in path.skills if each.enrolment == command.enrolment), None)
    return tell(PathSkillWithdrawn, command, path, withdrawn=shown) if shown else ()


@paths.evolves
def _(_path: Path | None, event: PathReferred) -> Path:
    told = {name: value for name, value in event if name in Path.model_fields}
    first = PathSpell(since=event.referred_on, until=None, agency=event.agency, flags=event.flags)
    return Path(**told, spells=(first,), last_contact=event.effective_on)


@paths.evolves
def _(path: Path, event: PathReferralCorrected) -> Path:
    told = {name: getattr(event, name) for name in ("referred_on", "residence", "registered_since", "access")}
    first = {
        name: event.referred_on
        for name in ("effective_on", "last_contact")
        if getattr(path, name) == event.referred_on_before
    }
    spells = (path.spells[0].model_copy(update={"since": event.referred_on}), *path.spells[1:])
    return path.after(event, **told, **first, spells=spells)


@paths.evolves
def _(path: Path, event: PathHandedOver) -> Path:
    return _heard(path, event, agency=event.agency, spells=_goes_on(path, event))


@paths.evolves
def _(path: Path, event: PathFlagsGiven) -> Path:
    return _heard(path, event, flags=event.flags, spells=_goes_on(path, event))


@paths.evolves
def _(path: Path, event: PathFlagsCorrected) -> Path:
    since = _same_groups(path)
    right = (spell.model_copy(update={"flags": event.flags}) for spell in path.spells[since:])
    return path.after(event, flags=event.flags, spells=(*path.spells[:since], *right))


@paths.evolves
def _(path: Path, event: PathDiagnosed) -> Path:
    return _heard(path, event, stage="diagnosed", diagnosed_on=event.effective_on, **_diagnosis(event))


@paths.evolves
def _(path: Path, event: PathDiagnosisRevised) -> Path:
    return _heard(path, event, **_diagnosis(event))


@paths.evolves
def _(path: Path, event: PathEngaged) -> Path:
    return _heard(path, event, stage="engaged", engaged_on=event.effective_on)


@paths.evolves
def _(path: Path, event: PathPaused) -> Path:
    return _heard(path, event, paused_on=event.effective_on, pause_reason=event.reason)


@paths.evolves
def _(path: Path, event: PathResumed) -> Path:
    return _heard(path, event, paused_on=None, pause_reason=None)


@paths.evolves
def _(path: Path, event: PathJobStarted) -> Path:
    job = Job(hire=event.hire, hired_on=event.hired_on, status="running")
    return _heard(path, event, jobs=(*path.jobs, job), paused_on=None, pause_reason=None)


@paths.evolves
def _(path: Path, event: PathJobSustained) -> Path:
    return _heard(path, event, jobs=_with(path.jobs, event.hire, status="sustained"))


@paths.evolves
def _(path: Path, event: PathJobEnded) -> Path:
    return _heard(path, event, jobs=_with(path.jobs, event.hire, status="ended"))


@paths.evolves
def _(path: Path, event: PathJobUndone) -> Path:
    return _heard(path, event, jobs=_without(path.jobs, event.hire))


@paths.evolves
def _(path: Path, event: PathJobReopened) -> Path:
    return _heard(path, event, jobs=_with(path.jobs, event.hire, status="running"), paused_on=None, pause_reason=None)


@paths.evolves
def _(path: Path, event: PathJobDayCorrected) -> Path:
    return path.after(event, jobs=_with(path.jobs, event.hire, hired_on=event.hired_on), access=event.access)


@paths.evolves
def _(path: Path, event: PathExited) -> Path:
    *earlier, last = path.spells
    spells = (*earlier, last.model_copy(update={"until": event.effective_on}))
    return _heard(path, event, exited_on=event.effective_on, exit_reason=event.reason, spells=spells, **_FORGOTTEN)


@paths.evolves
def _(path: Path, event: PathExitCorrected) -> Path:
    return path.after(event, exit_reason=event.exit_reason)


@paths.evolves
def _(path: Path, event: PathErased) -> Path:
    return path.after(event, status="erased", notice=False, **_FORGOTTEN)


@paths.evolves
def _(path: Path, event: PathContactRecorded) -> Path:
    return _heard(path, event)


@paths.evolves
def _(path: Path, event: PathRetentionNoticeGiven) -> Path:
    return path.after(event, notice=True)


@paths.evolves
def _(path: Path, event: PathSkillAdded) -> Path:
    return path.after(event, skills=(*path.skills, event.added), skills_added=event.added.skill)


@paths.evolves
def _(path: Path, event: PathSkillWithdrawn) -> Path:
    return path.after(event, skills=tuple(each for each in path.skills if each.skill != event.withdrawn.skill))


@paths.claims
def _(path: Path) -> Iterable[Claim]:
    if path.status in ACTIVE:
        yield Claim(PATH_ACTIVE, path.seeker)


@paths.due
def _(path: Path) -> Iterable[Due]:
    if path.status in KNOWN and not path.notice:
        yield Due(notice_from(path.kept_until), GiveNotice())


@paths.keeps
def _(path: Path) -> Iterable[Keep]:
    yield Keep(path.seeker, path.kept_until)


_FORGOTTEN: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "needs": (),
        "romes": (),
        "available_from": None,
        "weekly_hours": None,
        "obstacles": (),
        "skills": (),
        "registered_since": None,
        "paused_on": None,
        "pause_reason": None,
    }
)
"""What a record does not tell any more once nobody is accompanied."""


def _heard(path: Path, event: Event, **changes: Any) -> Path:
    """The path after an event by which somebody was heard of."""
    contact = {"last_contact": max(path.last_contact, event.effective_on), "notice": False}
    levels = {name: getattr(event, name) for name in ("status", "access")}
    return path.after(event, **levels, **contact, **changes)


def _diagnosis(event: PathDiagnosed | PathDiagnosisRevised) -> dict[str, Any]:
    return {name: getattr(event, name) for name in ("needs", "romes", "available_from", "weekly_hours", "obstacles")}


def _once(command: Diagnose | ReviseDiagnosis) -> dict[str, Any]:
    """The codes of a diagnosis, each once, in their order."""
    return {name: tuple(dict.fromkeys(getattr(command, name))) for name in ("needs", "romes", "obstacles")}


def _flags(path: Path, command: GiveFlags | CorrectFlags, context: Context) -> tuple[PriorityFlag, ...]:
    plausible = context.of(Plausible)
    flags = checked(command.flags, command.on, plausible, registered_since=path.registered_since)
    check_age_group(flags, path.age_group, path.referred_on, plausible)
    # After the exit the record does not tell the day of registration any more.
    if path.status in ACTIVE:
        check_registration_told(flags, path.registered_since)
    return flags


def _goes_on(path: Path, event: PathHandedOver | PathFlagsGiven) -> tuple[PathSpell, ...]:
    """The spells of a path where another one begins."""
    on = event.effective_on
    *earlier, last = path.spells
    ended = () if last.since == on else (last.model_copy(update={"until": on}),)
    return *earlier, *ended, PathSpell(since=on, until=None, agency=event.agency, flags=event.flags)


def _same_groups(path: Path) -> int:
    """From which of its spells on a path's person is in the groups that are recorded now."""
    same = takewhile(lambda spell: spell.flags == path.flags, reversed(path.spells))
    return len(path.spells) - len([*same])


def _check_room(path: Path) -> None:
    if len(path.spells) > MOST_CHANGES:
        raise CHANGED_TOO_OFTEN(most=MOST_CHANGES)


def _check_registered(registered_since: Day | None, on: Day) -> None:
    if registered_since and registered_since > on:
        raise REGISTERED_LATER(registered_since=registered_since, on=on)


def _of_this_person(path: Path, hire: Hire | None) -> Hire:
    if hire is None or hire.seeker != path.seeker:
        raise HIRE_OF_NOBODY_HERE()
    return hire


def _known(path: Path, hire: str) -> Job:
    job = path.job(hire)
    if job is None:
        raise JOB_UNKNOWN()
    return job


def _with(jobs: Sequence[Job], hire: str, **changes: Any) -> tuple[Job, ...]:
    return tuple(job.model_copy(update=changes) if job.hire == hire else job for job in jobs)


def _without(jobs: Sequence[Job], hire: str) -> tuple[Job, ...]:
    return tuple(job for job in jobs if job.hire != hire)


def _status(stage: PathStage, jobs: Sequence[Job]) -> PathStatus:
    """Where a path is once one of its jobs is over."""
    return "in_job" if any(job.status == "running" for job in jobs) else stage


def _access(path: Path, jobs: Sequence[Job]) -> Access | None:
    """The first of the jobs that began on the day of the referral or later."""
    first = min((job.hired_on for job in jobs if job.hired_on >= path.referred_on), default=None)
    if first is None:
        return None
    engaged_on = path.engaged_on
    return Access(
        hired_on=first,
        days=(first - path.referred_on).days,
        days_engaged=(first - engaged_on).days if engaged_on and engaged_on <= first else None,
        within_6_months=first <= months_later(path.referred_on, ACCESS_MONTHS),
    )


def _same(one: Skill, other: Skill) -> bool:
    """Whether both tell of one skill: shown by the same certification, or else in the same way for the same."""
    if one.certification or other.certification:
        return one.certification == other.certification
    return (one.romes, one.source) == (other.romes, other.source)
