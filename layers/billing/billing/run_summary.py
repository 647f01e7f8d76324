"""How a reconciliation run looks on the wire, where several functions show it."""

from __future__ import annotations

from typing import Any

from billing.domain.drift import Drift
from billing.domain.runs import Run
from billing.domain.shards import Phase


def shown_run(run: Run) -> dict[str, Any]:
    """Write how far a run is, and what it came to."""
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
        "error": run.error,
    }
