"""The circuit breaker: what opens it, and what closes it again."""

from __future__ import annotations

import pytest

from billing.adapters.stripe.breaker import FAILURES, RECOVERY, Breaker
from billing.adapters.stripe.trouble import StripeOutage
from billing.domain.errors import BillingError, StripeUnavailable


class Seconds:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


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


def test_an_answer_in_between_begins_the_row_anew() -> None:
    breaker = Breaker()
    for between in (Stripe(), Stripe(BillingError())):
        fail(breaker, StripeOutage(), FAILURES - 1)
        if between.error:
            fail(breaker, between.error, 1)
        else:
            breaker.call(between)
    fail(breaker, StripeOutage(), FAILURES - 1)
    assert not is_open(breaker)


def test_whoever_is_refused_is_told_when_to_come_back() -> None:
    breaker = Breaker()
    fail(breaker, StripeOutage())
    with pytest.raises(StripeUnavailable) as refused:
        breaker.call(Stripe())
    assert refused.value.retry_after == RECOVERY


def test_after_a_while_one_call_tries_and_closes_it() -> None:
    clock = Seconds()
    breaker = Breaker(clock)
    fail(breaker, StripeOutage())
    clock.now += RECOVERY - 1
    assert is_open(breaker)
    clock.now += 1
    assert breaker.call(Stripe()) == "answered"
    assert not is_open(breaker)


@pytest.mark.parametrize("error", [StripeUnavailable("rate limit"), BillingError()])
def test_a_try_that_is_answered_with_a_refusal_closes_it(error: BillingError) -> None:
    clock = Seconds()
    breaker = Breaker(clock)
    fail(breaker, StripeOutage())
    clock.now += RECOVERY
    fail(breaker, error, 1)
    assert not is_open(breaker)


def test_a_try_that_fails_keeps_it_open() -> None:
    clock = Seconds()
    breaker = Breaker(clock)
    fail(breaker, StripeOutage())
    clock.now += RECOVERY
    fail(breaker, StripeOutage(), 1)
    assert is_open(breaker)


def test_while_one_tries_the_others_are_refused() -> None:
    clock = Seconds()
    breaker = Breaker(clock)
    fail(breaker, StripeOutage())
    clock.now += RECOVERY
    assert breaker.call(lambda: is_open(breaker))
    assert not is_open(breaker)


def test_whoever_tried_and_died_is_followed_by_another() -> None:
    clock = Seconds()
    breaker = Breaker(clock)
    fail(breaker, StripeOutage())
    clock.now += RECOVERY
    with pytest.raises(KeyboardInterrupt):
        breaker.call(_die)
    assert is_open(breaker)
    clock.now += RECOVERY
    assert breaker.call(Stripe()) == "answered"


def test_breakers_do_not_share_their_state() -> None:
    broken, whole = Breaker(), Breaker()
    fail(broken, StripeOutage())
    assert not is_open(whole)


def _die() -> None:
    raise KeyboardInterrupt
