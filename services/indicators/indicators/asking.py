"""What may be asked over HTTP: the parameters of a query, and the question that they make of an indicator."""

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from hashlib import blake2b
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, create_model
from pydantic_core import PydanticCustomError

from contracts.language import Sentence
from indicators import sentences
from indicators.columns import Positions
from indicators.dimensions import DIMENSIONS
from indicators.lineage import Place
from indicators.measures import Distinct, Indicator, Level, Series, Sum
from indicators.query import Snapshot, ended
from indicators.question import PERIODS, Question
from indicators.representation import link
from service.http.faults import SENTENCES, Fault, Faults
from service.http.listing import CURSOR, GREATEST_LIMIT, LIMIT, MOST_VALUES
from service.http.problems import Problem, invalid_parameter
from service.http.routes import AskedDay
from service.http.sentences import NOT_A_CURSOR, Said

BY: Final = (*DIMENSIONS, *PERIODS)
# The pattern is for readers of the document: who breaks it is told what the indicator is given by.
Broken = Annotated[str, Field(max_length=64, json_schema_extra={"pattern": f"^({'|'.join(BY)})(,({'|'.join(BY)}))*$"})]
"""One or several dimensions, comma-separated."""


def _yes_or_no(value: object) -> bool:
    if value not in ("true", "false"):
        raise PydanticCustomError("bool_parsing", SENTENCES["bool_parsing"].en)
    return value == "true"


def _all_of(names: Iterable[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} and {last}"


def parts(values: Sequence[str]) -> list[str]:
    """`zone=a,b` is `zone=a&zone=b`; what is there twice counts once."""
    return list(dict.fromkeys(part for value in values for part in value.split(",")))


Flag = Annotated[bool, BeforeValidator(_yes_or_no)]
"""`true` or `false`, and nothing else that could be meant by it."""


class Parameters(BaseModel):
    """Of a query."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    without: Literal["largest"] | None = None
    """`largest` leaves out the largest contributor on the last day. For `headcount`."""


_DIMENSIONS: Final[dict[str, Any]] = {
    name: (
        Annotated[list[each.asked], BeforeValidator(parts)],  # type: ignore[name-defined]  # no type to mypy, but one
        Field(default=[], max_length=MOST_VALUES, description=f"{each.counts} Of several values, any."),
    )
    for name, each in DIMENSIONS.items()
}


class Days(Parameters):
    """Which days count."""

    first: Annotated[AskedDay | None, Field(alias="from")] = None
    """The first day a sum or a duration counts. A level is a state of its last day: this only begins the periods that
    it is given by."""
    last: Annotated[AskedDay | None, Field(alias="to")] = None
    """The last day that counts, by the days on which things took effect. It may be to come: bookings are counted on the
    day of their slot, placements on the Monday of their week. A duration, and what is computed of one, ends today
    unless another day is asked for. Where six months have to be over, as for access_to_employment_6m, no day to come
    counts."""
    known_on: AskedDay | None = None
    """Count only what was recorded by the end of that day (Europe/Paris): the figure as it was known then."""


class Labelled(Parameters):
    """Whether codes are told with what they are called."""

    labels: Flag = False
    """`true` tells what the values of dimensions in the answer are called, in French and English."""


class BrokenDown(Labelled):
    """How a figure is broken down."""

    by: list[Broken] = Field(
        default=[],
        max_length=len(BY),
        description=f"Break the figure down by one or several of {_all_of(DIMENSIONS)}, as far as the indicator has "
        f"them, and by one of {_all_of(PERIODS)}: `by=zone&by=month` or `by=zone,month`. A sum's period is that of the "
        "day things took effect; a duration's has its days in the period; a level's shows it at the end of the period.",
        examples=[["zone", "quarter"]],
    )
    cumulative: Flag = False
    """`true` gives each period all that counts from the first day to its end. For sums, and for how many contribute; a
    level is so already. It needs a period in `by`."""
    fill: Flag = False
    """`true` leaves out no period, from the first that has anything, or from `from`, to the last: those without
    anything have zero, or null where nobody knows. It needs a period in `by`."""


Selection = create_model("Selection", __base__=Days, __doc__="What a figure counts.", **_DIMENSIONS)


class Asked(BrokenDown, Selection):
    """What a figure counts, and how it is broken down."""

    def question(self, indicator: Indicator) -> Question:
        """The question, if the indicator can answer it. Raises Problem."""
        return _question(indicator, self, self.first, self.last, self.known_on)


class AskedEvents(Labelled, Selection):
    """What a figure counts, and which page of the events behind it."""

    known_after: AskedDay | None = None
    """Only those events behind the figure that were recorded after that day (Europe/Paris). The others are in the
    figure, too."""
    limit: Annotated[int, Field(ge=1, le=GREATEST_LIMIT)] = LIMIT
    """How many events a page has at most."""
    cursor: Annotated[str, Field(max_length=4_096, json_schema_extra={"pattern": CURSOR})] | None = None
    """Where the page before ended, from its `Link` header."""

    def question(self, indicator: Indicator) -> Question:
        """The question, if the indicator can answer it. Raises Problem."""
        if self.known_after and self.known_on and self.known_after > self.known_on:
            raise _reversed(self.known_after, self.known_on, "known_after", "known_on")
        return _question(indicator, self, self.first, self.last, self.known_on)


class Knowledge(Parameters):
    """Between which days of knowledge a figure changed, and which days count in it."""

    known_first: Annotated[AskedDay, Field(alias="from")]
    """The figure before: as it was known at the end of that day (Europe/Paris)."""
    known_last: Annotated[AskedDay, Field(alias="to")]
    """The figure after: as it was known at the end of that day."""
    effective_from: AskedDay | None = None
    """The first day that counts, by the days on which things took effect: `from` of the figure."""
    effective_to: AskedDay | None = None
    """The last day that counts: `to` of the figure."""


class AskedChanges(
    BrokenDown,
    create_model("ChangesSelection", __base__=Knowledge, **_DIMENSIONS),  # type: ignore[misc]  # as Selection is one
):
    """Between which days a figure changed, what it counts, and how it is broken down."""

    def questions(self, indicator: Indicator) -> tuple[Question, Question]:
        """The questions before and after, if the indicator can answer them. Raises Problem."""
        if self.known_first > self.known_last:
            raise _reversed(self.known_first, self.known_last, "from", "to")
        days = self.effective_from, self.effective_to
        before, after = (
            _question(indicator, self, *days, known_on, ends=("effective_from", "effective_to"))
            for known_on in (self.known_first, self.known_last)
        )
        return before, after


def refused(slug: str, parameter: str, sentence: Sentence, **places: object) -> Problem:
    """A question without an answer: one of `sentences.KINDS`, for what a parameter says."""
    faults = (Fault({"parameter": parameter}, slug, Said(sentence, **places)),)
    return Problem(slug, Faults(faults), faults=faults, kind=sentences.KINDS[slug])


def _reversed(first: date, last: date, begin: str, end: str) -> Problem:
    return refused("range-reversed", begin, sentences.ENDS_BEFORE_IT_BEGINS, first=first, end=end, last=last)


def _question(
    indicator: Indicator,
    asked: Parameters,
    first: date | None,
    last: date | None,
    known_on: date | None,
    ends: tuple[str, str] = ("from", "to"),
) -> Question:
    """The question, if the indicator can answer it; `ends` are the parameters of its days. Raises Problem."""
    if first and last and first > last:
        raise _reversed(first, last, *ends)
    if asked.without and not (isinstance(indicator, Level) and indicator.without_largest):
        raise refused("not-answered", "without", sentences.NOT_WITHOUT_LARGEST, indicator=indicator.name)
    given = ((name, tuple(dict.fromkeys(getattr(asked, name)))) for name in DIMENSIONS)
    where: dict[str, tuple[str | int, ...]] = {name: codes for name, codes in given if codes}
    for name in where:
        if name not in indicator.dimensions:
            raise refused(
                "unknown-dimension",
                name,
                sentences.OTHER_DIMENSIONS,
                indicator=indicator.name,
                dimensions=indicator.dimensions,
            )
    question = Question(first, last, (), known_on, asked.without is not None, where)
    if isinstance(asked, BrokenDown):
        question = _broken_down(indicator, asked, question)
    question = ended(indicator, question)
    if first and question.last and first > question.last:
        sentence = sentences.COUNTS_SO_FAR if last else sentences.ENDS_TODAY
        raise refused("range-reversed", ends[0], sentence, indicator=indicator.name, first=first)
    return question


def _broken_down(indicator: Indicator, asked: BrokenDown, question: Question) -> Question:
    by = tuple(parts(asked.by))
    if by and isinstance(indicator, Series):
        raise refused("not-answered", "by", sentences.SERIES_WHOLE, indicator=indicator.name)
    possible = (*indicator.dimensions, *PERIODS)
    for name in by:
        if name not in possible:
            raise refused(
                "unknown-dimension",
                "by",
                sentences.NOT_GIVEN_BY,
                indicator=indicator.name,
                asked=name,
                possible=possible,
            )
    periods = [name for name in by if name in PERIODS]
    if len(periods) > 1:
        raise refused("not-answered", "by", sentences.ONE_PERIOD, asked=periods)
    if asked.cumulative and not isinstance(indicator, Sum | Distinct):
        sentence = sentences.CUMULATIVE_ALREADY if isinstance(indicator, Level) else sentences.NOT_CUMULATIVE
        raise refused("not-answered", "cumulative", sentence, indicator=indicator.name)
    for parameter, is_asked in (("cumulative", asked.cumulative), ("fill", asked.fill)):
        if is_asked and not periods:
            raise refused("not-answered", parameter, sentences.NEEDS_A_PERIOD, possible=PERIODS)
    return replace(question, by=by, cumulative=asked.cumulative, filled=asked.fill)


class Cursor(BaseModel):
    """Where a page ended, and the positions all pages are read at."""

    of: str
    """Tells the question."""
    at: Mapping[str, Positions]
    """By generation."""
    after: Place

    @classmethod
    def read(cls, written: str) -> Self:
        """A cursor that a client sends back. Raises ValueError."""
        return cls.model_validate_json(base64.b64decode(written.encode(), altchars=b"-_", validate=True))

    def written(self) -> str:
        """The cursor as a client keeps it."""
        return base64.urlsafe_b64encode(self.model_dump_json().encode()).decode()


def resume(asked: AskedEvents, indicator: Indicator, question: Question, now: Snapshot) -> Cursor:
    """Where a page begins, and the positions it is read at. Raises Problem, and CatchingUp."""
    told = f"{link(indicator, question, events=True)} {asked.known_after}"
    of = blake2b(told.encode(), digest_size=12).hexdigest()
    current = {served.generation: served.positions for served in now.counted_in(indicator).values()}
    if asked.cursor is None:
        return Cursor(of=of, at=current, after=Place())
    try:
        place = Cursor.read(asked.cursor)
    except ValueError:
        raise invalid_parameter("cursor", Said(NOT_A_CURSOR)) from None
    if place.of != of:
        raise refused("cursor-of-another-question", "cursor", sentences.CURSOR_OF_ANOTHER_QUESTION)
    if place.at.keys() != current.keys():
        raise invalid_parameter("cursor", Said(sentences.CURSOR_OF_OTHER_EVENTS))
    for generation, topics in place.at.items():
        for topic, partitions in topics.items():
            here = current[generation].get(topic, {})
            if not partitions or any(not 0 < place <= here.get(number, 0) for number, place in partitions.items()):
                raise invalid_parameter("cursor", Said(sentences.CURSOR_OF_OTHER_EVENTS))
    return place
