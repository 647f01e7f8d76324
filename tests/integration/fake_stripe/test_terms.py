"""What the fake charges by the terms of a price and of a coupon, and what it shows of them."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from .conftest import Shop

MONTH = {"interval": "month"}


def a_price(shop: Shop, **fields: Any) -> Any:
    given = {"product_data": {"name": "New"}, "currency": "usd", "recurring": MONTH, **fields}
    return shop.client.v1.prices.create(given)  # type: ignore[arg-type]  # made of parts


def a_subscription(shop: Shop, *prices: Any, quantity: int = 1, **fields: Any) -> Any:
    customer = shop.client.v1.customers.create({"email": "a@example.com"})
    items = [{"price": price.id, "quantity": quantity} for price in prices]
    given: Any = {"customer": customer.id, "items": items, **fields}
    return shop.client.v1.subscriptions.create(given)


def asked_for(shop: Shop, sub: Any) -> tuple[int, str]:
    invoice = shop.client.v1.invoices.retrieve(sub.latest_invoice)
    return invoice.total, invoice.currency


def test_packages_and_parts_of_a_cent_are_charged(shop: Shop) -> None:
    by_ten: Any = {"unit_amount": 700, "transform_quantity": {"divide_by": 10, "round": "up"}}
    assert asked_for(shop, a_subscription(shop, a_price(shop, **by_ten), quantity=11))[0] == 1400
    cheap = a_price(shop, unit_amount_decimal="0.5")
    assert (cheap.unit_amount, str(cheap.unit_amount_decimal)) == (None, "0.5")
    assert asked_for(shop, a_subscription(shop, cheap, quantity=300))[0] == 150


def test_a_subscription_may_be_in_another_currency_of_its_price(shop: Shop) -> None:
    options = {"eur": {"unit_amount": 1100}}
    price = a_price(shop, unit_amount=1200, currency_options=options)
    coupon = shop.client.v1.coupons.create(
        {
            "amount_off": 200,
            "currency": "usd",
            "currency_options": {"eur": {"amount_off": 100}},
            "duration": "forever",
        }
    )
    sub = a_subscription(shop, price, currency="eur", discounts=[{"coupon": coupon.id}])
    assert (sub.currency, sub["items"].data[0].price.currency) == ("eur", "usd")
    assert asked_for(shop, sub) == (1000, "eur")


def test_a_coupon_for_some_products_is_taken_off_those(shop: Shop) -> None:
    first, second = a_price(shop, unit_amount=1000), a_price(shop, unit_amount=500)
    coupon = shop.client.v1.coupons.create(
        {"percent_off": 50, "duration": "forever", "applies_to": {"products": [second.product]}}
    )
    sub = a_subscription(shop, first, second, discounts=[{"coupon": coupon.id}])
    assert asked_for(shop, sub)[0] == 1250


def test_a_discount_may_be_of_an_item(shop: Shop) -> None:
    sub = a_subscription(shop, a_price(shop, unit_amount=1000), a_price(shop, unit_amount=500))
    coupon = shop.client.v1.coupons.create({"percent_off": 50, "duration": "forever"})
    item = sub["items"].data[1].id
    given: Any = {"discounts": [{"coupon": coupon.id}]}
    changed = shop.client.v1.subscription_items.update(item, given)
    expand = ["data.discounts.source.coupon"]
    listed: Any = shop.client.v1.subscription_items.list({"subscription": sub.id, "expand": expand})
    (found,) = next(each for each in listed.data if each.id == item).discounts
    assert (found.id, found.subscription_item) == (changed.discounts[0], item)
    assert found.source.coupon.percent_off == 50
    shop.server.advance(days=32)
    renewed = shop.client.v1.subscriptions.retrieve(sub.id)
    assert asked_for(shop, renewed)[0] == 1250


def test_terms_are_shown_only_when_asked_for(shop: Shop) -> None:
    api, price = shop.client.v1, a_price(shop, unit_amount=1200)
    limited: Any = {"percent_off": 5, "applies_to": {"products": [price.product]}}
    coupon = api.coupons.create(limited)
    assert "applies_to" not in api.coupons.retrieve(coupon.id)
    assert "currency_options" not in api.prices.retrieve(price.id)
    whole: Any = api.coupons.retrieve(coupon.id, {"expand": ["applies_to", "currency_options"]})
    assert whole.applies_to.products == [price.product]
    shown: Any = api.prices.retrieve(price.id, {"expand": ["currency_options"]})
    assert shown.currency_options["usd"].unit_amount == 1200


def test_a_coupon_that_was_deleted_is_still_in_the_discounts_that_it_gave(shop: Shop) -> None:
    api = shop.client.v1
    coupon = api.coupons.create({"percent_off": 10, "duration": "forever"})
    sub = shop.subscribe(discounts=[{"coupon": coupon.id}])
    api.coupons.delete(coupon.id)
    with pytest.raises(stripe.InvalidRequestError, match="No such coupon"):
        api.coupons.retrieve(coupon.id)
    found: Any = api.subscriptions.retrieve(sub["id"], {"expand": ["discounts.source.coupon"]})
    assert found.discounts[0].source.coupon.percent_off == 10


def test_the_last_failure_may_pause_and_says_so(shop: Shop) -> None:
    sub = shop.subscribe()
    with shop.server.acting() as world:
        world.settings.dunning_outcome = "paused"
        world.declines[sub["id"]] = -1
    shop.server.advance(days=60)
    paused: Any = shop.client.v1.subscriptions.retrieve(sub["id"])
    assert paused.status == "paused"
    assert paused.status_details.paused.subscription.type == "final_payment_failure"
    with shop.server.acting() as world:
        world.declines.clear()
    resumed = shop.client.v1.subscriptions.resume(sub["id"])
    assert (resumed.status, "status_details" in resumed) == ("active", False)
