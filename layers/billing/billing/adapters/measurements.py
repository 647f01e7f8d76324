"""What the functions measured, read back from CloudWatch.

A function's process cannot be asked for its counters: there are many of them, and they come and
go. What each wrote in the embedded metric format is added up by CloudWatch, and asked for here.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from billing.adapters.aws.endpoint import CLOUDWATCH
from billing.adapters.aws.wire import AwsError, AwsWire
from billing.domain.errors import TryAgain
from billing.lines import SERVICE
from billing.settings import settings

QUERIES = 500
"""What one GetMetricData takes."""

COMPLETE = "Complete"
"""What it says of a metric that it tells whole, on the last page at the latest."""


@dataclass(frozen=True, slots=True)
class Series:
    """A metric with one combination of its dimensions, and what was asked of it.

    Attributes:
        dimensions: without the service's, which all of ours have.
        values: by statistic, such as `Sum` or `p95`; without those that have no data.
        namespace: of what AWS measures by itself; empty for ours.
    """

    name: str
    dimensions: Mapping[str, str]
    values: Mapping[str, float] = field(default_factory=dict)
    namespace: str = ""


class Measurements:
    """Reads the metrics of this service's namespace."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        """Connect when first asked."""
        self._cloudwatch = AwsWire(CLOUDWATCH, environ)

    def known(self) -> list[Series]:
        """List the metrics that had data in the last two weeks.

        Raises:
            TryAgain: CloudWatch does not answer, or refuses.
        """
        found: list[Series] = []
        asked: dict[str, Any] = {"Namespace": settings().powertools_metrics_namespace}
        while True:
            answer = self._call("ListMetrics", asked)
            for metric in answer.get("Metrics", []):
                named = {each["Name"]: each["Value"] for each in metric.get("Dimensions", [])}
                if named.pop("service", None) == SERVICE:
                    found.append(Series(metric["MetricName"], named))
            if not answer.get("NextToken"):
                return found
            asked = {**asked, "NextToken": answer["NextToken"]}

    def of(
        self, wanted: Sequence[tuple[Series, Sequence[str]]], start: datetime, length: timedelta
    ) -> list[Series]:
        """Ask for statistics over one stretch of time.

        Args:
            wanted: metrics, with at most five statistics each, which together cost as one.
            start: a multiple of `length`, as CloudWatch counts them from 1970.
            length: of the stretch, whole minutes.

        Returns:
            All that were wanted, in their order.

        Raises:
            TryAgain: CloudWatch does not answer, refuses, or knows only a part: a counter that is
                told too low for once would be counted twice.
        """
        asked = [(series, statistic) for series, names in wanted for statistic in names]
        values: dict[int, dict[str, float]] = {id(series): {} for series, _ in wanted}
        for first in range(0, len(asked), QUERIES):
            some = asked[first : first + QUERIES]
            for (series, statistic), value in self._values(some, start, length):
                values[id(series)][statistic] = value
        return [replace(each, values=values[id(each)]) for each, _ in wanted]

    def _values(
        self, asked: Sequence[tuple[Series, str]], start: datetime, length: timedelta
    ) -> Iterator[tuple[tuple[Series, str], float]]:
        body: dict[str, Any] = {
            "MetricDataQueries": [
                _query(f"m{number}", series, statistic, length)
                for number, (series, statistic) in enumerate(asked)
            ],
            "StartTime": int(start.timestamp()),
            "EndTime": int((start + length).timestamp()),
        }
        states: dict[str, str] = {}
        while True:
            answer = self._call("GetMetricData", body)
            for result in answer.get("MetricDataResults", []):
                states[result["Id"]] = result["StatusCode"]
                if result.get("Values"):
                    yield asked[int(result["Id"][1:])], float(result["Values"][0])
            if not answer.get("NextToken"):
                break
            body["NextToken"] = answer["NextToken"]
        if set(states.values()) - {COMPLETE}:
            raise TryAgain("CloudWatch tells only a part of the metrics.")

    def _call(self, operation: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        try:
            return self._cloudwatch.call(operation, asked)
        except AwsError as error:
            raise TryAgain("The metrics cannot be read.") from error


def _query(id_: str, series: Series, statistic: str, length: timedelta) -> dict[str, Any]:
    own = {} if series.namespace else {"service": SERVICE}
    named = {**series.dimensions, **own}
    metric = {
        "Namespace": series.namespace or settings().powertools_metrics_namespace,
        "MetricName": series.name,
        "Dimensions": [{"Name": name, "Value": value} for name, value in named.items()],
    }
    period = int(length.total_seconds())
    return {"Id": id_, "MetricStat": {"Metric": metric, "Period": period, "Stat": statistic}}
