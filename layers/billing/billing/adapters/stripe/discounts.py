"""What is taken off a subscription, of any API version."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from billing.adapters.stripe.shapes import (
    Shape,
    UnreadableShape,
    child,
    decimal,
    entries,
    instant,
    mapping,
    reference,
    required,
    text,
    texts,
    whole,
)
from billing.domain.worth import Discount

FOREVER = "forever"


def read_discounts(sub: Shape) -> tuple[Discount, ...]:
    """Read the discounts of a subscription and of its items; one that is but an id is left out.

    Raises:
        UnreadableShape: it is of no known API version.
    """
    currency = text(sub, "currency")
    found = [_discount(each, None, currency) for each in _told(sub)]
    for item in entries(sub, "items")[0]:
        found += [_discount(each, required(item, "id"), currency) for each in _told(item)]
    return tuple(found)


def told_discounts(sub: Shape) -> Iterator[Shape]:
    """Yield the discounts of a subscription and its items that are written out."""
    for holder in _holders(sub):
        yield from _told(holder)


def coupon_of(discount: Shape) -> Shape:
    """Return the coupon that is written out in a discount; an empty one where it is but an id."""
    return child(discount, "source", "coupon") or child(discount, "coupon")


def has_discounts(holder: Shape) -> bool:
    """Whether a subscription or an item of it has any, written out or not."""
    return bool(_listed(holder) or child(holder, "discount"))


def map_discounts(sub: Shape, change: Callable[[Shape], Shape]) -> Shape:
    """Change each discount of a subscription and its items that is written out."""
    items = [_mapped(item, change) for item in entries(sub, "items")[0]]
    return {**_mapped(sub, change), "items": {**child(sub, "items"), "data": items}}


def is_told_of_discounts(obj: object) -> bool:
    """Whether all discounts are written out: since 2025-03-31 an event only names them."""
    sub = mapping(obj, "subscription")
    named = {id_ for holder in _holders(sub) for id_ in _ids(holder)}
    told = {text(each, "id") for each in told_discounts(sub)}
    return named <= told


def with_discounts(obj: object, fetched: object) -> Shape:
    """Write the discounts out as the subscription has them now; one that has ended is lost."""
    sub, now_is = mapping(obj, "subscription"), mapping(fetched, "subscription")
    known = {text(each, "id"): each for each in told_discounts(now_is)}
    items = [_written_out(item, known) for item in entries(sub, "items")[0]]
    listing = {**child(sub, "items"), "data": items}
    return {**_written_out(sub, known), "items": listing}


def _mapped(holder: Shape, change: Callable[[Shape], Shape]) -> Shape:
    alone, listed = child(holder, "discount"), _listed(holder)
    told = [change(each) if isinstance(each, Mapping) else each for each in listed]
    single = {"discount": change(alone)} if alone else {}
    return {**holder, **single, **({"discounts": told} if told else {})}


def _written_out(holder: Shape, known: Mapping[str | None, Shape]) -> Shape:
    listed = zip(_ids(holder), _listed(holder), strict=True)
    found = [known.get(id_, each) for id_, each in listed]
    return {**holder, "discounts": found} if found else holder


def _holders(sub: Shape) -> Iterator[Shape]:
    yield sub
    yield from entries(sub, "items")[0]


def _listed(holder: Shape) -> list[Any]:
    listed = holder.get("discounts")
    if listed is None:
        return []
    if not isinstance(listed, list):
        raise UnreadableShape("discounts is not a list")
    return listed


def _ids(holder: Shape) -> list[str]:
    return [
        each if isinstance(each, str) else required(mapping(each, "discount"), "id")
        for each in _listed(holder)
    ]


def _told(holder: Shape) -> Iterator[Shape]:
    """Yield the discounts that are written out: in the list, or alone as before 2025-03-31."""
    alone = child(holder, "discount")
    if alone:
        yield alone
    for each in _listed(holder):
        if isinstance(each, Mapping) and each.get("id") != alone.get("id"):
            yield each


def _discount(discount: Shape, item_id: str | None, charged_in: str | None) -> Discount:
    """Read a discount, in the currency of its subscription where the coupon is in several."""
    coupon = coupon_of(discount)
    option = child(coupon, "currency_options", charged_in) if charged_in else {}
    amount = whole(option, "amount_off")
    currency = text(coupon, "currency") if amount is None else charged_in
    return Discount(
        id=required(discount, "id"),
        percent_off=decimal(coupon, "percent_off"),
        amount_off=whole(coupon, "amount_off") if amount is None else amount,
        currency=currency or "",
        duration=text(coupon, "duration") or FOREVER,
        ends_at=instant(discount, "end"),
        item_id=item_id or reference(discount, "subscription_item"),
        products=texts(child(coupon, "applies_to"), "products"),
    )
