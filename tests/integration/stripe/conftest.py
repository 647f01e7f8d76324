"""A gateway to the fake Stripe, at the wire."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from billing.adapters.stripe.gateway import StripeGateway
from billing.adapters.stripe.transport import Timeouts
from local.stripe.server import FakeStripeServer

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)

AT_ONCE = Timeouts(connect=2.0, total=5.0, retries=0)
"""Without the SDK's retries, and so without its waits."""


@pytest.fixture(scope="module")
def running_stripe() -> Iterator[FakeStripeServer]:
    with FakeStripeServer(now=NOON) as server:
        yield server


@pytest.fixture
def stripe_server(running_stripe: FakeStripeServer) -> FakeStripeServer:
    running_stripe.reset()
    return running_stripe


@pytest.fixture
def gateway(stripe_server: FakeStripeServer) -> StripeGateway:
    return StripeGateway("sk_test_gateway", stripe_server.url, AT_ONCE)
