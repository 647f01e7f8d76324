"""The figures of projects are recounted from the facts, while events arrive."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from billing import composition
from billing.adapters.dynamo.models import AccountItem
from billing.domain.account import AccountKey
from billing.domain.tally import NOW
from billing.services.compare_figures import PAGE
from billing.services.recount_project import Recounting
from billing.settings import Settings
from billing.stores import figures_store
from tests.support.builders import a_grant
from tests.support.facts import keep
from tests.support.shop import Shop
from tests.support.snapshot import Snapshots

from .conftest import Operator, found
from .spoiling import DEMO, spoil, uncount


def sold(shop: Shop, operator: Operator, *users: str) -> None:
    for user in users:
        shop.buy(user)
    shop.deliver_all()
    operator.counting.count()
    shop.stripe.advance(seconds=600)


def test_an_account_that_was_not_counted_is_found_and_counted(
    shop: Shop, operator: Operator
) -> None:
    sold(shop, operator, "u1", "u2")
    whole = figures_store().places(DEMO)
    uncount(AccountKey(DEMO, "u1"))
    report = operator.run()
    assert (found(report), report["repaired"]) == ({"figures": 1}, 1)
    (difference,) = report["differences"]
    assert (difference["user_id"], difference["repair"]) == ("u1", "applied")
    assert "now accounts +1" in difference["stripe"]
    assert figures_store().places(DEMO) == whole
    again = operator.run()
    assert (found(again), again["repaired"]) == ({}, 0)


def test_a_project_whose_figures_are_wrong_is_found_and_repaired(
    shop: Shop, operator: Operator
) -> None:
    sold(shop, operator, "u1", "u2")
    whole = figures_store().places(DEMO)
    spoil({NOW: {"mrr:usd": Fraction(1, 12)}, "2026-03": {"new:usd": Fraction(-7)}})
    dry = operator.run(dry_run=True)
    assert (found(dry), dry["repaired"]) == ({"figures": 1}, 0)
    report = operator.run()
    assert (found(report), report["repaired"]) == ({"figures": 1}, 1)
    (difference,) = report["differences"]
    assert (difference["object_id"], difference["project_id"]) == (DEMO, None)
    assert difference["stripe"] == "2026-03 new:usd +7, now mrr:usd -1/12"
    assert figures_store().places(DEMO) == whole
    assert found(operator.run()) == {}


def test_what_is_on_its_way_is_no_difference(shop: Shop, operator: Operator) -> None:
    sold(shop, operator, "u1")
    shop.buy("u2")
    shop.deliver_all()
    records = operator.counting.changes()
    assert found(operator.run()) == {}
    assert figures_store().head(DEMO).figures["accounts"] == 1
    operator.counting.count(records)
    assert figures_store().head(DEMO).figures["accounts"] == 2


def test_what_was_counted_of_nobody_is_taken_away(shop: Shop, operator: Operator) -> None:
    sold(shop, operator, "u1")
    keep("ghost", a_grant())
    operator.counting.count()
    for item in AccountItem.query("demo#ghost"):
        item.delete()
    operator.counting.changes()  # the records are lost
    assert figures_store().head(DEMO).figures["accounts"] == 2
    report = operator.run()
    assert found(report) == {"figures": 1}
    assert figures_store().counted(AccountKey(DEMO, "ghost")).tally == {}
    assert figures_store().head(DEMO).figures["accounts"] == 1


def test_a_discount_that_ended_is_brought_up_to_date_and_is_no_difference(
    shop: Shop, operator: Operator
) -> None:
    session = shop.buy("u1", "pro_yearly")
    three_months: Any = {"percent_off": 50, "duration": "repeating", "duration_in_months": 3}
    coupon = shop.client.v1.coupons.create(three_months)
    shop.stripe.advance(seconds=60)
    shop.client.v1.subscriptions.update(
        session["subscription"], {"discounts": [{"coupon": coupon.id}]}
    )
    shop.deliver_all()
    operator.counting.count()
    half = figures_store().head(DEMO).figures["mrr:usd"]
    shop.stripe.advance(days=93)
    dry = operator.run(dry_run=True)
    assert (found(dry), figures_store().head(DEMO).figures["mrr:usd"]) == ({}, half)
    report = operator.run()
    assert (found(report), report["repaired"]) == ({}, 0)
    assert figures_store().head(DEMO).figures["mrr:usd"] == 2 * half
    assert figures_store().places(DEMO)["2026-06"]["expansion:usd"] == half
    assert found(operator.run()) == {}
    spoil({NOW: {"mrr:usd": Fraction(1)}})
    assert found(operator.run()) == {"figures": 1}


def test_a_dry_run_writes_no_figures(shop: Shop, operator: Operator, deployment: Settings) -> None:
    sold(shop, operator, "u1")
    uncount(AccountKey(DEMO, "u1"))
    before = Snapshots(deployment).take()[deployment.metrics_table]
    assert found(operator.run(dry_run=True)) == {"figures": 1}
    assert Snapshots(deployment).take()[deployment.metrics_table] == before


def test_a_user_id_in_base64_at_a_pages_end_ends_nothing(shop: Shop, operator: Operator) -> None:
    users = [f"dXNlcg{number:03d}==" for number in range(PAGE + 1)]
    for user in users:
        keep(user, a_grant(id=f"grant_{user}"))
    operator.counting.count()
    whole = figures_store().places(DEMO)
    uncount(AccountKey(DEMO, users[-1]))
    shop.stripe.advance(seconds=600)
    report = operator.run()
    assert (found(report), report["repaired"]) == ({"figures": 1}, 1)
    assert figures_store().places(DEMO) == whole
    assert figures_store().head(DEMO).recount is None


def test_a_recount_of_another_run_is_given_up(shop: Shop, operator: Operator) -> None:
    sold(shop, operator, "u1")
    first = Recounting(figures_store(), DEMO, "run_first", composition.now)
    first.begin()
    assert found(operator.run()) == {}
    first.add(None)
    assert first.difference() == {}
    first.end()


def test_what_is_found_late_is_of_the_day_on_which_it_came_about(
    shop: Shop, operator: Operator
) -> None:
    refunded, disputed = shop.buy("u1", "once"), shop.buy("u2", "once")
    shop.deliver_all()
    charges = {str(c.payment_intent): c.id for c in shop.client.v1.charges.list().data}
    shop.stripe.advance(days=3)
    shop.refund(refunded["payment_intent"], 300)
    shop.stripe.advance(days=1)
    shop.control(f"charges/{charges[disputed['payment_intent']]}/dispute")
    shop.stripe.advance(days=2)
    shop.control(f"charges/{charges[disputed['payment_intent']]}/dispute/close", outcome="lost")
    shop.stripe.advance(days=35)
    report = operator.run()
    assert found(report) == {"refund": 1, "dispute": 1}
    operator.counting.count()
    figures = figures_store().places(DEMO)
    march = {name: int(amount) for name, amount in figures["2026-03"].items() if "usd" in name}
    assert march == {"paid:usd:02": 2 * 9900, "refunded:usd:05": 300, "disputed:usd:06": 9900}
    assert set(figures) == {NOW, "2026-03"}
