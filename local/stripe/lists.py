"""Cursor pagination, newest first, over the tables' indexes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from local.stripe.errors import invalid, missing_object
from local.stripe.params import integer, span, text
from local.stripe.state import World
from local.stripe.tables import Obj, Table, reach

PAGING: Obj = {
    "limit": integer,
    "starting_after": text,
    "ending_before": text,
    "created": span,
}
_MOST = 100
EMBEDDED = 10  # how many entries of a list stand inside another object


def page(
    world: World,
    table: Table,
    params: Obj,
    url: str,
    *,
    wanted: Obj,
    also: Callable[[Obj], bool] | None = None,
) -> Obj:
    """One page of a list as Stripe answers it.

    Args:
        world: for errors about cursors.
        table: where the objects are.
        params: the request's ``limit``, ``starting_after``, ``ending_before``, ``created``.
        url: the list's own path.
        wanted: dotted paths and the values they must have; None means any.
        also: a further condition.
    """
    filters = {path: value for path, value in wanted.items() if value is not None}
    limit = params.get("limit") or 10
    if not 1 <= limit <= _MOST:
        raise invalid("Invalid integer: limit must be between 1 and 100", "limit")
    backwards = bool(params.get("ending_before"))

    def fits(obj: Obj) -> bool:
        return (
            not obj.get("deleted")
            and all(reach(obj, path) == value for path, value in filters.items())
            and (also is None or also(obj))
        )

    found: list[Obj] = []
    for obj in _walk(world, table, params, table.ids(filters)):
        if fits(obj):
            found.append(obj)
            if len(found) > limit:
                break
    shown = found[:limit]
    if backwards:
        shown.reverse()
    return {"object": "list", "data": shown, "has_more": len(found) > limit, "url": url}


def _walk(world: World, table: Table, params: Obj, ids: list[str]) -> Iterator[Obj]:
    """Candidates from the cursor on, newest first; oldest first towards ``ending_before``."""
    low, high = _bounds(table, params.get("created"), ids)
    after, before = params.get("starting_after"), params.get("ending_before")
    if after:
        world.need(table, after, "starting_after")
        high = min(high, table.cut(ids, after))
    if before:
        world.need(table, before, "ending_before")
        cut = table.cut(ids, before)
        low = max(low, cut + int(ids[cut : cut + 1] == [before]))
    order: Any = range(low, high) if before else range(high - 1, low - 1, -1)
    return (table.rows[ids[index]] for index in order)


def _bounds(table: Table, created: Any, ids: list[str]) -> tuple[int, int]:  # noqa: ANN401 - int or dict
    """The slice of ids that was created in the wanted span; creation times only grow."""
    if created is None:
        return 0, len(ids)
    wanted = {"gte": created, "lte": created} if isinstance(created, int) else created
    low, high = 0, len(ids)
    for bound, instant in wanted.items():
        if bound == "gte":
            low = max(low, table.cut_at(ids, instant))
        elif bound == "gt":
            low = max(low, table.cut_at(ids, instant + 1))
        elif bound == "lt":
            high = min(high, table.cut_at(ids, instant))
        elif bound == "lte":
            high = min(high, table.cut_at(ids, instant + 1))
    return low, high


def part_of(rows: list[Obj], params: Obj, url: str) -> Obj:
    """One page of a list that keeps its own order, such as an invoice's lines."""
    ids = [row["id"] for row in rows]
    limit = params.get("limit") or EMBEDDED
    after = params.get("starting_after")
    if after and after not in ids:
        raise missing_object("line item", after, "starting_after")
    first = ids.index(after) + 1 if after else 0
    shown = rows[first : first + limit]
    return {"object": "list", "data": shown, "has_more": first + limit < len(rows), "url": url}


def abridge(value: Any) -> None:  # noqa: ANN401 - a JSON value has any type
    """Cut the lists inside an object (which is changed) to ten, as Stripe embeds them."""
    if isinstance(value, list):
        for part in value:
            abridge(part)
    elif isinstance(value, dict):
        for part in value.values():
            if isinstance(part, dict | list):
                abridge(part)
                _cut(part)


def _cut(value: Any) -> None:  # noqa: ANN401 - a JSON value has any type
    if isinstance(value, dict) and value.get("object") == "list" and len(value["data"]) > EMBEDDED:
        value |= {"data": value["data"][:EMBEDDED], "has_more": True}
