"""What is told of a project: how it stands, and how that came about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from billing.domain.money import major_units
from billing.domain.status import SubscriptionStatus


@dataclass(frozen=True, slots=True)
class SubscriptionMetrics:
    """How subscriptions stand now.

    Attributes:
        by_status: how many subscriptions stand so; every status that occurs.
        mrr: monthly recurring revenue in minor units by currency; never added across currencies.
        unpriced_items: items of earning subscriptions whose price has no fixed amount or no known
            interval (tiers, usage), so that the MRR is without them.
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
        """US dollars where there are any, else the currency with the largest MRR in major units.

        Among equals the first by name.
        """
        if self.mrr.get("usd"):
            return "usd"
        return min(
            self.mrr, key=lambda each: (-major_units(self.mrr[each], each), each), default=None
        )


@dataclass(frozen=True, slots=True)
class Money:
    """What came in and went out, in minor units of one currency, taxes included."""

    paid: int = 0
    refunded: int = 0
    disputed: int = 0

    @property
    def net(self) -> int:
        """What stays."""
        return self.paid - self.refunded - self.disputed


@dataclass(frozen=True, slots=True)
class RevenueMonth:
    """One month of one currency, in minor units.

    Attributes:
        mrr: at its end; of the present month, now.
        movements: `new`, `expansion`, `reactivated`, `contraction`, `voluntary` and `involuntary`
            by their words; none is negative.
    """

    month: str
    mrr: int
    movements: Mapping[str, int]
    money: Money


Days = tuple[tuple[date, Money], ...]
"""What came in and went out, day by day."""


@dataclass(frozen=True, slots=True)
class Revenue:
    """One currency: twelve months and thirty-one days, the oldest first."""

    currency: str
    mrr: int
    trend: tuple[RevenueMonth, ...]
    days: Days


@dataclass(frozen=True, slots=True)
class CustomerMonth:
    """One month of customers and trials.

    Attributes:
        at_start: who paid when it began.
        counts: `new`, `reactivated`, `voluntary`, `involuntary`: who came and who went.
        trials: `started`, `ended`, `converted`; what became of a trial is counted by its end.
    """

    month: str
    at_start: int
    counts: Mapping[str, int]
    trials: Mapping[str, int]

    @property
    def exposed(self) -> int:
        """Of whom some churned: who paid at the start, and who came."""
        return self.at_start + self.counts["new"] + self.counts["reactivated"]


@dataclass(frozen=True, slots=True)
class ProjectFigures:
    """All figures of one project."""

    subscriptions: SubscriptionMetrics
    accounts: int
    purchases: int
    paying: int
    revenue: tuple[Revenue, ...]
    customers: tuple[CustomerMonth, ...]
