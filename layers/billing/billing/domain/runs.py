"""A reconciliation run: what was asked for, how far it is, and what it found.

A run goes through the stages in order. A stage has one shard or several, which go on beside each
other; a shard goes through its phases page by page, and is recorded after every page.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from billing.domain.drift import Difference

NEWEST_WINDOW = timedelta(days=30)
"""What the first of several shards looks at; each further one looks at twice as long before."""


class RunStatus(StrEnum):
    """Where a run, or a shard, stands."""

    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"


class Stage(StrEnum):
    """What a run does, in this order."""

    EVENTS = "events"
    STRIPE = "stripe"
    OURS = "ours"
    MISSING = "missing"


class Phase(StrEnum):
    """What a shard is at."""

    EVENTS = "events"  # Stripe's, that were not heard
    SUBSCRIPTIONS = "subscriptions"  # Stripe's list of them against ours
    SESSIONS = "sessions"  # completed checkouts of one-time prices against our purchases
    CHARGES = "charges"  # what was refunded
    DISPUTES = "disputes"
    ACCOUNTS = "accounts"  # our own: are the holdings what the facts say?
    MISSING = "missing"  # ours that Stripe did not list


PHASES: dict[Stage, tuple[Phase, ...]] = {
    Stage.EVENTS: (Phase.EVENTS,),
    Stage.STRIPE: (Phase.SUBSCRIPTIONS, Phase.SESSIONS, Phase.CHARGES, Phase.DISPUTES),
    Stage.OURS: (Phase.ACCOUNTS,),
    Stage.MISSING: (Phase.MISSING,),
}


@dataclass(frozen=True, slots=True)
class Shard:
    """A part of a run, and how far it is.

    Attributes:
        created_from, created_before: what of Stripe's it looks at, by creation; `None` is open.
        cursor: after which the next page of its phase begins.
        pages: pages of the list of differences.
        oldest: of what differed, the earliest instant that Stripe's object mentions last.
        sums: of the ids that either side should have (`domain/sums.py`).
        version: counts the writes, so that of two invocations at one shard the slower stops.
    """

    run_id: str
    stage: Stage
    number: int = 0
    phase: Phase | None = None
    created_from: datetime | None = None
    created_before: datetime | None = None
    cursor: str | None = None
    compared: dict[str, int] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    repaired: int = 0
    abandoned: int = 0
    swept: int = 0
    pages: int = 0
    oldest: datetime | None = None
    sums: str = ""
    status: RunStatus = RunStatus.RUNNING
    version: int = 0

    @property
    def name(self) -> str:
        """How it is called within its run."""
        return f"{self.stage.value}.{self.number}"

    def after(self, page: PageDone) -> Shard:
        """Add what a page came to, and go on behind it."""
        phases = PHASES[self.stage]
        at = phases.index(self.phase or phases[0])
        more = page.cursor is not None
        ended = not more and at + 1 == len(phases)
        phase = phases[at] if more or ended else phases[at + 1]
        since = [self.oldest, *(difference.since for difference in page.found)]
        return replace(
            self,
            phase=phase,
            cursor=page.cursor,
            compared=_plus(self.compared, {phases[at].value: page.compared}),
            counts=_plus(self.counts, Counter(d.drift.value for d in page.found)),
            repaired=self.repaired + page.repaired,
            abandoned=self.abandoned + page.abandoned,
            swept=self.swept + page.swept,
            pages=self.pages + bool(page.found),
            oldest=min((instant for instant in since if instant), default=None),
            sums=self.sums if page.sums is None else page.sums,
            status=RunStatus.COMPLETED if ended else RunStatus.RUNNING,
        )


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found at one place of a shard, before any of it was repaired.

    Attributes:
        place: the phase and the cursor of the page.
        compared: how many things were on it.
    """

    place: str
    compared: int
    found: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class PageDone:
    """What became of one page.

    Attributes:
        cursor: after which the next page begins; `None` at the end of the phase.
        sums: the shard's, where the page added to them.
    """

    cursor: str | None = None
    compared: int = 0
    found: tuple[Difference, ...] = ()
    repaired: int = 0
    abandoned: int = 0
    swept: int = 0
    sums: str | None = None


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
    abandoned: int = 0
    swept: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    oldest: datetime | None = None
    error: str | None = None
    version: int = 0

    @property
    def looked_at(self) -> int:
        """How many things of Stripe's, or that should be, were compared."""
        uncompared = (Phase.EVENTS, Phase.ACCOUNTS)
        return sum(n for phase, n in self.compared.items() if phase not in uncompared)

    @property
    def sold(self) -> int:
        """How many subscriptions and purchases Stripe listed."""
        return self.compared.get(Phase.SUBSCRIPTIONS, 0) + self.compared.get(Phase.SESSIONS, 0)

    @property
    def drifted(self) -> int:
        """How many differences were found."""
        return sum(self.counts.values())

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
            compared=_plus(*(shard.compared for shard in shards)),
            counts=_plus(*(shard.counts for shard in shards)),
            repaired=sum(shard.repaired for shard in shards),
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


def _plus(*counts: dict[str, int]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for each in counts:
        total.update(each)
    return {name: total[name] for name in sorted(total) if total[name]}
