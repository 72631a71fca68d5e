"""One trace from a partner's request in one service to what another does because of it, and to the figures of both."""

import asyncio
from collections.abc import Callable

import pytest
from journeys import COMPANY, Calendar, joins, running
from recorded_spans import recorded
from test_journey_of_an_investment import BEGINS, CAMILLE, LONG_TERM

from devstack.issuer import Issuer
from devstack.mail_server import MailServer

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
TRACEPARENT = f"00-{TRACE}-00f067aa0ba902b7-01"
COMPLETES = ("POST /v1/investments/{id}/complete", "investment complete")
PROPOSES = ("react propose-vacancies", "vacancy propose")


@pytest.mark.timeout(300)
async def test_a_trace_goes_through_topics_reactions_and_figures(
    databases: Callable[[], str],
    kafka: str,
    issuer: Issuer,
    mail_server: MailServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calendar = Calendar(BEGINS, monkeypatch)
    with recorded() as spans:
        async with running(databases, kafka, issuer, mail_server) as programme:
            network, company = programme.partner("network"), programme.partner("company", company=COMPANY)
            adviser = programme.partner("france_travail")
            await joins(network)
            told = {"title": "Exemple de ligne", "axis": 6, "amount": 450_000, "jobs_planned": 2}
            announced = await company.does("companies/v1/investments", company=COMPANY, **told)
            path = f"companies/v1/investments/{announced['id']}"
            for verb in ("approve", "commit", "start"):
                await network.does(f"{path}/{verb}")
            calendar.pass_by(days=30)
            await adviser.does(
                "employment/v1/paths", agency="france_travail", seeker=CAMILLE, residence="town", flags=[LONG_TERM]
            )
            headers = {**network.headers, "traceparent": TRACEPARENT}
            answer = await programme.ask("POST", f"{path}/complete", headers, {"amount_spent": 440_000})
            assert answer.is_success, answer.text

            topics = {name: f"{programme.territory}.{name}.v1" for name in ("companies", "employment")}
            done = {span: f"{span} {topics['companies']}" for span in ("send", "process")}
            follows = (*COMPLETES, done["process"], *PROPOSES)
            wanted = {
                (*COMPLETES, "SELECT append_group"),
                (*COMPLETES, done["send"]),
                (*follows, "SELECT append_group"),
                (*follows, f"send {topics['employment']}"),
                (*follows, f"process {topics['employment']}"),
            }
            for _ in range(600):
                if wanted <= spans.ways():
                    break
                await asyncio.sleep(0.1)
            assert wanted <= spans.ways(), sorted(way for way in spans.ways() if way[0] == COMPLETES[0])
        ours = [span for span in spans.all if f"{span.context.trace_id:032x}" == TRACE]
        groups = {
            str((span.attributes or {})["messaging.consumer.group.name"]).removeprefix(f"{programme.territory}.")
            for span in ours
            if span.name == done["process"]
        }
    assert "employment-reactions" in groups
    assert any(group.startswith("indicators") for group in groups), "a figure was folded from the same event"
    (reaction,) = [span for span in ours if span.name == PROPOSES[1]]
    assert dict(reaction.attributes or {}) == {"eventstore.category": "vacancy", "eventstore.decision": "propose"}
    everything = spans.written()
    for planted in (CAMILLE["family_name"], CAMILLE["given_name"], CAMILLE["born_on"], COMPANY, announced["id"]):
        assert planted not in everything, planted
