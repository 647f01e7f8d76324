"""Stripe's own entitlements: which features a customer has."""

from __future__ import annotations

from local.stripe.call import Call, Route, listing
from local.stripe.events import emit
from local.stripe.lists import EMBEDDED, part_of
from local.stripe.params import text
from local.stripe.state import World
from local.stripe.tables import Obj, new_id

_PATH = "/v1/entitlements/active_entitlements"


def set_features(world: World, customer_id: str, lookup_keys: list[str]) -> Obj:
    """Let a customer have exactly these features, and tell so; the summary shows ten at most."""
    livemode = world.settings.livemode
    world.features[customer_id] = [
        {
            "id": new_id("ent"),
            "object": "entitlements.active_entitlement",
            "feature": f"feat_{key}",
            "livemode": livemode,
            "lookup_key": key,
        }
        for key in lookup_keys
    ]
    shown = part_of(world.features[customer_id], {"limit": EMBEDDED}, _PATH)
    summary: Obj = {
        "object": "entitlements.active_entitlement_summary",
        "customer": customer_id,
        "entitlements": shown,
        "livemode": livemode,
    }
    emit(world, "entitlements.active_entitlement_summary.updated", summary)
    return summary


def list_active(call: Call) -> Obj:
    """List what a customer has."""
    rows = call.world.features.get(call.params["customer"], [])
    return part_of(rows, call.params, call.path)


ROUTES = [
    Route(
        "GET",
        _PATH,
        list_active,
        listing(_PATH, list_active, {"customer": text}).rules,
        required=("customer",),
    )
]
