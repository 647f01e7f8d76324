"""Logger and metrics, configured once. Logs carry ids; never bodies, keys, e-mails or secrets."""

from __future__ import annotations

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import MetricUnit, single_metric

from billing.settings import settings

logger = Logger(service="billing", log_uncaught_exceptions=False)


def count(name: str, **dimensions: str) -> None:
    """Count one occurrence, as a CloudWatch metric of its own with these dimensions."""
    measure(name, 1, MetricUnit.Count, **dimensions)


def measure(
    name: str, value: float, unit: MetricUnit = MetricUnit.Count, **dimensions: str
) -> None:
    """Write one value, as a CloudWatch metric of its own with these dimensions."""
    namespace = settings().powertools_metrics_namespace
    with single_metric(name=name, unit=unit, value=value, namespace=namespace) as metric:
        for dimension, word in dimensions.items():
            metric.add_dimension(name=dimension, value=word)
