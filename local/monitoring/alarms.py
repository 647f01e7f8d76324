"""The alarms with a plain threshold: what waits, what failed, what is slow."""

from __future__ import annotations

from dataclasses import dataclass

from local.monitoring.metrics import CHECK_ROUTE, Statistic, gateway, own, queue


@dataclass(frozen=True)
class Threshold:
    """An alarm on one metric.

    Attributes:
        name: its logical id, and the heading of its runbook.
        says: what has happened, in a sentence.
        period: seconds.
        above: it rings above this, in as many periods on end as `periods` says.
        rule: the same for Prometheus, with the minutes for which it has to hold.
    """

    name: str
    says: str
    watches: Statistic
    period: int
    above: float
    rule: str
    minutes: int = 0
    periods: int = 1
    urgency: str = "ticket"


def _dead_letters(name: str, says: str, queue_id: str, told_as: str) -> Threshold:
    rule = f'queue_messages{{queue="{told_as}",state="visible"}} > 0'
    return Threshold(name, says, Statistic(queue(queue_id), "Maximum"), 60, 0, rule)


def _latency(percentile: int, milliseconds: int) -> Threshold:
    labels = f'route="GET /api/v1/entitlements",status="2xx",quantile="{percentile / 100}"'
    return Threshold(
        f"CheckLatencyP{percentile}Alarm",
        f"{100 - percentile} % of checks take longer than {milliseconds} ms at the API.",
        Statistic(gateway("Latency", CHECK_ROUTE), f"p{percentile}"),
        300,
        milliseconds,
        f"http_request_duration_seconds{{{labels}}} > {milliseconds / 1000}",
        minutes=15,
        periods=3,
        urgency="page",
    )


THRESHOLDS = (
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
