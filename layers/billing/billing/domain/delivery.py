"""A delivery: one notification on its way to one endpoint, and what came of each attempt."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

ATTEMPTS = 10
"""How often a delivery comes to its turn by itself: over 27 hours, by `wait_after`.

The deliveries queue moves a message to the dead letters after as many receives.
"""

OVERDUE = timedelta(hours=1)
"""How far an attempt of a pending delivery may lie in the past before it is taken for lost.

What is on the queue comes to its turn within seconds of its instant, or waits behind another of the
same account's. After a restore the queue lacks what was pending at the backup's instant.
"""

MOST_KEPT = 50
"""Attempts that are kept of a delivery that was retried by hand again and again."""

_FIRST_WAIT, _FACTOR, _LONGEST_WAIT = 5, 4, 36_000
"""Seconds: 5, 20, 80, ... and 10 hours at most; SQS cannot hide a message for more than 12."""


class DeliveryState(StrEnum):
    """Where a delivery stands."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


class Problem(StrEnum):
    """Why an attempt had no answer to show: a closed list, so that nothing foreign is kept."""

    URL_REFUSED = "url_refused"
    NOT_PUBLIC = "not_public"
    UNRESOLVED = "unresolved"
    UNREACHABLE = "unreachable"
    TLS_FAILED = "tls_failed"
    TIMED_OUT = "timed_out"
    NOT_HTTP = "not_http"
    ENDPOINT_DISABLED = "endpoint_disabled"
    ENDPOINT_BUSY = "endpoint_busy"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt: the status that was answered, or the problem that left none."""

    at: datetime
    milliseconds: int
    status: int | None = None
    problem: Problem | None = None

    @property
    def took(self) -> timedelta:
        """How long it took."""
        return timedelta(milliseconds=self.milliseconds)

    @property
    def is_accepted(self) -> bool:
        """Whether the endpoint took it; a redirect is not followed, and so is a refusal."""
        return self.status is not None and 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class Delivery:
    """One notification on its way to one endpoint.

    Attributes:
        id: the notification's, which the endpoint gets as `webhook-id`.
        order: what shares it is delivered in order: the account's.
        body: the very text that is signed and sent, at every attempt.
        next_attempt_at: `None` where none is to come by itself.
    """

    id: str
    endpoint_id: str
    project_id: str
    event_type: str
    order: str
    body: str
    created_at: datetime
    state: DeliveryState = DeliveryState.PENDING
    attempts: tuple[Attempt, ...] = ()
    next_attempt_at: datetime | None = None

    def may_be_retried(self, now: datetime) -> bool:
        """Whether it may be tried by hand: it failed, or its next attempt is overdue."""
        if self.state is DeliveryState.PENDING:
            return (self.next_attempt_at or self.created_at) < now - OVERDUE
        return self.state is DeliveryState.FAILED

    def after(
        self, attempt: Attempt, state: DeliveryState, next_attempt_at: datetime | None = None
    ) -> Delivery:
        """Note an attempt and where it leaves the delivery."""
        attempts = (*self.attempts, attempt)[-MOST_KEPT:]
        return replace(self, attempts=attempts, state=state, next_attempt_at=next_attempt_at)


def wait_after(attempt: int, jitter: float) -> timedelta:
    """Say how long to wait after the failed attempt of this number, 1 being the first.

    `jitter` in [0, 1) moves it by up to a tenth, so that what failed together is not tried
    together.
    """
    seconds = min(_FIRST_WAIT * _FACTOR ** (attempt - 1), _LONGEST_WAIT)
    return timedelta(seconds=seconds * (0.9 + 0.2 * jitter))
