"""Announcements and deliveries that die at any of their calls, and are made again."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from functions.notifications.publish import lambda_handler as publish
from tests.integration.notifications.conftest import Desk
from tests.integration.notifications.messages import said
from tests.support.interruptions import Killed, When, interruptions
from tests.support.push import Pipeline
from tests.support.receiver import Receiver
from tests.support.requests import LambdaContext

Receivers = Callable[..., Receiver]


def test_what_is_behind_a_change_that_cannot_be_announced_comes_again_with_it(
    desk: Desk, pipeline: Pipeline, receivers: Receivers
) -> None:
    receiver = receivers()
    desk.endpoint(receiver.url)
    for user in ("user-1", "user-2", "user-3"):
        desk.grant(user)
    changes = pipeline.changes()
    broken = json.loads(json.dumps(changes[1], default=str))
    broken["dynamodb"]["NewImage"].pop("revision")
    batch = [changes[0], broken, changes[2]]
    answer = publish({"Records": batch}, LambdaContext())  # type: ignore[arg-type]  # stands in
    number = changes[1]["dynamodb"]["SequenceNumber"]
    assert answer == {"batchItemFailures": [{"itemIdentifier": number}]}
    pipeline.deliver()
    pipeline.publish(changes[1:])
    pipeline.deliver()
    assert [said(each)[1] for each in receiver.received] == ["user-1", "user-2", "user-3"]


@pytest.mark.parametrize("when", ["before", "after"])
def test_an_announcement_that_is_killed_at_any_call_is_made_again_whole(
    desk: Desk, pipeline: Pipeline, receivers: Receivers, when: When
) -> None:
    one, other = receivers(), receivers()
    desk.endpoint(one.url)
    desk.endpoint(other.url)
    valid_to = "2026-03-20T12:00:00Z"
    desk.grant("user-0", valid_to=valid_to)
    pipeline.publish()
    desk.grant("user-1", valid_to=valid_to)
    changes = pipeline.changes()
    with interruptions.counted() as calls:
        pipeline.publish(changes)
    for number in range(1, len(calls) + 1):
        desk.grant(f"user-{number + 1}", valid_to=valid_to)
        changes = pipeline.changes()
        with interruptions.counted(number, when), pytest.raises(Killed):
            pipeline.publish(changes)
        pipeline.publish(changes)
    pipeline.deliver()
    users = [f"user-{number}" for number in range(len(calls) + 2)]
    for receiver in (one, other):
        assert [said(each)[1] for each in receiver.received] == users
    assert len(pipeline.schedules()) == len(users)
    assert len(calls) >= 8


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_delivery_that_is_killed_at_any_call_arrives_all_the_same(
    desk: Desk, pipeline: Pipeline, receivers: Receivers, when: When
) -> None:
    receiver = receivers()
    endpoint = desk.endpoint(receiver.url)
    desk.grant("user-1")
    pipeline.publish()
    message = pipeline.taken()
    assert message
    with interruptions.counted() as calls:
        assert pipeline.attempt(message)
    pipeline.forget(message)
    for number in range(1, len(calls) + 1):
        desk.grant(f"user-{number + 1}")
        pipeline.publish()
        message = pipeline.taken()
        assert message
        with interruptions.counted(number, when), pytest.raises(Killed):
            pipeline.attempt(message)
        pipeline.let_time_pass()
        pipeline.deliver()
    users = {f"user-{number}" for number in range(1, len(calls) + 2)}
    assert {said(each)[1] for each in receiver.accepted} == users
    listed = desk.of(endpoint, "/deliveries")["deliveries"]
    assert {each["state"] for each in listed} == {"delivered"}
    assert len(listed) == len(users)
