from __future__ import annotations

import pytest
import stripe

from .conftest import Shop

DAY = 86_400


@pytest.mark.parametrize(("behavior", "status"), [("cancel", "canceled"), ("pause", "paused")])
def test_a_trial_without_a_card_ends_as_asked(shop: Shop, behavior: str, status: str) -> None:
    settings = {"end_behavior": {"missing_payment_method": behavior}}
    sub = shop.subscribe(
        payment_method_collection="if_required",
        subscription_data={"trial_period_days": 7, "trial_settings": settings},
    )
    shop.server.advance(days=7)
    assert sub["status"] == status
    if status == "paused":
        shop.client.v1.subscriptions.resume(sub["id"])
        assert shop.types()[-1] == "invoice.payment_succeeded"


def test_cancel_at_period_end_ends_instead_of_renewing(shop: Shop) -> None:
    sub = shop.subscribe()
    end, before = sub["items"]["data"][0]["current_period_end"], shop.mark()
    shop.client.v1.subscriptions.update(sub["id"], {"cancel_at_period_end": True})
    assert (sub["cancel_at"], sub["canceled_at"]) == (end, shop.server.now)
    shop.server.advance(days=40)
    assert shop.types(before) == ["customer.subscription.updated", "customer.subscription.deleted"]
    assert shop.server.events("customer.subscription.deleted")[0]["created"] == end


def test_a_cancellation_can_be_taken_back(shop: Shop) -> None:
    sub = shop.subscribe()
    shop.client.v1.subscriptions.update(sub["id"], {"cancel_at_period_end": True})
    shop.client.v1.subscriptions.update(sub["id"], {"cancel_at_period_end": False})
    assert (sub["cancel_at"], sub["canceled_at"]) == (None, None)
    shop.server.advance(days=40)
    assert sub["status"] == "active"


def test_cancel_at_a_date(shop: Shop) -> None:
    sub = shop.subscribe()
    date = shop.server.now + 10 * DAY
    shop.client.v1.subscriptions.update(sub["id"], {"cancel_at": date})
    assert sub["cancel_at_period_end"] is False
    shop.server.advance(days=11)
    assert (sub["status"], sub["ended_at"]) == ("canceled", date)


def test_cancelling_now_and_twice(shop: Shop) -> None:
    sub = shop.subscribe()
    gone = shop.client.v1.subscriptions.cancel(sub["id"])
    assert (gone.status, gone.ended_at) == ("canceled", shop.server.now)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.client.v1.subscriptions.cancel(sub["id"])
    assert (refused.value.http_status, refused.value.code) == (404, "resource_missing")


def test_deleting_a_customer_ends_its_subscriptions(shop: Shop) -> None:
    sub = shop.subscribe()
    shop.client.v1.customers.delete(sub["customer"])
    assert shop.types()[-2:] == ["customer.subscription.deleted", "customer.deleted"]
    assert shop.client.v1.customers.retrieve(sub["customer"]).deleted
