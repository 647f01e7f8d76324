"""Money that was given back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

_CAME_TO_NOTHING = frozenset({"canceled", "failed"})


@dataclass(frozen=True, slots=True)
class SingleRefund:
    """One of the refunds of a charge.

    Attributes:
        amount: in the charge's minor unit.
        status: Stripe's word.
        created: when it was asked for.
        as_of: of when the status is.
    """

    id: str
    amount: int
    status: str
    created: datetime
    as_of: datetime

    @property
    def gives_back(self) -> bool:
        """Whether the money goes, or went, back."""
        return self.status not in _CAME_TO_NOTHING

    @property
    def order(self) -> tuple[datetime, bool, str]:
        """Sort by time; within a second what comes to nothing does so last."""
        return self.as_of, not self.gives_back, self.status


@dataclass(frozen=True, slots=True)
class ChargeRefund:
    """What was refunded of one charge. `amount_refunded` is cumulative, as at Stripe.

    Attributes:
        amount, amount_refunded: in the currency's minor unit.
        period_end: the end of the subscription period that the charge paid; `None` where it paid
            for no whole period (a purchase, a proration).
        parts: the single refunds that were heard of, which say when it was given back.
    """

    charge_id: str
    amount: int
    amount_refunded: int
    currency: str
    as_of: datetime
    period_end: datetime | None = None
    parts: tuple[SingleRefund, ...] = ()

    @property
    def is_full(self) -> bool:
        """Whether nothing of the charge is left."""
        return 0 < self.amount <= self.amount_refunded

    @property
    def is_partial(self) -> bool:
        """Whether some of the charge was given back, and some is left."""
        return 0 < self.amount_refunded < self.amount

    def given_back(self) -> Iterator[tuple[datetime, int]]:
        """Yield when how much of the cumulative sum was given back.

        What no single refund tells of is given back when the sum was heard.
        """
        left = self.amount_refunded
        for part in sorted(self.parts, key=lambda each: (each.created, each.id)):
            amount = min(part.amount, left) if part.gives_back else 0
            if amount:
                yield part.created, amount
            left -= amount
        if left:
            yield self.as_of, left


def merge_refunds(
    one: Iterable[ChargeRefund], other: Iterable[ChargeRefund]
) -> tuple[ChargeRefund, ...]:
    """Unite refunds by charge; the newest word on a charge holds, the larger within a second."""
    newest: dict[str, ChargeRefund] = {}
    for refund in (*one, *other):
        known = newest.get(refund.charge_id, refund)
        held = refund if _freshness(refund) > _freshness(known) else known
        parts = _merge_parts(known.parts, refund.parts)
        newest[refund.charge_id] = held if held.parts == parts else replace(held, parts=parts)
    return tuple(newest[charge] for charge in sorted(newest))


def _merge_parts(
    one: tuple[SingleRefund, ...], other: tuple[SingleRefund, ...]
) -> tuple[SingleRefund, ...]:
    newest: dict[str, SingleRefund] = {}
    for part in (*one, *other):
        newest[part.id] = max(newest.get(part.id, part), part, key=lambda each: each.order)
    return tuple(newest[id_] for id_ in sorted(newest))


def _freshness(refund: ChargeRefund) -> tuple[datetime, int, bool]:
    return refund.as_of, refund.amount_refunded, refund.period_end is not None
