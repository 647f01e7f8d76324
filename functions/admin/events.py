"""Causes as the ledger remembers them: /api/v1/admin/events. Read only."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.event_handler import Response

from billing.domain.changes import LedgerEntry
from billing.domain.errors import NotFound
from billing.http import answer, query
from billing.presentation import shown
from billing.stores import account_store, parked_causes
from functions.admin.admission import operators_router
from functions.admin.paging import cursor_of, limit_of, next_cursor

LONGEST_ID = 255

router = operators_router()


@router.get("/api/v1/admin/events")
def list_parked() -> Response[str]:
    """List what is parked and why, the oldest first."""
    asked = query(router.current_event.raw_event, "limit", "cursor")
    page = parked_causes().page(limit_of(asked), cursor_of(asked))
    events = [_event(entry) for entry in page.items]
    return answer({"events": events, "next_cursor": next_cursor(page.next_cursor)})


@router.get("/api/v1/admin/events/<event_id>")
def get(event_id: str) -> Response[str]:
    """Show what became of a Stripe event or of an operator's command."""
    entry = account_store().ledger_entry(event_id) if len(event_id) <= LONGEST_ID else None
    if entry is None:
        raise NotFound(f"Nothing is known of '{event_id[:LONGEST_ID]}'.")
    return answer(_event(entry))


def _event(entry: LedgerEntry) -> dict[str, Any]:
    """Show an entry without its payload, which may name people."""
    hidden = {"payload", "fingerprint", "cause_id"}
    return {
        "event_id": entry.cause_id,
        **{name: value for name, value in shown(entry).items() if name not in hidden},
    }
