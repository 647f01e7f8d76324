"""Stripe's objects as they come, with defaults; a test names only what matters to it.

Keys that Stripe leaves out are left out here too. `old=True` is the generation before 2025-03-31
(basil), where periods stood on the subscription and an invoice named its subscription itself.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

Json = dict[str, Any]

MARCH = int(datetime(2026, 3, 1, tzinfo=UTC).timestamp())
APRIL = int(datetime(2026, 4, 1, tzinfo=UTC).timestamp())
MAY = int(datetime(2026, 5, 1, tzinfo=UTC).timestamp())


def a_price(price_id: str = "price_pro", **changes: object) -> Json:
    return {
        "id": price_id,
        "object": "price",
        "active": True,
        "currency": "usd",
        "product": "prod_pro",
        "recurring": {"interval": "month", "interval_count": 1, "usage_type": "licensed"},
        "type": "recurring",
        "unit_amount": 2000,
        "unit_amount_decimal": "2000",
        **changes,
    }


def an_item(
    item_id: str = "si_1",
    *,
    end: int = APRIL,
    start: int = MARCH,
    old: bool = False,
    **changes: Any,
) -> Json:
    period = {} if old else {"current_period_start": start, "current_period_end": end}
    item = {
        "id": item_id,
        "object": "subscription_item",
        "price": a_price(),
        "quantity": 1,
        "subscription": "sub_1",
        **period,
        **changes,
    }
    return {key: value for key, value in item.items() if value is not ...}


def a_list(*entries: Json, has_more: bool = False) -> Json:
    return {"object": "list", "data": list(entries), "has_more": has_more, "url": "/v1/list"}


def a_subscription(
    *items: Json, old: bool = False, end: int = APRIL, start: int = MARCH, **changes: Any
) -> Json:
    """A subscription; a change to `...` leaves the key out."""
    period = {"current_period_start": start, "current_period_end": end} if old else {}
    subscription = {
        "id": "sub_1",
        "object": "subscription",
        "cancel_at": None,
        "cancel_at_period_end": False,
        "canceled_at": None,
        "created": MARCH,
        "currency": "usd",
        "customer": "cus_1",
        "ended_at": None,
        "items": a_list(*(items or (an_item(end=end, start=start, old=old),))),
        "livemode": False,
        "metadata": {"project_id": "shop", "user_id": "u-1"},
        "pause_collection": None,
        "start_date": MARCH,
        "status": "active",
        "trial_end": None,
        **period,
        **changes,
    }
    return {key: value for key, value in subscription.items() if value is not ...}


def a_session(**changes: Any) -> Json:
    session = {
        "id": "cs_1",
        "object": "checkout.session",
        "amount_total": 4900,
        "client_reference_id": None,
        "created": MARCH,
        "currency": "usd",
        "customer": "cus_1",
        "expires_at": MARCH + 86400,
        "livemode": False,
        "metadata": {
            "project_id": "shop",
            "user_id": "u-1",
            "price_id": "price_life",
            "quantity": "2",
        },
        "mode": "payment",
        "payment_intent": "pi_1",
        "payment_link": None,
        "payment_status": "paid",
        "status": "complete",
        "subscription": None,
        **changes,
    }
    return {key: value for key, value in session.items() if value is not ...}


def a_line(
    item_id: str | None = "si_1",
    *,
    end: int = MAY,
    subscription: str = "sub_1",
    proration: bool = False,
    amount: int = 2000,
    old: bool = False,
) -> Json:
    line: Json = {
        "id": "il_1",
        "object": "line_item",
        "amount": amount,
        "currency": "usd",
        "metadata": {},
        "period": {"start": APRIL, "end": end},
        "quantity": 1,
    }
    if old:
        of_item = {"subscription_item": item_id} if item_id else {}
        return {
            **line,
            **of_item,
            "price": a_price(),
            "proration": proration,
            "subscription": subscription,
            "type": "subscription",
        }
    details = {
        "invoice_item": None,
        "proration": proration,
        "subscription": subscription,
        "subscription_item": item_id,
    }
    return {
        **line,
        "parent": {"subscription_item_details": details, "type": "subscription_item_details"},
        "pricing": {"type": "price_details", "price_details": {"price": "price_pro"}},
    }


def an_invoice(*lines: Json, old: bool = False, **changes: Any) -> Json:
    metadata = {"project_id": "shop", "user_id": "u-1"}
    invoice: Json = {
        "id": "in_1",
        "object": "invoice",
        "amount_paid": 2000,
        "billing_reason": "subscription_cycle",
        "created": APRIL,
        "currency": "usd",
        "customer": "cus_1",
        "lines": a_list(*(lines or (a_line(old=old),))),
        "livemode": False,
        "metadata": {},
        "status": "paid",
    }
    if old:
        invoice |= {
            "charge": "ch_1",
            "paid": True,
            "payment_intent": "pi_1",
            "subscription": "sub_1",
            "subscription_details": {"metadata": metadata},
        }
    else:
        details = {"metadata": metadata, "subscription": "sub_1"}
        invoice["parent"] = {"subscription_details": details, "type": "subscription_details"}
    return {key: value for key, value in {**invoice, **changes}.items() if value is not ...}


def a_charge(*, old: bool = False, **changes: Any) -> Json:
    charge = {
        "id": "ch_1",
        "object": "charge",
        "amount": 2000,
        "amount_captured": 2000,
        "amount_refunded": 0,
        "captured": True,
        "created": MARCH,
        "currency": "usd",
        "customer": "cus_1",
        "livemode": False,
        "metadata": {},
        "payment_intent": "pi_1",
        "refunded": False,
        "status": "succeeded",
        **({"invoice": "in_1"} if old else {}),
        **changes,
    }
    return {key: value for key, value in charge.items() if value is not ...}


def a_dispute(**changes: Any) -> Json:
    return {
        "id": "dp_1",
        "object": "dispute",
        "amount": 2000,
        "charge": "ch_1",
        "created": MARCH,
        "currency": "usd",
        "metadata": {},
        "payment_intent": "pi_1",
        "status": "needs_response",
        **changes,
    }


def an_event(obj: Json, event_type: str, **changes: Any) -> Json:
    event = {
        "id": "evt_1",
        "object": "event",
        "api_version": "2026-10-28.endive",
        "created": MARCH,
        "data": {"object": obj},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": event_type,
        **changes,
    }
    return {key: value for key, value in event.items() if value is not ...}
