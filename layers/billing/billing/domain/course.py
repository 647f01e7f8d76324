"""How a subscription's recurring revenue went: from what was heard of it, and ends of discounts.

Definitions and their sources are in docs/decisions/0016. Days are UTC's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from fractions import Fraction
from itertools import zip_longest

from billing.domain.moment import Moment, telling
from billing.domain.status import SubscriptionStatus
from billing.domain.subscription import Subscription
from billing.domain.worth import Worth

EARNING = frozenset({SubscriptionStatus.ACTIVE, SubscriptionStatus.PAST_DUE})
"""The statuses that count towards MRR: a trial has not earned yet, an unpaid one does not any more.

One that will cancel counts until it does.
"""

_EVER = datetime.min.replace(tzinfo=UTC)
_OWING = frozenset({SubscriptionStatus.PAST_DUE, SubscriptionStatus.UNPAID})
_FOR_WANT_OF_PAYMENT = frozenset({"payment_disputed", "payment_failed"})
"""Stripe's reasons for an end that the customer did not ask for."""

_PAUSED_FOR_WANT_OF_PAYMENT = frozenset({"final_payment_failure", "first_payment_failure"})
"""Stripe's reasons for a pause that the customer did not ask for (since 2026-09-30)."""


@dataclass(frozen=True, slots=True)
class State:
    """A subscription at the end of a day: its MRR, and whether it is owing that it has none."""

    held: dict[str, Fraction] = field(default_factory=dict)
    is_involuntary: bool = False


def course_of(fact: Subscription, now: datetime) -> dict[date, State]:
    """Return where a subscription was at the end of each day on which anything became different."""
    days: dict[date, State] = {}
    status = owed = None
    for number, (at, moment, worth) in enumerate(_known(fact, now)):
        if moment.status is not status:
            owed, status = status in _OWING, moment.status
        earns = moment.status in EARNING
        held = {currency: Fraction(amount) for currency, amount in worth} if earns else {}
        since = _began(fact, at) if earns and not number else at
        days[since.astimezone(UTC).date()] = State(held, _is_owing(fact, moment, owed=bool(owed)))
    return days


def _known(fact: Subscription, now: datetime) -> Iterator[tuple[datetime, Moment, Worth]]:
    """Go through what was heard, and the ends of discounts; say what it came to from then on."""
    newest = fact.moment()
    moments = [newest if m.says_as(newest) else m for m in telling(fact.timeline, newest)]
    first = next((m for m in (*moments, newest) if m.worth is not None), newest)
    course = [(_EVER, first.worth or ())]
    for moment, following in zip_longest(moments, moments[1:]):
        if moment.worth is not None:
            course = [(moment.at, moment.worth), *moment.later]
        yield moment.at, moment, _at(course, moment.at)
        for end, worth in course:
            if moment.at < end and (end < following.at if following else end <= now):
                yield end, moment, worth


def _at(course: list[tuple[datetime, Worth]], at: datetime) -> Worth:
    return [worth for since, worth in course if since <= at][-1]


def _began(fact: Subscription, heard: datetime) -> datetime:
    """Say since when it earned, where it did so when it was first heard of."""
    begins = [at for at in (fact.started_at, fact.trial_end) if at is not None and at <= heard]
    return max(begins, default=heard)


def _is_owing(fact: Subscription, moment: Moment, *, owed: bool) -> bool:
    """Whether it does not earn for want of payment; what was owed decides where Stripe does not."""
    match moment.status:
        case SubscriptionStatus.UNPAID | SubscriptionStatus.INCOMPLETE_EXPIRED:
            return True
        case SubscriptionStatus.CANCELED:
            reason, failures = fact.cancel_reason, _FOR_WANT_OF_PAYMENT
        case SubscriptionStatus.PAUSED:
            reason, failures = moment.pause_reason, _PAUSED_FOR_WANT_OF_PAYMENT
        case _:
            return False
    return owed if reason is None else reason in failures
