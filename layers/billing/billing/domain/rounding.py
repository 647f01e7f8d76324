"""Rounding by which parts make the whole (docs/decisions/0016)."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import floor


def rounded(amount: Fraction) -> int:
    """Round half up, so that a whole unit more is a unit more however it is rounded."""
    return floor(amount + Fraction(1, 2))


def shared_out(parts: Mapping[str, Fraction], whole: int) -> dict[str, int]:
    """Round parts so that they add up to a whole, which is their sum rounded either way.

    Each is rounded down; the units that lack then go to those with the largest fractions, among
    equals to the first.
    """
    whole_units = {name: floor(part) for name, part in parts.items()}
    lacking = whole - sum(whole_units.values())
    by_fraction = sorted(parts, key=lambda name: whole_units[name] - parts[name])
    for name in by_fraction[:lacking]:
        whole_units[name] += 1
    return whole_units
