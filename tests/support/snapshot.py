"""All that the service remembers of accounts, taken and put back."""

from __future__ import annotations

from typing import Any

import boto3

from billing.settings import Settings

Item = dict[str, Any]


class Snapshots:
    """All tables but the notifications, raw; the catalog only `with_catalog`.

    How often a key asked is remembered of no account, and left out.
    """

    def __init__(self, settings: Settings, *, with_catalog: bool = False) -> None:
        self._client = boto3.client("dynamodb", region_name="eu-west-1")
        self._tables: dict[str, tuple[str, ...]] = {
            settings.accounts_table: ("pk", "sk"),
            settings.history_table: ("pk", "sk"),
            settings.pointers_table: ("pk",),
            settings.ledger_table: ("pk",),
            settings.metrics_table: ("pk", "sk"),
        }
        if with_catalog:
            self._tables[settings.catalog_table] = ("pk", "sk")

    def take(self) -> dict[str, list[Item]]:
        """Return every item, in a fixed order."""
        return {
            table: sorted(
                self._items(table),
                key=lambda item, keys=keys: [item[k]["S"] for k in keys],  # type: ignore[misc]
            )
            for table, keys in self._tables.items()
        }

    def _items(self, table: str) -> list[Item]:
        pages = self._client.get_paginator("scan").paginate(TableName=table)
        found = (item for page in pages for item in page["Items"])
        return [item for item in found if not item["pk"]["S"].startswith("requests#")]

    def restore(self, snapshot: dict[str, list[Item]]) -> None:
        """Make the tables hold exactly these items."""
        present = self.take()
        for table, keys in self._tables.items():
            now_there = {repr(item): item for item in present[table]}
            wanted = {repr(item): item for item in snapshot[table]}
            for text, item in now_there.items():
                if text not in wanted:
                    key = {k: item[k] for k in keys}
                    self._client.delete_item(TableName=table, Key=key)
            for text, item in wanted.items():
                if text not in now_there:
                    self._client.put_item(TableName=table, Item=item)
