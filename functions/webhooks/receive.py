"""The webhook endpoint: verify, enqueue, answer. No other work, and no SDK, Stripe's or AWS's.

It serves the function URL and `POST /api/v1/webhooks/stripe`; both send payload format 2.0.
"""

from __future__ import annotations

from billing import cold_start
from billing.adapters.events_queue import queue, send
from billing.adapters.stripe.signature import verify
from billing.composition import now
from billing.domain.errors import NoSuchRoute
from billing.lean_http import Event, lambda_handler_for
from billing.lines import Lines
from billing.reply import Reply, json_reply
from billing.request import header, raw_body
from billing.services.receive_event import receive_event
from billing.settings import require_active, secret, settings

BODY_LIMIT = 1024 * 1024
"""Bytes; Stripe's events stay far below."""

PATH = "/api/v1/webhooks/stripe"

lines = Lines()


def receive(event: Event) -> Reply:
    """Take an event that Stripe signed; a region that stands by lets Stripe try again."""
    require_active()
    body = raw_body(event, BODY_LIMIT)
    verify(body, header(event, "stripe-signature"), signing_secrets(), now())
    received = receive_event(body, livemode=settings().stripe_livemode, send=send)
    lines.metric("WebhookReceived", "Count", [1], type=received.type, outcome=received.outcome)
    return json_reply(
        {"received": True, "outcome": received.outcome, "event_id": received.event_id}
    )


def receive_at_url(event: Event) -> Reply:
    """Take an event at the function URL, which passes every method and path on."""
    http = event["requestContext"]["http"]
    if http["method"] != "POST" or http["path"] not in ("/", PATH):
        raise NoSuchRoute("No such route.")
    return receive(event)


def signing_secrets() -> list[str]:
    """Return the current and, while it is rolled, the previous signing secret."""
    fields = secret(settings().stripe_webhook_secret)
    return [fields[name] for name in ("current", "previous") if name in fields]


ROUTES = {f"POST {PATH}": receive, "$default": receive_at_url}

lambda_handler = lambda_handler_for(ROUTES, lines)

if settings().events_queue_url:
    queue()  # in init, which is faster than the first call, and not waited for by anybody

cold_start.is_over()
