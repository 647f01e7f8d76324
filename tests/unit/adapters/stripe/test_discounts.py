"""What is taken off a subscription, in every shape in which Stripe tells it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from billing.adapters.stripe.discounts import is_told_of_discounts, read_discounts, with_discounts
from billing.adapters.stripe.shapes import Shape
from billing.adapters.stripe.terms import is_told_of_terms, with_terms
from billing.adapters.stripe.translate import (
    UnreadableShape,
    read_paid_invoice,
    read_single_refund,
)
from billing.domain.worth import Discount
from tests.support.builders import START
from tests.support.stripe_objects import APRIL, MARCH, a_subscription, an_invoice, an_item

COUPON = {"id": "c_1", "percent_off": 12.5, "amount_off": None, "duration": "forever"}
OF_TODAY = {"id": "di_1", "end": None, "source": {"type": "coupon", "coupon": COUPON}}
OF_ONCE = {"id": "di_1", "end": None, "coupon": COUPON}
READ = Discount("di_1", percent_off="12.5")


@dataclass
class Known:
    """What Stripe shows of the coupon, and of any price, to who asks for all."""

    applies_to: dict[str, Any] | None = None
    gone: bool = False

    def coupon(self, coupon_id: str) -> Shape | None:
        assert coupon_id == "c_1"
        return None if self.gone else {**COUPON, "applies_to": self.applies_to}

    def price(self, price_id: str) -> Shape | None:
        return None if self.gone else {"currency_options": {"eur": {"unit_amount": 1800}}}


@pytest.mark.parametrize(
    "fields",
    [
        {"discounts": [OF_TODAY]},
        {"discounts": [OF_ONCE]},
        {"discount": OF_ONCE},
        {"discount": OF_ONCE, "discounts": ["di_1"]},
        {"discount": OF_ONCE, "discounts": [OF_ONCE]},
    ],
)
def test_every_shape_tells_the_same(fields: dict[str, Any]) -> None:
    sub = a_subscription(**fields)
    assert read_discounts(sub) == (READ,)
    assert is_told_of_discounts(sub)


def test_ids_are_written_out_from_what_was_fetched() -> None:
    item = an_item(discounts=["di_2"])
    sub = a_subscription(item, discounts=["di_1", "di_gone"])
    assert not is_told_of_discounts(sub)
    assert read_discounts(sub) == ()
    off = {"amount_off": 300, "currency": "usd", "duration": "repeating"}
    of_item = {"id": "di_2", "end": APRIL, "source": {"coupon": off}}
    fetched = a_subscription(an_item(discounts=[of_item]), discounts=[OF_TODAY])
    first, second = read_discounts(with_discounts(sub, fetched))
    assert first == READ
    assert (second.amount_off, second.currency, second.duration) == (300, "usd", "repeating")
    assert (second.item_id, second.ends_at is None) == ("si_1", False)


@pytest.mark.parametrize("where", [{"source": {"coupon": "c_1"}}, {"coupon": "c_1"}])
def test_a_coupon_that_is_only_an_id_is_not_nothing_off(where: dict[str, Any]) -> None:
    sub = a_subscription(discounts=[{"id": "di_1", "end": None, **where}])
    assert not is_told_of_terms(sub)
    assert read_discounts(with_terms(sub, Known())) == (READ,)
    (unknown,) = read_discounts(with_terms(sub, Known(gone=True)))
    assert not unknown.is_known


@pytest.mark.parametrize("told", [OF_TODAY, OF_ONCE])
def test_which_products_a_coupon_is_for_is_asked_for(told: dict[str, Any]) -> None:
    item = an_item(discounts=[{**told, "id": "di_2"}])
    for sub in (a_subscription(item, discounts=[told]), a_subscription(item, discount=told)):
        assert not is_told_of_terms(sub)
        whole = with_terms(sub, Known(applies_to={"products": ["prod_pro"]}))
        assert is_told_of_terms(whole)
        assert [each.products for each in read_discounts(whole)] == [("prod_pro",)] * 2
        kept = with_terms(sub, Known(gone=True))
        assert is_told_of_terms(kept)
        assert [each.percent_off for each in read_discounts(kept)] == ["12.5"] * 2


@pytest.mark.parametrize(("currency", "amount"), [("usd", 300), ("eur", 280), ("gbp", 300)])
def test_an_amount_off_is_that_of_the_currency_that_is_charged(currency: str, amount: int) -> None:
    options = {"usd": {"amount_off": 300}, "eur": {"amount_off": 280}}
    off = {"id": "c_1", "amount_off": 300, "currency": "usd", "currency_options": options}
    sub = a_subscription(discount={"id": "di_1", "coupon": off}, currency=currency)
    (read,) = read_discounts(sub)
    assert (read.amount_off, read.currency == currency) == (amount, currency in options)


def test_a_price_s_other_currencies_are_asked_for_where_they_are_charged() -> None:
    assert is_told_of_terms(a_subscription())
    sub = a_subscription(currency="eur")
    assert not is_told_of_terms(sub)
    for terms, amount in ((Known(), 1800), (Known(gone=True), None)):
        whole = with_terms(sub, terms)
        assert is_told_of_terms(whole)
        (item,) = whole["items"]["data"]
        assert item["price"]["currency_options"].get("eur", {}).get("unit_amount") == amount


@pytest.mark.parametrize("products", ["prod_1", [7]])
def test_what_are_no_products_cannot_be_read(products: Any) -> None:
    coupon = {**COUPON, "applies_to": {"products": products}}
    with pytest.raises(UnreadableShape):
        read_discounts(a_subscription(discounts=[{"id": "di_1", "coupon": coupon}]))


def test_a_subscription_without_any_is_left_as_it_is() -> None:
    assert is_told_of_discounts(a_subscription())
    assert read_discounts(a_subscription(discounts=None)) == ()


@pytest.mark.parametrize("listed", [{"data": []}, [{"id": "di_1", "coupon": {"percent_off": "x"}}]])
def test_what_is_no_discount_cannot_be_read(listed: Any) -> None:
    sub = a_subscription(discounts=listed)
    with pytest.raises(UnreadableShape):
        read_discounts(sub)


def test_what_names_no_discount_cannot_be_asked_for() -> None:
    sub = a_subscription(discounts=[7])
    with pytest.raises(UnreadableShape):
        is_told_of_discounts(sub)


def test_a_refund_tells_its_part() -> None:
    refund = {"id": "re_1", "amount": 300, "status": "failed", "created": MARCH}
    read = read_single_refund(refund, as_of=START)
    assert read is not None
    assert (read.amount, read.gives_back, read.created.timestamp()) == (300, False, MARCH)
    assert read_single_refund({**refund, "amount": 0}, as_of=START) is None


def test_an_invoice_tells_what_it_brought() -> None:
    paid = read_paid_invoice(an_invoice(status_transitions={"paid_at": MARCH}), at=START)
    assert paid.payment is not None
    assert (paid.payment.amount, paid.payment.currency) == (2000, "usd")
    assert paid.payment.at.timestamp() == MARCH
    assert read_paid_invoice(an_invoice(amount_paid=0), at=START).payment is None
