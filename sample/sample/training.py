"""Skills and training: AFPA's rooms and the rehabilitation of its building, courses, sessions and who came, needs of
companies, a campaign and forecasts. All of it is invented.

The platform begins sessions and ends them, and begins the enrolments in them, so what trainees did is told once it has.
Two sessions were planned for needs. For another need nobody planned one, and the platform proposes it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from contracts.employment.hire import CATEGORY as HIRE
from contracts.training.campaign_answer import CATEGORY as ANSWER
from contracts.training.course import CATEGORY as COURSE
from contracts.training.enrolment import CATEGORY as ENROLMENT
from contracts.training.forecast import CATEGORY as FORECAST
from contracts.training.rehabilitation import CATEGORY as REHABILITATION
from contracts.training.room import CATEGORY as ROOM
from contracts.training.session import CATEGORY as SESSION
from contracts.training.skill_need import CATEGORY as NEED
from contracts.training.skills_campaign import CATEGORY as CAMPAIGN
from contracts.values import last_of_month, sample_siret
from sample.employment import HALF_A_YEAR, job_seeker
from sample.story import LAST_DAY, Made, Step, Story

Turn = tuple[date, str, Mapping[str, object]]
"""The day, the command, and its content."""
Told = Mapping[str, object]

OTHER_BODY: Final = sample_siret(120)
"""A training body beside AFPA."""
ISSOUDUN: Final = "36088"


def stories(today: date) -> list[Story]:
    """What became of all of it. Enrolments for the sessions that are after `today` are of that day."""
    return [
        Story("afpa", [*_rooms(), *_courses(), *_rehabilitation()]),
        Story("training", [*_training(), *_forecasts()], follows=True),
        Story("sessions-to-come", [*_to_come(today)], follows=True),
        Story("skills-campaign", [*_campaign(today)], follows=True),
    ]


ROOMS: Final[tuple[tuple[str, Told, tuple[Turn, ...]], ...]] = (
    ("salle-11", {"name": "Exemple Salle 11", "capacity": 14, "area": 48, "equipment": ["projector"]}, ()),
    (
        "salle-12",
        {"name": "Exemple Salle 12", "capacity": 12, "area": 45, "equipment": ["projector", "computers"]},
        (
            (date(2025, 7, 1), "begin-works", {"closed_until": "2025-08-25"}),
            (date(2025, 8, 22), "end-works", {}),
        ),
    ),
    ("salle-14", {"name": "Exemple Salle 14", "capacity": 16, "area": 62, "equipment": ["automation_benches"]}, ()),
    (
        "atelier-soudage",
        {"name": "Exemple Atelier de soudage", "capacity": 16, "area": 220, "equipment": ["welding_booths"]},
        ((date(2024, 9, 2), "correct", {"area": 214, "reason": "measured_again"}),),
    ),
)


def _rooms() -> Iterator[Step]:
    for code, told, turns in ROOMS:
        planned = {"code": code, "commune": ISSOUDUN, **told}
        yield Step(date(2024, 1, 15), ROOM, code, "plan", planned, creates=True)
        yield Step(date(2024, 2, 5), ROOM, code, "enter-service", {})
        yield from (Step(on, ROOM, code, command, said) for on, command, said in turns)


@dataclass(frozen=True)
class Course:
    """A course, of AFPA unless another body is told."""

    name: str
    title: str
    certification: str
    romes: tuple[str, ...]
    level: int
    hours: int
    body: str | None = None


COURSES: Final = (
    Course("welding", "Exemple Soudeur assembleur", "RNCP99001", ("H2913", "H2902"), 3, 560),
    Course("machining", "Exemple Opérateur régleur d'usinage", "RNCP99002", ("H2903",), 3, 600),
    Course("maintenance", "Exemple Technicien de maintenance", "RNCP99003", ("I1304",), 4, 900),
    Course("lines", "Exemple Conducteur de ligne automatisée", "RNCP99004", ("H2906",), 3, 420, OTHER_BODY),
)


def _courses() -> Iterator[Step]:
    for course in COURSES:
        told = {
            "title": course.title,
            "certification": course.certification,
            "romes": [*course.romes],
            "level": course.level,
            "hours": course.hours,
            "valid_from": "2024-01-01",
            "valid_until": "2031-12-31",
        }
        named, acts_for = _of(course.body)
        yield Step(
            date(2024, 3, 4), COURSE, course.name, "register", {**told, **named}, creates=True, acts_for=acts_for
        )


def _of(body: str | None) -> tuple[Told, Mapping[str, str]]:
    """How a training body is named, and whom it acts for."""
    return ({"body": body}, {"training_body": body}) if body else ({}, {})


MILESTONES: Final = (
    ("Exemple Dépôt du permis de construire", date(2025, 4, 14), date(2025, 4, 14)),
    ("Exemple Attribution des marchés", date(2025, 12, 15), date(2025, 12, 19)),
    # This one is late.
    ("Exemple Bâtiment hors d'eau", date(2026, 6, 15), None),
    ("Exemple Réception des travaux", date(2030, 6, 28), None),
)
LINES: Final = (
    ("studies", "epci", 120_000),
    ("project_management", "state", 340_000),
    ("works", "region-centre-val-de-loire", 1_800_000),
    ("works", "state", 1_500_000),
    ("works", "afpa", 600_000),
    ("contingencies", "town_hall", 150_000),
)
COMMITMENTS: Final = (
    (1, "2024-ET-01", 96_000, None, date(2024, 3, 11)),
    (2, "2024-MO-01", 312_000, None, date(2024, 9, 9)),
    (3, "2025-MT-01", 640_000, "structure", date(2025, 12, 19)),
    (3, "2025-MT-02", 520_000, "heating_ventilation", date(2025, 12, 19)),
    (4, "2025-MT-03", 780_000, "facades", date(2025, 12, 19)),
    (4, "2025-MT-04", 410_000, "joinery", date(2026, 1, 9)),
)
"""Of the line, and the lot where it is for works."""
SITUATIONS: Final = (
    (3, 118_000, date(2026, 2, 27)),
    (3, 164_000, date(2026, 3, 31)),
    (4, 61_000, date(2026, 4, 30)),
    (3, 172_000, date(2026, 5, 29)),
    (5, 95_000, date(2026, 6, 26)),
)
"""Works that were accepted, of the commitment."""
PAYMENTS: Final = (
    (1, 60_000, date(2024, 7, 15)),
    (1, 36_000, date(2024, 12, 16)),
    (2, 125_000, date(2025, 5, 19)),
    (3, 118_000, date(2026, 3, 30)),
    (3, 164_000, date(2026, 4, 30)),
    (4, 61_000, date(2026, 5, 29)),
)
ENERGY: Final = ((2023, 612_000), (2024, 588_000), (2025, 571_000))
PHASES: Final = (
    (date(2024, 5, 13), "begin-programme"),
    (date(2024, 9, 16), "begin-outline-design"),
    (date(2025, 1, 13), "begin-detailed-design"),
    (date(2025, 4, 14), "apply-for-permit"),
    (date(2025, 9, 8), "invite-tenders"),
    (date(2026, 1, 12), "begin-works"),
)


def _rehabilitation() -> Iterator[Step]:
    registered = date(2024, 2, 5)
    told: Told = {
        "title": "Exemple Réhabilitation du bâtiment de l'AFPA",
        "building": "Exemple AFPA Issoudun, bâtiment principal",
        "commune": ISSOUDUN,
        "floor_area": 4_200,
        "rehabilitated_area": 3_100,
        "plan": [
            {"phase": "works", "begins_on": "2025-11-03"},
            {"phase": "accepted", "begins_on": "2030-06-28"},
            {"phase": "in_service", "begins_on": "2030-09-02"},
        ],
    }

    def step(on: date, command: str, **body: object) -> Step:
        return Step(on, REHABILITATION, "building", command, body)

    yield Step(registered, REHABILITATION, "building", "register", told, creates=True)
    yield from (step(on, command) for on, command in PHASES)
    yield from (step(registered, "set-line", purpose=p, funder=f, budget=budget) for p, f, budget in LINES)
    for line, reference, amount, lot, on in COMMITMENTS:
        of_lot = {"lot": lot, "supplier": sample_siret(20)} if lot else {}
        yield step(on, "commit", line=line, reference=reference, amount=amount, **of_lot)
    yield from (step(on, "accept-situation", commitment=c, amount=amount) for c, amount, on in SITUATIONS)
    yield from (step(on, "pay", commitment=c, amount=amount) for c, amount, on in PAYMENTS)
    yield step(date(2026, 1, 19), "revise-line", line=4, budget=1_420_000, reason="tender_results")
    yield step(date(2026, 5, 18), "estimate-line", line=3, estimate=1_870_000, reason="unforeseen_works")
    yield step(date(2026, 4, 7), "correct-payment", payment=4, paid_on="2026-03-31", reason="typing_error")
    for number, (title, planned, reached) in enumerate(MILESTONES, 1):
        yield step(registered, "add-milestone", title=title, planned_on=planned.isoformat())
        if reached:
            yield step(reached, "reach-milestone", milestone=number)
    for year, kwh in ENERGY:
        yield step(date(year + 1, 2, 12), "record-energy", year=year, kwh=kwh)
    yield step(date(2024, 2, 19), "choose-reference", year=2023)


@dataclass(frozen=True)
class Need:
    """Whom a company needs, by its number; and what the network said of it, or nothing yet."""

    company: int
    rome: str
    persons: int
    declared: date
    cause: str
    then: tuple[Turn, ...] = ()


NEEDS: Final = (
    Need(5, "H2903", 4, date(2024, 11, 4), "growth", ((date(2024, 11, 18), "qualify", {}),)),
    Need(6, "H2913", 8, date(2025, 5, 5), "turnover", ((date(2025, 5, 19), "qualify", {}),)),
    # For this one the platform proposes a session.
    Need(16, "I1304", 3, date(2026, 4, 13), "retirement", ((date(2026, 4, 27), "qualify", {}),)),
    Need(14, "N1103", 2, date(2026, 3, 2), "growth", ((date(2026, 3, 16), "reject", {"reason": "told_twice"}),)),
    Need(9, "H2906", 4, date(2026, 6, 15), "growth"),
)


@dataclass(frozen=True)
class Trainee:
    """A job seeker, by number, and how it came out: `attends`, `drops`, `failed`, or the situation six months later."""

    seeker: int
    outcome: str
    on_a_path: bool = False


@dataclass(frozen=True)
class Session:
    """A session that has begun: for which need, by its place, if for one; hours attended by month."""

    course: str
    room: str
    starts: date
    ends: date
    seats: int
    hours: Mapping[str, int]
    trainees: tuple[Trainee, ...]
    need: int | None = None

    @property
    def record(self) -> str:
        """What the story calls it."""
        return f"{self.course}-session"

    @property
    def opens(self) -> date:
        """When people can enrol."""
        return self.starts - timedelta(days=45)


SESSIONS: Final = (
    Session(
        "machining", "salle-14", date(2025, 3, 3), date(2025, 6, 20), 8,
        {"2025-03": 140, "2025-04": 147, "2025-05": 133, "2025-06": 98},
        (
            Trainee(50, "employed", on_a_path=True),
            Trainee(51, "employed", on_a_path=True),
            Trainee(52, "employed"),
            Trainee(53, "without_work"),
            Trainee(54, "self_employed"),
            Trainee(55, "drops"),
        ),
        need=0,
    ),
    Session(
        "welding", "atelier-soudage", date(2025, 9, 1), date(2025, 12, 19), 8,
        {"2025-09": 147, "2025-10": 154, "2025-11": 126, "2025-12": 98},
        (
            Trainee(56, "employed", on_a_path=True),
            Trainee(57, "employed"),
            Trainee(58, "in_training"),
            Trainee(59, "employed"),
            Trainee(60, "failed"),
            Trainee(61, "employed"),
            Trainee(62, "drops"),
        ),
        need=1,
    ),
    # This one goes on beyond the last day of the sample.
    Session(
        "maintenance", "salle-14", date(2026, 3, 2), date(2026, 10, 23), 10,
        {"2026-03": 133, "2026-04": 126, "2026-05": 112, "2026-06": 140},
        tuple(Trainee(number, "attends") for number in range(63, 68)),
    ),
)  # fmt: skip
HIRED: Final = (date(2025, 7, 7), date(2026, 1, 12))
"""Of the first trainee of each of the first sessions."""
MORNINGS: Final = [
    {"weekdays": ["monday", "tuesday", "wednesday", "thursday", "friday"], "starts": "08:30", "ends": "12:00"},
]


def _training() -> Iterator[Step]:
    for number, need in enumerate(NEEDS):
        company = {"company": sample_siret(need.company)}
        told = {**company, "rome": need.rome, "persons": need.persons, "horizon": 5, "cause": need.cause}
        yield Step(need.declared, NEED, f"need-{number}", "declare", told, creates=True, acts_for=company)
    for session in SESSIONS:
        yield _planned(session)
    # Told once there are sessions for them, so that the platform proposes none.
    for number, need in enumerate(NEEDS):
        yield from (Step(on, NEED, f"need-{number}", command, said) for on, command, said in need.then)
    for session in SESSIONS:
        yield from _filled(session)
    for session in SESSIONS:
        yield Step(session.starts - timedelta(days=10), SESSION, session.record, "confirm", {})
    for session in SESSIONS:
        for trainee in session.trainees:
            yield from _trained(session, trainee)
    yield from _hired()


def _planned(session: Session) -> Step:
    told: dict[str, object] = {
        "course": Made(session.course, story="afpa"),
        "commune": ISSOUDUN,
        "starts_on": session.starts.isoformat(),
        "ends_on": session.ends.isoformat(),
        # That day is over, so the platform proposes at once to cancel it; no step is told of a day before that.
        "decision_on": session.opens.isoformat(),
        "room": session.room,
        "slots": MORNINGS,
        "seats": session.seats,
        "minimum": 4,
    }
    if session.need is not None:
        told["need"] = Made(f"need-{session.need}")
    return Step(session.opens - timedelta(days=45), SESSION, session.record, "plan", told, creates=True)


def _filled(session: Session) -> Iterator[Step]:
    """It is open, and has those who are to come."""
    yield Step(session.opens, SESSION, session.record, "open", {})
    for trainee in session.trainees:
        yield from _enrolled(Made(session.record), trainee, session.opens + timedelta(days=10))


def _enrolled(session: Made, trainee: Trainee, on: date | None, answer: str = "admit") -> Iterator[Step]:
    record = _record(trainee)
    path = {"path": Made(f"path-{trainee.seeker}", story="paths")} if trainee.on_a_path else {}
    applied = {"session": session, "trainee": job_seeker(trainee.seeker), **path}
    yield Step(on, ENROLMENT, record, "apply", applied, creates=True)
    yield Step(on and on + timedelta(days=7), ENROLMENT, record, answer, {})


def _record(trainee: Trainee) -> str:
    return f"enrolment-{trainee.seeker}"


def _trained(session: Session, trainee: Trainee) -> Iterator[Step]:
    """What somebody attended, and how it came out."""
    record = _record(trainee)
    left = session.starts + timedelta(days=25) if trainee.outcome == "drops" else None
    for month, hours in session.hours.items():
        over = min(last_of_month(month), session.ends)
        attended = hours - 7 * (trainee.seeker % 3)
        if left is None or over <= left:
            yield Step(over, ENROLMENT, record, "record-hours", {"month": month, "attended": attended}, waits=True)
    if left:
        dropped = {"ended_on": left.isoformat(), "reason": "family_reasons"}
        yield Step(left, ENROLMENT, record, "drop", dropped, waits=True)
        return
    if trainee.outcome == "attends":
        return
    yield Step(session.ends, ENROLMENT, record, "complete", {})
    jury = session.ends + timedelta(days=14)
    if trainee.outcome == "failed":
        yield Step(jury, ENROLMENT, record, "record-not-certified", {"decided_on": jury.isoformat()})
        return
    yield Step(jury, ENROLMENT, record, "certify", {"certified_on": jury.isoformat()})
    asked = session.ends + HALF_A_YEAR
    yield Step(asked, ENROLMENT, record, "follow-up", {"situation": trainee.outcome})


def _hired() -> Iterator[Step]:
    """Companies whose needs sessions were for hire the first who was trained for each; one hire has lasted."""
    for session, hired in zip(SESSIONS, HIRED, strict=False):
        assert session.need is not None
        first, need = session.trainees[0], NEEDS[session.need]
        record, company = f"hire-{first.seeker}", {"company": sample_siret(need.company)}
        told = {
            **company,
            "seeker": job_seeker(first.seeker),
            "hired_on": hired.isoformat(),
            "rome": need.rome,
            "contract": "permanent",
            "weekly_hours": 35,
            "enrolment": Made(_record(first)),
        }
        yield Step(hired, HIRE, record, "record", told, creates=True)
        if hired + HALF_A_YEAR <= LAST_DAY:
            yield Step(hired + HALF_A_YEAR, HIRE, record, "sustain", {}, acts_for=company)


def _to_come(today: date) -> Iterator[Step]:
    """One that is full, and for which somebody waits; and one of the other body, that is planned."""
    starts = today + timedelta(days=60)
    told = {
        "course": Made("machining", story="afpa"),
        "commune": ISSOUDUN,
        "starts_on": starts.isoformat(),
        "ends_on": (starts + timedelta(days=100)).isoformat(),
        "decision_on": (starts - timedelta(days=20)).isoformat(),
        "room": "salle-11",
        "slots": MORNINGS,
        "seats": 4,
        "minimum": 4,
    }
    yield Step(None, SESSION, "open", "plan", told, creates=True)
    yield Step(None, SESSION, "open", "open", {})
    for seeker in range(68, 72):
        yield from _enrolled(Made("open"), Trainee(seeker, "attends"), None)
    yield from _enrolled(Made("open"), Trainee(72, "attends"), None, "queue")
    named, acts_for = _of(OTHER_BODY)
    elsewhere = {
        **{name: value for name, value in told.items() if name != "room"},
        **named,
        "course": Made("lines", story="afpa"),
        "starts_on": (starts + timedelta(days=60)).isoformat(),
        "ends_on": (starts + timedelta(days=160)).isoformat(),
        "seats": 12,
        "minimum": 6,
    }
    yield Step(None, SESSION, "planned", "plan", elsewhere, creates=True, acts_for=acts_for)


CODE: Final = "exemple-gpect-2026"
Trades = tuple[tuple[str, int, int, int, int, str], ...]
"""Occupation, persons today and in one, three and five years, and how hard recruiting is."""
COMPANIES: Final[tuple[tuple[int, float, Trades], ...]] = (
    (0, 1_286, (("H2903", 84, 88, 96, 100, "hard"), ("I1304", 41, 43, 46, 48, "very_hard"))),
    (3, 102, (("H2906", 36, 37, 39, 40, "some"), ("I1304", 6, 6, 7, 8, "hard"))),
    (5, 76, (("H2903", 38, 41, 45, 48, "very_hard"), ("I1304", 3, 3, 4, 4, "hard"))),
    (6, 46, (("H2913", 17, 19, 22, 24, "very_hard"), ("H2902", 9, 10, 11, 12, "hard"))),
    (9, 92, (("H2906", 40, 42, 44, 45, "some"), ("I1304", 5, 5, 6, 6, "hard"))),
    (12, 34, (("H2903", 21, 22, 23, 24, "hard"),)),
    (16, 31, (("I1304", 19, 20, 22, 23, "hard"), ("H2913", 4, 4, 5, 5, "hard"))),
    (24, 38, (("H2913", 8, 9, 10, 11, "hard"), ("H2903", 7, 8, 9, 10, "hard"))),
    # Full-time equivalents were told where persons were asked for.
    (17, 25.5, (("H2913", 2, 2, 2, 2, "some"),)),
)
RESTORED: Final = 24
"""Whose retirements were more than those who are 55: some retire earlier, as the company has confirmed."""
PRIORITIES: Final = (
    ("economic_actors", "chambre", ("high", "high", "medium")),
    ("economic_actors", "club", ("high", "medium", "high")),
    ("economic_actors", "agence", ("high", "high", "low")),
    ("unions", "union-a", ("high", "high", "medium")),
    ("unions", "union-b", ("medium", "high", "high")),
    ("unions", "union-c", ("high", "low", "high")),
)
"""For the three occupations that follow."""
ASKED_ABOUT: Final = ("H2903", "H2913", "I1304")


def _campaign(today: date) -> Iterator[Step]:
    """It was closed before its last day, as whoever was to answer had."""
    colleges = (("companies", 30), ("training_bodies", 4), ("economic_actors", 5), ("unions", 4))
    told = {
        "code": CODE,
        "title": "Exemple Emplois et compétences de l'industrie, 2026",
        "reference_on": "2025-12-31",
        "closes_on": (max(today, LAST_DAY) + timedelta(days=30)).isoformat(),
        "colleges": [{"college": college, "asked": asked} for college, asked in colleges],
    }
    yield Step(date(2026, 1, 12), CAMPAIGN, CODE, "design", told, creates=True)
    yield Step(date(2026, 2, 2), CAMPAIGN, CODE, "open", {})
    answered, looked_at = date(2026, 2, 16), date(2026, 4, 13)
    for number, headcount, trades in COMPANIES:
        company = {"company": sample_siret(number)}
        said: Told = {"college": "companies", **company, "workforce": _workforce(number, headcount, trades)}
        yield _answer(answered, f"company-{number}", said, acts_for=company)
    for number in range(3):
        courses = [{"rome": rome, "seats": 8 + 2 * number} for rome in ASKED_ABOUT]
        body = {"training_body": sample_siret(120 + number)}
        said = {"college": "training_bodies", **body, "courses": courses}
        yield _answer(answered + timedelta(days=7), f"body-{number}", said, acts_for=body)
    for college, respondent, priorities in PRIORITIES:
        views = [{"rome": r, "priority": p} for r, p in zip(ASKED_ABOUT, priorities, strict=True)]
        said = {"college": college, "respondent": respondent, "trades": views}
        yield _answer(answered + timedelta(days=14), respondent, said)
    yield Step(date(2026, 3, 31), CAMPAIGN, CODE, "close", {})
    confirmed = {"reason": "confirmed_by_respondent"}
    yield Step(looked_at, ANSWER, f"company-{RESTORED}", "restore", confirmed, waits=True)
    yield Step(looked_at + timedelta(days=7), CAMPAIGN, CODE, "clean", {}, waits=True)
    yield Step(date(2026, 5, 4), CAMPAIGN, CODE, "publish", {}, waits=True)


def _answer(on: date, record: str, said: Told, acts_for: Mapping[str, str] | None = None) -> Step:
    return Step(on, ANSWER, record, "answer", {"skills_campaign": CODE, **said}, creates=True, acts_for=acts_for or {})


def _workforce(number: int, headcount: float, trades: Trades) -> Told:
    persons = int(headcount)
    shares = (("under_26", 8), ("from_26_to_34", 18), ("from_35_to_44", 27), ("from_45_to_54", 27), ("from_60", 5))
    pyramid = {band: persons * percent // 100 for band, percent in shares}
    seniors = persons - sum(pyramid.values())
    return {
        "headcount": headcount,
        "pyramid": {**pyramid, "from_55_to_59": seniors},
        "retirements_5y": persons * (28 if number == RESTORED else 11) // 100,
        "occupations": [
            dict(zip(("rome", "persons", "in_1_year", "in_3_years", "in_5_years", "difficulty"), trade, strict=True))
            for trade in trades
        ],
        "obstacles": ["few_candidates", "lack_of_skills"],
        "skills": ["machining", "maintenance"],
    }


ASSUMED: Final = (
    # Employed, growth, retirements a year, turnover.
    ("H2903", 210, 0.02, 6, 0.05),
    ("H2913", 95, 0.015, 3, 0.06),
    ("I1304", 130, 0.02, 5, 0.04),
    ("H2906", 160, 0.005, 4, 0.05),
)
SOURCES: Final[Mapping[str, str]] = {
    "employed": "insee",
    "growth": "expert",
    "retirements": "companies",
    "turnover": "companies",
    "completion": "training_bodies",
    "placement": "france_travail",
}


def _forecasts() -> Iterator[Step]:
    """One that is adopted, and a draft that assumes slower growth."""
    steady = _assumed("Exemple Reprise régulière", slower=0.0)
    yield Step(date(2026, 3, 9), FORECAST, "steady", "draft", steady, creates=True)
    yield Step(date(2026, 3, 30), FORECAST, "steady", "adopt", {})
    slow = _assumed("Exemple Reprise lente", slower=0.01)
    yield Step(date(2026, 6, 8), FORECAST, "slow", "draft", slow, creates=True)


def _assumed(title: str, *, slower: float) -> Mapping[str, Any]:
    return {
        "title": title,
        "base_year": 2025,
        "years": 5,
        "occupations": [
            {
                "rome": rome,
                "employed": employed,
                "growth": round(growth - slower, 3),
                "retirements": retirements,
                "turnover": turnover,
                "completion": 0.85,
                "placement": 0.7,
                "sources": [{"assumed": assumed, "source": source} for assumed, source in SOURCES.items()],
            }
            for rome, employed, growth, retirements, turnover in ASSUMED
        ],
    }
