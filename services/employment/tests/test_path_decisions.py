"""What becomes of a job seeker's path: referred, diagnosed, engaged, in a job that lasts or not, exited, forgotten."""

from datetime import date, timedelta
from typing import Any, Final

import pytest
from hypothesis import assume
from hypothesis import given as hypothesis_given
from hypothesis import strategies as st
from people import SEEKER, TODAY, record_id, seeker
from test_hire_decisions import BEGUN, LASTED
from test_hire_decisions import PASTS as HIRES

from contracts import Event
from contracts.employment.path import (
    Access,
    PathContactRecorded,
    PathDiagnosed,
    PathDiagnosisRevised,
    PathEngaged,
    PathErased,
    PathExitCorrected,
    PathExited,
    PathFlagsCorrected,
    PathFlagsGiven,
    PathHandedOver,
    PathJobDayCorrected,
    PathJobEnded,
    PathJobReopened,
    PathJobStarted,
    PathJobSustained,
    PathJobUndone,
    PathPaused,
    PathReferralCorrected,
    PathReferred,
    PathResumed,
    PathRetentionNoticeGiven,
    PathSkillAdded,
    PathSkillWithdrawn,
    PathSpell,
    Skill,
)
from contracts.employment.priority import FlagSource, PriorityGroup
from contracts.personal import Personal
from employment.bounds import Plausible
from employment.days import years_between
from employment.hire import Hire, hires
from employment.path import (
    ACTIVE,
    KNOWN,
    MOST_CHANGES,
    MOST_SKILLS,
    PATH_ACTIVE,
    AddSkill,
    CorrectExit,
    CorrectFlags,
    CorrectJobDay,
    CorrectReferral,
    Diagnose,
    EndJob,
    Engage,
    Erase,
    Exit,
    GiveFlags,
    GiveNotice,
    HandOver,
    Job,
    Path,
    Pause,
    RecordContact,
    Refer,
    ReopenJob,
    Resume,
    ReviseDiagnosis,
    StartJob,
    SustainJob,
    WithdrawSkill,
    WithdrawSkillOf,
    paths,
)
from employment.priority import YOUNGEST, EnteredFlag, age_group, check_age_group
from eventstore.decider import PLATFORM, Actor, Claim, Command, Due, Keep
from eventstore.specification import Specification

given = Specification(paths, today=TODAY)

REFERRED, DIAGNOSED, ENGAGED = date(2025, 11, 3), date(2025, 11, 17), date(2025, 12, 1)
HIRE, OTHER_HIRE, ENROLMENT = record_id(41), record_id(42), record_id(43)


def entered(group: PriorityGroup, on: date = REFERRED, source: FlagSource = "interview") -> EnteredFlag:
    return EnteredFlag(group=group, established_on=on, source=source)


WOMAN = entered("woman")
WHO: Final[dict[str, Any]] = {
    "seeker": SEEKER,
    "agency": "mission_locale",
    "residence": "town",
    "age_group": "adult",
    "flags": (WOMAN.recorded(),),
    "referred_on": REFERRED,
    "access": None,
}
WANTED: Final[dict[str, Any]] = {
    "needs": ("training",),
    "romes": ("H2913", "H2902"),
    "available_from": date(2025, 12, 1),
    "weekly_hours": 35,
    "obstacles": ("driving_licence",),
}
ACCESS = Access(hired_on=BEGUN, days=91, days_engaged=63, within_6_months=True)
JOB: Final[dict[str, Any]] = {**WHO, "hire": HIRE, "hired_on": BEGUN}

refer = Refer(
    agency="mission_locale",
    seeker=seeker(),
    residence="town",
    registered_since=date(2025, 3, 3),
    flags=(WOMAN,),
    on=REFERRED,
)
referred = PathReferred(**WHO, status="referred", registered_since=date(2025, 3, 3), effective_on=REFERRED)
diagnosed = PathDiagnosed(**WHO, **WANTED, status="diagnosed", effective_on=DIAGNOSED)
engaged = PathEngaged(**WHO, status="engaged", effective_on=ENGAGED)
paused = PathPaused(**WHO, status="paused", reason="training", effective_on=date(2026, 1, 12))
started = PathJobStarted(
    **{**JOB, "access": ACCESS}, access_before=None, status="in_job", effective_on=date(2026, 2, 3)
)
sustained = PathJobSustained(
    **{**JOB, "access": ACCESS}, sustained_on=LASTED, status="sustained_6_months", effective_on=date(2026, 8, 20)
)
ended = PathJobEnded(
    **{**JOB, "access": ACCESS}, ended_on=date(2026, 5, 29), status="engaged", effective_on=date(2026, 6, 1)
)
undone = PathJobUndone(**JOB, access_before=ACCESS, status="engaged", effective_on=date(2026, 2, 9))
exited = PathExited(**WHO, status_before="engaged", status="exited", reason="moved_away", effective_on=date(2026, 3, 2))
erased = PathErased(**WHO, status_before="engaged", status="erased", effective_on=date(2026, 3, 9))

AGREED: Final = (referred, diagnosed, engaged)
SPELL = PathSpell(since=REFERRED, until=None, agency="mission_locale", flags=WHO["flags"])
PASTS: dict[str, tuple[Event, ...]] = {
    "referred": (referred,),
    "diagnosed": (referred, diagnosed),
    "engaged": AGREED,
    "paused": (*AGREED, paused),
    "in_job": (*AGREED, started),
    "sustained_6_months": (*AGREED, started, sustained),
    "exited": (*AGREED, exited),
    "erased": (*AGREED, erased),
}


def the_hire(status: str, **changes: Any) -> Hire:
    state = hires.fold(HIRES[status])
    assert isinstance(state, Hire)
    return state.model_copy(update=changes)


def path(*events: Event) -> Path:
    state = paths.fold(events)
    assert isinstance(state, Path)
    return state


# Referred


def test_an_agency_refers_somebody_and_keeps_of_the_age_a_group() -> None:
    given().when(refer).then(referred)
    given().when(refer).then_state(status="referred", stage="referred", referred_on=REFERRED, last_contact=REFERRED)
    early = refer.model_copy(update={"registered_since": REFERRED + timedelta(days=1)})
    given().when(early).rejected("registered-later")
    child = refer.model_copy(update={"seeker": seeker(REFERRED.replace(year=2011))})
    given().when(child).rejected("seeker-too-young")


@pytest.mark.parametrize(
    ("born_on", "group"),
    [
        (date(1999, 11, 4), "youth"),
        (date(1999, 11, 3), "adult"),
        (date(1975, 11, 4), "adult"),
        (date(1975, 11, 3), "senior"),
    ],
)
def test_an_age_group_begins_on_a_birthday(born_on: date, group: str) -> None:
    command = refer.model_copy(update={"seeker": seeker(born_on), "flags": ()})
    given().when(command).then_state(age_group=group)


def test_thresholds_are_settings() -> None:
    of_forty = refer.model_copy(update={"seeker": seeker(date(1985, 1, 1)), "flags": (entered("senior"),)})
    given().when(of_forty).rejected("flag-not-of-this-age")
    given().under(Plausible(senior_from=40)).when(of_forty).then_state(age_group="senior")
    of_27 = refer.model_copy(update={"seeker": seeker(date(1998, 1, 1)), "flags": (entered("youth"),)})
    given().when(of_27).rejected("flag-not-of-this-age")
    given().under(Plausible(youth_until=30)).when(of_27).then_state(age_group="youth")
    registered = refer.model_copy(update={"flags": (entered("long_term", source="registration"),)})
    given().when(registered).rejected("flag-not-of-this-registration")
    given().under(Plausible(long_term_months=8)).when(registered).then_state(status="referred")


@pytest.mark.parametrize(
    ("group", "since", "slug"),
    [
        ("long_term", date(2024, 11, 3), None),
        ("long_term", date(2024, 11, 4), "flag-not-of-this-registration"),
        ("very_long_term", date(2023, 11, 3), None),
        ("very_long_term", date(2023, 11, 4), "flag-not-of-this-registration"),
        ("woman", REFERRED, None),
        ("woman", None, None),
        ("long_term", None, "registration-not-told"),
        ("very_long_term", None, "registration-not-told"),
    ],
)
def test_what_the_register_shows_is_checked_by_months(
    group: PriorityGroup, since: date | None, slug: str | None
) -> None:
    flags = (entered(group, source="registration"),)
    asked = given().when(refer.model_copy(update={"registered_since": since, "flags": flags}))
    if slug:
        asked.rejected(slug)
    else:
        asked.then_state(flags=tuple(flag.recorded() for flag in flags))
    # Somebody may have been without work before they registered: another source then shows it.
    declared = (entered(group, source="declaration"),)
    told = refer.model_copy(update={"registered_since": since, "flags": declared})
    given().when(told).then_state(status="referred")


def test_what_was_entered_with_the_referral_is_corrected() -> None:
    correct = CorrectReferral(referred_on=date(2025, 10, 6), residence="community", reason="typing_error")
    corrected = PathReferralCorrected(
        **{**WHO, "residence": "community", "referred_on": date(2025, 10, 6)},
        status="referred",
        residence_before="town",
        referred_on_before=REFERRED,
        registered_since_before=date(2025, 3, 3),
        registered_since=date(2025, 3, 3),
        access_before=None,
        spells=(SPELL,),
        reason="typing_error",
        effective_on=TODAY,
    )
    given(referred).when(correct).then(corrected)
    early = date(2025, 10, 6)
    given(referred).when(correct).then_state(
        residence="community", referred_on=early, effective_on=early, last_contact=early
    )
    given(referred, corrected).when(correct).then()
    given(referred, diagnosed).when(correct).then_state(effective_on=DIAGNOSED, last_contact=DIAGNOSED)
    late = correct.model_copy(update={"referred_on": DIAGNOSED + timedelta(days=1)})
    given(referred, diagnosed).when(late).rejected("referred-after-a-step")
    given(referred).when(correct.model_copy(update={"registered_since": TODAY, "on": DIAGNOSED})).rejected(
        "registered-later"
    )
    long_term = PathFlagsGiven(
        **{**WHO, "flags": (entered("long_term", date(2026, 3, 3), "registration").recorded(),)},
        status="referred",
        flags_before=WHO["flags"],
        effective_on=date(2026, 3, 3),
    )
    since = CorrectReferral(registered_since=date(2025, 4, 1), reason="late_document")
    given(referred, long_term).when(since).rejected("flag-not-of-this-registration")


def test_a_corrected_referral_tells_anew_how_long_it_took() -> None:
    correct = CorrectReferral(referred_on=date(2025, 7, 1), reason="late_document")
    slow = Access(hired_on=BEGUN, days=216, days_engaged=63, within_6_months=False)
    given(*PASTS["in_job"]).when(correct).then(
        PathReferralCorrected(
            **{**WHO, "referred_on": date(2025, 7, 1), "access": slow},
            status="in_job",
            residence_before="town",
            referred_on_before=REFERRED,
            registered_since_before=date(2025, 3, 3),
            registered_since=date(2025, 3, 3),
            access_before=ACCESS,
            spells=(SPELL,),
            reason="late_document",
            effective_on=TODAY,
        )
    )
    given(*PASTS["in_job"]).when(correct).then_state(access=slow)


def test_the_other_agency_takes_over() -> None:
    handed = PathHandedOver(
        **{**WHO, "agency": "france_travail"}, status="engaged", agency_before="mission_locale", effective_on=TODAY
    )
    given(*AGREED).when(HandOver(agency="france_travail")).then(handed)
    given(*AGREED).when(HandOver(agency="mission_locale")).rejected("same-agency")
    ours, theirs = Actor("a", frozenset({"mission_locale"})), Actor("b", frozenset({"france_travail"}))
    assert "hand-over" in paths.allowed(path(*AGREED), ours)
    assert paths.allowed(path(*AGREED), theirs) == []
    assert paths.allowed(path(*AGREED, handed), ours) == []
    assert "hand-over" in paths.allowed(path(*AGREED, handed), theirs)


# Priority groups


def test_groups_change_and_are_corrected_and_say_what_they_were() -> None:
    now = entered("very_long_term", TODAY, "declaration")
    told: dict[str, Any] = {**WHO, "flags": (WOMAN.recorded(), now.recorded())}
    gives = PathFlagsGiven(**told, status="engaged", flags_before=WHO["flags"], effective_on=TODAY)
    given(*AGREED).when(GiveFlags(flags=(WOMAN, now))).then(gives)
    given(*AGREED).when(GiveFlags(flags=(WOMAN,))).then()
    given(*AGREED, gives).when(GiveFlags(flags=())).then_state(flags=(), last_contact=TODAY)
    correct = CorrectFlags(flags=(WOMAN,), reason="misunderstanding")
    given(*AGREED, gives).when(correct).then(
        PathFlagsCorrected(
            **WHO,
            status="engaged",
            flags_before=told["flags"],
            spells=(PathSpell(since=TODAY, until=None, agency="mission_locale", flags=told["flags"]),),
            reason="misunderstanding",
            effective_on=TODAY,
        )
    )
    given(*AGREED).when(correct).then()
    given(*PASTS["exited"]).when(CorrectFlags(flags=(), reason="other")).then_state(flags=(), status="exited")


def test_a_correction_says_which_days_it_is_about() -> None:
    now, spring, summer = entered("long_term"), date(2026, 3, 2), date(2026, 6, 1)
    both = (WOMAN.recorded(), now.recorded())
    gives = PathFlagsGiven(**{**WHO, "flags": both}, status="engaged", flags_before=WHO["flags"], effective_on=spring)
    handed = PathHandedOver(
        **{**WHO, "flags": both, "agency": "france_travail"},
        status="engaged",
        agency_before="mission_locale",
        effective_on=summer,
    )
    first = SPELL.model_copy(update={"until": spring})
    second = PathSpell(since=spring, until=summer, agency="mission_locale", flags=both)
    third = PathSpell(since=summer, until=None, agency="france_travail", flags=both)
    past = (*AGREED, gives, handed)
    assert path(*past).spells == (first, second, third)
    correct, right = CorrectFlags(flags=(now,), reason="other"), (now.recorded(),)
    corrected = PathFlagsCorrected(
        **{**WHO, "flags": right, "agency": "france_travail"},
        status="engaged",
        flags_before=both,
        spells=(second, third),
        reason="other",
        effective_on=TODAY,
    )
    given(*past).when(correct).then(corrected)
    put_right = [spell.model_copy(update={"flags": right}) for spell in (second, third)]
    assert path(*past, corrected).spells == (first, *put_right)

    late = CorrectReferral(referred_on=spring, reason="other")
    given(referred, gives, handed).when(late).then_state(
        spells=(first.model_copy(update={"since": spring}), second, third)
    )
    later = CorrectReferral(referred_on=spring + timedelta(days=1), reason="other")
    given(referred, gives, handed).when(later).rejected("referred-after-a-step")
    left = exited.model_copy(update={"effective_on": TODAY})
    given(*AGREED, left).when(correct).then(
        PathFlagsCorrected(
            **{**WHO, "flags": right},
            status="exited",
            flags_before=WHO["flags"],
            spells=(SPELL.model_copy(update={"until": TODAY}),),
            reason="other",
            effective_on=TODAY,
        )
    )


def test_what_changes_twice_on_a_day_is_one_spell() -> None:
    given(referred).when(GiveFlags(flags=(), on=REFERRED)).then_state(spells=(SPELL.model_copy(update={"flags": ()}),))


def test_a_path_does_not_change_without_end() -> None:
    days = [REFERRED + timedelta(days=number) for number in range(1, MOST_CHANGES + 1)]
    changes = []
    for number, day in enumerate(days):
        flags = WHO["flags"] if number % 2 else ()
        before = () if number % 2 else WHO["flags"]
        told: dict[str, Any] = {**WHO, "flags": flags, "flags_before": before}
        changes.append(PathFlagsGiven(**told, status="referred", effective_on=day))
    flags = (entered("long_term"),)
    given(referred, *changes[:-1]).when(GiveFlags(flags=flags)).then_state(flags=(flags[0].recorded(),))
    for command in (GiveFlags(flags=flags), HandOver(agency="france_travail")):
        given(referred, *changes).when(command).rejected("path-changed-too-often")


@pytest.mark.parametrize(
    ("flag", "slug"),
    [
        (entered("woman", TODAY + timedelta(days=1)), "flag-dated-after"),
        (entered("very_long_term", TODAY, "registration"), "flag-not-of-this-registration"),
        (entered("youth", REFERRED), "flag-not-of-this-age"),
        (entered("youth", REFERRED - timedelta(days=1)), None),
        (entered("senior", TODAY), None),
        (entered("long_term", date(2026, 3, 3), "registration"), None),
    ],
)
def test_groups_are_checked_whenever_they_are_given(flag: EnteredFlag, slug: str | None) -> None:
    for command in (GiveFlags(flags=(flag,)), CorrectFlags(flags=(flag,), reason="other")):
        asked = given(*AGREED).when(command)
        if slug:
            asked.rejected(slug)
        else:
            asked.then_state(flags=(flag.recorded(),))
    given(*AGREED).when(GiveFlags(flags=(flag, flag))).rejected(slug if slug == "flag-dated-after" else "flag-twice")


def test_whoever_was_a_youth_is_no_senior() -> None:
    young = referred.model_copy(update={"age_group": "youth", "flags": ()})
    given(young).when(GiveFlags(flags=(entered("senior"),))).rejected("flag-not-of-this-age")
    given(young).when(GiveFlags(flags=(entered("youth"),))).then_state(flags=(entered("youth").recorded(),))


@pytest.mark.parametrize(
    ("was", "group", "last", "fits_until"),
    [
        ("senior", "youth", REFERRED.replace(year=REFERRED.year - 24), True),
        ("adult", "youth", REFERRED, True),
        ("adult", "senior", REFERRED + timedelta(days=1), False),
    ],
)
def test_an_age_group_tells_of_other_days_as_far_as_years_do(
    was: str, group: PriorityGroup, last: date, *, fits_until: bool
) -> None:
    somebody = referred.model_copy(update={"age_group": was, "flags": ()})
    before, after = (GiveFlags(flags=(entered(group, on),)) for on in (last - timedelta(days=1), last))
    fits, does_not = (before, after) if fits_until else (after, before)
    given(somebody).when(fits).then_state(flags=tuple(flag.recorded() for flag in fits.flags))
    given(somebody).when(does_not).rejected("flag-not-of-this-age")
    given(somebody).when(CorrectFlags(flags=does_not.flags, reason="other")).rejected("flag-not-of-this-age")


@hypothesis_given(*[st.dates(date(1960, 1, 1), date(2040, 12, 31))] * 3)
def test_nobody_is_refused_a_group_that_they_were_in(born_on: date, referred_on: date, established_on: date) -> None:
    assume(years_between(born_on, referred_on) >= YOUNGEST and born_on <= established_on)
    plausible = Plausible()
    right = age_group(born_on, established_on, plausible)
    flags = [entered(right, established_on).recorded()] if right != "adult" else []
    check_age_group(flags, age_group(born_on, referred_on, plausible), referred_on, plausible)


def test_the_register_shows_nothing_where_it_is_not_told_since_when() -> None:
    untold = referred.model_copy(update={"registered_since": None})
    registered, declared = (entered("long_term", TODAY, source) for source in ("registration", "declaration"))
    for command in (GiveFlags(flags=(registered,)), CorrectFlags(flags=(registered,), reason="other")):
        given(untold).when(command).rejected("registration-not-told")
    given(untold).when(GiveFlags(flags=(declared,))).then_state(flags=(declared.recorded(),))
    # After the exit the day is not on record any more, and a correction is still right.
    of_spring = entered("long_term", date(2026, 3, 2), "registration")
    correct = CorrectFlags(flags=(of_spring,), reason="other")
    given(*AGREED, exited).when(correct).then_state(flags=(of_spring.recorded(),))


# What is needed, and agreed


def test_what_is_needed_is_found_out_and_agreed_and_changes() -> None:
    given(referred).when(Diagnose(**WANTED, on=DIAGNOSED)).then(diagnosed)
    given(referred).when(Diagnose(**WANTED)).then_state(stage="diagnosed", diagnosed_on=TODAY, romes=WANTED["romes"])
    twice = Diagnose(**{**WANTED, "needs": ("training", "training"), "romes": ("H2913", "H2902", "H2913")})
    given(referred).when(twice).then_state(needs=WANTED["needs"], romes=WANTED["romes"])
    given(referred, diagnosed).when(Engage(on=ENGAGED)).then(engaged)
    given(referred, diagnosed).when(Engage()).then_state(status="engaged", stage="engaged", engaged_on=TODAY)
    less = {**WANTED, "weekly_hours": 28, "obstacles": ()}
    before = {f"{name}_before": value for name, value in WANTED.items()}
    given(*AGREED).when(ReviseDiagnosis(**less)).then(
        PathDiagnosisRevised(**WHO, **less, **before, status="engaged", effective_on=TODAY)
    )
    given(*AGREED).when(ReviseDiagnosis(**less)).then_state(weekly_hours=28, obstacles=(), status="engaged")
    given(*AGREED).when(ReviseDiagnosis(**WANTED)).then()
    resting = paused.model_copy(update={"effective_on": DIAGNOSED})
    given(referred, resting).when(ReviseDiagnosis(**less)).rejected("no-diagnosis")
    adviser = Actor("a", frozenset({"mission_locale"}))
    assert "revise-diagnosis" not in paths.allowed(path(referred, resting), adviser)
    assert "revise-diagnosis" in paths.allowed(path(*AGREED), adviser)


@pytest.mark.parametrize("stage", ["referred", "diagnosed", "engaged"])
def test_a_path_that_was_paused_goes_on_where_it_was(stage: str) -> None:
    paused_on = date(2026, 1, 12)
    given(*PASTS[stage]).when(Pause(reason="training", on=paused_on)).then(paused)
    given(*PASTS[stage], paused).when(Resume()).then(
        PathResumed(**WHO, status=stage, paused_on=paused_on, effective_on=TODAY)  # type: ignore[arg-type]
    )
    given(*PASTS[stage], paused).when(Resume()).then_state(status=stage, paused_on=None, pause_reason=None)


# Jobs


@pytest.mark.parametrize("status", ["referred", "diagnosed", "engaged", "paused"])
def test_whoever_is_hired_is_in_a_job_whatever_the_path_had_come_to(status: str) -> None:
    begun = given(*PASTS[status]).knowing(the_hire("recorded")).when(StartJob(hire=HIRE))
    begun.then_state(status="in_job", jobs=(Job(hire=HIRE, hired_on=BEGUN, status="running"),), paused_on=None)
    if status == "engaged":
        begun.then(started.model_copy(update={"effective_on": TODAY}))


def test_a_job_is_known_once_and_of_this_person_alone() -> None:
    given(*PASTS["in_job"]).knowing(the_hire("recorded")).when(StartJob(hire=HIRE)).then()
    given(*AGREED).when(StartJob(hire=HIRE)).rejected("hire-of-nobody-here")
    stranger = the_hire("recorded", seeker=record_id(9))
    given(*AGREED).knowing(stranger).when(StartJob(hire=HIRE)).rejected("hire-of-nobody-here")
    for status in ("proposed", "cancelled"):
        given(*AGREED).by(PLATFORM).knowing(the_hire(status)).when(StartJob(hire=HIRE)).rejected("hire-does-not-stand")


def test_a_hire_that_has_ended_is_no_job_but_for_the_platform_which_tells_the_end_next() -> None:
    over = the_hire("ended")
    given(*AGREED).by("mission_locale").knowing(over).when(StartJob(hire=HIRE)).rejected("hire-does-not-stand")
    given(*AGREED).by(PLATFORM).knowing(over).when(StartJob(hire=HIRE)).then_state(status="in_job", access=ACCESS)


@pytest.mark.parametrize(
    ("hired_on", "days", "days_engaged", "within"),
    [
        (REFERRED, 0, None, True),
        (date(2025, 11, 30), 27, None, True),
        (ENGAGED, 28, 0, True),
        (date(2026, 5, 3), 181, 153, True),
        (date(2026, 5, 4), 182, 154, False),
    ],
)
def test_a_job_tells_how_long_it_took(hired_on: date, days: int, days_engaged: int | None, *, within: bool) -> None:
    told = Access(hired_on=hired_on, days=days, days_engaged=days_engaged, within_6_months=within)
    hire = the_hire("recorded", hired_on=hired_on)
    given(*AGREED).knowing(hire).when(StartJob(hire=HIRE)).then_state(access=told)


def test_a_job_that_began_before_the_referral_is_none_that_the_path_led_to() -> None:
    hire = the_hire("recorded", hired_on=REFERRED - timedelta(days=1))
    given(*AGREED).knowing(hire).when(StartJob(hire=HIRE)).then_state(status="in_job", access=None)


def test_a_job_that_has_lasted_six_months_is_sustained_once_somebody_says_so_of_the_hire() -> None:
    sustain = SustainJob(hire=HIRE, on=date(2026, 8, 20))
    given(*PASTS["in_job"]).knowing(the_hire("sustained")).when(sustain).then(sustained)
    given(*PASTS["in_job"]).knowing(the_hire("sustained")).when(sustain).then_state(
        jobs=(Job(hire=HIRE, hired_on=BEGUN, status="sustained"),)
    )
    given(*PASTS["in_job"]).knowing(the_hire("to_confirm")).when(sustain).rejected("hire-not-sustained")
    other = SustainJob(hire=OTHER_HIRE)
    given(*PASTS["in_job"]).knowing(the_hire("sustained")).when(other).rejected("job-unknown")


def test_a_job_that_ends_puts_the_path_back_and_stays_access_to_employment() -> None:
    end = EndJob(hire=HIRE, on=date(2026, 6, 1))
    given(*PASTS["in_job"]).knowing(the_hire("ended")).when(end).then(ended)
    given(*PASTS["in_job"]).knowing(the_hire("ended")).when(end).then_state(status="engaged", access=ACCESS)
    hired_at_once = (referred, started)
    given(*hired_at_once).knowing(the_hire("ended")).when(end).then_state(status="referred")
    given(*PASTS["in_job"]).knowing(the_hire("recorded")).when(end).then()
    given(*PASTS["in_job"]).knowing(the_hire("ended")).when(EndJob(hire=OTHER_HIRE)).rejected("job-unknown")


def test_what_was_no_hire_was_no_access_either() -> None:
    end = EndJob(hire=HIRE, on=date(2026, 2, 9))
    given(*PASTS["in_job"]).knowing(the_hire("cancelled")).when(end).then(undone)
    given(*PASTS["in_job"]).knowing(the_hire("cancelled")).when(end).then_state(status="engaged", jobs=(), access=None)


def test_of_two_jobs_the_first_is_the_access_and_the_last_ends_it() -> None:
    second = the_hire("recorded", hired_on=date(2026, 3, 2))
    later = Access(hired_on=date(2026, 3, 2), days=119, days_engaged=91, within_6_months=True)
    both = PathJobStarted(
        **{**JOB, "hire": OTHER_HIRE, "hired_on": date(2026, 3, 2), "access": ACCESS},
        access_before=ACCESS,
        status="in_job",
        effective_on=date(2026, 3, 3),
    )
    in_two = (*PASTS["in_job"], both)
    given(*PASTS["in_job"]).knowing(second).when(StartJob(hire=OTHER_HIRE, on=date(2026, 3, 3))).then(both)
    given(*in_two).knowing(the_hire("ended")).when(EndJob(hire=HIRE)).then_state(status="in_job", access=ACCESS)
    given(*in_two).knowing(the_hire("cancelled")).when(EndJob(hire=HIRE)).then_state(status="in_job", access=later)


def test_an_outcome_that_is_open_again_puts_the_path_back_into_the_job() -> None:
    reopen = ReopenJob(hire=HIRE)
    reopened = PathJobReopened(
        **{**JOB, "access": ACCESS},
        status="in_job",
        outcome_before="sustained",
        sustained_on=LASTED,
        effective_on=TODAY,
    )
    open_again = the_hire("to_confirm")
    given(*PASTS["sustained_6_months"]).knowing(open_again).when(reopen).then(reopened)
    of_ended = reopened.model_copy(update={"outcome_before": "ended", "sustained_on": None})
    given(*PASTS["in_job"], ended).knowing(open_again).when(reopen).then(of_ended)
    given(*PASTS["in_job"], ended).knowing(open_again).when(reopen).then_state(status="in_job")
    # Where it has come out otherwise meanwhile, that is told next; where it has come out the same way, all is told.
    given(*PASTS["sustained_6_months"]).knowing(the_hire("ended")).when(reopen).then_state(status="in_job")
    given(*PASTS["in_job"], ended).knowing(the_hire("ended")).when(reopen).then()
    given(*PASTS["in_job"]).knowing(open_again).when(reopen).then()
    given(*AGREED).knowing(open_again).when(reopen).rejected("job-unknown")


def test_a_path_whose_job_has_lasted_stays_so_whatever_becomes_of_another() -> None:
    both = (
        *AGREED,
        started,
        started.model_copy(update={"hire": OTHER_HIRE, "access_before": ACCESS}),
        ended.model_copy(update={"hire": OTHER_HIRE, "status": "in_job"}),
        sustained,
    )
    given(*both).knowing(the_hire("recorded")).when(ReopenJob(hire=OTHER_HIRE)).then()
    given(*both).knowing(the_hire("recorded")).when(ReopenJob(hire=HIRE)).then_state(status="in_job")


def test_a_corrected_first_day_tells_anew_how_long_it_took() -> None:
    sooner = Access(hired_on=date(2026, 1, 5), days=63, days_engaged=35, within_6_months=True)
    correct = CorrectJobDay(hire=HIRE, reason="typing_error")
    moved = the_hire("recorded", hired_on=date(2026, 1, 5))
    given(*PASTS["in_job"]).knowing(moved).when(correct).then(
        PathJobDayCorrected(
            **{**JOB, "hired_on": date(2026, 1, 5), "access": sooner},
            status="in_job",
            hired_on_before=BEGUN,
            access_before=ACCESS,
            reason="typing_error",
            effective_on=TODAY,
        )
    )
    given(*PASTS["in_job"]).knowing(moved).when(correct).then_state(access=sooner, last_contact=date(2026, 2, 3))
    given(*PASTS["in_job"]).knowing(the_hire("recorded")).when(correct).then()
    before = the_hire("recorded", hired_on=date(2025, 6, 2))
    given(*PASTS["in_job"]).knowing(before).when(correct).then_state(access=None)


# Exits


def test_an_exit_keeps_what_is_counted_and_nothing_of_the_details() -> None:
    with_skill = (*AGREED, PathSkillAdded(**WHO, status="engaged", added=SKILL, effective_on=DIAGNOSED))
    leave = Exit(reason="moved_away", on=date(2026, 3, 2))
    given(*with_skill).when(leave).then(exited)
    left = path(*with_skill, exited)
    assert (left.needs, left.romes, left.obstacles, left.skills, left.registered_since) == ((), (), (), (), None)
    assert (left.available_from, left.weekly_hours, left.exit_reason) == (None, None, "moved_away")
    assert left.flags == WHO["flags"]
    correct = CorrectExit(exit_reason="in_training", reason="late_document")
    given(*PASTS["exited"]).when(correct).then(
        PathExitCorrected(
            **WHO,
            status="exited",
            exited_on=date(2026, 3, 2),
            exit_reason_before="moved_away",
            exit_reason="in_training",
            reason="late_document",
            effective_on=TODAY,
        )
    )
    given(*PASTS["exited"]).when(correct).then_state(exit_reason="in_training")
    given(*PASTS["exited"]).when(correct.model_copy(update={"exit_reason": "moved_away"})).then()


def test_a_person_has_one_active_path() -> None:
    for status, past in PASTS.items():
        given(*past).holds(*([Claim(PATH_ACTIVE, SEEKER)] if status in ACTIVE else []))


# Whom nobody has heard of


@pytest.mark.parametrize("status", KNOWN)
def test_notice_is_given_thirty_days_before_a_person_is_forgotten(status: str) -> None:
    state = path(*PASTS[status])
    last_day = state.last_contact.replace(year=state.last_contact.year + 2)
    given(*PASTS[status]).keeps(Keep(SEEKER, last_day))
    day = last_day + timedelta(days=1) - timedelta(days=30)
    given(*PASTS[status]).is_due(Due(day, GiveNotice()))


def test_a_contact_prolongs_it_and_a_notice_is_given_once() -> None:
    day = date(2027, 11, 2)
    later = Specification(paths, today=day)
    notice = PathRetentionNoticeGiven(**WHO, status="engaged", kept_until=date(2027, 12, 1), effective_on=day)
    later(*AGREED).when(GiveNotice()).then(notice)
    later(*AGREED).when(GiveNotice()).then_state(notice=True, last_contact=ENGAGED, effective_on=ENGAGED)
    later(*AGREED, notice).is_due()
    contact = PathContactRecorded(**WHO, status="engaged", channel="phone", effective_on=day)
    later(*AGREED, notice).when(RecordContact(channel="phone")).then(contact)
    later(*AGREED, notice, contact).keeps(Keep(SEEKER, date(2029, 11, 2)))
    later(*AGREED, notice, contact).is_due(Due(date(2029, 10, 4), GiveNotice()))
    assert not path(*AGREED, notice, contact).notice
    assert not path(*AGREED, notice, engaged.model_copy(update={"effective_on": day})).notice


def test_a_contact_may_be_told_late_and_prolongs_nothing_that_is_known_to_be_later() -> None:
    given(*AGREED).when(RecordContact(channel="letter", on=ENGAGED)).then()
    given(*AGREED).when(RecordContact(channel="letter", on=REFERRED)).then()
    given(*AGREED).when(RecordContact(channel="letter", on=TODAY - timedelta(days=9))).then_state(
        last_contact=TODAY - timedelta(days=9), effective_on=ENGAGED
    )


def test_what_the_platform_tells_by_itself_is_no_contact() -> None:
    given(*AGREED).by(PLATFORM).when(ADD).then_state(last_contact=ENGAGED)
    assert path(*PASTS["erased"]).last_contact == ENGAGED


@pytest.mark.parametrize("status", KNOWN)
def test_of_somebody_who_was_erased_the_path_keeps_what_is_counted(status: str) -> None:
    before = path(*PASTS[status])
    command = Erase(on=TODAY)
    told = {name: getattr(before, name) for name in WHO}
    given(*PASTS[status]).when(command).then(
        PathErased(**told, status_before=before.status, status="erased", effective_on=TODAY)
    )
    given(*PASTS[status]).when(command).then_state(
        status="erased", romes=(), skills=(), obstacles=(), notice=False, access=before.access, flags=before.flags
    )
    given(*PASTS["erased"]).is_due()


# Skills

ADD: Final = AddSkill(
    romes=("H2913", "H2913"),
    source="certification",
    certification="RNCP35094",
    acquired_on=date(2026, 6, 12),
    enrolment=ENROLMENT,
)
SKILL: Final = Skill(
    skill=1,
    romes=("H2913",),
    source="certification",
    certification="RNCP35094",
    acquired_on=date(2026, 6, 12),
    enrolment=ENROLMENT,
)


def test_a_skill_is_added_once_with_what_shows_it() -> None:
    added = PathSkillAdded(**WHO, status="engaged", added=SKILL, effective_on=TODAY)
    for role in ("mission_locale", PLATFORM):
        given(*AGREED).by(role).when(ADD).then(added)
    given(*AGREED, added).when(ADD).then()
    other_way = ADD.model_copy(update={"enrolment": None, "romes": ("H2902",)})
    given(*AGREED, added).when(other_way).then()
    shown = AddSkill(romes=("H2913",), source="test", acquired_on=TODAY)
    given(*AGREED, added).when(shown).then_state(skills_added=2)
    given(*AGREED).when(shown.model_copy(update={"acquired_on": TODAY + timedelta(days=1)})).rejected("shown-later")
    given(*AGREED).when(shown.model_copy(update={"certification": "RS6229"})).rejected("certification-not-told")
    given(*AGREED).when(ADD.model_copy(update={"certification": None})).rejected("certification-not-told")


def test_a_skill_that_was_none_is_withdrawn_and_its_number_not_used_again() -> None:
    added = PathSkillAdded(**WHO, status="engaged", added=SKILL, effective_on=TODAY)
    withdrawn = PathSkillWithdrawn(**WHO, status="engaged", withdrawn=SKILL, reason="not_certified", effective_on=TODAY)
    given(*AGREED, added).when(WithdrawSkill(skill=1, reason="not_certified")).then(withdrawn)
    given(*AGREED, added, withdrawn).when(ADD).then_state(skills=(SKILL.model_copy(update={"skill": 2}),))
    given(*AGREED, added, withdrawn).when(WithdrawSkill(skill=1, reason="other")).rejected("skill-unknown")


def test_a_skill_goes_with_the_certification_that_showed_it() -> None:
    added = PathSkillAdded(**WHO, status="engaged", added=SKILL, effective_on=TODAY)
    withdrawn = PathSkillWithdrawn(**WHO, status="engaged", withdrawn=SKILL, reason="not_certified", effective_on=TODAY)
    undone = WithdrawSkillOf(enrolment=ENROLMENT, reason="not_certified")
    given(*AGREED, added).when(undone).then(withdrawn)
    given(*AGREED, added, withdrawn).when(undone).then()
    given(*AGREED, added).when(WithdrawSkillOf(enrolment=HIRE, reason="not_certified")).then()


def test_a_path_has_not_skills_without_end() -> None:
    many = PathSkillAdded(
        **WHO, status="engaged", added=SKILL.model_copy(update={"skill": MOST_SKILLS}), effective_on=TODAY
    )
    given(*AGREED, many).when(AddSkill(romes=("H2902",), source="test", acquired_on=TODAY)).rejected("too-many-skills")
    given(*AGREED, many).when(ADD).then()


# Every decision in every status

ALLOWED: list[tuple[Command, tuple[str, ...]]] = [
    (CorrectReferral(residence="elsewhere", reason="other"), ACTIVE),
    (HandOver(agency="france_travail"), ACTIVE),
    (GiveFlags(flags=()), ACTIVE),
    (CorrectFlags(flags=(), reason="other"), KNOWN),
    (Diagnose(**WANTED), ("referred",)),
    (ReviseDiagnosis(**WANTED), ("diagnosed", "engaged", "paused", "in_job")),
    (Engage(), ("diagnosed",)),
    (Pause(reason="away"), ("referred", "diagnosed", "engaged")),
    (Resume(), ("paused",)),
    (StartJob(hire=HIRE), ("referred", "diagnosed", "engaged", "paused", "in_job")),
    (SustainJob(hire=HIRE), ("in_job",)),
    (EndJob(hire=HIRE), ("in_job",)),
    (ReopenJob(hire=HIRE), ("sustained_6_months", "in_job")),
    (CorrectJobDay(hire=HIRE, reason="other"), ("in_job", "sustained_6_months")),
    (Exit(reason="retired"), ACTIVE),
    (CorrectExit(exit_reason="retired", reason="other"), ("exited",)),
    (Erase(), KNOWN),
    (RecordContact(channel="phone"), KNOWN),
    (GiveNotice(), KNOWN),
    (AddSkill(romes=("H2902",), source="test", acquired_on=TODAY), ACTIVE),
    (WithdrawSkillOf(enrolment=ENROLMENT, reason="other"), ACTIVE),
]


@pytest.mark.parametrize("status", PASTS)
@pytest.mark.parametrize(("command", "allowed"), ALLOWED, ids=lambda each: type(each).__name__)
def test_a_decision_is_for_some_statuses(command: Command, allowed: tuple[str, ...], status: str) -> None:
    of_hire = {SustainJob: "sustained", EndJob: "ended"}.get(type(command), "recorded")
    decision = paths.decision(type(command))
    asked = given(*PASTS[status]).knowing(*([the_hire(of_hire)] if decision.looks_up else [])).when(command)
    if status in allowed:
        assert asked.refusal is None
    else:
        assert asked.refusal is not None
        expected = paths.wrong_status(decision, status).slug
        assert asked.refusal.slug == (expected if status not in (decision.when or ()) else "job-unknown")


def test_every_decision_on_a_path_was_walked() -> None:
    assert {type(command) for command, _ in ALLOWED} | {Refer, WithdrawSkill} == paths.decisions.keys()


def test_the_agency_decides_and_what_becomes_of_hires_is_the_platforms_to_tell() -> None:
    for command in (EndJob, ReopenJob, CorrectJobDay, Erase, GiveNotice, WithdrawSkillOf):
        assert paths.decision(command).by == (PLATFORM,)
    for actor in (
        Actor("a", frozenset({"company"}), {"company": "00000001800010"}),
        Actor("b", frozenset({"network", "town_hall", "steering", "ops", "afpa"})),
    ):
        assert not any(paths.allowed(path(*past), actor) for past in PASTS.values())


def test_events_name_nobody_and_say_all_that_a_path_is_counted_by() -> None:
    for model in paths.events:
        assert {"seeker", "agency", "residence", "age_group", "flags", "referred_on", "access"} <= {*model.model_fields}
    told = given().when(refer).events[0].model_dump_json()
    assert isinstance(refer.seeker, Personal)
    for said in (refer.seeker.told.family_name, refer.seeker.told.given_name, str(refer.seeker.told.born_on)):
        assert said not in told
