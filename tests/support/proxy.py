"""A TCP proxy that can be cut: how a service looks that has stopped."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit

PATIENCE = 30.0


class Proxy:
    """Carries bytes to a service on this machine; while it is cut, nobody answers there."""

    def __init__(self, url: str) -> None:
        self._parts = urlsplit(url)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._port = int(self._listening.getsockname()[1])
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._accept(self._listening)

    @property
    def url(self) -> str:
        """The service's address, through here."""
        return urlunsplit(self._parts._replace(netloc=f"127.0.0.1:{self._port}"))

    def cut(self) -> None:
        """Close every connection, and take no more."""
        # Only a shutdown wakes a thread that waits in accept().
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        with self._lock:
            for each in self._open:
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
            self._open.clear()

    def heal(self) -> None:
        """Take connections again, at the same address."""
        self._listening = socket.create_server(("127.0.0.1", self._port))
        self._accept(self._listening)

    def _accept(self, listening: socket.socket) -> None:
        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    near, _ = listening.accept()
                    self._connect(near)

        threading.Thread(target=serve, daemon=True).start()

    def _connect(self, near: socket.socket) -> None:
        host, port = str(self._parts.hostname), int(self._parts.port or 80)
        far = socket.create_connection((host, port), PATIENCE)
        with self._lock:
            self._open |= {near, far}
        for source, target in ((near, far), (far, near)):
            threading.Thread(target=self._carry, args=(source, target), daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65_536):
                target.sendall(data)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        with self._lock:
            self._open -= {source, target}


@contextmanager
def proxied(url: str) -> Iterator[Proxy]:
    """Put a proxy before a service, for a while."""
    proxy = Proxy(url)
    try:
        yield proxy
    finally:
        proxy.cut()
