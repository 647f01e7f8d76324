"""A fake Stripe that sells, for lives that are told to many services."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from billing.adapters.stripe.gateway import StripeGateway
from local.stripe.server import FakeStripeServer
from tests.support.lives import Stage
from tests.support.stage import open_stage

BIRTH = datetime(2026, 1, 15, 12, tzinfo=UTC)


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    """A fake Stripe with the catalog's prices."""
    with FakeStripeServer(now=BIRTH, webhook_secret="whsec_lives") as server:
        yield open_stage(server, StripeGateway("sk_test_lives", server.url))
