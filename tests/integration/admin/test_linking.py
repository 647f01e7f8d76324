"""Linking the customer of an unmatched event to a user, which replays the event."""

from __future__ import annotations

from typing import Any

import pytest

from billing.settings import Settings
from tests.integration.admin.conftest import Operator
from tests.integration.admin.parking import (
    a_subscription_for,
    a_subscription_of,
    let_come,
    parked,
)
from tests.support.interruptions import Killed, When, interruptions
from tests.support.requests import Answer
from tests.support.shop import Shop
from tests.support.snapshot import Snapshots

BOTH: tuple[When, When] = ("before", "after")
BODY = {"project_id": "demo", "user_id": "user-1", "reason": "ticket 4711"}


def link(operator: Operator, event_id: str, **fields: Any) -> Answer:
    return operator.post(f"events/{event_id}/link", {**BODY, **fields})


def customer_of(shop: Shop, event_id: str) -> str:
    (event,) = [each for each in shop.stripe.events() if each["id"] == event_id]
    return str(event["data"]["object"]["customer"])


def test_a_link_makes_the_customer_the_users_and_applies_the_event(
    shop: Shop, operator: Operator
) -> None:
    event_id = parked(shop)
    customer_id = customer_of(shop, event_id)
    answer = link(operator, event_id)
    assert answer.status == 200
    assert answer.body == {
        "event_id": event_id,
        "outcome": "applied",
        "account": {"project_id": "demo", "user_id": "user-1"},
        "reason": None,
        "detail": "",
        "linked_ids": [customer_id],
    }
    assert shop.features("user-1") == {"export": True, "quota": 100}
    account = shop.account("user-1")
    assert (account.customer_id, account.revision) == (customer_id, 2)
    applied, linked = operator.get("accounts/demo/user-1/history").body["history"]
    assert (linked["cause_type"], linked["cause_name"]) == ("operator", "link")
    assert (linked["actor"], linked["reason"]) == ("Ada", "ticket 4711")
    assert linked["after"]["customer_id"] == customer_id
    assert (applied["cause_id"], applied["reason"]) == (event_id, "replayed by Ada")


def test_what_the_customer_does_later_needs_no_operator(shop: Shop, operator: Operator) -> None:
    event_id = parked(shop)
    link(operator, event_id)
    shop.stripe.advance(seconds=1)
    later = a_subscription_for(shop, customer_of(shop, event_id))
    assert shop.deliver([later]) == []
    assert shop.outcome(later) == "applied"


def test_a_second_customer_of_a_user_can_be_linked(shop: Shop, operator: Operator) -> None:
    shop.buy("user-1")
    shop.deliver_all()
    first = shop.account("user-1").customer_id
    event_id = parked(shop)
    assert link(operator, event_id).body["outcome"] == "applied"
    account = shop.account("user-1")
    assert account.customer_id == first, "the portal opens for the first"
    assert customer_of(shop, event_id) in account.stripe_ids()


def test_an_event_without_a_customer_is_linked_by_its_objects(
    shop: Shop, operator: Operator
) -> None:
    session = {
        "id": "cs_guest",
        "object": "checkout.session",
        "mode": "payment",
        "status": "complete",
        "payment_status": "paid",
        "customer": None,
        "payment_intent": "pi_guest",
        "amount_total": 9900,
        "currency": "usd",
        "metadata": {},
        "created": shop.stripe.now,
        "line_items": {"data": [a_line(shop)], "has_more": False},
    }
    event = {
        "id": "evt_guest",
        "object": "event",
        "type": "checkout.session.completed",
        "created": shop.stripe.now,
        "livemode": False,
        "data": {"object": session},
    }
    let_come(shop, event, "unmatched")
    answer = link(operator, "evt_guest")
    assert (answer.status, answer.body["outcome"]) == (200, "applied"), answer.body
    assert answer.body["linked_ids"] == ["cs_guest", "pi_guest"]
    assert shop.features("user-1") == {"export": True}


def a_line(shop: Shop) -> dict[str, Any]:
    found = shop.catalog.find_price("once")
    assert found is not None
    return {"price": {"id": found[1].stripe_price_id}, "quantity": 1}


def test_a_name_that_no_account_can_have_does_not_stand_against_a_link(
    shop: Shop, operator: Operator
) -> None:
    event = a_subscription_of(shop, project_id="demo", user_id="")
    event_id = let_come(shop, event, "unmatched")
    assert link(operator, event_id).body["outcome"] == "applied"


# -- once


def test_a_link_given_again_changes_nothing(shop: Shop, operator: Operator) -> None:
    event_id = parked(shop)
    link(operator, event_id)
    account = shop.account("user-1")
    again = link(operator, event_id, reason="in other words")
    assert (again.status, again.body["outcome"]) == (200, "duplicate")
    assert shop.account("user-1") == account
    assert len(operator.get("accounts/demo/user-1/history").body["history"]) == 2


def test_a_link_whose_event_stays_parked_may_be_given_again(shop: Shop, operator: Operator) -> None:
    event = a_subscription_of(shop, a_price_nobody_sells(shop))
    event_id = let_come(shop, event, "unmatched")
    for _ in range(2):
        answer = link(operator, event_id)
        assert (answer.status, answer.body["reason"]) == (200, "unknown_price")
    assert operator.get(f"events/{event_id}").body["project_id"] == "demo"
    assert shop.account("user-1").revision == 1


def a_price_nobody_sells(shop: Shop) -> str:
    product = shop.client.v1.products.create({"name": "Unknown"})
    wanted: Any = {"product": product.id, "currency": "usd", "unit_amount": 1}
    wanted["recurring"] = {"interval": "month"}
    return shop.client.v1.prices.create(wanted).id


# -- killed anywhere


@pytest.mark.parametrize("when", BOTH)
def test_a_link_killed_anywhere_and_given_again_ends_as_if_undisturbed(
    shop: Shop, operator: Operator, deployment: Settings, when: When
) -> None:
    event_id = parked(shop)
    snapshots = Snapshots(deployment)
    before = snapshots.take()
    with interruptions.counted() as counted:
        assert link(operator, event_id).body["outcome"] == "applied"
    undisturbed, calls = snapshots.take(), list(counted)
    for fatal in range(1, len(calls) + 1):
        snapshots.restore(before)
        with interruptions.counted(fatal, when), pytest.raises(Killed):
            link(operator, event_id)
        assert link(operator, event_id).status == 200
        assert snapshots.take() == undisturbed, f"killed {when} call {fatal} of {calls}"
