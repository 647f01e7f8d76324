"""Delivers: one message at a time, one attempt each; the queue keeps the order and the pace."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.metrics import MetricUnit

from billing.adapters.notification_queues import Ticket
from billing.domain.delivery import DeliveryState
from billing.notifications import deliveries_queue, delivering, open_delivering
from billing.observability import count, logger, measure
from billing.services.deliver import Outcome, deliver
from billing.settings import require_active

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

Record = dict[str, Any]

open_delivering()


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Try each message once; those to be tried again come back when it is time."""
    failed = [record["messageId"] for record in event["Records"] if not _is_done_with(record)]
    return {"batchItemFailures": [{"itemIdentifier": each} for each in failed]}


def _is_done_with(record: Record) -> bool:
    ticket = Ticket.read(record["body"])
    number = int(record["attributes"]["ApproximateReceiveCount"])
    try:
        require_active()
        outcome = deliver(ticket, number, delivering())
        if outcome.wait is not None:
            deliveries_queue().hide(record["receiptHandle"], outcome.wait)
    except Exception:  # noqa: BLE001 - the queue brings it back, and counts
        count("NotificationAttempt", outcome="unnoted")
        logger.exception("delivering failed", delivery=asdict(ticket))
        return False
    _tell(outcome, ticket)
    return outcome.wait is None


def _tell(outcome: Outcome, ticket: Ticket) -> None:
    delivery = outcome.delivery
    if delivery is None or not delivery.attempts:
        return
    last = delivery.attempts[-1]
    count("NotificationAttempt", outcome=delivery.state)
    if delivery.state is not DeliveryState.PENDING:
        measure("DeliveryFailed", delivery.state is DeliveryState.FAILED)
    if outcome.disabled:
        count("EndpointDisabled")
    if last.is_accepted:
        took = (last.at - delivery.created_at).total_seconds() * 1000 + last.milliseconds
        measure("NotificationLatency", took, MetricUnit.Milliseconds)
    logger.info(
        "delivery attempted",
        delivery=asdict(ticket),
        type=delivery.event_type,
        state=delivery.state,
        status=last.status,
        problem=last.problem,
        milliseconds=last.milliseconds,
        disabled=outcome.disabled,
    )
