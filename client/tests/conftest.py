"""A service on a socket, and clients of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from billing_client import Billing, Policy
from billing_client.pytest_plugin import fake_async_billing, fake_billing
from billing_client.testing import ManualClock
from billing_client.testing.service import KEY
from client.tests.support.server import Server

__all__ = ["fake_async_billing", "fake_billing"]  # as an installed client offers them

PATIENT = {"read_budget": 30, "attempt_timeout": 30}
"""For tests that hold answers back: no attempt may end before they let go."""

MakeBilling = Callable[..., Billing]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def server(clock: ManualClock) -> Iterator[Server]:
    server = Server(clock)
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture
def a_billing(server: Server) -> Iterator[MakeBilling]:
    """Build clients of the server; a keyword is one of the policy's."""
    with ExitStack() as opened:

        def build(**policy: object) -> Billing:
            made = Policy(**policy)  # type: ignore[arg-type] # whatever a test names
            return opened.enter_context(Billing(server.url, KEY, policy=made, clock=server.clock))

        yield build


@pytest.fixture
def billing(a_billing: MakeBilling) -> Billing:
    return a_billing()
