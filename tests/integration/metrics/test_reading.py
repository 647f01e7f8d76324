"""Figures are read while they are being changed."""

from __future__ import annotations

import pytest

from billing.adapters.dynamo.figures import LONGEST_PAUSE, READS, FiguresStore
from billing.domain.errors import TryAgain
from billing.settings import Settings
from tests.support.builders import a_subscription
from tests.support.conflicts import conflicts
from tests.support.counting import Counting
from tests.support.facts import keep


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def figures(deployment: Settings, waits: list[float]) -> FiguresStore:
    keep("u1", a_subscription())
    Counting().count()
    return FiguresStore(deployment, waits.append)


def test_a_read_that_meets_writes_is_made_again(figures: FiguresStore, waits: list[float]) -> None:
    whole = figures.read("demo", ["2026-03"])
    with conflicts.next(READS - 1) as made:
        assert figures.read("demo", ["2026-03"]) == whole
        assert made.left == 0
    assert whole["now"]["accounts"] == 1
    assert len(waits) == READS - 1
    assert max(waits) <= LONGEST_PAUSE


def test_a_read_gives_up_where_writes_never_end(figures: FiguresStore, waits: list[float]) -> None:
    with conflicts.next(READS), pytest.raises(TryAgain):
        figures.read("demo", ["2026-03"])
    assert LONGEST_PAUSE * len(waits) < 6


def test_a_read_that_fails_for_another_reason_is_not_made_again(
    figures: FiguresStore, waits: list[float]
) -> None:
    with conflicts.next(2, "ValidationError") as made:
        with pytest.raises(TryAgain):
            figures.read("demo", ["2026-03"])
        assert (made.left, waits) == (1, [])
