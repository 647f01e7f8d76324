"""POSTs to addresses that strangers chose: public ones only, within a time, and no further.

A name is resolved once. Every address that it has must be public, and the connection goes to one
of those that were looked at, so a name that changes its mind in between leads nowhere else. TLS
is verified against the name. Redirects are not followed, and of the answer only its status is read.
"""

from __future__ import annotations

import re
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Thread

from billing.domain.delivery import Problem
from billing.domain.destination import (
    Destination,
    NotADestination,
    destination,
    is_loopback,
    is_public,
)

BUDGET = 5.0
"""Seconds that an attempt may take, from the name's resolution to the answer's status."""

LONGEST_HEAD = 16 * 1024
"""Bytes of an answer's status line and headers that are read; its body is not."""

USER_AGENT = "billing-notifications/1"

_STATUS = re.compile(rb"HTTP/1\.[01] ([1-5][0-9][0-9])(?: [^\r\n]*)?")
_END_OF_HEAD = b"\r\n\r\n"

Resolve = Callable[[str, int], list[str]]
Connect = Callable[[tuple[str, int], float], socket.socket]


def resolve(host: str, port: int) -> list[str]:
    """Look a name up; an address is its own.

    Raises:
        OSError: it has none.
    """
    found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class Undelivered(Exception):
    """There is no answer to show."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.value)
        self.problem = problem


@dataclass(frozen=True)
class Outbound:
    """Sends to endpoints.

    Attributes:
        local_is_allowed: whether this machine may be sent to, without TLS too: in dev.
        resolve: from a host and port to addresses.
        connect: to an address and port, within seconds.
        context: how TLS is spoken.
        budget: seconds that one attempt may take.
        clock: seconds, for the budget.
    """

    local_is_allowed: bool
    context: ssl.SSLContext
    resolve: Resolve = resolve
    connect: Connect = socket.create_connection
    budget: float = BUDGET
    clock: Callable[[], float] = time.monotonic

    def check(self, url: str) -> None:
        """Insist that a URL leads to a public address.

        Raises:
            NotADestination: it does not, or its form is not allowed.
        """
        try:
            self._addresses(self._destination(url), self.clock() + self.budget)
        except Undelivered as trouble:
            raise NotADestination(_SAID[trouble.problem]) from trouble

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        """Send a body, and return the status that is answered.

        Raises:
            Undelivered: there was no answer, or nothing may be sent there.
        """
        deadline = self.clock() + self.budget
        try:
            to = self._destination(url)
        except NotADestination as error:
            raise Undelivered(Problem.URL_REFUSED) from error
        try:
            with self._connected(to, deadline) as connection:
                connection.settimeout(self._left(deadline))
                connection.sendall(_request(to, body, headers))
                return self._status(connection, deadline)
        except TimeoutError as error:
            raise Undelivered(Problem.TIMED_OUT) from error
        except ssl.SSLError as error:
            raise Undelivered(Problem.TLS_FAILED) from error
        except OSError as error:
            raise Undelivered(Problem.UNREACHABLE) from error

    def _destination(self, url: str) -> Destination:
        return destination(url, local_is_allowed=self.local_is_allowed)

    def _addresses(self, to: Destination, deadline: float) -> list[str]:
        addresses = self._resolved(to, deadline)
        allowed = is_loopback if to.is_local else is_public
        if not all(allowed(address) for address in addresses):
            raise Undelivered(Problem.NOT_PUBLIC)
        return addresses

    def _resolved(self, to: Destination, deadline: float) -> list[str]:
        """Look a name up in a thread: the system's resolver takes no time limit."""
        found: SimpleQueue[list[str]] = SimpleQueue()

        def look_up() -> None:
            try:
                found.put(self.resolve(to.host, to.port))
            except (OSError, UnicodeError):
                found.put([])

        Thread(target=look_up, daemon=True).start()
        try:
            addresses = found.get(timeout=self._left(deadline))
        except Empty:
            raise Undelivered(Problem.TIMED_OUT) from None
        if not addresses:
            raise Undelivered(Problem.UNRESOLVED)
        return addresses

    def _connected(self, to: Destination, deadline: float) -> socket.socket:
        addresses = self._addresses(to, deadline)
        for number, address in enumerate(addresses, 1):
            try:
                plain = self.connect((address, to.port), self._left(deadline))
                break
            except OSError:
                if number == len(addresses):
                    raise
        if to.scheme == "http":
            return plain
        try:
            plain.settimeout(self._left(deadline))
            return self.context.wrap_socket(plain, server_hostname=to.host.strip("[]"))
        except BaseException:
            plain.close()
            raise

    def _status(self, connection: socket.socket, deadline: float) -> int:
        """Read an answer's status, past those that only announce it (1xx)."""
        head = b""
        while len(head) < LONGEST_HEAD:
            if _END_OF_HEAD in head:
                status = _status_of(head)
                if status >= 200:
                    return status
                head = head.partition(_END_OF_HEAD)[2]
                continue
            connection.settimeout(self._left(deadline))
            more = connection.recv(4096)
            if not more:
                break
            head += more
        return _status_of(head, least=200)

    def _left(self, deadline: float) -> float:
        left = deadline - self.clock()
        if left <= 0:
            raise TimeoutError
        return left


_SAID = {
    Problem.TIMED_OUT: "takes too long to resolve",
    Problem.UNRESOLVED: "has a name that does not resolve",
    Problem.NOT_PUBLIC: "must lead to a public address",
}


def _status_of(head: bytes, least: int = 100) -> int:
    found = _STATUS.fullmatch(head.partition(b"\r\n")[0])
    if not found or int(found[1]) < least:
        raise Undelivered(Problem.NOT_HTTP)
    return int(found[1])


def _request(to: Destination, body: bytes, headers: Mapping[str, str]) -> bytes:
    lines = {
        "Host": to.authority,
        "User-Agent": USER_AGENT,
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        "Connection": "close",
        **headers,
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"POST {to.target} HTTP/1.1\r\n{head}\r\n".encode("ascii") + body
