"""When to try again, and when not to: one rule for threads and for tasks.

`attempts` is a generator: it yields what to do next (send, or pause), is sent what came of it,
and returns the reply. Who drives it does the waiting, by blocking or by awaiting.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Generator
from dataclasses import dataclass

from billing_client.clock import Clock
from billing_client.errors import BillingError, Unavailable
from billing_client.wire import TRANSIENT, Reply, Request, failure

FIRST_PAUSE = 0.05
LONGEST_PAUSE = 1.0
LEAST_TIMEOUT = 0.05

MOST_COOL_DOWN = 60.0
"""Seconds that a `Retry-After` may keep everybody from trying."""


@dataclass(frozen=True, slots=True)
class Send:
    """Send the request, and wait for the answer at most so many seconds."""

    request: Request
    timeout: float


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait so many seconds."""

    seconds: float


Attempts = Generator[Send | Pause, Reply | Unavailable | None, Reply]


def attempts(request: Request, *, budget: float, timeout: float, clock: Clock) -> Attempts:
    """Send until there is an answer that trying again would not change, within a budget.

    Args:
        request: what to send.
        budget: seconds for all attempts and the pauses between them.
        timeout: seconds for one attempt.
        clock: by which they are counted.

    Raises:
        BillingError: the answer is an error, or the budget is spent; that of the last attempt.
    """
    deadline = clock.monotonic() + budget
    longest = FIRST_PAUSE
    while True:
        left = max(deadline - clock.monotonic(), LEAST_TIMEOUT)
        error: BillingError | None
        came = yield Send(request, min(timeout, left))
        if isinstance(came, Reply):
            error = failure(came)
            if error is None:
                return came
            if came.status not in TRANSIENT:
                raise error
        elif came is not None:
            error = came
        else:
            raise AssertionError("a Send is answered")
        pause = random.uniform(longest / 2, longest)  # noqa: S311 - it spreads the load
        if error.retry_after is not None:
            pause += error.retry_after
        if clock.monotonic() + pause >= deadline:
            raise error
        yield Pause(pause)
        longest = min(longest * 2, LONGEST_PAUSE)


class Breaker:
    """Keeps a dead service from costing time: after a failure nobody tries for a while.

    Then one tries each cool-down, and the others go on without until one has succeeded.
    """

    def __init__(self, cool_down: float, clock: Clock) -> None:
        self._cool_down = cool_down
        self._clock = clock
        self._lock = threading.Lock()
        self._next_try: float | None = None

    @property
    def is_failing(self) -> bool:
        """Whether the service failed last."""
        return self._next_try is not None

    def may_try(self) -> bool:
        """Whether to ask the service now; of a failing one, whether it is this caller's turn."""
        with self._lock:
            if self._next_try is None:
                return True
            now = self._clock.monotonic()
            if now < self._next_try:
                return False
            self._next_try = now + self._cool_down
            return True

    def succeeded(self) -> None:
        """Let everybody try again."""
        with self._lock:
            self._next_try = None

    def failed(self, error: BillingError) -> None:
        """Let nobody try for the cool-down, or for as long as the service asks."""
        wait = max(self._cool_down, min(error.retry_after or 0.0, MOST_COOL_DOWN))
        with self._lock:
            self._next_try = self._clock.monotonic() + wait

    def renew_lock(self) -> None:
        """Make the lock anew in a forked child."""
        self._lock = threading.Lock()
