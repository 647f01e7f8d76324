"""Checkout sessions and their line items."""

from __future__ import annotations

from local.stripe.objects.people import NO_ADDRESS
from local.stripe.state import World
from local.stripe.tables import Obj, new_id, token


def checkout_session(world: World, given: Obj) -> Obj:
    """An open session; ``given`` holds the parameters it was asked for with."""
    session_id = "cs_" + ("live" if world.settings.livemode else "test") + "_a1" + token(56)
    subscribing = given["mode"] == "subscription"
    return {
        "id": session_id,
        "object": "checkout.session",
        "adaptive_pricing": {"enabled": False},
        "after_expiration": None,
        "allow_promotion_codes": given.get("allow_promotion_codes"),
        "amount_subtotal": given["amount_subtotal"],
        "amount_total": given["amount_total"],
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "billing_address_collection": given.get("billing_address_collection"),
        "cancel_url": given.get("cancel_url"),
        "client_reference_id": given.get("client_reference_id"),
        "client_secret": None,
        "collected_information": None,
        "consent": None,
        "consent_collection": None,
        "created": world.now,
        "currency": given["currency"],
        "currency_conversion": None,
        "custom_fields": [],
        "custom_text": {
            "after_submit": None,
            "shipping_address": None,
            "submit": None,
            "terms_of_service_acceptance": None,
        },
        "customer": given.get("customer"),
        "customer_account": None,
        "customer_creation": _customer_creation(given),
        "customer_details": given.get("customer_details"),
        "customer_email": given.get("customer_email"),
        "discounts": given.get("shown_discounts") or [],
        "expires_at": given["expires_at"],
        "integration_identifier": None,
        "invoice": None,
        "invoice_creation": None if subscribing else _no_invoice(),
        "livemode": world.settings.livemode,
        "locale": given.get("locale"),
        "managed_payments": {"enabled": False},
        "metadata": given.get("metadata") or {},
        "mode": given["mode"],
        "origin_context": None,
        "payment_intent": None,
        "payment_link": None,
        "payment_method_collection": _collection(given) if subscribing else "if_required",
        "payment_method_configuration_details": None,
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_method_types": given.get("payment_method_types") or ["card"],
        "payment_status": "unpaid",
        "permissions": None,
        "phone_number_collection": {"enabled": False},
        "recovered_from": None,
        "saved_payment_method_options": None,
        "setup_intent": None,
        "shipping_address_collection": None,
        "shipping_cost": None,
        "shipping_options": [],
        "status": "open",
        "submit_type": None,
        "subscription": None,
        "success_url": given["success_url"],
        "total_details": {
            "amount_discount": given["amount_subtotal"] - given["amount_total"],
            "amount_shipping": 0,
            "amount_tax": 0,
        },
        "ui_mode": "hosted_page",
        "url": f"{world.base_url}/c/pay/{session_id}",
        "wallet_options": None,
    }


def _customer_creation(given: Obj) -> str | None:
    if given.get("customer"):
        return None
    if given["mode"] == "subscription":
        return "always"
    return given.get("customer_creation") or "if_required"


def _collection(given: Obj) -> str:
    return given.get("payment_method_collection") or "always"


def _no_invoice() -> Obj:
    return {
        "enabled": False,
        "invoice_data": {
            "account_tax_ids": None,
            "custom_fields": None,
            "description": None,
            "footer": None,
            "issuer": None,
            "metadata": {},
            "rendering_options": None,
        },
    }


def customer_details(email: str | None, name: str | None = None) -> Obj:
    """What the person typed on the page."""
    return {
        "address": dict(NO_ADDRESS),
        "business_name": None,
        "email": email,
        "individual_name": None,
        "name": name,
        "phone": None,
        "tax_exempt": "none",
        "tax_ids": [],
    }


def line_item(price: Obj, product: Obj, quantity: int, amounts: tuple[int, int]) -> Obj:
    """One line of a session; the amounts are its own and its share of the discount."""
    subtotal, off = amounts
    return {
        "id": new_id("li"),
        "object": "item",
        "adjustable_quantity": None,
        "amount_discount": off,
        "amount_subtotal": subtotal,
        "amount_tax": 0,
        "amount_total": subtotal - off,
        "currency": price["currency"],
        "description": product["name"],
        "metadata": {},
        "price": price,
        "quantity": quantity,
    }
