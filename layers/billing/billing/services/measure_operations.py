"""Measure the service itself: what it was asked and did today, and what waits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from billing.adapters.measurements import Series
from billing.adapters.queue_depths import Depth

if TYPE_CHECKING:
    from billing.adapters.dynamo.ledger import ParkedCauses
    from billing.adapters.measurements import Measurements

DAY = timedelta(days=1)
RECENT = timedelta(minutes=5)
QUANTILES = ("p50", "p95", "p99")

MOST_PARKED = 10_000
"""So many are counted and no further: the index is read for them at each scrape."""

STATISTICS: Mapping[str, Sequence[str]] = {
    "Latency": ("SampleCount", "Sum"),
    "WebhookReceived": ("Sum",),
    "WebhookProcessed": ("Sum",),
    "WebhookFailed": ("SampleCount", "Sum"),
    "EventParked": ("Sum",),
    "PaymentFailed": ("SampleCount", "Sum"),
    "PaymentDeclined": ("Sum",),
    "ReconciliationRun": ("Sum",),
    "ReconciliationDifferences": ("Sum",),
    "ReconciliationDrift": ("Maximum",),
    "ReconciliationNewForPerson": ("Maximum",),
    "NotificationAttempt": ("Sum",),
    "DeliveryFailed": ("SampleCount", "Sum"),
    "EndpointDisabled": ("Sum",),
}
"""What is asked for, of which metric of ours; no other metric is, since each costs."""

OF_AWS: Mapping[str, Sequence[str]] = {
    "Count": ("Sum",),
    "4xx": ("Sum",),
    "5xx": ("Sum",),
    "UrlRequestCount": ("Sum",),
    "Url4xxCount": ("Sum",),
    "Url5xxCount": ("Sum",),
    "IteratorAge": ("SampleCount",),
    "ConsumedWriteCapacityUnits": ("Sum",),
}
"""The same of what AWS measures by itself."""


@dataclass(frozen=True, slots=True)
class Platform:
    """Of what AWS measures by itself: a time-out or a throttle writes no line of ours.

    Attributes:
        api_id: of the HTTP API.
        url_function: whose function URL Stripe calls.
        readers: the functions that read the stream of accounts, by what they are called.
        accounts_table: whose stream that is.
    """

    api_id: str
    url_function: str
    readers: Mapping[str, str]
    accounts_table: str


@dataclass(frozen=True, slots=True)
class Operations:
    """The figures of the service itself.

    Attributes:
        since: the last midnight (UTC), from which `today` counts.
        today: the statistics since then of each metric that had data in the last two weeks.
        recent: the quantiles of latencies over the last whole five minutes.
        of_aws: what AWS measured by itself since then.
        ages: how old a change was that a reader of the stream was given, over those five minutes.
        parked: events that wait for an operator, `MOST_PARKED` at most.
    """

    since: datetime
    today: Sequence[Series]
    recent: Sequence[Series]
    of_aws: Sequence[Series]
    ages: Sequence[Series]
    queues: Sequence[Depth]
    parked: int


def measure_operations(
    *,
    measurements: Measurements,
    platform: Platform,
    depths: Callable[[], Iterable[Depth]],
    parked: ParkedCauses,
    now: datetime,
) -> Operations:
    """Measure the service itself.

    Args:
        measurements: where metrics are read.
        platform: what AWS measures by itself.
        depths: asks the queues.
        parked: what waits for an operator.
        now: aware UTC.

    Raises:
        TryAgain: AWS does not answer, refuses, or knows only a part.
    """
    since = _floor(now, DAY)
    known = [(each, STATISTICS[each.name]) for each in measurements.known() if _is_told(each)]
    of_aws = [(each, OF_AWS[each.name]) for each in _measured_by_aws(platform)]
    today = measurements.of([*known, *of_aws], since, DAY)
    latencies = [(each, QUANTILES) for each, _ in known if each.name == "Latency"]
    ages = [(each, ("Maximum",)) for each, _ in of_aws if each.name == "IteratorAge"]
    recent = measurements.of([*latencies, *ages], _floor(now, RECENT) - RECENT, RECENT)
    return Operations(
        since=since,
        today=today[: len(known)],
        recent=recent[: len(latencies)],
        of_aws=today[len(known) :],
        ages=recent[len(latencies) :],
        queues=tuple(depths()),
        parked=parked.waiting(MOST_PARKED),
    )


def _measured_by_aws(platform: Platform) -> Iterator[Series]:
    for name in ("Count", "4xx", "5xx"):
        yield Series(name, {"ApiId": platform.api_id}, namespace="AWS/ApiGateway")
    for name in ("UrlRequestCount", "Url4xxCount", "Url5xxCount"):
        yield Series(name, {"FunctionName": platform.url_function}, namespace="AWS/Lambda")
    for function in platform.readers.values():
        yield Series("IteratorAge", {"FunctionName": function}, namespace="AWS/Lambda")
    table = {"TableName": platform.accounts_table}
    yield Series("ConsumedWriteCapacityUnits", table, namespace="AWS/DynamoDB")


def _is_told(series: Series) -> bool:
    return series.name in STATISTICS


def _floor(at: datetime, length: timedelta) -> datetime:
    """Go back to the last multiple of a length, counted from midnight (UTC)."""
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + (at - midnight) // length * length
