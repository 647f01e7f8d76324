"""Stripe's products and prices, as far as a catalog follows them."""

from __future__ import annotations

from dataclasses import dataclass

from billing.adapters.stripe.shapes import (
    child,
    mapping,
    metadata,
    reference,
    required,
    text,
    truth,
    whole,
)


@dataclass(frozen=True, slots=True)
class StripeProduct:
    """A product as it is at Stripe."""

    id: str
    name: str
    active: bool


@dataclass(frozen=True, slots=True)
class StripePrice:
    """A price as it is at Stripe.

    Attributes:
        unit_amount: in the currency's minor unit; `None` where it is not one number (tiers).
        is_ours: whether this service made it, for a catalog that is being put.
    """

    id: str
    product_id: str
    active: bool
    currency: str
    unit_amount: int | None
    interval: str | None
    interval_count: int
    lookup_key: str | None
    is_ours: bool


def read_product(obj: object) -> StripeProduct:
    """Read a product; one that was deleted is not active.

    Raises:
        UnreadableShape: it is not a product.
    """
    product = mapping(obj, "product")
    return StripeProduct(
        id=required(product, "id"), name=text(product, "name") or "", active=_active(product)
    )


def read_price(obj: object) -> StripePrice:
    """Read a price; one that was deleted is not active.

    Raises:
        UnreadableShape: it is not a price.
    """
    price = mapping(obj, "price")
    recurring = child(price, "recurring")
    return StripePrice(
        id=required(price, "id"),
        product_id=reference(price, "product") or "",
        active=_active(price),
        currency=text(price, "currency") or "",
        unit_amount=whole(price, "unit_amount"),
        interval=text(recurring, "interval"),
        interval_count=whole(recurring, "interval_count") or 1,
        lookup_key=text(price, "lookup_key"),
        is_ours="price_id" in metadata(price),
    )


def _active(obj: object) -> bool:
    shape = mapping(obj, "object")
    return truth(shape, "active") and not truth(shape, "deleted")
