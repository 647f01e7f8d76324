"""What a repair decides about an account, given what Stripe has. Pure, as what is heard is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from billing.adapters.stripe.shapes import child, instant
from billing.domain.account import Account
from billing.domain.catalog import Catalog
from billing.domain.changes import Cause, Decision
from billing.domain.dispute import merge_disputes
from billing.domain.drift import compare, compare_purchases
from billing.domain.payment import merge_months
from billing.domain.purchase import Purchase
from billing.domain.refund import merge_refunds
from billing.domain.status import PaymentState, SubscriptionStatus
from billing.domain.subscription import Subscription, with_payments
from billing.services.heard import Heard, HeardPurchase, HeardSubscription

_Paid = TypeVar("_Paid", Subscription, Purchase)

Decide = Callable[[Account, Catalog, Subscription | None], Decision]


def derived_anew(remembered: Account) -> Decide:
    """Write the account as it is, with its grants: the door derives its holdings from the facts.

    Holdings that facts do not give can say that a fact was lost, or is older than it was. What
    Stripe has of it is compared elsewhere; grants are in history, and nobody else could tell them.
    A grant is never taken away and changes once, when it is revoked.

    Args:
        remembered: the account as its history has it.
    """

    def decide(account: Account, _catalog: Catalog, _fresh: Subscription | None) -> Decision:
        for grant in remembered.grants.values():
            known = account.grants.get(grant.id)
            if known is None or (grant.revoked_at and not known.revoked_at):
                account = account.with_grant(grant)
        return Decision(replace(account, updated_at=None))

    return decide


def pointed_at(id_: str) -> Decide:
    """Write the account as it is, and the pointer that it lost."""

    def decide(account: Account, _catalog: Catalog, _fresh: Subscription | None) -> Decision:
        lost = frozenset({id_}) & account.stripe_ids()
        return Decision(replace(account, updated_at=None), pointers=lost)

    return decide


def gone(id_: str, cause: Cause) -> Decide:
    """End what Stripe does not know: nobody pays for it any more, nor ever did for a purchase."""

    def decide(account: Account, _catalog: Catalog, _fresh: Subscription | None) -> Decision:
        known = account.subscriptions.get(id_)
        if known is not None:
            return Decision(account.with_subscription(_canceled(known, cause)))
        bought = next((p for p in account.purchases.values() if p.session_id == id_), None)
        if bought is None:
            return Decision(account)
        unpaid = replace(bought, state=PaymentState.FAILED, paid_at=None)
        return Decision(account.with_purchase(replace(unpaid, as_of=cause.at, event_id=cause.id)))

    return decide


def _canceled(known: Subscription, cause: Cause) -> Subscription:
    ended = replace(known.moment(), at=cause.at, status=SubscriptionStatus.CANCELED)
    return replace(
        known,
        status=SubscriptionStatus.CANCELED,
        as_of=cause.at,
        event_id=cause.id,
        ended_at=cause.at,
        canceled_at=cause.at,
        timeline=(*(moment for moment in known.timeline if moment.at < cause.at), ended),
    )


def as_stripe_has_it(heard: Heard | None) -> Decide:
    """Merge it as ever; where what is known contradicts it even then, begin anew from it.

    Merging keeps an end for good, and payment moves forward only. A fact that says otherwise than
    Stripe does after a fresh look was damaged.
    """

    def decide(account: Account, catalog: Catalog, fresh: Subscription | None) -> Decision:
        if not isinstance(heard, HeardSubscription | HeardPurchase):
            return Decision(account)
        if isinstance(heard, HeardSubscription):
            fresh = fresh or heard.subscription
        merged = heard.decide(account, catalog, fresh)
        if not _differs(merged.account, heard):
            return merged
        anew = heard.decide(_without(account, heard), catalog, fresh)
        return Decision(_with_money(anew.account, account, heard))

    return decide


def _without(account: Account, heard: HeardSubscription | HeardPurchase) -> Account:
    if isinstance(heard, HeardSubscription):
        left = {k: v for k, v in account.subscriptions.items() if k != heard.subscription.id}
        return replace(account, subscriptions=left)
    bought = {k: v for k, v in account.purchases.items() if k != heard.purchase.id}
    return replace(account, purchases=bought)


def _with_money(anew: Account, known: Account, heard: HeardSubscription | HeardPurchase) -> Account:
    """Keep when it was first heard of, and what was taken back: the object does not say these."""
    if isinstance(heard, HeardSubscription):
        id_ = heard.subscription.id
        was = known.subscriptions.get(id_)
        if was is None:
            return anew
        now_is = _kept(was, anew.subscriptions[id_])
        months = merge_months(was.paid_months, now_is.paid_months)
        kept = with_payments(replace(now_is, paid_months=months), was.payments)
        return anew.with_subscription(kept)
    id_ = heard.purchase.id
    bought = known.purchases.get(id_)
    return anew.with_purchase(_kept(bought, anew.purchases[id_])) if bought else anew


def _kept(was: _Paid, now_is: _Paid) -> _Paid:
    return replace(
        now_is,
        first_seen=min(was.first_seen, now_is.first_seen),
        refunds=merge_refunds(was.refunds, now_is.refunds),
        disputes=merge_disputes(was.disputes, now_is.disputes),
    )


def _differs(account: Account, heard: HeardSubscription | HeardPurchase) -> bool:
    if isinstance(heard, HeardSubscription):
        stripes = heard.subscription
        return bool(compare(account.subscriptions.get(stripes.id), stripes, account.key))
    bought = heard.purchase
    return bool(compare_purchases(account.purchases.get(bought.id), bought, account.key))


def paid_when(heard: Heard | None, obj: Mapping[str, Any]) -> Heard | None:
    """Take when it was paid from the charge: a purchase that is heard of late began then."""
    if not isinstance(heard, HeardPurchase) or not heard.purchase.state.is_settled:
        return heard
    paid_at = instant(child(obj, "payment_intent", "latest_charge"), "created")
    paid_at = paid_at or instant(obj, "created")
    return replace(heard, purchase=replace(heard.purchase, paid_at=paid_at))
