"""What is answered; and the only place where an error becomes an answer. The standard library only.

The routers turn a `Reply` into what Lambda wants: `billing.http` by Powertools' resolver, and
`billing.lean_http`, for the hot read, without it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from billing.domain.errors import BillingError, TryAgain, Unauthenticated


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer; `headers` are those beside Content-Type."""

    status: int
    media_type: str
    body: str
    headers: dict[str, str]


def json_reply(body: Mapping[str, Any] | None, status: int = 200, /, **headers: str) -> Reply:
    """Answer with JSON; header names are written with `_` for `-`.

    Nothing may store an answer unless its `cache_control` says so. `None` is an empty body.
    """
    text = "" if body is None else as_json(body)
    return text_reply(text, "application/json", status, **headers)


def text_reply(text: str, media_type: str, status: int = 200, /, **headers: str) -> Reply:
    """Answer with a text; headers as in `json_reply`.

    What has no UTF-8 form is answered as `?`, since Lambda drops a reply that cannot be encoded.
    """
    named = {"Cache-Control": "no-store"}
    named.update({name.replace("_", "-").title(): value for name, value in headers.items()})
    return Reply(status, media_type, text.encode(errors="replace").decode(), named)


def error_reply(
    error: Exception, request_id: str, *, log_unexpected: Callable[[Exception], None]
) -> Reply:
    """Answer an error as RFC 9457 says; what nobody foresaw is logged, and tells nothing."""
    known = error if isinstance(error, BillingError) else _passing_trouble(error)
    if known is None:
        log_unexpected(error)
    return _problem(known or BillingError(), request_id)


def _problem(error: BillingError, request_id: str) -> Reply:
    body: dict[str, Any] = {
        "type": f"urn:billing:problem:{error.code}",
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        "code": error.code,
        "request_id": request_id,
    }
    if error.errors:
        body["errors"] = [{"field": e.field, "message": e.message} for e in error.errors]
    headers = {"Cache-Control": "no-store"}
    if error.retry_after is not None:
        headers["Retry-After"] = str(error.retry_after)
    if error.status == Unauthenticated.status:
        headers["WWW-Authenticate"] = 'Bearer realm="billing"'
    return Reply(error.status, "application/problem+json", json.dumps(body), headers)


def _passing_trouble(error: Exception) -> BillingError | None:
    """Tell DynamoDB's and AWS's passing trouble, which a retry cures, from a defect."""
    code = getattr(error, "cause_response_code", None) or _client_error_code(error)
    if code in _PASSING or type(error).__name__ in _PASSING:
        return TryAgain()
    return None


def _client_error_code(error: Exception) -> str | None:
    response = getattr(error, "response", None)
    return response.get("Error", {}).get("Code") if isinstance(response, dict) else None


_PASSING = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ThrottlingException",
        "TransactionConflictException",
        "TransactionInProgressException",
        "InternalServerError",
        "InternalServerErrorException",
        "ServiceUnavailable",
        "EndpointConnectionError",
        "ConnectTimeoutError",
        "ReadTimeoutError",
        "ConnectionClosedError",
    }
)
"""Words for trouble that passes, as AWS and botocore write them: a closed list."""


def timestamp(instant: datetime) -> str:
    """Write an instant as ISO 8601 in UTC with a `Z`, microseconds only where there are any."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return timestamp(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


as_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_plain).encode
"""Write a body as JSON text, instants as `timestamp` does."""
