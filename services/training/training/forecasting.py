"""How many people occupations will need, of what is assumed of them and of the seats of sessions. Nothing here does
I/O.

Of each year after the base year, staff being those employed when it begins:

    growth      = staff × growth a year
    retirements = as told for each year, or employed × share of seniors ÷ RETIRING_WITHIN
    turnover    = staff × turnover
    pipeline    = seats × completion × placement
    need        = growth + retirements + turnover − pipeline

Staff grows by the growth a year, and is not rounded on the way. Each of the others is rounded to a hundredth of a
person, half away from zero; the need is the sum of what is so rounded, so that what is shown adds up.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

from contracts.language import Language, Sentence
from contracts.training.forecast import Occupation, OccupationYear
from training.session import Session

RETIRING_WITHIN: Final = 10
"""Years from 55, when somebody counts as a senior, until they have retired: as many retire in each."""
ENDING: Final = ("planned", "open", "confirmed", "running", "completed")
"""The statuses of sessions whose seats count: they are to take place, or did. What is proposed has no day yet, and what
is postponed none any more."""
NOTHING: Final[Mapping[tuple[str, int], "Seats"]] = MappingProxyType({})
_HUNDREDTH: Final = Decimal("0.01")


class Seats(NamedTuple):
    """Seats of sessions that end in a year and lead to an occupation."""

    seats: float = 0.0
    sessions: int = 0


def seats_of(sessions: Iterable[Session]) -> Mapping[tuple[str, int], Seats]:
    """The seats of sessions by occupation and the year in which they end.

    Whoever is trained takes up one occupation: a session that leads to several counts for each with an equal part.
    """
    seats: defaultdict[tuple[str, int], Decimal] = defaultdict(Decimal)
    number: defaultdict[tuple[str, int], int] = defaultdict(int)
    for session in sessions:
        if session.status in ENDING and session.ends_on:
            for rome in session.romes:
                key = rome, session.ends_on.year
                seats[key] += Decimal(session.seats) / len(session.romes)
                number[key] += 1
    return {key: Seats(_rounded(seats[key]), number[key]) for key in seats}


def figures(
    base_year: int, years: int, occupations: Sequence[Occupation], seats: Mapping[tuple[str, int], Seats] = NOTHING
) -> tuple[OccupationYear, ...]:
    """What each occupation needs in each year, by occupation and year."""
    return tuple(
        _figure(each, base_year + ahead, ahead, seats.get((each.rome, base_year + ahead), Seats()))
        for each in sorted(occupations, key=lambda each: each.rome)
        for ahead in range(1, years + 1)
    )


def _figure(occupation: Occupation, year: int, ahead: int, there: Seats) -> OccupationYear:
    employed, rate = Decimal(occupation.employed), _exact(occupation.growth)
    staff = employed * (1 + rate) ** (ahead - 1)
    growth = _rounded(staff * rate)
    if occupation.retirements is None:
        retirements = _rounded(employed * _exact(occupation.senior_share or 0) / RETIRING_WITHIN)
    else:
        retirements = occupation.retirements
    turnover = _rounded(staff * _exact(occupation.turnover))
    pipeline = _rounded(_exact(there.seats) * _exact(occupation.completion) * _exact(occupation.placement))
    return OccupationYear(
        rome=occupation.rome,
        year=year,
        staff=_rounded(staff),
        growth=growth,
        retirements=retirements,
        turnover=turnover,
        seats=there.seats,
        sessions=there.sessions,
        pipeline=pipeline,
        need=_rounded(_exact(growth) + _exact(retirements) + _exact(turnover) - _exact(pipeline)),
    )


def _exact(value: float) -> Decimal:
    """A number as it is written: 0.1 is a tenth."""
    return Decimal(str(value))


def _rounded(value: Decimal) -> float:
    return float(value.quantize(_HUNDREDTH, ROUND_HALF_UP)) + 0.0


PartName = Literal["growth", "retirements", "turnover", "pipeline", "need"]


class Input(NamedTuple):
    """A number that another is made of."""

    name: str
    value: float


class Part(NamedTuple):
    """A part of a need, and what it is made of."""

    name: PartName
    value: float
    inputs: Sequence[Input]
    sentence: Sentence
    """How it is made of these."""

    def told(self, language: Language) -> str:
        """It as people say it."""
        return self.sentence.told(language, value=self.value, **{each.name: each.value for each in self.inputs})


_GROWTH: Final = Sentence(
    "staff of {staff} × {growth:.2%} a year = {value}", "effectif de {staff} × {growth:.2%} par an = {value}"
)
_RETIREMENTS: Final = Sentence("{value} a year, as assumed", "{value} par an, par hypothèse")
_SENIORS: Final = Sentence(
    "{employed} employed × {senior_share:.2%} of 55 or older ÷ {years} years = {value}",
    "{employed} personnes × {senior_share:.2%} de 55 ans ou plus ÷ {years} ans = {value}",
)
_TURNOVER: Final = Sentence(
    "staff of {staff} × {turnover:.2%} = {value}", "effectif de {staff} × {turnover:.2%} = {value}"
)
_PIPELINE: Final = Sentence(
    "{seats} seats of {sessions} sessions × {completion:.2%} completing × {placement:.2%} placed = {value}",
    "{seats} places de {sessions} sessions × {completion:.2%} de réussite × {placement:.2%} de placement = {value}",
)
_NEED: Final = Sentence(
    "{growth} + {retirements} + {turnover} − {pipeline} = {value}",
    "{growth} + {retirements} + {turnover} − {pipeline} = {value}",
)


def explained(occupation: Occupation, figure: OccupationYear) -> Sequence[Part]:
    """What the need of an occupation in a year is made of, and each part in turn."""
    assumed, found = occupation.__dict__, figure.__dict__

    def part(name: PartName, sentence: Sentence, *inputs: Input) -> Part:
        return Part(name, found[name], inputs, sentence)

    def of(told: Mapping[str, float], *names: str) -> Iterable[Input]:
        return (Input(name, told[name]) for name in names)

    if occupation.retirements is None:
        within = Input("years", RETIRING_WITHIN)
        retirements = part("retirements", _SENIORS, *of(assumed, "employed", "senior_share"), within)
    else:
        retirements = part("retirements", _RETIREMENTS)
    return (
        part("growth", _GROWTH, *of(found, "staff"), *of(assumed, "growth")),
        retirements,
        part("turnover", _TURNOVER, *of(found, "staff"), *of(assumed, "turnover")),
        part("pipeline", _PIPELINE, *of(found, "seats", "sessions"), *of(assumed, "completion", "placement")),
        part("need", _NEED, *of(found, "growth", "retirements", "turnover", "pipeline")),
    )
