"""The load under which a cluster is changed tells what fails, and repeats only what may be repeated."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from time import sleep
from typing import Any

from devstack.cluster.load import COMMAND, CONNECTIONS, Outcome, load

BODY = {"title": "Exemple"}
ENOUGH = 20
"""Commands: among as many of a server that answers two statuses in turn there are some of both."""


@contextmanager
def serving(*statuses: int) -> Iterator[tuple[str, Counter[str]]]:
    """A server that answers commands with these statuses in turn, and how often each key was sent to it."""
    keys, lock, turns = Counter[str](), Lock(), iter(range(1_000_000))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer(200)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            with lock:
                keys[self.headers["Idempotency-Key"]] += 1
                status = statuses[next(turns) % len(statuses)]
            self._answer(status)

        def _answer(self, status: int) -> None:
            body = b'{"type": "https://territory.test/problems/some-reason"}'
            self.send_response(status)
            self.send_header("Content-Type", "application/problem+json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Says nothing."""

    class Server(ThreadingHTTPServer):
        # Five wait at most otherwise: of the load's connections, which come at once, others are then reset.
        request_queue_size = CONNECTIONS
        daemon_threads = True

    server = Server(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", keys
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def loaded(address: str, *, again: bool) -> Outcome:
    """What became of a load that lasted until enough was known of it."""
    with load(address, {}, BODY, again=again) as outcome:
        while outcome.acknowledged + outcome.failed.total() < ENOUGH:
            sleep(0.05)
    return outcome


def test_a_request_that_fails_is_told_with_its_reason() -> None:
    with serving(201, 503) as (address, keys):
        outcome = loaded(address, again=False)
    assert outcome.failed.keys() == {f"POST /{COMMAND} 503 some-reason"}
    assert outcome.acknowledged + outcome.failed.total() == len(keys)
    assert set(keys.values()) == {1}
    assert outcome.repeated == 0


def test_a_command_is_repeated_under_its_key_until_it_is_acknowledged() -> None:
    with serving(201, 503) as (address, keys):
        outcome = loaded(address, again=True)
    assert not outcome.failed
    assert outcome.acknowledged == len(keys)
    assert outcome.repeated == keys.total() - len(keys) > 0


def test_what_is_refused_is_not_repeated() -> None:
    with serving(422) as (address, keys):
        outcome = loaded(address, again=True)
    assert outcome.failed.total() == len(keys) > 0
    assert (outcome.acknowledged, outcome.repeated) == (0, 0)


def test_a_server_that_is_gone_is_a_failure() -> None:
    with serving(201) as (address, _):
        pass
    outcome = loaded(address, again=False)
    assert outcome.answered == 0
    assert any("ConnectError" in how for how in outcome.failed)
