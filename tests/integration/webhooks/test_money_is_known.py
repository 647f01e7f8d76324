"""From what Stripe sends to what figures are made of: discounts, payments, refunds, reasons."""

from __future__ import annotations

from typing import Any

import pytest

from billing.domain.contribution import contribution
from billing.domain.tally import NOW
from tests.support.shop import Shop

SHAPES = ("2026-10-28.endive", "2024-06-20")


def figures(shop: Shop, place: str = NOW) -> dict[str, Any]:
    return contribution(shop.account("u1")).get(place, {})


@pytest.mark.parametrize("version", SHAPES)
def test_a_coupon_lessens_the_revenue_as_long_as_it_recurs(shop: Shop, version: str) -> None:
    coupon = shop.client.v1.coupons.create({"percent_off": 12.5, "duration": "forever"})
    session = shop.buy("u1")
    shop.stripe.advance(seconds=60)
    shop.client.v1.subscriptions.update(
        session["subscription"], {"discounts": [{"coupon": coupon.id}]}
    )
    shop.deliver_all(version)
    assert figures(shop)["mrr:usd"] == 1050
    (fact,) = shop.account("u1").subscriptions.values()
    assert [d.percent_off for d in fact.discounts] == ["12.5"]


@pytest.mark.parametrize("version", SHAPES)
def test_what_was_paid_and_given_back_is_known_by_its_day(shop: Shop, version: str) -> None:
    shop.buy("u1")
    bought = shop.buy("u1", "once")
    shop.deliver_all(version)
    shop.stripe.advance(days=2)
    shop.refund(bought["payment_intent"], 900)
    shop.deliver_all(version)
    march = figures(shop, "2026-03")
    assert march["paid:usd:02"] == 1200 + 9900
    assert march["refunded:usd:04"] == 900
    made = next(r for r in shop.stripe.state.refunds.rows)
    shop.stripe.advance(days=1)
    shop.control(f"refunds/{made}/fail")
    shop.deliver_all(version)
    assert "refunded:usd:04" not in figures(shop, "2026-03")


def test_an_end_that_was_asked_for_is_voluntary(shop: Shop) -> None:
    session = shop.buy("u1")
    shop.deliver_all()
    shop.stripe.advance(days=3)
    shop.client.v1.subscriptions.cancel(session["subscription"])
    shop.deliver_all()
    assert figures(shop, "2026-03")["voluntary:usd"] == 1200
    assert "mrr:usd" not in figures(shop)
