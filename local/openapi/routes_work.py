"""The routes of operators about events and runs of the reconciliation."""

from __future__ import annotations

from billing.domain.errors import (
    BelongsToOtherAccount,
    Conflict,
    ContentionTooHigh,
    IdempotencyKeyReused,
    InvalidInput,
    NotFound,
)
from billing.services.replay_events import Replayed
from functions.admin.events_wire import DismissRequest, LinkRequest, ReplayRequest
from functions.reconciliation.wire import ReconcileRequest
from local.openapi import answers_work as answers
from local.openapi import vocabulary as words
from local.openapi.operation import ADMIN, Link, Operation
from local.openapi.paths import EVENT, FIRST_EVENT, REPLAY, next_page
from local.openapi.routes_apps import STRIPE

ROUTES = (
    Operation(
        "GET /api/v1/admin/events",
        "list_parked_events",
        ADMIN,
        (answers.Events,),
        parameters=(
            words.PARKED_STATE,
            words.PARK_REASON,
            words.PROJECT,
            words.OLDER_THAN,
            words.LIMIT,
            words.CURSOR,
        ),
        links=tuple(
            Link(to, FIRST_EVENT)
            for to in ("get_event", "link_event", "dismiss_event", "replay_event")
        ),
    ),
    Operation(
        f"GET {EVENT}", "get_event", ADMIN, (answers.EventShown,), errors=(*STRIPE, NotFound)
    ),
    Operation(
        f"POST {EVENT}/link",
        "link_event",
        ADMIN,
        (answers.LinkedEvent,),
        body=LinkRequest,
        errors=(*REPLAY, BelongsToOtherAccount, IdempotencyKeyReused),
    ),
    Operation(
        f"POST {EVENT}/dismiss",
        "dismiss_event",
        ADMIN,
        (answers.Event,),
        body=DismissRequest,
        errors=(Conflict, ContentionTooHigh, NotFound),
    ),
    Operation(f"POST {EVENT}/replay", "replay_event", ADMIN, (Replayed,), errors=REPLAY),
    Operation(
        "POST /api/v1/admin/events/replay",
        "replay_events",
        ADMIN,
        (answers.ReplayedEvents,),
        body=ReplayRequest,
        errors=STRIPE,
    ),
    Operation(
        "GET /api/v1/admin/reconcile",
        "list_reconciliations",
        ADMIN,
        (answers.Runs,),
        parameters=(words.LIMIT, words.CURSOR),
        links=(next_page("list_reconciliations"),),
    ),
    Operation(
        "POST /api/v1/admin/reconcile",
        "start_reconciliation",
        ADMIN,
        (answers.RunStarted,),
        status=202,
        body=ReconcileRequest,
        body_is_optional=True,
        errors=(NotFound,),
        links=(Link("get_reconciliation", {"run_id": "$response.body#/run_id"}),),
    ),
    Operation(
        "GET /api/v1/admin/reconcile/{run_id}",
        "get_reconciliation",
        ADMIN,
        (answers.RunReport,),
        parameters=(words.CURSOR,),
        errors=(InvalidInput, NotFound),
    ),
)
