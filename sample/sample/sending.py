"""Sends the sample programme through the public HTTP API, safely again and again: each request has its own key."""

import http.client
import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Final
from urllib.parse import quote, urlsplit

from contracts.roles import Role
from sample.story import Made, Step, Story

ROLES: Final[tuple[Role, ...]] = (
    *("network", "town_hall", "epci", "region", "state", "steering", "mission_locale", "france_travail"),
    *("company", "school", "afpa", "training_body"),
)
_AT_ONCE: Final = 8
_TRIES: Final = 6
_BUSY: Final = (429, 502, 503, 504)
_LONGEST_PAUSE: Final = 0.5
"""Seconds between two tries of what waits for the platform."""
_WAITS: Final = 120
"""How often that is tried: for a minute."""


Tokens = Callable[[Mapping[str, str]], str]
"""Gives a token that acts for organisations, by role, and whose commands are recorded as sample data."""


class NotSent(Exception):
    """A request of the sample was refused, or there was no answer; the message says which and why."""


def scopes(stories: Sequence[Story]) -> list[str]:
    """The scopes that telling the stories takes."""
    return sorted({f"{step.category.service}:write" for story in stories for step in story.steps})


def send(
    base_url: str,
    tokens: Tokens,
    stories: Sequence[Story],
    today: date,
    advance: Callable[[], object],
    settle: Callable[[], object],
) -> None:
    """Sends each story's steps in order, and calls `advance` after each. Raises NotSent.

    `settle` waits until services know what others need of them, before the stories that follow others are told. What
    would be in the future by this machine's calendar is left out.
    """
    sender = _Sender(base_url, tokens)
    ids: dict[tuple[str, str], str] = {}

    def tell(story: Story) -> None:
        for number, step in enumerate(story.steps):
            if (step.on is None or step.on <= today) and not failed.is_set():
                key = f"sample-{story.name}-{step.record}-{number}"
                location = sender.post(_path(story, step, ids), _body(story, step, ids), key, step)
                if step.creates:
                    ids[story.name, step.record] = location.rpartition("/")[2]
            advance()

    failed = threading.Event()
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        try:
            for follow in (False, True):
                if follow:
                    settle()
                for told in [threads.submit(tell, story) for story in stories if story.follows == follow]:
                    told.result()
        except BaseException:
            failed.set()  # So that leaving the block does not wait until the others are told.
            raise


def _path(story: Story, step: Step, ids: Mapping[tuple[str, str], str]) -> str:
    records = step.category.public_path
    identity = ids.get((story.name, step.record), step.record)
    return records if step.creates else f"{records}/{quote(identity)}/{step.command}"


def _body(story: Story, step: Step, ids: Mapping[tuple[str, str], str]) -> bytes:
    said = {
        name: ids[value.story or story.name, value.record] if isinstance(value, Made) else value
        for name, value in step.body.items()
    }
    return json.dumps(said if step.on is None else {**said, "on": step.on.isoformat()}).encode()


class _Sender:
    """One connection for each thread: the standard library's client costs a tenth of a comfortable one."""

    def __init__(self, base_url: str, tokens: Tokens) -> None:
        self._address = urlsplit(base_url).netloc
        self._tokens = tokens
        self._local = threading.local()

    def post(self, path: str, body: bytes, key: str, step: Step) -> str:
        """Sends a step and returns the location of what it was about, if it was made. Raises NotSent.

        One that waits for the platform is sent again while it is refused.
        """
        failure = ""
        headers = {
            "Authorization": f"Bearer {self._tokens(step.acts_for)}",
            "Content-Type": "application/json",
            "Idempotency-Key": key,
        }
        again, tries = ((*_BUSY, 409), _WAITS) if step.waits else (_BUSY, _TRIES)
        for attempt in range(tries):
            try:
                status, location, text = self._try(path, body, headers)
            except (OSError, http.client.HTTPException) as error:
                failure = repr(error)
            else:
                if status < 300:
                    return location
                failure = f"{status} {text}"
                if status not in again:
                    break
            pause = 0.1 * 2**attempt
            time.sleep(min(pause, _LONGEST_PAUSE) if step.waits else pause)
        raise NotSent(f"The sample programme could not be sent: POST {path} was answered with {failure}")

    def _try(self, path: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, str, str]:
        connection: http.client.HTTPConnection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = http.client.HTTPConnection(self._address, timeout=30)
        try:
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.headers.get("Location", ""), answer.read().decode(errors="replace")
        except BaseException:
            connection.close()
            raise
