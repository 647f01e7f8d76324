"""What a run looks at: of which project, since when, and page by page."""

from __future__ import annotations

from datetime import timedelta

import pytest

from billing.adapters.stripe import calls
from billing.adapters.stripe.gateway import StripeGateway
from billing.adapters.stripe.listed import ListPage
from billing.services.list_differences import LISTED
from tests.support.shop import Shop

from .conftest import OPENING, Operator, a_subscription_of_a_stranger, found


def test_a_run_of_one_project_looks_at_no_other(shop: Shop, operator: Operator) -> None:
    other = shop.another_project("other")
    shop.buy("u1")
    other.buy("u1")
    a_subscription_of_a_stranger(shop)
    report = operator.run(project_id="other")
    assert found(report) == {"missing_here": 1}
    assert report["differences"][0]["project_id"] == "other"
    assert report["compared"] == 1


def test_a_run_since_an_instant_looks_at_what_is_newer(shop: Shop, operator: Operator) -> None:
    shop.buy("u1")
    shop.stripe.advance(days=2)
    shop.buy("u2")
    shop.deliver_all()
    shop.stripe.reset()
    shop.stripe.advance(days=2)
    since = (OPENING + timedelta(days=1)).isoformat()
    report = operator.run(since=since)
    assert found(report) == {"missing_at_stripe": 1}
    assert report["differences"][0]["user_id"] == "u2"


def test_many_differences_are_counted_and_listed_page_by_page(
    shop: Shop, operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "PAGE", 7)
    made = {a_subscription_of_a_stranger(shop) for _ in range(LISTED + 12)}
    report = operator.run()
    assert found(report) == {"orphaned": LISTED + 12}
    assert report["compared"] == LISTED + 12
    assert len(report["differences"]) == LISTED + 5  # whole pages
    rest = operator.read(report["run_id"], cursor=report["next_cursor"]).body
    assert rest["next_cursor"] is None
    listed = [*report["differences"], *rest["differences"]]
    assert {difference["object_id"] for difference in listed} == made
    assert len(listed) == len(made)
    assert operator.read(report["run_id"], cursor="stripe.9:0").status == 422


def test_one_that_stripe_lists_too_late_is_looked_up(
    shop: Shop, operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.buy("u1")
    shop.deliver_all()
    monkeypatch.setattr(StripeGateway, "page", lambda *_: ListPage([], None))
    report = operator.run()
    assert (found(report), report["phases"]["subscriptions"]) == ({}, 0)
    assert report["phases"]["missing"] == 1
