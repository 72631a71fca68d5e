"""A process that is told to end: what it still does for those who are connected, seen through real sockets."""

import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from http.client import HTTPConnection, HTTPResponse
from urllib.parse import urlsplit

import httpx
import pytest
from lamps import bearer, running, variables

from devstack.issuer import Issuer

pytestmark = pytest.mark.slow

LAMP = b'{"company": "00000001800017", "watts": 70}'
DRAIN = 1.5
IDLE = 4


@pytest.fixture
def process(migrated_database: str, issuer: Issuer) -> Iterator[tuple[subprocess.Popen[bytes], "Caller"]]:
    settings = variables(migrated_database, issuer, DRAIN_SECONDS=str(DRAIN), IDLE_TIMEOUT=str(IDLE))
    with running("api", settings) as (process, address), Caller(address, bearer(issuer)) as caller:
        yield process, caller


class Caller(ExitStack):
    """Who opens connections to it, and closes them in the end."""

    def __init__(self, address: str, headers: dict[str, str]) -> None:
        super().__init__()
        self.address = address
        self.headers = {**headers, "Content-Type": "application/json"}

    def connect(self) -> HTTPConnection:
        """A new connection."""
        place = urlsplit(self.address)
        connection = HTTPConnection(place.hostname or "", place.port, timeout=60)
        self.callback(connection.close)
        connection.connect()
        return connection

    def install(self, connection: HTTPConnection) -> HTTPResponse:
        """The answer to a command, which must be the one hoped for."""
        connection.request("POST", "/v1/lamps", LAMP, self.headers)
        return installed(connection)

    def ready(self) -> tuple[int, bool, bool]:
        """What it says of itself: with the status, whether it is ready, and whether it was told to end."""
        answer = httpx.get(f"{self.address}/ready")
        told = answer.json()
        return answer.status_code, told["ready"], told["ending"]


def installed(connection: HTTPConnection) -> HTTPResponse:
    """An answer that says that a lamp was installed, read to its end."""
    answer = connection.getresponse()
    assert answer.status == httpx.codes.CREATED, answer.read()
    answer.read()
    return answer


def told_to_end(process: subprocess.Popen[bytes], caller: Caller) -> float:
    """Tells it to end, waits until it says so, and returns when it was told."""
    told = time.monotonic()
    process.terminate()
    while caller.ready() != (503, False, True):
        assert time.monotonic() < told + 2
    return told


def is_refused(caller: Caller) -> bool:
    """Whether it takes no new connection."""
    try:
        caller.connect().close()
    except ConnectionRefusedError:
        return True
    return False


def test_it_says_that_it_is_not_ready_and_serves_on_for_a_while(
    process: tuple[subprocess.Popen[bytes], Caller],
) -> None:
    it, caller = process
    assert caller.ready() == (200, True, False)
    told = told_to_end(it, caller)
    while time.monotonic() < told + DRAIN - 0.3:
        answer = caller.install(caller.connect())
        assert answer.headers["connection"] == "close"
    it.wait(60)
    assert time.monotonic() - told > DRAIN
    assert it.returncode == -signal.SIGTERM


def test_a_connection_that_is_kept_ends_with_its_next_answer_however_late(
    process: tuple[subprocess.Popen[bytes], Caller],
) -> None:
    it, caller = process
    early, late = caller.connect(), caller.connect()
    caller.install(late)
    assert "connection" not in caller.install(early).headers
    told = told_to_end(it, caller)
    assert caller.install(early).headers["connection"] == "close"
    time.sleep(max(0, told + DRAIN - 0.5 - time.monotonic()))
    # Opened while it drains, and first used when it takes no new ones any more.
    pristine = caller.connect()
    while not is_refused(caller):
        time.sleep(0.02)
    for connection in (pristine, late):
        assert caller.install(connection).headers["connection"] == "close"
    it.wait(60)


def test_a_request_that_came_in_time_is_answered_though_the_process_stood_still(
    process: tuple[subprocess.Popen[bytes], Caller],
) -> None:
    it, caller = process
    connection = caller.connect()
    caller.install(connection)
    it.send_signal(signal.SIGSTOP)
    time.sleep(IDLE / 2)
    connection.request("POST", "/v1/lamps", LAMP, caller.headers)
    time.sleep(IDLE / 2 + 1)
    it.send_signal(signal.SIGCONT)
    installed(connection)


def test_a_request_under_way_is_answered(process: tuple[subprocess.Popen[bytes], Caller]) -> None:
    it, caller = process
    connection = caller.connect()
    connection.putrequest("POST", "/v1/lamps")
    for name, value in {**caller.headers, "Content-Length": str(len(LAMP))}.items():
        connection.putheader(name, value)
    connection.endheaders(LAMP[:10])
    told_to_end(it, caller)
    while not is_refused(caller):
        time.sleep(0.02)
    connection.send(LAMP[10:])
    assert installed(connection).headers["connection"] == "close"
    it.wait(60)


@pytest.mark.parametrize("again", [signal.SIGTERM, signal.SIGINT])
def test_told_a_second_time_it_ends_at_once(
    process: tuple[subprocess.Popen[bytes], Caller], again: signal.Signals
) -> None:
    it, caller = process
    with socket.create_connection((urlsplit(caller.address).hostname, urlsplit(caller.address).port)) as slow:
        slow.sendall(b"GET /v1/slow HTTP/1.1\r\nHost: lamps\r\n\r\n")
        told_to_end(it, caller)
        it.send_signal(again)
        it.wait(60)


def test_without_time_to_drain_connections_that_are_not_used_end_at_once(
    migrated_database: str, issuer: Issuer
) -> None:
    settings = variables(migrated_database, issuer)
    with running("api", settings) as (process, address), Caller(address, bearer(issuer)) as caller:
        caller.install(caller.connect())
        process.terminate()
        process.wait(2)
