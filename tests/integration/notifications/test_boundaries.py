"""What happens by itself is told when it happens; reads never depend on it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.integration.notifications.conftest import Desk
from tests.integration.notifications.messages import said
from tests.support.clock import Clock
from tests.support.push import Pipeline
from tests.support.receiver import Receiver

Receivers = Callable[..., Receiver]


@pytest.fixture
def receiver(desk: Desk, pipeline: Pipeline, receivers: Receivers) -> Receiver:
    """An app that is told of everything."""
    receiver = receivers()
    desk.endpoint(receiver.url)
    return receiver


def in_(clock: Clock, **span: float) -> str:
    return (clock.at + timedelta(**span)).isoformat()


def the_schedule(pipeline: Pipeline) -> dict[str, Any]:
    (schedule,) = pipeline.schedules().values()
    found: dict[str, Any] = schedule
    return found


def woken_by(schedule: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(schedule["Target"]["Input"])
    return found


def test_a_near_end_waits_in_the_queue_and_is_told_at_its_instant(
    desk: Desk, pipeline: Pipeline, receiver: Receiver, clock: Clock
) -> None:
    desk.grant("user-1", valid_to=in_(clock, seconds=10))
    pipeline.publish()
    (wake_up,) = pipeline.wake_ups()
    assert wake_up == {"project_id": "demo", "user_id": "user-1", "at": "2026-03-02T12:00:10Z"}
    clock.advance(timedelta(seconds=10))
    pipeline.wake(wake_up)
    pipeline.deliver()
    assert [said(each)[2] for each in receiver.received] == [("export",), ()]
    last = json.loads(receiver.received[-1].body)
    assert (last["timestamp"], last["data"]["revision"]) == ("2026-03-02T12:00:10Z", 1)
    assert pipeline.schedules() == {}


def test_a_far_end_waits_in_a_one_shot_schedule_that_fires_a_minute_before(
    desk: Desk, pipeline: Pipeline, receiver: Receiver, clock: Clock
) -> None:
    desk.grant("user-1", valid_to=in_(clock, days=2, milliseconds=250))
    pipeline.publish()
    schedule = the_schedule(pipeline)
    assert schedule["ScheduleExpression"] == "at(2026-03-04T11:59:00)"
    assert schedule["ScheduleExpressionTimezone"] == "UTC"
    assert schedule["ActionAfterCompletion"] == "DELETE"
    assert schedule["FlexibleTimeWindow"] == {"Mode": "OFF"}
    assert pipeline.wake_ups() == []
    clock.advance(timedelta(days=2, seconds=-59))
    pipeline.wake(woken_by(schedule))
    (wake_up,) = pipeline.wake_ups()
    clock.advance(timedelta(seconds=60))
    pipeline.wake(wake_up)
    pipeline.deliver()
    assert [said(each)[2] for each in receiver.received] == [("export",), ()]


def test_a_schedule_is_replaced_when_the_instant_moves_and_goes_when_none_is_left(
    desk: Desk, pipeline: Pipeline, receiver: Receiver, clock: Clock
) -> None:
    first = desk.grant("user-1", valid_to=in_(clock, days=2))
    pipeline.publish()
    before = the_schedule(pipeline)
    second = desk.grant("user-1", "quota", value=5, valid_to=in_(clock, days=1))
    pipeline.publish()
    after = the_schedule(pipeline)
    assert (after["Name"], after["ScheduleExpression"]) == (
        before["Name"],
        "at(2026-03-03T11:59:00)",
    )
    desk.revoke(second)
    pipeline.publish()
    assert the_schedule(pipeline)["ScheduleExpression"] == "at(2026-03-04T11:59:00)"
    desk.revoke(first)
    pipeline.publish()
    assert pipeline.schedules() == {}


def test_a_wake_up_of_an_instant_that_moved_tells_nothing(
    desk: Desk, pipeline: Pipeline, receiver: Receiver, clock: Clock
) -> None:
    grant = desk.grant("user-1", valid_to=in_(clock, seconds=30))
    pipeline.publish()
    (wake_up,) = pipeline.wake_ups()
    desk.revoke(grant)
    desk.grant("user-1", valid_to=in_(clock, days=3))
    pipeline.publish()
    clock.advance(timedelta(seconds=30))
    pipeline.wake(wake_up)
    pipeline.deliver()
    assert [said(each)[2] for each in receiver.received] == [("export",), (), ("export",)]


def test_a_wake_up_that_comes_twice_tells_once(
    desk: Desk, pipeline: Pipeline, receiver: Receiver, clock: Clock
) -> None:
    desk.grant("user-1", valid_to=in_(clock, seconds=5))
    pipeline.publish()
    (wake_up,) = pipeline.wake_ups()
    clock.advance(timedelta(seconds=6))
    pipeline.wake(wake_up)
    pipeline.deliver()
    pipeline.wake(wake_up)
    pipeline.deliver()
    assert [said(each)[2] for each in receiver.received] == [("export",), ()]


def test_one_instant_after_another_is_told(
    desk: Desk, pipeline: Pipeline, receiver: Receiver, clock: Clock
) -> None:
    desk.grant("user-1", valid_from=in_(clock, seconds=20), valid_to=in_(clock, seconds=40))
    pipeline.publish()
    (begins,) = pipeline.wake_ups()
    clock.advance(timedelta(seconds=20))
    pipeline.wake(begins)
    (_, ends) = pipeline.wake_ups()
    clock.advance(timedelta(seconds=20))
    pipeline.wake(ends)
    pipeline.deliver()
    assert [said(each)[2] for each in receiver.received] == [(), ("export",), ()]
    assert len(pipeline.wake_ups()) == 2


def test_a_change_that_is_announced_late_still_wakes_up_for_what_has_passed(
    desk: Desk, pipeline: Pipeline, receiver: Receiver, clock: Clock
) -> None:
    ends = clock.at + timedelta(seconds=30)
    desk.grant("user-1", valid_to=ends.isoformat())
    clock.advance(timedelta(hours=1))
    pipeline.publish()
    (wake_up,) = pipeline.wake_ups()
    assert datetime.fromisoformat(wake_up["at"]) == ends
    pipeline.wake(wake_up)
    pipeline.deliver()
    assert [said(each)[2] for each in receiver.received] == [("export",), ()]
