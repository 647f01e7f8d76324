"""Ways in which the tables, or Stripe, can come to say something wrong, one a class of drift.

Ours are damaged by writing the tables behind the door's back, facts and holdings alike, so that
nothing but a comparison with Stripe can tell. Stripe's side is damaged in the fake's state.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from billing.adapters.dynamo.models import (
    AccessItem,
    AccountItem,
    HistoryItem,
    PointerItem,
    PurchaseItem,
    SubscriptionItem,
)
from billing.adapters.plain import to_plain
from billing.domain.account import Account, AccountKey
from billing.domain.holdings import holdings_of
from billing.domain.purchase import Purchase
from billing.domain.status import SubscriptionStatus
from billing.domain.subscription import Subscription
from billing.stores import account_store
from local.stripe.server import FakeStripeServer
from local.stripe.tables import new_id


@dataclass(frozen=True)
class Damage:
    """One way to come apart.

    Attributes:
        drift: the class as which a run counts it.
        sells: the price that the user buys before.
        do: damages the user's account.
    """

    drift: str
    sells: str
    do: Callable[[FakeStripeServer, AccountKey], None]


def _load(key: AccountKey) -> Account:
    return account_store().load(key)


def _put_subscription(account: Account, fact: Subscription) -> None:
    item = SubscriptionItem.get(str(account.key), f"subscription#{fact.id}")
    item.update(actions=[SubscriptionItem.data.set(to_plain(fact))])
    _put_holdings(replace(account, subscriptions={**account.subscriptions, fact.id: fact}))


def _put_purchase(account: Account, fact: Purchase) -> None:
    item = PurchaseItem.get(str(account.key), f"purchase#{fact.id}")
    item.update(actions=[PurchaseItem.data.set(to_plain(fact))])
    _put_holdings(replace(account, purchases={**account.purchases, fact.id: fact}))


def _put_holdings(account: Account) -> None:
    item = AccessItem.get(str(account.key), "access")
    item.update(actions=[AccessItem.holdings.set(to_plain(holdings_of(account)))])


def _subscription(key: AccountKey, change: Callable[[Subscription], Subscription]) -> None:
    account = _load(key)
    (fact,) = account.subscriptions.values()
    _put_subscription(account, change(fact))


def _purchase(key: AccountKey, change: Callable[[Purchase], Purchase]) -> None:
    account = _load(key)
    (fact,) = account.purchases.values()
    _put_purchase(account, change(fact))


def _with_status(fact: Subscription, status: str) -> Subscription:
    told = SubscriptionStatus(status)
    return replace(
        fact, status=told, timeline=tuple(replace(m, status=told) for m in fact.timeline)
    )


def forgotten(stripe: FakeStripeServer, key: AccountKey) -> None:
    """It is as if nothing had ever been heard of the account."""
    account = _load(key)
    for id_ in account.stripe_ids():
        PointerItem(id_).delete()
    for item in (*AccountItem.query(str(key)), *HistoryItem.query(str(key))):
        item.delete()


def past_due(stripe: FakeStripeServer, key: AccountKey) -> None:
    """It is said to be past due."""
    _subscription(key, lambda fact: _with_status(fact, "past_due"))


def ended(stripe: FakeStripeServer, key: AccountKey) -> None:
    """It is said to have ended, which nothing that is merged can undo."""
    _subscription(key, lambda fact: _with_status(fact, "canceled"))


def shortened(stripe: FakeStripeServer, key: AccountKey) -> None:
    """Its period is said to have ended long ago."""

    def change(fact: Subscription) -> Subscription:
        items = tuple(replace(i, period_end=i.period_start) for i in fact.items)
        moments = tuple(replace(m, period_end=None, item_ends=()) for m in fact.timeline)
        return replace(fact, items=items, timeline=moments)

    _subscription(key, change)


def canceling(stripe: FakeStripeServer, key: AccountKey) -> None:
    """It is said to cancel at the period's end."""
    _subscription(key, lambda fact: replace(fact, cancel_at_period_end=True))


def mispriced(stripe: FakeStripeServer, key: AccountKey) -> None:
    """It is said to have another price."""

    def change(fact: Subscription) -> Subscription:
        return replace(fact, items=tuple(replace(i, price_id="price_other") for i in fact.items))

    _subscription(key, change)


def multiplied(stripe: FakeStripeServer, key: AccountKey) -> None:
    """It is said to be of many units."""

    def change(fact: Subscription) -> Subscription:
        return replace(fact, items=tuple(replace(i, quantity=50) for i in fact.items))

    _subscription(key, change)


def unpaid(stripe: FakeStripeServer, key: AccountKey) -> None:
    """A purchase is said to be unpaid."""
    _purchase(key, lambda fact: replace(fact, state=type(fact.state).UNPAID, paid_at=None))


def unrefunded(stripe: FakeStripeServer, key: AccountKey) -> None:
    """A refund was never heard of."""
    charge = _charge(stripe, key)
    stripe_refund(stripe, charge)


def stripe_refund(stripe: FakeStripeServer, charge: dict[str, Any]) -> None:
    """Give a charge back at Stripe, whole."""
    charge["amount_refunded"], charge["refunded"] = charge["amount"], True


def undisputed(stripe: FakeStripeServer, key: AccountKey) -> None:
    """A dispute was never heard of."""
    from local.stripe import refunds  # noqa: PLC0415 - the fake's own way to open one

    with stripe.state.lock:
        refunds.open_dispute(stripe.state, _charge(stripe, key), {})


def _charge(stripe: FakeStripeServer, key: AccountKey) -> dict[str, Any]:
    (fact,) = _load(key).purchases.values()
    return next(stripe.state.charges.where(payment_intent=fact.payment_intent_id))


def unpointed(stripe: FakeStripeServer, key: AccountKey) -> None:
    """The account is not found by one of its ids any more."""
    (id_,) = _load(key).subscriptions
    PointerItem(id_).delete()


def misheld(stripe: FakeStripeServer, key: AccountKey) -> None:
    """The holdings are not what the facts give."""
    item = AccessItem.get(str(key), "access")
    item.update(actions=[AccessItem.holdings.set([])])


def deleted(stripe: FakeStripeServer, key: AccountKey) -> None:
    """Stripe does not know the subscription any more."""
    (id_,) = _load(key).subscriptions
    _drop(stripe.state.subscriptions, id_)


def session_deleted(stripe: FakeStripeServer, key: AccountKey) -> None:
    """Stripe does not know the checkout any more."""
    (fact,) = _load(key).purchases.values()
    _drop(stripe.state.sessions, str(fact.session_id))


def _drop(table: Any, id_: str) -> None:
    """Take a row out of a table of the fake, which itself never loses one."""
    rows = [row for row in table.rows.values() if row["id"] != id_]
    indexes = tuple(table._index)
    table.__init__(table.kind, table.prefix, *indexes)
    for row in rows:
        table.add(row)


def of_other_mode(stripe: FakeStripeServer, key: AccountKey) -> None:
    """The subscription is of Stripe's other mode."""
    _row(stripe, key)["livemode"] = True


def orphaned(stripe: FakeStripeServer, key: AccountKey) -> None:
    """Nothing says whose the subscription is, here or there."""
    row = _row(stripe, key)
    row["metadata"] = stripe.state.customers.rows[row["customer"]]["metadata"] = {}
    forgotten(stripe, key)


def renamed(stripe: FakeStripeServer, key: AccountKey) -> None:
    """Its metadata names somebody else."""
    _row(stripe, key)["metadata"] = {"project_id": key.project_id, "user_id": "somebody-else"}


def misshapen(stripe: FakeStripeServer, key: AccountKey) -> None:
    """It has the shape of no API version."""
    _row(stripe, key)["cancel_at"] = "tomorrow"


def _row(stripe: FakeStripeServer, key: AccountKey) -> dict[str, Any]:
    (id_,) = _load(key).subscriptions
    return stripe.state.subscriptions.rows[id_]


def abandoned(stripe: FakeStripeServer, key: AccountKey) -> None:
    """Another checkout was started and given up, which is no drift."""
    sessions = stripe.state.sessions
    paid = next(sessions.where(customer=_load(key).customer_id))
    given_up = {"id": new_id(sessions.prefix), "status": "expired", "subscription": None}
    sessions.add({**paid, **given_up, "payment_status": "unpaid", "created": stripe.now})


ENDED = {"missing_at_stripe", "refund", "orphaned"}
"""Drifts after whose repair there is less access than before the damage."""

DAMAGES = {
    "subscription_missing_here": Damage("missing_here", "pro_monthly", forgotten),
    "purchase_missing_here": Damage("missing_here", "once", forgotten),
    "subscription_missing_there": Damage("missing_at_stripe", "pro_monthly", deleted),
    "purchase_missing_there": Damage("missing_at_stripe", "once", session_deleted),
    "status": Damage("status", "pro_monthly", past_due),
    "end": Damage("status", "pro_monthly", ended),
    "payment": Damage("status", "once", unpaid),
    "period": Damage("period", "pro_monthly", shortened),
    "cancellation": Damage("cancellation", "pro_monthly", canceling),
    "price": Damage("price", "pro_monthly", mispriced),
    "quantity": Damage("quantity", "seat", multiplied),
    "refund": Damage("refund", "once", unrefunded),
    "dispute": Damage("dispute", "once", undisputed),
    "holdings": Damage("holdings", "pro_monthly", misheld),
    "pointer": Damage("pointer", "pro_monthly", unpointed),
}
"""Every class of drift that a run can repair."""

FOR_PEOPLE = {
    "mode": Damage("mode", "pro_monthly", of_other_mode),
    "orphaned": Damage("orphaned", "pro_monthly", orphaned),
    "other_account": Damage("other_account", "pro_monthly", renamed),
    "unreadable": Damage("unreadable", "pro_monthly", misshapen),
}
"""Every class that a run can only report."""

NO_DRIFT = {"abandoned": Damage("", "pro_monthly", abandoned)}
"""What a run counts, and must not take for drift."""
