"""What a subscription brings in a month: its items, less what is taken off them, exactly.

Amounts are fractions of the currency's minor unit, so that nothing is rounded before it is summed
(docs/decisions/0016).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

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


Worth = tuple[tuple[str, str], ...]
"""What a subscription brings in a month, by currency: an exact fraction of the minor unit."""


@dataclass(frozen=True, slots=True)
class TransformQuantity:
    """What a price does to a quantity before it is charged: as packages of ten, begun ones too.

    Attributes:
        divide_by: how many make one that is charged.
        round: Stripe's word for what becomes of the rest: `up` or `down`.
    """

    divide_by: int
    round: str

    def charged(self, quantity: int) -> int:
        """How many are charged."""
        packages, rest = divmod(quantity, self.divide_by)
        return packages + (rest > 0 and self.round == "up")


@dataclass(frozen=True, slots=True)
class SubscriptionItem:
    """One line of a subscription, in the currency in which it is charged.

    Attributes:
        stripe_product_id: whose price it has, to which a coupon may be limited.
        product_id: ours; `None` where the catalog has no match.
        unit_amount: in the minor unit of `currency`; `None` where it is not one whole number.
        unit_amount_decimal: the same where it has decimals, as Stripe writes it.
    """

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
    unit_amount_decimal: str | None = None
    transform_quantity: TransformQuantity | None = None


@dataclass(frozen=True, slots=True)
class Discount:
    """A coupon at work on a subscription, or on one item of it.

    Attributes:
        percent_off: as Stripe writes the number; `None` for a fixed amount.
        amount_off: off each invoice, in the minor unit of `currency`.
        duration: Stripe's word: `forever`, `repeating` or `once`.
        ends_at: when a repeating one ends.
        item_id: the item that it is for; `None` for the whole subscription.
        products: the Stripe products that it is limited to; none where it is for any.
    """

    id: str
    percent_off: str | None = None
    amount_off: int | None = None
    currency: str = ""
    duration: str = "forever"
    ends_at: datetime | None = None
    item_id: str | None = None
    products: tuple[str, ...] = ()

    @property
    def is_known(self) -> bool:
        """Whether it is known how much it takes off."""
        return self.percent_off is not None or self.amount_off is not None

    def recurs(self, at: datetime) -> bool:
        """Whether it lessens what recurs, at that instant."""
        return self.duration != ONCE and (self.ends_at is None or at < self.ends_at)

    def applies_to(self, item: SubscriptionItem) -> bool:
        """Whether it is for that item."""
        is_for_any = not self.products or item.stripe_product_id in self.products
        return is_for_any and self.item_id in (None, item.id)


@dataclass(slots=True)
class _Line:
    """What an item brings in a month, as far as discounts have been taken off."""

    item: SubscriptionItem
    amount: Fraction
    often: Fraction


def monthly_amount(item: SubscriptionItem) -> Fraction | None:
    """Return what an item costs a month, in minor units; `None` where its price does not say."""
    unit, often = _unit_amount(item), _often(item)
    if unit is None or often is None or not item.currency or item.is_metered:
        return None
    transform = item.transform_quantity
    return unit * (transform.charged(item.quantity) if transform else item.quantity) * often


def worth_of(
    items: Iterable[SubscriptionItem], discounts: Iterable[Discount], at: datetime
) -> Worth:
    """Return what items bring in a month, by currency, as exact fractions of the minor unit.

    What is used is not known beforehand, so metered items bring nothing here, as do prices without
    a fixed amount, and items of which something unknown is taken off. What an item's own discounts
    leave is what the subscription's are taken off.

    Args:
        items: of one subscription.
        discounts: of the subscription and its items, in Stripe's order.
        at: the instant; a discount that has ended by then takes off nothing.
    """
    recurring = [discount for discount in discounts if discount.recurs(at)]
    lines = [line for item in items if (line := _line(item, recurring))]
    for discount in sorted(recurring, key=lambda each: each.item_id is None):
        _take_off(discount, [line for line in lines if discount.applies_to(line.item)])
    sums: dict[str, Fraction] = {}
    for line in lines:
        sums[line.item.currency] = sums.get(line.item.currency, Fraction()) + line.amount
    return tuple((currency, str(sums[currency])) for currency in sorted(sums) if sums[currency])


def worth_later(
    items: Collection[SubscriptionItem], discounts: Collection[Discount], at: datetime
) -> tuple[tuple[datetime, Worth], ...]:
    """Return what items bring from each instant on at which a discount ends after `at`."""
    ends = {each.ends_at for each in discounts if each.ends_at and each.recurs(at)}
    return tuple((end, worth_of(items, discounts, end)) for end in sorted(ends))


def unpriced(items: Iterable[SubscriptionItem], discounts: Iterable[Discount], at: datetime) -> int:
    """Count the items that `worth_of` leaves out, as it is not known what they bring."""
    recurring = [discount for discount in discounts if discount.recurs(at)]
    return sum(_line(item, recurring) is None for item in items)


def _line(item: SubscriptionItem, recurring: Iterable[Discount]) -> _Line | None:
    amount, often = monthly_amount(item), _often(item)
    is_known = all(each.is_known for each in recurring if each.applies_to(item))
    return _Line(item, amount, often) if amount is not None and often and is_known else None


def _unit_amount(item: SubscriptionItem) -> Fraction | None:
    if item.unit_amount is not None:
        return Fraction(item.unit_amount)
    exact = item.unit_amount_decimal
    return None if exact is None else Fraction(Decimal(exact))


def _often(item: SubscriptionItem) -> Fraction | None:
    rate = PER_MONTH.get(item.interval or "")
    return None if rate is None or item.interval_count < 1 else rate / item.interval_count


def _take_off(discount: Discount, lines: list[_Line]) -> None:
    """Take a discount off; a fixed one as often as there is an invoice, shared among the lines."""
    if discount.percent_off is not None:
        left = 1 - Fraction(Decimal(discount.percent_off)) / 100
    else:
        lines = [line for line in lines if line.item.currency == discount.currency]
        total = sum((line.amount for line in lines), Fraction())
        if not total:
            return
        off = (discount.amount_off or 0) * max(line.often for line in lines)
        left = max(Fraction(), 1 - off / total)
    for line in lines:
        line.amount *= left
