"""The alarms with a plain threshold: what waits, what failed, what is slow."""

from __future__ import annotations

from dataclasses import dataclass

from local.monitoring.metrics import (
    CHECK_ROUTE,
    Math,
    Statistic,
    function,
    gateway,
    least_of,
    own,
    percentile,
    queue,
    ratio,
    table,
)


@dataclass(frozen=True)
class Threshold:
    """An alarm on one metric, or on what is computed of several.

    Attributes:
        name: its logical id, and the heading of its runbook.
        says: what has happened, in a sentence.
        period: seconds.
        above: it rings above this, in as many periods on end as `periods` says.
        rule: the same for Prometheus, with the minutes for which it has to hold.
        is_of_writers: it tells nobody in a region that stands by, where it is as it should be.
    """

    name: str
    says: str
    watches: Statistic | Math
    period: int
    above: float
    rule: str
    minutes: int = 0
    periods: int = 1
    urgency: str = "ticket"
    is_of_writers: bool = False


def _dead_letters(name: str, says: str, queue_id: str, told_as: str) -> Threshold:
    rule = f'queue_messages{{queue="{told_as}",state="visible"}} > 0'
    return Threshold(name, says, Statistic(queue(queue_id), "Maximum"), 60, 0, rule)


def _latency(percent: int, milliseconds: int) -> Threshold:
    seconds, labels = (
        "http_request_duration_seconds",
        'route="GET /api/v1/entitlements",status="2xx"',
    )
    return Threshold(
        f"CheckLatencyP{percent}Alarm",
        f"{100 - percent} % of checks take longer than {milliseconds} ms at the API.",
        percentile(gateway("Latency", CHECK_ROUTE), percent),
        300,
        milliseconds,
        f'{seconds}{{{labels},quantile="{percent / 100}"}} > {milliseconds / 1000}'
        f" and ignoring (quantile)"
        f" increase({seconds}_count{{{labels}}}[5m]) >= {least_of(percent)}",
        minutes=15,
        periods=3,
        urgency="page",
    )


def _at_function_url(
    name: str, says: str, *, of_class: str, above: int, least: int, period: int, urgency: str
) -> Threshold:
    """Watch the URL that Stripe calls: the API's metrics have nothing of it."""
    bad, total = (
        Statistic(function("WebhookReceiveFunction", metric), "Sum")
        for metric in (f"Url{of_class}Count", "UrlRequestCount")
    )
    window = f"[{period // 60}m]"
    failed = f'sum by (job) (increase(function_url_errors_total{{status="{of_class}"}}{window}))'
    asked = f"sum by (job) (increase(function_url_requests_total{window}))"
    rule = f"{failed} / ({asked} > 0) > {above / 100} and on (job) {failed} >= {least}"
    watches = ratio(bad, total, least)
    return Threshold(name, says, watches, period, above, rule, urgency=urgency)


def _behind(name: str, says: str, function_id: str, told_as: str) -> Threshold:
    rule = f'stream_age_seconds{{reader="{told_as}"}} > {LATE // 1000}'
    watches = Statistic(function(function_id, "IteratorAge"), "Maximum")
    return Threshold(name, says, watches, 300, LATE, rule)


LATE = 900_000
"""Milliseconds: what is in a stream or a queue for a quarter of an hour, is not on its way."""

UNREAD = Math(
    "IF(FILL(writes, 0) > 0 AND FILL(published, 0) * FILL(counted, 0) == 0, 1, 0)",
    {
        "writes": Statistic(table("AccountsTable", "ConsumedWriteCapacityUnits"), "Sum"),
        "published": Statistic(
            function("NotificationPublishFunction", "IteratorAge"), "SampleCount"
        ),
        "counted": Statistic(function("MetricsCountFunction", "IteratorAge"), "SampleCount"),
    },
    "`ConsumedWriteCapacityUnits` without `IteratorAge`",
)
"""Whether accounts were written while a reader of their stream was given nothing."""

THRESHOLDS = (
    _at_function_url(
        "WebhookUnansweredAlarm",
        "More than 10 % of what Stripe sent in a quarter of an hour was answered with 5xx.",
        of_class="5xx",
        above=10,
        least=3,
        period=900,
        urgency="page",
    ),
    _at_function_url(
        "WebhookRefusedAlarm",
        "More than half of what came to the webhook endpoint in an hour was refused.",
        of_class="4xx",
        above=50,
        least=10,
        period=3600,
        urgency="ticket",
    ),
    Threshold(
        "EventsWaitAlarm",
        "An event has waited for a quarter of an hour.",
        Statistic(queue("EventsQueue", "ApproximateAgeOfOldestMessage"), "Maximum"),
        300,
        LATE // 1000,
        'min_over_time(queue_messages{queue="events",state="visible"}[15m]) > 0',
    ),
    _behind(
        "NotificationsBehindAlarm",
        "Changes of accounts are announced a quarter of an hour late.",
        "NotificationPublishFunction",
        "notification_publish",
    ),
    _behind(
        "FiguresBehindAlarm",
        "Changes of accounts are counted a quarter of an hour late.",
        "MetricsCountFunction",
        "metrics_count",
    ),
    Threshold(
        "ChangesUnreadAlarm",
        "Accounts change, and who announces or counts that is not given it.",
        UNREAD,
        3600,
        0,
        "sum by (job) (increase(account_write_units_total[2h])) > 0 and on (job)"
        " min by (job) (increase(stream_batches_total[2h])) == 0",
        periods=2,
        is_of_writers=True,
    ),
    _dead_letters(
        "EventsDeadLetterAlarm",
        "An event failed five times and waits to be redriven.",
        "EventsDeadLetterQueue",
        "events_dead_letters",
    ),
    Threshold(
        "EventParkedAlarm",
        "An event cannot be applied and waits.",
        Statistic(own("EventParked"), "Sum"),
        300,
        0,
        "parked_events > 0",
    ),
    _dead_letters(
        "ScheduleDeadLetterAlarm",
        "The daily reconciliation could not be started.",
        "ScheduleDeadLetterQueue",
        "schedule_dead_letters",
    ),
    Threshold(
        "ReconciliationDriftAlarm",
        "More than 1 % of what a reconciliation compared had drifted.",
        Statistic(own("ReconciliationDrift"), "Maximum"),
        300,
        1,
        "reconciliation_drift_ratio > 0.01",
    ),
    Threshold(
        "ReconciliationNewForPersonAlarm",
        "A reconciliation found what only a person can settle, and no run had reported it.",
        Statistic(own("ReconciliationNewForPerson"), "Maximum"),
        300,
        0,
        "reconciliation_new_for_person > 0",
    ),
    Threshold(
        "ReconciliationFailedAlarm",
        "A reconciliation failed; it goes on where it ended when it is tried again.",
        Statistic(own("ReconciliationRun", status="failed"), "Sum"),
        300,
        0,
        'reconciliation_runs_total{status="failed"} > 0',
    ),
    _dead_letters(
        "DeliveriesDeadLetterAlarm",
        "A notification failed for a day and waits to be tried again.",
        "DeliveriesDeadLetterQueue",
        "deliveries_dead_letters",
    ),
    _dead_letters(
        "BoundariesDeadLetterAlarm",
        "An account was not looked at when its access changed by itself; reads are right anyway.",
        "BoundariesDeadLetterQueue",
        "boundaries_dead_letters",
    ),
    _dead_letters(
        "ChangesDeadLetterAlarm",
        "A change of an account could not be announced.",
        "ChangesDeadLetterQueue",
        "changes_dead_letters",
    ),
    Threshold(
        "EndpointDisabledAlarm",
        "An endpoint failed for three days, or said that it is gone, and gets nothing any more.",
        Statistic(own("EndpointDisabled"), "Sum"),
        300,
        0,
        "endpoints_disabled_total > 0",
    ),
    _latency(95, 200),
    _latency(99, 500),
)
