"""Parked events: found, looked at, replayed one by one and all of a reason."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from billing.domain.changes import ParkReason
from tests.integration.admin.conftest import Operator
from tests.integration.admin.parking import (
    PARKED,
    a_catalog_with,
    a_parked_cause,
    a_subscription_of,
    let_come,
    listed,
    parked,
)
from tests.support import template
from tests.support.clock import Clock
from tests.support.cloudwatch import Metric
from tests.support.shop import Shop, process_records, queue_record

# -- the list


def test_parked_events_are_filtered_by_reason_project_and_age(ada: Operator, clock: Clock) -> None:
    a_parked_cause("evt_1", clock, ParkReason.UNMATCHED)
    clock.advance(timedelta(hours=1))
    a_parked_cause("evt_2", clock, ParkReason.UNKNOWN_PRICE, "acme")
    a_parked_cause("evt_3", clock, ParkReason.UNKNOWN_PRICE, "other")
    clock.advance(timedelta(hours=1))
    a_parked_cause("evt_4", clock, ParkReason.UNMATCHED, "acme")
    assert listed(ada) == ["evt_1", "evt_2", "evt_3", "evt_4"]
    assert listed(ada, reason="unknown_price") == ["evt_2", "evt_3"]
    assert listed(ada, project_id="acme") == ["evt_2", "evt_4"]
    assert listed(ada, project_id="acme", reason="unmatched") == ["evt_4"]
    assert listed(ada, older_than_seconds="3600") == ["evt_1", "evt_2", "evt_3"]
    assert listed(ada, older_than_seconds="3601") == ["evt_1"]
    assert listed(ada, older_than_seconds="0", reason="unmatched", limit="1") == ["evt_1", "evt_4"]
    assert listed(ada, project_id="nobody") == []


def test_a_cursor_beyond_the_age_that_is_asked_for_goes_on_to_nothing(
    ada: Operator, clock: Clock
) -> None:
    a_parked_cause("evt_1", clock)
    clock.advance(timedelta(hours=1))
    a_parked_cause("evt_2", clock)
    a_parked_cause("evt_3", clock)
    clock.advance(timedelta(hours=1))
    cursor = ada.get("events", limit="2").body["next_cursor"]
    page = ada.get("events", older_than_seconds="3601", cursor=cursor)
    assert (page.status, page.body) == (200, {"events": [], "next_cursor": None})
    page = ada.get("events", older_than_seconds="3600", cursor=cursor)
    assert [event["event_id"] for event in page.body["events"]] == ["evt_3"]


def test_a_list_with_little_that_fits_comes_in_pages_and_whole(ada: Operator, clock: Clock) -> None:
    for number in range(230):
        reason = ParkReason.UNREADABLE if number % 50 == 0 else ParkReason.UNMATCHED
        a_parked_cause(f"evt_{number:03}", clock, reason)
        clock.advance(timedelta(seconds=1))
    wanted = [f"evt_{number:03}" for number in range(0, 230, 50)]
    for limit in ("1", "2", "100"):
        assert listed(ada, reason="unreadable", limit=limit) == wanted
    assert len(listed(ada, limit="100")) == 230


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("reason", "bored"),
        ("reason", ""),
        ("project_id", "NOT A PROJECT"),
        ("older_than_seconds", "-1"),
        ("older_than_seconds", "1.5"),
        ("older_than_seconds", "9" * 10),
        ("limit", "101"),
        ("cursor", "!"),
        ("colour", "blue"),
    ],
)
def test_a_filter_that_cannot_be_is_refused(ada: Operator, name: str, value: str) -> None:
    answer = ada.get("events", **{name: value})
    assert (answer.status, answer.body["errors"][0]["field"]) == (422, name)


def test_the_project_is_the_one_that_a_parked_event_claims(shop: Shop, operator: Operator) -> None:
    claims = {
        ParkReason.UNKNOWN_PROJECT: "later",
        ParkReason.UNKNOWN_PRICE: "demo",
        ParkReason.UNREADABLE: "demo",
    }
    for reason, project_id in claims.items():
        event_id = parked(shop, reason)
        assert operator.get(f"events/{event_id}").body["project_id"] == project_id
    assert operator.get(f"events/{parked(shop)}").body["project_id"] is None


def test_what_is_parked_is_counted_as_the_alarm_watches_it(
    shop: Shop,
    operator: Operator,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "billing")
    alarm = template.resources("AWS::CloudWatch::Alarm")["EventParkedAlarm"]["Properties"]
    dimensions = {each["Name"]: each["Value"] for each in alarm["Dimensions"]}
    event_id = parked(shop)
    shop.deliver([event for event in shop.events() if event["id"] == event_id])
    operator.post(f"events/{event_id}/replay")
    lines = (line for line in capsys.readouterr().out.splitlines() if alarm["MetricName"] in line)
    counted = [json.loads(line) for line in lines]
    assert len(counted) == 2, "each time that it comes, and not when an operator replays it"
    for metric in counted:
        (told,) = metric["_aws"]["CloudWatchMetrics"]
        assert told["Namespace"] == Metric.of(alarm).namespace
        assert {name: metric[name] for name in told["Dimensions"][0]} == dimensions


# -- one event


def test_a_parked_event_is_shown_without_what_says_who_somebody_is(
    shop: Shop, operator: Operator
) -> None:
    session = shop.buy("user-1", "once", customer_email="ada@example.com")
    charge = {
        "id": "ch_1",
        "object": "charge",
        "amount": 500,
        "amount_refunded": 500,
        "currency": "usd",
        "customer": None,
        "metadata": {"project_id": "later", "user_id": "user-1"},
        "billing_details": {"email": "ada@example.com", "name": "Ada Lovelace"},
        "payment_method_details": {"card": {"last4": "4242", "exp_month": 12}, "type": "card"},
        "receipt_url": "https://pay.stripe.com/receipts/1",
        "description": "for ada@example.com",
    }
    event = {
        **shop.events()[0],
        "id": "evt_1",
        "type": "charge.refunded",
        "data": {"object": charge},
    }
    assert session
    let_come(shop, event, "unknown_project")
    shown = operator.get("events/evt_1").body
    text = json.dumps(shown)
    for personal in ("ada@example.com", "Lovelace", "4242", "12}", "receipts"):
        assert personal not in text
    obj = shown["payload"]["data"]["object"]
    assert (obj["amount"], obj["id"], obj["metadata"]["user_id"]) == (500, "ch_1", "user-1")
    assert (obj["billing_details"]["email"], obj["customer"]) == ("[redacted]", None)
    assert shown["payload_from"] == "ledger"


def test_an_event_that_is_settled_shows_no_payload(shop: Shop, operator: Operator) -> None:
    shop.buy("user-1")
    shop.deliver_all()
    shown = operator.get(f"events/{shop.events()[-1]['id']}").body
    assert (shown["payload"], shown["payload_from"]) == (None, None)


def a_large_event(shop: Shop) -> str:
    """Parked, and too large to be kept."""
    event = a_subscription_of(shop)
    large = shop.payload(event)
    large["data"]["object"]["description"] = "x" * 310_000
    assert process_records(queue_record(large)) == []
    return str(event["id"])


def test_an_event_too_large_to_be_kept_is_shown_and_replayed_from_stripe(
    shop: Shop, operator: Operator
) -> None:
    event_id = a_large_event(shop)
    shown = operator.get(f"events/{event_id}").body
    assert shown["payload_from"] == "stripe"
    assert shown["payload"]["id"] == event_id
    body = {"project_id": "demo", "user_id": "user-1", "reason": "ticket 1"}
    answer = operator.post(f"events/{event_id}/link", body)
    assert (answer.status, answer.body["outcome"]) == (200, "applied")
    assert shop.features("user-1") != {}


def test_stripe_in_trouble_costs_no_more_than_the_payload(shop: Shop, operator: Operator) -> None:
    event_id = a_large_event(shop)
    shop.stripe.add_fault(method="GET", path="/v1/events/*", times=99, status=503)
    shown = operator.get(f"events/{event_id}")
    assert (shown.status, shown.body["payload"], shown.body["reason"]) == (200, None, "unmatched")


# -- replay


@pytest.mark.parametrize("reason", PARKED)
def test_a_replay_without_a_cure_leaves_the_event_parked_and_in_its_place(
    shop: Shop, operator: Operator, reason: ParkReason
) -> None:
    event_id = parked(shop, reason)
    before = operator.get(f"events/{event_id}").body
    shop.stripe.advance(seconds=60)
    answer = operator.post(f"events/{event_id}/replay")
    assert (answer.status, answer.body["outcome"]) == (200, "parked")
    assert (answer.body["reason"], answer.body["event_id"]) == (reason, event_id)
    assert operator.get(f"events/{event_id}").body == before


def test_a_replay_applies_once_and_says_who_asked(shop: Shop, operator: Operator) -> None:
    event_id = parked(shop, ParkReason.UNKNOWN_PROJECT)
    operator.project("later")
    assert operator.post(f"events/{event_id}/replay").body["reason"] == "unknown_price"
    assert operator.catalog(a_catalog_with(shop, event_id), "later").status == 200
    first = operator.post(f"events/{event_id}/replay")
    again = operator.post(f"events/{event_id}/replay")
    assert (first.body["outcome"], again.body["outcome"]) == ("applied", "duplicate")
    account = {"project_id": "later", "user_id": "user-1"}
    assert first.body["account"] == again.body["account"] == account
    (entry,) = operator.get("accounts/later/user-1/history").body["history"]
    assert (entry["actor"], entry["reason"]) == ("stripe", "replayed by Ada")
    assert listed(operator) == []


@pytest.mark.parametrize("command", ["replay", "link"])
def test_a_command_about_what_is_no_parked_event(
    shop: Shop, operator: Operator, command: str
) -> None:
    shop.buy("user-1")
    shop.deliver_all()
    body = {"user_id": "user-1", "project_id": "demo", "reason": "ticket 1"}
    granted = operator.post("grant", {**body, "feature_code": "theme", "value": "dark"})
    (entry, *_) = operator.get("accounts/demo/user-1/history").body["history"]
    assert granted.status == 200

    def status(event_id: str) -> tuple[int, str]:
        sent = body if command == "link" else None
        answer = operator.post(f"events/{event_id}/{command}", sent)
        return answer.status, answer.body.get("code") or answer.body["outcome"]

    assert status("evt_unknown") == (404, "not_found")
    assert status("e" * 3000) == (404, "not_found")
    assert status(entry["cause_id"]) == (409, "conflict")
    (applied,) = shop.events("customer.subscription.created")
    assert status(applied["id"]) == (200, "duplicate")


def test_a_replay_that_meets_trouble_is_a_503_and_the_event_stays(
    shop: Shop, operator: Operator
) -> None:
    event_id = parked(shop)
    shop.stripe.add_fault(method="GET", times=99, status=503)
    answer = operator.post(f"events/{event_id}/replay")
    assert (answer.status, answer.body["code"]) == (503, "stripe_unavailable")
    assert listed(operator) == [event_id]
