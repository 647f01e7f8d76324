"""POST /api/v1/checkout/create, through the real handler, SDK and tables."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pytest

from billing.domain.account import AccountKey
from billing.domain.changes import CauseType
from billing.stores import account_store
from tests.integration.checkout.wire import USER, body_of, fields_of, session_of, start
from tests.support.shop import REDIRECTS, Shop

# -- what is answered


def test_a_subscription_is_started(shop: Shop) -> None:
    answer = start(shop, body_of())
    session = session_of(shop, answer)
    assert set(answer.body) == {"checkout_url", "session_id", "expires_at"}
    assert answer.body["checkout_url"] == session["url"]
    expires_at = datetime.fromisoformat(answer.body["expires_at"])
    assert answer.body["expires_at"].endswith("Z")
    assert expires_at.timestamp() == session["expires_at"]
    assert session["mode"] == "subscription"
    assert session["success_url"] == REDIRECTS["success_url"]
    assert answer.headers["cache-control"] == "no-store"


def test_a_purchase_is_started(shop: Shop) -> None:
    session = session_of(shop, start(shop, body_of("once", mode="payment", quantity=2)))
    assert session["mode"] == "payment"
    assert session["metadata"]["quantity"] == "2"


def test_the_price_may_be_named_by_stripes_id(shop: Shop) -> None:
    found = shop.catalog.find_price("pro_yearly")
    assert found
    session = session_of(shop, start(shop, body_of(str(found[1].stripe_price_id))))
    assert session["metadata"]["price_id"] == found[1].stripe_price_id


def test_all_that_an_app_may_ask_for_reaches_stripe(shop: Shop) -> None:
    asked = body_of(
        project_id=shop.project_id,
        quantity=4,
        customer_email="ada@example.com",
        trial_days=14,
        allow_promotion_codes=True,
        metadata={"campaign": "spring"},
    )
    session = session_of(shop, start(shop, asked))
    assert session["allow_promotion_codes"] is True
    assert session["metadata"]["campaign"] == "spring"
    paid = shop.stripe.pay(session["id"])
    subscription = shop.stripe.state.subscriptions.rows[paid["subscription"]]
    assert subscription["status"] == "trialing"
    assert subscription["metadata"]["user_id"] == USER
    customer = shop.stripe.state.customers.rows[session["customer"]]
    assert customer["email"] == "ada@example.com"


# -- the customer


def test_the_first_checkout_makes_and_links_the_customer(shop: Shop) -> None:
    session = session_of(shop, start(shop, body_of()))
    account = shop.account(USER)
    assert account.customer_id == session["customer"]
    key = AccountKey(shop.project_id, USER)
    assert account_store().find([session["customer"]]) == key
    (entry,) = account_store().history(key)
    assert (entry.cause_type, entry.cause_name) == (CauseType.CHECKOUT, "link_customer")
    assert entry.actor


def test_the_second_checkout_uses_the_same_customer(shop: Shop) -> None:
    customers = {session_of(shop, start(shop, body_of()))["customer"] for _ in range(3)}
    assert len(customers) == 1
    assert len(shop.stripe.state.customers) == 1
    assert shop.account(USER).revision == 1


def test_twenty_first_checkouts_at_once_make_one_customer(shop: Shop) -> None:
    with ThreadPoolExecutor(20) as pool:
        emails = [f"u{number}@example.com" for number in range(20)]
        answers = list(pool.map(lambda email: start(shop, body_of(customer_email=email)), emails))
    assert [answer.status for answer in answers] == [200] * 20
    assert len(shop.stripe.state.customers) == 1
    assert shop.account(USER).revision == 1


def test_a_customer_that_was_deleted_is_made_anew(shop: Shop) -> None:
    gone = session_of(shop, start(shop, body_of()))["customer"]
    shop.client.v1.customers.delete(gone)
    for _ in range(2):
        session = session_of(shop, start(shop, body_of()))
        assert session["customer"] != gone
    assert shop.account(USER).customer_id == session["customer"]
    assert len([c for c in shop.stripe.state.customers.rows.values() if not c.get("deleted")]) == 1


# -- twice the same


def test_one_idempotency_key_makes_one_session(shop: Shop) -> None:
    first = start(shop, body_of(), Idempotency_Key="order-7")
    again = start(shop, body_of(), Idempotency_Key="order-7")
    assert (first.status, first.body) == (again.status, again.body)
    assert start(shop, body_of()).body["session_id"] != first.body["session_id"]


def test_one_idempotency_key_for_other_parameters_is_a_conflict(
    shop: Shop, subtests: pytest.Subtests
) -> None:
    assert start(shop, body_of(), Idempotency_Key="order-7").status == 200
    others: list[dict[str, Any]] = [
        {"quantity": 2},
        {"price_id": "pro_yearly"},
        {"user_id": "user-2"},
        {"metadata": {"a": "b"}},
        {"cancel_url": "https://app.example.com/other"},
    ]
    for changes in others:
        answer = start(shop, body_of(**changes), Idempotency_Key="order-7")
        with subtests.test(**changes):
            assert (answer.status, answer.body["code"]) == (409, "idempotency_key_reused")


def test_an_idempotency_key_has_a_length(shop: Shop) -> None:
    for value in ("", "k" * 256):
        answer = start(shop, body_of(), Idempotency_Key=value)
        assert fields_of(answer) == ["Idempotency-Key"], value
    assert start(shop, body_of(), Idempotency_Key="k" * 255).status == 200
