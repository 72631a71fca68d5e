"""What becomes of a vacancy: proposed or drafted, opened, filled, and never with more accepted than it has posts."""

from datetime import date
from typing import Any

import pytest
from people import (
    COMPANY,
    INVESTMENT,
    JOINED,
    MEMBER,
    NOT_ACTIVE,
    PLACE,
    PROJECT,
    PROJECT_GIVEN_UP,
    PROJECT_OF_NEIGHBOUR,
    SUSPENDED,
    TODAY,
    record_id,
)
from pydantic import ValidationError

from contracts import Event
from contracts.companies.company import CompanyLeft, CompanyReinstated, CompanyRejected
from contracts.employment.vacancy import (
    PostFreed,
    PostsChanged,
    PostTaken,
    VacancyDivided,
    VacancyDrafted,
    VacancyOpened,
    VacancyProposed,
    VacancyRevised,
    VacancyWithdrawn,
)
from contracts.values import MOST_POSTS
from employment.members import members
from employment.vacancy import (
    NO_POST_LEFT,
    ChangePosts,
    Divide,
    Draft,
    Free,
    Open,
    Propose,
    Revise,
    Take,
    Vacancy,
    Withdraw,
    post,
    vacancies,
)
from eventstore.decider import ITSELF, PLATFORM, Actor, By, Claim, Command
from eventstore.specification import Specification

given = Specification(vacancies, today=TODAY)

TERMS: dict[str, Any] = {"title": "Soudeur", "rome": "H2913", "contract": "permanent", "weekly_hours": 35}
BASE: dict[str, Any] = {**PLACE, "investment": None, "rome": "H2913", "contract": "permanent"}
OPEN: dict[str, Any] = {**BASE, "title": "Soudeur", "weekly_hours": 35, "posts": 2, "open_posts": 2}
FIRST, SECOND, THIRD = (record_id(n) for n in (11, 12, 13))


def day(of_august: int) -> date:
    return date(2026, 8, of_august)


draft = Draft(company=COMPANY, **TERMS, posts=2, on=day(3))
propose = Propose(**PLACE, investment=INVESTMENT, posts=4, on=day(1))
proposed = VacancyProposed(
    **PLACE, investment=INVESTMENT, rome=None, contract=None, posts=4, open_posts=0, effective_on=day(1)
)
drafted = VacancyDrafted(**{**OPEN, "open_posts": 0}, effective_on=day(3))
opened = VacancyOpened(**OPEN, effective_on=day(4))


def taken(application: str, number: int, *, posts: int = 2) -> PostTaken:
    open_posts = max(0, posts - number)
    return PostTaken(
        **BASE,
        posts=posts,
        open_posts=open_posts,
        application=application,
        taken=number,
        opened_on=day(4),
        effective_on=day(5),
    )


def freed(application: str, number: int) -> PostFreed:
    told: dict[str, Any] = {**BASE, "posts": 2, "open_posts": max(0, 2 - number), "taken": number}
    return PostFreed(**told, application=application, opened_on=day(4), effective_on=day(6))


filled = (taken(FIRST, 1), taken(SECOND, 2))
withdrawn = VacancyWithdrawn(
    **BASE, posts=2, open_posts=0, status_before="open", reason="not_needed", effective_on=day(9)
)
PASTS: dict[str, tuple[Event, ...]] = {
    "proposed": (proposed,),
    "draft": (drafted,),
    "open": (drafted, opened),
    "filled": (drafted, opened, *filled),
    "withdrawn": (drafted, opened, withdrawn),
}


def test_a_member_drafts_a_vacancy() -> None:
    given().knowing(MEMBER, None).when(draft).then(drafted)
    given().knowing(MEMBER, None).when(draft).then_state(status="draft", drafted_on=day(3), open_posts=0)
    given().knowing(NOT_ACTIVE, None).when(draft).rejected("not-a-member")
    given().knowing(None, None).when(draft).rejected("not-a-member")


def test_a_vacancy_for_an_investment_is_for_one_of_the_company_that_goes_on() -> None:
    for_it = draft.model_copy(update={"investment": INVESTMENT})
    told = drafted.model_copy(update={"investment": INVESTMENT})
    given().knowing(MEMBER, PROJECT).when(for_it).then(told)
    for project in (None, PROJECT_OF_NEIGHBOUR, PROJECT_GIVEN_UP):
        given().knowing(MEMBER, project).when(for_it).rejected("investment-unknown")


def test_a_draft_is_opened_with_what_it_says_or_something_else() -> None:
    given(drafted).knowing(MEMBER).when(Open(on=day(4))).then(opened)
    given(drafted).knowing(MEMBER).when(Open(on=day(4))).then_state(status="open", opened_on=day(4), open_posts=2)
    given(drafted).knowing(MEMBER).when(Open(title="Chaudronnier", posts=3)).then_state(
        title="Chaudronnier", rome="H2913", posts=3, open_posts=3
    )
    for member in (NOT_ACTIVE, None):
        given(drafted).knowing(member).when(Open()).rejected("not-a-member")


def test_it_is_opened_where_the_company_is_by_then() -> None:
    moved = members.fold([each.model_copy(update={"commune": "18055", "zone": None}) for each in JOINED])
    given(drafted).knowing(moved).when(Open(on=day(4))).then(
        opened.model_copy(update={"commune": "18055", "zone": None})
    )
    given(drafted).knowing(moved).when(Open(on=day(4))).then_state(commune="18055", zone=None)


def test_what_an_investment_proposes_is_completed_before_it_is_opened() -> None:
    given().when(propose).then(proposed)
    given().when(propose).then_state(status="proposed", proposed_on=day(1), rome=None, open_posts=0)
    given(proposed).knowing(MEMBER).when(Open()).rejected("vacancy-incomplete")
    given(proposed).knowing(MEMBER).when(Open(**{**TERMS, "rome": None})).rejected("vacancy-incomplete")
    complete = opened.model_copy(update={"investment": INVESTMENT, "posts": 4, "open_posts": 4})
    given(proposed).knowing(MEMBER).when(Open(**TERMS, on=day(4))).then(complete)


def test_the_posts_of_a_proposal_are_divided_and_one_stays_at_least() -> None:
    divided = VacancyDivided(
        **{**PLACE, "investment": INVESTMENT, "rome": None, "contract": None},
        posts_before=4,
        posts=1,
        divided=3,
        open_posts=0,
        effective_on=TODAY,
    )
    given(proposed).when(Divide(posts=3)).then(divided)
    given(proposed, divided).when(Divide(posts=1)).rejected("nothing-left-to-divide")
    given(proposed).when(Divide(posts=4)).rejected("nothing-left-to-divide")
    given(proposed, divided).knowing(MEMBER).when(Open(**TERMS)).then_state(posts=1, open_posts=1)


def test_what_it_says_is_revised_and_nothing_is_told_where_nothing_changes() -> None:
    revised = VacancyRevised(**{**OPEN, "weekly_hours": 28}, effective_on=TODAY)
    given(drafted, opened).when(Revise(weekly_hours=28)).then(revised)
    given(drafted, opened, revised).when(Revise(weekly_hours=28, rome="H2913")).then()
    given(drafted, opened).when(Revise()).then()
    given(drafted).when(Revise(rome="H2902")).then_state(rome="H2902", status="draft", title="Soudeur")


def test_the_last_post_that_is_taken_fills_it_and_one_that_is_freed_opens_it_again() -> None:
    given(drafted, opened).when(Take(application=FIRST, on=day(5))).then(taken(FIRST, 1))
    given(drafted, opened, taken(FIRST, 1)).when(Take(application=SECOND, on=day(5))).then(taken(SECOND, 2))
    given(drafted, opened, taken(FIRST, 1)).when(Take(application=SECOND)).then_state(status="filled", open_posts=0)
    given(*PASTS["filled"]).when(Free(application=FIRST, on=day(6))).then(freed(FIRST, 1))
    given(*PASTS["filled"]).when(Free(application=FIRST)).then_state(
        status="open", accepted=(SECOND,), taken=1, open_posts=1
    )


def test_a_post_is_taken_once_and_freed_once() -> None:
    given(*PASTS["filled"]).when(Take(application=FIRST)).then()
    given(*PASTS["filled"]).when(Free(application=THIRD)).then()
    given(*PASTS["filled"], freed(FIRST, 1)).when(Free(application=FIRST)).then()


def test_what_holders_tell_comes_in_any_order() -> None:
    given(*PASTS["filled"]).when(Take(application=THIRD, on=day(5))).then(taken(THIRD, 3))
    given(*PASTS["filled"], taken(THIRD, 3)).when(Free(application=FIRST)).then_state(
        status="filled", accepted=(SECOND, THIRD), open_posts=0
    )


def test_it_is_for_more_people_or_for_fewer_but_not_than_were_accepted() -> None:
    def changed(to: int, taken: int) -> PostsChanged:
        return PostsChanged(**BASE, posts_before=2, posts=to, taken=taken, open_posts=to - taken, effective_on=TODAY)

    given(drafted, opened, taken(FIRST, 1)).when(ChangePosts(posts=1)).then(changed(1, 1))
    given(drafted, opened, taken(FIRST, 1)).when(ChangePosts(posts=1)).then_state(status="filled")
    given(*PASTS["filled"]).when(ChangePosts(posts=3)).then(changed(3, 2))
    given(*PASTS["filled"]).when(ChangePosts(posts=3)).then_state(status="open", open_posts=1)
    given(*PASTS["filled"]).when(ChangePosts(posts=1)).rejected("posts-below-accepted")
    given(*PASTS["filled"]).when(ChangePosts(posts=2)).then()


def test_it_is_withdrawn_or_a_proposal_dismissed() -> None:
    given(drafted, opened).when(Withdraw(reason="not_needed", on=day(9))).then(withdrawn)
    given(drafted, opened, taken(FIRST, 1)).when(Withdraw(reason="filled_otherwise")).then_state(
        status="withdrawn", reason="filled_otherwise", accepted=(FIRST,), open_posts=0
    )
    given(proposed).when(Withdraw(reason="postponed")).then_state(status="withdrawn", withdrawn_on=TODAY)


@pytest.mark.parametrize("role", ["company", "france_travail"])
def test_that_the_company_has_left_is_for_the_platform_to_say(role: By) -> None:
    leave = Withdraw(reason="member_left")
    given(drafted, opened).by(role).when(leave).rejected("reason-of-another-role")
    given(drafted, opened).by(PLATFORM).when(leave).then_state(status="withdrawn", reason="member_left")


ALLOWED: list[tuple[Command, tuple[str, ...]]] = [
    (Divide(posts=1), ("proposed",)),
    (Revise(weekly_hours=28), ("draft", "open")),
    (Open(**TERMS), ("proposed", "draft")),
    (ChangePosts(posts=5), ("open", "filled")),
    (Take(application=THIRD), ("open", "filled")),
    (Free(application=FIRST), ("open", "filled")),
    (Withdraw(reason="other"), ("proposed", "draft", "open")),
]


@pytest.mark.parametrize("status", PASTS)
@pytest.mark.parametrize(("command", "allowed"), ALLOWED, ids=lambda each: type(each).__name__)
def test_a_decision_is_for_some_statuses(command: Command, allowed: tuple[str, ...], status: str) -> None:
    asked = given(*PASTS[status]).knowing(*[MEMBER] * len(vacancies.decision(type(command)).looks_up)).when(command)
    if status in allowed:
        assert asked.refusal is None
    else:
        asked.rejected(vacancies.wrong_status(vacancies.decision(type(command)), status).slug)


def test_every_decision_on_a_vacancy_was_walked() -> None:
    assert {type(command) for command, _ in ALLOWED} | {Propose, Draft} == vacancies.decisions.keys()


@pytest.mark.parametrize(
    ("status", "company", "france_travail", "neighbour"),
    [
        ("proposed", ["divide", "open", "withdraw"], True, False),
        ("draft", ["revise", "open", "withdraw"], True, False),
        ("open", ["revise", "change-posts", "withdraw"], True, False),
        ("filled", ["change-posts"], True, False),
        ("withdrawn", [], True, False),
    ],
)
def test_the_company_decides_or_france_travail_for_it(
    status: str, company: list[str], france_travail: bool, neighbour: bool
) -> None:
    state = vacancies.fold(PASTS[status])
    assert isinstance(state, Vacancy)
    actors = {
        "company": Actor("a", frozenset({"company"}), {"company": COMPANY}),
        "france_travail": Actor("b", frozenset({"france_travail"})),
        "neighbour": Actor("c", frozenset({"company"}), {"company": "00000002600013"}),
    }
    told = {name: vacancies.allowed(state, actor) for name, actor in actors.items()}
    assert told == {
        "company": company,
        "france_travail": company if france_travail else [],
        "neighbour": company if neighbour else [],
    }
    for role in ("network", "mission_locale", "town_hall"):
        assert vacancies.allowed(state, Actor("d", frozenset({role}))) == []


def test_what_the_platform_does_nobody_else_does() -> None:
    for command in (Propose, Take, Free):
        assert vacancies.decision(command).by == (PLATFORM,)


def test_the_posts_that_it_does_not_have_are_held_by_itself() -> None:
    held = Claim(NO_POST_LEFT, ITSELF, amount=MOST_POSTS - 2, limit=MOST_POSTS)
    for past in ("draft", "open", "filled", "withdrawn"):
        given(*PASTS[past]).holds(held)
    given(proposed).holds(Claim(NO_POST_LEFT, ITSELF, amount=MOST_POSTS - 4, limit=MOST_POSTS))
    most = proposed.model_copy(update={"posts": MOST_POSTS})
    given(most).holds()
    assert post("x") == Claim(NO_POST_LEFT, "x", limit=MOST_POSTS)


@pytest.mark.parametrize(
    ("field", "value", "slug"),
    [
        ("rome", "H9999", "rome"),
        ("rome", "2913", "rome"),
        ("contract", "cdi", "literal_error"),
        ("weekly_hours", 48.5, "working-hours"),
        ("weekly_hours", 0, "working-hours"),
        ("posts", 0, "posts"),
        ("posts", MOST_POSTS + 1, "posts"),
        ("title", " ", "short-text"),
    ],
)
def test_what_makes_no_vacancy_is_refused(field: str, value: object, slug: str) -> None:
    asked = {"company": COMPANY, **TERMS, "posts": 2, field: value}
    with pytest.raises(ValidationError) as error:
        Draft.model_validate(asked)
    assert [each["type"] for each in error.value.errors()] == [slug]


def test_a_company_is_a_member_from_its_activation_until_it_is_suspended_or_leaves() -> None:
    rejected = CompanyRejected(**PLACE, reason="other", effective_on=TODAY)
    back = CompanyReinstated(**PLACE, headcount=9, size_band="03", effective_on=TODAY)
    gone = CompanyLeft(**PLACE, reason="moved", headcount_before=9, headcount=0, effective_on=TODAY)
    histories: list[tuple[str, tuple[Event, ...]]] = [
        ("applied", JOINED[:1]),
        ("rejected", (JOINED[0], rejected)),
        ("active", JOINED),
        ("suspended", (*JOINED, SUSPENDED)),
        ("active", (*JOINED, SUSPENDED, back)),
        ("left", (*JOINED, gone)),
    ]
    for status, history in histories:
        member = members.fold(history)
        assert member
        assert (member.status, member.company, member.naf) == (status, COMPANY, "25.62B")
