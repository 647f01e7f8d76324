"""Limits as they are enforced: on counts that others share, and in one process."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from billing.domain.errors import TooManyRequests
from billing.domain.rate import Hour, Uncountable
from billing.services.limit_requests import MOST_REMEMBERED, HourlyLimit, PacedLimit

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Shared:
    """A count that several limits share; it can be out of reach."""

    def __init__(self) -> None:
        self.counted: Counter[tuple[str, Hour]] = Counter()
        self.is_away = False

    def add(self, name: str, hour: Hour) -> int:
        if self.is_away:
            raise Uncountable("throttled")
        self.counted[name, hour] += 1
        return self.counted[name, hour]


@pytest.fixture
def shared() -> Shared:
    return Shared()


@pytest.fixture
def told() -> list[str]:
    """What was warned of."""
    return []


@pytest.fixture
def a_limit(shared: Shared, told: list[str]) -> Callable[[], HourlyLimit]:
    """Make the limit of another process: three requests an hour."""
    return lambda: HourlyLimit("management", 3, shared, told.append)


def refused(limit: HourlyLimit | PacedLimit, key: str, now: datetime) -> int:
    """For how many seconds a request is refused; 0 for one that is taken."""
    try:
        limit.take(key, now)
    except TooManyRequests as error:
        return error.retry_after or -1
    return 0


def test_several_processes_together_take_what_an_hour_has(
    a_limit: Callable[[], HourlyLimit],
) -> None:
    one, other = a_limit(), a_limit()
    at = NOON + timedelta(minutes=40)
    assert [refused(limit, "key_1", at) for limit in (one, other, one)] == [0, 0, 0]
    assert refused(other, "key_1", at) == refused(one, "key_1", at) == 1200
    assert refused(one, "key_1", at + timedelta(seconds=1200)) == 0


def test_keys_do_not_spend_each_others_hour(a_limit: Callable[[], HourlyLimit]) -> None:
    limit = a_limit()
    assert [refused(limit, "key_1", NOON) for _ in range(4)] == [0, 0, 0, 3600]
    assert refused(limit, "key_2", NOON) == 0


def test_a_spent_hour_is_not_counted_any_further(
    a_limit: Callable[[], HourlyLimit], shared: Shared, told: list[str]
) -> None:
    limit = a_limit()
    assert [bool(refused(limit, "key_1", NOON)) for _ in range(9)] == [False] * 3 + [True] * 6
    assert sum(shared.counted.values()) == 4
    assert told == ["the key key_1 has spent its hour of management"]


def test_what_cannot_be_counted_is_let_through_and_told(
    a_limit: Callable[[], HourlyLimit], shared: Shared, told: list[str]
) -> None:
    limit = a_limit()
    shared.is_away = True
    assert [refused(limit, "key_1", NOON) for _ in range(5)] == [0] * 5
    assert told == ["a request is not counted: throttled"] * 5
    shared.is_away = False
    assert [refused(limit, "key_1", NOON) for _ in range(4)] == [0, 0, 0, 3600]


def test_a_key_that_spent_its_hour_stays_refused_while_the_count_is_away(
    a_limit: Callable[[], HourlyLimit], shared: Shared
) -> None:
    limit = a_limit()
    assert [refused(limit, "key_1", NOON) for _ in range(4)] == [0, 0, 0, 3600]
    shared.is_away = True
    assert refused(limit, "key_1", NOON) == 3600
    assert refused(limit, "key_1", NOON + HOUR) == 0


def test_a_process_remembers_few_keys_and_refuses_all_the_same(
    a_limit: Callable[[], HourlyLimit],
) -> None:
    limit = a_limit()
    for number in range(2 * MOST_REMEMBERED):
        assert [refused(limit, f"key_{number}", NOON) for _ in range(4)][3] == 3600
    assert len(limit._spent) <= MOST_REMEMBERED
    assert refused(limit, "key_0", NOON) == 3600


def test_a_paced_key_is_refused_and_taken_again_after_the_wait() -> None:
    limit = PacedLimit(2)
    assert [refused(limit, "one", NOON) for _ in range(3)] == [0, 0, 1]
    assert refused(limit, "other", NOON) == 0
    assert refused(limit, "one", NOON + timedelta(seconds=1)) == 0


def test_a_process_keeps_account_of_those_who_ask_now() -> None:
    limit = PacedLimit(1000)
    for number in range(10 * MOST_REMEMBERED):
        limit.take(f"key-{number}", NOON + timedelta(milliseconds=number))
    assert len(limit._due) <= MOST_REMEMBERED + 1
