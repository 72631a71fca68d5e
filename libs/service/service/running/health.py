"""Whether a service lives, and whether it can serve."""

import asyncio
from collections.abc import Iterator
from typing import Final, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from eventstore.discretion import described
from eventstore.postgres.connection import StoreUnavailable
from eventstore.postgres.standing import Standing
from service.http.serving import is_ending
from service.running.runtime import Runtime

PATIENCE: Final = 1.0
"""Seconds the database has to answer."""
LATE: Final = 60.0
"""Seconds after which what should take one is told."""


class Liveness(BaseModel):
    """The process answers."""

    status: Literal["live"]


class Readiness(BaseModel):
    """Whether the service can serve, and how its parts are."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    ready: bool
    database: Literal["answers", "away"]
    commands: Literal["accepted", "refused", "none"]
    """`refused` while the database is away, or until the store is confirmed: its relay then says why in `work`. `none`
    where the service takes none."""
    dead_letters: int
    """How much that was due was refused, and how many streams wait behind a message that could not be handled, by a
    reaction or a subscription: `dead-letters list` tells what and why."""
    attention: list[str] = Field(
        examples=[["the relay has stopped: the topic issoudun.companies.v1 has 6 partitions, …"]]
    )
    """What somebody should see to, as far as this process knows, a sentence each: what does not pass by itself, or has
    lasted for a while. It keeps nothing from being served."""
    work: dict[str, str] = Field(examples=[{"relay": "leading, at position 1042"}])
    """How the relay and the subscriptions of this process fare; what fails is begun again."""
    ending: bool
    """Whether it was told to end. It still serves for a while, for those who do not know yet that it is not ready."""


UNREADY: Final = {
    "ready": False,
    "database": "away",
    "commands": "refused",
    "dead_letters": 0,
    "attention": [
        "the database is away: StoreUnavailable: PostgreSQL at db.example.org:5432 does not answer (Connection refused)"
    ],
    "work": {},
    "ending": False,
}

router = APIRouter(tags=["health"])


@router.get("/live", summary="The process answers")
async def live() -> Liveness:
    """For a liveness probe: 200 as long as the process answers, whatever else is away."""
    return Liveness(status="live")


@router.get(
    "/ready",
    summary="The service can serve",
    responses={
        503: {
            "model": Readiness,
            "description": "The database is away, or the process was told to end.",
            "content": {"application/json": {"example": UNREADY}},
        }
    },
)
async def ready(request: Request, response: Response) -> Readiness:
    """For a readiness probe: 200 while the database answers, until the process is told to end.

    Kafka may be away: commands are accepted all the same.
    """
    runtime: Runtime = request.app.state.runtime
    standing, away = None, f"PostgreSQL has not answered within {PATIENCE:.0f} s"
    try:
        async with asyncio.timeout(PATIENCE):
            standing = await runtime.store.standing(runtime.relay.reached if runtime.relay else None)
    except TimeoutError:
        pass
    except StoreUnavailable as error:
        away = described(error)
    ending = is_ending(request)
    if ending or standing is None:
        response.status_code = 503
    confirmed = standing is not None and standing.confirmed
    return Readiness(
        ready=standing is not None and not ending,
        database="answers" if standing else "away",
        commands="accepted" if confirmed else "refused" if runtime.takes_commands else "none",
        dead_letters=standing.dead_letters if standing else 0,
        attention=[*_attention(runtime, standing or away)],
        work={task.name: task.state for task in runtime.tasks},
        ending=ending,
    )


def _attention(runtime: Runtime, standing: Standing | str) -> Iterator[str]:
    """A sentence each, where the database tells how the service stands, or else why it does not."""
    relay = runtime.relay
    if relay is not None and relay.stopped:
        yield f"the relay has stopped: {relay.error}"
    for subscription in runtime.subscriptions:
        if subscription.stopped:
            yield f"{subscription.name} has stopped: {subscription.error or subscription.failing}"
    if (away := runtime.tokens.issuer_away) > 0:
        yield f"the issuer of tokens has not told its keys for {away:.0f} s"
    if isinstance(standing, str):
        yield f"the database is away: {standing}"
        return
    if runtime.takes_commands and not standing.confirmed:
        yield "commands are refused: the store was not found to hold what its topics end with, or not looked at yet"
    if standing.due_refused:
        yield f"refused: {_counted(standing.due_refused, 'command')} that came due"
    for name, streams in standing.parked.items():
        yield f"parked: {_counted(streams, 'stream')} of {name}, behind a message that could not be handled"
    if standing.unpublished_seconds > LATE and relay is not None and relay.reached is not None:
        yield f"late: events that have waited for {standing.unpublished_seconds:.0f} s to be published"
    if standing.due_seconds > LATE:
        yield f"late: {_counted(standing.due, 'command')} that came due, up to {standing.due_seconds:.0f} s ago"


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'s' if number > 1 else ''}"
