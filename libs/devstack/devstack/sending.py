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

from devstack.child import DevstackError
from devstack.issuer import Issuer
from sample import Made, Step, Story

ROLES: Final = ("network", "town_hall", "region", "state")
_AT_ONCE: Final = 8
_TRIES: Final = 6


def sample_token(issuer: Issuer, stories: Sequence[Story]) -> str:
    """A token for what the stories tell, whose commands are recorded as sample data."""
    scopes = sorted({f"{step.category.service}:write" for story in stories for step in story.steps})
    return issuer.token(scopes, ROLES, client="sample-programme", sample=True)


def send(base_url: str, token: str, stories: Sequence[Story], today: date, advance: Callable[[], object]) -> None:
    """Sends each story's steps in order, and calls `advance` after each. Raises DevstackError.

    What would be in the future by this machine's calendar is left out.
    """
    sender = _Sender(base_url, token)

    def tell(story: Story) -> None:
        ids: dict[str, str] = {}
        for number, step in enumerate(story.steps):
            if (step.on is None or step.on <= today) and not failed.is_set():
                key = f"sample-{story.name}-{step.record}-{number}"
                location = sender.post(_path(step, ids), _body(step, ids), key)
                if step.creates:
                    ids[step.record] = location.rpartition("/")[2]
            advance()

    failed = threading.Event()
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        try:
            for follow in (False, True):
                for told in [threads.submit(tell, story) for story in stories if story.follows == follow]:
                    told.result()
        except BaseException:
            failed.set()  # So that leaving the block does not wait until the others are told.
            raise


def _path(step: Step, ids: Mapping[str, str]) -> str:
    records = step.category.public_path
    return records if step.creates else f"{records}/{quote(ids.get(step.record, step.record))}/{step.command}"


def _body(step: Step, ids: Mapping[str, str]) -> bytes:
    said = {name: ids[value.record] if isinstance(value, Made) else value for name, value in step.body.items()}
    return json.dumps(said if step.on is None else {**said, "on": step.on.isoformat()}).encode()


class _Sender:
    """One connection for each thread: the standard library's client costs a tenth of a comfortable one."""

    def __init__(self, base_url: str, token: str) -> None:
        self._address = urlsplit(base_url).netloc
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self._local = threading.local()

    def post(self, path: str, body: bytes, key: str) -> str:
        """Sends a step and returns the location of what it was about, if it was made. Raises DevstackError."""
        failure = ""
        for attempt in range(_TRIES):
            try:
                status, location, text = self._try(path, body, key)
            except (OSError, http.client.HTTPException) as error:
                failure = repr(error)
            else:
                if status < 300:
                    return location
                failure = f"{status} {text}"
                if status not in (429, 502, 503, 504):
                    break
            time.sleep(0.1 * 2**attempt)
        raise DevstackError(f"The sample programme could not be sent: POST {path} was answered with {failure}")

    def _try(self, path: str, body: bytes, key: str) -> tuple[int, str, str]:
        connection: http.client.HTTPConnection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = http.client.HTTPConnection(self._address, timeout=30)
        try:
            connection.request("POST", path, body, {**self._headers, "Idempotency-Key": key})
            answer = connection.getresponse()
            return answer.status, answer.headers.get("Location", ""), answer.read().decode(errors="replace")
        except BaseException:
            connection.close()
            raise
