"""THE ONE DOOR through which accounts change.

Load the account, decide purely, and write facts, holdings, pointers, history and the ledger entry
of the cause in one DynamoDB transaction. A crash before, within or after it leaves either the old
state and an undelivered cause, or the new state and a ledger entry.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from billing.domain.account import Account, AccountKey
from billing.domain.changes import (
    Cause,
    CauseType,
    Change,
    Decision,
    Dismissal,
    LedgerEntry,
    Outcome,
    OutcomeKind,
    ParkReason,
    Written,
)
from billing.domain.errors import (
    BelongsToOtherAccount,
    BillingError,
    ContentionTooHigh,
    IdempotencyKeyReused,
)
from billing.services.catch_up import catch_up

if TYPE_CHECKING:
    from billing.adapters.dynamo.store import AccountStore

ATTEMPTS = 12
"""How often a decision is taken again before the cause is sent back to be retried."""

_WITH_A_CALLER = frozenset({CauseType.OPERATOR, CauseType.CHECKOUT})

Decide = Callable[[Account], Decision]
Wait = Callable[[float], None]


def commit(
    store: AccountStore,
    key: AccountKey,
    cause: Cause,
    decide: Decide,
    *,
    now: datetime,
    wait: Wait = time.sleep,
) -> Outcome:
    """Let `cause` change the account of `key` as `decide` says: once, whole, or not at all.

    Args:
        store: where accounts are kept.
        key: whose account.
        cause: why; its id is what makes it happen once.
        decide: a pure function from the account to the account as it should be. It is called
            again on the newer account whenever another writer was faster.
        now: the instant of the change, by this service's clock.
        wait: how to wait between attempts, given seconds.

    Returns:
        What became of the cause. `duplicate` carries the account as it is now.

    Raises:
        BillingError: what `decide` raised, unless the cause had been settled before.
        BelongsToOtherAccount: an operator's command, or a checkout, names an id of another
            account's; somebody is there to be told, so nothing is parked.
        ContentionTooHigh: others changed the account in every attempt; a retry is safe.
        IdempotencyKeyReused: the cause's id was used before with other parameters.
    """
    for attempt in range(ATTEMPTS):
        before = store.load(key)
        try:
            decision = decide(before)
        except BillingError:
            if store.ledger_entry(cause.id) is not None:
                return _duplicate(store, cause, before)
            if catch_up(store, before):
                continue
            raise
        change = _change(cause, before, decision, now)
        written = store.write(change)
        if written is Written.DONE:
            account = change.after if change.changes_account else before
            return Outcome(change.outcome, cause.id, account, change.reason, change.detail)
        if written is Written.DUPLICATE:
            return _duplicate(store, cause, store.load(key))
        if written is Written.TAKEN:
            detail = f"an id that it names belongs to another account than {key.project_id}'s"
            if cause.type in _WITH_A_CALLER:
                raise BelongsToOtherAccount(f"{detail}.")
            cause = replace(cause, project_id=key.project_id)
            return park(store, cause, ParkReason.OTHER_ACCOUNT, detail, now=now)
        if written is Written.BEHIND and catch_up(store, before):
            continue
        wait(random.uniform(0, min(0.5, 0.01 * 2**attempt)))  # noqa: S311 - jitter, no secret
    raise ContentionTooHigh(f"{ATTEMPTS} attempts were overtaken.")


def park(
    store: AccountStore, cause: Cause, reason: ParkReason, detail: str, *, now: datetime
) -> Outcome:
    """Keep a cause that cannot be applied, with the reason, until an operator replays it.

    One that is parked already waits since it was first parked, and keeps its place in the list.
    """
    known = store.ledger_entry(cause.id)
    since = now
    if known and known.is_open:
        since, cause = known.recorded_at, replace(cause, at=min(cause.at, known.caused_at))
    change = Change(cause, OutcomeKind.PARKED, since, reason=reason, detail=detail)
    if store.write(change) is Written.DUPLICATE:
        return Outcome(OutcomeKind.DUPLICATE, cause.id)
    return Outcome(OutcomeKind.PARKED, cause.id, reason=reason, detail=detail)


def dismiss(store: AccountStore, entry: LedgerEntry, dismissal: Dismissal) -> None:
    """Take a parked cause off the list, unless it was settled meanwhile; what parked it is kept."""
    cause = Cause(
        id=entry.cause_id,
        type=entry.cause_type,
        name=entry.cause_name,
        at=entry.caused_at,
        actor=entry.actor,
        payload=entry.payload,
        project_id=entry.project_id,
    )
    change = Change(
        cause,
        OutcomeKind.DISMISSED,
        entry.recorded_at,
        reason=entry.reason,
        detail=entry.detail,
        dismissal=dismissal,
    )
    store.write(change)


def settle(store: AccountStore, cause: Cause, kind: OutcomeKind, *, now: datetime) -> Outcome:
    """Note what became of a cause that changes no account, so that it is known to be settled."""
    written = store.write(Change(cause, kind, now))
    return Outcome(OutcomeKind.DUPLICATE if written is Written.DUPLICATE else kind, cause.id)


def _change(cause: Cause, before: Account, decision: Decision, now: datetime) -> Change:
    at = max(now, before.updated_at or now)
    applied = decision.kind is OutcomeKind.APPLIED
    if decision.account == before:
        kind = OutcomeKind.NO_CHANGE if applied else decision.kind
        return Change(cause, kind, at, before, before)
    after = replace(
        decision.account,
        version=before.version + 1,
        revision=before.revision + (1 if applied else 0),
        updated_at=at,
    )
    return Change(cause, decision.kind, at, before, after, pointers=decision.pointers)


def _duplicate(store: AccountStore, cause: Cause, account: Account) -> Outcome:
    entry = store.ledger_entry(cause.id)
    if entry and cause.fingerprint and entry.fingerprint != cause.fingerprint:
        raise IdempotencyKeyReused
    if catch_up(store, account):  # what it did may be among what was lost
        account = store.load(account.key)
    return Outcome(OutcomeKind.DUPLICATE, cause.id, account)
