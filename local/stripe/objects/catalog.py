"""What is sold: products, prices, coupons, promotion codes."""

from __future__ import annotations

from decimal import Decimal

from local.stripe.state import World
from local.stripe.tables import Obj, new_id, token


def product(world: World, given: Obj) -> Obj:
    """A product."""
    return {
        "id": given.get("id") or new_id("prod"),
        "object": "product",
        "active": given.get("active", True),
        "created": world.now,
        "default_price": None,
        "description": given.get("description"),
        "images": given.get("images") or [],
        "livemode": world.settings.livemode,
        "marketing_features": given.get("marketing_features") or [],
        "metadata": given.get("metadata") or {},
        "name": given["name"],
        "package_dimensions": None,
        "shippable": None,
        "statement_descriptor": given.get("statement_descriptor"),
        "tax_code": given.get("tax_code"),
        "type": "service",
        "unit_label": given.get("unit_label"),
        "updated": world.now,
        "url": given.get("url"),
    }


def price(world: World, given: Obj, product_id: str) -> Obj:
    """A price; recurring if ``recurring`` is given. Amounts are in minor units."""
    recurring = given.get("recurring")
    return {
        "id": new_id("price"),
        "object": "price",
        "active": given.get("active", True),
        "billing_scheme": "per_unit",
        "created": world.now,
        "currency": given["currency"].lower(),
        "custom_unit_amount": None,
        "livemode": world.settings.livemode,
        "lookup_key": given.get("lookup_key"),
        "metadata": given.get("metadata") or {},
        "nickname": given.get("nickname"),
        "product": product_id,
        "recurring": None if recurring is None else _recurring(recurring),
        "tax_behavior": given.get("tax_behavior") or "unspecified",
        "tiers_mode": None,
        "transform_quantity": given.get("transform_quantity"),
        "type": "one_time" if recurring is None else "recurring",
        **amounts(given),
    }


def amounts(given: Obj) -> Obj:
    """What a unit costs: ``unit_amount`` is null where that is no whole number."""
    exact = given.get("unit_amount_decimal") or str(given["unit_amount"])
    is_whole = Decimal(exact) == int(Decimal(exact))
    return {"unit_amount": int(Decimal(exact)) if is_whole else None, "unit_amount_decimal": exact}


def _recurring(given: Obj) -> Obj:
    return {
        "interval": given["interval"],
        "interval_count": given.get("interval_count") or 1,
        "meter": None,
        "trial_period_days": None,
        "usage_type": "licensed",
    }


def plan(of_price: Obj) -> Obj:
    """The legacy plan that mirrors a recurring price."""
    recurring = of_price["recurring"]
    return {
        "id": of_price["id"],
        "object": "plan",
        "active": of_price["active"],
        "amount": of_price["unit_amount"],
        "amount_decimal": of_price["unit_amount_decimal"],
        "billing_scheme": "per_unit",
        "created": of_price["created"],
        "currency": of_price["currency"],
        "interval": recurring["interval"],
        "interval_count": recurring["interval_count"],
        "livemode": of_price["livemode"],
        "metadata": of_price["metadata"],
        "meter": None,
        "nickname": of_price["nickname"],
        "product": of_price["product"],
        "tiers_mode": None,
        "transform_usage": of_price["transform_quantity"],
        "trial_period_days": None,
        "usage_type": "licensed",
    }


def coupon(world: World, given: Obj) -> Obj:
    """A coupon: a percentage, or an amount in minor units."""
    return {
        "id": given.get("id") or token(8),
        "object": "coupon",
        "amount_off": given.get("amount_off"),
        "created": world.now,
        "currency": given.get("currency"),
        "duration": given.get("duration") or "once",
        "duration_in_months": given.get("duration_in_months"),
        "livemode": world.settings.livemode,
        "max_redemptions": given.get("max_redemptions"),
        "metadata": given.get("metadata") or {},
        "name": given.get("name"),
        "percent_off": given.get("percent_off"),
        "redeem_by": given.get("redeem_by"),
        "times_redeemed": 0,
        "valid": True,
    }


def promotion_code(world: World, given: Obj, coupon_id: str) -> Obj:
    """A code that a customer types to get a coupon."""
    return {
        "id": new_id("promo"),
        "object": "promotion_code",
        "active": given.get("active", True),
        "code": given.get("code") or token(8).upper(),
        "created": world.now,
        "customer": given.get("customer"),
        "customer_account": None,
        "expires_at": given.get("expires_at"),
        "livemode": world.settings.livemode,
        "max_redemptions": given.get("max_redemptions"),
        "metadata": given.get("metadata") or {},
        "promotion": {"coupon": coupon_id, "type": "coupon"},
        "restrictions": {
            "first_time_transaction": False,
            "minimum_amount": None,
            "minimum_amount_currency": None,
        },
        "times_redeemed": 0,
    }


def discount(world: World, coupon_id: str, customer: str | None, subscription: str | None) -> Obj:
    """A coupon at work on a subscription."""
    return {
        "id": new_id("di"),
        "object": "discount",
        "checkout_session": None,
        "customer": customer,
        "customer_account": None,
        "end": None,
        "invoice": None,
        "invoice_item": None,
        "promotion_code": None,
        "source": {"coupon": coupon_id, "type": "coupon"},
        "start": world.now,
        "subscription": subscription,
        "subscription_item": None,
    }
