"""From a skills campaign to a need that is covered: companies answer, one of them says whom it lacks, the territory
forecasts, a session that the platform proposed is planned, and whoever is certified covers the need."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any, Final

import pytest
from journeys import COMPANY, Calendar, Partner, Programme, joins, running

from contracts.values import sample_siret
from devstack.issuer import Issuer
from devstack.mail_server import MailServer

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

BEGINS: Final = date(2025, 1, 6)
WELDER: Final = "H2913"
OTHERS: Final = tuple(sample_siret(number) for number in (2, 3))
CODE: Final = "gpect-2025"
TRAINEES: Final = tuple(
    {"family_name": "Exemple", "given_name": name, "born_on": "1990-05-13"} for name in ("Alix", "Noa")
)


@pytest.mark.timeout(300)
async def test_what_companies_lack_is_asked_forecast_and_trained_for(
    databases: Callable[[], str],
    kafka: str,
    issuer: Issuer,
    mail_server: MailServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calendar = Calendar(BEGINS, monkeypatch)
    async with running(databases, kafka, issuer, mail_server) as programme:
        network, epci = programme.partner("network"), programme.partner("epci")
        company, afpa = programme.partner("company", company=COMPANY), programme.partner("afpa")
        for siret in (COMPANY, *OTHERS):
            await joins(network, siret)

        await campaigns(programme, network, calendar)
        await programme.told("training.persons", f"skills-campaign-{CODE}", *CAMPAIGN)

        need = await lacks(company, network)
        (gap,) = (await epci.reads(f"training/v1/gaps?rome={WELDER}"))["items"]
        assert (gap["persons"], gap["seats"], gap["uncovered"]) == (2, 0, 2)
        (proposed,) = await afpa.finds(f"training/v1/sessions?status=proposed&need={need}")
        assert (proposed["seats"], proposed["romes"]) == (2, [WELDER])

        first = await forecasts(epci, "Exemple de reprise", calendar.today.year - 1)
        session = await plans(afpa, proposed["id"], calendar)
        second = await forecasts(epci, "Exemple de reprise, avec la session", calendar.today.year - 1)
        compared = await epci.reads(f"training/v1/forecasts/{first}/comparison?with={second}")
        (year,) = [each for each in compared["items"] if each["year"] == calendar.today.year]
        # 2 seats, of whom 90 % are certified and 80 % of these stay.
        assert (year["pipeline"]["ours"], year["pipeline"]["theirs"]) == (1.44, 1.44), "both are drafts, and live"
        await epci.does(f"training/v1/forecasts/{second}/adopt")
        await epci.sees(f"training/v1/forecasts/{second}", status="adopted")
        (gap,) = (await epci.reads(f"training/v1/gaps?rome={WELDER}"))["items"]
        assert (gap["persons"], gap["seats"], gap["uncovered"]) == (2, 2, 0)

        enrolments = await trains(programme, session, calendar)
        await company.sees(f"training/v1/skill-needs/{need}", status="covered", covered=2)
        told = ("SkillNeedDeclared", "SkillNeedQualified", "SkillNeedCovered", "SkillNeedCovered")
        (*_, first_one, covered) = await programme.told("training", f"skill-need-{need}", *told)
        # Streams of persons are read as they come, and not in the order of each other.
        assert {first_one["enrolment"], covered["enrolment"]} == {*enrolments}
        assert covered["uncovered"] == 0
        assert not (await epci.reads(f"training/v1/gaps?rome={WELDER}"))["items"]
        history = await programme.told("training", f"session-{session}", *SESSION)
        assert not any(each["given_name"] in str(history) for each in TRAINEES)

        # A jury takes one back: the company lacks somebody again.
        await afpa.does(f"training/v1/enrolments/{enrolments[-1]}/undo-certification", reason="appeal")
        await company.sees(f"training/v1/skill-needs/{need}", status="partly_covered", covered=1)


CAMPAIGN: Final = (
    "SkillsCampaignDesigned",
    "SkillsCampaignOpened",
    "SkillsCampaignClosed",
    "SkillsCampaignCleaned",
    "SkillsCampaignTabulated",
    "SkillsCampaignPublished",
)
SESSION: Final = (
    "SessionProposed",
    "SessionPlanned",
    "SessionOpened",
    *("SessionSeatTaken",) * 2,
    "SessionConfirmed",
    "SessionBegan",
    "SessionCompleted",
)


async def campaigns(programme: Programme, network: Partner, calendar: Calendar) -> None:
    """Three companies answer. The rules set one answer aside, and whoever runs the campaign restores it."""
    closes = calendar.today + timedelta(days=30)
    asked = [{"college": "companies", "asked": 4}]
    told: dict[str, Any] = {"code": CODE, "title": "Exemple de campagne", "reference_on": "2024-12-31"}
    campaign = f"training/v1/skills-campaigns/{CODE}"
    await network.does("training/v1/skills-campaigns", closes_on=str(closes), colleges=asked, **told)
    await network.does(f"{campaign}/open")
    answers = []
    for number, siret in enumerate((COMPANY, *OTHERS)):
        answer = {"skills_campaign": CODE, "college": "companies", "company": siret}
        of = programme.partner("company", company=siret)
        # The last one tells full-time equivalents.
        workforce = employs(40 if number < 2 else 40.5)
        answers.append(
            await of.does_once_known("not-a-member", "training/v1/campaign-answers", **answer, workforce=workforce)
        )
    wrong = {**employs(40), "pyramid": {**employs(40)["pyramid"], "total": 41}}
    first = programme.partner("company", company=COMPANY)
    answer_path = f"training/v1/campaign-answers/{answers[0]['id']}"
    await first.is_refused("age-pyramid-does-not-add-up", f"{answer_path}/revise", workforce=wrong)
    calendar.come(closes + timedelta(days=1))
    await network.sees(campaign, status="closed")
    aside = f"training/v1/campaign-answers/{answers[-1]['id']}"
    await network.sees(aside, status="set_aside")
    await network.does(f"{aside}/restore", reason="confirmed_by_respondent")
    await network.does_once_known("answers-not-looked-at", f"{campaign}/clean")
    await network.does_once_known("figures-not-ready", f"{campaign}/publish")
    figures = await programme.partner("town_hall").reads(f"{campaign}/figures")
    (college,) = figures["colleges"]
    assert (college["n"], college["non_response"]) == (3, 1)
    (retirements,) = [each for each in figures["figures"] if each["figure"] == "retirements_5y"]
    assert (retirements["value"], retirements["n"]) == (12, 3)
    without = await network.reads(f"{campaign}/figures?without=largest")
    assert without["excluded"] == OTHERS[-1]
    refused = await programme.ask("GET", f"{campaign}/figures?without=largest", first.headers)
    assert refused.status_code == 403


def employs(headcount: float) -> dict[str, Any]:
    bands = {"under_26": 4, "from_26_to_34": 9, "from_35_to_44": 11, "from_45_to_54": 10, "from_55_to_59": 4}
    pyramid = {**bands, "from_60": headcount - sum(bands.values())}
    trade = {"rome": WELDER, "persons": 12, "in_1_year": 13, "in_3_years": 14, "in_5_years": 15, "difficulty": "hard"}
    return {"headcount": headcount, "pyramid": pyramid, "retirements_5y": 4, "occupations": [trade]}


async def lacks(company: Partner, network: Partner) -> str:
    """One of them lacks two welders within a year."""
    told: dict[str, Any] = {"rome": WELDER, "persons": 2, "horizon": 1, "cause": "retirement"}
    await company.is_refused("invalid", "training/v1/skill-needs", company=COMPANY, **{**told, "rome": "Z9999"})
    need = await company.does("training/v1/skill-needs", company=COMPANY, **told)
    await network.does(f"training/v1/skill-needs/{need['id']}/qualify")
    return str(need["id"])


async def forecasts(epci: Partner, title: str, base_year: int) -> str:
    assumed = {"employed": 36, "growth": 0.02, "retirements": 2, "turnover": 0.05, "completion": 0.9, "placement": 0.8}
    sources = [{"assumed": name, "source": "campaign", "reference": CODE} for name in assumed]
    occupation = {"rome": WELDER, **assumed, "sources": sources}
    told = {"title": title, "base_year": base_year, "years": 3, "occupations": [occupation]}
    forecast = await epci.does("training/v1/forecasts", **told)
    explained = await epci.reads(f"training/v1/forecasts/{forecast['id']}/figures")
    year = explained["items"][0]
    parts = {part["name"]: part["value"] for part in year["parts"]}
    assert (parts["growth"], parts["retirements"], parts["turnover"]) == (0.72, 2, 1.8)
    return str(forecast["id"])


async def plans(afpa: Partner, session: str, calendar: Calendar) -> str:
    """AFPA plans what was proposed, in a room that is large enough, with a course that is still valid."""
    course: dict[str, Any] = {
        "title": "Exemple de titre de soudeur",
        "certification": "RNCP35094",
        "romes": [WELDER],
        "hours": 210,
        "valid_from": "2024-01-01",
    }
    old = await afpa.does("training/v1/courses", **course, valid_until="2025-03-01")
    valid = await afpa.does("training/v1/courses", **{**course, "certification": "RNCP40102"}, valid_until="2029-12-31")
    room: dict[str, Any] = {"commune": "36088", "area": 60, "equipment": ["welding_booths"]}
    for code, capacity in (("box", 1), ("atelier", 10)):
        await afpa.does("training/v1/rooms", code=code, name="Exemple de salle", capacity=capacity, **room)
        await afpa.does(f"training/v1/rooms/{code}/enter-service")
    starts = calendar.today + timedelta(days=28)
    timetable: dict[str, Any] = {
        "commune": "36088",
        "seats": 2,
        "minimum": 1,
        "starts_on": str(starts),
        "ends_on": str(starts + timedelta(days=60)),
        "decision_on": str(starts - timedelta(days=7)),
        "slots": [{"weekdays": ["monday", "tuesday"], "starts": "09:00", "ends": "16:00"}],
    }
    path = f"training/v1/sessions/{session}"
    plan = f"{path}/plan-proposed"
    await afpa.is_refused("course-not-valid-then", plan, course=old["id"], room="atelier", **timetable)
    await afpa.is_refused("room-too-small", plan, course=valid["id"], room="box", **timetable)
    await afpa.does(plan, course=valid["id"], room="atelier", **timetable)
    await afpa.does(f"{path}/open")
    return session


async def trains(programme: Programme, session: str, calendar: Calendar) -> list[str]:
    """Two people are trained, and certified."""
    afpa, adviser = programme.partner("afpa"), programme.partner("mission_locale")
    enrolments = []
    for trainee in TRAINEES:
        applied = await adviser.does("training/v1/enrolments", session=session, trainee=trainee)
        enrolments.append(str(applied["id"]))
        await afpa.does(f"training/v1/enrolments/{applied['id']}/admit")
        await afpa.sees(f"training/v1/sessions/{session}", enrolments=enrolments)
    await afpa.does(f"training/v1/sessions/{session}/confirm")
    record = await afpa.reads(f"training/v1/sessions/{session}")
    calendar.come(date.fromisoformat(record["starts_on"]))
    await afpa.sees(f"training/v1/sessions/{session}", status="running")
    calendar.pass_by(days=62)
    await afpa.sees(f"training/v1/sessions/{session}", status="completed")
    for enrolment in enrolments:
        path = f"training/v1/enrolments/{enrolment}"
        await afpa.sees(path, awaits="outcome")
        await afpa.does(f"{path}/complete")
        await afpa.does(f"{path}/certify", certified_on=str(calendar.today))
    return enrolments
