"""Answers that are signed, and the keys that verify them; loaded when the first is asked for."""

from __future__ import annotations

from billing.adapters.token_keys import published_keys, signing_key
from billing.reply import Reply, json_reply
from billing.services.read_access import AccessAnswer
from billing.services.sign_access import sign_access
from billing.settings import secret, settings
from functions.entitlements import wire

KEYS_MAX_AGE = 300
"""Seconds that a verifier may keep the keys; a key is published for longer before it signs."""


def token(found: AccessAnswer) -> str:
    """Sign an answer.

    Raises:
        NotConfigured: there is no key yet.
    """
    key = signing_key(_secret())
    shown = wire.plain_entitlements(found)
    return sign_access(found, shown, issuer=settings().issuer, sign=key.sign)


def keys() -> Reply:
    """Answer with the public keys, as RFC 7517 writes a set of them."""
    published = {"keys": published_keys(_secret())}
    return json_reply(published, cache_control=f"public, max-age={KEYS_MAX_AGE}")


def _secret() -> dict[str, str]:
    return secret(settings().access_token_keys_secret)
