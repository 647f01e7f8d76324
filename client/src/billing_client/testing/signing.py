"""Signs snapshots as the service does, with a key of its own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import OKPAlgorithm

LONGEST = 300
"""Seconds that a snapshot holds at most."""


class Signer:
    """The service's signing key; a new one is made on first use."""

    def __init__(self, project_id: str, *, kid: str = "key-1") -> None:
        self.issuer = "urn:billing:test"
        self.audience = project_id
        self.kid = kid

    @cached_property
    def key(self) -> Ed25519PrivateKey:
        """The private key."""
        return Ed25519PrivateKey.generate()

    def jwks(self) -> dict[str, Any]:
        """The public key, as the service publishes it."""
        public = json.loads(OKPAlgorithm.to_jwk(self.key.public_key()))
        return {"keys": [{**public, "kid": self.kid, "alg": "EdDSA", "use": "sig"}]}

    def claims(self, body: Mapping[str, Any], now: float, max_age: int) -> dict[str, Any]:
        """Say the answer about a user in a snapshot's words."""
        names = ("feature_code", "value", "valid_from", "valid_to", "source", "source_id")
        return {
            "iss": self.issuer,
            "aud": self.audience,
            "sub": body["user_id"],
            "iat": int(now),
            "nbf": int(now),
            "exp": int(now) + (LONGEST if max_age >= 60 else max_age),
            "revision": body["revision"],
            "entitlements": [{n: each[n] for n in names} for each in body["entitlements"]],
        }

    def sign(self, body: Mapping[str, Any], now: float, max_age: int) -> str:
        """Sign the answer about a user."""
        return self.seal(self.claims(body, now, max_age))

    def seal(self, claims: Mapping[str, Any]) -> str:
        """Sign any claims."""
        return jwt.encode(dict(claims), self.key, algorithm="EdDSA", headers={"kid": self.kid})
