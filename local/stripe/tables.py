"""Objects of one kind, in order of creation, with indexes that make lists cheap."""

from __future__ import annotations

import secrets
from bisect import bisect_left
from collections.abc import Iterator
from typing import Any

Obj = dict[str, Any]

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def token(length: int) -> str:
    """Random letters and digits, as Stripe's ids carry them."""
    number, digits = secrets.randbits(6 * length), []
    for _ in range(length):
        number, digit = divmod(number, 62)
        digits.append(_ALPHABET[digit])
    return "".join(digits)


def new_id(prefix: str) -> str:
    """A new id such as ``sub_1Pgc6rB7WZ01zgkWNy0Cn5nw``."""
    return f"{prefix}_{token(14)}" if prefix in _SHORT else f"{prefix}_1{token(23)}"


_SHORT = {"cus", "prod", "si", "req"}


def reach(obj: Obj, path: str) -> Any:  # noqa: ANN401 - a JSON value has any type
    """The value at a dotted path, None where the path breaks off."""
    value: Any = obj
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


class Table:
    """Stripe objects of one kind by id.

    Args:
        kind: how an error message names one of them ("No such customer").
        prefix: what their ids start with.
        indexes: dotted paths of fields by which they are listed. An index answers a superset;
            whoever reads it checks the object itself, so a field that changes later only needs
            ``link``.
    """

    def __init__(self, kind: str, prefix: str, *indexes: str) -> None:
        self.kind = kind
        self.prefix = prefix
        self.rows: dict[str, Obj] = {}
        self._order: list[str] = []
        self._position: dict[str, int] = {}
        self._index: dict[str, dict[Any, list[str]]] = {path: {} for path in indexes}

    def add(self, obj: Obj) -> Obj:
        """Store a new object as the newest of its kind."""
        object_id = obj["id"]
        self.rows[object_id] = obj
        self._position[object_id] = len(self._order)
        self._order.append(object_id)
        for path in self._index:
            value = reach(obj, path)
            if value is not None:
                self.link(path, value, object_id)
        return obj

    def link(self, path: str, value: str, object_id: str) -> None:
        """Make an object findable by a value that it got after it was stored."""
        ids = self._index[path].setdefault(value, [])
        if object_id in ids[-1:]:
            return
        place = bisect_left(ids, self._position[object_id], key=self._position.__getitem__)
        if place == len(ids) or ids[place] != object_id:
            ids.insert(place, object_id)

    def get(self, object_id: str) -> Obj | None:
        """The object, or None."""
        return self.rows.get(object_id)

    def drop_oldest(self, keep: int) -> None:
        """Forget the oldest objects beyond ``keep``; done in blocks, so rarely."""
        surplus = len(self._order) - keep
        if surplus < keep // 10 + 1:
            return
        kept = [self.rows[object_id] for object_id in self._order[surplus:]]
        self.rows, self._order, self._position = {}, [], {}
        self._index = {path: {} for path in self._index}
        for obj in kept:
            self.add(obj)

    def ids(self, wanted: Obj) -> list[str]:
        """Ids, oldest first, among which all objects with the wanted values are found."""
        found = [
            self._index[path].get(value, [])
            for path, value in wanted.items()
            if path in self._index and isinstance(value, str)
        ]
        return min(found, key=len) if found else self._order

    def where(self, **wanted: Any) -> Iterator[Obj]:  # noqa: ANN401 - a JSON value has any type
        """Objects, oldest first, whose fields have these values (``a__b`` means ``a.b``)."""
        paths = {name.replace("__", "."): value for name, value in wanted.items()}
        for object_id in list(self.ids(paths)):
            obj = self.rows[object_id]
            if all(reach(obj, path) == value for path, value in paths.items()):
                yield obj

    def position(self, object_id: str) -> int:
        """Where the object stands in the order of creation."""
        return self._position[object_id]

    def cut(self, ids: list[str], object_id: str) -> int:
        """How many of ``ids`` (oldest first) were created before the object."""
        return bisect_left(ids, self._position[object_id], key=self._position.__getitem__)

    def cut_at(self, ids: list[str], instant: int) -> int:
        """How many of ``ids`` (oldest first) were created before the instant."""
        return bisect_left(ids, instant, key=lambda object_id: self.rows[object_id]["created"])

    def __len__(self) -> int:
        return len(self._order)
