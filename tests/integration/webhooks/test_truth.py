"""Exactly once, in any order, for the right account; and what cannot be applied is parked."""

from __future__ import annotations

import random
from typing import Any

import pytest

from billing.adapters.plain import to_plain
from billing.domain.account import AccountKey
from billing.domain.holdings import holdings_of
from billing.stores import account_store
from tests.support.shop import Shop, process_records, queue_record


def held(shop: Shop, user_id: str = "user-1") -> Any:
    """What the account holds, and by which customer."""
    account = shop.account(user_id)
    return to_plain(holdings_of(account)), account.customer_id


def test_a_duplicate_has_no_effect(shop: Shop) -> None:
    shop.buy("user-1")
    shop.deliver_all()
    account = shop.account("user-1")
    shop.deliver_all()
    assert shop.account("user-1") == account
    history = account_store().history(account.key)
    assert len({entry.cause_id for entry in history}) == len(history)


@pytest.mark.parametrize("price", ["pro_monthly", "once"])
def test_every_order_of_a_purchases_events_ends_alike(shop: Shop, price: str) -> None:
    shop.buy("user-0", price)
    chance, number_of_events = random.Random(1), len(shop.events())
    orders = [chance.sample(range(number_of_events), number_of_events) for _ in range(24)]
    shop.deliver_all()
    expected = shop.features("user-0")
    assert expected
    for number, order in enumerate(orders, 1):
        seen = {event["id"] for event in shop.events()}
        shop.buy(f"user-{number}", price)
        new = [event for event in shop.events() if event["id"] not in seen]
        assert shop.deliver([new[i] for i in order] + [new[order[0]]]) == []
        assert shop.features(f"user-{number}") == expected, [new[i]["type"] for i in order]


def test_every_order_of_a_whole_life_ends_alike(shop: Shop) -> None:
    session = shop.buy("user-1")
    shop.control(f"subscriptions/{session['subscription']}/fail_next_payment", times=1)
    shop.stripe.advance(days=32)
    shop.stripe.advance(days=4)
    update: Any = {"cancel_at_period_end": True}
    shop.client.v1.subscriptions.update(session["subscription"], update)
    life = shop.events()
    shop.deliver(life)
    expected = held(shop)
    assert expected[0][0]["state"] == "active"
    for seed in range(12):
        shop.forget("user-1")
        shuffled = life + random.Random(seed).sample(life, len(life) // 2)
        random.Random(seed).shuffle(shuffled)
        assert shop.deliver(shuffled) == []
        assert held(shop) == expected


def test_a_late_older_update_changes_nothing(shop: Shop) -> None:
    session = shop.buy("user-1")
    shop.stripe.advance(seconds=60)
    update: Any = {"metadata": {"colour": "blue"}}
    shop.client.v1.subscriptions.update(session["subscription"], update)
    shop.stripe.advance(seconds=60)
    shop.client.v1.subscriptions.cancel(session["subscription"])
    *_, older = shop.events("customer.subscription.updated")
    shop.deliver(event for event in shop.events() if event["id"] != older["id"])
    before = shop.entitlements("user-1", include="inactive")
    shop.deliver([older])
    assert shop.outcome(older) == "stale"
    after = shop.entitlements("user-1", include="inactive")
    assert before == after


def test_an_unknown_price_is_parked_and_applied_once_the_catalog_has_it(shop: Shop) -> None:
    product = shop.client.v1.products.create({"name": "Unknown"})
    price = shop.client.v1.prices.create(
        {
            "product": product.id,
            "currency": "usd",
            "unit_amount": 100,
            "recurring": {"interval": "month"},
        }
    )
    customer = shop.client.v1.customers.create({})
    created: Any = {
        "customer": customer.id,
        "items": [{"price": price.id}],
        "trial_period_days": 7,
        "metadata": {"project_id": "demo", "user_id": "user-1"},
    }
    shop.client.v1.subscriptions.create(created)
    (event,) = shop.events("customer.subscription.created")
    assert shop.deliver([event]) == []
    assert shop.outcome(event) == "unknown_price"
    entry = account_store().ledger_entry(event["id"])
    assert entry is not None
    assert entry.payload is not None
    assert price.id in entry.detail
    shop.add_product("extra", {"export": True}, price.id)
    shop.deliver([event])
    assert shop.outcome(event) == "applied"
    assert shop.features("user-1") == {"export": True}


@pytest.mark.parametrize(
    ("metadata", "reason"),
    [
        ({}, "unmatched"),
        ({"project_id": "nowhere", "user_id": "user-1"}, "unknown_project"),
        ({"project_id": "NOT A PROJECT", "user_id": "user-1"}, "unmatched"),
        ({"project_id": "demo", "user_id": "x" * 257}, "unmatched"),
    ],
)
def test_what_names_no_account_is_parked(shop: Shop, metadata: dict[str, str], reason: str) -> None:
    found = shop.catalog.find_price("pro_monthly")
    assert found is not None
    customer = shop.client.v1.customers.create({})
    created: Any = {
        "customer": customer.id,
        "items": [{"price": found[1].stripe_price_id}],
        "metadata": metadata,
    }
    shop.client.v1.subscriptions.create(created)
    (event,) = shop.events("customer.subscription.created")
    assert shop.deliver([event]) == []
    assert shop.outcome(event) == reason


def test_metadata_that_names_a_project_without_the_price_is_parked_never_trusted(
    shop: Shop,
) -> None:
    other = shop.another_project("other")
    found = shop.catalog.find_price("pro_monthly")
    assert found is not None
    customer = shop.client.v1.customers.create({})
    created: Any = {
        "customer": customer.id,
        "items": [{"price": found[1].stripe_price_id}],
        "metadata": {"project_id": "other", "user_id": "user-1"},
    }
    shop.client.v1.subscriptions.create(created)
    (event,) = shop.events("customer.subscription.created")
    shop.deliver([event])
    assert shop.outcome(event) == "unknown_price"
    assert other.features("user-1") == {}


def test_an_id_of_one_account_cannot_be_taken_by_another(shop: Shop) -> None:
    session = shop.buy("user-1")
    shop.deliver_all()
    shop.stripe.advance(seconds=1)
    update: Any = {"metadata": {"user_id": "user-2"}}
    shop.client.v1.subscriptions.update(session["subscription"], update)
    *_, event = shop.events("customer.subscription.updated")
    assert shop.deliver([event]) == []
    assert shop.outcome(event) == "belongs_to_other_account"
    assert shop.features("user-2") == {}
    assert shop.features("user-1") != {}


def test_an_account_is_found_by_its_customer_where_nothing_else_names_it(shop: Shop) -> None:
    shop.buy("user-1")
    shop.deliver_all()
    shop.stripe.advance(days=40)
    customer = shop.account("user-1").customer_id
    found = shop.catalog.find_price("seat")
    assert found is not None
    created: Any = {
        "customer": customer,
        "items": [{"price": found[1].stripe_price_id}],
        "trial_period_days": 7,
    }
    shop.client.v1.subscriptions.create(created)
    *_, event = shop.events("customer.subscription.created")
    shop.deliver([event])
    assert shop.outcome(event) == "applied"
    assert shop.features("user-1")["seats"] == 1


def test_what_cannot_be_read_is_parked(shop: Shop) -> None:
    unreadable = {"id": "evt_x", "type": "invoice.paid", "created": 1, "data": {"object": []}}
    assert process_records(queue_record(unreadable)) == []
    assert shop.outcome(unreadable) == "unreadable"


def test_a_failed_event_holds_back_its_group_and_no_other(shop: Shop) -> None:
    session = shop.buy("user-1")
    shop.buy("user-2")
    first, second = shop.events("customer.subscription.updated")
    shop.stripe.add_fault(method="GET", path="/v1/subscriptions/*", times=99, status=503)
    # Heard of before its subscription, a session needs a look at Stripe, which is down.
    mention = next(
        e
        for e in shop.events("checkout.session.completed")
        if e["data"]["object"]["id"] == session["id"]
    )
    records = [
        queue_record(shop.payload(mention), "cus_1", 1),
        queue_record(shop.payload(second), "cus_2", 2),
        queue_record(shop.payload(first), "cus_1", 3),
    ]
    assert process_records(*records) == ["message-1", "message-3"]
    assert shop.features("user-1") == {}
    assert shop.features("user-2") != {}
    shop.stripe.api.faults.planned.clear()
    shop.stripe.advance(seconds=60)
    assert process_records(records[0], records[2]) == []
    assert shop.features("user-1") == shop.features("user-2")


def test_an_event_too_large_for_a_message_is_fetched(shop: Shop) -> None:
    shop.buy("user-1")
    (event,) = shop.events("customer.subscription.created")
    reference = {"object": "event_reference", "id": event["id"], "type": event["type"]}
    assert process_records(queue_record(reference)) == []
    assert shop.outcome(event) == "applied"
    gone = {**reference, "id": "evt_gone"}
    assert process_records(queue_record(gone)) == []
    assert shop.outcome(gone) == "gone_at_stripe"


def test_history_tells_what_changed_and_why(shop: Shop) -> None:
    shop.buy("user-1")
    shop.deliver_all()
    key = AccountKey("demo", "user-1")
    history = account_store().history(key)
    assert [entry.version for entry in history] == list(range(len(history), 0, -1))
    first = history[-1]
    assert (first.cause_name, first.actor) == ("link_customer", "app")
    created = next(e for e in history if e.cause_name.startswith("customer.subscription"))
    (fact,) = created.after
    assert fact.startswith("subscription#sub_")
    assert created.actor == "stripe"
    assert history[0].revision == shop.account("user-1").revision
