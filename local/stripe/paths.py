"""Which handler a path means.

Flask would do it too, but compiles each rule with ``ast``, which costs 40 ms for every server that
a test starts.
"""

from __future__ import annotations

from typing import Generic, TypeVar

T = TypeVar("T")


class Paths(Generic[T]):
    """Targets by method and path; ``<name>`` in a rule stands for one part of a path."""

    def __init__(self) -> None:
        self._rules: dict[tuple[str, str, int], list[tuple[list[str], T]]] = {}

    def add(self, method: str, rule: str, target: T) -> None:
        """Add a rule; of two that fit a path the earlier one is meant."""
        parts = rule.strip("/").split("/")
        self._rules.setdefault((method, parts[1], len(parts)), []).append((parts, target))

    def find(self, method: str, path: str) -> tuple[T, dict[str, str]] | None:
        """The target and the parts that its rule names, or None."""
        given = path.strip("/").split("/")
        family = given[1] if len(given) > 1 else ""
        for parts, target in self._rules.get((method, family, len(given)), ()):
            pairs = list(zip(parts, given, strict=True))
            if all(part == value or part.startswith("<") for part, value in pairs):
                return target, {p.strip("<>"): v for p, v in pairs if p.startswith("<")}
        return None
