"""What an import notes beside its file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from local.console import LocalError
from local.importing.file import Line, read
from local.importing.journal import Journal, write_failed

API = "https://api.example.com"


def result(user: str, outcome: str, **fields: Any) -> dict[str, Any]:
    return {"user_id": user, "customer_id": f"cus_{user}", "outcome": outcome, **fields}


def journal(folder: Path, project_id: str = "acme", api: str = API) -> Journal:
    return Journal.beside(folder / "customers.csv", project_id, api)


def test_what_is_settled_is_known_afterwards_and_nothing_else(tmp_path: Path) -> None:
    with journal(tmp_path) as first:
        first.note([result("ann", "imported"), result("bob", "already")])
        first.note([result("carl", "incomplete"), result("dora", "conflict")])
    later = journal(tmp_path)
    has = [later.has(Line(1, user, f"cus_{user}")) for user in ("ann", "bob", "carl", "dora")]
    assert has == [True, True, False, False]
    assert not later.has(Line(1, "ann", "cus_other"))


@pytest.mark.parametrize("cut", range(1, 40))
def test_one_that_was_cut_off_anywhere_loses_the_last_line_at_most(
    tmp_path: Path, cut: int
) -> None:
    with journal(tmp_path) as first:
        first.note([result("ann", "imported"), result("bob", "imported")])
    whole = first.path.read_text()
    first.path.write_text(whole[:-cut])
    with journal(tmp_path) as again:
        assert again.has(Line(1, "ann", "cus_ann"))
        again.note([result("carl", "imported")])
    last = journal(tmp_path)
    assert last.has(Line(1, "ann", "cus_ann"))
    assert last.has(Line(1, "carl", "cus_carl"))


@pytest.mark.parametrize("line", ["[]", "7", "null", '"imported"', "{}", '{"outcome": "imported"}'])
def test_a_line_that_is_no_result_says_nothing(tmp_path: Path, line: str) -> None:
    with journal(tmp_path) as first:
        first.note([result("ann", "imported")])
    with first.path.open("a") as out:
        out.write(f"{line}\n")
    with journal(tmp_path) as again:
        assert again.has(Line(1, "ann", "cus_ann"))
        again.note([result("bob", "imported")])
    assert journal(tmp_path).has(Line(1, "bob", "cus_bob"))


@pytest.mark.parametrize("other", [("other", API), ("acme", "https://else.example.com")])
def test_one_of_another_import_is_refused(tmp_path: Path, other: tuple[str, str]) -> None:
    with journal(tmp_path) as first:
        first.note([result("ann", "imported")])
    with pytest.raises(LocalError, match="is of another import"):
        journal(tmp_path, *other)


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_what_failed_can_be_imported_again(tmp_path: Path, suffix: str) -> None:
    left = [{"object_id": "sub_1", "detail": 'the catalog lacks "price_1", or so'}]
    failed = [result("a,nn", "incomplete", left_out=left), result("bob", "not_found")]
    path = write_failed(tmp_path / f"customers.{suffix}", failed)
    assert path is not None
    assert path.name == f"customers.failed.{suffix}"
    assert "sub_1" in path.read_text()
    failed[0]["customer_id"] = "cus_ann"
    path = write_failed(tmp_path / f"customers.{suffix}", failed)
    assert path is not None
    assert [(e.user_id, e.customer_id) for e in read(path)] == [
        ("a,nn", "cus_ann"),
        ("bob", "cus_bob"),
    ]
    assert write_failed(tmp_path / f"customers.{suffix}", []) is None
    assert not path.exists()
