"""Items of the catalog table, one at a time and several in one transaction."""

from __future__ import annotations

from typing import Any

from pynamodb.exceptions import DoesNotExist, TransactWriteError
from pynamodb.transactions import TransactWrite

from billing.adapters.dynamo.connection import connection
from billing.adapters.dynamo.models import CatalogItem, bind
from billing.domain.errors import TryAgain
from billing.settings import Settings

Step = tuple[CatalogItem, Any]
"""An item to put, and the condition on what is there, which pynamodb does not type."""

ABSENT: Any = CatalogItem.pk.does_not_exist()
PRESENT: Any = CatalogItem.pk.exists()


class CatalogTable:
    """The catalog table as items; `CatalogStore` gives them their meaning."""

    def __init__(self, settings: Settings) -> None:
        """Bind the models to this deployment's tables."""
        bind(settings)

    def get(self, pk: str, sk: str) -> CatalogItem | None:
        """Read an item as it is this moment."""
        try:
            return CatalogItem.get(pk, sk, consistent_read=True)
        except DoesNotExist:
            return None

    def put(self, steps: list[Step]) -> list[CatalogItem]:
        """Put all items in one transaction, or none; return those whose condition failed.

        Raises:
            TryAgain: others are writing the same items, or DynamoDB is throttling.
        """
        try:
            with TransactWrite(connection=connection()) as transaction:
                for item, condition in steps:
                    transaction.save(item, condition=condition)
        except TransactWriteError as error:
            codes = [reason.code if reason else "" for reason in error.cancellation_reasons]
            refused = [
                item
                for (item, _), code in zip(steps, codes, strict=False)
                if code == "ConditionalCheckFailed"
            ]
            if refused:
                return refused
            if not _PASSING.isdisjoint(codes):
                raise TryAgain("The database did not take the write.") from error
            raise
        return []


_PASSING = frozenset({"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"})
"""Reasons for a cancelled transaction that pass by themselves."""
