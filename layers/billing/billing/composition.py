"""How a function is put together: each collaborator is built once a process, on first use.

Only the mechanism is here, from the standard library, so that the hot read can use it. Builders
stand where what they build is known: the stores' in `billing.stores`, a function's own beside its
handler:

    @once
    def gateway() -> Gateway:
        return Gateway(settings())

A test that composes a function afresh calls `reset()`; it patches nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from typing import TypeVar

_Built = TypeVar("_Built")

_forget: list[Callable[[], None]] = []
_clock: list[Callable[[], datetime]] = []


def once(build: Callable[[], _Built]) -> Callable[[], _Built]:
    """Make a builder keep what it built, until `reset`. A builder that raises keeps nothing."""
    built: list[_Built] = []

    @wraps(build)
    def get() -> _Built:
        if not built:
            built.append(build())
        return built[0]

    _forget.append(built.clear)
    return get


def reset() -> None:
    """Forget everything that was built, and go back to the real clock."""
    for forget in _forget:
        forget()
    _clock.clear()


def now() -> datetime:
    """Return the instant at which a request is served; the only clock that edges read."""
    return _clock[-1]() if _clock else datetime.now(UTC)


def use_clock(clock: Callable[[], datetime]) -> None:
    """Take the time from `clock` until `reset`: for tests, where time is a value."""
    _clock.append(clock)
