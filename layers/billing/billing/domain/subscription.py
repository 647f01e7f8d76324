"""A subscription as a fact, and where it stands once all that was heard of it is read.

Facts are join-semilattices: merging is commutative, associative and idempotent, so any order of
arrival, with any duplicates, ends in the same fact (docs/decisions/0002).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from billing.domain.dispute import ChargeDispute, merge_disputes
from billing.domain.moment import TIMELINE_EXACT, Moment, merge_timeline, second_of, telling
from billing.domain.payment import (
    PAYMENTS_KEPT,
    InvoicePayment,
    PaidMonth,
    merge_months,
    merge_payments,
    with_sums,
)
from billing.domain.refund import ChargeRefund, merge_refunds
from billing.domain.status import SubscriptionStatus
from billing.domain.worth import Discount, SubscriptionItem, worth_later, worth_of

__all__ = [
    "TIMELINE_EXACT",
    "Discount",
    "InvoicePayment",
    "Moment",
    "Standing",
    "Subscription",
    "SubscriptionItem",
    "has_payment",
    "is_tie",
    "merge_subscription",
    "merge_timeline",
    "standing",
    "with_payments",
]


@dataclass(frozen=True, slots=True)
class Subscription:
    """A Stripe subscription: its newest state, and the timeline of all that was heard of it.

    Attributes:
        status: as the newest state said; `standing` says what holds with the timeline.
        started_at: when it began, by Stripe's clock.
        as_of: the second of which the newest state speaks; older states change only the timeline.
        event_id: the event, fetch or repair that brought the newest state.
        first_seen: when this service first heard of it, by its own clock.
        discounts: what the newest state takes off its items.
        cancel_reason: why it is to end, in Stripe's word: asked for, or for want of payment.
        payments: what its invoices brought, by invoice; the newest.
        paid_months: what those before brought, by day.
        pause_reason: why it is paused, in Stripe's word; `None` where Stripe does not say.
    """

    id: str
    customer_id: str
    status: SubscriptionStatus
    items: tuple[SubscriptionItem, ...]
    started_at: datetime
    as_of: datetime
    event_id: str
    first_seen: datetime
    cancel_at: datetime | None = None
    cancel_at_period_end: bool = False
    canceled_at: datetime | None = None
    ended_at: datetime | None = None
    trial_end: datetime | None = None
    collection_paused: bool = False
    timeline: tuple[Moment, ...] = ()
    refunds: tuple[ChargeRefund, ...] = ()
    disputes: tuple[ChargeDispute, ...] = ()
    discounts: tuple[Discount, ...] = ()
    cancel_reason: str | None = None
    payments: tuple[InvoicePayment, ...] = ()
    pause_reason: str | None = None
    paid_months: tuple[PaidMonth, ...] = ()

    @property
    def period_end(self) -> datetime | None:
        """The latest period end of its items, as the newest state has them."""
        return max((i.period_end for i in self.items if i.period_end), default=None)

    def same_state(self, other: Subscription) -> bool:
        """Whether both say the same of the subscription, whenever and however it was heard."""
        return self._state() == other._state()

    def _state(self) -> tuple[object, ...]:
        items = tuple(replace(item, product_id=None) for item in self.items)
        return (
            self.status,
            items,
            self.customer_id,
            self.cancel_at,
            self.cancel_at_period_end,
            self.ended_at,
            self.trial_end,
            self.collection_paused,
            self.discounts,
            self.cancel_reason,
            self.pause_reason,
        )

    def moment(self) -> Moment:
        """What this state adds to the timeline."""
        at, has_ended = second_of(self.as_of), self.status.is_terminal
        return Moment(
            at,
            self.status,
            self.period_end,
            worth=worth_of(self.items, self.discounts, at),
            later=() if has_ended else worth_later(self.items, self.discounts, at),
            pause_reason=self.pause_reason,
        )


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a subscription stands once its whole timeline is read.

    Attributes:
        since: when the present, unbroken spell of this status began.
        item_ends: period ends by item id that paid invoices moved on past the newest state's.
    """

    status: SubscriptionStatus
    since: datetime
    period_end: datetime | None
    item_ends: dict[str, datetime] = field(default_factory=dict)


def standing(subscription: Subscription) -> Standing:
    """Read the timeline in order."""
    first = subscription.moment()
    status, since, period_end = SubscriptionStatus.UNKNOWN, first.at, None
    ends: dict[str, datetime] = {}
    for moment in telling(subscription.timeline, first):
        if moment.status != status:
            status, since = moment.status, moment.at
        period_end = moment.period_end or period_end
        if moment.paid and moment.at >= first.at:
            ends.update(moment.item_ends)
    return Standing(status, since, period_end, ends)


def merge_subscription(known: Subscription | None, heard: Subscription) -> Subscription:
    """Join what is known of a subscription with a state that was heard.

    The newer state is kept whole, a terminal one against any; timelines and money unite.
    States of one second that differ are for the caller to settle first (`is_tie`).
    """
    timeline = merge_timeline(heard.timeline, (heard.moment(),))
    if known is None:
        return replace(heard, timeline=timeline)
    newest = max(known, heard, key=lambda s: (s.status.is_terminal, s.as_of, s is heard))
    merged = replace(
        newest,
        first_seen=min(known.first_seen, heard.first_seen),
        timeline=merge_timeline(known.timeline, timeline),
        refunds=merge_refunds(known.refunds, heard.refunds),
        disputes=merge_disputes(known.disputes, heard.disputes),
        payments=known.payments,
        paid_months=merge_months(known.paid_months, heard.paid_months),
    )
    return with_payments(merged, heard.payments)


def with_payments(fact: Subscription, more: Iterable[InvoicePayment]) -> Subscription:
    """Add what its invoices brought."""
    payments = merge_payments(fact.payments, more)
    if len(payments) > PAYMENTS_KEPT:
        payments, months = with_sums(payments, fact.paid_months)
        return replace(fact, payments=payments, paid_months=months)
    return replace(fact, payments=payments)


def has_payment(fact: Subscription, payment: InvoicePayment) -> bool:
    """Whether a payment is known, or what its day brought is: old ones are not kept one by one."""
    if any(known.invoice_id == payment.invoice_id for known in fact.payments):
        return True
    at = payment.at.astimezone(UTC)
    month = (f"{at:%Y-%m}", payment.currency)
    days = [day for m in fact.paid_months if (m.month, m.currency) == month for day, _ in m.days]
    return at.day in days and payment.at < min(known.at for known in fact.payments)


def is_tie(known: Subscription | None, heard: Subscription) -> bool:
    """Whether only a fresh look at Stripe can tell which of two states of one second is newer."""
    return (
        known is not None
        and second_of(known.as_of) == second_of(heard.as_of)
        and not known.status.is_terminal
        and not heard.status.is_terminal
        and not known.same_state(heard)
    )
