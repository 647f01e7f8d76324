"""From facts to holdings: what an account holds, item by item. Derived with every commit."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from billing.domain.account import Account, ManualGrant
from billing.domain.policy import Holding, earliest
from billing.domain.purchase import Purchase
from billing.domain.status import REFUNDED, GrantState, Source, SubscriptionStatus
from billing.domain.subscription import Subscription, standing


def holdings_of(account: Account) -> tuple[Holding, ...]:
    """Derive all holdings from the facts, in a fixed order."""
    return tuple(
        sorted(
            (
                *(h for fact in account.subscriptions.values() for h in _of_subscription(fact)),
                *(h for fact in account.purchases.values() for h in _of_purchase(fact)),
                *(_of_grant(fact) for fact in account.grants.values()),
            ),
            key=lambda h: (h.source, h.source_id, h.price_id or "", h.feature_code or ""),
        )
    )


def _of_subscription(fact: Subscription) -> Iterator[Holding]:
    now_stands = standing(fact)
    refunded = any(
        refund.is_full and refund.period_end and refund.period_end == now_stands.period_end
        for refund in fact.refunds
    )
    # Stripe's clock may be a little ahead of ours: what it calls begun has begun.
    begun = min(fact.started_at, fact.first_seen)
    for item in fact.items:
        ends = [e for e in (item.period_end, now_stands.item_ends.get(item.id)) if e]
        period_end = max(ends, default=None)
        stops_at = earliest(fact.cancel_at, period_end if fact.cancel_at_period_end else None)
        ended = now_stands.status.is_terminal
        yield Holding(
            source=Source.SUBSCRIPTION,
            source_id=fact.id,
            state=REFUNDED if refunded and not ended else now_stands.status.value,
            valid_from=begun,
            period_end=fact.ended_at if ended else period_end,
            stops_at=stops_at,
            past_due_since=(
                now_stands.since if now_stands.status is SubscriptionStatus.PAST_DUE else None
            ),
            collection_paused=fact.collection_paused,
            quantity=item.quantity,
            product_id=item.product_id,
            price_id=item.price_id,
        )


def _of_purchase(fact: Purchase) -> Iterator[Holding]:
    paid_at = fact.paid_at or fact.as_of
    for line in fact.lines:
        yield Holding(
            source=Source.PURCHASE,
            source_id=fact.id,
            state=REFUNDED if fact.is_fully_refunded else fact.state.value,
            valid_from=min(paid_at, fact.paid_seen or paid_at),
            period_end=_end_of_validity(paid_at, line.validity_days),
            quantity=line.quantity,
            product_id=line.product_id,
            price_id=line.price_id,
        )


def _end_of_validity(paid_at: datetime, days: int | None) -> datetime | None:
    return None if days is None else paid_at + timedelta(days=days)


def _of_grant(fact: ManualGrant) -> Holding:
    return Holding(
        source=Source.MANUAL,
        source_id=fact.id,
        state=GrantState.REVOKED if fact.revoked_at else GrantState.GRANTED,
        valid_from=fact.valid_from,
        period_end=earliest(fact.valid_to, fact.revoked_at),
        feature_code=fact.feature_code,
        value=fact.value,
    )
