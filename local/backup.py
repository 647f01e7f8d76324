"""Takes everything that the service remembers out of its tables, and puts it back.

`make backup STAGE=… FOLDER=…`, `make restore STAGE=… FOLDER=…`, and `make compare` of the two;
`make drill` does it all on the local stack: back up, wipe, restore, compare. A folder has a file a
table, an item a line, as DynamoDB's own exports have them, so what `aws dynamodb
export-table-to-point-in-time` wrote can be restored as well (docs/deployment.md).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from local import deploy
from local.backup_files import Item, Mark, count_of, items_in, mark_of, write_items
from local.console import LocalError, say
from local.place import STACK_NAME, Place, table_name

TABLES = (
    "NotificationsTable",
    "CatalogTable",
    "HistoryTable",
    "LedgerTable",
    "PointersTable",
    "AccountsTable",
)
"""In the order in which they are put back: the last one's stream tells of it what the others know.

What is made of the accounts, the figures of projects, is not among them.
"""

COUNTERS = "requests#"
"""How the keys of the ledger's counters of requests begin: they are the hour's, and no state."""

BATCH = 25
"""Items that DynamoDB writes at once."""

ATTEMPTS = 20
SHOWN = 5


class Tables:
    """The tables of one deployed stack, on AWS or on this machine."""

    def __init__(self, stack: str) -> None:
        """Find them.

        Raises:
            ClientError: there are no tables of such a stack.
        """
        client: Any = boto3.client
        if stack == STACK_NAME:
            client = partial(deploy.client, place=Place.from_environment())
        self.stack, self._dynamodb = stack, client("dynamodb")
        self._names = {table: table_name(stack, table) for table in TABLES}
        self._keys = {table: self._key_of(name) for table, name in self._names.items()}

    def _key_of(self, name: str) -> tuple[str, ...]:
        schema = self._dynamodb.describe_table(TableName=name)["Table"]["KeySchema"]
        return tuple(part["AttributeName"] for part in schema)

    def items(self, table: str) -> Iterator[Item]:
        """Read a table, consistently page by page."""
        pages = self._dynamodb.get_paginator("scan").paginate(
            TableName=self._names[table], ConsistentRead=True
        )
        return _state(item for page in pages for item in page["Items"])

    def export(self, folder: Path) -> None:
        """Write every item into a new folder.

        Raises:
            LocalError: the folder has something in it.
        """
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            message = f"{folder} is not empty; an export takes a folder of its own."
            raise LocalError(message)
        for table in TABLES:
            say(f"{table}: {write_items(folder, table, self.items(table))} items")

    def restore(self, folder: Path, *, resume: bool) -> None:
        """Put every item back into tables that are empty.

        Args:
            folder: of an export.
            resume: whether to go on with a restore that was interrupted: what is there stays.

        Raises:
            LocalError: a table is not empty, or the folder lacks one.
        """
        counts = {table: count_of(folder, table) for table in TABLES}
        full = [] if resume else [table for table in TABLES if next(self.items(table), None)]
        if full:
            message = f"Nothing was restored: {', '.join(full)} not empty."
            raise LocalError(message)
        for table in TABLES:
            put = self._put_if_absent if resume else self._put
            put(table, _state(items_in(folder, table)))
            say(f"{table}: {counts[table]} items")

    def _put(self, table: str, items: Iterable[Item]) -> None:
        rest = iter(items)
        while batch := list(islice(rest, BATCH)):
            self._write(table, [{"PutRequest": {"Item": item}} for item in batch])

    def _write(self, table: str, requests: list[Any]) -> None:
        """Write a batch, and again what DynamoDB had no room for."""
        wanted = {self._names[table]: requests}
        for _ in range(ATTEMPTS):
            wanted = self._dynamodb.batch_write_item(RequestItems=wanted)["UnprocessedItems"]
            if not wanted:
                return
        message = f"{table} does not take more; go on with --resume."
        raise LocalError(message)

    def _put_if_absent(self, table: str, items: Iterable[Item]) -> None:
        for item in items:
            try:
                self._dynamodb.put_item(
                    TableName=self._names[table],
                    Item=item,
                    ConditionExpression="attribute_not_exists(pk)",
                )
            except self._dynamodb.exceptions.ConditionalCheckFailedException:
                continue

    def compare(self, folder: Path) -> int:
        """Hold the tables against an export, item by item.

        Returns:
            How many items differ.
        """
        differing = 0
        for table in TABLES:
            mark: Callable[[Item], Mark] = partial(mark_of, self._keys[table])
            exported, present = (
                dict(map(mark, items))
                for items in (_state(items_in(folder, table)), self.items(table))
            )
            differ = sorted(
                key
                for key in exported.keys() | present.keys()
                if exported.get(key) != present.get(key)
            )
            differing += len(differ)
            said = f", {len(differ)} differ: {', '.join(differ[:SHOWN])}" if differ else ", equal"
            say(f"{table}: {len(exported)} exported, {len(present)} present{said}")
        return differing

    def wipe(self) -> None:
        """Delete every item of the local stack.

        Raises:
            LocalError: it is another stack.
        """
        if self.stack != STACK_NAME:
            message = f"Only {STACK_NAME} is wiped by this; see docs/deployment.md."
            raise LocalError(message)
        for table in TABLES:
            keys = [{name: item[name] for name in self._keys[table]} for item in self.items(table)]
            for begin in range(0, len(keys), BATCH):
                some = keys[begin : begin + BATCH]
                self._write(table, [{"DeleteRequest": {"Key": key}} for key in some])
            say(f"{table}: {len(keys)} items deleted")


def _state(items: Iterable[Item]) -> Iterator[Item]:
    """Leave out what is no state: AWS's own exports have it."""
    return (item for item in items if not item["pk"]["S"].startswith(COUNTERS))


def main(arguments: list[str] | None = None) -> int:
    """Do one step.

    Returns:
        The exit status: 0, or 1 with a message on stderr; 1 too where a comparison finds anything.
    """
    given = _parser().parse_args(arguments)
    try:
        return _do(given.step, Tables(given.stack), given.folder, resume=given.resume)
    except (BotoCoreError, ClientError, LocalError, OSError) as error:
        print(f"{given.step} failed: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local.backup", description=__doc__)
    parser.add_argument("step", choices=["backup", "restore", "compare", "wipe", "drill"])
    parser.add_argument("--stack", required=True, help="the CloudFormation stack's name")
    parser.add_argument(
        "--folder", required=True, type=Path, help="where the export is, or will be"
    )
    parser.add_argument("--resume", action="store_true", help="go on with an interrupted restore")
    return parser


def _do(step: str, tables: Tables, folder: Path, *, resume: bool) -> int:
    match step:
        case "backup":
            tables.export(folder)
        case "restore":
            tables.restore(folder, resume=resume)
        case "compare":
            return int(tables.compare(folder) > 0)
        case "wipe":
            tables.wipe()
        case "drill":
            return _drill(tables, folder)
    return 0


def _drill(tables: Tables, folder: Path) -> int:
    """Lose everything, and have it back."""
    say("▸ Back up")
    tables.export(folder)
    say("▸ Wipe")
    tables.wipe()
    say("▸ Restore")
    tables.restore(folder, resume=False)
    say("▸ Compare")
    differing = tables.compare(folder)
    say("The state is equal." if not differing else f"{differing} items differ.")
    return int(differing > 0)


if __name__ == "__main__":
    sys.exit(main())
