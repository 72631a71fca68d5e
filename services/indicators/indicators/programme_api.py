"""`GET /v1/programme`: one line per axis, as JSON or CSV, and that of one axis."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Any, Final, get_args

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from contracts.indicators.action import CATEGORY as ACTION
from contracts.indicators.action import ActionStatus, Partner
from contracts.indicators.target import Aim as Side
from contracts.labels import AXES as CALLED
from contracts.labels import VOCABULARIES
from contracts.language import Language, Sentence
from contracts.model import Day
from contracts.values import Axis, Euros
from indicators import sentences
from indicators.api import AskedForm, CurrentFigures, CurrentlyKept, Kept, described
from indicators.chapters import Catalogue
from indicators.labels import Code
from indicators.partners import AXES, EXPECTED, PARTNERS, Heard, served
from indicators.programme import REASONS, Direction, Line, PlanStatus, Programme, Target, TargetStatus, Trend, read
from indicators.query import Snapshot
from indicators.representation import ChapterPositions, Name, Number, Representation, link, positions
from indicators.tables import written as csv_of
from service.clock import today
from service.http.problems import Problem
from service.http.routes import AskedDay
from service.http.sentences import Said
from service.reference import ReferenceLabel

PATH: Final = "/indicators/v1/programme"
_STATUSES: Final[tuple[ActionStatus, ...]] = get_args(ActionStatus)


class Reason(Representation):
    """Why a line has its status."""

    code: Annotated[str, Field(examples=["milestones-late"], json_schema_extra={"enum": [*REASONS]})]
    label: Annotated[ReferenceLabel, Field(examples=[{"fr": "2 jalons sont en retard", "en": "2 milestones are late"}])]
    """The sentence, in both languages. An indicator is called by its title in English, and by its name in French, as
    the catalogue has no other titles."""

    @classmethod
    def told(cls, code: str, places: Mapping[str, Any], catalogue: Catalogue) -> "Reason":
        """As an answer gives it."""
        titles = {"targets": [f"« {catalogue[name].title} »" for name in places.get("targets", ())]}
        sentence = REASONS[code]
        said = ReferenceLabel(fr=sentence.told("fr", **places), en=sentence.told("en", **{**places, **titles}))
        return cls(code=code, label=said)


class ActionsOfAxis(Representation):
    """How many actions an axis has in each state."""

    proposed: int
    adopted: int
    in_progress: int
    on_hold: int
    done: int
    abandoned: int
    href: Annotated[str, Field(examples=[f"{ACTION.public_path}?axis=1"])]
    """The actions themselves."""


class MilestonesOfAxis(Representation):
    """Milestones of the actions that were adopted."""

    planned: Annotated[int, Field(examples=[4])]
    """Those that count: reached, or still to be reached."""
    reached: Annotated[int, Field(examples=[2])]
    late: Annotated[int, Field(examples=[1])]
    """Those that are still to be reached, after the day that they are planned for."""


class MoneyOfAxis(Representation):
    """Money of the actions that were adopted, in EUR."""

    budget: Annotated[Euros, Field(examples=[180_000])]
    """Without what was abandoned."""
    spent: Annotated[Euros, Field(examples=[60_500])]
    """On abandoned actions, too."""
    share: Annotated[Number | None, Field(examples=[0.3361])]
    """What is spent, divided by the budget, to four decimals. Null without a budget."""


class TargetOfAxis(Representation):
    """A target, and how far its indicator is."""

    indicator: Name
    where: Annotated[Mapping[str, Code], Field(examples=[{"zone": "zi-limoise"}])]
    """Which part of the indicator it is for; all of it where there are none."""
    unit: Annotated[str, Field(examples=["EUR"])]
    aim: Side
    value: Annotated[Number, Field(examples=[30])]
    """What is aimed at."""
    due: Day
    """The day by which it is to be reached."""
    since: Day
    """The day on which it was set, or last revised."""
    status: TargetStatus
    """`reached` by what the indicator is now; `missed` after its day; else `on_track` or `behind`: by what it comes to
    on its day at the pace that a series tells, or else by the straight line from what it was on the day `since`.
    `unknown` where nobody knows what it is, or was."""
    now: Annotated[Number | None, Field(examples=[26])]
    """What the indicator is; of a sum that is to stay below the target, that of the last whole month."""
    line: Annotated[Number | None, Field(examples=[24.5])]
    """What it would be now on that straight line."""
    at_due: Annotated[Number | None, Field(examples=[31.2])]
    """What it comes to on its day at the pace of a series. Null where none tells a pace."""
    sample: bool
    """Whether any event in it is made up, for trying and showing."""
    href: Annotated[str | None, Field(examples=["/indicators/v1/indicators/members?to=2026-11-30"])]
    """The figure of `now`. Null where the catalogue has no such figure (any more), or its events are being folded."""

    @classmethod
    def told(cls, target: Target, programme: Programme, catalogue: Catalogue) -> "TargetOfAxis":
        """As an answer gives it."""
        indicator = catalogue.get(target.indicator)
        return cls(
            indicator=target.indicator,
            where=target.aim.of,
            unit=target.unit,
            aim="at_least" if target.aim.at_least else "at_most",
            value=target.aim.value,
            due=target.aim.due,
            since=target.since,
            status=target.status(programme.today),
            now=target.value.value,
            line=target.line(programme.today),
            at_due=target.at_due(),
            sample=target.value.sample,
            href=link(indicator, target.asked) if indicator and target.asked else None,
        )


class HeadlinePoint(Representation):
    """A headline in a quarter; of a level, at its end."""

    quarter: Annotated[str, Field(examples=["2026-Q3"])]
    begins: Day
    ends: Day
    value: Annotated[Number | None, Field(examples=[0.82])]
    sample: bool


class HeadlineOfAxis(Representation):
    """The indicator that stands for the axis, in each of the last four whole quarters."""

    indicator: Name
    unit: Annotated[str, Field(examples=["share"])]
    aim: Side
    """Which way it is to go: `at_least` is up."""
    points: list[HeadlinePoint]
    direction: Direction | None
    """From the first value that is known to the last. Null where fewer than two are."""
    favourable: bool | None
    """Whether that is the way it is to go. Null where it is steady, or nobody knows."""
    href: Annotated[str, Field(examples=["/indicators/v1/indicators/recovery_rate?by=quarter"])]
    """The figure with these points."""

    @classmethod
    def told(cls, trend: Trend, catalogue: Catalogue) -> "HeadlineOfAxis":
        """As an answer gives it."""
        indicator = catalogue[trend.headline.indicator]
        points = [
            HeadlinePoint(quarter=str(each), begins=each.first, ends=each.last, value=value.value, sample=value.sample)
            for each, value in trend.points
        ]
        return cls(
            indicator=indicator.name,
            unit=indicator.unit,
            aim=trend.headline.aim,
            points=points,
            direction=trend.direction,
            favourable=trend.favourable,
            href=link(indicator, trend.asked),
        )


class LastReceived(Representation):
    """The last event that was received from a partner."""

    on: Day
    """The day on which it was recorded, in Europe/Paris."""
    type: Annotated[str, Field(examples=["MeterReadingValidated"])]
    service: Annotated[str, Field(examples=["companies"])]
    sample: bool
    """Whether it is made up, for trying and showing."""


class PartnerOfAxis(Representation):
    """A partner, known by the role in which its clients decide; of companies, schools and training bodies any of
    them."""

    role: Partner
    label: Annotated[ReferenceLabel, Field(examples=[{"fr": "Mairie", "en": "Town hall"}])]
    expected: bool
    """Whether the axis lives on its events, among others'."""
    last: LastReceived | None
    """Null where none was received."""
    silent: bool
    """Whether it is expected, and nothing was received from it for more than 92 days, or ever."""

    @classmethod
    def told(cls, role: Partner, heard: Heard | None, axis: Axis, as_of: date) -> "PartnerOfAxis":
        """As an answer gives it."""
        expected = role in EXPECTED[axis]
        last = heard and LastReceived(
            on=heard.on, type=heard.type, service=heard.topic.partition(".")[0], sample=heard.sample
        )
        return cls(
            role=role,
            label=_label(VOCABULARIES["partners"][role]),
            expected=expected,
            last=last,
            silent=expected and (heard is None or heard.is_silence(as_of)),
        )


class AxisLine(Representation):
    """How an axis of the programme stands."""

    axis: Axis
    label: Annotated[ReferenceLabel, Field(examples=[{"fr": "Plein emploi", "en": "Full employment"}])]
    status: PlanStatus
    """`late`: a milestone is late, or a target was missed. Else `at_risk`: a target is behind, an action is on hold, or
    90 % of the budget are spent while milestones are to be reached. Else `not_started`: no adopted action has begun, or
    there is none and no target can be measured. `no_plan`: there is neither an adopted action nor a target."""
    reasons: list[Reason]
    """Why, all that there are."""
    actions: ActionsOfAxis
    milestones: MilestonesOfAxis
    money: MoneyOfAxis
    targets: list[TargetOfAxis]
    """Those that were set for the axis, and those of its indicators that were set for none, the next due first."""
    headline: HeadlineOfAxis | None
    """Null where the axis has none yet, or its events are still being folded."""
    partners: list[PartnerOfAxis]
    """Those who are expected, and others who were heard of."""
    sample: bool
    """Whether any of it is made up, for trying and showing."""
    href: Annotated[str, Field(examples=[f"{PATH}/1"])]

    @classmethod
    def told(cls, line: Line, programme: Programme, catalogue: Catalogue) -> "AxisLine":
        """As an answer gives it."""
        plan, axis = line.plan, line.axis
        status, reasons = plan.judged(programme.today)
        others = [role for role in get_args(Partner) if role in line.heard and role not in EXPECTED[axis]]
        return cls(
            axis=axis,
            label=_label(CALLED[axis]),
            status=status,
            reasons=[Reason.told(code, places, catalogue) for code, places in reasons.items()],
            actions=ActionsOfAxis(
                **{status: plan.actions.get(status, 0) for status in _STATUSES},
                href=f"{ACTION.public_path}?axis={axis}",
            ),
            milestones=MilestonesOfAxis(planned=plan.planned, reached=plan.reached, late=plan.late),
            money=MoneyOfAxis(budget=int(plan.budget), spent=int(plan.spent), share=plan.share),
            targets=[TargetOfAxis.told(each, programme, catalogue) for each in plan.targets],
            headline=HeadlineOfAxis.told(line.trend, catalogue) if line.trend else None,
            partners=[
                PartnerOfAxis.told(role, line.heard.get(role), axis, programme.today)
                for role in (*EXPECTED[axis], *others)
            ],
            sample=line.sample,
            href=f"{PATH}/{axis}",
        )


class _Told(Representation):
    as_of: Day
    """The day that it is told of: `known_on`, or today."""
    known_on: Day | None
    """As asked."""
    positions: ChapterPositions
    """Per chapter and topic, the events that it is made of; in `partners` those by which partners are heard of."""


class ProgrammeLines(_Told):
    """How the programme stands, axis by axis."""

    items: list[AxisLine]
    targets: list[TargetOfAxis]
    """Those of the programme as a whole, and of indicators that are of no axis."""


class ProgrammeLine(_Told, AxisLine):
    """How one axis stands."""


_CSV: Final = (
    "axis,label,status,reasons,proposed,adopted,in_progress,on_hold,done,abandoned,milestones_planned,"
    "milestones_reached,milestones_late,budget,spent,targets_reached,targets_on_track,targets_behind,targets_missed,"
    "targets_unknown,headline,headline_value,direction,favourable,silent,as_of,sample\n"
    "1,Ecological transition of industry,late,milestones-late,0,0,1,0,0,0,4,2,1,180000,60500,1,3,0,0,1,recovery_rate,"
    "0.82,rising,true,epci,2026-11-30,true\n"
)


class AskedProgramme(BaseModel):
    """Which programme is asked for."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    known_on: AskedDay | None = None
    """The programme as it could be known at the end of that day (Europe/Paris), by today's rules: what was recorded
    later is left out, and what is late, due or silent is told as of that day. One that is to come is today."""


def tell_programme(router: APIRouter, catalogue: Catalogue) -> APIRouter:
    """The router of figures with the routes of the programme. The catalogue has the chapter of actions, and targets."""
    axis_of = Annotated[
        str, Path(description="An axis of the programme.", json_schema_extra={"enum": [str(each) for each in AXES]})
    ]

    @router.get(
        "/programme",
        summary="How each axis of the programme stands",
        response_model=ProgrammeLines,
        responses=described(_CSV),
    )
    async def read_programme(
        asked: Annotated[AskedProgramme, Query()], figures: CurrentFigures, kept: CurrentlyKept, written: AskedForm
    ) -> ProgrammeLines | Response:
        """A line per axis: its status against what was planned and why, actions, milestones, money, targets, how its
        headline moved, and the last event received from each partner.

        JSON, or CSV with `Accept: text/csv`: a header row, then a row for each axis, with its name in the language of
        `Accept-Language`.
        """
        about = written.about(labelled=True)
        async with figures.now(catalogue) as now:
            programme = await _read(now, kept, asked.known_on, None, *about)
            if isinstance(programme, Response):
                return programme
            told, told_of = programme
        lines = [AxisLine.told(line, told, catalogue) for line in told.lines]
        if written.as_csv:
            return written.csv(_table(lines, told.today, written.language), labelled=True)
        return ProgrammeLines(
            **told_of, items=lines, targets=[TargetOfAxis.told(each, told, catalogue) for each in told.targets]
        )

    @router.get(
        "/programme/{axis}",
        summary="How an axis of the programme stands",
        response_model=ProgrammeLine,
        responses=described(),
    )
    async def read_programme_axis(
        axis: axis_of, asked: Annotated[AskedProgramme, Query()], figures: CurrentFigures, kept: CurrentlyKept
    ) -> ProgrammeLine | Response:
        """The same line by itself."""
        if axis not in map(str, AXES):
            raise Problem("not-found", Said(sentences.NO_AXIS, known=[*AXES]))
        async with figures.now(catalogue) as now:
            programme = await _read(now, kept, asked.known_on, int(axis))
            if isinstance(programme, Response):
                return programme
            told, told_of = programme
        (line,) = told.lines
        return ProgrammeLine(**told_of, **dict(AxisLine.told(line, told, catalogue)))

    return router


async def _read(
    now: Snapshot, kept: Kept, known_on: date | None, only: Axis | None, *form: object
) -> tuple[Programme, dict[str, Any]] | Response:
    """The programme and what is told beside it; or that nothing has changed. Raises CatchingUp."""
    as_of = min(known_on or today(), today())
    heard = (await served(now.connection)).positions
    folded = [each for each in now.catalogue.measures if now.can_answer(each)]
    if same := kept.same(now, folded, heard, known_on, only, *form):
        return same
    behind = {name: found.positions for name, found in now.chapters.items()}
    told = await read(now, as_of, known_on, only)
    return told, {"as_of": as_of, "known_on": known_on, "positions": positions({**behind, PARTNERS: heard})}


def _label(sentence: Sentence) -> ReferenceLabel:
    return ReferenceLabel(fr=sentence.told("fr"), en=sentence.told("en"))


def _table(lines: Sequence[AxisLine], as_of: date, language: Language) -> str:
    """A row for each axis. What there are several of is parted by spaces."""
    statuses: tuple[TargetStatus, ...] = get_args(TargetStatus)
    rows: list[list[Any]] = [_CSV.partition("\n")[0].split(",")]
    for line in lines:
        headline = line.headline
        rows.append(
            [
                line.axis,
                line.label.fr if language == "fr" else line.label.en,
                line.status,
                " ".join(each.code for each in line.reasons),
                *(getattr(line.actions, status) for status in _STATUSES),
                line.milestones.planned,
                line.milestones.reached,
                line.milestones.late,
                line.money.budget,
                line.money.spent,
                *(sum(each.status == status for each in line.targets) for status in statuses),
                headline and headline.indicator,
                headline and headline.points[-1].value,
                headline and headline.direction,
                headline and headline.favourable,
                " ".join(each.role for each in line.partners if each.silent),
                as_of,
                line.sample,
            ]
        )
    return csv_of(rows)
