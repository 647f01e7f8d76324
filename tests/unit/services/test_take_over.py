"""What of a customer's becomes an account's: pure, and the same however often it is folded."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.adapters.stripe.translate import Claim
from billing.domain.account import Account
from billing.domain.changes import ParkReason
from billing.domain.refund import ChargeRefund
from billing.services.heard import (
    Heard,
    HeardCharge,
    HeardMention,
    HeardPurchase,
    HeardSubscription,
)
from billing.services.take_over import with_all
from tests.support.builders import KEY, START, a_catalog, a_purchase, a_subscription, an_item

NOBODYS = Claim(None, None, "cus_1")
EMPTY = Account(KEY)


def a_refund(charge: str = "ch_1") -> ChargeRefund:
    return ChargeRefund(charge, 500, 500, "usd", START)


def sold(id_: str = "sub_1", price: str = "price_pro") -> HeardSubscription:
    item = an_item(price_id=price, product_id=None, stripe_product_id=None)
    return HeardSubscription(NOBODYS, a_subscription(id=id_, items=(item,)))


def test_what_the_catalog_has_is_taken_and_the_rest_is_named() -> None:
    found = [sold("sub_1"), sold("sub_2", "price_of_old")]
    account, left = with_all(EMPTY, found, a_catalog())
    assert list(account.subscriptions) == ["sub_1"]
    assert [(each.object_id, each.status, each.reason) for each in left] == [
        ("sub_2", "active", ParkReason.UNKNOWN_PRICE)
    ]
    assert "price_of_old" in left[0].detail


def test_money_of_what_was_left_out_is_left_out() -> None:
    taken_back = HeardMention(NOBODYS, "sub_2", refund=a_refund())
    stray = HeardCharge(NOBODYS, replace(a_purchase(), id="pi_9", lines=(), refunds=(a_refund(),)))
    found: list[Heard] = [sold("sub_2", "price_of_old"), taken_back, stray]
    account, left = with_all(EMPTY, found, a_catalog())
    assert account == EMPTY
    assert len(left) == 1


def test_money_of_what_is_taken_is_taken() -> None:
    found: list[Heard] = [sold(), HeardMention(NOBODYS, "sub_1", refund=a_refund())]
    account, left = with_all(EMPTY, found, a_catalog())
    assert left == []
    assert [refund.charge_id for refund in account.subscriptions["sub_1"].refunds] == ["ch_1"]


@given(st.permutations([sold("sub_1"), sold("sub_2"), sold("sub_3", "price_seat")]))
def test_the_order_does_not_matter_and_twice_is_once(found: list[Heard]) -> None:
    once, _ = with_all(EMPTY, found, a_catalog())
    twice, _ = with_all(once, found, a_catalog())
    straight, _ = with_all(EMPTY, sorted(found, key=str), a_catalog())
    assert once.facts() == twice.facts() == straight.facts()


@pytest.mark.parametrize("price", ["price_once", "price_of_old"])
def test_a_purchase_is_taken_where_its_price_is_known(price: str) -> None:
    bought = a_purchase()
    lines = tuple(replace(line, price_id=price, product_id=None) for line in bought.lines)
    account, left = with_all(
        EMPTY, [HeardPurchase(NOBODYS, replace(bought, lines=lines))], a_catalog()
    )
    assert (len(account.purchases), len(left)) == ((1, 0) if price == "price_once" else (0, 1))
