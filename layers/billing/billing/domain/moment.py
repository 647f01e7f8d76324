"""What was heard of a subscription, instant by instant: its timeline, and how to read it in order.

A timeline is a set that only grows, so any order of arrival ends in the same one
(docs/decisions/0002).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import groupby

from billing.domain.status import SubscriptionStatus
from billing.domain.worth import Worth

TIMELINE_EXACT = timedelta(days=100)
"""Before this span only changes of status, and of a day's last worth, are kept.

Stripe retries a delivery for three days and lists events for thirty, so nothing arrives later.
"""

KEPT_A_DAY = 5
"""The newest states of a day that are kept, and the newest of its paid invoices; besides those the
first of each status. No ordinary day has more."""

CHANGES_KEPT = 400
"""The newest changes before `TIMELINE_EXACT` that are kept: more than a year of one a day."""


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
        worth = self.worth or (), self.worth is not None
        rest = self.item_ends, worth, self.later, self.pause_reason or ""
        return self.at, rank, self.paid, self.period_end or _EVER, rest

    def says_as(self, other: Moment) -> bool:
        """Whether both are one word, of which an older release noted less."""
        less = replace(other, later=(), pause_reason=None)
        return self in (other, less, replace(less, worth=None))


def merge_timeline(one: Iterable[Moment], other: Iterable[Moment]) -> tuple[Moment, ...]:
    """Unite two timelines, in order, and keep of them what `KEPT_A_DAY` and the others say.

    What is kept of a day is chosen by extremes alone, so that it is the same whatever of the day
    was heard first, and whatever of it was let go before (docs/decisions/0022).
    """
    united = {*one, *other}
    said_at = max((moment.at for moment in united if not moment.paid), default=_EVER)
    moments = sorted({_told(moment, said_at) for moment in united}, key=lambda m: m.order)
    if not moments:
        return ()
    kept = [m for _, of_day in groupby(moments, key=_day) for m in _of_day(list(of_day))]
    horizon = _day(moments[-1]) - TIMELINE_EXACT
    older = _changes([moment for moment in kept if _day(moment) < horizon])
    return (*older[-CHANGES_KEPT:], *(moment for moment in kept if _day(moment) >= horizon))


def _told(moment: Moment, said_at: datetime) -> Moment:
    """Leave out the ends of items that a state has told anew since an invoice was paid."""
    return replace(moment, item_ends=()) if moment.at < said_at and moment.item_ends else moment


def _day(moment: Moment) -> date:
    return moment.at.astimezone(UTC).date()


def _of_day(moments: list[Moment]) -> list[Moment]:
    """Choose of a day the newest, and the first of each status; states and payments apart."""
    if len(moments) <= KEPT_A_DAY:
        return moments
    kept: set[Moment] = set()
    for is_payment in (False, True):
        kept.update([m for m in moments if m.paid is is_payment][-KEPT_A_DAY:])
    firsts: dict[tuple[SubscriptionStatus, bool], Moment] = {}
    for moment in moments:
        firsts.setdefault((moment.status, moment.paid), moment)
    kept.update(firsts.values())
    return [moment for moment in moments if moment in kept]


def _changes(moments: list[Moment]) -> list[Moment]:
    """Keep what changes the status, and of each day's last worth what changes that."""
    ends = {_day(moment): moment for moment in moments if moment.worth is not None}
    kept: list[Moment] = []
    known: tuple[object, ...] = ()
    for moment in moments:
        told = moment.worth, moment.later
        ends_day = not known or moment is ends.get(_day(moment))
        tells_worth = moment.worth is not None and told != known and ends_day
        if kept and kept[-1].status == moment.status and not tells_worth:
            continue
        kept.append(moment)
        known = known if moment.worth is None else told
    return kept


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
