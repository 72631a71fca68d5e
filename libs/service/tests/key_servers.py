"""Where an issuer of tokens publishes its keys, which a test changes, loses and takes away."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Self


class _Publisher(ThreadingHTTPServer):
    # Five, as is usual, are too few for six services that ask at once on a busy machine.
    request_queue_size = 128


class KeyServer:
    """Publishes keys, and can go away and come back on its port."""

    def __init__(self) -> None:
        self.jwks: dict[str, Any] = {"keys": []}
        """What it publishes."""
        self.asked = 0
        """How often."""
        self.loses = 0
        """How many of the next requests it leaves without an answer."""
        self._server: _Publisher | None = None
        self._port = 0

    def start(self) -> Self:
        """Publishes, at its address."""
        keys = self

        class Publish(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                keys.asked += 1
                if keys.loses > 0:
                    keys.loses -= 1
                    return
                self.send_response(200)
                self.end_headers()
                self.wfile.write(json.dumps(keys.jwks).encode())

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        self._server = _Publisher(("127.0.0.1", self._port), Publish)
        self._port = self._server.server_port
        Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def stop(self) -> None:
        """Goes away."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    @property
    def url(self) -> str:
        """Where the keys are."""
        return f"http://127.0.0.1:{self._port}/jwks"
