"""Replay what is parked: the same event, the same one door, after what stood in its way is gone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from billing.domain.account import AccountKey
from billing.domain.changes import CauseType, LedgerEntry, OutcomeKind, ParkReason
from billing.domain.errors import Conflict, NotFound, TryAgain
from billing.services.apply_stripe_event import (
    REFERENCE,
    Collaborators,
    apply_stripe_event,
    reference_to,
)

if TYPE_CHECKING:
    from billing.adapters.dynamo.ledger import ParkedCauses, Wanted
    from billing.adapters.dynamo.store import AccountStore
    from billing.services.date_refunds import Connect

LONGEST_ID = 255

FAILED = "failed"
"""What became of an event whose replay met trouble that passes: it stays parked."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """What became of one event.

    Attributes:
        outcome: as `OutcomeKind` has it, or `failed`.
        account: whose it is, where that is known.
        detail: of one that stays parked, what an operator should know.
    """

    event_id: str
    outcome: str
    account: AccountKey | None = None
    reason: ParkReason | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Replays:
    """What became of some events.

    Attributes:
        next_cursor: goes on with those after them; `None` when all were tried.
        remaining: how many of the kind that was asked for are parked now.
    """

    events: tuple[Replayed, ...]
    next_cursor: str | None
    remaining: int


def known_cause(event_id: str, accounts: AccountStore) -> LedgerEntry:
    """Look up whatever the ledger has under an id.

    Raises:
        NotFound: it knows nothing of it.
    """
    entry = accounts.ledger_entry(event_id) if len(event_id) <= LONGEST_ID else None
    if entry is None:
        raise NotFound(f"Nothing is known of '{event_id[:LONGEST_ID]}'.")
    return entry


def parked_event(event_id: str, accounts: AccountStore) -> LedgerEntry:
    """Look up an event of Stripe's, parked or settled.

    Raises:
        NotFound: the ledger knows nothing of it.
        Conflict: it is not an event of Stripe's but a command of our own.
    """
    entry = known_cause(event_id, accounts)
    if entry.cause_type is not CauseType.STRIPE_EVENT:
        raise Conflict(f"'{event_id}' is not an event of Stripe's.")
    return entry


def payload_of(entry: LedgerEntry, connect: Connect) -> Mapping[str, Any] | None:
    """Return a parked event whole; one too large to be kept comes from Stripe, if it is there.

    Raises:
        TryAgain: Stripe had to be asked and did not answer.
    """
    kept = entry.payload
    if kept is not None and kept.get("object") != REFERENCE:
        return kept
    return connect().event(entry.cause_id)


def replay_event(event_id: str, *, using: Collaborators, operator: str, now: datetime) -> Replayed:
    """Apply a parked or dismissed event again; one that is settled stays as it is.

    Args:
        event_id: Stripe's id of it.
        using: the stores, and Stripe.
        operator: who asks; the account's history names him or her.
        now: the instant.

    Raises:
        NotFound, Conflict: see `parked_event`.
        TryAgain: the database or Stripe has trouble that passes; the event is still parked.
    """
    return _replayed(parked_event(event_id, using.accounts), using, operator, now)


def _replayed(entry: LedgerEntry, using: Collaborators, operator: str, now: datetime) -> Replayed:
    event_id = entry.cause_id
    if not entry.is_open:
        return Replayed(event_id, OutcomeKind.DUPLICATE, entry.account)
    reference = reference_to({"id": entry.cause_id, "type": entry.cause_name})
    payload = reference if entry.payload is None else entry.payload
    outcome = apply_stripe_event(payload, using=using, now=now, replayed_by=operator)
    account = outcome.account.key if outcome.account else None
    return Replayed(event_id, outcome.kind, account, outcome.reason, outcome.detail)


def replay_events(
    wanted: Wanted,
    limit: int,
    cursor: str | None,
    *,
    parked: ParkedCauses,
    using: Collaborators,
    operator: str,
    now: datetime,
    has_time: Callable[[], bool],
) -> Replays:
    """Replay the oldest `limit` of the parked events of a kind, or fewer where time is short.

    One that meets trouble stays parked and does not keep the others from being tried; to replay
    a page again is harmless.

    Raises:
        InvalidInput: no answer gave that cursor.
    """
    page = parked.page(limit, cursor, wanted)
    done: list[Replayed] = []
    next_cursor = page.next_cursor
    for entry in page.items:
        if done and not has_time():
            next_cursor = cursor
            break
        done.append(_tried(entry, using, operator, now))
        cursor = parked.cursor_after(entry)
    return Replays(tuple(done), next_cursor, parked.count(wanted))


def _tried(entry: LedgerEntry, using: Collaborators, operator: str, now: datetime) -> Replayed:
    try:
        found = parked_event(entry.cause_id, using.accounts)
        if found.outcome is OutcomeKind.DISMISSED:  # somebody said so just now
            return Replayed(entry.cause_id, OutcomeKind.DISMISSED)
        return _replayed(found, using, operator, now)
    except TryAgain as error:
        return Replayed(entry.cause_id, FAILED, detail=error.detail)
    except Conflict as error:
        return Replayed(
            entry.cause_id, OutcomeKind.PARKED, reason=entry.reason, detail=error.detail
        )
