"""From an immersion to a hire, over two services and Kafka: a job, whose it is, and that this can be undone."""

import asyncio
import uuid
from typing import Any, Final

import httpx
import pytest
from replays import Replay, calling
from test_personal_data import dumped

from devstack.issuer import Issuer
from devstack.prepared import PERSONAL_KEY, prepare
from employment.app import app as employment
from eventstore.postgres.store import Store
from service import clock
from service.documents.rehearsal import rehearse
from youth_events.app import app as youth_events
from youth_events.immersion import Assess, immersions

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

CAMILLE: Final[dict[str, str]] = {"family_name": "Exemple", "given_name": "Camille", "born_on": "1990-05-13"}
ALIX: Final[dict[str, str]] = {**CAMILLE, "given_name": "Alix"}


class Agency:
    """A client of employment, for the agency of the immersion."""

    def __init__(self, client: httpx.AsyncClient, issuer: Issuer, agency: str) -> None:
        token = issuer.token("employment:read employment:write", [agency])
        self._client = client
        self._headers = {"Authorization": f"Bearer {token}"}

    async def post(self, path: str, **body: Any) -> httpx.Response:
        return await self._client.post(f"/v1/{path}", json=body, headers=self._headers)

    async def done(self, path: str, **body: Any) -> dict[str, Any]:
        answer = await self.post(path, **body)
        assert answer.is_success, answer.text
        return dict(answer.json())

    async def find(self, path: str, number: int) -> list[dict[str, Any]]:
        """The records of a list, once there are as many: another service's, or another stream's, come to it."""
        async with asyncio.timeout(30):
            while True:
                answer = await self._client.get(f"/v1/{path}", headers=self._headers)
                assert answer.is_success, answer.text
                items: list[dict[str, Any]] = answer.json()["items"]
                if len(items) == number:
                    return items
                await asyncio.sleep(0.05)


@pytest.mark.timeout(180)
async def test_an_immersion_with_a_job_is_linked_to_a_person_who_is_hired(
    database: str, other_database: str, kafka: str, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    await prepare(database, youth_events.all_migrations)
    await prepare(other_database, employment.all_migrations)
    where = {"kafka_bootstrap": kafka, "territory": f"t{uuid.uuid4().hex[:8]}", "topic_partitions": 2}
    async with (
        calling(youth_events, database, issuer, worker=True, **where) as theirs,
        calling(employment, other_database, issuer, worker=True, **where) as ours,
        Store.open(database, personal_key=PERSONAL_KEY) as store,
    ):
        assessed = rehearse(immersions).steps[Assess]
        replay = Replay(youth_events, theirs, database, store, issuer, monkeypatch)
        immersion = await replay.lead_to(assessed)
        monkeypatch.setattr(clock, "now", lambda: assessed.now)
        state = await replay.read(assessed)
        told = "SELECT state ->> 'beneficiary' FROM streams WHERE stream_id = $1"
        beneficiary = (await store.fetch(told, immersions.stream_id(immersion)))[0][0]
        agency = Agency(ours, issuer, state["agency"])

        (lead,) = await agency.find("hire-leads?status=proposed", 1)
        assert (lead["id"], lead["immersion"]) == (immersion, immersion)
        same = ("company", "naf", "commune", "zone", "agency", "rome", "contract")
        assert [lead[name] for name in same] == [state[name] for name in same]
        assert lead["seeker"] is None

        path = f"hire-leads/{immersion}"
        wrong = await agency.done(f"{path}/link", seeker=ALIX, weekly_hours=28)
        (proposed,) = await agency.find(f"hires?lead={immersion}&status=proposed", 1)
        assert (proposed["seeker"], proposed["weekly_hours"]) == (wrong["seeker"], 28)
        assert (await agency.done(f"{path}/unlink"))["seeker"] is None
        (cancelled,) = await agency.find(f"hires?lead={immersion}&status=cancelled", 1)
        assert (cancelled["id"], cancelled["reason"]) == (proposed["id"], "lead_undone")

        right = await agency.done(f"{path}/link", seeker=CAMILLE, weekly_hours=35)
        (proposed,) = await agency.find(f"hires?lead={immersion}&status=proposed", 1)
        assert proposed["seeker"] == right["seeker"] != wrong["seeker"]
        hired_on = assessed.now.date().isoformat()
        hire = await agency.done(f"hires/{proposed['id']}/confirm", hired_on=hired_on)
        assert (hire["status"], hire["hired_on"]) == ("recorded", hired_on)
        refused = await agency.post(f"{path}/unlink")
        assert refused.json()["type"] == "/employment/problems/hire-stands"
        await agency.find(f"hires?lead={immersion}", 2)

        # The pseudonym of whoever was in the immersion stays in the other service.
        dump = await dumped(other_database)
        assert right["seeker"] in dump
        assert beneficiary not in dump
