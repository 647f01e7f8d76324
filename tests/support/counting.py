"""The accounts table's stream on moto, read for the function that counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from moto.dynamodb.models import dynamodb_backends

from billing.settings import settings
from functions.metrics.count import lambda_handler
from tests.support.push import ACCOUNT, REGION
from tests.support.requests import LambdaContext

Record = dict[str, Any]


@dataclass
class Counting:
    """What Lambda's event source does on AWS.

    Attributes:
        with_damage: whether to take records that its filter passes over, as of an item that was
            lost without a change of its account.
    """

    with_damage: bool = False
    _read: int = 0

    def changes(self) -> list[Record]:
        """Read what the stream has had since the last time, as the event source filters it."""
        table = dynamodb_backends[ACCOUNT][REGION].tables[settings().accounts_table]
        assert table.stream_shard is not None
        records = [item.to_json() for item in table.stream_shard.items[self._read :]]
        self._read += len(records)
        return [
            r for r in records if self.with_damage or r["dynamodb"]["Keys"]["sk"]["S"] == "access"
        ]

    def count(self, changes: list[Record] | None = None) -> list[Record]:
        """Count what has changed; return the records."""
        records = self.changes() if changes is None else changes
        if records:
            answer = lambda_handler({"Records": records}, LambdaContext())  # type: ignore[arg-type]  # stands in
            assert answer == {"batchItemFailures": []}
        return records
