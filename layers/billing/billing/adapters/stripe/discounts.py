"""What is taken off a subscription, of any API version."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
    whole,
)
from billing.domain.worth import Discount

FOREVER = "forever"


def read_discounts(sub: Shape) -> tuple[Discount, ...]:
    """Read the discounts of a subscription and of its items; one that is but an id is left out.

    Raises:
        UnreadableShape: it is of no known API version.
    """
    found = [_discount(each, None) for each in _told(sub)]
    for item in entries(sub, "items")[0]:
        found += [_discount(each, required(item, "id")) for each in _told(item)]
    return tuple(found)


def is_told_of_discounts(obj: object) -> bool:
    """Whether all discounts are written out: since 2025-03-31 an event only names them."""
    sub = mapping(obj, "subscription")
    named = {id_ for holder in _holders(sub) for id_ in _ids(holder)}
    told = {text(each, "id") for holder in _holders(sub) for each in _told(holder)}
    return named <= told


def with_discounts(obj: object, fetched: object) -> Shape:
    """Write the discounts out as the subscription has them now; one that has ended is lost."""
    sub, now_is = mapping(obj, "subscription"), mapping(fetched, "subscription")
    known = {text(d, "id"): d for holder in _holders(now_is) for d in _told(holder)}
    items = [_written_out(item, known) for item in entries(sub, "items")[0]]
    listing = {**child(sub, "items"), "data": items}
    return {**_written_out(sub, known), "items": listing}


def _written_out(holder: Shape, known: Mapping[str | None, Shape]) -> Shape:
    found = [known.get(id_, id_) for id_ in _ids(holder)]
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


def _discount(discount: Shape, item_id: str | None) -> Discount:
    coupon = child(discount, "source", "coupon") or child(discount, "coupon")
    return Discount(
        id=required(discount, "id"),
        percent_off=decimal(coupon, "percent_off"),
        amount_off=whole(coupon, "amount_off"),
        currency=text(coupon, "currency") or "",
        duration=text(coupon, "duration") or FOREVER,
        ends_at=instant(discount, "end"),
        item_id=item_id or reference(discount, "subscription_item"),
    )
