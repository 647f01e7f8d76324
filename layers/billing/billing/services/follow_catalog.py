"""The catalog follows Stripe: what is renamed, archived or added there is so here.

What Stripe has now is fetched, so neither order nor repetition of the events matters.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from billing.adapters.stripe.products import (
    StripePrice,
    StripeProduct,
    read_price,
    read_product,
)
from billing.domain.catalog import CODE, Catalog, Price, PriceType, Product
from billing.domain.errors import TryAgain, VersionConflict

if TYPE_CHECKING:
    from billing.adapters.dynamo.catalog_store import CatalogStore
    from billing.adapters.stripe.gateway import StripeGateway

ATTEMPTS = 5
"""How often a put is tried again when an operator, or another event, was faster."""

BY = "stripe"
"""Who put such a version."""


@dataclass(frozen=True, slots=True)
class CatalogWord:
    """That a product or a price changed at Stripe. `product_id` is set for both."""

    product_id: str
    price_id: str | None = None


def follow_catalog(
    word: CatalogWord,
    *,
    store: CatalogStore,
    gateway: Callable[[], StripeGateway],
    now: datetime,
) -> bool:
    """Bring the catalog that has the product up to what Stripe has now.

    Returns:
        Whether anything changed; what belongs to no catalog changes nothing.

    Raises:
        TryAgain: others were putting the same catalog all the while.
        StripeUnavailable: Stripe does not answer.
    """
    owner = store.owner_of(word.product_id)
    if owner is None:
        return False
    follow = _following(word, gateway())
    for _ in range(ATTEMPTS):
        before = store.catalog(owner)
        wanted = follow(before)
        if wanted == before:
            return False
        try:
            store.put_catalog(wanted, before, now=now, by=BY)
        except VersionConflict:
            continue
        return True
    raise TryAgain("The catalog is being put by others.")


def _following(word: CatalogWord, gateway: StripeGateway) -> Callable[[Catalog], Catalog]:
    if word.price_id is None:
        found = gateway.product(word.product_id)
        gone = StripeProduct(word.product_id, name="", active=False)
        product = read_product(found) if found else gone
        return lambda catalog: with_product(catalog, product)
    price_id = word.price_id
    listed = gateway.price(price_id)
    price = read_price(listed) if listed else None
    return lambda catalog: with_price(catalog, price_id, price)


def with_product(catalog: Catalog, seen: StripeProduct) -> Catalog:
    """Name a product as Stripe does, and sell it as long as Stripe does."""
    return _with_products(
        catalog,
        lambda product: (
            replace(product, name=seen.name or product.name, active=seen.active)
            if product.stripe_product_id == seen.id
            else product
        ),
    )


def with_price(catalog: Catalog, price_id: str, seen: StripePrice | None) -> Catalog:
    """Sell a price as long as Stripe does; one that is new there for a known product is added."""
    if any(p.stripe_price_id == price_id for product in catalog.products for p in product.prices):
        active = seen is not None and seen.active
        return _with_products(
            catalog, lambda product: _with_price(product, price_id, active=active)
        )
    if seen is None or not seen.active or seen.is_ours or seen.unit_amount is None:
        return catalog
    new = _new_price(catalog, seen, seen.unit_amount)
    return _with_products(
        catalog,
        lambda product: (
            replace(product, prices=(*product.prices, new))
            if product.stripe_product_id == seen.product_id
            else product
        ),
    )


def _with_price(product: Product, price_id: str, *, active: bool) -> Product:
    prices = tuple(
        replace(price, active=active) if price.stripe_price_id == price_id else price
        for price in product.prices
    )
    return replace(product, prices=prices)


def _new_price(catalog: Catalog, seen: StripePrice, unit_amount: int) -> Price:
    """Name a new price by its lookup key if that is free and fit to be an id, else by Stripe's."""
    taken = {price.id for product in catalog.products for price in product.prices}
    key = (seen.lookup_key or "").removeprefix(f"{catalog.project_id}:")
    usable = CODE.fullmatch(key) and key not in taken
    return Price(
        id=key if usable else seen.id.lower(),
        currency=seen.currency,
        unit_amount=unit_amount,
        type=PriceType.RECURRING if seen.interval else PriceType.ONE_TIME,
        interval=seen.interval,
        interval_count=seen.interval_count,
        stripe_price_id=seen.id,
    )


def _with_products(catalog: Catalog, change: Callable[[Product], Product]) -> Catalog:
    return replace(catalog, products=tuple(change(product) for product in catalog.products))
