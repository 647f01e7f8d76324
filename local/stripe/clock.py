"""The fake's clock: real time plus an offset that only grows, or a pinned instant."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime


def unix(instant: int | datetime) -> int:
    """Whole seconds since the epoch of an aware datetime or a number."""
    return int(instant.timestamp()) if isinstance(instant, datetime) else int(instant)


class Clock:
    """Answers the fake now, in whole seconds.

    Args:
        pinned: the instant at which the clock stands still until it is advanced; without it
            the clock runs with real time.
    """

    def __init__(self, pinned: int | datetime | None = None) -> None:
        self._pinned = None if pinned is None else unix(pinned)
        self._offset = 0
        self._during: int | None = None

    def now(self) -> int:
        """The fake instant; that of the timer which is being run, if one is."""
        return self.latest() if self._during is None else self._during

    def latest(self) -> int:
        """The fake instant outside of any timer."""
        if self._pinned is not None:
            return self._pinned
        return int(time.time()) + self._offset

    def advance_to(self, instant: int) -> None:
        """Move forwards to ``instant``; raises ValueError for a step backwards."""
        step = instant - self.latest()
        if step < 0:
            raise ValueError("the clock only moves forwards")
        if self._pinned is not None:
            self._pinned = instant
        else:
            self._offset += step

    @contextmanager
    def at(self, instant: int) -> Iterator[None]:
        """Let ``now`` be ``instant`` inside the block: that is how a due timer sees its time."""
        before, self._during = self._during, instant
        try:
            yield
        finally:
            self._during = before
