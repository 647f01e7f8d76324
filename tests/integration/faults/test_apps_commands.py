"""A portal link and a checkout that die at any of their calls, and are asked for again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args

import pytest

from billing.settings import Settings
from functions.portal.handler import lambda_handler as portal
from local.stripe.server import FakeStripeServer
from tests.integration.admin.granting import USER
from tests.support.interruptions import Killed, When, interruptions
from tests.support.new_process import a_new_process, failure
from tests.support.requests import Answer, call, request
from tests.support.shop import Shop, clock_of, open_shop
from tests.support.snapshot import Snapshots

Record = Callable[[str, object], None]


@pytest.fixture
def shop(stripe: FakeStripeServer) -> Shop:
    """A project whose user has a customer at Stripe."""
    shop = open_shop(stripe)
    assert shop.checkout(USER).status == 200
    return shop


def link(shop: Shop) -> Answer:
    body = {"user_id": USER, "return_url": "https://app.example.com/account"}
    path = "/api/v1/portal/create-session"
    return call(portal, request("POST", path, json_body=body, key=shop.key))


@pytest.mark.parametrize("when", get_args(When))
def test_a_portal_link_that_dies_anywhere_changes_nothing_and_the_next_one_opens(
    shop: Shop, deployment: Settings, when: When, record_property: Record
) -> None:
    snapshots = Snapshots(deployment, with_catalog=True)
    before = snapshots.take()
    a_new_process(lambda: clock_of(shop.stripe))
    with interruptions.counted() as counted:
        assert link(shop).status == 200
    calls = list(counted)
    for fatal in range(1, len(calls) + 1):
        a_new_process(lambda: clock_of(shop.stripe))
        with interruptions.counted(fatal, when), pytest.raises(Killed):
            link(shop)
        assert link(shop).status == 200
    for number in range(2):
        a_new_process(lambda: clock_of(shop.stripe))
        shop.stripe.add_fault(method="POST", when=when, **failure(number))
        assert link(shop).status in {502, 503}
        shop.stripe.api.faults.planned.clear()
        a_new_process(lambda: clock_of(shop.stripe))
        assert link(shop).status == 200
    assert snapshots.take() == before
    record_property("faults", len(calls) + 2)


@pytest.mark.parametrize("when", get_args(When))
def test_a_checkout_that_fails_at_any_call_to_stripe_and_is_repeated_is_one(
    shop: Shop, when: When, record_property: Record
) -> None:
    """A first checkout makes the customer, its e-mail address and the session: three calls."""
    calls = 3
    for skip in range(calls):
        user, headers = f"buyer-{skip}", {"Idempotency-Key": f"key-{skip}"}
        sent: Any = {"headers": headers, "customer_email": f"{user}@example.com"}
        a_new_process(lambda: clock_of(shop.stripe))
        customers, sessions = len(shop.stripe.state.customers), len(shop.stripe.state.sessions)
        shop.stripe.add_fault(method="POST", when=when, skip=skip, **failure(skip))
        assert shop.checkout(user, **sent).status in {502, 503}
        shop.stripe.api.faults.planned.clear()
        a_new_process(lambda: clock_of(shop.stripe))
        first, again = (shop.checkout(user, **sent) for _ in range(2))
        assert (first.status, again.status) == (200, 200)
        assert first.body["session_id"] == again.body["session_id"]
        assert len(shop.stripe.state.customers) == customers + 1
        assert len(shop.stripe.state.sessions) == sessions + 1
        assert shop.account(user).customer_id is not None
    record_property("faults", calls)
