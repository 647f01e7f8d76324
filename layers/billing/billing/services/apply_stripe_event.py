"""From a Stripe event to a change of one account, through the one door.

Every event type that this service handles is one line of `EVENT_HANDLERS`. A handler reads the
event's object and says how the account that it belongs to should be; facts merge, so order and
repetition do not matter. What it takes a fresh look at Stripe to know is fetched once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from billing.adapters.stripe.translate import (
    StripeEvent,
    UnreadableShape,
    read_event,
    read_subscription,
)
from billing.domain.account import Account
from billing.domain.catalog import Catalog
from billing.domain.changes import Cause, CauseType, Decision, Outcome, ParkReason
from billing.services import hear
from billing.services.commit import Wait, commit, park, skip
from billing.services.match_account import Unappliable, match_account

if TYPE_CHECKING:
    from billing.adapters.dynamo.catalog_cache import CachedCatalog
    from billing.adapters.dynamo.store import AccountStore

Handler = Callable[[StripeEvent, datetime, hear.Connect], hear.Heard | None]

EVENT_HANDLERS: dict[str, Handler] = {
    "checkout.session.completed": hear.session,  # a purchase, or the first word of a subscription
    "checkout.session.async_payment_succeeded": hear.session,  # the money of a bank debit came
    "checkout.session.async_payment_failed": hear.session,  # ... or did not
    "checkout.session.expired": hear.nothing,  # the user gave up; nothing was sold
    "customer.subscription.created": hear.subscription,  # it begins, perhaps still unpaid
    "customer.subscription.updated": hear.subscription,  # plan, status, period, cancellation
    "customer.subscription.deleted": hear.subscription,  # it ended, for good
    "invoice.paid": hear.paid_invoice,  # the period moved on, even if `updated` is lost
    "invoice.payment_succeeded": hear.paid_invoice,  # the same, for endpoints without the former
    "invoice.payment_failed": hear.nothing,  # the subscription's own event says past_due
    "charge.refunded": hear.refunded_charge,  # a full refund ends what the charge paid for
}
"""The closed list of event types that change anything. Others are acknowledged and counted."""


REFERENCE = "event_reference"
"""The `object` of a message that names an event to be fetched."""


@dataclass(frozen=True, slots=True)
class Collaborators:
    """What applying an event needs."""

    accounts: AccountStore
    catalogs: CachedCatalog
    gateway: hear.Connect
    wait: Wait = time.sleep


def apply_stripe_event(
    payload: Mapping[str, Any], *, using: Collaborators, now: datetime
) -> Outcome:
    """Apply a verified event: exactly once, whatever the order of arrival.

    Args:
        payload: the event as Stripe sent it, of any API version.
        using: stores and Stripe.
        now: the instant of processing.

    Returns:
        What became of it; what waiting cannot cure is parked with its reason.

    Raises:
        TryAgain: the database or Stripe has trouble that passes; deliver the event again.
    """
    try:
        event = read_event(_whole(payload, using.gateway))
    except Unappliable as error:
        return park(using.accounts, _cause(payload, now), error.reason, error.detail, now=now)
    except UnreadableShape as error:
        return park(
            using.accounts, _cause(payload, now), ParkReason.UNREADABLE, str(error), now=now
        )
    cause = _cause(payload, event.created)
    try:
        handler = EVENT_HANDLERS.get(event.type)
        heard = handler(event, now, using.gateway) if handler else None
        if heard is None:
            return skip(using.accounts, cause, now=now)
        return _apply(event, heard, cause, using, now)
    except UnreadableShape as error:
        return park(using.accounts, cause, ParkReason.UNREADABLE, str(error), now=now)
    except Unappliable as error:
        return park(using.accounts, cause, error.reason, error.detail, now=now)


def reference_to(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Write what stands for an event that is too large for a message."""
    return {"object": REFERENCE, "id": payload["id"], "type": payload["type"]}


def _whole(payload: Mapping[str, Any], gateway: hear.Connect) -> Mapping[str, Any]:
    if payload.get("object") != REFERENCE:
        return payload
    fetched = gateway().event(str(payload["id"]))
    if fetched is None:
        raise Unappliable(ParkReason.GONE_AT_STRIPE, f"Stripe has no event {payload['id']}")
    return fetched


def _cause(payload: Mapping[str, Any], at: datetime) -> Cause:
    return Cause(
        id=str(payload["id"]),
        type=CauseType.STRIPE_EVENT,
        name=str(payload.get("type")),
        at=at,
        actor="stripe",
        payload=dict(payload),
    )


def _apply(
    event: StripeEvent, heard: hear.Heard, cause: Cause, using: Collaborators, now: datetime
) -> Outcome:
    key = match_account(
        heard.claim, accounts=using.accounts, catalogs=using.catalogs, gateway=using.gateway
    )
    catalog = _catalog_with(heard.price_ids, key.project_id, using.catalogs)

    def decide(account: Account) -> Decision:
        return heard.decide(account, catalog)

    try:
        return commit(using.accounts, key, cause, decide, now=now, wait=using.wait)
    except hear.NeedsFreshSubscription as need:
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
