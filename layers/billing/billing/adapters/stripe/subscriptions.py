"""Stripe's subscriptions, of any API version, as facts."""

from __future__ import annotations

from datetime import datetime

from billing.adapters.stripe.discounts import read_discounts
from billing.adapters.stripe.shapes import (
    Shape,
    UnreadableShape,
    child,
    entries,
    exact,
    instant,
    mapping,
    reference,
    required,
    text,
    truth,
    whole,
)
from billing.domain.status import SubscriptionStatus
from billing.domain.subscription import Subscription, SubscriptionItem
from billing.domain.worth import TransformQuantity


def read_subscription(
    obj: object, *, as_of: datetime, event_id: str, first_seen: datetime
) -> Subscription:
    """Read a subscription; the items' own `product_id` is for the catalog to fill in.

    Args:
        obj: Stripe's object. Fetch the rest of its items first unless `has_all_items`.
        as_of: the second of which the object speaks.
        event_id: the event, fetch or repair that brought it.
        first_seen: our own clock.

    Raises:
        UnreadableShape: it is not a subscription of any known API version.
    """
    sub = mapping(obj, "subscription")
    items, _complete = entries(sub, "items")
    return Subscription(
        id=required(sub, "id"),
        customer_id=_customer(sub),
        status=SubscriptionStatus(required(sub, "status")),
        items=tuple(_item(item, sub) for item in items) or _from_plan(sub),
        started_at=instant(sub, "start_date") or instant(sub, "created") or as_of,
        as_of=as_of,
        event_id=event_id,
        first_seen=first_seen,
        cancel_at=instant(sub, "cancel_at"),
        cancel_at_period_end=truth(sub, "cancel_at_period_end"),
        canceled_at=instant(sub, "canceled_at"),
        ended_at=instant(sub, "ended_at"),
        trial_end=instant(sub, "trial_end"),
        collection_paused=sub.get("pause_collection") is not None,
        discounts=read_discounts(sub),
        cancel_reason=text(child(sub, "cancellation_details"), "reason"),
        pause_reason=text(child(sub, "status_details", "paused", "subscription"), "type"),
    )


def has_all_items(obj: object) -> bool:
    """Whether the object holds all items of the subscription rather than the first few."""
    return entries(mapping(obj, "subscription"), "items")[1]


def with_items(obj: object, items: list[dict[str, object]]) -> Shape:
    """Put all items, fetched one page after another, in the place of the first few."""
    return {**mapping(obj, "subscription"), "items": {"data": items, "has_more": False}}


def _customer(sub: Shape) -> str:
    customer = reference(sub, "customer", "customer_account")
    if customer is None:
        raise UnreadableShape("customer is missing")
    return customer


def _item(item: Shape, sub: Shape) -> SubscriptionItem:
    price = child(item, "price") or child(item, "plan")  # before 2020 an item had a plan only
    # Since 2025-03-31 each item has its own period; before, the subscription had one.
    dated = item if item.get("current_period_end") is not None else sub
    return _line(required(item, "id"), item, price, dated, sub)


def _from_plan(sub: Shape) -> tuple[SubscriptionItem, ...]:
    """Read the oldest shape: one plan on the subscription itself, and no items."""
    plan = child(sub, "plan")
    return (_line(required(sub, "id"), sub, plan, sub, sub),) if plan else ()


def _line(item_id: str, item: Shape, price: Shape, dated: Shape, sub: Shape) -> SubscriptionItem:
    recurring = child(price, "recurring") or price
    price_id = text(price, "id") or reference(item, "price", "plan")
    if price_id is None:
        raise UnreadableShape("an item has no price")
    quantity = whole(item, "quantity")
    currency = text(sub, "currency") or text(price, "currency") or ""
    option = _option(price, currency)
    transform = child(price, "transform_quantity") or child(price, "transform_usage")
    amount = whole(option, "unit_amount")
    return SubscriptionItem(
        id=item_id,
        price_id=price_id,
        quantity=1 if quantity is None else quantity,  # metered items have none
        period_start=instant(dated, "current_period_start"),
        period_end=instant(dated, "current_period_end"),
        stripe_product_id=reference(price, "product"),
        unit_amount=whole(option, "amount") if amount is None else amount,
        currency=currency,
        interval=text(recurring, "interval"),
        interval_count=whole(recurring, "interval_count") or 1,
        is_metered=text(recurring, "usage_type") == "metered",
        unit_amount_decimal=_decimal(option),
        transform_quantity=_transform(transform) if transform else None,
    )


def _option(price: Shape, currency: str) -> Shape:
    """What a unit costs in the currency that is charged; an empty one where that is not known."""
    if text(price, "currency") in (None, currency):
        return price
    return child(price, "currency_options", currency)


def _decimal(option: Shape) -> str | None:
    """Read what a unit costs where it is no whole number of the minor unit."""
    if whole(option, "unit_amount") is not None or whole(option, "amount") is not None:
        return None
    found = exact(option, "unit_amount_decimal")
    return exact(option, "amount_decimal") if found is None else found


def _transform(transform: Shape) -> TransformQuantity:
    divide_by = whole(transform, "divide_by")
    if divide_by is None or divide_by < 1:
        raise UnreadableShape("divide_by is not a number to divide by")
    return TransformQuantity(divide_by, required(transform, "round"))
