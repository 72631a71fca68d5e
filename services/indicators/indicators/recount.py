"""Every figure counted a second time, another way, so that an error in the declarations shows.

Nothing here uses the declarations, the facts or the event models. Each stream is replayed from its plain JSON to what
it says in the end, corrections made in place, and that is what is counted.
"""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final, Protocol, TypeVar

from contracts.model import FIRST_DAY, PARIS
from indicators.query import ZERO, Answer, Value
from indicators.question import Key, Question
from service.clock import today


@dataclass(frozen=True)
class Happened:
    """One event of a stream, as read from its topic."""

    type: str
    data: Mapping[str, Any]
    recorded_at: datetime

    def day(self, field: str = "effective_on") -> date:
        """A day that the event tells."""
        return date.fromisoformat(self.data[field])


@dataclass(frozen=True)
class Share:
    """What one stream contributes to a figure, on a day."""

    on: date
    told: Mapping[str, Any]
    """What the stream says of itself: company, axis, zone ..."""
    value: Decimal


Streams = Mapping[str, Sequence[Happened]]
"""By stream id, in the order of their versions."""


def recount(name: str, streams: Streams, question: Question) -> Answer:
    """The figure asked for, without its `as_of`."""

    def known(category: str) -> Iterator[Sequence[Happened]]:
        for subject, stream in streams.items():
            if subject.startswith(category):
                yield [event for event in stream if limit is None or event.recorded_at < limit]

    limit = question.known_before
    match name:
        case "cost_per_job":
            return _ratio(recount("invested_productive", streams, question), recount("jobs_created", streams, question))
        case "platform_hours_booked":
            return _flow((share for stream in known("booking-") for share in _booked(stream)), question)
        case "platform_open_hours":
            return _open(known("equipment-"), question)
        case "platform_use":
            until = replace(question, last=question.last or today())
            return _rate(*(recount(f"platform_{each}", streams, until) for each in ("hours_booked", "open_hours")))
        case "platform_companies":
            return _firms(recount("platform_hours_booked", streams, question))
        case "places_offered":
            return _flow((share for stream in known("offer-") for share in _offered(stream)), question)
        case "placements":
            return _flow((share for stream in known("placement-") for share in _placed(stream)), question)
        case "placement_fill_rate":
            return _rate(*(recount(each, streams, question) for each in ("placements", "places_offered")))
        case "host_companies":
            return _firms(recount("placements", streams, question))
        case "host_rate":
            return _rate(*(recount(each, streams, question) for each in ("host_companies", "members")))
    if name in LEVELS:
        return _level(Membership, LEVELS[name], known("company-"), question)
    if name == "vacancies_open":
        return _level(Posts, lambda vacancy: vacancy.left, known("vacancy-"), question)
    if name == "vacancies_filled":
        return _flow((share for stream in known("vacancy-") for share in _filled(stream)), question)
    if name in HIRES:
        return _flow((share for stream in known("hire-") for share in HIRES[name](Hire(stream))), question)
    return _flow((share for stream in known("investment-") for share in FLOWS[name](Investment(stream))), question)


# Levels: a company or a vacancy is replayed event by event, and looked at on the days asked for.


class Replayed(Protocol):
    """A stream at one moment."""

    def replay(self, event: Happened) -> None:
        """What the event changes."""


R = TypeVar("R", bound=Replayed)


@dataclass
class Membership:
    """A company at one moment."""

    active: bool = False
    headcount: Decimal = Decimal(0)

    def replay(self, event: Happened) -> None:
        """What the event changes."""
        if event.type in ("CompanyActivated", "CompanyReinstated", "CompanySuspended", "CompanyLeft"):
            self.active = event.type in ("CompanyActivated", "CompanyReinstated")
        if event.type in ("CompanyActivated", "CompanyReinstated", "HeadcountReported"):
            self.headcount = Decimal(event.data["headcount"])


LEVELS: Final[Mapping[str, Callable[[Membership], Decimal]]] = {
    "members": lambda company: Decimal(company.active),
    "headcount": lambda company: company.headcount if company.active else Decimal(0),
}


def _level(
    begin: Callable[[], R], size: Callable[[R], Decimal], streams: Iterable[Sequence[Happened]], question: Question
) -> Answer:
    histories: list[tuple[list[date], list[Share]]] = []
    for stream in streams:
        replayed = begin()
        moments = []
        for event in stream:
            replayed.replay(event)
            moments.append(Share(event.day(), event.data, size(replayed)))
        moments.sort(key=lambda moment: moment.on)
        histories.append(([moment.on for moment in moments], moments))

    def on(day: date) -> Iterator[Share]:
        for days, moments in histories:
            place = bisect_right(days, day)
            if place and _is_asked(moments[place - 1], question):
                yield Share(day, moments[place - 1].told, moments[place - 1].value)

    now = list(on(question.last or date.max))
    shown = now
    if "month" in question.by:
        first = min((days[0] for days, _ in histories if days), default=date.max)
        shown = [share for day in _months(max(first, question.first or FIRST_DAY), question.last) for share in on(day)]
    excluded = None
    if question.without_largest:
        ranking = sorted((-share.value, share.told["company"]) for share in now if share.value)
        excluded = ranking[0][1] if ranking else None
    return _counted(
        [share for share in now if share.told["company"] != excluded],
        [share for share in shown if share.told["company"] != excluded],
        question,
        excluded,
    )


def _months(first: date, last: date | None) -> Iterator[date]:
    """The last day of each month, or the last day of all."""
    last = min(last or date.max, today())
    while first <= last:
        following = (first.replace(day=28) + timedelta(days=4)).replace(day=1)
        yield min(following - timedelta(days=1), last)
        first = following


# Flows: an investment is replayed to its end, and each of its steps counts on its day.


class Investment:
    """An investment as it stands in the end."""

    def __init__(self, events: Sequence[Happened]) -> None:
        self.days: dict[str, date] = {}
        self.amount = self.spent = 0
        self.grants: dict[tuple[str, str], tuple[date, int]] = {}
        self.payments: dict[tuple[str, str], list[tuple[date, int]]] = defaultdict(list)
        self.repayments: dict[tuple[str, str], list[tuple[date, int]]] = defaultdict(list)
        self.jobs: tuple[Decimal, Decimal] = (Decimal(0), Decimal(0))
        self.hires: dict[str, date] = {}
        self.told = events[0].data if events else {}
        for event in events:
            self.replay(event.type, event, event.data)

    def replay(self, kind: str, event: Happened, data: Mapping[str, Any]) -> None:
        """What the event changes."""
        match kind:
            case "InvestmentAnnounced":
                self.days["announced"], self.amount = event.day(), data["amount"]
            case "InvestmentCommitted":
                self.days["committed"] = event.day()
            case "InvestmentCompleted":
                self.days["completed"], self.spent = event.day(), data["amount_spent"]
            case "InvestmentCancelled":
                self.days["cancelled"] = event.day()
            case "JobsAudited":
                self.days["audited"] = event.day()
                self.jobs = (Decimal(data["created"]), Decimal(data["maintained"]))
            case "JobEvidenced":
                self.hires[data["hire"]] = event.day("evidenced_on")
            case "JobEvidenceCorrected":
                del self.hires[data["hire"]]
            case "GrantAwarded":
                self.grants[data["funder"], data["scheme"]] = (event.day(), data["amount"])
            case "GrantDisbursed":
                self.payments[data["funder"], data["scheme"]].append((event.day(), data["amount"]))
            case "GrantRepaid":
                self.repayments[data["funder"], data["scheme"]].append((event.day(), data["amount"]))
            case "GrantCorrected":
                self.grants[data["funder"], data["scheme"]] = (event.day("awarded_on"), data["amount"])
            case "PaymentCorrected":
                payments = self.payments[data["funder"], data["scheme"]]
                payments[data["payment"] - 1] = (event.day("paid_on"), data["amount"])
            case "RepaymentCorrected":
                repayments = self.repayments[data["funder"], data["scheme"]]
                repayments[data["repayment"] - 1] = (event.day("repaid_on"), data["amount"])
            case "AmountCorrected":
                self.amount = data["amount"]
            case "AmountSpentCorrected":
                self.spent = data["amount_spent"]
            case "DayCorrected":
                self.days[data["step"]] = event.day("day")

    def counted(self, step: str, value: int | Decimal) -> Iterator[Share]:
        """A value on the day of a step, if it was reached."""
        if step in self.days:
            yield Share(self.days[step], self.told, Decimal(value))

    def unless_cancelled(self, step: str, value: int) -> Iterator[Share]:
        """The same, until the day it is cancelled."""
        yield from self.counted(step, value)
        if step in self.days:
            yield from self.counted("cancelled", -value)

    def evidenced(self) -> Iterator[Share]:
        """Each hire that evidences a job."""
        for day in self.hires.values():
            yield Share(day, self.told, Decimal(1))

    def granted(self) -> Iterator[Share]:
        """Each grant; from the day of cancellation on, only what it has paid and not been repaid by then."""
        for grant, (day, value) in self.grants.items():
            told = {**self.told, "funder": grant[0]}
            yield Share(day, told, Decimal(value))
            if cancelled := self.days.get("cancelled"):
                yield Share(cancelled, told, Decimal(sum(paid for _, paid in self.payments[grant]) - value))
                for day, repaid in self.repayments[grant]:
                    yield Share(max(day, cancelled), told, Decimal(-repaid))

    def disbursed(self) -> Iterator[Share]:
        """Each payment, and what was paid back."""
        for sign, made in ((1, self.payments), (-1, self.repayments)):
            for (funder, _), payments in made.items():
                for day, value in payments:
                    yield Share(day, {**self.told, "funder": funder}, Decimal(sign * value))


FLOWS: Final[Mapping[str, Callable[[Investment], Iterable[Share]]]] = {
    "investment_announced": lambda investment: investment.unless_cancelled("announced", investment.amount),
    "investment_committed": lambda investment: investment.unless_cancelled("committed", investment.amount),
    "invested_productive": lambda investment: investment.counted("completed", investment.spent),
    "grants_granted": Investment.granted,
    "grants_disbursed": Investment.disbursed,
    "jobs_created": lambda investment: investment.counted("audited", investment.jobs[0]),
    "jobs_evidenced": Investment.evidenced,
    "jobs_maintained": lambda investment: investment.counted("audited", investment.jobs[1]),
}


def _flow(counted: Iterable[Share], question: Question) -> Answer:
    first, last = question.first or date.min, question.last or date.max
    shares = [share for share in counted if first <= share.on <= last and _is_asked(share, question)]
    return _counted(shares, shares, question)


# The platform: a booking counts by the slot it has in the end, and a machine is looked at on every single day.


def _booked(stream: Sequence[Happened]) -> Iterator[Share]:
    approved: Happened | None = None
    for event in stream:
        if event.type == "BookingApproved":
            approved = event
        elif event.type in ("BookingCancelled", "BookingDisplaced", "BookingPutBack"):
            approved = None
    if approved:
        starts = datetime.fromisoformat(approved.data["starts"]).astimezone(PARIS)
        yield Share(starts.date(), approved.data, Decimal(approved.data["hours"]))


def _open(streams: Iterable[Sequence[Happened]], question: Question) -> Answer:
    first, last = question.first or FIRST_DAY, question.last or today()
    shares: list[Share] = []
    for stream in streams:
        moments: list[Share] = []
        in_service = False
        for event in stream:
            if event.type in ("EquipmentEnteredService", "MaintenanceEnded"):
                in_service = True
            elif event.type in ("MaintenanceBegan", "EquipmentRetired"):
                in_service = False
            week = len(event.data["weekdays"]) * (event.data["closes"] - event.data["opens"])
            moments.append(Share(event.day(), event.data, Decimal(week * in_service)))
        moments.sort(key=lambda moment: moment.on)
        begun = [moment.on for moment in moments]
        begins = max(first, begun[0]) if begun else date.max
        days = (begins + timedelta(days=n) for n in range((last - begins).days + 1))
        held = Counter((bisect_right(begun, day) - 1, day.replace(day=1)) for day in days)
        for (place, month), count in held.items():
            shares.append(Share(month, moments[place].told, moments[place].value * count))
    shares = [share for share in shares if _is_asked(share, question)]
    weekly = _counted(shares, shares, question, contributor="equipment")

    def daily(value: Value) -> Value:
        return replace(value, value=((value.value or Decimal(0)) / 7).quantize(Decimal("0.01"), ROUND_HALF_UP))

    return Answer(daily(weekly.total), {key: daily(cell) for key, cell in weekly.cells.items()})


def _rate(counted: Answer, whole: Answer) -> Answer:
    def share(part: Value, of: Value) -> Value:
        value = ((part.value or 0) / of.value).quantize(Decimal("0.0001"), ROUND_HALF_UP) if of.value else None
        return Value(value, min(part.n, of.n), None)

    cells = {key: share(counted.cells.get(key, ZERO), cell) for key, cell in whole.cells.items()}
    return Answer(share(counted.total, whole.total), cells)


def _firms(answer: Answer) -> Answer:
    def number(value: Value) -> Value:
        return replace(value, value=Decimal(value.n))

    return Answer(number(answer.total), {key: number(cell) for key, cell in answer.cells.items()})


# Employment: a vacancy is replayed by who has its posts, and a hire counts by what it says in the end.


@dataclass
class Posts:
    """A vacancy at one moment."""

    number: int = 0
    accepted: set[str] = field(default_factory=set)
    is_open: bool = False

    def replay(self, event: Happened) -> None:
        """What the event changes."""
        self.number = event.data["posts"]
        match event.type:
            case "VacancyOpened":
                self.is_open = True
            case "VacancyWithdrawn":
                self.is_open = False
            case "PostTaken":
                self.accepted.add(event.data["application"])
            case "PostFreed":
                self.accepted.remove(event.data["application"])

    @property
    def left(self) -> Decimal:
        """How many posts are open."""
        return Decimal(max(0, self.number - len(self.accepted)) if self.is_open else 0)

    @property
    def filled(self) -> bool:
        """Whether none is left of those there were."""
        return self.is_open and not self.left


def _filled(stream: Sequence[Happened]) -> Iterator[Share]:
    vacancy = Posts()
    for event in stream:
        before = vacancy.filled
        vacancy.replay(event)
        if vacancy.filled != before:
            yield Share(event.day(), event.data, Decimal(vacancy.filled - before))


class Hire:
    """A hire as it stands in the end."""

    def __init__(self, events: Sequence[Happened]) -> None:
        self.told = events[-1].data if events else {}
        self.begun = self.sustained = self.cancelled = False
        for event in events:
            self.begun = self.begun or event.type in ("HireConfirmed", "HireRecorded")
            self.cancelled = self.cancelled or event.type == "HireCancelled"
            if event.type in ("HireSustained", "HireOutcomeCorrected"):
                self.sustained = event.type == "HireSustained"

    def of(self, *groups: str) -> Iterator[Share]:
        """It, if it is of one of these groups; without any, whomever it is of."""
        told = {flag["group"] for flag in self.told.get("flags", ())}
        if self.begun and not self.cancelled and (not groups or told & {*groups}):
            yield Share(date.fromisoformat(self.told["hired_on"]), self.told, Decimal(1))

    def lasting(self) -> Iterator[Share]:
        """It, once it has lasted six months."""
        if self.sustained:
            yield Share(date.fromisoformat(self.told["sustained_on"]), self.told, Decimal(1))


HIRES: Final[Mapping[str, Callable[[Hire], Iterable[Share]]]] = {
    "hires": Hire.of,
    "hires_priority": lambda hire: hire.of("long_term", "very_long_term", "senior", "woman", "youth"),
    "hires_long_term": lambda hire: hire.of("long_term"),
    "hires_very_long_term": lambda hire: hire.of("very_long_term"),
    "hires_senior": lambda hire: hire.of("senior"),
    "hires_women": lambda hire: hire.of("woman"),
    "hires_youth": lambda hire: hire.of("youth"),
    "hires_sustained": Hire.lasting,
}


# Young people: an offer counts by the places that it has in the end, and a placement if it is still agreed to then.


def _offered(stream: Sequence[Happened]) -> Iterator[Share]:
    places = taken = 0
    for event in stream:
        places, taken = event.data["places"], event.data.get("taken", taken)
    if stream:
        withdrawn = any(event.type == "OfferWithdrawn" for event in stream)
        yield Share(_monday(stream[0]), stream[0].data, Decimal(taken if withdrawn else places))


def _placed(stream: Sequence[Happened]) -> Iterator[Share]:
    told = {event.type for event in stream}
    if "PlacementApproved" in told and "PlacementCancelled" not in told:
        yield Share(_monday(stream[0]), stream[0].data, Decimal(1))


def _monday(event: Happened) -> date:
    year, week = event.data["week"].split("-W")
    return date.fromisocalendar(int(year), int(week), 1)


# What all end with.


def _is_asked(share: Share, question: Question) -> bool:
    return all(share.told.get(name) == value for name, value in question.where.items())


def _counted(
    total: Iterable[Share],
    shown: Iterable[Share],
    question: Question,
    excluded: str | None = None,
    contributor: str = "company",
) -> Answer:
    def key(share: Share) -> Key:
        return tuple(f"{share.on:%Y-%m}" if name == "month" else share.told[name] for name in question.by)

    whole = _by_contributor(total, lambda _: (), contributor)
    cells = _by_contributor(shown, key, contributor) if question.by else {}
    return Answer(whole.get((), ZERO), {key: value for key, value in cells.items() if value.n}, excluded)


def _by_contributor(shares: Iterable[Share], key: Callable[[Share], Key], contributor: str) -> dict[Key, Value]:
    sizes: dict[Key, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for share in shares:
        sizes[key(share)][share.told[contributor]] += share.value
    return {
        key: Value(sum(each.values(), Decimal(0)), sum(1 for size in each.values() if size), None)
        for key, each in sizes.items()
    }


def _ratio(euros: Answer, jobs: Answer) -> Answer:
    def divided(one: Value, other: Value) -> Value:
        value = None
        if other.value:
            value = ((one.value or 0) / other.value).quantize(Decimal("0.01"), ROUND_HALF_UP)
        return Value(value, min(one.n, other.n), None)

    return Answer(
        divided(euros.total, jobs.total),
        {key: divided(euros.cells[key], jobs.cells[key]) for key in euros.cells.keys() & jobs.cells.keys()},
    )
