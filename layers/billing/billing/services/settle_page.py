"""Settle what a page found: record it, repair it, and record what became of that.

Whoever goes on after a crash takes up what is recorded (docs/decisions/0005).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING

from billing.domain.drift import FOR_PEOPLE, Difference, Drift
from billing.domain.runs import Run
from billing.domain.shards import Findings, PageDone, Shard, Stage
from billing.domain.sums import Sums
from billing.services.repair import REPAIRED, Repairs
from billing.services.sides import Seen

if TYPE_CHECKING:
    from billing.adapters.dynamo.runs import RunStore

SMALL = 20
"""Ours that Stripe does not know are ended without a second thought up to this number; ..."""

LARGE_PART = 10
"""... and up to one in so many. More look like a wrong key, and an operator decides."""


@dataclass(frozen=True, slots=True)
class Settling:
    """How the pages of a run are settled.

    Attributes:
        has_time: whether there is time for another repair.
        count_anew: repairs figures, and says what became of that.
    """

    run: Run
    runs: RunStore
    repairs: Repairs
    has_time: Callable[[], bool]
    count_anew: Callable[[Difference], str]

    def settle(self, shard: Shard, seen: list[Seen], cursor: str | None) -> PageDone | None:
        """Settle a page; `None` where time ends before that, and somebody has to go on with it.

        Args:
            shard: at the page.
            seen: what is on it.
            cursor: after which the next page begins.
        """
        findings = self._findings(shard, seen)
        if findings.found and not self.run.dry_run:
            repaired = self._repaired(shard, findings)
            if repaired is None:
                return None
            findings = repaired
        mended = frozenset(d.object_id for d in findings.found if d.outcome in REPAIRED)
        return PageDone(
            cursor=cursor,
            compared=findings.compared,
            found=findings.found,
            repaired=len(mended),
            abandoned=sum(each.abandoned for each in seen),
            sums=_summed(shard, seen, mended),
        )

    def _findings(self, shard: Shard, seen: list[Seen]) -> Findings:
        """What is recorded of the page, if it was begun before; else what is on it."""
        place = f"{shard.phase}:{shard.cursor or ''}"
        known = self.runs.page(shard, shard.pages)
        if known and known.place == place:
            return known
        found = tuple(difference for each in seen for difference in each.differences)
        compared = sum(not each.abandoned for each in seen)
        findings = Findings(place, compared, self.runs.with_reports(found))
        if found:
            self.runs.put_page(shard, findings, self.run.started_at)
        return findings

    def _repaired(self, shard: Shard, findings: Findings) -> Findings | None:
        """Repair what is not repaired yet: one object at least, the others while there is time."""
        self.runs.note_reports(findings.found, self.run.started_at)
        too_many = shard.stage is Stage.MISSING and self._looks_like_a_wrong_key(shard, findings)
        settled: list[Difference] = []
        tried = left = False
        for _, group in groupby(findings.found, key=lambda each: each.object_id):
            alike = tuple(group)
            if _is_open(alike):
                left = left or (tried and not self.has_time())
                if not left:
                    outcome = "too_many" if too_many else self._repair(alike, shard)
                    alike, tried = _with_outcome(alike, outcome), True
            settled += alike
        after = replace(findings, found=tuple(settled))
        self.runs.put_page(shard, after, self.run.started_at)
        return None if left else after

    def _repair(self, alike: tuple[Difference, ...], shard: Shard) -> str:
        if alike[0].drift is Drift.FIGURES:
            return self.count_anew(alike[0])
        return self.repairs.repair(alike, self.run, shard)

    def _looks_like_a_wrong_key(self, shard: Shard, findings: Findings) -> bool:
        gone = shard.counts.get(Drift.MISSING_AT_STRIPE, 0)
        gone += sum(each.drift is Drift.MISSING_AT_STRIPE for each in findings.found)
        sold = self.run.summed(self.runs.shards(self.run)).sold
        return gone > max(SMALL, sold // LARGE_PART)


def _is_open(alike: tuple[Difference, ...]) -> bool:
    """Whether there is something to repair that nobody has tried to."""
    return any(each.drift not in FOR_PEOPLE and not each.outcome for each in alike)


def _with_outcome(alike: tuple[Difference, ...], outcome: str) -> tuple[Difference, ...]:
    return tuple(
        each if each.drift in FOR_PEOPLE else replace(each, outcome=outcome) for each in alike
    )


def _summed(shard: Shard, seen: list[Seen], repaired: frozenset[str]) -> str:
    """Add what is ours and should be at Stripe, as it is after the repairs."""
    sums = Sums(shard.sums)
    for each in seen:
        mended = any(difference.object_id in repaired for difference in each.differences)
        for id_ in each.lives if mended else each.held:
            sums.add(id_)
    return sums.text
