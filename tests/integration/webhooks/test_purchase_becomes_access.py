"""From a checkout to access and its end, through the real handlers and the fake Stripe."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.shop import Shop

OLD = "2024-06-20"
NEW = "2026-10-28.endive"

PRO = {"export": True, "quota": 100}

both_generations = pytest.mark.parametrize("version", [NEW, OLD])


def export(shop: Shop) -> Any:
    """The one entitlement to `export` of user-1."""
    (found,) = [
        e for e in shop.entitlements("user-1")["entitlements"] if e["feature_code"] == "export"
    ]
    return found


@both_generations
def test_a_subscription_is_bought_and_renewed(shop: Shop, version: str) -> None:
    session = shop.buy("user-1")
    assert shop.features("user-1") == {}
    shop.deliver_all(version)
    assert shop.features("user-1") == PRO
    first = export(shop)
    assert (first["source"], first["source_id"]) == ("subscription", session["subscription"])
    shop.stripe.advance(days=32)
    shop.deliver_all(version)
    renewed = export(shop)
    assert renewed["valid_from"] == first["valid_from"]
    assert renewed["valid_to"] > first["valid_to"]


@both_generations
def test_a_renewal_is_known_by_its_invoice_alone(shop: Shop, version: str) -> None:
    shop.buy("user-1")
    shop.deliver_all(version)
    shop.stripe.advance(days=33)
    assert shop.features("user-1") == {}, "nothing was heard of a renewal, and the leeway is over"
    shop.deliver(shop.events("invoice.paid"), version)
    assert shop.features("user-1") == PRO


@both_generations
def test_a_purchase_for_life_and_its_refunds(shop: Shop, version: str) -> None:
    session = shop.buy("user-1", "once")
    shop.deliver_all(version)
    assert shop.features("user-1") == {"export": True}
    assert export(shop)["valid_to"] is None
    shop.refund(session["payment_intent"], 4000)
    shop.deliver_all(version)
    assert shop.features("user-1") == {"export": True}, "a part of the money leaves access"
    shop.refund(session["payment_intent"], 5900)
    shop.deliver_all(version)
    assert shop.features("user-1") == {}


@both_generations
def test_a_refund_heard_of_before_the_purchase_counts(shop: Shop, version: str) -> None:
    session = shop.buy("user-1", "once")
    shop.refund(session["payment_intent"])
    shop.deliver(shop.events("charge.refunded"), version)
    shop.deliver(shop.events("checkout.session.completed"), version)
    assert shop.features("user-1") == {}


@both_generations
def test_a_subscription_whose_period_is_refunded_ends_until_it_renews(
    shop: Shop, version: str
) -> None:
    shop.buy("user-1")
    shop.deliver_all(version)
    (intent,) = shop.client.v1.payment_intents.list().data
    shop.refund(intent.id)
    shop.deliver_all(version)
    assert shop.features("user-1") == {}
    assert export_reason(shop) == "refunded"
    shop.stripe.advance(days=32)
    shop.deliver_all(version)
    assert shop.features("user-1") == PRO


def export_reason(shop: Shop) -> str:
    told = shop.entitlements("user-1", include="inactive")["entitlements"]
    return str(next(e for e in told if e["feature_code"] == "export")["sources"][0]["state"])


@both_generations
def test_a_pass_lasts_thirty_days_to_the_second(shop: Shop, version: str) -> None:
    shop.buy("user-1", "pass_30")
    shop.deliver_all(version)
    shop.stripe.advance(days=30, seconds=-1)
    assert shop.features("user-1") == {"export": True}
    shop.stripe.advance(seconds=1)
    assert shop.features("user-1") == {}


@pytest.mark.parametrize(("succeeds", "features"), [(True, {"export": True}), (False, {})])
def test_a_bank_debit_gives_access_once_the_money_came(
    shop: Shop, succeeds: bool, features: dict[str, Any]
) -> None:
    session = shop.buy("user-1", "once", delayed=True)
    shop.deliver_all()
    assert shop.features("user-1") == {}
    assert export_reason(shop) == "unpaid"
    shop.control(f"checkout/sessions/{session['id']}/async", succeed=succeeds)
    shop.deliver_all()
    assert shop.features("user-1") == features


def test_a_trial_gives_access_and_becomes_a_subscription(shop: Shop) -> None:
    shop.buy("user-1", trial_days=14)
    shop.deliver_all()
    assert export(shop)["sources"][0]["state"] == "trialing"
    shop.stripe.advance(days=14, seconds=7200)
    shop.deliver_all()
    assert export(shop)["sources"][0]["state"] == "active"


def test_quantity_counts_for_what_sums(shop: Shop) -> None:
    shop.buy("user-1", "seat", quantity=7)
    shop.deliver_all()
    assert shop.features("user-1") == {"seats": 7, "quota": 50}


def test_two_subscriptions_of_one_user_add_up(shop: Shop) -> None:
    shop.buy("user-1", "seat", quantity=2)
    shop.buy("user-1", "pro_yearly")
    shop.deliver_all()
    assert shop.features("user-1") == {"export": True, "seats": 2, "quota": 100}


@pytest.fixture
def failing(shop: Shop) -> str:
    """A subscription of user-1 whose renewal failed a day ago; its id."""
    session = shop.buy("user-1")
    shop.deliver_all()
    shop.control(f"subscriptions/{session['subscription']}/fail_next_payment")
    shop.stripe.advance(days=32)
    shop.deliver_all()
    return str(session["subscription"])


def test_failed_renewals_keep_access_for_seven_days_from_the_first(
    shop: Shop, failing: str
) -> None:
    assert export(shop)["sources"][0]["state"] == "past_due"
    ends = export(shop)["valid_to"]
    shop.stripe.advance(days=4)
    shop.deliver_all()
    assert export(shop)["valid_to"] == ends, "another failed attempt moves nothing"
    shop.stripe.advance(days=3)
    assert shop.features("user-1") == {}


def test_a_payment_within_the_grace_restores_the_subscription(shop: Shop, failing: str) -> None:
    shop.stripe.advance(days=4)
    shop.control(f"subscriptions/{failing}/pay")
    shop.deliver_all()
    assert export(shop)["sources"][0]["state"] == "active"


@pytest.mark.parametrize("how", ["at period end", "at an instant"])
def test_a_cancellation_keeps_access_to_the_period_end_and_no_longer(shop: Shop, how: str) -> None:
    session = shop.buy("user-1")
    shop.deliver_all()
    bare_end = export(shop)["sources"][0]["period_end"]
    shop.stripe.advance(days=3)
    update: Any = {"cancel_at_period_end": True}
    if how == "at an instant":
        item = shop.client.v1.subscriptions.retrieve(session["subscription"])["items"].data[0]
        update = {"cancel_at": item["current_period_end"]}
    shop.client.v1.subscriptions.update(session["subscription"], update)
    shop.deliver_all()
    assert export(shop)["valid_to"] == bare_end
    shop.stripe.advance(days=31)
    assert shop.features("user-1") == {}, "no job had to run, no event had to arrive"
    shop.deliver_all()
    assert shop.features("user-1") == {}


def test_a_cancellation_at_once_ends_access_at_once(shop: Shop) -> None:
    session = shop.buy("user-1")
    shop.deliver_all()
    shop.stripe.advance(seconds=60)
    shop.client.v1.subscriptions.cancel(session["subscription"])
    shop.deliver_all()
    assert shop.features("user-1") == {}
    assert export_reason(shop) == "canceled"


def test_a_change_of_plan_changes_what_is_given(shop: Shop) -> None:
    session = shop.buy("user-1")
    shop.deliver_all()
    shop.stripe.advance(seconds=60)
    seat = shop.catalog.find_price("seat")
    assert seat is not None
    item = shop.client.v1.subscriptions.retrieve(session["subscription"])["items"].data[0]
    change: Any = {"items": [{"id": item["id"], "price": seat[1].stripe_price_id, "quantity": 3}]}
    shop.client.v1.subscriptions.update(session["subscription"], change)
    shop.deliver_all()
    assert shop.features("user-1") == {"seats": 3, "quota": 50}


def test_a_checkout_that_is_given_up_leaves_nothing(shop: Shop) -> None:
    shop.checkout("user-1")
    shop.stripe.advance(days=2)
    (expired,) = shop.events("checkout.session.expired")
    shop.deliver([expired])
    assert shop.outcome(expired) == "no_change"
    assert shop.features("user-1") == {}
