"""All that failed at an endpoint is put back at once, in order, some at a time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.integration.notifications.conftest import Desk
from tests.integration.notifications.messages import said
from tests.support.clock import Clock
from tests.support.push import Pipeline
from tests.support.receiver import Receiver

Receivers = Callable[..., Receiver]
Endpoint = dict[str, Any]


def where(endpoint: Endpoint, below: str = "") -> str:
    return f"projects/demo/endpoints/{endpoint['endpoint_id']}{below}"


def retry(desk: Desk, endpoint: Endpoint, **body: Any) -> Any:
    return desk.ask("POST", where(endpoint, "/retry"), body)


@pytest.fixture
def receiver(receivers: Receivers) -> Receiver:
    return receivers()


@pytest.fixture
def endpoint(desk: Desk, pipeline: Pipeline, receiver: Receiver, clock: Clock) -> Endpoint:
    """One that was disabled while four changes of two users were on their way to it."""
    made = desk.endpoint(receiver.url)
    for user in ("user-1", "user-2"):
        grant = desk.grant(user)
        clock.advance(timedelta(minutes=1))
        desk.revoke(grant)
        clock.advance(timedelta(minutes=1))
    pipeline.publish()
    desk.ask("PATCH", where(made), {"enabled": False})
    while pipeline.deliver():
        pass
    return made


def enable(desk: Desk, endpoint: Endpoint) -> None:
    desk.ask("PATCH", where(endpoint), {"enabled": True})


def test_all_that_failed_is_put_back_in_order(
    desk: Desk, pipeline: Pipeline, receiver: Receiver, endpoint: Endpoint
) -> None:
    assert len(desk.of(endpoint, "/deliveries?state=failed")["deliveries"]) == 4
    enable(desk, endpoint)
    answer = retry(desk, endpoint)
    assert (answer.status, answer.body) == (202, {"retried": 4, "next_cursor": None})
    pending = desk.of(endpoint, "/deliveries?state=pending")["deliveries"]
    assert len(pending) == 4
    assert all(each["next_attempt_at"] for each in pending)
    pipeline.deliver()
    told = [said(each) for each in receiver.accepted]
    for user in ("user-1", "user-2"):
        assert [codes for _, who, codes in told if who == user] == [("export",), ()]


def test_a_disabled_endpoint_is_to_be_enabled_first(
    desk: Desk, pipeline: Pipeline, endpoint: Endpoint
) -> None:
    answer = retry(desk, endpoint)
    assert (answer.status, answer.body["code"]) == (409, "endpoint_disabled")
    assert "Enable it first" in answer.body["detail"]
    assert len(desk.of(endpoint, "/deliveries?state=failed")["deliveries"]) == 4


def test_asked_again_it_puts_nothing_back_twice(
    desk: Desk, pipeline: Pipeline, receiver: Receiver, endpoint: Endpoint
) -> None:
    enable(desk, endpoint)
    assert retry(desk, endpoint).body["retried"] == 4
    assert retry(desk, endpoint).body == {"retried": 0, "next_cursor": None}
    pipeline.deliver()
    assert retry(desk, endpoint).body == {"retried": 0, "next_cursor": None}
    assert len(receiver.accepted) == 4


def test_it_goes_on_where_the_cursor_says_and_comes_to_an_end_whatever_fails_meanwhile(
    desk: Desk, pipeline: Pipeline, receiver: Receiver, endpoint: Endpoint
) -> None:
    enable(desk, endpoint)
    first = retry(desk, endpoint, limit=3).body
    assert first["retried"] == 3
    receiver.statuses = [410]
    while pipeline.deliver():
        pass
    enable(desk, endpoint)
    second = retry(desk, endpoint, limit=3, cursor=first["next_cursor"]).body
    assert second == {"retried": 1, "next_cursor": None}
    assert len(desk.of(endpoint, "/deliveries?state=failed")["deliveries"]) == 3


@pytest.mark.parametrize(
    ("span", "retried"),
    [
        ({"since": "2026-03-02T12:02:00Z"}, 2),
        ({"until": "2026-03-02T12:02:00Z"}, 2),
        ({"since": "2026-03-02T12:01:00Z", "until": "2026-03-02T12:02:00.000001Z"}, 2),
        ({"since": "2026-03-02T12:00:00.000001Z", "until": "2026-03-02T12:01:00Z"}, 0),
        ({"since": "2026-03-03T00:00:00Z"}, 0),
        ({}, 4),
    ],
)
def test_only_what_was_made_within_the_span_is_put_back(
    desk: Desk, endpoint: Endpoint, span: dict[str, str], retried: int
) -> None:
    enable(desk, endpoint)
    assert retry(desk, endpoint, **span).body["retried"] == retried


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"since": "yesterday"}, "since"),
        ({"since": "2026-03-02T12:00:00Z", "until": "2026-03-02T12:00:00Z"}, "until"),
        ({"limit": 0}, "limit"),
        ({"limit": 101}, "limit"),
        ({"cursor": "nothing-of-ours"}, "cursor"),
        ({"cursor": "enp6eg=="}, "cursor"),
        ({"state": "failed"}, "state"),
    ],
)
def test_a_span_that_is_none_is_refused(
    desk: Desk, endpoint: Endpoint, body: dict[str, Any], field: str
) -> None:
    enable(desk, endpoint)
    answer = retry(desk, endpoint, **body)
    assert answer.status == 422
    assert [error["field"] for error in answer.body["errors"]] == [field]


@pytest.fixture
def lost(desk: Desk, pipeline: Pipeline, receiver: Receiver, clock: Clock) -> Endpoint:
    """One with two deliveries that are pending and on no queue, as after a restore."""
    made = desk.endpoint(receiver.url)
    receiver.statuses = [500]
    for user in ("user-1", "user-2"):
        desk.grant(user)
    pipeline.publish()
    message = pipeline.taken()
    assert message is not None
    assert not pipeline.attempt(message)
    pipeline.lose()
    assert [len(each["attempts"]) for each in pending(desk, made)] == [0, 1]
    return made


def pending(desk: Desk, endpoint: Endpoint) -> list[Any]:
    found = desk.of(endpoint, "/deliveries?state=pending")["deliveries"]
    return sorted(found, key=lambda each: len(each["attempts"]))


def test_what_is_pending_and_overdue_by_more_than_an_hour_is_put_back(
    desk: Desk, pipeline: Pipeline, receiver: Receiver, lost: Endpoint, clock: Clock
) -> None:
    clock.advance(timedelta(hours=1))
    assert retry(desk, lost).body["retried"] == 0
    clock.advance(timedelta(minutes=1))
    assert retry(desk, lost).body == {"retried": 2, "next_cursor": None}
    assert retry(desk, lost).body == {"retried": 0, "next_cursor": None}
    assert pipeline.deliver() == 2
    assert len({each.id for each in receiver.accepted}) == 2
    assert pending(desk, lost) == []


def test_one_that_is_overdue_is_put_back_alone(
    desk: Desk, pipeline: Pipeline, receiver: Receiver, lost: Endpoint, clock: Clock
) -> None:
    (new, _) = pending(desk, lost)
    one = f"/deliveries/{new['delivery_id']}/retry"
    assert desk.of(lost, one, "POST")["code"] == "delivery_not_failed"
    clock.advance(timedelta(hours=1, seconds=1))
    assert desk.of(lost, one, "POST")["state"] == "pending"
    assert desk.of(lost, one, "POST")["code"] == "delivery_not_failed"
    assert pipeline.deliver() == 1
    assert [each.id for each in receiver.accepted] == [new["delivery_id"]]


def test_what_is_overdue_behind_another_is_sent_once_though_it_is_put_back(
    desk: Desk, pipeline: Pipeline, receiver: Receiver, clock: Clock
) -> None:
    made = desk.endpoint(receiver.url)
    grant = desk.grant("user-1")
    desk.revoke(grant)
    pipeline.publish()
    clock.advance(timedelta(hours=2))
    assert retry(desk, made).body["retried"] == 2
    while pipeline.deliver():
        pass
    assert [said(each)[2] for each in receiver.accepted] == [("export",), ()]


def test_an_endpoint_that_is_not_there_is_not_found(desk: Desk, pipeline: Pipeline) -> None:
    nowhere = {"endpoint_id": "ep_00000000000000000000000000"}
    assert retry(desk, nowhere).status == 404
