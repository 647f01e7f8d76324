"""Requests as API Gateway's HTTP API sends them to a function (payload format 2.0)."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlencode

from tests.support import described

Event = dict[str, Any]


@dataclass(frozen=True)
class LambdaContext:
    """Stands in for what Lambda passes beside the event."""

    function_name: str = "billing-test"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:eu-west-1:123456789012:function:billing-test"
    aws_request_id: str = "00000000-0000-4000-8000-000000000000"

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        return 10_000


@dataclass(frozen=True)
class Answer:
    """A response; unpacks as `status, body, headers`. The body is JSON where it says so."""

    status: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)

    def __iter__(self) -> Any:
        return iter((self.status, self.body, self.headers))


def request(
    method: str,
    path: str,
    *,
    query: Mapping[str, str] | str | None = None,
    json_body: object = None,
    body: str | None = None,
    raw: bytes | None = None,
    key: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Event:
    """Build the event of one request.

    Args:
        method: GET, POST, ...
        path: as in the URL, percent-encoded where it needs to be; the gateway decodes it.
        query: parameters, or the raw query string as it is.
        json_body: sent as JSON.
        body: sent as this text.
        raw: sent as these bytes, which the gateway passes on in base64.
        key: an API key.
        headers: more of them; the gateway writes their names in lower case.
    """
    raw_query = query if isinstance(query, str) else urlencode(query or {})
    text, is_base64 = _body(json_body, body, raw)
    sent = {"host": "api.example.test", "content-type": "application/json"}
    if key is not None:
        sent["authorization"] = f"Bearer {key}"
    sent.update({name.lower(): value for name, value in (headers or {}).items()})
    event: Event = {
        "version": "2.0",
        "routeKey": f"{method} {path}",
        "rawPath": unquote(path),
        "rawQueryString": raw_query,
        "headers": sent,
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "api-id",
            "domainName": "api.example.test",
            "domainPrefix": "api",
            "http": {
                "method": method,
                "path": unquote(path),
                "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.1",
                "userAgent": "tests",
            },
            "requestId": uuid.uuid4().hex,
            "routeKey": f"{method} {path}",
            "stage": "$default",
            "time": "01/Jan/2026:00:00:00 +0000",
            "timeEpoch": 1767225600000,
        },
        "isBase64Encoded": is_base64,
    }
    if text is not None:
        event["body"] = text
    return event


def _body(json_body: object, body: str | None, raw: bytes | None) -> tuple[str | None, bool]:
    if raw is not None:
        return base64.b64encode(raw).decode("ascii"), True
    return (json.dumps(json_body), False) if json_body is not None else (body, False)


def call(
    handler: Callable[[Event, Any], dict[str, Any]],
    event: Event,
    context: LambdaContext | None = None,
) -> Answer:
    """Invoke a handler as Lambda does, and read its response, which has to be as described."""
    response = handler(event, context or LambdaContext())
    headers = {name.lower(): value for name, value in response.get("headers", {}).items()}
    text = response.get("body") or ""
    if response.get("isBase64Encoded"):
        text = base64.b64decode(text).decode()
    is_json = "json" in headers.get("content-type", "")
    body = json.loads(text) if is_json and text else text
    http = event["requestContext"]["http"]
    described.check(http["method"], event["rawPath"], response["statusCode"], headers, body)
    return Answer(response["statusCode"], body, headers)
