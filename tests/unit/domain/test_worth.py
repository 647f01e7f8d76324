"""What is taken off what a subscription's items cost, and what its prices make of quantities."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from typing import Any

import pytest

from billing.domain.worth import (
    Discount,
    SubscriptionItem,
    TransformQuantity,
    monthly_amount,
    unpriced,
    worth_later,
    worth_of,
)
from tests.support.builders import DAY, START, an_item

EDITOR = an_item(id="si_editor", stripe_product_id="prod_editor", unit_amount=1000)
SEATS = an_item(id="si_seats", stripe_product_id="prod_seats", unit_amount=500)


def left(discounts: tuple[Discount, ...], *items: SubscriptionItem) -> Fraction:
    return Fraction(dict(worth_of(items, discounts, START)).get("usd", "0"))


def off(amount: int, *products: str, **fields: Any) -> Discount:
    return Discount("di_1", amount_off=amount, currency="usd", products=products, **fields)


@pytest.mark.parametrize(
    ("discounts", "monthly"),
    [
        ((Discount("di_1", percent_off="12.5"),), 1050),
        ((off(200),), 1000),
        ((Discount("di_1", amount_off=200, currency="eur"),), 1200),
        ((off(9999),), 0),
        ((Discount("di_1", percent_off="50", duration="once"),), 1200),
        ((Discount("di_1", percent_off="50", duration="repeating", ends_at=START),), 1200),
        ((Discount("di_1", percent_off="50", item_id="si_1"), Discount("di_2", "10")), 540),
        ((Discount("di_2", "10"), Discount("di_1", amount_off=200, item_id="si_1")), 1080),
        ((Discount("di_1", percent_off="50", item_id="si_other"),), 1200),
    ],
)
def test_what_recurs_is_lessened_by_what_recurs(
    discounts: tuple[Discount, ...], monthly: int
) -> None:
    assert left(discounts, an_item()) == monthly


def test_an_amount_off_is_taken_off_as_often_as_there_is_an_invoice() -> None:
    yearly = an_item(interval="year", unit_amount=12000)
    assert worth_of((yearly,), (off(1200),), START) == (("usd", "900"),)


@pytest.mark.parametrize(
    ("discount", "monthly"),
    [
        (Discount("di_1", percent_off="50", products=("prod_editor",)), 1000),
        (Discount("di_1", percent_off="50", products=("prod_editor", "prod_seats")), 750),
        (Discount("di_1", percent_off="50", products=("prod_other",)), 1500),
        (Discount("di_1", "50", item_id="si_seats", products=("prod_editor",)), 1500),
        (off(300, "prod_seats"), 1200),
        (off(700, "prod_seats"), 1000),
        (off(700, "prod_other"), 1500),
        (off(700, "prod_editor", "prod_seats"), 800),
    ],
)
def test_a_coupon_for_some_products_is_taken_off_those(discount: Discount, monthly: int) -> None:
    assert left((discount,), EDITOR, SEATS) == monthly


def test_an_amount_off_is_shared_by_what_items_cost_before_the_next_is_taken_off() -> None:
    half = Discount("di_2", percent_off="50", products=("prod_seats",))
    assert left((off(300), half), EDITOR, SEATS) == 800 + 200


@pytest.mark.parametrize("discount", [Discount("di_1"), Discount("di_1", products=("prod_seats",))])
def test_what_an_unknown_discount_leaves_is_not_guessed(discount: Discount) -> None:
    items = (EDITOR, SEATS)
    touched = [item for item in items if discount.applies_to(item)]
    assert left((discount,), *items) == sum(i.unit_amount or 0 for i in items if i not in touched)
    assert unpriced(items, (discount,), START) == len(touched)
    assert unpriced(items, (Discount("di_1", duration="once"),), START) == 0


@pytest.mark.parametrize(
    ("quantity", "rounding", "packages"),
    [(0, "up", 0), (1, "up", 1), (10, "up", 1), (11, "up", 2), (9, "down", 0), (19, "down", 1)],
)
def test_a_price_by_the_package_charges_packages(
    quantity: int, rounding: str, packages: int
) -> None:
    by_ten = TransformQuantity(10, rounding)
    item = an_item(quantity=quantity, unit_amount=700, transform_quantity=by_ten)
    assert monthly_amount(item) == 700 * packages


def test_a_price_of_a_part_of_a_cent_is_exact() -> None:
    item = an_item(quantity=3, unit_amount=None, unit_amount_decimal="0.05")
    assert monthly_amount(item) == Fraction(3, 20)
    assert worth_of((item,), (), START) == (("usd", "3/20"),)


def test_what_comes_when_discounts_end_is_known_beforehand() -> None:
    soon, late = START + DAY, START + 90 * DAY
    ends = [("di_1", "50", late), ("di_2", "10", soon), ("di_3", "20", START - DAY)]
    discounts = [Discount(id_, percent, ends_at=end) for id_, percent, end in ends]
    assert worth_of((an_item(),), discounts, START) == (("usd", "540"),)
    assert worth_later((an_item(),), discounts, START) == (
        (soon, (("usd", "600"),)),
        (late, (("usd", "1200"),)),
    )
    assert worth_later((an_item(),), discounts, late + timedelta(seconds=1)) == ()
