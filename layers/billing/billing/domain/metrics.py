"""What a project's subscriptions come to: how many there are, and what they bring in a month.

Monthly recurring revenue (MRR) is estimated as Stripe's Billing analytics define it
(https://docs.stripe.com/billing/subscriptions/analytics/glossary): the monthly-normalised value of
all `active` and `past_due` subscriptions, trials and free plans left out. It is computed from list
prices: the facts have neither discounts nor taxes, and count a metered item as one unit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from billing.domain.status import SubscriptionStatus
from billing.domain.subscription import Subscription, SubscriptionItem, standing

EARNING = frozenset({SubscriptionStatus.ACTIVE, SubscriptionStatus.PAST_DUE})
"""The statuses that count towards MRR: a trial has not earned yet, an unpaid one does not any more.

One that will cancel counts until it does.
"""

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


@dataclass(frozen=True, slots=True)
class SubscriptionMetrics:
    """The figures.

    Attributes:
        by_status: how many subscriptions stand so; every status that occurs.
        mrr: monthly recurring revenue in minor units by currency; never added across currencies.
        unpriced_items: items of earning subscriptions whose price has no fixed amount or no known
            interval (tiers, for example), so that the MRR is without them.
    """

    by_status: Mapping[SubscriptionStatus, int] = field(default_factory=dict)
    mrr: Mapping[str, int] = field(default_factory=dict)
    unpriced_items: int = 0

    @property
    def total(self) -> int:
        """How many subscriptions there are, ended ones included."""
        return sum(self.by_status.values())

    @property
    def main_currency(self) -> str | None:
        """The currency with the largest MRR, the first by name among equals."""
        return min(self.mrr, key=lambda currency: (-self.mrr[currency], currency), default=None)


def measure(subscriptions: Iterable[Subscription]) -> SubscriptionMetrics:
    """Count subscriptions by where they stand, and sum up what they bring in a month.

    Sums are exact; each currency's is rounded once, half to even.
    """
    by_status: Counter[SubscriptionStatus] = Counter()
    revenue: dict[str, Fraction] = {}
    unpriced = 0
    for subscription in subscriptions:
        status = standing(subscription).status
        by_status[status] += 1
        for item in subscription.items if status in EARNING else ():
            amount = monthly_amount(item)
            if amount is None:
                unpriced += 1
            elif amount:
                revenue[item.currency] = revenue.get(item.currency, Fraction()) + amount
    mrr = {currency: round(revenue[currency]) for currency in sorted(revenue)}
    return SubscriptionMetrics(dict(by_status), mrr, unpriced)


def monthly_amount(item: SubscriptionItem) -> Fraction | None:
    """Return what an item costs a month, in minor units; `None` where its price does not say."""
    often = PER_MONTH.get(item.interval or "")
    if item.unit_amount is None or often is None or not item.currency or item.interval_count < 1:
        return None
    return item.unit_amount * item.quantity * often / item.interval_count
