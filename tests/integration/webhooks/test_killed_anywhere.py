"""A function killed at any of its I/O calls, then redelivery, ends as if undisturbed.

The calls are enumerated: each run kills the process at one call to AWS, before or after it takes
effect, or lets one call to Stripe fail, before or after; then everything is delivered again.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import get_args

import pytest

from billing.settings import Settings
from tests.support.interruptions import Killed, When, interruptions
from tests.support.shop import Json, Shop
from tests.support.snapshot import Snapshots


def subscription_in_order(shop: Shop) -> list[Json]:
    shop.buy("user-1")
    return shop.events()


def subscription_backwards(shop: Shop) -> list[Json]:
    """The session comes first and needs a look at Stripe."""
    shop.buy("user-1")
    return shop.events()[::-1]


def purchase_and_refund(shop: Shop) -> list[Json]:
    session = shop.buy("user-1", "once")
    shop.refund(session["payment_intent"])
    return shop.events()


def renewal_that_fails_and_recovers(shop: Shop) -> list[Json]:
    session = shop.buy("user-1")
    shop.control(f"subscriptions/{session['subscription']}/fail_next_payment", times=1)
    shop.stripe.advance(days=36)
    return shop.events()


LIVES: list[Callable[[Shop], list[Json]]] = [
    subscription_in_order,
    subscription_backwards,
    purchase_and_refund,
    renewal_that_fails_and_recovers,
]


@pytest.mark.parametrize("life", LIVES)
def test_killed_at_any_call_to_aws(
    shop: Shop, deployment: Settings, life: Callable[[Shop], list[Json]]
) -> None:
    events, snapshots = life(shop), Snapshots(deployment)
    for event in events:
        before = snapshots.take()
        with interruptions.counted() as counted:
            assert shop.deliver([event]) == []
        undisturbed, calls = snapshots.take(), list(counted)
        assert calls, "the ledger at least was written"
        for fatal, when in itertools.product(range(1, len(calls) + 1), get_args(When)):
            snapshots.restore(before)
            with interruptions.counted(fatal, when), pytest.raises(Killed):
                shop.deliver([event])
            assert shop.deliver([event]) == []
            assert snapshots.take() == undisturbed, f"killed {when} call {fatal} of {calls}"


@pytest.mark.parametrize("when", get_args(When))
def test_stripe_fails_at_any_call(shop: Shop, deployment: Settings, when: When) -> None:
    faults, snapshots = 0, Snapshots(deployment)
    for event in subscription_backwards(shop):
        before = snapshots.take()
        asked = shop.reads_at_stripe(lambda event=event: shop.deliver([event]))  # type: ignore[misc]
        undisturbed = snapshots.take()
        for skip, drop in itertools.product(range(asked), (True, False)):
            snapshots.restore(before)
            shop.restart()
            shop.stripe.add_fault(method="GET", when=when, skip=skip, times=9, drop=drop)
            assert shop.deliver([event]) == [event["id"]], "it goes back to the queue"
            shop.stripe.api.faults.planned.clear()
            assert shop.deliver([event]) == []
            assert snapshots.take() == undisturbed
            faults += 1
    assert faults, "some of these events need a look at Stripe"


@pytest.mark.parametrize("when", get_args(When))
def test_a_checkout_killed_anywhere_and_repeated_is_one_checkout(shop: Shop, when: When) -> None:
    shop.checkout("user-warm")
    with interruptions.counted() as counted:
        shop.checkout("user-0", headers={"Idempotency-Key": "first"})
    calls = list(counted)
    for fatal in range(1, len(calls) + 1):
        user, headers = f"user-{fatal}", {"Idempotency-Key": f"key-{fatal}"}
        with interruptions.counted(fatal, when), pytest.raises(Killed):
            shop.checkout(user, headers=headers)
        first, again = (shop.checkout(user, headers=headers) for _ in range(2))
        assert (first.status, again.status) == (200, 200)
        assert first.body["session_id"] == again.body["session_id"]
    customers = shop.client.v1.customers.list({"limit": 100}).data
    assert len(customers) == len(calls) + 2
