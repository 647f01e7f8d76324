"""What `aws dynamodb export-table-to-point-in-time` wrote, as `aws s3 sync` brings it.

Below a table's prefix is a folder an export, with `manifest-summary.json`, which is written when
the export ends, and the items in `data/`
(https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataExport.Output.html).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.console import LocalError

SUMMARY = "manifest-summary.json"


@dataclass(frozen=True)
class Export:
    """One export of one table.

    Attributes:
        at: the instant that it is of.
        items: how many it has.
    """

    at: str
    items: int
    files: Sequence[Path]


def exports_of_aws(folder: Path, tables: Sequence[str]) -> dict[str, Export]:
    """Find the one export of each table.

    Raises:
        LocalError: a table has none, or several, or one that is no whole state in DynamoDB's JSON;
            or they are of different instants.
    """
    exports = {table: _export_of(folder, table) for table in tables}
    if len({export.at for export in exports.values()}) > 1:
        times = "\n".join(f"  {table}: {export.at}" for table, export in exports.items())
        message = (
            f"The exports in {folder} are not of one instant. "
            f"Export all tables again with the same --export-time:\n{times}"
        )
        raise LocalError(message)
    return exports


def _export_of(folder: Path, table: str) -> Export:
    summaries = sorted((folder / table).rglob(SUMMARY))
    if not summaries:
        message = (
            f"{folder} has no export of {table}: no {SUMMARY} is below {folder / table}. "
            "Wait until `aws dynamodb describe-export` says COMPLETED, and sync again."
        )
        raise LocalError(message)
    if len(summaries) > 1:
        found = "\n".join(f"  {path.parent}" for path in summaries)
        message = (
            f"{folder} has {len(summaries)} exports of {table}, and one is restored. "
            f"Keep the one that you want, and move the others away:\n{found}"
        )
        raise LocalError(message)
    (summary,) = summaries
    told: dict[str, Any] = json.loads(summary.read_text())
    if told.get("exportType", "FULL_EXPORT") != "FULL_EXPORT":
        message = (
            f"{summary.parent} is an incremental export, which has changes and no state. "
            "Make one with --export-type FULL_EXPORT."
        )
        raise LocalError(message)
    if told["outputFormat"] != "DYNAMODB_JSON":
        message = (
            f"{summary.parent} is in the format {told['outputFormat']}. "
            "Make one with --export-format DYNAMODB_JSON."
        )
        raise LocalError(message)
    files = sorted((summary.parent / "data").glob("*.json.gz"))
    return Export(str(told["exportTime"]), int(told["itemCount"]), files)
