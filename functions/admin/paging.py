"""Lists come in pages: `limit` and `cursor` in, `next_cursor` out."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping

from billing.domain.errors import InvalidInput

DEFAULT_LIMIT = 50
LARGEST_LIMIT = 100
LONGEST_CURSOR = 1024
"""Bytes: as many as a user id can have, and as DynamoDB takes for a sort key."""

_NUMBER = re.compile(r"[0-9]{1,3}", re.ASCII)


def limit_of(asked: Mapping[str, str]) -> int:
    """Read how many items a page may have.

    Raises:
        InvalidInput: it is not a whole number from 1 to 100.
    """
    text = asked.get("limit", str(DEFAULT_LIMIT))
    if not _NUMBER.fullmatch(text) or not 1 <= int(text) <= LARGEST_LIMIT:
        raise InvalidInput.field("limit", f"must be a whole number from 1 to {LARGEST_LIMIT}")
    return int(text)


def cursor_of(asked: Mapping[str, str]) -> str | None:
    """Read where to go on; `None` for the beginning.

    Raises:
        InvalidInput: no answer gave such a cursor.
    """
    text = asked.get("cursor")
    return None if text is None else decoded_cursor(text)


def decoded_cursor(text: str) -> str:
    """Read a cursor.

    Raises:
        InvalidInput: no answer gave such a cursor.
    """
    try:
        decoded = base64.b64decode(text.encode("ascii"), altchars=b"-_", validate=True)
        cursor = decoded.decode() if len(decoded) <= LONGEST_CURSOR else ""
    except (ValueError, binascii.Error):
        cursor = ""
    if not cursor:
        raise InvalidInput.field("cursor", "must be the next_cursor of an answer")
    return cursor


def next_cursor(last: str | None) -> str | None:
    """Write where to go on, in letters that a URL takes as they are."""
    return None if last is None else base64.urlsafe_b64encode(last.encode()).decode("ascii")
