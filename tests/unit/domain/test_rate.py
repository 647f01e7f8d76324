"""Laws of limits: never more than promised, and the wait that is told is enough."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from billing.domain.rate import HOUR, Hour, Pace

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)

instants = st.integers(0, 4 * 10**15).map(
    lambda microseconds: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
)
gaps = st.lists(
    st.one_of(st.just(0), st.integers(0, 20_000), st.integers(0, 5_000_000)), max_size=200
)
"""Microseconds between requests: all at once, at about the pace, and after a pause."""


@given(instants)
def test_an_hour_contains_its_instants_and_waits_for_its_end(now: datetime) -> None:
    hour = Hour.of(now)
    assert hour.end - HOUR <= now.timestamp() < hour.end
    assert Hour.of(now + timedelta(seconds=hour.wait(now))) != hour
    assert 1 <= hour.wait(now) <= HOUR


def test_an_hour_ends_where_the_next_begins() -> None:
    assert Hour.of(NOON - timedelta(microseconds=1)).end == NOON.timestamp()
    assert Hour.of(NOON).number == Hour.of(NOON - timedelta(microseconds=1)).number + 1
    assert Hour.of(NOON).wait(NOON) == HOUR
    assert Hour.of(NOON).wait(NOON + timedelta(seconds=3599, microseconds=1)) == 1


@given(st.integers(1, 1500), gaps)
def test_a_pace_never_takes_more_than_it_promises(per_second: int, between: list[int]) -> None:
    pace, due, now = Pace(per_second), None, NOON
    taken: list[datetime] = []
    for gap in between:
        now += timedelta(microseconds=gap)
        due, wait = pace.next(due, now)
        if not wait:
            taken.append(now)
    for position, first in enumerate(taken):
        for seconds in (1, 2, 10):
            within = [at for at in taken[position:] if at < first + timedelta(seconds=seconds)]
            assert len(within) <= per_second * (seconds + 1)


@given(st.integers(1, 1500), gaps)
def test_waiting_as_told_is_enough_and_asking_too_early_costs_nothing(
    per_second: int, between: list[int]
) -> None:
    pace, due, now = Pace(per_second), None, NOON
    for gap in between:
        now += timedelta(microseconds=gap)
        due, wait = pace.next(due, now)
        if wait:
            again, _ = pace.next(due, now)
            assert again == due
            assert pace.next(due, now + timedelta(seconds=wait))[1] == 0


@given(st.integers(1, 1500), st.integers(1, 50))
def test_an_even_pace_is_never_refused(per_second: int, requests: int) -> None:
    pace, due, now = Pace(per_second), None, NOON
    for _ in range(requests):
        due, wait = pace.next(due, now)
        assert wait == 0
        now += timedelta(microseconds=pace.step)


def test_a_seconds_worth_may_come_at_once() -> None:
    pace, due, told = Pace(100), None, Counter[bool]()
    for _ in range(150):
        due, wait = pace.next(due, NOON)
        told[wait == 0] += 1
    assert told == {True: 100, False: 50}


@given(st.integers(1, 1500), st.integers(0, 10**9))
def test_a_clock_that_is_set_back_makes_nobody_wait_for_it(per_second: int, back: int) -> None:
    pace, due = Pace(per_second), None
    for _ in range(per_second):
        due, _ = pace.next(due, NOON)
    _, wait = pace.next(due, NOON - timedelta(microseconds=back))
    assert wait <= 2


@given(st.integers(1, 1500), instants)
def test_an_account_that_is_over_is_as_good_as_none(per_second: int, now: datetime) -> None:
    pace = Pace(per_second)
    due, _ = pace.next(None, now)
    later = now + timedelta(microseconds=pace.step)
    assert not Pace.is_over(due, now)
    assert Pace.is_over(due, later)
    assert pace.next(due, later) == pace.next(None, later)
