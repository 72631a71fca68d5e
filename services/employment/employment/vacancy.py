"""Vacancies [offres d'emploi] of member companies, each with a number of posts (axis 7).

A company drafts and opens one, or France Travail for it. An investment that is completed proposes one for the jobs it
planned, which the company completes and opens, divides by trades, or dismisses. An application that is accepted takes a
post, the last one fills the vacancy, and an acceptance that is undone opens it again.
"""

from collections.abc import Iterable
from typing import Annotated, Final

from pydantic import Field

from contracts.employment.vacancy import (
    CATEGORY,
    ContractType,
    PostFreed,
    PostsChanged,
    PostTaken,
    VacancyDivided,
    VacancyDrafted,
    VacancyOpened,
    VacancyProposed,
    VacancyRevised,
    VacancyStatus,
    VacancyWithdrawn,
    WithdrawalReason,
)
from contracts.model import Day
from contracts.values import (
    MOST_POSTS,
    Commune,
    EnteredRome,
    EnteredText,
    Naf,
    Posts,
    RecordId,
    Rome,
    ShortText,
    Siret,
    Tally,
    WorkingHours,
    Zone,
)
from employment.members import Member, Project, active_member, check_investment, members, projects
from eventstore.decider import ITSELF, PLATFORM, Claim, Command, Decider, Lookup, State, tell
from eventstore.finding import Finding
from eventstore.refusal import Refusal

Title = Annotated[EnteredText, Field(examples=["Chaudronnier soudeur"])]


class Propose(Command):
    """An investment was completed: the jobs it planned are proposed as posts."""

    company: Siret
    naf: Naf
    commune: Commune
    zone: Zone | None
    investment: RecordId
    posts: Posts


class Draft(Command):
    """A company prepares a vacancy."""

    company: Siret
    title: Title
    rome: EnteredRome
    contract: ContractType
    weekly_hours: WorkingHours
    posts: Posts
    investment: RecordId | None = None
    """The company's productive investment that the posts are for, if any."""


class Divide(Command):
    """Some posts of a proposed vacancy are for another trade: they become a proposed vacancy of their own."""

    posts: Annotated[Posts, Field(examples=[1])]
    """How many."""


class Revise(Command):
    """What the vacancy says is changed. What is not given stays as it is."""

    title: Title | None = None
    rome: EnteredRome | None = None
    contract: ContractType | None = None
    weekly_hours: WorkingHours | None = None


class Open(Command):
    """People can apply. A proposed vacancy has to be completed; of a draft, what is not given stays as it is."""

    title: Title | None = None
    rome: EnteredRome | None = None
    contract: ContractType | None = None
    weekly_hours: WorkingHours | None = None
    posts: Posts | None = None


class ChangePosts(Command):
    """The vacancy is for more people, or for fewer, but never for fewer than were accepted."""

    posts: Annotated[Posts, Field(examples=[3])]


class Take(Command):
    """An application was accepted."""

    application: RecordId


class Free(Command):
    """The acceptance of an application was undone."""

    application: RecordId


class Withdraw(Command):
    """Nobody is looked for any more, or the proposal is dismissed. Who was accepted stays so."""

    reason: WithdrawalReason


class Vacancy(State):
    """A vacancy of a company."""

    company: Siret
    naf: Naf
    """Activity, commune and zone of the company are as when it was drafted or opened."""
    commune: Commune
    zone: Zone | None
    investment: RecordId | None
    status: VacancyStatus
    title: ShortText | None = None
    """None while nobody has said it of a proposed vacancy, as all that the company has to complete."""
    rome: Rome | None
    contract: ContractType | None
    weekly_hours: WorkingHours | None = None
    posts: Posts
    accepted: tuple[RecordId, ...] = ()
    """The applications that took a post."""
    proposed_on: Day | None = None
    drafted_on: Day | None = None
    opened_on: Day | None = None
    withdrawn_on: Day | None = None
    reason: WithdrawalReason | None = None

    @property
    def taken(self) -> Tally:
        """How many posts are taken."""
        return len(self.accepted)

    @property
    def open_posts(self) -> Tally:
        """How many people it looks for now."""
        return max(0, self.posts - self.taken) if self.status in ("open", "filled") else 0


NO_POST_LEFT = Refusal("no-post-left", "every post of the vacancy is taken", "tous les postes de l'offre sont pourvus")
POSTS_BELOW_ACCEPTED = Refusal(
    "posts-below-accepted",
    "{taken} applications are accepted, so it cannot be for {posts}",
    "{taken} candidatures sont acceptées, l'offre ne peut donc pas porter sur {posts}",
    taken=Tally,
    posts=Posts,
)
VACANCY_INCOMPLETE = Refusal(
    "vacancy-incomplete",
    "a vacancy says {lacking} before people can apply",
    "une offre doit indiquer {lacking} avant de recevoir des candidatures",
    lacking=tuple[str, ...],
)
NOTHING_LEFT_TO_DIVIDE = Refusal(
    "nothing-left-to-divide",
    "it has {posts} {posts:post|posts}, and at least one has to stay",
    "elle compte {posts} {posts:poste|postes}, et l'un au moins doit y rester",
    posts=Posts,
)

vacancies = Decider(
    CATEGORY.name,
    Vacancy,
    final="withdrawn",
    finding=Finding(
        found_by=("status", "company", "rome", "contract", "investment", "naf", "commune", "zone"),
        sorted_by=("opened_on", "posts", "title"),
        searched_by=("title",),
    ),
)

COMPANY: Final = ("company", "france_travail")
TERMS: Final = ("title", "rome", "contract", "weekly_hours")
"""What a vacancy says of the work."""


@vacancies.creates(by=PLATFORM, to="proposed", day="proposed_on")
def propose(command: Propose) -> VacancyProposed:
    return tell(VacancyProposed, command, rome=None, contract=None, open_posts=0)


@vacancies.creates(
    by=COMPANY,
    to="draft",
    day="drafted_on",
    looks_up=(Lookup(members, "company"), Lookup(projects, "investment")),
)
def draft(command: Draft, member: Member | None, project: Project | None) -> VacancyDrafted:
    company = active_member(member, command.company)
    check_investment(command.investment, project, command.company)
    return tell(VacancyDrafted, command, company, open_posts=0)


@vacancies.decides(by=COMPANY, when="proposed", takes=("posts",))
def divide(vacancy: Vacancy, command: Divide) -> VacancyDivided:
    if command.posts >= vacancy.posts:
        raise NOTHING_LEFT_TO_DIVIDE(posts=vacancy.posts)
    return tell(
        VacancyDivided,
        command,
        vacancy,
        posts=vacancy.posts - command.posts,
        posts_before=vacancy.posts,
        divided=command.posts,
    )


@vacancies.decides(by=COMPANY, when=("draft", "open"), takes=TERMS)
def revise(vacancy: Vacancy, command: Revise) -> VacancyRevised | tuple[()]:
    terms = _terms(vacancy, command)
    if all(getattr(vacancy, name) == said for name, said in terms.items()):
        return ()
    return tell(VacancyRevised, command, vacancy, **terms)


@vacancies.decides(
    by=COMPANY,
    when=("proposed", "draft"),
    to="open",
    day="opened_on",
    takes=(*TERMS, "posts", "naf", "commune", "zone"),
    looks_up=Lookup(members, "company"),
)
def open_vacancy(vacancy: Vacancy, command: Open, member: Member | None) -> VacancyOpened:
    company = active_member(member, vacancy.company)
    terms = _terms(vacancy, command)
    if lacking := tuple(name for name, said in terms.items() if said is None):
        raise VACANCY_INCOMPLETE(lacking=lacking)
    posts = command.posts or vacancy.posts
    return tell(VacancyOpened, command, company, vacancy, posts=posts, open_posts=posts, **terms)


@vacancies.decides(by=COMPANY, when=("open", "filled"), to=("open", "filled"))
def change_posts(vacancy: Vacancy, command: ChangePosts) -> PostsChanged | tuple[()]:
    if command.posts == vacancy.posts:
        return ()
    if command.posts < vacancy.taken:
        raise POSTS_BELOW_ACCEPTED(taken=vacancy.taken, posts=command.posts)
    return tell(PostsChanged, command, vacancy, open_posts=command.posts - vacancy.taken)


# What holders of posts tell comes in any order, so for a while more may seem taken than there are.
@vacancies.decides(by=PLATFORM, when=("open", "filled"), to=("open", "filled"))
def take(vacancy: Vacancy, command: Take) -> PostTaken | tuple[()]:
    if command.application in vacancy.accepted:
        return ()
    taken = vacancy.taken + 1
    return tell(PostTaken, command, vacancy, taken=taken, open_posts=max(0, vacancy.posts - taken))


@vacancies.decides(by=PLATFORM, when=("open", "filled"), to=("open", "filled"))
def free(vacancy: Vacancy, command: Free) -> PostFreed | tuple[()]:
    if command.application not in vacancy.accepted:
        return ()
    taken = vacancy.taken - 1
    return tell(PostFreed, command, vacancy, taken=taken, open_posts=max(0, vacancy.posts - taken))


vacancies.steps(
    Withdraw,
    VacancyWithdrawn,
    by=(*COMPANY, PLATFORM),
    when=("proposed", "draft", "open"),
    to="withdrawn",
    day="withdrawn_on",
    takes=("reason",),
    reserves={PLATFORM: ("member_left",)},
    open_posts=0,
)


@vacancies.evolves
def _(vacancy: Vacancy, event: PostsChanged) -> Vacancy:
    return vacancy.after(event, posts=event.posts, status=_status(event.posts, event.taken))


@vacancies.evolves
def _(vacancy: Vacancy, event: PostTaken) -> Vacancy:
    accepted = (*vacancy.accepted, event.application)
    return vacancy.after(event, accepted=accepted, status=_status(event.posts, event.taken))


@vacancies.evolves
def _(vacancy: Vacancy, event: PostFreed) -> Vacancy:
    accepted = tuple(each for each in vacancy.accepted if each != event.application)
    return vacancy.after(event, accepted=accepted, status=_status(event.posts, event.taken))


@vacancies.claims
def _(vacancy: Vacancy) -> Iterable[Claim]:
    """The posts that it does not have: so acceptances hold no more than it has, and it has no fewer than they hold."""
    if vacancy.posts < MOST_POSTS:
        yield Claim(NO_POST_LEFT, ITSELF, amount=MOST_POSTS - vacancy.posts, limit=MOST_POSTS)


def post(vacancy: str) -> Claim:
    """A post of a vacancy, as an acceptance holds it."""
    return Claim(NO_POST_LEFT, vacancy, limit=MOST_POSTS)


def _terms(vacancy: Vacancy, command: Revise | Open) -> dict[str, object]:
    said = ((name, getattr(command, name)) for name in TERMS)
    return {name: getattr(vacancy, name) if value is None else value for name, value in said}


def _status(posts: int, taken: int) -> VacancyStatus:
    return "filled" if taken >= posts else "open"
