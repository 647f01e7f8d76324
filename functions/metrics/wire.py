"""How a project's figures look on the wire."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from billing.domain.figures import CustomerMonth, Money, ProjectFigures, Revenue, RevenueMonth
from billing.domain.money import major_units
from billing.domain.status import SubscriptionStatus
from billing.services.measure_project import ProjectMetrics

RATE_DIGITS = 4


def metrics(measured: ProjectMetrics) -> dict[str, Any]:
    """Write the answer of `GET /api/v1/metrics/project/{project_id}`."""
    figures = measured.figures
    return {
        "project_id": measured.project_id,
        **_subscriptions(figures),
        "paying_customers": figures.paying,
        "currencies": [_currency(each) for each in figures.revenue],
        "customers": [_customers(month) for month in figures.customers],
        "purchases": figures.purchases,
        "accounts": figures.accounts,
        "generated_at": measured.generated_at,
    }


def _subscriptions(figures: ProjectFigures) -> dict[str, Any]:
    standing = figures.subscriptions
    by_status = {status.value: standing.by_status.get(status, 0) for status in SubscriptionStatus}
    currency = standing.main_currency
    estimated = standing.mrr[currency] if currency else 0
    return {
        "active_subscriptions": by_status[SubscriptionStatus.ACTIVE],
        "trialing_subscriptions": by_status[SubscriptionStatus.TRIALING],
        "past_due_subscriptions": by_status[SubscriptionStatus.PAST_DUE],
        "canceled_subscriptions": by_status[SubscriptionStatus.CANCELED],
        "total_subscriptions": standing.total,
        "by_status": by_status,
        "currency": currency,
        "estimated_mrr_cents": estimated,
        # JSON has no decimals: the nearest double of an exact amount, and nothing computed with it.
        "estimated_mrr_dollars": float(major_units(estimated, currency)),
        "mrr_by_currency": standing.mrr,
        "unpriced_items": standing.unpriced_items,
    }


def _currency(revenue: Revenue) -> dict[str, Any]:
    return {
        "currency": revenue.currency,
        "mrr": revenue.mrr,
        "trend": [_month(month) for month in revenue.trend],
        "days": [{"date": day.isoformat(), **_money(money)} for day, money in revenue.days],
    }


def _month(month: RevenueMonth) -> dict[str, Any]:
    moved = month.movements
    return {
        "month": month.month,
        "mrr": month.mrr,
        "new": moved["new"],
        "expansion": moved["expansion"],
        "contraction": moved["contraction"],
        "churned": moved["voluntary"] + moved["involuntary"],
        "churned_voluntary": moved["voluntary"],
        "churned_involuntary": moved["involuntary"],
        "reactivated": moved["reactivated"],
        **_money(month.money),
    }


def _money(money: Money) -> dict[str, int]:
    return {
        "paid": money.paid,
        "refunded": money.refunded,
        "disputed": money.disputed,
        "net_revenue": money.net,
    }


def _customers(month: CustomerMonth) -> dict[str, Any]:
    counts, trials = month.counts, month.trials
    return {
        "month": month.month,
        "paying_at_start": month.at_start,
        "new": counts["new"],
        "reactivated": counts["reactivated"],
        "churned_voluntary": counts["voluntary"],
        "churned_involuntary": counts["involuntary"],
        "churn": _share((counts["voluntary"], counts["involuntary"]), month.exposed),
        "voluntary_churn": _share((counts["voluntary"],), month.exposed),
        "involuntary_churn": _share((counts["involuntary"],), month.exposed),
        "trials_started": trials["started"],
        "trials_ended": trials["ended"],
        "trials_converted": trials["converted"],
        "trial_conversion": _share((trials["converted"],), trials["ended"]),
    }


def _share(parts: Iterable[int], whole: int) -> dict[str, Any]:
    """Write a rate with what it is made of; there is none of nothing."""
    part = sum(parts)
    rate = round(part / whole, RATE_DIGITS) if whole else None
    return {"part": part, "whole": whole, "rate": rate}
