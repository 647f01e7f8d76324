"""A clock that stands until it is turned."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


class ManualClock:
    """Time as a test wants it; who waits by it does not wait, but turns it on."""

    def __init__(self, at: datetime = NOON) -> None:
        self._now = at.timestamp()
        self._monotonic = 1000.0
        self.pauses: list[float] = []

    def now(self) -> float:
        """Return the instant in seconds since the epoch."""
        return self._now

    def monotonic(self) -> float:
        """Return seconds that only go forward."""
        return self._monotonic

    @property
    def instant(self) -> datetime:
        """The same instant, in UTC."""
        return datetime.fromtimestamp(self._now, UTC)

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._now += seconds
        self._monotonic += seconds

    def pause(self, seconds: float) -> None:
        """Let time pass at once, and remember how much."""
        self.pauses.append(seconds)
        self.advance(seconds)

    async def pause_async(self, seconds: float) -> None:
        """Let time pass at once, and let the other tasks run."""
        self.pause(seconds)
        await asyncio.sleep(0)
