"""From a change of an account to the apps' doors."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta

from tests.integration.notifications.conftest import Desk
from tests.integration.notifications.messages import said, signatures
from tests.support.clock import Clock
from tests.support.push import Pipeline
from tests.support.receiver import Receiver

Receivers = Callable[..., Receiver]


def test_a_grant_is_told_and_signed_by_the_specification(
    desk: Desk, pipeline: Pipeline, receivers: Receivers, clock: Clock
) -> None:
    receiver = receivers()
    endpoint = desk.endpoint(receiver.url)
    desk.grant("user-1")
    pipeline.publish()
    assert pipeline.deliver() == 1
    (came,) = receiver.received
    assert came.path == "/hooks?from=billing"
    assert came.headers["content-type"] == "application/json"
    assert came.headers["webhook-timestamp"] == str(int(clock.at.timestamp()))
    assert came.headers["webhook-signature"].split(" ") == signatures(came, endpoint["secret"])
    assert json.loads(came.body) == {
        "type": "entitlements.changed",
        "timestamp": "2026-03-02T12:00:00Z",
        "data": {
            "project_id": "demo",
            "user_id": "user-1",
            "revision": 1,
            "feature_codes": ["export"],
        },
    }


def test_an_endpoint_is_told_of_what_it_asked_for_and_a_disabled_one_of_nothing(
    desk: Desk, pipeline: Pipeline, receivers: Receivers
) -> None:
    everything, changes, trials, closed = (receivers() for _ in range(4))
    desk.endpoint(everything.url)
    desk.endpoint(changes.url, event_types=["entitlements.changed"])
    desk.endpoint(trials.url, event_types=["trial.ending"])
    desk.endpoint(closed.url, enabled=False)
    desk.grant("user-1")
    pipeline.publish()
    pipeline.deliver()
    came = [[said(each) for each in receiver.received] for receiver in (everything, changes)]
    assert came == [[("entitlements.changed", "user-1", ("export",))]] * 2
    assert everything.received[0].id == changes.received[0].id
    assert trials.received + closed.received == []


def test_an_endpoint_is_told_of_nothing_that_happened_before_it_was_there(
    desk: Desk, pipeline: Pipeline, receivers: Receivers, clock: Clock
) -> None:
    receiver = receivers()
    desk.grant("user-1")
    clock.advance(timedelta(seconds=1))
    desk.endpoint(receiver.url)
    pipeline.publish()
    assert pipeline.deliver() == 0
    desk.grant("user-2")
    pipeline.publish()
    pipeline.deliver()
    assert [said(each)[1] for each in receiver.received] == ["user-2"]


def test_a_stream_batch_that_comes_twice_is_told_once(
    desk: Desk, pipeline: Pipeline, receivers: Receivers
) -> None:
    receiver = receivers()
    desk.endpoint(receiver.url)
    grant = desk.grant("user-1")
    desk.revoke(grant)
    changes = pipeline.publish()
    pipeline.deliver()
    pipeline.publish(changes)
    pipeline.deliver()
    assert [said(each)[2] for each in receiver.received] == [("export",), ()]
    assert len({each.id for each in receiver.received}) == 2


def test_both_secrets_sign_for_a_day_after_a_rotation(
    desk: Desk, pipeline: Pipeline, receivers: Receivers, clock: Clock
) -> None:
    receiver = receivers()
    endpoint = desk.endpoint(receiver.url)
    rotated = desk.of(endpoint, "/rotate-secret", "POST")
    assert rotated["old_secret_ends_at"] == "2026-03-03T12:00:00Z"
    for wait in (timedelta(hours=23), timedelta(hours=1)):
        clock.advance(wait)
        desk.of(endpoint, "/test", "POST")
        pipeline.deliver()
    during, after = receiver.received
    old, new = endpoint["secret"], rotated["secret"]
    signed = [each.headers["webhook-signature"].split(" ") for each in (during, after)]
    assert signed == [
        [*signatures(during, new), *signatures(during, old)],
        signatures(after, new),
    ]


def test_a_ping_reaches_an_endpoint_that_asked_for_something_else(
    desk: Desk, pipeline: Pipeline, receivers: Receivers
) -> None:
    receiver = receivers()
    endpoint = desk.endpoint(receiver.url, event_types=["trial.ending"])
    sent = desk.of(endpoint, "/test", "POST")
    pipeline.deliver()
    (came,) = receiver.received
    assert (came.id, json.loads(came.body)["type"]) == (sent["delivery_id"], "ping")
    delivery = desk.of(endpoint, f"/deliveries/{sent['delivery_id']}")
    assert (delivery["state"], delivery["event"]["type"]) == ("delivered", "ping")


def test_the_bus_carries_the_same(desk: Desk, pipeline: Pipeline, receivers: Receivers) -> None:
    receiver = receivers()
    desk.endpoint(receiver.url)
    desk.grant("user-1")
    pipeline.publish()
    pipeline.deliver()
    (came,) = receiver.received
    ((type_, detail),) = pipeline.on_the_bus()
    assert type_ == "entitlements.changed"
    assert detail == {"id": came.id, **json.loads(came.body)}


def test_what_is_on_its_way_to_a_deleted_endpoint_is_dropped(
    desk: Desk, pipeline: Pipeline, receivers: Receivers
) -> None:
    receiver = receivers()
    endpoint = desk.endpoint(receiver.url)
    desk.grant("user-1")
    pipeline.publish()
    desk.of(endpoint, method="DELETE")
    assert pipeline.deliver() == 1
    assert receiver.received == []


def test_another_project_is_told_nothing(
    desk: Desk, pipeline: Pipeline, receivers: Receivers
) -> None:
    receiver = receivers()
    other = {"id": "other", "name": "Other", "allowed_origins": []}
    assert desk.ask("POST", "projects", other).status == 200
    made = desk.ask("POST", "projects/other/endpoints", {"url": receiver.url})
    assert made.status == 200
    desk.grant("user-1")
    pipeline.publish()
    pipeline.deliver()
    assert receiver.received == []
