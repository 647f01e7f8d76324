"""Customers, their cards, and the portal."""

from __future__ import annotations

from local.stripe import changes, standing
from local.stripe.call import Call, Route, listing, retrieval
from local.stripe.changes import merge_metadata
from local.stripe.events import changed, clone, emit
from local.stripe.objects import people
from local.stripe.params import boolean, filled, integer, metadata, text, url
from local.stripe.state import World
from local.stripe.tables import Obj

_ADDRESS = dict.fromkeys(people.NO_ADDRESS, text)
_CUSTOMER = {
    "email": text,
    "name": text,
    "description": text,
    "phone": text,
    "address": _ADDRESS,
    "balance": integer,
    "metadata": metadata,
    "preferred_locales": [text],
    "tax_exempt": ("none", "exempt", "reverse"),
}


def create_customer(call: Call) -> Obj:
    """Create a customer."""
    customer = call.world.customers.add(people.customer(call.world, call.params))
    emit(call.world, "customer.created", customer)
    return customer


def update_customer(call: Call, object_id: str) -> Obj:
    """Change a customer."""
    world = call.world
    customer = world.need(world.customers, object_id)
    if customer.get("deleted"):
        world.need(world.customers, "", "id")
    before = clone(customer)
    merge_metadata(customer, call.params)
    customer.update({key: value for key, value in call.params.items() if key != "metadata"})
    if customer["email"]:
        world.customers.link("email", customer["email"], object_id)
    changed(world, "customer.updated", before, customer)
    return customer


def delete_customer(call: Call, object_id: str) -> Obj:
    """Delete a customer, which ends its subscriptions at once."""
    world = call.world
    customer = world.need(world.customers, object_id)
    for sub in world.subscriptions.where(customer=object_id):
        if sub["status"] in standing.LIVE:
            changes.cancel(world, sub, {})
    emit(world, "customer.deleted", customer)
    gone: Obj = {
        "id": object_id,
        "object": "customer",
        "deleted": True,
        "created": customer["created"],
    }
    world.customers.rows[object_id] = gone
    return {key: value for key, value in gone.items() if key != "created"}


def retrieve_customer(call: Call, object_id: str) -> Obj:
    """Retrieve a customer; of a deleted one only that it is deleted."""
    customer = call.world.need(call.world.customers, object_id)
    if customer.get("deleted"):
        return {key: customer[key] for key in ("id", "object", "deleted")}
    return customer


def list_customers(call: Call) -> Obj:
    """List customers, for example by e-mail address."""
    return call.page(call.world.customers, {"email": call.params.get("email")})


def default_configuration(world: World) -> Obj:
    """The portal's default configuration; the fake always has one."""
    for configuration in world.configurations.where(is_default=True):
        return configuration
    made = people.portal_configuration(world, {}, is_default=True)
    return world.configurations.add(made)


def create_portal_session(call: Call) -> Obj:
    """Open the portal for a customer."""
    world, given = call.world, call.params
    customer = world.need(world.customers, given["customer"], "customer")
    if given.get("configuration"):
        configuration = world.need(world.configurations, given["configuration"], "configuration")
    else:
        configuration = default_configuration(world)
    session = people.portal_session(world, customer["id"], given.get("return_url"), configuration)
    return world.portal_sessions.add(session)


def create_configuration(call: Call) -> Obj:
    """Create a portal configuration; the first is the default."""
    world = call.world
    is_default = len(world.configurations) == 0
    made = people.portal_configuration(world, call.params, is_default=is_default)
    return world.configurations.add(made)


def list_configurations(call: Call) -> Obj:
    """List portal configurations."""
    wanted = {name: call.params.get(name) for name in ("active", "is_default")}
    default_configuration(call.world)
    return call.page(call.world.configurations, wanted)


_SWITCH = {"enabled": boolean}
_FEATURES = {
    "customer_update": _SWITCH | {"allowed_updates": [text]},
    "invoice_history": _SWITCH,
    "payment_method_update": _SWITCH,
    "subscription_cancel": _SWITCH | {"mode": ("at_period_end", "immediately")},
    "subscription_update": _SWITCH
    | {
        "default_allowed_updates": [text],
        "proration_behavior": ("none", "create_prorations", "always_invoice"),
        "products": [{"product": filled, "prices": [filled]}],
    },
}
_CONFIGURATION = {
    "business_profile": {"headline": text, "privacy_policy_url": url, "terms_of_service_url": url},
    "default_return_url": url,
    "features": _FEATURES,
    "metadata": metadata,
    "name": text,
}
_PORTAL = {"customer": filled, "return_url": url, "configuration": filled, "locale": text}

ROUTES = [
    Route("POST", "/v1/customers", create_customer, _CUSTOMER),
    Route("POST", "/v1/customers/<object_id>", update_customer, _CUSTOMER),
    Route("DELETE", "/v1/customers/<object_id>", delete_customer),
    Route("GET", "/v1/customers/<object_id>", retrieve_customer),
    listing("/v1/customers", list_customers, {"email": text}),
    retrieval("/v1/payment_methods", "payment method", "payment_methods"),
    Route("POST", "/v1/billing_portal/sessions", create_portal_session, _PORTAL, ("customer",)),
    Route("POST", "/v1/billing_portal/configurations", create_configuration, _CONFIGURATION),
    retrieval("/v1/billing_portal/configurations", "portal configuration", "configurations"),
    listing(
        "/v1/billing_portal/configurations",
        list_configurations,
        {"active": boolean, "is_default": boolean},
    ),
]
