"""From what Stripe sends to what figures are made of: discounts, payments, refunds, reasons."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from functools import partial
from typing import Any

import pytest

from billing import composition
from billing.domain.contribution import contribution
from billing.domain.subscription import InvoicePayment, merge_subscription, with_payments
from billing.domain.tally import NOW
from local.stripe.refunds import close_dispute, move_dispute
from tests.support.builders import DAY, START, a_subscription, an_account
from tests.support.shop import Shop

SHAPES = ("2026-10-28.endive", "2024-06-20")


def figures(shop: Shop, place: str = NOW) -> dict[str, Any]:
    return contribution(shop.account("u1"), composition.now()).get(place, {})


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


def a_price(shop: Shop, **fields: Any) -> Any:
    month = {"interval": "month"}
    given = {"product_data": {"name": "New"}, "currency": "usd", "recurring": month, **fields}
    return shop.client.v1.prices.create(given)  # type: ignore[arg-type]  # made of parts


def subscribe(shop: Shop, *prices: Any, quantity: int = 1, **fields: Any) -> Any:
    """Begin a subscription by Stripe's API, as a script of the project's would."""
    customer = shop.client.v1.customers.create({"email": "a@example.com"})
    for price in prices:
        shop.add_product(f"sold-{price.id}".lower().replace("_", "-"), {}, price.id)
    given: Any = {
        "customer": customer.id,
        "items": [{"price": price.id, "quantity": quantity} for price in prices],
        "metadata": {"project_id": "demo", "user_id": "u1"},
        **fields,
    }
    return shop.client.v1.subscriptions.create(given)


def a_coupon(shop: Shop, **fields: Any) -> str:
    given: Any = {"duration": "forever", **fields}
    return shop.client.v1.coupons.create(given).id


@pytest.mark.parametrize("version", SHAPES)
def test_a_coupon_for_one_product_lessens_what_that_product_brings(
    shop: Shop, version: str
) -> None:
    first, second = a_price(shop, unit_amount=1000), a_price(shop, unit_amount=500)
    coupon = a_coupon(shop, percent_off=50, applies_to={"products": [second.product]})
    subscribe(shop, first, second, discounts=[{"coupon": coupon}])
    shop.deliver_all(version)
    assert figures(shop)["mrr:usd"] == 1250


@pytest.mark.parametrize("version", SHAPES)
def test_packages_and_parts_of_a_cent_count_as_they_are_charged(shop: Shop, version: str) -> None:
    by_ten: Any = {"unit_amount": 700, "transform_quantity": {"divide_by": 10, "round": "up"}}
    cheap = a_price(shop, unit_amount_decimal="0.05")
    sub = subscribe(shop, a_price(shop, **by_ten), cheap, quantity=11)
    shop.deliver_all(version)
    shop.stripe.advance(seconds=60)
    shop.client.v1.subscriptions.update(sub.id, {"metadata": {"seen": "yes"}})
    newest = shop.events("customer.subscription.updated")[-1:]
    assert shop.reads_at_stripe(partial(shop.deliver, newest, version)) == 0
    assert figures(shop)["mrr:usd"] == 1400 + Fraction(11, 20)


@pytest.mark.parametrize("version", SHAPES)
def test_revenue_is_in_the_currency_that_is_charged(shop: Shop, version: str) -> None:
    price = a_price(shop, unit_amount=1200, currency_options={"eur": {"unit_amount": 1100}})
    options = {"eur": {"amount_off": 100}}
    coupon = a_coupon(shop, amount_off=200, currency="usd", currency_options=options)
    sub = subscribe(shop, price, currency="eur", discounts=[{"coupon": coupon}])
    shop.deliver_all(version)
    found = figures(shop)
    assert (found["mrr:eur"], "mrr:usd" in found, "unpriced_items" in found) == (1000, False, False)
    (fact,) = shop.account("u1").subscriptions.values()
    assert fact.id == sub.id


def test_a_price_whose_other_currency_is_not_known_any_more_is_counted_as_unpriced(
    shop: Shop,
) -> None:
    price = a_price(shop, unit_amount=1200, currency_options={"eur": {"unit_amount": 1100}})
    subscribe(shop, price, currency="eur")
    del shop.stripe.state.prices.rows[price.id]
    shop.deliver_all()
    assert figures(shop)["unpriced_items"] == 1
    assert not any(name.startswith("mrr:") for name in figures(shop))


@pytest.mark.parametrize("version", SHAPES)
def test_a_discount_of_an_item_is_fetched_with_the_items(shop: Shop, version: str) -> None:
    sub = subscribe(shop, a_price(shop, unit_amount=1000), a_price(shop, unit_amount=500))
    coupon = a_coupon(shop, amount_off=100, currency="usd")
    item = sub["items"].data[1].id
    shop.stripe.advance(seconds=60)
    shop.client.v1.subscription_items.update(item, {"discounts": [{"coupon": coupon}]})
    shop.deliver_all(version)
    assert figures(shop)["mrr:usd"] == 1400


@pytest.mark.parametrize(("version", "reads"), [(SHAPES[0], 2), (SHAPES[1], 1)])
def test_a_coupon_that_is_known_is_not_asked_for_again(
    shop: Shop, version: str, reads: int
) -> None:
    session = shop.buy("u1")
    shop.deliver_all(version)
    coupon = a_coupon(shop, percent_off=50)
    given: Any = {"discounts": [{"coupon": coupon}]}
    for expected in (reads, reads - 1):
        shop.stripe.advance(seconds=60)
        shop.client.v1.subscriptions.update(session["subscription"], given)
        newest = shop.events("customer.subscription.updated")[-1:]
        assert shop.reads_at_stripe(partial(shop.deliver, newest, version)) == expected


def test_a_dunning_that_ends_in_a_pause_is_involuntary(shop: Shop) -> None:
    session = shop.buy("u1")
    with shop.stripe.acting() as world:
        world.settings = replace(world.settings, dunning_outcome="paused")
        world.declines[session["subscription"]] = -1
    shop.stripe.advance(days=60)
    shop.deliver_all()
    (fact,) = shop.account("u1").subscriptions.values()
    assert fact.pause_reason == "final_payment_failure"
    assert figures(shop, "2026-04")["involuntary:usd"] == 1200
    assert figures(shop, "2026-04")["customers:involuntary"] == 1


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


OLDEST = "2020-08-27"


@pytest.mark.parametrize("version", [*SHAPES, OLDEST])
@pytest.mark.parametrize("is_turned", [False, True])
@pytest.mark.parametrize("price", ["once", "pro_monthly"])
def test_a_refund_is_of_its_own_day_by_the_charge_alone(
    shop: Shop, version: str, price: str, is_turned: bool
) -> None:
    """Older endpoints are not told of single refunds; newer ones are, each by an event."""
    shop.buy("u1", price)
    shop.deliver_all(version)
    intent = str(shop.client.v1.charges.list().data[0].payment_intent)
    shop.stripe.advance(days=4)
    shop.refund(intent, 300)
    shop.stripe.advance(days=25)
    shop.refund(intent, 400)
    told = ("charge.refunded", "refund.created") if version == SHAPES[0] else ("charge.refunded",)
    events = shop.events(*told)
    assert shop.deliver(events[::-1] if is_turned else events, version) == []
    paid = 9900 if price == "once" else 1200
    assert figures(shop, "2026-03")["paid:usd:02"] == paid
    assert figures(shop, "2026-03")["refunded:usd:06"] == 300
    assert figures(shop, "2026-03")["refunded:usd:31"] == 400


def test_only_what_an_endpoint_is_not_told_of_is_asked_for(shop: Shop) -> None:
    bought = shop.buy("u1", "once")
    shop.deliver_all()
    shop.refund(bought["payment_intent"], 300)
    events = shop.events("charge.refunded")
    shop.stripe.add_fault(method="GET", path="/v1/refunds", status=503, times=99)
    assert len(shop.deliver(events, SHAPES[1])) == 1
    assert shop.deliver(events, OLDEST) == []
    shop.refund(bought["payment_intent"], 400)
    assert shop.deliver(shop.events("charge.refunded"), SHAPES[0]) == []


def test_a_lost_dispute_stays_so_while_it_is_appealed(shop: Shop) -> None:
    shop.buy("u1", "once")
    shop.deliver_all()
    charge = shop.client.v1.charges.list().data[0].id
    shop.control(f"charges/{charge}/dispute")
    shop.stripe.advance(days=3)
    shop.control(f"charges/{charge}/dispute/close", outcome="lost")
    shop.deliver_all()
    lost = figures(shop, "2026-03")
    assert lost["disputed:usd:05"] == 9900
    assert shop.features("u1") == {}
    shop.stripe.advance(days=3)
    (dispute,) = shop.stripe.state.disputes.rows.values()
    move_dispute(shop.stripe.state, dispute, "appeal_under_review")
    shop.deliver_all()
    assert figures(shop, "2026-03") == lost
    shop.stripe.advance(days=3)
    close_dispute(shop.stripe.state, dispute, "won")
    shop.deliver_all()
    assert "disputed:usd:05" not in figures(shop, "2026-03")
    assert "export" in shop.features("u1")


def test_money_of_what_is_parked_is_of_neither_side(shop: Shop) -> None:
    bought = shop.buy("u1", "once")
    shop.stripe.advance(days=1)
    shop.refund(bought["payment_intent"], 900)
    shop.deliver(shop.events("charge.refunded", "refund.created"))
    assert [name for name in figures(shop, "2026-03") if ":usd:" in name] == []
    shop.deliver_all()
    assert figures(shop, "2026-03")["paid:usd:02"] == 9900
    assert figures(shop, "2026-03")["refunded:usd:03"] == 900


def test_a_set_up_fee_converts_no_trial() -> None:
    began, ended = START, START + 14 * DAY
    trial = a_subscription(status="trialing", started_at=began, as_of=began, trial_end=ended)
    fee = InvoicePayment("in_1", 5000, "usd", began + timedelta(seconds=2))

    def march(status: str, *more: InvoicePayment) -> dict[str, Any]:
        after = a_subscription(status=status, started_at=began, as_of=ended, trial_end=ended)
        fact = with_payments(merge_subscription(merge_subscription(None, trial), after), [fee])
        account = an_account(with_payments(fact, more))
        return contribution(replace(account, version=1), ended)["2026-03"]

    assert "trials:converted" not in march("canceled")
    assert "trials:converted" not in march("active")
    paid = InvoicePayment("in_2", 1200, "usd", ended + timedelta(hours=1))
    assert march("active", paid)["trials:converted"] == 1
    at_once = replace(paid, at=ended - timedelta(seconds=1))
    assert march("active", at_once)["trials:converted"] == 1
