"""A handler behind a real socket, whose requests and answers can be lost on the way."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import urlsplit

from tests.support.requests import Event, LambdaContext, request

Handler = Callable[[Event, Any], dict[str, Any]]
Meet = Callable[[int], None]
"""Is told which request it is, from 1, and may do what it likes to whoever asks."""


class Lost(Exception):
    """The request never comes to the service."""


@dataclass
class Served:
    """A service of one handler; it answers one request at a time.

    Attributes:
        before, after: called before a request takes effect, and before its answer is sent; the
            first may say that it is `Lost`.
        answers: statuses that are answered instead, the first to come first; 0 lets it through.
    """

    handler: Handler
    before: Meet = lambda _number: None
    after: Meet = lambda _number: None
    answers: list[int] = field(default_factory=list)
    count: int = 0
    url: str = ""

    def reply(self, method: str, target: str, headers: Any, body: str) -> tuple[int, str]:
        """Answer one request."""
        self.count += 1
        number = self.count
        self.before(number)
        status = self.answers.pop(0) if self.answers else 0
        if status:
            return status, '{"detail": "so it is"}'
        parts = urlsplit(target)
        event = request(
            method, parts.path, query=parts.query, body=body or None, headers=dict(headers)
        )
        response = self.handler(event, LambdaContext())
        self.after(number)
        return int(response["statusCode"]), str(response.get("body") or "")


@contextmanager
def served(handler: Handler) -> Iterator[Served]:
    """Serve a handler on this machine."""
    service = Served(handler)

    class Edge(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
            try:
                status, text = service.reply(self.command, self.path, self.headers, body)
            except Lost:
                self.close_connection = True
                return
            self.send_response(status)
            self.send_header("content-type", "application/json")
            if status in (429, 503):
                self.send_header("retry-after", "7")
            self.end_headers()
            try:
                self.wfile.write(text.encode())
            except OSError:
                self.close_connection = True  # whoever asked is gone

        def log_message(self, *_: object) -> None:
            """Keep still."""

    with HTTPServer(("127.0.0.1", 0), Edge) as http:
        service.url = f"http://127.0.0.1:{http.server_address[1]}"
        thread = threading.Thread(target=http.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield service
        finally:
            http.shutdown()
            thread.join()
