"""Amounts: all in minor units, as integers."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from local.stripe.errors import invalid
from local.stripe.state import World
from local.stripe.tables import Obj

ZERO_DECIMAL = frozenset(
    {"bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "ugx", "vnd", "vuv"}
    | {"xaf", "xof", "xpf"}
)
THREE_DECIMAL = frozenset({"bhd", "jod", "kwd", "omr", "tnd"})
_SYMBOLS = {"usd": "$", "eur": "€", "gbp": "£", "jpy": "¥", "inr": "₹", "krw": "₩"}


def percent_of(amount: int, percent: float) -> int:
    """A share of an amount, rounded half up as Stripe does."""
    share = Decimal(amount) * Decimal(str(percent)) / 100
    return int(share.to_integral_value(ROUND_HALF_UP))


def prorated(amount: int, part: int, whole: int) -> int:
    """The share ``part / whole`` of an amount."""
    share = Decimal(amount) * part / whole
    return int(share.to_integral_value(ROUND_HALF_UP))


def money(amount: int, currency: str) -> str:
    """An amount as a person reads it: ``$1,234.50``, ``¥1,200``, ``12.000 KWD``."""
    code = currency.lower()
    digits = 0 if code in ZERO_DECIMAL else 3 if code in THREE_DECIMAL else 2
    whole, rest = divmod(abs(amount), 10**digits)
    text = f"{whole:,}" + (f".{rest:0{digits}d}" if digits else "")
    sign = "-" if amount < 0 else ""
    symbol = _SYMBOLS.get(code)
    return f"{sign}{symbol}{text}" if symbol else f"{sign}{text} {code.upper()}"


def cadence(price: Obj) -> str:
    """How often a price recurs, as a person reads it; empty for a one-time price."""
    recurring = price["recurring"]
    if recurring is None:
        return ""
    count, interval = recurring["interval_count"], recurring["interval"]
    return f"per {interval}" if count == 1 else f"every {count} {interval}s"


def discount_on(world: World, coupon_id: str | None, subtotal: int) -> int:
    """What a coupon takes off a subtotal."""
    coupon = world.coupons.get(coupon_id) if coupon_id else None
    if coupon is None or subtotal <= 0:
        return 0
    if coupon["percent_off"] is not None:
        return percent_of(subtotal, coupon["percent_off"])
    return min(subtotal, int(coupon["amount_off"] or 0))


def named_coupon(world: World, discounts: list[Obj] | None, param: str) -> str | None:
    """The coupon that a ``discounts`` parameter names, by itself or by a promotion code."""
    if not discounts:
        return None
    if len(discounts) > 1:
        raise invalid("The fake Stripe applies one discount at a time.", param)
    given = discounts[0]
    if given.get("promotion_code"):
        code = world.need(
            world.promotion_codes, given["promotion_code"], f"{param}[0][promotion_code]"
        )
        return str(code["promotion"]["coupon"])
    return str(world.need(world.coupons, given.get("coupon"), f"{param}[0][coupon]")["id"])
