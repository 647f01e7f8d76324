"""Many threads that start at one instant."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from billing.domain.errors import ContentionTooHigh

_T = TypeVar("_T")


def all_at_once(works: Sequence[Callable[[], _T]]) -> list[_T]:
    """Do each of these in a thread of its own, begun together; what one raises is raised."""
    gate = threading.Barrier(len(works))

    def begin(work: Callable[[], _T]) -> _T:
        gate.wait(30)
        return work()

    with ThreadPoolExecutor(len(works)) as threads:
        return [future.result() for future in [threads.submit(begin, work) for work in works]]


def until_settled(work: Callable[[], _T], overtaken: Callable[[], None]) -> _T:
    """Do it again while others are faster, as a queue or a caller would; tell of each time."""
    while True:
        try:
            return work()
        except ContentionTooHigh:
            overtaken()
