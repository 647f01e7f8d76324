"""Where figures come from: CloudWatch's metrics, by their names and dimensions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

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


def own(name: str, **dimensions: str) -> Metric:
    """Name a metric that the functions write; each has the service's dimension."""
    return Metric(STACK, name, {**dimensions, **SERVICE})


def gateway(name: str, dimensions: Mapping[str, Any] | None = None) -> Metric:
    """Name a metric of the HTTP API."""
    return Metric("AWS/ApiGateway", name, dimensions or API)


def queue(logical_id: str, name: str = "ApproximateNumberOfMessagesVisible") -> Metric:
    """Name a metric of a queue of the template."""
    return Metric("AWS/SQS", name, {"QueueName": {"Fn::GetAtt": [logical_id, "QueueName"]}})
