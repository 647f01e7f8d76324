"""Fetch what Stripe failed to deliver: events without an entry in the ledger join the queue.

Stripe lists the newest first, and events are sent the oldest first, as Stripe would have: a first
pass goes down the list and only counts, a second goes up again and sends. A third waits until what
was sent has been heard, so that nothing is repaired which an event on its way tells
(docs/decisions/0005). Where nothing was missed, which is every day, there is but the first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from billing.adapters.stripe.listed import Listed, ListPage, Window
from billing.domain.runs import Run
from billing.domain.shards import PageDone, Shard
from billing.services.apply_stripe_event import EVENT_HANDLERS
from billing.services.collaborators import Collaborators
from billing.services.receive_event import message_of

if TYPE_CHECKING:
    from billing.adapters.stripe.calls import Json
    from billing.adapters.stripe.gateway import StripeGateway

WATERMARK = "events"

OVERLAP = timedelta(hours=6)
"""Looked at again before the watermark: Stripe may list an event later than it is dated."""

KEPT = timedelta(days=30)
"""How long Stripe lists an event; the first sweep looks at all of them."""

WAITS = (1, 2, 4, 8, 15, 30, 60)
"""Seconds between two looks at what was sent; they begin anew whenever some of it was heard."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """The sweep of one run.

    A dry run only counts, and a run of one project leaves it to a run of all: an event does not
    say whose it is.
    """

    run: Run
    using: Collaborators
    gateway: Callable[[], StripeGateway]

    def look(self, shard: Shard) -> PageDone:
        """Count a page of the list, going down; of the last page, send what was not heard."""
        if self.run.project_id is not None:
            return PageDone()
        page = self.gateway().page(Listed.EVENTS, self._window(), shard.cursor)
        handled = self._handled(page)
        missed = self._missed(handled)
        above = None
        if page.cursor is None:
            self._send(missed)
            above = str(page.objects[0]["id"]) if shard.cursor else None
        return PageDone(page.cursor, above, compared=len(handled), swept=len(missed))

    def send_above(self, shard: Shard) -> PageDone:
        """Send what was not heard of a page, going up from the last."""
        above = shard.cursor or shard.above
        if above is None or not self._has_sent(shard):
            return PageDone()
        page = self.gateway().page_above(Listed.EVENTS, self._window(), above)
        missed = self._missed(self._handled(page))
        self._send(missed)
        return PageDone(page.cursor, compared=len(missed))

    def wait(self, shard: Shard) -> PageDone | None:
        """Wait until a page of what was sent has been heard, or there is no more hope.

        What is on the queue stays there, so the run goes on without it. Behind the last page the
        watermark moves.

        Returns:
            `None` where time ends before that.
        """
        cursor, looked_at = None, 0
        if self._has_sent(shard):
            page = self.gateway().page(Listed.EVENTS, self._window(), shard.cursor)
            handled = self._handled(page)
            left = self._until_heard(handled)
            if left is None:
                return None
            cursor, looked_at = (None if left else page.cursor), len(handled)
        if cursor is None and self.run.project_id is None and not self.run.dry_run:
            self.using.runs.move_watermark(WATERMARK, self.run.started_at)
        return PageDone(cursor, compared=looked_at)

    def _until_heard(self, handled: list[Json]) -> int | None:
        """Look again and again; return how many are left, or `None` when time ends."""
        left, waits = len(self._missed(handled)), iter(WAITS)
        while left:
            if not self.using.has_time():
                return None
            seconds = next(waits, None)
            if seconds is None:
                break
            self.using.pause(seconds)
            before, left = left, len(self._missed(handled))
            waits = iter(WAITS) if left < before else waits
        return left

    def _has_sent(self, shard: Shard) -> bool:
        return bool(shard.swept) and not self.run.dry_run

    def _handled(self, page: ListPage) -> list[Json]:
        livemode = self.using.livemode
        return [
            event
            for event in page.objects
            if event["type"] in EVENT_HANDLERS and event.get("livemode") is livemode
        ]

    def _missed(self, handled: list[Json]) -> list[Json]:
        """Those that were not heard, the oldest first."""
        heard = self.using.lookup.heard(str(event["id"]) for event in handled)
        return [event for event in reversed(handled) if event["id"] not in heard]

    def _send(self, missed: Iterable[Json]) -> None:
        for event in () if self.run.dry_run else missed:
            self.using.send(message_of(event))

    def _window(self) -> Window:
        oldest, mark = self.run.started_at - KEPT, self.using.runs.watermark(WATERMARK)
        begin: datetime = max(oldest, mark - OVERLAP) if mark else oldest
        return Window(begin)
