"""Reasons that one role alone may give."""

from datetime import datetime
from typing import Literal, get_args

import pytest

from contracts.model import Event
from eventstore.decider import PARIS, PLATFORM, By, Command, Context, Decider, State
from eventstore.refusal import Rejected

NOW = datetime(2026, 5, 4, 12, tzinfo=PARIS)

Reason = Literal["worn_out", "network_rebuilt", "company_gone", "other"]
RESERVED: dict[By, tuple[Reason, ...]] = {"network": ("network_rebuilt",), PLATFORM: ("company_gone",)}


class PipeRemoved(Event, version=1):
    reason: Reason


class Remove(Command):
    """It is taken away."""

    reason: Reason


class Pipe(State):
    company: str
    status: Literal["laid", "removed"]


def removing(reserves: dict[By, tuple[Reason, ...]]) -> Decider[Pipe]:
    pipes = Decider("pipe", Pipe, final="removed")
    by: tuple[By, ...] = ("company", "network", PLATFORM)
    pipes.steps(Remove, PipeRemoved, by=by, when="laid", to="removed", reserves=reserves)
    return pipes


PIPES = removing(RESERVED)
LAID = Pipe(company="A", status="laid", effective_on=NOW.date())


@pytest.mark.parametrize("reason", get_args(Reason))
@pytest.mark.parametrize(
    ("roles", "told"),
    [
        ({"company"}, ("worn_out", "other")),
        ({"network"}, ("worn_out", "network_rebuilt", "other")),
        ({"company", "network"}, ("worn_out", "network_rebuilt", "other")),
        ({PLATFORM}, ("company_gone",)),
    ],
)
def test_a_role_gives_its_own_reasons_and_those_that_are_nobodys_alone(
    roles: set[By], told: tuple[Reason, ...], reason: Reason
) -> None:
    command, context = Remove(reason=reason), Context(NOW, frozenset(roles))
    if reason in told:
        assert PIPES.decide(LAID, command, context) == (PipeRemoved(reason=reason, effective_on=NOW.date()),)
        return
    with pytest.raises(Rejected) as refused:
        PIPES.decide(LAID, command, context)
    assert refused.value.slug == "reason-of-another-role"
    assert refused.value.parameters == {"reason": reason, "reasons": told}
    assert refused.value.refusal.field_of(command) == "reason"
    assert refused.value.told("fr") != refused.value.told("en")


def test_what_is_not_for_the_status_is_told_first() -> None:
    removed = LAID.model_copy(update={"status": "removed"})
    with pytest.raises(Rejected, match="not removed"):
        PIPES.decide(removed, Remove(reason="company_gone"), Context(NOW, frozenset({"company"})))


def test_what_is_reserved_is_a_reason_that_the_command_may_give() -> None:
    wrong = removing({"network": ("rebuilt",)})  # type: ignore[dict-item]
    with pytest.raises(TypeError, match="remove: rebuilt, which it reserves, is no reason of Remove"):
        wrong.check()
