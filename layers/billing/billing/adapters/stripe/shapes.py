"""Reading untyped JSON from Stripe: every answer is typed, or is `UnreadableShape`.

What is absent or null is `None`; what is present with another type than Stripe documents is an
error, because guessing about money and access is worse than asking an operator.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

Shape = Mapping[str, Any]

LATEST = 32_503_680_000
"""The year 3000. Later instants are mistakes, and would overflow when grace is added to them."""

LARGEST = 10**18
"""More than any amount or count; numbers beyond it do not fit where they are stored."""


class UnreadableShape(Exception):
    """The object has not the shape that any API version documents: for an operator to see.

    Attributes:
        detail: which field is wrong and how; never the field's value.
    """

    def __init__(self, detail: str) -> None:
        """Say what cannot be read."""
        self.detail = detail
        super().__init__(detail)


def mapping(value: object, name: str) -> Shape:
    """Return it as an object."""
    if not isinstance(value, Mapping):
        raise UnreadableShape(f"{name} is not an object")
    return value


def child(obj: Shape, *path: str) -> Shape:
    """Follow a path of objects; an empty one where a step is absent, null or just an id."""
    for step in path:
        value = obj.get(step)
        if value is None or isinstance(value, str):
            return {}
        obj = mapping(value, step)
    return obj


def text(obj: Shape, name: str) -> str | None:
    """Read a text; empty ones count as absent."""
    value = obj.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str) or not _is_storable(value):
        raise UnreadableShape(f"{name} is not a text")
    return value


def texts(obj: Shape, name: str) -> tuple[str, ...]:
    """Read a list of texts; none where it is absent."""
    listed = obj.get(name)
    if listed is None:
        return ()
    if not isinstance(listed, list):
        raise UnreadableShape(f"{name} is not a list")
    return tuple(required({name: each}, name) for each in listed)


def required(obj: Shape, name: str) -> str:
    """Read a text that every version has."""
    value = text(obj, name)
    if value is None:
        raise UnreadableShape(f"{name} is missing")
    return value


def reference(obj: Shape, *names: str) -> str | None:
    """Read the id of another object, expanded or not; the first of several names that is set."""
    for name in names:
        value = obj.get(name)
        found = text(value, "id") if isinstance(value, Mapping) else text(obj, name)
        if found:
            return found
    return None


def whole(obj: Shape, name: str) -> int | None:
    """Read a whole number."""
    value = obj.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > LARGEST:
        raise UnreadableShape(f"{name} is not a whole number")
    return value


def decimal(obj: Shape, name: str) -> str | None:
    """Read a number that may have decimals, as it is written."""
    value = obj.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= LARGEST:
        raise UnreadableShape(f"{name} is not a number")
    return format(Decimal(str(value)), "f")


def exact(obj: Shape, name: str) -> str | None:
    """Read a decimal number that Stripe writes as a text, as `*_decimal` fields are."""
    written = obj.get(name)
    if written is None:
        return None
    try:
        value = Decimal(written) if isinstance(written, str) else None
    except InvalidOperation:
        value = None
    if value is None or not value.is_finite() or abs(value) > LARGEST:
        raise UnreadableShape(f"{name} is not a decimal number")
    return format(value, "f")


def truth(obj: Shape, name: str) -> bool:
    """Read a flag; absent or null is false."""
    value = obj.get(name)
    if value is not None and not isinstance(value, bool):
        raise UnreadableShape(f"{name} is neither true nor false")
    return bool(value)


def instant(obj: Shape, name: str) -> datetime | None:
    """Read Unix seconds as an aware instant."""
    seconds = whole(obj, name)
    if seconds is None:
        return None
    if not 0 <= seconds <= LATEST:
        raise UnreadableShape(f"{name} is not a time")
    return datetime.fromtimestamp(seconds, UTC)


def entries(obj: Shape, name: str) -> tuple[list[Shape], bool]:
    """Read a list, and whether it is complete.

    Stripe embeds at most the first ten entries, as `{"object": "list", "data", "has_more"}`.
    """
    value = obj.get(name)
    if value is None:
        return [], True
    listing = mapping(value, name)
    data = listing.get("data")
    if not isinstance(data, list):
        raise UnreadableShape(f"{name}.data is not a list")
    return [mapping(entry, name) for entry in data], not truth(listing, "has_more")


def metadata(obj: Shape) -> dict[str, str]:
    """Read the metadata; Stripe holds texts only."""
    value = obj.get("metadata")
    if value is None:
        return {}
    read = {key: text(mapping(value, "metadata"), key) for key in mapping(value, "metadata")}
    return {key: value for key, value in read.items() if value is not None}


def _is_storable(value: str) -> bool:
    """JSON can smuggle in half a character, which no database takes."""
    return not any(0xD800 <= ord(char) < 0xE000 for char in value)
