"""Lines and panels that more than one dashboard has."""

from __future__ import annotations

from dataclasses import replace

from local.monitoring.metrics import Metric, Statistic, own, queue
from local.monitoring.objectives import DAY, OBJECTIVES
from local.monitoring.panels import Line, Panel, Rate, Search

SUM, P95 = "Sum", "p95"

OURS = "${AWS::StackName}"
"""The namespace of our metrics, and a word of the names of functions and tables."""


def of_each(metric: str, *dimensions: str, statistic: str = SUM, such_that: str = "") -> Search:
    """Search for a metric of ours, by all values of its dimensions, or of such as are said."""
    return Search(f'"{OURS}"', (*dimensions, "service"), metric, statistic, such_that)


def functions(metric: str, statistic: str = SUM) -> Search:
    """Search for a metric of the stack's functions."""
    return Search("AWS/Lambda", ("FunctionName",), metric, statistic, OURS)


def tables(metric: str, statistic: str) -> Search:
    """Search for a metric of the stack's tables."""
    dimensions = ("Operation", "TableName")
    return Search("AWS/DynamoDB", dimensions, metric, statistic, OURS)


def per_minute(counter: str, *labels: str) -> str:
    """Write how fast a counter goes up, a minute."""
    by = f" by ({', '.join(labels)})" if labels else ""
    return f"sum{by} (rate({counter}[10m])) * 60"


def in_an_hour(counter: str, *labels: str) -> str:
    """Write how much came to a counter within the last hour: by itself it falls at midnight."""
    by = f" by ({', '.join(labels)})" if labels else ""
    return f"sum{by} (increase({counter}[1h]))"


def once_a_day(metric: str, *dimensions: str) -> Search:
    """Search for a metric of ours that has a value a day."""
    return replace(of_each(metric, *dimensions, statistic="Maximum"), period=DAY)


def line(label: str, metric: Metric, statistic: str = SUM) -> Line:
    """Draw a statistic of one metric."""
    return Line(label, Statistic(metric, statistic))


def by_route(counter: str) -> str:
    """Write how fast a counter goes up for each route, a second."""
    return f"sum by (route) (rate({counter}[10m]))"


QUEUES = ("Events", "Deliveries", "Boundaries")
DEAD_LETTERS = ("Events", "Schedule", "Deliveries", "Boundaries", "Changes")
SECONDS = "http_request_duration_seconds"
CHECKED = own("Latency", route="GET /api/v1/entitlements", status="2xx")
CHECKS = 'route="GET /api/v1/entitlements",status="2xx"'

BURN = Panel(
    "Error budgets: how fast they burn (1 uses one up in 30 days)",
    "none",
    tuple(Rate(objective) for objective in OBJECTIVES),
    tuple(
        (o.name, f"slo:{o.name.lower()}:failed_ratio_1h / {float(o.budget / 100)!r}")
        for o in OBJECTIVES
    ),
)

WAITING = Panel(
    "Messages that wait",
    "short",
    tuple(line(f"{name}Queue", queue(f"{name}Queue"), "Maximum") for name in QUEUES),
    (("{{queue}} {{state}}", 'queue_messages{queue!~".*dead_letters"}'),),
)

DEAD = Panel(
    "Dead letters",
    "short",
    tuple(
        line(f"{name}DeadLetterQueue", queue(f"{name}DeadLetterQueue"), "Maximum")
        for name in DEAD_LETTERS
    ),
    (("{{queue}}", 'queue_messages{queue=~".*dead_letters",state="visible"}'),),
)

PARKED = Panel(
    "Events parked",
    "short",
    (line("parked", own("EventParked")),),
    (("waiting", "parked_events"), ("parked in an hour", in_an_hour("events_parked_total"))),
)
