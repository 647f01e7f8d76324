"""What a run finds and only a person can settle: it is reported, left, and no drift."""

from __future__ import annotations

import pytest

from billing.adapters.dynamo.models import PointerItem
from billing.domain.account import AccountKey
from billing.domain.drift import FOR_PEOPLE
from tests.support.damage import FOR_PEOPLE as DAMAGES
from tests.support.damage import Damage
from tests.support.shop import Shop

from .conftest import Operator, a_subscription_of_a_stranger, found

EACH = pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)


def damaged(shop: Shop, damage: Damage) -> None:
    """Sell, hear of it all, and damage it a minute later."""
    shop.buy("u1", damage.sells)
    shop.deliver_all()
    shop.stripe.advance(seconds=60)
    damage.do(shop.stripe, AccountKey("demo", "u1"))


def test_every_class_of_these_is_damaged_here() -> None:
    assert set(DAMAGES) == FOR_PEOPLE


@EACH
def test_it_is_reported_left_and_no_drift(shop: Shop, operator: Operator, damage: Damage) -> None:
    damaged(shop, damage)
    before = shop.account("u1")
    report = operator.run()
    assert found(report) == {damage.drift: 1}
    assert (report["drifted"], report["needs_person"], report["repaired"]) == (0, 1, 0)
    (difference,) = report["differences"]
    assert (difference["repair"], difference["reported_at"]) == (None, None)
    assert shop.account("u1") == before


@EACH
def test_the_next_run_says_since_when_it_is_known(
    shop: Shop, operator: Operator, damage: Damage
) -> None:
    damaged(shop, damage)
    assert operator.run(dry_run=True)["differences"][0]["reported_at"] is None  # it notes nothing
    first = operator.run()
    for _ in range(2):
        shop.stripe.advance(days=1)
        later = operator.run()
        assert later["needs_person"] == 1
        assert later["differences"][0]["reported_at"] == first["started_at"]


def test_what_has_changed_is_new(shop: Shop, operator: Operator) -> None:
    orphan = a_subscription_of_a_stranger(shop)
    operator.run()
    shop.client.v1.subscriptions.cancel(orphan)
    (difference,) = operator.run()["differences"]
    assert (difference["stripe"], difference["reported_at"]) == ("canceled", None)


def test_a_pointer_to_another_account_is_never_moved(shop: Shop, operator: Operator) -> None:
    session = shop.buy("u1")
    shop.deliver_all()
    PointerItem(session["subscription"], account="demo#u2").save()
    report = operator.run()
    assert found(report) == {"other_account": 1}
    (difference,) = report["differences"]
    assert (difference["user_id"], difference["ours"]) == ("u1", "demo#u2")
    assert PointerItem.get(session["subscription"]).account == "demo#u2"


def test_one_that_nobody_knows_is_an_orphan(shop: Shop, operator: Operator) -> None:
    orphan = a_subscription_of_a_stranger(shop)
    unknown_project = a_subscription_of_a_stranger(
        shop, {"project_id": "unheard-of", "user_id": "u1"}
    )
    report = operator.run()
    assert found(report) == {"orphaned": 2}
    named = {difference["object_id"] for difference in report["differences"]}
    assert named == {orphan, unknown_project}


def test_one_whose_metadata_is_no_user_is_an_orphan(shop: Shop, operator: Operator) -> None:
    a_subscription_of_a_stranger(shop, {"project_id": "demo", "user_id": "a\x07b"})
    assert found(operator.run()) == {"orphaned": 1}


def test_one_that_names_another_account_than_the_one_that_holds_it(
    shop: Shop, operator: Operator
) -> None:
    session = shop.buy("u1")
    shop.deliver_all()
    shop.stripe.state.subscriptions.rows[session["subscription"]]["metadata"] = {
        "project_id": "demo",
        "user_id": "u2",
    }
    report = operator.run()
    assert found(report) == {"other_account": 1}
    assert report["differences"][0]["ours"] == "demo#u1"


def test_one_that_cannot_be_read_is_reported_and_ends_nothing(
    shop: Shop, operator: Operator
) -> None:
    first = shop.buy("u1")
    shop.buy("u2")
    shop.stripe.state.subscriptions.rows[first["subscription"]]["cancel_at"] = "tomorrow"
    report = operator.run()
    assert found(report) == {"unreadable": 1, "missing_here": 1}
    assert report["compared"] == 2


def test_what_is_of_the_other_mode_is_reported_and_left(shop: Shop, operator: Operator) -> None:
    session = shop.buy("u1")
    shop.deliver_all()
    shop.stripe.state.subscriptions.rows[session["subscription"]]["livemode"] = True
    before = shop.account("u1")
    report = operator.run()
    assert found(report) == {"mode": 1}
    assert shop.account("u1") == before
