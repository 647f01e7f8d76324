"""A payment that the customer's bank questions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

_APPEAL = "appeal_"
"""How the statuses of an appeal begin: only what is lost is appealed, and the money is gone until
the appeal is won."""

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
        opened_at: when the bank took the money; `None` where that was not kept.
        lost_at: the earliest instant at which an event said that it has cost its money.
    """

    dispute_id: str
    charge_id: str
    status: str
    amount: int
    currency: str
    as_of: datetime
    period_end: datetime | None = None
    opened_at: datetime | None = None
    lost_at: datetime | None = None

    @property
    def is_lost(self) -> bool:
        """Whether the money is gone for good."""
        return self.status == "lost"

    @property
    def has_cost(self) -> bool:
        """Whether the money is gone, for good or until an appeal is won."""
        return self.is_lost or self.status.startswith(_APPEAL)

    @property
    def cost_at(self) -> datetime:
        """When it cost its money: when an event said so, else when it was opened."""
        return self.lost_at or self.opened_at or self.as_of

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
        known = newest.get(dispute.dispute_id, dispute)
        held = dispute if dispute.order > known.order else known
        opened = min(filter(None, (known.opened_at, dispute.opened_at)), default=None)
        lost = min(filter(None, map(_lost_at, (known, dispute))), default=None)
        newest[dispute.dispute_id] = replace(held, opened_at=opened, lost_at=lost)
    return tuple(newest[id_] for id_ in sorted(newest))


def _lost_at(dispute: ChargeDispute) -> datetime | None:
    """When it was heard to be lost; facts of before knew only of when they are."""
    is_of_before = dispute.has_cost and dispute.opened_at is None
    return dispute.lost_at or (dispute.as_of if is_of_before else None)
