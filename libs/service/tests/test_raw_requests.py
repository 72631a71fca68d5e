"""What a service makes of the bytes that clients, proxies and attackers send: real sockets, a real process."""

import itertools
import json
import select
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lamps import bearer, running, variables

from devstack.issuer import Issuer
from devstack.kafka_jars import java

pytestmark = pytest.mark.slow

ORIGIN: Final = "https://frontend.test"
HEADER_TIMEOUT: Final = 1.0
IDLE_TIMEOUT: Final = 1.0
LATE: Final = 10.0
"""Seconds by which a crowded machine may be late."""
BOUNDS: Final = {
    "MAX_HEADER_BYTES": "4000",
    "MAX_TARGET_BYTES": "1000",
    "MAX_BODY_BYTES": "20000",
    "HEADER_TIMEOUT": str(HEADER_TIMEOUT),
    "IDLE_TIMEOUT": "1",
    "REQUEST_TIMEOUT": "2",
    "MAX_CONNECTIONS": "20",
    "CORS_ORIGINS": ORIGIN,
}
PAST: Final = b'{"on": "2020-02-02"}'
"""What a lamp may be lit with: a day that is not today."""


@dataclass(frozen=True)
class Answer:
    """An answer as it came over the wire."""

    status: int
    headers: dict[str, str]
    body: bytes

    def problem(self, status: int, slug: str) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.body)
        assert (self.status, document["type"]) == (status, f"/lamps/problems/{slug}"), self
        assert self.headers["content-type"] == "application/problem+json"
        return document

    def ends(self, status: int, slug: str) -> dict[str, Any]:
        """A problem after which the connection is closed."""
        assert self.headers["connection"] == "close"
        return self.problem(status, slug)


class Lamps:
    """A running service, as it is seen through a socket."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client
        self.address = str(client.base_url)
        self.authorization = client.headers["authorization"]

    def install(self) -> str:
        """A lamp that was installed long ago: its path."""
        answer = self.client.post("/v1/lamps", json={"company": "00000001800017", "watts": 70, "on": "2020-01-01"})
        assert answer.status_code == 201, answer.text
        return answer.headers["location"]

    def lit_on(self, lamp: str) -> list[str]:
        """The days on which it was lit."""
        events = self.client.get(f"{lamp}/events").json()["items"]
        return [event["data"]["effective_on"] for event in events if event["type"] == "LampLit"]

    def count(self) -> int:
        """How many events there are."""
        lamps = self.client.get("/v1/lamps?limit=200").json()["items"]
        return sum(lamp["version"] for lamp in lamps)

    def request(self, method: str, target: str, *more: str, body: bytes = b"", version: str = "1.1") -> bytes:
        """A request as bytes."""
        lines = [f"{method} {target} HTTP/{version}", "Host: lamps.test", f"Authorization: {self.authorization}"]
        return "\r\n".join([*lines, *more, "", ""]).encode() + body

    def light(self, lamp: str, *more: str, body: bytes = PAST, length: bool = True, version: str = "1.1") -> bytes:
        """The command to light a lamp on a day long ago."""
        announced = [f"Content-Length: {len(body)}"] if length else []
        json = "Content-Type: application/json"
        return self.request("POST", f"{lamp}/light", json, *announced, *more, body=body, version=version)

    @contextmanager
    def connection(self) -> Iterator[socket.socket]:
        url = httpx.URL(self.address)
        with socket.create_connection((url.host, url.port), timeout=60) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            yield connection

    def ask(self, *segments: bytes, pause: float = 0.05) -> list[Answer]:
        """The answers to what is sent in segments, until the service closes the connection or says nothing more."""
        with self.connection() as connection:
            for number, segment in enumerate(segments):
                if number:
                    time.sleep(pause)
                connection.sendall(segment)
            return answers(connection)


def answers(connection: socket.socket) -> list[Answer]:
    """All answers until the connection ends, each whole."""
    received = b""
    while chunk := connection.recv(65536):
        received += chunk
    return list(parse(received))


def parse(received: bytes) -> Iterator[Answer]:
    while received:
        head, separator, rest = received.partition(b"\r\n\r\n")
        assert separator, received
        line, *fields = head.decode().split("\r\n")
        status = int(line.split(" ")[1])
        headers = {name.lower(): value for name, _, value in (field.partition(": ") for field in fields)}
        length = int(headers.get("content-length", 0))
        assert len(rest) >= length, received
        yield Answer(status, headers, rest[:length])
        received = rest[length:]


@pytest.fixture(scope="module")
def lamps(shared_database: str, issuer: Issuer) -> Iterator[Lamps]:
    with (
        running("api", variables(shared_database, issuer, **BOUNDS)) as (_, address),
        httpx.Client(base_url=address, headers=bearer(issuer)) as client,
    ):
        yield Lamps(client)


UPGRADES: Final = (
    ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA"),
    ("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: x"),
    ("Upgrade: foo", "Upgrade: bar", "Connection: keep-alive, upgrade"),
)


@pytest.mark.parametrize("wish", UPGRADES)
@pytest.mark.parametrize("parts", [1, 2])
def test_a_wish_for_another_protocol_leaves_the_body_where_it_is(lamps: Lamps, wish: Sequence[str], parts: int) -> None:
    lamp = lamps.install()
    sent = lamps.light(lamp, *wish)
    [answer] = lamps.ask(*([sent] if parts == 1 else [sent[: -len(PAST)], PAST]))
    assert answer.status == 200, answer
    assert lamps.lit_on(lamp) == ["2020-02-02"]


def test_a_body_in_chunks_is_read_beside_such_a_wish(lamps: Lamps) -> None:
    lamp = lamps.install()
    chunked = b"%x\r\n%s\r\n0\r\n\r\n" % (len(PAST), PAST)
    [answer] = lamps.ask(lamps.light(lamp, *UPGRADES[0], "Transfer-Encoding: chunked", body=chunked, length=False))
    assert answer.status == 200, answer
    assert lamps.lit_on(lamp) == ["2020-02-02"]


def test_a_body_is_never_taken_for_a_request(lamps: Lamps) -> None:
    lamp, other = lamps.install(), lamps.install()
    hidden = lamps.light(other)
    for wish in ((), *UPGRADES):
        for segments in (
            [lamps.light(lamp, *wish, body=hidden)],
            [lamps.light(lamp, *wish, body=hidden)[: -len(hidden)], hidden],
        ):
            [answer] = lamps.ask(*segments)
            answer.problem(422, "invalid")
    assert lamps.lit_on(lamp) == lamps.lit_on(other) == []


def test_requests_that_follow_one_another_are_answered_in_their_order(lamps: Lamps) -> None:
    first, second = lamps.install(), lamps.install()
    wish = UPGRADES[0]
    sent = [lamps.light(first, *wish), lamps.light(second, *wish), lamps.request("GET", second, *wish)]
    found = lamps.ask(b"".join(sent))
    assert [answer.status for answer in found] == [200, 200, 200]
    assert [json.loads(answer.body)["id"] for answer in found] == [
        path.rpartition("/")[2] for path in (first, second, second)
    ]
    assert lamps.lit_on(first) == lamps.lit_on(second) == ["2020-02-02"]


@pytest.mark.parametrize(
    ("framing", "body"),
    [
        (("Content-Length: 20", "Transfer-Encoding: chunked"), b"0\r\n\r\n"),
        (("Transfer-Encoding: chunked", "Content-Length: 20"), b"0\r\n\r\n"),
        (("Content-Length: 20", "Content-Length: 20"), PAST),
        (("Content-Length: 2", "Content-Length: 20"), PAST),
        (("Content-Length: 20, 20",), PAST),
        (("Content-Length: +20",), PAST),
        (("Content-Length: 0x14",), PAST),
        (("Content-Length: 99999999999999999999999",), PAST),
        (("Content-Length : 20",), PAST),
        (("Content-Length:\r\n 20",), PAST),
        (("X: a\r\n b", "Content-Length: 20"), PAST),
        (("X: a\nContent-Length: 20",), PAST),
        (("X: a\rContent-Length: 20",), PAST),
        (("X: a\0b", "Content-Length: 20"), PAST),
        (("Transfer-Encoding: identity",), PAST),
        (("Transfer-Encoding: gzip",), PAST),
        (("Transfer-Encoding: xchunked",), b"0\r\n\r\n"),
        (("Transfer-Encoding: chunked, identity",), b"0\r\n\r\n"),
        (("Transfer-Encoding: chunked", "Transfer-Encoding: chunked"), b"0\r\n\r\n"),
        (("Transfer-Encoding : chunked",), b"0\r\n\r\n"),
        (("Transfer-Encoding: chunked",), b"14\n%s\n0\n\n" % PAST),
        (("Transfer-Encoding: chunked",), b"-14\r\n%s\r\n0\r\n\r\n" % PAST),
        (("Transfer-Encoding: chunked",), b"13\r\n%s\r\n0\r\n\r\n" % PAST),
        (("Transfer-Encoding: chunked",), b"ffffffffffffffffff\r\n%s\r\n0\r\n\r\n" % PAST),
        (("Transfer-Encoding: chunked",), b"14\r\n%s\r\n0\r\nContent-Length: 3\r\n\r\n" % PAST),
    ],
)
@pytest.mark.parametrize("wish", [(), UPGRADES[0]])
def test_where_the_body_ends_is_beyond_doubt_or_the_request_is_refused(
    lamps: Lamps, framing: Sequence[str], body: bytes, wish: Sequence[str]
) -> None:
    lamp = lamps.install()
    sent = lamps.light(lamp, *framing, *wish, body=body, length=False)
    for segments in ([sent], [sent[: -len(body)], body]):
        [answer] = lamps.ask(*segments)
        assert answer.ends(400, "malformed-request")["detail"]
    assert lamps.lit_on(lamp) == []


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"BREW /v1/lamps HTTP/1.1\r\n\r\n",
        b"GET /v1/lamps\n\n",
        b"CONNECT lamps.test:80 HTTP/1.1\r\n\r\n",
        b"CONNECT /v1/lamps HTTP/1.1\r\n\r\n",
        b"GET /caf\xc3\xa9 HTTP/1.1\r\n\r\n",
        b"GET lamps HTTP/1.1\r\n\r\n",
    ],
)
def test_what_is_no_request_is_told_so(lamps: Lamps, sent: bytes) -> None:
    [answer] = lamps.ask(sent)
    answer.ends(400, "malformed-request")


def test_what_follows_a_command_does_not_change_its_answer(lamps: Lamps) -> None:
    lamp = lamps.install()
    done, refused = lamps.ask(lamps.light(lamp) + b"{}{}")
    assert done.status == 200
    refused.ends(400, "malformed-request")
    assert lamps.lit_on(lamp) == ["2020-02-02"]


@pytest.mark.parametrize("framing", ["Content-Length: 30", "Transfer-Encoding: chunked"])
@pytest.mark.parametrize("wish", [(), UPGRADES[0]])
def test_a_body_that_breaks_off_is_not_decided(lamps: Lamps, framing: str, wish: Sequence[str]) -> None:
    lamp = lamps.install()
    body = PAST if framing.startswith("Content") else b"14\r\n%s\r\n" % PAST
    with lamps.connection() as connection:
        connection.sendall(lamps.light(lamp, framing, *wish, body=body, length=False))
        connection.shutdown(socket.SHUT_WR)
        assert answers(connection) == []
    assert lamps.lit_on(lamp) == []


CHUNKED: Final = b'5;a=b\r\n%s\r\nf\r\n%s\r\n0\r\nIf-Match: "7"\r\nX-Correlation-Id: a b\r\n\r\n' % (PAST[:5], PAST[5:])


def test_a_body_is_read_whatever_stands_around_it(lamps: Lamps) -> None:
    def lit(lamp: str, *segments: bytes) -> None:
        [answer] = lamps.ask(*segments)
        assert answer.status == 200, answer
        assert lamps.lit_on(lamp) == ["2020-02-02"]

    lamp = lamps.install()
    lit(lamp, lamps.light(lamp, version="1.0"))
    lamp = lamps.install()
    lit(lamp, lamps.light(lamp, "Connection: keep-alive", version="1.0"))
    lamp = lamps.install()
    lit(lamp, lamps.light(f"http://lamps.test{lamp}"))
    lamp = lamps.install()
    lit(lamp, lamps.light(lamp, f"Content-Length: {'0' * 3000}20", length=False))
    lamp = lamps.install()
    lit(lamp, lamps.light(lamp, "Transfer-Encoding: chunked", body=CHUNKED, length=False))
    lamp = lamps.install()
    head = lamps.light(lamp, "Transfer-Encoding: chunked", body=b"", length=False)
    lit(lamp, head, CHUNKED[:9], CHUNKED[9:-9], CHUNKED[-9:])
    lamp = lamps.install()
    lit(lamp, lamps.light(lamp, "Connection: close") + lamps.light(lamp))


def test_a_reading_may_have_a_body(lamps: Lamps) -> None:
    lamp = lamps.install()
    body = lamps.light(lamp)
    [answer] = lamps.ask(lamps.request("GET", lamp, f"Content-Length: {len(body)}", body=body))
    assert (answer.status, lamps.lit_on(lamp)) == (200, [])


def test_a_client_that_asks_before_it_sends_is_told_to_go_on(lamps: Lamps) -> None:
    lamp = lamps.install()
    sent = lamps.light(lamp, "Expect: 100-continue")
    with lamps.connection() as connection:
        connection.sendall(sent[: -len(PAST)])
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(PAST)
        [answer] = answers(connection)
    assert answer.status == 200
    assert lamps.lit_on(lamp) == ["2020-02-02"]


def test_a_client_that_is_refused_before_it_sends_may_leave_its_body_out(lamps: Lamps) -> None:
    lamp = lamps.install()
    head = lamps.light(lamp, "Expect: 100-continue", 'If-Match: "?')[: -len(PAST)]
    with lamps.connection() as connection:
        connection.sendall(head)
        [answer] = answers(connection)
    answer.ends(400, "malformed-header")


JAVA: Final = """
import java.net.URI;
import java.net.http.*;

public class Light {
    public static void main(String[] arguments) throws Exception {
        HttpClient client = HttpClient.newHttpClient();
        for (int number = 2; number < arguments.length; number += 2) {
            HttpRequest request = HttpRequest.newBuilder(URI.create(arguments[number]))
                .header("Authorization", arguments[0])
                .header("Content-Type", "application/json")
                .expectContinue(Boolean.parseBoolean(arguments[1]))
                .POST(HttpRequest.BodyPublishers.ofString(arguments[number + 1]))
                .build();
            HttpResponse<String> answer = client.send(request, HttpResponse.BodyHandlers.ofString());
            System.out.println(answer.statusCode() + " " + answer.version() + " " + answer.body());
        }
    }
}
"""


@pytest.mark.parametrize("asks_before", ["false", "true"])
def test_javas_own_client_is_served(lamps: Lamps, tmp_path: Path, asks_before: str) -> None:
    modules = subprocess.run([java(), "--list-modules"], capture_output=True, text=True, check=True).stdout
    if "jdk.compiler" not in modules:
        pytest.skip("this Java has no compiler, so it cannot run a source file")
    source = tmp_path / "Light.java"
    source.write_text(JAVA)
    paths = [lamps.install() for _ in range(3)]
    bodies = [PAST.decode(), '{"on": "2020-02-02", "colour": "red"}', PAST.decode()]
    commands = [
        part for path, body in zip(paths, bodies, strict=True) for part in (f"{lamps.address}{path}/light", body)
    ]
    ran = subprocess.run(
        [java(), str(source), lamps.authorization, asks_before, *commands],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert [line[:12] for line in ran.stdout.splitlines()] == ["200 HTTP_1_1", "422 HTTP_1_1", "200 HTTP_1_1"]
    assert [lamps.lit_on(path) for path in paths] == [["2020-02-02"], [], ["2020-02-02"]]


def closed_after(connection: socket.socket, begun: float) -> float:
    """How long a connection lasts on which nothing comes back any more."""
    assert connection.recv(1) == b""
    return time.monotonic() - begun


@pytest.mark.parametrize(
    ("target", "headers", "slug", "status"),
    [
        ("/v1/lamps", ("X: " + "a" * 4000,), "headers-too-large", 431),
        ("/v1/lamps", tuple(f"X-{number}: a" for number in range(500)), "headers-too-large", 431),
        ("/v1/lamps?q=" + "a" * 1000, (), "target-too-long", 414),
        ("/v1/lamps?q=" + "a" * 900, ("X: " + "a" * 3000,), "headers-too-large", 431),
    ],
)
@pytest.mark.parametrize("wish", [(), UPGRADES[0]])
def test_a_head_that_is_too_large_is_refused(
    lamps: Lamps, target: str, headers: Sequence[str], slug: str, status: int, wish: Sequence[str]
) -> None:
    sent = lamps.request("GET", target, f"Origin: {ORIGIN}", *headers, *wish)
    for segments in ([sent], [sent[:500], sent[500:900], sent[900:]]):
        [answer] = lamps.ask(*segments)
        answer.ends(status, slug)
        assert answer.headers["access-control-allow-origin"] == ORIGIN


def test_what_cannot_be_read_is_refused_in_the_language_that_was_read_before(lamps: Lamps) -> None:
    wanted = "Accept-Language: fr"
    for sent, slug, status, title in (
        (
            lamps.request("GET", "/v1/lamps", wanted, "X: " + "a" * 4000),
            "headers-too-large",
            431,
            "Les en-têtes sont trop volumineux",
        ),
        (
            lamps.request("GET", "/v1/lamps?q=" + "a" * 1000, wanted),
            "target-too-long",
            414,
            "L'adresse est trop longue",
        ),
    ):
        [answer] = lamps.ask(sent)
        document = answer.ends(status, slug)
        assert answer.headers["content-language"] == "fr", slug
        assert document["title"] == title
    [answer] = lamps.ask(b"BREW /v1/lamps HTTP/1.1\r\nAccept-Language: fr\r\n\r\n")
    assert answer.ends(400, "malformed-request")["detail"] == "the request is not well-formed HTTP/1.1"


@pytest.mark.parametrize(
    ("begin", "more", "slug", "status"),
    [
        (b"GET /v1/lamps?q=", b"a" * 5000, "target-too-long", 414),
        (b"GET /v1/lamps HTTP/1.1\r\nX: ", b"a" * 5000, "headers-too-large", 431),
        (b"GET /v1/lamps HTTP/1.1\r\nX", b"a" * 5000, "headers-too-large", 431),
        (b"GET /v1/lamps HTTP/1.1\r\n", b"X: a\r\n" * 1000, "headers-too-large", 431),
        (b"", b"\r\n" * 2500, "headers-too-large", 431),
        (b"TRAILERS", b"a" * 5000, "headers-too-large", 431),
        (b"TRAILERS", b"X: a\r\n" * 1000, "headers-too-large", 431),
    ],
)
def test_what_has_no_end_is_refused_before_it_is_much(
    lamps: Lamps, begin: bytes, more: bytes, slug: str, status: int
) -> None:
    lamp = lamps.install()
    if begin == b"TRAILERS":
        begin = lamps.light(lamp, "Transfer-Encoding: chunked", body=b"14\r\n%s\r\n0\r\n" % PAST, length=False)
    with lamps.connection() as connection:
        connection.sendall(begin)
        sent = 0
        while not select.select([connection], [], [], 0.002)[0]:
            connection.sendall(more)
            sent += len(more)
            assert sent < 1_000_000
        [answer] = answers(connection)
    answer.ends(status, slug)
    assert lamps.lit_on(lamp) == []


def test_who_says_nothing_is_not_waited_for(lamps: Lamps) -> None:
    begun = time.monotonic()
    with lamps.connection() as silent, lamps.connection() as blank:
        blank.sendall(b"\r\n")
        assert HEADER_TIMEOUT <= closed_after(silent, begun) < HEADER_TIMEOUT + LATE
        assert closed_after(blank, begun) < HEADER_TIMEOUT + LATE


def test_who_speaks_too_slowly_is_told_so(lamps: Lamps) -> None:
    begun = time.monotonic()
    with lamps.connection() as connection:
        for byte in lamps.request("GET", "/v1/lamps"):
            connection.sendall(bytes([byte]))
            if select.select([connection], [], [], 0.1)[0]:
                break
        assert HEADER_TIMEOUT <= time.monotonic() - begun < HEADER_TIMEOUT + LATE
        [answer] = answers(connection)
    answer.ends(408, "request-timeout")


def test_a_connection_without_requests_ends(lamps: Lamps) -> None:
    with lamps.connection() as connection:
        begun = time.monotonic()
        connection.sendall(lamps.request("GET", "/live"))
        [answer] = answers(connection)
        assert answer.status == 200
        assert IDLE_TIMEOUT <= time.monotonic() - begun < IDLE_TIMEOUT + LATE


def test_the_rest_of_a_body_that_nobody_wants_is_not_waited_for(lamps: Lamps) -> None:
    with lamps.connection() as connection:
        connection.sendall(b"POST /v1/lamps HTTP/1.1\r\nHost: lamps.test\r\nContent-Length: 10000\r\n\r\n{")
        assert connection.recv(65536).startswith(b"HTTP/1.1 401 ")
        assert cut_off(connection, b" ", seconds=HEADER_TIMEOUT + LATE)


def test_who_reads_no_answer_is_not_waited_for(lamps: Lamps) -> None:
    with lamps.connection() as connection:
        assert cut_off(connection, lamps.request("GET", "/openapi.json") * 20, seconds=20)


def cut_off(connection: socket.socket, sent: bytes, *, seconds: float) -> bool:
    """Whether the service ends a connection on which something is sent again and again, and nothing read."""
    connection.settimeout(0.1)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            connection.send(sent)
            time.sleep(0.1)
        except TimeoutError:
            continue
        except OSError:
            return True
    return False


def test_more_connections_than_there_may_be_are_sent_away(lamps: Lamps) -> None:
    with ExitStack() as opened:
        for _ in range(20):
            opened.enter_context(lamps.connection())
        with lamps.connection() as one_more:
            [answer] = answers(one_more)
        answer.ends(503, "unavailable")
        assert answer.headers["retry-after"] == "1"
    time.sleep(0.2)
    assert lamps.client.get("/live").status_code == 200


def pieces(raw: bytes, cuts: Sequence[int]) -> list[bytes]:
    places = [0, *sorted(cut % (len(raw) + 1) for cut in cuts), len(raw)]
    return [raw[begin:end] for begin, end in itertools.pairwise(places) if begin < end]


KINDS: Final[dict[str, Callable[[Lamps, str, Sequence[str]], bytes]]] = {
    "whole": lambda lamps, lamp, wish: lamps.light(lamp, *wish),
    "chunked": lambda lamps, lamp, wish: lamps.light(
        lamp, *wish, "Transfer-Encoding: chunked", body=CHUNKED, length=False
    ),
    "without": lambda lamps, lamp, wish: lamps.light(lamp, *wish, body=b"", length=False),
    "broken chunk": lambda lamps, lamp, wish: lamps.light(
        lamp, *wish, "Transfer-Encoding: chunked", body=b"13\r\n%s\r\n0\r\n\r\n" % PAST, length=False
    ),
    "two lengths": lambda lamps, lamp, wish: lamps.light(lamp, *wish, "Content-Length: 2"),
    "large": lambda lamps, lamp, wish: lamps.light(lamp, *wish, body=b" " * 6000 + PAST),
    "too large": lambda lamps, lamp, wish: lamps.light(lamp, *wish, "X: " + "a" * 9000),
    "history": lambda lamps, lamp, wish: lamps.request("GET", f"{lamp}/events", *wish),
    "no request": lambda _lamps, _lamp, _wish: b"{}",
}


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.sampled_from(sorted(KINDS)), st.sampled_from([(), *UPGRADES])), min_size=1, max_size=4),
    st.lists(st.integers(min_value=0, max_value=2**20), max_size=8),
)
def test_how_the_bytes_are_cut_on_the_way_changes_nothing(
    lamps: Lamps, sequence: Sequence[tuple[str, Sequence[str]]], cuts: Sequence[int]
) -> None:
    def outcome(cuts: Sequence[int]) -> tuple[list[tuple[int, object]], list[str]]:
        lamp = lamps.install()
        sent = [KINDS[kind](lamps, lamp, wish) for kind, wish in sequence]
        sent.append(lamps.request("GET", lamp, "Connection: close"))
        found = lamps.ask(*pieces(b"".join(sent), cuts), pause=0.002)
        told = [(answer.status, json.loads(answer.body).get("type")) for answer in found]
        return told, lamps.lit_on(lamp)

    assert outcome(cuts) == outcome([])
