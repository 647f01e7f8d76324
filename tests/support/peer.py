"""A DynamoDB that does as it is told: it answers, breaks off, damages, or keeps still."""

from __future__ import annotations

import json
import socket
import struct
import zlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import Any, Self


@dataclass(frozen=True)
class Act:
    """What becomes of one request.

    Attributes:
        status, content: of the answer.
        is_damaged: its checksum is another's.
        cut: how many bytes of the content are kept back before the connection ends.
        ends: how the connection ends after it: `close`, `reset`, or not at all.
        is_silent: nothing is answered.
    """

    status: int = 200
    content: bytes = b"{}"
    headers: Mapping[str, str] = field(default_factory=dict)
    is_damaged: bool = False
    cut: int = 0
    ends: str = ""
    is_silent: bool = False


def answer(body: Any, status: int = 200, ends: str = "", **headers: str) -> Act:
    """Answer with JSON; header names are written with `_` for `-`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Act(status, json.dumps(body).encode(), named, ends=ends)


def error(code: str, status: int = 400) -> Act:
    """Refuse, as DynamoDB does."""
    type_ = f"com.amazonaws.dynamodb.v20120810#{code}"
    return answer({"__type": type_, "message": "so it is"}, status)


CLOSED = Act(is_silent=True, ends="close")
RESET = Act(is_silent=True, ends="reset")
SILENT = Act(is_silent=True)
RESET_AFTER = Act(content=b'{"Item": {}}', cut=6, ends="reset")
TRUNCATED = Act(content=b'{"Item": {}}', cut=6, ends="close")
DAMAGED = Act(is_damaged=True)
NOT_JSON = Act(content=b"<html>")


class Peer:
    """Plays its acts in order, one a request, whatever the connection."""

    def __init__(self, *acts: Act) -> None:
        self.requests: list[tuple[dict[str, str], bytes]] = []
        self.connections = 0
        self._acts = iter(acts)
        self._open: list[socket.socket] = []
        self._over = Event()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.environ = {  # what a function at this peer finds in its environment
            "AWS_REGION": "eu-west-1",
            "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_SESSION_TOKEN": "token-1",
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self._socket.getsockname()[1]}",
        }
        self._thread = Thread(target=self._serve)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for connection in self._open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        with socket.create_connection(self._socket.getsockname()):
            self._thread.join()
        for connection in (*self._open, self._socket):
            connection.close()

    def _serve(self) -> None:
        while True:
            connection, _ = self._socket.accept()
            self._open.append(connection)
            if self._over.is_set():
                return
            self.connections += 1
            self._play(connection)

    def _play(self, connection: socket.socket) -> None:
        """Serve one connection until it ends, or is left open in silence."""
        with connection.makefile("rb") as file:
            while request := read_request(file):
                self.requests.append(request)
                act = next(self._acts)
                if act.is_silent and not act.ends:
                    return
                if not act.is_silent:
                    connection.sendall(_head(act) + act.content[: len(act.content) - act.cut])
                if act.ends == "reset":
                    linger = struct.pack("ii", 1, 0)
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                if act.ends:
                    break
        connection.close()


def _head(act: Act) -> bytes:
    checksum = zlib.crc32(act.content) + act.is_damaged
    headers = {"Content-Length": len(act.content), "x-amz-crc32": checksum, **act.headers}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {act.status} -\r\n{lines}\r\n".encode()


def read_request(file: Any) -> tuple[dict[str, str], bytes] | None:
    """Read the headers, by their names in lower case, and the body; nothing at the end."""
    if not file.readline():
        return None
    headers = {}
    while line := file.readline().strip():
        name, _, value = line.decode().partition(":")
        headers[name.lower()] = value.strip()
    return headers, file.read(int(headers["content-length"]))


def nobody() -> dict[str, str]:
    """The environment of a function whose DynamoDB refuses connections."""
    with Peer() as peer:
        return peer.environ
