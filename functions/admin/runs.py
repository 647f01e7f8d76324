"""The list of reconciliation runs: GET /api/v1/admin/reconcile."""

from __future__ import annotations

from aws_lambda_powertools.event_handler import Response

from billing.adapters.dynamo.runs import RunStore
from billing.composition import once
from billing.http import answer, query
from billing.run_summary import shown_run
from billing.settings import settings
from functions.admin.admission import operators_router
from functions.admin.paging import cursor_of, limit_of, next_cursor

router = operators_router()


@router.get("/api/v1/admin/reconcile")
def list_all() -> Response[str]:
    """List runs, the newest first, without their differences."""
    asked = query(router.current_event.raw_event, "limit", "cursor")
    page = run_store().listed(limit_of(asked), cursor_of(asked))
    runs = [shown_run(run) for run in page.items]
    return answer({"runs": runs, "next_cursor": next_cursor(page.next_cursor)})


@once
def run_store() -> RunStore:
    """Return the records of runs."""
    return RunStore(settings())
