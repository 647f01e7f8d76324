"""What the handlers are asked: events as API Gateway and SQS send them. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from benchmarks.world import FEATURE, WEBHOOK_SECRET, World

Json = dict[str, Any]


def request(
    method: str,
    path: str,
    *,
    query: str = "",
    key: str = "",
    body: object = None,
    headers: Mapping[str, str] | None = None,
) -> Json:
    """Write a request in payload format 2.0, with the headers that a client in Python sends."""
    sent = {
        "accept": "*/*",
        "accept-encoding": "gzip, deflate",
        "content-length": "0",
        "host": "api.example.test",
        "user-agent": "python-httpx/0.28.1",
        "x-amzn-trace-id": "Root=1-67891233-abcdef012345678912345678",
        "x-forwarded-for": "192.0.2.1",
        "x-forwarded-port": "443",
        "x-forwarded-proto": "https",
        **({"authorization": f"Bearer {key}"} if key else {}),
        **(headers or {}),
    }
    route = f"{method} {path}"
    http = {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1"}
    context = {
        "accountId": "123456789012",
        "apiId": "abcdefghij",
        "domainName": "api.example.test",
        "domainPrefix": "api",
        "http": {**http, "userAgent": sent["user-agent"]},
        "requestId": "UAHc51qXlE9N-RU=",
        "routeKey": route,
        "stage": "$default",
        "time": "21/Nov/2026:00:00:00 +0000",
        "timeEpoch": 1795219200000,
    }
    event: Json = {
        "version": "2.0",
        "routeKey": route,
        "rawPath": path,
        "rawQueryString": query,
        "headers": sent,
        "requestContext": context,
        "isBase64Encoded": False,
    }
    return event if body is None else {**event, "body": json.dumps(body)}


def checks(world: World) -> dict[str, Json]:
    """Return the requests of the hot read, by what they ask."""
    path, key, user = "/api/v1/entitlements", world.key, f"user_id={world.users[0]}"
    return {
        "list": request("GET", path, query=user, key=key),
        "check": request("GET", f"{path}/check", query=f"{user}&feature_code={FEATURE}", key=key),
        "batch of 100": request(
            "POST", f"{path}/batch", key=key, body={"user_ids": world.users[:100]}
        ),
        "signed snapshot": request(
            "GET", path, query=user, key=key, headers={"accept": "application/jwt"}
        ),
    }


def known(asked: Json, etag: str) -> Json:
    """Ask the same with the tag of the last answer."""
    return {**asked, "headers": {**asked["headers"], "if-none-match": etag}}


def delivery(world: World) -> Json:
    """Return how a delivery of the world's event is made: every one has an id of its own."""
    return {
        "kind": "receive",
        "handler": "functions.webhooks.receive.lambda_handler",
        "event": request("POST", "/api/v1/webhooks/stripe", body={}),
        "payload": world.event,
        "secret": WEBHOOK_SECRET,
    }


def messages(world: World, size: int) -> Json:
    """Return how batches of that event are made, as SQS hands them over."""
    attributes = {
        "ApproximateReceiveCount": "1",
        "SentTimestamp": "1795219200000",
        "SequenceNumber": "18849496460467696128",
        "MessageGroupId": "cus_demo1",
        "SenderId": "AROAEXAMPLE",
        "MessageDeduplicationId": "evt_1",
        "ApproximateFirstReceiveTimestamp": "1795219200001",
    }
    record = {
        "receiptHandle": "r" * 200,
        "attributes": attributes,
        "messageAttributes": {},
        "md5OfBody": "0" * 32,
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:events.fifo",
        "awsRegion": "us-east-1",
    }
    return {
        "kind": "process",
        "handler": "functions.webhooks.process.lambda_handler",
        "payload": world.event,
        "record": record,
        "size": size,
    }
