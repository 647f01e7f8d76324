"""Checkout sessions."""

from __future__ import annotations

import re

from local.stripe import checkout
from local.stripe.call import Call, Route, listing, retrieval
from local.stripe.errors import ApiError, invalid, missing_param
from local.stripe.expand import line_items
from local.stripe.lists import part_of
from local.stripe.objects.sessions import checkout_session, customer_details
from local.stripe.params import (
    boolean,
    filled,
    integer,
    metadata,
    positive,
    text,
    text_up_to,
    url,
)
from local.stripe.pricing import charged, discount_on, named_coupon
from local.stripe.state import SessionPlan
from local.stripe.tables import Obj

_HALF_HOUR, _DAY = 1800, 86_400
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def create_session(call: Call) -> Obj:
    """Open a session for one or more prices."""
    world, given = call.world, call.params
    lines = _lines(call)
    _check(call, lines)
    if given.get("customer"):
        customer = world.need(world.customers, given["customer"], "customer")
        given["customer_details"] = customer_details(customer["email"], customer["name"])
    elif given.get("customer_email"):
        given["customer_details"] = customer_details(given["customer_email"])
    coupon = named_coupon(world, given.get("discounts"), "discounts")
    subtotal = sum(charged(world, price, quantity) for price, quantity in lines)
    given |= {
        "amount_subtotal": subtotal,
        "amount_total": subtotal - discount_on(world, coupon, subtotal),
        "currency": lines[0][0]["currency"],
        "expires_at": given.get("expires_at") or world.now + _DAY,
        "shown_discounts": [{"coupon": coupon, "promotion_code": None}] if coupon else [],
    }
    data = given.get("subscription_data") or {}
    if data.get("trial_period_days") or data.get("trial_end"):
        given |= {"amount_subtotal": 0, "amount_total": 0}
    session = world.sessions.add(checkout_session(world, given))
    world.plans[session["id"]] = SessionPlan(
        lines=[(price["id"], quantity) for price, quantity in lines],
        subscription_data=given.get("subscription_data") or {},
        payment_intent_data=given.get("payment_intent_data") or {},
        coupon=coupon,
    )
    world.timers.add(session["expires_at"], "session_expiry", session["id"])
    return session


def _lines(call: Call) -> list[tuple[Obj, int]]:
    """The (price, quantity) pairs of a request."""
    entries = call.params.get("line_items")
    if not entries:
        raise missing_param("line_items")
    lines = []
    for index, entry in enumerate(entries):
        param = f"line_items[{index}]"
        if not entry.get("price"):
            raise missing_param(f"{param}[price]")
        price = call.world.need(call.world.prices, entry["price"], f"{param}[price]")
        if not price["active"]:
            raise invalid(
                "The price specified is inactive. This field only accepts active prices.", param
            )
        if entry.get("quantity") is None:
            raise invalid(
                f"Quantity is required. Add `quantity` to `line_items[{index}]`",
                f"{param}[quantity]",
            )
        lines.append((price, entry["quantity"]))
    return lines


def _check(call: Call, lines: list[tuple[Obj, int]]) -> None:
    """What Stripe refuses about a session as a whole."""
    given = call.params
    _check_mode(given, lines)
    if given.get("customer") and given.get("customer_email"):
        raise invalid(
            "You may only specify one of these parameters: customer, customer_email.", "customer"
        )
    email = given.get("customer_email")
    if email and not _EMAIL.fullmatch(email):
        raise ApiError(
            f"Invalid email address: {email}", code="email_invalid", param="customer_email"
        )
    if given.get("allow_promotion_codes") and given.get("discounts"):
        raise invalid(
            "You may only specify one of these parameters: allow_promotion_codes, discounts."
        )
    if len({price["currency"] for price, _ in lines}) > 1:
        raise invalid("All prices must use the same currency.", "line_items")
    _check_expiry(given.get("expires_at"), call.world.now)


def _check_expiry(expires_at: int | None, now: int) -> None:
    if expires_at is None:
        return
    if expires_at < now + _HALF_HOUR - 60:
        raise invalid(
            "The `expires_at` timestamp must be at least 30 minutes from Checkout Session "
            "creation.",
            "expires_at",
        )
    if expires_at > now + _DAY + 60:
        raise invalid(
            "The `expires_at` timestamp must be less than 24 hours from Checkout Session creation.",
            "expires_at",
        )


def _check_mode(given: Obj, lines: list[tuple[Obj, int]]) -> None:
    if given["mode"] == "setup":
        raise invalid("The fake Stripe has no `setup` mode.", "mode")
    recurring = [price for price, _ in lines if price["recurring"]]
    if given["mode"] == "payment":
        if recurring:
            raise invalid(
                "You specified `payment` mode but passed a recurring price. Either switch to "
                "`subscription` mode or use only one-time prices.",
                "mode",
            )
        if given.get("subscription_data"):
            raise invalid(
                "You can not pass `subscription_data` in `payment` mode.", "subscription_data"
            )
        return
    if not recurring:
        raise invalid(
            "You must provide at least one recurring price in `subscription` mode when using "
            "prices.",
            "line_items",
        )
    if len(recurring) < len(lines):
        raise invalid("The fake Stripe sells only recurring prices in `subscription` mode.", "mode")
    if given.get("payment_intent_data"):
        raise invalid(
            "You can not pass `payment_intent_data` in `subscription` mode.", "payment_intent_data"
        )
    if given.get("customer_creation"):
        raise invalid(
            "`customer_creation` can only be used in `payment` mode.", "customer_creation"
        )


def list_sessions(call: Call) -> Obj:
    """List sessions by customer, payment intent, subscription, status or e-mail address."""
    given = call.params
    wanted = {
        name: given.get(name) for name in ("customer", "payment_intent", "subscription", "status")
    }
    wanted["customer_details.email"] = (given.get("customer_details") or {}).get("email")
    return call.page(call.world.sessions, wanted)


def list_line_items(call: Call, object_id: str) -> Obj:
    """What a session sells."""
    session = call.world.need(call.world.sessions, object_id)
    return part_of(line_items(call.world, session)["data"], call.params, call.path)


def expire_session(call: Call, object_id: str) -> Obj:
    """Close an open session."""
    session = call.world.need(call.world.sessions, object_id)
    checkout.expire(call.world, session)
    return session


def update_session(call: Call, object_id: str) -> Obj:
    """Change a session's metadata."""
    session = call.world.need(call.world.sessions, object_id)
    session["metadata"] = session["metadata"] | call.params.get("metadata", {})
    return session


_TRIAL_SETTINGS = {
    "end_behavior": {"missing_payment_method": ("cancel", "create_invoice", "pause")}
}
_SESSION = {
    "mode": ("payment", "setup", "subscription"),
    "success_url": url,
    "cancel_url": url,
    "line_items": [{"price": filled, "quantity": positive}],
    "customer": filled,
    "customer_email": text,
    "customer_creation": ("always", "if_required"),
    "client_reference_id": text_up_to(200),
    "metadata": metadata,
    "subscription_data": {
        "metadata": metadata,
        "trial_period_days": positive,
        "trial_end": integer,
        "trial_settings": _TRIAL_SETTINGS,
        "description": text,
    },
    "payment_intent_data": {"metadata": metadata, "description": text},
    "payment_method_types": [text],
    "payment_method_collection": ("always", "if_required"),
    "billing_address_collection": ("auto", "required"),
    "allow_promotion_codes": boolean,
    "discounts": [{"coupon": filled, "promotion_code": filled}],
    "expires_at": integer,
    "locale": text,
    "ui_mode": ("hosted_page", "hosted"),
    "automatic_tax": {"enabled": boolean},
    "tax_id_collection": {"enabled": boolean},
    "customer_update": {"address": text, "name": text, "shipping": text},
}
_FILTERS = {
    "customer": text,
    "payment_intent": text,
    "subscription": text,
    "status": ("open", "complete", "expired"),
    "customer_details": {"email": text},
}

ROUTES = [
    Route("POST", "/v1/checkout/sessions", create_session, _SESSION, ("mode", "success_url")),
    retrieval("/v1/checkout/sessions", "checkout session", "sessions"),
    Route("POST", "/v1/checkout/sessions/<object_id>", update_session, {"metadata": metadata}),
    listing("/v1/checkout/sessions", list_sessions, _FILTERS),
    listing("/v1/checkout/sessions/<object_id>/line_items", list_line_items, {}),
    Route("POST", "/v1/checkout/sessions/<object_id>/expire", expire_session),
]
