from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import requests
import stripe

from local.stripe.server import FakeStripeServer
from local.stripe.state import Settings

from .conftest import Shop

DAY = 86_400
HOUR = 3600


def period(sub: dict[str, Any]) -> tuple[int, int]:
    item = sub["items"]["data"][0]
    return item["current_period_start"], item["current_period_end"]


def at(*moment: int) -> int:
    return int(datetime(*moment, tzinfo=UTC).timestamp())  # type: ignore[arg-type, misc]  # date parts


def fail_payments(shop: Shop, sub: dict[str, Any], **given: int) -> None:
    url = f"{shop.server.url}/_fake/subscriptions/{sub['id']}/fail_next_payment"
    assert requests.post(url, json=given, timeout=5).status_code == 200


def test_a_renewal_moves_the_period_and_is_paid_an_hour_later(shop: Shop) -> None:
    sub = shop.subscribe(quantity=3)
    first, before = period(sub), shop.mark()
    assert first == (at(2026, 1, 15, 12), at(2026, 2, 15, 12))

    shop.server.advance(to=first[1])
    assert shop.types(before) == ["invoice.created", "customer.subscription.updated"]
    assert period(sub) == (first[1], at(2026, 3, 15, 12))
    changed = shop.server.events("customer.subscription.updated")[-1]["data"]
    assert changed["previous_attributes"]["items"]["data"][0]["current_period_end"] == first[1]

    shop.server.advance(seconds=HOUR)
    paid = shop.server.events("invoice.paid")[-1]
    invoice = paid["data"]["object"]
    assert paid["created"] == first[1] + HOUR
    assert paid["request"] == {"id": None, "idempotency_key": None}
    assert invoice["billing_reason"] == "subscription_cycle"
    assert invoice["amount_paid"] == 3600
    assert invoice["lines"]["data"][0]["period"] == {"start": first[1], "end": period(sub)[1]}
    assert (invoice["period_start"], invoice["period_end"]) == first


def test_a_year_brings_twelve_renewals_each_at_its_instant(shop: Shop) -> None:
    shop.subscribe()
    shop.server.advance(to=at(2027, 1, 15, 13))
    created = [event["created"] for event in shop.server.events("invoice.paid")]
    months = [at(2026, month, 15, 13) for month in range(2, 13)] + [at(2027, 1, 15, 13)]
    assert created[1:] == months


def test_the_anchor_survives_short_months(server: FakeStripeServer) -> None:
    with FakeStripeServer(now=datetime(2026, 1, 31, 9, tzinfo=UTC)) as late:
        client = stripe.StripeClient("sk_test_x", base_addresses={"api": late.url})
        product = client.v1.products.create({"name": "P"})
        price = client.v1.prices.create(
            {
                "product": product.id,
                "currency": "usd",
                "unit_amount": 1,
                "recurring": {"interval": "month"},
            }
        )
        customer = client.v1.customers.create({})
        client.v1.subscriptions.create({"customer": customer.id, "items": [{"price": price.id}]})
        late.advance(days=90)
        ends = [
            event["data"]["object"]["lines"]["data"][0]["period"]["end"]
            for event in late.events("invoice.created")
        ]
    days = [
        (datetime.fromtimestamp(end, UTC).month, datetime.fromtimestamp(end, UTC).day)
        for end in ends
    ]
    assert days == [(2, 28), (3, 31), (4, 30), (5, 31)]


def test_a_failing_renewal_is_retried_and_ends_the_subscription(shop: Shop) -> None:
    sub = shop.subscribe()
    fail_payments(shop, sub)
    before, end = shop.mark(), period(sub)[1]
    shop.server.advance(to=end + HOUR)
    assert sub["status"] == "past_due"
    assert shop.types(before)[2:] == [
        "payment_intent.created",
        "invoice.finalized",
        "charge.failed",
        "payment_intent.payment_failed",
        "invoice.payment_failed",
        "invoice.updated",
        "customer.subscription.updated",
        "customer.updated",
    ]
    shop.server.advance(days=8)
    failed = [
        event["created"] - end - HOUR for event in shop.server.events("invoice.payment_failed")
    ]
    assert failed == [0, 3 * DAY, 5 * DAY, 7 * DAY]
    deleted = shop.server.events("customer.subscription.deleted")[0]
    assert deleted["created"] == end + HOUR + 7 * DAY
    assert deleted["data"]["object"]["cancellation_details"]["reason"] == "payment_failed"
    assert (sub["status"], sub["ended_at"]) == ("canceled", deleted["created"])


def test_dunning_may_end_in_unpaid(shop: Shop) -> None:
    requests.post(
        f"{shop.server.url}/_fake/settings", json={"dunning_outcome": "unpaid"}, timeout=5
    )
    sub = shop.subscribe()
    fail_payments(shop, sub)
    shop.server.advance(days=45)
    assert sub["status"] == "unpaid"


def test_a_retry_that_succeeds_brings_the_subscription_back(shop: Shop) -> None:
    sub = shop.subscribe()
    fail_payments(shop, sub, times=1)
    shop.server.advance(to=period(sub)[1] + HOUR + 3 * DAY)
    assert sub["status"] == "active"
    assert shop.types()[-4:] == [
        "invoice.paid",
        "invoice.payment_succeeded",
        "customer.subscription.updated",
        "customer.updated",
    ]


def test_the_customer_may_pay_what_is_open(shop: Shop) -> None:
    sub = shop.subscribe()
    fail_payments(shop, sub)
    shop.server.advance(to=period(sub)[1] + 2 * HOUR)
    with pytest.raises(stripe.CardError):
        shop.client.v1.invoices.pay(sub["latest_invoice"])
    requests.post(f"{shop.server.url}/_fake/subscriptions/{sub['id']}/pay", timeout=5)
    assert sub["status"] == "active"
    before = shop.mark()
    shop.server.advance(days=6)
    assert shop.types(before) == []


def test_a_trial_warns_and_then_bills(shop: Shop) -> None:
    sub = shop.subscribe(subscription_data={"trial_period_days": 14})
    end = sub["trial_end"]
    shop.server.advance(to=end + HOUR)
    warning = shop.server.events("customer.subscription.trial_will_end")[0]
    assert warning["created"] == end - 3 * DAY
    updated = shop.server.events("customer.subscription.updated")[-1]["data"]
    assert updated["previous_attributes"]["status"] == "trialing"
    assert shop.server.events("invoice.paid")[-1]["data"]["object"]["amount_paid"] == 1200
    assert (sub["status"], period(sub)[0]) == ("active", end)


def test_a_trial_can_be_ended_now(shop: Shop) -> None:
    sub = shop.subscribe(subscription_data={"trial_period_days": 14})
    shop.client.v1.subscriptions.update(sub["id"], {"trial_end": "now"})
    assert (sub["status"], sub["trial_end"]) == ("active", shop.server.now)
    assert shop.server.events("invoice.paid")[-1]["data"]["object"]["amount_paid"] == 1200


def test_another_quantity_is_prorated_on_the_next_invoice(shop: Shop) -> None:
    sub = shop.subscribe()
    start, end = period(sub)
    shop.server.advance(to=start + (end - start) // 2)
    item = sub["items"]["data"][0]["id"]
    shop.client.v1.subscriptions.update(sub["id"], {"items": [{"id": item, "quantity": 2}]})
    changed = shop.server.events("customer.subscription.updated")[-1]["data"]
    assert changed["previous_attributes"]["items"]["data"][0]["quantity"] == 1
    shop.server.advance(to=end + HOUR)
    invoice = shop.server.events("invoice.paid")[-1]["data"]["object"]
    assert [line["amount"] for line in invoice["lines"]["data"]] == [2400, -600, 1200]


def test_another_interval_bills_at_once_and_starts_a_new_cycle(shop: Shop) -> None:
    sub = shop.subscribe()
    shop.server.advance(days=10)
    item = sub["items"]["data"][0]["id"]
    change: Any = {
        "items": [{"id": item, "price": shop.yearly}],
        "proration_behavior": "none",
    }
    shop.client.v1.subscriptions.update(sub["id"], change)
    invoice = shop.server.events("invoice.paid")[-1]["data"]["object"]
    assert (invoice["billing_reason"], invoice["total"]) == ("subscription_update", 12_000)
    assert period(sub) == (at(2026, 1, 25, 12), at(2027, 1, 25, 12))
    assert sub["items"]["data"][0]["plan"]["id"] == shop.yearly


def test_paused_collection_voids_invoices_and_keeps_the_status(shop: Shop) -> None:
    sub = shop.subscribe()
    shop.client.v1.subscriptions.update(sub["id"], {"pause_collection": {"behavior": "void"}})
    shop.server.advance(days=32)
    assert (sub["status"], sub["pause_collection"]) == (
        "active",
        {"behavior": "void", "resumes_at": None},
    )
    assert "invoice.voided" in shop.types()
    shop.client.v1.subscriptions.update(sub["id"], {"pause_collection": ""})
    assert sub["pause_collection"] is None


def test_an_incomplete_subscription_expires_after_23_hours(shop: Shop) -> None:
    customer = shop.client.v1.customers.create({"email": "a@example.com"})
    requests.post(
        f"{shop.server.url}/_fake/customers/{customer.id}/fail_next_payment",
        json={"times": 1},
        timeout=5,
    )
    sub = shop.client.v1.subscriptions.create(
        {"customer": customer.id, "items": [{"price": shop.monthly}]}
    )
    assert sub.status == "incomplete"
    shop.server.advance(days=1)
    assert shop.client.v1.subscriptions.retrieve(sub.id).status == "incomplete_expired"


def test_the_clock_refuses_to_go_back(shop: Shop) -> None:
    url = f"{shop.server.url}/_fake/clock/advance"
    assert requests.post(url, json={"to": 1}, timeout=5).status_code == 400
    assert requests.post(url, json={"days": 1}, timeout=5).json()["now"] == shop.server.now


def test_settings_are_taken_from_python_too() -> None:
    with FakeStripeServer(now=0, settings=Settings(livemode=True)) as live:
        client = stripe.StripeClient("sk_live_x", base_addresses={"api": live.url})
        assert client.v1.customers.create({}).livemode is True
