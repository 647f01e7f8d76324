"""A one-time purchase as a fact that merges (docs/decisions/0002)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from billing.domain.refund import ChargeRefund, merge_refunds
from billing.domain.status import PaymentState

_PAYMENT_RANK = {state: rank for rank, state in enumerate(PaymentState)}


@dataclass(frozen=True, slots=True)
class PurchaseLine:
    """One thing bought; `validity_days` as the product had them then, `None` for life."""

    price_id: str
    quantity: int
    product_id: str | None = None
    validity_days: int | None = None


@dataclass(frozen=True, slots=True)
class Purchase:
    """A one-time payment, known by its payment intent, or by its session where nothing was owed.

    Attributes:
        amount: the total in the currency's minor unit.
        paid_at: the earliest instant at which it was heard to be paid, by Stripe's clock.
        paid_seen: when this service first heard that it is paid, by its own clock.
        lines: empty until the checkout session was heard of; a refund may arrive before it.
    """

    id: str
    as_of: datetime
    event_id: str
    first_seen: datetime
    state: PaymentState = PaymentState.UNKNOWN
    paid_at: datetime | None = None
    paid_seen: datetime | None = None
    session_id: str | None = None
    payment_intent_id: str | None = None
    customer_id: str | None = None
    lines: tuple[PurchaseLine, ...] = ()
    amount: int = 0
    currency: str = ""
    refunds: tuple[ChargeRefund, ...] = ()

    @property
    def is_fully_refunded(self) -> bool:
        """Whether a charge of it was refunded whole."""
        return any(refund.is_full for refund in self.refunds)


def merge_purchase(known: Purchase | None, heard: Purchase) -> Purchase:
    """Join what is known of a purchase with what was heard.

    Payment only moves forward (unpaid, failed, paid): a settled one is never unsettled by a late
    event; taking access back is what refunds and disputes do.
    """
    if known is None:
        return heard
    newest = max(known, heard, key=lambda p: (_PAYMENT_RANK[p.state], p.as_of, p.event_id))
    other = known if newest is heard else heard
    settled = [p.paid_at for p in (known, heard) if p.paid_at]
    return replace(
        newest,
        first_seen=min(known.first_seen, heard.first_seen),
        paid_at=min(settled, default=None),
        paid_seen=min((p.paid_seen for p in (known, heard) if p.paid_seen), default=None),
        session_id=newest.session_id or other.session_id,
        payment_intent_id=newest.payment_intent_id or other.payment_intent_id,
        customer_id=newest.customer_id or other.customer_id,
        lines=newest.lines or other.lines,
        amount=newest.amount or other.amount,
        currency=newest.currency or other.currency,
        refunds=merge_refunds(known.refunds, heard.refunds),
    )
