"""Every class of drift, damaged alone and then repaired."""

from __future__ import annotations

import pytest

from billing.adapters.dynamo.models import PointerItem
from billing.domain.account import AccountKey
from billing.domain.drift import FOR_PEOPLE, Drift
from billing.domain.holdings import holdings_of
from billing.settings import Settings
from billing.stores import account_store
from tests.support.damage import DAMAGES, ENDED, Damage
from tests.support.shop import Shop
from tests.support.snapshot import Snapshots

from .conftest import Operator, found

EACH = pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)


def damaged(shop: Shop, damage: Damage) -> AccountKey:
    """Sell to one user, hear of it all, and damage it a second later; another user is well."""
    shop.buy("u1", damage.sells)
    shop.buy("u2", damage.sells)
    shop.deliver_all()
    shop.stripe.advance(seconds=60)
    key = AccountKey("demo", "u1")
    damage.do(shop.stripe, key)
    return key


def test_every_class_that_is_repaired_is_damaged_here() -> None:
    """But for figures, which are no account's: `test_figures.py` has those."""
    assert {d.drift for d in DAMAGES.values()} == set(Drift) - FOR_PEOPLE - {Drift.FIGURES}


@EACH
def test_it_is_found_repaired_and_found_no_more(
    shop: Shop, operator: Operator, damage: Damage
) -> None:
    key = damaged(shop, damage)
    well = shop.features("u2")
    report = operator.run()
    assert found(report) == {damage.drift: 1}
    assert report["repaired"] == 1
    (difference,) = report["differences"]
    assert (difference["user_id"], difference["repair"]) == ("u1", "applied")
    assert shop.features("u2") == well
    assert shop.features("u1") == ({} if damage.drift in ENDED else well)

    (newest, *_) = account_store().history(key)
    assert (newest.cause_type, newest.actor) == ("repair", "Ada")
    assert damage.drift in newest.reason
    shop.stripe.advance(seconds=60)
    again = operator.run()
    assert (found(again), again["repaired"]) == ({}, 0)


@EACH
def test_a_dry_run_finds_it_and_changes_nothing(
    shop: Shop, operator: Operator, deployment: Settings, damage: Damage
) -> None:
    damaged(shop, damage)
    accounts = (deployment.accounts_table, deployment.history_table, deployment.pointers_table)
    before = Snapshots(deployment).take()
    report = operator.run(dry_run=True)
    assert (found(report), report["repaired"]) == ({damage.drift: 1}, 0)
    after = Snapshots(deployment).take()
    assert {table: after[table] for table in accounts} == {t: before[t] for t in accounts}


def test_lost_pointers_of_an_account_are_written_again_one_by_one(
    shop: Shop, operator: Operator
) -> None:
    shop.buy("u1", "once")
    shop.deliver_all()
    ids = sorted(shop.account("u1").stripe_ids())
    for id_ in ids:
        PointerItem(id_).delete()
    shop.stripe.advance(seconds=60)
    report = operator.run()
    assert (found(report), report["repaired"]) == ({"pointer": len(ids)}, len(ids))
    assert [difference["object_id"] for difference in report["differences"]] == ids
    assert {PointerItem.get(id_).account for id_ in ids} == {"demo#u1"}


def test_a_purchase_that_is_heard_of_late_began_when_it_was_paid(
    shop: Shop, operator: Operator
) -> None:
    shop.buy("u1", "pass_30")
    began = shop.stripe.now
    shop.stripe.advance(days=10)
    operator.run()
    (purchase,) = shop.account("u1").purchases.values()
    assert purchase.paid_at.timestamp() == began


def test_a_repair_finds_its_way_by_the_customer_and_writes_the_pointers(
    shop: Shop, operator: Operator
) -> None:
    session = shop.buy("u1")
    operator.run()
    assert PointerItem.get(session["subscription"]).account == "demo#u1"
    account = shop.account("u1")
    assert account.customer_id == session["customer"]
    assert [h.product_id for h in holdings_of(account)] == ["pro"]


def test_what_was_refunded_stays_when_a_damaged_fact_is_begun_anew(
    shop: Shop, operator: Operator
) -> None:
    session = shop.buy("u1", "once")
    shop.refund(session["payment_intent"], 100)
    shop.deliver_all()
    shop.stripe.advance(seconds=60)
    DAMAGES["payment"].do(shop.stripe, AccountKey("demo", "u1"))
    operator.run()
    (purchase,) = shop.account("u1").purchases.values()
    assert [refund.amount_refunded for refund in purchase.refunds] == [100]


def test_an_unknown_price_is_reported_and_left(shop: Shop, operator: Operator) -> None:
    product = shop.client.v1.products.create({"name": "Unheard of"})
    price = shop.client.v1.prices.create(
        {
            "product": product.id,
            "currency": "usd",
            "unit_amount": 100,
            "recurring": {"interval": "month"},
        }
    )
    customer = shop.client.v1.customers.create({})
    shop.client.v1.subscriptions.create(
        {
            "customer": customer.id,
            "items": [{"price": price.id}],
            "metadata": {"project_id": "demo", "user_id": "u1"},
        }
    )
    report = operator.run()
    (difference,) = report["differences"]
    assert (difference["kind"], difference["repair"]) == ("missing_here", "unknown_price")
    assert report["repaired"] == 0


def test_money_of_other_business_in_the_same_account_is_no_drift(
    shop: Shop, operator: Operator
) -> None:
    session = shop.buy("u1", "once")
    shop.refund(session["payment_intent"])
    for table in (shop.stripe.state.sessions, shop.stripe.state.intents, shop.stripe.state.charges):
        for row in table.rows.values():
            row["metadata"], row["client_reference_id"] = {}, None
    report = operator.run()
    assert found(report) == {}


def test_an_abandoned_checkout_is_counted_and_is_no_drift(shop: Shop, operator: Operator) -> None:
    shop.checkout("u1")
    shop.checkout("u2", "once")
    assert operator.run()["abandoned_checkouts"] == 0
    shop.stripe.advance(days=2)
    report = operator.run()
    assert (found(report), report["abandoned_checkouts"]) == ({}, 2)


def test_many_gone_at_once_look_like_a_wrong_key(
    shop: Shop, operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("billing.services.settle_page.SMALL", 2)
    for number in range(3):
        shop.buy(f"u{number}")
    shop.deliver_all()
    shop.stripe.reset()
    report = operator.run()
    assert found(report) == {"missing_at_stripe": 3}
    assert {difference["repair"] for difference in report["differences"]} == {"too_many"}
    assert len(shop.features("u1")) > 0
