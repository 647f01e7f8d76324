"""A measured figure, beside its floor and its budget. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One line of the report.

    Attributes:
        name: what was measured.
        value: in `unit`; the median, where it was repeated.
        unit: ms, MB, USD, ...
        floor: the least that it could be, measured in the same run, in the same unit.
        floor_name: what the floor is.
        budget: the most it may be: a multiple of the floor where there is one, else in `unit`.
        at_least: the budget is the least it may be.
        note: what helps to read it.
    """

    name: str
    value: float
    unit: str
    floor: float | None = None
    floor_name: str = ""
    budget: float | None = None
    at_least: bool = False
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """The value as a multiple of its floor."""
        return self.value / self.floor if self.floor else None

    @property
    def judged(self) -> float:
        """What is compared with the budget."""
        return self.value if self.ratio is None else self.ratio

    @property
    def is_met(self) -> bool | None:
        """Whether the budget is kept; `None` where there is none."""
        if self.budget is None:
            return None
        return self.judged >= self.budget if self.at_least else self.judged <= self.budget

    @property
    def verdict(self) -> str:
        """The same in words."""
        return {True: "met", False: "NOT MET", None: ""}[self.is_met]


def number(value: float) -> str:
    """Write a figure with as many digits as mean something."""
    if math.isinf(value):
        return "none came"
    if value == int(value) and abs(value) < 10_000:
        return str(int(value))
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.3g}"


def table(figures: Iterable[Figure]) -> str:
    """Write figures as a Markdown table, which a terminal shows well enough."""
    rows = [("figure", "value", "floor in the same run", "ratio", "budget", "")]
    for figure in figures:
        floor = f"{number(figure.floor)} {figure.floor_name}" if figure.floor is not None else ""
        sign = "≥" if figure.at_least else "≤"
        rows.append(
            (
                f"{figure.name}{f' ({figure.note})' if figure.note else ''}",
                f"{number(figure.value)} {figure.unit}".strip(),
                floor,
                f"{figure.ratio:.2f}" if figure.ratio is not None else "",
                f"{sign} {number(figure.budget)}" if figure.budget is not None else "",
                figure.verdict,
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "| " + " | ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)) + " |"
        for row in rows
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)
