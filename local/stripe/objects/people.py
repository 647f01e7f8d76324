"""Who pays: customers and their cards; and the portal where they manage it."""

from __future__ import annotations

from local.stripe.state import World
from local.stripe.tables import Obj, new_id, token

NO_ADDRESS = {
    "city": None,
    "country": None,
    "line1": None,
    "line2": None,
    "postal_code": None,
    "state": None,
}


def customer(world: World, given: Obj) -> Obj:
    """A customer."""
    return {
        "id": new_id("cus"),
        "object": "customer",
        "address": given.get("address"),
        "balance": given.get("balance") or 0,
        "created": world.now,
        "currency": None,
        "default_source": None,
        "delinquent": False,
        "description": given.get("description"),
        "discount": None,
        "email": given.get("email"),
        "invoice_prefix": token(8).upper(),
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        "livemode": world.settings.livemode,
        "metadata": given.get("metadata") or {},
        "name": given.get("name"),
        "next_invoice_sequence": 1,
        "phone": given.get("phone"),
        "preferred_locales": given.get("preferred_locales") or [],
        "shipping": None,
        "tax_exempt": given.get("tax_exempt") or "none",
        "test_clock": None,
    }


def card(world: World, customer_id: str | None, email: str | None) -> Obj:
    """A saved Visa that ends in 4242."""
    return {
        "id": new_id("pm"),
        "object": "payment_method",
        "allow_redisplay": "limited",
        "billing_details": {
            "address": dict(NO_ADDRESS),
            "email": email,
            "name": None,
            "phone": None,
            "tax_id": None,
        },
        "card": {
            "brand": "visa",
            "checks": {
                "address_line1_check": None,
                "address_postal_code_check": None,
                "cvc_check": "pass",
            },
            "country": "US",
            "display_brand": "visa",
            "exp_month": 12,
            "exp_year": 2034,
            "fingerprint": "Xt5EWLLDS7FJjR1c",
            "funding": "credit",
            "generated_from": None,
            "last4": "4242",
            "networks": {"available": ["visa"], "preferred": None},
            "regulated_status": "unregulated",
            "three_d_secure_usage": {"supported": True},
            "wallet": None,
        },
        "created": world.now,
        "customer": customer_id,
        "customer_account": None,
        "livemode": world.settings.livemode,
        "metadata": {},
        "type": "card",
    }


def portal_session(
    world: World, customer_id: str, return_url: str | None, configuration: Obj
) -> Obj:
    """A visit to the customer portal."""
    session_id = new_id("bps")
    return {
        "id": session_id,
        "object": "billing_portal.session",
        "configuration": configuration["id"],
        "created": world.now,
        "customer": customer_id,
        "customer_account": None,
        "flow": None,
        "livemode": world.settings.livemode,
        "locale": None,
        "on_behalf_of": None,
        "return_url": return_url or configuration["default_return_url"],
        "url": f"{world.base_url}/p/session/{session_id}",
    }


def portal_configuration(world: World, given: Obj, *, is_default: bool) -> Obj:
    """What the portal lets a customer do."""
    features: dict[str, Obj] = {
        "customer_update": {"allowed_updates": ["email", "tax_id"], "enabled": True},
        "invoice_history": {"enabled": True},
        "payment_method_update": {"enabled": True, "payment_method_configuration": None},
        "subscription_cancel": {
            "cancellation_reason": {"enabled": False, "options": []},
            "enabled": True,
            "mode": "at_period_end",
            "proration_behavior": "none",
        },
        "subscription_update": {
            "billing_cycle_anchor": None,
            "default_allowed_updates": ["price"],
            "enabled": True,
            "proration_behavior": "create_prorations",
            "schedule_at_period_end": {"conditions": []},
            "trial_update_behavior": "end_trial",
        },
    }
    for name, wanted in (given.get("features") or {}).items():
        features[name] = features.get(name, {}) | {
            key: value for key, value in wanted.items() if key != "products"
        }
    profile = {"headline": None, "privacy_policy_url": None, "terms_of_service_url": None}
    return {
        "id": new_id("bpc"),
        "object": "billing_portal.configuration",
        "active": True,
        "application": None,
        "business_profile": profile | (given.get("business_profile") or {}),
        "created": world.now,
        "default_return_url": given.get("default_return_url"),
        "features": features,
        "is_default": is_default,
        "livemode": world.settings.livemode,
        "login_page": {"enabled": False, "url": None},
        "metadata": given.get("metadata") or {},
        "name": given.get("name"),
        "updated": world.now,
    }
