"""GET /api/v1/metrics/project/{project_id}."""

from __future__ import annotations

import pytest

from billing.domain.status import PaymentState, SubscriptionStatus
from billing.services.manage_keys import create_key
from billing.stores import catalog_store
from functions.metrics.handler import lambda_handler
from tests.support.builders import a_grant, a_purchase, a_refund, a_subscription, an_item
from tests.support.clock import Clock
from tests.support.counting import Counting
from tests.support.facts import keep
from tests.support.requests import Answer, call, request
from tests.support.world import BEGINNING, World, a_world


@pytest.fixture
def world(clock: Clock) -> World:
    return a_world()


def metrics(key: str | None, project_id: str = "demo") -> Answer:
    Counting().count()
    path = f"/api/v1/metrics/project/{project_id}"
    return call(lambda_handler, request("GET", path, key=key))


NO_RATE = {"part": 0, "whole": 0, "rate": None}
NO_CUSTOMERS = {
    "paying_at_start": 0,
    "new": 0,
    "reactivated": 0,
    "churned_voluntary": 0,
    "churned_involuntary": 0,
    "churn": NO_RATE,
    "voluntary_churn": NO_RATE,
    "involuntary_churn": NO_RATE,
    "trials_started": 0,
    "trials_ended": 0,
    "trials_converted": 0,
    "trial_conversion": NO_RATE,
}
MONTHS = [f"2025-{month:02d}" for month in range(4, 13)] + ["2026-01", "2026-02", "2026-03"]
NOTHING = {
    "project_id": "demo",
    "active_subscriptions": 0,
    "trialing_subscriptions": 0,
    "past_due_subscriptions": 0,
    "canceled_subscriptions": 0,
    "total_subscriptions": 0,
    "by_status": dict.fromkeys(SubscriptionStatus, 0),
    "currency": None,
    "estimated_mrr_cents": 0,
    "estimated_mrr_dollars": 0.0,
    "mrr_by_currency": {},
    "unpriced_items": 0,
    "paying_customers": 0,
    "currencies": [],
    "customers": [NO_CUSTOMERS | {"month": month} for month in MONTHS],
    "purchases": 0,
    "accounts": 0,
    "generated_at": "2026-03-02T12:00:00Z",
}


def test_a_project_without_users_has_nothing(world: World) -> None:
    status, body, headers = metrics(world.key)
    assert (status, body) == (200, NOTHING)
    assert headers["cache-control"] == "no-store"


def test_subscriptions_are_counted_by_status_and_summed_by_currency(world: World) -> None:
    yearly = an_item(interval="year", unit_amount=12050, quantity=2)
    keep("u1", a_subscription())
    keep("u2", a_subscription(id="sub_a", items=(yearly,)), a_subscription(status="canceled"))
    keep("u3", a_subscription(status="past_due", items=(an_item(currency="eur"),)))
    keep("u4", a_subscription(status="trialing"))
    keep("u5", a_grant())
    body = metrics(world.key).body
    assert body["active_subscriptions"] == 2
    assert body["trialing_subscriptions"] == 1
    assert body["past_due_subscriptions"] == 1
    assert body["canceled_subscriptions"] == 1
    assert body["total_subscriptions"] == 5
    assert body["by_status"]["active"] == 2
    assert body["mrr_by_currency"] == {"eur": 1200, "usd": 3208}
    assert (body["currency"], body["estimated_mrr_cents"]) == ("usd", 3208)
    assert body["estimated_mrr_dollars"] == 32.08
    assert body["accounts"] == 5


def test_only_purchases_that_are_paid_and_kept_are_counted(world: World) -> None:
    keep("u1", a_purchase(), a_purchase(id="pi_2", state=PaymentState.UNPAID, paid_at=None))
    keep("u2", a_purchase(refunds=(a_refund(9900),)))
    keep(
        "u3",
        a_purchase(
            refunds=(a_refund(100, charge_id="ch_2"),), state=PaymentState.NO_PAYMENT_REQUIRED
        ),
    )
    assert metrics(world.key).body["purchases"] == 2


def test_projects_are_apart(world: World) -> None:
    other = a_world("other")
    keep("u1", a_subscription(), project_id="other")
    assert metrics(world.key).body["total_subscriptions"] == 0
    assert metrics(other.key, "other").body["total_subscriptions"] == 1
    status, body, _ = metrics(world.key, "other")
    assert (status, body["code"]) == (403, "forbidden")
    assert metrics(world.key, "unheard-of").status == 403


def test_an_operator_sees_every_project(world: World) -> None:
    keep("u1", a_subscription())
    assert metrics(world.admin_key).body["total_subscriptions"] == 1
    status, body, _ = metrics(world.admin_key, "unheard-of")
    assert (status, body["code"]) == (404, "not_found")


def test_a_key_without_the_scope_sees_nothing(world: World) -> None:
    issued = create_key(
        catalog_store(), "demo", name="shop", scopes=["checkout"], by="Ada", now=BEGINNING
    )
    assert metrics(issued.key).status == 403
    assert metrics(None).status == 401
