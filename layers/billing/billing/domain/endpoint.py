"""An endpoint: where a project wants to be told, of what, and how it knows that it is us."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from billing.domain.notification import NotificationType

FAILING_FOR = timedelta(days=3)
"""How long an endpoint may fail at everything before it is disabled."""

SLOW = timedelta(seconds=2)
"""From how long an attempt takes on, its endpoint is slow."""

SLOW_FOR = timedelta(minutes=1)
"""How long an endpoint is slow after an attempt that took long."""

SHARE, SLOW_SHARE = 50, 10
"""Attempts that may go on at a time at one endpoint, and at a slow one.

Of 200 that go on at a time at all endpoints: `MaximumConcurrency` in the template.
"""


class DisabledReason(StrEnum):
    """Why an endpoint gets nothing."""

    BY_HAND = "by_hand"
    FAILING = "failing"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class SigningSecret:
    """A secret that endpoint and service share: `whsec_` and base64; the old one ends."""

    value: str
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a project is told.

    Attributes:
        secrets: the newest first; every one that has not ended signs.
        event_types: what it is told of; empty for everything.
        failing_since: of the first failure after which nothing got through.
        slow_until: an attempt took long; until then fewer go on at a time.
    """

    id: str
    project_id: str
    url: str
    created_at: datetime
    created_by: str
    secrets: tuple[SigningSecret, ...]
    event_types: frozenset[NotificationType] = frozenset()
    description: str = ""
    disabled_at: datetime | None = None
    disabled_reason: DisabledReason | None = None
    failing_since: datetime | None = None
    slow_until: datetime | None = None

    @property
    def is_enabled(self) -> bool:
        """Whether anything is sent to it."""
        return self.disabled_at is None

    def wants(self, type_: NotificationType, at: datetime) -> bool:
        """Whether it is to be told of this, which happened at that instant.

        What happened before it was registered, it can read: a stream that is read late, or tables
        that are put back, do not tell it.
        """
        is_asked_for = not self.event_types or type_ in self.event_types
        return self.is_enabled and is_asked_for and self.created_at <= at

    def signing_secrets(self, now: datetime) -> list[str]:
        """Return the secrets that sign at an instant."""
        return [s.value for s in self.secrets if s.ends_at is None or now < s.ends_at]

    def rotated(self, new: str, now: datetime, overlap: timedelta) -> Endpoint:
        """Sign with a new secret, and with the present one until the overlap ends; once."""
        if self.secrets[0].value == new:
            return self
        old = SigningSecret(self.secrets[0].value, now + overlap)
        return replace(self, secrets=(SigningSecret(new), old))

    def enabled(self) -> Endpoint:
        """Send to it again, as if it had never failed."""
        return replace(self, disabled_at=None, disabled_reason=None, failing_since=None)

    def disabled(self, reason: DisabledReason, now: datetime) -> Endpoint:
        """Send nothing more to it; the first reason stays."""
        if not self.is_enabled:
            return self
        return replace(self, disabled_at=now, disabled_reason=reason)

    def failed(self, now: datetime) -> Endpoint:
        """Note that it failed, and disable it where it did nothing else for long."""
        since = self.failing_since or now
        failing = replace(self, failing_since=since)
        lasts = now - since >= FAILING_FOR
        return failing.disabled(DisabledReason.FAILING, now) if lasts else failing

    def share(self, now: datetime) -> int:
        """Say how many attempts may go on at a time."""
        return SLOW_SHARE if self.slow_until and now < self.slow_until else SHARE

    def after(self, took: timedelta, now: datetime) -> Endpoint:
        """Note how long an attempt took; what was noted a moment ago is not noted again."""
        noted = self.slow_until and self.slow_until - now > SLOW_FOR / 2
        return self if took < SLOW or noted else replace(self, slow_until=now + SLOW_FOR)

    def succeeded(self) -> Endpoint:
        """Note that something got through."""
        return replace(self, failing_since=None)
