from __future__ import annotations

from typing import Any

import pytest
import requests
import stripe

from .conftest import CANCEL, Shop

FIRST_PAYMENT = [
    "customer.created",
    "payment_method.attached",
    "customer.subscription.created",
    "invoice.created",
    "payment_intent.created",
    "invoice.finalized",
    "charge.succeeded",
    "payment_intent.succeeded",
    "invoice_payment.paid",
    "invoice.paid",
    "invoice.payment_succeeded",
    "customer.subscription.updated",
    "checkout.session.completed",
]


def post(url: str | None, **fields: str) -> requests.Response:
    assert url
    return requests.post(url, data=fields, allow_redirects=False, timeout=5)


def test_paying_a_subscription_makes_what_stripe_makes_in_its_order(shop: Shop) -> None:
    before = shop.mark()
    session = shop.session(subscription_data={"metadata": {"user_id": "u1"}})
    answer = post(session.url, action="pay", email="ann@example.com")

    assert answer.status_code == 303
    assert answer.headers["Location"] == f"https://app.example/ok?session={session.id}"
    assert shop.types(before) == FIRST_PAYMENT
    done = shop.client.v1.checkout.sessions.retrieve(
        session.id, {"expand": ["subscription.latest_invoice", "customer", "line_items"]}
    )
    assert (done.status, done.payment_status, done.url) == ("complete", "paid", None)
    sub: Any = done.subscription
    assert (sub.status, sub.metadata["user_id"]) == ("active", "u1")
    assert sub.latest_invoice.parent.subscription_details.metadata["user_id"] == "u1"
    assert sub.latest_invoice.lines.data[0].pricing.price_details.price == shop.monthly
    customer: Any = done.customer
    assert customer.email == "ann@example.com"
    assert done.line_items is not None
    assert done.line_items.data[0].amount_total == 1200


def test_the_subscription_is_first_incomplete_and_then_active(shop: Shop) -> None:
    shop.subscribe()
    created = shop.server.events("customer.subscription.created")[0]["data"]
    updated = shop.server.events("customer.subscription.updated")[0]["data"]
    assert created["object"]["status"] == "incomplete"
    assert updated["object"]["status"] == "active"
    assert updated["previous_attributes"] == {"status": "incomplete"}


def test_a_one_time_payment_copies_metadata_from_intent_to_charge(shop: Shop) -> None:
    before = shop.mark()
    charge = shop.buy(payment_intent_data={"metadata": {"user_id": "u1"}}, quantity=2)
    assert shop.types(before) == [
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
        "checkout.session.completed",
    ]
    assert (charge["amount"], charge["metadata"], charge["customer"]) == (
        19_800,
        {"user_id": "u1"},
        None,
    )


def test_customer_creation_always_makes_a_customer_in_payment_mode(shop: Shop) -> None:
    charge = shop.buy(customer_creation="always", customer_email="bo@example.com")
    customer = shop.client.v1.customers.retrieve(charge["customer"])
    assert customer.email == "bo@example.com"


def test_a_declined_card_keeps_the_session_open(shop: Shop) -> None:
    session = shop.session(mode="payment")
    answer = post(session.url, action="decline")
    assert answer.status_code == 200
    assert "Your card was declined" in answer.text
    assert shop.types()[-2:] == ["charge.failed", "payment_intent.payment_failed"]
    assert shop.client.v1.checkout.sessions.retrieve(session.id).status == "open"
    assert post(session.url, action="pay").status_code == 303
    assert len(shop.server.state.intents) == 1


def test_giving_up_goes_back_to_the_app_and_changes_nothing(shop: Shop) -> None:
    session, before = shop.session(), shop.mark()
    answer = post(session.url, action="cancel")
    assert (answer.status_code, answer.headers["Location"]) == (303, CANCEL)
    assert shop.types(before) == []


@pytest.mark.parametrize("succeeds", [True, False])
def test_a_delayed_payment_is_decided_later(shop: Shop, *, succeeds: bool) -> None:
    session = shop.session(mode="payment")
    post(session.url, action="pay_later")
    completed = shop.server.events("checkout.session.completed")[0]["data"]["object"]
    assert (completed["status"], completed["payment_status"]) == ("complete", "unpaid")
    url = f"{shop.server.url}/_fake/checkout/sessions/{session.id}/async"
    answer = requests.post(url, json={"succeed": succeeds}, timeout=5)
    assert answer.status_code == 200
    outcome = "succeeded" if succeeds else "failed"
    assert shop.types()[-1] == f"checkout.session.async_payment_{outcome}"
    assert answer.json()["payment_status"] == ("paid" if succeeds else "unpaid")


def test_a_delayed_payment_that_nobody_decides_arrives_after_three_days(shop: Shop) -> None:
    session = shop.session()
    sub_id = shop.server.pay(session.id, delayed=True)["subscription"]
    assert shop.server.state.subscriptions.rows[sub_id]["status"] == "active"
    shop.server.advance(days=3)
    event = shop.server.events("checkout.session.async_payment_succeeded")[0]
    assert event["created"] == shop.server.now
    assert shop.types()[-3:-1] == ["invoice.paid", "invoice.payment_succeeded"]


def test_a_bounced_first_payment_makes_the_subscription_past_due(shop: Shop) -> None:
    session = shop.session()
    sub_id = shop.server.pay(session.id, delayed=True)["subscription"]
    url = f"{shop.server.url}/_fake/checkout/sessions/{session.id}/async"
    requests.post(url, json={"succeed": False}, timeout=5)
    assert shop.server.state.subscriptions.rows[sub_id]["status"] == "past_due"


def test_a_session_expires_at_its_time_or_when_told(shop: Shop) -> None:
    first = shop.session(expires_at=shop.server.now + 3600)
    second = shop.session()
    shop.client.v1.checkout.sessions.expire(second.id)
    shop.server.advance(seconds=3600)
    expired = [e["data"]["object"]["id"] for e in shop.server.events("checkout.session.expired")]
    assert expired == [second.id, first.id]
    with pytest.raises(stripe.InvalidRequestError, match="open"):
        shop.client.v1.checkout.sessions.expire(first.id)
    assert "expired" in requests.get(f"{shop.server.url}/c/pay/{first.id}", timeout=5).text


def test_a_trial_starts_without_a_payment(shop: Shop) -> None:
    sub = shop.subscribe(subscription_data={"trial_period_days": 14})
    session = shop.server.events("checkout.session.completed")[0]["data"]["object"]
    assert sub["status"] == "trialing"
    assert sub["trial_end"] == sub["items"]["data"][0]["current_period_end"]
    assert (session["amount_total"], session["payment_status"]) == (0, "no_payment_required")
    assert "payment_intent.created" not in shop.types()
    assert shop.types().count("invoice.paid") == 1


def test_a_second_payment_of_a_session_changes_nothing(shop: Shop) -> None:
    session = shop.session()
    post(session.url, action="pay")
    before = shop.mark()
    page = f"{shop.server.url}/c/pay/{session.id}"
    answer = post(page, action="pay")
    assert "complete" in answer.text
    assert shop.types(before) == []


def test_a_promotion_code_is_typed_on_the_page(shop: Shop) -> None:
    coupon = shop.client.v1.coupons.create({"percent_off": 25, "duration": "once"})
    shop.client.v1.promotion_codes.create(
        {"code": "SPRING", "promotion": {"type": "coupon", "coupon": coupon.id}}
    )
    session = shop.session(allow_promotion_codes=True)
    assert post(session.url, action="pay", promotion_code="WRONG").status_code == 400
    assert post(session.url, action="pay", promotion_code="SPRING").status_code == 303
    invoice = shop.server.events("invoice.paid")[-1]["data"]["object"]
    assert (invoice["subtotal"], invoice["amount_paid"]) == (1200, 900)
    shop.server.advance(days=32)
    assert shop.server.events("invoice.paid")[-1]["data"]["object"]["amount_paid"] == 1200


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"mode": "gift"}, "mode"),
        ({"mode": "payment", "price": "monthly"}, "mode"),
        ({"line_items": []}, "line_items"),
        ({"line_items": [{"price": "price_none", "quantity": 1}]}, "line_items[0][price]"),
        ({"customer_email": "no-mail"}, "customer_email"),
        ({"customer": "cus_none"}, "customer"),
        ({"success_url": "no url"}, "success_url"),
        ({"expires_at": 1}, "expires_at"),
        ({"client_reference_id": "x" * 201}, "client_reference_id"),
        ({"metadata": {"k": "v" * 501}}, "metadata[k]"),
        ({"metadata": {"k" * 41: "v"}}, "metadata"),
        ({"colour": "red"}, "colour"),
        ({"payment_intent_data": {"metadata": {}, "description": "x"}}, "payment_intent_data"),
    ],
)
def test_what_stripe_refuses_is_refused_with_its_param(
    shop: Shop, change: dict[str, Any], param: str
) -> None:
    if change.get("price") == "monthly":
        change = change | {"price": shop.monthly}
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.session(**change)
    assert (refused.value.http_status, refused.value.param) == (400, param)
