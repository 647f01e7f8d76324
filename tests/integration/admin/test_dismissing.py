"""Dismissing what is parked and none of this service's business; every kind ends somewhere."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, get_args

import pytest

from billing.adapters.dynamo.models import LedgerItem
from billing.domain.changes import Cause, CauseType, ParkReason
from billing.services.commit import park
from billing.settings import Settings
from billing.stores import account_store
from tests.integration.admin.conftest import Operator
from tests.integration.admin.parking import (
    PARKED,
    a_catalog_with,
    a_parked_cause,
    a_subscription_for,
    listed,
    parked,
)
from tests.support.clock import Clock
from tests.support.interruptions import Killed, When, interruptions
from tests.support.requests import Answer
from tests.support.shop import Shop
from tests.support.snapshot import Snapshots

WHY = {"reason": "of an app that sells elsewhere"}


def dismiss(operator: Operator, event_id: str, body: Any = WHY) -> Answer:
    return operator.post(f"events/{event_id}/dismiss", body)


@pytest.mark.parametrize("reason", PARKED)
def test_whatever_is_parked_can_be_dismissed(
    shop: Shop, operator: Operator, reason: ParkReason
) -> None:
    event_id = parked(shop, reason)
    before = operator.get(f"events/{event_id}").body
    answer = dismiss(operator, event_id)
    assert answer.status == 200
    by = {"by": "Ada", **WHY, "at": "2026-03-02T12:00:00Z"}
    if reason is not ParkReason.OTHER_ACCOUNT:  # there, a second went by
        assert answer.body["dismissal"] == by
    assert (answer.body["outcome"], answer.body["reason"]) == ("dismissed", reason)
    assert (listed(operator), listed(operator, state="dismissed")) == ([], [event_id])
    after = operator.get(f"events/{event_id}").body
    dismissed = {"outcome": "dismissed", "dismissal": answer.body["dismissal"]}
    assert after == {**before, **dismissed}, "what parked it, and what it says, is kept"


def test_a_second_dismissal_answers_the_first(
    shop: Shop, operator: Operator, new_operator: Any
) -> None:
    event_id = parked(shop)
    first = dismiss(operator, event_id)
    shop.stripe.advance(seconds=60)
    again = dismiss(new_operator("Grace"), event_id, {"reason": "in other words"})
    assert (again.status, again.body) == (200, first.body)


def test_delivered_again_it_stays_dismissed(shop: Shop, operator: Operator) -> None:
    event_id = parked(shop)
    dismiss(operator, event_id)
    shop.deliver([event for event in shop.events() if event["id"] == event_id])
    assert listed(operator) == []
    assert operator.get(f"events/{event_id}").body["outcome"] == "dismissed"


def test_it_is_forgotten_a_ledgers_time_after_its_dismissal(ada: Operator, clock: Clock) -> None:
    a_parked_cause("evt_1", clock)
    assert LedgerItem.get("evt_1").expires_at is None
    clock.advance(timedelta(days=200))
    dismiss(ada, "evt_1")
    forgotten = clock.at + timedelta(days=90)
    assert LedgerItem.get("evt_1").expires_at == forgotten.timestamp()


def test_a_dismissed_event_can_be_replayed_after_all(shop: Shop, operator: Operator) -> None:
    event_id = parked(shop, ParkReason.UNKNOWN_PROJECT)
    since = operator.get(f"events/{event_id}").body["recorded_at"]
    dismiss(operator, event_id)
    shop.stripe.advance(seconds=60)
    assert operator.post(f"events/{event_id}/replay").body["outcome"] == "parked"
    shown = operator.get(f"events/{event_id}").body
    assert (shown["outcome"], shown["dismissal"], shown["recorded_at"]) == ("parked", None, since)
    dismiss(operator, event_id)
    operator.project("later")
    operator.catalog(a_catalog_with(shop, event_id), "later")
    assert operator.post(f"events/{event_id}/replay").body["outcome"] == "applied"
    assert (listed(operator), listed(operator, state="dismissed")) == ([], [])
    assert dismiss(operator, event_id).status == 409


def test_a_dismissed_event_can_be_linked_after_all(shop: Shop, operator: Operator) -> None:
    event_id = parked(shop)
    dismiss(operator, event_id)
    body = {"project_id": "demo", "user_id": "user-1", "reason": "ticket 4711"}
    assert operator.post(f"events/{event_id}/link", body).body["outcome"] == "applied"


def test_replaying_all_leaves_the_dismissed_alone(shop: Shop, operator: Operator) -> None:
    dismissed, waiting = parked(shop), parked(shop)
    dismiss(operator, dismissed)
    answer = operator.post("events/replay", {"reason": "unmatched"})
    assert [event["event_id"] for event in answer.body["events"]] == [waiting]
    assert operator.get(f"events/{dismissed}").body["outcome"] == "dismissed"


def test_what_is_parked_and_no_event_of_stripes_can_be_dismissed(
    ada: Operator, clock: Clock
) -> None:
    cause = Cause("checkout:cus_1", CauseType.CHECKOUT, "link_customer", clock.at, "app")
    park(account_store(), cause, ParkReason.OTHER_ACCOUNT, "taken", now=clock.at)
    assert listed(ada) == ["checkout:cus_1"]
    assert dismiss(ada, "checkout:cus_1").body["outcome"] == "dismissed"
    assert listed(ada) == []


@pytest.mark.parametrize(
    ("event_id", "body", "refused"),
    [
        ("evt_unknown", WHY, (404, "not_found")),
        ("e" * 3000, WHY, (404, "not_found")),
        ("evt_1", {}, (422, "invalid_input")),
        ("evt_1", {"reason": ""}, (422, "invalid_input")),
        ("evt_1", {"reason": "x" * 501}, (422, "invalid_input")),
        ("evt_1", {"reason": 7}, (422, "invalid_input")),
        ("evt_1", {**WHY, "for_ever": True}, (422, "invalid_input")),
        ("evt_1", None, (400, "malformed_request")),
    ],
)
def test_a_dismissal_that_cannot_be_is_refused(
    ada: Operator, clock: Clock, event_id: str, body: Any, refused: tuple[int, str]
) -> None:
    a_parked_cause("evt_1", clock)
    answer = dismiss(ada, event_id, body)
    assert (answer.status, answer.body["code"]) == refused
    assert listed(ada) == ["evt_1"]


@pytest.mark.parametrize("state", ["applied", "", "PARKED"])
def test_a_list_that_does_not_exist_is_refused(ada: Operator, state: str) -> None:
    answer = ada.get("events", state=state)
    assert (answer.status, answer.body["errors"][0]["field"]) == (422, "state")


def test_the_dismissed_are_filtered_and_paged_as_the_parked_are(
    ada: Operator, clock: Clock
) -> None:
    for number in range(5):
        a_parked_cause(f"evt_{number}", clock, project_id="acme" if number % 2 else None)
        clock.advance(timedelta(seconds=1))
        dismiss(ada, f"evt_{number}")
    assert listed(ada, state="dismissed", limit="2") == [f"evt_{n}" for n in range(5)]
    assert listed(ada, state="dismissed", project_id="acme") == ["evt_1", "evt_3"]


# -- an event of a project with a mistyped name


def link(operator: Operator, event_id: str, **fields: str) -> Answer:
    body = {"project_id": "demo", "user_id": "user-1", "reason": "mistyped", **fields}
    return operator.post(f"events/{event_id}/link", body)


def test_an_event_of_a_mistyped_project_is_linked_and_so_is_what_comes_later(
    shop: Shop, operator: Operator
) -> None:
    event_id = parked(shop, ParkReason.UNKNOWN_PROJECT)
    (event,) = [each for each in shop.events() if each["id"] == event_id]
    subscription = event["data"]["object"]
    price_id = subscription["items"]["data"][0]["price"]["id"]
    shop.add_product("extra", {"export": True}, price_id)
    assert link(operator, event_id).body["outcome"] == "applied"
    assert shop.features("user-1") == {"export": True}
    shop.stripe.advance(seconds=1)
    shop.client.v1.subscriptions.update(subscription["id"], {"cancel_at_period_end": True})
    (later,) = shop.events("customer.subscription.updated")
    assert shop.deliver([later]) == []
    assert shop.outcome(later) == "applied"


def test_a_known_customer_alone_does_not_outweigh_a_name(shop: Shop, operator: Operator) -> None:
    """Only an operator's word does."""
    shop.buy("user-1")
    shop.deliver_all()
    customer = shop.account("user-1").customer_id
    event = a_subscription_for(shop, customer, project_id="later", user_id="user-1")
    shop.deliver([event])
    assert shop.outcome(event) == "unknown_project"


# -- killed anywhere


@pytest.mark.parametrize("when", get_args(When))
def test_a_dismissal_killed_anywhere_and_given_again_is_one(
    shop: Shop, operator: Operator, deployment: Settings, when: When
) -> None:
    event_id, snapshots = parked(shop), Snapshots(deployment)
    before = snapshots.take()
    with interruptions.counted() as counted:
        assert dismiss(operator, event_id).status == 200
    undisturbed, calls = snapshots.take(), list(counted)
    for fatal in range(1, len(calls) + 1):
        snapshots.restore(before)
        with interruptions.counted(fatal, when), pytest.raises(Killed):
            dismiss(operator, event_id)
        assert dismiss(operator, event_id).status == 200
        assert snapshots.take() == undisturbed, f"killed {when} call {fatal} of {calls}"
