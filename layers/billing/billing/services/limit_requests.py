"""How often a key may ask: management over all processes, exactly; checks in each process.

See docs/decisions/0017-limits-are-exact-where-they-can-be.md.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from billing.domain.errors import TooManyRequests
from billing.domain.rate import Hour, Pace, Uncountable

MOST_REMEMBERED = 256
"""Keys of which a process keeps account; a fleet has some dozens."""


class Counts(Protocol):
    """Counts requests for all processes."""

    def add(self, name: str, hour: Hour) -> int:
        """Count one more, and return how many there are in that hour, this one included.

        Raises:
            Uncountable: the count cannot be reached.
        """
        ...


class HourlyLimit:
    """At most so many requests an hour of the clock, of each key."""

    def __init__(self, kind: str, limit: int, counts: Counts, warn: Callable[[str], None]) -> None:
        """Limit requests of a kind, each kind by itself.

        Args:
            kind: names the count.
            limit: requests an hour.
            counts: who counts.
            warn: is told of a request that was let through uncounted, and of a key that has spent
                its hour.
        """
        self._kind = kind
        self._limit = limit
        self._counts = counts
        self._warn = warn
        self._spent: dict[str, Hour] = {}

    def take(self, key_id: str, now: datetime) -> None:
        """Count a request. One that cannot be counted is let through.

        Raises:
            TooManyRequests: the hour's are spent.
        """
        hour = Hour.of(now)
        if self._spent.get(key_id) != hour:
            try:
                count = self._counts.add(f"{self._kind}#{key_id}", hour)
            except Uncountable as error:
                self._warn(f"a request is not counted: {error}")
                return
            if count <= self._limit:
                return
            if len(self._spent) >= MOST_REMEMBERED:
                self._spent.clear()
            self._spent[key_id] = hour  # a count never goes down: there is nothing more to ask
            self._warn(f"the key {key_id} has spent its hour of {self._kind}")
        told = f"The key has {self._limit} requests of this kind an hour."
        raise TooManyRequests(told, wait=hour.wait(now))


class PacedLimit:
    """At most so many requests a second of each key, in this process."""

    def __init__(self, per_second: int) -> None:
        """Limit to that pace, with a second's worth at once."""
        self._pace = Pace(per_second)
        self._due: dict[str, int] = {}

    def take(self, key: str, now: datetime) -> None:
        """Take a request of whoever has this key.

        Raises:
            TooManyRequests: it is too early.
        """
        self._due[key], wait = self._pace.next(self._due.get(key), now)
        if len(self._due) > MOST_REMEMBERED:
            self._due = {k: due for k, due in self._due.items() if not Pace.is_over(due, now)}
        if wait:
            told = f"The key has {self._pace.per_second} requests a second."
            raise TooManyRequests(told, wait=wait)
