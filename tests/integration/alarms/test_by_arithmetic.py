"""Every other alarm, tried on figures as AWS or many requests would make them."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import pytest

from tests.support.alarms import (
    ALARMS,
    OURS,
    is_composite,
    parts,
    period_of,
    properties,
    rings,
    statistics_of,
)
from tests.support.cloudwatch import Metric, Metrics

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
MANY = 50_000
"""Requests or events at once: the smallest budget is 5 of them."""

OF_AWS: dict[str, dict[str, tuple[set[str], ...]]] = {
    "AWS/ApiGateway": {
        "5xx": ({"ApiId"},),
        "Count": ({"ApiId"},),
        "Latency": ({"ApiId"}, {"ApiId", "Method", "Resource", "Stage"}),
    },
    "AWS/DynamoDB": {"ConsumedWriteCapacityUnits": ({"TableName"},)},
    "AWS/Lambda": {
        "IteratorAge": ({"FunctionName"},),
        "Url4xxCount": ({"FunctionName"},),
        "Url5xxCount": ({"FunctionName"},),
        "UrlRequestCount": ({"FunctionName"},),
    },
    "AWS/SQS": {
        "ApproximateAgeOfOldestMessage": ({"QueueName"},),
        "ApproximateNumberOfMessagesVisible": ({"QueueName"},),
    },
}
"""What AWS measures by itself, with which dimensions, of what alarms watch.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
https://docs.aws.amazon.com/lambda/latest/dg/urls-monitoring.html
https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html
"""

COMPUTED = [name for name in ALARMS if statistics_of(name)]
WINDOWS = [name for name in COMPUTED if "AlarmActions" not in properties(name)]
RATES = ["WebhookUnansweredAlarm", "WebhookRefusedAlarm"]
PERCENTILES = ["CheckLatencyP95Alarm", "CheckLatencyP99Alarm"]
UNREAD = "ChangesUnreadAlarm"
COMPOSITES = [name for name in ALARMS if is_composite(name)]
PLAIN_OF_AWS = [name for name in ALARMS if str(properties(name).get("Namespace")) in OF_AWS]
OWN = [name for name in ALARMS if properties(name).get("Namespace") == OURS]


def ask(window: str, metrics: Metrics, at: datetime, *, times: float, many: int = MANY) -> None:
    """Let many be asked at an instant, of which so many times what is allowed fail."""
    bad, total = (each["MetricStat"] for each in properties(window)["Metrics"][:2])
    failed = math.ceil(times * properties(window)["Threshold"] / 100 * many)
    if bad["Metric"] == total["Metric"]:
        values = [1.0] * failed + [0.0] * (many - failed)
        metrics.put(Metric.of(bad["Metric"]), values, at)
        return
    metrics.put(Metric.of(total["Metric"]), [float(many)], at)
    if failed:  # API Gateway need not tell of none
        metrics.put(Metric.of(bad["Metric"]), [float(failed)], at)


def test_every_alarm_is_tried_here_or_beside() -> None:
    """Those on one metric of our own are tried in test_alarms.py, on what handlers write."""
    computed = [*WINDOWS, *RATES, *PERCENTILES, UNREAD]
    assert sorted([*computed, *COMPOSITES, *PLAIN_OF_AWS, *OWN]) == sorted(ALARMS)


@pytest.mark.parametrize("name", [*COMPUTED, *PLAIN_OF_AWS])
def test_what_aws_measures_is_named_with_its_dimensions(name: str) -> None:
    queries = [q["MetricStat"]["Metric"] for q in statistics_of(name)] or [properties(name)]
    for metric in map(Metric.of, queries):
        if metric.namespace in OF_AWS:
            assert set(metric.dimensions) in OF_AWS[metric.namespace][metric.name]


@pytest.mark.parametrize("name", WINDOWS)
def test_a_window_rings_above_its_rate_and_not_below(name: str) -> None:
    window, metrics = timedelta(seconds=period_of(name)), Metrics()
    ask(name, metrics, NOW, times=0)
    assert not rings(name, metrics, NOW + window)
    ask(name, metrics, NOW + window, times=0.9)
    assert not rings(name, metrics, NOW + 2 * window)
    ask(name, metrics, NOW + 2 * window, times=1.1)
    assert rings(name, metrics, NOW + 2 * window + timedelta(seconds=1))
    assert rings(name, metrics, NOW + 3 * window)
    assert not rings(name, metrics, NOW + 3 * window + timedelta(seconds=1))


@pytest.mark.parametrize("name", [name for name in COMPOSITES if "Page" in name])
def test_a_single_failure_of_few_wakes_nobody(name: str) -> None:
    metrics = Metrics()
    bad, total = (each["MetricStat"] for each in properties(parts(name)[0])["Metrics"][:2])
    metrics.put(Metric.of(bad["Metric"]), [1.0], NOW)
    if bad["Metric"] != total["Metric"]:
        metrics.put(Metric.of(total["Metric"]), [1.0], NOW)
    assert not rings(name, metrics, NOW + timedelta(minutes=1))


@pytest.mark.parametrize("name", COMPOSITES)
def test_an_error_budget_alarm_rings_in_time_and_ends_soon_after_the_trouble(name: str) -> None:
    pairs = list(zip(parts(name)[::2], parts(name)[1::2], strict=True))
    soon = max(timedelta(seconds=period_of(short)) for _, short in pairs)
    for long, short in pairs:
        assert period_of(long) == 12 * period_of(short)
        metrics, few = Metrics(), MANY // 10
        ask(short, metrics, NOW, times=0, many=few)
        assert not rings(name, metrics, NOW + timedelta(seconds=1))
        ask(long, metrics, NOW + timedelta(seconds=1), times=3)
        assert rings(name, metrics, NOW + timedelta(seconds=2))
        ask(short, metrics, NOW + soon, times=0, many=few)
        ended = NOW + soon + timedelta(seconds=2)
        assert rings(long, metrics, ended)  # it remembers
        assert not rings(short, metrics, ended)
        assert not rings(name, metrics, ended)


@pytest.mark.parametrize("name", PLAIN_OF_AWS)
def test_an_alarm_on_what_aws_measures_rings_and_ends(name: str) -> None:
    told, metric = properties(name), Metric.of(properties(name))
    period, periods = timedelta(seconds=told["Period"]), told["EvaluationPeriods"]
    metrics = Metrics()
    metrics.put(metric, [told["Threshold"]], NOW)
    assert not rings(name, metrics, NOW + period)
    for number in range(1, periods + 1):
        assert not rings(name, metrics, NOW + number * period)
        metrics.put(metric, [told["Threshold"] + 1] * 20, NOW + number * period)
    end = NOW + (periods + 1) * period
    assert rings(name, metrics, end)
    metrics.put(metric, [told["Threshold"]] * 400, end)
    assert not rings(name, metrics, end + period)


@pytest.mark.parametrize("name", RATES)
def test_the_url_that_stripe_calls_rings_by_rate_and_not_for_few(name: str) -> None:
    bad, total = (Metric.of(each["MetricStat"]["Metric"]) for each in statistics_of(name))
    above, period = properties(name)["Threshold"] / 100, timedelta(seconds=period_of(name))
    asked, metrics = 1000, Metrics()
    assert not rings(name, metrics, NOW)
    metrics.put(total, [1.0] * asked, NOW)  # Lambda need not tell of none that failed
    assert not rings(name, metrics, NOW + period)
    metrics.put(bad, [1.0] * int(above * asked), NOW)
    assert not rings(name, metrics, NOW + period)
    metrics.put(bad, [1.0], NOW)
    assert rings(name, metrics, NOW + period)
    few = Metrics()
    few.put(total, [1.0, 1.0], NOW)
    few.put(bad, [1.0, 1.0], NOW)
    assert not rings(name, few, NOW + period)


@pytest.mark.parametrize("name", PERCENTILES)
@pytest.mark.parametrize("hundreds", [1, 10])
def test_slow_checks_ring_at_low_traffic_too_and_quick_ones_end_it(
    name: str, hundreds: int
) -> None:
    slow = properties(name)["Threshold"] + 1
    metric = Metric.of(statistics_of(name)[0]["MetricStat"]["Metric"])
    period, metrics = timedelta(seconds=period_of(name)), Metrics()
    for number in range(properties(name)["EvaluationPeriods"]):
        assert not rings(name, metrics, NOW + number * period)
        metrics.put(metric, [slow] * 100 * hundreds, NOW + number * period)
    end = NOW + properties(name)["EvaluationPeriods"] * period
    assert rings(name, metrics, end)
    metrics.put(metric, [slow - 1] * 20, end)
    assert not rings(name, metrics, end + period)


@pytest.mark.parametrize("name", PERCENTILES)
def test_one_slow_check_of_few_wakes_nobody(name: str) -> None:
    metrics, period = Metrics(), timedelta(seconds=period_of(name))
    metric = Metric.of(statistics_of(name)[0]["MetricStat"]["Metric"])
    periods = properties(name)["EvaluationPeriods"]
    for number in range(periods):
        metrics.put(metric, [9000.0, *[1.0] * 18], NOW + number * period)
    assert not rings(name, metrics, NOW + periods * period)


@pytest.mark.parametrize("silent", ["published", "counted"])
def test_a_reader_of_changes_that_is_given_nothing_rings(silent: str) -> None:
    named = {each["Id"]: Metric.of(each["MetricStat"]["Metric"]) for each in statistics_of(UNREAD)}
    period, metrics = timedelta(seconds=period_of(UNREAD)), Metrics()
    for hour in range(6):
        at = NOW + hour * period
        assert rings(UNREAD, metrics, at) == (hour in {4, 5})
        metrics.put(named["writes"], [3.0], at)
        for name in ("published", "counted"):
            if name != silent or hour < 2 or hour == 5:
                metrics.put(named[name], [10.0], at)
    assert not rings(UNREAD, metrics, NOW + 6 * period)
    assert not rings(UNREAD, metrics, NOW + 9 * period), "nobody writes, and nothing is to be read"


def test_alarms_stay_within_what_cloudwatch_allows() -> None:
    for name in ALARMS:
        if not is_composite(name):
            reach = period_of(name) * properties(name)["EvaluationPeriods"]
            assert period_of(name) % 60 == 0
            assert reach <= (604_800 if period_of(name) >= 3600 else 86_400)


def test_only_what_is_for_people_tells_people() -> None:
    for name in ALARMS:
        assert ("AlarmActions" in properties(name)) == (name not in WINDOWS)
    assert sorted(WINDOWS) == sorted({part for name in COMPOSITES for part in parts(name)})
