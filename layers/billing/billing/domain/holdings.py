"""From facts to holdings: what an account holds, item by item. Derived with every commit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from billing.domain.account import Account, ManualGrant
from billing.domain.dispute import ChargeDispute
from billing.domain.policy import Holding, earliest
from billing.domain.purchase import Purchase
from billing.domain.refund import ChargeRefund
from billing.domain.status import GrantState, Source, SubscriptionStatus, TakenBack
from billing.domain.stripe_features import StripeFeatures
from billing.domain.subscription import Subscription, standing


def holdings_of(account: Account) -> tuple[Holding, ...]:
    """Derive all holdings from the facts, in a fixed order."""
    return tuple(
        sorted(
            (
                *(h for fact in account.subscriptions.values() for h in _of_subscription(fact)),
                *(h for fact in account.purchases.values() for h in _of_purchase(fact)),
                *(_of_grant(fact) for fact in account.grants.values()),
                *(h for fact in account.features.values() for h in _of_features(fact)),
            ),
            key=lambda h: (h.source, h.source_id, h.price_id or "", h.feature_code or ""),
        )
    )


def _of_subscription(fact: Subscription) -> Iterator[Holding]:
    now_stands = standing(fact)
    paid = now_stands.period_end
    taken_back = _taken_back(
        [r for r in fact.refunds if r.period_end and r.period_end == paid],
        [d for d in fact.disputes if d.period_end and d.period_end == paid],
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
            state=now_stands.status.value,
            valid_from=begun,
            period_end=fact.ended_at if ended else period_end,
            stops_at=stops_at,
            past_due_since=(
                now_stands.since if now_stands.status is SubscriptionStatus.PAST_DUE else None
            ),
            collection_paused=fact.collection_paused,
            taken_back=() if ended else taken_back,
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
            state=fact.state.value,
            valid_from=min(paid_at, fact.paid_seen or paid_at),
            period_end=_end_of_validity(paid_at, line.validity_days),
            taken_back=_taken_back(fact.refunds, fact.disputes),
            quantity=line.quantity,
            product_id=line.product_id,
            price_id=line.price_id,
        )


def _of_features(fact: StripeFeatures) -> Iterator[Holding]:
    for code in fact.codes:
        yield Holding(
            source=Source.SUBSCRIPTION,
            source_id=fact.customer_id,
            state=SubscriptionStatus.ACTIVE.value,
            valid_from=min(fact.as_of, fact.first_seen),
            feature_code=code,
        )


def _taken_back(
    refunds: Iterable[ChargeRefund], disputes: Iterable[ChargeDispute]
) -> tuple[TakenBack, ...]:
    refunds, disputes = list(refunds), list(disputes)
    found = {
        TakenBack.REFUNDED: any(refund.is_full for refund in refunds),
        TakenBack.PARTLY_REFUNDED: any(refund.is_partial for refund in refunds),
        TakenBack.DISPUTE_LOST: any(dispute.is_lost for dispute in disputes),
        TakenBack.DISPUTED: any(dispute.is_open for dispute in disputes),
    }
    return tuple(word for word, is_so in found.items() if is_so)


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
