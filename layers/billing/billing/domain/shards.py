"""A part of a reconciliation run: what it looks at, how far it is, and what it found.

A shard goes through the phases of its stage page by page, and is recorded after every page.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from billing.domain.drift import FOR_PEOPLE, Difference


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

    EVENTS = "events"  # Stripe's, that were not heard: from the newest down, the oldest are sent
    SENT = "sent"  # those that were not heard, from the oldest page up
    HEARD = "heard"  # whether what was sent has been
    SUBSCRIPTIONS = "subscriptions"  # Stripe's list of them against ours
    SESSIONS = "sessions"  # completed checkouts of one-time prices against our purchases
    CHARGES = "charges"  # what was refunded
    DISPUTES = "disputes"
    ACCOUNTS = "accounts"  # our own: are the holdings what the facts say?
    FIGURES = "figures"  # what was counted of our accounts, and what their projects come to
    MISSING = "missing"  # ours that Stripe did not list


PHASES: dict[Stage, tuple[Phase, ...]] = {
    Stage.EVENTS: (Phase.EVENTS, Phase.SENT, Phase.HEARD),
    Stage.STRIPE: (Phase.SUBSCRIPTIONS, Phase.SESSIONS, Phase.CHARGES, Phase.DISPUTES),
    Stage.OURS: (Phase.ACCOUNTS, Phase.FIGURES),
    Stage.MISSING: (Phase.MISSING,),
}


@dataclass(frozen=True, slots=True)
class Shard:
    """A part of a run, and how far it is.

    Attributes:
        created_from, created_before: what of Stripe's it looks at, by creation; `None` is open.
        cursor: after which the next page of its phase begins.
        above: the event above which a phase sends what was not heard.
        pages: pages of the list of differences.
        oldest: of what differed, the earliest instant that Stripe's object mentions last.
        newly_told: of what only a person can settle, what no run reported before.
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
    above: str | None = None
    compared: dict[str, int] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    repaired: int = 0
    newly_told: int = 0
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
        told = sum(d.drift in FOR_PEOPLE and d.reported_at is None for d in page.found)
        since = [self.oldest, *(d.since for d in page.found if d.drift not in FOR_PEOPLE)]
        return replace(
            self,
            phase=phase,
            cursor=page.cursor,
            above=page.above or self.above,
            compared=plus(self.compared, {phases[at].value: page.compared}),
            counts=plus(self.counts, Counter(d.drift.value for d in page.found)),
            repaired=self.repaired + page.repaired,
            newly_told=self.newly_told + told,
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
        above: see `Shard`.
        sums: the shard's, where the page added to them.
    """

    cursor: str | None = None
    above: str | None = None
    compared: int = 0
    found: tuple[Difference, ...] = ()
    repaired: int = 0
    abandoned: int = 0
    swept: int = 0
    sums: str | None = None


def plus(*counts: dict[str, int]) -> dict[str, int]:
    """Add counts by name; what is zero is left out."""
    total: Counter[str] = Counter()
    for each in counts:
        total.update(each)
    return {name: total[name] for name in sorted(total) if total[name]}
