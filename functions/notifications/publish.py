"""Announces what changed: from the accounts table's stream, and from wake-ups at an instant."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from billing.adapters.dynamo.stream import account_change
from billing.adapters.notification_queues import WakeUp
from billing.composition import now
from billing.notifications import announcing, open_announcing
from billing.observability import count, logger
from billing.services.announce import announce, wake
from billing.settings import require_active

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from billing.domain.notification import Notification

Record = dict[str, Any]

QUEUE = "aws:sqs"

open_announcing()


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Announce a batch; report what is to come again.

    Changes keep their order, so all that is behind one that failed comes again with it. Wake-ups
    have none.
    """
    records: Sequence[Record] = event["Records"]
    if records[0]["eventSource"] == QUEUE:
        failed = [r["messageId"] for r in records if not _succeeds(_wake, r, r["messageId"])]
    else:
        numbered = ((r["dynamodb"]["SequenceNumber"], r) for r in records)
        lost = (number for number, r in numbered if not _succeeds(_announce, r, number))
        failed = [number for number in [next(lost, None)] if number]
    return {"batchItemFailures": [{"itemIdentifier": each} for each in failed]}


def _succeeds(do: Callable[[Record], list[Notification]], record: Record, name: str) -> bool:
    try:
        require_active()
        told = do(record)
    except Exception:  # noqa: BLE001 - the source brings it back, and counts
        count("NotificationsAnnounced", outcome="failed")
        logger.exception("announcing failed", record=name)
        return False
    for notification in told:
        count("NotificationsAnnounced", outcome="announced")
        logger.info("announced", message_id=notification.id, type=notification.type)
    return True


def _announce(record: Record) -> list[Notification]:
    change = account_change(record)
    return announce(change, announcing(), now()) if change else []


def _wake(record: Record) -> list[Notification]:
    return wake(WakeUp.read(record["body"]), announcing(), now())
