"""What follows from what happened: reactions, queues, mirrors, imports and erasures in the middle of faults."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

import httpx
import pytest
from programme.backups import make_anew
from programme.checking import settle, topics_of
from programme.clients import Clients, Queue
from programme.processes import Process
from programme.running import PATIENCE, Programme, accepts, tool

from devstack.host import service_of
from devstack.ports import free_port
from devstack.running import SERVICES
from eventstore.decider import Decider
from faults.scene import Scene
from mobility.service_reservation import service_reservations
from training.enrolment import enrolments

pytestmark = [pytest.mark.anyio, pytest.mark.long, pytest.mark.timeout(900)]

LINES: Final = 1_000
"""Records of an import, each with a line more."""
FIGURES: Final = ("members", "referrals", "investment_announced")
FROZEN: Final = (1.0, 3.0)
"""Seconds that a worker stands still: for some of them others take over."""


@pytest.mark.chosen
async def test_a_reaction_that_is_refused_is_kept_shown_and_done_when_it_is_asked_for_again(scene: Scene) -> None:
    programme, clients, metrics = scene.programme, scene.clients, free_port()
    programme.processes["employment"].stop()
    address = {"PORT": str(programme.ports["employment"]), "METRICS_PORT": str(metrics)}
    mistaken = programme.begin_beside("employment", "all", changes=["with a mistaken rule"], **address)
    programme.processes["employment"] = mistaken
    async with scene.busy():
        await clients.company_invests(await clients.company_joins())
        await asyncio.sleep(scene.chance.uniform(0.5, 1.5))
    await settle(programme)
    _, letters = await programme.command("employment", "dead-letters", "list")
    assert letters
    assert all("ReactionsRefused: Propose on a new vacancy: no-post-left" in letter for letter in letters)
    async with httpx.AsyncClient() as http:
        told = (await http.get(f"http://127.0.0.1:{metrics}/metrics")).text
    (parked,) = [
        line for line in told.splitlines() if line.startswith("eventstore_dead_letters{") and "message" in line
    ]
    assert int(float(parked.split()[-1])) == len(letters)
    assert len([fault for fault in await clients.faults_of_work() if "0 posts" in fault]) == len(letters)
    first, *others = [letter.split("\t")[0] for letter in letters]
    assert (await programme.command("employment", "dead-letters", "retry", first))[0] == 1
    mistaken.stop()
    programme.begin(["employment"])
    for name in (first, *others):
        assert (await programme.command("employment", "dead-letters", "retry", name))[0] == 0
    await programme.until(lambda ready: ready["dead_letters"] == 0, ["employment"])
    await scene.is_whole()


async def test_what_a_service_should_have_done_while_it_was_away_it_does_when_it_is_back(scene: Scene) -> None:
    programme, clients = scene.programme, scene.clients
    company = await clients.company_joins()
    async with scene.busy():
        await asyncio.sleep(scene.chance.uniform(0.3, 1.0))
        programme.processes["employment"].kill()
        investment = await clients.company_invests(company)
        await asyncio.sleep(scene.chance.uniform(1.0, 3.0))
        query = "SELECT count(*) FROM streams WHERE category = 'vacancy' AND state ->> 'investment' = $1"
        assert (await programme.fetch("employment", query, investment))[0][0] == 0
        programme.begin(["employment"])
    await scene.is_whole()


@pytest.mark.chosen
async def test_who_waits_has_what_falls_free_in_order_whatever_becomes_of_workers(scene: Scene) -> None:
    programme, clients, chance = scene.programme, scene.clients, scene.chance
    queues = [await clients.guests_queue(9, places=2), await clients.trainees_queue(9, seats=2)]
    asked = [list(queue.records) for queue in queues]
    workers = [programme.begin_beside(queue.service, "worker") for queue in queues]
    try:
        async with scene.busy(at_once=1), asyncio.TaskGroup() as strikes:
            for _ in range(3):
                for queue, worker in zip(queues, workers, strict=True):
                    strikes.create_task(_strike(scene, queue.service, worker))
                    for _ in range(2):
                        await clients.gives_up(queue, chance.randrange(4))
                        await asyncio.sleep(chance.uniform(0, 0.3))
    finally:
        for worker in workers:
            worker.kill()
    await scene.is_whole()
    assert [len(queue.records) for queue in queues] == [3, 3]
    deciders: Sequence[Decider[Any]] = (service_reservations, enrolments)
    for queue, decider, records in zip(queues, deciders, asked, strict=True):
        assert await _most_at_once(programme, queue, decider, records) == queue.places


async def test_reactions_and_mirrors_survive_kills_and_restarts_of_the_database(scene: Scene) -> None:
    programme, chance = scene.programme, scene.chance
    async with scene.busy():
        for away, back in chance.sample(
            [
                (programme.postgres.kill, programme.postgres.start),
                (programme.postgres.pause, programme.postgres.resume),
                (programme.postgres.stop, programme.postgres.start),
            ],
            2,
        ):
            await asyncio.sleep(chance.uniform(0.3, 1.0))
            killed = chance.sample(("employment", "mobility", "training", "youth-events"), 2)
            for name in killed:
                programme.processes[name].kill()
            await asyncio.to_thread(away)
            await asyncio.sleep(chance.uniform(0.5, 2.0))
            await asyncio.to_thread(back)
            programme.begin(killed)
    assert scene.failed, "nobody noticed"
    await scene.is_whole()


@pytest.mark.chosen
async def test_an_import_whose_workers_are_killed_has_the_effect_of_each_line_once(scene: Scene) -> None:
    programme, clients, chance = scene.programme, scene.clients, scene.chance
    members, stations = clients.companies_to_join(LINES), clients.stations_to_open(LINES)
    lines = {"companies": members.values(), "mobility": stations.values()}
    workers = {service: programme.begin_beside(service, "worker") for service in lines}
    accepted = await asyncio.gather(*(clients.imports(service, commands) for service, commands in lines.items()))
    imports = dict(zip(lines, accepted, strict=True))
    blows = 0
    try:
        async with scene.busy(at_once=1), asyncio.timeout(PATIENCE):
            while running := [
                service for service, path in imports.items() if not await _is_done(clients, service, path)
            ]:
                service = chance.choice(running)
                await _strike(scene, service, workers[service])
                blows += 1
                # Later and later, so that it comes to an end at last.
                await asyncio.sleep(chance.uniform(0, 0.3 * blows))
    finally:
        for worker in workers.values():
            worker.kill()
    assert blows > 1
    await scene.is_whole()
    for service, category, records in (("companies", "company", members), ("mobility", "bike-station", stations)):
        told = (await clients.reads(service, imports[service])).json()
        assert (told["done"], told["refused"]) == (2 * LINES, 0)
        query = "SELECT stream_id, count(*) FROM events WHERE stream_id = ANY ($1::text[]) GROUP BY 1"
        rows = await programme.fetch(service, query, [f"{category}-{record}" for record in records])
        assert Counter(count for _, count in rows) == {2: LINES}
    await scene.figures_are_those_of_the_topics()
    # Others would have to look through all these lines again and again.
    scene.stands = False


async def test_who_is_erased_in_the_middle_of_everything_is_nowhere_and_figures_stay(scene: Scene) -> None:
    programme, clients = scene.programme, scene.clients
    staying = await clients.trader_joins()
    leaving = [await each() for _ in range(2) for each in (clients.trader_joins, clients.seeker_is_referred)]
    async with scene.busy(), asyncio.TaskGroup() as tasks:
        for person in leaving:
            tasks.create_task(clients.is_erased(person))
            tasks.create_task(clients.is_named_again(person))
        for service in ("companies", "employment"):
            tasks.create_task(_refold(programme, service))
        tasks.create_task(_replay(programme, scene.chance.choice(["employment", "youth-events", "training"])))
    # As another, who has the same name.
    for person in leaving:
        await clients.is_erased_again(person)
    await scene.is_whole()
    for service in ("employment", "youth-events", "training"):
        await _replay(programme, service)
    for service in SERVICES:
        await _refold(programme, service)
    await settle(programme)
    await scene.figures_are_those_of_the_topics()
    before = {name: (await clients.shown("indicators", f"/v1/indicators/{name}"))["value"] for name in FIGURES}
    await _fold_anew(programme)
    after = {name: (await clients.shown("indicators", f"/v1/indicators/{name}"))["value"] for name in FIGURES}
    assert after == before
    await scene.is_whole(figures=True)
    everything = {service: await _all_that_is_kept(programme, service) for service in SERVICES}
    assert staying.name in everything["companies"]
    gone = [person.name for person in clients.persons if person.erased]
    assert len(gone) >= len(leaving)
    assert [(name, service) for name in gone for service, kept in everything.items() if name in kept] == []


async def _strike(scene: Scene, service: str, worker: Process) -> None:
    """Kills what answers at a service's address, to be begun again, or freezes the worker beside it."""
    if scene.chance.random() < 0.5:
        scene.programme.processes[service].kill()
        scene.programme.begin([service])
    else:
        worker.freeze()
        await asyncio.sleep(scene.chance.uniform(*FROZEN))
        worker.thaw()


async def _most_at_once(programme: Programme, queue: Queue, decider: Decider[Any], records: Sequence[str]) -> int:
    """How many of a queue had a place at once, at most, by the order in which it all happened."""
    rows = await programme.fetch(
        queue.service,
        "SELECT stream_id, type, schema_version, data FROM events WHERE stream_id = ANY ($1::text[]) ORDER BY position",
        [decider.stream_id(record) for record in records],
    )
    states: dict[str, Any] = {}
    most = 0
    for stream_id, *event in rows:
        states[stream_id] = decider.evolve(states.get(stream_id), decider.decode(*event))
        most = max(most, sum(state.status == queue.has_it for state in states.values()))
    return most


async def _is_done(clients: Clients, service: str, path: str) -> bool:
    try:
        answer = await clients.reads(service, path)
    except httpx.TransportError:
        return False
    return answer.is_success and answer.json()["status"] == "done"


async def _replay(programme: Programme, service: str) -> None:
    """All that others published is handled again by a service that has forgotten that it was, mirrors and reactions."""
    await asyncio.to_thread(programme.processes[service].stop)
    categories = [mirror.category for mirror in service_of(service).mirrors]
    await programme.fetch(service, "DELETE FROM streams WHERE category = ANY ($1::text[])", categories)
    await programme.fetch(service, "DELETE FROM marks")
    programme.begin([service])


async def _refold(programme: Programme, service: str) -> None:
    """All states are folded anew."""
    assert (await programme.command(service, "refold", told=1))[0] == 0


async def _fold_anew(programme: Programme) -> None:
    """The figures, and what their service knows of its own, from nothing but the topics."""
    programme.processes["indicators"].stop()
    await asyncio.to_thread(make_anew, programme, "indicators")
    for command in ("migrate", "reconcile"):
        assert (await programme.command("indicators", command, told=1))[0] == 0
    programme.begin(["indicators"])
    await programme.until(accepts, ["indicators"])
    await settle(programme)


async def _all_that_is_kept(programme: Programme, service: str) -> str:
    """A service's database, topics and logs."""
    dumped = await asyncio.to_thread(tool, "pg_dump", programme.database(service))
    published = [str(message) + message.data.decode() for message in await topics_of(programme, service)]
    return "\n".join([dumped, *published, (programme.folder / f"{service}.log").read_text()])
