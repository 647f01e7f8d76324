"""The circuit breaker in front of Stripe: Powertools' state machine over this process's memory.

While Stripe is down, a warm process answers at once instead of making everybody wait for the
time-out. The state is not shared through a table: that would put a database request before every
call to Stripe, to spare each warm process five slow calls in an outage.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from typing import Any, TypeVar

from aws_lambda_powertools.utilities.circuit_breaker import (
    CircuitBreakerConfig,
    CircuitBreakerOpenError,
    CircuitState,
    circuit_breaker,
)
from aws_lambda_powertools.utilities.circuit_breaker.persistence import (
    CircuitBreakerPersistenceLayer,
    CircuitStateRecord,
)
from aws_lambda_powertools.utilities.circuit_breaker.persistence.base import (
    CircuitBreakerExistingLockError,
)

from billing.adapters.stripe.trouble import StripeOutage
from billing.domain.errors import StripeUnavailable

FAILURES = 5
"""Outages in a row that open the circuit. Each was retried before it counted."""

RECOVERY = 10
"""Seconds after which one call may try again."""

_T = TypeVar("_T")
_numbers = itertools.count()


class Breaker:
    """One circuit. Powertools keeps its counters by name, so each breaker has its own."""

    def __init__(self) -> None:
        """Begin closed."""
        self.memory = Memory()
        guard: Callable[..., Any] = circuit_breaker(
            name=f"stripe-{next(_numbers)}",
            persistence_store=self.memory,
            config=CircuitBreakerConfig(
                failure_threshold=FAILURES,
                recovery_timeout=RECOVERY,
                success_threshold=1,
                handled_exceptions=StripeOutage,
                local_cache_max_age=0,  # the memory is the cache
            ),
        )
        self._guarded = guard(_run)

    def call(self, function: Callable[[], _T]) -> _T:
        """Run the function, unless Stripe is known to be down.

        Raises:
            StripeUnavailable: the circuit is open; nothing was sent.
        """
        try:
            result: _T = self._guarded(function)
        except CircuitBreakerOpenError as error:
            refused = StripeUnavailable("Stripe has been failing.")
            refused.retry_after = RECOVERY
            raise refused from error
        return result


def _run(function: Callable[[], _T]) -> _T:
    return function()


class Memory(CircuitBreakerPersistenceLayer):
    """The state of one circuit in this process."""

    def __init__(self) -> None:
        """Begin with nothing, which means closed."""
        super().__init__()
        self.record: CircuitStateRecord | None = None

    def _get_record(self, name: str) -> CircuitStateRecord | None:  # noqa: ARG002 - one circuit
        return self.record

    def _put_record(
        self,
        record: CircuitStateRecord,
        condition: str | None = None,
        expected_opened_at: int | None = None,
    ) -> None:
        if condition == "half_open" and not self._may_probe(expected_opened_at):
            raise CircuitBreakerExistingLockError
        self.record = record

    def _update_record(self, record: CircuitStateRecord) -> None:
        self.record = record

    def _may_probe(self, opened_at: int | None) -> bool:
        """Let one probe through: the first, or one whose predecessor's lease ran out."""
        known = self.record
        if known is None or (known.opened_at or 0) != (opened_at or 0):
            return False
        lease = known.probe_lease_expiry
        return known.state is CircuitState.OPEN or (lease is not None and lease <= time.time())
