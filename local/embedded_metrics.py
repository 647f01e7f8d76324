"""The embedded metric format, read as CloudWatch reads it off log lines.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any


@dataclass(frozen=True)
class Datum:
    """Values of one metric under one combination of its dimensions."""

    namespace: str
    name: str
    unit: str
    dimensions: Mapping[str, str]
    values: tuple[float, ...]
    at: datetime


def data_of(line: str) -> Iterator[Datum]:
    """Read the metrics of a log line, if it has any; other lines, and broken ones, have none."""
    told = _object(line)
    head = told.get("_aws")
    if not isinstance(head, dict) or "Timestamp" not in head:
        return
    at = datetime.fromtimestamp(head["Timestamp"] / 1000, UTC)
    for directive in head.get("CloudWatchMetrics", []):
        for names in directive["Dimensions"]:
            dimensions = {name: str(told[name]) for name in names}
            for metric in directive["Metrics"]:
                given = told[metric["Name"]]
                values = given if isinstance(given, list) else [given]
                yield Datum(
                    directive["Namespace"],
                    metric["Name"],
                    metric.get("Unit", "None"),
                    dimensions,
                    tuple(float(value) for value in values),
                    at,
                )


def _object(line: str) -> dict[str, Any]:
    if '"_aws"' not in line:
        return {}
    try:
        told = json.loads(line)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
