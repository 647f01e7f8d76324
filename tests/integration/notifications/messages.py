"""What was received, read."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from standardwebhooks import Webhook

from tests.support.receiver import Received


def said(each: Received) -> tuple[str, str, tuple[str, ...]]:
    """The type, the user and the features of a message."""
    body = json.loads(each.body)
    data = body["data"]
    return body["type"], data["user_id"], tuple(data["feature_codes"])


def signatures(each: Received, secret: str) -> list[str]:
    """What the specification's own library makes of a message with a secret."""
    at = datetime.fromtimestamp(int(each.headers["webhook-timestamp"]), tz=UTC)
    return Webhook(secret).sign(each.id, at, each.body.decode()).split(" ")
