"""Webhook signatures, exactly as Stripe computes them."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence


def signature(payload: bytes, secret: str, timestamp: int) -> str:
    """The ``v1`` of a payload: HMAC-SHA256 of ``{timestamp}.{payload}`` as hex."""
    message = str(timestamp).encode() + b"." + payload
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def headers(payload: bytes, secrets: Sequence[str], timestamp: int) -> dict[str, str]:
    """The headers of a delivery; one ``v1`` per secret, as while a secret is rolled."""
    parts = [
        f"t={timestamp}",
        *(f"v1={signature(payload, secret, timestamp)}" for secret in secrets),
    ]
    return {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
        "Accept": "*/*",
        "Cache-Control": "no-cache",
        "Stripe-Signature": ",".join(parts),
    }
