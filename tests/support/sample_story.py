"""What the samples of `events/` speak of: a catalog, and what a Stripe has to know."""

from __future__ import annotations

from typing import Any

import stripe

from billing.domain.catalog import Catalog, Feature, FeatureType, Price, PriceType, Product
from local.stripe.server import FakeStripeServer
from local.stripe.state import SessionPlan
from tests.support import samples


def the_catalog() -> Catalog:
    """What the samples buy."""
    monthly = Price(
        "pro_monthly", "usd", 900, interval="month", stripe_price_id="price_pro_monthly"
    )
    once = Price("lifetime", "usd", 19900, PriceType.ONE_TIME, stripe_price_id="price_lifetime")
    features: dict[str, Any] = {"export": True, "devices": 5}
    return Catalog(
        "demo",
        features=(Feature("export"), Feature("devices", type=FeatureType.LIMIT)),
        products=(
            Product("pro", "Pro", features, (monthly,), stripe_product_id="prod_pro"),
            Product(
                "lifetime", "Lifetime", {"export": True}, (once,), stripe_product_id="prod_lifetime"
            ),
        ),
    )


def know_what_is_named(server: FakeStripeServer) -> None:
    """Let a fake Stripe have the prices, the customer and the sessions of the samples."""
    client = stripe.StripeClient("sk_test_samples", base_addresses={"api": server.url})
    product = client.v1.products.create({"name": "Samples"})
    for price_id, amount in (("price_pro_monthly", 900), ("price_lifetime", 19900)):
        params: Any = {"product": product.id, "currency": "usd", "unit_amount": amount}
        if price_id == "price_pro_monthly":
            params["recurring"] = {"interval": "month"}
        made = client.v1.prices.create(params)
        known = {**server.state.prices.rows[made.id], "id": price_id}
        server.state.prices.add(known)
    server.state.customers.add(
        {**server.state.customers.rows[client.v1.customers.create({}).id], "id": "cus_demo1"}
    )
    for path in samples.samples("stripe"):
        obj = samples.read(path)["data"]["object"]
        if obj["object"] == "checkout.session":
            price = "price_lifetime" if obj["mode"] == "payment" else "price_pro_monthly"
            server.state.sessions.add(obj)
            server.state.plans[obj["id"]] = SessionPlan(lines=[(price, 1)])
