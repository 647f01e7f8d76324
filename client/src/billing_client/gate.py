"""Answers of an app to who may not, and to the service's pushes: the same in every framework."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from billing_client.errors import InvalidPush
from billing_client.model import UNAVAILABLE, Decision
from billing_client.receiver import Receiver

PROBLEM_JSON = "application/problem+json"
RETRY_AFTER = 5

Refusal = Literal[402, 403]
"""How a user without the feature is answered: to pay for it, or that it is not theirs."""


@dataclass(frozen=True, slots=True)
class Problem:
    """An RFC 9457 answer."""

    status: int
    body: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def content(self) -> bytes:
        """The body as it is sent."""
        return json.dumps(dict(self.body)).encode()


def refusal(
    user_id: str | None, decision: Decision | None, feature_code: str, status: Refusal
) -> Problem | None:
    """Return how to refuse a request, or `None` for one that may go on.

    A user of whom nothing can be known is told to come back, and never to pay.
    """
    about = {"feature_code": feature_code}
    if user_id is None or decision is None:
        return _problem(401, "not_signed_in", "Sign in first.", about)
    if decision.allowed:
        return None
    about["reason"] = decision.reason
    if decision.reason == UNAVAILABLE:
        detail = "Whether this is in the plan cannot be told right now. Try again in a moment."
        headers = {"Retry-After": str(RETRY_AFTER)}
        return _problem(503, "entitlements_unavailable", detail, about, headers)
    code = {402: "payment_required", 403: "not_entitled"}[status]
    return _problem(status, code, f"The present plan does not include {feature_code!r}.", about)


def received(receiver: Receiver, headers: Mapping[str, str], body: bytes) -> Problem | None:
    """Take a push; return how to refuse it, or `None` where it is to be answered 204."""
    try:
        receiver.receive(headers, body)
    except InvalidPush as refused:
        return _problem(refused.status or 400, refused.code, refused.detail)
    return None


TITLES = {
    "not_signed_in": "Nobody is signed in",
    "entitlements_unavailable": "The plan cannot be looked up",
    "payment_required": "The plan does not include this",
    "not_entitled": "The plan does not include this",
    "invalid_push": "The push is refused",
}


def _problem(
    status: int,
    code: str,
    detail: str,
    about: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Problem:
    named = {"type": f"urn:billing:problem:{code}", "title": TITLES[code], "status": status}
    body = {**named, "detail": detail, "code": code, **(about or {})}
    return Problem(status, body, {"Cache-Control": "no-store", **(headers or {})})
