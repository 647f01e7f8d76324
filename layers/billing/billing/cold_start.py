"""The garbage collector rests while a function starts.

What is imported stays for as long as the process lives. Yet the collector goes through it again
and again while it grows, which takes 25 of checkout's 390 ms, and finds next to nothing. A handler
imports this before anything else of ours, and says at its end that the start is over.
"""

from __future__ import annotations

import gc

gc.disable()


def is_over() -> None:
    """Let the collector work, and look at nothing that was made until now."""
    gc.freeze()
    gc.enable()
