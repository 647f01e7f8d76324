"""The webhook endpoint: verify, enqueue, answer. No other work, and no Stripe SDK.

It serves the function URL and `POST /api/v1/webhooks/stripe`; both send payload format 2.0.
"""

from __future__ import annotations

from aws_lambda_powertools.event_handler import Response

from billing.adapters.events_queue import send
from billing.adapters.stripe.signature import verify
from billing.composition import now
from billing.http import answer, create_app, lambda_handler_for, raw_body
from billing.observability import count
from billing.services.receive_event import receive_event
from billing.settings import secret, settings

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
    received = receive_event(body, livemode=settings().stripe_livemode, send=send)
    count("WebhookReceived", type=received.type, outcome=received.outcome)
    return answer({"received": True, "outcome": received.outcome, "event_id": received.event_id})


def signing_secrets() -> list[str]:
    """Return the current and, while it is rolled, the previous signing secret."""
    fields = secret(settings().stripe_webhook_secret)
    return [fields[name] for name in ("current", "previous") if name in fields]


lambda_handler = lambda_handler_for(app)
