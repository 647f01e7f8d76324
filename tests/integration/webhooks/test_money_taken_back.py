"""Refunds and disputes, by every event that tells of them, and what policy makes of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from billing.domain.policy import Effect, Policy
from billing.services.manage_catalog import put_catalog
from billing.stores import catalog_store
from tests.support.shop import Json, Shop, clock_of

NEW, OLD = "2026-10-28.endive", "2024-06-20"

both_generations = pytest.mark.parametrize("version", [NEW, OLD])


def buy(shop: Shop, price: str) -> Json:
    session = shop.buy("user-1", price)
    shop.deliver_all()
    assert "export" in shop.features("user-1")
    return session


def the_charge(shop: Shop) -> str:
    (charge,) = shop.client.v1.charges.list().data
    return str(charge.id)


def open_dispute(shop: Shop, **fields: Any) -> str:
    charge = the_charge(shop)
    shop.stripe.advance(seconds=60)
    shop.control(f"charges/{charge}/dispute", **fields)
    return charge


def close(shop: Shop, charge: str, outcome: str) -> None:
    shop.stripe.advance(seconds=60)
    shop.control(f"charges/{charge}/dispute/close", outcome=outcome)


def set_policy(shop: Shop, **effects: Any) -> None:
    """Put the catalog with another policy; a cached one would be seen 30 s later."""
    wanted = replace(shop.catalog, policy=Policy(**effects))
    now = clock_of(shop.stripe)
    put_catalog(catalog_store(), shop.gateway, wanted, by="Ada", now=now)
    shop.stripe.advance(seconds=31)


@both_generations
@pytest.mark.parametrize("price", ["once", "pro_monthly"])
def test_a_lost_dispute_ends_access_and_a_won_one_does_not(
    shop: Shop, price: str, version: str
) -> None:
    buy(shop, price)
    charge = open_dispute(shop)
    shop.deliver_all(version)
    assert "export" in shop.features("user-1"), "an open dispute changes nothing yet"
    close(shop, charge, "lost")
    shop.deliver_all(version)
    assert shop.features("user-1") == {}


@both_generations
@pytest.mark.parametrize("price", ["once", "pro_monthly"])
def test_a_won_dispute_restores_what_an_open_one_ended(
    shop: Shop, price: str, version: str
) -> None:
    buy(shop, price)
    set_policy(shop, open_dispute=Effect.END)
    charge = open_dispute(shop)
    shop.deliver_all(version)
    assert shop.features("user-1") == {}
    close(shop, charge, "won")
    shop.deliver_all(version)
    assert "export" in shop.features("user-1")


def test_an_inquiry_changes_nothing(shop: Shop) -> None:
    buy(shop, "once")
    set_policy(shop, open_dispute=Effect.END)
    open_dispute(shop, status="warning_needs_response")
    shop.deliver_all()
    assert shop.features("user-1") == {"export": True}


def test_a_dispute_heard_of_before_its_purchase_counts(shop: Shop) -> None:
    shop.buy("user-1", "once")
    charge = open_dispute(shop)
    close(shop, charge, "lost")
    shop.deliver(shop.events()[::-1])
    assert shop.features("user-1") == {}


def test_a_lost_dispute_of_one_period_leaves_the_next(shop: Shop) -> None:
    buy(shop, "pro_monthly")
    close(shop, open_dispute(shop), "lost")
    shop.deliver_all()
    assert shop.features("user-1") == {}
    shop.stripe.advance(days=32)
    shop.deliver_all()
    assert "export" in shop.features("user-1")


@both_generations
@pytest.mark.parametrize("price", ["once", "pro_monthly"])
def test_a_refund_is_known_by_its_own_event_and_given_back_when_it_fails(
    shop: Shop, price: str, version: str
) -> None:
    buy(shop, price)
    (intent,) = shop.client.v1.payment_intents.list().data
    shop.refund(intent.id)
    shop.deliver(shop.events("refund.created"), version)
    assert shop.features("user-1") == {}
    (refund,) = shop.client.v1.refunds.list().data
    shop.stripe.advance(seconds=60)
    shop.control(f"refunds/{refund.id}/fail")
    shop.deliver(shop.events("refund.failed"), version)
    assert "export" in shop.features("user-1")
    shop.deliver(shop.events("charge.refunded", "refund.created"), version)
    assert "export" in shop.features("user-1"), "late and older"


POLICIES: dict[str, tuple[dict[str, Effect], bool]] = {
    "full_refund ends": ({}, False),
    "full_refund keeps": ({"full_refund": Effect.KEEP}, True),
}


@pytest.mark.parametrize("case", POLICIES)
def test_the_project_says_what_a_full_refund_does(shop: Shop, case: str) -> None:
    effects, has_access = POLICIES[case]
    session = buy(shop, "once")
    set_policy(shop, **effects)
    shop.refund(session["payment_intent"])
    shop.deliver_all()
    assert ("export" in shop.features("user-1")) is has_access


def test_the_project_says_what_a_partial_refund_does(shop: Shop) -> None:
    session = buy(shop, "once")
    shop.refund(session["payment_intent"], 100)
    shop.deliver_all()
    assert shop.features("user-1") == {"export": True}
    set_policy(shop, partial_refund=Effect.END)
    assert shop.features("user-1") == {}, "a policy reaches every holder at once"


def test_the_project_says_what_unpaid_does(shop: Shop) -> None:
    session = buy(shop, "pro_monthly")
    shop.stripe.advance(seconds=60)
    shop.control(f"subscriptions/{session['subscription']}/status", status="unpaid")
    shop.deliver_all()
    assert shop.features("user-1") == {}
    set_policy(shop, unpaid=Effect.KEEP)
    assert "export" in shop.features("user-1")
