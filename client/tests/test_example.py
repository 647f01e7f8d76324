"""The example app, with the double in the service's place: how an app of yours is tested."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import httpx
import pytest

from billing_client.testing import FakeBilling
from client.examples.notes.app import Settings, create_app
from client.tests.test_receiver import SECRET, a_push

SETTINGS = Settings("http://billing.test", "bk_test_fake", (SECRET,), "http://localhost/")


@pytest.fixture
def billing() -> FakeBilling:
    return FakeBilling(prices={"pro_monthly": {"export": True}})


def call(billing: FakeBilling, method: str, path: str, user: str = "", **sent: Any) -> Any:
    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(create_app(SETTINGS, billing))
        cookies = {"user": user} if user else {}
        async with httpx.AsyncClient(
            transport=transport, base_url="http://app.test", cookies=cookies
        ) as http:
            return await http.request(method, path, **sent)

    return asyncio.run(ask())


def test_a_user_signs_in_under_any_name(billing: FakeBilling) -> None:
    assert "Sign in" in call(billing, "GET", "/").text
    signed_in = call(billing, "GET", "/sign-in", params={"name": "Zoë <b>"})
    name = signed_in.cookies["user"]
    assert "Hello, Zoë &lt;b&gt;." in call(billing, "GET", "/", name).text


def test_the_feature_is_sold_and_used(billing: FakeBilling) -> None:
    assert "$9.00" in call(billing, "GET", "/", "ann").text
    assert call(billing, "GET", "/export", "ann").status_code == 402
    bought = call(billing, "POST", "/buy", "ann")
    assert bought.status_code == 303
    billing.service.pay(bought.headers["location"].rpartition("/")[2])
    assert call(billing, "GET", "/export", "ann").text.startswith("Buy milk")
    assert "is yours" in call(billing, "GET", "/", "ann").text
    assert call(billing, "GET", "/plan", "ann").json()["reason"] == "active"
    for path in ("/manage", "/buy"):
        assert "portal.test" in call(billing, "POST", path, "ann").headers["location"]


def test_who_has_bought_nothing_has_nothing_to_manage(billing: FakeBilling) -> None:
    assert call(billing, "POST", "/manage", "ann").headers["location"] == "/"
    assert call(billing, "POST", "/buy").headers["location"] == "/"


def test_a_push_is_taken(billing: FakeBilling) -> None:
    billing.clock.advance(time.time() - billing.clock.now())
    headers, body = a_push(billing.clock)
    got = call(billing, "POST", "/billing/events", headers=headers, content=body)
    assert got.status_code == 204


def test_while_the_service_is_down_the_shop_is_closed(billing: FakeBilling) -> None:
    billing.cut()
    assert call(billing, "POST", "/buy", "ann").status_code == 503
    assert call(billing, "GET", "/export", "ann").status_code == 503
