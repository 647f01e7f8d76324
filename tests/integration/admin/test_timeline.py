"""Access over time: it tells at every instant what the read path answered then."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.integration.admin.conftest import Operator
from tests.integration.admin.hearing import heard
from tests.support.builders import DAY, HOUR, PERIOD_END, START, a_subscription
from tests.support.clock import Clock
from tests.support.world import World, a_world

ASKED = {"project_id": "demo", "user_id": "user-1"}


@pytest.fixture
def demo(clock: Clock) -> World:
    """A project with everything that builders speak of, since before START."""
    return a_world("demo")


@pytest.fixture
def ada(demo: World) -> Operator:
    return Operator(demo.admin_key)


def spans(ada: Operator) -> dict[str, list[dict[str, Any]]]:
    features = ada.get("timeline", **ASKED).body["features"]
    return {feature["feature_code"]: feature["spans"] for feature in features}


def z(instant: datetime) -> str:
    return instant.isoformat().replace("+00:00", "Z")


def test_a_span_lasts_while_the_answer_is_the_same(ada: Operator, clock: Clock) -> None:
    begun = clock.at
    heard("evt_1", a_subscription(), clock)
    clock.advance(DAY)
    heard("evt_2", a_subscription(as_of=START + DAY), clock)
    assert spans(ada)["quota"] == [
        {
            "valid_from": z(begun),
            "valid_to": z(PERIOD_END + DAY),
            "value": 100,
            "source": "subscription",
            "source_id": "sub_1",
            "state": "active",
        }
    ]


def test_a_grant_that_is_revoked_and_given_again_has_two_spans(ada: Operator, clock: Clock) -> None:
    order = {**ASKED, "feature_code": "export", "reason": "a beta tester"}
    first = clock.at
    grant_id = ada.post("grant", order).body["grant_id"]
    revoked = clock.advance(HOUR)
    ada.post("revoke", {"grant_id": grant_id, "revoke_reason": "the beta is over"})
    again = clock.advance(HOUR)
    ada.post("grant", {**order, "valid_to": z(again + DAY)})
    found = [(each["valid_from"], each["valid_to"]) for each in spans(ada)["export"]]
    assert found == [(z(first), z(revoked)), (z(again), z(again + DAY))]


def test_a_grant_without_end_never_ends(ada: Operator, clock: Clock) -> None:
    later = clock.at + DAY
    order = {**ASKED, "feature_code": "export", "reason": "a friend", "valid_from": z(later)}
    ada.post("grant", order)
    (span,) = spans(ada)["export"]
    assert (span["valid_from"], span["valid_to"], span["state"]) == (z(later), None, "granted")


def test_a_catalog_that_is_put_changes_what_is_given_from_then_on(
    ada: Operator, clock: Clock
) -> None:
    heard("evt_1", a_subscription(), clock)
    catalog = ada.get("projects/demo/catalog").body
    catalog["products"][0]["features"] = {"export": True, "quota": 7}
    put = clock.advance(HOUR)
    assert ada.put("projects/demo/catalog", catalog).status == 200
    assert [(each["value"], each["valid_from"]) for each in spans(ada)["quota"]] == [
        (100, z(put - HOUR)),
        (7, z(put)),
    ]
    assert len(spans(ada)["export"]) == 1


def test_every_instant_agrees_with_the_account_as_it_is_shown_then(
    ada: Operator, clock: Clock
) -> None:
    heard("evt_1", a_subscription(), clock)
    clock.advance(DAY)
    ada.post("grant", {**ASKED, "feature_code": "quota", "value": 500, "reason": "a big month"})
    clock.advance(DAY)
    heard("evt_2", a_subscription(status="canceled", as_of=clock.at, ended_at=clock.at), clock)
    clock.advance(DAY)
    drawn = spans(ada)
    for hours in range(0, 100, 5):
        at = z(START + DAY + timedelta(hours=hours))
        shown = ada.get("accounts", **ASKED, at=at).body["entitlements"]
        told = {
            code: span["value"]
            for code, listed in drawn.items()
            for span in listed
            if span["valid_from"] <= at and (span["valid_to"] is None or at < span["valid_to"])
        }
        assert told == {each["feature_code"]: each["value"] for each in shown}, at


def test_nobody_has_an_empty_timeline(ada: Operator) -> None:
    assert ada.get("timeline", project_id="demo", user_id="nobody").body["features"] == []
    assert ada.get("timeline", project_id="none", user_id="nobody").status == 404
    assert ada.get("timeline", project_id="demo").status == 422
