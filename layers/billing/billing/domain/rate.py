"""How often a key may ask: two laws, both of whole numbers and an instant that is passed in.

`Hour` is a count in each hour of the clock, which many processes share. `Pace` is a steady rate
with some slack, of which one process keeps account by one number a key (GCRA).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

HOUR = 3600
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_SECOND = 1_000_000


class Uncountable(Exception):
    """A count that many processes share cannot be reached right now."""


@dataclass(frozen=True, slots=True)
class Hour:
    """An hour of the clock, by the whole hours since 1970 in UTC. It is `[start, end)`."""

    number: int

    @classmethod
    def of(cls, now: datetime) -> Hour:
        """Return the hour that an instant lies in."""
        return cls(_microseconds(now) // (HOUR * _SECOND))

    @property
    def end(self) -> int:
        """The first second after it, since 1970."""
        return (self.number + 1) * HOUR

    def wait(self, now: datetime) -> int:
        """Return the whole seconds, 1 at least, after which it is over."""
        return _whole_seconds(self.end * _SECOND - _microseconds(now))


@dataclass(frozen=True, slots=True)
class Pace:
    """So many requests a second, and as many at once.

    In any span of `n` seconds there are at most `per_second * (n + 1)`.
    """

    per_second: int

    @property
    def step(self) -> int:
        """Microseconds from one request to the next, where they are even."""
        return -(-_SECOND // self.per_second)

    def next(self, due: int | None, now: datetime) -> tuple[int, int]:
        """Take a request, or say how long it has to wait.

        Args:
            due: what the last request returned; `None` for the first.
            now: the instant.

        Returns:
            When the next one would be due at an even pace, in microseconds since 1970, which is
            `due` itself for a request that is not taken; and the whole seconds to wait, 0 for one
            that is.
        """
        at, slack = _microseconds(now), (self.per_second - 1) * self.step
        # A clock that was set back makes nobody wait longer than a full account would.
        begin = at if due is None else min(max(due, at), at + slack + self.step)
        if begin - at > slack:
            return begin, _whole_seconds(begin - at - slack)
        return begin + self.step, 0

    @staticmethod
    def is_over(due: int, now: datetime) -> bool:
        """Whether an account is as good as none, and need not be kept."""
        return due <= _microseconds(now)


def _microseconds(at: datetime) -> int:
    return (at - _EPOCH) // _MICROSECOND


def _whole_seconds(microseconds: int) -> int:
    return max(1, -(-microseconds // _SECOND))
