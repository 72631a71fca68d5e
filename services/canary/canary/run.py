"""One run: a pulse is sent as any command is, and figures are asked for until they are made of it, too.

No figure counts a pulse. But each answer names how far its chapters have read each partition of a topic, and what is
recorded before a pulse, in its partition, is in the figure then.
"""

import asyncio
import time
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import httpx

from canary.failure import Failed, Outcome
from canary.partitions import partition_of
from canary.settings import Settings
from canary.tokens import Tokens

PAUSE: Final = 0.1
"""Seconds between two looks at the figures."""
_REFUSED: Final = (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN)

Positions = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""By chapter and topic, up to which position each partition is in an answer."""


class Runs:
    """Runs against one deployment, one after the other."""

    def __init__(self, settings: Settings, client: httpx.AsyncClient) -> None:
        self._settings = settings
        self._client = client
        self._tokens = Tokens(settings, client)
        self._companies = f"{settings.public_url}/companies/v1"
        self._figures = f"{settings.public_url}/indicators/v1/figures"

    async def measure(self) -> float:
        """Seconds from a command to the figures. Raises Failed."""
        headers = {"Authorization": f"Bearer {await self._tokens.token()}"}
        begun = time.monotonic()
        try:
            async with asyncio.timeout(self._settings.patience):
                stream, position = await self._send(headers)
                partition = str(partition_of(stream, self._settings.topic_partitions))
                await self._until_known(headers, partition, position)
        except TimeoutError:
            raise Failed("late", f"the figures did not know of it within {self._settings.patience:.0f} s") from None
        except (KeyError, IndexError, ValueError) as error:
            raise Failed("unanswered", "what was answered is not what the documents of the API say") from error
        return time.monotonic() - begun

    async def _send(self, headers: Mapping[str, str]) -> tuple[str, int]:
        """The stream and the position of another pulse."""
        # Another name every hour: no history grows long, and all partitions have their turn.
        name = f"canary-{datetime.now(UTC):%Y-%m-%d-%H}"
        sent = await self._ask(
            "unrecorded",
            "POST",
            f"{self._companies}/pulses",
            json={"pulse": name},
            headers={**headers, "Idempotency-Key": str(uuid.uuid4())},
        )
        history = await self._ask(
            "unrecorded", "GET", f"{self._companies}/pulses/{name}/events", params={"limit": 200}, headers=headers
        )
        version = sent.json()["version"]
        positions = [each["position"] for each in history.json()["items"] if each["version"] == version]
        return f"pulse-{name}", positions[0]

    async def _until_known(self, headers: Mapping[str, str], partition: str, position: int) -> None:
        asked, tag = {"indicator": self._settings.indicators}, ""
        while True:
            # Unchanged, a figure is not even computed.
            answer = await self._ask(
                "unanswered", "GET", self._figures, params=asked, headers={**headers, "If-None-Match": tag}
            )
            if answer.status_code == httpx.codes.OK:
                tag = answer.headers["ETag"]
                positions = [figure["positions"] for figure in answer.json()["items"]]
                if all(is_known(each, partition, position) for each in positions):
                    return
            await asyncio.sleep(PAUSE)

    async def _ask(self, outcome: Outcome, method: str, url: str, **request: Any) -> httpx.Response:
        """An answer that is a good one. Raises Failed."""
        try:
            answer = await self._client.request(method, url, **request)
        except httpx.HTTPError as error:
            raise Failed(outcome, f"{method} {url} had no answer ({type(error).__name__})") from error
        if answer.status_code in _REFUSED:
            self._tokens.forget()
            raise Failed("unauthorised", f"{method} {url} was answered {answer.status_code}")
        if answer.is_error:
            raise Failed(outcome, f"{method} {url} was answered {answer.status_code}")
        return answer


def is_known(positions: Positions, partition: str, position: int) -> bool:
    """Whether a figure has come to a position of a partition, in all of its chapters that read companies' topic."""
    read = [topics["companies"]["partitions"] for topics in positions.values() if "companies" in topics]
    return bool(read) and all(partitions.get(partition, 0) >= position for partitions in read)
