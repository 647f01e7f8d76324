"""What a change of the facts tells the apps."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from billing.domain.account import Fact
from billing.domain.boundary import (
    changes_access,
    next_instant,
    trials_told_at,
    trials_told_late,
)
from billing.domain.holdings import holdings_of
from billing.domain.notification import notices
from billing.domain.purchase import merge_purchase
from billing.domain.status import PaymentState
from billing.domain.subscription import Subscription, merge_subscription
from tests.support.builders import (
    DAY,
    HOUR,
    PERIOD_END,
    START,
    a_catalog,
    a_grant,
    a_purchase,
    a_refund,
    a_subscription,
    an_account,
    an_item,
)

CATALOG = a_catalog()


def told(was: Fact | None, now_is: Fact) -> list[str]:
    return [str(notice.type) for notice in notices({"x": was} if was else {}, {"x": now_is})]


def heard(**fields: Any) -> Subscription:
    return merge_subscription(None, a_subscription(**fields))


def then(known: Subscription, at: datetime, **fields: Any) -> Subscription:
    return merge_subscription(known, a_subscription(as_of=at, event_id="evt_2", **fields))


# -- subscriptions


def test_a_subscription_that_is_new_is_told_of() -> None:
    assert told(None, heard()) == ["subscription.created"]


def test_one_whose_state_says_something_new_is_told_of() -> None:
    known = heard()
    assert told(known, then(known, START + DAY, cancel_at_period_end=True)) == [
        "subscription.updated"
    ]


def test_one_that_was_only_heard_of_again_is_not() -> None:
    known = heard()
    assert told(known, then(known, START + DAY)) == []


@pytest.mark.parametrize("status", ["past_due", "unpaid"])
def test_a_payment_that_fails_is_told_of_once_a_spell(status: str) -> None:
    known = heard()
    failing = then(known, START + DAY, status=status)
    assert told(known, failing) == ["subscription.updated", "payment.failed"]
    given_up = then(failing, START + 2 * DAY, status="unpaid")
    assert "payment.failed" not in told(failing, given_up)
    paid = then(given_up, START + 3 * DAY)
    assert told(given_up, paid) == ["subscription.updated"]
    assert "payment.failed" in told(paid, then(paid, START + 4 * DAY, status="past_due"))


def test_an_end_is_told_of_once_and_is_no_update() -> None:
    known = heard()
    ended = then(known, START + DAY, status="canceled", ended_at=START + DAY)
    assert told(known, ended) == ["subscription.ended"]
    assert told(ended, then(ended, START + 2 * DAY, status="canceled", ended_at=START + DAY)) == []


def test_one_that_is_first_heard_of_at_its_end_has_both() -> None:
    assert told(None, heard(status="canceled", ended_at=START)) == [
        "subscription.created",
        "subscription.ended",
    ]


# -- purchases


def test_a_purchase_is_complete_when_it_is_paid_and_known_whatever_comes_first() -> None:
    bare = a_purchase(lines=())
    unpaid = a_purchase(state=PaymentState.UNPAID, paid_at=None, paid_seen=None)
    for first, second in ((bare, unpaid), (unpaid, bare)):
        assert told(None, first) == []
        assert told(first, merge_purchase(first, second)) == ["purchase.completed"]
    assert told(None, a_purchase()) == ["purchase.completed"]
    assert told(a_purchase(), a_purchase(customer_id="cus_2")) == []


def test_a_payment_that_fails_later_is_told_of() -> None:
    unpaid = a_purchase(state=PaymentState.UNPAID, paid_at=None)
    failed = replace(unpaid, state=PaymentState.FAILED)
    assert told(unpaid, failed) == ["payment.failed"]
    assert told(failed, failed) == []


def test_each_refund_is_told_of_with_the_sum() -> None:
    known = a_purchase()
    partly = replace(known, refunds=(a_refund(100),))
    fully = replace(known, refunds=(a_refund(9900),))
    assert told(known, partly) == told(partly, fully) == ["purchase.refunded"]
    assert told(fully, fully) == []
    (notice,) = notices({"x": partly}, {"x": fully})
    assert notice.data["amount_refunded"] == 9900
    assert notice.data["is_fully_refunded"] is True


def test_a_grant_says_nothing_by_itself() -> None:
    assert told(None, a_grant()) == []


# -- instants


def test_the_next_instant_is_an_end_a_beginning_or_the_notice_of_a_trials_end() -> None:
    trial = holdings_of(
        an_account(
            heard(
                status="trialing",
                trial_end=PERIOD_END,
                items=(an_item(id="si_1"), an_item(id="si_2")),
            )
        )
    )
    notice, end = PERIOD_END - 3 * DAY, PERIOD_END + DAY
    assert next_instant(trial, CATALOG, START) == notice
    assert next_instant(trial, CATALOG, notice) == end
    assert next_instant(trial, CATALOG, end) is None
    (told_then,) = trials_told_at(trial, notice)
    assert told_then.data == {"subscription_id": "sub_1", "trial_end": PERIOD_END}
    assert trials_told_at(trial, notice + HOUR) == []
    assert not changes_access(trial, CATALOG, notice)
    assert changes_access(trial, CATALOG, end)


def test_a_trial_that_begins_shortly_before_its_end_is_told_of_at_once_and_once() -> None:
    short = a_subscription(
        status="trialing", trial_end=START + DAY, items=(an_item(period_end=START + DAY),)
    )
    holdings = holdings_of(an_account(short))
    assert len(trials_told_late((), holdings, START)) == 1
    assert trials_told_late(holdings, holdings, START + HOUR) == []
    assert trials_told_late((), holdings, START + 2 * DAY) == []
    assert next_instant(holdings, CATALOG, START) == START + 2 * DAY


def test_a_trial_that_is_extended_is_told_of_again() -> None:
    def until(end: datetime) -> Any:
        return holdings_of(
            an_account(a_subscription(status="trialing", items=(an_item(period_end=end),)))
        )

    assert len(trials_told_late(until(START + DAY), until(START + 2 * DAY), START)) == 1


def test_an_account_without_ends_sleeps() -> None:
    assert next_instant(holdings_of(an_account(a_grant())), CATALOG, START) is None
