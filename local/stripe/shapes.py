"""Older generations of Stripe's objects, made from the newest.

A webhook endpoint keeps the API version that it was created with, so an old account still sends
old shapes. Each row of ``_STEPS`` says what objects looked like before a version.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from local.stripe.state import World
from local.stripe.tables import Obj, reach

Step = Callable[[World, Obj], None]


def is_known(version: str) -> bool:
    """Whether a version looks like one of Stripe's: a date, since 2024 with a name."""
    return len(version) >= 10 and version[:10].replace("-", "").isdigit()


def event_in(world: World, event: Obj, version: str) -> Obj:
    """An event (a copy that may be changed) as an endpoint of ``version`` receives it."""
    data = event["data"]
    in_version(world, data["object"], version)
    previous = data.get("previous_attributes")
    if previous and version[:10] < "2025-03-31":
        items = reach(previous, "items.data")
        if items and "current_period_end" in items[0]:
            for name in ("current_period_start", "current_period_end"):
                if items[0][name] != data["object"].get(name):
                    previous[name] = items[0][name]
    event["api_version"] = version
    return event


def in_version(world: World, value: Any, version: str) -> Any:  # noqa: ANN401 - a JSON value
    """Bring a JSON value (which is changed) into the shape of a version."""
    date = version[:10]
    steps = [(kind, step) for since, kind, step in _STEPS if date < since]
    if steps:
        _apply(world, value, steps)
    return value


def _apply(world: World, value: Any, steps: list[tuple[str, Step]]) -> None:  # noqa: ANN401 - JSON
    if isinstance(value, list):
        for part in value:
            _apply(world, part, steps)
    elif isinstance(value, dict):
        for part in value.values():
            _apply(world, part, steps)
        kind = value.get("object")
        for wanted, step in steps:
            if wanted in (kind, "*"):
                step(world, value)


def _without_customer_account(_: World, obj: Obj) -> None:
    obj.pop("customer_account", None)


def _before_endive(_: World, obj: Obj) -> None:
    obj.pop("status_details", None)
    obj.pop("current_trial", None)


def _old_ui_mode(_: World, session: Obj) -> None:
    names = {"hosted_page": "hosted", "embedded_page": "embedded", "elements": "custom"}
    session["ui_mode"] = names.get(session["ui_mode"], session["ui_mode"])


def _discount_with_coupon(world: World, discount: Obj) -> None:
    source = discount.pop("source", None) or {}
    coupon = source.get("coupon")
    discount["coupon"] = world.coupons.get(coupon) if isinstance(coupon, str) else coupon


def _code_with_coupon(world: World, code: Obj) -> None:
    coupon = (code.pop("promotion", None) or {}).get("coupon")
    code["coupon"] = world.coupons.get(coupon) if isinstance(coupon, str) else coupon


def _no_billing_mode(_: World, sub: Obj) -> None:
    sub.pop("billing_mode", None)


def _period_on_top(world: World, sub: Obj) -> None:
    items = sub["items"]["data"]
    for name in ("current_period_start", "current_period_end"):
        values = [item.pop(name) for item in items if name in item]
        sub[name] = values[0] if values else None
    sub["discount"] = _first_discount(world, sub)
    single = items[0] if len(items) == 1 else None
    sub["plan"] = single and single.get("plan")
    sub["quantity"] = single and single["quantity"]


def _first_discount(world: World, obj: Obj) -> Obj | None:
    for discount in obj.get("discounts") or []:
        found = world.discounts.get(discount) if isinstance(discount, str) else discount
        if found is not None:
            copy = dict(found)
            if "source" in copy:
                _discount_with_coupon(world, copy)
            return copy
    return None


def _invoice_on_top(world: World, invoice: Obj) -> None:
    parent = invoice.pop("parent", None) or {}
    details = parent.get("subscription_details")
    invoice["subscription"] = details and details["subscription"]
    invoice["subscription_details"] = {"metadata": details["metadata"]} if details else None
    invoice["quote"] = None
    intent = _intent_of(world, invoice)
    invoice["payment_intent"] = intent and intent["id"]
    invoice["charge"] = intent["latest_charge"] if intent and invoice["attempted"] else None
    invoice["paid"] = invoice["status"] == "paid"
    invoice["paid_out_of_band"] = False
    invoice["discount"] = _first_discount(world, invoice)
    invoice["tax"] = None
    invoice["total_tax_amounts"] = invoice.pop("total_taxes", None) or []
    for name in ("payments", "amount_overpaid"):
        invoice.pop(name, None)


def _intent_of(world: World, invoice: Obj) -> Obj | None:
    for payment in world.invoice_payments.where(invoice=invoice["id"]):
        return world.intents.get(payment["payment"]["payment_intent"])
    return None


def _line_with_price(world: World, line: Obj) -> None:
    pricing = line.pop("pricing", None) or {}
    price = world.prices.get(reach(pricing, "price_details.price") or "")
    details = reach(line, "parent.subscription_item_details") or {}
    item = world.items.get(details.get("subscription_item") or "")
    line.pop("parent", None)
    line.pop("subtotal", None)
    line.pop("quantity_decimal", None)
    line["price"] = dict(price) if price else None
    line["plan"] = dict(item["plan"], id=price["id"]) if item and price else None
    line["type"] = "subscription" if not details.get("proration") else "invoiceitem"
    line["subscription_item"] = details.get("subscription_item")
    line["proration"] = bool(details.get("proration"))
    line["proration_details"] = details.get("proration_details")
    line["tax_amounts"] = line.pop("taxes", None) or []
    line["tax_rates"] = []


def _invoice_of_intent(world: World, intent_id: str | None) -> str | None:
    for payment in world.invoice_payments.where(payment__payment_intent=intent_id):
        return str(payment["invoice"])
    return None


def _charge_with_invoice(world: World, charge: Obj) -> None:
    intent = charge["payment_intent"]
    charge["invoice"] = _invoice_of_intent(
        world, intent["id"] if isinstance(intent, dict) else intent
    )


def _intent_with_invoice(world: World, intent: Obj) -> None:
    intent["invoice"] = _invoice_of_intent(world, intent["id"])


def _session_with_shipping(_: World, session: Obj) -> None:
    session.pop("collected_information", None)
    session["shipping_details"] = None


def _product_features(_: World, product: Obj) -> None:
    product["features"] = product.pop("marketing_features", [])


def _no_discounts(_: World, sub: Obj) -> None:
    sub.pop("discounts", None)


def _charge_with_refunds(world: World, charge: Obj) -> None:
    data = [dict(refund) for refund in world.refunds.where(charge=charge["id"])][::-1]
    url = f"/v1/charges/{charge['id']}/refunds"
    charge.setdefault("refunds", {"object": "list", "data": data, "has_more": False, "url": url})


def _intent_with_charges(world: World, intent: Obj) -> None:
    data = [dict(charge) for charge in world.charges.where(payment_intent=intent["id"])][::-1]
    url = f"/v1/charges?payment_intent={intent['id']}"
    intent["charges"] = {"object": "list", "data": data, "has_more": False, "url": url}


# (the version that brought the newer shape, the kind of object, how to undo it); newest first
_STEPS: list[tuple[str, str, Step]] = [
    ("2026-09-30", "*", _before_endive),
    ("2026-03-25", "checkout.session", _old_ui_mode),
    ("2025-12-15", "*", _without_customer_account),
    ("2025-09-30", "discount", _discount_with_coupon),
    ("2025-09-30", "promotion_code", _code_with_coupon),
    ("2025-06-30", "subscription", _no_billing_mode),
    ("2025-03-31", "subscription", _period_on_top),
    ("2025-03-31", "line_item", _line_with_price),
    ("2025-03-31", "invoice", _invoice_on_top),
    ("2025-03-31", "charge", _charge_with_invoice),
    ("2025-03-31", "payment_intent", _intent_with_invoice),
    ("2025-03-31", "checkout.session", _session_with_shipping),
    ("2024-04-10", "product", _product_features),
    ("2024-04-10", "subscription", _no_discounts),
    ("2022-11-15", "charge", _charge_with_refunds),
    ("2022-11-15", "payment_intent", _intent_with_charges),
]
