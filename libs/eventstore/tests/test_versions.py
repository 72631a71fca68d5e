"""Two versions of an event side by side: in one stream, in its topic, and in the streams kept as golden."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import ClassVar, Literal

import pytest
from pydantic import Field

from contracts.category import Category
from contracts.model import Event
from contracts.registry import Registry
from devstack import golden, publishing
from devstack.topics import read_topic
from eventstore.decider import PARIS, Actor, Command, Decider, State
from eventstore.execution import current, execute
from eventstore.postgres.appending import Append, NewEvent
from eventstore.postgres.store import Store
from eventstore.publishing.relay import Relay

pytestmark = pytest.mark.anyio

CATEGORY = Category("stove", service="stoves", path="/v1/stoves")


class StoveLit1(Event, type="StoveLit", version=1):
    """A stove was lit, as the first release told it."""

    watts: int

    def upcast(self) -> "StoveLit":
        """Light was measured in watts."""
        return StoveLit(kilowatts=self.watts / 1000, effective_on=self.effective_on)


class StoveLit(Event, version=2, replaces=StoveLit1):
    """A stove was lit."""

    kilowatts: float


class StovePutOut(Event, version=1):
    """A stove was put out."""


class Light(Command):
    """Somebody lights a stove."""

    kilowatts: float = Field(examples=[1.5])


class Relight(Command):
    """Somebody lights it again."""

    kilowatts: float = Field(examples=[2.5])


class PutOut(Command):
    """Somebody puts it out."""


class Stove(State):
    """A stove."""

    status: Literal["lit", "out"]
    kilowatts: float


stoves = Decider(CATEGORY.name, Stove)


@stoves.creates(by="epci", to="lit")
def light(command: Light) -> StoveLit:
    return StoveLit(kilowatts=command.kilowatts, effective_on=command.on)


@stoves.decides(by="epci", when="out", to="lit")
def relight(_: Stove, command: Relight) -> StoveLit:
    return StoveLit(kilowatts=command.kilowatts, effective_on=command.on)


stoves.steps(PutOut, StovePutOut, by="epci", when="lit", to="out")


@stoves.evolves
def _(stove: Stove | None, event: StoveLit) -> Stove:
    if stove is None:
        return Stove(status="lit", kilowatts=event.kilowatts, effective_on=event.effective_on)
    return stove.after(event, status="lit", kilowatts=event.kilowatts)


REGISTRY = Registry([sys.modules[__name__]])
FIRST = NewEvent(
    "StoveLit", 1, '{"effective_on":"2026-05-01","watts":1500,"colour":"of a field nobody knows any more"}'
)


@pytest.fixture
async def store(migrated_database: str) -> AsyncIterator[Store]:
    """A store of the test's own."""
    async with Store.open(migrated_database) as store:
        yield store


async def test_a_stream_and_its_topic_are_read_whatever_the_versions_in_them(
    store: Store, migrated_database: str, kafka: str, topic: str
) -> None:
    # As the first release left it: with a state that this one folds again.
    await store.append(Append("stove-1", "stove", 0, [FIRST], "{}", 0, "{}"))
    found = await current(store, stoves, "1")
    assert found is not None
    assert (found.version, found.state.kilowatts) == (1, 1.5)
    for command in (PutOut(), Relight(kilowatts=2.5)):
        told = await execute(
            store,
            stoves,
            command,
            identity="1",
            actor=Actor("test", frozenset({"epci"})),
            now=datetime.now(PARIS),
            metadata="{}",
        )
    assert (told.version, told.state.kilowatts) == (3, 2.5)

    history = await store.history("stove-1")
    assert [(each.type, each.schema_version) for each in history] == [
        ("StoveLit", 1),
        ("StovePutOut", 1),
        ("StoveLit", 2),
    ]
    assert history[0].data == FIRST.data
    assert stoves.fold(stoves.decode(each.type, each.schema_version, each.data) for each in history) == told.state

    relay = Relay(migrated_database, topic=topic, bootstrap=kafka, partitions=4, wakers=store.wakers)
    relaying = asyncio.create_task(relay.run())
    async with asyncio.timeout(30):
        while relay.mark < 3:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    relaying.cancel()
    await asyncio.gather(relaying, return_exceptions=True)
    messages = await read_topic(kafka, topic)
    events = [REGISTRY.decode(each.type, each.schema_version, each.data) for each in messages]
    assert [type(event) for event in events] == [StoveLit, StovePutOut, StoveLit]
    assert stoves.fold(events) == told.state


def test_examples_of_both_versions_are_kept_and_read(tmp_path: Path) -> None:
    assert set(publishing.publish(tmp_path, REGISTRY)) == {
        "StoveLit, version 1",
        "StoveLit, version 2",
        "StovePutOut, version 1",
    }
    for event_type, version, told in publishing.kept(tmp_path):
        for example in told["examples"].values():
            assert type(REGISTRY.decode(event_type, version, json.dumps(example))) in (StoveLit, StovePutOut)


class BrighterStove(Stove):
    """A stove whose fold tells another number."""


class RaisedStove(BrighterStove):
    """The same, and says so."""

    revision: ClassVar[int] = 2


def another_fold(state: type[Stove]) -> Decider[Stove]:
    """The same stoves, with a fold that was changed."""
    changed = Decider[Stove](CATEGORY.name, state)
    for decision in stoves.decisions.values():
        changed.decisions[decision.command] = decision

    @changed.evolves
    def _(_: Stove | None, event: StoveLit) -> Stove:
        return state(status="lit", kilowatts=event.kilowatts + 1, effective_on=event.effective_on)

    @changed.evolves
    def _(stove: Stove, event: StovePutOut) -> Stove:
        return stove.after(event, status="out")

    return changed


def test_a_fold_that_changes_unnoticed_is_found(tmp_path: Path) -> None:
    assert golden.problems(stoves, tmp_path, registry=REGISTRY)
    golden.publish(stoves, tmp_path, registry=REGISTRY)
    assert not golden.problems(stoves, tmp_path, registry=REGISTRY)
    streams = json.loads((tmp_path / "stove.json").read_text())["streams"]
    assert ("StoveLit", 1) in {(event["type"], event["version"]) for stream in streams for event in stream["events"]}

    changed = another_fold(BrighterStove)
    changed._models.update(stoves._models)  # noqa: SLF001 -- as if its decisions had been registered
    assert any(
        "raise the revision of BrighterStove" in why for why in golden.problems(changed, tmp_path, registry=REGISTRY)
    )
    raised = another_fold(RaisedStove)
    raised._models.update(stoves._models)  # noqa: SLF001 -- as above
    assert golden.problems(raised, tmp_path, registry=REGISTRY) == [
        "the revision of RaisedStove was raised: `make publish` folds the golden streams anew"
    ]
    assert golden.publish(raised, tmp_path, registry=REGISTRY) == ["the states of RaisedStove, revision 2"]
    assert not golden.problems(raised, tmp_path, registry=REGISTRY)
