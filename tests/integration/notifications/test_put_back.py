"""Accounts that come back from a backup are told to nobody again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from billing.settings import settings
from tests.integration.notifications.conftest import Desk
from tests.support.clock import Clock
from tests.support.push import Pipeline
from tests.support.receiver import Receiver
from tests.support.snapshot import Snapshots

Receivers = Callable[..., Receiver]


def put_back(pipeline: Pipeline, clock: Clock, after: timedelta) -> None:
    """Lose the accounts, and have them back some time later."""
    snapshots = Snapshots(settings())
    kept = snapshots.take()
    accounts = settings().accounts_table
    snapshots.restore({**kept, accounts: []})
    clock.advance(after)
    pipeline.changes()
    snapshots.restore(kept)


def test_what_was_told_long_ago_is_not_told_again(
    desk: Desk, pipeline: Pipeline, receivers: Receivers, clock: Clock
) -> None:
    receiver = receivers()
    desk.endpoint(receiver.url)
    desk.grant("user-1")
    pipeline.publish()
    assert pipeline.deliver() == 1
    list(pipeline.on_the_bus())
    put_back(pipeline, clock, timedelta(days=40))
    assert len(pipeline.publish()) == 1
    assert pipeline.deliver() == 0
    assert (len(receiver.received), list(pipeline.on_the_bus())) == (1, [])


def test_what_was_told_just_now_arrives_once(
    desk: Desk, pipeline: Pipeline, receivers: Receivers, clock: Clock
) -> None:
    receiver = receivers()
    desk.endpoint(receiver.url)
    desk.grant("user-1")
    pipeline.publish()
    pipeline.deliver()
    put_back(pipeline, clock, timedelta(minutes=30))
    pipeline.publish()
    pipeline.deliver()
    assert len(receiver.received) == 1


def test_its_next_instant_is_told_all_the_same(
    desk: Desk, pipeline: Pipeline, receivers: Receivers, clock: Clock
) -> None:
    receiver = receivers()
    desk.endpoint(receiver.url)
    ends = clock.at + timedelta(days=50)
    desk.grant("user-1", valid_to=ends.isoformat())
    put_back(pipeline, clock, timedelta(days=49, hours=23, minutes=59, seconds=50))
    pipeline.publish()
    assert pipeline.deliver() == 0
    (wake_up,) = pipeline.wake_ups()
    clock.advance(timedelta(seconds=10))
    pipeline.wake(wake_up)
    assert pipeline.deliver() == 1
