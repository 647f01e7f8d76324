"""``expand[]``: ids replaced by their objects, and fields that only appear when asked for."""

from __future__ import annotations

from collections.abc import Callable

from local.stripe.errors import invalid
from local.stripe.events import clone
from local.stripe.objects.sessions import line_item
from local.stripe.pricing import charged, discount_on
from local.stripe.state import World
from local.stripe.tables import Obj

_MOST_LEVELS = 4  # every dotted part is one, `data` of a list too


def expand(world: World, obj: Obj, paths: list[str]) -> None:
    """Expand the dotted paths of ``obj``, a copy that may be changed."""
    for path in paths:
        parts = path.split(".")
        if len(parts) > _MOST_LEVELS:
            raise invalid(
                f"You cannot expand more than 4 levels of a property. Property: {path}", "expand"
            )
        _follow(world, obj, parts, path)


def _follow(world: World, obj: Obj, parts: list[str], path: str) -> None:
    if not parts:
        return
    name, rest = parts[0], parts[1:]
    if name not in obj:
        make = INCLUDABLE.get((obj.get("object", ""), name))
        if make is None:
            raise invalid(
                f"This property cannot be expanded ({path}). You may want to try expanding a "
                "parent or a different property.",
                "expand",
            )
        obj[name] = make(world, obj)
    value = obj[name]
    if isinstance(value, str):
        obj[name] = _object(world, value, path)
    elif isinstance(value, list):
        obj[name] = [_object(world, v, path) if isinstance(v, str) else v for v in value]
    found = obj[name] if isinstance(obj[name], list) else [obj[name]]
    for each in found:
        if isinstance(each, dict):
            _follow(world, each, rest, path)


def _object(world: World, object_id: str, path: str) -> Obj | str:
    found = world.find(object_id)
    if found is None and "_" not in object_id:
        raise invalid(f"This property cannot be expanded ({path}).", "expand")
    copy: Obj | str = clone(found) if found is not None else object_id
    return copy


def _listed(data: list[Obj], url: str) -> Obj:
    return {"object": "list", "data": clone(data), "has_more": False, "url": url}


def line_items(world: World, session: Obj) -> Obj:
    """The lines of a session, its discount on the first that can bear it."""
    plan = world.plans[session["id"]]
    subtotal = sum(charged(world, world.prices.rows[price], n) for price, n in plan.lines)
    off = discount_on(world, plan.coupon, subtotal)
    lines = []
    for index, (price_id, quantity) in enumerate(plan.lines):
        price = world.prices.rows[price_id]
        subtotal = charged(world, price, quantity)
        share = min(off, subtotal)
        off -= share
        product = world.products.rows[price["product"]]
        line = line_item(price, product, quantity, (subtotal, share))
        lines.append(line | {"id": f"li_{session['id'][-22:]}{index}"})
    return _listed(lines, f"/v1/checkout/sessions/{session['id']}/line_items")


def _payments(world: World, invoice: Obj) -> Obj:
    data = list(world.invoice_payments.where(invoice=invoice["id"]))
    return _listed(data, f"/v1/invoice_payments?invoice={invoice['id']}")


def _refunds(world: World, charge: Obj) -> Obj:
    data = list(world.refunds.where(charge=charge["id"]))[::-1]
    return _listed(data, f"/v1/charges/{charge['id']}/refunds")


def _subscriptions(world: World, customer: Obj) -> Obj:
    live = [
        sub
        for sub in world.subscriptions.where(customer=customer["id"])
        if sub["status"] not in {"canceled", "incomplete_expired"}
    ]
    return _listed(live[::-1], f"/v1/customers/{customer['id']}/subscriptions")


def _shown_when_asked(name: str) -> Callable[[World, Obj], Obj | None]:
    return lambda world, obj: clone(world.shown_when_asked.get(obj["id"], {}).get(name))


INCLUDABLE: dict[tuple[str, str], Callable[[World, Obj], Obj | None]] = {
    ("checkout.session", "line_items"): line_items,
    ("invoice", "payments"): _payments,
    ("charge", "refunds"): _refunds,
    ("customer", "subscriptions"): _subscriptions,
    ("coupon", "applies_to"): _shown_when_asked("applies_to"),
    ("coupon", "currency_options"): _shown_when_asked("currency_options"),
    ("price", "currency_options"): _shown_when_asked("currency_options"),
}
