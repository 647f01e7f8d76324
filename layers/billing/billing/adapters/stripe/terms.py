"""What Stripe charges by: terms of coupons and prices that it shows only where they are asked for.

A subscription is told with its prices in their main currency, and with discounts that only name
their coupon. Which products a coupon is for, and what it takes off or a price is in another
currency, has to be fetched. Only a subscription with discounts, or in another currency than its
prices', needs that.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from billing.adapters.stripe.discounts import coupon_of, map_discounts, told_discounts
from billing.adapters.stripe.shapes import Shape, child, entries, mapping, reference, required, text

_UNKNOWN: dict[str, Any] = {"applies_to": None, "currency_options": None}


class Terms(Protocol):
    """Who knows terms."""

    def coupon(self, coupon_id: str) -> Shape | None:
        """Return a coupon as it is shown to who asks for all; `None` where it is gone."""

    def price(self, price_id: str) -> Shape | None:
        """Return a price as it is shown to who asks for all; `None` where it is gone."""


def is_told_of_terms(obj: object) -> bool:
    """Whether a subscription has all terms by which it is charged."""
    sub = mapping(obj, "subscription")
    return next(_lacking(sub), None) is None


def with_terms(obj: object, terms: Terms) -> Shape:
    """Put in the terms that a subscription lacks."""
    sub = map_discounts(mapping(obj, "subscription"), lambda each: _with_coupon(each, terms))
    items = [_with_price(item, sub, terms) for item in entries(sub, "items")[0]]
    return {**sub, "items": {**child(sub, "items"), "data": items}}


def _lacking(sub: Shape) -> Iterator[object]:
    """Yield what lacks terms."""
    yield from (
        each for each in told_discounts(sub) if not _UNKNOWN.keys() <= coupon_of(each).keys()
    )
    yield from (item for item in entries(sub, "items")[0] if _needs_options(item, sub))


def _with_coupon(discount: Shape, terms: Terms) -> Shape:
    told = coupon_of(discount)
    source = child(discount, "source")
    coupon_id = text(told, "id") or reference(source, "coupon") or reference(discount, "coupon")
    known = _UNKNOWN.keys() <= told.keys() or coupon_id is None
    fetched = None if known or coupon_id is None else terms.coupon(coupon_id)
    whole = {**_UNKNOWN, **told, **(fetched or {})}
    return {**discount, "source": {**source, "coupon": whole}}


def _needs_options(item: Shape, sub: Shape) -> bool:
    price = child(item, "price")
    return bool(price) and "currency_options" not in price and _is_foreign(price, sub)


def _is_foreign(price: Shape, sub: Shape) -> bool:
    """Whether a subscription is charged in another currency than its price's main one."""
    charged, main = text(sub, "currency"), text(price, "currency")
    return charged is not None and main is not None and charged != main


def _with_price(item: Shape, sub: Shape, terms: Terms) -> Shape:
    if not _needs_options(item, sub):
        return item
    price = child(item, "price")
    fetched = terms.price(required(price, "id")) or {}
    return {**item, "price": {**price, "currency_options": child(fetched, "currency_options")}}
