"""Pushes from the service: who sent this, is it new, and what is known no longer.

They are signed as https://www.standardwebhooks.com says.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from inspect import iscoroutinefunction
from typing import Any, Protocol

from billing_client.cache import Bounded
from billing_client.clock import Clock, SystemClock
from billing_client.errors import InvalidPush
from billing_client.forks import renew_after_fork
from billing_client.model import instant_of

TOLERANCE = 300.0
"""Seconds that a push may be old, or early; Standard Webhooks recommends five minutes."""

MOST_BYTES = 1024 * 1024
REMEMBERED = 10_000
SECRET_PREFIX = "whsec_"  # noqa: S105 - what every secret begins with
MOST_SIGNATURES = 16


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened at the service.

    Attributes:
        id: the same for each delivery of it.
        type: such as `entitlements.changed` or `payment.failed`.
        user_id: whom it is about.
        revision: of the account, after it happened.
        data: all that it says.
        is_repeated: whether it was received before, so that nothing is to be done.
    """

    id: str
    type: str
    timestamp: datetime
    project_id: str | None
    user_id: str | None
    revision: int | None
    data: Mapping[str, Any]
    is_repeated: bool = False


OnEvent = Callable[[Event], object]


class Forgets(Protocol):
    """What keeps answers about users: `Billing` and `AsyncBilling` do."""

    def invalidate(self, user_id: str, revision: int | None = None) -> None:
        """Forget what is known of a user whose account changed, to that revision."""


class Receiver:
    """Takes pushes: verifies them, and has the client forget whom they are about.

    Args:
        billing: the client whose answers are to be forgotten.
        secrets: the endpoint's signing secret, during a rotation the old and the new one.
        on_event: called with each event once, however often it is delivered; where it raises,
            the next delivery is tried again.
        clock: where time comes from.

    Raises:
        ValueError: there is no secret, or one is not of its form.
        TypeError: `on_event` is a coroutine.
    """

    def __init__(
        self,
        billing: Forgets,
        secrets: Sequence[str],
        *,
        on_event: OnEvent | None = None,
        clock: Clock | None = None,
    ) -> None:
        if isinstance(secrets, str) or not secrets:
            raise ValueError("secrets is a list of at least one secret")
        if iscoroutinefunction(on_event):
            raise TypeError("on_event is called in a thread, so it is no coroutine")
        self._keys = [_key(secret) for secret in secrets]
        self._billing = billing
        self._on_event = on_event
        self._clock = clock or SystemClock()
        self._seen: Bounded[str, bool] = Bounded(REMEMBERED)
        renew_after_fork(self)

    def renew(self) -> None:
        """Begin with a fresh lock, in a forked child."""
        self._seen.renew_lock()

    def receive(self, headers: Mapping[str, str], body: bytes) -> Event:
        """Take one push, and answer the sender 2xx when this returns.

        Args:
            headers: of the request, in any case of letters.
            body: its bytes as they came.

        Raises:
            InvalidPush: it is refused; answer `status`.
            Exception: whatever `on_event` raised; answer 500, and it is delivered again.
        """
        found = {name.lower(): value for name, value in headers.items()}
        if len(body) > MOST_BYTES:
            raise _refused(413, f"the body has more than {MOST_BYTES} bytes")
        event_id = self._verified(found, body)
        event = _read(event_id, body)
        if not self._seen.add(event.id, value=True):
            return _repeated(event)
        try:
            if event.user_id is not None:
                self._billing.invalidate(event.user_id, event.revision)
            if self._on_event:
                self._on_event(event)
        except BaseException:
            self._seen.pop(event.id)
            raise
        return event

    def _verified(self, headers: Mapping[str, str], body: bytes) -> str:
        event_id = headers.get("webhook-id", "")
        sent_at = headers.get("webhook-timestamp", "")
        signatures = headers.get("webhook-signature", "").split(" ")[:MOST_SIGNATURES]
        if not 1 <= len(event_id) <= 256 or not any(signatures):
            raise _refused(400, "webhook-id or webhook-signature is missing")
        if not (sent_at.isascii() and sent_at.isdecimal() and len(sent_at) < 16):
            raise _refused(400, "webhook-timestamp is not in seconds")
        given = [each.encode("utf-8", "replace") for each in signatures]
        signed = b".".join((event_id.encode("utf-8", "replace"), sent_at.encode(), body))
        expected = [b"v1," + _signature(key, signed) for key in self._keys]
        # Every pair is compared, each in constant time, so that time tells nothing.
        matches = [hmac.compare_digest(one, other) for one in expected for other in given]
        if not any(matches):
            raise _refused(401, "no signature holds")
        if abs(self._clock.now() - int(sent_at)) > TOLERANCE:
            raise _refused(401, "it is too old, or the clocks differ")
        return event_id

    def __repr__(self) -> str:
        return f"Receiver({len(self._keys)} secrets)"


def sign(secret: str, event_id: str, sent_at: int, body: bytes) -> str:
    """Sign a push as the service does; for tests.

    Raises:
        ValueError: the secret is not of its form.
    """
    signed = b".".join((event_id.encode(), str(sent_at).encode(), body))
    return "v1," + _signature(_key(secret), signed).decode()


def _key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError("a secret is not base64 after 'whsec_'") from error
    if not secret.startswith(SECRET_PREFIX) or not key:
        raise ValueError("a secret has the form 'whsec_BASE64'")
    return key


def _signature(key: bytes, signed: bytes) -> bytes:
    return base64.b64encode(hmac.digest(key, signed, hashlib.sha256))


def _read(event_id: str, body: bytes) -> Event:
    try:
        said = json.loads(body)
        data = said["data"]
        user_id, revision = data.get("user_id"), data.get("revision")
        return Event(
            id=event_id,
            type=str(said["type"]),
            timestamp=instant_of(said["timestamp"]),
            project_id=_text(data.get("project_id")),
            user_id=_text(user_id),
            revision=revision if type(revision) is int else None,
            data=data,
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _refused(400, "the body is not an event") from error


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _repeated(event: Event) -> Event:
    return Event(
        id=event.id,
        type=event.type,
        timestamp=event.timestamp,
        project_id=event.project_id,
        user_id=event.user_id,
        revision=event.revision,
        data=event.data,
        is_repeated=True,
    )


def _refused(status: int, why: str) -> InvalidPush:
    return InvalidPush(f"The push is refused: {why}.", code="invalid_push", status=status)
