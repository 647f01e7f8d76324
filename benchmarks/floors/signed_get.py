"""The lowest floor: one GetItem signed by hand over `http.client`, from the standard library.

It shares no line with the service, so that it measures the work and not the implementation.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import os
import ssl
import time
from typing import Any
from urllib.parse import urlsplit

ENDPOINT = urlsplit(os.environ["AWS_ENDPOINT_URL"])
TARGET = "DynamoDB_20120810.GetItem"
NAMES = "content-type;host;x-amz-date;x-amz-security-token;x-amz-target"
HOST = f"{ENDPOINT.hostname}:{ENDPOINT.port}"


def connect() -> http.client.HTTPConnection:
    """Open the connection; over TLS, its context is built first."""
    host, port = ENDPOINT.hostname or "", ENDPOINT.port
    connection = (
        http.client.HTTPSConnection(host, port, context=ssl.create_default_context(), timeout=5)
        if ENDPOINT.scheme == "https"
        else http.client.HTTPConnection(host, port, timeout=5)
    )
    connection.connect()
    return connection


connection = connect()


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")


def signed_headers(body: bytes) -> dict[str, str]:
    """Sign as AWS's Signature Version 4 says."""
    environ, at = os.environ, time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    region, token = environ["AWS_REGION"], environ.get("AWS_SESSION_TOKEN", "")
    kind, scope = "application/x-amz-json-1.0", f"{at[:8]}/{region}/dynamodb/aws4_request"
    canonical = (
        f"POST\n/\n\ncontent-type:{kind}\nhost:{HOST}\nx-amz-date:{at}\n"
        f"x-amz-security-token:{token}\nx-amz-target:{TARGET}\n\n{NAMES}\n"
        f"{hashlib.sha256(body).hexdigest()}"
    )
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    key = f"AWS4{environ['AWS_SECRET_ACCESS_KEY']}".encode()
    for part in scope.split("/"):
        key = _hmac(key, part)
    signature = _hmac(key, f"AWS4-HMAC-SHA256\n{at}\n{scope}\n{digest}").hex()
    credential = f"{environ['AWS_ACCESS_KEY_ID']}/{scope}"
    return {
        "Content-Type": kind,
        "X-Amz-Date": at,
        "X-Amz-Security-Token": token,
        "X-Amz-Target": TARGET,
        "Authorization": f"AWS4-HMAC-SHA256 Credential={credential}, "
        f"SignedHeaders={NAMES}, Signature={signature}",
    }


def lambda_handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Get the item that the event names."""
    body = json.dumps(
        {
            "TableName": os.environ["ACCOUNTS_TABLE"],
            "Key": {"pk": {"S": event["pk"]}, "sk": {"S": "access"}},
            "ConsistentRead": True,
        }
    ).encode()
    connection.request("POST", "/", body, signed_headers(body))
    found = json.loads(connection.getresponse().read())
    return {"found": "Item" in found}
