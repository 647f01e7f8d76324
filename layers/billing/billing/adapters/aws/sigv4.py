"""AWS Signature Version 4 for a POST to `/` without a query, as the JSON protocol has it. Pure.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html.
Tests hold it against AWS's published vectors and against botocore's own signer.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import NamedTuple


class Credentials(NamedTuple):
    """Whose request it is; `session_token` is empty for long-term keys, which Lambda never has."""

    access_key_id: str
    secret_access_key: str
    session_token: str

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Credentials:
        """Read the variables that Lambda sets.

        Raises:
            KeyError: there are none.
        """
        return cls(
            environ["AWS_ACCESS_KEY_ID"],
            environ["AWS_SECRET_ACCESS_KEY"],
            environ.get("AWS_SESSION_TOKEN", ""),
        )


def signed(
    method: str,
    headers: Mapping[str, str],
    body: bytes,
    credentials: Credentials,
    *,
    region: str,
    service: str,
    at: datetime,
) -> dict[str, str]:
    """Sign a request.

    Args:
        method: POST, ...
        headers: all that are to be signed, `Host` among them.
        body: as it is sent.
        credentials: of the sender.
        region: such as `eu-west-1`.
        service: such as `dynamodb`.
        at: when it is sent; AWS refuses what is more than five minutes off.

    Returns:
        The headers to send, those that were given among them.
    """
    instant = at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    sent = {**headers, "X-Amz-Date": instant}
    if credentials.session_token:
        sent["X-Amz-Security-Token"] = credentials.session_token
    canonical = sorted((name.lower(), " ".join(value.split())) for name, value in sent.items())
    names = ";".join(name for name, _ in canonical)
    lines = "".join(f"{name}:{value}\n" for name, value in canonical)
    request = f"{method}\n/\n\n{lines}\n{names}\n{sha256(body).hexdigest()}"
    scope = f"{instant[:8]}/{region}/{service}/aws4_request"
    digest = sha256(request.encode()).hexdigest()
    text = f"AWS4-HMAC-SHA256\n{instant}\n{scope}\n{digest}"
    key = f"AWS4{credentials.secret_access_key}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    sent["Authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={credentials.access_key_id}/{scope}, "
        f"SignedHeaders={names}, Signature={signature}"
    )
    return sent
