"""What is known of each user in this process: bounded, thread-safe, and without any I/O."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from enum import Enum
from typing import Generic, TypeVar

from billing_client.model import Entitlements
from billing_client.policy import Policy

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class Bounded(Generic[_Key, _Value]):
    """A mapping that keeps the most recently used; each call is atomic."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._items: OrderedDict[_Key, _Value] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._items)

    def get(self, key: _Key) -> _Value | None:
        """Return what is kept, as the most recently used from now on."""
        with self._lock:
            value = self._items.get(key)
            if value is not None:
                self._items.move_to_end(key)
            return value

    def put(self, key: _Key, value: _Value) -> None:
        """Keep it; the least recently used leaves where there are too many."""
        with self._lock:
            self._items[key] = value
            self._items.move_to_end(key)
            if len(self._items) > self._most:
                self._items.popitem(last=False)

    def add(self, key: _Key, value: _Value) -> bool:
        """Keep it unless there is one; whether there was none."""
        with self._lock:
            if key in self._items:
                return False
            self._items[key] = value
            if len(self._items) > self._most:
                self._items.popitem(last=False)
            return True

    def pop(self, key: _Key) -> _Value | None:
        """Keep it no longer."""
        with self._lock:
            return self._items.pop(key, None)

    def clear(self) -> None:
        """Keep nothing."""
        with self._lock:
            self._items.clear()

    def renew_lock(self) -> None:
        """Make the lock anew in a forked child: another thread may have held it in the parent."""
        self._lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Entry:
    """An answer and how long it holds.

    Attributes:
        asked_at: monotonic seconds when it was asked for, so that travelling counts as age.
        max_age: seconds for which it is fresh, as the service said.
    """

    known: Entitlements
    etag: str | None
    asked_at: float
    max_age: float


class Standing(Enum):
    """What an entry may be used for."""

    FRESH = "served as it is"
    STALE = "served while a refresh runs behind"
    LAST_KNOWN = "served where the service does not answer"
    UNUSABLE = "no longer served"


def standing_of(entry: Entry | None, policy: Policy, monotonic: float, now: float) -> Standing:
    """Judge an entry.

    An answer one of whose entitlements has ended is not served while it is refreshed: the
    likely news is a renewal, which the next answer has.
    """
    if entry is None:
        return Standing.UNUSABLE
    overdue = monotonic - entry.asked_at - entry.max_age
    if overdue < 0:
        return Standing.FRESH
    if overdue < policy.stale_while_revalidate and now < entry.known.next_end:
        return Standing.STALE
    if overdue < policy.stale_if_error:
        return Standing.LAST_KNOWN
    return Standing.UNUSABLE


FENCE_SECONDS = 60.0
"""How long an invalidation is guarded: longer than any answer is on its way."""


@dataclass(frozen=True, slots=True)
class _Fence:
    """Answers that must not come back: older than a revision, or asked for before a ticket."""

    revision: int
    ticket: int
    until: float

    def bars(self, entry: Entry, ticket: int) -> bool:
        """Whether an answer may be from before."""
        return entry.known.revision < self.revision or ticket < self.ticket


class Cache:
    """The entries, and the fences that invalidations leave against answers on their way.

    Whoever asks the service draws a ticket first and stores the answer with it; tickets tell
    which of two answers was asked for later.
    """

    def __init__(self, most_users: int) -> None:
        self._entries: Bounded[str, tuple[Entry, int]] = Bounded(most_users)
        self._fences: Bounded[str, _Fence] = Bounded(most_users)
        self._lock = threading.Lock()
        self._tickets = 0

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, user_id: str) -> Entry | None:
        """Return what is known of a user, of whatever age."""
        found = self._entries.get(user_id)
        return found[0] if found else None

    def ticket(self) -> int:
        """Draw a number before asking the service."""
        with self._lock:
            self._tickets += 1
            return self._tickets

    def store(self, entry: Entry, ticket: int, monotonic: float) -> bool:
        """Keep an answer, unless the user was invalidated since and it may be from before.

        Returns:
            Whether it is kept.
        """
        user_id = entry.known.user_id
        with self._lock:
            fence, present = self._fences.get(user_id), self._entries.get(user_id)
            if fence and monotonic < fence.until and fence.bars(entry, ticket):
                return False
            if present and ticket < present[1]:
                return False
            self._entries.put(user_id, (entry, ticket))
            return True

    def invalidate(self, user_id: str, revision: int | None, monotonic: float) -> bool:
        """Forget a user's answer, and refuse those that are on their way and may be older.

        Args:
            user_id: of whom something changed.
            revision: after the change; an answer of a later one is kept. Of the same one it goes,
                since access also changes by the catalog and the clock. `None`: every answer goes.
            monotonic: seconds.

        Returns:
            Whether the user's answer, if there was one, is gone.
        """
        with self._lock:
            present = self._entries.get(user_id)
            if present and revision is not None and present[0].known.revision > revision:
                return False
            fence = self._fences.get(user_id) or _Fence(0, 0, 0.0)
            self._tickets += 1
            self._fences.put(
                user_id,
                _Fence(
                    max(fence.revision, revision or 0),
                    fence.ticket if revision is not None else self._tickets,
                    monotonic + FENCE_SECONDS,
                ),
            )
            self._entries.pop(user_id)
            return True

    def clear(self) -> None:
        """Forget every answer."""
        self._entries.clear()

    def renew_locks(self) -> None:
        """Make the locks anew in a forked child."""
        self._lock = threading.Lock()
        self._entries.renew_lock()
        self._fences.renew_lock()
