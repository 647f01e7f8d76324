"""A run that is killed at any of its writes, and resumed, ends as if nothing had happened."""

from __future__ import annotations

from typing import Any

import pytest

from billing import composition
from billing.adapters.stripe import calls
from billing.domain.account import AccountKey
from billing.domain.runs import Run
from billing.services import compare_ours
from billing.settings import Settings
from functions.reconciliation.background import go_on, run_store
from tests.support.damage import DAMAGES
from tests.support.interruptions import Killed, interruptions
from tests.support.shop import Shop, clock_of
from tests.support.snapshot import Snapshots

from .conftest import Operator

WRITES = ("PutItem", "TransactWriteItems", "SendMessage")
RUN = "run_1"

NAMES = ("end", "subscription_missing_here", "subscription_missing_there", "refund", "holdings")
DRIFTS = {DAMAGES[name].drift: 1 for name in NAMES}


def _damaged(shop: Shop) -> None:
    for name in NAMES:
        shop.buy(name, DAMAGES[name].sells)
    shop.deliver_all()
    shop.stripe.advance(seconds=60)
    for name in NAMES:
        DAMAGES[name].do(shop.stripe, AccountKey("demo", name))


def _a_new_process(shop: Shop) -> None:
    composition.reset()
    composition.use_clock(lambda: clock_of(shop.stripe))


def _begin(shop: Shop, shards: int) -> None:
    run_store().begin(Run(RUN, "Ada", clock_of(shop.stripe), shards=shards))


def _state(deployment: Settings, operator: Operator) -> tuple[Any, Any]:
    tables = Snapshots(deployment).take()
    del tables[deployment.ledger_table]  # there stand the cause ids, which history has as well
    report = operator.read(RUN).body
    for difference in report["differences"]:
        # What was repaired before the run was killed is known to be: `duplicate`.
        assert difference.pop("repair") in ("applied", "duplicate")
    return tables, report


@pytest.mark.parametrize("shards", [1, 3])
def test_killed_at_any_write_and_resumed(
    shop: Shop,
    operator: Operator,
    deployment: Settings,
    monkeypatch: pytest.MonkeyPatch,
    shards: int,
) -> None:
    monkeypatch.setattr(calls, "PAGE", 4)
    monkeypatch.setattr(compare_ours, "PAGE", 4)
    _damaged(shop)
    snapshots = Snapshots(deployment)
    _begin(shop, shards)
    before = snapshots.take()
    with interruptions.counted() as counted:
        go_on(RUN)
    made = list(counted)
    undisturbed = _state(deployment, operator)
    counts = {kind: n for kind, n in undisturbed[1]["counts"].items() if n}
    assert (counts, undisturbed[1]["repaired"]) == (DRIFTS, len(NAMES))
    writes = [n for n, call in enumerate(made, 1) if call.rpartition(".")[2] in WRITES]
    assert len(writes) > 20
    # To be killed before a write is to be killed after the one before it.
    for fatal in writes[:: 4 if shards == 1 else 8]:
        snapshots.restore(before)
        _a_new_process(shop)
        with interruptions.counted(fatal, "after"), pytest.raises(Killed):
            go_on(RUN)
        _a_new_process(shop)
        go_on(RUN)
        assert _state(deployment, operator) == undisturbed, f"killed after {made[fatal - 1]}"


def test_the_slower_of_two_invocations_at_one_shard_stops(
    shop: Shop, operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    for user in ("u1", "u2", "u3"):
        shop.buy(user)
    monkeypatch.setattr(calls, "PAGE", 1)
    _begin(shop, 1)
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
    shop: Shop, operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr("functions.reconciliation.background.sleep", pauses.append)
    shop.buy("u1")
    for _ in range(3):
        shop.stripe.add_fault(
            method="GET", path="/v1/subscriptions", status=429, headers={"Retry-After": "7"}
        )
    report = operator.run()
    assert (report["status"], report["counts"]["missing_here"]) == ("completed", 1)
    assert pauses.count(7.0) == 3
    assert 0 < max(pause for pause in pauses if pause != 7.0) <= 2.0
