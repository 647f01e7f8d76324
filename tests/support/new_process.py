"""A process that begins anew, and how a call of it to Stripe fails."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from billing import composition


def a_new_process(clock: Callable[[], datetime]) -> None:
    """Forget everything that a process has in memory."""
    composition.reset()
    composition.use_clock(clock)


def failure(number: int) -> dict[str, Any]:
    """One is a connection that breaks, at every attempt; the others are answers, which cost less.

    The SDK waits before it tries again, and it tries again what broke.
    """
    return {"drop": True, "times": 9} if number == 0 else {"status": 403}
