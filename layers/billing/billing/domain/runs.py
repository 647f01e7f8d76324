"""A reconciliation run: what was asked for, how far it is, and what it found.

A run goes through the stages in order. A stage has one shard or several, which go on beside each
other (`domain/shards.py`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from billing.domain.drift import FOR_PEOPLE
from billing.domain.shards import Phase, RunStatus, Shard, Stage, plus

NEWEST_WINDOW = timedelta(days=30)
"""What the first of several shards looks at; each further one looks at twice as long before."""


@dataclass(frozen=True, slots=True)
class Run:
    """One comparison of what Stripe has with ours.

    Attributes:
        actor: the name of the operator's key, or `schedule`.
        project_id: only this project's; `None` for all, orphans included.
        since: only what Stripe made since then; `None` for everything.
        dry_run: whether to repair, and to send, nothing.
        shards: into how many parts by creation Stripe's side is divided.
        stage: which is under way.
        done: shards of any stage that have ended.
        compared: things looked at, by phase; it and the numbers after it are sums of all shards.
        repaired: objects; one can differ in several ways.
        newly_told: of what only a person can settle, what no run reported before.
        abandoned: checkouts that were given up, which is no drift.
        swept: events that Stripe had not delivered.
        counts: differences by their kind.
        error: why it failed: a code of the API reference.
    """

    id: str
    actor: str
    started_at: datetime
    project_id: str | None = None
    since: datetime | None = None
    dry_run: bool = False
    shards: int = 1
    stage: Stage = Stage.EVENTS
    done: tuple[str, ...] = ()
    status: RunStatus = RunStatus.RUNNING
    finished_at: datetime | None = None
    compared: dict[str, int] = field(default_factory=dict)
    repaired: int = 0
    newly_told: int = 0
    abandoned: int = 0
    swept: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    oldest: datetime | None = None
    error: str | None = None
    version: int = 0

    @property
    def looked_at(self) -> int:
        """How many things of Stripe's, or that should be, were compared."""
        uncompared = (Phase.EVENTS, Phase.SENT, Phase.HEARD, Phase.ACCOUNTS, Phase.FIGURES)
        return sum(n for phase, n in self.compared.items() if phase not in uncompared)

    @property
    def sold(self) -> int:
        """How many subscriptions and purchases Stripe listed."""
        return self.compared.get(Phase.SUBSCRIPTIONS, 0) + self.compared.get(Phase.SESSIONS, 0)

    @property
    def drifted(self) -> int:
        """How many differences were found that a repair settles, or could."""
        return sum(self.counts.values()) - self.needs_person

    @property
    def needs_person(self) -> int:
        """How many were found that only a person can settle."""
        return sum(number for kind, number in self.counts.items() if kind in FOR_PEOPLE)

    def shards_of(self, stage: Stage) -> list[Shard]:
        """The shards with which a stage begins."""
        if stage is not Stage.STRIPE:
            return [Shard(self.id, stage)]
        return [
            Shard(self.id, stage, number, created_from=begin, created_before=end)
            for number, (begin, end) in enumerate(_windows(self))
        ]

    def summed(self, shards: Iterable[Shard]) -> Run:
        """Tell what all shards together came to."""
        shards = list(shards)
        oldest = [shard.oldest for shard in shards if shard.oldest]
        return replace(
            self,
            compared=plus(*(shard.compared for shard in shards)),
            counts=plus(*(shard.counts for shard in shards)),
            repaired=sum(shard.repaired for shard in shards),
            newly_told=sum(shard.newly_told for shard in shards),
            abandoned=sum(shard.abandoned for shard in shards),
            swept=sum(shard.swept for shard in shards),
            oldest=min(oldest, default=None),
        )

    def with_done(self, shard: str) -> Run:
        """Note that a shard has ended; with the last of its stage, the next stage begins."""
        noted = replace(self, done=tuple(sorted({*self.done, shard})))
        stages = list(Stage)
        waits = any(each.name not in noted.done for each in noted.shards_of(noted.stage))
        if waits or noted.stage is stages[-1]:
            return noted
        return replace(noted, stage=stages[stages.index(noted.stage) + 1])

    @property
    def is_done(self) -> bool:
        """Whether every shard of the last stage has ended."""
        last = list(Stage)[-1]
        return self.stage is last and all(s.name in self.done for s in self.shards_of(last))

    def completed(self, at: datetime) -> Run:
        """End it well."""
        return replace(self, status=RunStatus.COMPLETED, finished_at=at, error=None)

    def resumed(self) -> Run:
        """Go on after a failure."""
        return replace(self, status=RunStatus.RUNNING, finished_at=None, error=None)

    def failed(self, at: datetime, error: str) -> Run:
        """End it early; what it had found until then stays."""
        return replace(self, status=RunStatus.FAILED, finished_at=at, error=error)


def _windows(run: Run) -> list[tuple[datetime | None, datetime | None]]:
    """Divide time at fixed instants, so that a shard is the same whenever it is asked for."""
    edges = [run.started_at - NEWEST_WINDOW * (2**n - 1) for n in range(1, run.shards)]
    later = [edge for edge in edges if run.since is None or edge > run.since]
    return list(zip([*later, run.since], [None, *later], strict=True))
