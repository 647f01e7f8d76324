"""Lists of accounts, of their history, and of what is parked."""

from __future__ import annotations

from datetime import timedelta

import pytest

from billing.domain.account import AccountKey
from billing.domain.changes import Cause, CauseType, ParkReason
from billing.domain.purchase import Purchase
from billing.services.commit import park
from billing.stores import account_store
from functions.admin.paging import next_cursor
from tests.integration.admin.conftest import Operator
from tests.integration.admin.hearing import heard
from tests.support.builders import DAY, START, a_purchase, a_subscription
from tests.support.clock import Clock
from tests.support.world import World, a_world


@pytest.fixture
def demo(clock: Clock) -> World:
    """A project with everything that builders speak of, since before START."""
    return a_world("demo")


@pytest.fixture
def ada(demo: World) -> Operator:
    return Operator(demo.admin_key)


def a_small_purchase(number: int) -> Purchase:
    """A purchase of its own, by nobody known to Stripe."""
    id_ = f"pi_{number}"
    return a_purchase(id=id_, session_id=None, payment_intent_id=id_, customer_id=None)


def test_accounts_are_listed_in_pages_within_their_project(ada: Operator, clock: Clock) -> None:
    a_world("other")
    for number, user_id in enumerate(["c", "a", "ü", "b"]):
        heard(f"evt_{number}", a_small_purchase(number), clock, AccountKey("demo", user_id))
    heard("evt_9", a_subscription(), clock, AccountKey("demo", "a"))
    heard("evt_10", a_small_purchase(10), clock, AccountKey("other", "z"))

    first = ada.get("accounts", project_id="demo", limit="3").body
    second = ada.get("accounts", project_id="demo", limit="3", cursor=first["next_cursor"]).body
    assert [a["user_id"] for a in first["accounts"]] == ["a", "b", "c"]
    assert [a["user_id"] for a in second["accounts"]] == ["ü"]
    assert second["next_cursor"] is None
    assert first["accounts"][0]["revision"] == 2
    assert first["accounts"][0]["customer_id"] == "cus_1"


def test_a_cursor_has_as_many_bytes_as_a_user_id_and_no_more(ada: Operator, clock: Clock) -> None:
    longest = "\N{GRINNING FACE}" * 256
    for number, user_id in enumerate(
        [longest, f"{longest[:-1]}\N{GRINNING FACE WITH SMILING EYES}"]
    ):
        heard(f"evt_{number}", a_small_purchase(number), clock, AccountKey("demo", user_id))
    first = ada.get("accounts", project_id="demo", limit="1").body
    second = ada.get("accounts", project_id="demo", limit="1", cursor=first["next_cursor"]).body
    assert len(second["accounts"]) == 1
    too_long = next_cursor(longest + "x") or ""
    for path in ("accounts", "projects", "events", "reconcile"):
        query = {"project_id": "demo"} if path == "accounts" else {}
        answer = ada.get(path, cursor=too_long, **query)
        assert [error["field"] for error in answer.body["errors"]] == ["cursor"], path


def test_history_is_listed_newest_first_in_pages(ada: Operator, clock: Clock) -> None:
    for number in range(5):
        heard(f"evt_{number}", a_subscription(as_of=START + number * DAY), clock)
    seen: list[list[str]] = []
    cursor: dict[str, str] = {}
    while True:
        page = ada.get("accounts/demo/user-1/history", limit="2", **cursor).body
        seen.append([entry["cause_id"] for entry in page["history"]])
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert seen == [["evt_4", "evt_3"], ["evt_2", "evt_1"], ["evt_0"]]


def test_a_cause_can_be_looked_up(ada: Operator, clock: Clock) -> None:
    heard("evt_1", a_subscription(), clock)
    body = ada.get("events/evt_1").body
    assert body["event_id"] == "evt_1"
    assert body["outcome"] == "applied"
    assert body["account"] == {"project_id": "demo", "user_id": "user-1"}
    assert body["recorded_at"] == "2026-03-02T12:00:00Z"


@pytest.mark.parametrize("event_id", ["evt_nope", "e" * 3000])
def test_an_unknown_cause_is_a_404(ada: Operator, event_id: str) -> None:
    assert ada.get(f"events/{event_id}").status == 404


def test_parked_causes_are_listed_oldest_first_without_their_payload(
    ada: Operator, clock: Clock
) -> None:
    heard("evt_applied", a_subscription(), clock)
    for number in range(5):
        cause = Cause(
            f"evt_{number}",
            CauseType.STRIPE_EVENT,
            "invoice.paid",
            clock.at,
            "stripe",
            payload={"email": "secret@example.com"},
        )
        park(account_store(), cause, ParkReason.UNMATCHED, "no user", now=clock.at)
        clock.advance(timedelta(0 if number == 1 else 1))
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = ada.get("events", limit="2", **cursor)
        assert "secret@" not in str(page.body)
        seen += [event["event_id"] for event in page.body["events"]]
        if page.body["next_cursor"] is None:
            break
        cursor = {"cursor": page.body["next_cursor"]}
    assert seen == [f"evt_{number}" for number in range(5)]
    first = ada.get("events").body["events"][0]
    assert (first["reason"], first["detail"]) == ("unmatched", "no user")
    assert "secret@" not in str(ada.get("events/evt_0").body)


@pytest.mark.parametrize("cursor", ["YWJj", "fA==", "!"])
def test_a_cursor_that_no_answer_gave_is_refused(ada: Operator, cursor: str) -> None:
    assert ada.get("events", cursor=cursor).status == 422
