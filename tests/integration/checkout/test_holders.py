"""Who holds a product already cannot start a checkout for it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from billing import composition
from billing.domain.account import Account, AccountKey
from billing.domain.changes import Cause, CauseType, Decision, OutcomeKind
from billing.domain.subscription import Subscription
from billing.services.commit import commit
from billing.stores import account_store
from tests.integration.checkout.wire import USER, body_of, change_catalog, start
from tests.support.builders import a_subscription, an_item
from tests.support.shop import Shop


def hold(shop: Shop, **fields: Any) -> None:
    """Let the user hold a subscription to Pro, as if its events had come."""

    def decide(account: Account) -> Decision:
        return Decision(account.with_subscription(subscription), OutcomeKind.APPLIED)

    now = composition.now()
    item = an_item(period_end=now + timedelta(days=20))
    subscription: Subscription = a_subscription(**{"items": (item,), "as_of": now, **fields})
    key = AccountKey(shop.project_id, USER)
    cause = Cause("evt_held", CauseType.STRIPE_EVENT, "test", now, "stripe")
    assert commit(account_store(), key, cause, decide, now=now).kind is OutcomeKind.APPLIED


@pytest.mark.parametrize("status", ["active", "trialing", "past_due"])
def test_who_holds_the_product_cannot_subscribe_again(shop: Shop, status: str) -> None:
    hold(shop, status=status)
    for price_id in ("pro_monthly", "pro_yearly"):
        answer = start(shop, body_of(price_id))
        assert (answer.status, answer.body["code"]) == (409, "already_subscribed")
    assert len(shop.stripe.state.sessions) == 0
    assert start(shop, body_of("seat")).status == 200
    assert start(shop, body_of("once", mode="payment")).status == 200


@pytest.mark.parametrize(
    "status", ["canceled", "incomplete", "incomplete_expired", "unpaid", "paused", "sleeping"]
)
def test_who_held_it_once_may_subscribe_again(shop: Shop, status: str) -> None:
    hold(shop, status=status)
    assert start(shop, body_of()).status == 200


def test_who_has_cancelled_may_subscribe_again_only_once_it_ended(shop: Shop) -> None:
    now = composition.now()
    hold(shop, cancel_at=now + timedelta(days=1))
    assert start(shop, body_of()).status == 409
    composition.use_clock(lambda: now + timedelta(days=1))
    assert start(shop, body_of()).status == 200


def test_a_product_may_be_sold_several_times(shop: Shop) -> None:
    hold(shop)
    change_catalog(shop, "pro", allow_multiple=True)
    assert start(shop, body_of()).status == 200


def test_another_users_subscription_is_no_obstacle(shop: Shop) -> None:
    hold(shop)
    assert start(shop, body_of(user_id="user-2")).status == 200
