"""What happens on the path of a job seeker to work [parcours], the stream `path-<id>`: of a person, by a pseudonym.

Each event says all that a path is counted by, as it is known then. `status` is a level, after the event. `access` tells
of the first job that the path led to, and changes with what is known of it: what an event says of it before and after
is taken back, and counted. A person has one active path, so paths count persons; `flags` overlap, and are never summed.
"""

from typing import Final, Literal

from contracts.category import Category
from contracts.employment.hire import HireCorrection, HireOutcome
from contracts.employment.priority import PriorityFlag
from contracts.model import Aside, Correction, Day, Detail, Event
from contracts.values import Certification, DayCount, Ordinal, RecordId, Rome, Subject, WorkingHours
from contracts.youth_events.immersion import Agency

CATEGORY: Final = Category("path", service="employment", path="/v1/paths", persons=True)

PathStatus = Literal["referred", "diagnosed", "engaged", "in_job", "sustained_6_months", "paused", "exited", "erased"]
PathStage = Literal["referred", "diagnosed", "engaged"]
"""How far the agency has come with the person: where a path goes on after a pause, or once a job has ended."""
Residence = Literal["town", "community", "elsewhere"]
"""Where the person lives: in the centre town of the community of communes, in another of its communes, or elsewhere.
Not the commune: in one of some hundred inhabitants it would tell who it is."""
AgeGroup = Literal["youth", "adult", "senior"]
"""On the day of the referral: youths are under 26, seniors 50 or older, unless the deployment says otherwise."""
PathNeed = Literal[
    "orientation", "training", "work_experience", "job_search_help", "mobility_help", "digital_help", "own_business"
]
PathObstacle = Literal[
    "transport", "driving_licence", "childcare", "housing", "digital", "reading_writing", "qualification", "experience"
]
"""What is in the way of a job. Nothing of health, origin, belief or convictions (GDPR, art. 9 and 10)."""
PathPause = Literal["training", "temporary_work", "away", "not_available", "other"]
PathExit = Literal[
    "in_job", "in_training", "own_business", "moved_away", "retired", "gave_up", "contact_lost", "entered_by_mistake",
    "other",
]  # fmt: skip
PathCorrection = Literal["typing_error", "late_document", "misunderstanding", "other"]
PathJobStatus = Literal["running", "sustained", "ended"]
ContactChannel = Literal["interview", "phone", "message", "letter", "workshop"]
SkillSource = Literal["certification", "document", "test", "interview", "declaration"]
"""What shows it: a certification that was gained, another document, a test, an adviser's interview, or the person's
word."""
SkillWithdrawal = Literal["typing_error", "not_certified", "entered_twice", "other"]


class Access(Detail):
    """The first job since the referral: of those that began on that day or later, and were hires after all."""

    hired_on: Day
    """The first day of work."""
    days: DayCount
    """Days from the referral."""
    days_engaged: DayCount | None
    """Days from the engagement; None where the job began before it, or there was none."""
    within_6_months: bool
    """Whether it began until the day six months after the referral."""


class PathSpell(Detail):
    """Days on which a path was with one agency, and its person in the same priority groups."""

    since: Day
    until: Day | None
    """The first day on which that is no longer so; None where it still is."""
    agency: Agency
    flags: tuple[PriorityFlag, ...]


class Skill(Detail):
    """What a person can do, and what shows that."""

    skill: Ordinal
    """Which of the path's skills, from 1."""
    romes: tuple[Rome, ...]
    """The occupations that it is for."""
    source: SkillSource
    certification: Certification | None
    acquired_on: Day
    """The day on which it was shown."""
    enrolment: RecordId | None
    """The enrolment that was certified, where training told of it."""


class _Path(Event):
    seeker: Subject
    agency: Agency
    """Which of the two accompanies the person."""
    residence: Residence
    age_group: AgeGroup
    flags: tuple[PriorityFlag, ...]
    """The priority groups that an adviser knows the person to belong to."""
    referred_on: Day
    status: PathStatus
    """After the event."""
    access: Access | None
    """After the event; None while no job is known."""


class PathReferred(_Path, version=1):
    """Somebody was referred to an agency, and has a path there."""

    registered_since: Day | None
    """Since when the person is registered as a job seeker, if that is known."""


class PathReferralCorrected(_Path, Correction, version=1):
    """What was entered with the referral was corrected."""

    referred_on_before: Day
    registered_since_before: Day | None
    registered_since: Day | None
    residence_before: Residence
    access_before: Access | None
    spells: tuple[PathSpell, ...] = ()
    """What the path was from its referral on, as it was recorded before; empty where that was not told yet."""
    reason: PathCorrection


class PathHandedOver(_Path, version=1):
    """The other agency accompanies the person from now on."""

    agency_before: Agency


class PathFlagsGiven(_Path, version=1):
    """The person belongs to other priority groups than before."""

    flags_before: tuple[PriorityFlag, ...]


class PathFlagsCorrected(_Path, Correction, version=1):
    """The priority groups had been recorded wrongly."""

    flags_before: tuple[PriorityFlag, ...]
    spells: tuple[PathSpell, ...] = ()
    """The days for which they had been recorded; empty where that was not told yet."""
    reason: PathCorrection


class _Diagnosis(_Path):
    needs: tuple[PathNeed, ...]
    romes: tuple[Rome, ...]
    """The occupations that the person looks for work in, the first one first."""
    available_from: Day
    weekly_hours: WorkingHours
    """How many hours a week the person wants to work."""
    obstacles: tuple[PathObstacle, ...]


class PathDiagnosed(_Diagnosis, version=1):
    """Adviser and person have found out what is needed."""


class PathDiagnosisRevised(_Diagnosis, version=1):
    """Needs, occupations, availability, hours or obstacles have changed."""

    needs_before: tuple[PathNeed, ...]
    romes_before: tuple[Rome, ...]
    available_from_before: Day
    weekly_hours_before: WorkingHours
    obstacles_before: tuple[PathObstacle, ...]


class PathEngaged(_Path, version=1):
    """Adviser and person have agreed what each of them does."""


class PathPaused(_Path, version=1):
    """For some time the person looks for no work."""

    reason: PathPause


class PathResumed(_Path, version=1):
    """The person looks for work again."""

    paused_on: Day


class _Job(_Path):
    hire: RecordId
    hired_on: Day
    """The first day of work."""


class PathJobStarted(_Job, version=1):
    """The person is in a job."""

    access_before: Access | None


class PathJobSustained(_Job, version=1):
    """The job has lasted six months."""

    sustained_on: Day


class PathJobEnded(_Job, version=1):
    """The job ended before it had lasted six months. Unless there is another one, the path goes on where it was."""

    ended_on: Day


class PathJobUndone(_Job, version=1):
    """There was no job after all. Unless there is another one, the path goes on where it was."""

    access_before: Access | None


class PathJobReopened(_Job, version=1):
    """How the job came out had been recorded wrongly: it goes on."""

    outcome_before: HireOutcome
    sustained_on: Day | None
    """The day on which it had counted as sustained, or else None."""


class PathJobDayCorrected(_Job, Correction, version=1):
    """The first day of work was corrected."""

    hired_on_before: Day
    access_before: Access | None
    reason: HireCorrection


class PathExited(_Path, version=1):
    """The agency does not accompany the person any more."""

    status_before: PathStatus
    reason: PathExit


class PathExitCorrected(_Path, Correction, version=1):
    """The reason of the exit had been recorded wrongly."""

    exited_on: Day
    exit_reason_before: PathExit
    exit_reason: PathExit
    reason: PathCorrection


class PathErased(_Path, version=1):
    """Nobody knows any more who it is. What the path was counted for stays."""

    status_before: PathStatus


class PathContactRecorded(_Path, Aside, version=1):
    """The agency was in contact with the person, so it may know the person for longer."""

    channel: ContactChannel


class PathRetentionNoticeGiven(_Path, Aside, version=1):
    """In 30 days the path needs the person no more, unless there is a contact. Where no other record does, nobody then
    knows any more who it is."""

    kept_until: Day
    """The last day on which the path needs to know who it is."""


class PathSkillAdded(_Path, Aside, version=1):
    """The person has shown a skill."""

    added: Skill


class PathSkillWithdrawn(_Path, Aside, version=1):
    """A skill had been recorded wrongly, or was not gained after all."""

    withdrawn: Skill
    reason: SkillWithdrawal
