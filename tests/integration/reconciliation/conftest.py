"""A shop whose Stripe stands at a fixed instant, and an operator's view of its runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from billing.settings import Settings, settings
from functions.reconciliation.handler import lambda_handler
from local.stripe.server import FakeStripeServer
from tests.support.requests import Answer, call, request
from tests.support.shop import Shop, open_shop

OPENING = datetime(2026, 3, 2, 12, tzinfo=UTC)
ROUTE = "/api/v1/admin/reconcile"


@pytest.fixture(scope="session")
def standing_stripe() -> Iterator[FakeStripeServer]:
    """A fake Stripe with a clock that stands; `shop` starts each test with an empty one."""
    with FakeStripeServer(now=OPENING, webhook_secret="whsec_integration") as server:
        yield server


@pytest.fixture
def shop(
    deployment: Settings, standing_stripe: FakeStripeServer, monkeypatch: pytest.MonkeyPatch
) -> Shop:
    """A project that sells."""
    standing_stripe.reset()
    monkeypatch.setenv("STRIPE_API_BASE", standing_stripe.url)
    settings.cache_clear()
    return open_shop(standing_stripe)


@dataclass
class Operator:
    """Starts runs, and reads their reports."""

    key: str

    def start(self, body: Any = None, **fields: Any) -> Answer:
        """Start a run."""
        event = request("POST", ROUTE, json_body=fields or body, key=self.key)
        return call(lambda_handler, event)

    def read(self, run_id: str) -> Answer:
        """Read a run's report."""
        return call(lambda_handler, request("GET", f"{ROUTE}/{run_id}", key=self.key))

    def run(self, **fields: Any) -> dict[str, Any]:
        """Make a run, and return its report."""
        status, body, _ = self.start(**fields)
        assert status == 202, body
        report: dict[str, Any] = self.read(body["run_id"]).body
        return report


@pytest.fixture
def operator(shop: Shop) -> Operator:
    """The shop's operator."""
    return Operator(shop.admin_key)
