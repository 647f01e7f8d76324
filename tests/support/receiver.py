"""An app's endpoint: a server on this machine that takes what is pushed, or does not."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

from standardwebhooks import Webhook

PATIENCE_SECONDS = 30.0


@dataclass(frozen=True)
class Received:
    """One request, as it came in."""

    path: str
    headers: dict[str, str]
    body: bytes
    status: int
    at: float

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    def verified(self, secret: str) -> dict[str, Any]:
        """What it says, by the specification's own library."""
        return cast("dict[str, Any]", Webhook(secret).verify(self.body, self.headers))


@dataclass
class Receiver:
    """Answers with the next of `statuses`, and with 204 when there are none.

    Attributes:
        troubled: part of the bodies that get those statuses; others are accepted.
        before_answering: what the app does meanwhile.
    """

    port: int = 0
    statuses: list[int] = field(default_factory=list)
    troubled: bytes = b""
    received: list[Received] = field(default_factory=list)
    before_answering: Callable[[], object] = lambda: None

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}/hooks?from=billing"

    @property
    def accepted(self) -> list[Received]:
        return [each for each in self.received if 200 <= each.status < 300]

    def wait_for(self, wanted: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> None:
        """Wait until something holds of what was received."""
        deadline = time.monotonic() + seconds
        while not wanted():
            assert time.monotonic() < deadline, [each.body for each in self.received]
            time.sleep(0.02)


@contextmanager
def a_receiver(*statuses: int) -> Iterator[Receiver]:
    """An app's endpoint that listens."""
    receiver = Receiver(statuses=list(statuses))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(int(headers["content-length"]))
            is_troubled = receiver.statuses and receiver.troubled in body
            status = receiver.statuses.pop(0) if is_troubled else 204
            receiver.received.append(Received(self.path, headers, body, status, time.time()))
            receiver.before_answering()
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", "http://127.0.0.1:9/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Stay silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
