"""The Ed25519 keys that sign access tokens. Import it only where a token, or its keys, are wanted.

The secret holds `current`, which signs, and while keys are rotated `next` and `previous`, which are
only published; each is the base64url of a private key's 32 bytes, JWK's `d` (RFC 8037).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from billing.domain.errors import NotConfigured

ALGORITHM = "EdDSA"
PUBLISHED = ("current", "next", "previous")


@dataclass(frozen=True, slots=True)
class TokenKey:
    """One key; `kid` is its RFC 7638 thumbprint, so that it names the key and nothing else."""

    private: Ed25519PrivateKey
    x: str
    kid: str

    @classmethod
    def of(cls, text: str) -> TokenKey:
        """Read a private key as the secret holds it.

        Raises:
            NotConfigured: it is none.
        """
        try:
            private = Ed25519PrivateKey.from_private_bytes(_decoded(text))
        except ValueError as error:
            raise NotConfigured("A signing key in the secret cannot be read.") from error
        x = _encoded(private.public_key().public_bytes_raw())
        members = json.dumps({"crv": "Ed25519", "kty": "OKP", "x": x}, separators=(",", ":"))
        return cls(private, x, _encoded(hashlib.sha256(members.encode()).digest()))

    @property
    def public(self) -> dict[str, str]:
        """The public key as a member of a JWK set."""
        use = {"alg": ALGORITHM, "use": "sig"}
        return {"kty": "OKP", "crv": "Ed25519", "x": self.x, "kid": self.kid, **use}

    def sign(self, claims: dict[str, Any]) -> str:
        """Make a compact JWS of these claims."""
        return jwt.encode(claims, self.private, algorithm=ALGORITHM, headers={"kid": self.kid})


@lru_cache(maxsize=8)
def token_key(text: str) -> TokenKey:
    """Return the key of a text, made once."""
    return TokenKey.of(text)


def signing_key(fields: Mapping[str, str]) -> TokenKey:
    """Return the key that signs now.

    Raises:
        NotConfigured: there is none yet.
    """
    if "current" not in fields:
        raise NotConfigured("There is no key to sign tokens with.")
    return token_key(fields["current"])


def published_keys(fields: Mapping[str, str]) -> list[dict[str, str]]:
    """Return all keys by which a token may have to be verified, the one that signs first."""
    return [token_key(fields[name]).public for name in PUBLISHED if name in fields]


def new_key() -> str:
    """Make a key as the secret holds it."""
    return _encoded(Ed25519PrivateKey.generate().private_bytes_raw())


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError("not base64url") from error
