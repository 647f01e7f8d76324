"""Subscriptions and their items."""

from __future__ import annotations

from local.stripe import billing, changes, checkout, subscriptions
from local.stripe.call import Call, Route, listing, retrieval
from local.stripe.errors import ApiError, invalid
from local.stripe.params import (
    boolean,
    filled,
    instant_or_now,
    integer,
    metadata,
    positive,
    text,
)
from local.stripe.pricing import named_coupon
from local.stripe.tables import Obj

_PRORATION = ("always_invoice", "create_prorations", "none")


def create_subscription(call: Call) -> Obj:
    """Begin a subscription; the customer's card is charged."""
    world, given = call.world, call.params
    customer = world.need(world.customers, given["customer"], "customer")
    if not given.get("items"):
        raise invalid("Missing required param: items.", "items", "parameter_missing")
    lines = [
        (
            changes.recurring_price(world, entry.get("price"), f"items[{index}][price]"),
            entry.get("quantity") or 1,
        )
        for index, entry in enumerate(given["items"])
    ]
    now_is_meant = given.get("trial_end") == "now"
    given["trial_end"] = None if now_is_meant else checkout.trial_end(world, given)
    given["coupon"] = named_coupon(world, given.get("discounts"), "discounts")
    hold = given.get("payment_behavior") == "default_incomplete"
    return subscriptions.begin(world, customer, lines, given | {"pay": "hold" if hold else "now"})


def update_subscription(call: Call, object_id: str) -> Obj:
    """Change a subscription."""
    world = call.world
    sub = world.need(world.subscriptions, object_id)
    given = dict(call.params)
    given["coupon"] = named_coupon(world, given.pop("discounts", None), "discounts")
    if given["coupon"] is None:
        del given["coupon"]
    if given.get("cancel_at_period_end") is not None and given.get("cancel_at"):
        raise invalid(
            "You may only specify one of cancel_at and cancel_at_period_end.", "cancel_at"
        )
    if given.get("cancel_at") and given["cancel_at"] <= world.now:
        raise invalid("`cancel_at` must be in the future.", "cancel_at")
    changes.update(world, sub, given)
    return sub


def cancel_subscription(call: Call, object_id: str) -> Obj:
    """End a subscription at once."""
    world = call.world
    sub = world.need(world.subscriptions, object_id)
    if sub["status"] in {"canceled", "incomplete_expired"}:
        raise ApiError(
            f"No such subscription: '{object_id}'", status=404, code="resource_missing", param="id"
        )
    if call.params.get("invoice_now"):
        book = world.book(sub)
        book.pending.clear()
    changes.cancel(world, sub, call.params)
    return sub


def resume_subscription(call: Call, object_id: str) -> Obj:
    """Resume a paused subscription."""
    sub = call.world.need(call.world.subscriptions, object_id)
    changes.resume(call.world, sub)
    return sub


def list_subscriptions(call: Call) -> Obj:
    """List subscriptions: live ones, those of a status, ``ended`` or ``all``."""
    given, status, price = call.params, call.params.get("status"), call.params.get("price")

    def fits(sub: Obj) -> bool:
        ended = sub["status"] in {"canceled", "incomplete_expired"}
        if price and all(item["price"]["id"] != price for item in sub["items"]["data"]):
            return False
        if status in {None, "all", "ended"}:
            return status == "all" or ended == (status == "ended")
        return bool(sub["status"] == status)

    return call.page(call.world.subscriptions, {"customer": given.get("customer")}, fits)


def list_items(call: Call) -> Obj:
    """List a subscription's items."""
    sub = call.world.need(call.world.subscriptions, call.params["subscription"], "subscription")
    return call.page(call.world.items, {"subscription": sub["id"]})


def create_item(call: Call) -> Obj:
    """Add an item."""
    given = call.params
    sub = call.world.need(call.world.subscriptions, given["subscription"], "subscription")
    entry = {key: given[key] for key in ("price", "quantity", "metadata") if key in given}
    changes.update(call.world, sub, {"items": [entry], **_proration(given)})
    newest: Obj = sub["items"]["data"][-1]
    return newest


def update_item(call: Call, object_id: str) -> Obj:
    """Change an item's price or quantity."""
    item = call.world.need(call.world.items, object_id)
    sub = call.world.subscriptions.rows[item["subscription"]]
    entry = {
        key: call.params[key]
        for key in ("price", "quantity", "metadata", "discounts")
        if key in call.params
    }
    changes.update(
        call.world, sub, {"items": [{"id": object_id, **entry}], **_proration(call.params)}
    )
    return item


def delete_item(call: Call, object_id: str) -> Obj:
    """Remove an item."""
    item = call.world.need(call.world.items, object_id)
    sub = call.world.subscriptions.rows[item["subscription"]]
    changes.update(call.world, sub, {"items": [{"id": object_id, "deleted": True}]})
    return {"id": object_id, "object": "subscription_item", "deleted": True}


def _proration(given: Obj) -> Obj:
    return {k: given[k] for k in ("proration_behavior",) if k in given}


def pay_invoice(call: Call, object_id: str) -> Obj:
    """Pay an open invoice; 402 when the card is declined."""
    world = call.world
    invoice = world.need(world.invoices, object_id)
    if invoice["status"] == "paid":
        raise invalid("Invoice is already paid", code="invoice_already_paid")
    if invoice["status"] == "draft":
        billing.finalize(world, invoice)
    if not billing.collect(world, invoice):
        intent = billing.intent_of(world, object_id)
        raise ApiError(
            "Your card was declined.",
            status=402,
            error_type="card_error",
            code="card_declined",
            extra={"decline_code": "generic_decline", "charge": intent and intent["latest_charge"]},
        )
    return invoice


_ITEM = {"price": filled, "quantity": integer, "metadata": metadata}
_CANCELLATION = {"comment": text, "feedback": text}
_TRIAL_SETTINGS = {
    "end_behavior": {"missing_payment_method": ("cancel", "create_invoice", "pause")}
}
_COMMON = {
    "metadata": metadata,
    "description": text,
    "cancel_at": integer,
    "cancel_at_period_end": boolean,
    "default_payment_method": text,
    "discounts": [{"coupon": filled, "promotion_code": filled}],
    "trial_end": instant_or_now,
    "trial_settings": _TRIAL_SETTINGS,
    "proration_behavior": _PRORATION,
    "payment_behavior": ("allow_incomplete", "default_incomplete", "error_if_incomplete"),
    "off_session": boolean,
    "collection_method": ("charge_automatically",),
}
_CREATE = _COMMON | {
    "customer": filled, "items": [_ITEM], "trial_period_days": positive, "currency": filled
}  # fmt: skip
_UPDATE = _COMMON | {
    "items": [_ITEM | {"id": filled, "deleted": boolean}],
    "pause_collection": {
        "behavior": ("keep_as_draft", "mark_uncollectible", "void"),
        "resumes_at": integer,
    },
    "cancellation_details": _CANCELLATION,
    "proration_date": integer,
}
_CANCEL = {"cancellation_details": _CANCELLATION, "invoice_now": boolean, "prorate": boolean}
_STATUSES = (
    "active", "all", "canceled", "ended", "incomplete", "incomplete_expired", "past_due",
    "paused", "trialing", "unpaid",
)  # fmt: skip
_ITEM_CHANGE = _ITEM | {
    "proration_behavior": _PRORATION, "payment_behavior": text, "discounts": [{"coupon": filled}]
}  # fmt: skip

ROUTES = [
    Route("POST", "/v1/subscriptions", create_subscription, _CREATE, ("customer",)),
    Route("POST", "/v1/subscriptions/<object_id>", update_subscription, _UPDATE),
    Route("DELETE", "/v1/subscriptions/<object_id>", cancel_subscription, _CANCEL),
    Route("POST", "/v1/subscriptions/<object_id>/resume", resume_subscription),
    retrieval("/v1/subscriptions", "subscription", "subscriptions"),
    listing(
        "/v1/subscriptions",
        list_subscriptions,
        {"customer": text, "status": _STATUSES, "price": text},
    ),
    listing("/v1/subscription_items", list_items, {"subscription": filled}),
    Route(
        "POST",
        "/v1/subscription_items",
        create_item,
        _ITEM_CHANGE | {"subscription": filled},
        ("subscription", "price"),
    ),
    Route("POST", "/v1/subscription_items/<object_id>", update_item, _ITEM_CHANGE),
    Route("DELETE", "/v1/subscription_items/<object_id>", delete_item, _ITEM_CHANGE),
    retrieval("/v1/subscription_items", "subscription item", "items"),
    Route("POST", "/v1/invoices/<object_id>/pay", pay_invoice),
]
