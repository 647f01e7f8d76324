"""The tables of a deployed stack, as a backup reads and fills them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import boto3

from local import deploy
from local.backup_files import (
    Item,
    Manifest,
    Mark,
    mark_of,
    new_folder,
    read_backup,
    write_items,
    write_manifest,
)
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

COUNTERS = ("requests#", "attempts#")
"""How keys of counters begin: an hour's requests, and attempts under way, are no state."""

BATCH = 25
"""Items that DynamoDB writes at once."""

ATTEMPTS = 20
"""How often a batch is tried: for some four minutes, in which a table grows with its load."""

FIRST_PAUSE, LONGEST_PAUSE = 0.05, 20.0
"""Seconds before the rest is written again; each pause is twice the one before."""

SHOWN = 5


class Tables:
    """The tables of one deployed stack, on AWS or on this machine."""

    def __init__(self, stack: str, wait: Callable[[float], None] = time.sleep) -> None:
        """Find them.

        Args:
            stack: the CloudFormation stack's name.
            wait: waits for some seconds.

        Raises:
            ClientError: there are no tables of such a stack.
        """
        self._wait = wait
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
        """Write every item into a new folder, and then what the backup is of.

        Raises:
            LocalError: the folder has something in it.
        """
        new_folder(folder)
        started, counts = _now(), dict[str, int]()
        for table in TABLES:
            counts[table] = write_items(folder, table, self.items(table))
            say(f"{table}: {counts[table]} items")
        write_manifest(folder, Manifest(self.stack, started, _now(), counts))

    def restore(self, folder: Path, *, resume: bool) -> None:
        """Put every item back into tables that are empty.

        Args:
            folder: of an export.
            resume: whether to go on with a restore that was interrupted: what is there stays.

        Raises:
            LocalError: a table is not empty, or the backup is not whole.
        """
        backup = read_backup(folder, TABLES)
        say(f"Restoring {backup.about}")
        full = [] if resume else [table for table in TABLES if next(self.items(table), None)]
        if full:
            message = f"Nothing was restored: {', '.join(full)} not empty."
            raise LocalError(message)
        for table in TABLES:
            put = self._put_if_absent if resume else self._put
            count = put(table, _state(backup.items(table)))
            say(f"{table}: {count} items")

    def _put(self, table: str, items: Iterable[Item]) -> int:
        rest, count = iter(items), 0
        while batch := list(islice(rest, BATCH)):
            self._write(table, [{"PutRequest": {"Item": item}} for item in batch])
            count += len(batch)
        return count

    def _write(self, table: str, requests: list[Any]) -> None:
        """Write a batch, and again what DynamoDB had no room for."""
        wanted = {self._names[table]: requests}
        for attempt in range(ATTEMPTS):
            if attempt:
                self._wait(min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (attempt - 1)))
            wanted = self._dynamodb.batch_write_item(RequestItems=wanted)["UnprocessedItems"]
            if not wanted:
                return
        message = f"{table} does not take more; go on with --resume."
        raise LocalError(message)

    def _put_if_absent(self, table: str, items: Iterable[Item]) -> int:
        count = 0
        for item in items:
            count += 1
            try:
                self._dynamodb.put_item(
                    TableName=self._names[table],
                    Item=item,
                    ConditionExpression="attribute_not_exists(pk)",
                )
            except self._dynamodb.exceptions.ConditionalCheckFailedException:
                continue
        return count

    def compare(self, folder: Path) -> int:
        """Hold the tables against an export, item by item.

        Returns:
            How many items differ.

        Raises:
            LocalError: the backup is not whole.
        """
        backup, differing = read_backup(folder, TABLES), 0
        for table in TABLES:
            mark: Callable[[Item], Mark] = partial(mark_of, self._keys[table])
            exported, present = (
                dict(map(mark, items)) for items in (_state(backup.items(table)), self.items(table))
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


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _state(items: Iterable[Item]) -> Iterator[Item]:
    """Leave out what is no state: AWS's own exports have it."""
    return (item for item in items if not item["pk"]["S"].startswith(COUNTERS))
