"""Signatures of the Standard Webhooks specification (standardwebhooks.com), version 1."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable
from datetime import datetime

PREFIX = "whsec_"
_BYTES = 32


def new_secret() -> str:
    """Make a signing secret of 256 random bits; the specification asks for 192 to 512."""
    return PREFIX + base64.b64encode(secrets.token_bytes(_BYTES)).decode("ascii")


def headers(message_id: str, body: str, signing: Iterable[str], now: datetime) -> dict[str, str]:
    """Sign a message, with every secret that is in force.

    Args:
        message_id: the same at every attempt, so that the receiver knows a repetition.
        body: the text that is sent, to the letter.
        signing: the endpoint's secrets.
        now: the instant of the attempt; receivers refuse what is minutes old.
    """
    timestamp = str(int(now.timestamp()))
    content = f"{message_id}.{timestamp}.{body}".encode()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(f"v1,{_signature(each, content)}" for each in signing),
    }


def _signature(secret: str, content: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    return base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode("ascii")
