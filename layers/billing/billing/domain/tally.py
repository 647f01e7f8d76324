"""Sums that add up: figures by place and name, exact, and nothing where nothing is.

What an account contributes, what was counted of it, and what a project comes to are all tallies,
so that counting is adding a difference (docs/decisions/0016).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from fractions import Fraction

Figures = dict[str, Fraction]
"""Amounts by name; none is zero."""

Tally = dict[str, Figures]
"""Figures by place: `now`, or a month such as `2026-11`; none is empty."""

NOW = "now"
"""The place of what holds at present."""


MOST_PLACES = 40
"""Places that one transaction changes, in the figures and in a recount's sums: DynamoDB takes 100
items, among them the head and the account."""

MOST_CHARACTERS = 1_500_000
"""... and 4 MB in all."""


class Counter:
    """Adds up a tally."""

    def __init__(self) -> None:
        self._sums: Tally = {}

    def add(self, place: str, name: str, amount: Fraction | int = 1) -> None:
        """Add an amount to a figure."""
        figures = self._sums.setdefault(place, {})
        figures[name] = figures.get(name, Fraction()) + amount

    @property
    def tally(self) -> Tally:
        """What has been added up."""
        return _without_nothing(self._sums)


def total(tallies: Iterable[Tally]) -> Tally:
    """Add tallies up."""
    counter = Counter()
    for tally in tallies:
        for place, figures in tally.items():
            for name, amount in figures.items():
                counter.add(place, name, amount)
    return counter.tally


def difference(after: Tally, before: Tally) -> Tally:
    """Return what has to be added to `before` for `after`."""
    return total((after, {place: _negative(figures) for place, figures in before.items()}))


def fitting(places: Iterable[str], sums: Tally) -> list[str]:
    """Return of these places the first, in their order, that one transaction can change.

    That is one at least, so that whoever takes turns comes to an end.
    """
    chosen: list[str] = []
    size = 0
    for place in places:
        size += len(json.dumps(to_plain(sums.get(place, {}))))
        if chosen and (size > MOST_CHARACTERS or len(chosen) == MOST_PLACES):
            break
        chosen.append(place)
    return chosen


def to_plain(figures: Figures) -> dict[str, str]:
    """Write figures as JSON values that keep them exact."""
    return {name: str(figures[name]) for name in sorted(figures)}


def from_plain(plain: Mapping[str, str]) -> Figures:
    """Read what `to_plain` wrote."""
    return {name: Fraction(text) for name, text in plain.items()}


def _negative(figures: Figures) -> Figures:
    return {name: -amount for name, amount in figures.items()}


def _without_nothing(sums: Tally) -> Tally:
    kept = {
        place: {name: amount for name, amount in figures.items() if amount}
        for place, figures in sums.items()
    }
    return {place: figures for place, figures in kept.items() if figures}
