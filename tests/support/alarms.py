"""The template's alarms, evaluated as CloudWatch does: statistics, metric math, compositions.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from tests.support import template
from tests.support.cloudwatch import Metric, Metrics

ALARMS = {
    **template.resources("AWS::CloudWatch::Alarm"),
    **template.resources("AWS::CloudWatch::CompositeAlarm"),
}

OURS = {"Ref": "AWS::StackName"}
"""The namespace of what the functions measure."""

_BINARY: dict[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.GtE: operator.ge,
    ast.Gt: operator.gt,
    ast.Eq: operator.eq,
}


def properties(name: str) -> dict[str, Any]:
    """What the template says of an alarm."""
    found: dict[str, Any] = ALARMS[name]["Properties"]
    return found


def is_composite(name: str) -> bool:
    """Whether it is made of other alarms."""
    return "AlarmRule" in properties(name)


def parts(name: str) -> list[str]:
    """The alarms that a composite one is made of."""
    return re.findall(r'ALARM\("\$\{(\w+)\}"\)', properties(name)["AlarmRule"]["Fn::Sub"])


def rings(name: str, metrics: Metrics, at: datetime) -> bool:
    """Whether an alarm is in the state ALARM at an instant, given what was measured."""
    told = properties(name)
    if is_composite(name):
        states = {part: rings(part, metrics, at) for part in parts(name)}
        rule = re.sub(r'ALARM\("\$\{(\w+)\}"\)', r"\1", told["AlarmRule"]["Fn::Sub"])
        return bool(_value(rule, states))
    assert (told["ComparisonOperator"], told["TreatMissingData"]) == (
        "GreaterThanThreshold",
        "notBreaching",
    )
    period = timedelta(seconds=period_of(name))
    ends = (at - number * period for number in range(told["EvaluationPeriods"]))
    values = [_measured(told, metrics, end - period, end) for end in ends]
    return all(value is not None and value > told["Threshold"] for value in values)


def statistics_of(name: str) -> list[dict[str, Any]]:
    """What an alarm computes from: none where it looks at one metric as it is."""
    return [each for each in properties(name).get("Metrics", []) if "MetricStat" in each]


def period_of(name: str) -> int:
    """A metric alarm's period, in seconds; CloudWatch wants the same for all that it computes."""
    told = properties(name)
    if "Metrics" not in told:
        return int(told["Period"])
    (period,) = {each["MetricStat"]["Period"] for each in statistics_of(name)}
    return int(period)


def _measured(
    told: Mapping[str, Any], metrics: Metrics, start: datetime, end: datetime
) -> float | None:
    if "Metrics" not in told:
        statistic = told.get("ExtendedStatistic") or told["Statistic"]
        if told.get("EvaluateLowSampleCountPercentile") == "ignore":
            _insist_on_enough(told, metrics, start, end)
        return metrics.statistic(Metric.of(told), statistic, start, end)
    values: dict[str, Any] = {}
    (expression,) = (each["Expression"] for each in told["Metrics"] if "Expression" in each)
    for each in told["Metrics"]:
        if stat := each.get("MetricStat"):
            metric = Metric.of(stat["Metric"])
            values[each["Id"]] = metrics.statistic(metric, stat["Stat"], start, end)
    if all(value is None for value in values.values()):
        return None
    try:
        return float(_value(expression, values))
    except _NoData:
        return None


class _NoData(Exception):
    """An expression needs a statistic of which there is nothing."""


def _insist_on_enough(
    told: Mapping[str, Any], metrics: Metrics, start: datetime, end: datetime
) -> None:
    """Refuse what no figure decides: with few samples, such an alarm's state is what it was.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/percentiles-with-low-samples.html
    """
    percent = float(told["ExtendedStatistic"].removeprefix("p"))
    samples = metrics.statistic(Metric.of(told), "SampleCount", start, end)
    assert samples is None or samples >= 10 / (1 - percent / 100), "neither rings nor ends"


def _value(expression: str, names: Mapping[str, Any]) -> Any:
    """Compute metric math, as far as the template has it, which reads as Python does."""
    told = expression.replace(" AND ", " and ").replace(" OR ", " or ")
    return _computed(ast.parse(told, mode="eval").body, names)


def _computed(node: ast.AST, names: Mapping[str, Any]) -> Any:
    match node:
        case ast.Constant():
            return node.value
        case ast.Name():
            if names[node.id] is None:
                raise _NoData
            return names[node.id]
        case ast.BoolOp():
            combine = all if isinstance(node.op, ast.And) else any
            return combine(_computed(each, names) for each in node.values)
        case ast.Compare(left=left, ops=[kind], comparators=[right]):
            return _BINARY[type(kind)](_computed(left, names), _computed(right, names))
        case ast.BinOp(left=left, op=kind, right=right):
            return _BINARY[type(kind)](_computed(left, names), _computed(right, names))
        case ast.Call(func=ast.Name(id="IF"), args=[condition, then, otherwise]):
            return _computed(then if _computed(condition, names) else otherwise, names)
        case ast.Call(func=ast.Name(id="FILL"), args=[series, filling]):
            try:
                return _computed(series, names)
            except _NoData:
                return _computed(filling, names)
    raise AssertionError(f"not metric math that is known here: {ast.dump(node)}")
