"""What is asked for in a query string."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from billing.domain.errors import InvalidInput
from functions.admin.schemas import instant_of


def needed(asked: Mapping[str, str], name: str) -> str:
    """Read a parameter.

    Raises:
        InvalidInput: it is not there, or empty.
    """
    if not asked.get(name):
        raise InvalidInput.field(name, "is needed")
    return asked[name]


def instant_asked(asked: Mapping[str, str]) -> datetime | None:
    """Read the instant that is asked about; `None` for now.

    Raises:
        InvalidInput: it is not an instant.
    """
    if "at" not in asked:
        return None
    try:
        return instant_of(asked["at"])
    except ValueError as error:
        raise InvalidInput.field("at", "must be an instant such as 2026-03-01T12:00:00Z") from error
