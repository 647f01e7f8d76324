"""Counts what changed: from the accounts table's stream into the figures of projects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from billing.composition import now
from billing.domain.account import AccountKey
from billing.observability import count, logger
from billing.services.count_account import count_account
from billing.stores import account_store, figures_store, open_stores

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

open_stores()


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Count the accounts of a batch, each once; report from where it is to come again.

    A record only says that an account has changed: what is counted is the account as it is, so
    neither order nor repetition matters.
    """
    changed = {r["dynamodb"]["Keys"]["pk"]["S"]: _number(r) for r in reversed(event["Records"])}
    failed = [number for account, number in changed.items() if not _counts(account)]
    first = [{"itemIdentifier": min(failed, key=int)}] if failed else []
    return {"batchItemFailures": first}


def _counts(account: str) -> bool:
    try:
        count_account(
            AccountKey.parse(account), accounts=account_store(), figures=figures_store(), now=now()
        )
    except Exception:  # noqa: BLE001 - the stream brings it back, and counts
        count("AccountsCounted", outcome="failed")
        logger.exception("counting failed")
        return False
    count("AccountsCounted", outcome="counted")
    return True


def _number(record: dict[str, Any]) -> str:
    return str(record["dynamodb"]["SequenceNumber"])
