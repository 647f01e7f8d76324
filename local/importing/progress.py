"""How far an import is, for whoever watches: a bar on a terminal, now and then a line elsewhere."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TextIO

WIDTH = 30
EVERY = 100
"""Customers between two lines where nobody watches a bar."""


@dataclass
class Progress:
    """Counts outcomes, and shows them."""

    total: int
    out: TextIO
    clock: Callable[[], float] = time.monotonic
    outcomes: Counter[str] = field(default_factory=Counter)
    _started: float | None = None

    def add(self, outcomes: list[str]) -> None:
        """Count some more."""
        if self._started is None:
            self._started = self.clock()
        before = self.outcomes.total()
        self.outcomes.update(outcomes)
        done = self.outcomes.total()
        if self.out.isatty():
            self.out.write(f"\r\x1b[2K{self.line()}")
            self.out.flush()
        elif done // EVERY > before // EVERY or done == self.total:
            self.out.write(f"{self.line()}\n")
            self.out.flush()

    def line(self) -> str:
        """Say how far it is, and how long it will take."""
        done = self.outcomes.total()
        filled = WIDTH * done // self.total if self.total else WIDTH
        counts = ", ".join(f"{count} {name}" for name, count in self.outcomes.most_common())
        bar = f"[{'#' * filled}{'.' * (WIDTH - filled)}] {done}/{self.total}"
        return f"{bar}  {counts}{self._left(done)}"

    def _left(self, done: int) -> str:
        elapsed = 0.0 if self._started is None else self.clock() - self._started
        if not elapsed or done >= self.total:
            return ""
        seconds = round(elapsed / done * (self.total - done))
        return f"  about {seconds // 60}:{seconds % 60:02d} left"

    def end(self) -> None:
        """Leave the bar where it is."""
        if self.out.isatty() and self.outcomes:
            self.out.write("\n")
