"""What a person on the terminal is told: each step, and how long it took."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


class LocalError(Exception):
    """A step that failed, told in one message for a person; no traceback helps."""


@contextmanager
def step(name: str) -> Iterator[None]:
    """Tell that a step begins, and when it succeeded how long it took."""
    started = time.monotonic()
    sys.stdout.write(f"▸ {name} … ")
    sys.stdout.flush()
    try:
        yield
    except BaseException:
        say("failed")
        raise
    say(f"{time.monotonic() - started:.1f} s")


def say(text: str = "") -> None:
    """Print a line at once, also where the output is a file."""
    print(text, flush=True)
