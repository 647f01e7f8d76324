"""No endpoint takes more than its share of the attempts that go on at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from threading import Event
from typing import Any

import pytest

from billing.domain.endpoint import SHARE, SLOW_SHARE
from billing.notifications import running_attempts
from tests.integration.notifications.conftest import Desk
from tests.integration.notifications.messages import said
from tests.support.clock import Clock
from tests.support.push import Pipeline
from tests.support.receiver import Receiver

Receivers = Callable[..., Receiver]


@contextmanager
def at_work(pipeline: Pipeline, receiver: Receiver, number: int) -> Iterator[list[dict[str, Any]]]:
    """So many attempts that go on, each in a process of its own, until the block ends."""
    finish, before = Event(), len(receiver.received)
    receiver.before_answering = finish.wait
    messages = [message for _ in range(number) if (message := pipeline.taken())]
    with ThreadPoolExecutor(number) as processes:
        try:
            made = [processes.submit(pipeline.attempt, message) for message in messages]
            receiver.wait_for(lambda: len(receiver.received) == before + number)
            yield messages
        finally:
            finish.set()
            receiver.before_answering = lambda: None
    assert all(each.result() for each in made)
    for message in messages:
        pipeline.forget(message)


def made_slow(desk: Desk, pipeline: Pipeline, receiver: Receiver, clock: Clock) -> dict[str, Any]:
    """An endpoint that took its time once."""
    endpoint = desk.endpoint(receiver.url)
    receiver.before_answering = lambda: clock.advance(timedelta(seconds=3))
    desk.grant("user-slow")
    pipeline.publish()
    assert pipeline.deliver() == 1
    receiver.before_answering = lambda: None
    return endpoint


def test_a_slow_endpoint_has_its_share_of_attempts_and_others_are_told_at_once(
    desk: Desk, pipeline: Pipeline, receivers: Receivers, clock: Clock
) -> None:
    slow, other = receivers(), receivers()
    endpoint = made_slow(desk, pipeline, slow, clock)
    assert desk.of(endpoint)["slow_until"] == "2026-03-02T12:01:03Z"
    for number in range(SLOW_SHARE + 2):
        desk.grant(f"user-{number}")
    pipeline.publish()
    with at_work(pipeline, slow, SLOW_SHARE):
        held = len(slow.received)
        assert pipeline.deliver() == 2, "those beyond the share are put off at once"
        assert len(slow.received) == held
        desk.endpoint(other.url)
        desk.grant("user-other")
        pipeline.publish()
        pipeline.deliver()
        assert [said(each)[1] for each in other.received] == ["user-other"]
    put_off = desk.of(endpoint, "/deliveries?state=pending")["deliveries"]
    assert len(put_off) == 3
    assert {each["attempts"][-1]["problem"] for each in put_off} == {"endpoint_busy"}
    pipeline.let_time_pass(timedelta(seconds=6))
    assert pipeline.deliver() == 3
    assert desk.of(endpoint, "/deliveries?state=pending")["deliveries"] == []
    assert len({said(each)[1] for each in slow.accepted}) == SLOW_SHARE + 4


def test_a_quick_endpoint_has_a_larger_share(
    desk: Desk, pipeline: Pipeline, receivers: Receivers
) -> None:
    receiver = receivers()
    endpoint = desk.endpoint(receiver.url)
    assert desk.of(endpoint)["slow_until"] is None
    for number in range(SLOW_SHARE + 2):
        desk.grant(f"user-{number}")
    pipeline.publish()
    with at_work(pipeline, receiver, SLOW_SHARE + 2):
        assert SLOW_SHARE + 2 < SHARE
    assert len(receiver.accepted) == SLOW_SHARE + 2


def test_what_is_put_off_again_and_again_is_tried_at_last(
    desk: Desk, pipeline: Pipeline, receivers: Receivers, clock: Clock
) -> None:
    receiver = receivers()
    endpoint = made_slow(desk, pipeline, receiver, clock)
    for number in range(SLOW_SHARE + 1):
        desk.grant(f"user-{number}")
    pipeline.publish()
    with at_work(pipeline, receiver, SLOW_SHARE):
        message = pipeline.taken()
        assert message
        for number in range(1, 10):
            message["attributes"]["ApproximateReceiveCount"] = str(number)
            assert not pipeline.attempt(message)
        message["attributes"]["ApproximateReceiveCount"] = "10"
        receiver.before_answering = lambda: None
        assert pipeline.attempt(message)
    pipeline.forget(message)
    (tried,) = (
        each for each in desk.of(endpoint, "/deliveries")["deliveries"] if len(each["attempts"]) > 1
    )
    assert [each["problem"] for each in tried["attempts"]] == ["endpoint_busy"] * 9 + [None]


def test_a_place_that_a_crash_left_taken_is_free_after_seconds(
    desk: Desk, pipeline: Pipeline, receivers: Receivers, clock: Clock
) -> None:
    receiver = receivers()
    endpoint = made_slow(desk, pipeline, receiver, clock)
    for _ in range(SLOW_SHARE):
        assert running_attempts().begin(endpoint["endpoint_id"], SLOW_SHARE, clock.at)
    assert not running_attempts().begin(endpoint["endpoint_id"], SLOW_SHARE, clock.at)
    desk.grant("user-1")
    pipeline.publish()
    pipeline.deliver()
    assert len(receiver.received) == 1
    pipeline.let_time_pass(timedelta(seconds=10))
    pipeline.deliver()
    assert len(receiver.received) == 2


@pytest.mark.parametrize(("seconds", "until"), [(1.9, None), (2.0, "2026-03-02T12:01:02Z")])
def test_an_endpoint_is_slow_for_a_minute_after_an_attempt_of_two_seconds(
    desk: Desk, pipeline: Pipeline, receivers: Receivers, *, seconds: float, until: str | None
) -> None:
    receiver = receivers()
    endpoint = desk.endpoint(receiver.url)
    wait = timedelta(seconds=seconds)
    receiver.before_answering = lambda: pipeline.clock.advance(wait)
    desk.grant("user-1")
    pipeline.publish()
    pipeline.deliver()
    assert desk.of(endpoint)["slow_until"] == until
