"""Reconciliation: started by the clock or by an operator, made in the background, asked about.

POST /api/v1/admin/reconcile, GET /api/v1/admin/reconcile/{run_id}, EventBridge Scheduler, and this
function itself, which hands a run that an operator starts over to another invocation of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.event_handler import Response

from billing.admission import admit, management_limit
from billing.auth import Caller
from billing.composition import now, once
from billing.domain.errors import NotFound
from billing.http import answer, create_app, lambda_handler_for, query
from billing.observability import logger
from billing.permissions import needed_for
from billing.services.limit_requests import HourlyLimit
from billing.services.list_differences import list_differences
from billing.services.mint_id import repeatable_id
from billing.services.start_reconciliation import Wanted, start_reconciliation
from billing.settings import require_active
from billing.stores import cached_catalog, catalog_store
from functions.reconciliation import wire
from functions.reconciliation.background import go_on, hand_over, run_store

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

SCHEDULER = "aws.scheduler"

DAILY_SHARDS = 4
"""Parts of Stripe's side that the daily run looks at beside each other."""

app = create_app()


@app.post("/api/v1/admin/reconcile")
def start() -> Response[str]:
    """Start a run, and answer at once."""
    caller = _operator("POST /api/v1/admin/reconcile")
    run = start_reconciliation(
        wire.wanted(app.current_event.raw_event),
        actor=caller.name,
        runs=run_store(),
        find_project=catalog_store().project,
        hand_over=hand_over,
        now=now(),
    )
    return answer({"run_id": run.id, "status": run.status}, 202)


@app.get("/api/v1/admin/reconcile/<run_id>")
def report(run_id: str) -> Response[str]:
    """Answer how far a run is, and what it found, page by page."""
    _operator("GET /api/v1/admin/reconcile/{run_id}")
    cursor = query(app.current_event.raw_event, "cursor").get("cursor")
    run = run_store().get(run_id)
    if run is None:
        raise NotFound(f"There is no run '{run_id}'.")
    found = list_differences(run_store(), run, cursor)
    return answer(wire.report(run_store().with_progress(run), found))


def _operator(route: str) -> Caller:
    caller = admit(app.current_event.raw_event, cached_catalog(), limit())
    caller.require_permission(needed_for(route))
    return caller


@once
def limit() -> HourlyLimit:
    """Return the limit of every operator's key."""
    return management_limit(logger.warning)


_answer_request = lambda_handler_for(app)


@logger.inject_lambda_context(clear_state=True)
def _work(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    require_active()
    if event.get("source") == SCHEDULER:
        run_id = _scheduled(str(event.get("id")))
    elif isinstance(event.get("run_id"), str):
        run_id = event["run_id"]
    else:
        raise ValueError("This is neither a request, nor the clock, nor a run of our own.")
    made = go_on(run_id, event.get("shard"), context.get_remaining_time_in_millis)
    return {"run_id": made.id, "status": made.status} if made else {}


def _scheduled(event_id: str) -> str:
    """Record the run of one tick of the clock; a tick that is delivered again is the same run."""
    return start_reconciliation(
        Wanted(shards=DAILY_SHARDS),
        actor="schedule",
        runs=run_store(),
        find_project=catalog_store().project,
        hand_over=lambda _run_id: None,
        now=now(),
        run_id=repeatable_id("run", SCHEDULER, event_id),
    ).id


def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer a request, or make a run."""
    return _answer_request(event, context) if "requestContext" in event else _work(event, context)
