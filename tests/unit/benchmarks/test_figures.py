"""A figure is judged by its ratio where it has a floor, else by itself."""

from __future__ import annotations

import pytest

from benchmarks.figures import Figure, number, table
from benchmarks.report import summary
from benchmarks.run import Part


@pytest.mark.parametrize(
    ("figure", "is_met"),
    [
        (Figure("no budget", 5, "ms"), None),
        (Figure("below", 3.9, "ms", budget=4), True),
        (Figure("at it", 4, "ms", budget=4), True),
        (Figure("above", 4.1, "ms", budget=4), False),
        (Figure("a share of the floor", 5, "ms", floor=10, budget=0.6), True),
        (Figure("too much of the floor", 7, "ms", floor=10, budget=0.6), False),
        (Figure("enough", 95, "/s", budget=90, at_least=True), True),
        (Figure("too few", 80, "/s", budget=90, at_least=True), False),
        (Figure("none allowed, none there", 0, "", budget=0), True),
        (Figure("none allowed, one there", 1, "", budget=0), False),
    ],
)
def test_a_figure_keeps_its_budget_or_not(figure: Figure, is_met: bool | None) -> None:
    assert figure.is_met is is_met


def test_the_table_shows_value_floor_ratio_and_verdict() -> None:
    shown = table([Figure("check", 0.4, "ms", 1.0, "botocore", 0.45, note="warm")])

    assert shown.splitlines()[2] == (
        "| check (warm) | 0.4 ms | 1 botocore            | 0.40  | ≤ 0.45 | met |"
    )


def test_the_summary_names_what_is_not_met() -> None:
    part = Part("", [Figure("fast", 1, "ms", budget=2), Figure("slow", 3, "ms", budget=2)])

    assert summary([part]) == "1 of 2 budgets are met. Not met: slow (3, budget 2)."


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (float("inf"), "none came"),
        (0, "0"),
        (3, "3"),
        (0.1234, "0.123"),
        (12.34, "12.3"),
        (1234.5, "1,234"),
    ],
)
def test_a_number_has_as_many_digits_as_mean_something(value: float, text: str) -> None:
    assert number(value) == text
