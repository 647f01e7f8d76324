"""What is taken off a subscription, in every shape in which Stripe tells it."""

from __future__ import annotations

from typing import Any

import pytest

from billing.adapters.stripe.discounts import is_told_of_discounts, read_discounts, with_discounts
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
