"""What apps are told, and which changes of the facts tell it.

Pure, so that a change that is delivered twice says the same twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from billing.domain.account import AccountKey, Fact
from billing.domain.purchase import Purchase
from billing.domain.status import PaymentState, SubscriptionStatus
from billing.domain.subscription import Subscription, standing


class NotificationType(StrEnum):
    """The closed list of what an endpoint can ask for."""

    ENTITLEMENTS_CHANGED = "entitlements.changed"
    SUBSCRIPTION_CREATED = "subscription.created"
    SUBSCRIPTION_UPDATED = "subscription.updated"
    SUBSCRIPTION_ENDED = "subscription.ended"
    PURCHASE_COMPLETED = "purchase.completed"
    PURCHASE_REFUNDED = "purchase.refunded"
    PAYMENT_FAILED = "payment.failed"
    TRIAL_ENDING = "trial.ending"


PING = "ping"
"""What an operator sends to try an endpoint; no endpoint has to ask for it."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing to tell of an account.

    Attributes:
        about: the id of the subscription or purchase; empty for the account as a whole.
        data: what is told beside `project_id`, `user_id` and `revision`.
    """

    type: NotificationType
    about: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Notification:
    """A notice as it is sent: to every endpoint under the same id, however often.

    Attributes:
        at: the instant of the change.
        data: all of it.
    """

    id: str
    type: NotificationType
    at: datetime
    account: AccountKey
    data: Mapping[str, Any]


FAILING = frozenset({SubscriptionStatus.PAST_DUE, SubscriptionStatus.UNPAID})
"""Statuses that a failed payment leads to: entering them from others is told, staying is not."""


def notices(before: Mapping[str, Fact], after: Mapping[str, Fact]) -> Iterator[Notice]:
    """Say what a change of facts tells the apps.

    Args:
        before: the changed facts by their sort key as they were; what is new is not among them.
        after: the same as they are.
    """
    for key in sorted(after):
        was, now_is = before.get(key), after[key]
        if isinstance(now_is, Subscription):
            yield from _of_subscription(was if isinstance(was, Subscription) else None, now_is)
        elif isinstance(now_is, Purchase):
            yield from _of_purchase(was if isinstance(was, Purchase) else None, now_is)


def _of_subscription(was: Subscription | None, now_is: Subscription) -> Iterator[Notice]:
    status, told = standing(now_is).status, shown_subscription(now_is)
    former = standing(was).status if was else None
    ends = status.is_terminal and not (former and former.is_terminal)
    if was is None:
        yield Notice(NotificationType.SUBSCRIPTION_CREATED, now_is.id, told)
    elif not ends and told != shown_subscription(was):
        yield Notice(NotificationType.SUBSCRIPTION_UPDATED, now_is.id, told)
    if status in FAILING and former not in FAILING:
        yield Notice(
            NotificationType.PAYMENT_FAILED,
            now_is.id,
            {"subscription_id": now_is.id, "purchase_id": None, "status": status},
        )
    if ends:
        yield Notice(NotificationType.SUBSCRIPTION_ENDED, now_is.id, told)


def _of_purchase(was: Purchase | None, now_is: Purchase) -> Iterator[Notice]:
    told = shown_purchase(now_is)
    if _is_complete(now_is) and not (was and _is_complete(was)):
        yield Notice(NotificationType.PURCHASE_COMPLETED, now_is.id, told)
    failed = PaymentState.FAILED
    if now_is.state is failed and not (was and was.state is failed):
        yield Notice(
            NotificationType.PAYMENT_FAILED,
            now_is.id,
            {"subscription_id": None, "purchase_id": now_is.id, "status": now_is.state},
        )
    if _refunded(now_is) > (_refunded(was) if was else 0):
        yield Notice(NotificationType.PURCHASE_REFUNDED, now_is.id, told)


def _is_complete(fact: Purchase) -> bool:
    """Whether it is paid and known what was bought: the two may be heard in either order."""
    return fact.state.is_settled and bool(fact.lines)


def _refunded(fact: Purchase) -> int:
    return sum(refund.amount_refunded for refund in fact.refunds)


def shown_subscription(fact: Subscription) -> dict[str, Any]:
    """Write what apps are told of a subscription; what is not here is no change to them."""
    now_stands = standing(fact)
    return {
        "subscription_id": fact.id,
        "status": now_stands.status,
        "period_end": fact.ended_at if now_stands.status.is_terminal else now_stands.period_end,
        "trial_end": fact.trial_end,
        "cancel_at": fact.cancel_at,
        "cancel_at_period_end": fact.cancel_at_period_end,
        "ended_at": fact.ended_at,
        "collection_paused": fact.collection_paused,
        "items": [
            {"product_id": i.product_id, "price_id": i.price_id, "quantity": i.quantity}
            for i in fact.items
        ],
    }


def shown_purchase(fact: Purchase) -> dict[str, Any]:
    """Write what apps are told of a purchase; amounts are in the currency's minor unit."""
    refunded = _refunded(fact)
    return {
        "purchase_id": fact.id,
        "state": fact.state,
        "amount": fact.amount,
        "currency": fact.currency,
        "paid_at": fact.paid_at,
        "amount_refunded": refunded,
        "is_fully_refunded": 0 < fact.amount <= refunded,
        "items": [
            {"product_id": i.product_id, "price_id": i.price_id, "quantity": i.quantity}
            for i in fact.lines
        ],
    }
