"""From an investment to a job that lasts: somebody long out of work is trained for a post that the investment brought.

A hire never changes the unemployment rate: the programme's progress moves when the next quarter is observed.
"""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any, Final

import pytest
from journeys import COMPANY, Calendar, Partner, Programme, joins, running

from devstack.issuer import Issuer
from devstack.mail_server import MailServer

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

BEGINS: Final = date(2024, 2, 5)
CAMILLE: Final = {"family_name": "Exemple", "given_name": "Camille", "born_on": "1988-03-14"}
WELDER: Final = "H2913"
LONG_TERM: Final = {"group": "long_term", "established_on": "2024-02-05", "source": "interview"}
SERIES: Final = "proxy-issoudun"
DEFINITION: Final = {
    "source": "France Travail et Insee",
    "definition": "Demandeurs d'emploi de catégorie A pour 100 actifs résidents",
    "unit": "percent",
}


@pytest.mark.timeout(300)
async def test_a_job_of_an_investment_is_evidenced_by_whoever_was_trained_for_it(
    databases: Callable[[], str],
    kafka: str,
    issuer: Issuer,
    mail_server: MailServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calendar = Calendar(BEGINS, monkeypatch)
    async with running(databases, kafka, issuer, mail_server) as programme:
        network, company = programme.partner("network"), programme.partner("company", company=COMPANY)
        adviser, steering = programme.partner("france_travail"), programme.partner("steering")
        await joins(network)
        await measures(steering)
        await observes(steering, "2023-Q4", seekers=587)
        (baseline,) = await steering.finds(f"employment/v1/labour-observations?labour_series={SERIES}")
        await steering.does(f"employment/v1/labour-observations/{baseline['id']}/choose-baseline")
        await programme.figure("progress_2027", 0)

        investment = await invests(company, network, calendar)
        await programme.told("companies", f"investment-{investment}", *INVESTED)
        vacancy = await opens(company, investment, calendar)
        await programme.figure("vacancies_open", 2)

        path = await accompanies(adviser, calendar)
        await programme.figure("paths_active_long_term", 1)
        enrolment = await trains(programme, adviser, path, calendar)
        (*_, certified) = await programme.told("training.persons", f"enrolment-{enrolment}", *CERTIFIED)
        assert (certified["path"], certified["romes"]) == (path, [WELDER])

        await programme.figure("certification_rate", 1)

        # The adviser is shown why the person could be proposed, and decides.
        ranked = await adviser.reads(f"employment/v1/vacancies/{vacancy}/candidates")
        (candidate,) = ranked["items"]
        assert candidate["path"] == path
        assert {"same_occupation", "skill_certified"} <= {each["code"] for each in candidate["reasons"]}
        hire = await hires(company, adviser, vacancy, enrolment, calendar)
        await programme.figure("hires_long_term", 1)
        await adviser.sees(f"employment/v1/paths/{path}", status="in_job")
        await adviser.sees(f"training/v1/enrolments/{enrolment}", hires=[hire])
        await programme.figure("jobs_evidenced", 0)

        calendar.pass_by(days=190)
        await adviser.sees(f"employment/v1/hires/{hire}", status="to_confirm")
        await company.does(f"employment/v1/hires/{hire}/sustain")
        await network.sees(f"companies/v1/investments/{investment}", jobs_evidenced=1)
        await programme.figure("jobs_evidenced", 1)
        await adviser.sees(f"employment/v1/paths/{path}", status="sustained_6_months")
        await programme.told("companies", f"investment-{investment}", *INVESTED, "JobEvidenced")
        # A hire is no observation.
        await programme.figure("progress_2027", 0)

        calendar.come(date(2025, 4, 15))
        await observes(steering, "2025-Q1", seekers=500)
        rate = await programme.figure("unemployment_proxy", 6.13)
        assert [each["indicator"] for each in rate["targets"]] in ([], ["unemployment_proxy"])
        await programme.figure("full_employment_gap", 1.13)
        # From 7.20 to 6.13, of the way to 5.0.
        await programme.figure("progress_2027", 0.4864)
        pseudonyms = {
            (await adviser.reads(f"employment/v1/paths/{path}"))["seeker"],
            (await adviser.reads(f"training/v1/enrolments/{enrolment}"))["trainee"],
        }
        assert len(pseudonyms) == 2, "no pseudonym crosses services"


INVESTED: Final = (
    "InvestmentAnnounced",
    "InvestmentApproved",
    "InvestmentCommitted",
    "InvestmentStarted",
    "InvestmentCompleted",
)


CERTIFIED: Final = (
    "EnrolmentApplied",
    "EnrolmentAdmitted",
    "EnrolmentBegan",
    "EnrolmentAnswerDue",
    "EnrolmentHoursRecorded",
    "EnrolmentCompleted",
    "EnrolmentCertified",
)


async def measures(steering: Partner) -> None:
    """The programme's proxy, beside which no rate of the town is published."""
    await steering.does(
        "employment/v1/labour-series",
        code=SERIES,
        title="Demandeurs d'emploi rapportés aux actifs, Issoudun",
        kind="proxy_rate",
        area_kind="commune",
        area="36088",
        frequency="quarter",
        counted=["A"],
        **DEFINITION,
    )


async def observes(steering: Partner, period: str, seekers: int) -> None:
    await steering.does(
        "employment/v1/labour-observations",
        labour_series=SERIES,
        period=period,
        active_residents=8_153,
        by_category=[{"category": "A", "seekers": seekers}],
        **DEFINITION,
    )


async def invests(company: Partner, network: Partner, calendar: Calendar) -> str:
    """The company builds a line of its own, for which it needs two people."""
    told: dict[str, Any] = {"title": "Exemple de ligne de soudage", "axis": 6, "amount": 450_000, "jobs_planned": 2}
    announced = await company.does("companies/v1/investments", company=COMPANY, **told)
    path = f"companies/v1/investments/{announced['id']}"
    for verb in ("approve", "commit", "start"):
        await network.does(f"{path}/{verb}")
    calendar.pass_by(days=30)
    await network.does(f"{path}/complete", amount_spent=440_000)
    return str(announced["id"])


async def opens(company: Partner, investment: str, calendar: Calendar) -> str:
    """Its posts are proposed, and the company says what for."""
    (proposed,) = await company.finds(f"employment/v1/vacancies?investment={investment}&status=proposed")
    assert (proposed["posts"], proposed["title"]) == (2, None)
    calendar.pass_by(days=2)
    terms: dict[str, Any] = {"title": "Exemple de soudeur", "rome": WELDER, "contract": "permanent", "weekly_hours": 35}
    await company.does(f"employment/v1/vacancies/{proposed['id']}/open", **terms)
    return str(proposed["id"])


async def accompanies(adviser: Partner, calendar: Calendar) -> str:
    """Somebody who has been out of work for long finds a way to one of the posts."""
    told: dict[str, Any] = {"agency": "france_travail", "seeker": CAMILLE, "residence": "town", "flags": [LONG_TERM]}
    path = (await adviser.does("employment/v1/paths", **told))["id"]
    found: dict[str, Any] = {"needs": ["training"], "romes": [WELDER], "weekly_hours": 35}
    available = str(calendar.today + timedelta(days=1))
    await adviser.does(f"employment/v1/paths/{path}/diagnose", available_from=available, **found)
    await adviser.does(f"employment/v1/paths/{path}/engage")
    return str(path)


async def trains(programme: Programme, adviser: Partner, path: str, calendar: Calendar) -> str:
    """A session at AFPA leads to a certification; the adviser names the path, and nothing else tells who it is."""
    afpa = programme.partner("afpa")
    course = await afpa.does(
        "training/v1/courses",
        title="Exemple de titre de soudeur",
        certification="RNCP35094",
        romes=[WELDER],
        level=3,
        hours=210,
        valid_from="2024-01-01",
        valid_until="2028-12-31",
    )
    await afpa.does("training/v1/rooms", **ROOM)
    await afpa.does("training/v1/rooms/atelier-soudage/enter-service")
    starts = calendar.today + timedelta(days=21)
    session = await afpa.does(
        "training/v1/sessions",
        course=course["id"],
        commune="36088",
        seats=8,
        minimum=1,
        starts_on=str(starts),
        ends_on=str(starts + timedelta(days=60)),
        decision_on=str(starts - timedelta(days=7)),
        room="atelier-soudage",
        slots=[{"weekdays": ["monday", "tuesday"], "starts": "09:00", "ends": "16:00"}],
    )
    await afpa.does(f"training/v1/sessions/{session['id']}/open")
    applied = await adviser.does("training/v1/enrolments", session=session["id"], trainee=CAMILLE, path=path)
    enrolment = f"training/v1/enrolments/{applied['id']}"
    await afpa.does(f"{enrolment}/admit")
    await afpa.sees(f"training/v1/sessions/{session['id']}", enrolments=[applied["id"]])
    await afpa.does(f"training/v1/sessions/{session['id']}/confirm")
    calendar.come(starts)
    await afpa.sees(f"training/v1/sessions/{session['id']}", status="running")
    await afpa.sees(enrolment, status="attending")
    calendar.pass_by(days=62)
    await afpa.sees(f"training/v1/sessions/{session['id']}", status="completed")
    await afpa.sees(enrolment, awaits="outcome")
    await afpa.does(f"{enrolment}/record-hours", month=f"{starts + timedelta(days=31):%Y-%m}", attended=40)
    await programme.figure("trainee_hours", 40)
    await afpa.does(f"{enrolment}/complete")
    await afpa.does(f"{enrolment}/certify", certified_on=str(calendar.today))
    await shows_skill(adviser, path, applied["id"])
    return str(applied["id"])


ROOM: Final[dict[str, Any]] = {
    "code": "atelier-soudage",
    "name": "Exemple d'atelier de soudage",
    "commune": "36088",
    "capacity": 10,
    "area": 120,
    "equipment": ["welding_booths"],
}


async def shows_skill(adviser: Partner, path: str, enrolment: str) -> None:
    """What was certified comes to the path that was named."""
    record = await adviser.sees_that(
        f"employment/v1/paths/{path}", lambda shown: [each["enrolment"] for each in shown["skills"]] == [enrolment]
    )
    assert record["skills"][0]["certification"] == "RNCP35094"


async def hires(company: Partner, adviser: Partner, vacancy: str, enrolment: str, calendar: Calendar) -> str:
    """The person is proposed, accepted and hired; the adviser says which training it came of."""
    application = await adviser.does("employment/v1/applications", vacancy=vacancy, seeker=CAMILLE, flags=[LONG_TERM])
    path = f"employment/v1/applications/{application['id']}"
    await company.is_refused("acceptance-without-start-day", f"{path}/accept")
    first_day = calendar.today + timedelta(days=10)
    await company.does(f"{path}/accept", starts_on=str(first_day))
    await company.sees(f"employment/v1/vacancies/{vacancy}", accepted=[application["id"]])
    (proposed,) = await adviser.finds(f"employment/v1/hires?application={application['id']}&status=proposed")
    calendar.come(first_day)
    hire = f"employment/v1/hires/{proposed['id']}"
    await adviser.does(f"{hire}/confirm", hired_on=str(first_day), enrolment=enrolment)
    return str(proposed["id"])
