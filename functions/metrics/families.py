"""The metrics of `GET /metrics`, by name.

What is counted, is counted since the last midnight (UTC): Prometheus takes a counter that falls
for one that was set back, as after a restart. A series is told as 0 before anything is counted in
it: of one that appears with its first value, Prometheus sees no increase.
"""

from __future__ import annotations

import platform
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from billing.adapters.measurements import Series
from billing.domain.delivery import DeliveryState
from billing.domain.status import SubscriptionStatus
from billing.services.measure_operations import QUANTILES, Operations
from billing.services.measure_project import ProjectStanding
from functions.metrics.exposition import Family, Kind

MILLISECONDS = 1000
PERCENT = 100
CLASSES = ("2xx", "3xx", "4xx", "5xx")

CHECKS = frozenset(
    {
        "GET /api/v1/entitlements",
        "GET /api/v1/entitlements/check",
        "POST /api/v1/entitlements/batch",
    }
)
"""The routes that say what a user may use; a batch is one check."""


class Counter(NamedTuple):
    """A metric of CloudWatch that is added up under another name.

    Attributes:
        labels: the label for each dimension.
        always: values of its one label that are told though there was none in two weeks.
    """

    name: str
    help: str
    source: str
    labels: Mapping[str, str]
    always: tuple[str, ...] = ()


COUNTERS = (
    Counter(
        "reconciliation_runs_total",
        "Reconciliations that ended.",
        "ReconciliationRun",
        {"status": "status"},
        ("completed", "failed"),
    ),
    Counter(
        "reconciliation_drift_total",
        "What reconciliations found to differ from Stripe.",
        "ReconciliationDifferences",
        {"drift": "kind"},
    ),
    Counter(
        "notification_attempts_total",
        "Attempts to deliver a notification, by what became of it.",
        "NotificationAttempt",
        {"outcome": "outcome"},
        tuple(DeliveryState),
    ),
    Counter(
        "payment_declines_total",
        "Cards that were declined on the checkout page; no payment that failed.",
        "PaymentDeclined",
        {},
    ),
    Counter("events_parked_total", "Events that were parked.", "EventParked", {}),
    Counter("endpoints_disabled_total", "Endpoints that were disabled.", "EndpointDisabled", {}),
)


class Rate(NamedTuple):
    """A metric of CloudWatch that is 1 for each failure and 0 for each success."""

    name: str
    help: str
    source: str
    good: str
    bad: str


RATES = (
    Rate(
        "webhook_attempts_total",
        "Attempts to apply an event.",
        "WebhookFailed",
        "succeeded",
        "failed",
    ),
    Rate(
        "notification_deliveries_total",
        "Notifications that were delivered, or given up.",
        "DeliveryFailed",
        "delivered",
        "failed",
    ),
    Rate(
        "payments_total",
        "Payments of invoices and of one-time purchases that Stripe told of.",
        "PaymentFailed",
        "succeeded",
        "failed",
    ),
)


def of_projects(projects: Iterable[ProjectStanding], *, stage: str) -> list[Family]:
    """Write what is running, and the figures of each project."""
    build = Family("billing_build_info", "What is running; the value is always 1.")
    build.add(1, stage=stage, python=platform.python_version())
    active = Family("active_subscriptions", "Subscriptions that are active.")
    mrr = Family("mrr_minor_units", "Estimated monthly recurring revenue, minor units.")
    for project in projects:
        figures, named = project.subscriptions, {"project": project.project_id}
        active.add(figures.by_status.get(SubscriptionStatus.ACTIVE, 0), **named)
        for currency, amount in figures.mrr.items():
            mrr.add(amount, **named, currency=currency)
    return [build, active, mrr]


def of_operations(measured: Operations) -> list[Family]:
    """Write the figures of the service itself."""
    return [
        *_requests(measured),
        _events(measured.today),
        *(_counted(counter, measured.today) for counter in COUNTERS),
        *(_rated(rate, measured.today) for rate in RATES),
        *_worst(measured.today),
        *_waiting(measured),
    ]


def _requests(measured: Operations) -> Iterator[Family]:
    requests = Family("http_requests_total", "Requests, by route and status.", kind=Kind.COUNTER)
    checks = Family("entitlement_checks_total", "Requests that check access.", kind=Kind.COUNTER)
    seconds = Family(
        "http_request_duration_seconds",
        "Time in the function; the quantiles are of the last whole five minutes.",
        kind=Kind.SUMMARY,
    )
    for series in _named("Latency", measured.recent):
        for name in QUANTILES:
            if name in series.values:
                quantile = str(int(name[1:]) / PERCENT)
                value = series.values[name] / MILLISECONDS
                seconds.add(value, **series.dimensions, quantile=quantile)
    for labels, values in _by_route(measured.today):
        count, total = values.get("SampleCount", 0), values.get("Sum", 0)
        requests.add(count, **labels)
        if labels["route"] in CHECKS:
            checks.add(count, **labels)
        seconds.add(total / MILLISECONDS, "_sum", **labels)
        seconds.add(count, "_count", **labels)
    yield from (requests, seconds, checks)


def _by_route(today: Iterable[Series]) -> Iterator[tuple[Mapping[str, str], Mapping[str, float]]]:
    """Give each route that is known with every class of answers."""
    known = {tuple(s.dimensions.values()): s.values for s in _named("Latency", today)}
    for route in dict.fromkeys(series.dimensions["route"] for series in _named("Latency", today)):
        for status in CLASSES:
            yield {"route": route, "status": status}, known.get((route, status), {})


def _events(today: Sequence[Series]) -> Family:
    """Write what became of each event; of one that was queued, that is what it came to."""
    told = "Stripe's events, by type and by what became of them."
    family = Family("webhook_events_total", told, kind=Kind.COUNTER)
    for series in (*_named("WebhookReceived", today), *_named("WebhookProcessed", today)):
        outcome = series.dimensions.get("outcome", "")
        if series.name == "WebhookProcessed" or outcome.startswith("ignored"):
            family.add(series.values.get("Sum", 0), **series.dimensions)
    processed = [series.dimensions for series in _named("WebhookProcessed", today)]
    failed = {each["type"] for each in processed if each["outcome"] == "failed"}
    for type_ in sorted({each["type"] for each in processed} - failed):
        family.add(0, type=type_, outcome="failed")
    return family


def _counted(counter: Counter, today: Iterable[Series]) -> Family:
    family = Family(counter.name, counter.help, kind=Kind.COUNTER)
    told: dict[tuple[str, ...], float] = {}
    for series in _named(counter.source, today):
        values = tuple(series.dimensions[name] for name in counter.labels)
        told[values] = series.values.get("Sum", 0)
    always = [(value,) for value in counter.always] if counter.labels else [()]
    for values in (*told, *(each for each in always if each not in told)):
        labels = dict(zip(counter.labels.values(), values, strict=True))
        family.add(told.get(values, 0), **labels)
    return family


def _rated(rate: Rate, today: Iterable[Series]) -> Family:
    family = Family(rate.name, rate.help, kind=Kind.COUNTER)
    values = next((series.values for series in _named(rate.source, today)), {})
    failed = values.get("Sum", 0)
    family.add(values.get("SampleCount", 0) - failed, outcome=rate.good)
    family.add(failed, outcome=rate.bad)
    return family


def _worst(today: Iterable[Series]) -> Iterator[Family]:
    """Write what the worst of today's reconciliations found."""
    drift = Family("reconciliation_drift_ratio", "What had drifted, of what was compared.")
    for series in _named("ReconciliationDrift", today):
        if "Maximum" in series.values:
            drift.add(series.values["Maximum"] / PERCENT)
    told = "What only a person can settle, and no run had reported."
    person = Family("reconciliation_new_for_person", told)
    for series in _named("ReconciliationNewForPerson", today):
        if "Maximum" in series.values:
            person.add(series.values["Maximum"])
    yield from (drift, person)


def _waiting(measured: Operations) -> Iterator[Family]:
    queues = Family("queue_messages", "Messages in each queue, by state.")
    for depth in measured.queues:
        queues.add(depth.messages, queue=depth.queue, state=depth.state)
    parked = Family("parked_events", "Events that wait for an operator.")
    parked.add(measured.parked)
    yield from (queues, parked)


def _named(name: str, all_: Iterable[Series]) -> Iterator[Series]:
    """Choose a metric's series, in the order of their labels."""
    chosen = (series for series in all_ if series.name == name)
    yield from sorted(chosen, key=lambda series: sorted(series.dimensions.items()))
