"""What a subscription is charged by, as the gateway fetches it."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
import stripe

from billing.adapters.stripe.discounts import read_discounts
from billing.adapters.stripe.gateway import StripeGateway
from billing.adapters.stripe.listed import Listed
from billing.adapters.stripe.remembered import KEPT, Remembered
from billing.domain.worth import Discount
from local.stripe.server import FakeStripeServer

MONTH = {"interval": "month"}


@pytest.fixture
def client(stripe_server: FakeStripeServer) -> stripe.StripeClient:
    return stripe.StripeClient("sk_test_fake", base_addresses={"api": stripe_server.url})


def a_price(client: stripe.StripeClient, **fields: Any) -> Any:
    given = {"product_data": {"name": "New"}, "currency": "usd", "recurring": MONTH, **fields}
    return client.v1.prices.create(given)  # type: ignore[arg-type]  # made of parts


def a_subscription(client: stripe.StripeClient, *prices: Any, **fields: Any) -> Any:
    customer = client.v1.customers.create({"email": "a@example.com"})
    items = [{"price": price.id} for price in prices]
    given: Any = {"customer": customer.id, "items": items, **fields}
    return client.v1.subscriptions.create(given)


def a_coupon(client: stripe.StripeClient, **fields: Any) -> str:
    given: Any = {"duration": "forever", **fields}
    return client.v1.coupons.create(given).id


def calls(server: FakeStripeServer, action: Any) -> int:
    never = 1_000_000
    server.add_fault(method="GET", skip=never)
    action()
    (fault,) = server.api.faults.planned
    server.api.faults.planned.clear()
    return never - fault.skip


def test_a_subscription_comes_with_its_discounts_and_those_of_its_items(
    client: stripe.StripeClient, gateway: StripeGateway
) -> None:
    first, second = a_price(client, unit_amount=1000), a_price(client, unit_amount=500)
    whole = a_coupon(client, amount_off=300, currency="usd")
    only = a_coupon(client, percent_off=12.5, applies_to={"products": [second.product]})
    sub = a_subscription(client, first, second, discounts=[{"coupon": whole}])
    item = sub["items"].data[1].id
    client.v1.subscription_items.update(item, {"discounts": [{"coupon": only}]})
    found = gateway.subscription(sub.id)
    assert found is not None
    of_all, of_item = read_discounts(found)
    assert of_all == Discount(of_all.id, amount_off=300, currency="usd")
    assert of_item == Discount(
        of_item.id, percent_off="12.5", item_id=item, products=(second.product,)
    )


def test_terms_are_fetched_once_in_a_while(
    client: stripe.StripeClient, gateway: StripeGateway, stripe_server: FakeStripeServer
) -> None:
    price = a_price(client, unit_amount=1200, currency_options={"eur": {"unit_amount": 1100}})
    coupon = a_coupon(client, percent_off=50)
    plain = a_subscription(client, a_price(client, unit_amount=1))
    sub = a_subscription(client, price, currency="eur", discounts=[{"coupon": coupon}])
    counted = [
        calls(stripe_server, partial(gateway.subscription, each.id)) for each in (plain, sub, sub)
    ]
    assert counted == [1, 3, 1]


def test_what_is_remembered_is_asked_for_again_after_a_while() -> None:
    asked: list[str] = []
    now = [0.0]

    def fetch(object_id: str) -> dict[str, Any] | None:
        asked.append(object_id)
        return None if object_id == "gone" else {"id": object_id}

    known = Remembered(fetch, lambda: now[0])
    for object_id in ("one", "gone", "one", "gone"):
        assert known(object_id) == (None if object_id == "gone" else {"id": object_id})
    now[0] = KEPT - 0.5
    known("two")
    assert asked == ["one", "gone", "two"]
    now[0] = float(KEPT)
    known("one")
    known("two")
    assert asked == ["one", "gone", "two", "one"]


def test_a_coupon_that_was_deleted_takes_off_what_its_discounts_say(
    client: stripe.StripeClient, gateway: StripeGateway
) -> None:
    coupon = a_coupon(client, percent_off=12.5)
    price = a_price(client, unit_amount=1000)
    sub = a_subscription(client, price, discounts=[{"coupon": coupon}])
    client.v1.subscription_items.update(
        sub["items"].data[0].id, {"discounts": [{"coupon": coupon}]}
    )
    client.v1.coupons.delete(coupon)
    found = gateway.subscription(sub.id)
    assert found is not None
    assert [each.percent_off for each in read_discounts(found)] == ["12.5"] * 2


def test_a_page_of_subscriptions_costs_one_call(
    client: stripe.StripeClient, gateway: StripeGateway, stripe_server: FakeStripeServer
) -> None:
    coupon = a_coupon(client, percent_off=10)
    price = a_price(client, unit_amount=1000)
    for _ in range(3):
        sub = a_subscription(client, price, discounts=[{"coupon": coupon}])
        item = sub["items"].data[0].id
        client.v1.subscription_items.update(item, {"discounts": [{"coupon": coupon}]})
    assert calls(stripe_server, lambda: gateway.page(Listed.SUBSCRIPTIONS)) == 1
