"""What an import has done so far, beside its file, so that it goes on where it was killed."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from local.console import LocalError
from local.importing.file import CUSTOMER, JSON_LINES, USER, Line

Json = dict[str, Any]

SETTLED = frozenset({"imported", "already"})
"""Outcomes that are not asked for again."""


@dataclass
class Journal:
    """`FILE.progress.jsonl`: a line says for which project and service, one a customer the rest.

    It only spares time: a customer that the service has is answered `already`, so a journal that
    was lost, or that ends in the middle of a line, loses nothing and doubles nothing.
    """

    path: Path
    about: Json
    settled: dict[str, Json] = field(default_factory=dict)
    _file: IO[str] | None = None

    @classmethod
    def beside(cls, file: Path, project_id: str, api: str) -> Journal:
        """Find what an earlier run has done.

        Raises:
            LocalError: it is of another project or service.
        """
        journal = cls(
            file.with_name(f"{file.name}.progress.jsonl"), {"project_id": project_id, "api": api}
        )
        lines = journal.path.read_text().splitlines() if journal.path.exists() else []
        for number, line in enumerate(lines):
            noted = _parsed(line)
            if number == 0 and noted != journal.about:
                message = f"{journal.path} is of another import; move it away to begin anew."
                raise LocalError(message)
            if noted.get("outcome") in SETTLED:
                journal.settled[_mark(noted.get("user_id"), noted.get("customer_id"))] = noted
        return journal

    def __enter__(self) -> Self:
        """Open it, and end a line that was cut off."""
        if not self.path.exists():
            begun = self.path.with_suffix(".new")
            begun.write_text(json.dumps(self.about))
            begun.replace(self.path)
        self._file = self.path.open("a")
        self._file.write("\n")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """Close it."""
        if self._file:
            self._file.close()

    def has(self, line: Line) -> bool:
        """Whether a line needs not be sent."""
        return _mark(line.user_id, line.customer_id) in self.settled

    def note(self, results: Iterable[Json]) -> None:
        """Note what became of customers, for good."""
        if self._file is None:
            return  # a dry run
        self._file.writelines(json.dumps(result) + "\n" for result in results)
        self._file.flush()
        os.fsync(self._file.fileno())


def _mark(user_id: str | None, customer_id: str | None) -> str:
    return json.dumps([user_id, customer_id])


def _parsed(line: str) -> Json:
    """Read a line; one that was cut off, or is no object, says nothing."""
    try:
        found = json.loads(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def write_failed(file: Path, failed: list[Json]) -> Path | None:
    """Write the customers that did not come through, as a file that can be imported again.

    Returns:
        Where, or `None` where all came through; what an earlier run wrote is gone then.
    """
    path = file.with_name(f"{file.stem}.failed{file.suffix}")
    if not failed:
        path.unlink(missing_ok=True)
        return None
    rows = [
        {USER: each["user_id"], CUSTOMER: each["customer_id"], "why": why(each)} for each in failed
    ]
    with path.open("w", newline="") as out:
        if file.suffix in JSON_LINES:
            out.writelines(json.dumps(row) + "\n" for row in rows)
        else:
            writer = csv.DictWriter(out, [USER, CUSTOMER, "why"], lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    return path


def why(result: Json) -> str:
    """Say in words why a customer did not come through."""
    left = [f"{each['object_id']} {each['detail']}" for each in result.get("left_out", ())]
    return "; ".join([result["outcome"], *filter(None, [result.get("detail", "")]), *left])
