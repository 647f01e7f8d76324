"""The file that says which customer each user is: CSV or JSON lines, read whole before all else."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from billing.domain.account_key import user_id_problem
from local.console import LocalError

USER, CUSTOMER = "user_id", "stripe_customer_id"
JSON_LINES = (".jsonl", ".ndjson")
MOST_TOLD = 20
"""Bad lines that are told one by one; of the others only how many there are."""

_CUSTOMER_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:@-]{0,254}")


@dataclass(frozen=True, slots=True)
class Line:
    """One customer; `number` is the line's, from 1."""

    number: int
    user_id: str
    customer_id: str


class BadFile(LocalError):
    """Lines that cannot be meant; nothing was sent."""

    def __init__(self, file: str, problems: list[tuple[int, str]]) -> None:
        """List them by their numbers."""
        told = [f"  line {number}: {problem}" for number, problem in problems[:MOST_TOLD]]
        if len(problems) > MOST_TOLD:
            told.append(f"  … and {len(problems) - MOST_TOLD} more")
        lines = "\n".join(told)
        super().__init__(f"Nothing was sent: {file} has {len(problems)} bad lines.\n{lines}")


def read(path: Path, *, may_have_several: bool = False) -> list[Line]:
    """Read all lines of a file; one that is there twice counts once.

    Args:
        path: JSON lines where it ends so (`.jsonl`), else CSV, with a header or without.
        may_have_several: whether one user may have several customers.

    Raises:
        LocalError: it cannot be read.
        BadFile: some lines are bad.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        message = f"{path} cannot be read: {error}"
        raise LocalError(message) from error
    problems: list[tuple[int, str]] = []
    lines: list[Line] = []
    rows = _json_lines(text) if path.suffix in JSON_LINES else _csv(text)
    for number, row in rows:
        problem = row if isinstance(row, str) else _problem(*row)
        if problem:
            problems.append((number, problem))
        else:
            lines.append(Line(number, *row))
    kept = list(_once(lines, problems, may_have_several=may_have_several))
    if not kept and not problems:
        problems.append((1, f"there is no line with {USER} and {CUSTOMER}"))
    if problems:
        raise BadFile(str(path), sorted(problems))
    return kept


Row = tuple[str, str] | str
"""User and customer, or what is wrong with the line."""


def _csv(text: str) -> Iterator[tuple[int, Row]]:
    columns: tuple[int, int] | None = None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        for cells in reader:
            if not any(cells):
                continue
            if columns is None:
                named = [cell.strip() for cell in cells]
                columns = (0, 1)
                if USER in named and CUSTOMER in named:
                    columns = (named.index(USER), named.index(CUSTOMER))
                    continue
            if len(cells) <= max(columns):
                yield reader.line_num, f"has not the two columns {USER},{CUSTOMER}"
            else:
                yield reader.line_num, (cells[columns[0]], cells[columns[1]].strip())
    except csv.Error as error:
        yield reader.line_num, f"is not CSV: {error}"


def _json_lines(text: str) -> Iterator[tuple[int, Row]]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            found: Any = json.loads(line)
        except ValueError:
            yield number, "is not JSON"
            continue
        user_id, customer_id = (
            found.get(name) if isinstance(found, dict) else None for name in (USER, CUSTOMER)
        )
        if isinstance(user_id, str) and isinstance(customer_id, str):
            yield number, (user_id, customer_id)
        else:
            yield number, f"needs the texts {USER} and {CUSTOMER}"


def _problem(user_id: str, customer_id: str) -> str | None:
    problem = user_id_problem(user_id)
    if problem:
        return f"{USER} {problem}"
    if not _CUSTOMER_ID.fullmatch(customer_id):
        return f"{CUSTOMER} is no id of Stripe's, such as cus_NffrFeUfNV2Hib"
    return None


def _once(
    lines: Iterable[Line], problems: list[tuple[int, str]], *, may_have_several: bool
) -> Iterator[Line]:
    customers: dict[str, Line] = {}
    users: dict[str, Line] = {}
    for line in lines:
        same, user = customers.setdefault(line.customer_id, line), users.get(line.user_id)
        users.setdefault(line.user_id, line)
        if same is not line:
            if same.user_id != line.user_id:
                problems.append((line.number, f"gives the customer of line {same.number} away"))
        elif user and not may_have_several:
            several = "--several-customers allows it"
            problem = f"gives the user of line {user.number} another customer; {several}"
            problems.append((line.number, problem))
        else:
            yield line
