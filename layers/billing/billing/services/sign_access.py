"""A signed snapshot of what a user may use: an app verifies it alone, without asking again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from billing.services.read_access import AccessAnswer

LIFETIME = 300
"""Seconds that a token holds; less where access changes sooner."""

RENEWAL = LIFETIME // 2
"""Seconds after which a token gets another tag, so that what is confirmed unchanged (304) still has
at least as long to live."""

CLAIMED = ("feature_code", "value", "valid_from", "valid_to", "source", "source_id")
"""What a token says of each entitlement; the JSON answer says more."""


def sign_access(
    answer: AccessAnswer,
    entitlements: Sequence[Mapping[str, Any]],
    *,
    issuer: str,
    sign: Callable[[dict[str, Any]], str],
) -> str:
    """Sign what a user may use now.

    Args:
        answer: what was read, without what is inactive.
        entitlements: the same as the JSON answer shows it, instants as texts.
        issuer: who signs.
        sign: makes a compact JWS of claims.
    """
    issued = int(answer.checked_at.timestamp())
    ends = issued + LIFETIME
    if answer.next_change is not None:
        ends = min(ends, int(answer.next_change.timestamp()))
    claims = {
        "iss": issuer,
        "aud": answer.catalog.project_id,
        "sub": answer.user_id,
        "iat": issued,
        "nbf": issued,
        "exp": ends,
        "revision": answer.revision,
        "entitlements": [{name: one[name] for name in CLAIMED} for one in entitlements],
    }
    return sign(claims)


def token_etag(answer: AccessAnswer) -> str:
    """Name the token of an answer: as the answer's own tag, and anew every `RENEWAL` seconds."""
    window = int(answer.checked_at.timestamp()) // RENEWAL
    return f'{answer.etag[:-1]}-jwt-{window}"'
