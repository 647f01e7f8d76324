"""A catalog on sale at the fake Stripe, without a database."""

from __future__ import annotations

from dataclasses import replace

from billing.adapters.stripe.gateway import StripeGateway
from billing.domain.catalog import Price, Product
from local.stripe.server import FakeStripeServer
from tests.support.builders import a_catalog
from tests.support.lives import Stage


def open_stage(stripe: FakeStripeServer, gateway: StripeGateway) -> Stage:
    """Sell `a_catalog()` at an empty Stripe."""
    catalog = a_catalog()
    products = tuple(_on_sale(product, gateway) for product in catalog.products)
    return Stage(stripe, replace(catalog, products=products), gateway)


def _on_sale(product: Product, gateway: StripeGateway) -> Product:
    id_ = gateway.create_product("demo", product)
    named = replace(product, stripe_product_id=id_)
    prices = tuple(_priced(price, id_, gateway) for price in product.prices)
    return replace(named, prices=prices)


def _priced(price: Price, product_id: str, gateway: StripeGateway) -> Price:
    return replace(price, stripe_price_id=gateway.create_price("demo", product_id, price))
