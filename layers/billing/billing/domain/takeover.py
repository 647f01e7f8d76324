"""What became of a Stripe customer that an operator brings along: pure words, no I/O."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from billing.domain.changes import ParkReason


class TakeoverOutcome(StrEnum):
    """The closed list of what can become of one."""

    IMPORTED = "imported"
    ALREADY = "already"
    INCOMPLETE = "incomplete"
    CONFLICT = "conflict"
    NOT_FOUND = "not_found"
    LATER = "later"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """One thing of a customer's that was not taken, and why.

    Attributes:
        status: as Stripe has it: of a subscription its status, of a purchase whether it is paid.
        detail: what an operator should know.
    """

    object_id: str
    status: str
    reason: ParkReason
    detail: str


@dataclass(frozen=True, slots=True)
class TakenOver:
    """What became of one customer.

    Attributes:
        subscriptions, purchases: how many of this customer's the account has now, or would have.
        left_out: what it does not have; it is `incomplete` as long as there is any.
        detail: of a conflict, what contradicts.
        cursor: of one with so much that time was short: from where to go on.
    """

    user_id: str
    customer_id: str
    outcome: TakeoverOutcome
    subscriptions: int = 0
    purchases: int = 0
    left_out: tuple[LeftOut, ...] = ()
    detail: str = ""
    cursor: str | None = None
