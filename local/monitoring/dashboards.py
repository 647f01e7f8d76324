"""The four dashboards."""

from __future__ import annotations

from local.monitoring.metrics import function, gateway, own, queue
from local.monitoring.panels import Dashboard, Panel
from local.monitoring.sources import (
    BURN,
    CHECKED,
    DEAD,
    PARKED,
    WAITING,
    in_an_hour,
    line,
    of_each,
    once_a_day,
    per_minute,
)
from local.monitoring.technical import ERRORS, PERFORMANCE

SYSTEM_HEALTH = Dashboard(
    "system-health",
    "Billing: system health",
    (
        BURN,
        Panel(
            "Requests",
            "short",
            (
                line("all", gateway("Count")),
                line("4xx", gateway("4xx")),
                line("5xx", gateway("5xx")),
            ),
            (("{{status}}", per_minute("http_requests_total", "status")),),
        ),
        Panel(
            "Requests at the function URL, which Stripe calls",
            "short",
            tuple(
                line(label, function("WebhookReceiveFunction", name))
                for label, name in (
                    ("all", "UrlRequestCount"),
                    ("4xx", "Url4xxCount"),
                    ("5xx", "Url5xxCount"),
                )
            ),
            (
                ("all", per_minute("function_url_requests_total")),
                ("{{status}}", per_minute("function_url_errors_total", "status")),
            ),
        ),
        Panel(
            "Events of Stripe, by what became of them",
            "short",
            (of_each("WebhookProcessed", "outcome", "type"),),
            (("{{outcome}}", per_minute("webhook_events_total", "outcome")),),
        ),
        WAITING,
        Panel(
            "Age of the oldest event in the queue",
            "s",
            (line("oldest", queue("EventsQueue", "ApproximateAgeOfOldestMessage"), "Maximum"),),
        ),
        Panel(
            "Age of changes when they are read",
            "ms",
            tuple(
                line(label, function(name, "IteratorAge"), "Maximum")
                for label, name in (
                    ("announced", "NotificationPublishFunction"),
                    ("counted", "MetricsCountFunction"),
                )
            ),
            (("{{reader}}", "stream_age_seconds * 1000"),),
        ),
        DEAD,
        PARKED,
        Panel(
            "Reconciliations",
            "short",
            (of_each("ReconciliationRun", "status"),),
            (("{{status}} in an hour", in_an_hour("reconciliation_runs_total", "status")),),
        ),
        Panel(
            "Drift",
            "percentunit",
            (line("drift, %", own("ReconciliationDrift"), "Maximum"),),
            (("drift", "reconciliation_drift_ratio"),),
        ),
    ),
    alarms=True,
)

BUSINESS = Dashboard(
    "business",
    "Billing: business",
    (
        Panel(
            "Active subscriptions",
            "short",
            (once_a_day("ActiveSubscriptions", "project"),),
            (("{{project}}", "active_subscriptions"),),
        ),
        Panel(
            "Monthly recurring revenue, minor units",
            "short",
            (once_a_day("MonthlyRecurringRevenue", "currency", "project"),),
            (("{{project}} {{currency}}", "mrr_minor_units"),),
        ),
        Panel(
            "Payments",
            "short",
            (
                line("failed", own("PaymentFailed")),
                line("all", own("PaymentFailed"), "SampleCount"),
            ),
            (("{{outcome}} in an hour", in_an_hour("payments_total", "outcome")),),
        ),
        Panel(
            "Cards declined on the checkout page",
            "short",
            (line("declined", own("PaymentDeclined")),),
            (("in an hour", in_an_hour("payment_declines_total")),),
        ),
        Panel(
            "Payments that failed",
            "percentunit",
            (line("failed", own("PaymentFailed"), "Average"),),
            (("failed", "slo:payments:failed_ratio_6h"),),
        ),
        Panel(
            "Events of Stripe, by type",
            "short",
            (of_each("WebhookReceived", "outcome", "type"),),
            (("{{type}} in an hour", in_an_hour("webhook_events_total", "type")),),
        ),
        Panel(
            "Checks",
            "short",
            (line("checks", CHECKED, "SampleCount"),),
            (("{{route}}", per_minute("entitlement_checks_total", "route")),),
        ),
        Panel(
            "Notifications",
            "short",
            (
                line("failed", own("DeliveryFailed")),
                line("all", own("DeliveryFailed"), "SampleCount"),
            ),
            (("{{outcome}} in an hour", in_an_hour("notification_deliveries_total", "outcome")),),
        ),
    ),
    days=30,
)

DASHBOARDS = (SYSTEM_HEALTH, BUSINESS, PERFORMANCE, ERRORS)
