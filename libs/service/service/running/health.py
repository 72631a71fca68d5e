"""Whether a service lives, and whether it can serve."""

import asyncio
from typing import Final, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from eventstore.postgres.connection import StoreUnavailable
from service.http.serving import is_ending
from service.running.runtime import Runtime

PATIENCE: Final = 1.0
"""Seconds the database has to answer."""


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
    work: dict[str, str] = Field(examples=[{"relay": "leading, at position 1042"}])
    """How the relay and the subscriptions of this process fare; what fails is begun again."""
    ending: bool
    """Whether it was told to end. It still serves for a while, for those who do not know yet that it is not ready."""


UNREADY: Final = {
    "ready": False,
    "database": "away",
    "commands": "refused",
    "dead_letters": 0,
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
    try:
        async with asyncio.timeout(PATIENCE):
            confirmed = await runtime.store.is_confirmed()
            letters = await runtime.store.count_dead_letters()
        answers = True
    except (StoreUnavailable, TimeoutError):
        answers, confirmed, letters = False, False, 0
    ending = is_ending(request)
    if ending or not answers:
        response.status_code = 503
    return Readiness(
        ready=answers and not ending,
        database="answers" if answers else "away",
        commands="accepted" if confirmed else "refused" if runtime.takes_commands else "none",
        dead_letters=letters,
        work={task.name: task.state for task in runtime.tasks},
        ending=ending,
    )
