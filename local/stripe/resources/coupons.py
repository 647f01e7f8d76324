"""Coupons and promotion codes."""

from __future__ import annotations

from local.stripe.call import Call, Route, listing, retrieval
from local.stripe.errors import invalid, missing_object
from local.stripe.events import emit
from local.stripe.objects import catalog as build
from local.stripe.params import (
    boolean,
    by_currency,
    filled,
    integer,
    metadata,
    number,
    positive,
    text,
)
from local.stripe.tables import Obj


def create_coupon(call: Call) -> Obj:
    """Create a coupon."""
    given = call.params
    if (given.get("percent_off") is None) == (given.get("amount_off") is None):
        raise invalid("Coupons need one of percent_off and amount_off.", "percent_off")
    coupon = call.world.coupons.add(build.coupon(call.world, given))
    options = {coupon["currency"]: coupon, **(given.get("currency_options") or {})}
    call.world.shown_when_asked[coupon["id"]] = {
        "applies_to": given.get("applies_to"),
        "currency_options": {
            currency: {"amount_off": option["amount_off"]}
            for currency, option in options.items()
            if option.get("amount_off") is not None
        },
    }
    emit(call.world, "coupon.created", coupon)
    return coupon


def retrieve_coupon(call: Call, object_id: str) -> Obj:
    """Retrieve a coupon; one that was deleted is only seen in the discounts that it gave."""
    coupon = call.world.need(call.world.coupons, object_id)
    if object_id in call.world.deleted_coupons:
        raise missing_object("coupon", object_id, "id")
    return coupon


def delete_coupon(call: Call, object_id: str) -> Obj:
    """Delete a coupon; what it was given to keeps its discount."""
    coupon = retrieve_coupon(call, object_id)
    call.world.deleted_coupons.add(object_id)
    emit(call.world, "coupon.deleted", coupon)
    return {"id": object_id, "object": "coupon", "deleted": True}


def create_promotion_code(call: Call) -> Obj:
    """Create a promotion code for a coupon."""
    world, given = call.world, call.params
    coupon = world.need(world.coupons, given["promotion"].get("coupon"), "promotion[coupon]")
    code = world.promotion_codes.add(build.promotion_code(world, given, coupon["id"]))
    emit(world, "promotion_code.created", code)
    return code


def list_promotion_codes(call: Call) -> Obj:
    """List promotion codes."""
    wanted = {name: call.params.get(name) for name in ("active", "code")}
    return call.page(call.world.promotion_codes, wanted)


_COUPON = {
    "id": filled,
    "percent_off": number,
    "amount_off": positive,
    "currency": filled,
    "currency_options": by_currency({"amount_off": positive}),
    "applies_to": {"products": [filled]},
    "duration": ("forever", "once", "repeating"),
    "duration_in_months": positive,
    "name": text,
    "metadata": metadata,
    "max_redemptions": positive,
    "redeem_by": integer,
}
_PROMOTION_CODE = {
    "promotion": {"type": ("coupon",), "coupon": filled},
    "code": filled,
    "active": boolean,
    "customer": filled,
    "expires_at": integer,
    "max_redemptions": positive,
    "metadata": metadata,
}

ROUTES = [
    Route("POST", "/v1/coupons", create_coupon, _COUPON),
    Route("GET", "/v1/coupons/<object_id>", retrieve_coupon),
    Route("DELETE", "/v1/coupons/<object_id>", delete_coupon),
    Route("POST", "/v1/promotion_codes", create_promotion_code, _PROMOTION_CODE, ("promotion",)),
    retrieval("/v1/promotion_codes", "promotion code", "promotion_codes"),
    listing("/v1/promotion_codes", list_promotion_codes, {"active": boolean, "code": text}),
]
