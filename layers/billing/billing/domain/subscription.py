"""A subscription as a fact, and where it stands once all that was heard of it is read.

Facts are join-semilattices: merging is commutative, associative and idempotent, so any order of
arrival, with any duplicates, ends in the same fact (docs/decisions/0002).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import groupby

from billing.domain.dispute import ChargeDispute, merge_disputes
from billing.domain.refund import ChargeRefund, merge_refunds
from billing.domain.status import SubscriptionStatus

TIMELINE_EXACT = timedelta(days=100)
"""Within this span every moment is kept; before it only the changes of status are.

Stripe retries a delivery for three days and lists events for thirty, so nothing arrives later.
"""


_RANK_IN_A_SECOND = {
    status: rank
    for rank, status in enumerate(
        (
            SubscriptionStatus.UNKNOWN,
            SubscriptionStatus.INCOMPLETE,
            SubscriptionStatus.TRIALING,
            SubscriptionStatus.PAUSED,
            SubscriptionStatus.UNPAID,
            SubscriptionStatus.PAST_DUE,
            SubscriptionStatus.ACTIVE,
            SubscriptionStatus.INCOMPLETE_EXPIRED,
            SubscriptionStatus.CANCELED,
        )
    )
}
"""Stripe stamps whole seconds. Within one, what follows a payment wins; an end wins over all."""


_EVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing heard of a subscription: its status at an instant, or that an invoice was paid.

    Attributes:
        paid: whether this is a paid invoice rather than a state of the subscription.
        period_end: the end of the period that the state or the invoice speaks of.
        item_ends: for a paid invoice, the period end by subscription item id.
    """

    at: datetime
    status: SubscriptionStatus
    period_end: datetime | None = None
    paid: bool = False
    item_ends: tuple[tuple[str, datetime], ...] = ()

    @property
    def order(self) -> tuple[datetime, int, bool, datetime, tuple[tuple[str, datetime], ...]]:
        """Sort by time; within a second by what must have come last; else by any fixed rule."""
        rank = _RANK_IN_A_SECOND[self.status]
        return self.at, rank, self.paid, self.period_end or _EVER, self.item_ends


@dataclass(frozen=True, slots=True)
class SubscriptionItem:
    """One line of a subscription. `product_id` is ours; `None` where the catalog has no match."""

    id: str
    price_id: str
    quantity: int
    period_start: datetime | None
    period_end: datetime | None
    stripe_product_id: str | None = None
    product_id: str | None = None
    unit_amount: int | None = None
    currency: str = ""
    interval: str | None = None
    interval_count: int = 1


@dataclass(frozen=True, slots=True)
class Subscription:
    """A Stripe subscription: its newest state, and the timeline of all that was heard of it.

    Attributes:
        status: as the newest state said; `standing` says what holds with the timeline.
        started_at: when it began, by Stripe's clock.
        as_of: the second of which the newest state speaks; older states change only the timeline.
        event_id: the event, fetch or repair that brought the newest state.
        first_seen: when this service first heard of it, by its own clock.
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
        )

    def moment(self) -> Moment:
        """What this state adds to the timeline."""
        return Moment(_second(self.as_of), self.status, self.period_end)


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
    """Read the timeline in order.

    A paid invoice of the period then known, or of a later one, makes it active and moves the
    period on; one of an older period says nothing. Nothing follows a terminal status.
    """
    first = subscription.moment()
    status, since, period_end = SubscriptionStatus.UNKNOWN, first.at, None
    ends: dict[str, datetime] = {}
    for moment in _in_order(subscription.timeline or (first,), first):
        older = moment.period_end and period_end and moment.period_end < period_end
        if status.is_terminal or (moment.paid and older):
            continue
        if moment.status != status:
            status, since = moment.status, moment.at
        period_end = moment.period_end or period_end
        if moment.paid and moment.at >= first.at:
            ends.update(moment.item_ends)
    return Standing(status, since, period_end, ends)


def merge_timeline(one: Iterable[Moment], other: Iterable[Moment]) -> tuple[Moment, ...]:
    """Unite two timelines, in order; beyond `TIMELINE_EXACT` only changes of status are kept."""
    moments = sorted({*one, *other}, key=lambda m: m.order)
    horizon = moments[-1].at - TIMELINE_EXACT if moments else None
    kept: list[Moment] = []
    for moment in moments:
        if horizon and moment.at < horizon and kept and kept[-1].status == moment.status:
            continue
        kept.append(moment)
    return tuple(kept)


def merge_subscription(known: Subscription | None, heard: Subscription) -> Subscription:
    """Join what is known of a subscription with a state that was heard.

    The newer state is kept whole, a terminal one against any; the timelines and refunds unite.
    States of one second that differ are for the caller to settle first (`is_tie`).
    """
    timeline = merge_timeline(heard.timeline, (heard.moment(),))
    if known is None:
        return replace(heard, timeline=timeline)
    newest = max(known, heard, key=lambda s: (s.status.is_terminal, s.as_of, s is heard))
    return replace(
        newest,
        first_seen=min(known.first_seen, heard.first_seen),
        timeline=merge_timeline(known.timeline, timeline),
        refunds=merge_refunds(known.refunds, heard.refunds),
        disputes=merge_disputes(known.disputes, heard.disputes),
    )


def is_tie(known: Subscription | None, heard: Subscription) -> bool:
    """Whether only a fresh look at Stripe can tell which of two states of one second is newer."""
    return (
        known is not None
        and _second(known.as_of) == _second(heard.as_of)
        and not known.status.is_terminal
        and not heard.status.is_terminal
        and not known.same_state(heard)
    )


def _second(instant: datetime) -> datetime:
    """Cut off the parts of a second, which Stripe's clock does not have."""
    return instant.replace(microsecond=0)


_RETURNED_TO_BY_NONE = (SubscriptionStatus.INCOMPLETE, SubscriptionStatus.UNKNOWN)


def _in_order(timeline: Iterable[Moment], newest: Moment) -> list[Moment]:
    """Put the moments of each second so that it ends in what followed.

    What followed is the newest state in its own second, else the first word of the next second.
    Where neither was heard in the second, the fixed rank of `Moment.order` decides.
    """
    ordered: list[Moment] = []
    followed_by: SubscriptionStatus | None = None
    backwards = sorted(timeline, key=lambda moment: moment.order, reverse=True)
    for at, of_second in groupby(backwards, key=lambda moment: moment.at):
        last = newest.status if at == newest.at else followed_by
        moments = sorted(of_second, key=lambda moment: moment.order)
        if last not in _RETURNED_TO_BY_NONE and not moments[-1].status.is_terminal:
            moments.sort(key=lambda m: (m == newest, m.status is last and not m.paid))
        followed_by = moments[0].status
        ordered[:0] = moments
    return ordered
