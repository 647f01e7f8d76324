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
from local.openapi.routes_apps import STRIPE

_PROJECTS = "/api/v1/admin/projects"
_PROJECT = f"{_PROJECTS}/{{project_id}}"
_KEY = f"{_PROJECT}/keys/{{key_id}}"
_ACCOUNT = "/api/v1/admin/accounts/{project_id}/{user_id}"
_EVENT = "/api/v1/admin/events/{event_id}"

_OF_PROJECT = {"project_id": "$response.body#/id"}
_OF_KEY = {"project_id": "$response.body#/project_id", "key_id": "$response.body#/key_id"}
_FIRST_EVENT = {"event_id": "$response.body#/events/0/event_id"}
_FIRST_ACCOUNT = {
    "project_id": "$response.body#/accounts/0/project_id",
    "user_id": "$response.body#/accounts/0/user_id",
}
_REPLAY = (*STRIPE, Conflict, ContentionTooHigh, NotFound)


def _next_page(operation_id: str) -> Link:
    return Link(operation_id, {"cursor": "$response.body#/next_cursor"})


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
            Link(to, _FIRST_EVENT)
            for to in ("get_event", "link_event", "dismiss_event", "replay_event")
        ),
    ),
    Operation(
        f"GET {_EVENT}", "get_event", ADMIN, (answers.EventShown,), errors=(*STRIPE, NotFound)
    ),
    Operation(
        f"POST {_EVENT}/link",
        "link_event",
        ADMIN,
        (answers.LinkedEvent,),
        body=LinkRequest,
        errors=(*_REPLAY, BelongsToOtherAccount, IdempotencyKeyReused),
    ),
    Operation(
        f"POST {_EVENT}/dismiss",
        "dismiss_event",
        ADMIN,
        (answers.Event,),
        body=DismissRequest,
        errors=(Conflict, ContentionTooHigh, NotFound),
    ),
    Operation(f"POST {_EVENT}/replay", "replay_event", ADMIN, (Replayed,), errors=_REPLAY),
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
        links=(_next_page("list_reconciliations"),),
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
