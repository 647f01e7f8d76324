"""POST /api/v1/portal/create-session, through the real handler, SDK and tables."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from billing import composition
from billing.services.open_portal import LINK_LASTS
from functions.portal.handler import lambda_handler
from tests.support.requests import Answer, call, request
from tests.support.shop import Shop

RETURN = "https://app.example.com/account"
USER = "user-1"


def open_portal(shop: Shop, *, key: str | None = None, **changes: Any) -> Answer:
    body = {"user_id": USER, "return_url": RETURN, **changes}
    sent = {name: value for name, value in body.items() if value is not ...}
    event = request("POST", "/api/v1/portal/create-session", json_body=sent, key=key or shop.key)
    return call(lambda_handler, event)


@pytest.fixture
def customer(shop: Shop) -> str:
    """A user who started a checkout once."""
    assert shop.checkout(USER).status == 200
    return str(shop.account(USER).customer_id)


def test_the_portal_opens_for_a_customer(shop: Shop, customer: str) -> None:
    answer = open_portal(shop)
    assert answer.status == 200, answer.body
    assert set(answer.body) == {"portal_url", "expires_at"}
    (session,) = shop.stripe.state.portal_sessions.rows.values()
    assert (session["customer"], session["return_url"]) == (customer, RETURN)
    assert answer.body["portal_url"] == session["url"]
    assert answer.body["expires_at"].endswith("Z")
    expires_at = datetime.fromisoformat(answer.body["expires_at"])
    assert expires_at.timestamp() == session["created"] + LINK_LASTS.total_seconds()
    assert abs(expires_at - composition.now()) <= LINK_LASTS + timedelta(seconds=5)


def test_every_link_is_a_new_one(shop: Shop, customer: str) -> None:
    assert open_portal(shop).body["portal_url"] != open_portal(shop).body["portal_url"]


def test_an_unknown_customer_is_a_404(shop: Shop) -> None:
    answer = open_portal(shop)
    assert (answer.status, answer.body["code"]) == (404, "unknown_customer")


def test_a_customer_that_was_deleted_is_a_404(shop: Shop, customer: str) -> None:
    shop.client.v1.customers.delete(customer)
    answer = open_portal(shop)
    assert (answer.status, answer.body["code"]) == (404, "unknown_customer")


def test_what_is_not_possible_is_refused_and_named(
    shop: Shop, customer: str, subtests: pytest.Subtests
) -> None:
    refused: list[tuple[dict[str, Any], str]] = [
        ({"user_id": ...}, "user_id"),
        ({"user_id": ""}, "user_id"),
        ({"return_url": ...}, "return_url"),
        ({"return_url": "https://evil.com"}, "return_url"),
        ({"return_url": "https://app.example.com@evil.com"}, "return_url"),
        ({"return_url": "javascript:alert(1)"}, "return_url"),
        ({"return_url": 5}, "return_url"),
        ({"returnurl": RETURN}, "returnurl"),
    ]
    for changes, field in refused:
        answer = open_portal(shop, **changes)
        with subtests.test(changes=str(changes)):
            assert answer.status == 422
            assert field in [error["field"] for error in answer.body["errors"]]


def test_a_laptop_is_an_origin_in_development(shop: Shop, customer: str) -> None:
    assert open_portal(shop, return_url="http://localhost:3000/account").status == 200


def test_another_project_cannot_be_named(shop: Shop, customer: str) -> None:
    assert open_portal(shop, project_id="other").status == 403
    assert open_portal(shop, project_id=shop.project_id).status == 200


def test_an_operator_names_the_project(shop: Shop, customer: str) -> None:
    assert open_portal(shop, key=shop.admin_key, project_id=shop.project_id).status == 200
    assert open_portal(shop, key=shop.admin_key).status == 422
    assert open_portal(shop, key=shop.admin_key, project_id="nobody").status == 404


def test_without_a_key_nothing_is_opened(shop: Shop) -> None:
    event = request("POST", "/api/v1/portal/create-session", json_body={"user_id": USER})
    assert call(lambda_handler, event).status == 401


def test_stripes_trouble_is_told_with_when_to_try_again(shop: Shop, customer: str) -> None:
    shop.stripe.add_fault(
        path="/v1/billing_portal/sessions", status=503, headers={"Stripe-Should-Retry": "false"}
    )
    answer = open_portal(shop)
    assert (answer.status, answer.body["code"]) == (503, "stripe_unavailable")
    assert answer.headers["retry-after"] == "2"
