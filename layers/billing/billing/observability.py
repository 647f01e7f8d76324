"""Logger and metrics, configured once. Logs carry ids; never bodies, keys, e-mails or secrets."""

from __future__ import annotations

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit, single_metric

NAMESPACE = "Billing"

logger = Logger(service="billing", log_uncaught_exceptions=False)
metrics = Metrics(namespace=NAMESPACE, service="billing")


def count(name: str, **dimensions: str) -> None:
    """Count one occurrence, as a CloudWatch metric of its own with these dimensions."""
    with single_metric(name=name, unit=MetricUnit.Count, value=1, namespace=NAMESPACE) as metric:
        for dimension, value in dimensions.items():
            metric.add_dimension(name=dimension, value=value)
