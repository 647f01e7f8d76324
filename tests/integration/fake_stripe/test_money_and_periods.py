from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.stripe.periods import boundary, next_boundary
from local.stripe.pricing import money, percent_of, prorated


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (123_450, "usd", "$1,234.50"),
        (5, "eur", "€0.05"),
        (1200, "jpy", "¥1,200"),
        (12_000, "kwd", "12.000 KWD"),
        (-600, "usd", "-$6.00"),
        (100, "chf", "1.00 CHF"),
    ],
)
def test_money_is_written_in_its_currency(amount: int, currency: str, text: str) -> None:
    assert money(amount, currency) == text


@pytest.mark.parametrize(
    ("start", "interval", "count", "ends"),
    [
        ("2026-01-31", "month", 1, ["2026-02-28", "2026-03-31", "2026-04-30"]),
        ("2024-02-29", "year", 1, ["2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29"]),
        ("2026-11-30", "month", 3, ["2027-02-28", "2027-05-30"]),
        ("2026-01-01", "week", 2, ["2026-01-15", "2026-01-29"]),
        ("2026-01-01", "day", 10, ["2026-01-11"]),
    ],
)
def test_periods_keep_their_anchor(start: str, interval: str, count: int, ends: list[str]) -> None:
    found = [boundary(at(start), interval, count, n + 1) for n in range(len(ends))]
    assert found == [at(end) for end in ends]


@given(
    anchor=st.integers(0, 4_000_000_000),
    later=st.integers(0, 400_000_000),
    interval=st.sampled_from(["day", "week", "month", "year"]),
    count=st.integers(1, 6),
)
def test_the_next_boundary_is_the_first_one_after(
    anchor: int, later: int, interval: str, count: int
) -> None:
    after = anchor + later
    found = next_boundary(anchor, interval, count, after)
    assert found > after
    periods = next(n for n in range(100_000) if boundary(anchor, interval, count, n) == found)
    assert periods == 0 or boundary(anchor, interval, count, periods - 1) <= after


def test_shares_are_rounded_half_up() -> None:
    assert percent_of(999, 25.5) == 255
    assert prorated(1000, 1, 3) == 333
    assert prorated(5, 1, 2) == 3
