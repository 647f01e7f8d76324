"""A fake Stripe whose clock stands still at noon on 15 January 2026, and a small shop in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
import stripe

from local.stripe.server import FakeStripeServer

NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)
SUCCESS = "https://app.example/ok?session={CHECKOUT_SESSION_ID}"
CANCEL = "https://app.example/back"


@dataclass
class Shop:
    """The fake, a real SDK client of it, and three prices."""

    server: FakeStripeServer
    client: stripe.StripeClient
    monthly: str
    yearly: str
    lifetime: str

    def session(self, **given: Any) -> stripe.checkout.Session:
        """Open a session; a monthly subscription unless told otherwise."""
        mode = given.setdefault("mode", "subscription")
        price = given.pop("price", self.monthly if mode == "subscription" else self.lifetime)
        quantity = given.pop("quantity", 1)
        params: Any = {
            "success_url": SUCCESS,
            "cancel_url": CANCEL,
            "line_items": [{"price": price, "quantity": quantity}],
            **given,
        }
        return self.client.v1.checkout.sessions.create(params)

    def subscribe(self, **given: Any) -> dict[str, Any]:
        """Subscribe through checkout; answers the stored subscription, which stays up to date."""
        paid = self.server.pay(self.session(**given).id)
        return self.server.state.subscriptions.rows[paid["subscription"]]

    def buy(self, **given: Any) -> dict[str, Any]:
        """Buy the lifetime product; answers the charge."""
        paid = self.server.pay(self.session(mode="payment", **given).id)
        intent = self.server.state.intents.rows[paid["payment_intent"]]
        return self.server.state.charges.rows[intent["latest_charge"]]

    def types(self, after: int = 0) -> list[str]:
        """Types of the events, oldest first, beyond the first ``after``."""
        return [event["type"] for event in self.server.events()][after:]

    def mark(self) -> int:
        """How many events there are."""
        return len(self.server.events())


@pytest.fixture
def server() -> Iterator[FakeStripeServer]:
    with FakeStripeServer(now=NOON) as running:
        yield running


@pytest.fixture
def client(server: FakeStripeServer) -> Iterator[stripe.StripeClient]:
    http = stripe.RequestsClient()
    yield stripe.StripeClient(
        "sk_test_fake", base_addresses={"api": server.url}, http_client=http, max_network_retries=0
    )
    http.close()  # type: ignore[no-untyped-call]  # the SDK's


@pytest.fixture
def shop(server: FakeStripeServer, client: stripe.StripeClient) -> Shop:
    pro = client.v1.products.create({"name": "Pro"})
    recurring: Any = {"product": pro.id, "currency": "usd"}
    month = {"interval": "month"}
    by_month = recurring | {"unit_amount": 1200, "recurring": month, "lookup_key": "pro_monthly"}
    by_year = recurring | {"unit_amount": 12_000, "recurring": {"interval": "year"}}
    monthly = client.v1.prices.create(by_month)
    yearly = client.v1.prices.create(by_year)
    life = client.v1.products.create({"name": "Lifetime"})
    lifetime = client.v1.prices.create({"product": life.id, "currency": "usd", "unit_amount": 9900})
    return Shop(server, client, monthly.id, yearly.id, lifetime.id)
