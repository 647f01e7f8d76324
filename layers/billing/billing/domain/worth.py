"""What a subscription brings in a month: its items, less what is taken off them, exactly.

Amounts are fractions of the currency's minor unit, so that nothing is rounded before it is summed
(docs/decisions/0016).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from itertools import product

PER_MONTH: dict[str, Fraction] = {
    "day": Fraction(365, 12),
    "week": Fraction(52, 12),
    "month": Fraction(1),
    "year": Fraction(1, 12),
}
"""How often an interval fits into a month.

Stripe's glossary divides a year by twelve; of days and weeks it says nothing, so those are what
makes a year of 365 days or 52 weeks.
"""

ONCE = "once"
"""The duration of a coupon that takes off one invoice, and so nothing of what recurs."""


@dataclass(frozen=True, slots=True)
class SubscriptionItem:
    """One line of a subscription. `product_id` is ours; `None` where the catalog has no match."""

    id: str
    price_id: str
    quantity: int
    period_start: datetime | None
    period_end: datetime | None
    stripe_product_id: str | None = None
    product_id: str | None = None
    unit_amount: int | None = None
    currency: str = ""
    interval: str | None = None
    interval_count: int = 1
    is_metered: bool = False


@dataclass(frozen=True, slots=True)
class Discount:
    """A coupon at work on a subscription, or on one item of it.

    Attributes:
        percent_off: as Stripe writes the number; `None` for a fixed amount.
        amount_off: off each invoice, in the minor unit of `currency`.
        duration: Stripe's word: `forever`, `repeating` or `once`.
        ends_at: when a repeating one ends.
        item_id: the item that it is for; `None` for the whole subscription.
    """

    id: str
    percent_off: str | None = None
    amount_off: int | None = None
    currency: str = ""
    duration: str = "forever"
    ends_at: datetime | None = None
    item_id: str | None = None

    def recurs(self, at: datetime) -> bool:
        """Whether it lessens what recurs, at that instant."""
        return self.duration != ONCE and (self.ends_at is None or at < self.ends_at)


def monthly_amount(item: SubscriptionItem) -> Fraction | None:
    """Return what an item costs a month, in minor units; `None` where its price does not say."""
    often = _often(item)
    if item.unit_amount is None or often is None or not item.currency or item.is_metered:
        return None
    return item.unit_amount * item.quantity * often


def worth_of(
    items: Iterable[SubscriptionItem], discounts: Iterable[Discount], at: datetime
) -> tuple[tuple[str, str], ...]:
    """Return what items bring in a month, by currency, as exact fractions of the minor unit.

    What is used is not known beforehand, so metered items bring nothing here, as do prices without
    a fixed amount. What an item's own discounts leave is what the subscription's are taken off.

    Args:
        items: of one subscription.
        discounts: of the subscription and its items, in Stripe's order.
        at: the instant; a discount that has ended by then takes off nothing.
    """
    recurring = [discount for discount in discounts if discount.recurs(at)]
    gross: dict[str, Fraction] = {}
    often: dict[str, Fraction] = {}
    for item in items:
        amount, rate = monthly_amount(item), _often(item)
        if amount is None or rate is None:
            continue
        for discount in recurring:
            if discount.item_id == item.id:
                amount = _less(amount, discount, item.currency, rate)
        gross[item.currency] = gross.get(item.currency, Fraction()) + amount
        often[item.currency] = max(rate, often.get(item.currency, rate))
    for currency, discount in product(gross, recurring):
        if discount.item_id is None:
            gross[currency] = _less(gross[currency], discount, currency, often[currency])
    return tuple((currency, str(gross[currency])) for currency in sorted(gross) if gross[currency])


def _often(item: SubscriptionItem) -> Fraction | None:
    rate = PER_MONTH.get(item.interval or "")
    return None if rate is None or item.interval_count < 1 else rate / item.interval_count


def _less(amount: Fraction, discount: Discount, currency: str, often: Fraction) -> Fraction:
    """Take a discount off; a fixed one is taken off as often as there is an invoice."""
    if discount.percent_off is not None:
        return amount * (1 - Fraction(Decimal(discount.percent_off)) / 100)
    if discount.amount_off is None or discount.currency != currency:
        return amount
    return max(Fraction(), amount - discount.amount_off * often)
