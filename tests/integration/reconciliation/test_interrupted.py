"""Runs that are killed, overtaken, or held up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from billing.adapters.stripe import calls
from billing.domain.runs import Run
from billing.settings import Settings
from functions.reconciliation.background import go_on, run_store
from tests.support.resuming import RUN, Resuming
from tests.support.shop import Shop, clock_of
from tests.support.snapshot import Snapshots

from .conftest import EventsQueue, Operator


@pytest.mark.parametrize("shards", [1, 3])
def test_killed_at_a_write_and_resumed_it_ends_as_if_nothing_had_happened(
    shop: Shop,
    deployment: Settings,
    shards: int,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Callable[[str, object], None],
) -> None:
    """A sample; `make soak` kills at every write."""
    damaged = Resuming.in_a_damaged(shop, Snapshots(deployment), shards, monkeypatch)
    record_property("runs killed and resumed", damaged.kill_at_every(25 if shards == 1 else 40))


def test_the_slower_of_two_invocations_at_one_shard_stops(
    shop: Shop, operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    for user in ("u1", "u2", "u3"):
        shop.buy(user)
    monkeypatch.setattr(calls, "PAGE", 1)
    run_store().begin(Run(RUN, "Ada", clock_of(shop.stripe)))
    store = run_store()
    real = store.checkpoint
    overtaken: list[Any] = []

    def checkpoint(shard: Any, at: Any) -> Any:
        if not overtaken:
            overtaken.append(real(shard, at))  # somebody else was faster
        return real(shard, at)

    monkeypatch.setattr(store, "checkpoint", checkpoint)
    go_on(RUN)
    assert operator.read(RUN).body["status"] == "running"
    go_on(RUN)
    report = operator.read(RUN).body
    assert (report["status"], report["counts"]["missing_here"]) == ("completed", 3)


def test_stripe_that_limits_the_rate_slows_a_run_down(
    shop: Shop, operator: Operator, queue: EventsQueue
) -> None:
    shop.buy("u1")
    shop.deliver_all()
    for _ in range(3):
        shop.stripe.add_fault(
            method="GET", path="/v1/subscriptions", status=429, headers={"Retry-After": "7"}
        )
    assert operator.run()["status"] == "completed"
    assert queue.waits.count(7.0) == 3
    assert 0 < max(pause for pause in queue.waits if pause != 7.0) <= 2.0
