"""Travel surveys [enquêtes déplacements]: how the employees of a zone come to work, and from how far (axis 2).

The network or the community of communes asks a number of people, records what they answer as counts by way and
distance, closes the survey and publishes it. Until then what was miscounted is corrected; what is published stays.

How many were asked is kept beside how many answered, so that it is known who did not. No answer says whose employee
somebody is: in a small company the way and the distance would tell who.
"""

from collections.abc import Iterable
from typing import Annotated, Final, get_args

from pydantic import Field, JsonValue

from contracts.mobility.travel_survey import (
    CATEGORY,
    DistanceBand,
    TravelAnswers,
    TravelAnswersCorrected,
    TravelAnswersRecorded,
    TravelMode,
    TravelSurveyAskedCorrected,
    TravelSurveyClosed,
    TravelSurveyCorrection,
    TravelSurveyOpened,
    TravelSurveyPublished,
    TravelSurveyStatus,
)
from contracts.model import Day
from contracts.values import (
    Commune,
    EnteredCommune,
    EnteredText,
    EnteredZone,
    People,
    ShortText,
    SomePeople,
    TravelSurveyCode,
    Zone,
)
from eventstore.decider import Command, Decider, State, tell
from eventstore.finding import Finding
from eventstore.refusal import Refusal

MODES: Final[tuple[TravelMode, ...]] = get_args(TravelMode)
BANDS: Final[tuple[DistanceBand, ...]] = get_args(DistanceBand)
SURVEYING: Final = ("network", "epci")
NOT_PUBLISHED: Final = ("opened", "closed")

_ANSWERS: Final[JsonValue] = [
    {"mode": "drove_alone", "distance": "10_to_20_km", "people": 14},
    {"mode": "bike", "distance": "2_to_5_km", "people": 3},
]


class EnteredAnswers(TravelAnswers, extra="forbid"):
    """How many people come to work in a way, from a distance, as it is entered."""

    def recorded(self) -> TravelAnswers:
        """As events tell it."""
        return TravelAnswers(mode=self.mode, distance=self.distance, people=self.people)


class Open(Command):
    """People are asked how they come to work."""

    code: TravelSurveyCode
    """What the survey is known by; it stays."""
    title: Annotated[EnteredText, Field(examples=["Déplacements domicile-travail, ZI la Limoise, 2026"])]
    commune: EnteredCommune
    """Where the people work who are asked."""
    zone: EnteredZone | None = None
    """The business zone in which they do, if it is one."""
    asked: Annotated[SomePeople, Field(examples=[420])]
    """How many people are asked."""


class RecordAnswers(Command):
    """Some have answered: they are counted beside those before."""

    answers: Annotated[
        tuple[EnteredAnswers, ...], Field(min_length=1, max_length=len(MODES) * len(BANDS), examples=[_ANSWERS])
    ]
    """Each way and distance once."""


class CorrectAnswers(Command):
    """Of a way and a distance another number of people has answered, in all."""

    mode: TravelMode
    distance: DistanceBand
    people: Annotated[People, Field(examples=[13])]
    reason: TravelSurveyCorrection


class CorrectAsked(Command):
    """Another number of people was asked."""

    asked: Annotated[SomePeople, Field(examples=[410])]
    reason: TravelSurveyCorrection


class Close(Command):
    """Answers are taken no more."""


class Publish(Command):
    """What was answered can be read by everybody, and stays as it is."""


class TravelSurvey(State):
    """A survey of how people come to work."""

    travel_survey: TravelSurveyCode
    title: ShortText
    commune: Commune
    zone: Zone | None
    status: TravelSurveyStatus
    asked: SomePeople
    answered: People
    """How many of those who were asked."""
    answers: tuple[TravelAnswers, ...] = ()
    """How many people by way and distance, as far as there are any."""
    opened_on: Day
    closed_on: Day | None = None
    published_on: Day | None = None
    corrected_on: Day | None = None

    def people(self, mode: TravelMode, distance: DistanceBand) -> int:
        """How many have answered this."""
        return sum(each.people for each in self.answers if (each.mode, each.distance) == (mode, distance))


ANSWER_TWICE = Refusal(
    "answer-twice",
    "{mode} from {distance} is told twice: add them up",
    "« {mode} » de « {distance} » est donné deux fois : additionnez",
    at="answers",
    mode=TravelMode,
    distance=DistanceBand,
)
MORE_ANSWERS_THAN_ASKED = Refusal(
    "more-answers-than-asked",
    "{answered} people would have answered, and {asked} were asked",
    "{answered} personnes auraient répondu, pour {asked} interrogées",
    answered=int,
    asked=SomePeople,
)
NOBODY_ANSWERED = Refusal(
    "nobody-answered",
    "nobody has answered: there is nothing to publish",
    "personne n'a répondu : il n'y a rien à publier",
)
CORRECTED_BEFORE_IT_OPENED = Refusal(
    "corrected-before-it-opened",
    "the survey was opened on {opened_on}, and is not corrected before that, on {on}",
    "l'enquête a été ouverte le {opened_on} et ne se rectifie pas avant, le {on}",
    at="on",
    on=Day,
    opened_on=Day,
)

travel_surveys = Decider(
    CATEGORY.name,
    TravelSurvey,
    identified_by="code",
    final="published",
    finding=Finding(
        found_by=("status", "commune", "zone"),
        sorted_by=("opened_on", "closed_on", "published_on", "answered"),
        searched_by=("title", "travel_survey"),
    ),
)


@travel_surveys.creates(by=SURVEYING, to="opened", day="opened_on")
def open_it(command: Open) -> TravelSurveyOpened:
    return tell(TravelSurveyOpened, command, travel_survey=command.code, answered=0)


@travel_surveys.decides(by=SURVEYING, when="opened")
def record_answers(survey: TravelSurvey, command: RecordAnswers) -> TravelAnswersRecorded:
    answers = _with((), command.answers)
    if len(answers) < len(command.answers):
        seen = [(each.mode, each.distance) for each in command.answers]
        mode, distance = next(each for place, each in enumerate(seen) if each in seen[:place])
        raise ANSWER_TWICE(mode=mode, distance=distance)
    answered = _possible(survey.answered + _people(answers), survey.asked)
    return tell(TravelAnswersRecorded, command, survey, answers=answers, answered=answered)


@travel_surveys.decides(by=SURVEYING, when=NOT_PUBLISHED)
def correct_answers(survey: TravelSurvey, command: CorrectAnswers) -> TravelAnswersCorrected | tuple[()]:
    before = survey.people(command.mode, command.distance)
    if command.people == before:
        return ()
    _check_corrected(survey, command)
    answered = _possible(survey.answered + command.people - before, survey.asked)
    return tell(TravelAnswersCorrected, command, survey, people_before=before, answered=answered)


@travel_surveys.decides(by=SURVEYING, when=NOT_PUBLISHED, takes=("asked",), day="corrected_on")
def correct_asked(survey: TravelSurvey, command: CorrectAsked) -> TravelSurveyAskedCorrected | tuple[()]:
    if command.asked == survey.asked:
        return ()
    _check_corrected(survey, command)
    _possible(survey.answered, command.asked)
    return tell(TravelSurveyAskedCorrected, command, survey)


travel_surveys.steps(Close, TravelSurveyClosed, by=SURVEYING, when="opened", to="closed", day="closed_on")


@travel_surveys.decides(by=SURVEYING, when="closed", to="published", day="published_on")
def publish(survey: TravelSurvey, command: Publish) -> TravelSurveyPublished:
    if not survey.answered:
        raise NOBODY_ANSWERED()
    return tell(TravelSurveyPublished, command, survey)


@travel_surveys.evolves
def _(survey: TravelSurvey, event: TravelAnswersRecorded) -> TravelSurvey:
    return survey.after(event, answers=_with(survey.answers, event.answers), answered=event.answered)


@travel_surveys.evolves
def _(survey: TravelSurvey, event: TravelAnswersCorrected) -> TravelSurvey:
    others = [each for each in survey.answers if (each.mode, each.distance) != (event.mode, event.distance)]
    right = [TravelAnswers(mode=event.mode, distance=event.distance, people=event.people)] if event.people else []
    return survey.after(event, answers=_with(others, right), answered=event.answered, corrected_on=event.effective_on)


def _with(answers: Iterable[TravelAnswers], more: Iterable[TravelAnswers]) -> tuple[TravelAnswers, ...]:
    """Answers added up, in the order of the ways and the distances."""
    people: dict[tuple[TravelMode, DistanceBand], int] = {}
    for each in (*answers, *more):
        people[each.mode, each.distance] = people.get((each.mode, each.distance), 0) + each.people
    return tuple(
        TravelAnswers(mode=mode, distance=distance, people=people[mode, distance])
        for mode in MODES
        for distance in BANDS
        if (mode, distance) in people
    )


def _people(answers: Iterable[TravelAnswers]) -> int:
    return sum(each.people for each in answers)


def _possible(answered: int, asked: int) -> int:
    """How many have answered. Raises Rejected where these are more than were asked."""
    if answered > asked:
        raise MORE_ANSWERS_THAN_ASKED(answered=answered, asked=asked)
    return answered


def _check_corrected(survey: TravelSurvey, command: Command) -> None:
    if command.on < survey.opened_on:
        raise CORRECTED_BEFORE_IT_OPENED(on=command.on, opened_on=survey.opened_on)
