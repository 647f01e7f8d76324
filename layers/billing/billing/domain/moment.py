"""What was heard of a subscription, instant by instant: its timeline, and how to read it in order.

A timeline is a set that only grows, so any order of arrival ends in the same one
(docs/decisions/0002).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import groupby

from billing.domain.status import SubscriptionStatus
from billing.domain.worth import Worth

TIMELINE_EXACT = timedelta(days=100)
"""Within this span every moment is kept; before it only changes of status and of worth are.

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
        worth: of a state, what its items come to; `None` where it is not known.
        later: of a state, what they come to from each instant on at which a discount ends.
        pause_reason: of a paused state, Stripe's reason.
    """

    at: datetime
    status: SubscriptionStatus
    period_end: datetime | None = None
    paid: bool = False
    item_ends: tuple[tuple[str, datetime], ...] = ()
    worth: Worth | None = None
    later: tuple[tuple[datetime, Worth], ...] = ()
    pause_reason: str | None = None

    @property
    def order(self) -> tuple[datetime, int, bool, datetime, tuple[object, ...]]:
        """Sort by time; within a second by what must have come last; else by any fixed rule."""
        rank = _RANK_IN_A_SECOND[self.status]
        rest = self.item_ends, self.worth or (), self.later, self.pause_reason or ""
        return self.at, rank, self.paid, self.period_end or _EVER, rest

    def says_as(self, other: Moment) -> bool:
        """Whether both are one word, of which an older release noted less."""
        less = replace(other, later=(), pause_reason=None)
        return self in (other, less, replace(less, worth=None))


def merge_timeline(one: Iterable[Moment], other: Iterable[Moment]) -> tuple[Moment, ...]:
    """Unite two timelines, in order; beyond `TIMELINE_EXACT` only changes are kept."""
    moments = sorted({*one, *other}, key=lambda m: m.order)
    horizon = moments[-1].at - TIMELINE_EXACT if moments else None
    kept: list[Moment] = []
    known: tuple[object, ...] = ()
    for moment in moments:
        told = moment.worth, moment.later
        tells_worth = moment.worth is not None and told != known
        alike = kept and kept[-1].status == moment.status and not tells_worth
        if horizon and moment.at < horizon and alike:
            continue
        kept.append(moment)
        known = known if moment.worth is None else told
    return tuple(kept)


def telling(timeline: Collection[Moment], newest: Moment) -> Iterator[Moment]:
    """Yield the moments that say where it stands, in order.

    A paid invoice of the period then known, or of a later one, makes it active and moves the
    period on; one of an older period says nothing. Nothing follows a terminal status.
    """
    status, period_end = SubscriptionStatus.UNKNOWN, None
    for moment in in_order(timeline or (newest,), newest):
        older = moment.period_end and period_end and moment.period_end < period_end
        if status.is_terminal or (moment.paid and older):
            continue
        status, period_end = moment.status, moment.period_end or period_end
        yield moment


def second_of(instant: datetime) -> datetime:
    """Cut off the parts of a second, which Stripe's clock does not have."""
    return instant.replace(microsecond=0)


_RETURNED_TO_BY_NONE = (SubscriptionStatus.INCOMPLETE, SubscriptionStatus.UNKNOWN)


def in_order(timeline: Iterable[Moment], newest: Moment) -> list[Moment]:
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
            moments.sort(key=lambda m: (m.says_as(newest), m.status is last and not m.paid))
        followed_by = moments[0].status
        ordered[:0] = moments
    return ordered
