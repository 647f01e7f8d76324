"""What to do with an event whose signature holds: queue it, or say why not."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from billing.adapters.events_queue import Message
from billing.adapters.stripe.translate import UnreadableShape, is_thin, read_claim, read_event
from billing.domain.errors import MalformedRequest
from billing.services.apply_stripe_event import EVENT_HANDLERS, reference_to

MESSAGE_LIMIT = 250_000
"""Characters of a message; SQS has always taken 256 KiB. A larger event is sent by reference."""

_GROUP = re.compile(r"[A-Za-z0-9_-]{1,128}", re.ASCII)


class Reception(StrEnum):
    """The closed list of what becomes of an event at the door."""

    QUEUED = "queued"
    IGNORED_THIN = "ignored_thin"
    IGNORED_MODE = "ignored_mode"
    IGNORED_TYPE = "ignored_type"


@dataclass(frozen=True, slots=True)
class Received:
    """What became of an event. `type` is `other` where it is none that is handled."""

    outcome: Reception
    type: str
    event_id: str


def receive_event(body: bytes, *, livemode: bool, send: Callable[[Message], None]) -> Received:
    """Queue an event, unless it is of no concern here.

    Args:
        body: whose signature holds.
        livemode: which of Stripe's modes this stage serves; an event of the other changes nothing.
        send: puts a message on the queue, or raises.

    Raises:
        MalformedRequest: it is not an event.
    """
    payload = _payload(body)
    event_id, type_ = payload.get("id"), payload.get("type")
    if not (isinstance(event_id, str) and isinstance(type_, str) and event_id and type_):
        raise MalformedRequest("The body is not a Stripe event: it has no id or no type.")
    if is_thin(payload):
        return Received(Reception.IGNORED_THIN, "other", event_id)
    if type_ not in EVENT_HANDLERS:
        return Received(Reception.IGNORED_TYPE, "other", event_id)
    if payload.get("livemode") is not livemode:
        return Received(Reception.IGNORED_MODE, type_, event_id)
    send(message_of(payload))
    return Received(Reception.QUEUED, type_, event_id)


def message_of(payload: Mapping[str, Any]) -> Message:
    """Write the message of an event, whoever brought it: Stripe, or a look at its list."""
    return Message(_text(payload), _group(payload), _safe(str(payload["id"])))


def _payload(body: bytes) -> dict[str, Any]:
    try:
        payload = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise MalformedRequest("The body is not JSON in UTF-8.") from error
    if not isinstance(payload, dict):
        raise MalformedRequest("The body is not a Stripe event: it is not a JSON object.")
    return payload


def _text(payload: Mapping[str, Any]) -> str:
    # Plain ASCII: SQS refuses some characters that JSON text may hold.
    text = json.dumps(payload, separators=(",", ":"))
    return text if len(text) <= MESSAGE_LIMIT else json.dumps(reference_to(payload))


def _group(payload: Mapping[str, Any]) -> str:
    """Group by customer, else by object; what cannot be read goes alone, to be parked."""
    try:
        claim = read_claim(read_event(payload).object)
    except UnreadableShape:
        return _safe(str(payload["id"]))
    return _safe(claim.customer_id or next(iter(claim.ids), str(payload["id"])))


def _safe(id_: str) -> str:
    """Return an id as SQS takes it: Stripe's are, anything else is hashed."""
    return (
        id_ if _GROUP.fullmatch(id_) else hashlib.sha256(id_.encode("utf-8", "replace")).hexdigest()
    )
