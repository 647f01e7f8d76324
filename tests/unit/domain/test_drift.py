"""How what is held of a subscription differs from what Stripe has."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.domain.drift import Drift, compare
from billing.domain.status import SubscriptionStatus
from billing.domain.subscription import Moment, Subscription
from tests.support.builders import DAY, KEY, PERIOD_END, START, a_subscription, an_item

TERMINAL = ("canceled", "incomplete_expired")


def drifts(ours: Subscription | None, stripes: Subscription | None) -> list[Drift]:
    return [difference.drift for difference in compare(ours, stripes, KEY)]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, []),
        ({"as_of": START + DAY, "event_id": "evt_2", "first_seen": START + DAY}, []),
        ({"items": (an_item(id="si_2", product_id=None),)}, []),
        ({"status": "past_due"}, [Drift.STATUS]),
        ({"status": "canceled"}, [Drift.STATUS]),
        ({"status": "a new word"}, [Drift.STATUS]),
        ({"items": (an_item(period_end=PERIOD_END + DAY),)}, [Drift.PERIOD]),
        ({"items": (an_item(period_end=None),)}, [Drift.PERIOD]),
        ({"cancel_at": PERIOD_END}, [Drift.CANCELLATION]),
        ({"cancel_at_period_end": True}, [Drift.CANCELLATION]),
        ({"items": (an_item(price_id="price_year"),)}, [Drift.PRICE]),
        ({"items": (an_item(), an_item(id="si_2", price_id="price_seat"))}, [Drift.PRICE]),
        ({"items": (an_item(quantity=2),)}, [Drift.QUANTITY]),
        ({"items": (an_item(), an_item(id="si_2"))}, [Drift.QUANTITY]),
        (
            {"status": "past_due", "items": (an_item(price_id="price_year", period_end=START),)},
            [Drift.STATUS, Drift.PERIOD, Drift.PRICE],
        ),
    ],
)
def test_a_difference_is_told_by_its_kind(fields: dict[str, Any], expected: list[Drift]) -> None:
    assert drifts(a_subscription(), a_subscription(**fields)) == expected


def test_both_sides_are_told_in_words() -> None:
    (difference,) = compare(
        a_subscription(items=(an_item(quantity=2),)),
        a_subscription(items=(an_item(quantity=3),)),
        KEY,
    )
    assert (difference.ours, difference.stripes) == ("2 x price_pro", "3 x price_pro")
    assert (difference.object_id, difference.account) == ("sub_1", KEY)


def test_what_a_paid_invoice_told_is_no_difference() -> None:
    renewed = PERIOD_END + 30 * DAY
    ours = a_subscription(status="past_due")
    paid = Moment(
        START + DAY, SubscriptionStatus.ACTIVE, renewed, paid=True, item_ends=(("si_1", renewed),)
    )
    ours = replace(ours, timeline=(ours.moment(), paid))
    assert drifts(ours, a_subscription(items=(an_item(period_end=renewed),))) == []


@pytest.mark.parametrize("status", list(SubscriptionStatus))
def test_one_that_only_stripe_has_is_missing_here(status: SubscriptionStatus) -> None:
    assert drifts(None, a_subscription(status=status)) == [Drift.MISSING_HERE]


@pytest.mark.parametrize("status", list(SubscriptionStatus))
def test_one_that_only_we_have_is_missing_there_unless_it_ended(status: SubscriptionStatus) -> None:
    expected = [] if status in TERMINAL else [Drift.MISSING_AT_STRIPE]
    assert drifts(a_subscription(status=status), None) == expected


def test_neither_side_is_no_difference() -> None:
    assert drifts(None, None) == []


@pytest.mark.parametrize("status", TERMINAL)
def test_what_has_ended_on_both_sides_is_alike(status: str) -> None:
    stripes = a_subscription(status=status, items=(an_item(price_id="other", quantity=9),))
    assert drifts(a_subscription(status=status), stripes) == []


subscriptions = st.builds(
    a_subscription,
    status=st.sampled_from(list(SubscriptionStatus)),
    cancel_at_period_end=st.booleans(),
    cancel_at=st.sampled_from([None, PERIOD_END]),
    items=st.lists(
        st.builds(
            an_item,
            price_id=st.sampled_from(["a", "b"]),
            quantity=st.integers(0, 3),
            period_end=st.sampled_from([None, PERIOD_END, PERIOD_END + DAY]),
        ),
        max_size=3,
    ).map(tuple),
)


@given(subscriptions)
def test_a_subscription_does_not_differ_from_itself(fact: Subscription) -> None:
    assert drifts(fact, fact) == []


@given(subscriptions, subscriptions)
def test_a_difference_is_one_from_either_side(one: Subscription, other: Subscription) -> None:
    assert drifts(one, other) == drifts(other, one)
