"""Changing a subscription: plan, quantity, trial, pause, cancellation."""

from __future__ import annotations

from local.stripe import billing, standing, subscriptions
from local.stripe.errors import invalid
from local.stripe.events import changed, clone, emit
from local.stripe.objects.catalog import plan
from local.stripe.objects.invoices import invoice_line
from local.stripe.pricing import charged, named_coupon, prorated
from local.stripe.state import World
from local.stripe.tables import Obj

_COPIED = ("description", "default_payment_method", "trial_settings")


def update(world: World, sub: Obj, given: Obj) -> None:
    """Apply what a request (or the portal) asks for, bill what it costs, say what changed.

    Raises:
        ApiError: the subscription has ended, or an item cannot be changed so.
    """
    if sub["status"] in {"canceled", "incomplete_expired"}:
        _only_details(given)
    before = clone(sub)
    merge_metadata(sub, given)
    sub.update({key: given[key] for key in _COPIED if key in given})
    if given.get("cancellation_details"):
        sub["cancellation_details"] = sub["cancellation_details"] | given["cancellation_details"]
    if given.get("coupon"):
        subscriptions.apply_coupon(world, sub, given["coupon"])
    _pause(world, sub, given)
    restarted = _change_items(world, sub, given)
    restarted = _change_trial(world, sub, given) or restarted
    subscriptions.plan_end(world, sub, given)
    invoice = _bill_now(world, sub, given, restarted=restarted)
    changed(world, "customer.subscription.updated", before, sub)
    if invoice is not None:
        emit(world, "invoice.created", invoice)
        billing.finalize(world, invoice)
        billing.collect(world, invoice)


def _only_details(given: Obj) -> None:
    if given.keys() - {"metadata", "cancellation_details"}:
        raise invalid(
            "A canceled subscription can only update its cancellation_details and metadata.",
        )


def merge_metadata(obj: Obj, given: Obj) -> None:
    """Stripe's rule: keys are merged, an empty value removes its key, an empty hash all."""
    if "metadata" not in given:
        return
    wanted = given["metadata"]
    merged = {} if not wanted else obj["metadata"] | wanted
    obj["metadata"] = {key: value for key, value in merged.items() if value != ""}


def _pause(world: World, sub: Obj, given: Obj) -> None:
    if "pause_collection" not in given:
        return
    pause = given["pause_collection"]
    if not pause:
        sub["pause_collection"] = None
        return
    resumes = pause.get("resumes_at")
    sub["pause_collection"] = {"behavior": pause["behavior"], "resumes_at": resumes}
    if resumes:
        world.timers.add(resumes, "resume", sub["id"])


def _change_items(world: World, sub: Obj, given: Obj) -> bool:
    """Change prices and quantities; answers whether the billing cycle starts anew."""
    cycle, period = subscriptions.interval_of(sub), subscriptions.period_of(sub)
    for index, wanted in enumerate(given.get("items") or []):
        _change_item(world, sub, wanted, index, prorates=_prorates(sub, given))
    if not sub["items"]["data"]:
        raise invalid("A subscription must have at least one item.", "items")
    if subscriptions.interval_of(sub) != cycle and sub["status"] != "trialing":
        return True
    for item in sub["items"]["data"]:
        item |= {"current_period_start": period[0], "current_period_end": period[1]}
    return False


def _prorates(sub: Obj, given: Obj) -> bool:
    wanted = given.get("proration_behavior") or "create_prorations"
    return wanted != "none" and sub["status"] in {"active", "past_due"}


def _change_item(world: World, sub: Obj, wanted: Obj, index: int, *, prorates: bool) -> None:
    """One entry of ``items``: by item id a change or removal, without one an addition."""
    items = sub["items"]["data"]
    if not wanted.get("id"):
        price = recurring_price(world, wanted.get("price"), f"items[{index}][price]")
        item, stays = subscriptions.add_item(world, sub, price, wanted), True
    else:
        item = _item_named(items, wanted["id"], f"items[{index}][id]")
        if prorates:
            _credit(world, sub, item)
        stays = not wanted.get("deleted")
        _reprice(world, item, wanted, index)
        coupon = named_coupon(world, wanted.get("discounts"), f"items[{index}][discounts]")
        if coupon:
            subscriptions.apply_coupon(world, sub, coupon, item)
    if not stays:
        items.remove(item)
        item["deleted"] = True
    elif prorates:
        _debit(world, sub, item)


def _item_named(items: list[Obj], item_id: str, param: str) -> Obj:
    for item in items:
        if item["id"] == item_id:
            return item
    raise invalid(f"No such subscription item: '{item_id}'", param)


def _reprice(world: World, item: Obj, wanted: Obj, index: int) -> None:
    if wanted.get("price"):
        price = recurring_price(world, wanted["price"], f"items[{index}][price]")
        item |= {"price": price, "plan": plan(price)}
        world.items.link("price.id", price["id"], item["id"])
    if wanted.get("quantity") is not None:
        item["quantity"] = wanted["quantity"]
    merge_metadata(item, wanted)


def recurring_price(world: World, price_id: str | None, param: str) -> Obj:
    """The active recurring price that a request names."""
    price = world.need(world.prices, price_id, param)
    if price["recurring"] is None:
        raise invalid(
            "The price specified is set to `type=one_time` but this field only accepts prices "
            "with `type=recurring`.",
            param,
        )
    if not price["active"]:
        raise invalid(
            "The price specified is inactive. This field only accepts active prices.", param
        )
    return price


def _credit(world: World, sub: Obj, item: Obj) -> None:
    _prorate(world, sub, item, sign=-1, text="Unused time on")


def _debit(world: World, sub: Obj, item: Obj) -> None:
    if subscriptions.interval_of(sub) == subscriptions.interval_of({"items": {"data": [item]}}):
        _prorate(world, sub, item, sign=1, text="Remaining time on")


def _prorate(world: World, sub: Obj, item: Obj, *, sign: int, text: str) -> None:
    """Put the share of the rest of the period on the next invoice."""
    start, end = subscriptions.period_of(sub)
    left = max(0, end - world.now)
    whole = charged(world, item["price"], item["quantity"], sub["currency"])
    amount = sign * prorated(whole, left, end - start)
    name = world.products.rows[item["price"]["product"]]["name"]
    line = invoice_line(world, item, amount, (world.now, end), f"{text} {name}")
    line["parent"]["subscription_item_details"]["proration"] = True
    if amount:
        world.book(sub).pending.append(line)


def _change_trial(world: World, sub: Obj, given: Obj) -> bool:
    """Move or end a trial; answers whether it ends now, so that billing begins."""
    if "trial_end" not in given:
        return False
    wanted = given["trial_end"]
    if wanted == "now" or wanted <= world.now:
        was_trialing: bool = sub["status"] == "trialing"
        if was_trialing:
            sub |= {"status": "active", "trial_end": world.now}
        return was_trialing
    sub |= {
        "status": "trialing",
        "trial_end": wanted,
        "trial_start": sub["trial_start"] or world.now,
    }
    sub["billing_cycle_anchor"] = world.book(sub).anchor = wanted
    subscriptions.set_period(world, sub, world.now, wanted)
    world.timers.add(wanted - subscriptions.TRIAL_WARNING, "trial_warning", sub["id"])
    return False


def _bill_now(world: World, sub: Obj, given: Obj, *, restarted: bool) -> Obj | None:
    """The invoice that a change causes at once, if it does."""
    book = world.book(sub)
    if restarted:
        book.anchor = sub["billing_cycle_anchor"] = world.now
        book.pending = [line for line in book.pending if line["amount"] < 0]
        subscriptions.set_period(world, sub, world.now)
        lines = book.pending + billing.cycle_lines(world, sub)
    elif given.get("proration_behavior") == "always_invoice" and book.pending:
        lines = book.pending
    else:
        return None
    book.pending = []
    return billing.draft(world, sub, "subscription_update", lines)


def cancel(world: World, sub: Obj, given: Obj) -> None:
    """End a subscription at once. Raises ``resource_missing`` when it already ended."""
    if sub["status"] in {"canceled", "incomplete_expired"}:
        raise invalid(f"No such subscription: '{sub['id']}'", "id", "resource_missing")
    standing.end(world, sub, "cancellation_requested", given.get("cancellation_details"))
    for invoice in billing.open_invoices(world, sub):
        invoice |= {"auto_advance": False, "next_payment_attempt": None}


def resume(world: World, sub: Obj) -> None:
    """Bring a paused subscription back to active with a new period."""
    if sub["status"] != "paused":
        raise invalid("This subscription is not paused.", "id")
    before = clone(sub)
    sub["status"] = "active"
    sub.pop("status_details", None)
    world.book(sub).anchor = sub["billing_cycle_anchor"] = world.now
    subscriptions.set_period(world, sub, world.now)
    invoice = billing.draft(world, sub, "subscription_update", billing.cycle_lines(world, sub))
    changed(world, "customer.subscription.updated", before, sub)
    emit(world, "customer.subscription.resumed", sub)
    emit(world, "invoice.created", invoice)
    billing.finalize(world, invoice)
    billing.collect(world, invoice)
