"""Money that was given back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ChargeRefund:
    """What was refunded of one charge. `amount_refunded` is cumulative, as at Stripe.

    Attributes:
        amount, amount_refunded: in the currency's minor unit.
        period_end: the end of the subscription period that the charge paid; `None` where it paid
            for no whole period (a purchase, a proration).
    """

    charge_id: str
    amount: int
    amount_refunded: int
    currency: str
    as_of: datetime
    period_end: datetime | None = None

    @property
    def is_full(self) -> bool:
        """Whether nothing of the charge is left."""
        return 0 < self.amount <= self.amount_refunded

    @property
    def is_partial(self) -> bool:
        """Whether some of the charge was given back, and some is left."""
        return 0 < self.amount_refunded < self.amount


def merge_refunds(
    one: Iterable[ChargeRefund], other: Iterable[ChargeRefund]
) -> tuple[ChargeRefund, ...]:
    """Unite refunds by charge; the newest word on a charge holds, the larger within a second."""
    newest: dict[str, ChargeRefund] = {}
    for refund in (*one, *other):
        known = newest.get(refund.charge_id)
        if known is None or _freshness(refund) > _freshness(known):
            newest[refund.charge_id] = refund
    return tuple(newest[charge] for charge in sorted(newest))


def _freshness(refund: ChargeRefund) -> tuple[datetime, int, bool]:
    return refund.as_of, refund.amount_refunded, refund.period_end is not None
