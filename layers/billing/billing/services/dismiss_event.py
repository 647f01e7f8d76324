"""Dismiss what is parked and none of this service's business: an operator's word, kept with it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from billing.domain.changes import Dismissal, LedgerEntry, OutcomeKind
from billing.domain.errors import Conflict
from billing.services.commit import dismiss
from billing.services.replay_events import known_cause

if TYPE_CHECKING:
    from billing.adapters.dynamo.store import AccountStore


def dismiss_event(
    event_id: str, reason: str, *, accounts: AccountStore, operator: str, now: datetime
) -> LedgerEntry:
    """Take an event off the list of what is parked; a second time answers the first dismissal.

    It can still be replayed or linked for as long as the ledger remembers it. Delivered again by
    Stripe, it stays dismissed.

    Args:
        event_id: of anything that is parked.
        reason: the operator's words.
        accounts: where the ledger is.
        operator: who asks.
        now: the instant.

    Raises:
        NotFound: the ledger knows nothing of it.
        Conflict: it was settled, so there is nothing to dismiss.
    """
    entry = known_cause(event_id, accounts)
    if entry.outcome is OutcomeKind.PARKED:
        dismiss(accounts, entry, Dismissal(operator, reason, now))
        entry = known_cause(event_id, accounts)
    if entry.outcome is not OutcomeKind.DISMISSED:
        raise Conflict(f"'{entry.cause_id}' is not parked: its outcome is '{entry.outcome}'.")
    return entry
