"""Start a reconciliation: record it, and let somebody go on with it in the background."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from billing.domain.catalog import Project
from billing.domain.errors import BillingError, InvalidInput, NotFound
from billing.domain.runs import Run
from billing.services.mint_id import mint_id

if TYPE_CHECKING:
    from billing.adapters.dynamo.runs import RunStore


BEGINNING = datetime(2011, 1, 1, tzinfo=UTC)
"""Stripe opened in this year."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a run shall look at; see `Run`."""

    project_id: str | None = None
    since: datetime | None = None
    dry_run: bool = False
    shards: int = 1


def start_reconciliation(
    wanted: Wanted,
    *,
    actor: str,
    runs: RunStore,
    find_project: Callable[[str], Project | None],
    hand_over: Callable[[str], None],
    now: datetime,
    run_id: str | None = None,
) -> Run:
    """Record a run and hand it over.

    Args:
        wanted: what it shall look at.
        actor: who asks for it.
        runs: where it is recorded.
        find_project: finds a project.
        hand_over: lets a run, given its id, be made in the background.
        now: the instant.
        run_id: names the run where asking again shall not start another.

    Returns:
        The run as it was recorded, before anything was compared; or as it is, if it was started
        before.

    Raises:
        InvalidInput: `since` is in the future, or before Stripe was.
        NotFound: there is no such project.
        BillingError: what `hand_over` raised; the run's record says so.
    """
    if wanted.since is not None and wanted.since > now:
        raise InvalidInput.field("since", "must not be in the future")
    if wanted.since is not None and wanted.since < BEGINNING:
        raise InvalidInput.field("since", f"must not be before {BEGINNING.year}")
    if wanted.project_id is not None and find_project(wanted.project_id) is None:
        raise NotFound(f"There is no project '{wanted.project_id}'.")
    known = runs.get(run_id) if run_id else None
    if known is not None:
        return known
    run = Run(
        id=run_id or mint_id("run", now),
        actor=actor,
        started_at=now,
        project_id=wanted.project_id,
        since=wanted.since,
        dry_run=wanted.dry_run,
        shards=wanted.shards,
    )
    run = runs.begin(run)
    try:
        hand_over(run.id)
    except BillingError as error:
        code = error.code
        runs.change(run.id, lambda r: r.failed(now, code))
        raise
    return run
