"""Stripe's webhook signature, checked with the standard library alone.

Importing `stripe` costs a hundred milliseconds that receiving a webhook does not have
(docs/decisions/0003). The scheme is Stripe's `v1`: HMAC-SHA256 over `TIMESTAMP.BODY`.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta

from billing.domain.errors import MalformedRequest, NotConfigured, Unauthenticated

TOLERANCE = timedelta(seconds=300)
"""How far a signature's time may be from ours, as in Stripe's own libraries."""


class UnreadableSignature(MalformedRequest):
    """There is no signature header, or none that has a time and a `v1` signature."""

    code = "unreadable_signature"
    title = "The Stripe-Signature header cannot be read"
    remedy = "Send 'Stripe-Signature: t=SECONDS,v1=HEX' as Stripe does."


class InvalidSignature(Unauthenticated):
    """The signature does not hold for this body, secret and time."""

    code = "invalid_signature"
    title = "The webhook signature does not hold"
    remedy = "Check that the endpoint's signing secret is the one that is configured here."


def verify(
    body: bytes,
    header: str | None,
    secrets: Sequence[str],
    now: datetime,
    tolerance: timedelta = TOLERANCE,
) -> None:
    """Accept a body that one of the secrets signed at about this time, and no other.

    Args:
        body: the raw bytes as they were sent.
        header: the value of `Stripe-Signature`; while a secret is rolled it has several `v1`.
        secrets: the current and the previous signing secret; empty ones are passed over.
        now: an aware instant.
        tolerance: how old, and how far ahead, the signature's time may be.

    Raises:
        NotConfigured: there is no secret to check against.
        UnreadableSignature: the header is missing or not of the documented form.
        InvalidSignature: no signature matches, or its time is too far from `now`.
    """
    usable = [secret for secret in secrets if secret.strip()]
    if not usable:
        raise NotConfigured("No webhook signing secret is set.")
    timestamp, signatures = _read(header)
    signed = b"%d." % timestamp + body
    expected = [_hmac(secret, signed) for secret in usable]
    if not any(hmac.compare_digest(e, s) for e in expected for s in signatures):
        raise InvalidSignature("No signature matches the body.")
    if abs(now.timestamp() - timestamp) > tolerance.total_seconds():
        raise InvalidSignature("The signature's time is too far from now.")


def _read(header: str | None) -> tuple[int, list[bytes]]:
    pairs = [part.partition("=") for part in (header or "").split(",")]
    times = [value for name, _, value in pairs if name == "t"]
    # Bytes, because compare_digest refuses text outside ASCII with a TypeError.
    signatures = [v.encode("utf-8", "surrogatepass") for name, _, v in pairs if name == "v1"]
    if len(times) != 1 or not signatures:
        raise UnreadableSignature("It needs one 't' and at least one 'v1'.")
    (time,) = times
    if not (time.isascii() and time.isdigit() and len(time) <= 12):
        raise UnreadableSignature("Its 't' is not a number of seconds.")
    return int(time), signatures


def _hmac(secret: str, signed: bytes) -> bytes:
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest().encode()
