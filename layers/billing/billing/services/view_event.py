"""What became of a cause; a parked event of Stripe's with what it says, as operators may see it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from billing.adapters.stripe.redaction import redacted
from billing.domain.changes import CauseType, LedgerEntry
from billing.domain.errors import TryAgain
from billing.services.replay_events import known_cause, payload_of

if TYPE_CHECKING:
    from billing.adapters.dynamo.store import AccountStore
    from billing.services.date_refunds import Connect


class EventView(NamedTuple):
    """An entry of the ledger.

    Attributes:
        payload: the event without personal data; `None` where it is not parked, or not to be had.
        payload_from: `ledger`, or `stripe` for one that was too large to be kept.
    """

    entry: LedgerEntry
    payload: dict[str, Any] | None = None
    payload_from: str | None = None


def view_event(event_id: str, accounts: AccountStore, connect: Connect) -> EventView:
    """Show an entry of the ledger; Stripe in trouble costs no more than the payload.

    Raises:
        NotFound: the ledger knows nothing of it.
    """
    entry = known_cause(event_id, accounts)
    if not entry.is_open or entry.cause_type is not CauseType.STRIPE_EVENT:
        return EventView(entry)
    try:
        payload = payload_of(entry, connect)
    except TryAgain:
        return EventView(entry)
    if payload is None:
        return EventView(entry)
    return EventView(entry, redacted(payload), "ledger" if payload is entry.payload else "stripe")
