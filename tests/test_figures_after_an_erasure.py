"""Job seekers are erased, and every figure stays what it was: from the agency's API to the programme's figures."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final

import asyncpg
import pytest
from journeys import COMPANY, Calendar, Partner, running

from devstack.issuer import Issuer
from devstack.mail_server import MailServer
from devstack.running import SERVICES

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

BEGINS: Final = date(2024, 9, 2)
BORN: Final = {"Camille": "1970-03-14", "Sacha": "2003-05-02", "Claude": "1990-11-30"}
TERMS: Final[Mapping[str, Any]] = {"company": COMPANY, "rome": "H2913", "contract": "permanent", "weekly_hours": 35}


def named(name: str) -> dict[str, str]:
    return {"family_name": "Exemple", "given_name": name, "born_on": BORN[name]}


def flag(group: str) -> dict[str, str]:
    return {"group": group, "established_on": BEGINS.isoformat(), "source": "interview"}


@pytest.mark.timeout(240)
async def test_whoever_is_erased_stays_in_every_figure_of_the_days_before(
    databases: Callable[[], str],
    kafka: str,
    issuer: Issuer,
    mail_server: MailServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calendar, made = Calendar(BEGINS, monkeypatch), list[str]()

    def database() -> str:
        made.append(databases())
        return made[-1]

    async with running(database, kafka, issuer, mail_server) as programme:
        agency, analyst = programme.partner("mission_locale"), programme.partner("steering")
        await joins(programme.partner("network"))
        camille = await refers(agency, "Camille", flags=[flag("woman"), flag("senior")])
        sacha = await refers(agency, "Sacha", flags=[flag("youth")])
        claude = await refers(agency, "Claude", residence="elsewhere")
        calendar.pass_by(days=30)
        hire = await agency.does_once_known("company-unknown", "employment/v1/hires", **hired("Camille", calendar))
        await agency.does("employment/v1/hires", **hired("Claude", calendar))
        for path in (camille, claude):
            await agency.sees(f"employment/v1/paths/{path['id']}", status="in_job")
        await agency.does(f"employment/v1/paths/{claude['id']}/exit", reason="in_job")
        calendar.pass_by(days=190)
        await agency.sees(f"employment/v1/hires/{hire['id']}", status="to_confirm")
        await agency.does(f"employment/v1/hires/{hire['id']}/sustain")
        await agency.sees(f"employment/v1/paths/{camille['id']}", status="sustained_6_months")
        await programme.figure("hires_sustained", 1)
        await programme.figure("access_to_employment_6m", 0.6667)
        await programme.figure("paths_active", 2)

        before = calendar.today
        then, now = await figures(analyst, before), await figures(analyst)
        assert {name: now[name]["value"] for name in WHAT_HAPPENED} == WHAT_HAPPENED
        calendar.pass_by(days=1)
        for path in (camille, sacha, claude):
            await agency.does("employment/v1/erasures", person=path["seeker"], reason="request")
            await agency.sees(f"employment/v1/paths/{path['id']}", status="erased")

        # Nobody accompanies them from this day on; that is all that changes, and not on the days before.
        await programme.figure("paths_active", 0)
        for group in ("priority", "senior", "women", "youth"):
            await programme.figure(f"paths_active_{group}", 0)
        assert await figures(analyst, before) == then
        after = await figures(analyst)
        changed = {name for name in after if after[name] != now[name]}
        assert changed == {f"paths_active{group}" for group in ("", "_priority", "_senior", "_women", "_youth")}
        assert {name: after[name]["value"] for name in changed} == dict.fromkeys(changed, 0)

        # Whoever comes back is somebody new, who is not said to have been counted before.
        again = await refers(agency, "Camille")
        assert again["seeker"] != camille["seeker"]
        await programme.figure("referrals", 4)
        await agency.does("employment/v1/hires", **{**hired("Camille", calendar), "contract": "fixed_term"})
        await programme.figure("persons_hired", 3)
        await no_pseudonyms(made[SERVICES.index("indicators")], camille, sacha, claude, again)


WHAT_HAPPENED: Final = {
    "paths_active": 2,
    "paths_active_priority": 2,
    "paths_active_senior": 1,
    "paths_active_women": 1,
    "paths_active_youth": 1,
    "referrals": 3,
    "referrals_over_6m": 3,
    "referrals_to_jobs_6m": 2,
    "days_to_hire": 30,
    "path_exits": 1,
    "persons_hired": 2,
    "persons_hired_priority": 1,
    "persons_hired_senior": 1,
    "persons_hired_women": 1,
    "sustained_rate_6m": 0.5,
}


async def joins(network: Partner) -> None:
    told = {"legal_form": "5710", "naf": "25.62B", "commune": "36088", "zone": "zi-limoise", "headcount": 42.5}
    path = "companies/v1/companies"
    await network.does(path, siret=COMPANY, name="Exemple Usinage de la Théols", **told)
    await network.does(f"{path}/{COMPANY}/activate")


async def refers(agency: Partner, name: str, **more: Any) -> dict[str, Any]:
    told: dict[str, Any] = {"agency": "mission_locale", "residence": "town", "seeker": named(name), **more}
    return await agency.does("employment/v1/paths", **told)


def hired(name: str, calendar: Calendar) -> dict[str, Any]:
    """Priority groups are those that an adviser gives with the hire."""
    groups = [flag("woman"), flag("senior")] if name == "Camille" else []
    return {**TERMS, "seeker": named(name), "hired_on": calendar.today.isoformat(), "flags": groups}


async def figures(analyst: Partner, to: date | None = None) -> dict[str, Any]:
    """What every figure says, by each of its dimensions and by month: of a day, or of now."""
    known = {}
    for entry in (await analyst.reads("indicators/v1/indicators"))["items"]:
        broken_down = "" if entry["kind"] == "series" else f"&by=month,{','.join(entry['dimensions'])}"
        ends = f"to={to}" if to else ""
        asked = f"indicators/v1/indicators/{entry['name']}?{ends}{broken_down}"
        answer = (await analyst.programme.ask("GET", asked, analyst.headers)).json()
        # What is not there has a problem instead, which says so.
        known[entry["name"]] = {
            part: answer.get(part) for part in ("value", "n", "cells", "trend", "type") if part in answer
        }
    return known


async def no_pseudonyms(database: str, *paths: Mapping[str, Any]) -> None:
    """The figures know of no person, by whatever they are known in employment."""
    connection = await asyncpg.connect(database)
    try:
        for table in ("slices", "facts", "latest"):
            rows = await connection.fetch(f"SELECT {table}::text FROM {table}")  # noqa: S608  names of ours
            assert rows or table == "latest"
            for path in paths:
                assert not [row for row in rows if path["seeker"] in row[0]], table
    finally:
        await connection.close()
