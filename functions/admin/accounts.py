"""Accounts: facts, what they give at an instant, and history.

A user id may be any text, so the routes that take it from the path take it from the query too.
"""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.event_handler import Response

from billing.composition import now
from billing.domain.account import AccountKey
from billing.domain.changes import HistoryEntry
from billing.domain.errors import InvalidInput
from billing.http import answer, query
from billing.presentation import shown, shown_access
from billing.services.manage_projects import known_project
from billing.services.view_account import AccountView, view_account
from billing.stores import account_store, catalog_store
from functions.admin.admission import operators_router
from functions.admin.asking import instant_asked, needed
from functions.admin.paging import cursor_of, limit_of, next_cursor

router = operators_router()


@router.get("/api/v1/admin/accounts")
def list_or_view() -> Response[str]:
    """List a project's accounts by user id, or view the one of `user_id`."""
    event = router.current_event.raw_event
    asked = query(event, "project_id", "user_id", "at", "limit", "cursor")
    project_id = needed(asked, "project_id")
    if "user_id" in asked:
        asked = query(event, "project_id", "user_id", "at")
        return _view(AccountKey(project_id, asked["user_id"]), asked)
    return _list(project_id, query(event, "project_id", "limit", "cursor"))


@router.get("/api/v1/admin/accounts/<project_id>/<user_id>")
def view(project_id: str, user_id: str) -> Response[str]:
    """View an account, now or `at` another instant."""
    asked = query(router.current_event.raw_event, "at")
    return _view(AccountKey(project_id, user_id), asked)


@router.get("/api/v1/admin/accounts/<project_id>/<user_id>/history")
def history(project_id: str, user_id: str) -> Response[str]:
    """List what was done to an account, newest first."""
    asked = query(router.current_event.raw_event, "limit", "cursor")
    return _history(AccountKey(project_id, user_id), asked)


@router.get("/api/v1/admin/history")
def history_of() -> Response[str]:
    """List what was done to the account of any user id, newest first."""
    asked = query(router.current_event.raw_event, "project_id", "user_id", "limit", "cursor")
    return _history(AccountKey(needed(asked, "project_id"), needed(asked, "user_id")), asked)


def _list(project_id: str, asked: dict[str, str]) -> Response[str]:
    known_project(catalog_store(), project_id)
    limit, after = limit_of(asked), cursor_of(asked)
    if after is not None:
        after = AccountKey(project_id, after).user_id
    found = account_store().accounts(project_id, limit=limit + 1, after=after)
    listed = [
        {
            "project_id": project_id,
            "user_id": item.user_id,
            "revision": int(item.revision),
            "customer_id": item.customer_id,
            "updated_at": item.updated_at,
        }
        for item in found[:limit]
    ]
    more = found[limit - 1].user_id if len(found) > limit else None
    return answer({"accounts": listed, "next_cursor": next_cursor(more)})


def _view(key: AccountKey, asked: dict[str, str]) -> Response[str]:
    at = instant_asked(asked)
    found = view_account(key, accounts=account_store(), catalogs=catalog_store(), now=now(), at=at)
    return answer(_viewed(found))


def _viewed(found: AccountView) -> dict[str, Any]:
    account = found.account
    return {
        "account": {
            "project_id": account.key.project_id,
            "user_id": account.key.user_id,
            "revision": account.revision,
            "customer_id": account.customer_id,
            "updated_at": account.updated_at,
            "subscriptions": shown(list(account.subscriptions.values())),
            "purchases": shown(list(account.purchases.values())),
            "grants": shown(list(account.grants.values())),
        },
        "at": found.at,
        "catalog_version": found.catalog.version,
        "holdings": shown(found.holdings),
        "entitlements": [shown_access(access) for access in found.accesses],
        "history": [_entry(entry) for entry in found.history],
    }


def _history(key: AccountKey, asked: dict[str, str]) -> Response[str]:
    known_project(catalog_store(), key.project_id)
    limit, before = limit_of(asked), cursor_of(asked)
    if before is not None and not before.isdecimal():
        raise InvalidInput.field("cursor", "must be the next_cursor of an answer")
    entries = account_store().history(
        key, limit=limit, before=None if before is None else int(before)
    )
    more = str(entries[-1].version) if len(entries) == limit and entries[-1].version > 1 else None
    return answer(
        {"history": [_entry(entry) for entry in entries], "next_cursor": next_cursor(more)}
    )


def _entry(entry: HistoryEntry) -> dict[str, Any]:
    return {name: value for name, value in shown(entry).items() if name != "key"}
