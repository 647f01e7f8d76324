"""Fetch what Stripe failed to deliver: events without an entry in the ledger join the queue."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from billing.adapters.events_queue import Message
from billing.adapters.stripe.listed import Listed, Window
from billing.domain.runs import PageDone, Run, Shard
from billing.services.apply_stripe_event import EVENT_HANDLERS
from billing.services.receive_event import message_of

if TYPE_CHECKING:
    from billing.adapters.dynamo.lookup import Lookup
    from billing.adapters.dynamo.runs import RunStore
    from billing.adapters.stripe.gateway import StripeGateway

WATERMARK = "events"

OVERLAP = timedelta(hours=6)
"""Looked at again before the watermark: Stripe may list an event later than it is dated."""

KEPT = timedelta(days=30)
"""How long Stripe lists an event; the first sweep looks at all of them."""

Send = Callable[[Message], None]


def sweep_page(
    run: Run,
    shard: Shard,
    *,
    gateway: Callable[[], StripeGateway],
    lookup: Lookup,
    runs: RunStore,
    send: Send,
    livemode: bool,
) -> PageDone:
    """Send a page of events that were not heard, the oldest first, into the queue.

    The watermark moves after the last page is sent. A dry run only counts, and a run of one
    project leaves it to a run of all: an event does not say whose it is.
    """
    if run.project_id is not None:
        return PageDone()
    window = Window(_begin(run, runs))
    page = gateway().page(Listed.EVENTS, window, shard.cursor)
    handled = [
        event
        for event in page.objects
        if event["type"] in EVENT_HANDLERS and event.get("livemode") is livemode
    ]
    heard = lookup.heard(str(event["id"]) for event in handled)
    missed = [event for event in reversed(handled) if event["id"] not in heard]
    if not run.dry_run:
        for event in missed:
            send(message_of(event))
        if page.cursor is None:
            runs.move_watermark(WATERMARK, run.started_at)
    return PageDone(page.cursor, compared=len(handled), swept=len(missed))


def _begin(run: Run, runs: RunStore) -> datetime:
    oldest, mark = run.started_at - KEPT, runs.watermark(WATERMARK)
    return max(oldest, mark - OVERLAP) if mark else oldest
