from __future__ import annotations

import time

import pytest
from aws_lambda_powertools.utilities.circuit_breaker import CircuitState
from aws_lambda_powertools.utilities.circuit_breaker.persistence import CircuitStateRecord

from billing.adapters.stripe.breaker import FAILURES, RECOVERY, Breaker
from billing.adapters.stripe.trouble import StripeOutage
from billing.domain.errors import BillingError, StripeUnavailable


class Stripe:
    """Counts the calls that reach it; answers with `error`, if there is one."""

    def __init__(self, error: BillingError | None = None) -> None:
        self.error = error
        self.calls = 0

    def __call__(self) -> str:
        self.calls += 1
        if self.error:
            raise self.error
        return "answered"


def fail(breaker: Breaker, error: BillingError, times: int = FAILURES) -> None:
    for _ in range(times):
        with pytest.raises(type(error)):
            breaker.call(Stripe(error))


def wait_for_recovery(breaker: Breaker) -> None:
    """Let the time pass after which one call may try: it is a value in the record."""
    assert breaker.memory.record
    breaker.memory.record.opened_at = int(time.time()) - RECOVERY


def is_open(breaker: Breaker) -> bool:
    stripe = Stripe()
    try:
        breaker.call(stripe)
    except StripeUnavailable:
        return stripe.calls == 0
    return False


def test_outages_in_a_row_open_it() -> None:
    breaker = Breaker()
    fail(breaker, StripeOutage(), FAILURES - 1)
    assert not is_open(breaker)
    fail(breaker, StripeOutage())
    assert is_open(breaker)


@pytest.mark.parametrize("error", [StripeUnavailable("rate limit"), BillingError()])
def test_other_errors_never_open_it(error: BillingError) -> None:
    breaker = Breaker()
    fail(breaker, error, 3 * FAILURES)
    assert not is_open(breaker)


def test_after_a_while_one_call_tries_and_closes_it() -> None:
    breaker = Breaker()
    fail(breaker, StripeOutage())
    wait_for_recovery(breaker)
    assert breaker.call(Stripe()) == "answered"
    assert not is_open(breaker)


def test_a_try_that_fails_keeps_it_open() -> None:
    breaker = Breaker()
    fail(breaker, StripeOutage())
    wait_for_recovery(breaker)
    fail(breaker, StripeOutage(), 1)
    assert is_open(breaker)


def test_while_one_tries_the_others_are_refused() -> None:
    breaker = Breaker()
    fail(breaker, StripeOutage())
    _somebody_tries(breaker, lease=int(time.time()) + RECOVERY)
    assert is_open(breaker)


def test_whoever_tried_and_died_is_followed_by_another() -> None:
    breaker = Breaker()
    fail(breaker, StripeOutage())
    _somebody_tries(breaker, lease=int(time.time()))
    assert breaker.call(Stripe()) == "answered"


def test_breakers_do_not_share_their_state() -> None:
    broken, whole = Breaker(), Breaker()
    fail(broken, StripeOutage())
    assert not is_open(whole)


def _somebody_tries(breaker: Breaker, lease: int) -> None:
    assert breaker.memory.record
    breaker.memory.record = CircuitStateRecord(
        name=breaker.memory.record.name,
        state=CircuitState.HALF_OPEN,
        opened_at=breaker.memory.record.opened_at,
        half_open_owner="somebody else",
        probe_lease_expiry=lease,
    )
