"""Kill a run at any of its writes, and go on with it: it ends as if nothing had happened."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

import pytest

from billing import composition
from billing.adapters.stripe import calls
from billing.domain.account import AccountKey
from billing.domain.runs import Run
from billing.services import compare_figures, compare_ours
from billing.services.apply_stripe_event import EVENT_HANDLERS
from billing.services.sweep_events import OVERLAP, WATERMARK
from functions.reconciliation import background
from functions.reconciliation.background import go_on, run_store
from tests.support.counting import Counting
from tests.support.damage import DAMAGES, FOR_PEOPLE, NO_DRIFT
from tests.support.interruptions import Killed, interruptions
from tests.support.shop import Shop, clock_of
from tests.support.snapshot import Snapshots

WRITES = ("PutItem", "TransactWriteItems", "SendMessage")
RUN = "run_1"

ALL = DAMAGES | FOR_PEOPLE | NO_DRIFT
COUNTS = Counter(damage.drift for damage in (DAMAGES | FOR_PEOPLE).values())


@dataclass
class Resuming:
    """A shop in which one user is damaged in each way, and a run that is about to begin."""

    shop: Shop
    snapshots: Snapshots
    shards: int

    @classmethod
    def in_a_damaged(
        cls, shop: Shop, snapshots: Snapshots, shards: int, monkeypatch: pytest.MonkeyPatch
    ) -> Resuming:
        """Sell, hear of it, and damage it; sell to one more unheard of, for the sweep.

        Pages are so small that there are many.
        """
        monkeypatch.setattr(calls, "PAGE", 4)
        monkeypatch.setattr(compare_ours, "PAGE", 4)
        monkeypatch.setattr(compare_figures, "PAGE", 4)
        monkeypatch.setattr(background, "sleep", lambda _seconds: None)
        for name, damage in ALL.items():
            shop.buy(name, damage.sells)
        told = [event for event in shop.stripe.events() if event["type"] in EVENT_HANDLERS]
        assert shop.deliver(told) == []
        run_store().move_watermark(WATERMARK, clock_of(shop.stripe))
        shop.stripe.advance(seconds=60 + OVERLAP.total_seconds())
        shop.buy("unheard of")
        shop.stripe.advance(seconds=60)
        for name, damage in ALL.items():
            damage.do(shop.stripe, AccountKey("demo", name))
        Counting(with_damage=True).count()
        run_store().begin(Run(RUN, "Ada", clock_of(shop.stripe), shards=shards))
        return cls(shop, snapshots, shards)

    def kill_at_every(self, step: int) -> int:
        """Kill the run before its first write, the one `step` further, and so on, each time anew.

        To be killed before a write is to be killed after the one before it.

        Returns:
            How often it was killed.
        """
        before = self.snapshots.take()
        with interruptions.counted() as counted:
            made = go_on(RUN)
        assert made is not None
        assert made.counts == COUNTS + Counter(missing_here=1)
        assert (made.repaired, made.abandoned) == (len(DAMAGES) + 1, 1)
        undisturbed, asked = self._state(), list(counted)
        writes = [n for n, call in enumerate(asked, 1) if call.rpartition(".")[2] in WRITES]
        assert len(writes) > 60
        for fatal in writes[::step]:
            self.snapshots.restore(before)
            self._start_a_new_process()
            with interruptions.counted(fatal), pytest.raises(Killed):
                go_on(RUN)
            self._start_a_new_process()
            go_on(RUN)
            assert self._state() == undisturbed, f"killed at call {fatal}: {asked[fatal - 1]}"
        return len(writes[::step])

    def _start_a_new_process(self) -> None:
        composition.reset()
        composition.use_clock(lambda: clock_of(self.shop.stripe))

    def _state(self) -> dict[str, list[Any]]:
        """All four tables, but for two things that tell of the interruption.

        A repair that was made before it is a `duplicate` after it, and the run's record may have
        been written once more.
        """
        tables: dict[str, list[Any]] = self.snapshots.take()
        for item in (item for items in tables.values() for item in items):
            key, data = item["pk"]["S"], item.get("data", {}).get("S", "")
            if key == f"run#{RUN}":
                del item["version"]
                item["data"] = {**json.loads(data), "version": None}
            elif key.startswith(f"run#{RUN}#page#"):
                item["data"] = data.replace('"outcome": "duplicate"', '"outcome": "applied"')
        return tables
