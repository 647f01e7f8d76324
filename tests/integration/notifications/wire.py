"""A wire to send over, and servers at its other end that do as they like."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from billing.adapters.outbound import Outbound, Undelivered
from billing.domain.delivery import Problem

Serve = Callable[[socket.socket], None]

PUBLIC = "93.184.215.14"


def an_outbound(**fields: object) -> Outbound:
    fields = {"local_is_allowed": True, "context": ssl.create_default_context(), **fields}
    return Outbound(**fields)  # type: ignore[arg-type]  # a builder


def problem_of(outbound: Outbound, url: str) -> Problem:
    with pytest.raises(Undelivered) as caught:
        outbound.post(url, b"{}", {})
    return caught.value.problem


@contextmanager
def a_server(serve: Serve) -> Iterator[int]:
    """A server that does as it likes with the one connection that it takes."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def run() -> None:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with connection:
                serve(connection)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        yield int(listening.getsockname()[1])
        listening.close()
        thread.join(10)
