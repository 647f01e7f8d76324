"""The files of an export: a table each, an item a line, in DynamoDB's own JSON."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from local.console import LocalError

Item = dict[str, Any]
"""An item as DynamoDB's low-level API has it: each value in an object that names its type."""

Mark = tuple[str, str]
"""An item's key, and a digest of the whole item."""


def write_items(folder: Path, table: str, items: Iterable[Item]) -> int:
    """Write a table's items; return how many."""
    count = 0
    with (folder / f"{table}.jsonl").open("w") as out:
        for item in items:
            out.write(_line(item) + "\n")
            count += 1
    return count


def items_in(folder: Path, table: str) -> Iterator[Item]:
    """Read a table's items: from `TABLE.jsonl`, or from what AWS exported below `TABLE/`.

    Raises:
        LocalError: neither is there.
    """
    for path in _files(folder, table):
        with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as lines:
            for line in lines:
                yield _decoded(json.loads(line)["Item"])


def count_of(folder: Path, table: str) -> int:
    """Count a table's items, and read each of them on the way.

    Raises:
        LocalError: there is no export of it.
        ValueError: a line is not an item.
    """
    return sum(1 for _ in items_in(folder, table))


def mark_of(keys: tuple[str, ...], item: Item) -> Mark:
    """Name an item, and tell it from every other of that name."""
    name = " ".join(item[key]["S"] for key in keys)
    return name, hashlib.sha256(_line(item).encode()).hexdigest()


def _files(folder: Path, table: str) -> list[Path]:
    own = folder / f"{table}.jsonl"
    files = [own] if own.exists() else sorted((folder / table).rglob("*.json.gz"))
    if not files:
        message = f"{folder} has no export of {table}."
        raise LocalError(message)
    return files


def _line(item: Item) -> str:
    return json.dumps({"Item": item}, sort_keys=True, ensure_ascii=False, default=_encoded)


def _encoded(value: object) -> str:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise TypeError(type(value))


def _decoded(item: Item) -> Item:
    """Make bytes of binary values again; this service has them nowhere but at an item's top."""
    return {
        name: {"B": base64.b64decode(value["B"])} if "B" in value else value
        for name, value in item.items()
    }
