"""A payment that the customer's bank questions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

_CLOSED = frozenset({"won", "lost"})
_TAKES_NO_MONEY = frozenset({"prevented", "charge_refunded"})
"""Settled before the bank took anything, or by a refund, which is heard of by itself."""


@dataclass(frozen=True, slots=True)
class ChargeDispute:
    """Where the dispute of one charge stands.

    Attributes:
        status: Stripe's word; one that starts with `warning_` is an inquiry and takes no money.
        amount: what is disputed, in the currency's minor unit.
        period_end: as of `ChargeRefund`.
    """

    dispute_id: str
    charge_id: str
    status: str
    amount: int
    currency: str
    as_of: datetime
    period_end: datetime | None = None

    @property
    def is_lost(self) -> bool:
        """Whether the money is gone for good."""
        return self.status == "lost"

    @property
    def is_open(self) -> bool:
        """Whether the bank holds the money while it decides; so does a word of tomorrow."""
        harmless = self.status in _CLOSED | _TAKES_NO_MONEY or self.status.startswith("warning_")
        return not harmless

    @property
    def order(self) -> tuple[datetime, bool, str]:
        """Sort by time; within a second the end of it comes last."""
        return self.as_of, self.status in _CLOSED, self.status


def merge_disputes(
    one: Iterable[ChargeDispute], other: Iterable[ChargeDispute]
) -> tuple[ChargeDispute, ...]:
    """Unite disputes by their id; the newest word on each holds (docs/decisions/0002)."""
    newest: dict[str, ChargeDispute] = {}
    for dispute in (*one, *other):
        known = newest.get(dispute.dispute_id)
        if known is None or dispute.order > known.order:
            newest[dispute.dispute_id] = dispute
    return tuple(newest[id_] for id_ in sorted(newest))
