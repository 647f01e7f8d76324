"""Signed snapshots: a JWS, the keys it is signed with, and what has to hold. No I/O."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import jwt
from jwt.algorithms import OKPAlgorithm

from billing_client.clock import Clock
from billing_client.errors import InvalidToken, Unavailable
from billing_client.model import Entitlements, features_of
from billing_client.wire import Reply, max_age

ALGORITHM = "EdDSA"

LEAST_BETWEEN_FETCHES = 10.0
"""Seconds between two fetches of the keys, so that made-up key ids cost the service nothing."""

LEAST_AGE = 60.0
LEEWAY = 5.0
"""Seconds that our clock may be behind the service's when a snapshot is new."""

_jws = jwt.PyJWS(algorithms=[ALGORITHM])


@dataclass(frozen=True, slots=True)
class Expected:
    """Whose snapshots are taken: the issuer's, for the audience (a project's id)."""

    issuer: str
    audience: str


class KeySet:
    """The service's public keys by id, and when to fetch them again. No I/O."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._keys: dict[str, Any] = {}
        self._fresh_until = float("-inf")
        self._next_fetch = float("-inf")

    def is_due(self, kid: str) -> bool:
        """Whether to fetch: a key is unknown or the set is old, and the last fetch is a while ago.

        It says so once, and then again after a pause.
        """
        now = self._clock.monotonic()
        if (kid in self._keys and now < self._fresh_until) or now < self._next_fetch:
            return False
        self._next_fetch = now + LEAST_BETWEEN_FETCHES
        return True

    def take(self, reply: Reply) -> None:
        """Replace the keys by those that came; an answer that cannot be read changes nothing."""
        if reply.status != 200:
            return
        try:
            listed = json.loads(reply.content)["keys"]
            keys = {str(each["kid"]): _public_key(each) for each in listed if _is_ours(each)}
        except (ValueError, KeyError, TypeError, AttributeError, jwt.InvalidKeyError):
            return
        self._keys = keys
        self._fresh_until = self._clock.monotonic() + max(max_age(reply), LEAST_AGE)

    def get(self, kid: str) -> Any:  # noqa: ANN401 - a key of `cryptography`
        """Return a key.

        Raises:
            InvalidToken: the service has none of that id.
            Unavailable: its keys could not be fetched yet.
        """
        if self._fresh_until == float("-inf"):
            raise Unavailable("the service's public keys cannot be fetched", code="no_keys")
        key = self._keys.get(kid)
        if key is None:
            raise _invalid("it is signed by a key that the service does not have")
        return key


def _is_ours(each: Mapping[str, Any]) -> bool:
    is_key = each.get("kty") == "OKP" and each.get("crv") == "Ed25519" and "d" not in each
    return is_key and each.get("alg", ALGORITHM) == ALGORITHM and each.get("use", "sig") == "sig"


def _public_key(each: Mapping[str, Any]) -> Any:  # noqa: ANN401 - a key of `cryptography`
    return OKPAlgorithm.from_jwk(dict(each))


def key_id(token: str) -> str:
    """Read which key signed a snapshot, before anything of it is believed.

    Raises:
        InvalidToken: it is not a JWS of the one algorithm that is taken.
    """
    try:
        header = jwt.get_unverified_header(token)
    except (jwt.InvalidTokenError, ValueError, AttributeError, TypeError) as error:
        raise _invalid("it is not a signed snapshot") from error
    if header.get("alg") != ALGORITHM or "crit" in header or not isinstance(header.get("kid"), str):
        raise _invalid(f"it is not signed with {ALGORITHM} by a named key")
    return str(header["kid"])


def opened(token: str, key: Any, expected: Expected, now: float) -> Entitlements:  # noqa: ANN401
    """Check a snapshot and read what it says.

    Args:
        token: a compact JWS.
        key: of the `kid` in its header.
        expected: whose snapshots are taken.
        now: seconds since the epoch.

    Raises:
        InvalidToken: it does not hold.
    """
    try:
        claims = json.loads(_jws.decode(token, key, algorithms=[ALGORITHM]))
        issuer, audience = claims["iss"], claims["aud"]
        begins, ends = float(claims["nbf"]), float(claims["exp"])
        known = Entitlements(
            user_id=str(claims["sub"]),
            project_id=str(audience),
            revision=int(claims["revision"]),
            checked_at=datetime.fromtimestamp(float(claims["iat"]), UTC),
            features=features_of(claims["entitlements"]),
        )
    except jwt.InvalidTokenError as error:
        raise _invalid("its signature does not hold") from error
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise _invalid("it does not say what a snapshot says") from error
    if issuer != expected.issuer:
        raise _invalid(f"it is issued by {issuer!r}")
    if audience != expected.audience:
        raise _invalid(f"it is for {audience!r}")
    if not begins - LEEWAY <= now < ends:
        raise _invalid("it is expired, or not valid yet")
    return known.at(now)


def _invalid(why: str) -> InvalidToken:
    return InvalidToken(f"The snapshot is refused: {why}.", code="invalid_token")
