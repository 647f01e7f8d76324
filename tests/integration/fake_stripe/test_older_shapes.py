from __future__ import annotations

import json
from typing import Any

import pytest
import requests

from .conftest import Shop

ACACIA, BASIL, OLD = "2024-10-28.acacia", "2025-03-31.basil", "2022-08-01"


def get(shop: Shop, path: str, version: str) -> dict[str, Any]:
    headers = {"Authorization": "Bearer sk_test_x", "Stripe-Version": version}
    answer = requests.get(f"{shop.server.url}/v1/{path}", headers=headers, timeout=5)
    assert answer.headers["Stripe-Version"] == version
    shown: dict[str, Any] = answer.json()
    return shown


def test_a_subscription_had_its_period_on_top(shop: Shop) -> None:
    sub = shop.subscribe()
    item = sub["items"]["data"][0]
    old = get(shop, f"subscriptions/{sub['id']}", ACACIA)
    assert old["current_period_end"] == item["current_period_end"]
    assert "current_period_end" not in old["items"]["data"][0]
    assert (old["discount"], old["quantity"], old["plan"]["id"]) == (None, 1, shop.monthly)
    new = get(shop, f"subscriptions/{sub['id']}", BASIL)
    assert "current_period_end" not in new
    assert new["items"]["data"][0]["current_period_end"] == item["current_period_end"]
    assert "billing_mode" not in new


def test_an_invoice_named_its_subscription_and_its_payment(shop: Shop) -> None:
    sub = shop.subscribe(subscription_data={"metadata": {"user_id": "u1"}})
    old = get(shop, f"invoices/{sub['latest_invoice']}", ACACIA)
    assert old["subscription"] == sub["id"]
    assert old["subscription_details"] == {"metadata": {"user_id": "u1"}}
    assert (old["paid"], "parent" in old) == (True, False)
    charge = get(shop, f"charges/{old['charge']}", ACACIA)
    assert (charge["invoice"], charge["payment_intent"]) == (old["id"], old["payment_intent"])
    assert get(shop, f"payment_intents/{old['payment_intent']}", ACACIA)["invoice"] == old["id"]
    line = old["lines"]["data"][0]
    assert (line["price"]["id"], line["plan"]["id"]) == (shop.monthly, shop.monthly)
    assert (line["type"], line["proration"]) == ("subscription", False)
    assert line["subscription_item"] == sub["items"]["data"][0]["id"]
    assert "invoice" not in get(shop, f"charges/{old['charge']}", BASIL)


def test_a_discount_held_its_coupon(shop: Shop) -> None:
    coupon = shop.client.v1.coupons.create({"percent_off": 10, "duration": "forever"})
    sub = shop.subscribe(discounts=[{"coupon": coupon.id}])
    old = get(shop, f"subscriptions/{sub['id']}?expand[]=discounts", ACACIA)
    assert old["discount"]["coupon"]["id"] == coupon.id
    assert old["discounts"][0]["coupon"]["percent_off"] == 10
    assert "source" not in old["discounts"][0]


def test_older_generations_go_on(shop: Shop) -> None:
    charge = shop.buy()
    shop.client.v1.refunds.create({"charge": charge["id"], "amount": 5})
    assert get(shop, f"charges/{charge['id']}", OLD)["refunds"]["data"][0]["amount"] == 5
    intent = get(shop, f"payment_intents/{charge['payment_intent']}", OLD)
    assert intent["charges"]["data"][0]["id"] == charge["id"]
    product = shop.client.v1.products.list().data[0].id
    assert get(shop, f"products/{product}", OLD)["features"] == []
    session = next(iter(shop.server.state.sessions.rows))
    assert get(shop, f"checkout/sessions/{session}", OLD)["ui_mode"] == "hosted"


def test_events_are_delivered_in_the_shape_of_the_endpoint(shop: Shop) -> None:
    sub = shop.subscribe()
    end = sub["items"]["data"][0]["current_period_end"]
    shop.server.advance(to=end)
    event = shop.server.events("customer.subscription.updated")[-1]
    body = json.loads(shop.server.signed(event, version="2024-06-20")[0])
    assert body["api_version"] == "2024-06-20"
    assert body["data"]["object"]["current_period_start"] == end
    assert body["data"]["previous_attributes"]["current_period_end"] == end
    newest = json.loads(shop.server.signed(event)[0])
    assert "current_period_end" not in newest["data"]["object"]


@pytest.mark.parametrize("version", ["nonsense", "v1"])
def test_a_version_that_is_none_is_refused(shop: Shop, version: str) -> None:
    assert "Invalid Stripe API version" in get(shop, "customers", version)["error"]["message"]
