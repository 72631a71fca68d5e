"""What happens to a vacancy [offre d'emploi], the stream `vacancy-<id>`.

`open_posts` is a level: how many posts are open after the event, 0 unless the vacancy is open. Who was accepted is told
by the id of the application, which means nothing to those who may not read that.
"""

from typing import Final, Literal

from contracts.category import Category
from contracts.model import Day, Event
from contracts.values import Commune, Naf, Posts, RecordId, Rome, ShortText, Siret, Tally, WorkingHours, Zone

CATEGORY: Final = Category("vacancy", service="employment", path="/v1/vacancies")

VacancyStatus = Literal["proposed", "draft", "open", "filled", "withdrawn"]
ContractType = Literal[
    "permanent", "fixed_term", "temporary", "seasonal", "apprenticeship", "professionalisation", "integration"
]
WithdrawalReason = Literal["not_needed", "filled_otherwise", "postponed", "entered_by_mistake", "member_left", "other"]


class _Vacancy(Event):
    company: Siret
    naf: Naf
    """Activity, commune and zone of the company are as when the vacancy was drafted or opened."""
    commune: Commune
    zone: Zone | None
    investment: RecordId | None
    """The productive investment that it is for, if any."""
    rome: Rome | None
    """The occupation; None while nobody has said it of a proposed vacancy, as `contract`."""
    contract: ContractType | None
    posts: Posts
    open_posts: Tally


class VacancyProposed(_Vacancy, version=1):
    """An investment was completed: its planned jobs are proposed to the company as posts, for it to open or dismiss."""


class VacancyDrafted(_Vacancy, version=1):
    """A company drafted a vacancy."""

    title: ShortText
    weekly_hours: WorkingHours


class VacancyDivided(_Vacancy, version=1):
    """Some posts of a proposed vacancy are for another trade: they become a proposed vacancy of their own."""

    posts_before: Posts
    divided: Posts
    """How many."""


class VacancyRevised(_Vacancy, version=1):
    """What the vacancy says was changed."""

    title: ShortText
    weekly_hours: WorkingHours


class VacancyOpened(_Vacancy, version=1):
    """People can apply."""

    title: ShortText
    weekly_hours: WorkingHours


class PostsChanged(_Vacancy, version=1):
    """The vacancy is for more people, or for fewer."""

    posts_before: Posts
    taken: Tally
    """How many posts are taken."""


class PostTaken(_Vacancy, version=1):
    """Somebody was accepted. The vacancy is filled while as many posts are taken as it has."""

    application: RecordId
    taken: Tally
    """How many posts are taken, this one included."""
    opened_on: Day


class PostFreed(_Vacancy, version=1):
    """An acceptance was undone: the post is open again."""

    application: RecordId
    taken: Tally
    """How many posts are taken still."""
    opened_on: Day


class VacancyWithdrawn(_Vacancy, version=1):
    """Nobody is looked for any more. Who was accepted stays so."""

    status_before: VacancyStatus
    reason: WithdrawalReason
