"""What one account contributes to its project's metrics: a pure function of its facts.

Definitions and their sources are in docs/decisions/0016. Days and months are UTC's.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

from billing.domain.account import Account
from billing.domain.course import EARNING, State, course_of
from billing.domain.moment import telling
from billing.domain.purchase import Purchase
from billing.domain.status import SubscriptionStatus
from billing.domain.subscription import Subscription, standing
from billing.domain.tally import NOW, Counter, Tally
from billing.domain.worth import unpriced

_INSTANT = timedelta(microseconds=1)

_CLOCKS = timedelta(minutes=1)
"""By how much the instant of a payment may be before that of the state which it brought about."""


def contribution(account: Account, now: datetime) -> Tally:
    """Return what an account adds to the figures of its project; nothing where nothing is known.

    Args:
        account: all its facts.
        now: until when discounts that ended count as ended though nothing was heard since.
    """
    counter = Counter()
    if not account.version:
        return counter.tally
    counter.add(NOW, "accounts")
    courses = {id_: course_of(fact, now) for id_, fact in account.subscriptions.items()}
    for fact in account.subscriptions.values():
        _count(fact, counter, now)
        _count_trial(fact, counter)
        for payment in fact.payments:
            _money(counter, "paid", payment.at, payment.currency, payment.amount)
        for paid in fact.paid_months:
            for day, amount in paid.days:
                counter.add(paid.month, f"paid:{paid.currency}:{day:02d}", amount)
        _count_taken_back(fact, counter)
    for bought in account.purchases.values():
        _count_purchase(bought, counter)
    _count_revenue(courses, counter)
    return counter.tally


def has_aged(account: Account, counted: Tally, now: datetime) -> bool:
    """Whether what was counted was right until a discount ended: nothing is wrong, it is late."""
    facts = account.subscriptions.values()
    ends = {end for fact in facts for end, _ in fact.moment().later if end <= now}
    return any(contribution(account, end - _INSTANT) == counted for end in ends)


def _count(fact: Subscription, counter: Counter, now: datetime) -> None:
    status = standing(fact).status
    counter.add(NOW, f"status:{status.value}")
    if status in EARNING:
        at = max(now, fact.as_of)
        counter.add(NOW, "unpriced_items", unpriced(fact.items, fact.discounts, at))


def _count_purchase(bought: Purchase, counter: Counter) -> None:
    if not bought.state.is_settled or not bought.lines:
        return
    refunded = any(refund.is_full for refund in bought.refunds)
    lost = any(dispute.has_cost for dispute in bought.disputes)
    if not refunded and not lost:
        counter.add(NOW, "purchases")
    if bought.paid_at is not None:
        _money(counter, "paid", bought.paid_at, bought.currency, bought.amount)
        _count_taken_back(bought, counter)


def _count_taken_back(fact: Subscription | Purchase, counter: Counter) -> None:
    for refund in fact.refunds:
        for at, amount in refund.given_back():
            _money(counter, "refunded", at, refund.currency, amount)
    for dispute in fact.disputes:
        if dispute.has_cost:
            _money(counter, "disputed", dispute.cost_at, dispute.currency, dispute.amount)


def _money(counter: Counter, name: str, at: datetime, currency: str, amount: int) -> None:
    day = _day(at)
    counter.add(_month(day), f"{name}:{currency}:{day:%d}", amount)


# -- recurring revenue -----------------------------------------------------------------------------


def _count_revenue(courses: dict[str, dict[date, State]], counter: Counter) -> None:
    """Tell how the account's MRR went, from the end of one day to the end of the next."""
    at_work: dict[str, State] = {}
    earned_in: set[str] = set()
    has_paid = False
    for day in sorted({day for course in courses.values() for day in course}):
        before = dict(at_work)
        at_work.update({id_: course[day] for id_, course in courses.items() if day in course})
        month = _month(day)
        was, now_is = _sum(before), _sum(at_work)
        for currency in sorted({*was, *now_is}):
            kind = _movement(
                was.get(currency), now_is.get(currency), has_earned=currency in earned_in
            )
            if kind == "churned":
                kind = _churn({currency}, before, at_work)
            counter.add(month, f"{kind}:{currency}", _size(was, now_is, currency))
        if bool(was) != bool(now_is):
            kind = _churn(set(was), before, at_work) if was else _arrival(has_paid=has_paid)
            counter.add(month, f"customers:{kind}")
        earned_in |= now_is.keys()
        has_paid = has_paid or bool(now_is)
    for currency, amount in _sum(at_work).items():
        counter.add(NOW, f"mrr:{currency}", amount)
    if _sum(at_work):
        counter.add(NOW, "paying")


def _movement(was: Fraction | None, now_is: Fraction | None, *, has_earned: bool) -> str:
    if was is None:
        return _arrival(has_paid=has_earned)
    if now_is is None:
        return "churned"
    return "expansion" if now_is > was else "contraction"


def _arrival(*, has_paid: bool) -> str:
    return "reactivated" if has_paid else "new"


def _size(was: dict[str, Fraction], now_is: dict[str, Fraction], currency: str) -> Fraction:
    return abs(now_is.get(currency, Fraction()) - was.get(currency, Fraction()))


def _churn(currencies: set[str], before: dict[str, State], after: dict[str, State]) -> str:
    """Say whether it was asked for; owing decides where there are several reasons."""
    stopped = [
        after[id_]
        for id_, state in before.items()
        if currencies & state.held.keys() and not currencies & after[id_].held.keys()
    ]
    return "involuntary" if any(state.is_involuntary for state in stopped) else "voluntary"


def _sum(states: dict[str, State]) -> dict[str, Fraction]:
    sums: dict[str, Fraction] = {}
    for state in states.values():
        for currency, amount in state.held.items():
            sums[currency] = sums.get(currency, Fraction()) + amount
    return sums


# -- trials ----------------------------------------------------------------------------------------


def _count_trial(fact: Subscription, counter: Counter) -> None:
    """Count a trial by its beginning, and what became of it by its end."""
    began: datetime | None = None
    for number, moment in enumerate(telling(fact.timeline, fact.moment())):
        is_trial = moment.status is SubscriptionStatus.TRIALING
        if is_trial and began is None:
            began = moment.at if number else min(moment.at, fact.started_at)
            counter.add(_month(_day(began)), "trials:started")
        elif began and not is_trial:
            month = _month(_day(moment.at))
            counter.add(month, "trials:ended")
            ended = moment.at
            if fact.trial_end and began < fact.trial_end < ended:
                ended = fact.trial_end  # what told of it came later
            if any(payment.at >= ended - _CLOCKS for payment in fact.payments):
                counter.add(month, "trials:converted")
            return


def _day(at: datetime) -> date:
    return at.astimezone(UTC).date()


def _month(day: date) -> str:
    return f"{day:%Y-%m}"
