"""Signature Version 4 as botocore computes it: the judge of ours."""

from __future__ import annotations

from collections.abc import Mapping

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials

from billing.adapters.aws.sigv4 import Credentials


def authorization(
    method: str,
    headers: Mapping[str, str],
    body: bytes,
    credentials: Credentials,
    *,
    region: str,
    service: str,
) -> str:
    """The Authorization header over these headers; the instant is that of their `X-Amz-Date`."""
    named = {name.lower(): value for name, value in headers.items()}
    judge = SigV4Auth(BotocoreCredentials(*credentials), service, region)
    request = AWSRequest(method, f"http://{named['host']}/", headers=named, data=body)
    request.context["timestamp"] = named["x-amz-date"]
    text = judge.string_to_sign(request, judge.canonical_request(request))
    signature = judge.signature(text, request)
    names = judge.signed_headers(judge.headers_to_sign(request))
    scope = judge.scope(request)
    return f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders={names}, Signature={signature}"


def is_signed(
    method: str,
    headers: Mapping[str, str],
    body: bytes,
    credentials: Credentials,
    *,
    region: str,
    service: str,
) -> bool:
    """Whether a request that was received carries the signature that it should."""
    named = {name.lower(): value for name, value in headers.items()}
    sent = named.get("authorization", "")
    names = sent.partition("SignedHeaders=")[2].partition(",")[0].split(";")
    if {"host", "x-amz-date", "x-amz-target"} - set(names):
        return False
    covered = {name: named.get(name, "") for name in names}
    expected = authorization(method, covered, body, credentials, region=region, service=service)
    return sent == expected and named.get("x-amz-security-token", "") == credentials.session_token
