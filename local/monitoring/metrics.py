"""Where figures come from: CloudWatch's metrics, by their names and dimensions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from local.place import table_name

Json = dict[str, Any]

API = {"ApiId": {"Ref": "Api"}}
CHECK_ROUTE = {**API, "Method": "GET", "Resource": "/api/v1/entitlements", "Stage": "$default"}
"""What API Gateway tells of one route where its detailed metrics are switched on.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html
"""

SERVICE = {"service": "billing"}

STACK = {"Ref": "AWS::StackName"}
"""The namespace of what the functions measure: stages in one account share no metric."""


@dataclass(frozen=True)
class Metric:
    """One metric of CloudWatch.

    Attributes:
        namespace: AWS's own, or `STACK`.
        dimensions: values as CloudFormation has them; all must be the metric's own.
    """

    namespace: str | Json
    name: str
    dimensions: Mapping[str, Any] = field(default_factory=dict)

    def cloudformation(self) -> Json:
        """Write it as the properties of an alarm."""
        named = [{"Name": name, "Value": value} for name, value in self.dimensions.items()]
        return {"Namespace": self.namespace, "MetricName": self.name, "Dimensions": named}


@dataclass(frozen=True)
class Statistic:
    """A metric, and what is taken of it in each period."""

    metric: Metric
    name: str


@dataclass(frozen=True)
class Math:
    """What CloudWatch computes in each period of several statistics.

    Attributes:
        expression: in its metric math, over the names in `of`.
        says: the same in words.
    """

    expression: str
    of: Mapping[str, Statistic]
    says: str


def ratio(bad: Statistic, total: Statistic, least: int) -> Math:
    """Compute how much failed, in percent; 0 where fewer than `least` did, of few a high rate."""
    return Math(
        f"IF(FILL(bad, 0) >= {least}, 100 * FILL(bad, 0) / total, 0)",
        {"bad": bad, "total": total},
        f"`{bad.metric.name}` of `{total.metric.name}` in percent, of at least {least}",
    )


def percentile(metric: Metric, percent: int) -> Math:
    """Take a percentile; 0 where there are so few that it is the slowest one alone.

    CloudWatch's own way with few, `EvaluateLowSampleCountPercentile: ignore`, is none: below
    10/(1 - p) of them, 1000 for p99, an alarm could neither ring nor end.
    """
    least = least_of(percent)
    return Math(
        f"IF(n >= {least}, p, 0)",
        {"p": Statistic(metric, f"p{percent}"), "n": Statistic(metric, "SampleCount")},
        f"p{percent} of `{metric.name}`, of at least {least}",
    )


def least_of(percent: int) -> int:
    """Say of how many a percentile leaves one out."""
    return 100 // (100 - percent)


def own(name: str, **dimensions: str) -> Metric:
    """Name a metric that the functions write; each has the service's dimension."""
    return Metric(STACK, name, {**dimensions, **SERVICE})


def gateway(name: str, dimensions: Mapping[str, Any] | None = None) -> Metric:
    """Name a metric of the HTTP API."""
    return Metric("AWS/ApiGateway", name, dimensions or API)


def queue(logical_id: str, name: str = "ApproximateNumberOfMessagesVisible") -> Metric:
    """Name a metric of a queue of the template."""
    return Metric("AWS/SQS", name, {"QueueName": {"Fn::GetAtt": [logical_id, "QueueName"]}})


def function(logical_id: str, name: str) -> Metric:
    """Name a metric of a function of the template; Lambda's own of its URL are among them.

    https://docs.aws.amazon.com/lambda/latest/dg/urls-monitoring.html
    """
    return Metric("AWS/Lambda", name, {"FunctionName": {"Ref": logical_id}})


def table(logical_id: str, name: str) -> Metric:
    """Name a metric of a table, which may be a replica that this stack does not own."""
    named = table_name("${AWS::StackName}", logical_id)
    return Metric("AWS/DynamoDB", name, {"TableName": {"Fn::Sub": named}})
