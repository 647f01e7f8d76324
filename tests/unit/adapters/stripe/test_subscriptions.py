from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from billing.adapters.stripe.translate import (
    UnreadableShape,
    has_all_items,
    read_subscription,
    with_items,
)
from billing.domain.status import SubscriptionStatus
from billing.domain.subscription import Subscription, SubscriptionItem
from billing.domain.worth import TransformQuantity
from tests.support.stripe_objects import (
    APRIL,
    MARCH,
    MAY,
    a_list,
    a_price,
    a_subscription,
    an_item,
)

NOW = datetime(2026, 3, 2, tzinfo=UTC)


def at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def read(obj: Any) -> Subscription:
    return read_subscription(obj, as_of=at(MARCH), event_id="evt_1", first_seen=NOW)


@pytest.mark.parametrize("old", [True, False])
def test_both_generations_read_alike(old: bool) -> None:
    subscription = read(a_subscription(old=old))
    (item,) = subscription.items
    assert (subscription.id, subscription.customer_id) == ("sub_1", "cus_1")
    assert subscription.status is SubscriptionStatus.ACTIVE
    assert (item.id, item.price_id, item.quantity) == ("si_1", "price_pro", 1)
    assert (item.period_start, item.period_end) == (at(MARCH), at(APRIL))
    assert (item.stripe_product_id, item.product_id) == ("prod_pro", None)
    assert (item.unit_amount, item.currency, item.interval) == (2000, "usd", "month")
    assert (subscription.started_at, subscription.as_of) == (at(MARCH), at(MARCH))
    assert (subscription.first_seen, subscription.event_id) == (NOW, "evt_1")


def test_each_item_has_its_own_period() -> None:
    subscription = read(a_subscription(an_item("si_1", end=APRIL), an_item("si_2", end=MAY)))
    assert [item.period_end for item in subscription.items] == [at(APRIL), at(MAY)]


@pytest.mark.parametrize("status", [s for s in SubscriptionStatus if s.value != "unknown"])
def test_every_status_that_is_documented_is_known(status: SubscriptionStatus) -> None:
    assert read(a_subscription(status=status.value)).status is status


def test_a_status_that_stripe_invents_is_unknown() -> None:
    assert read(a_subscription(status="hibernating")).status is SubscriptionStatus.UNKNOWN


@pytest.mark.parametrize("pause", [{"behavior": "void", "resumes_at": None}, {"behavior": "new"}])
def test_a_paused_collection_is_noted(pause: object) -> None:
    assert read(a_subscription(pause_collection=pause)).collection_paused


@pytest.mark.parametrize("pause", [None, ...])
def test_no_pause_is_no_pause(pause: object) -> None:
    assert not read(a_subscription(pause_collection=pause)).collection_paused


def test_the_ends_are_read() -> None:
    subscription = read(
        a_subscription(
            cancel_at=APRIL,
            cancel_at_period_end=True,
            canceled_at=MARCH,
            ended_at=MAY,
            trial_end=APRIL,
        )
    )
    assert subscription.cancel_at == at(APRIL)
    assert subscription.cancel_at_period_end
    assert subscription.canceled_at == at(MARCH)
    assert subscription.ended_at == at(MAY)
    assert subscription.trial_end == at(APRIL)


def test_the_portal_may_set_cancel_at_alone() -> None:
    subscription = read(a_subscription(cancel_at=APRIL))
    assert subscription.cancel_at == at(APRIL)
    assert not subscription.cancel_at_period_end


@pytest.mark.parametrize(
    "customer", ["cus_1", {"id": "cus_1", "object": "customer"}, {"id": "cus_1", "deleted": True}]
)
def test_ids_may_be_expanded(customer: object) -> None:
    item = an_item(price=a_price(product={"id": "prod_pro", "object": "product"}))
    subscription = read(a_subscription(item, customer=customer))
    assert subscription.customer_id == "cus_1"
    assert subscription.items[0].stripe_product_id == "prod_pro"


def test_a_customer_may_be_an_account() -> None:
    subscription = read(a_subscription(customer=None, customer_account="acct_1"))
    assert subscription.customer_id == "acct_1"


def test_metered_items_have_no_quantity() -> None:
    assert read(a_subscription(an_item(quantity=...))).items[0].quantity == 1


def test_a_quantity_of_nothing_stays_nothing() -> None:
    assert read(a_subscription(an_item(quantity=0))).items[0].quantity == 0


def test_tiered_prices_have_no_amount() -> None:
    assert (
        read(a_subscription(an_item(price=a_price(unit_amount=None)))).items[0].unit_amount is None
    )


PLAN = {
    "id": "gold",
    "object": "plan",
    "amount": 900,
    "currency": "eur",
    "interval": "year",
    "interval_count": 2,
    "product": "prod_gold",
}


def an_item_of(price: Any, **fields: Any) -> SubscriptionItem:
    (item,) = read(a_subscription(an_item(price=price), **fields)).items
    return item


def test_a_price_of_a_part_of_a_cent_is_read_as_it_is_written() -> None:
    item = an_item_of(a_price(unit_amount=None, unit_amount_decimal="0.050"))
    assert (item.unit_amount, item.unit_amount_decimal) == (None, "0.050")
    assert an_item_of(a_price()).unit_amount_decimal is None
    tiered = a_price(unit_amount=None, unit_amount_decimal=None, billing_scheme="tiered")
    assert an_item_of(tiered).unit_amount_decimal is None


@pytest.mark.parametrize("written", [0.5, "half", "NaN", "1e40"])
def test_what_is_no_decimal_number_cannot_be_read(written: Any) -> None:
    with pytest.raises(UnreadableShape):
        an_item_of(a_price(unit_amount=None, unit_amount_decimal=written))


def test_a_price_may_charge_by_the_package() -> None:
    by_ten = {"divide_by": 10, "round": "up"}
    read_as = TransformQuantity(10, "up")
    assert an_item_of(a_price(transform_quantity=by_ten)).transform_quantity == read_as
    plan = {**PLAN, "transform_usage": by_ten, "amount": None, "amount_decimal": "0.5"}
    sub = a_subscription(an_item(price=..., plan=plan, old=True), old=True, currency="eur")
    (item,) = read(sub).items
    assert (item.transform_quantity, item.unit_amount_decimal) == (read_as, "0.5")
    with pytest.raises(UnreadableShape):
        an_item_of(a_price(transform_quantity={"divide_by": 0, "round": "up"}))


@pytest.mark.parametrize(
    ("options", "amounts"),
    [
        ({"eur": {"unit_amount": 1800, "unit_amount_decimal": "1800"}}, (1800, None)),
        ({"eur": {"unit_amount": None, "unit_amount_decimal": "0.5"}}, (None, "0.5")),
        ({"gbp": {"unit_amount": 1700}}, (None, None)),
        ({}, (None, None)),
        (None, (None, None)),
    ],
)
def test_a_subscription_is_charged_in_its_own_currency_or_at_a_price_that_is_not_known(
    options: Any, amounts: tuple[int | None, str | None]
) -> None:
    item = an_item_of(a_price(currency_options=options), currency="eur")
    assert (item.unit_amount, item.unit_amount_decimal) == amounts
    assert item.currency == "eur"


def test_the_currency_is_the_price_s_where_a_subscription_has_none() -> None:
    assert an_item_of(a_price(currency="chf"), currency=...).currency == "chf"


def test_a_pause_says_why() -> None:
    why = {"paused": {"subscription": {"type": "final_payment_failure"}}}
    paused = a_subscription(status="paused", status_details=why)
    assert read(paused).pause_reason == "final_payment_failure"
    for untold in (..., None, {}, {"paused": None}):
        assert read(a_subscription(status="paused", status_details=untold)).pause_reason is None


def test_before_prices_an_item_had_a_plan() -> None:
    sub = a_subscription(an_item(price=..., plan=PLAN, old=True), old=True, currency="eur")
    (item,) = read(sub).items
    assert (item.price_id, item.stripe_product_id) == ("gold", "prod_gold")
    assert (item.unit_amount, item.currency) == (900, "eur")
    assert (item.interval, item.interval_count) == ("year", 2)


def test_the_oldest_subscriptions_had_a_plan_and_no_items() -> None:
    (item,) = read(a_subscription(items=..., plan=PLAN, quantity=3, old=True)).items
    assert (item.id, item.price_id, item.quantity) == ("sub_1", "gold", 3)
    assert item.period_end == at(APRIL)


def test_the_start_is_the_creation_where_nothing_better_is_known() -> None:
    assert read(a_subscription(start_date=..., created=APRIL)).started_at == at(APRIL)


def test_more_items_than_are_shown_are_told() -> None:
    shown = a_subscription(items=a_list(an_item("si_1"), has_more=True))
    assert not has_all_items(shown)
    whole = with_items(shown, [an_item("si_1"), an_item("si_2")])
    assert has_all_items(whole)
    assert [item.id for item in read(whole).items] == ["si_1", "si_2"]


@pytest.mark.parametrize(
    ("changes", "detail"),
    [
        ({"id": ...}, "id is missing"),
        ({"id": ""}, "id is missing"),
        ({"id": 7}, "id is not a text"),
        ({"id": "sub_\ud800"}, "id is not a text"),
        ({"status": None}, "status is missing"),
        ({"status": ["active"]}, "status is not a text"),
        ({"customer": None}, "customer is missing"),
        ({"items": []}, "items is not an object"),
        ({"items": {"data": None}}, "items.data is not a list"),
        ({"items": {"data": ["si_1"]}}, "items is not an object"),
        ({"items": a_list({"id": "si_1"})}, "an item has no price"),
        ({"cancel_at": "tomorrow"}, "cancel_at is not a whole number"),
        ({"cancel_at": 1.5}, "cancel_at is not a whole number"),
        ({"cancel_at": True}, "cancel_at is not a whole number"),
        ({"cancel_at": -1}, "cancel_at is not a time"),
        ({"cancel_at": 10**17}, "cancel_at is not a time"),
        ({"cancel_at": 10**40}, "cancel_at is not a whole number"),
        ({"cancel_at_period_end": "no"}, "cancel_at_period_end is neither true nor false"),
    ],
)
def test_what_cannot_be_read_is_said(changes: dict[str, Any], detail: str) -> None:
    with pytest.raises(UnreadableShape, match=detail):
        read(a_subscription(**changes))


@pytest.mark.parametrize("obj", [None, [], "sub_1", 7])
def test_what_is_no_object_is_no_subscription(obj: object) -> None:
    with pytest.raises(UnreadableShape):
        read(obj)
