"""How the projects' subscriptions stand, told to CloudWatch: once a day, with the daily run.

A custom metric is charged for the hours in which it has data, so a figure a day costs a cent a
month; `GET /metrics` tells the same at each scrape.
"""

from __future__ import annotations

from aws_lambda_powertools.metrics import MetricUnit

from billing.domain.errors import TryAgain
from billing.domain.runs import Run
from billing.domain.status import SubscriptionStatus
from billing.observability import logger, measure
from billing.services.list_projects import list_projects
from billing.services.measure_project import measure_standing
from billing.stores import catalog_store, figures_store


def tell_standing(run: Run) -> None:
    """Write each project's figures after a run that looked at all of them and repaired.

    Money is in minor units, one metric a currency. Trouble costs a day's figures and no run.
    """
    if run.dry_run or run.project_id is not None:
        return
    try:
        ids = [project.id for project in list_projects(catalog_store())]
        standings = measure_standing(ids, figures=figures_store())
    except TryAgain:
        logger.exception("figures cannot be told", run_id=run.id)
        return
    for each in standings:
        active = each.subscriptions.by_status.get(SubscriptionStatus.ACTIVE, 0)
        measure("ActiveSubscriptions", active, project=each.project_id)
        for currency, amount in each.subscriptions.mrr.items():
            named = {"project": each.project_id, "currency": currency}
            measure("MonthlyRecurringRevenue", amount, MetricUnit.Count, **named)
