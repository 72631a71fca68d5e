"""What ops do after a disaster, by docs/runbooks.md, and what must hold once they have."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

import httpx

from devstack.running import SERVICES
from eventstore.kafka.envelope import Message
from programme.checking import settle, topics_of
from programme.clients import Clients, Person
from programme.running import Programme, accepts, refuses, tool
from programme.telling import say, step

STORES: Final = tuple(name for name in SERVICES if name != "indicators")
"""Whose command `verify` looks at its store alone."""

Published = Mapping[str, Sequence[Message]]
"""By service, what its topics held."""


async def everything_published(programme: Programme) -> Published:
    """What the topics hold: after a disaster nothing comes to them, before one all that is stored is awaited."""
    if programme.postgres.running:
        await settle(programme)
    return {service: await topics_of(programme, service) for service in SERVICES}


async def is_read_only(clients: Clients, person: Person) -> None:
    """Nobody is told who anybody is, and nothing is taken, before the store was put right."""
    sent = await clients.send("companies", "/v1/companies", {**clients.applies(9_999), "legal_form": "5710"})
    assert (sent.outcome, sent.answer["type"]) == ("failed", "/companies/problems/store-unconfirmed")
    shown = await clients.reads(person.service, person.record)
    assert shown.json()["type"].endswith("/problems/store-unconfirmed")
    assert (await clients.reads("companies", "/v1/companies?status=active")).is_success
    say("Meanwhile: commands are refused, nobody is told who anybody is, all else is shown")


async def put_right(programme: Programme) -> None:
    """The runbook."""
    with step("By the runbook: verify, and reconcile where that finds differences"):
        await programme.until(lambda ready: accepts(ready) or refuses(ready))
        parted = [name for name in SERVICES if refuses(await programme.ready(name))]
        differs = [name for name, status in (await verified(programme)).items() if status == 1]
        assert differs == [name for name in STORES if name in parted]
        for service in parted:
            status, lines = await programme.command(service, "reconcile")
            assert (status, " 0 lost" in lines[-1]) == (0, True)


async def verified(programme: Programme) -> Mapping[str, int]:
    """What the command says of each store: 1 where it differs from its topics."""
    found = await asyncio.gather(*(programme.command(name, "verify", told=2) for name in STORES))
    return dict(zip(STORES, (status for status, _ in found), strict=True))


async def persons_are_right(programme: Programme, clients: Clients, since: float) -> None:
    """Nothing is left of whoever was erased, though backups knew them; of whoever was named since the backup there is
    a pseudonym; all others are known."""
    known: set[str] = set()
    for service in ("companies", "employment"):
        everything = tool("pg_dump", programme.database(service))
        known |= {each.name for each in clients.persons if each.service == service and each.name in everything}
    erased = [each for each in clients.persons if each.erased]
    standing = [each for each in clients.persons if each.erased is False]
    nameless = [each for each in standing if each.name not in known]
    say(f"    {len(known)} persons are known, {len(erased)} erased; {len(nameless)} named since are pseudonyms")
    assert not [each for each in erased if each.name in known]
    assert [each for each in erased if each.named_at < since]
    assert not [each for each in nameless if each.named_at < since]
    for person in nameless:
        shown = await clients.reads(person.service, person.record)
        # What had not been published is gone altogether.
        assert shown.status_code == httpx.codes.NOT_FOUND or shown.json()["personal"] == {}, shown.text
        # There is nobody to be erased.
        clients.persons.remove(person)


async def places_are_kept(programme: Programme, published: Published) -> None:
    """What had been published is where it was."""
    for service, before in published.items():
        now = {message.event_id: message for message in await topics_of(programme, service)}
        assert [now[message.event_id].position for message in before] == [message.position for message in before]
