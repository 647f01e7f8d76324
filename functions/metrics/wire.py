"""How a project's figures look on the wire."""

from __future__ import annotations

import platform
from collections.abc import Iterable
from typing import Any

from billing.domain.money import major_units
from billing.domain.status import SubscriptionStatus
from billing.services.measure_project import ProjectMetrics
from functions.metrics.exposition import Family


def metrics(measured: ProjectMetrics) -> dict[str, Any]:
    """Write the answer of `GET /api/v1/metrics/project/{project_id}`."""
    figures = measured.subscriptions
    by_status = {status.value: figures.by_status.get(status, 0) for status in SubscriptionStatus}
    currency = figures.main_currency
    estimated = figures.mrr[currency] if currency else 0
    return {
        "project_id": measured.project_id,
        "active_subscriptions": by_status[SubscriptionStatus.ACTIVE],
        "trialing_subscriptions": by_status[SubscriptionStatus.TRIALING],
        "past_due_subscriptions": by_status[SubscriptionStatus.PAST_DUE],
        "canceled_subscriptions": by_status[SubscriptionStatus.CANCELED],
        "total_subscriptions": figures.total,
        "by_status": by_status,
        "currency": currency,
        "estimated_mrr_cents": estimated,
        # JSON has no decimals: the nearest double of an exact amount, and nothing computed with it.
        "estimated_mrr_dollars": float(major_units(estimated, currency)),
        "mrr_by_currency": figures.mrr,
        "unpriced_items": figures.unpriced_items,
        "purchases": measured.purchases,
        "accounts": measured.accounts,
        "generated_at": measured.generated_at,
    }


def families(projects: Iterable[ProjectMetrics], *, stage: str) -> list[Family]:
    """Write the metrics of `GET /metrics`."""
    build = Family("billing_build_info", "What is running; the value is always 1.")
    build.samples.append(({"stage": stage, "python": platform.python_version()}, 1))
    active = Family("billing_active_subscriptions", "Subscriptions that are active.")
    mrr = Family("billing_mrr_minor_units", "Estimated monthly recurring revenue, minor units.")
    for project in projects:
        figures, named = project.subscriptions, {"project": project.project_id}
        active.samples.append((named, figures.by_status.get(SubscriptionStatus.ACTIVE, 0)))
        mrr.samples.extend(
            ({**named, "currency": currency}, amount) for currency, amount in figures.mrr.items()
        )
    return [build, active, mrr]
