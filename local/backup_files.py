"""The files of a backup: a table each, an item a line, in DynamoDB's own JSON; and its manifest."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from local.backup_aws import exports_of_aws
from local.console import LocalError

Item = dict[str, Any]
"""An item as DynamoDB's low-level API has it: each value in an object that names its type."""

Mark = tuple[str, str]
"""An item's key, and a digest of the whole item."""

MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Manifest:
    """What a backup is of. It is written last, so a folder without one is of a backup cut short.

    Attributes:
        stack: the CloudFormation stack's name.
        started_at, ended_at: the instants, in ISO 8601, between which the tables were read.
        items: how many each table had.
    """

    stack: str
    started_at: str
    ended_at: str
    items: dict[str, int]


@dataclass(frozen=True)
class Backup:
    """A whole backup, of `make backup` or of AWS's own exports.

    Attributes:
        files: of each table.
        about: what of, and of when, for people.
    """

    files: Mapping[str, Sequence[Path]]
    about: str

    def items(self, table: str) -> Iterator[Item]:
        """Read a table's items."""
        for path in self.files[table]:
            with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as lines:
                for line in lines:
                    yield _decoded(json.loads(line)["Item"])


def new_folder(folder: Path) -> None:
    """Make the folder of a backup, which nobody else may read.

    Raises:
        LocalError: it has something in it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        message = f"{folder} is not empty; a backup takes a folder of its own."
        raise LocalError(message)
    folder.chmod(0o700)


def write_items(folder: Path, table: str, items: Iterable[Item]) -> int:
    """Write a table's items; return how many. The file has its name once it is whole."""
    count = 0
    part = folder / f"{table}.jsonl.part"
    with part.open("w") as out:
        for item in items:
            out.write(_line(item) + "\n")
            count += 1
    part.rename(folder / f"{table}.jsonl")
    return count


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """End a backup."""
    part = folder / f"{MANIFEST}.part"
    part.write_text(json.dumps(asdict(manifest), indent=2) + "\n")
    part.rename(folder / MANIFEST)


def read_backup(folder: Path, tables: Sequence[str]) -> Backup:
    """Find a backup, and read each of its items to see that it is whole.

    Raises:
        LocalError: there is none, it was cut short, or some of it is missing.
        ValueError: a line is not an item.
    """
    backup, counts = _found(folder, tables)
    for table in tables:
        count = sum(1 for _ in backup.items(table))
        if count != counts.get(table):
            message = (
                f"{folder} has {count} items of {table}, and its manifest says "
                f"{counts.get(table)}: it is not whole. Copy it again, or take another."
            )
            raise LocalError(message)
    return backup


def _found(folder: Path, tables: Sequence[str]) -> tuple[Backup, Mapping[str, int]]:
    own = folder / MANIFEST
    if own.exists():
        manifest = Manifest(**json.loads(own.read_text()))
        about = f"{manifest.stack}, read from {manifest.started_at} to {manifest.ended_at}"
        own_files = {table: [folder / f"{table}.jsonl"] for table in tables}
        return Backup(own_files, about), manifest.items
    if any((folder / f"{table}.jsonl{end}").exists() for table in tables for end in ("", ".part")):
        message = f"{folder} has no {MANIFEST}: this backup was cut short. Take another."
        raise LocalError(message)
    exports = exports_of_aws(folder, tables)
    about = f"AWS's exports of {next(iter(exports.values())).at}"
    files = {table: export.files for table, export in exports.items()}
    return Backup(files, about), {table: export.items for table, export in exports.items()}


def mark_of(keys: tuple[str, ...], item: Item) -> Mark:
    """Name an item, and tell it from every other of that name."""
    name = json.dumps([item[key]["S"] for key in keys], ensure_ascii=False)
    return name, hashlib.sha256(_line(item).encode()).hexdigest()


def _line(item: Item) -> str:
    return json.dumps({"Item": item}, sort_keys=True, ensure_ascii=False, default=_encoded)


def _encoded(value: object) -> str:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise TypeError(type(value))


def _decoded(item: Item) -> Item:
    return {name: _value(value) for name, value in item.items()}


def _value(value: Item) -> Item:
    """Make bytes of what is binary again, however deep it lies."""
    ((kind, held),) = value.items()
    read = _READERS.get(kind)
    return {kind: read(held)} if read else value


_READERS: dict[str, Callable[[Any], Any]] = {
    "B": base64.b64decode,
    "BS": lambda held: [base64.b64decode(each) for each in held],
    "L": lambda held: [_value(each) for each in held],
    "M": _decoded,
}
