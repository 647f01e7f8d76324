"""The webhook endpoint: verify, enqueue, answer. No other work, and no Stripe SDK.

It serves the function URL and `POST /api/v1/webhooks/stripe`; both send payload format 2.0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import botocore.session
from aws_lambda_powertools.event_handler import Response
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from billing.adapters.stripe.signature import verify
from billing.composition import now, once
from billing.domain.errors import NotConfigured, TryAgain
from billing.http import answer, create_app, lambda_handler_for, raw_body
from billing.observability import count
from billing.services.receive_event import Message, receive_event
from billing.settings import secret, settings

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

BODY_LIMIT = 1024 * 1024
"""Bytes; Stripe's events stay far below."""

app = create_app()


@app.post("/")
@app.post("/api/v1/webhooks/stripe")
def receive() -> Response[str]:
    """Take an event that Stripe signed."""
    event = app.current_event.raw_event
    body = raw_body(event, BODY_LIMIT)
    verify(body, app.current_event.headers.get("stripe-signature"), signing_secrets(), now())
    received = receive_event(body, livemode=settings().stripe_livemode, send=_send)
    count("WebhookReceived", type=received.type, outcome=received.outcome)
    return answer({"received": True, "outcome": received.outcome, "event_id": received.event_id})


def signing_secrets() -> list[str]:
    """Return the current and, while it is rolled, the previous signing secret."""
    fields = secret(settings().stripe_webhook_secret)
    return [fields[name] for name in ("current", "previous") if name in fields]


def _send(message: Message) -> None:
    if not settings().events_queue_url:
        raise NotConfigured("EVENTS_QUEUE_URL is not set.")
    try:
        queue().send_message(
            QueueUrl=settings().events_queue_url,
            MessageBody=message.body,
            MessageGroupId=message.group,
            MessageDeduplicationId=message.deduplication,
        )
    except (BotoCoreError, ClientError) as error:
        raise TryAgain("The queue did not take the event.") from error


@once
def queue() -> SQSClient:
    """Compose the queue's client: kept open while the process is warm."""
    config = Config(connect_timeout=1, read_timeout=3, retries={"total_max_attempts": 2})
    client = botocore.session.get_session().create_client("sqs", config=config)
    return cast("SQSClient", client)


lambda_handler = lambda_handler_for(app)
