"""What happens to an immersion [PMSMP, période de mise en situation en milieu professionnel], the stream
`immersion-<id>`.

Somebody, known by a pseudonym, is in a company for some days, to see a trade, a plan or a job. Up to four sign the
agreement, each by a link of their own; events tell the hash of what they have signed, and never the document.
"""

from typing import Final, Literal

from contracts.category import Category
from contracts.companies.equipment import Weekday
from contracts.employment.vacancy import ContractType
from contracts.model import Aside, Day, Detail, Event
from contracts.values import (
    BreakMinutes,
    Commune,
    DocumentHash,
    Minutes,
    Naf,
    Ordinal,
    Rome,
    Siret,
    Subject,
    Tally,
    TimeOfDay,
    Zone,
)
from contracts.youth_events.placement import AgeBand

CATEGORY: Final = Category("immersion", service="youth-events", path="/v1/immersions", persons=True)

Agency = Literal["mission_locale", "france_travail"]
"""Who prescribes it, and accompanies the person."""
Signatory = Literal["beneficiary", "guardian", "company", "agency"]
"""Who signs the agreement; a guardian for a minor."""
ImmersionStatus = Literal[
    "ready_to_sign",
    "partially_signed",
    "in_review",
    "accepted",
    "started",
    "completed",
    "assessed",
    "rejected",
    "cancelled",
]
"""`in_review`: all have signed, and the agency looks at it once more."""
ImmersionObjective = Literal["discover_trade", "confirm_project", "start_recruitment"]
"""The law knows these three, and an immersion has one of them (Code du travail, art. L5135-1)."""
ImmersionOutcome = Literal["completed", "partial", "no_show"]
ImmersionRejection = Literal["no_capacity", "no_tutor", "unsuitable_work", "not_eligible", "other"]
ImmersionCancellation = Literal[
    "beneficiary_withdrew",
    "beneficiary_unavailable",
    "found_work",
    "no_tutor",
    "activity_stopped",
    "entered_by_mistake",
    "member_left",
    "person_erased",
    "other",
]


class SignatureLink(Detail):
    """The link by which somebody signs: it is good for one signature."""

    signatory: Signatory
    number: Ordinal
    """Of all links of the immersion; none has the number of another."""
    made_on: Day
    valid_until: Day
    """The last day on which it can be used."""
    revoked: bool
    signed_on: Day | None


class _Immersion(Event):
    company: Siret
    naf: Naf
    """Activity, commune and zone of the company are as when the immersion was prepared."""
    commune: Commune
    zone: Zone | None
    agency: Agency
    beneficiary: Subject
    age_band: AgeBand
    """How old the beneficiary is on the first day."""
    guardian: Subject | None
    """Who signs for a minor, as the beneficiary does; with what follows: whom the agreement names."""
    tutor: Subject
    representative: Subject
    """Who signs for the company."""
    adviser: Subject
    """Who signs for the agency."""
    objective: ImmersionObjective
    rome: Rome
    """The occupation that it shows."""
    begins_on: Day
    ends_on: Day
    """The last day."""
    prepared_on: Day
    terms: Ordinal
    """How often its terms were told: 1 at first, one more with each edit."""


class _Terms(_Immersion):
    weekdays: tuple[Weekday, ...]
    arrives: TimeOfDay
    leaves: TimeOfDay
    break_minutes: BreakMinutes
    daily_minutes: Minutes
    """Without the break."""
    weekly_minutes: Minutes
    presence_days: Tally
    """On how many days of the period the beneficiary comes."""
    links: tuple[SignatureLink, ...]
    """Of each signatory the one that is good from now on."""


class ImmersionPrepared(_Terms, version=1):
    """An agency prepared it, and all who must sign have a link."""


class ImmersionAmended(_Terms, version=1):
    """Its terms were told anew. What was signed is void, and all who must sign have a new link."""

    voided: tuple[Signatory, ...]
    """Who had signed the terms before."""
    signed_on_before: Day | None
    """The day on which all had signed those, if they had."""


class ImmersionLinkRenewed(_Immersion, version=1):
    """Somebody who has not signed has a new link; the one before is good for nothing any more."""

    signatory: Signatory
    link: Ordinal
    """The number of the new link."""
    made_on: Day
    valid_until: Day


class ImmersionLinkRevoked(_Immersion, version=1):
    """A link is good for nothing any more, and there is no other yet."""

    signatory: Signatory
    link: Ordinal


class ImmersionReminded(_Immersion, Aside, version=1):
    """Those who have not signed are reminded."""

    signatories: tuple[Signatory, ...]


class ImmersionSigned(_Immersion, version=1):
    """Somebody has signed the agreement."""

    signatory: Signatory
    link: Ordinal
    """The number of the link."""
    document: DocumentHash
    """Of what was signed: the same for all who sign the same terms."""
    complete: bool
    """Whether all who must sign have signed now."""


class ImmersionAccepted(_Immersion, version=1):
    """The agency accepts what all have signed: the immersion takes place, and the beneficiary is in no other then."""

    document: DocumentHash


class ImmersionRejected(_Immersion, version=1):
    """The agency or the company does not agree."""

    reason: ImmersionRejection


class ImmersionStarted(_Immersion, version=1):
    """The beneficiary has come."""

    presence_days: Tally


class ImmersionCompleted(_Immersion, version=1):
    """It is over."""


class ImmersionAssessed(_Immersion, version=1):
    """How it went, and whether it led to a job."""

    outcome: ImmersionOutcome
    job_obtained: bool
    """Whether the company hires the beneficiary."""
    contract: ContractType | None
    """Of the job, if there is one."""


class ImmersionCancelled(_Immersion, version=1):
    """It will not take place, or was broken off."""

    reason: ImmersionCancellation
    status_before: ImmersionStatus
