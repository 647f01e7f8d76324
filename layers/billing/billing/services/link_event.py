"""Say whose a Stripe customer is that names no account: an operator's command."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from billing.adapters.stripe.translate import Claim, UnreadableShape, read_claim, read_event
from billing.domain.account import Account, AccountKey
from billing.domain.changes import (
    Cause,
    CauseType,
    Decision,
    LedgerEntry,
    OutcomeKind,
    ParkReason,
)
from billing.domain.errors import BelongsToOtherAccount, Conflict
from billing.domain.link import StripeLink
from billing.services.commit import commit
from billing.services.manage_projects import known_project
from billing.services.mint_id import repeatable_id
from billing.services.replay_events import Replayed, parked_event, payload_of, replay_event

if TYPE_CHECKING:
    from billing.adapters.dynamo.catalog_store import CatalogStore
    from billing.services.apply_stripe_event import Collaborators


LINKABLE = (ParkReason.UNMATCHED, ParkReason.UNKNOWN_PROJECT)
"""What an operator's word on whose it is can cure."""


@dataclass(frozen=True, slots=True)
class Linked:
    """Which ids are the account's now, and what became of the event thereupon."""

    ids: tuple[str, ...]
    replayed: Replayed


def link_event(
    event_id: str,
    key: AccountKey,
    reason: str,
    *,
    using: Collaborators,
    projects: CatalogStore,
    operator: str,
    now: datetime,
) -> Linked:
    """Make the Stripe customer of an event that lacks an account that account's, and replay it.

    The same command has one effect however often it is given, and goes on where it broke off.

    Args:
        event_id: Stripe's id of a parked event.
        key: whose it is; the user need not be known yet.
        reason: the operator's words, for the account's history.
        using: the stores, and Stripe.
        projects: where the project is looked up.
        operator: who asks.
        now: the instant.

    Raises:
        NotFound: the ledger knows nothing of the event, or there is no such project.
        BelongsToOtherAccount: the customer, or the event, is another account's.
        Conflict: the event is not one that lacks an account, or shows nothing to link.
        TryAgain: trouble that passes; the same command is to be given again.
    """
    entry = parked_event(event_id, using.accounts)
    known_project(projects, key.project_id)
    if not entry.is_open:
        return Linked((), _settled(entry, key))
    claim = _claim(entry, using)
    ids = (claim.customer_id,) if claim.customer_id else claim.ids
    if not ids:
        raise Conflict(f"{event_id} names neither a customer nor any other object.")
    _refuse_anothers(ids, key, entry, using)
    link = StripeLink(ids[0], ids, claim.customer_id, event_id, reason, now, operator)

    def decide(account: Account) -> Decision:
        return Decision(account if link.id in account.links else account.with_link(link))

    commit(using.accounts, key, _cause(link, key), decide, now=now, wait=using.wait)
    return Linked(ids, replay_event(event_id, using=using, operator=operator, now=now))


def _settled(entry: LedgerEntry, key: AccountKey) -> Replayed:
    if entry.account == key:
        return Replayed(entry.cause_id, OutcomeKind.DUPLICATE, key)
    if entry.account is None:
        raise Conflict(f"{entry.cause_id} is settled, and changed no account.")
    raise BelongsToOtherAccount(f"{entry.cause_id} was applied to {entry.account}.")


def _claim(entry: LedgerEntry, using: Collaborators) -> Claim:
    payload = payload_of(entry, using.gateway)
    if payload is None:
        raise Conflict(f"Stripe has no event {entry.cause_id} any more.")
    try:
        return read_claim(read_event(payload).object)
    except UnreadableShape as error:
        raise Conflict(f"{entry.cause_id} cannot be read: {error}.") from error


def _refuse_anothers(
    ids: tuple[str, ...], key: AccountKey, entry: LedgerEntry, using: Collaborators
) -> None:
    holder = using.accounts.find(ids)
    if holder is not None and holder != key:
        raise BelongsToOtherAccount(f"{ids[0]} belongs to {holder}.")
    if holder is None and entry.reason not in LINKABLE:
        raise Conflict(
            f"{entry.cause_id} is parked as '{entry.reason}', not as {' or '.join(LINKABLE)}."
        )


def _cause(link: StripeLink, key: AccountKey) -> Cause:
    """Name the command by what it does, so that it happens once."""
    asked = json.dumps(["link", link.ids, str(key)])
    return Cause(
        id=repeatable_id("op", asked),
        type=CauseType.OPERATOR,
        name="link",
        at=link.linked_at,
        actor=link.linked_by,
        reason=link.reason,
        fingerprint=hashlib.sha256(asked.encode()).hexdigest(),
    )
