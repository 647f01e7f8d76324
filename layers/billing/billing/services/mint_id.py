"""Ids of our own: they say what they name, sort by time, and cannot be guessed."""

from __future__ import annotations

import hashlib
import re
import secrets
from datetime import datetime

_CROCKFORD = "0123456789abcdefghjkmnpqrstvwxyz"  # no i, l, o, u: read aloud without mistakes

_TIME_CHARACTERS = 10
_RANDOM_CHARACTERS = 16

_FORM = re.compile(r"[a-z]{2,12}_[0-9a-z]{26}", re.ASCII)


def mint_id(prefix: str, now: datetime) -> str:
    """Make a new id like `grant_01hq...`: 48 bits of milliseconds, then 80 random bits."""
    milliseconds = int(now.timestamp() * 1000)
    return f"{prefix}_{_base32(milliseconds, _TIME_CHARACTERS)}{_base32(secrets.randbits(80), 16)}"


def repeatable_id(prefix: str, *parts: str) -> str:
    """Make the one id that these parts always give: the same request names the same thing."""
    digest = hashlib.sha256("\x1f".join(parts).encode()).digest()
    length = _TIME_CHARACTERS + _RANDOM_CHARACTERS
    return f"{prefix}_{_base32(int.from_bytes(digest[:17], 'big') >> 6, length)}"


def repeatable_timed_id(prefix: str, at: datetime, *parts: str) -> str:
    """Make the one id that this instant and these parts always give; it sorts by the instant."""
    digest = hashlib.sha256("\x1f".join(parts).encode()).digest()
    milliseconds = int(at.timestamp() * 1000)
    random = _base32(int.from_bytes(digest[:10], "big"), _RANDOM_CHARACTERS)
    return f"{prefix}_{_base32(milliseconds, _TIME_CHARACTERS)}{random}"


def first_id(prefix: str, at: datetime) -> str:
    """Say from where on ids of an instant and later ones sort, to the millisecond."""
    return f"{prefix}_{_base32(int(at.timestamp() * 1000), _TIME_CHARACTERS)}"


def is_id(text: str) -> bool:
    """Whether a text has the form of an id of ours, so that it may be looked up."""
    return bool(_FORM.fullmatch(text))


def _base32(number: int, length: int) -> str:
    digits = ""
    for _ in range(length):
        number, digit = divmod(number, 32)
        digits = _CROCKFORD[digit] + digits
    return digits
