"""Every object that the fake emits has only keys that Stripe's own example of it has."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.stripe import refunds

from .conftest import Shop

EXAMPLES = Path(__file__).parents[4] / "shared" / "stripe" / "fixtures3.json"

# (object, path) -> why Stripe's example lacks what the fake has, or has another type
ALLOWED = {
    ("line_item", "pricing.price_details"): "optional in the API, left out of the example",
    ("invoice_payment", "payment.payment_intent"): "optional in the API, left out of the example",
    ("event", "data.previous_attributes"): "only on updates; the example is a creation",
    ("payment_intent", "last_payment_error.charge"): "the example's error has only a type",
    ("payment_intent", "last_payment_error.code"): "as above",
    ("payment_intent", "last_payment_error.decline_code"): "as above",
    ("payment_intent", "last_payment_error.message"): "as above",
}

# what the service reads, and so must always be there
REQUIRED = {
    "customer": {"id", "email", "metadata", "created", "livemode"},
    "checkout.session": {
        "id", "url", "expires_at", "mode", "status", "payment_status", "customer", "subscription",
        "payment_intent", "client_reference_id", "metadata", "amount_total", "currency",
    },
    "subscription": {
        "id", "customer", "status", "items", "metadata", "cancel_at", "cancel_at_period_end",
        "canceled_at", "ended_at", "pause_collection", "trial_end", "created", "latest_invoice",
    },
    "subscription_item": {
        "id", "price", "quantity", "current_period_start", "current_period_end", "subscription",
    },
    "invoice": {"id", "customer", "status", "parent", "lines", "billing_reason", "period_end"},
    "line_item": {"id", "amount", "period", "parent", "pricing", "quantity"},
    "payment_intent": {"id", "customer", "status", "metadata", "latest_charge", "amount"},
    "charge": {
        "id", "customer", "payment_intent", "amount", "amount_refunded", "refunded", "disputed",
        "metadata", "paid", "status",
    },
    "refund": {"id", "charge", "payment_intent", "amount", "status"},
    "dispute": {"id", "charge", "payment_intent", "status", "amount", "reason"},
    "event": {"id", "type", "created", "api_version", "data", "livemode", "request"},
}  # fmt: skip


@pytest.fixture(scope="module")
def examples() -> dict[str, Any]:
    if not EXAMPLES.exists():
        pytest.skip("Stripe's example objects do not stand beside this clone")
    resources: dict[str, Any] = json.loads(EXAMPLES.read_text())["resources"]
    return resources


def a_busy_account(shop: Shop) -> None:
    """Let at least one object of each kind come to be."""
    server, client = shop.server, shop.client
    sub = shop.subscribe(subscription_data={"metadata": {"a": "b"}})
    client.v1.subscriptions.update(sub["id"], {"pause_collection": {"behavior": "void"}})
    client.v1.subscriptions.update(sub["id"], {"pause_collection": ""})
    charge = shop.buy(customer_creation="always")
    client.v1.refunds.create({"charge": charge["id"], "amount": 100})
    other = shop.buy()
    with server.acting() as world:
        refunds.open_dispute(world, other, {})
        world.declines[sub["id"]] = 1
    server.advance(days=60)
    coupon = client.v1.coupons.create({"percent_off": 10, "duration": "forever"})
    client.v1.promotion_codes.create({"promotion": {"type": "coupon", "coupon": coupon.id}})
    shop.subscribe(discounts=[{"coupon": coupon.id}])
    client.v1.billing_portal.sessions.create({"customer": sub["customer"]})


def is_object(value: Any) -> bool:
    """Whether a JSON value is one of Stripe's objects, and not a list of them."""
    kind = value.get("object") if isinstance(value, dict) else None
    return isinstance(kind, str) and kind != "list"


def objects(value: Any) -> Iterator[dict[str, Any]]:
    """Every Stripe object inside a JSON value."""
    if isinstance(value, list):
        for part in value:
            yield from objects(part)
    elif isinstance(value, dict):
        if is_object(value):
            yield value
        for part in value.values():
            yield from objects(part)


def emitted(shop: Shop) -> Iterator[dict[str, Any]]:
    """All that the fake holds and all that it ever announced."""
    state = shop.server.state
    tables = [table for table in state.tables if table is not state.events]
    for table in tables:
        yield from objects(list(table.rows.values()))
    yield from objects(shop.server.events())


def mismatches(given: Any, example: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """(path, what is wrong) of a JSON value beside its example."""
    unknown = given is None or example is None or example == {} or "metadata" in path
    if unknown or (path and is_object(given)):  # an object inside is compared by itself
        return
    numbers = isinstance(given, int | float) and isinstance(example, int | float)
    if type(given) is not type(example) and not (numbers and not isinstance(given, bool)):
        yield path, f"is {type(given).__name__}, Stripe's {type(example).__name__}"
    elif isinstance(given, dict):
        for key in given:
            inner = f"{path}.{key}" if path else key
            if key not in example:
                yield inner, "is not in Stripe's object"
            else:
                yield from mismatches(given[key], example[key], inner)
    elif isinstance(given, list) and example:
        for part in given:
            yield from mismatches(part, example[0], path)


def test_each_object_has_only_stripes_keys_with_stripes_types(
    shop: Shop, examples: dict[str, Any]
) -> None:
    a_busy_account(shop)
    wrong, seen = set(), set()
    for obj in emitted(shop):
        kind = obj["object"]
        seen.add(kind)
        for path, what in mismatches(obj, examples[kind]):
            if (kind, path) not in ALLOWED:
                wrong.add((kind, path, what))
    assert wrong == set()
    assert seen >= REQUIRED.keys()


def test_what_the_service_reads_is_always_there(shop: Shop) -> None:
    a_busy_account(shop)
    for obj in emitted(shop):
        missing = REQUIRED.get(obj["object"], set()) - obj.keys()
        assert not missing, (obj["object"], missing)


def test_each_allowance_is_still_needed(shop: Shop, examples: dict[str, Any]) -> None:
    a_busy_account(shop)
    used = set()
    for obj in emitted(shop):
        used |= {(obj["object"], path) for path, _ in mismatches(obj, examples[obj["object"]])}
    assert ALLOWED.keys() <= used
