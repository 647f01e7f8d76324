"""How recurring revenue went: where discounts end, and why a subscription stopped to earn."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from billing.domain.account import Account, AccountKey
from billing.domain.contribution import contribution, has_aged
from billing.domain.moment import Moment, merge_timeline
from billing.domain.status import SubscriptionStatus
from billing.domain.subscription import Subscription, merge_subscription
from billing.domain.tally import NOW
from billing.domain.worth import Discount
from tests.support.builders import DAY, START, a_subscription, an_item

END = START + 90 * DAY
HALF = Discount("di_1", percent_off="50", duration="repeating", ends_at=END)
YEARLY = an_item(interval="year", unit_amount=12000)


def an_account(*states: Subscription) -> Account:
    """An account of one subscription of which these states were heard."""
    fact = None
    for state in states:
        fact = merge_subscription(fact, state)
    assert fact is not None
    return Account(AccountKey("demo", "u1"), version=1, subscriptions={fact.id: fact})


def half_price(**fields: Any) -> Subscription:
    return a_subscription(items=(YEARLY,), discounts=(HALF,), **fields)


def test_a_discount_that_ended_ends_though_nothing_is_heard() -> None:
    account = an_account(half_price())
    before = contribution(account, END - timedelta(seconds=1))
    after = contribution(account, END)
    assert [tally[NOW]["mrr:usd"] for tally in (before, after)] == [500, 1000]
    assert after[f"{END:%Y-%m}"]["expansion:usd"] == 500
    assert has_aged(account, before, END)
    assert not has_aged(account, before, END - timedelta(seconds=1))
    assert not has_aged(account, {NOW: before[NOW]}, END)


def test_a_word_that_comes_after_the_end_does_not_move_it() -> None:
    later = replace(half_price(as_of=END + 40 * DAY), discounts=())
    for states in ((half_price(), later), (later, half_price())):
        tally = contribution(an_account(*states), END + 50 * DAY)
        assert tally[f"{END:%Y-%m}"]["expansion:usd"] == 500
        assert f"{later.as_of:%Y-%m}" not in tally


def test_a_word_before_the_end_decides_what_comes_then() -> None:
    longer = replace(half_price(as_of=START + DAY), discounts=(replace(HALF, ends_at=None),))
    assert contribution(an_account(half_price(), longer), END + DAY)[NOW]["mrr:usd"] == 500
    paid = Moment(START + DAY, SubscriptionStatus.ACTIVE, paid=True)
    account = an_account(half_price())
    (fact,) = account.subscriptions.values()
    fact = replace(fact, timeline=merge_timeline(fact.timeline, (paid,)))
    account = account.with_subscription(fact)
    assert contribution(account, END)[NOW]["mrr:usd"] == 1000


def test_nothing_comes_of_a_subscription_that_ended_before_its_discount() -> None:
    ended = half_price(status="canceled", as_of=START + DAY)
    assert ended.moment().later == ()
    account = an_account(half_price(), ended)
    assert contribution(account, END + DAY) == contribution(account, START + 2 * DAY)


def test_what_an_older_release_noted_of_the_newest_state_is_enough() -> None:
    fact = half_price()
    noted = replace(fact, timeline=(replace(fact.moment(), later=()),))
    account = Account(AccountKey("demo", "u1"), version=1, subscriptions={fact.id: noted})
    assert contribution(account, END)[NOW]["mrr:usd"] == 1000


def test_what_tells_of_another_end_is_kept_however_old() -> None:
    states = (half_price(), half_price(as_of=START + DAY))
    forever = replace(states[1], as_of=START + 2 * DAY, discounts=(replace(HALF, ends_at=None),))
    recent = replace(forever, as_of=START + 300 * DAY)
    timeline = merge_timeline([state.moment() for state in (*states, forever)], (recent.moment(),))
    assert [moment.at for moment in timeline] == [START, forever.as_of, recent.as_of]


@pytest.mark.parametrize(
    ("before", "reason", "kind"),
    [
        ("past_due", "final_payment_failure", "involuntary"),
        ("active", "first_payment_failure", "involuntary"),
        ("past_due", "pause_requested", "voluntary"),
        ("active", "pause_requested", "voluntary"),
        ("active", "a_reason_to_come", "voluntary"),
        ("past_due", None, "involuntary"),
        ("active", None, "voluntary"),
    ],
)
def test_a_pause_for_want_of_payment_is_involuntary(
    before: str, reason: str | None, kind: str
) -> None:
    earning = a_subscription(status=before)
    paused = a_subscription(status="paused", as_of=START + DAY, pause_reason=reason)
    resumed = a_subscription(as_of=START + 60 * DAY)
    for states in ((earning, paused), (earning, paused, resumed), (resumed, paused, earning)):
        month = contribution(an_account(*states), resumed.as_of)["2026-03"]
        assert month[f"{kind}:usd"] == 1200
        assert month[f"customers:{kind}"] == 1
