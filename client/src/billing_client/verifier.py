"""Verifies signed snapshots: fetches the service's public keys where one is not known yet."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from typing import TypedDict

import httpx

from billing_client.clock import Clock, SystemClock
from billing_client.core import is_local
from billing_client.forks import renew_after_fork
from billing_client.model import Entitlements
from billing_client.snapshot import Expected, KeySet, key_id, opened
from billing_client.wire import Reply

JWKS_PATH = "/.well-known/jwks.json"
TIMEOUT = 3.0


class _Options(TypedDict):
    timeout: float
    trust_env: bool


class _Checks:
    """What both verifiers share."""

    def __init__(
        self,
        base_url: str | None,
        jwks_url: str | None,
        expected: Expected,
        clock: Clock | None,
    ) -> None:
        if (base_url is None) == (jwks_url is None):
            raise ValueError("give either base_url or jwks_url")
        self._url = jwks_url or f"{str(base_url).rstrip('/')}{JWKS_PATH}"
        self._options: _Options = {"timeout": TIMEOUT, "trust_env": not is_local(self._url)}
        self._expected = expected
        self._clock = clock or SystemClock()
        self._keys = KeySet(self._clock)

    def _opened(self, token: str, kid: str) -> Entitlements:
        return opened(token, self._keys.get(kid), self._expected, self._clock.now())

    def _take(self, got: httpx.Response) -> None:
        self._keys.take(Reply(got.status_code, got.headers, got.content))


class Verifier(_Checks):
    """Verifies signed snapshots; only a key that is not known yet needs the network.

    Args:
        base_url: the address of the service's API, or
        jwks_url: that of its keys.
        issuer: the service's `TOKEN_ISSUER`.
        audience: the project's id.
        clock: where time comes from.
        transport: what carries HTTP instead of the network; for tests.

    Raises:
        ValueError: not exactly one of the two addresses is given.
    """

    def __init__(
        self,
        base_url: str | None = None,
        *,
        issuer: str,
        audience: str,
        jwks_url: str | None = None,
        clock: Clock | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        super().__init__(base_url, jwks_url, Expected(issuer, audience), clock)
        self._transport = transport
        self.renew()
        renew_after_fork(self)

    def renew(self) -> None:
        """Begin with a fresh lock: at first, and in a forked child."""
        self._lock = threading.Lock()

    def verify(self, token: str) -> Entitlements:
        """Check a snapshot and return what its user may use at this moment.

        Raises:
            InvalidToken: forged, expired, issued by or for somebody else, or not one.
            Unavailable: the keys could not be fetched yet.
        """
        kid = key_id(token)
        with self._lock:
            if self._keys.is_due(kid):
                with (
                    contextlib.suppress(httpx.HTTPError),
                    httpx.Client(transport=self._transport, **self._options) as http,
                ):
                    self._take(http.get(self._url))
        return self._opened(token, kid)


class AsyncVerifier(_Checks):
    """The same for an event loop; arguments as of `Verifier`."""

    def __init__(
        self,
        base_url: str | None = None,
        *,
        issuer: str,
        audience: str,
        jwks_url: str | None = None,
        clock: Clock | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        super().__init__(base_url, jwks_url, Expected(issuer, audience), clock)
        self._transport = transport
        self._lock = asyncio.Lock()

    async def verify(self, token: str) -> Entitlements:
        """Check a snapshot and return what its user may use at this moment.

        Raises:
            InvalidToken: forged, expired, issued by or for somebody else, or not one.
            Unavailable: the keys could not be fetched yet.
        """
        kid = key_id(token)
        async with self._lock:
            if self._keys.is_due(kid):
                with contextlib.suppress(httpx.HTTPError):
                    async with httpx.AsyncClient(
                        transport=self._transport, **self._options
                    ) as http:
                        self._take(await http.get(self._url))
        return self._opened(token, kid)
