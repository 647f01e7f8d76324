"""Lines in X-Ray's traces for calls to AWS and to Stripe, without X-Ray's SDK.

The SDK costs 165 ms of every cold start. What is needed of it is small: a line is a JSON document,
which the daemon beside each Lambda process takes in one UDP packet, and nobody waits for.

https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html
https://docs.aws.amazon.com/xray/latest/devguide/xray-api-sendingdata.html
"""

from __future__ import annotations

import json
import random
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

TRACE = "_X_AMZN_TRACE_ID"
DAEMON = "AWS_XRAY_DAEMON_ADDRESS"
"""What Lambda sets: the first for each invocation, with whether it is traced at all."""

SAMPLED = "Sampled=1"
TITLES = {
    "dynamodb": "DynamoDB",
    "events": "EventBridge",
    "monitoring": "CloudWatch",
    "secretsmanager": "SecretsManager",
    "sqs": "SQS",
}
"""What X-Ray's map calls the services."""

NO_ANSWER = 503
"""What a call without an answer is taken for."""

TOO_MANY = 429

HEAD = b'{"format": "json", "version": 1}\n'


@contextmanager
def line(environ: Mapping[str, str], name: str, **told: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - JSON
    """Time what is done within, and tell X-Ray; where the invocation is not traced, do nothing.

    Args:
        environ: the live one.
        name: of whom is called; of a service of AWS, as its host has it.
        told: more of the document, such as `namespace`, `aws` or `http`.

    Yields:
        The document, for what is known only afterwards.
    """
    trace, daemon = environ.get(TRACE, ""), environ.get(DAEMON, "")
    shown = TITLES.get(name, name)
    document: dict[str, Any] = {"name": shown, "type": "subsegment", **told}
    if SAMPLED not in trace or not daemon:
        yield document
        return
    named = dict(part.split("=", 1) for part in trace.split(";") if "=" in part)
    document |= {
        "id": f"{random.getrandbits(64):016x}",
        "trace_id": named.get("Root", ""),
        "parent_id": named.get("Parent", ""),
        "start_time": time.time(),
    }
    try:
        yield document
    except BaseException as error:
        document |= marks_of(getattr(error, "status", None) or NO_ANSWER)
        raise
    finally:
        document["end_time"] = time.time()
        _send(document, daemon)


def marks_of(status: int) -> dict[str, bool]:
    """Mark an answer as X-Ray does: who is refused is in error, and who fails is at fault."""
    if status == TOO_MANY:
        return {"error": True, "throttle": True}
    return {"fault": True} if status >= 500 else {"error": True} if status >= 400 else {}


def tables(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Name the tables of a request to DynamoDB; of one to another service, none."""
    if name := payload.get("TableName"):
        return {"table_name": name}
    of_transaction = (each for item in payload.get("TransactItems", ()) for each in item.values())
    names = {*payload.get("RequestItems", ()), *(each["TableName"] for each in of_transaction)}
    return {"table_names": sorted(names)} if names else {}


def _send(document: Mapping[str, Any], daemon: str) -> None:
    """Send one packet; a daemon that is not there, or does not take it, is no trouble of ours."""
    host, _, port = daemon.rpartition(":")
    packet = HEAD + json.dumps(document, separators=(",", ":")).encode()
    with suppress(OSError, ValueError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.settimeout(0)
        udp.sendto(packet, (host, int(port)))
