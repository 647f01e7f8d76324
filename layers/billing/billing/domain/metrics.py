"""What a project's figures say on a day: read off its tally, rounded once, so that parts add up.

Fractions of a minor unit come from bringing years and weeks to months. Every whole is the exact
sum, rounded half up; the parts that lead from one whole to the next share what rounding leaves
over, so each is less than one minor unit from exact and they add up to the cent
(docs/decisions/0016).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from fractions import Fraction

from billing.domain.figures import (
    CustomerMonth,
    Days,
    Money,
    ProjectFigures,
    Revenue,
    RevenueMonth,
    SubscriptionMetrics,
)
from billing.domain.rounding import rounded, shared_out
from billing.domain.status import SubscriptionStatus
from billing.domain.tally import NOW, Figures, Tally, total

MONTHS = 12
"""Months that a trend has, the present one last."""

AHEAD = 12
"""Months after the present one that count in it, since facts are dated by Stripe's clock.

That may be seconds ahead of ours, and on a local stack as far as somebody turned it.
"""

DAYS = 31
"""Days that are told one by one, the present one last: the longest month."""

_SIGNS = {
    "new": 1,
    "expansion": 1,
    "reactivated": 1,
    "contraction": -1,
    "voluntary": -1,
    "involuntary": -1,
}
"""The ways in which MRR moves, and whether they add to it."""

_NOTHING: Figures = {}


def months_until(today: date, count: int = MONTHS) -> list[str]:
    """Name the last months, the oldest first."""
    last = today.year * 12 + today.month - 1
    return [f"{at // 12:04d}-{at % 12 + 1:02d}" for at in range(last - count + 1, last + 1)]


def months_read(today: date) -> list[str]:
    """Name the months of which a project's figures are made."""
    ahead = date(today.year + 1, today.month, 1)
    return months_until(ahead, MONTHS + AHEAD)


def standing_of(now_is: Figures) -> SubscriptionMetrics:
    """Read how a project's subscriptions stand off the figures of its place `now`."""
    return SubscriptionMetrics(
        by_status={
            SubscriptionStatus(word): int(number)
            for word, number in _beginning_with("status:", now_is).items()
        },
        mrr={
            currency: rounded(amount)
            for currency, amount in sorted(_beginning_with("mrr:", now_is).items())
        },
        unpriced_items=int(now_is.get("unpriced_items", 0)),
    )


def figures_on(today: date, tally: Tally) -> ProjectFigures:
    """Read a project's figures.

    Args:
        today: the day, in UTC.
        tally: the figures of `now` and of `months_read`; others are not looked at.
    """
    now_is = tally.get(NOW, _NOTHING)
    months = months_until(today)
    dated, tally = tally, _with_later(today, tally)
    told = [*now_is, *(name for month in months for name in tally.get(month, _NOTHING))]
    currencies = {n.split(":")[1] for n in told if n.split(":")[0] in _MONEY}
    return ProjectFigures(
        subscriptions=standing_of(now_is),
        accounts=int(now_is.get("accounts", 0)),
        purchases=int(now_is.get("purchases", 0)),
        paying=int(now_is.get("paying", 0)),
        revenue=tuple(
            _revenue(each, months, tally, _days(each, today, dated)) for each in sorted(currencies)
        ),
        customers=tuple(_customers(months, tally)),
    )


_MONEY = frozenset({"mrr", "paid", "refunded", "disputed", *_SIGNS})


def _revenue(currency: str, months: list[str], tally: Tally, days: Days) -> Revenue:
    end = tally.get(NOW, _NOTHING).get(f"mrr:{currency}", Fraction())
    mrr, trend = rounded(end), []
    for month in reversed(months):
        figures = tally.get(month, _NOTHING)
        moved = {
            kind: sign * figures.get(f"{kind}:{currency}", Fraction())
            for kind, sign in _SIGNS.items()
        }
        start = end - sum(moved.values())
        parts = shared_out(moved, rounded(end) - rounded(start))
        movements = {kind: abs(amount) for kind, amount in parts.items()}
        money = _money(figures, currency)
        trend.append(RevenueMonth(month, rounded(end), movements, money))
        end = start
    return Revenue(currency, mrr, tuple(reversed(trend)), days)


def _days(currency: str, today: date, tally: Tally) -> Days:
    days = [today - timedelta(days=ago) for ago in range(DAYS - 1, -1, -1)]
    return tuple((day, _money(tally.get(f"{day:%Y-%m}", _NOTHING), currency, day)) for day in days)


def _with_later(today: date, tally: Tally) -> Tally:
    """Count what is dated after the present month in it."""
    present, *later = months_read(today)[MONTHS - 1 :]
    in_it = ({present: tally[month]} for month in (present, *later) if month in tally)
    return {**tally, **total(in_it)}


def _money(figures: Figures, currency: str, day: date | None = None) -> Money:
    """Sum up a month, or take one day of it."""

    def of(name: str) -> int:
        dated = _beginning_with(f"{name}:{currency}:", figures)
        return int(sum(a for d, a in dated.items() if day is None or d == f"{day:%d}"))

    return Money(of("paid"), of("refunded"), of("disputed"))


def _customers(months: list[str], tally: Tally) -> Iterable[CustomerMonth]:
    told: list[CustomerMonth] = []
    end = int(tally.get(NOW, _NOTHING).get("paying", 0))
    for month in reversed(months):
        figures = tally.get(month, _NOTHING)
        words = ("new", "reactivated", "voluntary", "involuntary")
        counts = {word: int(figures.get(f"customers:{word}", 0)) for word in words}
        trials = {
            word: int(figures.get(f"trials:{word}", 0))
            for word in ("started", "ended", "converted")
        }
        end -= sum(_SIGNS[word] * number for word, number in counts.items())
        told.append(CustomerMonth(month, end, counts, trials))
    return reversed(told)


def _beginning_with(prefix: str, figures: Figures) -> Figures:
    return {
        name.removeprefix(prefix): amount
        for name, amount in figures.items()
        if name.startswith(prefix)
    }
