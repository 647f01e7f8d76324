"""Which ids do two sides not share? Told by sums, in memory that does not grow with them.

Each id adds itself to one of `BUCKETS` by exclusive or, so neither order nor pages matter, and an
id in a bucket whose sums are equal on both sides is on both sides (docs/decisions/0005).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

BUCKETS = 2048
_BYTES = 8


class Sums:
    """A sum for each bucket; `text` keeps it in a record."""

    def __init__(self, text: str = "") -> None:
        """Begin with nothing, or with what `text` kept."""
        kept = bytes.fromhex(text)
        self._sums = bytearray(kept or BUCKETS * _BYTES)

    @property
    def text(self) -> str:
        """The sums in a form that a record can hold; empty where nothing was added."""
        return self._sums.hex() if any(self._sums) else ""

    def add(self, id_: str) -> None:
        """Add an id; adding it twice takes it away again."""
        start, digest = _place(id_)
        for offset, byte in enumerate(digest):
            self._sums[start + offset] ^= byte

    def unite(self, others: Iterable[Sums]) -> Sums:
        """Return the sums of all ids together, which no two may share."""
        total = bytearray(self._sums)
        for other in others:
            for index, byte in enumerate(bytes.fromhex(other.text)):
                total[index] ^= byte
        return Sums(total.hex())

    def differ(self, other: Sums, id_: str) -> bool:
        """Whether the id's bucket is not the same on both sides."""
        start, _ = _place(id_)
        return self._sums[start : start + _BYTES] != other._sums[start : start + _BYTES]

    def equal(self, other: Sums) -> bool:
        """Whether every bucket is."""
        return self._sums == other._sums


def _place(id_: str) -> tuple[int, bytes]:
    digest = hashlib.blake2b(id_.encode(), digest_size=_BYTES + 2).digest()
    return int.from_bytes(digest[_BYTES:], "big") % BUCKETS * _BYTES, digest[:_BYTES]
