"""HTTP/1.1 with kept connections.

werkzeug's own handler closes the connection after each answer (it cannot drain a body that nobody
read) and then waits ten milliseconds for rests of it. Here every view reads its body, so the
connection can carry the next request at once: a call costs one millisecond instead of twelve.
"""

from __future__ import annotations

import socket
import threading
from typing import Any

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

DROP = "X-Fake-Drop-Connection"  # an answer that carries it is not sent; the connection closes


class Handler(WSGIRequestHandler):
    """Answers one connection's requests."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server

    def setup(self) -> None:
        """Remember the connection, so that it can be closed when the server stops."""
        super().setup()
        self.server.remember(self.connection)

    def finish(self) -> None:
        """Forget the connection."""
        super().finish()
        self.server.forget(self.connection)

    def run_wsgi(self) -> None:
        """Call the application and send its answer."""
        started: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(
            status: str,
            headers: list[tuple[str, str]],
            _: Any = None,  # noqa: ANN401 - exc_info, which Flask does not pass
        ) -> Any:  # noqa: ANN401 - WSGI's write callable, which Flask does not use
            started.append((status, headers))

        body = b"".join(self.server.app(self.make_environ(), start_response))
        status, headers = started[-1]
        if any(name == DROP for name, _ in headers):
            self.close_connection = True
            return
        code, _, reason = status.partition(" ")
        self.send_response(int(code), reason)
        for name, value in headers:
            self.send_header(name, value)
        if not any(name.lower() == "content-length" for name, _ in headers):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Stay quiet."""


class Server(ThreadedWSGIServer):
    """A thread per connection; ``close_all`` ends those that clients keep open."""

    def __init__(self, port: int, app: Any) -> None:  # noqa: ANN401 - any WSGI application
        self._open: set[socket.socket] = set()
        self._guard = threading.Lock()
        super().__init__("127.0.0.1", port, app, Handler)

    def remember(self, connection: socket.socket) -> None:
        """A connection was opened."""
        with self._guard:
            self._open.add(connection)

    def forget(self, connection: socket.socket) -> None:
        """A connection has ended."""
        with self._guard:
            self._open.discard(connection)

    def close_all(self) -> None:
        """End all connections; their threads then end by themselves."""
        with self._guard:
            for connection in self._open:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue  # the client was faster
