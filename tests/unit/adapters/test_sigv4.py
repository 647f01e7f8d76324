"""Signature Version 4 against AWS's published vectors and botocore's own signer."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from botocore.auth import SIGNED_HEADERS_BLACKLIST
from hypothesis import given
from hypothesis import strategies as st

from billing.adapters.aws.sigv4 import Credentials, signed
from tests.support.aws_signature import authorization

AT = datetime(2015, 8, 30, 12, 36, tzinfo=UTC)
EXAMPLE = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "")
TOKEN = (
    "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPf"
    "IeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ"
    "0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDr"
    "ypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA=="
)

VECTORS = {
    "get-vanilla": (
        "GET",
        {},
        b"",
        "",
        "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
    ),
    "get-header-value-trim": (
        "GET",
        {"My-Header1": " value1", "My-Header2": ' "a   b   c"'},
        b"",
        "",
        "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
    ),
    "post-vanilla": (
        "POST",
        {},
        b"",
        "",
        "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
    ),
    "post-header-key-sort": (
        "POST",
        {"My-Header1": "value1"},
        b"",
        "",
        "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c",
    ),
    "post-header-value-case": (
        "POST",
        {"My-Header1": "VALUE1"},
        b"",
        "",
        "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d",
    ),
    "post-x-www-form-urlencoded": (
        "POST",
        {"Content-Type": "application/x-www-form-urlencoded"},
        b"Param1=value1",
        "",
        "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
    ),
    "post-sts-header-before": (
        "POST",
        {},
        b"",
        TOKEN,
        "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead",
    ),
}
"""Of AWS's Signature Version 4 test suite: method, headers, body, session token, signature."""


@pytest.mark.parametrize("vector", VECTORS.values(), ids=VECTORS)
def test_the_published_vectors_hold(vector: tuple[str, dict[str, str], bytes, str, str]) -> None:
    method, headers, body, token, signature = vector
    sent = signed(
        method,
        {"Host": "example.amazonaws.com", **headers},
        body,
        EXAMPLE._replace(session_token=token),
        region="us-east-1",
        service="service",
        at=AT,
    )
    authorized = sent["Authorization"]
    assert authorized.endswith(f"Signature={signature}")
    assert "Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request," in authorized


NOT_SIGNED = {
    "host",
    "authorization",
    "x-amz-date",
    "x-amz-security-token",
    "x-amz-content-sha256",
    *SIGNED_HEADERS_BLACKLIST,
}
"""Set by the signer, or left out by botocore's."""

visible = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=40)
header_values = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=60)
header_names = st.from_regex(r"[A-Za-z][A-Za-z0-9-]{0,20}", fullmatch=True)
sent_headers = st.dictionaries(
    header_names.filter(lambda n: n.lower() not in NOT_SIGNED), header_values, max_size=5
).filter(lambda headers: len({name.lower() for name in headers}) == len(headers))


@given(
    host=st.from_regex(r"[a-z0-9.-]{1,40}(:[0-9]{2,5})?", fullmatch=True),
    headers=sent_headers,
    body=st.binary(max_size=300),
    credentials=st.builds(Credentials, visible, visible, st.one_of(st.just(""), visible)),
    region=st.from_regex(r"[a-z]{2}-[a-z]{4,9}-[1-9]", fullmatch=True),
    service=st.sampled_from(["dynamodb", "sqs", "service"]),
    at=st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)),  # noqa: DTZ001 - made aware below
)
def test_any_request_is_signed_as_botocore_signs_it(
    *,
    host: str,
    headers: dict[str, str],
    body: bytes,
    credentials: Credentials,
    region: str,
    service: str,
    at: datetime,
) -> None:
    whole = {"Host": host, **headers}
    aware = at.replace(tzinfo=UTC)
    sent = signed("POST", whole, body, credentials, region=region, service=service, at=aware)
    ours = sent.pop("Authorization")
    assert sent.pop("X-Amz-Date") == f"{aware:%Y%m%dT%H%M%SZ}"
    assert sent.pop("X-Amz-Security-Token", "") == credentials.session_token
    assert sent == whole
    stamped = {**whole, "X-Amz-Date": f"{aware:%Y%m%dT%H%M%SZ}"}
    if credentials.session_token:
        stamped["X-Amz-Security-Token"] = credentials.session_token
    judged = authorization("POST", stamped, body, credentials, region=region, service=service)
    assert ours == judged
