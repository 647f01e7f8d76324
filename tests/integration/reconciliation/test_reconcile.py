"""What a run finds when Stripe and the service are alike, and when they are not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from billing.domain.drift import Drift
from tests.support.shop import Shop

from .conftest import Operator, found

NOTHING = dict.fromkeys(Drift, 0)


def test_alike_sides_have_no_differences(shop: Shop, operator: Operator) -> None:
    shop.buy("u1")
    shop.buy("u2", "seat", quantity=3)
    shop.buy("u3", "once")
    shop.deliver_all()
    report = operator.run()
    assert report == {
        "run_id": report["run_id"],
        "status": "completed",
        "stage": "missing",
        "actor": "Ada",
        "project_id": None,
        "since": None,
        "dry_run": False,
        "started_at": "2026-03-02T12:00:00Z",
        "finished_at": "2026-03-02T12:00:00Z",
        "compared": 3,
        "phases": {
            "events": 22,
            "sent": 0,
            "heard": 0,
            "subscriptions": 2,
            "sessions": 1,
            "charges": 0,
            "disputes": 0,
            "accounts": 3,
            "figures": 0,
            "missing": 0,
        },
        "counts": NOTHING,
        "drifted": 0,
        "needs_person": 0,
        "repaired": 0,
        "abandoned_checkouts": 0,
        "events_swept": 0,
        "differences": [],
        "next_cursor": None,
        "error": None,
    }


def test_a_renewal_that_was_heard_only_by_its_invoice_is_no_difference(
    shop: Shop, operator: Operator
) -> None:
    shop.buy("u1")
    shop.deliver_all()
    shop.stripe.advance(days=40)
    shop.deliver(shop.events("invoice.paid"))
    assert found(operator.run()) == {}


def test_what_has_ended_on_both_sides_is_alike(shop: Shop, operator: Operator) -> None:
    session = shop.buy("u1")
    shop.client.v1.subscriptions.cancel(session["subscription"])
    shop.deliver_all()
    assert found(operator.run()) == {}


def test_one_that_was_never_heard_of_is_missing_here(shop: Shop, operator: Operator) -> None:
    session = shop.buy("u1")
    report = operator.run(dry_run=True)
    assert found(report) == {"missing_here": 1}
    assert report["differences"] == [
        {
            "kind": "missing_here",
            "object_id": session["subscription"],
            "project_id": "demo",
            "user_id": "u1",
            "ours": None,
            "stripe": "active",
            "changed_at": "2026-03-02T12:00:00Z",
            "reported_at": None,
            "repair": None,
        }
    ]


def test_one_that_only_its_customer_belongs_to_is_missing_here(
    shop: Shop, operator: Operator
) -> None:
    session = shop.buy("u1")
    _without_metadata(shop, session["subscription"])
    assert found(operator.run()) == {"missing_here": 1}


def test_one_that_is_deleted_at_stripe_is_missing_there(shop: Shop, operator: Operator) -> None:
    session = shop.buy("u1")
    shop.deliver_all()
    shop.stripe.reset()
    report = operator.run()
    assert found(report) == {"missing_at_stripe": 1}
    assert report["differences"][0]["object_id"] == session["subscription"]
    assert report["differences"][0]["user_id"] == "u1"
    assert report["differences"][0]["ours"] == "active"


def test_one_that_has_ended_here_need_not_be_at_stripe(shop: Shop, operator: Operator) -> None:
    session = shop.buy("u1")
    shop.client.v1.subscriptions.cancel(session["subscription"])
    shop.deliver_all()
    shop.stripe.reset()
    assert found(operator.run()) == {}


def _cancel(shop: Shop, id_: str) -> None:
    shop.client.v1.subscriptions.cancel(id_)


def _cancel_later(shop: Shop, id_: str) -> None:
    shop.client.v1.subscriptions.update(id_, {"cancel_at_period_end": True})


def _more_units(shop: Shop, id_: str) -> None:
    item = shop.client.v1.subscriptions.retrieve(id_)["items"]["data"][0]["id"]
    shop.client.v1.subscriptions.update(id_, {"items": [{"id": item, "quantity": 5}]})


def _another_price(shop: Shop, id_: str) -> None:
    item = shop.client.v1.subscriptions.retrieve(id_)["items"]["data"][0]["id"]
    found = shop.catalog.find_price("seat")
    price = str(found[1].stripe_price_id) if found else ""
    shop.client.v1.subscriptions.update(id_, {"items": [{"id": item, "price": price}]})


def _renew(shop: Shop, id_: str) -> None:
    shop.stripe.advance(days=40)


@pytest.mark.parametrize(
    ("change", "kinds"),
    [
        (_cancel, {"status"}),
        (_cancel_later, {"cancellation"}),
        (_more_units, {"quantity"}),
        (_another_price, {"price"}),
        (_renew, {"period"}),
    ],
)
def test_a_change_that_was_not_heard_is_a_difference(
    shop: Shop, operator: Operator, change: Callable[[Shop, str], None], kinds: set[str]
) -> None:
    session = shop.buy("u1")
    shop.deliver_all()
    shop.stripe.advance(seconds=1)
    change(shop, session["subscription"])
    report = operator.run(dry_run=True)
    assert found(report).keys() == kinds
    shop.deliver_all()
    assert found(operator.run()) == {}


def _without_metadata(shop: Shop, id_: str) -> None:
    shop.stripe.state.subscriptions.rows[id_]["metadata"] = {}


def test_a_dry_run_changes_nothing(shop: Shop, operator: Operator) -> None:
    shop.buy("u1")
    shop.deliver_all()
    before = shop.account("u1")
    shop.stripe.advance(days=40)
    operator.run(dry_run=True)
    assert shop.account("u1") == before
