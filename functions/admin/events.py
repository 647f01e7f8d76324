"""What the ledger remembers, and what waits in it: /api/v1/admin/events."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.event_handler import Response

from billing.adapters.dynamo.catalog_cache import CachedCatalog
from billing.adapters.stripe.gateway import gateway
from billing.composition import now
from billing.domain.account import AccountKey
from billing.http import answer, query, read_body
from billing.observability import count, logger
from billing.services.apply_stripe_event import Collaborators
from billing.services.dismiss_event import dismiss_event
from billing.services.link_event import link_event
from billing.services.replay_events import Replayed, replay_event, replay_events
from billing.services.view_event import view_event
from billing.stores import account_store, catalog_store, parked_causes
from functions.admin.admission import operator_of, operators_router
from functions.admin.events_wire import (
    DismissRequest,
    LinkRequest,
    ReplayRequest,
    shown_entry,
    shown_replayed,
    wanted_of,
)
from functions.admin.paging import cursor_of, decoded_cursor, limit_of, next_cursor

ENOUGH_TIME = 8_000
"""Milliseconds that one more replay may take, where Stripe is asked and slow to answer."""

router = operators_router()


@router.get("/api/v1/admin/events")
def list_parked() -> Response[str]:
    """List what is parked, or dismissed, and why; the longest waiting first."""
    asked = query(
        router.current_event.raw_event,
        *("state", "reason", "project_id", "older_than_seconds", "limit", "cursor"),
    )
    page = parked_causes().page(limit_of(asked), cursor_of(asked), wanted_of(asked, now()))
    events = [shown_entry(entry) for entry in page.items]
    return answer({"events": events, "next_cursor": next_cursor(page.next_cursor)})


@router.get("/api/v1/admin/events/<event_id>")
def get(event_id: str) -> Response[str]:
    """Show what became of a Stripe event or of an operator's command; a parked one whole."""
    entry, payload, source = view_event(event_id, account_store(), gateway)
    return answer({**shown_entry(entry), "payload": payload, "payload_from": source})


@router.post("/api/v1/admin/events/<event_id>/link")
def link(event_id: str) -> Response[str]:
    """Say whose the customer of an event that lacks an account is, and replay the event."""
    body = read_body(router.current_event.raw_event, LinkRequest)
    linked = link_event(
        event_id,
        AccountKey(body.project_id, body.user_id),
        body.reason,
        using=_collaborators(),
        projects=catalog_store(),
        operator=operator_of(router).name,
        now=now(),
    )
    return answer({**_told(linked.replayed), "linked_ids": list(linked.ids)})


@router.post("/api/v1/admin/events/<event_id>/dismiss")
def dismiss(event_id: str) -> Response[str]:
    """Take what is none of this service's business off the list."""
    body = read_body(router.current_event.raw_event, DismissRequest)
    operator = operator_of(router).name
    entry = dismiss_event(
        event_id, body.reason, accounts=account_store(), operator=operator, now=now()
    )
    logger.info("event dismissed", event_id=entry.cause_id, operator=operator)
    return answer(shown_entry(entry))


@router.post("/api/v1/admin/events/<event_id>/replay")
def replay(event_id: str) -> Response[str]:
    """Apply a parked event again."""
    operator = operator_of(router).name
    return answer(
        _told(replay_event(event_id, using=_collaborators(), operator=operator, now=now()))
    )


@router.post("/api/v1/admin/events/replay")
def replay_all() -> Response[str]:
    """Apply the parked events of a reason again, some at a time."""
    body = read_body(router.current_event.raw_event, ReplayRequest)
    context = router.lambda_context
    done = replay_events(
        body.to_wanted(),
        body.limit,
        None if body.cursor is None else decoded_cursor(body.cursor),
        parked=parked_causes(),
        using=_collaborators(),
        operator=operator_of(router).name,
        now=now(),
        has_time=lambda: context.get_remaining_time_in_millis() > ENOUGH_TIME,
    )
    events = [_told(replayed) for replayed in done.events]
    cursor = next_cursor(done.next_cursor)
    return answer({"events": events, "next_cursor": cursor, "remaining": done.remaining})


def _collaborators() -> Collaborators:
    """Compose with projects and catalogs as they are this moment: the operator just changed one."""
    return Collaborators(account_store(), CachedCatalog(catalog_store()), gateway)


def _told(replayed: Replayed) -> dict[str, Any]:
    count("EventReplayed", outcome=str(replayed.outcome))
    logger.info(
        "event replayed",
        event_id=replayed.event_id,
        outcome=replayed.outcome,
        reason=replayed.reason,
        operator=operator_of(router).name,
    )
    return shown_replayed(replayed)
