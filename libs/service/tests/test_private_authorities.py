"""An issuer of tokens whose certificate comes from an authority of one's own."""

import json
import ssl
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from devstack.certificates import HOSTS, Authority
from devstack.issuer import Issuer
from service.http import auth
from service.http.auth import IssuerUnavailable, Tokens

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    """Who is believed is read once in a process, and these tests are of several."""
    auth._authorities.cache_clear()  # noqa: SLF001
    yield
    auth._authorities.cache_clear()  # noqa: SLF001


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def encrypted(authority: Authority) -> Iterator[Issuer]:
    """An issuer whose keys are published over https."""
    published = b""

    class Publish(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(published)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    issued = authority.issue("issuer", *HOSTS)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(issued.certificate, issued.key)
    with HTTPServer(("127.0.0.1", 0), Publish) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        issuer = Issuer(f"https://localhost:{server.server_port}")
        published = json.dumps(issuer.jwks).encode()
        Thread(target=server.serve_forever, daemon=True).start()
        yield issuer
        server.shutdown()


async def verifies(issuer: Issuer) -> bool:
    tokens = Tokens(issuer=issuer.url, audience=issuer.audience, jwks_url=issuer.jwks_url)
    caller = await tokens.verify(f"Bearer {issuer.token('lamps:read')}".encode())
    caller.require("lamps:read")
    return True


async def test_its_keys_are_believed_where_ssl_cert_file_names_the_authority(
    encrypted: Issuer, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.certificate))
    assert await verifies(encrypted)


async def test_and_nowhere_else(encrypted: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    with pytest.raises(IssuerUnavailable):
        await verifies(encrypted)
