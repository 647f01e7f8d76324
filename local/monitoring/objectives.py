"""The objectives, and the alarms on how fast their error budgets burn.

Pairs of windows, as in chapter 5 of Google's Site Reliability Workbook: the long one says that it
matters, the short one that it still goes on, so an alarm ends soon after the trouble does.
https://sre.google/workbook/alerting-on-slos/
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from local.monitoring.metrics import Statistic, gateway, own

MINUTE, HOUR, DAY = 60, 3600, 86_400


@dataclass(frozen=True)
class Burn:
    """A pair of windows, in seconds, and the rate above which both have to be.

    Attributes:
        factor: how many times as fast as would use up the budget of 30 days exactly.
    """

    factor: Fraction
    long: int
    short: int


@dataclass(frozen=True)
class Severity:
    """How urgent it is; its pairs of windows are alternatives."""

    name: str
    urgency: str
    burns: tuple[Burn, ...]


PAGE = Severity(
    "Page",
    "page",
    (Burn(Fraction(72, 5), HOUR, 5 * MINUTE), Burn(Fraction(6), 6 * HOUR, 30 * MINUTE)),
)
TICKET = Severity("Ticket", "ticket", (Burn(Fraction(1), 3 * DAY, 6 * HOUR),))
SEVERITIES = (PAGE, TICKET)


@dataclass(frozen=True)
class Objective:
    """What is promised, and what is counted for it.

    Attributes:
        promise: in words.
        target: the part that has to be good, in percent.
        least: failures within a long window below which nothing rings: where little is asked, a
            single one would be a high rate.
        bad, total: CloudWatch's.
        bad_counter, total_counter: Prometheus' selectors of the same.
    """

    name: str
    promise: str
    target: Fraction
    least: int
    bad: Statistic
    total: Statistic
    bad_counter: str
    total_counter: str

    @property
    def budget(self) -> Fraction:
        """Give the part that may be bad, in percent."""
        return 100 - self.target

    def threshold(self, burn: Burn) -> float:
        """Give the rate of failures above which it burns so fast, in percent."""
        return float(burn.factor * self.budget)


OBJECTIVES = (
    Objective(
        "Availability",
        "requests to the API are answered, and not with 5xx",
        Fraction("99.9"),
        5,
        Statistic(gateway("5xx"), "Sum"),
        Statistic(gateway("Count"), "Sum"),
        'api_errors_total{status="5xx"}',
        "api_requests_total",
    ),
    Objective(
        "WebhookProcessing",
        "attempts to apply an event of Stripe succeed",
        Fraction("99.99"),
        3,
        Statistic(own("WebhookFailed"), "Sum"),
        Statistic(own("WebhookFailed"), "SampleCount"),
        'webhook_attempts_total{outcome="failed"}',
        "webhook_attempts_total",
    ),
    Objective(
        "Payments",
        "payments that Stripe tells of succeed",
        Fraction(98),
        5,
        Statistic(own("PaymentFailed"), "Sum"),
        Statistic(own("PaymentFailed"), "SampleCount"),
        'payments_total{outcome="failed"}',
        "payments_total",
    ),
    Objective(
        "Deliveries",
        "notifications are delivered in the end",
        Fraction(99),
        5,
        Statistic(own("DeliveryFailed"), "Sum"),
        Statistic(own("DeliveryFailed"), "SampleCount"),
        'notification_deliveries_total{outcome="failed"}',
        "notification_deliveries_total",
    ),
)


def duration(seconds: int) -> str:
    """Write a window as Prometheus does: `5m`, `6h`, `3d`."""
    for length, letter in ((DAY, "d"), (HOUR, "h")):
        if seconds % length == 0:
            return f"{seconds // length}{letter}"
    return f"{seconds // MINUTE}m"
