"""A Stripe account of any size, of which every class of drift takes its part."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from billing.adapters.events_queue import Message
from billing.domain.account import AccountKey
from billing.domain.runs import Run
from functions.reconciliation import background
from functions.reconciliation.background import go_on, run_store
from tests.support.damage import DAMAGES
from tests.support.interruptions import Killed
from tests.support.shop import Shop, clock_of


@dataclass
class Fleet:
    """Users that bought, a hundredth of them (one at least) for each class of drift.

    Attributes:
        sent: events that a run put into the queue, which nobody empties here.
    """

    shop: Shop
    size: int
    sent: list[Message]

    @classmethod
    def sold(cls, shop: Shop, size: int, monkeypatch: pytest.MonkeyPatch) -> Fleet:
        """Sell subscriptions at Stripe, and purchases to those who will be damaged in these."""
        fleet = cls(shop, size, [])
        monkeypatch.setattr(background, "send", fleet.sent.append)
        found = shop.catalog.find_price("pro_monthly")
        price = str(found[1].stripe_price_id) if found else ""
        for number in range(size):
            metadata = {"project_id": "demo", "user_id": f"user-{number}"}
            customer = shop.client.v1.customers.create({"metadata": metadata})
            shop.client.v1.subscriptions.create(
                {"customer": customer.id, "items": [{"price": price}], "metadata": metadata}
            )
        for name, damage in DAMAGES.items():
            for number in range(2 * fleet.part if damage.sells == "once" else 0):
                shop.buy(f"{name}-{number}", "once")
        return fleet

    @property
    def part(self) -> int:
        """How many are damaged in one class, each time."""
        return max(1, self.size // 100)

    @property
    def drifts(self) -> dict[str, int]:
        """What a run has to count."""
        return dict(Counter(d.drift for d in DAMAGES.values() for _ in range(self.part)))

    def damage(self, time_: int) -> None:
        """Damage everybody's part, other users at each of two times."""
        self.shop.stripe.advance(seconds=60)
        for place, (name, damage) in enumerate(DAMAGES.items()):
            for number in range(self.part * time_, self.part * (time_ + 1)):
                user = f"user-{2 * self.part * place + number}"
                key = AccountKey("demo", f"{name}-{number}" if damage.sells == "once" else user)
                damage.do(self.shop.stripe, key)

    def run(self, run_id: str, *, dry_run: bool = False, shards: int = 4) -> tuple[Run, float]:
        """Make a run, and say how many seconds it took."""
        self.shop.stripe.advance(seconds=60)
        now = clock_of(self.shop.stripe)
        run_store().begin(Run(run_id, "Ada", now, dry_run=dry_run, shards=shards))
        started = time.monotonic()
        made = go_on(run_id)
        assert made is not None
        return made, time.monotonic() - started

    def killed(self, run_id: str, pages: int, monkeypatch: pytest.MonkeyPatch) -> Run:
        """Kill a run after some of its pages, and go on with it."""
        with monkeypatch.context() as patch:
            patch.setattr(type(run_store()), "checkpoint", _fatal(pages))
            with pytest.raises(Killed):
                self.run(run_id)
        made = go_on(run_id)
        assert made is not None
        return made


def _fatal(pages: int) -> Callable[..., Any]:
    real, left = type(run_store()).checkpoint, [pages]

    def checkpoint(store: Any, shard: Any, at: Any) -> Any:
        left[0] -= 1
        if left[0] < 0:
            raise Killed("checkpoint")
        return real(store, shard, at)

    return checkpoint


def prove(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch, record: Callable[[str, object], None]
) -> None:
    """Every class is found exactly and repaired, once; interrupted or not."""
    taken_in, seconds = fleet.run("run_first")
    assert set(taken_in.counts) == {"missing_here"}
    record("things taken in", taken_in.repaired)
    record("seconds to take them in", round(seconds, 1))
    settled, seconds = fleet.run("run_settled")
    assert (settled.counts, settled.repaired) == ({}, 0)
    record("seconds to find nothing", round(seconds, 1))

    fleet.damage(0)
    for name in ("run_dry", "run_dry_again"):
        dry, _ = fleet.run(name, dry_run=True)
        assert (dry.counts, dry.repaired) == (fleet.drifts, 0)
    repaired, seconds = fleet.run("run_repairing")
    assert repaired.counts == fleet.drifts
    assert repaired.repaired == sum(fleet.drifts.values())
    record("things repaired", repaired.repaired)
    record("seconds to repair them", round(seconds, 1))
    again, _ = fleet.run("run_again")
    assert (again.counts, again.repaired) == ({}, 0)

    fleet.damage(1)
    halfway = max(2, fleet.size // 200)
    killed = fleet.killed("run_killed", halfway, monkeypatch)
    assert killed.counts == fleet.drifts
    assert killed.repaired == sum(fleet.drifts.values())
    last, _ = fleet.run("run_last")
    assert (last.counts, last.repaired) == ({}, 0)
