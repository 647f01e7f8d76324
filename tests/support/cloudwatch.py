"""CloudWatch's metrics, as far as they are read here: what functions wrote, and its statistics.

moto has no percentiles and the emulator does not read the embedded metric format; and an alarm is
to be tried on the very lines that a function wrote.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from local.embedded_metrics import Datum, data_of

STACK = "billing-test"
"""The stack that tests are: its metrics are in a namespace of this name."""


class Metric(NamedTuple):
    """A metric, with one combination of its dimensions."""

    namespace: str
    name: str
    dimensions: Mapping[str, str]

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Metric:
        """Read it as CloudWatch's API and CloudFormation write it."""
        dimensions = {each["Name"]: str(each["Value"]) for each in told.get("Dimensions", [])}
        namespace = told["Namespace"]
        ours = namespace == {"Ref": "AWS::StackName"}
        return cls(STACK if ours else namespace, told["MetricName"], dimensions)


class Metrics:
    """What was measured: lines are taken, statistics are told.

    Attributes:
        status: what GetMetricData says of each metric.
    """

    def __init__(self) -> None:
        self._data: list[Datum] = []
        self.status = "Complete"

    def take(self, text: str) -> list[Datum]:
        """Take the metrics of log lines, and return them."""
        taken = [datum for line in text.splitlines() for datum in data_of(line)]
        self._data += taken
        return taken

    def put(self, metric: Metric, values: Sequence[float], at: datetime) -> None:
        """Measure something, as an AWS service does by itself."""
        self._data.append(Datum(*metric[:2], "None", metric.dimensions, tuple(values), at))

    def clear(self) -> None:
        """Forget everything."""
        self._data.clear()
        self.status = "Complete"

    def statistic(
        self, metric: Metric, statistic: str, start: datetime, end: datetime
    ) -> float | None:
        """Tell a statistic over `[start, end)`; all dimensions are compared, as CloudWatch does."""
        values = [
            value
            for each in self._data
            if (each.namespace, each.name) == metric[:2]
            and each.dimensions == metric.dimensions
            and start <= each.at < end
            for value in each.values
        ]
        return _statistic(values, statistic) if values else None

    def answer(self, operation: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Answer ListMetrics and GetMetricData, each in one page."""
        if operation == "ListMetrics":
            return {"Metrics": list(_listed(self._data, asked["Namespace"]))}
        return {
            "MetricDataResults": [
                self._result(query, asked["StartTime"], asked["EndTime"])
                for query in asked["MetricDataQueries"]
            ]
        }

    def _result(self, query: Mapping[str, Any], start: int, end: int) -> dict[str, Any]:
        told = query["MetricStat"]
        assert (end - start, start % told["Period"]) == (told["Period"], 0)
        begin = datetime.fromtimestamp(start, UTC)
        value = self.statistic(
            Metric.of(told["Metric"]),
            told["Stat"],
            begin,
            begin + timedelta(seconds=told["Period"]),
        )
        found = [] if value is None else [value]
        return {"Id": query["Id"], "StatusCode": self.status, "Values": found}


def _listed(data: Iterable[Datum], namespace: str) -> Iterable[dict[str, Any]]:
    known = {
        (each.name, tuple(each.dimensions.items())): None
        for each in data
        if each.namespace == namespace
    }
    for name, dimensions in known:
        named = [{"Name": key, "Value": value} for key, value in dimensions]
        yield {"Namespace": namespace, "MetricName": name, "Dimensions": named}


def _statistic(values: list[float], statistic: str) -> float:
    if statistic.startswith("p"):
        rank = math.ceil(float(statistic[1:]) / 100 * len(values))
        return sorted(values)[max(0, rank - 1)]
    return {
        "Average": sum(values) / len(values),
        "Maximum": max(values),
        "Minimum": min(values),
        "SampleCount": float(len(values)),
        "Sum": sum(values),
    }[statistic]
