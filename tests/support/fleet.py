"""A Stripe account of any size, of which every class of drift takes its part."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from billing.adapters.events_queue import Message
from billing.domain.account import AccountKey
from billing.domain.runs import Run
from billing.services.apply_stripe_event import EVENT_HANDLERS
from billing.settings import settings
from functions.reconciliation import background
from functions.reconciliation.background import go_on, run_store
from tests.support.copies import Original
from tests.support.counting import Counting
from tests.support.damage import DAMAGES, ENDED, FOR_PEOPLE, NO_DRIFT
from tests.support.interruptions import Killed, interruptions
from tests.support.shop import Shop, clock_of
from tests.support.snapshot import Snapshots

Record = Callable[[str, object], None]


@dataclass
class Fleet:
    """Users that bought, a hundredth of them (one at least) for each class of drift.

    Attributes:
        sent: events that a run put into the queue, which nobody empties here.
        times: how often there was damage.
        checkpoints: how often runs have recorded how far they are.
        left: how often one may before it is killed.
    """

    shop: Shop
    size: int
    record: Record
    sent: list[Message] = field(default_factory=list)
    times: int = 0
    checkpoints: int = 0
    left: int | None = None
    counting: Counting = field(default_factory=lambda: Counting(with_damage=True))

    @classmethod
    def sold(cls, shop: Shop, size: int, monkeypatch: pytest.MonkeyPatch, record: Record) -> Fleet:
        """Sell subscriptions, and purchases to those who will be damaged in these."""
        fleet = cls(shop, size, record)
        fleet.count_checkpoints(monkeypatch)
        monkeypatch.setattr(background, "send", fleet.sent.append)
        monkeypatch.setattr(background, "sleep", lambda _seconds: None)
        with fleet.timed("sell and hear of it"):
            shop.buy("first-subscriber")
            shop.buy("first-buyer", "once")
            told = [event for event in shop.stripe.events() if event["type"] in EVENT_HANDLERS]
            assert shop.deliver(told) == []
            subscriber = Original.of(shop, "first-subscriber")
            buyer = Original.of(shop, "first-buyer")
            subscriber.copy_to(f"user-{number}" for number in range(size - 1))
            buyer.copy_to(fleet.buyers)
        shop.stripe.advance(days=1)
        return fleet

    @property
    def part(self) -> int:
        """How many are damaged in one class, each time."""
        return max(1, self.size // 100)

    @property
    def buyers(self) -> list[str]:
        """Those who bought once, to be damaged in that at two times."""
        once = [name for name, damage in DAMAGES.items() if damage.sells == "once"]
        return [f"{name}-{number}" for name in once for number in range(2 * self.part)]

    @property
    def drifts(self) -> dict[str, int]:
        """What a run has to count, and to repair."""
        return dict(Counter(d.drift for d in DAMAGES.values() for _ in range(self.part)))

    @property
    def for_people(self) -> dict[str, int]:
        """What a run has to count beside it, of both times so far."""
        return dict.fromkeys(FOR_PEOPLE, self.times * self.part)

    def damage(self) -> dict[AccountKey, dict[str, Any]]:
        """Damage everybody's part, other users at each of two times.

        Returns:
            What each of them may use when it is repaired.
        """
        self.shop.stripe.advance(seconds=60)
        once, monthly = (self.shop.features(f"first-{who}") for who in ("buyer", "subscriber"))
        well: dict[AccountKey, dict[str, Any]] = {}
        for place, (name, damage) in enumerate((DAMAGES | FOR_PEOPLE | NO_DRIFT).items()):
            is_once = damage.sells == "once"
            for number in range(self.part * self.times, self.part * (self.times + 1)):
                user = f"{name}-{number}" if is_once else f"user-{2 * self.part * place + number}"
                key = AccountKey("demo", user)
                damage.do(self.shop.stripe, key)
                well[key] = {} if damage.drift in ENDED else once if is_once else monthly
        self.times += 1
        self.counting.count()
        return well

    def run(self, run_id: str, *, dry_run: bool = False, shards: int = 4) -> Run:
        """Make a run."""
        self.counting.count()
        self.shop.stripe.advance(seconds=60)
        now = clock_of(self.shop.stripe)
        run_store().begin(Run(run_id, "Ada", now, dry_run=dry_run, shards=shards))
        with self.timed(run_id.removeprefix("run_")):
            made = go_on(run_id)
        assert made is not None
        return made

    def killed(self, run_id: str, checkpoints: int) -> Run:
        """Kill a run at half of its checkpoints, and go on with it."""
        self.left = checkpoints // 2
        with pytest.raises(Killed):
            self.run(run_id)
        self.left = None
        with self.timed("resumed"):
            made = go_on(run_id)
        assert made is not None
        return made

    def count_checkpoints(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Count what runs record of how far they are; where none is left, the process is gone."""
        real = type(run_store()).checkpoint

        def checkpoint(store: Any, shard: Any, at: Any) -> Any:
            self.checkpoints += 1
            if self.left is not None:
                self.left -= 1
                if self.left < 0:
                    raise Killed("checkpoint")
            return real(store, shard, at)

        monkeypatch.setattr(type(run_store()), "checkpoint", checkpoint)

    @contextmanager
    def timed(self, what: str) -> Iterator[None]:
        """Record how long it takes, and how many requests to AWS and to Stripe it makes."""
        started, never = time.monotonic(), 1_000_000_000
        self.shop.stripe.add_fault(skip=never)
        (*_, fault) = self.shop.stripe.api.faults.planned
        try:
            with interruptions.counted() as calls:
                yield
        finally:
            seconds, asked = time.monotonic() - started, never - fault.skip
            self.shop.stripe.api.faults.planned.remove(fault)
            rate = round((len(calls) + asked) / seconds)
            told = f"{len(calls)} requests to AWS, {asked} to Stripe, {rate} a second"
            self.record(f"fleet: {what}", f"{seconds:.1f} s, {told}")


def prove(fleet: Fleet) -> None:
    """Every class is found exactly and repaired, once; interrupted or not."""
    settled = fleet.run("run_settled")
    assert (settled.counts, settled.repaired, fleet.sent) == ({}, 0, [])
    assert settled.compared["subscriptions"] == fleet.size
    fleet.record("fleet: looked at", str(settled.compared))
    wanted, part = sum(fleet.drifts.values()), fleet.part

    well = fleet.damage()
    fleet.record("fleet: damaged", str({**fleet.drifts, **fleet.for_people, "abandoned": part}))
    before = _accounts()
    dry = fleet.run("run_dry", dry_run=True)
    assert (dry.counts, dry.repaired) == ({**fleet.drifts, **fleet.for_people}, 0)
    assert _accounts() == before
    fleet.checkpoints = 0
    repaired = fleet.run("run_repairing")
    checkpoints = fleet.checkpoints
    fleet.record("fleet: found", f"{repaired.counts}, {repaired.abandoned} abandoned")
    assert (repaired.counts, repaired.repaired) == ({**fleet.drifts, **fleet.for_people}, wanted)
    assert (repaired.newly_told, repaired.abandoned) == (len(FOR_PEOPLE) * part, part)
    again = fleet.run("run_again")
    assert (again.counts, again.repaired, again.newly_told) == (fleet.for_people, 0, 0)
    _assert_well(fleet, well)

    well = fleet.damage()
    killed = fleet.killed("run_killed", checkpoints)
    fleet.record("fleet: found by the run that was killed", str(killed.counts))
    assert (killed.counts, killed.repaired) == ({**fleet.drifts, **fleet.for_people}, wanted)
    assert (killed.newly_told, killed.abandoned) == (len(FOR_PEOPLE) * part, 2 * part)
    fleet.record("things repaired", repaired.repaired + killed.repaired)
    last = fleet.run("run_last")
    assert (last.drifted, last.counts, last.repaired) == (0, fleet.for_people, 0)
    _assert_well(fleet, well)


def _accounts() -> int:
    """All tables but the ledger, where runs are recorded, as one number."""
    tables = Snapshots(settings()).take()
    del tables[settings().ledger_table]
    return hash(repr(tables))


def _assert_well(fleet: Fleet, well: dict[AccountKey, dict[str, Any]]) -> None:
    """Those who were damaged may use what they may."""
    found = {key: fleet.shop.features(key.user_id) for key in well}
    assert found == well
