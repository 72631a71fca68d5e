"""The drill of docs/runbooks.md: servers are lost under load and restored, and it is looked at what became of it all.

`make drill` shows what is done, and how long each step takes.
"""

import asyncio
import shutil
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Final

import asyncpg
import pytest
from programme import backups
from programme.checking import Verdict, judge, settle, topics_of
from programme.clients import Clients, clients_of
from programme.putting_right import (
    Published,
    everything_published,
    is_read_only,
    persons_are_right,
    places_are_kept,
    put_right,
    verified,
)
from programme.running import Programme, accepts, new_folder, refuses, running
from programme.telling import say, step

from devstack.issuer import Issuer
from devstack.running import SERVICES

pytestmark = [pytest.mark.anyio, pytest.mark.long, pytest.mark.timeout(1200)]

BEYOND: Final = 1_000_000
"""A position that none ever was greater than."""
UNHEARD: Final = 5.0
"""Seconds before a disaster in which what was acknowledged may not have been published yet."""
POISON: Final = 123_456
"""What an investment cost that no figure can be made of while the database has a fault."""


@pytest.fixture
def folder() -> Iterator[Path]:
    """One that is gone after the test."""
    folder = new_folder("territory-drill-")
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
async def programme(folder: Path, issuer: Issuer) -> AsyncIterator[Programme]:
    """All services, which nobody has used yet."""
    async with running(folder, issuer) as programme:
        say("PostgreSQL, Kafka and the six services run")
        yield programme


async def test_a_server_is_restored_to_a_point_in_time(programme: Programme) -> None:
    async with clients_of(programme) as clients:
        await clients.works(3)
        await a_message_is_parked(programme, clients)
        async with clients.working():
            backup = await asyncio.to_thread(backups.base_backup, programme)
        await clients.works(2)
        leaving = await clients.trader_joins()
        await backups.name_this_moment(programme, "noon")
        noon = time.monotonic()
        await clients.is_erased(leaving)
        await clients.works(3)
        died = await disaster(programme, clients)
        published = await everything_published(programme)

        await backups.restore(programme, backup, "noon")
        await programme.until(refuses, ("companies", "employment"))
        await is_read_only(clients, leaving)
        await put_right(programme)
        await programme.until(accepts)
        say(f"Commands are taken again {time.monotonic() - died:.0f} s after the disaster")

        verdict = await nothing_is_amiss(programme, clients, published, noon)
        assert (verdict.listed, [each for each in verdict.forgotten if each.answered_at < died - UNHEARD]) == ([], [])
        await repeats_are_recognised(clients, noon)
        await what_was_parked_is_handled(programme)
        await the_programme_goes_on(programme, clients)


async def test_databases_are_restored_from_dumps(programme: Programme) -> None:
    async with clients_of(programme) as clients:
        await clients.works(3)
        # One after the other while work goes on: what services know of each other differs in them.
        noon = time.monotonic()
        async with clients.working():
            dumps = await asyncio.to_thread(backups.dump, programme)
        await clients.works(3)
        async with clients.working():
            await asyncio.sleep(2)
        published = await everything_published(programme)

        programme.end()
        died = time.monotonic()
        await asyncio.to_thread(backups.restore_dumps, programme, dumps)
        programme.begin()
        await programme.until(refuses, ("companies", "employment"))
        await put_right(programme)
        await programme.until(accepts)
        say(f"Commands are taken again {time.monotonic() - died:.0f} s after the services were stopped")

        verdict = await nothing_is_amiss(programme, clients, published, noon)
        assert (verdict.listed, verdict.forgotten) == ([], [])
        await the_programme_goes_on(programme, clients)


async def test_a_replica_that_lagged_is_promoted(programme: Programme) -> None:
    async with clients_of(programme) as clients:
        await clients.works(2)
        replica = await asyncio.to_thread(backups.replica_of, programme)
        await clients.works(2)
        await backups.lag(replica)
        lags = time.monotonic()
        await clients.works(3)
        died = await disaster(programme, clients)
        published = await everything_published(programme)

        await backups.fail_over(programme, replica)
        await programme.until(refuses, ("companies", "employment"))
        await put_right(programme)
        await programme.until(accepts)
        say(f"Commands are taken again {time.monotonic() - died:.0f} s after the disaster")

        verdict = await nothing_is_amiss(programme, clients, published, lags)
        assert (verdict.listed, [each for each in verdict.forgotten if each.answered_at < died - UNHEARD]) == ([], [])
        await the_programme_goes_on(programme, clients)


async def test_kafka_is_lost_and_fills_itself(programme: Programme) -> None:
    async with clients_of(programme) as clients:
        await clients.works(3)
        before = await everything_published(programme)
        await asyncio.to_thread(programme.kafka.kill)
        shutil.rmtree(programme.kafka.folder / "data")
        with step("Kafka is gone, with all its data; commands are taken meanwhile"):
            await clients.works(2)
            assert {each.outcome for each in clients.sent} == {"ok"}
        with step("An empty Kafka, in its place"):
            await asyncio.to_thread(programme.kafka.start)
            await programme.until(accepts)
            await settle(programme)
        verdict = await nothing_is_amiss(programme, clients, before, time.monotonic())
        assert (verdict.listed, verdict.forgotten) == ([], [])
        await the_programme_goes_on(programme, clients)


async def test_figures_are_folded_anew_from_nothing(programme: Programme) -> None:
    async with clients_of(programme) as clients:
        target = await clients.committee_aims()
        await clients.works(3)
        before = await everything_published(programme)
        shown = (await clients.reads("indicators", target)).json()
        with step("The database of the figures is made anew"):
            programme.end(["indicators"])
            await asyncio.to_thread(backups.make_anew, programme, "indicators")
            for command in ("migrate", "reconcile"):
                assert (await programme.command("indicators", command))[0] == 0
            programme.begin(["indicators"])
            await programme.until(accepts, ["indicators"])
            await settle(programme)
        assert (await clients.reads("indicators", target)).json() == shown
        await programme.command("indicators", "chapters", told=3)
        await nothing_is_amiss(programme, clients, before, time.monotonic())


@pytest.mark.parametrize("older", [False, True], ids=["the topics are empty", "the topics are of an older copy"])
async def test_both_are_lost(programme: Programme, *, older: bool) -> None:
    async with clients_of(programme) as clients:
        await clients.works(2)
        copy = programme.folder / "kafka-copy"
        if older:
            programme.kafka.stop()
            shutil.copytree(programme.kafka.folder / "data", copy)
            programme.kafka.start()
            await programme.until(accepts)
        backup = await asyncio.to_thread(backups.base_backup, programme)
        await clients.works(2)
        leaving = await clients.trader_joins()
        await backups.name_this_moment(programme, "noon")
        noon = time.monotonic()
        await clients.is_erased(leaving)
        await clients.works(2)
        died = await disaster(programme, clients)
        programme.kafka.kill()
        shutil.rmtree(programme.kafka.folder / "data")
        if older:
            copy.rename(programme.kafka.folder / "data")

        # What leads would not know that the topics had more.
        programme.end()
        await backups.restore(programme, backup, "noon")
        await asyncio.to_thread(programme.kafka.start)
        if not older:
            status, lines = await programme.command("companies", "reconcile")
            assert (status, "--beyond" in lines[-1]) == (1, True)
        for service in SERVICES:
            status, _ = await programme.command(service, "reconcile", "--beyond", str(BEYOND))
            assert status == 0
        programme.begin()
        await programme.until(accepts)
        await settle(programme)
        say(f"Commands are taken again {time.monotonic() - died:.0f} s after the disaster")

        verdict = await judge(programme, clients)
        say(str(verdict))
        assert (verdict.faults, verdict.listed) == ([], [])
        assert all(each.answered_at > noon for each in verdict.forgotten)
        assert verdict.forgotten
        again = clients.go_back_to(noon)
        assert again
        for person in again:
            assert (await clients.reads(person.service, person.record)).json()["personal"] != {}
            await clients.is_erased(person)
        say(f"{len(again)} persons were known again, and are erased again")
        await the_programme_goes_on(programme, clients)
        new = [each for each in await topics_of(programme, "companies") if each.position > BEYOND]
        assert {each.type for each in new} >= {"CompanyActivated", "InvestmentCompleted"}


async def disaster(programme: Programme, clients: Clients) -> float:
    """The database's server is lost in the middle of work, and clients go on asking. Returns when."""
    async with clients.working():
        await asyncio.sleep(4)
        say("The server of the databases dies, and its disk with it, while everybody works")
        died = time.monotonic()
        await asyncio.to_thread(backups.lose, programme)
        await asyncio.sleep(2)
    return died


async def nothing_is_amiss(programme: Programme, clients: Clients, published: Published, since: float) -> Verdict:
    """Looks at all that must hold, after what had been published and for those who were named before `since`."""
    await settle(programme)
    verdict = await judge(programme, clients)
    say(f"What clients remember: {verdict}")
    assert verdict.faults == []
    await places_are_kept(programme, published)
    assert set((await verified(programme)).values()) == {0}
    await figures_are_right(programme, clients)
    await persons_are_right(programme, clients, since)
    await posts_are_proposed_once(clients)
    return verdict


async def figures_are_right(programme: Programme, clients: Clients) -> None:
    """Figures say what the topics hold: what they said before."""
    status, lines = await programme.command("indicators", "verify", told=1)
    lacks = bool(await parked(programme))
    # They lack what is parked, and are found to.
    assert (status, lines[-1].endswith("no differences")) == ((1, False) if lacks else (0, True))
    counted = {"members": ("companies", "CompanyActivated"), "referrals": ("employment", "PathReferred")}
    for name, (service, event) in counted.items():
        happened = sum(message.type == event for message in await topics_of(programme, service))
        figure = (await clients.reads("indicators", f"/v1/indicators/{name}")).json()
        say(f"    {name}: {figure['value']}")
        assert figure["value"] == happened


async def posts_are_proposed_once(clients: Clients) -> None:
    """What reactions had led to is not there twice, though what they are to was delivered again."""
    for investment in clients.investments:
        found = await clients.reads("employment", f"/v1/vacancies?investment={investment}")
        # One that had not been published is gone.
        shown = await clients.reads("companies", f"/v1/investments/{investment}")
        completed = shown.is_success and shown.json()["status"] == "completed"
        assert len(found.json()["items"]) == int(completed), investment


async def repeats_are_recognised(clients: Clients, since: float) -> None:
    """A client's key is known as long as the store that it was saved with."""
    applied = [each for each in clients.sent if each.path == "/v1/companies" and each.outcome == "ok"]
    before, after = applied[0], next(each for each in applied if each.answered_at > since)
    again = await clients.send(before.service, before.path, before.body, key=before.key)
    assert (again.outcome, again.answer) == ("ok", before.answer)
    again = await clients.send(after.service, after.path, after.body, key=after.key)
    assert (again.outcome, again.answer["type"]) == ("failed", "/companies/problems/company-exists")
    # Of what had its effect under the key, and then a refusal, clients know both.
    clients.sent.remove(again)


async def a_message_is_parked(programme: Programme, clients: Clients) -> None:
    """A fault of the database keeps figures from being made of an investment."""
    connection = await asyncpg.connect(programme.database("indicators"))
    await connection.execute(
        f"""
        CREATE FUNCTION fault() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'of a drill'; END $$;
        CREATE TRIGGER fault BEFORE INSERT ON facts FOR EACH ROW WHEN (NEW.value = {POISON}) EXECUTE FUNCTION fault();
        """
    )
    await connection.close()
    await clients.company_invests(await clients.company_joins(), spent=POISON)
    await settle(programme)
    assert await parked(programme)
    await programme.command("indicators", "dead-letters", "list")


async def parked(programme: Programme) -> list[str]:
    """The names of what could not be handled for the figures."""
    return [row["id"] for row in await programme.fetch("indicators", "SELECT id FROM dead_letters")]


async def what_was_parked_is_handled(programme: Programme) -> None:
    """It was restored with the rest; its cause is taken away."""
    await programme.fetch("indicators", "DROP FUNCTION fault CASCADE")
    for name in await parked(programme):
        status, _ = await programme.command("indicators", "dead-letters", "retry", name)
        assert status == 0
    assert await parked(programme) == []


async def the_programme_goes_on(programme: Programme, clients: Clients) -> None:
    """Work goes on as if nothing had been, and figures with it."""
    await clients.works(2)
    await settle(programme)
    verdict = await judge(programme, clients)
    say(f"The programme goes on: {verdict}")
    assert verdict.faults == []
    assert (await programme.command("indicators", "verify", told=1))[0] == 0
    await posts_are_proposed_once(clients)
