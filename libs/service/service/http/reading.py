"""Who may read what of a resource.

    Resource(companies, "/v1/companies", reads=Reads(all=("network",), own=("company",), public=("name", "naf")))

The network's coordinator reads every record, a company its own, and everybody else with the scope the names and codes.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, Final

from contracts.roles import Role
from eventstore.decider import Actor, Decider, State


@dataclass(frozen=True)
class Reads:
    """Which roles read all records, which only those of their organisation, and what everybody with the scope reads."""

    all: tuple[Role, ...] | None
    """None: everybody with the scope."""
    own: tuple[Role, ...] = ()
    """Roles that act for an organisation."""
    public: tuple[str, ...] = ()
    """Fields of the state. Where there are none, a record is not there for whoever may not read it whole."""
    public_when: tuple[str, ...] = ()
    """The statuses in which they are public; all unless some are told."""


EVERYBODY: Final = Reads(all=None)
"""Whoever has the scope reads everything."""


class Readers:
    """Tells of a caller what he may read of the records of one decider."""

    def __init__(self, decider: Decider[Any], reads: Reads) -> None:
        self._decider = decider
        self.public = frozenset(reads.public)
        self.public_when = reads.public_when
        self._all = None if reads.all is None else frozenset(reads.all)
        self._own = frozenset(reads.own)

    def reads_all(self, actor: Actor) -> bool:
        """Whether he reads every record whole."""
        return self._all is None or not self._all.isdisjoint(actor.roles)

    def reads_whole(self, state: State, actor: Actor) -> bool:
        """Whether he reads this record whole."""
        return self.reads_all(actor) or not self._own.isdisjoint(self._decider.standing(state, actor))

    def sees(self, state: State, actor: Actor) -> bool:
        """Whether this record is there for him at all."""
        is_public = not self.public_when or getattr(state, "status", None) in self.public_when
        return bool(self.public and is_public) or self.reads_whole(state, actor)

    def owned(self, actor: Actor) -> Iterable[tuple[str, str]]:
        """The fields and their values that make a record one of his own."""
        return [
            (field, actor.organisations[role])
            for role in sorted(self._own & actor.roles & actor.organisations.keys())
            for field in self._decider.owner_fields[role]
            if field in self._decider.state.model_fields
        ]


def problems(decider: Decider[Any], reads: Reads) -> list[str]:
    """What is wrong with a declaration, one sentence each."""
    state = decider.state.model_fields
    found = [
        f"{name} is public, and no field of {decider.state.__name__}" for name in reads.public if name not in state
    ]
    found += [
        f"no field of {decider.state.__name__} tells which records are those of a {role}"
        for role in reads.own
        if state.keys().isdisjoint(decider.owner_fields.get(role, ()))
    ]
    found += [
        f"it is public when it is {status}, and is found by no such status"
        for status in reads.public_when
        if not reads.public or status not in decider.statuses or "status" not in decider.labelling.found
    ]
    if reads.all is not None:
        readers: Collection[str] = {*reads.all, *reads.own}
        deciding = {role for decision in decider.decisions.values() for role in decision.roles}
        # Who decides is answered with the whole record.
        found += [f"{role} decides on records that it may not read" for role in sorted(deciding) if role not in readers]
    elif reads.own or reads.public:
        found.append("everybody reads everything, so nothing more is to be said")
    return found
