"""What is counted as words come in is what brute force finds in what came about."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, timedelta
from fractions import Fraction
from math import floor
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing.domain.contribution import contribution
from billing.domain.figures import ProjectFigures
from billing.domain.metrics import MONTHS, figures_on, months_read, months_until
from billing.domain.rounding import shared_out
from billing.domain.tally import Tally, difference, total
from tests.support.histories import ENDS, FIRST, SPAN, Accounts, History, histories, made_by
from tests.support.naive_figures import Figures, naive

HISTORIES = 400

Record = Callable[[str, object], None]


def counted(history: History, dice: random.Random, totals: dict[str, int]) -> Tally:
    """Tell a history in any order, and count after each word as the stream's consumer does."""
    accounts, counted_of, project, clock = Accounts(), dict[str, Tally](), Tally(), FIRST
    for told in history.deliveries(dice):
        user = accounts.hear(told)
        if user not in accounts.known or dice.random() < 0.3:
            continue  # a record that comes late: the next one makes up for it
        clock = max(clock, told.at)
        after = contribution(accounts.known[user], clock)
        project = total((project, difference(after, counted_of.get(user, {}))))
        counted_of[user] = after
        totals["countings"] += 1
    for user, account in accounts.known.items():
        after = contribution(account, ENDS)
        project = total((project, difference(after, counted_of.get(user, {}))))
    return project


def test_what_is_counted_is_what_brute_force_finds(record_property: Record) -> None:
    totals = {"histories": 0, "words": 0, "countings": 0, "figures": 0}

    @settings(max_examples=HISTORIES, suppress_health_check=[HealthCheck.too_slow], deadline=None)
    @given(seed=histories)
    def of_any(seed: int) -> None:
        history = made_by(seed)
        found = counted(history, random.Random(seed), totals)
        expected = naive(history)
        assert _flat(found) == expected
        totals["figures"] += len(expected)
        _add_up(figures_on((FIRST + timedelta(days=SPAN + 60)).date(), found), expected)
        totals["histories"] += 1
        totals["words"] += len(history.told)

    of_any()
    for name, number in totals.items():
        record_property(name, number)
    assert totals["histories"] >= HISTORIES


def _flat(tally: Tally) -> dict[Any, Any]:
    return {
        (place, name): amount
        for place, figures in tally.items()
        for name, amount in figures.items()
    }


def _add_up(told: ProjectFigures, expected: Figures) -> None:
    """What is told is brute force's, each whole rounded once, and the parts make the whole."""
    for revenue in told.revenue:
        mrr = Fraction(expected["now", f"mrr:{revenue.currency}"])
        assert revenue.mrr == revenue.trend[-1].mrr == floor(mrr + Fraction(1, 2))
        assert dict(told.subscriptions.mrr).get(revenue.currency, 0) == revenue.mrr
        before: int | None = None
        for month in revenue.trend:
            moved = month.movements
            came = moved["new"] + moved["expansion"] + moved["reactivated"]
            went = moved["contraction"] + moved["voluntary"] + moved["involuntary"]
            assert before is None or month.mrr == before + came - went
            before = month.mrr
            for kind, amount in moved.items():
                assert abs(amount - expected[month.month, f"{kind}:{revenue.currency}"]) < 1
            for name, amount in (("paid", month.money.paid), ("refunded", month.money.refunded)):
                assert amount == sum(
                    value
                    for (place, key), value in expected.items()
                    if place == month.month and key.startswith(f"{name}:{revenue.currency}:")
                )
        for day, money in revenue.days:
            assert money.paid == expected[f"{day:%Y-%m}", f"paid:{revenue.currency}:{day:%d}"]
            assert money.net == money.paid - money.refunded - money.disputed
    paying: int | None = None
    for customers in told.customers:
        assert paying is None or customers.at_start == paying
        gone = customers.counts["voluntary"] + customers.counts["involuntary"]
        paying = customers.exposed - gone
        assert 0 <= gone <= customers.exposed
    assert paying == told.paying == expected["now", "paying"]


@given(
    st.dictionaries(st.text(max_size=3), st.fractions(), min_size=1, max_size=6),
    st.fractions(),
)
def test_shared_out_parts_add_up_and_are_less_than_a_unit_off(
    parts: dict[str, Fraction], start: Fraction
) -> None:
    half = Fraction(1, 2)
    whole = floor(start + sum(parts.values()) + half) - floor(start + half)
    rounded = shared_out(parts, whole)
    assert sum(rounded.values()) == whole
    assert all(abs(rounded[name] - part) < 1 for name, part in parts.items())


def test_a_trend_ends_in_the_present_month() -> None:
    months = months_until(date(2026, 2, 28))
    assert (months[0], months[-1], len(months)) == ("2025-03", "2026-02", MONTHS)


def test_what_is_dated_after_the_present_month_counts_in_it() -> None:
    today = date(2026, 11, 30)
    sold = {"new:usd": Fraction(900), "customers:new": Fraction(1), "paid:usd:30": Fraction(900)}
    ended = {"voluntary:usd": Fraction(900), "customers:voluntary": Fraction(1)}
    told = figures_on(today, {"2026-11": sold, "2026-12": ended})
    (usd,) = told.revenue
    assert [month.mrr for month in usd.trend] == [0] * MONTHS
    assert (usd.trend[-1].movements["new"], usd.trend[-1].movements["voluntary"]) == (900, 900)
    assert usd.days[-1][1].paid == usd.trend[-1].money.paid == 900
    assert [month.at_start for month in told.customers] == [0] * MONTHS
    assert months_read(today)[MONTHS - 1] == "2026-11"
    assert (months_read(today)[0], months_read(today)[-1]) == ("2025-12", "2027-11")
