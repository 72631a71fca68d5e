"""What happens to a travel survey [enquête déplacements], the stream `travel-survey-<code>`.

It counts how employees come to work, and how far: nobody is named, and no answer says whose employee somebody is.
"""

from typing import Final, Literal

from contracts.category import Category
from contracts.model import Correction, Day, Detail, Event
from contracts.values import Commune, People, ShortText, SomePeople, TravelSurveyCode, Zone

CATEGORY: Final = Category("travel-survey", service="mobility", path="/v1/travel-surveys")

TravelMode = Literal[
    "drove_alone", "carpool", "motorcycle", "bus_or_train", "bike", "scooter", "walk", "remote", "other"
]
"""How somebody comes to work on most days: what the longest part of the way is travelled by. `remote` is working at
home on most days."""
DistanceBand = Literal[
    "under_2_km", "2_to_5_km", "5_to_10_km", "10_to_20_km", "20_to_50_km", "50_km_and_over", "untold"
]
"""From home to work, one way."""
TravelSurveyStatus = Literal["opened", "closed", "published"]
TravelSurveyCorrection = Literal["typing_error", "miscounted", "counted_twice", "late_forms", "other"]


class TravelAnswers(Detail):
    """How many people come to work in a way, from a distance."""

    mode: TravelMode
    distance: DistanceBand
    people: SomePeople


class _TravelSurvey(Event):
    travel_survey: TravelSurveyCode
    commune: Commune
    """Where the people work who are asked, as is the zone."""
    zone: Zone | None
    asked: SomePeople
    """How many people are asked."""
    answered: People
    """How many of them have answered by now."""


class TravelSurveyOpened(_TravelSurvey, version=1):
    """People are asked how they come to work."""

    title: ShortText


class TravelAnswersRecorded(_TravelSurvey, version=1):
    """Some have answered."""

    answers: tuple[TravelAnswers, ...]
    """These alone: they add to what was recorded before."""


class TravelAnswersCorrected(_TravelSurvey, Correction, version=1):
    """Of a way and a distance another number of people had answered."""

    mode: TravelMode
    distance: DistanceBand
    people_before: People
    people: People
    reason: TravelSurveyCorrection


class TravelSurveyAskedCorrected(_TravelSurvey, Correction, version=1):
    """Another number of people had been asked."""

    asked_before: SomePeople
    reason: TravelSurveyCorrection


class TravelSurveyClosed(_TravelSurvey, version=1):
    """Answers are taken no more."""


class TravelSurveyPublished(_TravelSurvey, version=1):
    """What was answered is published, and stays as it is."""

    answers: tuple[TravelAnswers, ...]
    """All of them, each way and distance once."""
    closed_on: Day
