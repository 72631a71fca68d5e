"""An API that dies, and answers that are lost: whoever asks again under the same key has one effect."""

import asyncio
import threading
import uuid
from collections import Counter
from collections.abc import Callable, Sequence

import httpx
import pytest
from programme.clients import Answer, Sent
from programme.running import PATIENCE

from devstack.running import SERVICES
from faults.records import RECORDS, begin
from faults.scene import Scene, met

pytestmark = [pytest.mark.anyio, pytest.mark.long, pytest.mark.chosen, pytest.mark.timeout(900)]

WRITERS = 50
REPEATS = 20
STORED = "SELECT count(*) FROM events WHERE metadata ->> 'correlation_id' = $1"


def holding(key: str) -> Callable[[bytes], bool]:
    """What chooses the append of the command of a key: nothing else that goes to a store has it in it."""
    return lambda chunk: key.encode() in chunk


async def effects(scene: Scene, service: str, key: str) -> int:
    """How many events there are of what was sent under a key."""
    ((number,),) = await scene.programme.fetch(service, STORED, key)
    return int(number)


async def until_stored(scene: Scene, service: str, key: str) -> None:
    """Waits until what was sent under a key is in the store."""
    async with asyncio.timeout(PATIENCE):
        while not await effects(scene, service, key):  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def sent_until(
    scene: Scene, service: str, waits: Callable[[Callable[[bytes], bool]], threading.Event]
) -> tuple[str, asyncio.Task[Sent]]:
    """Sends a command to a service at some moment, and returns its key, and its sending, once a proxy that `waits` for
    its append has met it."""
    await asyncio.sleep(scene.chance.uniform(0.2, 2.0))
    key = str(uuid.uuid4())
    is_met = waits(holding(key))
    sending = asyncio.create_task(begin(scene.clients, service, key=key))
    await met(is_met)
    return key, sending


def is_repeated(answer: Answer) -> bool:
    """Whether it says that the command had had its effect before."""
    return answer.headers.get("Idempotency-Replayed") == "true"


async def is_answered_as_it_was(scene: Scene, sent: Sent) -> None:
    """Once more under its key, a command is answered what was read of its record then, byte for byte, whatever became
    of the record since."""
    record, path = RECORDS[sent.service], f"{sent.path}/{sent.answer['id']}"
    read = await scene.clients.reads(sent.service, path)
    await scene.clients.does(sent.service, f"{path}/{record.corrected_by}", record.corrects(1))
    again = await scene.clients.send(sent.service, sent.path, sent.body, key=sent.key)
    assert is_repeated(again.answers[-1])
    assert again.answers[-1].headers["ETag"] == sent.answers[-1].headers["ETag"] == '"1"'
    assert again.answers[-1].body == sent.answers[-1].body == read.content


async def test_an_api_dies_between_its_commit_and_its_answer(scene: Scene) -> None:
    programme = scene.programme

    async def dies(service: str) -> Sent:
        key, sending = await sent_until(scene, service, programme.to_postgres.silence)
        # What it does not read any more it cannot answer.
        programme.processes[service].freeze()
        await until_stored(scene, service, key)
        programme.processes[service].kill()
        programme.begin([service])
        return await sending

    async with scene.busy():
        commands = await asyncio.gather(*map(dies, scene.some()))
    for sent in commands:
        assert (sent.outcome, sent.answers[0].status) == ("ok", None), sent
        assert is_repeated(sent.answers[-1]), sent
        await is_answered_as_it_was(scene, sent)
    await scene.is_whole()


async def test_a_reply_to_a_commit_is_lost(scene: Scene) -> None:
    programme = scene.programme
    keys = {service: str(uuid.uuid4()) for service in SERVICES}
    async with scene.busy():
        await asyncio.sleep(scene.chance.uniform(0.2, 1.0))
        lost = [programme.to_postgres.silence(holding(key)) for key in keys.values()]
        sending = [asyncio.create_task(begin(scene.clients, service, key=key)) for service, key in keys.items()]
        for (service, key), silenced in zip(keys.items(), lost, strict=True):
            await met(silenced)
            await until_stored(scene, service, key)
        # Some are told that the connection is gone, the others wait in vain.
        if scene.chance.random() < 0.5:
            programme.to_postgres.cut()
        commands = await asyncio.gather(*sending)
    for sent in commands:
        assert (sent.outcome, sent.answers[0].status) == ("ok", httpx.codes.SERVICE_UNAVAILABLE), sent
        assert is_repeated(sent.answers[-1]), sent
        await is_answered_as_it_was(scene, sent)
    await scene.is_whole()


async def test_an_api_dies_in_the_middle_of_an_append(scene: Scene) -> None:
    programme = scene.programme

    async def dies(service: str) -> Sent:
        key, sending = await sent_until(scene, service, programme.to_postgres.halve)
        programme.processes[service].kill()
        assert await effects(scene, service, key) == 0
        programme.begin([service])
        return await sending

    async with scene.busy():
        commands = await asyncio.gather(*map(dies, scene.some()))
    for sent in commands:
        assert (sent.outcome, sent.answers[0].status) == ("ok", None), sent
        assert not is_repeated(sent.answers[-1]), "nothing was there of what was cut"
    await scene.is_whole()


async def test_many_write_on_one_stream_and_one_of_them_wins_each_version(scene: Scene) -> None:
    async def write(service: str, other: int) -> None:
        record, clients = RECORDS[service], scene.clients
        begun = await begin(clients, service)
        path, seen = f"{record.path}/{begun.answer['id']}", begun.answers[-1].headers["ETag"]
        for version in (2, 3, 4):
            writers = [
                clients.send(
                    service,
                    f"{path}/{record.corrected_by}",
                    record.corrects(version * WRITERS + number),
                    seen=seen,
                    port=other if number % 2 else None,
                )
                for number in range(WRITERS)
            ]
            answers = [sent.answers[-1] for sent in await asyncio.gather(*writers)]
            assert Counter(each.status for each in answers) == {200: 1, 412: WRITERS - 1}
            (seen,) = [each.headers["ETag"] for each in answers if each.status == httpx.codes.OK]
            assert seen == f'"{version}"'

    async with scene.busy(), scene.beside(scene.some(), "api") as others:
        await asyncio.gather(*(write(service, port) for service, port in others.items()))
    scene.everyone_was_answered()
    await scene.is_whole()


async def test_one_command_is_sent_many_times_at_once(scene: Scene) -> None:
    clients = scene.clients
    async with scene.busy(), scene.beside(scene.some(), "api") as others:
        for service, other in others.items():
            record, key = RECORDS[service], str(uuid.uuid4())
            body, ports = record.begins(), (None, other)
            sendings = [
                clients.send(service, record.path, body, key=key, port=ports[number % 2]) for number in range(REPEATS)
            ]
            commands = await asyncio.gather(*sendings)
            assert [sent.outcome for sent in commands] == ["ok"] * REPEATS
            assert len({sent.answers[-1].body for sent in commands}) == 1, "all have its answer"
            assert Counter(is_repeated(sent.answers[-1]) for sent in commands)[False] <= 1
            assert await effects(scene, service, key) == 1
    scene.everyone_was_answered()
    await scene.is_whole()


async def test_another_command_under_a_key_that_was_used_is_refused(scene: Scene) -> None:
    clients = scene.clients

    async def sent_with(service: str, bodies: Sequence[dict[str, object]], under: str, other: int) -> list[Sent]:
        ports = (None, other)
        return await asyncio.gather(
            *(
                clients.send(service, RECORDS[service].path, body, under=under, port=ports[number % 2])
                for number, body in enumerate(bodies)
            )
        )

    async with scene.busy(), scene.beside(scene.some(), "api") as others:
        for service, other in others.items():
            under, bodies = str(uuid.uuid4()), [RECORDS[service].begins() for _ in range(2)]
            first, second = await sent_with(service, bodies, under, other)
            won, lost = (first, second) if first.outcome == "ok" else (second, first)
            again = await sent_with(service, [lost.body] * 8, under, other)
            assert won.outcome == "ok"
            for sent in (lost, *again):
                assert (sent.outcome, sent.answers[-1].status) == ("failed", 422), sent
                assert await effects(scene, service, sent.key) == 0
    scene.everyone_was_answered()
    await scene.is_whole()
