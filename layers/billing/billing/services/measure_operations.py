"""Measure the service itself: what it was asked and did today, and what waits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from billing.adapters.queue_depths import Depth

if TYPE_CHECKING:
    from billing.adapters.dynamo.ledger import ParkedCauses
    from billing.adapters.measurements import Measurements, Series

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
    "ReconciliationRun": ("Sum",),
    "ReconciliationDifferences": ("Sum",),
    "ReconciliationDrift": ("Maximum",),
    "ReconciliationNewForPerson": ("Maximum",),
    "NotificationAttempt": ("Sum",),
    "DeliveryFailed": ("SampleCount", "Sum"),
    "EndpointDisabled": ("Sum",),
}
"""What is asked for, of which metric; no other metric is, since each costs."""


@dataclass(frozen=True, slots=True)
class Operations:
    """The figures of the service itself.

    Attributes:
        since: the last midnight (UTC), from which `today` counts.
        today: each metric's statistics since then.
        recent: the quantiles of latencies over the last whole five minutes.
        parked: events that wait for an operator, `MOST_PARKED` at most.
    """

    since: datetime
    today: Sequence[Series]
    recent: Sequence[Series]
    queues: Sequence[Depth]
    parked: int


def measure_operations(
    *,
    measurements: Measurements,
    depths: Callable[[], Iterable[Depth]],
    parked: ParkedCauses,
    now: datetime,
) -> Operations:
    """Measure the service itself.

    Args:
        measurements: where the functions' metrics are read.
        depths: asks the queues.
        parked: what waits for an operator.
        now: aware UTC.

    Raises:
        TryAgain: AWS does not answer, or refuses.
    """
    since = _floor(now, DAY)
    known = [(each, STATISTICS[each.name]) for each in measurements.known() if _is_told(each)]
    latencies = [(each, QUANTILES) for each, _ in known if each.name == "Latency"]
    return Operations(
        since=since,
        today=measurements.of(known, since, DAY),
        recent=measurements.of(latencies, _floor(now, RECENT) - RECENT, RECENT),
        queues=tuple(depths()),
        parked=parked.waiting(MOST_PARKED),
    )


def _is_told(series: Series) -> bool:
    return series.name in STATISTICS


def _floor(at: datetime, length: timedelta) -> datetime:
    """Go back to the last multiple of a length, counted from midnight (UTC)."""
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + (at - midnight) // length * length
