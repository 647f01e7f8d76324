"""The files of a backup: what is read is what was written."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from local.backup_files import count_of, items_in, mark_of, write_items
from local.console import LocalError

ITEMS: list[dict[str, Any]] = [
    {"pk": {"S": "demo#ann\N{SNOWMAN}\u2028"}, "sk": {"S": "access"}, "version": {"N": "3"}},
    {"pk": {"S": "demo#bob"}, "sk": {"S": "link#cus_1"}, "data": {"M": {"a": {"NULL": True}}}},
    {"pk": {"S": "demo#carl"}, "sk": {"S": "x"}, "bytes": {"B": b"\x00\xff"}},
]


def test_what_was_written_is_read(tmp_path: Path) -> None:
    assert write_items(tmp_path, "AccountsTable", ITEMS) == 3
    assert list(items_in(tmp_path, "AccountsTable")) == ITEMS
    assert count_of(tmp_path, "AccountsTable") == 3


def test_what_aws_exported_is_read(tmp_path: Path) -> None:
    data = tmp_path / "AccountsTable" / "AWSDynamoDB" / "01700000000000-abcdef" / "data"
    data.mkdir(parents=True)
    for number, item in enumerate(ITEMS[:2]):
        with gzip.open(data / f"{number}.json.gz", "wt") as out:
            out.write(json.dumps({"Item": item}) + "\n")
    assert list(items_in(tmp_path, "AccountsTable")) == ITEMS[:2]


def test_a_table_that_was_not_exported_is_told(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match="no export of LedgerTable"):
        count_of(tmp_path, "LedgerTable")


def test_an_item_is_told_from_every_other_of_its_key() -> None:
    item = ITEMS[0]
    turned = dict(reversed(item.items()))
    assert mark_of(("pk", "sk"), item) == mark_of(("pk", "sk"), turned)
    assert mark_of(("pk", "sk"), item)[0] == "demo#ann\N{SNOWMAN}\u2028 access"
    other = {**item, "version": {"N": "4"}}
    assert mark_of(("pk", "sk"), item) != mark_of(("pk", "sk"), other)
