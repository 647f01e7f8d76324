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


def charged(world: World, price: Obj, quantity: int, currency: str | None = None) -> int:
    """What a price asks for a quantity, in its own currency or another that it has."""
    packages = price["transform_quantity"]
    if packages is not None:
        whole, rest = divmod(quantity, packages["divide_by"])
        quantity = whole + (rest > 0 and packages["round"] == "up")
    if currency not in (None, price["currency"]):
        price = world.shown_when_asked[price["id"]]["currency_options"][currency]
    amount = Decimal(price["unit_amount_decimal"]) * quantity
    return int(amount.to_integral_value(ROUND_HALF_UP))


def discount_on(
    world: World, coupon_id: str | None, subtotal: int, currency: str | None = None
) -> int:
    """What a coupon takes off a subtotal."""
    coupon = world.coupons.get(coupon_id) if coupon_id else None
    if coupon is None or subtotal <= 0:
        return 0
    if coupon["percent_off"] is not None:
        return percent_of(subtotal, coupon["percent_off"])
    if currency not in (None, coupon["currency"]):
        coupon = world.shown_when_asked[coupon["id"]]["currency_options"][currency]
    return min(subtotal, int(coupon["amount_off"] or 0))


def taken_off(world: World, sub: Obj, lines: list[Obj]) -> int:
    """What discounts take off, while they last: of its item or product if it is for one."""
    left = [line["amount"] for line in lines]
    of_items = [id_ for item in sub["items"]["data"] for id_ in item["discounts"]]
    for discount_id in (*of_items, *sub["discounts"]):
        discount = world.discounts.rows[discount_id]
        if discount["end"] is not None and discount["end"] <= world.now:
            continue
        coupon = discount["source"]["coupon"]
        meant = [n for n, line in enumerate(lines) if _is_meant(world, discount, line)]
        off = discount_on(world, coupon, sum(left[n] for n in meant), sub["currency"])
        for n in meant:
            share = min(off, left[n])
            left[n] -= share
            off -= share
    return int(sum(line["amount"] for line in lines) - sum(left))


def _is_meant(world: World, discount: Obj, line: Obj) -> bool:
    limited = world.shown_when_asked.get(discount["source"]["coupon"], {}).get("applies_to")
    item = line["parent"]["subscription_item_details"]["subscription_item"]
    product = line["pricing"]["price_details"]["product"]
    is_for_product = limited is None or product in limited["products"]
    return is_for_product and discount["subscription_item"] in (None, item)


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
