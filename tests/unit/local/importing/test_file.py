"""The file of an import: read whole, and refused whole where a line is bad."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.console import LocalError
from local.importing.file import BadFile, Line, read

ANN, BOB = ("ann", "cus_1"), ("bob", "cus_2")


def lines(folder: Path, text: str, suffix: str = "csv", *, several: bool = False) -> list[Line]:
    file = folder / f"customers.{suffix}"
    file.write_bytes(text.encode())
    return read(file, may_have_several=several)


def pairs(found: list[Line]) -> list[tuple[str, str]]:
    return [(line.user_id, line.customer_id) for line in found]


@pytest.mark.parametrize(
    ("suffix", "text"),
    [
        ("csv", "user_id,stripe_customer_id\nann,cus_1\nbob,cus_2\n"),
        ("csv", "ann,cus_1\r\nbob,cus_2\r\n"),
        ("csv", "stripe_customer_id,why,user_id\ncus_1,x,ann\n\ncus_2,,bob"),
        ("csv", '\ufeffuser_id,stripe_customer_id\n"ann",cus_1 \n"bob", cus_2\n'),
        ("csv", "ann,cus_1\nann,cus_1\nbob,cus_2\nbob,cus_2\n"),
        (
            "jsonl",
            (
                '{"user_id": "ann", "stripe_customer_id": "cus_1"}\n\n'
                '{"stripe_customer_id": "cus_2", "user_id": "bob", "why": "later"}\n'
            ),
        ),
    ],
)
def test_it_is_read(tmp_path: Path, suffix: str, text: str) -> None:
    assert pairs(lines(tmp_path, text, suffix)) == [ANN, BOB]


def test_a_user_id_is_taken_as_it_is(tmp_path: Path) -> None:
    user = ' a "user", or two; \N{SNOWMAN} '
    assert pairs(lines(tmp_path, '" a ""user"", or two; \N{SNOWMAN} ",cus_1\n')) == [
        (user, "cus_1")
    ]


def test_a_line_knows_its_number(tmp_path: Path) -> None:
    text = "user_id,stripe_customer_id\n\nann,cus_1\n"
    assert [line.number for line in lines(tmp_path, text)] == [3]


@pytest.mark.parametrize(
    ("suffix", "line", "problem"),
    [
        ("csv", "carl", "has not the two columns"),
        ("csv", ",cus_3", "user_id must have 1 to 256 characters"),
        ("csv", "carl,", "is no id of Stripe's"),
        ("csv", "carl,cus 3", "is no id of Stripe's"),
        ("csv", "carl,..", "is no id of Stripe's"),
        ("csv", "ca\x07rl,cus_3", "control characters"),
        ("csv", "carl,cus_1", "gives the customer of line 1 away"),
        ("csv", "ann,cus_3", "--several-customers"),
        ("csv", '"carl,cus_3', "is not CSV"),
        ("jsonl", "carl,cus_3", "is not JSON"),
        ("jsonl", '["carl", "cus_3"]', "needs the texts"),
        ("jsonl", '{"user_id": 3, "stripe_customer_id": "cus_3"}', "needs the texts"),
    ],
)
def test_a_bad_line_is_told_with_its_number(
    tmp_path: Path, suffix: str, line: str, problem: str
) -> None:
    first = "ann,cus_1"
    if suffix == "jsonl":
        first = '{"user_id": "ann", "stripe_customer_id": "cus_1"}'
    with pytest.raises(BadFile) as refused:
        lines(tmp_path, f"{first}\n{line}\n", suffix)
    assert "1 bad lines" in str(refused.value)
    assert "line 2: " in str(refused.value)
    assert problem in str(refused.value)


def test_of_many_bad_lines_some_are_told(tmp_path: Path) -> None:
    with pytest.raises(BadFile) as refused:
        lines(tmp_path, "carl,\n" * 50)
    assert "50 bad lines" in str(refused.value)
    assert "… and 30 more" in str(refused.value)


def test_a_user_may_have_several_customers_where_that_is_said(tmp_path: Path) -> None:
    found = lines(tmp_path, "ann,cus_1\nann,cus_2\n", several=True)
    assert pairs(found) == [ANN, ("ann", "cus_2")]


@pytest.mark.parametrize("text", ["", "\n\n", "user_id,stripe_customer_id\n"])
def test_a_file_without_a_customer_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadFile):
        lines(tmp_path, text)


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match="cannot be read"):
        read(tmp_path / "nothing.csv")
    (tmp_path / "latin.csv").write_bytes(b"J\xfcrgen,cus_1\n")
    with pytest.raises(LocalError, match="cannot be read"):
        read(tmp_path / "latin.csv")
