"""Deciders, the event store, the relay to Kafka, subscriptions.

An aggregate is a pure decider (`eventstore.decider`), tested as sentences (`eventstore.specification`):

    >>> from datetime import date
    >>> from typing import Literal
    >>> from contracts.model import Event
    >>> from eventstore.decider import Command, Decider, State, tell
    >>> from eventstore.specification import Specification

    >>> class LampInstalled(Event, version=1):
    ...     watts: int
    >>> class LampLit(Event, version=1): ...

    >>> class Install(Command):
    ...     watts: int
    >>> class Light(Command): ...

    >>> class Lamp(State):
    ...     watts: int
    ...     status: Literal["dark", "lit"]

    >>> lamps = Decider("lamp", Lamp, final="lit")

    >>> @lamps.creates(by="epci", to="dark")
    ... def install(command: Install) -> LampInstalled:
    ...     return tell(LampInstalled, command)

    >>> lamps.steps(Light, LampLit, by="epci", when="dark", to="lit")

    >>> day = date(2026, 1, 1)
    >>> given = Specification(lamps, today=day)
    >>> installed, lit = LampInstalled(watts=40, effective_on=day), LampLit(effective_on=day)
    >>> given(installed).when(Light()).then(lit)
    >>> given(installed, lit).when(Light()).rejected("lamp-not-dark")

What does I/O is imported by name, so that an aggregate never reaches it: `execution` (load, decide, append), and, by
room, `postgres` (the store), `kafka` (topics), `publishing` (the relay), `subscribing` (subscriptions).
"""
