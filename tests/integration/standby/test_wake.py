"""A region that takes over has no schedules: to wake each account tells and sets them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import boto3
import pytest

from billing.settings import Settings, settings
from local import wake as command
from tests.integration.conftest import REGION
from tests.integration.notifications.conftest import Desk, receivers
from tests.integration.notifications.messages import said
from tests.support.clock import Clock
from tests.support.push import Pipeline
from tests.support.receiver import Receiver

__all__ = ["receivers"]


@pytest.fixture
def receiver(desk: Desk, pipeline: Pipeline, receivers: Callable[..., Receiver]) -> Receiver:
    """An app that is told of everything."""
    receiver = receivers()
    desk.endpoint(receiver.url)
    return receiver


def in_(clock: Clock, **span: float) -> str:
    return (clock.at + timedelta(**span)).isoformat()


def take_over(pipeline: Pipeline, since: datetime) -> int:
    """Lose the schedules, and wake everybody; returns how many there are."""
    scheduler = boto3.client("scheduler", region_name=REGION)
    for name in pipeline.schedules():
        scheduler.delete_schedule(Name=name)
    seen = len(pipeline.wake_ups())
    count = command.wake(settings(), since, boto3.client("sqs", region_name=REGION))
    while len(waiting := pipeline.wake_ups()) > seen:
        for wake_up in waiting[seen:]:
            pipeline.wake(wake_up)
        seen = len(waiting)
    return count


def test_schedules_are_set_anew_for_whoever_has_a_coming_instant(
    desk: Desk, pipeline: Pipeline, clock: Clock
) -> None:
    desk.grant("user-1", valid_to=in_(clock, days=2))
    desk.grant("user-2", valid_to=in_(clock, days=3))
    desk.grant("user-3")
    pipeline.publish()
    before = pipeline.schedules()
    list(pipeline.on_the_bus())
    assert take_over(pipeline, clock.advance(timedelta(minutes=1))) == 3
    after = pipeline.schedules()
    assert {name: each["ScheduleExpression"] for name, each in after.items()} == {
        name: each["ScheduleExpression"] for name, each in before.items()
    }
    assert len(after) == 2
    assert list(pipeline.on_the_bus()) == []


def test_an_end_that_nobody_told_is_told_with_its_instant_and_once(
    desk: Desk, pipeline: Pipeline, receiver: Receiver, clock: Clock
) -> None:
    end = clock.at + timedelta(hours=2)
    desk.grant("user-1", valid_to=end.isoformat())
    pipeline.publish()
    pipeline.deliver()
    stopped = clock.advance(timedelta(hours=1))
    clock.advance(timedelta(hours=4))
    take_over(pipeline, stopped)
    pipeline.deliver()
    assert [said(each)[2] for each in receiver.received] == [("export",), ()]
    assert pipeline.schedules() == {}
    take_over(pipeline, stopped)
    pipeline.deliver()
    assert len(receiver.received) == 2


def test_more_accounts_than_a_batch_or_a_page_are_all_woken(
    desk: Desk, pipeline: Pipeline, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(command.BATCH + 2):
        desk.grant(f"user-{number}")
    monkeypatch.setattr(command, "PAGE", 5)
    sqs = boto3.client("sqs", region_name=REGION)
    assert command.wake(settings(), clock.at, sqs) == command.BATCH + 2
    woken = [each["user_id"] for each in pipeline.wake_ups()]
    assert sorted(woken) == sorted(f"user-{number}" for number in range(command.BATCH + 2))


def test_a_stack_that_is_not_there_and_an_instant_that_is_none_are_told(
    deployment: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["--stack", "nowhere", "--since", "2026-11-02T03:00Z"]) == 1
    assert "wake them again" in capsys.readouterr().err
    assert command.main(["--stack", "nowhere", "--since", "yesterday"]) == 1
    assert "no instant" in capsys.readouterr().err
