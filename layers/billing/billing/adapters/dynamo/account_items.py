"""Items of the accounts and history tables, to and from the domain."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from billing.adapters.dynamo.long_lists import read_subscription, written_after, written_before
from billing.adapters.dynamo.models import (
    AccessItem,
    AccountItem,
    FeaturesItem,
    GrantItem,
    HistoryItem,
    LinkItem,
    PurchaseItem,
    SubscriptionItem,
)
from billing.adapters.plain import from_plain, to_plain
from billing.domain.account import Account, AccountKey, Fact, ManualGrant
from billing.domain.changes import Change, HistoryEntry
from billing.domain.holdings import holdings_of
from billing.domain.link import StripeLink
from billing.domain.purchase import Purchase
from billing.domain.stripe_features import StripeFeatures
from billing.domain.subscription import Subscription

_FactItem = SubscriptionItem | PurchaseItem | GrantItem | LinkItem | FeaturesItem

_ITEM_OF: dict[type[Fact], type[_FactItem]] = {
    Subscription: SubscriptionItem,
    Purchase: PurchaseItem,
    ManualGrant: GrantItem,
    StripeLink: LinkItem,
    StripeFeatures: FeaturesItem,
}

_KIND_OF: dict[str, type[Fact]] = {
    "subscription": Subscription,
    "purchase": Purchase,
    "grant": ManualGrant,
    "link": StripeLink,
    "features": StripeFeatures,
}


def account_of(key: AccountKey, items: Iterable[AccountItem]) -> Account:
    """Put an account together from the items of its collection."""
    head: dict[str, Any] = {}
    subscriptions: dict[str, Subscription] = {}
    purchases: dict[str, Purchase] = {}
    grants: dict[str, ManualGrant] = {}
    links: dict[str, StripeLink] = {}
    features: dict[str, StripeFeatures] = {}
    for item in items:
        match item:
            case AccessItem():
                head = {
                    "revision": int(item.revision),
                    "version": int(item.version),
                    "customer_id": item.customer_id,
                    "updated_at": datetime.fromisoformat(item.updated_at),
                }
            case SubscriptionItem():
                subscription = from_plain(Subscription, item.data)
                subscriptions[subscription.id] = subscription
            case PurchaseItem():
                purchase = from_plain(Purchase, item.data)
                purchases[purchase.id] = purchase
            case GrantItem():
                grant = from_plain(ManualGrant, item.data)
                grants[grant.id] = grant
            case LinkItem():
                link = from_plain(StripeLink, item.data)
                links[link.id] = link
            case FeaturesItem():
                word = from_plain(StripeFeatures, item.data)
                features[word.customer_id] = word
    return Account(
        key,
        subscriptions=subscriptions,
        purchases=purchases,
        grants=grants,
        links=links,
        features=features,
        **head,
    )


def fact_of(sk: str, plain: Any, known: Fact | None = None) -> Fact:  # noqa: ANN401 - any JSON value
    """Read a fact as its item, and history, keep it.

    Args:
        sk: its sort key.
        plain: what is kept.
        known: the fact as the entry of history before left it; without it, the long lists of an
            entry of history come to no more than where they stand.
    """
    kind = _KIND_OF[sk.partition("#")[0]]
    if kind is Subscription:
        return read_subscription(plain, known if isinstance(known, Subscription) else None)
    return from_plain(kind, plain)


def access_item(account: Account) -> AccessItem:
    """Write the hot item, with the holdings derived."""
    return AccessItem(
        str(account.key),
        "access",
        project_id=account.key.project_id,
        user_id=account.key.user_id,
        revision=account.revision,
        version=account.version,
        customer_id=account.customer_id,
        holdings=to_plain(holdings_of(account)),
        updated_at=to_plain(account.updated_at),
    )


def fact_item(key: AccountKey, sk: str, fact: Fact) -> AccountItem:
    """Write a fact under its sort key."""
    indexed = isinstance(fact, Subscription)  # a project's subscriptions are counted from the index
    return _ITEM_OF[type(fact)](
        str(key),
        sk,
        project_id=key.project_id if indexed else None,
        user_id=key.user_id if indexed else None,
        data=to_plain(fact),
    )


def changed_facts(before: Account, after: Account) -> dict[str, Fact]:
    """List what is to be written, by sort key."""
    known = before.facts()
    return {sk: fact for sk, fact in after.facts().items() if known.get(sk) != fact}


def history_item(change: Change, before: Account, after: Account) -> HistoryItem:
    """Write one line of history: the changed facts, before and after, and the cause."""
    cause, known, changed = change.cause, before.facts(), changed_facts(before, after)
    was: dict[str, Any] = {}
    now_is: dict[str, Any] = {}
    for sk, fact in changed.items():
        former = known.get(sk)
        if isinstance(former, Subscription) and isinstance(fact, Subscription):
            was[sk], now_is[sk] = written_before(former, fact), written_after(former, fact)
            continue
        now_is[sk] = to_plain(fact)
        if former is not None:
            was[sk] = to_plain(former)
    if before.customer_id != after.customer_id:
        was["customer_id"], now_is["customer_id"] = before.customer_id, after.customer_id
    entry = HistoryEntry(
        key=after.key,
        version=after.version,
        revision=after.revision,
        at=change.at,
        outcome=change.outcome,
        cause_id=cause.id,
        cause_type=cause.type,
        cause_name=cause.name,
        actor=cause.actor,
        reason=cause.reason,
        before=was,
        after=now_is,
        caused_at=cause.at,
    )
    return HistoryItem(str(after.key), version_key(after.version), data=to_plain(entry))


def version_key(version: int) -> str:
    """Sort history by the account's version, which counts its writes and so is its time."""
    return f"{version:012d}"
