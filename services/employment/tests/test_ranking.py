"""Who is proposed for a vacancy, in which order and why; and that nothing else known of somebody weighs."""

import doctest
from datetime import date, timedelta
from typing import Any, Final, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from people import SEEKER, TODAY, VACANCY, record_id

from contracts import codes
from contracts.employment.path import (
    Access,
    AgeGroup,
    PathExit,
    PathNeed,
    PathObstacle,
    PathPause,
    PathSpell,
    PathStage,
    Residence,
    Skill,
    SkillSource,
)
from contracts.employment.priority import FlagSource, PriorityFlag, PriorityGroup
from contracts.youth_events.immersion import Agency
from employment import ranking
from employment.path import Job, Path
from employment.ranking import (
    OF_OCCUPATION,
    OF_SKILL,
    SENTENCES,
    Candidate,
    Post,
    Reason,
    ReasonCode,
    lot,
    near,
    nearness,
    ranked,
    reasons_for,
    seeking,
)

POST: Final = Post(VACANCY, "H2913", 35)
WELDER, TIG_WELDER, BOILERMAKER, OF_THE_FAMILY, BAKER = "H2913", "H2916", "H2902", "H3302", "D1102"


def skill(source: SkillSource = "certification", *romes: str, since: date = TODAY, number: int = 1) -> Skill:
    certification = "RNCP37250" if source == "certification" else None
    told: dict[str, Any] = {"source": source, "certification": certification, "enrolment": None}
    return Skill(skill=number, romes=romes or (WELDER,), acquired_on=since, **told)


def path(**changes: Any) -> Path:
    told: dict[str, Any] = {
        "seeker": SEEKER,
        "agency": "mission_locale",
        "residence": "town",
        "age_group": "adult",
        "registered_since": None,
        "flags": (),
        "spells": (),
        "status": "engaged",
        "stage": "engaged",
        "referred_on": TODAY - timedelta(days=90),
        "diagnosed_on": TODAY - timedelta(days=60),
        "needs": ("training",),
        "romes": (WELDER,),
        "available_from": TODAY,
        "weekly_hours": 35.0,
        "last_contact": TODAY,
        "effective_on": TODAY,
        **changes,
    }
    return Path(**told)


def order(*people: Path, first: tuple[PriorityGroup, ...] = (), post: Post = POST) -> list[Candidate]:
    """The candidates of paths, whose ids are their numbers."""
    told = (seeking(str(number), each) for number, each in enumerate(people))
    return ranked((each for each in told if each), post, TODAY, first)


def reasons(**changes: Any) -> tuple[Reason, ...]:
    told = seeking("0", path(**changes))
    assert told is not None
    return tuple(reasons_for(told, POST, TODAY) or ())


def flag(group: PriorityGroup, source: FlagSource = "interview") -> PriorityFlag:
    return PriorityFlag(group=group, established_on=TODAY, source=source)


def test_each_part_of_the_points_has_its_reason() -> None:
    found = reasons(skills=(skill(),), available_from=TODAY + timedelta(days=12), weekly_hours=28.0)
    assert found == (
        Reason("same_occupation", 50, rome=WELDER),
        Reason("skill_certified", 25, 0, WELDER),
        Reason("available_later", 13, 12),
        Reason("hours_differ", 6, 7),
    )
    (candidate,) = order(path(skills=(skill(),)))
    assert (candidate.points, candidate.rank, candidate.rank_by_points) == (100, 1, 1)


@pytest.mark.parametrize(
    ("romes", "expected"),
    [
        ((WELDER,), ("same_occupation", 50, WELDER)),
        ((TIG_WELDER,), ("same_trade", 40, TIG_WELDER)),
        ((BOILERMAKER,), ("same_domain", 20, BOILERMAKER)),
        ((OF_THE_FAMILY,), ("same_family", 5, OF_THE_FAMILY)),
        ((BAKER, OF_THE_FAMILY, TIG_WELDER, BOILERMAKER), ("same_trade", 40, TIG_WELDER)),
    ],
)
def test_of_the_occupations_that_somebody_looks_for_the_nearest_counts(
    romes: tuple[str, ...], expected: tuple[str, int, str]
) -> None:
    occupation, *_ = reasons(romes=romes)
    assert (occupation.code, occupation.points, occupation.rome) == expected


@pytest.mark.parametrize(
    ("skills", "expected"),
    [
        ((), Reason("no_skill", 0)),
        ((skill("certification", BOILERMAKER),), Reason("no_skill", 0)),
        ((skill("certification", BAKER, TIG_WELDER),), Reason("skill_certified", 25, 0, TIG_WELDER)),
        ((skill("test"),), Reason("skill_shown", 15, 0, WELDER)),
        ((skill("document"), skill("declaration")), Reason("skill_shown", 15, 0, WELDER)),
        ((skill("interview"),), Reason("skill_shown", 15, 0, WELDER)),
        ((skill("declaration"),), Reason("skill_declared", 5, 0, WELDER)),
        ((skill(since=date(2021, 9, 1)),), Reason("skill_certified", 25, 5, WELDER)),
        ((skill(since=date(2021, 8, 31)),), Reason("skill_certified", 12, 5, WELDER)),
        ((skill(since=date(2020, 1, 1)), skill("test", number=2)), Reason("skill_shown", 15, 0, WELDER)),
    ],
)
def test_of_the_skills_the_one_with_the_most_points_counts(skills: tuple[Skill, ...], expected: Reason) -> None:
    assert reasons(skills=skills)[1] == expected


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (-400, Reason("available_now", 15)),
        (0, Reason("available_now", 15)),
        (1, Reason("available_later", 14, 1)),
        (45, Reason("available_later", 7, 45)),
        (90, Reason("available_later", 0, 90)),
        (400, Reason("available_later", 0, 400)),
    ],
)
def test_whoever_can_begin_soon_has_the_points_of_it(days: int, expected: Reason) -> None:
    assert reasons(available_from=TODAY + timedelta(days=days))[2] == expected


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        (35.0, Reason("hours_as_wanted", 10)),
        (34.9, Reason("hours_differ", 9, 0.1)),
        (25.0, Reason("hours_differ", 5, 10)),
        (45.0, Reason("hours_differ", 5, 10)),
        (10.0, Reason("hours_differ", 0, 25)),
    ],
)
def test_hours_have_the_points_of_how_near_they_are(hours: float, expected: Reason) -> None:
    assert reasons(weekly_hours=hours)[3] == expected


@pytest.mark.parametrize("status", ["referred", "paused", "in_job", "sustained_6_months", "exited", "erased"])
def test_nobody_is_proposed_who_has_a_job_or_looks_for_none(status: str) -> None:
    assert order(path(status=status)) == []
    assert order(path(romes=(BAKER,), skills=(skill(),))) == [], "nor who looks for something else"


def test_occupations_are_near_by_trade_domain_and_family() -> None:
    assert nearness(WELDER, TIG_WELDER) == nearness(TIG_WELDER, "H2917") == "same_trade"
    assert nearness("A1206", "F1101") == "same_trade", "a trade may go beyond a family"
    assert {TIG_WELDER, BOILERMAKER, OF_THE_FAMILY, WELDER} <= {*near(WELDER)}
    assert BAKER not in near(WELDER)
    assert "F1101" in near("A1206")
    # What an older list had, and this one has not.
    assert nearness("H9999", WELDER) == "same_family"
    assert Reason("same_family", 5, rome="H9999").told("fr").endswith(": H9999")
    assert doctest.testmod(ranking).failed == 0


@given(st.sampled_from(sorted(codes.rome())), st.sampled_from(sorted(codes.rome())))
def test_how_near_two_occupations_are_is_the_same_from_either(one: str, other: str) -> None:
    assert nearness(one, other) == nearness(other, one)
    assert (nearness(one, other) == "same_occupation") == (one == other)
    assert (one in near(other)) == (nearness(one, other) is not None)


def test_of_as_many_points_the_order_is_drawn_by_lot_for_each_vacancy() -> None:
    people = {record_id(number): path() for number in range(20)}

    def drawn(vacancy: str, *, backwards: bool = False) -> list[str]:
        there = sorted(people.items(), reverse=backwards)
        told = [each for identity, one in there if (each := seeking(identity, one))]
        return [each.path for each in ranked(told, POST._replace(vacancy=vacancy), TODAY)]

    first = drawn(VACANCY)
    assert drawn(VACANCY, backwards=True) == first == drawn(VACANCY), "whoever comes first"
    assert first not in (sorted(people), sorted(people, reverse=True)), "not by the time of entry"
    leading = {drawn(record_id(1000 + number))[0] for number in range(60)}
    assert len(leading) > 10, "nobody leads everywhere"
    assert lot(VACANCY, record_id(1)) != lot(record_id(1000), record_id(1))


def test_the_partners_may_put_groups_first_and_nobodys_points_change() -> None:
    people = (
        path(skills=(skill(),)),
        path(flags=(flag("long_term"), flag("woman"))),
        path(romes=(OF_THE_FAMILY,), flags=(flag("senior"),)),
        path(romes=(BOILERMAKER,)),
    )
    plain = order(*people)
    assert [each.path for each in plain] == ["0", "1", "3", "2"]
    assert all(each.first_as == () and each.rank == each.rank_by_points for each in plain)
    moved = order(*people, first=("senior", "long_term"))
    assert [(each.path, each.rank, each.rank_by_points, each.first_as) for each in moved] == [
        ("1", 1, 2, ("long_term",)),
        ("2", 2, 4, ("senior",)),
        ("0", 3, 1, ()),
        ("3", 4, 3, ()),
    ]
    assert {each.path: each.points for each in moved} == {each.path: each.points for each in plain}


days = st.dates(TODAY - timedelta(days=2000), TODAY + timedelta(days=200))
maybe = st.none() | days


def several(vocabulary: Any) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(st.sampled_from(get_args(vocabulary)), unique=True).map(tuple)


COUNTED: Final[dict[str, st.SearchStrategy[Any]]] = {
    "romes": st.lists(
        st.sampled_from([WELDER, TIG_WELDER, BOILERMAKER, OF_THE_FAMILY, BAKER]), min_size=1, max_size=3, unique=True
    ).map(tuple),
    "skills": st.lists(st.builds(skill, st.sampled_from(get_args(SkillSource)), since=days), max_size=2).map(tuple),
    "available_from": days,
    "weekly_hours": st.sampled_from([20.0, 28.5, 35.0, 39.0]),
    "status": st.sampled_from(["diagnosed", "engaged", "paused"]),
}
"""What may count, or says whether somebody is proposed at all."""
groups: Final = several(PriorityGroup).map(lambda some: tuple(flag(group) for group in some))
ELSE: Final[dict[str, st.SearchStrategy[Any]]] = {
    "seeker": st.integers(0, 99).map(record_id),
    "agency": st.sampled_from(get_args(Agency)),
    "residence": st.sampled_from(get_args(Residence)),
    "age_group": st.sampled_from(get_args(AgeGroup)),
    "registered_since": maybe,
    "flags": groups,
    "spells": st.builds(PathSpell, since=days, until=maybe, agency=st.sampled_from(get_args(Agency)), flags=groups).map(
        lambda spell: (spell,)
    ),
    "stage": st.sampled_from(get_args(PathStage)),
    "referred_on": days,
    "diagnosed_on": maybe,
    "engaged_on": maybe,
    "paused_on": maybe,
    "exited_on": maybe,
    "needs": several(PathNeed),
    "obstacles": several(PathObstacle),
    "skills_added": st.integers(0, 100),
    "jobs": st.just(()) | days.map(lambda day: (Job(hire=record_id(9), hired_on=day, status="ended"),)),
    "access": st.none() | days.map(lambda day: Access(hired_on=day, days=3, days_engaged=None, within_6_months=True)),
    "pause_reason": st.none() | st.sampled_from(get_args(PathPause)),
    "exit_reason": st.none() | st.sampled_from(get_args(PathExit)),
    "last_contact": days,
    "effective_on": days,
    "notice": st.booleans(),
}
"""All else that a path tells of somebody, protected traits included: none of it may count."""
everybody = st.lists(st.fixed_dictionaries({**COUNTED, **ELSE}), max_size=6)


def test_every_field_of_a_path_counts_or_is_shown_not_to() -> None:
    assert {*COUNTED, *ELSE} == {*Path.model_fields}
    assert not {*COUNTED} & {*ELSE}


@given(everybody, st.data())
def test_no_protected_trait_changes_points_reasons_or_order(people: list[dict[str, Any]], data: st.DataObject) -> None:
    others = [{**person, **data.draw(st.fixed_dictionaries(ELSE))} for person in people]
    assert order(*(path(**each) for each in others)) == order(*(path(**each) for each in people))


@given(everybody, several(PriorityGroup), st.data())
def test_the_partners_setting_moves_by_their_groups_alone_and_never_changes_points(
    people: list[dict[str, Any]], first: tuple[PriorityGroup, ...], data: st.DataObject
) -> None:
    plain, moved = (order(*(path(**each) for each in people), first=groups) for groups in ((), first))
    told = {each.path: (each.points, each.reasons, each.rank_by_points) for each in moved}
    assert told == {each.path: (each.points, each.reasons, each.rank) for each in plain}
    are_first = {str(n) for n, each in enumerate(people) if any(one.group in first for one in each["flags"])}
    # Those whom the setting puts first, then the others, each in the order that they had.
    by_points = [each.path for each in plain]
    assert [each.path for each in moved] == sorted(by_points, key=lambda one: one not in are_first)
    assert [each.rank for each in moved] == [*range(1, len(moved) + 1)]
    for each in moved:
        assert bool(each.first_as) == (each.path in are_first)
        assert {*each.first_as} <= {*first}
    # Nothing but membership of those groups moves anybody.
    others = [{**each, **data.draw(st.fixed_dictionaries(ELSE)), "flags": each["flags"]} for each in people]
    assert order(*(path(**each) for each in others), first=first) == moved


@given(everybody)
def test_points_are_those_of_the_reasons_and_go_down(people: list[dict[str, Any]]) -> None:
    found = order(*(path(**each) for each in people))
    for each in found:
        assert each.points == sum(reason.points for reason in each.reasons)
        assert 0 <= each.points <= 100
        assert all(reason.points >= 0 for reason in each.reasons)
        assert len(each.reasons) == 4
    points = [each.points for each in found]
    assert points == sorted(points, reverse=True)


def test_every_reason_is_told_in_both_languages() -> None:
    assert SENTENCES.keys() == {*get_args(ReasonCode)}
    assert {*get_args(SkillSource)} == OF_SKILL.keys()
    assert max(OF_OCCUPATION.values()) + max(points for _, points in OF_SKILL.values()) == 75
    for code in get_args(ReasonCode):
        reason = Reason(code, 0, 1, WELDER)
        assert reason.told("en") != reason.told("fr")
    assert Reason("same_occupation", 50, rome=WELDER).told("fr") == "recherche ce métier : Soudeur / Soudeuse (H2913)"
    assert Reason("available_later", 14, 1).told("en") == "is available in 1 day"
    assert Reason("hours_differ", 3, 12.5).told("fr").startswith("souhaite travailler 12,5 heures")
