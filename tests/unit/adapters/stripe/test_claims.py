from __future__ import annotations

from typing import Any

import pytest

from billing.adapters.stripe.translate import Claim, UnreadableShape, client_reference, read_claim
from tests.support.stripe_objects import (
    a_charge,
    a_session,
    a_subscription,
    an_invoice,
)

MINE = {"project_id": "shop", "user_id": "u-1"}


def account(obj: object) -> tuple[str | None, str | None]:
    claim = read_claim(obj)
    return claim.project_id, claim.user_id


@pytest.mark.parametrize(
    "obj",
    [
        a_subscription(),
        a_session(),
        an_invoice(),
        an_invoice(old=True),
        a_charge(metadata=MINE),
        a_charge(payment_intent={"id": "pi_1", "metadata": MINE}),
        a_session(metadata={}, subscription={"id": "sub_1", "metadata": MINE}),
        a_session(metadata=None, client_reference_id="shop:u-1"),
        a_session(metadata={}, client_reference_id="shop:u-1", payment_link=...),
        {"id": "cus_1", "object": "customer", "metadata": MINE},
    ],
)
def test_an_object_says_whose_it_is(obj: object) -> None:
    assert account(obj) == ("shop", "u-1")


@pytest.mark.parametrize(
    "obj",
    [
        a_subscription(metadata={}),
        a_subscription(metadata=...),
        a_subscription(metadata={"project_id": "shop"}),
        a_subscription(metadata={"user_id": "u-1"}),
        a_subscription(metadata={"project_id": "", "user_id": "u-1"}),
        a_session(metadata={}, client_reference_id="order-17"),
        a_session(metadata={}, client_reference_id=":u-1"),
        a_session(metadata={}, client_reference_id="shop:"),
    ],
)
def test_half_a_claim_is_none(obj: object) -> None:
    assert account(obj) == (None, None)


def test_behind_a_payment_link_anybody_can_write_the_mark() -> None:
    session = a_session(metadata={}, client_reference_id="shop:u-1", payment_link="plink_1")
    assert account(session) == (None, None)


def test_metadata_comes_before_the_mark() -> None:
    assert account(a_session(client_reference_id="other:u-9")) == ("shop", "u-1")


def test_a_user_id_may_contain_the_separator() -> None:
    mark = client_reference("shop", "a:b:c")
    assert account(a_session(metadata={}, client_reference_id=mark)) == ("shop", "a:b:c")


def test_a_mark_is_at_most_as_long_as_stripe_takes() -> None:
    assert client_reference("shop", "u" * 195) == "shop:" + "u" * 195
    assert client_reference("shop", "u" * 196) is None


@pytest.mark.parametrize(
    ("obj", "customer_id", "ids"),
    [
        (a_subscription(), "cus_1", ("sub_1",)),
        (a_session(subscription="sub_1"), "cus_1", ("cs_1", "sub_1", "pi_1")),
        (a_charge(old=True), "cus_1", ("ch_1", "pi_1", "in_1")),
        (an_invoice(), "cus_1", ("in_1", "sub_1")),
        (an_invoice(old=True), "cus_1", ("in_1", "sub_1", "pi_1", "ch_1")),
        ({"id": "cus_1", "object": "customer"}, "cus_1", ("cus_1",)),
        ({"object": "balance"}, None, ()),
        (a_subscription(customer={"id": "cus_2"}), "cus_2", ("sub_1",)),
    ],
)
def test_an_object_names_others(obj: object, customer_id: str, ids: tuple[str, ...]) -> None:
    claim = read_claim(obj)
    assert (claim.customer_id, claim.ids) == (customer_id, ids)


def test_nothing_known_is_an_empty_claim() -> None:
    assert read_claim({}) == Claim(None, None, None)


@pytest.mark.parametrize("obj", [None, [], {"metadata": []}, {"customer": 3}, {"id": 3}])
def test_what_cannot_be_read_is_said(obj: Any) -> None:
    with pytest.raises(UnreadableShape):
        read_claim(obj)
