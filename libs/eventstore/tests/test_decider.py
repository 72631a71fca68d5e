"""What a decider refuses to be, and what it checks before any decision is asked."""

import doctest
import runpy
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Literal, get_args

import pytest
from pydantic import ValidationError

import eventstore
from contracts.language import LANGUAGES
from contracts.model import Correction, Event
from contracts.roles import Role
from contracts.values import CalendarYear
from eventstore.decider import PARIS, PLATFORM, Actor, By, Claim, Command, Context, Decider, Due, State, tell
from eventstore.refusal import NOT_YOUR_RECORD, Forbidden, Refusal, Rejected
from eventstore.specification import Given, Specification

NOW = datetime(2026, 5, 4, 12, tzinfo=PARIS)
TODAY = NOW.date()


class MeterInstalled(Event, version=1):
    company: str


class MeterRead(Event, version=1):
    index: int


class IndexCorrected(Correction, version=1):
    index_before: int
    index: int


class ReadingDayCorrected(Correction, version=1):
    day: date


class MeterReplaced(Event, version=1):
    company: str
    index: int
    by: str


class Install(Command):
    """A meter is installed at a company."""

    company: str


class Read(Command):
    """Its index is read."""

    index: int


class CorrectIndex(Command):
    """The index is put right, by those who may lower it."""

    index: int


class CorrectReadingDay(Command):
    """The day of the latest reading is put right."""

    day: date


class Replace(Command):
    """Another one takes its place."""

    by: str


class Meter(State):
    company: str
    status: Literal["installed", "replaced"]
    index: int = 0
    by: str | None = None
    replaced_on: date | None = None


INDEX_LOWERED = Refusal("index-lowered", "only the network lowers an index", "seul le réseau abaisse un index")

meters = Decider("meter", Meter, final="replaced")


@meters.creates(by=("company", "epci"), to="installed")
def install(command: Install) -> MeterInstalled:
    return tell(MeterInstalled, command)


meters.steps(Replace, MeterReplaced, by="epci", when="installed", to="replaced", day="replaced_on", takes=("by",))


@meters.decides(by=("company", "network"), when="installed")
def read(meter: Meter, command: Read) -> MeterRead | tuple[()]:
    return MeterRead(index=command.index, effective_on=command.on) if command.index > meter.index else ()


@meters.decides(by=("company", "network"))
def correct_index(meter: Meter, command: CorrectIndex, context: Context) -> IndexCorrected:
    if command.index < meter.index and "network" not in context.roles:
        raise INDEX_LOWERED()
    return tell(IndexCorrected, command, meter)


@meters.decides(by="network")
def correct_reading_day(_meter: Meter, command: CorrectReadingDay) -> ReadingDayCorrected:
    return ReadingDayCorrected(day=command.day, effective_on=command.on)


@meters.evolves
def _(meter: Meter, event: MeterRead) -> Meter:
    return meter.after(event, index=event.index)


@meters.evolves
def _(meter: Meter, event: IndexCorrected) -> Meter:
    return meter.after(event, index=event.index)


@meters.evolves
def _(meter: Meter, event: ReadingDayCorrected) -> Meter:
    return meter.after(event, effective_on=event.day)


given = Specification(meters, today=TODAY)
INSTALLED = MeterInstalled(company="A", effective_on=TODAY - timedelta(days=10))


def test_the_example_in_the_package_runs(tmp_path: Path) -> None:
    # As a script: doctest's own way with sources is at odds with pydantic's under Python 3.13.
    examples = doctest.DocTestParser().get_examples(eventstore.__doc__ or "")
    script = tmp_path / "example.py"
    script.write_text("".join(example.source for example in examples))
    assert examples
    runpy.run_path(str(script), run_name="example_of_the_decider")


@pytest.mark.parametrize(
    "changes", [{"idnex": 3}, {"index": "3"}, {"index": None}, {"status": "removed"}, {"company": 7}]
)
def test_a_change_that_could_not_be_read_back_is_refused_when_it_is_made(changes: dict[str, object]) -> None:
    meter = meters.fold([INSTALLED])
    assert meter is not None
    with pytest.raises(ValidationError) as refused:
        meter.after(MeterRead(index=3, effective_on=TODAY), **changes)
    assert [error["loc"] for error in refused.value.errors()] == [tuple(changes)]
    changed = meter.after(MeterRead(index=3, effective_on=TODAY), index=3)
    assert (changed.index, changed.effective_on, meter.index) == (3, TODAY, 0)


def test_a_command_takes_effect_today_unless_told() -> None:
    given(INSTALLED).when(Read(index=3)).then(MeterRead(index=3, effective_on=TODAY))


def test_a_command_may_be_told_late() -> None:
    day = TODAY - timedelta(days=9)
    given(INSTALLED).when(Read(index=3, on=day)).then(MeterRead(index=3, effective_on=day))


def test_no_command_takes_effect_in_the_future() -> None:
    given(INSTALLED).when(Read(index=3, on=TODAY + timedelta(days=1))).rejected("on-in-the-future")


def test_no_command_takes_effect_before_the_previous_step() -> None:
    given(INSTALLED).when(Read(index=3, on=TODAY - timedelta(days=11))).rejected("on-before-previous-step")


def day(before: int) -> date:
    return TODAY - timedelta(days=before)


READ = MeterRead(index=30, effective_on=day(5))
CORRECTED = IndexCorrected(index_before=30, index=33, effective_on=TODAY)


def test_a_correction_of_today_forbids_no_earlier_step() -> None:
    given(INSTALLED, READ, CORRECTED).when(Read(index=40, on=day(4))).then(MeterRead(index=40, effective_on=day(4)))
    given(INSTALLED, READ, CORRECTED).when(Read(index=40, on=day(6))).rejected("on-before-previous-step")


def test_a_correction_may_be_told_late_but_not_early() -> None:
    when = given(INSTALLED, READ, CORRECTED).when
    when(CorrectIndex(index=40, on=day(7))).then(IndexCorrected(index_before=33, index=40, effective_on=day(7)))
    when(CorrectIndex(index=40, on=day(7))).then_state(index=40, effective_on=READ.effective_on)
    when(CorrectIndex(index=40, on=TODAY + timedelta(days=1))).rejected("on-in-the-future")


def test_a_correction_may_move_the_day_of_the_latest_step() -> None:
    moved = ReadingDayCorrected(day=day(8), effective_on=TODAY)
    given(INSTALLED, READ, moved).when(Read(index=40, on=day(7))).then_state(index=40, effective_on=day(7))
    given(INSTALLED, READ, moved).when(Read(index=40, on=day(9))).rejected("on-before-previous-step")


def test_a_decision_is_told_the_roles_it_is_issued_in() -> None:
    given(INSTALLED, READ).by("network").when(CorrectIndex(index=3)).then_state(index=3)
    given(INSTALLED, READ).by("company").when(CorrectIndex(index=3)).rejected("index-lowered")


def test_the_roles_of_a_decision_are_those_that_count_on_the_record() -> None:
    meter = meters.fold([INSTALLED])
    assert meter is not None
    decision = meters.decision(CorrectIndex)
    both = frozenset[By]({"company", "network", "ops"})
    assert meters.authorise(decision, meter, Actor("c", both, {"company": "A"})) == {"company", "network"}
    assert meters.authorise(decision, meter, Actor("c", both, {"company": "B"})) == {"network"}


def test_a_day_beyond_reason_is_no_day_of_a_command() -> None:
    with pytest.raises(ValidationError, match="a day lies between 1900-01-01 and 2100-12-31"):
        Read(index=3, on=date(1000, 1, 1))


def test_a_decision_leads_to_steps_or_to_corrections() -> None:
    mixed = Decider("meter", Meter)

    @mixed.decides(by="epci")
    def read_anew(_meter: Meter, command: Read) -> MeterRead | IndexCorrected:
        return MeterRead(index=command.index, effective_on=command.on)

    @mixed.creates(by="epci")
    def correct_nothing(command: CorrectIndex) -> IndexCorrected:
        return IndexCorrected(index_before=0, index=command.index, effective_on=command.on)

    with pytest.raises(TypeError) as refused:
        mixed.check()
    assert "read: leads to steps and to corrections" in str(refused.value)
    assert "correct-index: a correction begins no stream" in str(refused.value)


def test_a_decision_may_change_nothing() -> None:
    given(INSTALLED).when(Read(index=0)).then()


def test_a_stream_begins_once() -> None:
    given(INSTALLED).when(Install(company="A")).rejected("meter-exists")


@pytest.mark.parametrize(
    ("actor", "slug"),
    [
        (Actor("c", frozenset({"school"}), {"school": "0360009P"}), "role-missing"),
        (Actor("c", frozenset({"region"})), "role-missing"),
        (Actor("c", frozenset({"company"}), {"company": "B"}), "not-your-record"),
        (Actor("c", frozenset({"company"})), "not-your-record"),
    ],
)
def test_a_decision_is_for_its_roles_and_an_organisation_s_own_records(actor: Actor, slug: str) -> None:
    meter = meters.fold([INSTALLED])
    assert meter is not None
    with pytest.raises(Forbidden) as forbidden:
        meters.authorise(meters.decision(Read), meter, actor)
    assert forbidden.value.slug == slug
    assert meters.allowed(meter, actor) == []


def test_allowed_are_the_decisions_for_the_status_and_the_caller() -> None:
    meter = meters.fold([INSTALLED])
    assert meter is not None
    owner = Actor("c", frozenset({"company"}), {"company": "A"})
    assert meters.allowed(meter, owner) == ["read", "correct-index"]
    assert meters.allowed(meter.model_copy(update={"status": "replaced"}), owner) == ["correct-index"]


def test_a_decider_that_leaves_something_unhandled_is_refused_when_put_together() -> None:
    incomplete = Decider("meter", Meter)

    @incomplete.creates(by="school", when="removed")
    def install_again(_meter: Meter | None, command: Install) -> MeterInstalled:
        return MeterInstalled(company=command.company, effective_on=command.on)

    @incomplete.evolves
    def _(meter: Meter, event: MeterRead) -> Meter:
        return meter.after(event, index=event.index)

    with pytest.raises(TypeError) as refused:
        incomplete.check()
    assert str(refused.value) == (
        "decider meter: CorrectIndex has no decision;"
        " CorrectReadingDay has no decision;"
        " MeterInstalled is decided but never evolves the state;"
        " MeterRead evolves the state but is never decided;"
        " Read has no decision;"
        " Replace has no decision;"
        " install: Install has no school to tell whose record it is;"
        " install: Meter is never removed;"
        " installed is never left, and not declared final;"
        " installed is reached by no decision;"
        " replaced is never left, and not declared final;"
        " replaced is reached by no decision"
    )


def test_a_decision_with_a_wrong_signature_is_refused_at_import() -> None:
    with pytest.raises(TypeError, match="takes 2 arguments, not 1"):

        @Decider("meter", Meter).creates(by="epci")
        def install_twice(_meter: Meter, command: Install) -> MeterInstalled:
            return MeterInstalled(company=command.company, effective_on=command.on)


def test_an_evolution_that_forgets_the_day_is_found_by_the_first_test() -> None:
    forgetful = Decider("meter", Meter)

    @forgetful.evolves
    def _(meter: Meter, event: MeterRead) -> Meter:
        return meter.model_copy(update={"index": event.index})

    with pytest.raises(AssertionError, match="effective_on"):
        forgetful.evolve(meters.fold([INSTALLED]), MeterRead(index=1, effective_on=TODAY))


def test_a_step_is_told_by_command_and_state() -> None:
    replaced = MeterReplaced(company="A", index=30, by="M-2", effective_on=TODAY)
    given(INSTALLED, READ).when(Replace(by="M-2")).then(replaced)
    given(INSTALLED, READ).when(Replace(by="M-2")).then_state(status="replaced", replaced_on=TODAY, by="M-2", index=30)
    given(INSTALLED, replaced).when(Replace(by="M-3")).rejected("meter-not-installed")


def test_what_a_step_cannot_tell_is_found_when_the_service_is_put_together() -> None:
    class MeterSold(Event, version=1):
        price: int
        index_before: int
        buyer: str | None = None

    unsaid = Decider("meter", Meter)
    unsaid.steps(Replace, MeterSold, by="epci", when="installed", day="sold_on")
    with pytest.raises(TypeError) as refused:
        unsaid.check()
    assert "Replace: nothing says the price of MeterSold" in str(refused.value)
    assert "Replace: Meter has no sold_on" in str(refused.value)
    assert "index_before" not in str(refused.value)


ALREADY_REPLACED = Refusal(
    "already-replaced",
    "it was replaced by {by} on {replaced_on}",
    "il a été remplacé par {by} le {replaced_on}",
    by=str,
    replaced_on=date,
)


def test_a_decision_may_say_more_of_a_status_that_it_is_not_for() -> None:
    telling = Decider("meter", Meter, final="replaced")
    telling.steps(
        Replace,
        MeterReplaced,
        by="epci",
        when="installed",
        to="replaced",
        day="replaced_on",
        takes=("by",),
        refuses={"replaced": ALREADY_REPLACED},
    )
    replaced = Meter(company="A", status="replaced", by="M-2", replaced_on=TODAY, effective_on=TODAY)
    with pytest.raises(Rejected) as refused:
        telling.decide(replaced, Replace(by="M-3"), Context(NOW))
    assert refused.value.refusal is ALREADY_REPLACED
    assert refused.value.parameters == {"by": "M-2", "replaced_on": TODAY}
    assert [*telling.not_for(Replace)] == [ALREADY_REPLACED]


def test_a_refusal_of_a_status_is_of_one_that_the_decision_is_not_for_and_of_what_the_state_says() -> None:
    sold = Refusal("sold", "it was sold on {sold_on}", "il a été vendu le {sold_on}", sold_on=date)
    wrong = Decider("meter", Meter, final="replaced")
    refuses = {"installed": ALREADY_REPLACED, "removed": ALREADY_REPLACED, "replaced": sold}
    wrong.steps(Replace, MeterReplaced, by="epci", when="installed", to="replaced", refuses=refuses)
    with pytest.raises(TypeError) as refused:
        wrong.check()
    assert "replace: it is never refused for being installed" in str(refused.value)
    assert "replace: it is never refused for being removed" in str(refused.value)
    assert "replace: Meter has no sold_on, which sold speaks of" in str(refused.value)


def test_a_refusal_points_to_the_field_that_the_command_gives_or_else_has() -> None:
    beyond = Refusal("beyond-reason", "that is too much", "c'est trop", at=("index", "by"))
    assert beyond.field_of(Read(index=1)) == "index"
    assert beyond.field_of(Replace(by="M-2")) == "by"
    assert beyond.field_of(Install(company="A")) is None
    assert INDEX_LOWERED.field_of(Read(index=1)) is None

    class Adjust(Command):
        """Either is put right."""

        index: int | None = None
        by: str | None = None

    meters_adjusted = [(Adjust(), "index"), (Adjust(index=0), "index"), (Adjust(by="M-2"), "by")]
    assert [beyond.field_of(command) for command, _ in meters_adjusted] == [field for _, field in meters_adjusted]


def test_what_an_event_needs_is_said_by_somebody() -> None:
    with pytest.raises(TypeError, match="nothing says the company of MeterReplaced"):
        tell(MeterReplaced, Replace(by="M-2"))


def test_two_decisions_do_not_derive_two_states_from_one_event() -> None:
    twice = Decider("meter", Meter)
    twice.steps(Replace, MeterReplaced, by="epci", when="installed", to="replaced")
    twice.steps(Read, MeterReplaced, by="epci", when="replaced", to="installed", by_whom=1)
    with pytest.raises(TypeError, match="MeterReplaced is told by two decisions"):
        twice.check()

    @twice.evolves
    def _(meter: Meter, event: MeterReplaced) -> Meter:
        return meter.after(event, status="replaced")

    with pytest.raises(TypeError) as problems:
        twice.check()
    assert "is told by two decisions" not in str(problems.value)


def test_a_decision_that_registers_its_evolution_declares_no_changes() -> None:
    doubled = Decider("meter", Meter)
    doubled.steps(Replace, MeterReplaced, by="epci", when="installed", to="replaced", day="replaced_on")

    @doubled.evolves
    def _(meter: Meter, event: MeterReplaced) -> Meter:
        return meter.after(event, status="replaced")

    with pytest.raises(TypeError, match="MeterReplaced: its evolution is registered"):
        doubled.check()


def test_a_status_that_is_left_by_mistake_or_reached_by_no_decision_is_found() -> None:
    astray = Decider("meter", Meter, final="replaced")
    astray.steps(Replace, MeterReplaced, by="epci", when="replaced", to="installed")
    with pytest.raises(TypeError) as refused:
        astray.check()
    assert "replaced is final, and left" in str(refused.value)
    assert "replaced is reached by no decision" in str(refused.value)
    assert "installed is never left, and not declared final" in str(refused.value)


def test_a_status_that_a_decision_does_not_declare_is_found_by_the_first_test() -> None:
    hidden = Decider("meter", Meter)
    hidden.steps(Replace, MeterReplaced, by="epci", when="installed")

    @hidden.evolves
    def _(meter: Meter, event: MeterReplaced) -> Meter:
        return meter.after(event, status="replaced")

    with pytest.raises(AssertionError, match="replace leads to replaced"):
        Given(hidden, Context(NOW), meters.fold([INSTALLED])).when(Replace(by="x")).then(
            MeterReplaced(company="A", index=0, by="x", effective_on=TODAY)
        )


def test_what_only_the_platform_issues_is_allowed_to_nobody_else() -> None:
    platform = Decider("meter", Meter)
    platform.steps(Replace, MeterReplaced, by=PLATFORM, when="installed", to="replaced")
    meter = meters.fold([INSTALLED])
    assert meter is not None
    decision = platform.decision(Replace)
    assert platform.authorise(decision, meter, Actor("platform", frozenset({PLATFORM}))) == {PLATFORM}
    everybody = Actor("c", frozenset(get_args(Role)), {"company": "A"})
    assert platform.allowed(meter, everybody) == []
    with pytest.raises(Forbidden):
        platform.authorise(decision, meter, everybody)


def test_a_record_may_belong_to_several_organisations() -> None:
    shared = Decider("meter", Meter, owned_by={"company": ("company", "by")})
    meter = meters.fold([INSTALLED, MeterReplaced(company="A", index=0, by="B", effective_on=TODAY)])
    assert meter is not None
    assert shared.owners(meter) == {"company": ("A", "B")}
    for organisation, roles in {"A": {"company"}, "B": {"company"}, "C": set[By]()}.items():
        assert shared.standing(meter, Actor("c", frozenset({"company"}), {"company": organisation})) == roles


def test_of_several_organisations_each_takes_its_own_part() -> None:
    parted = Decider("meter", Meter, owned_by={"company": ("company", "by")})
    parted.steps(Replace, MeterReplaced, by=("company", "network"), owner="by", when="installed", to="replaced")
    meter = Meter(company="A", status="installed", by="B", effective_on=TODAY)
    decision = parted.decision(Replace)
    for organisation, allowed in {"A": list[str](), "B": ["replace"], "C": []}.items():
        actor = Actor("c", frozenset({"company"}), {"company": organisation})
        assert parted.allowed(meter, actor) == allowed
        if allowed:
            assert parted.authorise(decision, meter, actor) == {"company"}
        else:
            with pytest.raises(Forbidden, match="names as its by") as refused:
                parted.authorise(decision, meter, actor)
            assert refused.value.slug == "not-your-record"
    assert parted.allowed(meter, Actor("c", frozenset({"network"}))) == ["replace"]
    both = Actor("c", frozenset({"company", "network"}), {"company": "A"})
    assert parted.authorise(decision, meter, both) == {"network"}


def test_whose_part_a_decision_is_is_told_by_a_field_that_says_whose_record_it_is() -> None:
    parted = Decider("meter", Meter)
    parted.steps(Replace, MeterReplaced, by="company", owner="by", when="installed", to="replaced")
    with pytest.raises(TypeError, match="replace: no field that says whose record it is is called by"):
        parted.check()


def test_a_role_that_stands_for_itself_acts_only_on_records_that_name_it() -> None:
    led = Decider("meter", Meter, owned_by={"epci": "by", "network": "by"})
    led.steps(Replace, MeterReplaced, by=("steering", "epci", "network"), when="installed", to="replaced")
    meter = Meter(company="A", status="installed", by="epci", effective_on=TODAY)
    decision = led.decision(Replace)
    cases: dict[Role, list[str]] = {"epci": ["replace"], "network": [], "steering": ["replace"]}
    for role, allowed in cases.items():
        actor = Actor("c", frozenset({role}))
        assert led.allowed(meter, actor) == allowed
        if allowed:
            assert led.authorise(decision, meter, actor) == {role}
        else:
            with pytest.raises(Forbidden) as refused:
                led.authorise(decision, meter, actor)
            assert refused.value.refusal is NOT_YOUR_RECORD
    both = Actor("c", frozenset({"epci", "network"}))
    assert led.authorise(decision, meter, both) == {"epci"}
    assert led.owners(meter) == {"company": ("A",)}, "organisations alone"


def test_of_one_role_are_the_records_that_name_nobody() -> None:
    led = Decider("meter", Meter, owned_by={"company": "by", "epci": "by"}, unnamed="epci")
    led.steps(Replace, MeterReplaced, by=("company", "epci"), when="installed", to="replaced")
    for named, allowed in {None: {"epci"}, "A": {"company"}}.items():
        meter = Meter(company="A", status="installed", by=named, effective_on=TODAY)
        for actor in (Actor("c", frozenset({"company"}), {"company": "A"}), Actor("c", frozenset({"epci"}))):
            assert led.allowed(meter, actor) == (["replace"] if actor.roles == allowed else [])
        assert led.owners(meter) == ({"company": ("A",)} if named else {})


def test_what_there_is_nothing_to_decide_about_is_not_offered() -> None:
    offered = Decider("meter", Meter)
    offered.steps(Replace, MeterReplaced, by="epci", when="installed", offered=lambda meter: meter.index > 0)
    epci = Actor("c", frozenset({"epci"}))
    for index, allowed in {0: list[str](), 3: ["replace"]}.items():
        assert offered.allowed(Meter(company="A", status="installed", index=index, effective_on=TODAY), epci) == allowed


def test_a_refusal_tells_all_that_it_speaks_of_and_nothing_else() -> None:
    full = Refusal("full", "all {seats} are taken", "les {seats} sont pris", seats=int)
    assert [full(seats=3).told(language) for language in LANGUAGES] == ["all 3 are taken", "les 3 sont pris"]
    known = Refusal(
        "known",
        "{kwh} of {years}, until {last}",
        "{kwh} de {years}, jusqu'en {last}",
        years=tuple[CalendarYear, ...],
        last=CalendarYear | None,
        kwh=int,
    )
    assert [known(years=(2023, 2024), last=2035, kwh=2035).told(language) for language in LANGUAGES] == [
        "2,035 of 2023, 2024, until 2035",
        "2\u202f035 de 2023, 2024, jusqu'en 2035",
    ]
    with pytest.raises(TypeError, match="full speaks of"):
        full()
    with pytest.raises(TypeError, match="seats, whose types it does not tell"):
        Refusal("full", "all {seats} are taken", "les {seats} sont pris")


def test_what_a_stream_holds_and_what_is_due_are_sentences_too() -> None:
    taken = Refusal("place-taken", "another meter is there", "un autre compteur est là")
    placed = Decider("meter", Meter)

    @placed.claims
    def _(meter: Meter) -> Iterable[Claim]:
        if meter.status == "installed":
            yield Claim(taken, meter.company)

    @placed.due
    def _(meter: Meter) -> Iterable[Due]:
        yield Due(meter.effective_on + timedelta(days=365), Replace(by="anew"))

    placed.evolves(_installed)
    told = Specification(placed, TODAY)(INSTALLED)
    told.holds(Claim(taken, "A"))
    told.is_due(Due(INSTALLED.effective_on + timedelta(days=365), Replace(by="anew")))
    assert (placed.claims_of(None), placed.due_of(None)) == ((), ())
    with pytest.raises(TypeError, match="told twice"):
        placed.claims(lambda _: ())


def _installed(_meter: Meter | None, event: MeterInstalled) -> Meter:
    return Meter(company=event.company, status="installed", effective_on=event.effective_on)
