"""How answers look on the wire."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Any

from billing_client.wire import Reply


def problem(
    status: int, code: str, headers: Mapping[str, str] | None = None, *, field: str | None = None
) -> Reply:
    """Write an error as RFC 9457 says."""
    body: dict[str, Any] = {
        "type": f"urn:billing:problem:{code}",
        "title": code,
        "status": status,
        "detail": f"It is {code}.",
        "code": code,
        "request_id": f"req-{uuid.uuid4().hex[:12]}",
    }
    if field:
        body["errors"] = [{"field": field, "message": "is not possible"}]
    sent = {"content-type": "application/problem+json", "cache-control": "no-store"}
    return Reply(status, sent | dict(headers or {}), json.dumps(body).encode())


def success(body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Reply:
    """Write a success."""
    sent = {"content-type": "application/json", "cache-control": "no-store"} | dict(headers or {})
    return Reply(200, sent, json.dumps(body).encode())
