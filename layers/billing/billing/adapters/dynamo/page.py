"""A part of a list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Page(Generic[_T]):
    """Part of a list; `next_cursor` goes on, `None` at the end."""

    items: list[_T]
    next_cursor: str | None = None
