"""What recurs: subscriptions and their items."""

from __future__ import annotations

from local.stripe.objects.catalog import plan
from local.stripe.state import World
from local.stripe.tables import Obj, new_id

NO_OPTIONS = {
    "payment_method_options": None,
    "payment_method_types": None,
    "save_default_payment_method": "off",
}


def subscription(world: World, given: Obj) -> Obj:
    """A subscription without items. ``given``: customer, currency, status and what is known."""
    now = world.now
    return {
        "id": new_id("sub"),
        "object": "subscription",
        "application": None,
        "application_fee_percent": None,
        "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None},
        "billing_cycle_anchor": now,
        "billing_cycle_anchor_config": None,
        "billing_mode": {"flexible": {"proration_discounts": "included"}, "type": "flexible"},
        "billing_schedules": [],
        "billing_thresholds": None,
        "cancel_at": None,
        "cancel_at_period_end": False,
        "canceled_at": None,
        "cancellation_details": {"comment": None, "feedback": None, "reason": None},
        "collection_method": "charge_automatically",
        "created": now,
        "currency": given["currency"],
        "customer": given["customer"],
        "customer_account": None,
        "days_until_due": None,
        "default_payment_method": given.get("default_payment_method"),
        "default_source": None,
        "default_tax_rates": [],
        "description": given.get("description"),
        "discounts": [],
        "ended_at": None,
        "invoice_settings": {
            "account_tax_ids": None,
            "custom_fields": None,
            "description": None,
            "footer": None,
            "issuer": {"type": "self"},
        },
        "items": {"object": "list", "data": [], "has_more": False, "url": ""},
        "latest_invoice": None,
        "livemode": world.settings.livemode,
        "managed_payments": {"enabled": False},
        "metadata": dict(given.get("metadata") or {}),
        "next_pending_invoice_item_invoice": None,
        "on_behalf_of": None,
        "pause_collection": None,
        "payment_settings": dict(NO_OPTIONS),
        "pending_invoice_item_interval": None,
        "pending_setup_intent": None,
        "pending_update": None,
        "schedule": None,
        "start_date": now,
        "status": given["status"],
        "test_clock": None,
        "transfer_data": None,
        "trial_end": given.get("trial_end"),
        "trial_settings": given.get("trial_settings")
        or {"end_behavior": {"missing_payment_method": "create_invoice"}},
        "trial_start": now if given.get("trial_end") else None,
    }


def subscription_item(world: World, subscription_id: str, price: Obj, given: Obj) -> Obj:
    """One price with its quantity; the period is set by billing."""
    return {
        "id": new_id("si"),
        "object": "subscription_item",
        "billing_thresholds": None,
        "created": world.now,
        "current_period_end": 0,
        "current_period_start": 0,
        "discounts": [],
        "metadata": given.get("metadata") or {},
        "plan": plan(price),
        "price": price,
        "quantity": given.get("quantity", 1),
        "subscription": subscription_id,
        "tax_rates": [],
    }
