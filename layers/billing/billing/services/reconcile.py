"""Reconcile: compare what Stripe has with ours, both ways, and repair what differs.

A run is made shard by shard and page by page. Before a page's differences are repaired they are
recorded, and behind it so is the place: whoever goes on after a crash, or in another invocation,
repeats at most one page, whose repairs have the ids that they had (docs/decisions/0005).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING

from billing.adapters.dynamo.runs import Overtaken
from billing.adapters.stripe.listed import Listed, Window
from billing.domain.drift import Difference, Drift
from billing.domain.errors import BillingError
from billing.domain.runs import PHASES, Findings, PageDone, Phase, Run, RunStatus, Shard, Stage
from billing.domain.sums import Sums
from billing.services.compare_ours import Ours
from billing.services.compare_sides import Seen, Sides
from billing.services.list_projects import list_projects
from billing.services.pace import Pace, Paced, Pause
from billing.services.repair import REPAIRED, Repairs
from billing.services.sweep_events import Send, sweep_page

if TYPE_CHECKING:
    from billing.adapters.dynamo.catalog_store import CatalogStore
    from billing.adapters.dynamo.lookup import Lookup
    from billing.adapters.dynamo.runs import RunStore
    from billing.adapters.dynamo.store import AccountStore
    from billing.adapters.stripe.gateway import StripeGateway

SMALL = 20
"""Ours that Stripe does not know are ended without a second thought up to this number; ..."""

LARGE_PART = 10
"""... and up to one in so many. More look like a wrong key, and an operator decides."""


@dataclass(frozen=True, slots=True)
class Collaborators:
    """What a run needs.

    Attributes:
        gateway: how to reach Stripe; it may find that no key is set.
        clock: the instant.
        send: puts a message on the queue of events.
        pause: how to wait for some seconds where Stripe asks for it.
        livemode: which of Stripe's modes this stage serves.
        has_time: whether there is time for another page.
    """

    runs: RunStore
    accounts: AccountStore
    lookup: Lookup
    catalogs: CatalogStore
    gateway: Callable[[], StripeGateway]
    clock: Callable[[], datetime]
    send: Send
    pause: Pause
    livemode: bool = False
    has_time: Callable[[], bool] = lambda: True


@dataclass(frozen=True, slots=True)
class Advanced:
    """How far a run has come, and the shards of it that somebody has to go on with."""

    run: Run
    shards: tuple[str, ...] = ()
    just_completed: bool = False


def resume(run_id: str, shard: str | None, using: Collaborators) -> Advanced | None:
    """Go on with a run, as long as there is time.

    Args:
        run_id: of a run that was recorded.
        shard: with which to go on; without it, say which there are.
        using: what it needs.

    Returns:
        What is left to do; `None` for an unknown run. One that has completed is left alone.

    Raises:
        BillingError: the run's record says `failed` and why; going on goes on where it ended.
    """
    run = using.runs.get(run_id)
    if run is None:
        return None
    if run.status is RunStatus.COMPLETED:
        return Advanced(run)
    if run.status is RunStatus.FAILED:
        run = using.runs.change(run_id, Run.resumed)
    try:
        return _advance(run, shard, using)
    except Overtaken:
        return Advanced(run)
    except Exception as error:
        code = error.code if isinstance(error, BillingError) else BillingError.code
        using.runs.change(run_id, lambda r: r.failed(using.clock(), code))
        raise


def _advance(run: Run, name: str | None, using: Collaborators) -> Advanced:
    fresh = {each.name: each for stage in Stage for each in run.shards_of(stage)}.get(name or "")
    if fresh is None:
        return _completed(run, using) if run.is_done else Advanced(run, _undone(run))
    shard = _Worker(run, using).go_through(using.runs.shard(fresh))
    if shard.status is not RunStatus.COMPLETED:
        return Advanced(run, (shard.name,))
    run = using.runs.change(run.id, lambda r: r.with_done(shard.name))
    if not run.is_done:
        return Advanced(run, _undone(run) if run.stage is not shard.stage else ())
    return _completed(run, using)


def _completed(run: Run, using: Collaborators) -> Advanced:
    total = run.summed(using.runs.shards(run)).completed(using.clock())
    run = using.runs.change(
        run.id,
        lambda r: r if r.status is RunStatus.COMPLETED else replace(total, version=r.version),
    )
    return Advanced(run, just_completed=True)


def _undone(run: Run) -> tuple[str, ...]:
    return tuple(s.name for s in run.shards_of(run.stage) if s.name not in run.done)


class _Worker:
    """Works at one shard."""

    def __init__(self, run: Run, using: Collaborators) -> None:
        self._run, self._using = run, using
        pace = Pace(using.pause)

        def stripe() -> StripeGateway:
            return Paced(using.gateway(), pace).gateway

        self._stripe = stripe
        self._sides = Sides(
            run=run,
            accounts=using.accounts,
            lookup=using.lookup,
            gateway=stripe,
            clock=using.clock,
            projects=frozenset(project.id for project in list_projects(using.catalogs)),
            livemode=using.livemode,
        )
        self._repairs = Repairs(using.accounts, using.catalogs, stripe, using.clock, using.livemode)
        self._ours = Ours(self._sides, stripe)
        self._both: tuple[Sums, Sums] | None = None

    def go_through(self, shard: Shard) -> Shard:
        """Take page after page, as long as there are any, and time."""
        while shard.status is not RunStatus.COMPLETED and self._using.has_time():
            done = self._page(replace(shard, phase=shard.phase or PHASES[shard.stage][0]))
            shard = self._using.runs.checkpoint(shard.after(done), self._run.started_at)
        return shard

    def _page(self, shard: Shard) -> PageDone:
        match shard.phase:
            case Phase.EVENTS:
                return sweep_page(
                    self._run,
                    shard,
                    gateway=self._stripe,
                    lookup=self._using.lookup,
                    runs=self._using.runs,
                    send=self._using.send,
                    livemode=self._using.livemode,
                )
            case Phase.ACCOUNTS:
                seen, cursor = self._ours.accounts(shard.cursor)
                return self._settle(shard, seen, cursor)
            case Phase.MISSING:
                both = self._sums()
                if both[0].equal(both[1]):
                    return PageDone()
                seen, cursor = self._ours.missing(shard.cursor, both)
                return self._settle(shard, seen, cursor)
        listed = Listed(str(shard.phase))
        window = Window(shard.created_from, shard.created_before)
        page = self._stripe().page(listed, window, shard.cursor)
        compare = {
            Listed.SUBSCRIPTIONS: self._sides.subscriptions,
            Listed.SESSIONS: self._sides.sessions,
            Listed.CHARGES: self._sides.charges,
            Listed.DISPUTES: self._sides.disputes,
        }[listed]
        return self._settle(shard, list(compare(list(page.objects))), page.cursor)

    def _settle(self, shard: Shard, seen: list[Seen], cursor: str | None) -> PageDone:
        """Record what a page found, repair it, and record what became of that."""
        place = f"{shard.phase}:{shard.cursor or ''}"
        findings = Findings(
            place,
            compared=sum(not each.abandoned for each in seen),
            found=tuple(difference for each in seen for difference in each.differences),
        )
        known = self._using.runs.page(shard, shard.pages)
        if known and known.place == place:
            findings = known  # a run that was killed at this page: some of it may be repaired
        settled, repaired = findings.found, frozenset[str]()
        if settled:
            at = self._run.started_at
            self._using.runs.put_page(shard, findings, at)
            settled, repaired = self._repair(shard, settled)
            self._using.runs.put_page(shard, replace(findings, found=settled), at)
        return PageDone(
            cursor=cursor,
            compared=findings.compared,
            found=settled,
            repaired=len(repaired),
            abandoned=sum(each.abandoned for each in seen),
            sums=_summed(shard, seen, repaired),
        )

    def _repair(
        self, shard: Shard, found: tuple[Difference, ...]
    ) -> tuple[tuple[Difference, ...], frozenset[str]]:
        if self._run.dry_run:
            return found, frozenset()
        too_many = shard.stage is Stage.MISSING and self._looks_like_a_wrong_key(shard, found)
        settled: list[Difference] = []
        repaired: set[str] = set()
        for object_id, group in groupby(found, key=lambda d: d.object_id):
            alike = tuple(group)
            outcome = "too_many" if too_many else self._repairs.repair(alike, self._run, shard)
            settled += (replace(each, outcome=outcome) for each in alike)
            if outcome in REPAIRED:
                repaired.add(object_id)
        return tuple(settled), frozenset(repaired)

    def _looks_like_a_wrong_key(self, shard: Shard, found: tuple[Difference, ...]) -> bool:
        gone = shard.counts.get(Drift.MISSING_AT_STRIPE, 0)
        gone += sum(each.drift is Drift.MISSING_AT_STRIPE for each in found)
        sold = self._run.summed(self._using.runs.shards(self._run)).sold
        return gone > max(SMALL, sold // LARGE_PART)

    def _sums(self) -> tuple[Sums, Sums]:
        """What Stripe listed of ours, and what we hold."""
        if self._both is None:
            by_stage: dict[Stage, list[Sums]] = {}
            for each in self._using.runs.shards(self._run):
                by_stage.setdefault(each.stage, []).append(Sums(each.sums))
            self._both = (
                Sums().unite(by_stage.get(Stage.STRIPE, [])),
                Sums().unite(by_stage.get(Stage.OURS, [])),
            )
        return self._both


def _summed(shard: Shard, seen: list[Seen], repaired: frozenset[str]) -> str:
    """Add what is ours and should be at Stripe, as it is after the repairs."""
    sums = Sums(shard.sums)
    for each in seen:
        mended = any(difference.object_id in repaired for difference in each.differences)
        for id_ in each.lives if mended else each.held:
            sums.add(id_)
    return sums.text
