"""Several items put as one transaction, and what it means when it is cancelled."""

from __future__ import annotations

from typing import Any

from pynamodb.exceptions import TransactWriteError
from pynamodb.models import Model
from pynamodb.transactions import TransactWrite

from billing.adapters.dynamo.connection import connection
from billing.adapters.dynamo.models import (
    AccessItem,
    HistoryItem,
    LedgerItem,
    PointerItem,
)
from billing.domain.changes import Written
from billing.domain.errors import TryAgain

Condition = Any  # pynamodb does not type its conditions
Step = tuple[Model, Condition]
"""An item to put, and its condition."""


def transact(steps: list[Step]) -> Written:
    """Put all items, or none.

    Raises:
        TryAgain: DynamoDB is throttling or failing. Where it did not answer, it may still have
            written all; whoever does it again learns that from the conditions.
    """
    try:
        with TransactWrite(connection=connection()) as transaction:
            for item, condition in steps:
                transaction.save(item, condition=condition)
    except TransactWriteError as error:
        return _judge(error, [type(item) for item, _ in steps])
    return Written.DONE


def _judge(error: TransactWriteError, kinds: list[type[Model]]) -> Written:
    """Say what a cancelled transaction means, from the first of its reasons that decides."""
    reasons = error.cancellation_reasons
    failed = [
        kind
        for kind, reason in zip(kinds, reasons, strict=False)
        if reason and reason.code == "ConditionalCheckFailed"
    ]
    if LedgerItem in failed:
        return Written.DUPLICATE
    if AccessItem in failed:
        return Written.RACED
    if HistoryItem in failed:
        return Written.BEHIND
    if PointerItem in failed:
        return Written.TAKEN
    if any(reason and reason.code == "TransactionConflict" for reason in reasons):
        return Written.RACED
    if reasons:
        raise TryAgain("The database did not take the write.") from error
    raise error
