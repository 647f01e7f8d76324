"""The routes of operators about accounts."""

from __future__ import annotations

from billing.domain.errors import (
    AlreadyGranted,
    BelongsToOtherAccount,
    Conflict,
    ContentionTooHigh,
    IdempotencyKeyReused,
    NotFound,
)
from functions.admin.imports import ImportRequest
from functions.admin.schemas import (
    GrantRequest,
    RevokeRequest,
)
from local.openapi import answers_accounts as answers
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
        "POST /api/v1/admin/grant",
        "grant",
        ADMIN,
        (answers.Grant,),
        body=GrantRequest,
        parameters=(words.IDEMPOTENCY_KEY,),
        errors=(
            AlreadyGranted,
            BelongsToOtherAccount,
            ContentionTooHigh,
            IdempotencyKeyReused,
            NotFound,
        ),
        links=(Link("revoke", body={"grant_id": "$response.body#/grant_id"}),),
    ),
    Operation(
        "POST /api/v1/admin/revoke",
        "revoke",
        ADMIN,
        (answers.Revocation,),
        body=RevokeRequest,
        parameters=(words.IDEMPOTENCY_KEY,),
        errors=(BelongsToOtherAccount, ContentionTooHigh, IdempotencyKeyReused, NotFound),
    ),
    Operation(
        "GET /api/v1/admin/accounts",
        "list_accounts",
        ADMIN,
        (answers.Accounts, answers.AccountShown),
        parameters=(words.PROJECT.needed, words.USER_ID, words.AT, words.LIMIT, words.CURSOR),
        errors=(NotFound,),
        links=(Link("get_account", _FIRST_ACCOUNT), Link("get_account_history", _FIRST_ACCOUNT)),
    ),
    Operation(
        "POST /api/v1/admin/accounts/import",
        "import_customers",
        ADMIN,
        (answers.Imported,),
        body=ImportRequest,
        errors=(*STRIPE, ContentionTooHigh, NotFound),
    ),
    Operation(
        f"GET {_ACCOUNT}",
        "get_account",
        ADMIN,
        (answers.AccountShown,),
        parameters=(words.AT,),
        errors=(NotFound,),
    ),
    Operation(
        f"GET {_ACCOUNT}/history",
        "get_account_history",
        ADMIN,
        (answers.History,),
        parameters=(words.LIMIT, words.CURSOR),
        errors=(NotFound,),
        links=(_next_page("get_account_history"),),
    ),
    Operation(
        "GET /api/v1/admin/history",
        "get_history",
        ADMIN,
        (answers.History,),
        parameters=(words.PROJECT.needed, words.USER_ID.needed, words.LIMIT, words.CURSOR),
        errors=(NotFound,),
    ),
    Operation(
        f"GET {_ACCOUNT}/explain",
        "explain_account",
        ADMIN,
        (answers.Explained,),
        parameters=(words.FEATURE_CODE.needed, words.AT),
        errors=(NotFound,),
    ),
    Operation(
        "GET /api/v1/admin/explain",
        "explain",
        ADMIN,
        (answers.Explained,),
        parameters=(
            words.PROJECT.needed,
            words.USER_ID.needed,
            words.FEATURE_CODE.needed,
            words.AT,
        ),
        errors=(NotFound,),
    ),
    Operation(
        "GET /api/v1/admin/timeline",
        "get_timeline",
        ADMIN,
        (answers.AccessOverTime,),
        parameters=(words.PROJECT.needed, words.USER_ID.needed),
        errors=(NotFound,),
    ),
    Operation(
        "GET /api/v1/admin/lookup",
        "find_account",
        ADMIN,
        (answers.AccountFound,),
        parameters=(words.ANY_ID.needed,),
        errors=(NotFound,),
    ),
)
