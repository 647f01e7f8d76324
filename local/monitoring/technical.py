"""The two dashboards for engineers: how fast, and what fails."""

from __future__ import annotations

from local.monitoring.metrics import CHECK_ROUTE, gateway, own
from local.monitoring.panels import Dashboard, Panel
from local.monitoring.sources import (
    BURN,
    CHECKED,
    CHECKS,
    DEAD,
    P95,
    PARKED,
    SECONDS,
    SUM,
    by_route,
    functions,
    line,
    of_each,
    tables,
)

PERFORMANCE = Dashboard(
    "performance",
    "Billing: performance",
    (
        Panel(
            "A check at the API",
            "ms",
            tuple(line(p, gateway("Latency", CHECK_ROUTE), p) for p in ("p50", P95, "p99")),
        ),
        Panel(
            "A check in its function",
            "s",
            tuple(line(p, CHECKED, p) for p in ("p50", P95, "p99")),
            (("p{{quantile}}", f"{SECONDS}{{{CHECKS}}}"),),
        ),
        Panel(
            "Each route in its function, 95th percentile",
            "s",
            (of_each("Latency", "route", "status", statistic=P95),),
            (("{{route}} {{status}}", f'{SECONDS}{{quantile="0.95"}}'),),
        ),
        Panel(
            "Each route, mean",
            "s",
            (),
            (
                (
                    "{{route}}",
                    f"{by_route(f'{SECONDS}_sum')} / {by_route(f'{SECONDS}_count')}",
                ),
            ),
        ),
        Panel(
            "The API, and what of it is the functions",
            "ms",
            (
                line("API p95", gateway("Latency"), P95),
                line("function p95", gateway("IntegrationLatency"), P95),
            ),
        ),
        Panel("Functions, 95th percentile", "ms", (functions("Duration", P95),)),
        Panel("Functions at once", "short", (functions("ConcurrentExecutions", "Maximum"),)),
        Panel("DynamoDB", "ms", (tables("SuccessfulRequestLatency", "Average"),)),
        Panel(
            "From a change to its notification",
            "ms",
            (line("p95", own("NotificationLatency"), P95),),
        ),
        Panel(
            "Duration of a reconciliation",
            "s",
            (line("longest", own("ReconciliationDuration"), "Maximum"),),
        ),
    ),
)

ERRORS = Dashboard(
    "errors",
    "Billing: errors",
    (
        BURN,
        Panel(
            "Answers of 5xx, by route",
            "short",
            (line("5xx", gateway("5xx")),),
            (("{{route}}", 'http_requests_total{status="5xx"}'),),
        ),
        Panel(
            "Answers of 4xx, by route",
            "short",
            (line("4xx", gateway("4xx")),),
            (("{{route}}", 'http_requests_total{status="4xx"}'),),
        ),
        Panel("Functions that ended in an error", "short", (functions("Errors"),)),
        Panel("Functions that were throttled", "short", (functions("Throttles"),)),
        Panel("Requests that DynamoDB throttled", "short", (tables("ThrottledRequests", SUM),)),
        Panel(
            "Attempts to apply an event",
            "short",
            (
                line("failed", own("WebhookFailed")),
                line("all", own("WebhookFailed"), "SampleCount"),
            ),
            (("{{outcome}}", "webhook_attempts_total"),),
        ),
        Panel(
            "Attempts to deliver a notification",
            "short",
            (of_each("NotificationAttempt", "outcome"),),
            (("{{outcome}}", "notification_attempts_total"),),
        ),
        Panel(
            "What reconciliations found",
            "short",
            (of_each("ReconciliationDifferences", "drift"),),
            (
                ("{{kind}}", "reconciliation_drift_total"),
                ("for a person, new", "reconciliation_new_for_person"),
            ),
        ),
        Panel(
            "Endpoints disabled",
            "short",
            (line("disabled", own("EndpointDisabled")),),
            (("today", "endpoints_disabled_total"),),
        ),
        PARKED,
        DEAD,
    ),
)
