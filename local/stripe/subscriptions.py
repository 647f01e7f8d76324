"""Subscriptions: how one begins."""

from __future__ import annotations

from local.stripe import billing, payments, standing
from local.stripe.events import emit
from local.stripe.objects import billing as build
from local.stripe.objects.catalog import discount
from local.stripe.periods import DAY, boundary, next_boundary
from local.stripe.state import SubscriptionBook, World
from local.stripe.tables import Obj

INCOMPLETE_FOR = 23 * 3600  # a first payment may be outstanding for 23 hours
TRIAL_WARNING = 3 * DAY  # before the end of a trial


def begin(world: World, customer: Obj, lines: list[tuple[Obj, int]], given: Obj) -> Obj:
    """A new subscription with its first invoice, paid as ``given["pay"]`` says.

    Args:
        world: the state.
        customer: who pays.
        lines: (price, quantity), all of one interval and currency.
        given: metadata, trial_end, coupon, default_payment_method, description, trial_settings,
            cancel_at, cancel_at_period_end; ``pay`` is "now", "in person" (with a card that
            works), "later" (a delayed method) or "hold" (wait for the customer).
    """
    trial_end = given.get("trial_end")
    facts = given | {
        "customer": customer["id"],
        "currency": given.get("currency") or lines[0][0]["currency"],
        "status": "trialing" if trial_end else "incomplete",
    }
    sub = world.subscriptions.add(build.subscription(world, facts))
    sub["items"]["url"] = f"/v1/subscription_items?subscription={sub['id']}"
    for price, quantity in lines:
        add_item(world, sub, price, {"quantity": quantity})
    sub["billing_cycle_anchor"] = trial_end or world.now
    world.books[sub["id"]] = SubscriptionBook(anchor=sub["billing_cycle_anchor"])
    set_period(world, sub, world.now, trial_end)
    if given.get("coupon"):
        apply_coupon(world, sub, given["coupon"])
    customer["currency"] = customer["currency"] or sub["currency"]
    plan_end(world, sub, given)
    invoice = billing.draft(
        world, sub, "subscription_create", billing.cycle_lines(world, sub, free=bool(trial_end))
    )
    emit(world, "customer.subscription.created", sub)
    emit(world, "invoice.created", invoice)
    billing.finalize(world, invoice)
    _first_payment(world, sub, invoice, given.get("pay", "now"))
    if trial_end:
        _watch_trial(world, sub, trial_end)
    return sub


def _first_payment(world: World, sub: Obj, invoice: Obj, pay: str) -> None:
    intent = billing.intent_of(world, invoice["id"])
    if pay == "later" and intent is not None:
        payments.process(world, intent, sub["default_payment_method"])
        standing.set_status(world, sub, "active")
    elif pay in {"now", "in person"}:
        billing.collect(world, invoice, willing=pay == "in person")
    if sub["status"] == "incomplete":
        world.timers.add(world.now + INCOMPLETE_FOR, "incomplete", sub["id"])


def _watch_trial(world: World, sub: Obj, trial_end: int) -> None:
    warning = trial_end - TRIAL_WARNING
    if warning <= world.now:
        warn_of_trial_end(world, sub)
    else:
        world.timers.add(warning, "trial_warning", sub["id"])


def warn_of_trial_end(world: World, sub: Obj) -> None:
    """Three days before a trial ends, or at once if it is shorter; once."""
    book = world.book(sub)
    if sub["status"] == "trialing" and not book.warned_of_trial_end:
        book.warned_of_trial_end = True
        emit(world, "customer.subscription.trial_will_end", sub)


def add_item(world: World, sub: Obj, price: Obj, given: Obj) -> Obj:
    """Add a price to a subscription."""
    item = world.items.add(build.subscription_item(world, sub["id"], price, given))
    sub["items"]["data"].append(item)
    return item


def interval_of(sub: Obj) -> tuple[str, int]:
    """(interval, count) of the items; they share one."""
    recurring = sub["items"]["data"][0]["price"]["recurring"]
    return recurring["interval"], recurring["interval_count"]


def period_of(sub: Obj) -> tuple[int, int]:
    """[start, end) of the current period."""
    item = sub["items"]["data"][0]
    return item["current_period_start"], item["current_period_end"]


def set_period(world: World, sub: Obj, start: int, end: int | None = None) -> None:
    """Let a period run from ``start`` to ``end``, or for one interval on the anchor's grid."""
    interval, count = interval_of(sub)
    if end is None:
        anchor = world.book(sub).anchor
        end = next_boundary(anchor, interval, count, start)
        if start == anchor:
            end = boundary(anchor, interval, count, 1)
    for item in sub["items"]["data"]:
        item |= {"current_period_start": start, "current_period_end": end}
    world.timers.add(end, "period_end", sub["id"])
    if sub["cancel_at_period_end"]:
        sub["cancel_at"] = end
        world.timers.add(end, "cancel", sub["id"], priority=1)


def apply_coupon(world: World, sub: Obj, coupon_id: str, item: Obj | None = None) -> None:
    """Put a coupon on a subscription, or an item of it, for as long as the coupon says."""
    coupon = world.coupons.rows[coupon_id]
    given = world.discounts.add(discount(world, coupon_id, sub["customer"], sub["id"]))
    given["subscription_item"] = item and item["id"]
    if coupon["duration"] == "once":
        given["end"] = world.now + 1
    elif coupon["duration"] == "repeating":
        given["end"] = boundary(world.now, "month", coupon["duration_in_months"] or 1, 1)
    coupon["times_redeemed"] += 1
    (sub if item is None else item)["discounts"] = [given["id"]]


def plan_end(world: World, sub: Obj, given: Obj) -> None:
    """Take over ``cancel_at`` and ``cancel_at_period_end`` where they are given."""
    if given.get("cancel_at_period_end") is not None:
        asked = bool(given["cancel_at_period_end"])
        sub["cancel_at_period_end"] = asked
        _set_cancel_at(world, sub, period_of(sub)[1] if asked else None)
    elif "cancel_at" in given:
        sub["cancel_at_period_end"] = False
        _set_cancel_at(world, sub, given["cancel_at"])


def _set_cancel_at(world: World, sub: Obj, instant: int | None) -> None:
    sub["cancel_at"] = instant
    sub["canceled_at"] = None if instant is None else world.now
    reason = None if instant is None else "cancellation_requested"
    sub["cancellation_details"] = sub["cancellation_details"] | {"reason": reason}
    if instant is not None:
        world.timers.add(instant, "cancel", sub["id"], priority=1)
