"""The work on imports: one at a time, checked and then carried out. Any number of workers may try."""

import asyncio
import logging
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from secrets import token_hex
from typing import Any, Final, Self
from uuid import UUID

from pydantic import BaseModel
from pydantic_core import to_json

from contracts.language import LANGUAGES
from contracts.roles import Role
from eventstore import tracing
from eventstore.decider import PLATFORM, Actor
from eventstore.execution import Outcome
from eventstore.mirroring import MirrorBehind
from eventstore.postgres import importing
from eventstore.postgres.appending import Key
from eventstore.postgres.connection import StoreUnavailable, is_outage
from eventstore.postgres.ids import new_id
from eventstore.postgres.importing import Failed, Import, Line, Planned
from eventstore.postgres.store import Store
from eventstore.streams import Streams
from eventstore.trying import Touched, Trial
from service import clock
from service.definition import Service
from service.http.deciding import decide
from service.http.faults import Fault
from service.http.problems import Problem, invalid, problem_of
from service.http.reading import Readers
from service.http.sentences import BUG, NAME_TWICE, Said
from service.importing.lines import Asked, Form, Lines

AT_ONCE: Final = 64
"""Commands of an import that are carried out at once: those of partners go on beside them."""
LOCK: Final = 7220003
UNTIL_CURRENT: Final = 1.0
"""Seconds until a line is decided again for which a mirror was behind."""

log = logging.getLogger(__name__)


class Sender(BaseModel):
    """Who has sent a file, and whose it is: what one organisation sent through a client, no other is told of."""

    client: str
    roles: list[Role]
    organisations: dict[Role, str]

    @classmethod
    def of(cls, actor: Actor) -> Self:
        """A sender, written alike whenever it is the same."""
        roles = sorted(role for role in actor.roles if role != PLATFORM)
        return cls(client=actor.client, roles=roles, organisations=dict(sorted(actor.organisations.items())))

    @property
    def actor(self) -> Actor:
        """As whom its commands are decided."""
        return Actor(self.client, frozenset(self.roles), self.organisations)


class Importing:
    """Works on the imports of a service."""

    def __init__(self, service: Service, store: Store) -> None:
        self._service = service
        self._store = store
        self._work: _Work | None = None

    @property
    def told(self) -> str:
        """How it fares."""
        return self._work.told if self._work else "waiting"

    async def next(self) -> bool:
        """Works on the import whose turn it is, to its end; whether there was one that nobody else works on.

        Raises StoreUnavailable: called again, it goes on where it was.
        """
        return await self._store.asked(self._next())

    async def _next(self) -> bool:
        if await importing.next_open(self._store.pool) is None:
            return False
        async with self._alone() as alone:
            found = await importing.next_open(self._store.pool) if alone else None
            if found is None:
                return False
            self._work = _Work(self._service, self._store, found)
            try:
                await self._work.do()
            except importing.Overtaken:
                log.info("import %s is worked on by another", found.id)
            except Exception as error:
                if isinstance(error, StoreUnavailable) or is_outage(error):
                    raise
                # Those behind it are not to wait for us to mend that.
                log.exception("import %s is halted", found.id)
                await importing.end(self._store.pool, found.id, "halted")
            finally:
                self._work = None
        return True

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[bool]:
        """Whether nobody else works on imports, for as long as the block lasts."""
        async with self._store.pool.acquire() as connection:
            alone: bool = await connection.fetchval("SELECT pg_try_advisory_lock($1)", LOCK)
            try:
                yield alone
            finally:
                if alone and not connection.is_closed():
                    await connection.execute("SELECT pg_advisory_unlock($1)", LOCK)


class _Work:
    """The work on one import."""

    def __init__(self, service: Service, store: Store, found: Import) -> None:
        self._service = service
        self._store = store
        self._import = found
        self._lines = Lines(service, Form.model_validate_json(found.form))
        self._sender = Sender.model_validate_json(found.sender)
        self._readers = {each.decider.category: Readers(each.decider, each.reads) for each in service.resources}
        self.told = f"import {found.id} begins"

    async def do(self) -> None:
        """All that is left to do of it."""
        pool, identity = self._store.pool, self._import.id
        if self._import.status == "checking":
            turn = await importing.check_anew(pool, identity)
            if await self._check(turn) and not self._import.partial:
                await importing.end(pool, identity, "refused")
                return
            await importing.run(pool, identity, turn)
        await self._run()
        await importing.end(pool, identity, "done")

    async def _check(self, turn: UUID) -> int:
        """Decides all lines without storing, each upon the ones before; how many cannot be carried out."""
        pool, identity = self._store.pool, self._import.id
        number = checked = failing = 0
        with Trial(self._store) as trial, tracing.untraced():
            while part := await importing.part(pool, identity, number):
                self.told = f"import {identity} is checked: {checked} of {self._import.lines} lines"
                lines, _ = part
                names = await self._names(lines)
                known = set(names)
                asked, failed = self._read(lines, names)
                plan = await self._decide(trial, lines, asked, failed)
                told = {name: names[name] for name in names.keys() - known}
                await self._store.refuse_unconfirmed()
                await importing.checked(pool, identity, turn, number, plan, failed, told)
                number, checked, failing = number + 1, checked + len(lines), failing + len(failed)
        if checked != self._import.lines:
            raise AssertionError(f"{self._import.lines} lines have arrived, and {checked} are there")
        return failing

    async def _names(self, lines: Sequence[Line]) -> dict[str, str]:
        """The ids of the records that lines speak of and earlier parts have named."""
        spoken: set[str] = set()
        for _, text in lines if self._lines.may_name else ():
            try:
                spoken.update(self._lines.parse(text).names)
            except Problem:
                continue  # It is told when the line is read.
        return dict(await importing.names(self._store.pool, self._import.id, spoken)) if spoken else {}

    def _read(
        self, lines: Sequence[Line], names: dict[str, str]
    ) -> tuple[list[tuple[Asked, str] | None], list[Failed]]:
        """What each line asks for, with the id of the record that it would begin; names what lines name."""
        read: list[tuple[Asked, str] | None] = []
        failed: list[Failed] = []
        for line, text in lines:
            try:
                asked = self._lines.ask(self._lines.parse(text), names)
                if asked.name is not None and asked.name in names:
                    raise invalid([Fault({"pointer": "#/name"}, "name", Said(NAME_TWICE, name=asked.name))])
            except Problem as problem:
                failed.append(self._failed(line, problem))
                read.append(None)
                continue
            named = asked.resource.decider.identified_by if asked.decision.creates else None
            begins: str = getattr(asked.command, named) if named else str(new_id())
            if asked.name is not None:
                names[asked.name] = begins
            read.append((asked, begins))
        return read, failed

    async def _decide(
        self, trial: Trial, lines: Sequence[Line], read: Sequence[tuple[Asked, str] | None], failed: list[Failed]
    ) -> Sequence[Planned]:
        await trial.prefetch({stream for each in read if each for stream in _looked_at(*each)})
        order = _Order()
        plan: list[Planned] = []
        for place, ((line, _), each) in enumerate(zip(lines, read, strict=True)):
            # Nothing below waits for anything but what is not there yet: others have their turn here.
            await asyncio.sleep(0)
            if each is None:
                plan.append(Planned(line, None, ()))
                continue
            asked, begins = each
            try:
                outcome = await self._carry_out(trial, asked, begins=begins)
            except Problem as problem:
                trial.touched()
                failed.append(self._failed(line, problem))
                plan.append(Planned(line, None, ()))
            else:
                plan.append(Planned(line, outcome.identity, order.after(place, trial.touched())))
        return plan

    async def _run(self) -> None:
        """Carries out what can be, in the order of the file as far as one line rests on another."""
        pool, identity = self._store.pool, self._import.id
        number, done = self._import.parts_done, self._import.done
        while part := await importing.part(pool, identity, number):
            self.told = f"import {identity} is carried out: {done} of {self._import.lines} lines are done"
            lines, plan = part
            failed = await self._run_part(lines, plan)
            await self._store.refuse_unconfirmed()
            carried_out = sum(planned.identity is not None for planned in plan) - len(failed)
            await importing.ran(pool, identity, number, carried_out, failed)
            number, done = number + 1, done + carried_out

    async def _run_part(self, lines: Sequence[Line], plan: Sequence[Planned]) -> Sequence[Failed]:
        names = await self._names(lines)
        ended = {place: asyncio.Event() for place, planned in enumerate(plan) if planned.identity is not None}
        turns = asyncio.Semaphore(AT_ONCE)
        failed: list[Failed] = []

        async def carry_out(place: int) -> None:
            for before in plan[place].waits_for:
                await ended[before].wait()
            line, text = lines[place]
            # Carried out again after a kill, it has one effect. No client's key looks like it.
            key = Key(f"{self._sender.client}\nimports/{self._import.id}\n{line}", self._store.keyed(text.encode()))
            try:
                # A release since it was checked may read it otherwise.
                asked = self._lines.ask(self._lines.parse(text), names)
                async with turns:
                    await self._carry_out(self._store, asked, begins=plan[place].identity, key=key)
            except Problem as problem:
                failed.append(self._failed(line, problem))
            ended[place].set()

        try:
            async with asyncio.TaskGroup() as group:
                for place in ended:
                    group.create_task(carry_out(place))
        except ExceptionGroup as errors:
            # The first: what had not begun by then has not, so that nothing comes before what it waits for.
            raise errors.exceptions[0] from None
        return sorted(failed)

    async def _carry_out(
        self, store: Streams, asked: Asked, *, begins: str | None, key: Key | None = None
    ) -> Outcome[Any]:
        """Raises Problem where the command cannot be carried out, StoreUnavailable where it cannot be now."""
        while True:
            try:
                return await decide(
                    store,
                    asked.resource.decider,
                    self._readers[asked.resource.decider.category],
                    asked.command,
                    identity=asked.identity,
                    actor=self._sender.actor,
                    now=clock.now(),
                    metadata=self._import.metadata,
                    key=key,
                    begins=begins,
                )
            except MirrorBehind:
                await asyncio.sleep(UNTIL_CURRENT)
            except Exception as error:
                if isinstance(error, StoreUnavailable) or is_outage(error):
                    raise
                problem = problem_of(error)
                if problem is None:
                    trace_id = token_hex(16)
                    log.exception("a line of import %s failed, trace %s", self._import.id, trace_id)
                    problem = Problem("internal", Said(BUG), {"trace_id": trace_id})
                raise self._lines.placed(problem) from None

    def _failed(self, line: int, problem: Problem) -> Failed:
        written = {language: problem.written(f"/{self._service.name}", language).decode() for language in LANGUAGES}
        return Failed(line, to_json(written).decode())


class _Order:
    """Tells which lines of a part come after which others: those of which they see what these changed, or change what
    these saw."""

    def __init__(self) -> None:
        self._changed: dict[str, int] = {}
        self._seen: dict[str, list[int]] = {}

    def after(self, place: int, touched: Touched) -> Sequence[int]:
        """The places that a line comes after."""
        before = {self._changed[each] for each in (*touched.seen, *touched.changed) if each in self._changed}
        for each in touched.changed:
            before.update(self._seen.pop(each, ()))
            self._changed[each] = place
        for each in touched.seen:
            self._seen.setdefault(each, []).append(place)
        return sorted(before)


def _looked_at(asked: Asked, begins: str) -> Collection[str]:
    """The streams that deciding a line needs, as far as the line tells."""
    command, decider = asked.command, asked.resource.decider
    keys = {
        lookup: getattr(command, lookup.key)
        for lookup in asked.decision.looks_up
        if lookup.key in type(command).model_fields
    }
    streams = {lookup.decider.stream_id(key) for lookup, key in keys.items() if key is not None}
    return {*streams, decider.stream_id(asked.identity or begins)}
