"""Accounts as operators see them: facts, access at an instant, history."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from billing.domain.account import (
    AccountKey,
)
from tests.integration.admin.conftest import Operator
from tests.integration.admin.hearing import heard
from tests.support.builders import DAY, PERIOD_END, START, a_purchase, a_subscription
from tests.support.clock import Clock
from tests.support.world import World, a_world


@pytest.fixture
def demo(clock: Clock) -> World:
    """A project with everything that builders speak of, since before START."""
    return a_world("demo")


@pytest.fixture
def ada(demo: World) -> Operator:
    return Operator(demo.admin_key)


def codes(answer: Any) -> list[str]:
    return [entry["feature_code"] for entry in answer.body["entitlements"]]


def test_an_unknown_user_is_shown_empty(ada: Operator) -> None:
    answer = ada.get("accounts/demo/nobody")
    assert answer.status == 200
    assert answer.body["account"] == {
        "project_id": "demo",
        "user_id": "nobody",
        "revision": 0,
        "customer_id": None,
        "updated_at": None,
        "subscriptions": [],
        "purchases": [],
        "grants": [],
    }
    assert answer.body["entitlements"] == answer.body["holdings"] == answer.body["history"] == []
    assert answer.body["at"] == "2026-03-02T12:00:00Z"


def test_an_account_is_shown_whole(ada: Operator, clock: Clock) -> None:
    heard("evt_1", a_subscription(), clock)
    heard("evt_2", a_purchase(), clock)
    ada.post(
        "grant",
        {"user_id": "user-1", "project_id": "demo", "feature_code": "theme"}
        | {"value": "dark", "reason": "beta"},
    )
    view = ada.get("accounts/demo/user-1").body

    account = view["account"]
    assert (account["revision"], account["customer_id"]) == (3, "cus_1")
    assert account["subscriptions"][0]["status"] == "active"
    assert account["subscriptions"][0]["items"][0]["price_id"] == "price_pro"
    assert account["purchases"][0]["lines"][0]["product_id"] == "lifetime"
    assert account["grants"][0]["granted_by"] == "Ada"
    assert {h["source"] for h in view["holdings"]} == {"subscription", "purchase", "manual"}
    assert "theme" in [e["feature_code"] for e in view["entitlements"]]
    assert [h["cause_name"] for h in view["history"]] == ["grant", "test", "test"]
    assert view["history"][0]["actor"] == "Ada"
    assert view["history"][0]["reason"] == "beta"


def test_both_forms_of_the_view_are_alike(ada: Operator, clock: Clock) -> None:
    heard("evt_1", a_subscription(), clock)
    by_path = ada.get("accounts/demo/user-1").body
    by_query = ada.get("accounts", project_id="demo", user_id="user-1").body
    assert by_path == by_query


@pytest.mark.parametrize("user_id", ["u/x y", "a,b", "a+b&c=d", "名前", "%2F", "#", " "])
def test_any_user_can_be_viewed_by_query(ada: Operator, clock: Clock, user_id: str) -> None:
    heard("evt_1", a_subscription(), clock, AccountKey("demo", user_id))
    view = ada.get("accounts", project_id="demo", user_id=user_id).body
    assert (view["account"]["user_id"], view["account"]["revision"]) == (user_id, 1)
    history = ada.get("history", project_id="demo", user_id=user_id).body["history"]
    assert [h["cause_id"] for h in history] == ["evt_1"]


def test_the_future_is_shown_as_far_as_it_is_known(ada: Operator, clock: Clock) -> None:
    heard("evt_1", a_subscription(), clock)
    last = (PERIOD_END + DAY - timedelta(seconds=1)).isoformat()
    after = (PERIOD_END + DAY).isoformat()
    assert codes(ada.get("accounts/demo/user-1")) == ["export", "quota"]
    assert codes(ada.get("accounts/demo/user-1", at=last)) == ["export", "quota"]
    assert codes(ada.get("accounts/demo/user-1", at=after)) == []


def test_the_past_is_shown_as_it_was_known_then(ada: Operator, clock: Clock) -> None:
    first = clock.at
    heard("evt_1", a_subscription(), clock)
    second = clock.advance(timedelta(hours=1))
    canceled = a_subscription(
        status="canceled", as_of=START + DAY, ended_at=START + DAY, event_id="evt_2"
    )
    heard("evt_2", canceled, clock)
    heard("evt_3", a_purchase(), clock)
    clock.advance(timedelta(hours=1))

    def then(instant: Any) -> dict[str, Any]:
        body: dict[str, Any] = ada.get("accounts/demo/user-1", at=instant.isoformat()).body
        return body

    before = then(first - timedelta(microseconds=1))
    assert (before["account"]["revision"], before["entitlements"]) == (0, [])
    assert before["account"]["customer_id"] is None
    between = then(second - timedelta(microseconds=1))
    assert between["account"]["revision"] == 1
    assert between["account"]["subscriptions"][0]["status"] == "active"
    assert between["account"]["purchases"] == []
    assert [e["feature_code"] for e in between["entitlements"]] == ["export", "quota"]
    at_second = then(second)
    assert at_second["account"]["revision"] == 3
    assert at_second["account"]["subscriptions"][0]["status"] == "canceled"
    assert then(clock.at)["account"] == at_second["account"]
    assert len(between["history"]) == 3, "the history is the newest, whatever the instant"


def test_the_past_is_shown_with_the_catalog_of_then(ada: Operator, clock: Clock) -> None:
    heard("evt_1", a_subscription(), clock)
    then = clock.at
    clock.advance(timedelta(hours=1))
    document = ada.get("projects/demo/catalog").body
    for product in document["products"]:
        product["features"].pop("export", None)
    ada.catalog(document, "demo")
    clock.advance(timedelta(hours=1))
    old = ada.get("accounts/demo/user-1", at=then.isoformat())
    assert (codes(old), old.body["catalog_version"]) == (["export", "quota"], 1)
    new = ada.get("accounts/demo/user-1")
    assert (codes(new), new.body["catalog_version"]) == (["quota"], 2)


@pytest.mark.parametrize(
    "at", ["now", "2026-03-02", "2026-03-02T12:00:00", "", "9999-12-31T23:59:59-14:00"]
)
def test_an_instant_that_is_none_is_refused(ada: Operator, at: str) -> None:
    answer = ada.get("accounts/demo/user-1", at=at)
    assert (answer.status, answer.body["errors"][0]["field"]) == (422, "at")


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("accounts", {}, 422),
        ("accounts", {"project_id": "nope"}, 404),
        ("accounts", {"project_id": "x" * 3000}, 404),
        ("accounts", {"project_id": "demo", "at": "2026-03-02T12:00:00Z"}, 422),
        ("accounts", {"project_id": "demo", "user_id": ""}, 422),
        ("accounts", {"project_id": "demo", "user_id": "u", "limit": "1"}, 422),
        ("accounts", {"project_id": "nope", "user_id": "u"}, 404),
        ("accounts", {"project_id": "demo", "cursor": "!"}, 422),
        ("accounts/nope/u", {}, 404),
        ("history", {"project_id": "demo"}, 422),
        ("history", {"project_id": "nope", "user_id": "u"}, 404),
        ("history", {"project_id": "demo", "user_id": "u", "cursor": "YWJj"}, 422),
        ("accounts/demo/u/history", {"limit": "0"}, 422),
    ],
)
def test_what_cannot_be_shown_is_refused(
    ada: Operator, path: str, query: dict[str, str], status: int
) -> None:
    assert ada.get(path, **query).status == status


def test_a_feature_that_comes_back_as_another_type_breaks_no_answer(ada: Operator) -> None:
    body = {"user_id": "user-1", "project_id": "demo", "feature_code": "theme", "reason": "beta"}
    ada.post("grant", {**body, "value": "dark"})
    document = ada.get("projects/demo/catalog").body
    themes = [f for f in document["features"] if f["code"] == "theme"]
    others = [f for f in document["features"] if f["code"] != "theme"]
    del document["version"]
    ada.catalog({**document, "features": others}, "demo")
    ada.catalog({**document, "features": [*others, {**themes[0], "type": "limit"}]}, "demo")
    (entry,) = ada.get("accounts/demo/user-1").body["entitlements"]
    assert (entry["feature_code"], entry["value"]) == ("theme", 0)
