"""From the queue to the one door. A failed event holds back its group, and no other."""

from __future__ import annotations

import json
from typing import Any

from billing import cold_start
from billing.adapters.stripe.gateway import gateway
from billing.composition import now
from billing.domain.changes import OutcomeKind
from billing.lines import Context, Lines
from billing.services.apply_stripe_event import Collaborators, apply_stripe_event
from billing.stores import account_store, cached_catalog, open_stores
from functions.webhooks.payments import failure_of_payment, is_decline

lines = Lines()


def apply_message(text: str) -> None:
    """Apply the event of one message; what it raises sends the message back to the queue."""
    payload = json.loads(text)
    using = Collaborators(account_store(), cached_catalog(), gateway)
    try:
        outcome = apply_stripe_event(payload, using=using, now=now())
    except Exception as error:
        _count("WebhookProcessed", type=str(payload.get("type")), outcome="failed")
        _note("WebhookFailed", 1)
        about = {"event_id": payload.get("id"), "type": payload.get("type")}
        lines.error("apply_message", "event failed", error, **about)
        raise
    _count("WebhookProcessed", type=str(payload.get("type")), outcome=outcome.kind)
    _note("WebhookFailed", 0)
    if outcome.kind is OutcomeKind.PARKED:
        _count("EventParked")
    if outcome.kind is not OutcomeKind.DUPLICATE:
        _tell_of_money(payload)
    lines.log(
        "INFO",
        "apply_message",
        "event processed",
        event_id=outcome.cause_id,
        type=payload.get("type"),
        outcome=outcome.kind,
        reason=outcome.reason,
    )


def _tell_of_money(payload: dict[str, Any]) -> None:
    failed = failure_of_payment(payload)
    if failed is not None:
        _note("PaymentFailed", int(failed))
    if is_decline(payload):
        _count("PaymentDeclined")


def _count(name: str, **dimensions: str) -> None:
    lines.metric(name, "Count", [1], **dimensions)


def _note(name: str, failed: int) -> None:
    """Note one more of what may fail: the average is the rate, without a sum over dimensions."""
    lines.metric(name, "Count", [failed])


def lambda_handler(event: dict[str, Any], context: Context) -> dict[str, Any]:
    """Apply a batch, in the order of each group; report what is to be delivered again."""
    lines.begin(context)
    failed: list[str] = []
    held_back: set[str] = set()
    for record in event["Records"]:
        group = record["attributes"]["MessageGroupId"]
        if group in held_back or not _is_applied(record["body"]):
            held_back.add(group)
            failed.append(record["messageId"])
    return {"batchItemFailures": [{"itemIdentifier": each} for each in failed]}


def _is_applied(text: str) -> bool:
    try:
        apply_message(text)
    except Exception:  # noqa: BLE001 - whatever it is, the queue delivers the message again
        return False
    return True


open_stores()

cold_start.is_over()
