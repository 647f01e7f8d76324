"""A reconciliation run: what was asked for, how far it is, and what it found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from billing.domain.drift import Difference

LISTED = 100
"""Differences that a run's record lists; all of them are counted."""


class RunStatus(StrEnum):
    """Where a run stands."""

    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Run:
    """One comparison of Stripe's subscriptions with ours.

    Attributes:
        actor: the name of the operator's key, or `schedule`.
        project_id: only this project's; `None` for all, orphans included.
        since: only what Stripe made since then; `None` for everything.
        dry_run: whether it was told to repair nothing. No run repairs yet.
        compared: subscriptions looked at, on either side.
        counts: differences by their kind.
        differences: the first `LISTED` of them.
        error: why it failed: a code of the API reference.
    """

    id: str
    actor: str
    started_at: datetime
    project_id: str | None = None
    since: datetime | None = None
    dry_run: bool = False
    status: RunStatus = RunStatus.RUNNING
    finished_at: datetime | None = None
    compared: int = 0
    repaired: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    differences: tuple[Difference, ...] = ()
    error: str | None = None

    def with_compared(self, subscriptions: int, found: Iterable[Difference]) -> Run:
        """Add a page of comparisons."""
        listed, counts = list(self.differences), dict(self.counts)
        for difference in found:
            counts[difference.drift.value] = counts.get(difference.drift.value, 0) + 1
            if len(listed) < LISTED:
                listed.append(difference)
        return replace(
            self,
            compared=self.compared + subscriptions,
            counts=counts,
            differences=tuple(listed),
        )

    def begun_anew(self) -> Run:
        """Forget what an earlier attempt at it found."""
        return Run(
            id=self.id,
            actor=self.actor,
            started_at=self.started_at,
            project_id=self.project_id,
            since=self.since,
            dry_run=self.dry_run,
        )

    def completed(self, at: datetime) -> Run:
        """End it well."""
        return replace(self, status=RunStatus.COMPLETED, finished_at=at)

    def failed(self, at: datetime, error: str) -> Run:
        """End it early; what it had found until then stays."""
        return replace(self, status=RunStatus.FAILED, finished_at=at, error=error)
