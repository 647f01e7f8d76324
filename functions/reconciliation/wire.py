"""What goes over the wire of the reconciliation routes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from billing.adapters.dynamo.page import Page
from billing.domain.drift import Difference, Drift
from billing.domain.runs import Run
from billing.domain.shards import Phase
from billing.http import raw_body, read_body
from billing.services.start_reconciliation import Wanted


class ReconcileRequest(BaseModel):
    """What a run shall look at; an absent body is everything."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    project_id: str | None = None
    dry_run: bool = False
    since: Annotated[AwareDatetime | None, Field(strict=False)] = None
    shards: Annotated[int, Field(ge=1, le=16)] = 1


def wanted(event: Mapping[str, Any]) -> Wanted:
    """Read the body of a request to start a run.

    Raises:
        MalformedRequest, InvalidInput: it cannot be read, or does not fit.
    """
    asked = read_body(event, ReconcileRequest) if raw_body(event) else ReconcileRequest()
    return Wanted(asked.project_id, asked.since, asked.dry_run, asked.shards)


def report(run: Run, found: Page[Difference]) -> dict[str, Any]:
    """Write how far a run is, and what it found."""
    return {
        "run_id": run.id,
        "status": run.status,
        "stage": run.stage,
        "actor": run.actor,
        "project_id": run.project_id,
        "since": run.since,
        "dry_run": run.dry_run,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "compared": run.looked_at,
        "phases": {phase.value: run.compared.get(phase, 0) for phase in Phase},
        "counts": {drift.value: run.counts.get(drift, 0) for drift in Drift},
        "drifted": run.drifted,
        "needs_person": run.needs_person,
        "repaired": run.repaired,
        "abandoned_checkouts": run.abandoned,
        "events_swept": run.swept,
        "differences": [_difference(each) for each in found.items],
        "next_cursor": found.next_cursor,
        "error": run.error,
    }


def _difference(difference: Difference) -> dict[str, Any]:
    account = difference.account
    return {
        "kind": difference.drift,
        "object_id": difference.object_id,
        "project_id": account.project_id if account else None,
        "user_id": account.user_id if account else None,
        "ours": difference.ours,
        "stripe": difference.stripes,
        "changed_at": difference.since,
        "reported_at": difference.reported_at,
        "repair": difference.outcome or None,
    }
