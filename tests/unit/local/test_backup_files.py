"""The files of a backup: what is read is what was written, and what is not whole is refused."""

from __future__ import annotations

import base64
import copy
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from local.backup_files import (
    Manifest,
    mark_of,
    new_folder,
    read_backup,
    write_items,
    write_manifest,
)
from local.console import LocalError

TABLES = ("LedgerTable", "AccountsTable")
AT = "2026-11-02T00:00:00.000Z"

BYTES = b"\x00\xff"
ITEMS: list[dict[str, Any]] = [
    {"pk": {"S": "demo#ann\N{SNOWMAN}\u2028"}, "sk": {"S": "access"}, "version": {"N": "3"}},
    {"pk": {"S": "demo#bob"}, "sk": {"S": "link#cus_1"}, "data": {"M": {"B": {"NULL": True}}}},
    {"pk": {"S": "demo#carl"}, "sk": {"S": "x"}, "bytes": {"B": BYTES}},
    {"pk": {"S": "demo#dan"}, "sk": {"S": "x"}, "set": {"BS": [BYTES, b"a"]}},
    {"pk": {"S": "demo#eve"}, "sk": {"S": "x"}, "deep": {"L": [{"M": {"a": {"B": BYTES}}}]}},
]


def a_backup(folder: Path, items: list[dict[str, Any]] = ITEMS) -> Path:
    """What `make backup` leaves."""
    new_folder(folder)
    counts = {table: write_items(folder, table, items) for table in TABLES}
    write_manifest(folder, Manifest("billing-dev", AT, AT, counts))
    return folder


def an_export(
    folder: Path, table: str, items: list[dict[str, Any]], id_: str = "01-a", **told: Any
) -> Path:
    """What AWS leaves of one table; it writes bytes as base64."""
    export = folder / table / "AWSDynamoDB" / id_
    (export / "data").mkdir(parents=True)
    for number, item in enumerate(items):
        with gzip.open(export / "data" / f"{number}.json.gz", "wt") as out:
            out.write(json.dumps({"Item": item}, default=lambda b: base64.b64encode(b).decode()))
            out.write("\n")
    said = {"exportTime": AT, "itemCount": len(items), "outputFormat": "DYNAMODB_JSON"}
    (export / "manifest-summary.json").write_text(json.dumps(said | told))
    return export


@pytest.fixture
def exports(tmp_path: Path) -> Path:
    """An export of each table."""
    for table in TABLES:
        an_export(tmp_path, table, ITEMS, exportType="FULL_EXPORT")
    return tmp_path


def refused(folder: Path) -> str:
    with pytest.raises(LocalError) as raised:
        read_backup(folder, TABLES)
    return str(raised.value)


def test_what_was_written_is_read(tmp_path: Path) -> None:
    backup = read_backup(a_backup(tmp_path / "b"), TABLES)
    for table in TABLES:
        assert list(backup.items(table)) == ITEMS
    assert backup.about == f"billing-dev, read from {AT} to {AT}"


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir(mode=0o777)
    assert a_backup(tmp_path / "b").stat().st_mode & 0o777 == 0o700


def test_a_backup_that_was_cut_short_is_refused(tmp_path: Path) -> None:
    folder = a_backup(tmp_path / "b")
    (folder / "manifest.json").unlink()
    assert "cut short. Take another" in refused(folder)


def test_items_that_were_being_written_are_no_table(tmp_path: Path) -> None:
    def some() -> Any:
        yield ITEMS[0]
        raise OSError("the network is gone")

    with pytest.raises(OSError, match="gone"):
        write_items(tmp_path, "LedgerTable", some())
    assert [path.name for path in tmp_path.iterdir()] == ["LedgerTable.jsonl.part"]
    assert "cut short" in refused(tmp_path)


def test_a_table_that_lost_items_is_refused(tmp_path: Path) -> None:
    folder = a_backup(tmp_path / "b")
    path = folder / "AccountsTable.jsonl"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))
    assert "4 items of AccountsTable, and its manifest says 5" in refused(folder)


def test_what_aws_exported_is_read(exports: Path) -> None:
    backup = read_backup(exports, TABLES)
    assert list(backup.items("AccountsTable")) == ITEMS
    assert backup.about == f"AWS's exports of {AT}"


def test_an_export_that_has_not_ended_is_refused(exports: Path) -> None:
    next((exports / "LedgerTable").rglob("manifest-summary.json")).unlink()
    assert "until `aws dynamodb describe-export` says COMPLETED" in refused(exports)


def test_a_folder_with_nothing_in_it_is_refused(tmp_path: Path) -> None:
    assert "no export of LedgerTable" in refused(tmp_path)


def test_several_exports_of_a_table_are_not_mixed(exports: Path) -> None:
    other = an_export(exports, "LedgerTable", ITEMS[:1], "02-b")
    said = refused(exports)
    assert "2 exports of LedgerTable" in said
    assert str(other) in said


def test_exports_of_several_instants_are_not_mixed(tmp_path: Path) -> None:
    for number, table in enumerate(TABLES):
        an_export(tmp_path, table, ITEMS, exportTime=f"2026-11-0{number + 1}T00:00:00.000Z")
    said = refused(tmp_path)
    assert "the same --export-time" in said
    assert "AccountsTable: 2026-11-02T00:00:00.000Z" in said


@pytest.mark.parametrize(
    ("told", "remedy"),
    [
        ({"exportType": "INCREMENTAL_EXPORT"}, "--export-type FULL_EXPORT"),
        ({"outputFormat": "ION"}, "--export-format DYNAMODB_JSON"),
        ({"itemCount": 6}, "5 items of AccountsTable, and its manifest says 6"),
    ],
)
def test_an_export_of_another_kind_is_refused(
    tmp_path: Path, told: dict[str, Any], remedy: str
) -> None:
    an_export(tmp_path, "LedgerTable", ITEMS)
    an_export(tmp_path, "AccountsTable", ITEMS, **told)
    assert remedy in refused(tmp_path)


def test_an_item_is_told_from_every_other_of_its_key() -> None:
    item = ITEMS[0]
    turned = dict(reversed(item.items()))
    assert mark_of(("pk", "sk"), item) == mark_of(("pk", "sk"), turned)
    assert mark_of(("pk", "sk"), item)[0] == '["demo#ann\N{SNOWMAN}\u2028", "access"]'
    other = {**copy.deepcopy(item), "version": {"N": "4"}}
    assert mark_of(("pk", "sk"), item) != mark_of(("pk", "sk"), other)


def test_two_keys_have_two_names() -> None:
    one = {"pk": {"S": "demo#a b"}, "sk": {"S": "c"}}
    other = {"pk": {"S": "demo#a"}, "sk": {"S": "b c"}}
    assert mark_of(("pk", "sk"), one)[0] != mark_of(("pk", "sk"), other)[0]
