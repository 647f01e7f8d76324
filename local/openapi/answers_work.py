"""What operators are answered about events and runs of the reconciliation."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel

from billing.domain.account import AccountKey
from billing.domain.changes import CauseType, Dismissal, OutcomeKind, ParkReason
from billing.domain.drift import Drift
from billing.domain.shards import Phase, RunStatus, Stage
from billing.services.replay_events import Replayed


class Event(BaseModel):
    """What became of an event of Stripe's, or of an operator's command.

    Attributes:
        recorded_at: when it was settled; of a parked one, since when it waits.
        project_id: of the account; of a parked one, the project that it claims to be about.
        reason, detail: why it is parked, and what an operator should know.
    """

    event_id: str
    outcome: OutcomeKind
    cause_type: CauseType
    cause_name: str
    caused_at: datetime
    recorded_at: datetime
    actor: str
    account: AccountKey | None
    project_id: str | None
    reason: ParkReason | None
    detail: str
    dismissal: Dismissal | None


class Events(BaseModel):
    """A page of parked events, the longest waiting first."""

    events: list[Event]
    next_cursor: str | None


class EventShown(Event):
    """An event with what it says, where it is parked.

    Attributes:
        payload: without personal data.
        payload_from: `stripe` for one that was too large to be kept.
    """

    payload: dict[str, Any] | None
    payload_from: Literal["ledger", "stripe"] | None


class LinkedEvent(BaseModel):
    """What became of an event when its customer was linked.

    Attributes:
        linked_ids: which ids are the account's from now on.
    """

    event_id: str
    outcome: str
    account: AccountKey | None
    reason: ParkReason | None
    detail: str
    linked_ids: list[str]


class ReplayedEvents(BaseModel):
    """What became of some parked events.

    Attributes:
        remaining: how many of the kind are parked now, as far as the first thousand tell.
    """

    events: list[Replayed]
    next_cursor: str | None
    remaining: int


class RunStarted(BaseModel):
    """A run of the reconciliation that goes on in the background."""

    run_id: str
    status: RunStatus


class DifferenceShown(BaseModel):
    """What Stripe has and what we have, where that differs, and what was done about it."""

    kind: Drift
    object_id: str
    project_id: str | None
    user_id: str | None
    ours: str | None
    stripe: str | None
    changed_at: datetime | None
    reported_at: datetime | None
    repair: str | None


class Run(BaseModel):
    """How far a run is, and what it came to.

    Attributes:
        compared: things of Stripe's, or that should be, that were compared.
        phases: how many things each phase has looked at.
        counts: how many differences of each kind.
        drifted: how many of them are drift: what a repair settles, or could.
        needs_person: how many only a person can settle; they are no drift.
        error: why it failed: the code of an error.
    """

    run_id: str
    status: RunStatus
    stage: Stage
    actor: str
    project_id: str | None
    since: datetime | None
    dry_run: bool
    started_at: datetime
    finished_at: datetime | None
    compared: int
    phases: dict[Phase, int]
    counts: dict[Drift, int]
    repaired: int
    abandoned_checkouts: int
    events_swept: int
    drifted: int
    needs_person: int
    error: str | None


class RunReport(Run):
    """A run, and what it found."""

    differences: list[DifferenceShown]
    next_cursor: str | None


class Runs(BaseModel):
    """A page of runs, the newest first, without their differences."""

    runs: list[Run]
    next_cursor: str | None
