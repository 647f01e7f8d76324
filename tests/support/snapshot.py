"""All that the service remembers of accounts, taken and put back."""

from __future__ import annotations

from typing import Any

import boto3

from billing.settings import Settings

Item = dict[str, Any]


class Snapshots:
    """The accounts, pointers, ledger and history tables, raw; `with_catalog` that one, too."""

    def __init__(self, settings: Settings, *, with_catalog: bool = False) -> None:
        self._client = boto3.client("dynamodb", region_name="eu-west-1")
        self._tables: dict[str, tuple[str, ...]] = {
            settings.accounts_table: ("pk", "sk"),
            settings.history_table: ("pk", "sk"),
            settings.pointers_table: ("pk",),
            settings.ledger_table: ("pk",),
        }
        if with_catalog:
            self._tables[settings.catalog_table] = ("pk", "sk")

    def take(self) -> dict[str, list[Item]]:
        """Return every item, in a fixed order."""
        return {
            table: sorted(
                self._client.scan(TableName=table)["Items"],
                key=lambda item, keys=keys: [item[k]["S"] for k in keys],  # type: ignore[misc]
            )
            for table, keys in self._tables.items()
        }

    def restore(self, snapshot: dict[str, list[Item]]) -> None:
        """Make the tables hold exactly these items."""
        present = self.take()
        for table, keys in self._tables.items():
            for item in present[table]:
                if item not in snapshot[table]:
                    key = {k: item[k] for k in keys}
                    self._client.delete_item(TableName=table, Key=key)
            for item in snapshot[table]:
                if item not in present[table]:
                    self._client.put_item(TableName=table, Item=item)
