"""A checkout while Stripe, the tables or the configuration are in trouble."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from billing.adapters.dynamo.models import PointerItem
from billing.adapters.dynamo.store import AccountStore
from billing.domain.account import AccountKey
from billing.stores import account_store
from local.stripe.server import FakeStripeServer
from tests.integration.checkout.wire import USER, body_of, fields_of, session_of, start
from tests.integration.conftest import put_secret
from tests.support.shop import REDIRECTS, Shop


@pytest.fixture
def troubled(shop: Shop) -> Iterator[FakeStripeServer]:
    yield shop.stripe
    shop.stripe.api.faults.planned.clear()


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ({"status": 503, "times": 9}, 503, "stripe_unavailable"),
        ({"status": 429, "times": 9}, 503, "stripe_unavailable"),
        ({"status": 401}, 503, "not_configured"),
        (
            {"status": 400, "error": {"code": "resource_missing", "param": "x"}},
            502,
            "stripe_rejected",
        ),
    ],
)
def test_stripes_trouble_is_told_with_when_to_try_again(
    shop: Shop, troubled: FakeStripeServer, fault: dict[str, Any], status: int, code: str
) -> None:
    headers = {"Stripe-Should-Retry": "false"}
    troubled.add_fault(path="/v1/checkout/sessions", **{"headers": headers, **fault})
    answer = start(shop, body_of())
    assert (answer.status, answer.body["code"]) == (status, code)
    assert int(answer.headers["retry-after"]) > 0
    assert answer.headers["content-type"] == "application/problem+json"


def test_an_address_that_stripe_refuses_is_the_callers_error(
    shop: Shop, troubled: FakeStripeServer
) -> None:
    error = {"code": "email_invalid", "param": "email", "message": "Invalid email: x@example.com"}
    troubled.add_fault(path="/v1/customers/*", status=400, error=error)
    answer = start(shop, body_of(customer_email="x@example.com"))
    assert fields_of(answer) == ["customer_email"]
    assert "x@example.com" not in str(answer.body)


def test_a_checkout_that_broke_after_the_customer_was_made_is_taken_up_again(
    shop: Shop, troubled: FakeStripeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: object) -> None:
        raise TimeoutError

    with monkeypatch.context() as patch:
        patch.setattr(AccountStore, "write", broken)
        assert start(shop, body_of()).status == 500
    assert shop.account(USER).customer_id is None
    session = session_of(shop, start(shop, body_of()))
    assert shop.account(USER).customer_id == session["customer"]
    assert len(shop.stripe.state.customers) == 1


def test_a_customer_that_an_operator_gave_to_another_meanwhile_is_left_to_that_one(
    shop: Shop,
) -> None:
    made = shop.gateway().create_customer(AccountKey(shop.project_id, USER))
    PointerItem(made, account="demo#another").save()
    answer = start(shop, body_of())
    assert answer.status == 200
    customer = shop.account(USER).customer_id
    assert customer not in (None, made)
    assert session_of(shop, answer)["customer"] == customer
    assert account_store().find([made]) == AccountKey("demo", "another")
    assert account_store().ledger_entry(f"checkout:{made}") is None, "nothing is parked"


def test_without_an_api_key_it_refuses_to_serve(shop: Shop) -> None:
    put_secret("stripe-api-key", {})
    answer = start(shop, body_of())
    assert (answer.status, answer.body["code"]) == (503, "not_configured")


def test_nothing_personal_is_logged(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    asked = body_of(customer_email="ada@example.com", metadata={"note": "private"})
    assert start(shop, asked).status == 200
    written = "".join(capsys.readouterr())
    for private in ("ada@example.com", "private", shop.key, "sk_test", REDIRECTS["cancel_url"]):
        assert private not in written
