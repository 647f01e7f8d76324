"""From a Stripe event to a change of one account, through the one door.

Every event type that this service handles is one line of `EVENT_HANDLERS`. A handler reads the
event's object and says how the account that it belongs to should be; facts merge, so order and
repetition do not matter. What it takes a fresh look at Stripe to know is fetched once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from billing.adapters.stripe.translate import (
    StripeEvent,
    UnreadableShape,
    read_claim,
    read_event,
    read_subscription,
)
from billing.domain.account import Account, AccountKey
from billing.domain.catalog import PROJECT_ID, Catalog
from billing.domain.changes import Cause, CauseType, Decision, Outcome, OutcomeKind, ParkReason
from billing.services import hear
from billing.services.commit import Wait, commit, park, settle
from billing.services.date_refunds import Connect
from billing.services.follow_catalog import CatalogWord, follow_catalog
from billing.services.heard import Heard, NeedsFreshSubscription
from billing.services.match_account import Unappliable, match_account

if TYPE_CHECKING:
    from billing.adapters.dynamo.catalog_cache import CachedCatalog
    from billing.adapters.dynamo.store import AccountStore

Handler = Callable[[StripeEvent, datetime, Connect], Heard | CatalogWord | None]

EVENT_HANDLERS: dict[str, Handler] = {
    "checkout.session.completed": hear.session,  # a purchase, or the first word of a subscription
    "checkout.session.async_payment_succeeded": hear.session,  # the money of a bank debit came
    "checkout.session.async_payment_failed": hear.session,  # ... or did not
    "checkout.session.expired": hear.nothing,  # the user gave up; nothing was sold
    "customer.subscription.created": hear.subscription,  # it begins, perhaps still unpaid
    "customer.subscription.updated": hear.subscription,  # plan, status, period, cancellation
    "customer.subscription.deleted": hear.subscription,  # it ended, for good
    "customer.subscription.paused": hear.subscription,  # a trial ended without a payment method
    "customer.subscription.resumed": hear.subscription,  # ... and one was given later
    "customer.subscription.trial_will_end": hear.subscription,  # carries the trial's end
    "customer.subscription.pending_update_applied": hear.subscription,  # a change that was paid
    "customer.subscription.pending_update_expired": hear.subscription,  # ... or was not
    "subscription_schedule.updated": hear.scheduled,  # what comes is told when it comes
    "subscription_schedule.canceled": hear.scheduled,  # so is what will not come
    "invoice.paid": hear.paid_invoice,  # the period moved on, even if `updated` is lost
    "invoice.payment_succeeded": hear.paid_invoice,  # the same, for endpoints without the former
    "invoice.payment_failed": hear.nothing,  # the subscription's own event says past_due
    "invoice.payment_action_required": hear.nothing,  # so it does while the bank asks the user
    "invoice.marked_uncollectible": hear.nothing,  # so it does when the debt is given up
    "invoice.voided": hear.nothing,  # nobody paid, nobody owes
    "invoice_payment.paid": hear.nothing,  # `invoice.paid` says it, with the period
    "payment_intent.payment_failed": hear.nothing,  # the session, or the invoice, says what of it
    "charge.refunded": hear.refunded_charge,  # a full refund ends what the charge paid for
    "refund.created": hear.refund,  # the same, for refunds that take days
    "refund.updated": hear.refund,  # ... as they proceed
    "refund.failed": hear.refund,  # the money came back to us, and so does access
    "charge.dispute.created": hear.dispute,  # the bank holds the money and asks
    "charge.dispute.updated": hear.dispute,  # an inquiry can become a dispute
    "charge.dispute.closed": hear.dispute,  # lost ends access; won restores what open ended
    "charge.dispute.funds_withdrawn": hear.dispute,  # carries the dispute as it stands
    "charge.dispute.funds_reinstated": hear.dispute,  # so does this
    "entitlements.active_entitlement_summary.updated": hear.features,  # Stripe's own features
    "product.created": hear.product,  # the catalog follows Stripe
    "product.updated": hear.product,  # renamed or archived there
    "product.deleted": hear.product,  # no longer sold
    "price.created": hear.price,  # a new price of a known product can be bought
    "price.updated": hear.price,  # archived, or sold again
    "price.deleted": hear.price,  # no longer sold
    "customer.updated": hear.nothing,  # nothing is kept of a customer but the id
    "customer.deleted": hear.nothing,  # its subscriptions end by events of their own
}
"""The closed list of event types that change anything. Others are acknowledged and counted."""


REFERENCE = "event_reference"
"""The `object` of a message that names an event to be fetched."""


@dataclass(frozen=True, slots=True)
class Collaborators:
    """What applying an event needs."""

    accounts: AccountStore
    catalogs: CachedCatalog
    gateway: Connect
    wait: Wait = time.sleep


def apply_stripe_event(
    payload: Mapping[str, Any], *, using: Collaborators, now: datetime, replayed_by: str = ""
) -> Outcome:
    """Apply a verified event: exactly once, whatever the order of arrival.

    Args:
        payload: the event as Stripe sent it, of any API version.
        using: stores and Stripe.
        now: the instant of processing.
        replayed_by: the operator who replays it; the account's history says so.

    Returns:
        What became of it; what waiting cannot cure is parked with its reason.

    Raises:
        TryAgain: the database or Stripe has trouble that passes; deliver the event again.
    """
    cause = _cause(payload, now, replayed_by)
    try:
        whole = _whole(payload, using.gateway)
        cause = replace(cause, project_id=claimed_project(whole))
        event = read_event(whole)
        cause = replace(cause, at=event.created)
        handler = EVENT_HANDLERS.get(event.type)
        heard = handler(event, now, using.gateway) if handler else None
        if heard is None:
            return settle(using.accounts, cause, OutcomeKind.NO_CHANGE, now=now)
        if isinstance(heard, CatalogWord):
            store = using.catalogs.store
            changed = follow_catalog(heard, store=store, gateway=using.gateway, now=now)
            kind = OutcomeKind.APPLIED if changed else OutcomeKind.NO_CHANGE
            return settle(using.accounts, cause, kind, now=now)
        return _apply(event, heard, cause, using, now)
    except UnreadableShape as error:
        return park(using.accounts, cause, ParkReason.UNREADABLE, str(error), now=now)
    except Unappliable as error:
        return park(using.accounts, cause, error.reason, error.detail, now=now)


def reference_to(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Write what stands for an event that is too large for a message."""
    return {"object": REFERENCE, "id": payload["id"], "type": payload["type"]}


def _whole(payload: Mapping[str, Any], gateway: Connect) -> Mapping[str, Any]:
    if payload.get("object") != REFERENCE:
        return payload
    fetched = gateway().event(str(payload["id"]))
    if fetched is None:
        raise Unappliable(ParkReason.GONE_AT_STRIPE, f"Stripe has no event {payload['id']}")
    return fetched


def claimed_project(payload: Mapping[str, Any]) -> str | None:
    """Read which project an event says it is about, whether or not that is so."""
    data = payload.get("data")
    try:
        claimed = read_claim(data.get("object") if isinstance(data, Mapping) else None).project_id
    except UnreadableShape:
        return None
    return claimed if claimed and PROJECT_ID.fullmatch(claimed) else None


def _cause(payload: Mapping[str, Any], at: datetime, replayed_by: str) -> Cause:
    return Cause(
        id=str(payload["id"]),
        type=CauseType.STRIPE_EVENT,
        name=str(payload.get("type")),
        at=at,
        actor="stripe",
        reason=f"replayed by {replayed_by}" if replayed_by else "",
        payload=dict(payload),
        reopens=bool(replayed_by),
    )


def _apply(
    event: StripeEvent, heard: Heard, cause: Cause, using: Collaborators, now: datetime
) -> Outcome:
    key = match_account(
        heard.claim, accounts=using.accounts, catalogs=using.catalogs, gateway=using.gateway
    )
    cause = replace(cause, project_id=key.project_id)
    try:
        return _commit(event, heard, key, cause, using, now=now)
    except Unappliable as error:
        return park(using.accounts, cause, error.reason, error.detail, now=now)


def _commit(
    event: StripeEvent,
    heard: Heard,
    key: AccountKey,
    cause: Cause,
    using: Collaborators,
    *,
    now: datetime,
) -> Outcome:
    catalog = _catalog_with(heard.price_ids, key.project_id, using.catalogs)

    def decide(account: Account) -> Decision:
        return heard.decide(account, catalog)

    try:
        return commit(using.accounts, key, cause, decide, now=now, wait=using.wait)
    except NeedsFreshSubscription as need:
        # Taken before the fetch, so that whatever happens after it is newer; an event's own
        # second is the least that the fetched object can speak of (docs/decisions/0002).
        as_of = max(now, event.created)
        fetched = using.gateway().subscription(need.subscription_id)
        if fetched is None:
            raise Unappliable(
                ParkReason.GONE_AT_STRIPE, f"Stripe has no {need.subscription_id}"
            ) from None
        fresh = read_subscription(fetched, as_of=as_of, event_id=event.id, first_seen=now)
    catalog = _catalog_with(
        frozenset(item.price_id for item in fresh.items), key.project_id, using.catalogs
    )

    def decide_with_fresh(account: Account) -> Decision:
        return heard.decide(account, catalog, fresh)

    return commit(using.accounts, key, cause, decide_with_fresh, now=now, wait=using.wait)


def _catalog_with(price_ids: frozenset[str], project_id: str, catalogs: CachedCatalog) -> Catalog:
    """Return the project's catalog; a fresh one if the remembered one lacks a price."""
    catalog = catalogs.catalog(project_id)
    if all(catalog.find_price(price_id) for price_id in price_ids):
        return catalog
    return catalogs.catalog(project_id, fresh=True)
