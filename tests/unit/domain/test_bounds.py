"""A subscription that changes a hundred times a day stays small, and says what it said."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import cache
from itertools import pairwise
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.adapters.dynamo.account_items import fact_of, history_item
from billing.adapters.plain import from_plain, to_plain
from billing.domain.account import Account
from billing.domain.changes import Cause, CauseType, Change, HistoryEntry, OutcomeKind
from billing.domain.contribution import contribution
from billing.domain.moment import CHANGES_KEPT, KEPT_A_DAY, Moment, merge_timeline
from billing.domain.notification import shown_subscription
from billing.domain.payment import PAYMENTS_KEPT, InvoicePayment
from billing.domain.replay import replay
from billing.domain.status import SubscriptionStatus
from billing.domain.subscription import Subscription, merge_subscription, standing, with_payments
from billing.domain.tally import Tally
from tests.support.builders import DAY, KEY, START, a_subscription, an_account, an_item

T = TypeVar("T")

LARGEST = 350_000
"""Bytes; DynamoDB takes 400 KB."""

DAYS, A_DAY = 100, 100
SEATS = START.replace(hour=0) - DAYS * DAY
FIRST_SEEN = SEATS
STATUSES = ["active", "past_due", "unpaid", "paused", "trialing"]


@cache
def synchronised() -> list[Subscription]:
    """What is heard where the number of seats follows an app's users, a hundred times a day."""
    return [state(number, "active") for number in range(DAYS * A_DAY)]


@cache
def flapping() -> list[Subscription]:
    """The same, whose status changes each time as well."""
    return [state(number, STATUSES[number % 5]) for number in range(DAYS * A_DAY)]


def state(number: int, status: str) -> Subscription:
    """Say how the subscription stands, and what the invoice of the change brought."""
    at = SEATS + number * DAY / A_DAY
    heard = a_subscription(
        status=status,
        items=(an_item(quantity=number, period_end=START + 30 * DAY),),
        started_at=SEATS,
        as_of=at.replace(microsecond=0),
        first_seen=FIRST_SEEN,
        event_id=f"evt_1Nv0FGQ9RKHgCVdK{number:08d}",
    )
    paid = InvoicePayment(f"in_1Nv0FGQ9RKHgCVdK{number:08d}", 1200 + number, "usd", heard.as_of)
    end = heard.as_of + 30 * DAY
    moment = Moment(heard.as_of, SubscriptionStatus.ACTIVE, end, True, (("si_1", end),))
    timeline = (moment,) if number % 2 else ()
    return with_payments(replace(heard, timeline=timeline), (paid,))


def merged(heard: list[Subscription]) -> Subscription:
    """Merge what is heard, some at a time, which spares the time that ten thousand merges take."""
    known: Subscription | None = None
    for some in batches(heard, 250):
        newest = max(some, key=lambda each: each.as_of)
        moments = tuple(m for each in some for m in (each.moment(), *each.timeline))
        known = merge_subscription(known, replace(newest, timeline=moments, payments=()))
        known = with_payments(known, [paid for each in some for paid in each.payments])
    assert known is not None
    return known


def batches(whole: Sequence[T], length: int) -> Iterator[Sequence[T]]:
    """Divide what is told; `itertools` does from Python 3.12 on."""
    return (whole[begin : begin + length] for begin in range(0, len(whole), length))


def size(plain: object) -> int:
    return len(json.dumps(plain))


@pytest.mark.parametrize("life", [synchronised, flapping])
def test_a_hundred_changes_a_day_for_a_hundred_days_stay_small(
    life: Callable[[], list[Subscription]],
) -> None:
    fact = merged(life())
    assert size(to_plain(fact)) < LARGEST
    assert len(fact.payments) == PAYMENTS_KEPT


@pytest.mark.parametrize("life", [synchronised, flapping])
@pytest.mark.parametrize("seed", range(2))
def test_any_order_of_many_changes_ends_in_the_same_subscription(
    life: Callable[[], list[Subscription]], seed: int
) -> None:
    heard = list(life())
    random.Random(seed).shuffle(heard)
    assert merged(heard) == merged(life())


@given(
    st.lists(
        st.builds(
            Moment,
            st.integers(0, 6 * 3600).map(lambda minutes: START + timedelta(minutes=minutes // 8)),
            st.sampled_from([SubscriptionStatus(word) for word in STATUSES]),
            st.none() | st.just(START + 30 * DAY),
            st.booleans(),
            st.sampled_from([(), (("si_1", START + 30 * DAY),)]),
            st.sampled_from([None, (), (("usd", "1200"),)]),
        ),
        max_size=60,
    ),
    st.lists(st.integers(0, 60), max_size=4),
    st.randoms(use_true_random=False),
)
def test_however_a_crowded_day_is_told_the_same_is_kept(
    moments: list[Moment], cuts: list[int], dice: random.Random
) -> None:
    whole = merge_timeline(moments, ())
    known: tuple[Moment, ...] = ()
    told = [*moments, *moments[:5]]
    dice.shuffle(told)
    for begin, end in pairwise([0, *sorted(cuts), len(told)]):
        known = merge_timeline(known, told[begin:end])
    assert merge_timeline(known, moments[:3]) == whole


def test_a_crowded_day_ends_as_it_ended() -> None:
    heard = flapping()
    kept = set(merged(heard).timeline)
    for of_day in batches(heard, A_DAY):
        assert of_day[-1].moment() in kept
    stands = standing(merged(heard))
    assert (stands.status, stands.since) == (heard[-1].status, heard[-1].as_of)


def test_figures_of_crowded_days_are_those_of_their_ends() -> None:
    heard = synchronised()
    ends = [of_day[-1] for of_day in batches(heard, A_DAY)]
    few = merged([heard[0], *ends])
    assert without_payments(merged(heard)) == without_payments(few)
    paid = sum(p.amount for each in heard for p in each.payments)
    found = contribution(replace(an_account(merged(heard)), version=1), START)
    money = [v for month in found.values() for name, v in month.items() if name[:5] == "paid:"]
    assert sum(money) == paid


def without_payments(fact: Subscription) -> Tally:
    account = an_account(replace(fact, payments=(), paid_months=()))
    return contribution(replace(account, version=1), START)


def test_changes_of_many_years_are_bounded() -> None:
    daily = [
        replace(state(number, STATUSES[number % 2]).moment(), at=START - number * DAY)
        for number in range(10 * 365)
    ]
    known: tuple[Moment, ...] = ()
    for some in batches(daily[::-1], 30):
        known = merge_timeline(known, some)
    assert len(known) <= CHANGES_KEPT + 102
    assert set(daily[:365]) <= set(known)


def test_an_ordinary_day_is_kept_whole() -> None:
    day = [state(number, STATUSES[number]).moment() for number in range(KEPT_A_DAY)]
    assert merge_timeline(day[::2], day[1::2]) == tuple(day)


# -- history ---------------------------------------------------------------------------------------


def written(before: Account, after: Account, number: int) -> HistoryEntry:
    after = replace(after, version=number, revision=number, updated_at=START + number * DAY)
    cause = Cause(f"evt_{number}", CauseType.STRIPE_EVENT, "test", START, "stripe")
    change = Change(cause, OutcomeKind.APPLIED, START + number * DAY, before, after)
    item = history_item(change, before, after)
    assert size(item.data) < LARGEST
    return from_plain(HistoryEntry, item.data)


def test_history_of_a_crowded_subscription_is_small_and_replayed_whole() -> None:
    heard = flapping()
    known, entries, account = merged(heard[:-30]), [], Account(KEY)
    entries.append(written(account, an_account(known), 1))
    for number, each in enumerate(heard[-30:], 2):
        before, known = known, merge_subscription(known, each)
        entries.append(written(an_account(before), an_account(known), number))
        assert size(to_plain(entries[-1])) < 8_000
        told = fact_of("subscription#sub_1", entries[-1].after["subscription#sub_1"])
        was = fact_of("subscription#sub_1", entries[-1].before["subscription#sub_1"])
        assert isinstance(told, Subscription)
        assert isinstance(was, Subscription)
        assert shown_subscription(told) == shown_subscription(known)
        assert shown_subscription(was) == shown_subscription(before)
        found = replay(KEY, entries, fact_of).account.subscriptions["sub_1"]
        assert found == known


def test_after_a_gap_in_history_a_subscription_still_stands_where_it_stood() -> None:
    heard = flapping()
    before = merged(heard[:-1])
    known = merge_subscription(before, heard[-1])
    entry = written(an_account(before), an_account(known), 2)
    found = replay(KEY, [entry], fact_of).account.subscriptions["sub_1"]
    assert shown_subscription(found) == shown_subscription(known)


def test_entries_that_have_lists_whole_are_read_as_they_were_written() -> None:
    known = merged(flapping())
    assert fact_of("subscription#sub_1", to_plain(known)) == known
    assert fact_of("subscription#sub_1", to_plain(known), merged(synchronised())) == known
