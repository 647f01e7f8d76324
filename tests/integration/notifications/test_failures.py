"""Endpoints that do not take what is pushed: for a while, for days, or never again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from tests.integration.notifications.conftest import Desk
from tests.integration.notifications.messages import said, signatures
from tests.support.clock import Clock
from tests.support.push import Pipeline
from tests.support.receiver import Receiver

Receivers = Callable[..., Receiver]


def test_what_fails_four_times_arrives_once_in_order_and_holds_up_nobody_else(
    desk: Desk, pipeline: Pipeline, receivers: Receivers
) -> None:
    receiver = receivers(500, 503, 429, 302)
    receiver.troubled = b"user-1"
    endpoint = desk.endpoint(receiver.url)
    first = desk.grant("user-1")
    pipeline.publish()
    assert pipeline.deliver() == 1
    desk.revoke(first)
    desk.grant("user-2")
    pipeline.publish()
    pipeline.deliver()
    assert [said(each)[1] for each in receiver.received] == ["user-1", "user-2"]
    for _ in range(3):
        pipeline.let_time_pass(timedelta(hours=1))
        pipeline.deliver()
    pipeline.let_time_pass(timedelta(hours=1))
    pipeline.deliver()
    of_the_first = [said(each)[2] for each in receiver.accepted if said(each)[1] == "user-1"]
    assert of_the_first == [("export",), ()]
    assert len(receiver.received) == 7
    (delivery,) = (
        each for each in desk.of(endpoint, "/deliveries")["deliveries"] if len(each["attempts"]) > 1
    )
    assert delivery["state"] == "delivered"
    assert [each["status"] for each in delivery["attempts"]] == [500, 503, 429, 302, 204]
    assert len({each["at"] for each in delivery["attempts"]}) == 5


def test_an_attempt_that_is_repeated_sends_the_same_bytes_under_the_same_id(
    desk: Desk, pipeline: Pipeline, receivers: Receivers
) -> None:
    receiver = receivers(500)
    secret = desk.endpoint(receiver.url)["secret"]
    desk.grant("user-1")
    pipeline.publish()
    pipeline.deliver()
    pipeline.let_time_pass(timedelta(minutes=10))
    pipeline.deliver()
    one, other = receiver.received
    assert (one.id, one.body) == (other.id, other.body)
    assert one.headers["webhook-timestamp"] != other.headers["webhook-timestamp"]
    assert signatures(other, secret) == [other.headers["webhook-signature"]]


def test_ten_failures_make_a_dead_letter_which_is_retried_by_hand(
    desk: Desk, pipeline: Pipeline, receivers: Receivers
) -> None:
    receiver = receivers(*[500] * 10)
    endpoint = desk.endpoint(receiver.url)
    desk.grant("user-1")
    pipeline.publish()
    for _ in range(10):
        assert pipeline.deliver() == 1
        pipeline.let_time_pass()
    assert pipeline.deliver() == 0
    (delivery,) = desk.of(endpoint, "/deliveries?state=failed")["deliveries"]
    assert len(delivery["attempts"]) == 10
    assert delivery["next_attempt_at"] is None
    (dead,) = pipeline.dead_letters()
    assert dead["delivery_id"] == delivery["delivery_id"]
    again = desk.of(endpoint, f"/deliveries/{delivery['delivery_id']}/retry", "POST")
    assert again["state"] == "pending"
    assert pipeline.deliver() == 1
    (accepted,) = receiver.accepted
    assert accepted.id == delivery["delivery_id"]
    assert desk.of(endpoint, "/deliveries?state=failed")["deliveries"] == []
    refused = desk.of(endpoint, f"/deliveries/{delivery['delivery_id']}/retry", "POST")
    assert refused["code"] == "delivery_not_failed"


def test_a_pending_delivery_tells_when_it_is_tried_next_and_is_not_retried_by_hand(
    desk: Desk, pipeline: Pipeline, receivers: Receivers, clock: Clock
) -> None:
    endpoint = desk.endpoint(receivers(500).url)
    desk.grant("user-1")
    pipeline.publish()
    pipeline.deliver()
    (delivery,) = desk.of(endpoint, "/deliveries?state=pending")["deliveries"]
    wait = datetime.fromisoformat(delivery["next_attempt_at"]) - clock.at
    assert timedelta(seconds=4.5) <= wait <= timedelta(seconds=5.5)
    refused = desk.of(endpoint, f"/deliveries/{delivery['delivery_id']}/retry", "POST")
    assert refused["code"] == "delivery_not_failed"


def test_an_endpoint_that_says_it_is_gone_is_disabled_with_a_notice(
    desk: Desk, pipeline: Pipeline, receivers: Receivers, capsys: pytest.CaptureFixture[str]
) -> None:
    endpoint = desk.endpoint(receivers(410).url)
    desk.grant("user-1")
    pipeline.publish()
    pipeline.deliver()
    now_is = desk.of(endpoint)
    assert (now_is["enabled"], now_is["disabled_reason"]) == (False, "gone")
    notices = dict(pipeline.on_the_bus())
    assert notices["endpoint.disabled"]["endpoint_id"] == endpoint["endpoint_id"]
    assert '"EndpointDisabled":[1.0]' in capsys.readouterr().out
    assert pipeline.dead_letters() == []
    (delivery,) = desk.of(endpoint, "/deliveries")["deliveries"]
    assert delivery["state"] == "failed"


def test_an_endpoint_that_fails_for_three_days_is_disabled_until_an_operator_enables_it(
    desk: Desk, pipeline: Pipeline, receivers: Receivers
) -> None:
    receiver = receivers(500, 500, 500)
    endpoint = desk.endpoint(receiver.url)
    desk.grant("user-1")
    desk.grant("user-2")
    pipeline.publish()
    assert pipeline.deliver() == 2
    assert desk.of(endpoint)["failing_since"] == "2026-03-02T12:00:00Z"
    pipeline.let_time_pass(timedelta(days=3))
    assert pipeline.deliver() == 2
    assert len(receiver.received) == 3
    now_is = desk.of(endpoint)
    assert (now_is["enabled"], now_is["disabled_reason"]) == (False, "failing")
    failed = desk.of(endpoint, "/deliveries?state=failed")["deliveries"]
    problems = {each["attempts"][-1]["problem"] for each in failed}
    assert problems == {None, "endpoint_disabled"}
    retry = f"/deliveries/{failed[0]['delivery_id']}/retry"
    assert desk.of(endpoint, retry, "POST")["code"] == "endpoint_disabled"
    where = f"projects/demo/endpoints/{endpoint['endpoint_id']}"
    enabled = desk.ask("PATCH", where, {"enabled": True}).body
    assert (enabled["enabled"], enabled["failing_since"]) == (True, None)
    assert desk.of(endpoint, retry, "POST")["state"] == "pending"
    assert pipeline.deliver() == 1


def test_a_success_forgets_the_failures(
    desk: Desk, pipeline: Pipeline, receivers: Receivers
) -> None:
    endpoint = desk.endpoint(receivers(500).url)
    desk.grant("user-1")
    pipeline.publish()
    pipeline.deliver()
    pipeline.let_time_pass(timedelta(days=4))
    pipeline.deliver()
    now_is = desk.of(endpoint)
    assert (now_is["enabled"], now_is["failing_since"]) == (True, None)
