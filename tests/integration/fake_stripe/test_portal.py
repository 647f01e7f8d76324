from __future__ import annotations

import re
from typing import Any

import pytest
import requests

from .conftest import Shop

RETURN = "https://app.example/account"


@pytest.fixture
def sub(shop: Shop) -> dict[str, Any]:
    return shop.subscribe(customer_email="ann@example.com")


def portal(shop: Shop, sub: dict[str, Any]) -> str:
    session = shop.client.v1.billing_portal.sessions.create(
        {"customer": sub["customer"], "return_url": RETURN}
    )
    return session.url


def act(url: str, **fields: str) -> requests.Response:
    return requests.post(url, data=fields, allow_redirects=False, timeout=5)


def test_the_page_shows_the_plan_and_the_way_back(shop: Shop, sub: dict[str, Any]) -> None:
    page = requests.get(portal(shop, sub), timeout=5).text
    assert "$12.00 per month" in page
    assert "Renews on 15 February 2026" in page
    assert f'<a href="{RETURN}">' in page
    assert "Return to app.example" in page


def test_cancel_and_resume(shop: Shop, sub: dict[str, Any]) -> None:
    url = portal(shop, sub)
    answer = act(url, action="cancel")
    assert (answer.status_code, answer.headers["Location"]) == (303, url)
    assert (sub["cancel_at_period_end"], sub["status"]) == (True, "active")
    assert "Ends on 15 February 2026" in requests.get(url, timeout=5).text
    act(url, action="resume", subscription=sub["id"])
    assert (sub["cancel_at_period_end"], sub["cancel_at"]) == (False, None)
    assert shop.types()[-2:] == ["customer.subscription.updated"] * 2


def test_the_portal_may_set_cancel_at_instead(shop: Shop, sub: dict[str, Any]) -> None:
    shop.server.state.settings.portal_cancel = "cancel_at"
    act(portal(shop, sub), action="cancel")
    end = sub["items"]["data"][0]["current_period_end"]
    assert (sub["cancel_at_period_end"], sub["cancel_at"]) == (False, end)
    shop.server.advance(days=32)
    assert (sub["status"], sub["ended_at"]) == ("canceled", end)


def test_switching_changes_the_price(shop: Shop, sub: dict[str, Any]) -> None:
    url = portal(shop, sub)
    assert f'value="{shop.yearly}"' in requests.get(url, timeout=5).text
    assert act(url, action="switch", price=shop.yearly).status_code == 303
    assert sub["items"]["data"][0]["price"]["id"] == shop.yearly
    assert act(url, action="switch", price="price_none").status_code == 400


def test_each_subscription_has_its_own_form(shop: Shop, sub: dict[str, Any]) -> None:
    other = shop.subscribe(customer=sub["customer"])
    url = portal(shop, sub)
    named = re.findall(r'name="subscription" value="(sub_\w+)"', requests.get(url, timeout=5).text)
    assert set(named) == {sub["id"], other["id"]}
    act(url, action="cancel", subscription=other["id"])
    assert (sub["cancel_at_period_end"], other["cancel_at_period_end"]) == (False, True)


def test_a_stranger_subscription_cannot_be_managed(shop: Shop, sub: dict[str, Any]) -> None:
    stranger = shop.subscribe()
    answer = act(portal(shop, sub), action="cancel", subscription=stranger["id"])
    assert answer.status_code == 404
    assert stranger["cancel_at_period_end"] is False


def test_an_unknown_action_or_page_is_refused(shop: Shop, sub: dict[str, Any]) -> None:
    assert act(portal(shop, sub), action="dance").status_code == 400
    assert requests.get(f"{shop.server.url}/p/session/bps_none", timeout=5).status_code == 404
    assert requests.get(f"{shop.server.url}/c/pay/cs_none", timeout=5).status_code == 404


def test_the_overview_lists_everything_and_moves_the_clock(shop: Shop, sub: dict[str, Any]) -> None:
    page = requests.get(f"{shop.server.url}/", timeout=5).text
    assert sub["id"] in page
    assert "checkout.session.completed" in page
    before = shop.server.now
    answer = requests.post(
        f"{shop.server.url}/_fake/clock/advance",
        data={"days": "2"},
        headers={"Accept": "text/html"},
        allow_redirects=False,
        timeout=5,
    )
    assert (answer.status_code, shop.server.now - before) == (303, 2 * 86_400)


def test_a_default_configuration_is_listed(shop: Shop) -> None:
    found = shop.client.v1.billing_portal.configurations.list().data
    assert [configuration.is_default for configuration in found] == [True]
    made = shop.client.v1.billing_portal.configurations.create(
        {
            "features": {
                "subscription_cancel": {"enabled": True},
                "invoice_history": {"enabled": False},
            }
        }
    )
    assert made.features.invoice_history.enabled is False
