"""An app that sold at Stripe by itself, before this service: nothing of it bears our metadata."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import requests
from stripe import StripeClient

Json = dict[str, Any]


@dataclass(frozen=True)
class OldApp:
    """Sells at a Stripe that pays every card, unless it is told otherwise.

    Attributes:
        prices: Stripe's ids of `monthly`, `yearly`, `seat` and `once`; of `unknown`, one that the
            catalog does not have.
    """

    client: StripeClient
    stripe_url: str
    prices: dict[str, str]

    @classmethod
    def at(cls, stripe_url: str, key: str, prices: dict[str, str]) -> OldApp:
        """Sell prices that exist, and one that is in no catalog."""
        client = StripeClient(key, base_addresses={"api": stripe_url})
        product = client.v1.products.create({"name": "Sold long ago"})
        price: Any = {"product": product.id, "currency": "usd", "unit_amount": 500}
        price["recurring"] = {"interval": "month"}
        unknown = client.v1.prices.create(price)
        return cls(client, stripe_url, {**prices, "unknown": unknown.id})

    def customer(self, **metadata: str) -> str:
        """Somebody whom only the app knows."""
        return self.client.v1.customers.create({"metadata": metadata}).id

    def subscribe(self, customer: str, price: str = "monthly", **fields: Any) -> str:
        """Sell a subscription."""
        items = [{"price": self.prices[price], "quantity": fields.pop("quantity", 1)}]
        wanted: Any = {"customer": customer, "items": items, **fields}
        return self.client.v1.subscriptions.create(wanted).id

    def sell_once(self, customer: str, price: str = "once") -> Json:
        """Sell something for good, by a checkout page of the app's own."""
        wanted: Any = {
            "customer": customer,
            "mode": "payment",
            "line_items": [{"price": self.prices[price], "quantity": 1}],
            "success_url": "https://old.example.com/done",
        }
        session = self.client.v1.checkout.sessions.create(wanted)
        return self.fake(f"checkout/sessions/{session.id}/pay")

    def charge_of(self, customer: str) -> str:
        """The customer's newest charge."""
        listed: Any = {"customer": customer}
        return self.client.v1.charges.list(listed).data[0].id

    def fake(self, path: str, **fields: Any) -> Json:
        """Tell the fake what a person or a bank does."""
        sent = requests.post(f"{self.stripe_url}/_fake/{path}", json=fields, timeout=10)
        assert sent.ok, sent.text
        found: Json = sent.json()
        return found

    # -- customers of every kind

    def kinds(self) -> dict[str, Callable[[str], object]]:
        """What a customer may have bought, by name."""
        return {
            "one": self.subscribe,
            "quantity": lambda c: self.subscribe(c, "seat", quantity=3),
            "two": lambda c: (self.subscribe(c), self.subscribe(c, "seat", quantity=2)),
            "trialing": lambda c: self.subscribe(c, trial_period_days=7),
            "canceling": lambda c: self.subscribe(c, cancel_at_period_end=True),
            "canceled": lambda c: self.client.v1.subscriptions.cancel(self.subscribe(c)),
            "past_due": lambda c: self._in(self.subscribe(c), "past_due"),
            "unpaid": lambda c: self._in(self.subscribe(c, "yearly"), "unpaid"),
            "bought": self.sell_once,
            "refunded": self._refunded,
            "period_refunded": self._period_refunded,
            "disputed": lambda c: (
                self.sell_once(c),
                self.fake(f"charges/{self.charge_of(c)}/dispute"),
            ),
            "nothing": lambda _c: None,
            "unknown": lambda c: self.subscribe(c, "unknown"),
            "unknown_beside": lambda c: (self.subscribe(c), self.subscribe(c, "unknown")),
        }

    def _in(self, subscription: str, status: str) -> Json:
        return self.fake(f"subscriptions/{subscription}/status", status=status)

    def _refunded(self, customer: str) -> None:
        self.sell_once(customer)
        self._give_back(customer)

    def _period_refunded(self, customer: str) -> None:
        self.subscribe(customer)
        self._give_back(customer)

    def _give_back(self, customer: str) -> None:
        refund: Any = {"charge": self.charge_of(customer)}
        self.client.v1.refunds.create(refund)

    def sell(self, count: int) -> Iterator[tuple[str, str, str]]:
        """Sell to so many users, of every kind in turn; (kind, user id, customer id)."""
        kinds = list(self.kinds().items())
        for number in range(count):
            kind, sells = kinds[number % len(kinds)]
            customer = self.customer()
            sells(customer)
            yield kind, f"{kind}-{number}", customer


def prices_of(catalog: Any) -> dict[str, str]:
    """Stripe's ids of the prices of a shop's catalog."""
    ids = {price.id: price.stripe_price_id for p in catalog.products for price in p.prices}
    names = {"monthly": "pro_monthly", "yearly": "pro_yearly", "seat": "seat", "once": "once"}
    return {name: str(ids[id_]) for name, id_ in names.items()}
