"""What cannot be sold, and who may not sell it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from billing.settings import settings
from functions.checkout.handler import lambda_handler
from tests.integration.checkout.wire import body_of, change_catalog, fields_of, session_of, start
from tests.support.requests import call, request
from tests.support.shop import Shop

REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"user_id": ...}, "user_id"),
    ({"user_id": ""}, "user_id"),
    ({"user_id": 7}, "user_id"),
    ({"user_id": "a\nb"}, "user_id"),
    ({"user_id": "u" * 257}, "user_id"),
    ({"user_id": "\ud800"}, "user_id"),
    ({"price_id": ...}, "price_id"),
    ({"price_id": ""}, "price_id"),
    ({"price_id": "nothing_we_sell"}, "price_id"),
    ({"mode": ...}, "mode"),
    ({"mode": "setup"}, "mode"),
    ({"mode": "payment"}, "mode"),
    ({"price_id": "once"}, "mode"),
    ({"success_url": ...}, "success_url"),
    ({"success_url": "https://evil.com"}, "success_url"),
    ({"success_url": "https://app.example.com@evil.com"}, "success_url"),
    ({"success_url": "http://app.example.com"}, "success_url"),
    ({"cancel_url": "//app.example.com"}, "cancel_url"),
    ({"cancel_url": "https://app.example.com/" + "a" * 2100}, "cancel_url"),
    ({"quantity": 0}, "quantity"),
    ({"quantity": -1}, "quantity"),
    ({"quantity": "2"}, "quantity"),
    ({"quantity": 1.5}, "quantity"),
    ({"quantity": True}, "quantity"),
    ({"quantity": 10**30}, "quantity"),
    ({"trial_days": 0}, "trial_days"),
    ({"trial_days": 731}, "trial_days"),
    ({"price_id": "once", "mode": "payment", "trial_days": 7}, "trial_days"),
    ({"customer_email": "ada"}, "customer_email"),
    ({"customer_email": "ada@example"}, "customer_email"),
    ({"customer_email": "a b@example.com"}, "customer_email"),
    ({"customer_email": "a@b@example.com"}, "customer_email"),
    ({"allow_promotion_codes": "yes"}, "allow_promotion_codes"),
    ({"metadata": []}, "metadata"),
    ({"metadata": {"user_id": "someone-else"}}, "metadata"),
    ({"metadata": {"project_id": "other"}}, "metadata"),
    ({"metadata": {"price_id": "cheap"}}, "metadata"),
    ({"metadata": {"quantity": "9"}}, "metadata"),
    ({"metadata": {str(n): "x" for n in range(47)}}, "metadata"),
    ({"metadata": {"a": 1}}, "metadata.a"),
    ({"metadata": {"a": "x" * 501}}, "metadata.a"),
    ({"prise_id": "typo"}, "prise_id"),
]


def test_what_is_not_possible_is_refused_and_named(shop: Shop, subtests: pytest.Subtests) -> None:
    for changes, field in REFUSED:
        with subtests.test(changes=str(changes)[:60]):
            assert field in fields_of(start(shop, body_of(**changes)))
    assert len(shop.stripe.state.sessions) == 0
    assert len(shop.stripe.state.customers) == 0


def test_metadata_names_are_as_stripe_has_them(shop: Shop) -> None:
    for name in ("", "k" * 41, "a[b]"):
        assert fields_of(start(shop, body_of(metadata={name: "x"}))), name


def test_as_much_metadata_as_fits_beside_ours_is_taken(shop: Shop) -> None:
    metadata = {f"{'k' * 38}{n:02d}": "x" * 500 for n in range(46)}
    session = session_of(shop, start(shop, body_of(metadata=metadata)))
    assert len(session["metadata"]) == 50


def test_a_user_id_is_used_exactly_as_given(shop: Shop, subtests: pytest.Subtests) -> None:
    for user_id in ("u" * 256, "u/1 ?&#", "ünïcödé-✓", "a:b", " padded ", "u@example.com", "0"):
        with subtests.test(user_id=user_id):
            session = session_of(shop, start(shop, body_of(user_id=user_id)))
            assert session["metadata"]["user_id"] == user_id
            assert shop.account(user_id).customer_id == session["customer"]


def test_a_price_that_is_not_sold_any_more_is_refused(shop: Shop) -> None:
    found = shop.catalog.product("pro")
    assert found
    retired = tuple(replace(price, active=False) for price in found.prices)
    change_catalog(shop, "pro", prices=retired)
    assert fields_of(start(shop, body_of())) == ["price_id"]


def test_a_product_that_is_not_sold_any_more_is_refused(shop: Shop) -> None:
    change_catalog(shop, "pro", active=False)
    assert fields_of(start(shop, body_of())) == ["price_id"]


def test_a_price_that_stripe_does_not_know_yet_is_refused(shop: Shop) -> None:
    found = shop.catalog.product("pro")
    assert found
    unsold = tuple(replace(price, stripe_price_id=None) for price in found.prices)
    change_catalog(shop, "pro", prices=unsold)
    assert fields_of(start(shop, body_of())) == ["price_id"]


def test_a_laptop_is_an_origin_in_development_only(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    local = body_of(success_url="http://localhost:3000/ok", cancel_url="http://127.0.0.1:3000/no")
    assert start(shop, local).status == 200
    monkeypatch.setenv("STAGE", "staging")
    settings.cache_clear()
    assert fields_of(start(shop, local)) == ["success_url"]


# -- who may


def test_without_a_key_nothing_is_started(shop: Shop, subtests: pytest.Subtests) -> None:
    for header in (None, "", "Bearer", "Bearer nonsense", "Basic abc"):
        sent = {} if header is None else {"authorization": header}
        event = request("POST", "/api/v1/checkout/create", json_body=body_of(), headers=sent)
        answer = call(lambda_handler, event)
        with subtests.test(header=header):
            assert (answer.status, answer.body["code"]) == (401, "unauthenticated")
            assert "www-authenticate" in answer.headers


def test_another_project_cannot_be_named(shop: Shop) -> None:
    assert start(shop, body_of(project_id="other")).status == 403


def test_an_operator_names_the_project(shop: Shop) -> None:
    asked = body_of(project_id=shop.project_id)
    assert start(shop, asked, key=shop.admin_key).status == 200
    assert fields_of(start(shop, body_of(), key=shop.admin_key)) == ["project_id"]
    assert start(shop, body_of(project_id="nobody"), key=shop.admin_key).status == 404


def test_what_is_no_json_is_a_400(shop: Shop, subtests: pytest.Subtests) -> None:
    for raw in (b"{", b"[]", b"", b"NaN", b"\xff\xfe", b'{"user_id": NaN}', b"[" * 50_000):
        event = request("POST", "/api/v1/checkout/create", raw=raw, key=shop.key)
        with subtests.test(raw=raw[:20]):
            assert call(lambda_handler, event).status == 400


def test_a_body_that_is_too_large_is_a_413(shop: Shop) -> None:
    body = '{"user_id": "' + "u" * 70_000 + '"}'
    event = request("POST", "/api/v1/checkout/create", body=body, key=shop.key)
    assert call(lambda_handler, event).status == 413
