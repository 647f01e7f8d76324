"""The fake service behind a real socket, whose answers can be held, cut and garbled."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from billing_client.testing import FakeService, ManualClock
from billing_client.testing.service import ConnectionCut
from billing_client.wire import Reply

PATIENCE = 10.0


class Server:
    """A `FakeService` that listens on this machine.

    Attributes:
        service: what it answers, and what it has seen.
        clock: by which the service lives.
    """

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.service = FakeService(prices={"pro": {"export": True, "devices": 5}}, clock=clock)
        self._said: list[Reply] = []
        self._open = threading.Event()
        self._open.set()
        self._held = threading.Semaphore(0)
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler_of(self))
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,))
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def stop(self) -> None:
        self._open.set()
        if self._thread.is_alive():
            self._http.shutdown()
            self._thread.join(PATIENCE)
        self._http.server_close()

    def say(self, reply: Reply) -> None:
        """Answer the next request with this, whatever it asks."""
        self._said.append(reply)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Compute answers, and send none before the end."""
        self._open.clear()
        try:
            yield
        finally:
            self._open.set()

    def wait_for_held(self, count: int = 1) -> None:
        """Wait until so many answers are computed and held."""
        for _ in range(count):
            assert self._held.acquire(timeout=PATIENCE), "no request came"

    def count(self, path: str = "/api/v1/entitlements") -> int:
        """How many requests came for a path."""
        return sum(seen.path == path for seen in self.service.seen)

    def reply_to(self, method: str, target: str, headers: dict[str, str], body: bytes) -> Reply:
        if self._said:
            self.service.respond(method, target, headers, body)
            return self._said.pop(0)
        reply = self.service.respond(method, target, headers, body)
        if not self._open.is_set():
            self._held.release()
            assert self._open.wait(PATIENCE)
        return reply


def _handler_of(server: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 1 << 16  # head and body in one packet, for which no delayed ACK waits

        def do_GET(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(length)
            try:
                reply = server.reply_to(self.command, self.path, headers, body)
            except ConnectionCut:
                self.close_connection = True
                return
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            if reply.status != 304:
                self.send_header("Content-Length", str(len(reply.content)))
            self.end_headers()
            self.wfile.write(reply.content)

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    return Handler
