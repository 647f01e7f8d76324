"""The table "Who has access" of the design, line by line."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from billing.domain.access import access
from billing.domain.account import Account
from billing.domain.holdings import holdings_of
from billing.domain.policy import Policy
from billing.domain.purchase import PurchaseLine, merge_purchase
from billing.domain.status import PaymentState
from billing.domain.subscription import merge_subscription
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

MOMENT = timedelta(microseconds=1)
NEVER = None


def has_export(account: Account, at: datetime, policy: Policy | None = None) -> bool:
    found = access(holdings_of(account), a_catalog(policy), at)
    return any(a.feature_code == "export" and a.is_active for a in found)


def subscribed(**fields: object) -> Account:
    return an_account(merge_subscription(None, a_subscription(**fields)))


def past_due_after_renewal() -> Account:
    """Active until the period's end; an hour later the renewal fails, and two days later again."""
    renewed = (an_item(period_start=PERIOD_END, period_end=PERIOD_END + 30 * DAY),)
    known = merge_subscription(None, a_subscription())
    for after in (HOUR, 2 * DAY, 4 * DAY):
        failed = a_subscription(
            status="past_due", as_of=PERIOD_END + after, items=renewed, event_id=f"evt_{after}"
        )
        known = merge_subscription(known, failed)
    return an_account(known)


def bought(**fields: object) -> Account:
    return an_account(a_purchase(**fields))


THIRTY_DAYS = (PurchaseLine("price_pass", 1, "pass", validity_days=30),)
YEARLY = (an_item(price_id="price_year", period_end=START + 365 * DAY, interval="year"),)
CANCEL_AT = START + 10 * DAY

WHO_HAS_ACCESS = {
    # what the account holds                        ends at (exclusive), None is never
    "active": (subscribed(), PERIOD_END + 24 * HOUR),
    "active, yearly price": (subscribed(items=YEARLY), START + 366 * DAY),
    "trialing": (subscribed(status="trialing", trial_end=PERIOD_END), PERIOD_END + 24 * HOUR),
    "trialing, will not renew": (
        subscribed(status="trialing", trial_end=PERIOD_END, cancel_at_period_end=True),
        PERIOD_END,
    ),
    "cancel at period end": (subscribed(cancel_at_period_end=True), PERIOD_END),
    "cancel_at within the period": (subscribed(cancel_at=CANCEL_AT), CANCEL_AT),
    "cancel_at beyond the period": (subscribed(cancel_at=START + 60 * DAY), PERIOD_END + 24 * HOUR),
    "cancel_at within the leeway": (subscribed(cancel_at=PERIOD_END + HOUR), PERIOD_END + HOUR),
    "past_due: grace from the first failure": (
        past_due_after_renewal(),
        PERIOD_END + HOUR + 7 * DAY,
    ),
    "past_due from the start": (subscribed(status="past_due"), START + 7 * DAY),
    "past_due and cancel_at within grace": (
        subscribed(status="past_due", cancel_at=START + 2 * DAY),
        START + 2 * DAY,
    ),
    "collection paused": (subscribed(collection_paused=True), PERIOD_END + 24 * HOUR),
    "purchase for life": (bought(), NEVER),
    "purchase for 30 days": (bought(lines=THIRTY_DAYS), START + 30 * DAY),
    "purchase that a coupon covered": (bought(state=PaymentState.NO_PAYMENT_REQUIRED), NEVER),
    "purchase, partly refunded": (bought(refunds=(a_refund(5000),)), NEVER),
    "subscription, period partly refunded": (
        subscribed(refunds=(a_refund(600, 1200, period_end=PERIOD_END),)),
        PERIOD_END + 24 * HOUR,
    ),
    "subscription, a proration refunded whole": (
        subscribed(refunds=(a_refund(300, 300, period_end=None),)),
        PERIOD_END + 24 * HOUR,
    ),
    "subscription, an earlier period refunded whole": (
        subscribed(refunds=(a_refund(1200, 1200, period_end=START),)),
        PERIOD_END + 24 * HOUR,
    ),
    "manual grant for ever": (an_account(a_grant()), NEVER),
    "manual grant with an end": (an_account(a_grant(valid_to=START + DAY)), START + DAY),
    "two subscriptions: the later end": (
        an_account(
            *(
                merge_subscription(None, sub)
                for sub in (
                    a_subscription(),
                    a_subscription(id="sub_2", items=YEARLY, cancel_at_period_end=True),
                )
            )
        ),
        START + 365 * DAY,
    ),
}

WHO_HAS_NONE = {
    **{
        f"subscription {status}": subscribed(status=status)
        for status in (
            "unpaid",
            "paused",
            "incomplete",
            "incomplete_expired",
            "canceled",
            "a_status_of_tomorrow",
        )
    },
    "canceled now, though the period is paid": subscribed(status="canceled", ended_at=START),
    "purchase unpaid (a bank debit on its way)": bought(state=PaymentState.UNPAID, paid_at=None),
    "purchase whose payment failed": bought(state=PaymentState.FAILED, paid_at=None),
    "purchase of unknown state": bought(state=PaymentState.UNKNOWN, paid_at=None),
    "purchase, fully refunded": bought(refunds=(a_refund(9900),)),
    "subscription, its period fully refunded": subscribed(
        refunds=(a_refund(1200, 1200, period_end=PERIOD_END),)
    ),
    "manual grant, revoked": an_account(a_grant(revoked_at=START)),
    "nothing": an_account(),
}


@pytest.mark.parametrize("case", WHO_HAS_ACCESS)
def test_access_begins_at_once_and_ends_exactly(case: str) -> None:
    account, ends = WHO_HAS_ACCESS[case]
    assert not has_export(account, START - MOMENT)
    assert has_export(account, START)
    if ends is NEVER:
        assert has_export(account, START + 36500 * DAY)
    else:
        assert has_export(account, ends - MOMENT)
        assert not has_export(account, ends)


@pytest.mark.parametrize("case", WHO_HAS_NONE)
def test_no_access_at_any_instant(case: str) -> None:
    account = WHO_HAS_NONE[case]
    for at in (START - DAY, START, START + DAY, PERIOD_END, PERIOD_END + DAY):
        assert not has_export(account, at)


def test_a_project_sets_its_own_leeway_and_grace() -> None:
    strict = Policy(renewal_leeway=timedelta(0), grace=timedelta(0))
    assert not has_export(subscribed(), PERIOD_END, strict)
    assert has_export(subscribed(), PERIOD_END - MOMENT, strict)
    assert not has_export(subscribed(status="past_due"), START, strict)


def test_a_project_may_end_access_while_collection_is_paused() -> None:
    policy = Policy(paused_collection_keeps_access=False)
    assert not has_export(subscribed(collection_paused=True), START, policy)
    assert has_export(subscribed(collection_paused=False), START, policy)


def test_a_subscription_with_two_items_gives_what_both_give() -> None:
    items = (
        an_item(),
        an_item(id="si_2", price_id="price_seat", product_id="team", quantity=7),
    )
    found = access(holdings_of(subscribed(items=items)), a_catalog(), START)
    assert {a.feature_code: a.value for a in found} == {"export": True, "seats": 7, "quota": 100}


def test_items_of_different_periods_end_apart() -> None:
    items = (an_item(), an_item(id="si_2", price_id="price_seat", product_id="team"))
    items = (items[0], replace(items[1], period_end=START + 5 * DAY))
    found = access(holdings_of(subscribed(items=items)), a_catalog(), START + 7 * DAY)
    assert [a.feature_code for a in found] == ["export", "quota"]


def test_a_purchase_that_is_paid_later_begins_when_it_is_paid() -> None:
    unpaid = a_purchase(state=PaymentState.UNPAID, paid_at=None, paid_seen=None)
    paid = a_purchase(as_of=START + 3 * DAY, paid_at=START + 3 * DAY, paid_seen=START + 3 * DAY)
    for heard in ((unpaid, paid), (paid, unpaid)):
        account = an_account(merge_purchase(*heard))
        assert not has_export(account, START + 3 * DAY - MOMENT)
        assert has_export(account, START + 3 * DAY)


def test_stripes_clock_ahead_of_ours_delays_nobody() -> None:
    ahead = START + timedelta(seconds=3)
    assert has_export(subscribed(started_at=ahead, as_of=ahead), START)
    assert has_export(bought(paid_at=ahead, as_of=ahead), START)
