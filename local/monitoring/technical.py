"""The two dashboards for engineers: how fast, and what fails."""

from __future__ import annotations

from local.monitoring.metrics import CHECK_ROUTE, gateway, own
from local.monitoring.panels import Dashboard, Panel, Search
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
    in_an_hour,
    line,
    of_each,
    tables,
)


def of_class(status: str) -> Search:
    """Count the answers of a class, by route."""
    found = f'status="{status}"'
    return of_each("Latency", "route", "status", statistic="SampleCount", such_that=found)


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
            "Answers of 5xx, all at the API and by route in the functions",
            "short",
            (line("API", gateway("5xx")), of_class("5xx")),
            (
                ("API", in_an_hour('api_errors_total{status="5xx"}')),
                ("{{route}}", in_an_hour('http_requests_total{status="5xx"}', "route")),
            ),
        ),
        Panel(
            "Answers of 4xx, all at the API and by route in the functions",
            "short",
            (line("API", gateway("4xx")), of_class("4xx")),
            (
                ("API", in_an_hour('api_errors_total{status="4xx"}')),
                ("{{route}}", in_an_hour('http_requests_total{status="4xx"}', "route")),
            ),
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
            (("{{outcome}} in an hour", in_an_hour("webhook_attempts_total", "outcome")),),
        ),
        Panel(
            "Attempts to deliver a notification",
            "short",
            (of_each("NotificationAttempt", "outcome"),),
            (("{{outcome}} in an hour", in_an_hour("notification_attempts_total", "outcome")),),
        ),
        Panel(
            "What reconciliations found",
            "short",
            (of_each("ReconciliationDifferences", "drift"),),
            (
                ("{{kind}} in an hour", in_an_hour("reconciliation_drift_total", "kind")),
                ("for a person, new", "reconciliation_new_for_person"),
            ),
        ),
        Panel(
            "Endpoints disabled",
            "short",
            (line("disabled", own("EndpointDisabled")),),
            (("in an hour", in_an_hour("endpoints_disabled_total")),),
        ),
        PARKED,
        DEAD,
    ),
)
