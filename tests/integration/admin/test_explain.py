"""Explanations as operators ask for them: the two routes, what they tell, what they refuse."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from billing.adapters.dynamo.store import HISTORY_PAGE
from billing.domain.account import AccountKey
from tests.integration.admin.conftest import Operator
from tests.integration.admin.hearing import heard
from tests.support.builders import DAY, PERIOD_END, a_grant, a_purchase, a_subscription
from tests.support.clock import Clock
from tests.support.interruptions import interruptions
from tests.support.world import World, a_world

PATH = "accounts/demo/user-1/explain"


@pytest.fixture
def demo(clock: Clock) -> World:
    """A project with everything that builders speak of, since before START."""
    return a_world("demo")


@pytest.fixture
def ada(demo: World) -> Operator:
    return Operator(demo.admin_key)


def test_an_explanation_tells_everything(ada: Operator, clock: Clock) -> None:
    heard("evt_1", a_subscription(), clock)
    clock.advance(timedelta(hours=1))
    made_by = {
        "id": "evt_1",
        "type": "stripe_event",
        "name": "test",
        "actor": "stripe",
        "reason": "",
        "caused_at": "2026-03-02T12:00:00Z",
        "recorded_at": "2026-03-02T12:00:00Z",
    }
    answer = ada.get(PATH, feature_code="quota")
    assert answer.status == 200
    assert answer.body == {
        "project_id": "demo",
        "user_id": "user-1",
        "feature_code": "quota",
        "at": "2026-03-02T13:00:00Z",
        "is_forecast": False,
        "sentence": "At 2026-03-02T13:00:00Z 'quota' is allowed: the subscription sub_1 of 'pro' "
        "is active with the value 100, until 2026-04-01T12:00:00Z. Made so by test evt_1 of "
        "stripe, recorded at 2026-03-02T12:00:00Z.",
        "allowed": True,
        "value": 100,
        "reason": "active",
        "source": "subscription",
        "source_id": "sub_1",
        "valid_from": "2026-03-01T12:00:00Z",
        "valid_to": "2026-04-01T12:00:00Z",
        "made_by": made_by,
        "sources": [
            {
                "source": "subscription",
                "source_id": "sub_1",
                "product_id": "pro",
                "state": "active",
                "value": 100,
                "period_end": "2026-03-31T12:00:00Z",
                "valid_from": "2026-03-01T12:00:00Z",
                "valid_to": "2026-04-01T12:00:00Z",
                "is_active": True,
                "made_by": made_by,
            }
        ],
        "remedies": [],
        "offers": [],
        "catalog": {"version": 1, "put_at": "2026-01-01T00:00:00Z", "put_by": "Ada"},
        "revision": 1,
        "etag": f'W/"1-1-{int((PERIOD_END + DAY).timestamp() * 1000)}"',
    }


def test_a_denial_tells_what_would_have_to_change(ada: Operator) -> None:
    found = ada.get(PATH, feature_code="seats").body
    assert (found["allowed"], found["value"], found["reason"]) == (False, None, "not_held")
    assert (found["made_by"], found["sources"], found["source"]) == (None, [], None)
    assert [remedy["action"] for remedy in found["remedies"]] == ["buy", "grant"]
    (offer,) = found["offers"]
    assert (offer["product_id"], offer["name"], offer["value"]) == ("team", "Team", 1)
    assert offer["prices"] == [
        {
            "id": "seat",
            "currency": "usd",
            "unit_amount": 500,
            "type": "recurring",
            "interval": "month",
            "interval_count": 1,
            "stripe_price_id": "price_seat",
        }
    ]


def test_an_operators_command_is_told_with_its_reason(ada: Operator, clock: Clock) -> None:
    body = {"user_id": "user-1", "project_id": "demo", "feature_code": "export", "reason": "beta"}
    grant_id = ada.post("grant", body).body["grant_id"]
    clock.advance(timedelta(hours=1))
    ada.post("revoke", {"grant_id": grant_id, "revoke_reason": "beta is over"})
    now = ada.get(PATH, feature_code="export").body
    assert (now["reason"], now["made_by"]["name"]) == ("revoked", "revoke")
    assert (now["made_by"]["actor"], now["made_by"]["reason"]) == ("Ada", "beta is over")
    then = ada.get(PATH, feature_code="export", at="2026-03-02T12:59:59.999999Z").body
    assert (then["allowed"], then["made_by"]["name"]) == (True, "grant")
    assert (then["made_by"]["type"], then["made_by"]["reason"]) == ("operator", "beta")


def test_the_future_is_a_forecast_by_what_is_known_now(ada: Operator, clock: Clock) -> None:
    heard("evt_1", a_subscription(), clock)
    after = (PERIOD_END + DAY).isoformat()
    found = ada.get(PATH, feature_code="export", at=after).body
    assert (found["is_forecast"], found["allowed"], found["reason"]) == (True, False, "ended")
    assert found["remedies"][0]["action"] == "renew"
    assert found["revision"] == 1


def test_before_the_first_word_nothing_was_held(ada: Operator, clock: Clock) -> None:
    heard("evt_1", a_subscription(), clock)
    at = (clock.at - timedelta(microseconds=1)).isoformat()
    clock.advance(timedelta(hours=1))
    found = ada.get(PATH, feature_code="export", at=at).body
    assert (found["reason"], found["revision"], found["made_by"]) == ("not_held", 0, None)


def test_before_the_first_catalog_no_feature_was_known(ada: Operator) -> None:
    found = ada.get(PATH, feature_code="export", at="2025-12-31T23:59:59Z").body
    assert (found["reason"], found["offers"]) == ("unknown_feature", [])
    assert found["catalog"] == {"version": 0, "put_at": None, "put_by": ""}


@pytest.mark.parametrize("user_id", ["u/x y", "a,b", "a+b&c=d", "名前", "%2F", "#", " "])
def test_any_user_can_be_explained_by_query(ada: Operator, clock: Clock, user_id: str) -> None:
    heard("evt_1", a_subscription(), clock, AccountKey("demo", user_id))
    asked = {"project_id": "demo", "user_id": user_id, "feature_code": "export"}
    found = ada.get("explain", **asked).body
    assert (found["user_id"], found["allowed"], found["made_by"]["id"]) == (user_id, True, "evt_1")


def test_both_forms_are_alike(ada: Operator, clock: Clock) -> None:
    heard("evt_1", a_subscription(), clock)
    by_query = ada.get("explain", project_id="demo", user_id="user-1", feature_code="export")
    assert ada.get(PATH, feature_code="export").body == by_query.body


def test_a_history_of_many_pages_is_read_as_far_as_it_takes(ada: Operator, clock: Clock) -> None:
    heard("evt_first", a_purchase(), clock)
    early = clock.at.isoformat()
    for number in range(HISTORY_PAGE + 5):
        clock.advance(timedelta(seconds=1))
        heard(f"evt_{number}", a_grant(value=number, feature_code="quota"), clock)
    now = ada.get(PATH, feature_code="quota").body
    assert (now["value"], now["made_by"]["id"]) == (HISTORY_PAGE + 4, f"evt_{HISTORY_PAGE + 4}")
    assert (now["revision"], _queries(ada)) == (HISTORY_PAGE + 6, 3)
    then = ada.get(PATH, feature_code="export", at=early).body
    assert (then["revision"], then["made_by"]["id"]) == (1, "evt_first")
    assert _queries(ada, at=early) == 2


def _queries(ada: Operator, **query: str) -> int:
    """Pages of history, and of catalogs, that one explanation reads."""
    with interruptions.counted() as calls:
        ada.get(PATH, feature_code="export", **query)
    return calls.count("dynamodb.Query")


@pytest.mark.parametrize(
    ("path", "query", "status", "field"),
    [
        (PATH, {}, 422, "feature_code"),
        (PATH, {"feature_code": ""}, 422, "feature_code"),
        (PATH, {"feature_code": "export", "at": "now"}, 422, "at"),
        (PATH, {"feature_code": "export", "limit": "1"}, 422, "limit"),
        ("explain", {"feature_code": "export", "project_id": "demo"}, 422, "user_id"),
        ("explain", {"feature_code": "export", "user_id": "u"}, 422, "project_id"),
        ("accounts/nope/u/explain", {"feature_code": "export"}, 404, None),
    ],
)
def test_what_cannot_be_explained_is_refused(
    ada: Operator, path: str, query: dict[str, str], status: int, field: str | None
) -> None:
    answer: Any = ada.get(path, **query)
    assert answer.status == status
    if field:
        assert [error["field"] for error in answer.body["errors"]] == [field]
