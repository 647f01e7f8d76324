"""The routes of operators about accounts."""

from __future__ import annotations

from billing.domain.errors import (
    AlreadyGranted,
    BelongsToOtherAccount,
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
from local.openapi.paths import ACCOUNT, FIRST_ACCOUNT, next_page
from local.openapi.routes_apps import STRIPE

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
        links=(Link("get_account", FIRST_ACCOUNT), Link("get_account_history", FIRST_ACCOUNT)),
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
        f"GET {ACCOUNT}",
        "get_account",
        ADMIN,
        (answers.AccountShown,),
        parameters=(words.AT,),
        errors=(NotFound,),
    ),
    Operation(
        f"GET {ACCOUNT}/history",
        "get_account_history",
        ADMIN,
        (answers.History,),
        parameters=(words.LIMIT, words.CURSOR),
        errors=(NotFound,),
        links=(next_page("get_account_history"),),
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
        f"GET {ACCOUNT}/explain",
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
