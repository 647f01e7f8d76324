"""From the queue to the one door. A failed event holds back its group, and no other."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.utilities.batch import SqsFifoPartialProcessor, process_partial_response

from billing.adapters.stripe.gateway import gateway
from billing.composition import now
from billing.domain.changes import OutcomeKind
from billing.observability import count, logger
from billing.services.apply_stripe_event import Collaborators, apply_stripe_event
from billing.stores import account_store, cached_catalog

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
    from aws_lambda_powertools.utilities.typing import LambdaContext


def apply_record(record: SQSRecord) -> None:
    """Apply the event of one message; what it raises sends the message back to the queue."""
    payload = json.loads(record.body)
    using = Collaborators(account_store(), cached_catalog(), gateway)
    try:
        outcome = apply_stripe_event(payload, using=using, now=now())
    except Exception:
        count("WebhookProcessed", type=str(payload.get("type")), outcome="failed")
        logger.exception("event failed", event_id=payload.get("id"), type=payload.get("type"))
        raise
    count("WebhookProcessed", type=str(payload.get("type")), outcome=outcome.kind)
    if outcome.kind is OutcomeKind.PARKED:
        count("EventParked")
    logger.info(
        "event processed",
        event_id=outcome.cause_id,
        type=payload.get("type"),
        outcome=outcome.kind,
        reason=outcome.reason,
    )


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Apply a batch, in the order of each group; report what is to be delivered again."""
    processor = SqsFifoPartialProcessor(skip_group_on_error=True)
    # A batch of one that fails is reported like any other, not raised as a crash of the function.
    processor.raise_on_entire_batch_failure = False
    return process_partial_response(event, apply_record, processor, context)
