"""Time as a value: what the client asks for instants, spans and pauses."""

from __future__ import annotations

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """Where the client gets its time from."""

    def now(self) -> float:
        """Return the instant in seconds since the epoch: entitlements begin and end by it."""

    def monotonic(self) -> float:
        """Return seconds that only go forward: ages, budgets and cool-downs are measured in it."""

    def pause(self, seconds: float) -> None:
        """Let a thread wait between two attempts."""

    async def pause_async(self, seconds: float) -> None:
        """Let a task wait between two attempts."""


class SystemClock:
    """The machine's clock."""

    now = staticmethod(time.time)
    monotonic = staticmethod(time.monotonic)
    pause = staticmethod(time.sleep)
    pause_async = staticmethod(asyncio.sleep)
