"""The circuit breaker in front of Stripe, in this process's memory.

While Stripe is down, a warm process answers at once instead of making everybody wait for the
time-out. The state is not shared through a table: that would put a database request before every
call to Stripe, to spare each warm process five slow calls in an outage (docs/decisions/0004).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from billing.adapters.stripe.trouble import StripeOutage
from billing.domain.errors import BillingError, StripeUnavailable

FAILURES = 5
"""Outages in a row that open the circuit. Each was retried before it counted."""

RECOVERY = 10
"""Seconds after which one call may try again."""

_T = TypeVar("_T")


class Breaker:
    """One circuit: closed until `FAILURES` outages in a row, then open but for one call at a time.

    That one call may try `RECOVERY` seconds after the last outage. While it does, the others are
    refused; if it dies without a result, another may try as many seconds later.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin closed.

        Args:
            clock: seconds that never go back.
        """
        self._clock = clock
        self._outages = 0
        self._next_try = 0.0

    def call(self, function: Callable[[], _T]) -> _T:
        """Run the function, unless Stripe is known to be down.

        Raises:
            StripeUnavailable: the circuit is open; nothing was sent.
        """
        if self._outages >= FAILURES:
            self._claim_the_try()
        try:
            result = function()
        except StripeOutage:
            self._outages += 1
            self._next_try = self._clock() + RECOVERY
            raise
        except BillingError:
            self._outages = 0  # a refusal is an answer too
            raise
        self._outages = 0
        return result

    def _claim_the_try(self) -> None:
        if self._clock() < self._next_try:
            refused = StripeUnavailable("Stripe has been failing.")
            refused.retry_after = RECOVERY
            raise refused
        self._next_try = self._clock() + RECOVERY
