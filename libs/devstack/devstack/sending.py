"""Sends the sample programme through the public HTTP API, safely again and again: each request has its own key."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import date
from typing import Final
from urllib.parse import quote

import httpx

from devstack.child import DevstackError
from devstack.issuer import Issuer
from devstack.sample import Step, Story

ROLES: Final = ("network", "town_hall", "region", "state")
_AT_ONCE: Final = 12
_TRIES: Final = 8


def sample_token(issuer: Issuer) -> str:
    """A token whose commands are recorded as sample data."""
    return issuer.token("companies:read companies:write", ROLES, client="sample-programme", sample=True)


async def send(base_url: str, token: str, stories: Sequence[Story], today: date, advance: Callable[[], object]) -> None:
    """Sends each company's steps in order, and calls `advance` after each. Raises DevstackError.

    What would be in the future by this machine's calendar is left out.
    """
    limits = httpx.Limits(max_connections=_AT_ONCE, max_keepalive_connections=_AT_ONCE)
    headers = {"Authorization": f"Bearer {token}"}
    turn = asyncio.Semaphore(_AT_ONCE)
    async with httpx.AsyncClient(base_url=base_url, headers=headers, limits=limits, timeout=30) as client:

        async def tell(story: Story) -> None:
            investments: dict[str, str] = {}
            for number, step in enumerate(story.steps):
                if step.on <= today:
                    async with turn:
                        answer = await _post(client, _path(story, step, investments), step, f"{story.siret}-{number}")
                    if step.command == "announce" and step.investment:
                        investments[step.investment] = answer.headers["Location"].rpartition("/")[2]
                advance()

        await asyncio.gather(*map(tell, stories))


def _path(story: Story, step: Step, investments: dict[str, str]) -> str:
    if step.command == "apply":
        return "/companies/v1/companies"
    if step.command == "announce":
        return "/companies/v1/investments"
    if step.investment is None:
        return f"/companies/v1/companies/{story.siret}/{step.command}"
    return f"/companies/v1/investments/{quote(investments[step.investment])}/{step.command}"


async def _post(client: httpx.AsyncClient, path: str, step: Step, key: str) -> httpx.Response:
    body = {**step.body, "on": step.on.isoformat()}
    failure = ""
    for attempt in range(_TRIES):
        try:
            answer = await client.post(path, json=body, headers={"Idempotency-Key": f"sample-{key}"})
        except httpx.TransportError as error:
            failure = repr(error)
        else:
            if answer.is_success:
                return answer
            failure = f"{answer.status_code} {answer.text}"
            if answer.status_code not in (429, 502, 503, 504):
                break
        await asyncio.sleep(0.1 * 2**attempt)
    raise DevstackError(f"The sample programme could not be sent: POST {path} was answered with {failure}")
