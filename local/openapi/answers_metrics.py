"""What is told of a project's figures. Attributes say what api.md's tables say."""

from __future__ import annotations

import datetime as dt
from datetime import datetime

from pydantic import BaseModel

from billing.domain.status import SubscriptionStatus


class Money(BaseModel):
    """What came in and went out, in minor units, taxes included.

    Attributes:
        paid: on invoices of subscriptions, and by one-time purchases.
        refunded: by the day on which a refund was made; one that failed is taken off its day.
        disputed: lost to disputes.
        net_revenue: what stays.
    """

    paid: int
    refunded: int
    disputed: int
    net_revenue: int


class DayOfMoney(Money):
    """One day, in UTC."""

    date: dt.date


class RevenueMonth(Money):
    """One month of one currency, in minor units; the parts add up to the cent.

    Attributes:
        month: `YYYY-MM`, in UTC.
        mrr: at the month's end; of the present month, now.
        new: of who had none before.
        expansion, contraction: of who has more, or less, than at the end of the day before.
        churned: of who has none any more; the sum of the next two.
        churned_voluntary: asked for.
        churned_involuntary: for want of payment.
        reactivated: of who had some once, and none at the end of the day before.
    """

    month: str
    mrr: int
    new: int
    expansion: int
    contraction: int
    churned: int
    churned_voluntary: int
    churned_involuntary: int
    reactivated: int


class Revenue(BaseModel):
    """One currency; currencies are never added.

    Attributes:
        mrr: monthly recurring revenue now, in minor units.
        trend: twelve months, the oldest first, the present one last.
        days: thirty-one days, the oldest first, today last.
    """

    currency: str
    mrr: int
    trend: list[RevenueMonth]
    days: list[DayOfMoney]


class Share(BaseModel):
    """A rate, and what it is made of.

    Attributes:
        rate: to four decimals; null of nothing.
    """

    part: int
    whole: int
    rate: float | None


class CustomerMonth(BaseModel):
    """One month of customers, whatever they pay in, and of trials.

    Attributes:
        month: `YYYY-MM`, in UTC.
        paying_at_start: who had recurring revenue when it began.
        new, reactivated: who came, for the first time or again.
        churned_voluntary, churned_involuntary: who went, asked for or for want of payment.
        churn: who went, of who was there at the start or came.
        trials_ended: in this month, whenever they began.
        trials_converted: those of them whose subscription has paid an invoice since they ended.
        trial_conversion: of the trials that ended.
    """

    month: str
    paying_at_start: int
    new: int
    reactivated: int
    churned_voluntary: int
    churned_involuntary: int
    churn: Share
    voluntary_churn: Share
    involuntary_churn: Share
    trials_started: int
    trials_ended: int
    trials_converted: int
    trial_conversion: Share


class ProjectMetrics(BaseModel):
    """A project's figures; docs/api.md says how they are defined.

    Attributes:
        by_status: how many subscriptions stand in each status.
        currency: usd where there is any, else the one with the largest monthly recurring revenue
            in major units; null where there is none.
        estimated_mrr_cents: monthly recurring revenue in that currency's minor unit.
        estimated_mrr_dollars: the same in its major unit.
        mrr_by_currency: in minor units; currencies are never added.
        unpriced_items: items without a fixed amount, which the revenue is without.
        paying_customers: users with recurring revenue.
        currencies: each with its trend, by name.
        customers: twelve months, the oldest first, the present one last.
        purchases: one-time purchases that are paid and were not refunded whole.
        accounts: users of whom anything is known.
    """

    project_id: str
    active_subscriptions: int
    trialing_subscriptions: int
    past_due_subscriptions: int
    canceled_subscriptions: int
    total_subscriptions: int
    by_status: dict[SubscriptionStatus, int]
    currency: str | None
    estimated_mrr_cents: int
    estimated_mrr_dollars: float
    mrr_by_currency: dict[str, int]
    unpriced_items: int
    paying_customers: int
    currencies: list[Revenue]
    customers: list[CustomerMonth]
    purchases: int
    accounts: int
    generated_at: datetime
